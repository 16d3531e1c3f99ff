"""An instructor's own course: assignments with references of their own, in a folder of their own."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from grader.domain.messages import Message, MessageValue, message


@dataclass(frozen=True, slots=True)
class Course:
    """The folder of a course, which `grader new` makes and every command takes with `--course`.

    Attributes:
        folder: Holds `assignments/<id>/`, `reference/<id>.py` (with `_` for each `-`) and `facts/<id>.json`.
    """

    folder: Path

    @classmethod
    def at(cls, folder: Path | None) -> Self | None:
        """Return the course in a folder that was named, None where none was."""
        return None if folder is None else cls(folder)

    @property
    def assignments(self) -> Path:
        """Folder with one folder an assignment."""
        return self.folder / "assignments"

    @property
    def references(self) -> Path:
        """Folder with one module a reference: the solutions, which no student and no notebook may see."""
        return self.folder / "reference"

    @property
    def facts(self) -> Path:
        """Folder with the facts that `grader calibrate` writes."""
        return self.folder / "facts"

    def module(self, reference: str) -> Path:
        """Return where the module of a reference stands, whether it is there or not."""
        return self.references / f"{reference.replace('-', '_')}.py"

    def command(self, name: str, wanted: str) -> str:
        """Return a command that the user can run on this course, for sentences that say what to do."""
        return f"grader {name} {wanted} --course {shlex.quote(str(self.folder))}"


def unusable_reference(*, reference: MessageValue) -> Message:
    """Say that an instructor's reference has mistakes, which follow."""
    return message("The reference {reference} cannot be used. To be mended:", reference=reference)
