"""`features` and `average_precision`: a fraud detector uses the right columns of a transaction, and finds frauds."""

from __future__ import annotations

from typing import Final

from grader.checks.core.absence import without_autoencoder
from grader.checks.core.check import Check, Needs
from grader.checks.core.phrases import model
from grader.checks.core.statistic import Aspect, Explanation, judged_by_facts
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, failed, passed, skipped, ungradable
from grader.domain.assignment import RubricItem
from grader.domain.grade import Finding
from grader.domain.measurement import Measurement, Quantity, Role
from grader.domain.messages import Message, message

FEWEST: Final = 28
MOST: Final = 30
_SHOWN: Final = (Quantity.FEATURES, Quantity.LABEL_AMONG_FEATURES, Quantity.FITTED_FRAUDS)
_ANY_FRAUDS: Final = 0.0003  # a sixth of the share in the file; a smaller estimate is not reliable

_FINDS: Final = Aspect(
    Quantity.AVERAGE_PRECISION,
    Role.AUTOENCODER,
    too_small=Explanation(
        message(
            "Alarms in the order of these scores are mostly false, or come late: frauds are reconstructed nearly as "
            "well as normal rows."
        ),
        message(
            "Which rows was it trained on: normal ones alone? Are all columns of a similar size, so that each counts "
            "in the error? Does the loss still fall in the last epoch? Is the last layer able to give negative numbers "
            "where the columns have them?"
        ),
    ),
)


def check_features(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """The label is not among the input columns, and their number fits this table.

    V1 … V28, with or without Amount and Time: 28 to 30 columns. The columns are identified from the data on which the
    model was fitted, or from what it reconstructs; if neither is conclusive, or they contradict each other, a person
    decides.
    """
    absent = without_autoencoder(subject)
    if absent is not None:
        return absent
    numbers = _numbers(subject)
    features = subject.measurements.value(Quantity.FEATURES)
    if features is None:
        return ungradable(message("We could not measure which columns the autoencoder takes."), measurements=numbers)
    label = subject.measurements.value(Quantity.LABEL_AMONG_FEATURES)
    count = round(features)
    if label == 1:
        summary = message("The label `Class` is among the {count} columns that the model takes.", count=count)
        return failed(summary, [_leak(subject, summary)], measurements=numbers)
    if not FEWEST <= count <= MOST:
        summary = message("The model takes {count} columns.", count=count)
        return failed(summary, [_other_columns(subject, summary)], measurements=numbers)
    if label is None:
        return ungradable(_UNRECOGNISED, measurements=numbers)
    return passed(_right(subject, count), measurements=numbers)


def check_average_precision(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """Hidden frauds are reconstructed worse than hidden normal rows: average precision of the reconstruction error.

    Full credit for the reference's precision, none for that of a constant score. Skipped if the label is an input.
    """
    label = subject.measurements.value(Quantity.LABEL_AMONG_FEATURES)
    shown = subject.measurements.values.get(Quantity.AVERAGE_PRECISION)
    numbers = () if shown is None else (shown,)
    if label == 1:
        summary = message(
            "Not checked: a model that gets the label as an input finds frauds without having learnt anything."
        )
        return skipped(summary, measurements=numbers)
    if label is None and subject.measurements.value(Quantity.FEATURES) is not None:
        return ungradable(_UNRECOGNISED, measurements=numbers)
    return judged_by_facts(
        subject, (_FINDS,), nothing=message("We could not measure how the model tells frauds from normal rows.")
    )


def _numbers(subject: Subject) -> tuple[Measurement, ...]:
    return tuple(subject.measurements.values[name] for name in _SHOWN if name in subject.measurements.values)


def _right(subject: Subject, count: int) -> Message:
    frauds = subject.measurements.value(Quantity.FITTED_FRAUDS)
    if frauds is None or frauds < _ANY_FRAUDS:
        return message("The model takes {count} columns, and the label is not among them.", count=count)
    return message(
        "The model takes {count} columns, and the label is not among them. Among the rows that it was fitted on there "
        "seem to be frauds (about {share:.2%}): train on normal rows alone.",
        count=count,
        share=frauds,
    )


# Findings


def _leak(subject: Subject, summary: Message) -> Finding:
    return Finding(
        where=model(subject, Role.AUTOENCODER),
        expected=message("Columns that are known when a card is used: V1 to V28, and Amount and Time if you like."),
        actual=summary,
        why=message(
            "The label is the answer. Whoever has it needs no detector, and on the day of the fraud nobody has it."
        ),
        hint=message(
            "Print the names of the columns right before scaling and before `fit`: which one must not be there?"
        ),
    )


def _other_columns(subject: Subject, summary: Message) -> Finding:
    return Finding(
        where=model(subject, Role.AUTOENCODER),
        expected=message(
            "{fewest} to {most} columns: V1 to V28, with or without Amount and Time.", fewest=FEWEST, most=MOST
        ),
        actual=summary,
        why=message(
            "We cannot give hidden rows to a model whose columns we do not know, so that nothing can be measured."
        ),
        hint=message(
            "Print the shape of what `fit` gets. Which columns were dropped or added on the way from the file?"
        ),
    )


_UNRECOGNISED: Final = message(
    "Which columns the model takes, and how they are scaled, could not be determined with certainty from its "
    "training data and from what it reconstructs: a person has to look."
)


CHECKS: Final = (
    Check("features", check_features, Needs(models=(), trained=True), needs_no_task=True),
    Check("average_precision", check_average_precision, Needs(models=(), trained=True, learnt=True)),
)
