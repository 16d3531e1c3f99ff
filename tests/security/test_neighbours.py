"""Runs beside each other and after each other: no notebook finds a trace of another."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from laboratory import BUBBLEWRAP, QUICK, WARM, Outcome, make_sandbox, run

from grader.domain.run import Limits, RunStatus
from grader.sandbox import watchdog
from grader.sandbox.backends import BubblewrapSandbox

LOOK_AROUND = """
import os, pathlib, time
from ipykernel.kernelapp import IPKernelApp
own = IPKernelApp.instance().ip
pathlib.Path('/exchange/own.new').write_text(own)
os.rename('/exchange/own.new', '/exchange/own')
pathlib.Path('/content/mine').write_text(NAME)
deadline = time.monotonic() + 20
while not os.path.exists('/exchange/go') and time.monotonic() < deadline: time.sleep(0.02)
other = pathlib.Path('/exchange/go').read_text()
assert other != own and not os.path.lexists(os.path.dirname(other))
assert len([name for name in os.listdir('/tmp') if name.startswith('agr-')]) == 1
assert len([pid for pid in os.listdir('/proc') if pid.isdigit()]) <= 2
assert pathlib.Path('/content/mine').read_text() == NAME
"""

PLACES = """
import os, pathlib, site, socket, subprocess, sys
home = pathlib.Path.home()
folders = ('/tmp', '/dev/shm', '/content', home, home / '.ipython/profile_default/startup', '/tmp/kernel',
           site.getusersitepackages(), home / '.keras/datasets', home / '.config/matplotlib', '/exchange')
files = [pathlib.Path(folder, name) for folder in folders for name in ('x.py', 'usercustomize.py', 'evil.pth')]
unix, port = '\\0' + WORD, 45671
"""

PLANT = """
for file in files:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'import os; os.environ["PLANTED"] = "{WORD}"')
subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', WORD], start_new_session=True)
listeners = [socket.socket(socket.AF_UNIX), socket.create_server(('127.0.0.1', port))]
listeners[0].bind(unix)
listeners[0].listen()
os.environ['PLANTED'] = WORD
os.umask(0o777)
"""

LOOK_FOR_PLANTS = """
assert 'PLANTED' not in os.environ
assert not [file for file in files if os.path.lexists(file)]
for family, address in ((socket.AF_UNIX, unix), (socket.AF_INET, ('127.0.0.1', port))):
    try:
        socket.socket(family).connect(address)
    except OSError:
        continue
    raise AssertionError(address)
