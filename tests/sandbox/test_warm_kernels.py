"""Kernels that are forked from a warm process: shut in like cold ones, with nothing in common but what never changes."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from sandbox_here import needs_sandbox
from small_disk import mounted

from grader.authoring.assignment_catalogue import assignment_ids, load_assignment
from grader.authoring.notebooks import generate
from grader.domain.run import Limits, RunRecord, RunStatus, StoppedBy
from grader.domain.submission import CodeCell, Companion, Notebook
from grader.sandbox.backends import BubblewrapSandbox
from grader.sandbox.backends.bubblewrapped import inner_environment
from grader.sandbox.bubblewrap import find_bubblewrap
from grader.sandbox.conformance import suite
from grader.sandbox.conformance.conformance_case import Ending
from grader.sandbox.conformance.endings import ENDINGS
from grader.sandbox.warm.suitable import imported_by, is_suitable
from grader.sandbox.warm.warm_process import ForkServer

pytestmark = needs_sandbox
LIMITS = Limits(cell_seconds=120, notebook_seconds=240)
QUICKLY_TRIED = ("an_exit_is_the_notebook_s_own", "a_signal_is_a_signal", "an_error_is_an_error")


@pytest.fixture(scope="module")
def warm() -> Iterator[BubblewrapSandbox]:
    """A sandbox whose kernels are all forked."""
    program = find_bubblewrap()
    with ForkServer(program, inner_environment(1)) as server:
        yield BubblewrapSandbox(program, threads=1, warm=server, only_warm=True)


def notebook(*cells: str) -> Notebook:
    """Return a notebook of code cells."""
    return Notebook(tuple(CodeCell(index, "", source) for index, source in enumerate(cells)))


def companion(file: Path) -> Companion:
    """Return a module that was handed in beside a notebook."""
    content = file.read_bytes()
    return Companion(file.name, file, hashlib.sha256(content).hexdigest(), len(content))


def said(record: RunRecord) -> list[str]:
    """Return what each cell of a notebook raised."""
    return [error.text for error in record.errors]


def test_every_probe_holds_on_a_forked_kernel(warm: BubblewrapSandbox) -> None:
    """The whole list of behaviours that share a kernel, as on a cold one."""
    before = warm.warm.kernels
    verdicts = list(suite.probed(warm))
    assert [(verdict.name, verdict.said) for verdict in verdicts if not verdict.holds] == []
    assert (len(verdicts), warm.warm.kernels - before) == (len(suite.PROBES), 1)


@pytest.mark.parametrize("ending", [one for one in ENDINGS if one.name in QUICKLY_TRIED], ids=lambda one: one.name)
def test_forked_kernels_end_as_they_must(warm: BubblewrapSandbox, ending: Ending) -> None:
    """The guardian reports what a program's exit status would say."""
    assert suite.tried(warm, ending).said == ""


@pytest.mark.slow
@pytest.mark.parametrize("ending", [one for one in ENDINGS if one.name not in QUICKLY_TRIED], ids=lambda one: one.name)
def test_forked_kernels_meet_every_limit(warm: BubblewrapSandbox, ending: Ending) -> None:
    """Memory, files, names, output and time, as on a cold kernel."""
    assert suite.tried(warm, ending).said == ""


def test_every_fork_draws_its_own_numbers(warm: BubblewrapSandbox, tmp_path: Path) -> None:
    """NumPy's generator was seeded before the fork; two students with the same sequence would have the same weights."""
    cell = (
        "import os, random, secrets, uuid\nimport numpy as np\n"
        "raise ValueError([np.random.rand(), random.random(), secrets.token_hex(8), str(uuid.uuid4()),"
        " np.random.default_rng().random(), os.urandom(8).hex()])"
    )
    drawn = [ast.literal_eval(said(warm.run(notebook(cell), LIMITS, tmp_path / f"{n}" / "e"))[0]) for n in range(3)]
    assert [len(set(numbers)) for numbers in zip(*drawn, strict=True)] == [3] * 6


