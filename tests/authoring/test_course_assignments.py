"""Every assignment of the course: its rubric, its texts and their use."""

from __future__ import annotations

import dataclasses
import functools
import tomllib

import pytest
from course_notebooks import COURSE, course_assignment, templates, texts_named

from grader.authoring.assignment_catalogue import assignment_ids, assignments_folder
from grader.authoring.course_settings import Publication
from grader.authoring.notebooks import generate
from grader.checks.rubric import rubric_mistakes

EVERYTHING_SAID = Publication("https://colab.research.google.com/github/u/c/blob/main", "autoencoder-grader")
SHARED_TEXTS = assignments_folder() / "_base" / "texts.toml"

every_assignment = pytest.mark.parametrize("name", COURSE)


@functools.cache
def keys_of(name: str) -> frozenset[str]:
    """The keys of the texts in an assignment's own file, or of the shared ones for `_base`."""
    path = SHARED_TEXTS if name == "_base" else assignments_folder() / name / "assignment.toml"
    return frozenset(tomllib.loads(path.read_text("utf-8"))["text"]["es"])


@functools.cache
def shown(name: str) -> frozenset[str]:
    """The keys of the texts that reach a notebook of an assignment: each is replaced by a mark that is looked for."""
    assignment = course_assignment(name)
    marks = {key: f"⟦{key}⟧" for key in assignment.texts["es"]}
    marked = dataclasses.replace(assignment, texts={"es": marks, "en": marks})
    notebooks = "".join(
        generate(marked, language="es", solution=solution, publication=EVERYTHING_SAID) for solution in (False, True)
    )
    return frozenset(key for key, mark in marks.items() if mark in notebooks)


def test_every_lesson_of_the_course_has_its_assignment() -> None:
    """The ids of the assignments are those of the references, and none is missing."""
    assert assignment_ids() == tuple(sorted(COURSE))


@every_assignment
def test_a_rubric_is_worth_a_hundred_points_in_checks_that_exist(name: str) -> None:
    """Every check is registered, knows the parameters that it is given and takes their values."""
    assignment = course_assignment(name)
    assert (assignment.assignment, assignment.reference) == (name, name)
    assert sum(item.points for item in assignment.rubric) == 100
    assert rubric_mistakes(assignment.rubric) == ()


@every_assignment
def test_no_text_is_written_in_vain(name: str) -> None:
    """Every text of an assignment's own file is read in one of its notebooks."""
    assert sorted(keys_of(name) - shown(name)) == []


def test_no_shared_text_is_written_in_vain() -> None:
    """Every text of `_base` is read in some notebook as it stands there, not replaced by the assignment's own."""
    read = {key for name in COURSE for key in shown(name) - keys_of(name)}
    assert sorted(keys_of("_base") - read) == []


@every_assignment
def test_every_text_that_a_template_names_exists(name: str) -> None:
    """In its own template for certain; in the macros of `_base` wherever anybody has a text of that name."""
    own = set(texts_named(name, imported=False))
    assert sorted(own - set(course_assignment(name).texts["es"])) == []
    known = {key for other in (*COURSE, "_base") for key in keys_of(other)}
    assert sorted(texts_named(name) - known) == []


@every_assignment
def test_a_template_imports_what_there_is(name: str) -> None:
    """Every file of `_base` that is named, directly or by another one of them, is there."""
    assert [path for path in templates(name) if not path.is_file()] == []


def test_every_template_of_base_is_imported() -> None:
    """No shared macro file is left over."""
    imported = {path.name for name in COURSE for path in templates(name)} - {"notebook.py.j2"}
    assert imported == {path.name for path in (assignments_folder() / "_base").glob("*.j2")}


def test_an_import_policy_belongs_to_the_lesson_without_libraries() -> None:
    """NumPy and matplotlib alone there; everything anywhere else."""
    policies = {name: policy for name in COURSE if (policy := course_assignment(name).imports) is not None}
    assert {name: policy.allow for name, policy in policies.items()} == {"from-scratch": ("numpy", "matplotlib")}


@every_assignment
def test_limits_leave_room_for_training(name: str) -> None:
    """A whole notebook may take at least as long as its longest cell."""
    limits = course_assignment(name).limits
    assert limits.notebook_seconds >= limits.cell_seconds