"""


@pytest.mark.skipif(WARM, reason="warm kernels have the same names inside: tests/sandbox/test_warm_kernels.py")
def test_two_at_the_same_time_do_not_meet(tmp_path: Path) -> None:
    """Each sees its own files, its own processes and its own sockets, and is another user where root runs both."""
    sandbox = make_sandbox(BUBBLEWRAP)
    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(run, sandbox, [f"NAME = {name!r}{LOOK_AROUND}"], tmp_path / name) for name in ("ana", "luis")
        ]
        _tell_each_of_the_other(tmp_path)
        outcomes = [each.result() for each in runs]
    assert [(outcome.record.status, outcome.record.errors) for outcome in outcomes] == [(RunStatus.COMPLETED, ())] * 2
    owners = {(outcome.exchange / "own").stat().st_uid for outcome in outcomes}
    assert len(owners) == (2 if os.geteuid() == 0 else 1)


def _tell_each_of_the_other(folder: Path) -> None:
    exchanges = [folder / name / "run" / "exchange" for name in ("ana", "luis")]
    assert wait_for(lambda: all((exchange / "own").exists() for exchange in exchanges))
    for exchange, other in zip(exchanges, reversed(exchanges), strict=True):
        (exchange / "go.new").write_text((other / "own").read_text())
        (exchange / "go.new").rename(exchange / "go")


def test_the_next_submission_finds_nothing(tmp_path: Path) -> None:
    """Files, start-up scripts, processes, sockets, variables and the umask of one notebook are gone for the next."""
    sandbox, word = make_sandbox(BUBBLEWRAP), secrets.token_hex(8)
    first = run(sandbox, [f"WORD = {word!r}{PLACES}{PLANT}"], tmp_path / "first")
    left = processes_with(word)
    second = run(sandbox, [f"WORD = {word!r}{PLACES}{LOOK_FOR_PLANTS}"], tmp_path / "second")
    assert [outcome.record.errors for outcome in (first, second)] == [(), ()]
    assert (left, (second.exchange / "claims").is_dir()) == ([], True)


def test_kernels_leave_no_process_and_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Descriptors, threads, processes and temporary folders of a batch do not pile up."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sandbox, this = make_sandbox(BUBBLEWRAP), psutil.Process()
    run(sandbox, ["pass"], tmp_path / "first")

    def held() -> tuple[int, int, int]:
        return this.num_fds(), this.num_threads(), len(this.children(recursive=True))

    before = held()  # a warm process may still have to bury its first kernel
    for number in range(2):
        run(sandbox, ["import os; os._exit(0)"], tmp_path / str(number))
    assert wait_for(lambda: all(now <= then for now, then in zip(held(), before, strict=True)))
    assert list(tmp_path.glob("ag*-*")) == []


KILLED_GRADER = """
import sys
from pathlib import Path
from grader.domain.run import Limits
from grader.domain.submission import CodeCell, Notebook
from grader.sandbox.backends import BubblewrapSandbox
cell = f"import subprocess, sys, time; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)', '{sys.argv[3]}'])"
BubblewrapSandbox(Path(sys.argv[1])).run(Notebook((CodeCell(0, "", cell),)), Limits(), Path(sys.argv[2]))
"""


def test_a_grader_that_is_killed_takes_its_kernels_along(tmp_path: Path) -> None:
    """No notebook trains on when nobody waits for it, however its grader ended."""
    word, program = secrets.token_hex(8), make_sandbox(BUBBLEWRAP).program
    command = [sys.executable, "-c", KILLED_GRADER, str(program), str(tmp_path / "exchange"), word]
    with subprocess.Popen(command, env=os.environ | {"TMPDIR": str(tmp_path)}) as grader:
        started = wait_for(lambda: len(processes_with(word)) > 1)  # the grader itself says the word as well
        grader.kill()
        grader.wait()
    assert (started, wait_for(lambda: processes_with(word) == [])) == (True, True)


def processes_with(word: str) -> list[int]:
    """List the processes that have a word among their arguments and are no zombies."""
    found = psutil.process_iter(["cmdline", "status"])
    return [
        process.pid
        for process in found
        if word in (process.info["cmdline"] or []) and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


def wait_for(condition: Callable[[], bool]) -> bool:
    """Wait up to two minutes; tell whether it came true."""
    deadline = time.monotonic() + 120
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


@pytest.mark.parametrize(
    ("program", "said"),
    [("/nowhere/bwrap", "/nowhere/bwrap"), ("/bin/false", "Kernel died before replying")],
)
def test_a_sandbox_that_does_not_start_is_our_fault(tmp_path: Path, program: str, said: str) -> None:
    """A missing or broken program gives `UNAVAILABLE` and says why; it never raises and never blames the student."""
    record = run(BubblewrapSandbox(Path(program)), ["pass"], tmp_path).record
    assert (record.status, record.cells_total, record.cells_run) == (RunStatus.UNAVAILABLE, 1, 0)
    assert said in dict(record.detail.values)["text"]


def test_a_machine_at_its_end_is_our_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the machine itself runs out of room the run is ended before something is killed at random, and waits."""
    monkeypatch.setattr(watchdog, "RESERVE_MIB", 2**40)
    outcome: Outcome = run(make_sandbox(BUBBLEWRAP), ["import time; time.sleep(60)"], tmp_path, QUICK)
    assert (outcome.record.status, outcome.record.stopped_by.value) == (RunStatus.UNAVAILABLE, "sandbox")
    assert outcome.record.detail.msgid.startswith("This machine ran out of memory or disk")


def test_limits_of_the_domain_are_wide_enough_for_a_kernel(tmp_path: Path) -> None:
    """The defaults let an ordinary notebook run: threads, files and memory of NumPy and matplotlib."""
    cells = ["import numpy as np\nimport matplotlib.pyplot as plt\nplt.imshow(np.random.rand(99, 99) @ np.eye(99))"]
    assert run(make_sandbox(BUBBLEWRAP), cells, tmp_path, Limits()).record.status is RunStatus.COMPLETED
