"""Moodle's worksheet comes back as it was, but for grades and feedback; the zip of reports has names that it reads."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from class_samples import EN, ES, STACKED, final, graded, sheet
from handback_rules import moodle_import, moodle_participant

from grader.handback.final_grades import StudentDecisions
from grader.handback.moodle_worksheet import feedback_zip, fill_worksheet, participants
from grader.handback.moodle_worksheet import find_columns as columns_of
from grader.roster.matching import Roster
from grader.roster.sheet import SheetError

BOM = "\ufeff"
SPANISH = (
    'Identificador,"Nombre completo","Dirección de correo",Estado,Grupo,Calificación,"Calificación máxima",'
    '"La calificación puede ser cambiada","Última modificación (entrega)","Última modificación (calificación)",'
    '"Comentarios de retroalimentación"\r\n'
    'Participante105,"Andrés Felipe Rodríguez",andres@u.co,"Enviado para calificar","Grupo 1",,"5,00",Sí,'
    '"viernes, 27 de noviembre de 2026, 23:59",-,\r\n'
    'Participante106,"Núñez de la Ossa, María ""Mía""",maria@u.co,"Enviado para calificar","Grupo 2","2,50","5,00",Sí,-,-,"<p>sí</p>"\r\n'
    'Participante107,"Zoé Ñáñez",zoe@u.co,"Sin entrega","Grupo 2",,"5,00",Sí,-,-,\r\n'
)
ENGLISH = (
    "Identifier,Full name,Status,Grade,Maximum Grade,Grade can be changed,Last modified (submission),"
    "Last modified (grade),Feedback comments\n"
    'Participant 105,Andrés Felipe Rodríguez,Submitted for grading,,100.00,Yes,"Friday, 27 November 2026, 11:59 PM",-,\n'
    "Participant 106,María Núñez,Submitted for grading,,100.00,No,-,-,\n"
)
FRENCH = (
    "Identifiant,Nom complet,Statut,Note,Note maximale,La note peut être modifiée,Dernière modification (travail remis),"
    "Dernière modification (note),Feedback par commentaires\n"
    'Participant 105,Andrés Felipe Rodríguez,Remis,,"20,00",Oui,-,-,\n'
    'Participant 106,María Núñez,Remis,,"20,00",Oui,-,-,\n'
)
ANDRES, MARIA = "Andrés Felipe Rodríguez-105", "Núñez de la Ossa, María Mía-106"


def test_only_cells_of_grade_and_feedback_change(tmp_path: Path) -> None:
    """Mark of the encoding, line ends, quotes, the other rows: every other byte is that of the download."""
    raw = (BOM + SPANISH).encode()
    found = fill_worksheet(sheet(tmp_path, raw), final(graded(ANDRES, 0.75)), STACKED, ES)
    before, after = raw.split(b"\r\n"), found.data.split(b"\r\n")
    assert [place for place, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]] == [1]
    start, end = (
        'Participante105,"Andrés Felipe Rodríguez",andres@u.co,"Enviado para calificar","Grupo 1",',
        ',"5,00",Sí,"viernes, 27 de noviembre de 2026, 23:59",-,',
    )
    assert after[1].decode().startswith(f'{start}"3,8"{end}"<p>75 de 100 puntos</p><ul>')


@pytest.mark.parametrize("content", [SPANISH, BOM + SPANISH, ENGLISH, ENGLISH.replace("\n", "\r"), FRENCH])
def test_a_class_without_grades_leaves_the_file_as_it_is(tmp_path: Path, content: str) -> None:
    """Byte for byte, whatever site it comes from."""
    assert fill_worksheet(sheet(tmp_path, content), [], STACKED, EN).data == content.encode()


def test_moodle_reads_back_what_was_meant(tmp_path: Path) -> None:
    """By Moodle's own rules: columns by localised title, the number behind the localised word, its decimal mark."""
    standing = final(graded(ANDRES, 0.75), graded(MARIA))
    spanish = fill_worksheet(sheet(tmp_path, SPANISH), standing, STACKED, ES)
    read = moodle_import(spanish.data, "es")
    assert {who: row[0] for who, row in read.items()} == {"105": 3.8, "106": 5.0, "107": None}
    english = fill_worksheet(
        sheet(tmp_path, ENGLISH), final(graded(ANDRES, 1 / 3), graded("María Núñez-106")), STACKED, EN
    )
    assert {who: row[0] for who, row in moodle_import(english.data, "en").items()} == {"105": 33.34, "106": 100.0}
    assert moodle_import(english.data, "en")["105"][1].startswith("<p>33.34 of 100 points</p><ul><li>")


def test_a_site_of_another_language_is_found_by_place(tmp_path: Path) -> None:
    """The maximum is the same number in every row, and the grade stands before it."""
    found = fill_worksheet(sheet(tmp_path, FRENCH), final(graded(ANDRES, 0.75)), STACKED, EN)
    assert (
        b'Participant 105,Andr\xc3\xa9s Felipe Rodr\xc3\xadguez,Remis,"15,00","20,00",Oui,-,-,"<p>75 of' in found.data
    )


def test_what_waits_is_left_as_it_is_and_named(tmp_path: Path) -> None:
    """No zero, no lower bound, no words."""
    found = fill_worksheet(sheet(tmp_path, SPANISH), final(graded(ANDRES, waits=True)), STACKED, ES)
    assert (found.data, found.waiting, found.given) == (SPANISH.encode(), (ANDRES,), 0)


