"""`grader export`: from a folder of grades to a file for each platform."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from class_samples import graded, stored
from cli_samples import has_sandbox, notebook, run

from grader.cli.handing_back import FORMATS

WORKSHEET = (
    '\ufeffIdentificador,"Nombre completo",Estado,Calificación,"Calificación máxima","Última modificación (entrega)",'
    '"Última modificación (calificación)","Comentarios de retroalimentación"\r\n'
    'Participante105,"Ana Paz",Enviado,,"5,00","martes, 1 de diciembre de 2026, 23:00",-,\r\n'
    'Participante106,"Zoé Ñáñez",Enviado,,"5,00",-,-,\r\n'
    'Participante107,"Luis Gil","Sin entrega",,"5,00",-,-,\r\n'
)


@pytest.fixture
def grades(tmp_path: Path) -> Path:
    """A class of two: Ana earned half, Zoé waits."""
    return stored(tmp_path / "grades", [graded("Ana Paz-105", 0.5), graded("Zoé Ñáñez-106", waits=True)])


def given(folder: Path, text: str, name: str = "sheet.csv") -> Path:
    """A file of the instructor's."""
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_a_worksheet_is_filled_in_and_everything_is_said(tmp_path: Path, grades: Path) -> None:
    """How many grades, who waits, who handed in nothing; the given file stays as it is."""
    sheet = given(tmp_path, WORKSHEET)
    out = tmp_path / "up" / "moodle.csv"
    done = run("export", "moodle", grades, "--worksheet", sheet, "--out", out, "--lang", "es")
    assert done.status == 0
    assert done.out.splitlines() == [
        "Contiene 1 calificaciones.",
        "1 calificaciones esperan a una persona, y sus casillas quedan como están: Zoé Ñáñez-106.",
        "1 no entregaron nada: Luis Gil.",
        str(out),
    ]
    changed = WORKSHEET.encode().split(b"\r\n")
    written = out.read_bytes().split(b"\r\n")
    assert [one for one, other in zip(written, changed, strict=True) if one != other] == [written[1]]
    assert written[1].startswith(b'Participante105,"Ana Paz",Enviado,"2,5","5,00",')
    assert sheet.read_bytes() == WORKSHEET.encode()


def test_nothing_is_written_while_a_grade_would_be_lost(tmp_path: Path, grades: Path) -> None:
    """Exit status 1 and the names; `--anyway` writes the rest."""
    sheet = given(tmp_path, WORKSHEET.replace("Participante105", "Participante205"))
    out = tmp_path / "moodle.csv"
    refused = run("export", "moodle", grades, "--worksheet", sheet, "--out", out, "--lang", "en")
    assert refused.status == 1
    assert not out.exists()
    assert refused.err.splitlines()[0] == "Ana Paz-105: nobody there has the id 105."
    assert run("export", "moodle", grades, "--worksheet", sheet, "--out", out, "--anyway").status == 0
    assert out.exists()


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_every_format_writes_a_file_or_says_what_it_needs(tmp_path: Path, grades: Path, form: str) -> None:
    """In either language."""
    out = tmp_path / "file"
    for language in ("es", "en"):
        done = run("export", form, grades, "--out", out, "--lang", language)
        needs = {"moodle": "--worksheet", "canvas": "--worksheet"} | (
            {} if find_spec("openpyxl") else {"xlsx": "openpyxl"}
        )
        assert (done.status, out.exists()) == ((2, False) if form in needs else (0, True))
        assert needs.get(form, "") in done.err


def test_an_unknown_format_is_refused_with_those_that_there_are(tmp_path: Path, grades: Path) -> None:
    """Before anything is read."""
    done = run("export", "blackboard", grades, "--out", tmp_path / "x", "--lang", "en")
    assert (done.status, "moodle-feedback" in done.err) == (2, True)


def test_a_folder_without_grades_is_refused(tmp_path: Path) -> None:
    """With the command that makes some."""
    done = run("export", "csv", tmp_path, "--out", tmp_path / "x", "--lang", "en")
    assert (done.status, "Grade a class first" in done.err) == (2, True)


def test_a_second_batch_loses_nobody_and_a_later_hand_in_replaces_an_earlier(tmp_path: Path, grades: Path) -> None:
    """`grades.json` holds the last run alone; the gradebook holds all."""
    stored(grades, [graded("Luis Gil-107"), graded("Ana Paz-105", 1.0, filename="otra.ipynb")])
    out = tmp_path / "c.csv"
    assert run("export", "csv", grades, "--out", out, "--lang", "en").status == 0
    rows = csv.DictReader(io.StringIO(out.read_text("utf-8-sig"), newline=""))
    assert {row["name"]: (row["points"], row["file"]) for row in rows} == {
        "Ana Paz": ("100", "otra.ipynb"),
        "Luis Gil": ("100", "tarea.ipynb"),
        "Zoé Ñáñez": ("", "tarea.ipynb"),
    }


def test_a_roster_names_the_class_and_gives_times(tmp_path: Path, grades: Path) -> None:
    """Names, who handed in nothing, and the times of the worksheet."""
    out = tmp_path / "c.csv"
    sheet = given(tmp_path, WORKSHEET)
    done = run("export", "csv", grades, "--roster", sheet, "--timezone", "America/Bogota", "--out", out, "--lang", "es")
    assert done.status == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"), newline=""), delimiter=";"))
    assert [(row["nombre"], row["entregado (UTC)"]) for row in rows] == [
        ("Ana Paz", "2026-12-02 04:00"),
        ("Luis Gil", ""),
        ("Zoé Ñáñez", ""),
    ]


