"""`grader new` and `--course`: every command works on an instructor's own assignment, and says what it lacks."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from cli_samples import Ended, has_sandbox, run, run_process
from pydantic import TypeAdapter

from grader.authoring.assignment_catalogue import load_facts
from grader.authoring.scaffold import scaffold
from grader.cli import course_option as course_commands
from grader.domain.course import Course
from grader.domain.facts import ReferenceFacts
from grader.rebuild.client import COURSE_VARIABLE
from grader.sandbox.visible import SandboxUnavailableError, require_invisible

EXAMPLE = """\
grader new my-autoencoder --course course
grader calibrate my-autoencoder --course course
grader validate my-autoencoder --course course
grader validate --rubrics my-autoencoder --fast --course course
grader generate my-autoencoder --out build --course course --solution
grader grade build --assignment my-autoencoder --out grades --course course
"""
"""The complete small example, as the README has it."""

COPY = """\
grader new tarea1 --from stacked --course course
grader publish tarea1 --course course --out tarea1.json
"""
"""A copy of one of ours, likewise; `new --from` and `publish` have tests of their own."""

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course of one assignment, as `grader new` writes it; nothing of it was measured."""
    for path, text in scaffold("my-net", tmp_path / "course", language="en").items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return Course(tmp_path / "course")


@pytest.fixture
def calibrated(course: Course) -> Course:
    """The same with facts of another reference, so that it can be opened at once."""
    course.facts.mkdir()
    (course.facts / "my-net.json").write_bytes(
        TypeAdapter(ReferenceFacts).dump_json(replace(load_facts("simple-dense"), reference="my-net", source_digest=""))
    )
    return course


def refused(ended: Ended) -> str:
    """What a command said that ended with status 2, and printed nothing else."""
    assert (ended.status, ended.out) == (2, "")
    return ended.err.strip()


COMMANDS: dict[str, Callable[[Path], list[str | Path]]] = {
    "list": lambda folder: ["list"],
    "generate": lambda folder: ["generate", "my-net", "--out", folder / "build"],
    "grade": lambda folder: [
        "grade",
        folder / "handed-in",
        "--assignment",
        "my-net",
        "--out",
        folder / "out",
        "--sandbox",
        "none",
    ],
    "calibrate": lambda folder: ["calibrate", "my-net"],
    "validate": lambda folder: ["validate", "my-net"],
}


# grader new


def test_new_writes_the_files_and_says_what_comes_next(tmp_path: Path) -> None:
    """Paths on lines of their own, then the commands in their order."""
    ended = run("new", "my-net", "--course", tmp_path / "c", "--lang", "en")
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert [Path(line).relative_to(tmp_path / "c").as_posix() for line in lines[:4]] == [
        "assignments/my-net/assignment.toml",
        "assignments/my-net/notebook.py.j2",
        "reference/my_net.py",
        "assignments/assignment.schema.json",
    ]
    assert all(Path(line).is_file() for line in lines[:4])
    assert lines[4:] == [
        "It runs as it stands. Change what is marked TODO, then:",
        f"  grader calibrate my-net --course {tmp_path / 'c'}",
        f"  grader validate my-net --course {tmp_path / 'c'}",
        f"  grader validate --rubrics my-net --fast --course {tmp_path / 'c'}",
        f"  grader generate my-net --out build --course {tmp_path / 'c'}",
        f"  grader grade submissions --assignment my-net --out grades --course {tmp_path / 'c'}",
    ]


