"""`reconstruction`: the autoencoder reconstructs hidden samples as well as the reference does.

The loss is the mean of (x - autoencoder(x))² over the numbers of all hidden samples, measured by us. Thresholds come
from the facts of the reference: `CreditCurve` turns a loss into credit.
"""

from __future__ import annotations

from typing import Final

from grader.checks.core.absence import might_have_earned_more, why_incomplete, without_autoencoder
from grader.checks.core.check import Check, Needs, TrainingUse
from grader.checks.core.code_layer import code_size
from grader.checks.core.parameters import TEST_IMAGES_COST
from grader.checks.core.phrases import idle_training, model, other_data, sample_words
from grader.checks.core.statistic import NAN_HINT, NAN_WHY, STILL_FALLING
from grader.checks.core.subject import Subject
from grader.checks.core.training_advice import slow_training, training_stopped
from grader.checks.core.verdict import Verdict, by_share, failed, skipped, ungradable
from grader.domain.assignment import RubricItem
from grader.domain.datasets import Held
from grader.domain.facts import Baseline, CreditCurve, Statistic, trivial_errors
from grader.domain.grade import Finding
from grader.domain.measurement import Measurement, Quantity, Role
from grader.domain.messages import Message, MessageValue, message

_SHOWN: Final = (Quantity.RECONSTRUCTION_MSE, Quantity.MEAN_IMAGE_MSE, Quantity.PCA_MSE)

# Where one explanation ends and the next begins. They choose words and never points: those come from the facts.
_LIKE_UNTRAINED: Final = 0.9
_WORSE_THAN_MEAN: Final = 1.1
_LIKE_MEAN_SKILL: Final = 0.1
_FROZEN_SPREAD: Final = 0.01

_SAME_LOSS: Final = 1e-3  # far more than float32 needs, far less than any credit is worth


