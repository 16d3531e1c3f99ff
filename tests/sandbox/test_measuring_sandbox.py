"""The measuring process is shut in as well: it writes to its own folders alone, has no network, and cannot start graphs."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import psutil
import pytest
from sandbox_here import needs_sandbox

from grader.domain.ports import GraphSandbox
from grader.rebuild.client import MeasuringProcesses
from grader.rebuild.enclosed import Enclosure
from grader.rebuild.graphs.graph_process import GraphProcess
from grader.sandbox.bubblewrap import find_bubblewrap
from grader.sandbox.measuring_sandbox import measuring_prefix

pytestmark = needs_sandbox
ECHO = "import sys\nfor line in sys.stdin:\n    print(line.upper(), end='', flush=True)"


@pytest.fixture
def enclosure() -> Iterator[Enclosure]:
    """What processes that are shut in share with us; the second sandbox is a program that writes in capitals."""
    graphs = GraphSandbox((sys.executable, "-c", ECHO, "{graph}"), "{graph}")
    with closing(Enclosure(partial(measuring_prefix, find_bubblewrap()), graphs)) as made:
        yield made


def inside(enclosure: Enclosure, source: str) -> str:
    """Run a program as the measuring process is run, and return what it printed."""
    command = enclosure.command([sys.executable, "-c", source])
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout.strip() or done.stderr


def test_it_writes_to_its_own_folder_alone(enclosure: Enclosure, tmp_path: Path) -> None:
    """Everything else is read-only: gradebooks, hand-ins, the package itself."""
    source = (
        f"from pathlib import Path\nPath({str(enclosure.folder)!r}, 'mine').write_text('x')\nfound = []\n"
        f"for place in ({str(tmp_path)!r}, '/tmp', '/', {str(Path(__file__).parent)!r}):\n"
        "    try:\n        Path(place, 'planted').write_text('x')\n        found.append(place)\n"
        "    except OSError:\n        pass\nprint(found)"
    )
    assert inside(enclosure, source) == "[]"
    assert (enclosure.folder / "mine").read_text("utf-8") == "x"


def test_it_has_no_network_and_sees_no_other_process(enclosure: Enclosure) -> None:
    """What breaks out of TensorFlow can tell nobody, and end nobody."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        source = (
            "import os, socket\ntry:\n"
            f"    socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), timeout=5)\n    print('connected')\n"
            "except OSError:\n    print(len([pid for pid in os.listdir('/proc') if pid.isdigit()]), socket.gethostname())"
        )
        assert inside(enclosure, source) == "2 measuring"


def test_a_graph_is_started_outside_with_its_pipes(enclosure: Enclosure, tmp_path: Path) -> None:
    """The process asks at the door, talks over pipes of its own, and what was started ends when it is not wanted."""
    asked = enclosure.graph_sandbox
    assert asked is not None
    words = [str(tmp_path / "graph") if word == asked.place else word for word in asked.command]
    source = (
        f"import subprocess\none = subprocess.Popen({words!r}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "one.stdin.write(b'hello\\n')\none.stdin.flush()\nprint(one.stdout.readline().decode().strip())\none.kill()"
    )
    assert inside(enclosure, source) == "HELLO"
    deadline = time.monotonic() + 60
    while any(ECHO in child.cmdline() for child in psutil.Process().children()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_graph_that_ends_ends_the_talk(enclosure: Enclosure) -> None:
    """Whoever asked hears of it at once, as if it had started the sandbox itself."""
    asked = enclosure.graph_sandbox
    assert asked is not None
    with GraphProcess(asked, Path("/nowhere"), time.monotonic() + 60) as process:
        process._process.stdin.close()
        assert process._process.wait(timeout=60) == 0


@pytest.mark.slow
def test_data_are_published_from_inside(tmp_path: Path) -> None:
    """The process writes into its own folder, and zone T puts the file where it is wanted; nothing is left."""
    prefix = partial(measuring_prefix, find_bubblewrap())
    with MeasuringProcesses("sample", prefix=prefix) as measurer:
        found = measurer.publish("mnist", tmp_path)
        children = psutil.Process().children(recursive=True)
        assert (found.file, found.file.is_file()) == (tmp_path / "mnist.npz", True)
        assert any("grader.rebuild.worker" in " ".join(one.cmdline()) for one in children)
    _, alive = psutil.wait_procs(children, timeout=60)
    assert alive == []
