"""The end of a program and of what it started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil

from grader.sandbox.processes import ProcessTree

GRANDCHILD = (
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)'])"
)


def start(program: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", f"{program}\nprint(flush=True)\ninput()"], stdin=-1, stdout=-1
    )
    process.stdout.readline()
    return process


def close(process: subprocess.Popen[bytes]) -> None:
    process.stdin.close()
    process.stdout.close()


def runs(process: psutil.Process) -> bool:
    """Return whether a process still does something; a container's first process may bury nobody."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_children_and_grandchildren_end_with_it() -> None:
    """None of them runs when `end` returns."""
    process = start(GRANDCHILD)
    family = psutil.Process(process.pid).children(recursive=True)
    ProcessTree(process).end()
    close(process)
    assert (len(family), [member for member in family if runs(member)], process.returncode) == (1, [], -9)


def test_who_was_seen_is_ended_after_the_parent_died() -> None:
    """A child whose parent is gone belongs to nobody's tree any more, but it was seen."""
    process = start(GRANDCHILD)
    family = psutil.Process(process.pid).children(recursive=True)
    tree = ProcessTree(process)
    tree.look()
    process.kill()
    process.wait()
    assert family[0].is_running()
    tree.end()
    close(process)
    assert not runs(family[0])


def test_a_program_that_has_ended_keeps_its_status() -> None:
    """Ending it again changes nothing and takes no time."""
    process = subprocess.Popen([sys.executable, "-S", "-c", "raise SystemExit(3)"])
    process.wait()
    tree = ProcessTree(process)
    tree.end()
    tree.end()
    assert process.returncode == 3


def test_a_dead_child_that_nobody_buried_holds_nothing_up(tmp_path: Path) -> None:
    """A zombie writes nothing; waiting for its burial would be waiting for its parent."""
    process = start("import os, time\nif os.fork() == 0: os._exit(0)\ntime.sleep(.2)")
    before = os.times().elapsed
    ProcessTree(process).end()
    close(process)
    assert os.times().elapsed - before < 2


def test_the_time_of_processors_is_counted_for_the_whole_tree() -> None:
    """What it and its child computed, also after the child ended; None once the program is gone."""
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    process = start(f"import subprocess, sys\n{busy}\nsubprocess.run([sys.executable, '-S', '-c', {busy!r}])")
    tree = ProcessTree(process)
    spent = tree.processor_seconds()
    tree.end()
    close(process)
    assert spent is not None
    assert 0.55 <= spent < 30
    assert tree.processor_seconds() is None