def test_nothing_of_one_run_is_in_the_next(warm: BubblewrapSandbox, tmp_path: Path) -> None:
    """Neither a file, nor a changed module, nor a process, nor what was handed in beside it."""
    beside = tmp_path / "helper.py"
    beside.write_text("x = 1\n", encoding="utf-8")
    plants = (
        "import os, numpy, subprocess, helper\nnumpy.planted = 1\n"
        "for folder in ('/tmp', '/content', '/dev/shm', os.path.expanduser('~')):\n"
        "    open(f'{folder}/planted', 'w').write('x')\n"
        "subprocess.Popen(['sleep', '300'])"
    )
    looks = (
        "import os, numpy\nassert not hasattr(numpy, 'planted')\n"
        "found = [f'{folder}/{name}' for folder in ('/tmp', '/content', '/dev/shm', os.path.expanduser('~'),"
        " '/opt/runs', '/exchange', '/opt/kernel/k', '/opt/datasets', '/dev/pts') for name in os.listdir(folder)]\n"
        "seen = [open(f'/proc/{pid}/cmdline').read() for pid in os.listdir('/proc') if pid.isdigit()]\n"
        "raise ValueError((sorted(found), len(seen), 'sleep' in str(seen), os.listdir('/opt')))"
    )
    first = replace(notebook(plants), companions=(companion(beside),))
    assert warm.run(first, LIMITS, tmp_path / "1" / "e").status is RunStatus.COMPLETED
    found, processes, sleeps, folders = ast.literal_eval(
        said(warm.run(notebook(looks), LIMITS, tmp_path / "2" / "e"))[0]
    )
    assert [name for name in found if not name.startswith("/opt/kernel/k/s-")] == [
        "/dev/pts/ptmx",
        "/home/student/.ipython",
        "/tmp/kernel.json",
    ]
    assert (processes, sleeps, sorted(folders)) == (2, False, ["datasets", "kernel", "probe", "runs"])


def test_runs_at_the_same_time_do_not_see_each_other(warm: BubblewrapSandbox, tmp_path: Path) -> None:
    """Each has processes, names, sockets and a user of its own."""
    cell = (
        "import os, socket, time\nname = socket.socket(socket.AF_UNIX)\nname.bind('\\0the-same')\n"
        "server = socket.create_server(('127.0.0.1', 5555))\ntime.sleep(3)\n"
        "raise ValueError((os.getuid(), len([pid for pid in os.listdir('/proc') if pid.isdigit()])))"
    )
    with ThreadPoolExecutor(2) as pool:
        records = list(pool.map(lambda n: warm.run(notebook(cell), LIMITS, tmp_path / f"{n}" / "e"), range(2)))
    users, counts = zip(*(ast.literal_eval(said(record)[0]) for record in records), strict=True)
    assert counts == (2, 2)
    assert len(set(users)) == (2 if os.geteuid() == 0 else 1)


def test_tensorflow_trains_in_a_forked_kernel(warm: BubblewrapSandbox, tmp_path: Path) -> None:
    """Imported once before the fork, started after it; each fork begins with weights of its own, and learns."""
    cell = (
        "import keras, numpy as np, tensorflow as tf\nx = np.random.default_rng(0).random((256, 8))\n"
        "model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8)])\nfirst = model.get_weights()[0][0, 0]\n"
        "model.compile('adam', 'mse')\nlosses = model.fit(x, x, epochs=4, verbose=0).history['loss']\n"
        "assert losses[-1] < losses[0], losses\nraise ValueError([float(first), float(tf.random.uniform([]))])"
    )
    records = [warm.run(notebook(cell), LIMITS, tmp_path / f"{n}" / "e") for n in range(2)]
    drawn = [ast.literal_eval(said(record)[0]) for record in records]
    assert [len(set(numbers)) for numbers in zip(*drawn, strict=True)] == [2, 2]
    assert (tmp_path / "1" / "e" / "claims" / "weights.npz").is_file()
    assert records[1].processor_seconds < 15


GRADER = """
import sys
from pathlib import Path
from grader.domain.run import Limits
from grader.domain.submission import CodeCell, Notebook
from grader.sandbox.backends import BubblewrapSandbox
from grader.sandbox.backends.bubblewrapped import inner_environment
from grader.sandbox.bubblewrap import find_bubblewrap
from grader.sandbox.warm.warm_process import ForkServer
program = find_bubblewrap()
cell = "import subprocess\\nsubprocess.Popen(['sleep', '987654'])\\nopen('/exchange/begun', 'w').close()\\nwhile True: pass"
server = ForkServer(program, inner_environment(1))
print(server.run_folder().__enter__().path.parent, flush=True)
sandbox = BubblewrapSandbox(program, threads=1, warm=server, only_warm=True)
sandbox.run(Notebook((CodeCell(0, "", cell),)), Limits(), Path(sys.argv[1]))
"""


