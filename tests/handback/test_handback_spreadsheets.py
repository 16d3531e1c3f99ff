"""Tables of a class: CSV for a spreadsheet, workbook, nbgrader, JUnit, Gradescope."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from class_samples import EN, ES, STACKED, final, graded

from grader.domain.assignment import LetterBound
from grader.domain.people import Person
from grader.handback.final_grades import StudentDecisions
from grader.handback.graded_class import seating
from grader.handback.gradescope_results import results_json, results_zip
from grader.handback.junit import junit_xml
from grader.handback.nbgrader_grades import COLUMNS, nbgrader_csv
from grader.handback.spreadsheets import class_csv, class_rows, class_workbook
from grader.roster.matching import Roster

HOSTILE = ["=1+1", "a;=cmd|'calc'!A1;b", "@SUM(A1)", "\t=1", "-2+3", "x\n=1", "ana,=1+1", '"=1']
ROSTER = Roster(
    (
        Person("Zoé Ñáñez", "1", "zoe@u.co", "G1", "Ñáñez", "Zoé"),
        Person("Ana Oviedo", "2", "ana@u.co", "G1", "Oviedo", "Ana"),
        Person("Luis Nuño", "3", "luis@u.co", "G2", "Nuño", "Luis"),
    )
)


def class_of_three(**decisions: object):
    """Ana 75 %, Zoé waits, Luis handed in nothing."""
    return final(
        graded("Ana Oviedo-2", 0.755), graded("Zoé Ñáñez-1", waits=True), decisions=StudentDecisions(**decisions)
    )


def test_a_spanish_table_opens_in_a_spanish_spreadsheet() -> None:
    """Mark of UTF-8, semicolons, decimal commas; ñ after n; who waits has no grade, who is missing no zero."""
    places, doubts = seating(class_of_three(), ROSTER, "es")
    text = class_csv(places, STACKED, ES).decode("utf-8")
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))
    assert [row["nombre"] for row in rows] == ["Luis Nuño", "Zoé Ñáñez", "Ana Oviedo"]
    assert [(row["id"], row["estado"], row["calificación"], row["puntos"]) for row in rows] == [
        ("3", "nada entregado", "", ""),
        ("1", "espera a una persona", "", ""),
        ("2", "definitiva", "3,8", "75,53"),
    ]
    assert doubts == []


def test_an_english_table_opens_in_an_english_one() -> None:
    """Commas and decimal points."""
    places, _ = seating(class_of_three(), None, "en")
    text = class_csv(places, STACKED, EN).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [(row["name"], row["id"], row["grade"]) for row in rows] == [
        ("Ana Oviedo", "2", "3.8"),
        ("Zoé Ñáñez", "1", ""),
    ]


def test_a_letter_stands_where_the_scale_has_letters() -> None:
    """The points stay numbers beside it."""
    letters = replace(
        STACKED, scale_maximum=100.0, scale_decimals=0, scale_letters=(LetterBound("A", 90), LetterBound("F", 0))
    )
    places, _ = seating(final(graded("ana")), None, "en")
    assert class_rows(places, letters, EN)[1][5] == "A"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("translator", [ES, EN], ids=["es", "en"])
def test_no_cell_of_a_table_is_a_formula_whatever_it_is_parted_by(separator: str, translator) -> None:
    """A spreadsheet of another language parts cells elsewhere."""
    people = final(*(graded(name, filename=f"{name}.ipynb") for name in HOSTILE))
    text = class_csv(seating(people, None, "es")[0], STACKED, translator).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) for cell in row]
    parts = [part.strip(' "') for cell in cells for part in cell.split("\n")]
    assert [part for part in parts if part[:1] in tuple("=+@") or part.startswith("-2")] == []


def test_a_workbook_holds_texts_and_numbers_and_no_formula() -> None:
    """Read back with openpyxl: the type of every cell is a text, a number or nothing."""
    openpyxl = pytest.importorskip("openpyxl")
    people = final(*(graded(name) for name in HOSTILE), graded("control\x07-5"))
    book = openpyxl.load_workbook(io.BytesIO(class_workbook(seating(people, None, "es")[0], STACKED, ES)))
    (sheet,) = book.worksheets
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s", "n"}
    assert "=1+1" in [cell.value for cell in cells]
    assert sheet["G2"].value == 100


def test_nbgraders_table_has_its_columns_and_takes_a_comma_in_a_name() -> None:
    """Raw score, penalty and score apart; whoever waits has none, whoever handed in nothing 0."""
    people = final(
        graded("Ana Oviedo-2", 0.5, submitted_at=datetime(2026, 11, 29, 12, tzinfo=UTC)),
        graded("Zoé Ñáñez-1", waits=True),
    )
    text = nbgrader_csv(seating(people, ROSTER, "es")[0], STACKED).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == COLUMNS
    assert [
        (row["student_id"], row["last_name"], row["first_name"], row["raw_score"], row["score"]) for row in rows
    ] == [
        ("3", "Nuño", "Luis", "0.0", "0.0"),
        ("1", "Ñáñez", "Zoé", "", ""),
        ("2", "Oviedo", "Ana", "50.0", "50.0"),
    ]
    assert (rows[2]["timestamp"], rows[2]["max_score"], rows[2]["email"]) == (
        "2026-11-29 12:00:00",
        "100.0",
        "ana@u.co",
    )


def test_junit_counts_what_failed_and_skips_what_nobody_judged() -> None:
    """A suite a student, and control characters do no harm."""
    root = ET.fromstring(  # noqa: S314 - our own text
        junit_xml(final(graded("ana\x00", 0.5, waits=True)), STACKED, EN)
    )
    (suite,) = root
    checks = len(STACKED.rubric)
    assert (root.tag, root.attrib["tests"], root.attrib["failures"], root.attrib["skipped"]) == (
        "testsuites",
        str(checks),
        str(checks - 1),
        "1",
    )
    assert [case.tag for case in suite] == ["testcase"] * checks


def test_gradescopes_results_obey_its_rules() -> None:
    """Scores within their bounds, known visibilities and states, one test a check."""
    (standing,) = final(graded("ana", 0.5))
    found = json.loads(results_json(standing, STACKED, ES))
    assert (found["score"], found["visibility"], found["stdout_visibility"]) == (
        50.0,
        "visible",
        "hidden",
    )
    assert all(0 <= test["score"] <= test["max_score"] for test in found["tests"])
    assert sum(test["max_score"] for test in found["tests"]) == 100
    assert {test.get("status") for test in found["tests"]} <= {None, "passed", "failed"}
    assert [test["tags"] for test in found["tests"]] == [[item.check] for item in STACKED.rubric]


def test_gradescopes_zip_leaves_out_what_waits() -> None:
    """A folder a student."""
    export = results_zip(class_of_three(), STACKED, EN)
    with zipfile.ZipFile(io.BytesIO(export.data)) as archive:
        assert [name.rpartition("/")[2] for name in archive.namelist()] == ["results.json"]
    assert export.waiting == ("Zoé Ñáñez-1",)
