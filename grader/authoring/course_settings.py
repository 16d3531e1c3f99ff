"""`course.toml`: where a course publishes its notebooks, and from where students install the package.

    [publication]
    colab_url = "https://github.com/university/course/tree/main/notebooks"
    package = "git+https://github.com/university/autoencoder-grader"

It stands in the folder of the course (`--course`), or where `grader generate` is run. Both keys, the table and the file
may be left out; generated notebooks then have no link and install nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from grader.authoring.errors import AuthoringError
from grader.authoring.mistakes import schema_problems
from grader.authoring.schema import Table, Text
from grader.authoring.toml_source import read_toml
from grader.domain.messages import message

FILE_NAME: Final = "course.toml"

COLAB: Final = "https://colab.research.google.com"
_BADGE: Final = f"{COLAB}/assets/colab-badge.svg"

_GITHUB_FOLDER = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+)/(?:tree|blob)/([\w.%/~+-]+)")
_COLAB_FOLDER = re.compile(rf"{re.escape(COLAB)}/[\w.%/~+#-]+")
_INSTALLABLE = re.compile(r"[A-Za-z0-9][\w.\-+:/@=~,%\[\]]*")  # nothing that a shell or a Python text would read


@dataclass(frozen=True, slots=True)
class Publication:
    """What a course says about its notebooks.

    Attributes:
        colab_url: Folder with the published notebooks, as Colab opens it; "" where it is not said.
        package: What students give to `pip install`: a name, an address of a wheel, `git+https://…`; "" likewise.
        solutions: Its notebooks may show cells of the solution (`grader.solution`).
    """

    colab_url: str = ""
    package: str = ""
    solutions: bool = False

    @property
    def badge(self) -> str:
        """Address of Colab's own button."""
        return _BADGE

    def notebook_url(self, assignment: str) -> str:
        """Return the address at which Colab opens an assignment's notebook, "" where there is none."""
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
    source = read_toml(path)
    problems = schema_problems(source, CourseTable)
    if problems:
        raise AuthoringError(message("The settings of the course cannot be used. To be mended:"), problems)
    stated = CourseTable.model_validate(source.data).publication
    return Publication(_opened_by_colab(stated.colab_url or ""), stated.package or "", stated.solutions)


# What the file may say


def _folder(url: str) -> str:
    if not (_GITHUB_FOLDER.fullmatch(url.rstrip("/")) or _COLAB_FOLDER.fullmatch(url.rstrip("/"))):
        raise PydanticCustomError("colab_url", "colab_url")
    return url


def _installable(package: str) -> str:
    if not _INSTALLABLE.fullmatch(package):
        raise PydanticCustomError("package", "package")
    return package


class PublicationTable(Table):
    """Where the notebooks and the package are."""

    colab_url: Annotated[Text, AfterValidator(_folder)] | None = None
    """Folder of the published notebooks: `https://github.com/owner/repository/tree/main/folder`, or Colab's own."""
    package: Annotated[Text, AfterValidator(_installable)] | None = None
    """What students give to `pip install`, in one word: a name, an address, `git+https://…`."""
    solutions: bool = False
    """Whether `grader.solution` shows cells of the solution in the notebooks that are generated."""


class CourseTable(Table):
    """Settings of a course."""

    publication: PublicationTable = Field(default_factory=PublicationTable)
    """Where the notebooks and the package are."""


def _opened_by_colab(url: str) -> str:
    """Turn a folder on GitHub into Colab's address of it; Colab's own stays as it is."""
    url = url.rstrip("/")
    found = _GITHUB_FOLDER.fullmatch(url)
    return f"{COLAB}/github/{found[1]}/blob/{found[2]}" if found else url
