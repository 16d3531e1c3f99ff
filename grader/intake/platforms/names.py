"""Who handed in a file, as the platform that the download comes from says in the names of folders and files.

| platform | name | student |
|---|---|---|
| Moodle | `Ana García_12_assignsubmission_file[_]/t.ipynb` | `Ana García-12` |
| Moodle, no folders | `Ana García_12_assignsubmission_file_t.ipynb` | `Ana García-12` |
| Canvas | `garcialopezana[_LATE]_1234_98765_t.ipynb`, `.._1234_text.html` | `garcialopezana-1234` |
| Canvas, anonymous | `[LATE_]anon_hJ3kq_98765_t.ipynb` | `anon-hJ3kq` |
| Gradescope | `[assignment_<id>_export/]submission_55/t.ipynb` and `submission_metadata.yml` | `Ana García-1001` |
| nbgrader | `submitted/ana/ps1/t.ipynb` | `ana` |

Where in what was given such a name counts is decided in `grader.intake.folder_levels`: a student decides on all names
below their own folder and inside their own zip.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from grader.domain.messages import Message
from grader.intake.naming import student_name

_MOODLE = re.compile(r"(?P<name>.*?)_(?P<id>\d{1,18})_assignsubmission_[a-z]+(?:_.*)?", re.DOTALL)
_CANVAS_OWNER = r"(?:(?P<name>.+?)(?:_LATE)?_(?P<user>[1-9]\d{0,17})|(?:LATE_)?anon_(?P<anonymous>[A-Za-z0-9]{1,40}))"
# Attachments are numbered through a whole installation. Three digits at least keep `tarea_2024_11_ana.ipynb` out.
_CANVAS_UPLOAD = re.compile(_CANVAS_OWNER + r"_(?P<attachment>[1-9]\d{2,17})_(?P<file>.+)", re.DOTALL)
_CANVAS_TEXT = re.compile(_CANVAS_OWNER + r"_(?:text|link)\.html", re.DOTALL)
NBGRADER_STEPS = frozenset(
    {"autograded", "downloaded", "feedback", "release", "solution", "source", "source_with_tests"}
)
"""Folders of a course that hold what nobody handed in."""

NBGRADER_SUBMITTED = "submitted"
"""The folder in which nbgrader keeps what it collected."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What Canvas says about an uploaded file.

    Attributes:
        attachment: Its number, which grows from upload to upload.
        filename: Its name when it was uploaded; a name that was taken already got `-1`, `-2`, ….
    """

    attachment: int
    filename: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Who handed in a file.

    Attributes:
        student: See `grader.intake.naming.student_name`.
        upload: Where the file comes from Canvas.
        doubt: Why a person must look, or None.
        submitted_at: When the platform received it, where it says so.
        task: The assignment that the platform kept it under, where it says so.
    """

    student: str
    upload: Upload | None = None
    doubt: Message | None = None
    submitted_at: datetime | None = None
    task: str = ""


def moodle_owner(names: Iterable[str]) -> Owner | None:
    """Return the owner that the outermost name in Moodle's form says, or None."""
    for name in names:
        if found := _MOODLE.fullmatch(name):
            # Moodle itself replaces `_` in names by a space; some unpacking tools do the reverse.
            return Owner(student_name(found["name"].replace("_", " "), found["id"]))
    return None


def canvas_owner(filename: str) -> Owner | None:
    """Return the owner that a file name in Canvas's form says, or None."""
    found = _CANVAS_UPLOAD.fullmatch(filename) or _CANVAS_TEXT.fullmatch(filename)
    if found is None:
        return None
    said = found.groupdict()
    student = student_name("anon", said["anonymous"]) if said["anonymous"] else student_name(said["name"], said["user"])
    upload = Upload(int(said["attachment"]), said["file"]) if said.get("attachment") else None
    return Owner(student, upload)


def canvas_owners(filenames: Iterable[str]) -> Mapping[str, Owner]:
    """Return the owner by file name, as far as the names really come from Canvas.

    An attachment number belongs to one upload of one student. Names that share it otherwise
    (`ana_2024_101_taller.ipynb`, `luis_2024_101_taller.ipynb`) only look like Canvas's.
    """
    owners = {name: owner for name in filenames if (owner := canvas_owner(name))}
    uploads: dict[int, set[tuple[str, str]]] = {}
    for owner in owners.values():
        if owner.upload:
            uploads.setdefault(owner.upload.attachment, set()).add((owner.student, owner.upload.filename))
    return {
        name: owner
        for name, owner in owners.items()
        if owner.upload is None or len(uploads[owner.upload.attachment]) == 1
    }