def test_a_persons_points_are_given(tmp_path: Path) -> None:
    """Also where the machine could not tell; the feedback says both values and why."""
    decisions = StudentDecisions(adjusted={ANDRES: 80.0}, reasons={ANDRES: "se vio en clase"})
    standing = final(graded(ANDRES, waits=True), decisions=decisions)
    found = fill_worksheet(sheet(tmp_path, SPANISH), standing, STACKED, ES)
    grade, feedback = moodle_import(found.data, "es")["105"]
    assert grade == 4.0
    assert "se vio en clase" in feedback
    assert "60 puntos" in feedback


@pytest.mark.parametrize(
    ("student", "reason"),
    [
        ("Luis Pérez-105", "the id 105 is Andrés Felipe Rodríguez's there"),
        ("Andrés Felipe Rodríguez-999", "nobody there has the id 999"),
        ("Luis Pérez", "nobody there has this name or id"),
    ],
)
def test_who_is_not_in_the_sheet_is_told_and_nothing_is_guessed(tmp_path: Path, student: str, reason: str) -> None:
    """The worksheet of another assignment has other numbers: a name that speaks against one is believed."""
    found = fill_worksheet(sheet(tmp_path, SPANISH), final(graded(student)), STACKED, ES)
    assert [EN.text(one) for one in found.losses()] == [f"{student}: {reason}."]
    assert found.data == SPANISH.encode()


def test_two_students_never_share_a_row(tmp_path: Path) -> None:
    """Neither of them gets it."""
    found = fill_worksheet(
        sheet(tmp_path, SPANISH), final(graded(ANDRES), graded("Andrés Felipe Rodríguez")), STACKED, ES
    )
    assert len(found.losses()) == 2
    assert found.data == SPANISH.encode()


def test_a_group_hands_in_once_and_all_of_it_gets_the_grade(tmp_path: Path) -> None:
    """Moodle names the folder of a group by the group and its own number."""
    found = fill_worksheet(sheet(tmp_path, SPANISH), final(graded("Grupo 2-106", 0.5)), STACKED, ES)
    assert {who: row[0] for who, row in moodle_import(found.data, "es").items()} == {
        "105": None,
        "106": 2.5,
        "107": 2.5,
    }


def test_hidden_names_are_matched_by_number(tmp_path: Path) -> None:
    """Blind marking: the sheet has no name that could speak against anybody."""
    blind = SPANISH.replace('"Andrés Felipe Rodríguez"', "Participante105")
    found = fill_worksheet(sheet(tmp_path, blind), final(graded("Participante-105")), STACKED, ES)
    assert moodle_import(found.data, "es")["105"][0] == 5.0


def test_a_table_of_something_else_is_refused(tmp_path: Path) -> None:
    """With what to download instead."""
    with pytest.raises(SheetError) as caught:
        fill_worksheet(sheet(tmp_path, "name,points\nana,3\n"), [], STACKED, EN)
    assert "is no grading worksheet of Moodle's" in EN.text(caught.value.reason)


def test_a_worksheet_that_a_spreadsheet_changed_is_told(tmp_path: Path) -> None:
    """Moodle takes commas and UTF-8 alone."""
    changed = ENGLISH.replace(",", ";").encode("cp1252")
    found = fill_worksheet(sheet(tmp_path, changed), final(graded("María Núñez-106")), STACKED, EN)
    assert any("commas and UTF-8" in EN.text(one) for one in found.remarks)


def test_a_student_whose_grade_is_locked_is_told(tmp_path: Path) -> None:
    """Moodle skips such a row without a word."""
    found = fill_worksheet(sheet(tmp_path, ENGLISH), final(graded("María Núñez-106")), STACKED, EN)
    assert [EN.text(one).partition(": ")[2] for one in found.remarks] == [
        "Moodle will not take the grade of María Núñez."
    ]


def test_the_zip_of_reports_has_names_that_moodle_reads(tmp_path: Path) -> None:
    """Whatever the names hold, the number stands behind the first underscore, and no report is a hidden file."""
    students = ["Ana_García/López-7", "..-8", ANDRES]
    reports = {student: (f"r{place}.html", b"<html>") for place, student in enumerate(students)}
    found = feedback_zip(final(*(graded(one) for one in students), graded("Luis-9", waits=True)), reports)
    with zipfile.ZipFile(io.BytesIO(found.data)) as archive:
        names = archive.namelist()
    assert [moodle_participant(name) for name in names] == ["7", "8", "105"]
    assert (found.given, found.waiting) == (3, ("Luis-9",))


def test_reports_of_a_group_go_to_everyone_in_it(tmp_path: Path) -> None:
    """With the worksheet beside it; without one there is no number to send them to."""
    found = sheet(tmp_path, SPANISH)
    roster = Roster(tuple(participants(found, columns_of(found))), ids_decide=True)
    standing = final(graded("Grupo 2-31"))
    with zipfile.ZipFile(io.BytesIO(feedback_zip(standing, {"Grupo 2-31": ("g.html", b"x")}, roster).data)) as archive:
        assert [moodle_participant(name) for name in archive.namelist()] == ["106", "107"]
