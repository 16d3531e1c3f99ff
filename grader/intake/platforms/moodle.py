"""Moodle: `Ana García_12_assignsubmission_file/t.ipynb`, or the same in one name where folders were switched off.

Nothing says when: Moodle streams its zip, whose entries have no time of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from grader.intake.naming import student_name
from grader.intake.owners import Owner
from grader.intake.platforms.platform import Platform

_NAME = re.compile(r"(?P<name>.*?)_(?P<id>\d{1,18})_assignsubmission_[a-z]+(?:_.*)?", re.DOTALL)


class Moodle(Platform):
    """Zips of all submissions of an assignment, from 3.x to 4.x, with and without folders."""

    name = "Moodle"

    def owners_of_files(self, filenames: Sequence[str]) -> Mapping[str, Owner]:
        """Return the owner of each name that has Moodle's form."""
        return {name: owner for name in filenames if (owner := self.owner_of_folder(name)) is not None}

    def owner_of_folder(self, name: str) -> Owner | None:
        """Return the owner that a name in Moodle's form says; folders and files have the same."""
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        # Moodle itself replaces `_` in names by a space; some unpacking tools do the reverse.
        return Owner(student_name(found["name"].replace("_", " "), found["id"]))


PLATFORM: Final = Moodle()
