"""`sparsity`: a code of which few units have a part in one image."""

from __future__ import annotations

import pytest

from grader.checks.core.verdict import Verdict
from grader.checks.learning.code_sparsity import check_sparsity
from grader.domain.grade import Outcome
from grader.domain.measurement import Quantity

from .builders import item, without
from .family_subjects import family, numbers
from .reading import Told, Whole, whole

INFORMING = [(Quantity.CODE_ACTIVITY, 0.05), (Quantity.ACTIVE_SHARE, 0.1)]


def code(units: float, activity: float = 0.05) -> Verdict:
    found = numbers({Quantity.SPARSENESS: units, Quantity.CODE_ACTIVITY: activity})
    return check_sparsity(family(found), item("sparsity"))


@pytest.mark.parametrize("units", [20.0, 97.0], ids=["reference", "sparser"])
def test_a_sparse_code_earns_everything(units: float) -> None:
    """One that is sparser than the reference's as well: what it costs shows in the reconstruction."""
    assert whole(code(units)) == Whole(
        Outcome.PASSED,
        1,
        f"Units of the code for each one that describes an image: {units:.1f}; the reference 20.0.",
        [],
        [(Quantity.SPARSENESS, units), *INFORMING],
    )


def test_a_code_without_a_penalty_fails() -> None:
    """A coefficient of 1e-14: each image takes as many units as in the control."""
    verdict = whole(code(2.8))
    assert (verdict.outcome, verdict.share) == (Outcome.FAILED, 0)
    assert verdict.findings == [
        Told(
            "The encoder, called “encoder” in the notebook",
            "Units of the code for each one that describes an image: at least 14.0.",
            "Units of the code for each one that describes an image: 2.8.",
            (
                "So many units have a part in each image as in the same network without any penalty: nothing makes the "
                "code describe an image with few of them."
            ),
            (
                "How large is the penalty beside the mean squared error of an image? Is it on what the layer puts out, "
                "or on its weights? A coefficient such as 1e-14 regularises nothing."
            ),
        )
    ]


@pytest.mark.parametrize("activity", [0.0005, 0.5, 500.0])
def test_the_size_of_the_numbers_earns_and_costs_nothing(activity: float) -> None:
    """A code can be multiplied by anything, and the decoder can undo it."""
    assert [code(units, activity).share for units in (20.0, 9.0, 2.8)] == [1, 0.5, 0]


def test_a_code_that_could_not_be_measured_waits() -> None:
    """Without an encoder there are no codes."""
    bare = without(numbers(), Quantity.SPARSENESS, Quantity.CODE_ACTIVITY, Quantity.ACTIVE_SHARE)
    assert whole(check_sparsity(family(bare), item("sparsity"))) == Whole(
        Outcome.UNGRADABLE, 0, "We could not measure the code, because no encoder was found.", [], []
    )
