"""`classifier`, `pretrained`, `accuracy`: a classifier with few labels on an encoder trained without any."""

from __future__ import annotations

from typing import Final

from grader.checks.core.absence import why_unknown
from grader.checks.core.check import Check, Needs
from grader.checks.core.halves import AUTOENCODER, ENCODER
from grader.checks.core.phrases import notebook
from grader.checks.core.statistic import Aspect, Explanation, judged_by_facts, without_numbers
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, failed, passed, ungradable
from grader.domain.assignment import RubricItem
from grader.domain.grade import Finding
from grader.domain.measurement import Quantity, Role
from grader.domain.messages import message

_NEARLY_ALL: Final = 0.99
_NO_CLASSIFIER: Final = message("We found no model that takes an image and gives ten numbers.")

_SIMILAR: Final = Aspect(
    Quantity.ENCODER_SIMILARITY,
    Role.ENCODER,
    too_small=Explanation(
        message(
            "An encoder built anew has fresh weights: what the autoencoder learnt from all images is not in it, and "
            "nothing warns."
        ),
        message(
            "Which object does the classifier begin with: the trained encoder, a copy with its weights, or a new one?"
        ),
    ),
)
_RIGHT: Final = Aspect(
    Quantity.ACCURACY,
    Role.ENCODER,
    too_small=Explanation(
        message("With features that say what a garment looks like, 500 labels are enough to name most of them."),
        message(
            "Did you compile again after freezing and after unfreezing? Is the rate of the fine-tuning small? Are "
            "labels and images drawn with the same positions?"
        ),
    ),
)


def check_classifier(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """A model takes an image and returns the probabilities of ten classes: none negative, and they sum to 1."""
    measured = subject.measurements.values.get(Quantity.PROBABILITIES)
    if measured is None:
        unknown = why_unknown(subject)
        if unknown is not None:
            return ungradable(message("We cannot tell whether there is a classifier. {reason}", reason=unknown))
        diverged = without_numbers(subject)
        if diverged is not None:
            return diverged
        finding = Finding(
            where=notebook(),
            expected=message("A Keras model that takes an image and gives ten probabilities."),
            actual=_NO_CLASSIFIER,
            why=message("The classifier is what the pretrained encoder is for."),
            hint=message("Which layer turns a code into ten numbers?"),
        )
        return failed(_NO_CLASSIFIER, [finding])
    if measured.value >= _NEARLY_ALL:
        return passed(message("The classifier gives ten probabilities."), measurements=[measured])
    actual = message("Only {share:.0f} % of its answers sum to 1.", share=100 * measured.value)
    finding = Finding(
        where=notebook(),
        expected=message("Ten numbers from 0 to 1 that sum to 1."),
        actual=actual,
        why=message("Only then can they be read as the probabilities of the classes."),
        hint=message("Which activation of the last layer makes probabilities of several numbers?"),
    )
    return failed(actual, [finding], measurements=[measured])


def check_pretrained(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """The classifier's encoder is the autoencoder's: its matrices have the same direction, even after fine-tuning.

    Measured by the cosine between all numbers of both; it is about 0 for a freshly initialised encoder.
    """
    return judged_by_facts(subject, (_SIMILAR,), nothing=_NO_CLASSIFIER)


def check_accuracy(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """The fine-tuned classifier classifies hidden images as well as the reference's.

    No credit for the accuracy of a classifier on an encoder with random, frozen weights. The gain over the same
    classifier trained from scratch is about one point and varies by more than that between draws of 500 labels, so no
    points depend on it.
    """
    return judged_by_facts(subject, (_RIGHT,), nothing=_NO_CLASSIFIER)


CHECKS: Final = (
    Check("classifier", check_classifier, Needs(other_models=True)),
    Check(
        "pretrained", check_pretrained, Needs((AUTOENCODER | ENCODER,), trained=True, learnt=True, other_models=True)
    ),
    Check("accuracy", check_accuracy, Needs(trained=True, learnt=True, other_models=True)),
)
