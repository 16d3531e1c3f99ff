"""What arrives: bytes that nobody has believed yet, and the notebook that intake read out of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grader.domain.messages import Message


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
    """

    student: str
    filename: str
    path: Path
    sha256: str
    size_bytes: int
    conflict: Message | None = None


@dataclass(frozen=True, slots=True)
class CodeCell:
    """A code cell as intake read it: its source alone. Metadata, tags and saved outputs stay outside.

    Attributes:
        index: Position among all cells of the file, from 0, the number a person counts.
        cell_id: nbformat's cell id, or "" where the file has none.
        source: The student's code, magics included.
        provided: The id of the instructor's cell (`metadata.nbgrader.grade_id`) that this cell says it is, or "".
    """

    index: int
    cell_id: str
    source: str
    provided: str = ""


@dataclass(frozen=True, slots=True)
class Notebook:
    """A readable notebook: code cells in file order.

    Attributes:
        cells: Code cells with something in them.
        assignment: The assignment id in the notebook's metadata, or "".
        language: The language (`es`, `en`) that it was generated in, or "".
        notes: What intake had to mend (an old format upgraded, …), for the report.
    """

    cells: tuple[CodeCell, ...]
    assignment: str = ""
    language: str = ""
    notes: tuple[Message, ...] = ()


class UnreadableSubmissionError(Exception):
    """The bytes are no notebook that we can run; `reason` says what, where and what to do."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason.msgid)
        self.reason = reason
