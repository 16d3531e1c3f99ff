"""`sparsity`: a code of which few numbers are active for one image."""

from __future__ import annotations

import pytest

from grader.checks.sparsity import check_sparsity
from grader.checks.verdict import Verdict
from grader.domain.grade import Outcome
from grader.domain.measurement import Quantity

from .builders import item, without
from .families import family, numbers
from .reading import Told, Whole, whole


def code(activity: float, share: float) -> Verdict:
    found = numbers({Quantity.CODE_ACTIVITY: activity, Quantity.ACTIVE_SHARE: share})
    return check_sparsity(family(found), item("sparsity"))


@pytest.mark.parametrize(("activity", "share"), [(0.05, 0.1), (0.0, 0.0)], ids=["reference", "sparser"])
def test_a_sparse_code_earns_everything(activity: float, share: float) -> None:
    """One that is sparser than the reference's as well: what it costs shows in the reconstruction."""
    assert whole(code(activity, share)) == Whole(
        Outcome.PASSED,
        1,
        (
            f"Mean activity of the code: {activity:.3f}; the reference 0.050. "
            f"Share of the units above 0.1: {share:.3f}; the reference 0.100."
        ),
        [],
        [(Quantity.CODE_ACTIVITY, activity), (Quantity.ACTIVE_SHARE, share)],
    )


WHERE = "The encoder, called “encoder” in the notebook"
WHY = (
    "A code this active is that of the same network without any penalty: nothing makes it describe an image with few "
    "units."
)
HINT = (
    "How large is the penalty beside the mean squared error of an image? Is it on what the layer puts out, or on its "
    "weights? A coefficient such as 1e-14 regularises nothing."
)


def test_a_code_without_a_penalty_fails_with_both_numbers() -> None:
    """A coefficient of 1e-14: active like the control."""
    verdict = whole(code(0.35, 0.7))
    assert (verdict.outcome, verdict.share) == (Outcome.FAILED, 0)
    assert verdict.findings == [
        Told(WHERE, "Mean activity of the code: at most 0.100.", "Mean activity of the code: 0.350.", WHY, HINT),
        Told(WHERE, "Share of the units above 0.1: at most 0.200.", "Share of the units above 0.1: 0.700.", WHY, HINT),
    ]


def test_few_units_that_are_too_active_lose_by_that_alone() -> None:
    """The worse number decides; the other one is not told as wrong."""
    verdict = whole(code(0.2, 0.1))
    assert (verdict.outcome, verdict.share) == (Outcome.PARTIAL, 0.5)
    assert [told.actual for told in verdict.findings] == ["Mean activity of the code: 0.200."]


def test_a_code_that_could_not_be_measured_waits() -> None:
    """Without an encoder there are no codes."""
    bare = without(numbers(), Quantity.CODE_ACTIVITY, Quantity.ACTIVE_SHARE)
    assert whole(check_sparsity(family(bare), item("sparsity"))) == Whole(
        Outcome.UNGRADABLE, 0, "We could not measure the code, because no encoder was found.", [], []
    )
