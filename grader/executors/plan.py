"""What a remote worker needs: the plan of a class once, and each hand-in with its bytes.

Workers share no disk with the driver. The user's own files (full data sets, a course) are sent with the plan, by
content; what ships with the package is on every worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from grader.domain.assignment import Assignment
from grader.domain.course import Course
from grader.domain.facts import ReferenceFacts
from grader.domain.submission import Submission
from grader.session import SessionOptions

DATA_FILES: Final = ("mnist.npz", "fashion_mnist.npz", "creditcard.csv")
"""Files that are read from the folder of `--data`."""

_COURSE_FILES: Final = ("*.py", "*.json", "*.toml")

_KEY_PARTS: Final = (
    "size of the data", "data", "sandbox", "images", "versions of the grader and of TensorFlow", "limits or reference",
)  # fmt: skip
"""The parts of a settings key (`grader.settings_key`), in order."""


@dataclass(frozen=True, slots=True)
class ClassPlan:
    """How a class is graded.

    Attributes:
        name: Of this run of a class.
        assignment: Its rules.
        facts: Of its reference.
        options: How to grade; folders in it are the driver's.
        settings_key: What the session of every worker must have, too.
        jobs_by_host: How many hand-ins run at the same time on each machine.
    """

    name: str
    assignment: Assignment
    facts: ReferenceFacts
    options: SessionOptions
    settings_key: str
    jobs_by_host: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class UserFiles:
    """The user's own files, by their names below the folder of data or of the course.

    Attributes:
        data: Of `--data`.
        course: Of `--course`.
    """

    data: Mapping[str, bytes]
    course: Mapping[str, bytes]

    @classmethod
    def of(cls, options: SessionOptions) -> UserFiles:
        """Read what a session with these options may read."""
        folder = options.data_folder
        data = {} if folder is None else {name: folder / name for name in DATA_FILES if (folder / name).is_file()}
        course: dict[str, Path] = {}
        if options.course is not None:
            root = options.course.folder
            course = {path.relative_to(root).as_posix(): path for kind in _COURSE_FILES for path in root.rglob(kind)}
        return cls(_contents(data), _contents(course))

    def unpack(self, folder: Path, options: SessionOptions) -> SessionOptions:
        """Write the files and return options that name the folders here."""
        _lay_out(self.data, folder / "data")
        _lay_out(self.course, folder / "course")
        return replace(
            options,
            data_folder=folder / "data" if self.data else None,
            course=Course(folder / "course") if self.course else None,
        )


@dataclass(frozen=True, slots=True)
class HandInPackage:
    """One hand-in with its bytes.

    Attributes:
        submission: What intake knows of it; its paths are the driver's.
        content: The notebook.
        companions: What lies beside it, in order of `submission.companions`.
    """

    submission: Submission
    content: bytes
    companions: tuple[bytes, ...]

    @classmethod
    def of(cls, submission: Submission) -> HandInPackage:
        """Read the bytes.

        Raises:
            OSError: A file is gone.
        """
        beside = tuple(one.path.read_bytes() for one in submission.companions)
        return cls(submission, submission.path.read_bytes(), beside)

    def unpack(self, folder: Path) -> Submission:
        """Write the bytes and return the submission with paths here."""
        path = folder / "hand-in"
        path.write_bytes(self.content)
        companions = []
        for number, (one, content) in enumerate(zip(self.submission.companions, self.companions, strict=True)):
            place = folder / f"beside-{number}"
            place.write_bytes(content)
            companions.append(replace(one, path=place))
        return replace(self.submission, path=path, companions=tuple(companions))


def differences(wanted: str, found: str) -> tuple[str, ...]:
    """Name what differs between two settings keys."""
    pairs = zip(wanted.split(";"), found.split(";"), strict=False)
    named = [
        _KEY_PARTS[place] if place < len(_KEY_PARTS) else "options"
        for place, (one, other) in enumerate(pairs)
        if one != other
    ]
    return tuple(dict.fromkeys(named or ["options"]))


def _contents(files: Mapping[str, Path]) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in sorted(files.items())}


def _lay_out(files: Mapping[str, bytes], folder: Path) -> None:
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
