"""Names the circumstances of an observation: an observation made under others is not reused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import grader
from grader.domain.assignment import Assignment
from grader.domain.datasets import Held
from grader.domain.facts import ReferenceFacts
from grader.domain.plugins import GROUP_PREFIX, entries

OBSERVING = (
    "audit", "auditing.py", "domain", "extraction", "intake", "pipeline.py", "probe", "reading", "rebuild", "sandbox",
    "secret_views.py", "session.py", "source_reading.py", "translation",
)  # fmt: skip
"""The parts of this package that run and measure: an observation depends on them, but not on checks and reports."""

_ADDED_TABLES = ("families", "layers", "datasets", "quantities")
"""Groups of entry points through which other packages measure; checks only judge observations."""

_FRAMEWORKS = ("tensorflow", "tensorflow-cpu", "keras", "numpy")


def observing_digest(package: Path | None = None) -> str:
    """Return the SHA-256 (hexadecimal) of the code that runs and measures, and of the versions that it uses.

    A corrected check is applied to stored observations; a corrected measurement runs everything again.
    """
    versions = "".join(f"{name}={_version(name)}\n" for name in _FRAMEWORKS)
    return _short(f"{code_digest(OBSERVING, package)}\n{versions}{_added_by_packages()}")


def _added_by_packages() -> str:
    """Return what installed packages add and their versions: their families and layers measure as well."""
    lines = []
    for point in (one for table in _ADDED_TABLES for one in entries(GROUP_PREFIX + table)):
        files = "" if point.dist is None else point.dist.read_text("RECORD") or ""
        release = "" if point.dist is None else point.dist.version
        lines.append(f"{point.group}.{point.name}={point.value} {release} {_short(files)}\n")
    return "".join(sorted(lines))


def code_digest(parts: Sequence[str], package: Path | None = None) -> str:
    """Return the SHA-256 (hexadecimal) of these files and folders of the package, by name and content."""
    root = Path(grader.__file__).parent if package is None else package
    digest = hashlib.sha256()
    for file in sorted(file for part in parts for file in _files(root / part)):
        digest.update(f"{file.relative_to(root).as_posix()}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def settings_key(
    assignment: Assignment, facts: ReferenceFacts, data: Sequence[tuple[str, str]], *, sandbox: str, images: Held
) -> str:
    """Return a key of everything, apart from the hand-in itself, on which its observation depends.

    Args:
        assignment: Its limits, translation of old code and reference count; its points do not.
        facts: Facts of the reference, for the digest of its source.
        data: Size and digest of the reference's data set, then of the others that notebooks may read.
        sandbox: `bubblewrap` or `none`.
        images: `hidden` or `public`.
    """
    limits = json.dumps(asdict(assignment.limits), sort_keys=True)
    made_with = "\n".join((limits, assignment.reference, facts.source_digest, *(digest for _, digest in data)))
    parts = [data[0][0], data[0][1], sandbox, images, observing_digest(), _short(made_with)]
    return ";".join([*parts, "compat"] if assignment.compat else parts)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _files(part: Path) -> list[Path]:
    if part.is_file():
        return [part]
    return [file for file in part.rglob("*") if file.is_file() and "__pycache__" not in file.parts]


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
