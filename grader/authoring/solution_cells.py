"""The cells of a solution by their names, for `grader.solution`; Jupyter's packages are not needed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from grader.authoring.assignment_catalogue import references_folder
from grader.authoring.templates import Version, render_script
from grader.domain.assignment import Assignment

_MARKER: Final = re.compile(r'^# %%(?: \[markdown\])? name="(?P<name>[^"]+)" kind="?(?P<kind>\w+)', re.MULTILINE)
_MARKS: Final = re.compile(r"^### (?:BEGIN|END) SOLUTION\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True, repr=False)
class Solution:
    """A cell of the solution, shown as it is.

    Attributes:
        source: Its code.
    """

    source: str

    def __repr__(self) -> str:
        return self.source


def solution_cells(assignment: Assignment, language: str) -> dict[str, str]:
    """Return the code of every cell that a student writes, by the cell's name.

    Raises:
        AuthoringError: The template cannot be rendered.
    """
    script = render_script(assignment, Version(language, solution=True), references=references_folder())
    found = list(_MARKER.finditer(script))
    ends = [*(one.start() for one in found[1:]), len(script)]
    return {
        one["name"]: _MARKS.sub("", script[one.end() : end].partition("\n")[2]).strip("\n")
        for one, end in zip(found, ends, strict=True)
        if one["kind"] == "solution"
    }
