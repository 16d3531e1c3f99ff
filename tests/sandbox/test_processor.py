"""Who has the processors: a run's clock stands still while it waits for its share, and a greedy run waits for all."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.sandbox.processor import Load, Threads, put_behind

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux keeps these statistics")

SPIN = "print(flush=True)\nwhile True: pass"


@pytest.fixture
def spinning() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing but run."""
    with subprocess.Popen([sys.executable, "-S", "-c", SPIN], stdout=-1, start_new_session=True) as process:
        process.stdout.readline()
        yield process
        process.kill()


def own_autogroup() -> str:
    """Return the place of this session among all, where Linux keeps one."""
    file = Path("/proc/self/autogroup")
    return file.read_text() if file.exists() else ""


@pytest.mark.parametrize(
    ("used", "waited", "share", "pace"),
    [
        (1.0, 0.0, 1.0, 1.0),  # has what it asks for
        (0.0, 0.0, 1.0, 1.0),  # asks for nothing: it sleeps
        (0.25, 0.75, 1.0, 0.25),  # asks for one and gets a quarter
        (0.5, 3.5, 2.0, 0.25),  # promised two, gets half of one
        (2.0, 58.0, 1.0, 1.0),  # sixty of its own in each other's way: it has more than its share
    ],
)
def test_the_clock_counts_what_a_run_gets_of_its_share(used: float, waited: float, share: float, pace: float) -> None:
    """No run gains time by being in its own way."""
    assert Load(used, waited).pace(share) == pytest.approx(pace)


def test_a_run_is_greedy_that_asks_for_far_more_than_its_share() -> None:
    """A few threads more than processors are usual."""
    assert [Load(used, 0.0).is_greedy(1.0) for used in (1.0, 4.0, 4.5)] == [False, False, True]


def test_a_spinning_process_asks_for_one_processor(spinning: subprocess.Popen[bytes]) -> None:
    """Running and waiting together, however busy the machine is."""
    threads = Threads()
    threads.load([spinning.pid], 1.0)
    before = time.monotonic()
    time.sleep(1.0)
    load = threads.load([spinning.pid], time.monotonic() - before)
    assert 0.8 < load.used + load.waited < 1.2


def test_a_sleeping_process_asks_for_nothing() -> None:
    """So a notebook that waits is charged for the time."""
    with subprocess.Popen([sys.executable, "-S", "-c", "print(flush=True); input()"], stdin=-1, stdout=-1) as process:
        process.stdout.readline()
        threads = Threads()
        threads.load([process.pid], 1.0)
        time.sleep(0.3)
        assert threads.load([process.pid], 0.3).pace(1.0) == 1.0
        process.kill()


def test_what_is_put_behind_stays_behind_with_all_that_it_starts() -> None:
    """A child inherits it, and nobody without rights leaves it."""
    autogroup = own_autogroup()
    program = (
        "import os\nif os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\nprint(flush=True); input()\n"
        "try: os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))\nexcept PermissionError: pass\n"
        "pid = os.fork()\nif pid == 0:\n    print(os.sched_getscheduler(0) == os.SCHED_IDLE, flush=True); os._exit(0)\n"
        "os.waitpid(pid, 0)"
    )
    with subprocess.Popen([sys.executable, "-S", "-c", program], stdin=-1, stdout=-1, text=True) as process:
        process.stdout.readline()
        put_behind([process.pid])
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline().strip() == "True"
    assert autogroup == own_autogroup()


def test_processes_that_are_gone_are_passed_over() -> None:
    """They may end between two looks."""
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as process:
        process.wait()
    put_behind([process.pid])
    assert Threads().load([process.pid], 1.0) == Load(0.0, 0.0)
