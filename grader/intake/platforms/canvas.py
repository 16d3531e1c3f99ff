"""Canvas: `garcialopezana[_LATE]_1234_98765_t.ipynb`, all files of a class side by side.

The zip's times are those of the download, and `_LATE` says nothing of how late: neither is believed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Final

from grader.intake.naming import student_name
from grader.intake.owners import Owner, Upload
from grader.intake.platforms.platform import Platform

_OWNER = r"(?:(?P<name>.+?)(?:_LATE)?_(?P<user>[1-9]\d{0,17})|(?:LATE_)?anon_(?P<anonymous>[A-Za-z0-9]{1,40}))"
# Attachments are numbered throughout an installation. Requiring three digits excludes `tarea_2024_11_ana.ipynb`.
_UPLOAD = re.compile(_OWNER + r"_(?P<attachment>[1-9]\d{2,17})_(?P<file>.+)", re.DOTALL)
_TEXT = re.compile(_OWNER + r"_(?:text|link)\.html", re.DOTALL)
_MOODLE: Final = "assignsubmission_"
_COPY = re.compile(r"(?P<name>.+?)(?:-(?P<number>[1-9]\d{0,3}))?")


class Canvas(Platform):
    """Zips of all submissions of an assignment, with names or anonymous."""

    name = "Canvas"

    def owners_of_files(self, filenames: Sequence[str]) -> Mapping[str, Owner]:
        """Return the owners by file name, as far as the names really come from Canvas.

        An attachment number belongs to one upload of one student. Names that share it otherwise
        (`ana_2024_101_taller.ipynb`, `luis_2024_101_taller.ipynb`) only look like Canvas's.
        """
        owners = {name: owner for name in filenames if (owner := _owner(name))}
        uploads: dict[int, set[tuple[str, str]]] = {}
        for owner in owners.values():
            if owner.upload:
                uploads.setdefault(owner.upload.number, set()).add((owner.student, owner.upload.filename))
        return {
            name: owner
            for name, owner in owners.items()
            if owner.upload is None or len(uploads[owner.upload.number]) == 1
        }


PLATFORM: Final = Canvas()


# Private functions


def _owner(filename: str) -> Owner | None:
    found = _UPLOAD.fullmatch(filename) or _TEXT.fullmatch(filename)
    if found is None:
        return None
    said = found.groupdict()
    if (said.get("file") or "").startswith(_MOODLE):  # the number before it is Moodle's
        return None
    student = student_name("anon", said["anonymous"]) if said["anonymous"] else student_name(said["name"], said["user"])
    return Owner(student, _upload(int(said["attachment"]), said["file"]) if said.get("attachment") else None)


def _upload(attachment: int, filename: str) -> Upload:
    """Split `t-2.ipynb` into the title `t.ipynb` and 2: Canvas adds `-1`, `-2`, … to names that already exist."""
    path = PurePath(filename)
    found = _COPY.fullmatch(path.stem)
    if found is None:
        return Upload(attachment, filename, filename)
    return Upload(attachment, filename, found["name"] + path.suffix, int(found["number"] or 0))
