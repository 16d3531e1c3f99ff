"""`course.toml`: where a course publishes its notebooks, and what it changes in assignments without copying them.

    language = "es"

    [publication]
    colab_url = "https://github.com/university/course/tree/main/notebooks"
    package = "git+https://github.com/university/autoencoder-grader"

    [assignments.all]
    scale = { kind = "0-20" }
    late = { percent_per_day = 10, percent_maximum = 50 }

    [assignments.stacked]
    due = 2026-12-01T23:59:00-05:00
    points = { code_size = 15, reconstruction = 35 }

It stands in the folder of the course (`--course`), or where the command is run. Everything may be left out, the file as
well. What `[assignments.<id>]` says comes before `[assignments.all]`, and both before the assignment's own file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, Field
from pydantic_core import PydanticCustomError

from grader.authoring.consistency import scale_problems
from grader.authoring.errors import AuthoringError
from grader.authoring.schema import (
    LimitsTable,
    Localised,
    NaturalInt,
    Percent,
    PositiveFloat,
    ScaleTable,
    Text,
    TextTable,
    TomlTable,
)
from grader.authoring.schema_errors import schema_problems
from grader.authoring.toml_source import TomlSource, read_toml
from grader.domain.messages import message

FILE_NAME: Final = "course.toml"
UNUSABLE: Final = message("The settings of the course cannot be used. To be fixed:")

COLAB: Final = "https://colab.research.google.com"
_BADGE: Final = f"{COLAB}/assets/colab-badge.svg"

_GITHUB_FOLDER = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+)/(?:tree|blob)/([\w.%/~+-]+)")
_COLAB_FOLDER = re.compile(rf"{re.escape(COLAB)}/[\w.%/~+#-]+")
_SECURE = re.compile(r"https://[\w.-]+(:\d+)?(/[\w.%~+/-]*)?")
_INSTALLABLE = re.compile(r"[A-Za-z0-9][\w.\-+:/@=~,%\[\]]*")  # nothing that a shell or a Python text would read


@dataclass(frozen=True, slots=True)
class Publication:
    """What a course says about its notebooks.

    Attributes:
        colab_url: Folder with the published notebooks, as Colab opens it; "" if it is not said.
        package: What students give to `pip install`: a name, an address of a wheel, `git+https://…`; "" likewise.
        solutions: Its notebooks may show cells of the solution (`grader.solution`).
        bundles: Address of the folder with what `grader publish` wrote; "" likewise.
    """

    colab_url: str = ""
    package: str = ""
    solutions: bool = False
    bundles: str = ""

    @property
    def badge(self) -> str:
        """Address of Colab's own button."""
        return _BADGE

    def bundle_url(self, assignment: str) -> str:
        """Return the address of a published assignment, "" if there is none."""
        return f"{self.bundles}/{assignment}.json" if self.bundles else ""

    def notebook_url(self, assignment: str) -> str:
        """Return the address at which Colab opens an assignment's notebook, "" if there is none."""
        return f"{self.colab_url}/{assignment}.ipynb" if self.colab_url else ""


NOT_PUBLISHED: Final = Publication()
"""Of a course that says nothing: no link, nothing to install."""


def read_publication(folder: Path) -> Publication:
    """Read `[publication]` of the `course.toml` in a folder; `NOT_PUBLISHED` where there is no such file.

    Raises:
        AuthoringError: The file is no TOML, or says something that cannot be used; every mistake with its line.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return NOT_PUBLISHED
    stated = read_course_table(path)[1].publication
    return Publication(
        _opened_by_colab(stated.colab_url or ""),
        stated.package or "",
        stated.solutions,
        (stated.bundles or "").rstrip("/"),
    )


def read_course_table(path: Path) -> tuple[TomlSource, CourseTable]:
    """Read the whole file, with its places.

    Raises:
        AuthoringError: It is no TOML, or says something that cannot be used; every mistake with its line.
    """
    source = read_toml(path)
    problems = schema_problems(source, CourseTable)
    for name, settings in _tables(source.data.get("assignments")).items():
        if "scale" in settings:
            problems += scale_problems(source, ("assignments", name, "scale"))
    if problems:
        raise AuthoringError(UNUSABLE, problems)
    return source, CourseTable.model_validate(source.data)


def _tables(value: object) -> dict[str, dict[str, object]]:
    found = value if isinstance(value, dict) else {}
    return {name: table for name, table in found.items() if isinstance(table, dict)}


# What the file may say


def _folder(url: str) -> str:
    if not (_GITHUB_FOLDER.fullmatch(url.rstrip("/")) or _COLAB_FOLDER.fullmatch(url.rstrip("/"))):
        raise PydanticCustomError("colab_url", "colab_url")
    return url


def _secure(address: str) -> str:
    if not _SECURE.fullmatch(address):
        raise PydanticCustomError("secure", "secure")
    return address


def _installable(package: str) -> str:
    if not _INSTALLABLE.fullmatch(package):
        raise PydanticCustomError("package", "package")
    return package


class PublicationTable(TomlTable):
    """Where the notebooks and the package are."""

    colab_url: Annotated[Text, AfterValidator(_folder)] | None = None
    """Folder of the published notebooks: `https://github.com/owner/repository/tree/main/folder`, or Colab's own."""
    package: Annotated[Text, AfterValidator(_installable)] | None = None
    """What students give to `pip install`, in one word: a name, an address, `git+https://…`."""
    solutions: bool = False
    """Whether `grader.solution` shows cells of the solution in the notebooks that are generated."""
    bundles: Annotated[Text, AfterValidator(_secure)] | None = None
    """Address of the folder where students find what `grader publish` wrote: `https://…`."""


class LateTable(TomlTable):
    """What lateness costs, where there is a due date."""

    grace_minutes: NaturalInt = 0
    """So many minutes later still is on time."""
    percent_per_day: Percent = 0.0
    """What each day begun after the due date costs, in percent of the points earned."""
    percent_maximum: Percent = 100.0
    """Lateness never costs more than this, in percent of the points earned."""
    refuse_after_days: NaturalInt | None = None
    """Whoever is later than so many days loses all points."""


class AssignmentSettings(TomlTable):
    """What a course changes in an assignment, or in all of them."""

    due: AwareDatetime | None = None
    """Date and time with its time zone: `2026-12-01T23:59:00-05:00`."""
    late: LateTable | None = None
    """What lateness costs."""
    scale: ScaleTable | None = None
    """What the points become in the grade book."""
    limits: LimitsTable | None = None
    """What a notebook may use; what is left out stays as it is."""
    points: dict[str, PositiveFloat] = Field(default_factory=dict)
    """Points of checks of the rubric, by their ids."""
    compat: bool | None = None
    """Translate calls that current versions no longer take before a notebook is run."""
    title: Localised | None = None
    """Title of the assignment, in the languages to change."""
    text: TextTable = Field(default_factory=TextTable)
    """Texts of the notebook to change, by language and key."""


class CourseTable(TomlTable):
    """Settings of a course."""

    language: Literal["es", "en"] | None = None
    """Language of notebooks and reports, unless a command chooses another."""
    assignments: dict[str, AssignmentSettings] = Field(default_factory=dict)
    """Changes by id of the assignment; `all` for every one."""
    publication: PublicationTable = Field(default_factory=PublicationTable)
    """Where the notebooks and the package are."""


def _opened_by_colab(url: str) -> str:
    """Turn a folder on GitHub into Colab's address of it; Colab's own stays as it is."""
    url = url.rstrip("/")
    found = _GITHUB_FOLDER.fullmatch(url)
    return f"{COLAB}/github/{found[1]}/blob/{found[2]}" if found else url
