"""The zip that Gradescope builds an autograder from: setup.sh, run_autograder, and the grader itself.

It contains the grader as installed here, with its data, so that it grades as this machine does; dependencies come from
the package index when Gradescope builds the image. With an instructor's own course the zip contains the solution: it
is for Gradescope's settings page, never for students.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import requires
from pathlib import Path
from typing import Final

import grader
from grader.domain.datasets import DataSize

CONFIG_FILE: Final = "autograder.json"
PACKAGE: Final = "package"
COURSE: Final = "course"

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_EXECUTABLE: Final = 0o100755 << 16
_READABLE: Final = 0o100644 << 16
_NOT_FOR_GRADING: Final = frozenset({"dask", "dev", "gpu", "postgresql", "serve", "site", "workbook"})
"""Extras that the image does not need."""

_EXTRA = re.compile(r"extra == '([\w-]+)'")
_OURSELVES: Final = "autoencoder-grader"
_STORED: Final = frozenset({".npz", ".gz", ".png", ".zip", ".xz"})
_LEFT_OUT: Final = frozenset({"__pycache__", ".pytest_cache"})

_SETUP = """\
#!/usr/bin/env bash
# Builds the image. Choose Ubuntu 24.04 or later as base image: Python 3.11 to 3.13 is needed.
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
apt-get update
apt-get install -y --no-install-recommends python3 python3-venv bubblewrap
python3 -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || {
  echo "Python 3.11 to 3.13 is needed, and this image has $(python3 --version): choose Ubuntu 24.04 as base image." >&2
  exit 1
}
python3 -m venv "$root/venv"
"$root/venv/bin/python" -m pip install --no-cache-dir --requirement "$root/source/requirements.txt"
chmod -R go-rwx "$root/source"
"""

_RUN = """\
#!/usr/bin/env bash
# Grades /autograder/submission and writes /autograder/results/results.json. Where the grader itself fails there is no
# such file, and Gradescope says that the autograder failed: our failure is nobody's zero.
root="${AUTOGRADER_ROOT:-/autograder}"
python="${AUTOGRADER_PYTHON:-$root/venv/bin/python}"
mkdir -p "$root/results"
rm -f "$root/results/results.json"
cd "$root/results"
export PYTHONPATH="$root/source/package"
exec "$python" -m grader.handback.autograding "$root"
"""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the zip grades, and how.

    Attributes:
        assignment: Its id.
        language: Of the results.
        data_size: `full` or `sample`.
        sandbox: `bubblewrap`, or `none` where Gradescope's container is fence enough.
    """

    assignment: str
    language: str
    data_size: DataSize
    sandbox: str


def autograder_zip(configuration: Configuration, course: Path | None = None, *, settings: Path | None = None) -> bytes:
    """Return the zip.

    Args:
        configuration: What it grades.
        course: Folder of the instructor's own course that the assignment belongs to, if any.
        settings: The `course.toml` that changes the assignment; it need not exist.
    """
    buffer = io.BytesIO()
    root = Path(grader.__file__).parent.parent
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _write(archive, "setup.sh", _SETUP.encode(), _EXECUTABLE)
        _write(archive, "run_autograder", _RUN.encode(), _EXECUTABLE)
        stated = json.dumps(asdict(configuration) | {"course": course is not None}, indent=2) + "\n"
        _write(archive, CONFIG_FILE, stated.encode(), _READABLE)
        _write(archive, "requirements.txt", ("\n".join(requirements()) + "\n").encode(), _READABLE)
        for folder in ("grader", "reference", "assignments"):
            for path in _files(root / folder):
                _write(archive, f"{PACKAGE}/{path.relative_to(root).as_posix()}", path.read_bytes(), _READABLE)
        if settings is not None and settings.is_file():
            _write(archive, f"{COURSE}/{settings.name}", settings.read_bytes(), _READABLE)
        if course is not None:
            for path in _course_files(course):
                _write(archive, f"{COURSE}/{path.relative_to(course).as_posix()}", path.read_bytes(), _READABLE)
    return buffer.getvalue()


def requirements() -> list[str]:
    """Return the packages that `pip install` needs for grading: our dependencies, with those of the needed extras."""
    lines = set()
    for stated in requires(_OURSELVES) or ():
        requirement, _, marker = stated.partition(";")
        marker = marker.replace('"', "'")
        extras = _EXTRA.findall(marker)
        if requirement.startswith(_OURSELVES) or _NOT_FOR_GRADING & set(extras):
            continue
        rest = _EXTRA.sub("", marker).strip().removesuffix("and").removeprefix("and").strip()
        rest = rest[1:-1] if rest.startswith("(") and rest.endswith(")") else rest
        lines.add(f"{requirement.strip()}; {rest}" if rest else requirement.strip())
    return sorted(lines)


# Private functions


def _write(archive: zipfile.ZipFile, name: str, data: bytes, mode: int) -> None:
    entry = zipfile.ZipInfo(name, _ZIP_TIME)
    entry.external_attr = mode
    entry.compress_type = zipfile.ZIP_STORED if Path(name).suffix in _STORED else zipfile.ZIP_DEFLATED
    archive.writestr(entry, data)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not _LEFT_OUT & set(path.parts) and path.suffix != ".pyc":
            yield path


def _course_files(course: Path) -> Iterator[Path]:
    """Yield the files of a course, and nothing else that may be in the folder, such as hand-ins."""
    for folder in ("assignments", "reference", "facts"):
        yield from _files(course / folder)
