"""`shapes`: the same image in any layout."""

from __future__ import annotations

import pytest

from grader.checks.check_registry import CHECKS
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict
from grader.checks.structure.shapes import holds_image
from grader.domain.architecture import Shape
from grader.domain.grade import Outcome
from grader.domain.measurement import Role

from .builders import dense_chain, item, measured, models, subject
from .reading import Told, english, findings


def check(found: Subject, image_shape: str = "28x28") -> Verdict:
    return CHECKS["shapes"].function(found, item("shapes", image_shape=image_shape))


@pytest.mark.parametrize("entry", [(784,), (28, 28), (28, 28, 1)])
@pytest.mark.parametrize("leave", [(784,), (28, 28), (28, 28, 1)])
def test_any_layout_of_the_image_is_right(entry: Shape, leave: Shape) -> None:
    """Flattened inside or outside the model, with a channel or without."""
    found = models(dense_chain(100, 30, 100, 784, entry=entry, leave=leave))
    assert check(subject(measurements=measured(found))).outcome is Outcome.PASSED


def test_each_wrong_end_costs_its_share() -> None:
    """Of four ends one is wrong: the autoencoder gives 100 numbers."""
    verdict = check(subject(measurements=measured(models(dense_chain(100, 30, 100)))))
    assert (verdict.outcome, verdict.share) == (Outcome.PARTIAL, 0.75)
    assert english(verdict.message) == "Shapes that do not hold an image: 1 of 4."
    assert findings(verdict) == [
        Told(
            where="The autoencoder, called “autoencoder” in the notebook: output",
            expected="One image: 784 numbers, as (28, 28) or in another layout.",
            actual="The shape of one sample is (100,).",
            why="An autoencoder gives back what it was given: the two can only be compared at the same size.",
            hint="Follow the output shapes in `summary()` from the first line to the last; the batch is no length.",
        )
    ]


def test_a_missing_encoder_and_decoder_cost_nothing_here() -> None:
    """`models` has judged that."""
    found = {Role.AUTOENCODER: models()[Role.AUTOENCODER]}
    assert check(subject(measurements=measured(found))).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("shape", "right"),
    [
        ((784,), True),
        ((1, 28, 28), True),
        ((None, 28), True),
        ((None, None, 1), True),
        ((None, 27), False),
        ((None,), False),
        ((28, 28, 3), False),
        ((32, 32), False),
        ((), False),
    ],
)
def test_free_lengths_hold_an_image_where_the_others_fit(shape: Shape, right: bool) -> None:
    """Recurrent and fully convolutional models leave lengths free."""
    assert holds_image(shape, (28, 28)) is right


def test_the_rubric_names_the_image() -> None:
    """A colour image of 32x32x3 is another one."""
    assert check(subject(), image_shape="32x32x3").outcome is Outcome.FAILED
