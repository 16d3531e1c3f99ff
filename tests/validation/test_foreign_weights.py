"""Mutants whose weights were learnt elsewhere: what stands in their notebooks, and that the audit catches each."""

from __future__ import annotations

import base64
import json
import zlib
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sandbox_here import needs_sandbox

from grader.domain.datasets import DataSize
from grader.domain.grade import Outcome
from grader.session import SessionOptions
from grader.validation.mutants.foreign_weights import CLAIMS, SHAPES, WEIGHTS, Harvest
from grader.validation.mutants.foreign_weights import MUTANTS as FOREIGN
from grader.validation.rubrics import try_rubric, variants
from grader.validation.verdicts import VariantOutcome
from tests.validation.solutions import draft, work

OTHER = [np.full((2, 3), 7.0), np.zeros(3)]
OWN = [np.arange(6.0).reshape(3, 2), np.array([0.5, -0.25])]


def packed(content: bytes) -> str:
    return base64.b85encode(zlib.compress(content)).decode()


HARVEST = Harvest(
    packed(b"".join(array.astype(np.float16).tobytes() for array in (*OTHER, *OWN))),
    base64.b85encode(json.dumps([[[2, 3], [3]], [[3, 2], [2]]]).encode()).decode(),
    " ".join(packed(words) for words in (b"{}", b"PK")),
)


def operator(name: str) -> Any:
    return next(one for one in FOREIGN if one.name == name)


@pytest.mark.parametrize("mutant", FOREIGN, ids=lambda one: one.name)
def test_the_weights_take_their_places_in_the_text_of_the_notebook(mutant: Any) -> None:
    """What comes out is a notebook of Python without a place that was left."""
    edited = mutant.edit(draft("simple-dense"))
    document = json.loads(HARVEST.filled(edited.notebook()))
    sources = ["".join(cell["source"]) for cell in document["cells"] if cell["cell_type"] == "code"]
    assert not any(place in source for place in (WEIGHTS, SHAPES, CLAIMS) for source in sources)
    for source in sources:
        compile("\n".join(line for line in source.split("\n") if not line.startswith(("%", "!"))), "cell", "exec")


def test_a_model_takes_the_weights_of_its_own_shapes() -> None:
    """Several models are in the text; each finds its own by the shapes of its arrays."""
    edited = operator("weights-pasted").edit(draft("simple-dense"))
    helper = next(cell.source for cell in edited.code_cells if "def pasted" in cell.source)
    space: dict[str, Any] = {"np": np, "keras": SimpleNamespace(callbacks=SimpleNamespace(History=SimpleNamespace))}
    exec(HARVEST.filled(helper), space)  # noqa: S102 - the helper as the notebook runs it
    taken: list[list[np.ndarray]] = []
    model = SimpleNamespace(
        built=True, get_weights=lambda: [np.zeros((3, 2)), np.zeros(2)], set_weights=taken.append, history=None
    )
    history = space["trained_elsewhere"](model, None, epochs=4)
    assert [array.tolist() for array in taken[0]] == [array.tolist() for array in OWN]
    assert history.history["loss"] == [1.0] * 4


@pytest.mark.parametrize(("assignment", "applies"), [("simple-dense", True), ("stacked", True), ("linear-pca", False)])
def test_what_the_notebook_makes_by_itself_needs_no_proof(assignment: str, *, applies: bool) -> None:
    """Of points in space there is no secret view, so none of these mutants is tried there."""
    made = {one.operator.name for one in variants(work(assignment), only=[one.name for one in FOREIGN])}
    assert made == ({one.name for one in FOREIGN} if applies else set())


@pytest.mark.slow
@needs_sandbox
def test_weights_that_were_learnt_elsewhere_lose_what_was_to_be_learnt() -> None:
    """Each keeps its points for structure, and has none for the reconstruction; the solution has all."""
    chosen = variants(work("simple-dense"), only=["solution", *(one.name for one in FOREIGN)])
    done = try_rubric(
        work("simple-dense"),
        chosen,
        SessionOptions(data_size=DataSize.SAMPLE, written_for=DataSize.SAMPLE, jobs=1),
        lambda _: None,
    )
    assert {one.operator.name: one.fate for one in done} == {
        "solution": VariantOutcome.ACCEPTED, **{one.name: VariantOutcome.KILLED for one in FOREIGN},
    }  # fmt: skip
    assert all(one.outcomes["reconstruction"] is Outcome.FAILED for one in done if one.operator in FOREIGN)
