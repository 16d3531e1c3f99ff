"""A kernel whose grader is killed while its sandbox is still being set up, when bubblewrap does not die with it yet."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
from sandbox_here import needs_sandbox
from waiting import wait_until

from grader.domain.run import Limits, RunStatus
from grader.domain.submission import CodeCell, Notebook
from grader.sandbox.backends import BubblewrapSandbox
from grader.sandbox.bubblewrap import find_bubblewrap

pytestmark = needs_sandbox

GRADER = """
import sys
from pathlib import Path

from grader.domain.run import Limits
from grader.domain.submission import CodeCell, Notebook
from grader.sandbox.backends import BubblewrapSandbox

program, exchange = map(Path, sys.argv[1:])
BubblewrapSandbox(program).run(Notebook((CodeCell(0, "", "import time; time.sleep(600)"),)), Limits(), exchange)
"""


def those_who_name(folder: Path) -> list[psutil.Process]:
    """Return the processes with a folder in their command that still do something."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE and str(folder) in " ".join(process.info["cmdline"] or ())
    ]


def test_a_sandbox_that_starts_when_its_grader_is_dead_ends_at_once(tmp_path: Path) -> None:
    """The program of the sandbox waits for the death of its grader, and only then becomes bubblewrap."""
    exchange, waits = tmp_path / "exchange", tmp_path / "waits"
    slow = tmp_path / "bwrap"
    slow.write_text(
        f'#!/bin/sh\n: > {waits}\nwhile [ -e {waits} ]; do sleep 0.1; done\nexec {find_bubblewrap()} "$@"\n'
    )
    slow.chmod(0o755)
    grader = subprocess.Popen([sys.executable, "-c", GRADER, slow, exchange])
    try:
        assert wait_until(waits.exists)
        grader.kill()
        grader.wait()
        assert [process.name() for process in those_who_name(exchange)] == ["bwrap"]
        waits.unlink()
        assert wait_until(lambda: not those_who_name(exchange))
    finally:
        for process in those_who_name(exchange):
            process.kill()


def test_the_notebook_has_an_empty_standard_input(tmp_path: Path) -> None:
    """Programs that it starts would wait for ever at the grader's end of the pipe."""
    cell = CodeCell(0, "", "import subprocess\nassert subprocess.run(['cat'], capture_output=True).stdout == b''")
    record = BubblewrapSandbox(find_bubblewrap()).run(Notebook((cell,)), Limits(), tmp_path / "exchange")
    assert (record.status, record.errors) == (RunStatus.COMPLETED, ())
