"""The page about file formats: keys and types come from the code, and so does the English text."""

from __future__ import annotations

import inspect
import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from grader.authoring import course_settings
from grader.authoring.publication import published_schema
from grader.domain import grade as grade_contract
from grader.roster.columns import TITLES, Column

SPANISH = Path(__file__).parent / "formats.es.toml"
GRADE_KEYS = "| key of a grade |"
TABLES_OF_A_CLASS = (
    Column.NAME,
    Column.FAMILY_NAME,
    Column.GIVEN_NAME,
    Column.IDENTIFIER,
    Column.NUMBER,
    Column.LOGIN,
    Column.EMAIL,
    Column.GROUP,
    Column.TIME,
)

WORDS: Mapping[str, Mapping[str, str]] = {
    "es": {
        "title": "Los formatos de archivo",
        "intro": "Claves y tipos salen del código.",
        "key": "clave",
        "type": "tipo",
        "meaning": "significado",
        "grades": "Lo escribe `grader grade`. Un objeto con `schema_version`, `assignment` y `grades`, una lista "
        "con un objeto por entrega:",
        "class": "Tablas de un curso",
        "class_text": "`--roster`, `--times` y `--extensions` reciben un CSV con una fila por persona: separado por"
        " comas, punto y coma o tabuladores; en UTF-8, UTF-16 o Windows-1252. La primera fila tiene los títulos, "
        "en cualquier orden; sin importar tildes, mayúsculas ni paréntesis. Otras columnas se pasan por alto. "
        "También sirven, tal como se descargaron, la hoja de calificaciones de Moodle y el libro de Canvas. Las "
        "horas se escriben como `2026-12-01 23:59`, `2026-12-01T23:59:00-05:00` o como las escribe Moodle; sin "
        "zona, son de `--timezone`.",
        "holds": "contiene",
        "titles": "títulos que se reconocen",
        "example": "Un ejemplo, que sirve para los tres:",
        "columns": "nombre;codigo;correo;grupo;hora",
    },
    "en": {
        "title": "File formats",
        "intro": "Keys and types come from the code.",
        "key": "key",
        "type": "type",
        "meaning": "meaning",
        "grades": "Written by `grader grade`. One object with `schema_version`, `assignment` and `grades`, a list "
        "with one object for each hand-in:",
        "class": "Tables of a class",
        "class_text": "`--roster`, `--times` and `--extensions` take a CSV with a row for each person: separated by"
        " commas, semicolons or tabs; in UTF-8, UTF-16 or Windows-1252. The first row holds the titles, in any "
        "order; accents, capitals and brackets do not matter. Other columns are passed over. Moodle's grading "
        "worksheet and Canvas's gradebook will do as they were downloaded. Times are written as `2026-12-01 "
        "23:59`, `2026-12-01T23:59:00-05:00`, or as Moodle writes them; without a zone they are those of "
        "`--timezone`.",
        "holds": "holds",
        "titles": "titles that are known",
        "example": "An example, which will do for all three:",
        "columns": "name,student number,email,group,time",
    },
}
COLUMNS_ES: Mapping[Column, str] = {
    Column.NAME: "nombre completo",
    Column.FAMILY_NAME: "apellidos",
    Column.GIVEN_NAME: "nombres",
    Column.IDENTIFIER: "identificador de la plataforma",
    Column.NUMBER: "código estudiantil",
    Column.LOGIN: "usuario",
    Column.EMAIL: "correo",
    Column.GROUP: "grupo",
    Column.TIME: "hora de entrega o plazo",
}


@dataclass(frozen=True, slots=True)
class Speech:
    """How a page of a language calls types, and what it says of tables and keys.

    Attributes:
        words: Titles and sentences of the page.
        type_of: Type as the code names it → as the page does.
        of_table: Name of a table, what the code says of it → what the page says.
        of_key: Name of a table, key, what the code says of it → what the page says.
    """

    words: Mapping[str, str]
    type_of: Callable[[str], str]
    of_table: Callable[[str, str], str]
    of_key: Callable[[str, str, str], str]