def check_reconstruction(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """The reconstruction error on samples that the notebook never had is as small as the reference's.

    Credit falls linearly from the reference's range to the error of predicting the mean; better is never worse. Skipped
    if more than the code asked for reaches the output, since the comparison then means nothing. If the run was cut
    short, a loss without full credit waits for a person.
    """
    absent = without_autoencoder(subject)
    if absent is not None:
        return absent
    numbers = _numbers(subject)
    unfair = _unfair(subject)
    if unfair is not None:
        return skipped(unfair, measurements=numbers)
    calibrated = subject.calibrated
    known = calibrated.reconstruction if calibrated is not None else None
    loss = subject.measurements.value(Quantity.RECONSTRUCTION_MSE)
    diverged = next((problem.reason for problem in subject.measurements.problems if not problem.ours), None)
    if loss is None and diverged is not None:
        return failed(diverged, [_diverged(subject, diverged)], measurements=numbers)
    if loss is None or known is None or not known.curves:
        return ungradable(_no_comparison(subject), measurements=numbers)
    twice = subject.measurements.value(Quantity.TRANSPLANTED_MSE)
    if twice is not None and abs(twice - loss) > _SAME_LOSS * max(loss, twice) + _SAME_LOSS**2:
        return ungradable(_two_answers(loss, twice), measurements=numbers)
    return _judged(subject, loss, known, numbers)


def _judged(subject: Subject, loss: float, known: Statistic, numbers: tuple[Measurement, ...]) -> Verdict:
    credit = known.credit(loss)
    summary = _with_conventions(_summary(subject, loss, known), subject)
    findings = () if credit == 1 else (_finding(subject, loss, known),)
    incomplete = why_incomplete(subject)
    if findings and incomplete is not None:
        reason = might_have_earned_more(summary=summary, reason=incomplete)
        return ungradable(reason, findings=findings, measurements=numbers)
    return by_share(credit, summary, findings, measurements=numbers)


def _numbers(subject: Subject) -> tuple[Measurement, ...]:
    return tuple(subject.measurements.values[name] for name in _SHOWN if name in subject.measurements.values)


def _unfair(subject: Subject) -> Message | None:
    """Say why the loss cannot be compared with the reference's, or None if it can."""
    asked = subject.facts.code_size
    if asked is None:
        return None
    size = code_size(subject.measurements)
    if size is not None and size > asked:
        return message(
            "Not checked: a code of {size} numbers where {asked} are asked for makes the comparison meaningless.",
            size=size,
            asked=asked,
        )
    rank = subject.measurements.value(Quantity.BOTTLENECK_RANK)
    if subject.measurements.bypass is not None or (rank is not None and round(rank) > asked):
        return message(
            "Not checked: the input reaches the output past the code, which makes the comparison meaningless."
        )
    return None


def _two_answers(loss: float, twice: float) -> Message:
    return message(
        "We measured the reconstruction error twice, in the rebuilt model and in a network of our own with the same "
        "weights, and the two differ: {mse:.6f} and {twice:.6f}.",
        mse=loss,
        twice=twice,
    )


def _with_conventions(summary: Message, subject: Subject) -> Message:
    """Add the conversions between the model's numbers and pixels."""
    for convention in subject.measurements.conventions:
        summary = message("{summary} {convention}", summary=summary, convention=convention)
    return summary


def _no_comparison(subject: Subject) -> Message:
    if subject.measurements.value(Quantity.RECONSTRUCTION_MSE) is not None:
        data = subject.measurements.data
        return message("The reference has no facts for the data that we measured on, “{data}”.", data=data)
    for problem in subject.measurements.problems:
        return message("We could not measure the reconstruction error. {reason}", reason=problem.reason)
    return message("We could not measure the reconstruction error.")


def _summary(subject: Subject, loss: float, known: Statistic) -> Message:
    """State the loss with others on the same samples; what is known only on hidden ones says so."""
    errors, mean, reference = trivial_errors(subject.measurements, known), sample_words(subject.facts).mean, known.mean
    beside = message("the reference {reference:.4f}", reference=reference)
    measured = Quantity.MEAN_IMAGE_MSE in subject.measurements.values
    if subject.measurements.images != Held.HIDDEN and measured:
        beside = message("the reference {reference:.4f} on hidden data", reference=reference)
    if errors.pca is not None:
        pca = message("PCA with the reference's code size {pca:.4f}", pca=errors.pca)
        beside = message("{first}, {second}", first=pca, second=beside)
    values: dict[str, MessageValue] = {
        "mse": loss,
        "mean": mean,
        "mean_mse": errors.mean,
        "beside": beside,
        "skill": (errors.mean - loss) / (errors.mean - reference),
    }
    if subject.measurements.images != Held.HIDDEN and not measured:
        return message(
            "Reconstruction error (MSE) {mse:.4f}. For comparison, on hidden data: {mean} {mean_mse:.4f}, {beside}. "
            "Skill {skill:.2f}, where {mean} has 0 and the reference 1.",
            **values,
        )
    return message(
        "Reconstruction error (MSE) {mse:.4f}. For comparison: {mean} {mean_mse:.4f}, {beside}. Skill {skill:.2f}, "
        "where {mean} has 0 and the reference 1.",
        **values,
    )


def _curve(known: Statistic) -> CreditCurve:
    """Return the curve towards the error of the mean, the only one by which the loss is judged."""
    return known.curves[0]


# Findings


def _diverged(subject: Subject, reason: Message) -> Finding:
    return Finding(
        where=model(subject, Role.AUTOENCODER),
        expected=message("Weights and outputs that are ordinary numbers."),
        actual=reason,
        why=NAN_WHY,
        hint=NAN_HINT,
    )


def _finding(subject: Subject, loss: float, known: Statistic) -> Finding:
    actual, why = _diagnosis(subject, loss, known)
    return Finding(
        where=model(subject, Role.AUTOENCODER),
        expected=message("An MSE of at most {full:.4f}.", full=_curve(known).full),
        actual=actual,
        why=why,
        hint=_hint(subject, loss, known),
    )


def _diagnosis(subject: Subject, loss: float, known: Statistic) -> tuple[Message, Message]:
    """Return what we found and why it matters, using the worst explanation that fits."""
    words = sample_words(subject.facts)
    if (stopped := training_stopped(subject, _curve(known).skill(loss))) is not None:
        return message("An MSE of {mse:.4f}: the training ended with an error.", mse=loss), stopped.why
    if (other := other_data(subject)) is not None:
        return message("An MSE of {mse:.4f} on the images of this assignment.", mse=loss), other
    if loss >= _LIKE_UNTRAINED * known.baselines[Baseline.UNTRAINED]:
        return (
            message("An MSE of {mse:.4f}: as with fresh, untrained weights.", mse=loss),
            message("An autoencoder knows nothing before it has learnt from data."),
        )
    if loss >= _WORSE_THAN_MEAN * known.baselines[Baseline.MEAN]:
        return (
            message("An MSE of {mse:.4f}: worse than always to answer {mean}.", mse=loss, mean=words.mean),
            message("Even a model that has not looked at its input at all can answer {mean}.", mean=words.mean),
        )
    if _curve(known).skill(loss) < _LIKE_MEAN_SKILL:
        return _like_the_mean(subject, loss)
    return (
        message("An MSE of {mse:.4f}: better than {mean}, not yet like the reference.", mse=loss, mean=words.mean),
        message(
            "An autoencoder is lossy, but a code of this size has room for more of {sample} than came back.",
            sample=words.the,
        ),
    )


def _like_the_mean(subject: Subject, loss: float) -> tuple[Message, Message]:
    spread, words = subject.measurements.value(Quantity.OUTPUT_SPREAD), sample_words(subject.facts)
    why = message(
        "Whoever always answers {mean} has found no pattern that tells {samples} apart.",
        mean=words.mean,
        samples=words.many,
    )
    if spread is not None and spread < _FROZEN_SPREAD:
        return message("An MSE of {mse:.4f}: nearly the same comes out whatever goes in.", mse=loss), why
    return message("An MSE of {mse:.4f}: no better than {mean}.", mse=loss, mean=words.mean), why


def _hint(subject: Subject, loss: float, known: Statistic) -> Message:
    words = sample_words(subject.facts)
    if (stopped := training_stopped(subject, _curve(known).skill(loss))) is not None:
        return stopped.hint
    if subject.measurements.foreign:
        return message("Which data set does the cell that loads the data name, and which one does the text ask for?")
    if not subject.measurements.claims.trained:
        return message(
            "We saw no call of `fit` on this model or on one that shares its layers: which model was trained?"
        )
    if (idle := idle_training(subject)) is not None:
        return idle
    if (slow := slow_training(subject, _curve(known).skill(loss))) is not None:
        return slow
    if loss >= _WORSE_THAN_MEAN * known.baselines[Baseline.MEAN]:
        return message(
            "Between which values do the inputs lie that the model is trained on? Is the target of the training "
            "{sample} itself? Does the loss printed by `fit` fall at all?",
            sample=words.the,
        )
    if _curve(known).skill(loss) < _LIKE_MEAN_SKILL:
        return message(
            "Does the loss printed by `fit` fall at all? Look at the optimiser's learning rate (the defaults of some "
            "changed since old tutorials), at the last activation, and whether the target is {sample} itself.",
            sample=words.the,
        )
    return STILL_FALLING


CHECKS: Final = (
    Check(
        "reconstruction",
        check_reconstruction,
        Needs(training=TrainingUse.RECONSTRUCTION, trained=True, learnt=True, layers=False),
        parameters=(TEST_IMAGES_COST,),
    ),
)
