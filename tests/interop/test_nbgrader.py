"""nbgrader validates and autogrades what we generate; its gradebook holds the points of our own checks."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import nbformat
import pytest
from tools import Generated, Tool

pytestmark = pytest.mark.interop

ASSIGNMENT = "linear-pca"
CONFIGURATION = 'c = get_config()\nc.CourseDirectory.course_id = "course"\nc.ExecutePreprocessor.timeout = 900\n'
QUESTIONS = {"axes", "floor", "rate", "activations"}

Row = tuple[float | None, float | None, bool]
"""Points of the machine, points of a person, whether a person is awaited."""


@pytest.fixture
def course(tmp_path: Path, generated: Generated) -> Path:
    """A course of nbgrader whose source is our solution notebook."""
    (tmp_path / "nbgrader_config.py").write_text(CONFIGURATION, encoding="utf-8")
    write(tmp_path / "source", generated(ASSIGNMENT, "es", solution=True))
    return tmp_path


def write(folder: Path, text: str) -> None:
    (folder / ASSIGNMENT).mkdir(parents=True)
    (folder / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").write_text(text, encoding="utf-8")


def released(course: Path) -> str:
    return (course / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text(encoding="utf-8")


def gradebook(course: Path) -> dict[str, dict[str, Row]]:
    """What the gradebook holds of each cell, by student."""
    question = """
        SELECT assignments.student_id, cells.name, grade.auto_score, grade.manual_score, grade.needs_manual_grade
        FROM grade
        JOIN base_cell AS cells ON cells.id = grade.cell_id
        JOIN submitted_notebook AS notebooks ON notebooks.id = grade.notebook_id
        JOIN submitted_assignment AS assignments ON assignments.id = notebooks.assignment_id
    """
    rows: dict[str, dict[str, Row]] = {}
    with closing(sqlite3.connect(course / "gradebook.db")) as database:
        for student, cell, automatic, manual, awaited in database.execute(question):
            rows.setdefault(student, {})[cell] = (automatic, manual, bool(awaited))
    return rows


def test_the_solution_passes_validation_and_the_empty_notebook_fails_in_the_last_check(
    tmp_path: Path, nbgrader: Tool, generated: Generated
) -> None:
    """`nbgrader validate` is what a student presses: it names the one cell that gives points, and nothing of ours."""
    (tmp_path / "nbgrader_config.py").write_text(CONFIGURATION, encoding="utf-8")
    for solution, name in ((True, "solved.ipynb"), (False, "empty.ipynb")):
        (tmp_path / name).write_text(generated(ASSIGNMENT, "es", solution=solution), encoding="utf-8")

    solved = nbgrader.run("nbgrader", "validate", "solved.ipynb", folder=tmp_path)
    empty = nbgrader.run("nbgrader", "validate", "empty.ipynb", folder=tmp_path)

    assert "Success! Your notebook passes all the tests." in solved.stdout, solved.stderr
    assert "VALIDATION FAILED ON 1 CELL(S)!" in empty.stdout, empty.stderr
    assert 'grader.check("all")' in empty.stdout


def test_the_release_that_nbgrader_makes_keeps_every_task_and_no_solution(
    course: Path, nbgrader: Tool, generated: Generated
) -> None:
    """What nbgrader cuts out of our solution is the solution: it leaves our student notebook but for the stubs' words."""
    made = nbgrader.run("nbgrader", "generate_assignment", ASSIGNMENT, folder=course)
    assert made.returncode == 0, made.stderr
    ours = {cell.id: cell for cell in nbformat.reads(generated(ASSIGNMENT, "es"), as_version=4).cells}
    theirs = {cell.id: cell for cell in nbformat.reads(released(course), as_version=4).cells}

    assert list(theirs) == list(ours)
    for name, cell in ours.items():
        nbgrader_part = cell.metadata["nbgrader"]
        if not nbgrader_part["solution"]:
            assert theirs[name] == cell
        elif not nbgrader_part["grade"]:
            task = cell.source.splitlines()[:-2]
            assert theirs[name].source.splitlines() == [*task, "# YOUR CODE HERE", "raise NotImplementedError()"]
        else:
            assert theirs[name].source == "YOUR ANSWER HERE"


def test_autograding_gives_the_solution_all_points_and_the_empty_notebook_none(
    course: Path, nbgrader: Tool, generated: Generated
) -> None:
    """Our student notebook may be handed out as well as nbgrader's release; answers in words wait for a person."""
    nbgrader.run("nbgrader", "generate_assignment", ASSIGNMENT, folder=course)
    write(course / "submitted" / "ana", generated(ASSIGNMENT, "es", solution=True))
    write(course / "submitted" / "eva", released(course))

    graded = nbgrader.run("nbgrader", "autograde", ASSIGNMENT, "--create", folder=course)

    assert graded.returncode == 0, graded.stderr
    assert gradebook(course) == {
        "ana": {"check_all": (100.0, None, False), **dict.fromkeys(QUESTIONS, (None, None, True))},
        "eva": {"check_all": (0.0, None, False), **dict.fromkeys(QUESTIONS, (0.0, None, False))},
    }


def test_a_kernel_without_the_grader_gives_no_points_for_its_silence(
    tmp_path: Path, nbgrader: Tool, generated: Generated
) -> None:
    """Silence earns all points in nbgrader, so the notebook ends with an error where we are missing."""
    text = generated(ASSIGNMENT, "es").replace("import grader", "import grader_that_is_not_there")
    (tmp_path / "missing.ipynb").write_text(text, encoding="utf-8")

    found = nbgrader.run("nbgrader", "validate", "--Validator.ignore_checksums=True", "missing.ipynb", folder=tmp_path)

    assert "VALIDATION FAILED ON 1 CELL(S)!" in found.stdout, found.stderr
    assert "name 'grader' is not defined" in found.stdout


def test_every_student_cell_is_what_nbgraders_schema_asks(nbgrader: Tool, tmp_path: Path, generated: Generated) -> None:
    """The validator of nbgrader accepts the metadata of all notebooks, and finds its own checksums in them."""
    from grader.authoring.assignment_catalogue import assignment_ids

    for assignment in assignment_ids():
        for language in ("es", "en"):
            for solution in (False, True):
                name = f"{assignment}.{language}.{solution}.ipynb"
                (tmp_path / name).write_text(generated(assignment, language, solution=solution), encoding="utf-8")
    found = nbgrader.run("python", str(Path(__file__).with_name("nbgraders_view.py")), str(tmp_path), folder=tmp_path)

    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout) == {"notebooks": 4 * len(assignment_ids()), "mistakes": []}
