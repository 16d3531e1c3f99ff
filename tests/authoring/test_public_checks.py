"""`grader.check(…)` in the generated notebooks: after each step, for everybody, wherever the notebook is run."""

from __future__ import annotations

import ast
import builtins
import re

import pytest
from course_notebooks import COURSE, LANGUAGES, VERSIONS, course_assignment, notebook_cells

from grader.checks.check_registry import CHECKS
from grader.domain.measurement import Role
from grader.notebook.exercises import exercises_of

EVERYTHING = "all"
ROLES = {role.value for role in Role}
FEWEST_CHECKS = 3
IN_NUMPY = {"from-scratch"}

CHECK = re.compile(r'grader\.check\("(\w+)"(?:, (.+))?\)')

every_assignment = pytest.mark.parametrize("name", COURSE)


def checks(name: str) -> dict[str, str]:
    """What each check cell asks for, by its id, in the order of the notebook."""
    cells = notebook_cells(name, "es", solution=False)
    found = {cell.id: CHECK.fullmatch(cell.source) for cell in cells if cell.id.startswith("check_")}
    assert all(found.values()), found
    return {cell: match[1] for cell, match in found.items() if match is not None}


@every_assignment
def test_every_check_can_be_asked_for(name: str) -> None:
    """A model's name, `all`, a check of this rubric that models can answer, or a step; the cell is called after it."""
    rubric = {item.check for item in course_assignment(name).rubric}
    asked = checks(name)
    assert [cell for cell, word in asked.items() if cell != f"check_{word}"] == []
    steps = set(exercises_of(course_assignment(name)))
    assert set(asked.values()) - ROLES - {EVERYTHING} - steps <= {one for one in rubric if CHECKS[one].needs.models}


@every_assignment
def test_the_check_of_a_step_follows_its_cell(name: str) -> None:
    """What is known by values is asked for at once, right below where it is written."""
    names = [cell.id for cell in notebook_cells(name, "es", solution=False) if cell.cell_type == "code"]
    for step in set(exercises_of(course_assignment(name))) & set(names):
        following = names[names.index(step) + 1 :][:1]
        if f"check_{step}" in names:
            assert following == [f"check_{step}"], step


@every_assignment
def test_there_are_checks_along_the_way(name: str) -> None:
    """At least three, one of a model unless there is none, and everything at the end."""
    asked = list(checks(name).values())
    assert len(asked) >= FEWEST_CHECKS
    assert asked[-1] == EVERYTHING
    assert ("autoencoder" in asked) is (name not in IN_NUMPY)


@every_assignment
@pytest.mark.parametrize(("language", "solution"), VERSIONS)
def test_the_first_check_cell_says_which_assignment_this_is(name: str, language: str, solution: bool) -> None:
    """Before any check, in the notebook's own language."""
    cells = [cell for cell in notebook_cells(name, language, solution=solution) if cell.cell_type == "code"]
    assert cells[0].id == "public_checks"
    assert cells[0].source.splitlines()[-1] == f'grader.use("{name}", language="{language}")'


@every_assignment
def test_nbgrader_takes_every_check_for_ours(name: str) -> None:
    """Read-only for students, and no points for any but the last one."""
    for cell in notebook_cells(name, "es", solution=False):
        if cell.id.startswith("check_") or cell.id == "public_checks":
            assert (cell.metadata.editable, cell.metadata.deletable) == (False, False), cell.id
            flags = cell.metadata.nbgrader
            assert (flags.locked, flags.solution, flags.grade) == (True, False, cell.id == "check_all"), cell.id


@every_assignment
def test_a_check_follows_the_cell_that_makes_its_model(name: str) -> None:
    """In the solution the variable is there; what is not called so is given."""
    made: set[str] = set()
    for cell in notebook_cells(name, "es", solution=True):
        if cell.cell_type != "code":
            continue
        asked = CHECK.fullmatch(cell.source)
        if asked is not None and asked[1] in ROLES:
            assert asked[1] in made or asked[2], cell.id
        if not cell.source.startswith("%"):
            stored = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)]
            made |= {node.id for node in stored if isinstance(node.ctx, ast.Store)}


@every_assignment
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_last_check_stands_before_handing_in_and_says_what_it_is_worth(name: str, language: str) -> None:
    """Hidden data decide the points for quality, where anything is hidden."""
    cells = notebook_cells(name, language, solution=False)
    assert [cell.id for cell in cells[-3:]] == ["last_check_text", "check_all", "handing_in"]
    hidden = {"es": r"\*\*\w+\s+ocultas\*\*", "en": r"\*\*Hidden\s+\w+\*\*"}[language]
    assert bool(re.search(hidden, cells[-3].source)) is (name != "linear-pca")


# Without the package


def first_cell(language: str) -> str:
    return next(
        cell.source for cell in notebook_cells("stacked", language, solution=False) if cell.id == "public_checks"
    )


@pytest.fixture
def no_grader(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without(name: str, *args: object, **options: object) -> object:
        if name == "grader":
            raise ModuleNotFoundError("No module named 'grader'", name="grader")
        return original(name, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "es",
            "Sin el calificador instalado, las celdas grader.check no dicen nada. Pregunta en tu curso cómo instalarlo.",
        ),
        (
            "en",
            "Without the grader installed, the cells grader.check say nothing. Ask in your course how to install it.",
        ),
    ],
)
@pytest.mark.usefixtures("no_grader")
def test_without_the_package_the_notebook_runs_and_says_so_once(
    language: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence in the first cell; after it every check does nothing, whatever it is given."""
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    names: dict[str, object] = {}
    exec(first_cell(language), names)  # noqa: S102 - as a kernel does
    exec('answer = grader.check("encoder", 1, language="es")', names)  # noqa: S102
    assert names["answer"] is None
    assert capsys.readouterr().out == said + "\n"
