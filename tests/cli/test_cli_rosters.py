"""Who and when, from lists that an instructor gives to `grader grade`."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli_samples import has_sandbox, notebook, run
from grading_samples import submission
from handback.handback_rules import moodle_import, moodle_participant

from grader.cli.rosters import ClassLists, in_time
from grader.domain.submission import UnreadableSubmissionError
from grader.intake.notebook import read_notebook
from grader.locale import Translator

SHEET = (
    'Identificador,"Nombre completo",Estado,Calificación,"Calificación máxima","Última modificación (entrega)",'
    '"Última modificación (calificación)","Comentarios de retroalimentación"\r\n'
    'Participante105,"Andrés Felipe Rodríguez",Enviado,,"5,00","martes, 1 de diciembre de 2026, 23:00",-,\r\n'
    'Participante106,"Zoé Ñáñez",Enviado,,"5,00","martes, 1 de diciembre de 2026, 23:30",-,\r\n'
    'Participante107,"Luis Gil","Sin entrega",,"5,00",-,-,\r\n'
)
AT = datetime(2026, 12, 2, 4, tzinfo=UTC)


def given(folder: Path, text: str) -> Path:
    """A file of the instructor's."""
    path = folder / "sheet.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_the_worksheet_says_who_and_when(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Times for those it names; who is not in it and who handed in nothing is shown at once."""
    lists = ClassLists(roster=given(tmp_path, SHEET), timezone="America/Bogota")
    names = ("Andrés Felipe Rodríguez-105", "Eva Paz-900")
    found = in_time([submission(tmp_path, name) for name in names], lists, "es")
    assert [one.submitted_at for one in found] == [AT, None]
    assert capsys.readouterr().err.splitlines() == [
        "Zoé Ñáñez tiene una hora en la lista y ninguna entrega.",
        "Eva Paz-900: nadie tiene ahí este nombre o id.",
        "2 no entregaron nada: Zoé Ñáñez, Luis Gil.",
    ]


def test_a_list_of_times_comes_before_the_platform_and_names_of_files_count_when_asked_for(tmp_path: Path) -> None:
    """Nothing given leaves everything as it is."""
    ana = replace(
        submission(tmp_path, "ana"), filename="t_2026-12-01_23-00.ipynb", submitted_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    table = given(tmp_path, "estudiante,hora\nana,2026-12-01 23:00\n")
    zone = "America/Bogota"
    for lists, expected in (
        (ClassLists(), ana.submitted_at),
        (ClassLists(times=str(table), timezone=zone), AT),
        (ClassLists(times="names", timezone=zone), AT),
    ):
        assert in_time([ana], lists, "es")[0].submitted_at == expected


@pytest.mark.parametrize(
    "text", ['<p>Profe, mi enlace: <a href="https://colab.google">aquí</a></p>', "<div>mañana</div>"]
)
def test_a_text_written_on_the_platform_is_told_from_a_notebook(tmp_path: Path, text: str) -> None:
    """Moodle's `onlinetext.html`, Canvas's `_text.html`."""
    with pytest.raises(UnreadableSubmissionError) as caught:
        read_notebook(submission(tmp_path, "ana", text))
    assert (
        Translator("es")
        .text(caught.value.reason)
        .startswith("Esto es un texto escrito en la plataforma, no un notebook.")
    )


@pytest.mark.slow
def test_a_moodle_class_from_download_to_upload(tmp_path: Path) -> None:
    """The zip and the worksheet in, the worksheet and the zip of reports out: nobody is lost, nobody gets a zero."""
    download = tmp_path / "curso-tarea-42.zip"
    with zipfile.ZipFile(download, "w") as archive:
        archive.writestr("Andrés Felipe Rodríguez_105_assignsubmission_file/tarea.ipynb", notebook("a = 1"))
        archive.writestr("Zoé Ñáñez_106_assignsubmission_onlinetext/onlinetext.html", "<p>mañana</p>")
    sheet, grades = given(tmp_path, SHEET), tmp_path / "grades"
    sandbox = "bubblewrap" if has_sandbox() else "none"
    options = (
        "--assignment",
        "stacked",
        "--out",
        grades,
        "--data-size",
        "sample",
        "--sandbox",
        sandbox,
        "--lang",
        "es",
    )
    done = run("grade", download, "--roster", sheet, "--timezone", "America/Bogota", *options)
    assert done.status == 0
    assert "1 no entregaron nada: Luis Gil." in done.err
    out = tmp_path / "up.csv"
    assert run("export", "moodle", grades, "--worksheet", sheet, "--out", out, "--lang", "es").status == 0
    read = moodle_import(out.read_bytes(), "es")
    with (grades / "grades.csv").open(newline="", encoding="utf-8") as file:
        own = {row["student"]: row["grade"] for row in csv.DictReader(file)}
    assert {who: row[0] for who, row in read.items()} == {
        "105": float(own["Andrés Felipe Rodríguez-105"]),
        "106": None,
        "107": None,
    }
    zipped = tmp_path / "feedback.zip"
    assert run("export", "moodle-feedback", grades, "--out", zipped).status == 0
    with zipfile.ZipFile(io.BytesIO(zipped.read_bytes())) as archive:
        assert [moodle_participant(name) for name in archive.namelist()] == ["105"]
        (page,) = (archive.read(name).decode() for name in archive.namelist())
    assert "Andrés Felipe Rodríguez (105)" in page