def test_new_overwrites_nothing(tmp_path: Path) -> None:
    """The same command twice."""
    run("new", "my-net", "--course", tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    said = refused(run("new", "my-net", "--course", tmp_path, "--lang", "en"))
    assert said.endswith("assignment.toml exists already, and nothing was changed. Choose another id, or move it away.")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_new_begins_as_a_copy_of_another_assignment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the folder `course` where nobody says another one; the copy generates at once, under its own name."""
    monkeypatch.chdir(tmp_path)
    ended = run("new", "tarea1", "--from", "stacked", "--lang", "en")
    assert ended.status == 0
    assert ended.out.splitlines() == [
        "course/assignments/tarea1/assignment.toml",
        "course/assignments/tarea1/notebook.py.j2",
        "course/assignments/assignment.schema.json",
        "It is a copy of stacked, measured like it. Edit it, then:",
        "  grader generate tarea1 --out build --course course",
        "  grader grade submissions --assignment tarea1 --out grades --course course",
    ]
    assert run("generate", "tarea1", "--course", "course", "--out", "build", "--lang", "en").status == 0
    notebook = json.loads((tmp_path / "build" / "tarea1.ipynb").read_text("utf-8"))
    assert notebook["metadata"]["autoencoder_grader"]["assignment"] == "tarea1"


def test_new_says_which_assignments_can_be_copied(tmp_path: Path) -> None:
    """With the nearest name."""
    said = refused(run("new", "tarea1", "--from", "stakced", "--course", tmp_path, "--lang", "en"))
    assert said.startswith("There is no assignment stakced. Did you mean stacked?")


# What is missing


@pytest.mark.parametrize("name", COMMANDS)
def test_a_folder_without_a_course_is_refused_by_every_command(tmp_path: Path, name: str) -> None:
    """With the command that makes one."""
    said = refused(run(*COMMANDS[name](tmp_path), "--course", tmp_path / "nowhere", "--lang", "en"))
    assert said == (
        f"There is no folder {tmp_path / 'nowhere'}. `grader new ID --course {tmp_path / 'nowhere'}` makes it, with an "
        "assignment to begin with."
    )


@pytest.mark.parametrize("name", ["generate", "grade", "validate"])
def test_missing_facts_are_told_with_the_command_that_makes_them(course: Course, name: str) -> None:
    """Status 2: nothing is broken."""
    said = refused(run(*COMMANDS[name](course.folder), "--course", course.folder, "--lang", "en"))
    command = f"grader calibrate my-net --course {course.folder}"
    assert said.endswith(f"my-net has no facts yet, and every threshold comes from them: run `{command}`.")


def test_ids_of_ours_are_not_those_of_a_course(calibrated: Course, tmp_path: Path) -> None:
    """Neither for assignments nor for references; the nearest one is named."""
    folder = calibrated.folder
    said = refused(run("generate", "stacked", "--out", tmp_path / "b", "--course", folder, "--lang", "en"))
    assert said == "There is no assignment stacked. There are: my-net."
    for command in ("calibrate", "validate"):
        said = refused(run(command, "my-nets", "--course", folder, "--lang", "en"))
        assert said == f"The course {folder} has no reference my-nets. Did you mean my-net? There are: my-net."


@pytest.mark.parametrize("name", ["calibrate", "validate", "generate"])
def test_a_reference_that_is_no_python_is_told_with_its_line(calibrated: Course, name: str) -> None:
    """Before anything is trained or written."""
    file = calibrated.module("my-net")
    file.write_text("CODE_SIZE = (\n", "utf-8")
    said = refused(run(*COMMANDS[name](calibrated.folder), "--course", calibrated.folder, "--lang", "en"))
    assert said.splitlines()[0] == "The reference my-net cannot be used. To be fixed:"
    assert f"{file}:1: " in said
    assert "'(' was never closed" in said


@pytest.mark.parametrize("name", ["grade", "validate"])
def test_a_rubric_that_names_no_check_is_told_before_anybody_is_graded(calibrated: Course, name: str) -> None:
    """It would fail for every student."""
    file = calibrated.assignments / "my-net" / "assignment.toml"
    file.write_text(file.read_text("utf-8").replace('check = "layers"', 'check = "layer"'), "utf-8")
    said = refused(run(*COMMANDS[name](calibrated.folder), "--course", calibrated.folder, "--lang", "en"))
    assert said.splitlines()[0] == "The assignment my-net cannot be used. To be fixed:"
    assert re.search(
        rf"{re.escape(str(file))}:\d+: rubric 5 \(layer\), check: there is no check layer; did you mean layers\?", said
    )


def test_facts_that_cannot_be_read_are_told_before_a_calibration_goes_on_from_them(calibrated: Course) -> None:
    """With file and key."""
    (calibrated.facts / "my-net.json").write_text("{}", "utf-8")
    said = refused(run("calibrate", "--course", calibrated.folder, "--lang", "en"))
    assert said.splitlines()[0] == "The facts of my-net cannot be used. To be made anew:"


def test_a_course_where_notebooks_can_read_is_refused(tmp_path: Path) -> None:
    """It holds the solution: not among Python's packages, and not in the system."""
    require_invisible(tmp_path)
    for folder in (Path(sys.prefix) / "lib" / "course", Path("/usr/share/course")):
        with pytest.raises(SandboxUnavailableError, match="it holds a solution or hidden images"):
            require_invisible(folder)


# What works


def test_list_shows_the_course(course: Course, tmp_path: Path) -> None:
    """Before and after the calibration, and an assignment that has a reference of ours."""
    rows = json.loads(run("list", "--course", course.folder, "--json").out)
    assert rows == [
        {
            "id": "my-net",
            "parameters": None,
            "code_size": 16,
            "dataset": "fashion_mnist",
            "published": "",
            "reached": "",
        }
    ]
    ended = run("list", "--course", course.folder, "--lang", "en")
    (first, *_) = (line.split() for line in ended.out.splitlines()[1:])
    assert (first[0], first[-2:]) == ("my-net", ["16", "–"])
    assert tomllib.loads((course.assignments / "my-net" / "assignment.toml").read_text("utf-8"))["title"][
        "en"
    ] in " ".join(ended.out.split())
    assert f"run `grader calibrate my-net --course {course.folder}`" in ended.err
    file = course.assignments / "my-net" / "assignment.toml"
    file.write_text(file.read_text("utf-8").replace('reference = "my-net"', 'reference = "stacked"'), "utf-8")
    (course.module("my-net")).unlink()
    (row,) = json.loads(run("list", "--course", course.folder, "--json").out)
    assert row == {**row, "id": "my-net (stacked)", "reached": load_facts("stacked").reached}


def test_generate_writes_the_notebooks_of_the_course(calibrated: Course, tmp_path: Path) -> None:
    """`all` means its own."""
    ended = run("generate", "all", "--out", tmp_path / "b", "--course", calibrated.folder, "--lang", "es", "--solution")
    assert (ended.status, ended.out) == (0, f"{tmp_path / 'b' / 'my-net.solution.ipynb'}\n")
    assert "CODE_SIZE = 16" in (tmp_path / "b" / "my-net.solution.ipynb").read_text("utf-8")


_WITHOUT_KERAS = """
import sys
from typer.testing import CliRunner
from grader.cli.app import app
for arguments in {commands}:
    assert CliRunner().invoke(app, arguments).exit_code == 0, arguments
print(sorted({{"tensorflow", "keras", "reference"}} & {{name.partition(".")[0] for name in sys.modules}}))
"""


def test_zone_t_never_imports_the_reference(calibrated: Course, tmp_path: Path) -> None:
    """`new`, `list` and `generate` read its text."""
    marker = tmp_path / "imported"
    file = calibrated.module("my-net")
    file.write_text(file.read_text("utf-8") + f"\nopen({str(marker)!r}, 'w').close()\n", "utf-8")
    folder = ["--course", str(calibrated.folder)]
    commands = [["new", "other", *folder], ["list", *folder], ["generate", "my-net", "--out", str(tmp_path), *folder]]
    code = _WITHOUT_KERAS.format(commands=commands)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, marker.exists()) == ("[]\n", False)