def test_a_list_that_names_somebody_else_is_told(tmp_path: Path, grades: Path) -> None:
    """A slip in a name of an extension must not make a student late in silence."""
    table = given(tmp_path, "nombre,hasta\nAna Pas,2026-12-05 23:59\n")
    done = run("export", "csv", grades, "--extensions", table, "--out", tmp_path / "c", "--lang", "en")
    assert (done.status, "Ana Pas has a time in the list and no hand-in." in done.err) == (0, True)


def test_an_unknown_time_zone_is_refused(tmp_path: Path, grades: Path) -> None:
    """With two that there are."""
    sheet = given(tmp_path, WORKSHEET)
    done = run(
        "export", "csv", grades, "--roster", sheet, "--timezone", "Bogota", "--out", tmp_path / "c", "--lang", "en"
    )
    assert (done.status, "America/Bogota" in done.err) == (2, True)


def autograder(folder: Path, *options: str) -> Path:
    """A scratch tree as Gradescope makes it from the zip."""
    folder.mkdir(exist_ok=True)
    out = folder / "autograder.zip"
    done = run("export", "gradescope-autograder", "--assignment", "stacked", "--out", out, "--lang", "en", *options)
    assert done.status == 0
    root = folder / "autograder"
    with zipfile.ZipFile(out) as archive:
        archive.extractall(root / "source")
        modes = {one.filename: one.external_attr >> 16 & 0o777 for one in archive.infolist()}
    assert (modes["setup.sh"], modes["run_autograder"]) == (0o755, 0o755)
    (root / "submission").mkdir()
    return root


def run_autograder(root: Path) -> subprocess.CompletedProcess[str]:
    """Run it as Gradescope does, with this Python in place of the image's."""
    environment = dict(os.environ) | {"AUTOGRADER_ROOT": str(root), "AUTOGRADER_PYTHON": sys.executable}
    script = root / "source" / "run_autograder"
    script.chmod(0o755)
    return subprocess.run([str(script)], env=environment, capture_output=True, text=True, check=False, timeout=600)


@pytest.mark.parametrize("script", ["setup.sh", "run_autograder"])
def test_the_scripts_of_the_autograder_are_good_bash(tmp_path: Path, script: str) -> None:
    """Read by bash, not run."""
    root = autograder(tmp_path)
    assert subprocess.run(["/bin/bash", "-n", str(root / "source" / script)], check=False).returncode == 0


@pytest.mark.slow
def test_the_autograder_grades_in_a_scratch_tree(tmp_path: Path) -> None:
    """From the zip alone: what was handed in, when, and results by Gradescope's rules."""
    root = autograder(tmp_path, "--data-size", "sample", "--sandbox", "bubblewrap" if has_sandbox() else "none")
    (root / "submission" / "tarea.ipynb").write_text(notebook("a = 1"))
    metadata = {
        "created_at": "2026-11-29T10:00:00.000000-05:00",
        "users": [{"id": 7, "name": "Ana Paz", "email": "a@u"}],
    }
    (root / "submission_metadata.json").write_text(json.dumps(metadata))
    done = run_autograder(root)
    assert (done.returncode, done.stderr[-2000:] if done.returncode else "") == (0, "")
    found = json.loads((root / "results" / "results.json").read_text())
    assert sum(test["max_score"] for test in found["tests"]) == 100
    assert 0 <= found["score"] == sum(test["score"] for test in found["tests"]) < 100


@pytest.mark.slow
def test_what_the_student_can_fix_is_told_to_the_student(tmp_path: Path) -> None:
    """In `results.json`, since the student can upload again: nothing, a damaged file, two notebooks."""
    root = autograder(tmp_path, "--data-size", "sample")
    uploads = {"": "No notebook was found", "hello": "not valid JSON", notebook("a = 1"): "Upload one."}
    for number, (content, word) in enumerate(uploads.items()):
        if content:
            (root / "submission" / f"{number}.ipynb").write_text(content)
        assert run_autograder(root).returncode == 0
        assert word in json.loads((root / "results" / "results.json").read_text())["output"]


@pytest.mark.slow
def test_our_failure_is_no_result_at_all(tmp_path: Path) -> None:
    """Gradescope then says that the autograder failed; nobody has a zero."""
    root = autograder(tmp_path, "--data-size", "sample")
    (root / "submission" / "t.ipynb").write_text(notebook("a = 1"))
    config = root / "source" / "autograder.json"
    config.write_text(config.read_text().replace("bubblewrap", "moat").replace('"stacked"', '"nothing"'))
    (root / "results").mkdir()
    (root / "results" / "results.json").write_text("{}")
    done = run_autograder(root)
    assert (done.returncode, (root / "results" / "results.json").exists()) == (1, False)
    assert "There is no assignment nothing." in done.stderr


def test_the_same_grader_makes_the_same_zip(tmp_path: Path) -> None:
    """No times of files in it."""
    first, second = (autograder(tmp_path / name) for name in ("a", "b"))
    assert (first.parent / "autograder.zip").read_bytes() == (second.parent / "autograder.zip").read_bytes()
