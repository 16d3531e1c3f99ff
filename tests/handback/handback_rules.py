"""How platforms read what they are given: their own rules, written down anew to try our files with."""

from __future__ import annotations

import csv
import io
import re

WORDS = {
    "en": ("Identifier", "Grade", "Last modified (grade)", "Feedback comments", "Participant ", "."),
    "es": (
        "Identificador",
        "Calificación",
        "Última modificación (calificación)",
        "Comentarios de retroalimentación",
        "Participante",
        ",",
    ),
}


def moodle_import(data: bytes, language: str) -> dict[str, tuple[float | None, str]]:
    """Read a worksheet as Moodle does: grade and feedback by participant.

    Columns by their title in the site's language, all three that it needs or nothing; the participant by cutting off
    the localised word by its length; the decimal mark of the language.
    """
    identifier, grade, modified, feedback, word, mark = WORDS[language]
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    header = rows[0]
    assert {identifier, grade, modified} <= set(header)
    places = [header.index(title) for title in (identifier, grade, feedback)]
    found = {}
    for row in rows[1:]:
        who, value, words = (row[place] for place in places)
        number = float(value.replace(mark, ".")) if value else None
        found[who[len(word) :]] = (number, words)
    return found


def moodle_participant(path: str) -> str | None:
    """Return the participant that Moodle finds in the path of a feedback file: four or five parts by underscores."""
    name = path.rsplit("/", 1)[-1]
    if name.startswith((".", "~")):
        return None
    for part in path.split("/"):
        pieces = part.split("_", 4)
        if len(pieces) >= 4 and pieces[1].isdecimal() and pieces[2:4] == ["assignsubmission", "file"]:
            return pieces[1]
    return None


def canvas_import(data: bytes) -> dict[str, dict[str, str]]:
    """Read a gradebook as Canvas does: cells of assignments by title, by student."""
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    header = rows[0]
    assert "Student" in header[0]
    assert header[1] == "ID"
    first = header.index("Section") + 1
    titles = [title for title in header[first:] if re.search(r"\(\d+\)$", title)]
    people = [row for row in rows[1:] if row[1].strip()]
    return {row[1]: {title: row[header.index(title)] for title in titles} for row in people}
