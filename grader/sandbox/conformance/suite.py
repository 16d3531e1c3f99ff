"""Tries every behaviour on a sandbox: all probes in one kernel, each ending in a kernel of its own."""

from __future__ import annotations

import http.server
import os
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import grader
from grader.domain.folders import private_folder
from grader.domain.ports import Sandbox
from grader.domain.run import RunRecord, RunStatus
from grader.domain.submission import CodeCell, Notebook
from grader.sandbox.conformance.closed_doors import KERNEL_MEMORY, MACHINE, SET_ID, SIGHT_AND_SPEECH
from grader.sandbox.conformance.conformance_case import QUICK, ConformanceResult, Ending, Probe, first_cell
from grader.sandbox.conformance.endings import ENDINGS
from grader.sandbox.conformance.probes import NETWORK, PROCESSES, RIGHTS, SIGHT, WRITING

GROUPS: Mapping[str, Sequence[Probe]] = {
    "network": NETWORK,
    "rights": RIGHTS,
    "set-id": SET_ID,
    "memory": KERNEL_MEMORY,
    "machine": MACHINE,
    "sight": (*SIGHT, *SIGHT_AND_SPEECH),
    "writing": WRITING,
    "processes": PROCESSES,
}
PROBES = tuple(probe for group in GROUPS.values() for probe in group)
PYTHON = {sys.prefix, sys.base_prefix, os.path.realpath(sys.prefix), os.path.realpath(sys.base_prefix)}
_ENDING = "ending"


class _Page(http.server.BaseHTTPRequestHandler):
    """Answers every request with an empty page."""

    def do_GET(self) -> None:
        """Answer the request."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def surroundings() -> Iterator[dict[str, object]]:
    """Start a server and a process, write a file and a secret that no kernel may find; yield where they are."""
    checkout, word, secret = (
        Path(grader.__file__).parents[1],
        secrets.token_hex(8),
        f"GRADER_TEST_{secrets.token_hex(8)}",
    )
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    process = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)", word])
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - a user id without a home is no error here
    os.environ[secret] = "for nobody's eyes"
    try:
        with socket.socket(socket.AF_UNIX) as abstract, private_folder() as folder:
            abstract.bind(f"\0{word}")
            abstract.listen()
            canary = folder / "canary"
            canary.write_text(word, encoding="ascii")
            yield {
                "port": server.server_port,
                "abstract": f"\0{word}",
                "process": process.pid,
                "process_word": word,
                "secret_name": secret,
                "canary": str(canary),
                "home": str(home),
                "home_entries": sorted(os.listdir(home)) if os.access(home, os.R_OK) else [],  # noqa: PTH208
                "python": sorted(PYTHON),
                "ours": [str(checkout / name) for name in ("grader", "reference", "assignments")],
                "work_mib": QUICK.work_mib,
                "file_mib": QUICK.file_mib,
                "processes": QUICK.processes,
            }
    finally:
        del os.environ[secret]
        process.kill()
        process.wait()
        server.shutdown()
        server.server_close()


def try_all(sandbox: Sandbox) -> Iterator[ConformanceResult]:
    """Yield whether a sandbox has each behaviour: first the probes, then the endings one by one."""
    yield from probed(sandbox)
    for ending in ENDINGS:
        yield tried(sandbox, ending)


def probed(sandbox: Sandbox) -> Iterator[ConformanceResult]:
    """Run all probes in one kernel; a probe that was not reached counts as failed."""
    with surroundings() as facts, private_folder() as folder:
        record = sandbox.run(
            _notebook([first_cell(facts), *(probe.cell for probe in PROBES)]), QUICK, folder / "exchange"
        )
    raised = {error.cell_index: f"{error.name}: {error.text} in `{error.line}`" for error in record.errors}
    groups = [name for name, group in GROUPS.items() for _ in group]
    for index, (group, probe) in enumerate(zip(groups, PROBES, strict=True), start=1):
        reached = record.status in (RunStatus.COMPLETED, RunStatus.RAISED) and 0 not in raised
        said = raised.get(index, "") if reached else f"not reached: {record.status}, {record.stopped_by}"
        yield ConformanceResult(probe.name, group, probe.rule, not said, said)


def tried(sandbox: Sandbox, ending: Ending) -> ConformanceResult:
    """Run a notebook that ends or damages its kernel, and compare the record with the expected one."""
    with private_folder() as folder:
        record = sandbox.run(_notebook(ending.cells), ending.limits, folder / "exchange")
    wrong = differences(record, ending)
    return ConformanceResult(ending.name, _ENDING, ending.rule, not wrong, "; ".join(wrong))


def differences(record: RunRecord, ending: Ending) -> list[str]:
    """Return how a record differs from the expected one."""
    names = [error.name for error in record.errors]
    pairs = [
        ("status", str(record.status), str(ending.status)),
        ("ended by", str(record.stopped_by), str(ending.stopped_by)),
    ]
    if ending.errors is not None:
        pairs.append(("errors", ", ".join(names), ", ".join(ending.errors)))
    if ending.output_truncated is not None:
        pairs.append(("output cut", str(record.output_truncated), str(ending.output_truncated)))
    return [f"{what}: {seen} instead of {wanted}" for what, seen, wanted in pairs if seen != wanted]


def _notebook(cells: Sequence[str]) -> Notebook:
    return Notebook(tuple(CodeCell(index, "", source) for index, source in enumerate(cells)))
