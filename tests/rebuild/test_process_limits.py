"""The measuring process under its own limits: it ends with its grader, and a claim is bounded before it is computed."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest
from waiting import wait_until

from grader.rebuild.network.allowlist import RefusedError
from grader.rebuild.network.costs import MAX_WINDOW, products
from grader.rebuild.process_limits import memory_bytes

GRADER = """
import os, subprocess, sys
ours, theirs = os.pipe()
busy = ("import sys; from grader.rebuild.process_limits import end_with; end_with(int(sys.argv[1]))\\n"
        "print('ready', flush=True)\\nsum(range(10**13))")  # machine code that never lets go of Python
child = subprocess.Popen([sys.executable, "-c", busy, str(ours)], pass_fds=[ours], stdout=-1, start_new_session=True)
os.close(ours)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread does it, which waits for its turn")
def test_a_busy_process_ends_when_its_grader_is_killed() -> None:
    """Killed without a word, while the process computes and hears nothing."""
    with subprocess.Popen([sys.executable, "-c", GRADER], stdin=-1, stdout=-1, text=True) as grader:
        busy = psutil.Process(int(grader.stdout.readline()))
        assert busy.is_running()
        grader.kill()
    assert wait_until(lambda: not busy.is_running() or busy.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.parametrize(("machine_gib", "allowed_gib"), [(2, 3.0), (4, 3.0), (8, 4.8), (64, 8.0)])
def test_memory_goes_by_the_machine(machine_gib: int, allowed_gib: float) -> None:
    """At least what TensorFlow and a data set take, at most eight GiB."""
    assert memory_bytes(machine_gib * 2**30) / 2**30 == pytest.approx(allowed_gib)


@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_size": [1024, 1024]},
        {"kernel_size": [3, 3], "dilation_rate": [100, 100]},
        {"pool_size": [512, 512]},
        {"kernel_size": 300},
    ],
)
def test_windows_out_of_all_proportion_are_refused(settings: dict[str, object]) -> None:
    """TensorFlow would abort, and the measuring process with it."""
    with pytest.raises(RefusedError, match="with a window of"):
        products("Conv2D", (28, 28, 1), (28, 28, 1), [], settings)


def test_windows_as_large_as_images_are_not() -> None:
    """A kernel over the whole image, or over all steps of a sequence."""
    assert MAX_WINDOW >= 28 * 28
    for settings in ({"kernel_size": [28, 28]}, {"kernel_size": [7, 7], "dilation_rate": [4, 4]}, {"pool_size": 28}):
        products("Conv2D", (28, 28, 1), (28, 28, 1), [], settings)
    products("Conv1D", (784, 1), (784, 1), [], {"kernel_size": [784]})
