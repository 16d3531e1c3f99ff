"""`features` and `average_precision`: what a fraud detector looks at, and how well it finds frauds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from grader.checks.check_registry import CHECKS
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict
from grader.checks.learning.fraud_detection import check_average_precision, check_features
from grader.checks.rubric import run_checks
from grader.domain.datasets import DataSize
from grader.domain.facts import Baseline, CreditCurve, Statistic
from grader.domain.grade import Outcome
from grader.domain.measurement import Measurements, Quantity

from .builders import CALIBRATED, FACTS, item, measured, subject
from .reading import Told, english, findings

CURVE = CreditCurve(full=0.25, none=0.05, reference=0.8, trivial=0.0017)
KNOWN = Statistic(unit="1", runs=3, mean=0.8, deviation=0.07, baselines={Baseline.ALL_NORMAL: 0.0017}, curves=(CURVE,))
FRAUD_FACTS = replace(
    FACTS,
    reference="fraud",
    dataset="creditcard",
    code_size=None,
    calibrated={DataSize.SAMPLE: replace(CALIBRATED, statistics={Quantity.AVERAGE_PRECISION: KNOWN})},
)

RIGHT = {
    Quantity.FEATURES: 29.0,
    Quantity.LABEL_AMONG_FEATURES: 0.0,
    Quantity.FITTED_FRAUDS: 0.0,
    Quantity.AVERAGE_PRECISION: 0.7,
}


def detector(changes: Mapping[Quantity, float | None] | None = None, **others: Any) -> Subject:
    """A right detector with other numbers; None takes one away."""
    numbers = {name: value for name, value in (RIGHT | (changes or {})).items() if value is not None}
    return subject(measurements=measured(numbers=numbers), facts=FRAUD_FACTS, **others)


def features(changes: Mapping[Quantity, float | None] | None = None) -> Verdict:
    return check_features(detector(changes), item("features"))


def precision(changes: Mapping[Quantity, float | None] | None = None) -> Verdict:
    return check_average_precision(detector(changes), item("average_precision"))


@pytest.mark.parametrize("count", [28, 29, 30])
def test_columns_without_the_label_pass(count: int) -> None:
    """With Amount and Time or without; the numbers behind it are shown."""
    verdict = features({Quantity.FEATURES: count})
    assert (verdict.outcome, verdict.share, verdict.findings) == (Outcome.PASSED, 1, ())
    assert english(verdict.message) == f"The model takes {count} columns, and the label is not among them."
    assert [one.name for one in verdict.measurements] == [
        Quantity.FEATURES, Quantity.LABEL_AMONG_FEATURES, Quantity.FITTED_FRAUDS,
    ]  # fmt: skip


def test_frauds_among_what_it_was_fitted_on_are_told_and_cost_nothing() -> None:
    """The estimate rests on a claim, and a claim must not decide about points."""
    verdict = features({Quantity.FITTED_FRAUDS: 0.0017})
    assert verdict.outcome is Outcome.PASSED
    assert english(verdict.message) == (
        "The model takes 29 columns, and the label is not among them. Among the rows that it was fitted on there seem "
        "to be frauds (about 0.17%): train on normal rows alone."
    )
    assert features({Quantity.FITTED_FRAUDS: None}) == replace(
        features(), measurements=features({Quantity.FITTED_FRAUDS: None}).measurements
    )


def test_the_label_among_the_columns_fails_and_its_precision_does_not_count() -> None:
    """Where, what was expected and found, why, and where to look."""
    leak = {Quantity.LABEL_AMONG_FEATURES: 1.0, Quantity.FEATURES: 30.0}
    verdict = features(leak)
    assert (verdict.outcome, verdict.share) == (Outcome.FAILED, 0)
    assert findings(verdict) == [
        Told(
            where="The autoencoder, called “autoencoder” in the notebook",
            expected=("Columns that are known when a card is used: V1 to V28, and Amount and Time if you like."),
            actual="The label `Class` is among the 30 columns that the model takes.",
            why=(
                "The label is the answer. Whoever has it needs no detector, and on the day of the fraud nobody has it."
            ),
            hint=("Print the names of the columns right before scaling and before `fit`: which one must not be there?"),
        )
    ]
    skipped = precision({**leak, Quantity.AVERAGE_PRECISION: 1.0})
    assert (skipped.outcome, skipped.share) == (Outcome.SKIPPED, 0)
    assert english(skipped.message) == (
        "Not checked: a model that gets the label as an input finds frauds without having learnt anything."
    )


@pytest.mark.parametrize("count", [12, 27, 31, 64])
def test_a_number_of_columns_that_the_table_cannot_give_fails(count: int) -> None:
    """No hidden row can be given to such a model."""
    verdict = features({
        Quantity.FEATURES: count, Quantity.LABEL_AMONG_FEATURES: None, Quantity.AVERAGE_PRECISION: None,
    })  # fmt: skip
    assert verdict.outcome is Outcome.FAILED
    ((_, expected, actual, _, hint),) = findings(verdict)
    assert (expected, actual) == (
        "28 to 30 columns: V1 to V28, with or without Amount and Time.",
        f"The model takes {count} columns.",
    )
    assert hint.startswith("Print the shape of what `fit` gets.")


def test_columns_that_nobody_recognised_wait_for_a_person() -> None:
    """Both checks: a strange scaling is no mistake, and its precision was measured on other numbers."""
    for verdict in (features({Quantity.LABEL_AMONG_FEATURES: None}), precision({Quantity.LABEL_AMONG_FEATURES: None})):
        assert verdict.outcome is Outcome.UNGRADABLE
        assert english(verdict.message).endswith("a person has to look.")


@pytest.mark.parametrize(("value", "share"), [(0.9, 1), (0.25, 1), (0.15, 0.5), (0.05, 0), (0.0017, 0)], ids=str)
def test_precision_earns_what_the_facts_give(value: float, share: float) -> None:
    """Full credit from the bound on, none near a score that says nothing."""
    verdict = precision({Quantity.AVERAGE_PRECISION: value})
    assert verdict.share == pytest.approx(share)
    assert len(verdict.findings) == (share < 1)
    assert english(verdict.message) == (
        f"Average precision of the reconstruction error as a fraud score: {value:.4f}; the reference 0.8000."
    )


def test_precision_that_could_not_be_measured_waits_for_a_person() -> None:
    """Nor does a model without columns lose anything."""
    assert precision({Quantity.AVERAGE_PRECISION: None}).outcome is Outcome.UNGRADABLE
    assert features({Quantity.FEATURES: None}).outcome is Outcome.UNGRADABLE


def test_without_an_autoencoder_nothing_is_checked() -> None:
    """`models` has reported it."""
    nothing = subject(measurements=Measurements(data="sample"), facts=FRAUD_FACTS)
    for check in (check_features, check_average_precision):
        assert check(nothing, item("features")).outcome is Outcome.SKIPPED


def test_both_are_in_the_registry() -> None:
    """A rubric may name them, one requiring the other."""
    rubric = (item("features"), item("average_precision", requires=("features",)))
    assert [result.outcome for result in run_checks(rubric, detector())] == [Outcome.PASSED, Outcome.PASSED]
    assert CHECKS["average_precision"].docstring.startswith("Hidden frauds are reconstructed worse")
