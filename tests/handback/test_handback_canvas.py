"""Canvas's gradebook comes back with one column filled in."""

from __future__ import annotations

from pathlib import Path

import pytest
from class_samples import EN, STACKED, final, graded, sheet
from handback_rules import canvas_import

from grader.handback.canvas_gradebook import fill_gradebook
from grader.handback.final_grades import StudentDecisions
from grader.roster.sheet import SheetError

GRADEBOOK = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Apilado (4711),Otra tarea (4712),Tareas Current Score,Current Score\r\n"
    ",,,,,Manual Posting,,(read only),(read only)\r\n"
    "    Points Possible,,,,,10.00,5.00,(read only),(read only)\r\n"
    '"García López, Ana",1234,A01,ana,Grupo 1,,4.50,90.00,90.00\r\n'
    '"Ñáñez, Zoé",1235,A02,zoe,Grupo 1,EX,,,\r\n'
    '"Pérez, Luis",1236,1234,luis,Grupo 2,7.00,,,\r\n'
    '"Student, Test",1299,,t,Grupo 1,,,,\r\n'
)
ANA, ZOE, LUIS = "garcíalópezana-1234", "ñáñezzoé-1235", "pérezluis-1236"


def test_only_the_column_of_the_assignment_changes(tmp_path: Path) -> None:
    """Row by row and byte by byte; `EX`, the test student and the rows above the class stay."""
    found = fill_gradebook(
        sheet(tmp_path, GRADEBOOK), final(graded(ANA, 0.75), graded(ZOE), graded(LUIS)), STACKED, "Apilado"
    )
    expected = GRADEBOOK.replace("ana,Grupo 1,,4.50", "ana,Grupo 1,7.50,4.50").replace("Grupo 2,7.00", "Grupo 2,10.00")
    assert found.data == expected.encode()
    assert [EN.text(one) for one in found.remarks] == ["Zoé Ñáñez is excused in Canvas and stays so."]
    assert (found.absent, found.given) == ((), 2)
    assert canvas_import(found.data)["1234"] == {"Apilado (4711)": "7.50", "Otra tarea (4712)": "4.50"}


def test_without_grades_the_file_stays_as_it_is(tmp_path: Path) -> None:
    """Byte for byte, and everyone is named as having handed in nothing."""
    found = fill_gradebook(sheet(tmp_path, GRADEBOOK), [], STACKED, "4711")
    assert (found.data, found.absent) == (GRADEBOOK.encode(), ("Ana García López", "Zoé Ñáñez", "Luis Pérez"))


def test_semicolons_come_with_decimal_commas(tmp_path: Path) -> None:
    """Canvas writes both for users who ask for it."""
    content = "\ufeff" + GRADEBOOK.replace("10.00", "10,00").replace("5.00", "5,00").replace(",", ";").replace(
        "10;00", "10,00"
    )
    content = content.replace('"García López; Ana"', '"García López, Ana"').replace("5;00", "5,00")
    found = fill_gradebook(sheet(tmp_path, content), final(graded(ANA, 0.75)), STACKED, "Apilado")
    assert '"García López, Ana";1234;A01;ana;Grupo 1;7,50;' in found.data.decode("utf-8-sig")


def test_the_excused_get_an_ex(tmp_path: Path) -> None:
    """As Canvas itself writes it."""
    decisions = StudentDecisions(excused=frozenset({ANA}))
    found = fill_gradebook(sheet(tmp_path, GRADEBOOK), final(graded(ANA), decisions=decisions), STACKED, "Apilado")
    assert canvas_import(found.data)["1234"]["Apilado (4711)"] == "EX"


def test_what_waits_keeps_its_cell(tmp_path: Path) -> None:
    """Whatever stood there."""
    found = fill_gradebook(sheet(tmp_path, GRADEBOOK), final(graded(LUIS, waits=True)), STACKED, "Apilado")
    assert (found.data, found.waiting) == (GRADEBOOK.encode(), (LUIS,))


def test_a_number_of_the_university_is_not_taken_for_canvas_own(tmp_path: Path) -> None:
    """1234 is Ana's id in Canvas and Luis's number at the university; the name decides."""
    found = fill_gradebook(sheet(tmp_path, GRADEBOOK), final(graded(ANA, 0.5)), STACKED, "Apilado")
    assert {who: row["Apilado (4711)"] for who, row in canvas_import(found.data).items()} == {
        "1234": "5.00",
        "1235": "EX",
        "1236": "7.00",
        "1299": "",
    }


def test_the_column_is_never_guessed(tmp_path: Path) -> None:
    """Its titles are listed, with an example to copy."""
    with pytest.raises(SheetError) as caught:
        fill_gradebook(sheet(tmp_path, GRADEBOOK), [], STACKED)
    assert "There are: “Apilado (4711)”, “Otra tarea (4712)”." in EN.text(caught.value.reason)


def test_the_assignments_own_title_finds_its_column(tmp_path: Path) -> None:
    """In either language."""
    content = GRADEBOOK.replace("Apilado (4711)", f"{STACKED.title['es']} (4711)".replace(",", " "))
    found = fill_gradebook(sheet(tmp_path, content), final(graded(ANA)), STACKED)
    assert found.given == 1


def test_another_table_is_refused(tmp_path: Path) -> None:
    """A list of the class has no assignments in it."""
    with pytest.raises(SheetError):
        fill_gradebook(sheet(tmp_path, "Student,ID,Section\nAna,1,x\n"), [], STACKED, "Apilado")
