"""An instructor's own course: a folder with assignments and their references."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from grader.domain.messages import Message, MessageValue, message


@dataclass(frozen=True, slots=True)
class Course:
    """The folder of a course, made by `grader new` and given to every command with `--course`.

    Attributes:
        folder: Contains `assignments/<id>/`, `reference/<id>.py` (`_` in place of `-`) and `facts/<id>.json`.
    """

    folder: Path

    @classmethod
    def at(cls, folder: Path | None) -> Self | None:
        """Return the course in the given folder, None if no folder was given."""
        return None if folder is None else cls(folder)

    @property
    def assignments(self) -> Path:
        """Folder with one folder for each assignment."""
        return self.folder / "assignments"

    @property
    def references(self) -> Path:
        """Folder with one module for each reference: the solutions, which no student and no notebook may see."""
        return self.folder / "reference"

    @property
    def facts(self) -> Path:
        """Folder with the facts that `grader calibrate` writes."""
        return self.folder / "facts"

    def module(self, reference: str) -> Path:
        """Return the path of a reference's module, whether it exists or not."""
        return self.references / f"{reference.replace('-', '_')}.py"

    def command(self, name: str, wanted: str) -> str:
        """Return a command that the user can run on this course, for messages that say what to do."""
        return f"grader {name} {wanted} --course {shlex.quote(str(self.folder))}"


def unusable_reference(*, reference: MessageValue) -> Message:
    """Report that an instructor's reference has errors; the sentence ends before the list of them."""
    return message("The reference {reference} cannot be used. To be fixed:", reference=reference)
