"""Right answers that share a notebook."""

from __future__ import annotations

import ast
import json

import pytest

from grader.authoring.assignment_catalogue import assignment_ids
from grader.domain.messages import verbatim
from grader.validation.drafts import Draft
from grader.validation.operators import Equivalent, TrainingLength, shortened
from grader.validation.pools import pools
from grader.validation.rubrics import variants
from grader.validation.style_equivalents import ASPECTS, EQUIVALENTS
from tests.validation.solutions import work


@pytest.mark.parametrize("assignment", assignment_ids())
def test_every_rewriting_stands_in_one_pool(assignment: str) -> None:
    """Once each, in a third of the notebooks or fewer, and what comes out is Python."""
    given = work(assignment)
    rewritings = {one.name for aspect in ASPECTS for one in aspect}
    names = [one.operator.name for one in variants(given) if one.operator.name in rewritings]
    made = list(pools(shortened(Draft.of(given.solution, given.assignment, given.facts)), names))
    assert sorted(one.name for pool in made for one in pool.members) == sorted(names)
    assert len(made) <= max(10, len(names) / 2)
    for pool in made:
        for cell in json.loads(pool.draft.notebook())["cells"]:
            if cell["cell_type"] == "code" and not any(line[:1] in "!%" for line in cell["source"].split("\n") if line):
                ast.parse(cell["source"])


def test_trainings_to_their_end_share_no_notebook() -> None:
    """Two of them would train as neither does."""
    assert {one.training for aspect in ASPECTS for one in aspect} == {TrainingLength.STEPS}
    whole = [one for one in EQUIVALENTS if one.training is TrainingLength.WHOLE]
    assert not any(one in aspect for aspect in ASPECTS for one in whole)


def test_what_finds_nothing_to_edit_any_more_has_a_notebook_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rewriting that another one took the ground from is tried all the same."""

    def edit(old: str, new: str) -> Equivalent:
        return Equivalent(new, verbatim(new), lambda draft: draft.instead(old, new))

    first, second, third = edit("import keras", "import keras as k"), edit("import keras\n", "x\n"), edit("numpy", "y")
    monkeypatch.setattr("grader.validation.pools.ASPECTS", ((first,), (second,), (third,)))
    given = work("stacked")
    draft = Draft.of(given.solution, given.assignment, given.facts)
    made = list(pools(draft, {first.name, second.name, third.name}))
    assert [pool.members for pool in made] == [(first, third), (second,)]
