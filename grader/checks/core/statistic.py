"""Compares measured numbers with the reference's, in one way for all checks that need it.

The curves of the facts (`grader.domain.facts.Statistic`) turn a number into credit: full credit up to the bound from
the reference's own runs, none at a trivial predictor's number. The worst number of a check decides. If the facts hold
no curve for the measured data, because the reference itself is no better than trivial there, a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from grader.checks.core.absence import might_have_earned_more, why_incomplete, without_autoencoder
from grader.checks.core.phrases import idle_training, model, other_data
from grader.checks.core.subject import Subject
from grader.checks.core.training_advice import slow_training, training_stopped
from grader.checks.core.verdict import Verdict, by_share, failed, ungradable
from grader.domain.datasets import Held
from grader.domain.facts import Baseline, CreditCurve, Statistic
from grader.domain.grade import Finding
from grader.domain.measurement import Measurement, Quantity, Role
from grader.domain.messages import Message, message

NAN_HINT: Final = message(
    "In which epoch did the loss become NaN? Look at the learning rate and at the range of the inputs."
)


STILL_FALLING: Final = message(
    "Was the validation loss still falling in the last epoch? Look at the epochs and the learning rate."
)


NAN_WHY: Final = message(
    "Once a number is NaN, everything that is computed from it is NaN as well: nothing is left to learn."
)


_LIKE_MEAN = 0.9
"""Part of the mean image's error above which lack of training is the explanation; affects only the wording."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The meaning of a number that is too large, or too small.

    Attributes:
        why: Why it matters.
        hint: What to look at; teaches and never gives the solution.
    """

    why: Message
    hint: Message


@dataclass(frozen=True, slots=True)
class Aspect:
    """One number of a check.

    Attributes:
        quantity: The quantity.
        role: The model it belongs to.
        too_large: Explanation if the number is too large.
        too_small: Explanation if the number is too small.
        stands_in_for: The number for which this one stands in: if that number alone proves a model as good as the
            reference, this one costs nothing.
    """

    quantity: Quantity
    role: Role
    too_large: Explanation | None = None
    too_small: Explanation | None = None
    stands_in_for: Quantity | None = None


def judged_by_facts(subject: Subject, aspects: Sequence[Aspect], *, nothing: Message) -> Verdict:
    """Judge numbers by the facts of the reference.

    Args:
        subject: What was measured.
        aspects: The numbers; those without a curve in the facts only inform.
        nothing: The message if they could not be measured.
    """
    absent = without_autoencoder(subject)
    if absent is not None:
        return absent
    numbers = _numbers(subject, aspects)
    known = _statistics(subject)
    judged = [aspect for aspect in aspects if aspect.quantity in known and known[aspect.quantity].curves]
    if not judged:
        return ungradable(_no_comparison(subject), measurements=numbers)
    diverged = without_numbers(subject, numbers)
    if diverged is not None:
        return diverged
    if any(subject.measurements.value(aspect.quantity) is None for aspect in judged):
        return ungradable(nothing, measurements=numbers)
    return _judged(subject, judged, known, numbers)


def without_numbers(subject: Subject, measurements: Sequence[Measurement] = ()) -> Verdict | None:
    """Return the verdict if a training ended in NaN, so that there is nothing to measure, else None."""
    diverged = next((problem.reason for problem in subject.measurements.problems if not problem.ours), None)
    if diverged is None:
        return None
    finding = Finding(model(subject, Role.AUTOENCODER), message("Ordinary numbers."), diverged, NAN_WHY, NAN_HINT)
    return failed(diverged, [finding], measurements=measurements)


def _judged(
    subject: Subject,
    aspects: Sequence[Aspect],
    known: Mapping[Quantity, Statistic],
    numbers: tuple[Measurement, ...],
) -> Verdict:
    values = {aspect: subject.measurements.values[aspect.quantity].value for aspect in aspects}
    earned = {aspect: _credit(subject, aspect, value, known) for aspect, value in values.items()}
    untrained = _hardly_trained(subject, aspects[0], known, values)
    findings = [
        _finding(subject, aspect, known[aspect.quantity], values[aspect], untrained)
        for aspect in aspects
        if earned[aspect] < 1
    ]
    summary = _summary(values, known, hidden=subject.measurements.images == Held.HIDDEN)
    incomplete = why_incomplete(subject)
    if findings and incomplete is not None:
        reason = might_have_earned_more(summary=summary, reason=incomplete)
        return ungradable(reason, findings=findings, measurements=numbers)
    return by_share(min(earned.values()), summary, findings, measurements=numbers)


def _credit(subject: Subject, aspect: Aspect, value: float, known: Mapping[Quantity, Statistic]) -> float:
    """Return the credit of one number; a stand-in cannot take away what the other number proves alone."""
    credit = known[aspect.quantity].credit(value)
    main = aspect.stands_in_for
    if main is None or main not in known:
        return credit
    decisive, shown = known[main].decisive, subject.measurements.value(main)
    return credit if decisive is None or shown is None else max(credit, decisive.credit(shown))


def _statistics(subject: Subject) -> Mapping[Quantity, Statistic]:
    calibrated = subject.calibrated
    return {} if calibrated is None else calibrated.statistics


def _numbers(subject: Subject, aspects: Sequence[Aspect]) -> tuple[Measurement, ...]:
    measured = subject.measurements.values
    return tuple(measured[aspect.quantity] for aspect in aspects if aspect.quantity in measured)


def _no_comparison(subject: Subject) -> Message:
    return message(
        "The reference has no bound for this on the data that we measured on, “{data}”.", data=subject.measurements.data
    )


def _summary(values: Mapping[Aspect, float], known: Mapping[Quantity, Statistic], *, hidden: bool) -> Message:
    summary: Message | None = None
    for aspect, value in values.items():
        figures = {
            "name": aspect.quantity.spec.label,
            "value": _figure(value, aspect),
            "reference": _figure(known[aspect.quantity].mean, aspect),
        }
        one = (
            message("{name}: {value}; the reference {reference}.", **figures)
            if hidden
            else message("{name}: {value}; the reference {reference} on hidden data.", **figures)
        )
        summary = one if summary is None else message("{first} {second}", first=summary, second=one)
    assert summary is not None  # noqa: S101 - there is at least one aspect
    return summary


def _figure(value: float, aspect: Aspect) -> Message:
    """Write a number with the decimals of its quantity, in the reader's language."""
    by_digits = (
        message("{value:.0f}", value=value),
        message("{value:.1f}", value=value),
        message("{value:.2f}", value=value),
        message("{value:.3f}", value=value),
        message("{value:.4f}", value=value),
    )
    return by_digits[aspect.quantity.spec.digits]


