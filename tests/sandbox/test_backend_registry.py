"""A sandbox is one module: what a plug-in adds is known to sessions, commands, help and `grader doctor`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.cli.conformance import _verdicts
from grader.cli.doctor import _sandboxes
from grader.domain.messages import message
from grader.domain.run import Limits, RunRecord, RunStatus
from grader.domain.submission import CodeCell, Notebook
from grader.sandbox.backend_registry import (
    DEFAULT,
    GROUP,
    UNSHUT,
    UnknownBackendError,
    add_backend,
    backend_named,
    backend_names,
    remove_backend,
)
from grader.sandbox.backends.backend import KernelOptions, SandboxUnderTest
from grader.sandbox.conformance import suite
from grader.zones import ZoneOptions, open_zones

PLUGIN = """
class Toy:
    name, isolates = "toy", False

    def find(self):
        return "a toy"
"""


@dataclass(frozen=True)
class ToySandbox:
    """Claims to have run every cell."""

    options: KernelOptions

    def run(self, notebook: Notebook, limits: Limits, exchange: Path) -> RunRecord:
        """Run nothing."""
        exchange.mkdir(parents=True, exist_ok=True)
        count = len(notebook.cells)
        return RunRecord(RunStatus.COMPLETED, cells_total=count, cells_run=count)


class ToyBackend:
    """A sandbox that somebody else wrote."""

    name = "toy"
    advice = message("everything")
    isolates = True
    is_open = False
    complaint = None

    def find(self) -> str:
        """Return what it runs with."""
        return "a toy"

    @contextmanager
    def opened(self, *, warm: bool) -> Iterator[ToyBackend]:
        """Be open for a while."""
        self.is_open = True
        yield self
        self.is_open = False

    def sandbox(self, options: KernelOptions) -> ToySandbox:
        """Return a place where notebooks run."""
        return ToySandbox(options)

    def graph_command(self, threads: int) -> None:
        """Return nothing."""

    def measuring_prefix(self) -> None:
        """Return nothing."""

    @contextmanager
    def conformance(self) -> Iterator[tuple[SandboxUnderTest, ...]]:
        """Lend the toy."""
        yield (SandboxUnderTest("only", ToySandbox(KernelOptions())),)


@pytest.fixture
def toy() -> Iterator[ToyBackend]:
    """The toy, known by its name as long as the test runs."""
    backend = ToyBackend()
    add_backend(backend)
    yield backend
    remove_backend(backend.name)


def test_ours_come_first() -> None:
    """A session shuts notebooks in by default; both of our sandboxes exist wherever the package is installed."""
    assert backend_names()[:2] == (DEFAULT, UNSHUT) == ("bubblewrap", "none")
    assert [backend_named(name).isolates for name in (DEFAULT, UNSHUT)] == [True, False]
    assert [backend_named(name).name for name in (DEFAULT, UNSHUT)] == [DEFAULT, UNSHUT]


def test_an_unknown_name_is_an_error() -> None:
    """A slip of the hand must not run notebooks somewhere else."""
    with pytest.raises(UnknownBackendError):
        backend_named("bubblewrapp")
    with pytest.raises(ValueError, match="bubblewrap"):
        add_backend(type("Copy", (ToyBackend,), {"name": DEFAULT})())


def test_zones_open_on_a_backend_from_outside(toy: ToyBackend, tmp_path: Path) -> None:
    """Sessions ask the registry: the toy runs the notebook with the session's options, and is released at the end."""
    with open_zones(ZoneOptions(sandbox="toy")) as zones:
        sandbox = zones.sandbox(KernelOptions({"mnist": Path("mnist.npz")}, threads=3))
        assert isinstance(sandbox, ToySandbox)
        record = sandbox.run(Notebook((CodeCell(0, "", "x = 1"),)), Limits(), tmp_path / "exchange")
        assert (toy.is_open, sandbox.options.threads, record.cells_run) == (True, 3, 1)
        assert zones.measurer.graph_sandbox is None
    assert not toy.is_open


def test_doctor_and_conformance_try_what_is_registered(toy: ToyBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox from outside has a line of its own, and its behaviours are tried like ours."""
    monkeypatch.setattr("grader.sandbox.backend_registry._OURS", {})
    assert [(line.name, line.state.value) for line in _sandboxes()] == [("toy", "good"), ("warm", "good")]
    monkeypatch.setattr(suite, "ENDINGS", ())
    found = list(_verdicts())
    assert {sandbox for sandbox, _ in found} == {"toy, only"}
    assert len(found) == len(suite.PROBES)


def test_an_installed_plug_in_is_in_help_and_taken_by_commands(tmp_path: Path) -> None:
    """An entry point is enough: help lists the name, and a command does not complain of it."""
    (tmp_path / "toy_sandbox.py").write_text(PLUGIN, encoding="utf-8")
    package = tmp_path / "toy_sandbox-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-sandbox\nVersion: 1\n", encoding="utf-8")
    (package / "entry_points.txt").write_text(f"[{GROUP}]\ntoy = toy_sandbox:Toy\n", encoding="utf-8")
    code = (
        "from grader.sandbox.backend_registry import backend_named, backend_names\n"
        "print(backend_names()[2:], backend_named('toy').find())\n"
        "import sys; sys.argv[1:] = ['grade', '--help', '--lang', 'en']\nfrom grader.cli import main; main()\n"
    )
    environment: dict[str, Any] = {"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=environment, check=False
    )
    assert done.stdout.startswith("('toy',) a toy\n"), done.stderr
    assert "bubblewrap, none, toy" in done.stdout
