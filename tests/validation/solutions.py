"""Solutions that the tests rewrite; each is generated once, and its variants are made once."""

from __future__ import annotations

from functools import lru_cache

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.authoring.notebooks import generate
from grader.validation.drafts import Draft
from grader.validation.rubrics import RubricTest, Variant, variants

LOOKED_AT = ("stacked", "convolutional-upsampling", "from-scratch", "variational")


@lru_cache
def work(assignment: str) -> RubricTest:
    """The solution of an assignment, generated once."""
    loaded = load_assignment(assignment)
    return RubricTest(loaded, load_facts(loaded.reference), generate(loaded, language="en", solution=True))


@lru_cache
def made(assignment: str) -> tuple[Variant, ...]:
    """All variants of a solution."""
    return variants(work(assignment))


def draft(assignment: str) -> Draft:
    """The solution, ready to be rewritten."""
    given = work(assignment)
    return Draft.of(given.solution, given.assignment, given.facts)
