"""`grader.use` takes what an instructor published: a file, an address, or a file beside the notebook."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from notebook_cells import StudentNotebook, outcomes, three

from grader.authoring import bundle
from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.authoring.bundle import published
from grader.domain.grade import Outcome
from grader.notebook import NotebookCheckError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a student's notebook runs, and no bundle was opened."""
    monkeypatch.chdir(tmp_path)
    bundle.open_bundle.cache_clear()
    return tmp_path


def use(name: str) -> StudentNotebook:
    """A notebook whose first cell names this assignment."""
    return StudentNotebook(f'import keras\nimport grader\ngrader.use("{name}", language="en")')


@pytest.mark.parametrize("name", ["tarea1.json", "tarea1"])
def test_an_instructors_own_assignment_is_checked_in_a_students_notebook(folder: Path, name: str) -> None:
    """On a reference of ours, under a rubric of the instructor's."""
    own = replace(load_assignment("stacked"), assignment="tarea1", rubric=load_assignment("stacked").rubric[1:4])
    (folder / "tarea1.json").write_text(published(own, None), "utf-8")
    notebook = use(name)
    notebook.names |= three()
    found = outcomes(notebook.ask('grader.check("all")'))
    assert found == {"models": Outcome.PASSED, "shapes": Outcome.PASSED, "code_size": Outcome.PASSED}


CONSTANTS = {"ID": "my-net", "DATASET": "fashion_mnist", "CODE_SIZE": 30, "EPOCHS": 3, "BATCH_SIZE": 128}
"""What every reference says of itself."""


def test_an_own_reference_is_stood_in_for_by_its_constants(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its network is not there, and the checks that need none of it answer all the same."""
    monkeypatch.setattr(bundle, "_constants", lambda *_: CONSTANTS)
    facts = replace(load_facts("stacked"), reference="my-net")
    monkeypatch.setattr(bundle, "load_facts", lambda *_, **__: facts)
    own = replace(
        load_assignment("stacked"),
        assignment="tarea1",
        reference="my-net",
        rubric=load_assignment("stacked").rubric[1:5],
    )
    (folder / "tarea1.json").write_text(published(own, None), "utf-8")
    notebook = use("tarea1.json")
    notebook.names |= three()
    found = outcomes(notebook.ask('grader.check("all")'))
    assert {check: found[check] for check in ("models", "shapes", "code_size")} == dict.fromkeys(
        ("models", "shapes", "code_size"), Outcome.PASSED
    )
    assert found["layers"] in (Outcome.PASSED, Outcome.PARTIAL, Outcome.FAILED)


def test_a_bundle_for_another_version_is_refused_in_the_first_cell(folder: Path) -> None:
    """A check that this grader does not know would give nothing to a right answer."""
    own = load_assignment("stacked")
    strange = replace(own, assignment="tarea1", rubric=(replace(own.rubric[0], check="levitates"),))
    (folder / "tarea1.json").write_text(published(strange, None), "utf-8")
    with pytest.raises(NotebookCheckError, match="there is no check levitates"):
        use("tarea1.json")


def test_what_a_bundle_does_not_hold_is_said(folder: Path) -> None:
    """Neither hints nor a solution, and no list of cells to begin with."""
    own = replace(load_assignment("stacked"), assignment="tarea1")
    (folder / "tarea1.json").write_text(published(own, None), "utf-8")
    notebook = use("tarea1.json")
    assert notebook.ask('grader.check("all")').results == ()
    with pytest.raises(NotebookCheckError, match="A published assignment holds no hints and no solution"):
        notebook.run('grader.hint("encoder")')
