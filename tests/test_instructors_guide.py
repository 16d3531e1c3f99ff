"""The instructor's guide, walked through: every command of it, in order, on a tiny class from Moodle."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from sandbox_here import sandbox_is_missing
from typer.main import get_command

from grader.cli.app import app

DOCS = Path(__file__).parent.parent / "docs"
LANGUAGES = ("es", "en")
START = "from grader.cli import main; main()"
SECONDS = 900
"""For any command: the machine may have other work."""

WORKSHEET = (
    '\ufeffIdentificador,"Nombre completo",Estado,Calificación,"Calificación máxima","Última modificación (entrega)",'
    '"Última modificación (calificación)","Comentarios de retroalimentación"\r\n'
    'Participante105,"Ana Gómez",Enviado,,"5,00","martes, 1 de diciembre de 2026, 21:00",-,\r\n'
    'Participante106,"Luis Ñáñez",Enviado,,"5,00","miércoles, 2 de diciembre de 2026, 21:00",-,\r\n'
    'Participante107,"Zoé Ruiz",Enviado,,"5,00","martes, 1 de diciembre de 2026, 20:00",-,\r\n'
    'Participante108,"Iván Peña","Sin entrega",,"5,00",-,-,\r\n'
)


def guide(language: str) -> str:
    """The guide in a language."""
    return (DOCS / f"instructor.{language}.md").read_text("utf-8")


def commands(language: str) -> list[list[str]]:
    """The arguments of every command of a guide, in order."""
    blocks = re.findall(r"```console\n(.*?)```", guide(language), re.DOTALL)
    return [shlex.split(line)[1:] for block in blocks for line in block.splitlines() if line]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_of_the_guide_is_understood(language: str) -> None:
    """Options and arguments are parsed by the real command line; nothing is run."""
    known = get_command(app).commands  # type: ignore[attr-defined]
    assert len(commands(language)) > 20
    for command, *arguments in commands(language):
        known[command].make_context(command, list(arguments))


def test_both_languages_give_the_same_commands() -> None:
    """But for the words of reasons."""

    def without_reasons(language: str) -> list[list[str]]:
        return [
            [one for before, one in zip(["", *arguments], arguments, strict=False) if before != "--reason"]
            for arguments in commands(language)
        ]

    assert without_reasons("es") == without_reasons("en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guide_is_two_pages(language: str) -> None:
    """A page of text holds some 500 words."""
    assert 500 < len(re.findall(r"\w+", guide(language))) < 1150


# The walk


def grader(home: Path, arguments: Sequence[str], *, allowed: tuple[int, ...] = (0,)) -> str:
    """Run a command in a folder and return what it says."""
    command = [sys.executable, "-c", START, *arguments]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode in allowed, (arguments, done.stdout, done.stderr)
    return done.stdout


def served(home: Path, arguments: Sequence[str]) -> str:
    """Start the dashboard, load its first page, and end it."""
    command = [sys.executable, "-c", START, *arguments, "--port", "0"]
    with subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            found = re.search(r"http://\S+/", process.stdout.readline())
            assert found is not None
            with urllib.request.urlopen(found[0], timeout=SECONDS) as answer:  # noqa: S310 - our own server
                return str(answer.read().decode())
        finally:
            process.terminate()
            process.wait()


def state_rules(home: Path, language: str) -> None:
    """Put the guide's piece of TOML into the assignment."""
    (block,) = re.findall(r"```toml\n(.*?)```", guide(language), re.DOTALL)
    file = home / "course" / "assignments" / "tarea1" / "assignment.toml"
    file.write_text(f"{file.read_text('utf-8')}\n{block}", "utf-8")


OWN = """def borde_de(imagen, umbral=0.35):
    filas = np.abs(np.diff(imagen, axis=0))[:, :-1]
    columnas = np.abs(np.diff(imagen, axis=1))[:-1]
    fuerza = np.sqrt(filas**2 + columnas**2)
    return (fuerza > umbral * fuerza.max()).astype(np.float32)


def porcentaje_de_borde(imagenes):
    return [100 * borde_de(una).mean() for una in imagenes[:7]]


print(sorted(porcentaje_de_borde(X_valid), reverse=True))"""
"""What Ana and Zoé wrote both, and neither the course nor the assignment gave."""