def formats(language: str) -> str:
    """Return the Markdown of the page.

    Raises:
        KeyError: The Spanish page knows nothing of a key that the code has.
    """
    speech = _spanish() if language == "es" else Speech(WORDS["en"], str, lambda _, text: text, lambda *all_: all_[2])
    words = speech.words
    assignment = json.loads(published_schema())
    course = course_settings.CourseTable.model_json_schema()
    parts = [f"# {words['title']}", words["intro"], "## grades.json", words["grades"], _grade_keys(language)]
    parts += ["## assignment.toml", *_keys(("assignment",), assignment, assignment["$defs"], speech)]
    parts += ["## course.toml", *_keys(("course",), course, course.get("$defs", {}), speech)]
    parts += [f"## {words['class']}", words["class_text"], *_class_tables(language)]
    return "\n\n".join(part for part in parts if part) + "\n"


# ----------------------------------------------------------------------------------------------------------------------


def _spanish() -> Speech:
    said = tomllib.loads(SPANISH.read_text("utf-8"))
    return Speech(
        WORDS["es"],
        lambda kind: " / ".join(said["types"][one] for one in kind.split(" / ")),
        lambda table, _: str(said["tables"][table]),
        lambda table, key, _: str(said["keys"][f"{table}.{key}"]),
    )


def _grade_keys(language: str) -> str:
    """Return the table of the contract in `grader.domain.grade`; a row without a key goes on with the one above."""
    contract = inspect.getdoc(grade_contract) or ""
    table = contract[contract.index(GRADE_KEYS) :].partition("\n\n")[0].splitlines()
    rows: list[list[str]] = []
    for line in table[2:]:
        key, kind, meaning = (cell.strip() for cell in line.strip("|").split("|", 2))
        if key:
            rows.append([key, kind, meaning])
        else:
            rows[-1][2] += f" {meaning}"
    if language == "es":
        said = tomllib.loads(SPANISH.read_text("utf-8"))
        rows = [[key, said["types"].get(kind, kind), said["grades"][key]] for key, kind, _ in rows]
    words = WORDS[language]
    shown = [f"| {', '.join(f'`{one}`' for one in key.split(', '))} | {kind} | {text} |" for key, kind, text in rows]
    return "\n".join([f"| {words['key']} | {words['type']} | {words['meaning']} |", "|---|---|---|", *shown])


def _class_tables(language: str) -> list[str]:
    words = WORDS[language]
    rows = [f"| {words['holds']} | {words['titles']} |", "|---|---|"]
    for column in TABLES_OF_A_CLASS:
        name = COLUMNS_ES[column] if language == "es" else column.value
        rows.append(f"| {name} | {', '.join(f'`{title}`' for title in dict.fromkeys(TITLES[column]))} |")
    separator = ";" if language == "es" else ","
    row = separator.join(("Ana García", "20261234", "ana@example.org", "G1", "2026-12-01 21:00"))
    return ["\n".join(rows), words["example"], f"```text\n{words['columns']}\n{row}\n```"]


def _keys(path: tuple[str, ...], table: Mapping[str, Any], definitions: Mapping[str, Any], speech: Speech) -> list[str]:
    """Return one table of keys, and below it those of every table that it holds."""
    words, name = speech.words, path[-1].removesuffix("[]")
    rows = [f"| {words['key']} | {words['type']} | {words['meaning']} |", "|---|---|---|"]
    below: list[str] = []
    inner = partial(_keys, definitions=definitions, speech=speech)
    for key, entry in table.get("properties", {}).items():
        said = _one_line(speech.of_key(name, key, entry.get("description", "")))
        rows.append(f"| `{key}` | {speech.type_of(_type(entry))} | {said} |")
        referred, several = _referred(entry)
        if definitions.get(referred, {}).get("properties"):
            below += inner((*path, key + ("[]" if several else "")), definitions[referred])
    title = [f"### {'.'.join(path[1:])}"] if len(path) > 1 else []
    return [*title, _one_line(speech.of_table(name, table.get("description", ""))), "\n".join(rows), *below]


def _referred(entry: Mapping[str, Any]) -> tuple[str, bool]:
    """Return the name of the table that a key holds, and whether it holds several."""
    is_list = entry.get("type") == "array"
    inner = entry.get("items", {}) if is_list else entry
    choices = [inner, *inner.get("anyOf", ()), inner.get("additionalProperties") or {}]
    found = next((one["$ref"] for one in choices if isinstance(one, dict) and "$ref" in one), "")
    return found.rsplit("/", 1)[-1], is_list


def _type(entry: Mapping[str, Any]) -> str:
    if "type" in entry:
        return str(entry["type"])
    kinds = {str(one.get("type", "table")) for one in entry.get("anyOf", ())} - {"null"}
    return " / ".join(sorted(kinds)) or "table"


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
