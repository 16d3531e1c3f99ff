"""What arrives: bytes that nothing has checked yet, and the notebook that intake reads from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from grader.domain.cell_places import Places
from grader.domain.messages import Message


@dataclass(frozen=True, slots=True)
class Companion:
    """A file that was handed in beside a notebook and lies beside it when it runs.

    Attributes:
        name: Vetted, with `/` between folders, relative to the notebook.
        path: Where the bytes are on our disk.
        sha256: Hexadecimal digest of the bytes.
        size_bytes: Their number.
    """

    name: str
    path: Path
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Submission:
    """One hand-in of one student, as received.

    Attributes:
        student: Who handed it in, as the folder, the zip or the LMS says (`garcialopezana`, `1234`, `ana`).
        filename: The file's name as received, for people; never used as a path.
        path: Where the bytes are on our disk.
        sha256: Hexadecimal digest of the bytes; with the student it identifies the submission.
        size_bytes: Length of the file.
        conflict: Why a person must look before this becomes a final grade (a second, different hand-in of the
            same student), or None.
        submitted_at: When the platform received it, with a time zone; None if no platform says so. A file's own time is
            never used: it is that of a download or a copy.
        companions: Files handed in beside it that lie beside it when it runs.
        passed_over: Names of files handed in beside it that do not.
        undecided: Whether the student handed in several different notebooks, so that a person must choose one; nothing
            is run. The digest covers all of them.
    """

    student: str
    filename: str
    path: Path
    sha256: str
    size_bytes: int
    conflict: Message | None = None
    submitted_at: datetime | None = None
    companions: tuple[Companion, ...] = ()
    passed_over: tuple[str, ...] = ()
    undecided: bool = False


@dataclass(frozen=True, slots=True)
class CodeCell:
    """A code cell as intake read it: its source, and its last execution. Metadata, tags and saved outputs are dropped.

    Attributes:
        index: Position among all cells of the file, from 0, the number a person counts.
        cell_id: nbformat's cell id, or "" if the file has none.
        source: The student's code, magics included.
        provided: The id of the instructor's cell (`metadata.nbgrader.grade_id`) that this cell says it is, or "".
        recorded: Saved execution count `n` (`In[n]`) of the cell in its author's session; None if it never ran or the
            numbers were cleared. For messages only.
        given: The file says that the cell is the instructor's, and not one to complete (nbgrader: locked, no solution).
    """

    index: int
    cell_id: str
    source: str
    provided: str = ""
    recorded: int | None = None
    given: bool = False


@dataclass(frozen=True, slots=True)
class Notebook:
    """A readable notebook: code cells in file order.

    Attributes:
        cells: Code cells that are not empty.
        assignment: The assignment id in the notebook's metadata, or "".
        language: The language (`es`, `en`) that it was generated in, or "".
        notes: What intake had to fix (an old format upgraded, …), for the report.
        places: Where each code cell stands, for people.
        companions: What lies beside it when it runs.
    """

    cells: tuple[CodeCell, ...]
    assignment: str = ""
    language: str = ""
    notes: tuple[Message, ...] = ()
    places: Places = field(default_factory=dict, compare=False)
    companions: tuple[Companion, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedModule:
    """A module that a cell imports.

    Attributes:
        module: Its dotted name (`matplotlib.pyplot`).
        cell_index: The cell, counted as in `CodeCell.index`.
        line: Line of the cell, from 1.
        members: The names that `from module import …` asks for; empty for every other kind of import.
    """

    module: str
    cell_index: int
    line: int
    members: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What is imported: the module, or `module.member` for each member, since a member may be a module."""
        return tuple(f"{self.module}.{member}" for member in self.members) or (self.module,)


class UnreadableSubmissionError(Exception):
    """The bytes are not a notebook that we can run; `reason` says what is wrong, where, and what to do."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason.msgid)
        self.reason = reason
