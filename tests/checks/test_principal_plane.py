"""`plane`: the plane of principal component analysis, by the largest angle to it."""

from __future__ import annotations

import pytest

from grader.checks.core.verdict import Verdict
from grader.checks.learning.principal_plane import check_plane
from grader.domain.grade import Outcome
from grader.domain.measurement import Quantity

from .builders import item, without
from .family_subjects import changed, family, numbers
from .reading import Told, Whole, english, whole


def plane(angle: float) -> Verdict:
    return check_plane(changed(Quantity.PLANE_ANGLE, angle), item("plane"))


@pytest.mark.parametrize("angle", [0.0, 1.5, 15.0])
def test_the_plane_of_principal_components_earns_everything(angle: float) -> None:
    """To within the bound of the facts."""
    assert whole(plane(angle)) == Whole(
        Outcome.PASSED,
        1,
        f"Largest angle between the learnt plane and PCA's (degrees): {angle:.1f}; the reference 1.5.",
        [],
        [(Quantity.PLANE_ANGLE, angle)],
    )


@pytest.mark.parametrize(("angle", "outcome", "share"), [(35.0, Outcome.PARTIAL, 0.5), (89.0, Outcome.FAILED, 0)])
def test_another_plane_is_asked_for_activations_and_training(angle: float, outcome: Outcome, share: float) -> None:
    """Part of the points on the way, none like a plane drawn at random."""
    verdict = whole(plane(angle))
    assert (verdict.outcome, verdict.share) == (outcome, share)
    assert verdict.findings == [
        Told(
            "The autoencoder, called “autoencoder” in the notebook",
            "Largest angle between the learnt plane and PCA's (degrees): at most 15.0.",
            f"Largest angle between the learnt plane and PCA's (degrees): {angle:.1f}.",
            (
                "For the squared error there is one best plane, that of the first two principal components: a linear "
                "autoencoder that has learnt has found it."
            ),
            "Does any layer have an activation? Had the loss stopped falling? Look at the learning rate and the epochs.",
        )
    ]


def test_answers_that_span_no_plane_wait_for_a_person() -> None:
    """There is no angle."""
    verdict = check_plane(family(without(numbers(), Quantity.PLANE_ANGLE)), item("plane"))
    assert verdict.outcome is Outcome.UNGRADABLE
    assert english(verdict.message) == "The answers of the autoencoder do not span a plane."