def hand_in(home: Path) -> None:
    """What Moodle gives: two solutions that trained for one epoch, and one notebook as it was given out."""
    document = json.loads((home / "build" / "tarea1.solution.ipynb").read_text("utf-8"))
    for cell in document["cells"]:
        source = "".join(cell["source"])
        cell["source"] = re.sub(r"^EPOCHS = \d+", "EPOCHS = 1", source, flags=re.MULTILINE)
        if cell.get("id") == "compression":
            cell["source"] = "Con 2 números el factor es 392."
    own = {"cell_type": "code", "metadata": {}, "source": OWN, "id": "own", "outputs": [], "execution_count": None}
    document["cells"].append(own)
    short = json.dumps(document)
    document["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "Zoé", "id": "zoe"})
    with zipfile.ZipFile(home / "submissions.zip", "w") as archive:
        archive.writestr("Ana Gómez_105_assignsubmission_file/tarea1.ipynb", short)
        archive.write(home / "build" / "tarea1.ipynb", "Luis Ñáñez_106_assignsubmission_file/tarea1.ipynb")
        archive.writestr("Zoé Ruiz_107_assignsubmission_file/tarea1.ipynb", json.dumps(document))
    (home / "worksheet.csv").write_text(WORKSHEET, "utf-8", newline="")


def walk(home: Path, language: str) -> dict[str, str]:
    """Run every command of a guide in order, with what the text around them asks for; the last word by command."""
    said = {}
    for arguments in commands(language):
        command, more = arguments[0], ["--data-size", "sample", "--jobs", "1"]
        if command == "grade":
            hand_in(home)
        said[command] = (
            served(home, arguments)
            if command == "serve"
            else grader(
                home,
                [*arguments, *(more if command == "grade" else [])],
                allowed=(0, 1) if command == "doctor" else (0,),
            )
        )
        if command == "new":
            state_rules(home, language)
    return said


@pytest.mark.slow
@pytest.mark.skipif(sandbox_is_missing(), reason="there is no working sandbox")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guide_works_from_the_first_command_to_the_last(tmp_path: Path, language: str) -> None:
    """From a new assignment to the file that goes back to Moodle, the backup and a student's data."""
    said = walk(tmp_path, language)
    assert "tarea1" in said["serve"]
    grades = {
        one["student"]: one for one in json.loads((tmp_path / "grades" / "grades.json").read_text("utf-8"))["grades"]
    }
    compression = {name: next(c for c in one["checks"] if c["check"] == "compression") for name, one in grades.items()}
    assert compression["Ana Gómez-105"]["points_awarded"] == 5.5
    assert compression["Ana Gómez-105"]["decision"]["reason"]
    assert grades["Zoé Ruiz-107"]["status"] == "EXCUSED"
    assert grades["Luis Ñáñez-106"]["points_awarded"] < 20
    filled = (tmp_path / "worksheet-filled.csv").read_bytes().split(b"\r\n")
    given = WORKSHEET.encode().split(b"\r\n")
    assert [index for index, (one, other) in enumerate(zip(filled, given, strict=True)) if one != other] in (
        [],
        [2],
        [1],
        [1, 2],
    )
    with zipfile.ZipFile(tmp_path / "feedback.zip") as archive:
        assert any(name.startswith("Ana Gómez_105_") for name in archive.namelist())
    assert "Ana Gómez" in (tmp_path / "class-grades.csv").read_text("utf-8-sig")
    assert "Ana" in (tmp_path / "alike.html").read_text("utf-8")
    assert (tmp_path / "restored" / "grades.json").read_bytes() == (tmp_path / "grades" / "grades.json").read_bytes()
    with zipfile.ZipFile(tmp_path / "ana.zip") as archive:
        assert json.loads(archive.read("student.json"))["decisions"]
    assert "--yes" in said["delete-student"]
