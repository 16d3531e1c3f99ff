"""`classifier`, `pretrained` and `accuracy`: what a pretrained encoder is put to use for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.core.verdict import CheckFunction, Verdict
from grader.checks.learning.classifier import check_accuracy, check_classifier, check_pretrained
from grader.domain.grade import Outcome
from grader.domain.measurement import Measurements, MeasuringProblem, Quantity
from grader.domain.messages import verbatim

from .builders import TIMED_OUT, diverged, item, subject, without
from .family_subjects import changed, family, numbers
from .reading import Told, Whole, english, whole

ABSENT = "We found no model that takes an image and gives ten numbers."

# classifier


def answers(share: float) -> Verdict:
    return check_classifier(changed(Quantity.PROBABILITIES, share), item("classifier"))


@pytest.mark.parametrize("share", [1.0, 0.99])
def test_ten_probabilities_pass(share: float) -> None:
    """Rounding may spoil one in a hundred."""
    assert whole(answers(share)) == Whole(
        Outcome.PASSED, 1, "The classifier gives ten probabilities.", [], [(Quantity.PROBABILITIES, share)]
    )


@pytest.mark.parametrize(("share", "reported"), [(0.0, "0"), (0.5, "50"), (0.98, "98")])
def test_answers_that_are_no_probabilities_fail(share: float, reported: str) -> None:
    """A last layer without softmax."""
    assert whole(answers(share)) == Whole(
        Outcome.FAILED,
        0,
        f"Only {reported} % of its answers sum to 1.",
        [
            Told(
                "The notebook as a whole",
                "Ten numbers from 0 to 1 that sum to 1.",
                f"Only {reported} % of its answers sum to 1.",
                "Only then can they be read as the probabilities of the classes.",
                "Which activation of the last layer makes probabilities of several numbers?",
            )
        ],
        [(Quantity.PROBABILITIES, share)],
    )


def test_no_classifier_fails_whether_an_autoencoder_is_there_or_not() -> None:
    """It can be judged alone."""
    missing = Whole(
        Outcome.FAILED,
        0,
        ABSENT,
        [
            Told(
                "The notebook as a whole",
                "A Keras model that takes an image and gives ten probabilities.",
                ABSENT,
                "The classifier is what the pretrained encoder is for.",
                "Which layer turns a code into ten numbers?",
            )
        ],
        [],
    )
    bare = without(numbers(), Quantity.PROBABILITIES)
    for found in (bare, replace(bare, models={}), Measurements(data="sample")):
        assert whole(check_classifier(family(found), item("classifier"))) == missing


def test_a_classifier_that_may_have_been_there_waits_for_a_person() -> None:
    """A cut run, or a model that we could not rebuild."""
    bare = without(numbers(), Quantity.PROBABILITIES)
    assert whole(check_classifier(family(bare, run=TIMED_OUT), item("classifier"))) == Whole(
        Outcome.UNGRADABLE,
        0,
        "We cannot tell whether there is a classifier. The notebook took longer than a notebook may.",
        [],
        [],
    )
    ours = replace(bare, problems=(MeasuringProblem("c", verbatim("The layer Magic is unknown to us."), ours=True),))
    assert check_classifier(family(ours), item("classifier")).outcome is Outcome.UNGRADABLE


def test_a_classifier_on_an_encoder_that_became_nan_is_not_told_to_be_missing() -> None:
    """It is there, and its training broke."""
    found = family(diverged(numbers(), Quantity.PROBABILITIES))
    verdict = check_classifier(found, item("classifier"))
    assert (verdict.outcome, english(verdict.message)) == (
        Outcome.FAILED,
        "Its weights are not finite numbers (NaN).",
    )


# pretrained


def likeness(value: float) -> Verdict:
    return check_pretrained(changed(Quantity.ENCODER_SIMILARITY, value), item("pretrained"))


def likeness_summary(value: str) -> str:
    return f"Likeness of the classifier's encoder and the autoencoder's (1: the same, 0: nothing in common): {value}"


@pytest.mark.parametrize(("value", "shown"), [(1.0, "1.00"), (0.8, "0.80")])
def test_a_classifier_on_the_trained_encoder_passes(value: float, shown: str) -> None:
    """Also where the fine-tuning has moved it."""
    assert whole(likeness(value)) == Whole(
        Outcome.PASSED, 1, f"{likeness_summary(shown)}; the reference 0.98.", [], [(Quantity.ENCODER_SIMILARITY, value)]
    )


@pytest.mark.parametrize(
    ("value", "shown", "outcome", "share"), [(0.4, "0.40", Outcome.PARTIAL, 0.5), (0.01, "0.01", Outcome.FAILED, 0)]
)
def test_a_classifier_on_a_new_encoder_is_asked_which_one_it_is(
    value: float, shown: str, outcome: Outcome, share: float
) -> None:
    """Fresh weights have nothing in common with the trained ones, and nothing warns."""
    assert whole(likeness(value)) == Whole(
        outcome,
        share,
        f"{likeness_summary(shown)}; the reference 0.98.",
        [
            Told(
                "The encoder, called “encoder” in the notebook",
                likeness_summary("at least 0.75."),
                likeness_summary(f"{shown}."),
                (
                    "An encoder built anew has fresh weights: what the autoencoder learnt from all images is not in "
                    "it, and nothing warns."
                ),
                (
                    "Which object does the classifier begin with: the trained encoder, a copy with its weights, or a "
                    "new one?"
                ),
            )
        ],
        [(Quantity.ENCODER_SIMILARITY, value)],
    )


# accuracy


@pytest.mark.parametrize(
    ("value", "outcome", "share"), [(0.65, Outcome.PARTIAL, 0.5), (0.53, Outcome.FAILED, 0), (0.1, Outcome.FAILED, 0)]
)
def test_accuracy_like_that_of_random_features_earns_nothing(value: float, outcome: Outcome, share: float) -> None:
    """In between part of the points; the usual mistakes of fine-tuning are asked for."""
    assert whole(check_accuracy(changed(Quantity.ACCURACY, value), item("accuracy"))) == Whole(
        outcome,
        share,
        f"Accuracy on images that it was not trained on: {value:.3f}; the reference 0.800.",
        [
            Told(
                "The encoder, called “encoder” in the notebook",
                "Accuracy on images that it was not trained on: at least 0.750.",
                f"Accuracy on images that it was not trained on: {value:.3f}.",
                "With features that say what a garment looks like, 500 labels are enough to name most of them.",
                (
                    "Did you compile again after freezing and after unfreezing? Is the rate of the fine-tuning small? "
                    "Are labels and images drawn with the same positions?"
                ),
            )
        ],
        [(Quantity.ACCURACY, value)],
    )


def test_accuracy_like_the_references_passes_whatever_the_rival_from_scratch_reaches() -> None:
    """The gain over it is smaller than what one draw of labels differs from another."""
    for rival in (0.1, 0.99):
        found = family(numbers({Quantity.ACCURACY: 0.76, Quantity.SCRATCH_ACCURACY: rival}))
        assert whole(check_accuracy(found, item("accuracy"))) == Whole(
            Outcome.PASSED,
            1,
            "Accuracy on images that it was not trained on: 0.760; the reference 0.800.",
            [],
            [(Quantity.ACCURACY, 0.76)],
        )


@pytest.mark.parametrize(
    ("check", "quantity"),
    [(check_pretrained, Quantity.ENCODER_SIMILARITY), (check_accuracy, Quantity.ACCURACY)],
)
def test_without_a_classifier_the_others_cannot_tell(check: CheckFunction, quantity: Quantity) -> None:
    """`classifier` has reported it; a rubric requires it."""
    assert whole(check(family(without(numbers(), quantity)), item("o"))) == Whole(Outcome.UNGRADABLE, 0, ABSENT, [], [])
    assert check(subject(measurements=Measurements(data="sample")), item("o")).outcome is Outcome.SKIPPED