def test_warm_process_and_kernels_end_with_a_killed_grader(tmp_path: Path) -> None:
    """Nothing runs on when nobody waits for it any more, whatever the kernel itself has started."""
    grader = subprocess.Popen(
        [sys.executable, "-c", GRADER, str(tmp_path / "e")], stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    runs = Path(grader.stdout.readline().strip())
    wait_until(lambda: any(runs.glob("r-*/exchange/begun")))
    started = psutil.Process(grader.pid).children(recursive=True)
    assert any("987654" in " ".join(one.cmdline()) for one in started)
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    _, alive = psutil.wait_procs(started, timeout=60)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []


def wait_until(true: object, seconds: float = 120.0) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_without_a_warm_process_kernels_start_cold(tmp_path: Path) -> None:
    """A process that does not start costs nobody a run; why it does not is kept for `grader doctor`."""
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho no namespaces today >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    with ForkServer(broken, inner_environment(1)) as server:
        sandbox = BubblewrapSandbox(find_bubblewrap(), threads=1, warm=server)
        record = sandbox.run(notebook("x = 1"), LIMITS, tmp_path / "run" / "e")
        assert (record.status, record.stopped_by) == (RunStatus.COMPLETED, StoppedBy.NOTHING)
        assert (server.kernels, server.complaint) == (0, "no namespaces today")


@pytest.mark.parametrize(
    ("suits", "source"),
    [
        (True, "import keras"),
        (True, "import os\nos.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'\nimport tensorflow as tf"),
        (True, "import os\nos.environ[\"PYTHONHASHSEED\"]='0'"),
        (True, "import os\nos.environ['KERAS_BACKEND'] = 'tensorflow'  # the usual one\nimport keras"),
        (True, "import os, sys\nin_colab = 'google.colab' in sys.modules or 'COLAB_GPU' in os.environ\nimport keras"),
        (True, "# in this environment\nuser = os.environ.get('USER', '')"),
        (False, "import os\nos.environ['KERAS_BACKEND'] = 'tensorflow' if old else 'jax'"),
        (False, "import os\nif 'A' not in os.environ:\n    os.environ['A'] = '1'"),
        (False, "import os\nx = 'A' in os.environ.setdefault('KERAS_BACKEND', 'jax')"),
        (False, "import os\nos.environ['TF_ENABLE_ONEDNN_OPTS'] = '0'\nimport tensorflow as tf"),
        (False, "import os\nos.environ['TF_CPP_MIN_LOG_LEVEL'] = os.environ['KERAS_BACKEND'] = 'jax'"),
        (False, "%env KERAS_BACKEND=jax"),
        (False, "from os import environ as e"),
        (False, "import sys\ndel sys.modules['keras']"),
        (False, "import importlib\nimportlib.reload(keras)"),
    ],
)
def test_a_notebook_that_chooses_at_import_gets_a_cold_kernel(suits: bool, source: str) -> None:
    """What a variable decides when TensorFlow is imported must be decided by the notebook's, so that grades are the same."""
    assert is_suitable(notebook("x = 1", source)) is suits


@pytest.mark.parametrize("name", assignment_ids())
def test_every_generated_notebook_gets_a_warm_kernel(name: str) -> None:
    """Most notebooks of a class are ours, filled in; a cold kernel costs each several seconds."""
    for language in ("es", "en"):
        for solution in (False, True):
            text = generate(load_assignment(name), language=language, solution=solution)
            sources = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
            assert is_suitable(notebook(*sources))
            assert imported_by(notebook(*sources)) == ("tensorflow", "keras") or name in ("from-scratch", "linear-pca")


def test_a_module_beside_the_notebook_is_looked_at_too(tmp_path: Path) -> None:
    """It may choose as well; one too long to be read counts as if it did."""
    for text, suits in (("import keras", True), ("import os\nos.environ['X'] = '1'", False), ("#" * 2**21, False)):
        file = tmp_path / "helper.py"
        file.write_text(text, encoding="utf-8")
        assert is_suitable(replace(notebook("import helper"), companions=(companion(file),))) is suits


def test_tensorflow_is_imported_for_those_who_speak_of_it() -> None:
    """A class that needs NumPy alone does not wait for it."""
    assert imported_by(notebook("import numpy as np")) == ()
    assert imported_by(notebook("x = 1", "from keras import layers")) == ("tensorflow", "keras")


def test_claims_on_another_disk_come_from_a_cold_kernel(warm: BubblewrapSandbox, tmp_path: Path) -> None:
    """They could not be handed over in one step; nothing is lost by it."""
    if os.geteuid() != 0:
        pytest.skip("a file system cannot be mounted here (needs root)")
    before = warm.warm.kernels
    with mounted(tmp_path / "small", size_kib=512 * 1024) as folder:
        folder.chmod(0o700)
        record = replace(warm, only_warm=False).run(notebook("x = 1"), LIMITS, folder / "exchange")
        assert (record.status, (folder / "exchange" / "claims").is_dir()) == (RunStatus.COMPLETED, True)
    assert warm.warm.kernels == before
