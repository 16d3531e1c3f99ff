"""What fuzzing tries of files that an instructor names: tables of a class, settings, assignments, published ones, zips.

They come from platforms, from colleagues and, where somebody is careless, from students.
"""

from __future__ import annotations

import copy
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

from choices import Choices, damaged, replace_something

from grader.authoring.assignment_catalogue import SHARED_TEXTS, assignments_folder, facts_file, load_assignment
from grader.authoring.bundle import open_bundle, published
from grader.authoring.configured import configured, read_settings
from grader.authoring.specification import read_assignment
from grader.domain.people import Person
from grader.intake.archives import list_entries, refuse_unusable, unpack
from grader.roster.reading import read_roster

_CELLS: Final = (
    "Nombre", "Apellidos", "Apellido(s)", "Full name", "Student", "ID", "SIS User ID", "Email address", "correo", "Ana",
    "Pérez, Ana", "=1+1", "@x", "+5", '"', '""', "\u202e", "\ufeff", "ana@uni.example", "Participante 123", "2026-01-01", "0",
    "Points Possible", "    ", "", "a" * 300, "é", "e\u0301", "1e309", "Grade", "Calificación", "\x00", "'", ";", ",", "\t",
)  # fmt: skip
_LINES: Final = (
    'language = "es"', "[publication]", 'colab_url = "https://x.example/y"', "[assignments.all]", "[assignments.stacked]",
    'scale = { kind = "0-20" }', "late = { percent_per_day = 10, percent_maximum = 50 }", "due = 2026-12-01T23:59:00-05:00",
    "points = { code_size = 15, reconstruction = 35 }", "points = { x = -1 }", "limits = { cell_seconds = 1e400 }",
    "limits = { cell_seconds = nan }", "[assignments.stacked.text.es]", 'intro = "x"', "due = 2026-02-30", "a.b.c = 1",
    "[[rubric]]", 'check = "layers"', "points = inf", "points = 1e308", "[", "]", '"""', "x = [[[[", "= 1", "[a.b]\n[a]", "é = 1",
    "kind = 'letters'", "title = { es = 'x' }", "\x00", "x = 0x" + "f" * 60, "x = " + "9" * 400, "[rubric]", "version = 2",
)  # fmt: skip


def roster(data: bytes) -> None:
    """A table of a class with anything in its cells, parted by anything, in any encoding."""
    choices = Choices(data)
    mark = choices.pick((",", ";", "\t"))
    rows = [[choices.pick(_CELLS) for _ in choices.some(5)] for _ in range(1 + choices.number(6))]
    quote = choices.number(2)
    lines = [mark.join(f'"{cell}"' if quote else cell for cell in row) for row in rows]
    text = choices.pick(("\n", "\r\n", "\r")).join(lines)
    content = text.encode(choices.pick(("utf-8", "utf-8-sig", "utf-16", "cp1252")), "replace")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder) / choices.pick(("class.csv", "class.txt", "class.tsv"))
        path.write_bytes(damaged(content, choices) if choices.number(3) == 1 else content)
        people = read_roster(path).people
    assert all(isinstance(person, Person) for person in people)


def settings(data: bytes) -> None:
    """A `course.toml` of lines that each mean something, in any order."""
    choices = Choices(data)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        lines = [choices.pick(_LINES) for _ in choices.some(4)]
        content = "\n".join(lines).encode() + choices.noise(12)
        (Path(folder) / "course.toml").write_bytes(content)
        given = configured(_stacked(), read_settings(Path(folder)))
    assert all(item.points >= 0 for item in given.rubric)


def assignment(data: bytes) -> None:
    """The file of an assignment of ours with lines lost, added, put elsewhere and damaged."""
    choices = Choices(data)
    lines = _assignment_lines()
    for _ in choices.some(6):
        at = choices.number(len(lines)) if lines else 0
        lines[at : at + choices.number(4)] = [choices.pick(_LINES) for _ in choices.some(2)]
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder) / "stacked"
        path.mkdir()
        (path / "assignment.toml").write_bytes("\n".join(lines).encode() + choices.noise(8))
        read = read_assignment(
            path, facts_folder=facts_file("stacked", None).parent, shared_texts=assignments_folder() / SHARED_TEXTS
        )
    assert all(item.points >= 0 for item in read.rubric)


def bundle(data: bytes) -> None:
    """A published assignment with anything in the place of some things."""
    choices = Choices(data)
    document = copy.deepcopy(_published())
    for _ in range(1 + choices.number(4)):
        replace_something(document, choices)
    content = json.dumps(document).encode()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder) / "x.json"
        path.write_bytes(damaged(content, choices) if choices.number(4) == 1 else content)
        open_bundle.cache_clear()
        assert open_bundle(str(path)).assignment.rubric is not None


def directory(data: bytes) -> None:
    """The directory of a zip, damaged in its own part, and everything in it unpacked."""
    choices = Choices(data)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", choices.pick((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for number in choices.some(5):
            name = choices.pick(
                ("a.ipynb", "../a", "/etc/x", "a/b/c.ipynb", "é.ipynb", "a\\b", "C:\\x", "a.ipynb", ".")
            )
            archive.writestr(name, bytes(choices.number(200)) + choices.noise(20) + bytes([number]))
    content = bytearray(stream.getvalue())
    start = max(0, content.rfind(b"PK\x05\x06") - choices.number(400))
    for _ in choices.some(8):
        place = min(len(content) - 1, start + choices.number(200))
        content[place] = choices.number(256)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder) / "x.zip"
        path.write_bytes(bytes(content))
        entries = list_entries(path, shown="x.zip")
        refuse_unusable(entries, shown="x.zip")
        out = Path(folder) / "out"
        out.mkdir()
        unpack(path, entries, out, shown="x.zip")
        assert sorted(one.name for one in Path(folder).iterdir()) == ["out", "x.zip"]


@cache
def _stacked() -> Any:
    return load_assignment("stacked")


def _assignment_lines() -> list[str]:
    return (assignments_folder() / "stacked" / "assignment.toml").read_text("utf-8").split("\n")


@cache
def _published() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(published(_stacked(), None))
    return document


INSTRUCTOR_TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "roster": roster, "settings": settings, "assignment": assignment, "bundle": bundle, "directory": directory,
}  # fmt: skip