def _hardly_trained(
    subject: Subject, first: Aspect, known: Mapping[Quantity, Statistic], values: Mapping[Aspect, float]
) -> Explanation | None:
    """Explain by the first number of its check why a model has learnt almost nothing; None if it has, or if unknown.

    The other numbers of such a model teach nothing: its problem is not the noise but the missing training.
    """
    skill = min(curve.skill(values[first]) for curve in known[first.quantity].curves)
    if (stopped := training_stopped(subject, skill)) is not None:
        return Explanation(stopped.why, stopped.hint)
    if (slow := slow_training(subject, skill)) is not None:
        return Explanation(_HARDLY_TRAINED, slow)
    mean = known[first.quantity].baselines.get(Baseline.MEAN)
    smaller_is_better = all(curve.trivial >= curve.reference for curve in known[first.quantity].curves)
    if len(values) > 1 and mean is not None and smaller_is_better and values[first] >= _LIKE_MEAN * mean:
        return Explanation(_HARDLY_TRAINED, _DOES_IT_FALL)
    return None


def _finding(
    subject: Subject, aspect: Aspect, known: Statistic, value: float, untrained: Explanation | None = None
) -> Finding:
    curve = min(known.curves, key=lambda one: one.credit(value))
    too_large = curve.trivial >= curve.reference
    side = untrained or (aspect.too_large if too_large else aspect.too_small) or Explanation(_WORSE, STILL_FALLING)
    return Finding(
        where=model(subject, aspect.role),
        expected=_bound(aspect, curve, too_large=too_large),
        actual=message("{name}: {value}.", name=aspect.quantity.spec.label, value=_figure(value, aspect)),
        why=side.why,
        hint=other_data(subject) or idle_training(subject) or side.hint,
    )


def _bound(aspect: Aspect, curve: CreditCurve, *, too_large: bool) -> Message:
    bound = _figure(curve.full, aspect)
    if too_large:
        return message("{name}: at most {bound}.", name=aspect.quantity.spec.label, bound=bound)
    return message("{name}: at least {bound}.", name=aspect.quantity.spec.label, bound=bound)


_WORSE = message("The reference does clearly better on the same data.")
_HARDLY_TRAINED = message("The model is hardly trained: as yet it does no better than one that ignores its input.")
_DOES_IT_FALL = message(
    "Does the loss printed by `fit` fall at all? Look at the optimizer's learning rate, the number of epochs, and the "
    "last activation."
)