def test_the_course_is_named_for_no_longer_than_a_command_takes(
    calibrated: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the surroundings say is back afterwards, and counts for nothing in between."""
    monkeypatch.setenv(COURSE_VARIABLE, "elsewhere")
    with course_commands.references_found(None):
        assert COURSE_VARIABLE not in course_commands.os.environ
    with course_commands.references_found(calibrated):
        assert course_commands.os.environ[COURSE_VARIABLE] == str(calibrated.folder)
    assert course_commands.os.environ[COURSE_VARIABLE] == "elsewhere"


# The example of the README


def test_the_readme_has_the_example() -> None:
    """Its commands on a course are those that run below."""
    reported = re.findall(r"^grader .*--course.*$", (ROOT / "docs" / "author.en.md").read_text("utf-8"), re.MULTILINE)
    assert set(reported) <= {*EXAMPLE.splitlines(), *COPY.splitlines()}


_CURIOUS = """
import os
assert not os.path.exists({folder!r})
assert not any("COURSE" in name for name in os.environ)
"""


@pytest.mark.slow
@pytest.mark.skipif(not has_sandbox(), reason="no sandbox works here: `grader doctor` says why")
def test_the_example_of_the_readme_runs(tmp_path: Path) -> None:
    """From nothing to full marks, with fewer epochs and runs, in the real sandbox, where nothing of the course is."""
    home = {"HOME": str(tmp_path / "home"), "KERAS_HOME": ""}
    (tmp_path / "home").mkdir()
    shorter = {"calibrate": ["--seeds", "3", "--variation-seeds", "0", "--jobs", "1"], "validate": ["--jobs", "1"]}
    for line in EXAMPLE.splitlines():
        command, *arguments = shlex.split(line)[1:]
        if command == "grade":
            _add_a_curious_cell(tmp_path / "build" / "my-autoencoder.solution.ipynb", tmp_path / "course")
        arguments += shorter.get(command, [])
        ended = run_process(command, *arguments, "--lang", "en", environment=home, folder=tmp_path, seconds=900)
        assert ended.status == 0, ended
        if command == "new":
            file = Course(tmp_path / "course").module("my-autoencoder")
            file.write_text(file.read_text("utf-8").replace("EPOCHS = 10", "EPOCHS = 2"), "utf-8")
    (grade,) = json.loads((tmp_path / "grades" / "grades.json").read_text("utf-8"))["grades"]
    assert [(one["check"], one["outcome"]) for one in grade["checks"] if one["outcome"] != "PASSED"] == []
    assert (grade["status"], grade["points_awarded"], grade["points_possible"]) == ("FINAL", 100, 100)
    own = ["--course", "course"]
    run_process("generate", "my-autoencoder", "--out", "mine", "--solution", *own, environment=home, folder=tmp_path)
    arguments = ["mine/my-autoencoder.solution.ipynb", "--json", *own]
    checked = run_process("check", *arguments, environment=home, folder=tmp_path, seconds=900)
    assert (checked.status, json.loads(checked.out)["assignment"]) == (0, "my-autoencoder"), checked


def _add_a_curious_cell(notebook: Path, folder: Path) -> None:
    read = nbformat.read(notebook, as_version=4)
    read.cells.append(nbformat.v4.new_code_cell(_CURIOUS.format(folder=str(folder))))
    nbformat.write(read, notebook)
