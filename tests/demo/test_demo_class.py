"""The demo class: notebooks that are what they say, and the results they must get."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from grader.authoring.assignment_catalogue import load_assignment
from grader.authoring.notebooks import generate
from grader.demo import variants
from grader.demo.sample_class import CLASS, EVERY_CHECK, Pupil, changed, write_class
from grader.domain.grade import GradeStatus, Outcome
from grader.locale import LANGUAGES, Translator

STACKED = load_assignment("stacked")
NOTEBOOKS = [pupil for pupil in CLASS if not pupil.instead]

pupils = pytest.mark.parametrize("pupil", NOTEBOOKS, ids=lambda pupil: pupil.name)


@pytest.fixture(scope="module")
def solution() -> str:
    """The solution notebook that the class is made from."""
    return generate(STACKED, language="es", solution=True)


@pytest.fixture(scope="module")
def folder(solution: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The class on disk."""
    folder = tmp_path_factory.mktemp("demo") / "submissions"
    write_class(solution, folder)
    return folder


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_variant_fits_the_solution_of_every_language(language: str, tmp_path: Path) -> None:
    """Its changes name cells that are there; a renamed cell would raise here."""
    write_class(generate(STACKED, language=language, solution=True), tmp_path)
    assert len(list(tmp_path.glob("*.ipynb"))) == len(CLASS)


def test_the_class_has_every_kind_of_student_once(folder: Path) -> None:
    """About a dozen, of different names and stories, each with the result it must get beside it."""
    names = [pupil.name for pupil in CLASS]
    assert len(CLASS) >= 12
    assert len(set(names)) == len({pupil.story.msgid for pupil in CLASS}) == len(CLASS)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        f"{name}{ending}" for name in names for ending in (".ipynb", ".expected.json")
    )


def test_no_variant_is_left_out_of_the_class() -> None:
    """Every set of changed cells belongs to a student."""
    written = [value for name, value in vars(variants).items() if name.isupper() and isinstance(value, dict)]
    assert len(written) == len(NOTEBOOKS) - 1  # ana changes nothing
    assert all(any(pupil.changes == cells for pupil in CLASS) for cells in written)


@pupils
def test_every_notebook_is_a_valid_one(pupil: Pupil, folder: Path, solution: str) -> None:
    """In the newest format, for the assignment, and different from the solution exactly where something changed."""
    text = (folder / f"{pupil.name}.ipynb").read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.autoencoder_grader.assignment == "stacked"
    before = {cell.id: cell.source for cell in nbformat.reads(solution, as_version=4).cells}
    differing = {cell.id for cell in notebook.cells if before.get(cell.id) != cell.source}
    assert differing == {key.replace("+", "-added") for key in pupil.changes}


@pupils
def test_every_cell_is_python_as_ipython_reads_it(pupil: Pupil, folder: Path) -> None:
    """A slip of ours in a variant would otherwise pass for the student's mistake."""
    notebook = nbformat.read(folder / f"{pupil.name}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            ast.parse(TransformerManager().transform_cell(cell.source))


def test_what_is_no_notebook_is_written_as_it_is(folder: Path) -> None:
    """The web page that somebody saved."""
    (other,) = [pupil for pupil in CLASS if pupil.instead]
    assert (folder / f"{other.name}.ipynb").read_text(encoding="utf-8") == other.instead
    with pytest.raises(json.JSONDecodeError):
        json.loads(other.instead)


def test_the_class_is_the_same_every_time(folder: Path, solution: str, tmp_path: Path) -> None:
    """Byte for byte, or a stored grade of the demo would never be found again; an old class is written over."""
    write_class(changed(solution, {"fit": "an older version"}), tmp_path)
    write_class(solution, tmp_path)
    for path in folder.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


# What must come out


def test_the_checks_of_the_class_are_those_of_the_rubric() -> None:
    """In its order; a check that is added to the rubric must be expected of everyone."""
    assert list(EVERY_CHECK) == [item.check for item in STACKED.rubric]


@pytest.mark.parametrize("pupil", CLASS, ids=lambda pupil: pupil.name)
def test_expectations_make_sense(pupil: Pupil, folder: Path) -> None:
    """Known checks, a person waited for exactly where something cannot be judged, and the same in the file."""
    assert set(pupil.outcomes) <= set(EVERY_CHECK)
    assert Outcome.PASSED not in pupil.outcomes.values()
    waits = Outcome.UNGRADABLE in pupil.outcomes.values()
    assert pupil.status is (GradeStatus.NEEDS_REVIEW if waits else GradeStatus.FINAL)
    expected = json.loads((folder / f"{pupil.name}.expected.json").read_text(encoding="utf-8"))
    assert expected == {
        "status": pupil.status.value,
        "checks": {check: pupil.outcomes.get(check, Outcome.PASSED).value for check in EVERY_CHECK},
    }


def test_the_class_loses_every_check_at_least_once() -> None:
    """But for what only a model that is no autoencoder at all would lose, which the checks' own tests show."""
    lost = {check for pupil in NOTEBOOKS for check in pupil.outcomes}
    assert set(EVERY_CHECK) - lost == {"models", "shapes", "mirror"}


@pytest.mark.parametrize("pupil", CLASS, ids=lambda pupil: pupil.name)
def test_every_story_is_told_in_spanish(pupil: Pupil) -> None:
    """It is what the demo's table shows first."""
    assert Translator("es", strict=True).text(pupil.story) != pupil.story.msgid


# Changing a notebook


def test_a_cell_is_replaced_and_another_added(solution: str) -> None:
    """`id` replaces, `id+` adds a code cell right after it; nothing else moves."""
    before = nbformat.reads(solution, as_version=4).cells
    after = nbformat.reads(changed(solution, {"compile": "x = 1", "fit+": "y = 2"}), as_version=4).cells
    place = [cell.id for cell in before].index("fit") + 1
    assert [cell.id for cell in after] == [
        *(c.id for c in before[:place]),
        "fit-added",
        *(c.id for c in before[place:]),
    ]
    changed_cells = {cell.id: (cell.cell_type, cell.source) for cell in after}
    assert changed_cells["compile"] == ("code", "x = 1")
    assert changed_cells["fit-added"] == ("code", "y = 2")


@pytest.mark.parametrize("key", ["nobody", "nobody+"])
def test_a_cell_that_is_not_there_is_named(solution: str, key: str) -> None:
    """A variant that changes nothing would be graded like the solution, and nobody would know why."""
    with pytest.raises(KeyError, match="nobody"):
        changed(solution, {"compile": "x = 1", key: "y = 2"})
