"""Starts a tool of somebody else's from its own environment."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

ROOT = Path(__file__).parent.parent.parent


class Generated(Protocol):
    """Writes a notebook of ours."""

    def __call__(self, assignment: str, language: str, *, solution: bool = False) -> str: ...


@dataclass(frozen=True, slots=True)
class Tool:
    """An environment `.venv-<name>` of a tool.

    Attributes:
        programs: Its folder of programs.
        environment: What its programs see.
    """

    programs: Path
    environment: Mapping[str, str]

    @classmethod
    def of(cls, name: str, environment: Mapping[str, str]) -> Tool:
        """Return the tool, or skip the test and say why."""
        programs = ROOT / f".venv-{name}" / "bin"
        if not (programs / "python").exists():
            pytest.skip(f"there is no {programs.parent.name}: `make test-interop` makes it")
        path = os.pathsep.join([str(programs), environment.get("PATH", "")])  # nbgrader starts alembic by its name
        return cls(programs, {**environment, "PATH": path})

    def run(self, program: str, *arguments: str, folder: Path, seconds: int = 1800) -> subprocess.CompletedProcess[str]:
        """Run one of its programs to its end."""
        return subprocess.run(
            [str(self.programs / program), *arguments],
            cwd=folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
