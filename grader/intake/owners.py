"""The owner of a file, as a platform names it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grader.domain.messages import Message


@dataclass(frozen=True, slots=True)
class Upload:
    """What a platform says about one of several uploads of a student.

    Attributes:
        number: Grows from upload to upload.
        filename: The file's name when it was uploaded.
        title: That name without what the platform adds where it is taken (`t.ipynb` of `t-1.ipynb`).
        copy: What it added: 0 for a name that was free, then 1, 2, ….
    """

    number: int
    filename: str
    title: str
    copy: int = 0


@dataclass(frozen=True, slots=True)
class Owner:
    """Who handed in a file.

    Attributes:
        student: See `grader.intake.naming.student_name`.
        upload: Which upload it is, where the platform numbers them.
        doubt: Why a person must look, or None.
        submitted_at: When the platform received it, where it says so.
        task: The assignment that the platform kept it under, where it says so.
    """

    student: str
    upload: Upload | None = None
    doubt: Message | None = None
    submitted_at: datetime | None = None
    task: str = ""
