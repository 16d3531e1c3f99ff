"""What holds for every number that is compared with the reference's: credit, and who is at fault where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

import pytest

from grader.checks.check_registry import CHECKS
from grader.checks.core.statistic import Aspect, judged_by_facts
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict
from grader.domain.facts import CreditCurve, Statistic
from grader.domain.grade import Outcome
from grader.domain.measurement import Measurements, MeasuringProblem, Quantity, Role
from grader.domain.messages import message, verbatim
from grader.domain.outdated import Translation
from grader.domain.run import CellError, RunRecord, StoppedBy

from . import family_subjects
from .builders import TIMED_OUT, diverged, facts_of, item, killed, known, raised, subject, without
from .family_subjects import STATISTICS, changed, family, numbers
from .reading import Told, Whole, english, findings, whole


class Number(NamedTuple):
    """A number with full credit on the bound, one with half of the points and one with none."""

    check: str
    quantity: Quantity
    bound: float
    half: float
    none: float


JUDGED: Final = (
    Number("denoising", Quantity.DENOISED_MSE, 0.012, 0.016, 0.02),
    Number("denoising", Quantity.NOISE_RATIO, 0.75, 1.0, 1.4),
    Number("sparsity", Quantity.SPARSENESS, 14, 9, 2.8),
    Number("latent_distribution", Quantity.KL_DIVERGENCE, 100, 200, 350),
    Number("latent_distribution", Quantity.KL_DIVERGENCE, 12, 7, 0),
    Number("latent_distribution", Quantity.ACTIVE_UNITS, 7, 4, 0),
    Number("latent_distribution", Quantity.MEDIAN_SIGMA, 0.18, 0.1, 0.002),
    Number("elbo", Quantity.NEGATIVE_ELBO, 260, 280, 310),
    Number("prior_samples", Quantity.PRIOR_DISTANCE, 6, 7, 9),
    Number("plane", Quantity.PLANE_ANGLE, 15, 35, 60),
    Number("pretrained", Quantity.ENCODER_SIMILARITY, 0.75, 0.4, -0.01),
    Number("accuracy", Quantity.ACCURACY, 0.75, 0.65, 0.1),
)
every_number = pytest.mark.parametrize("one", JUDGED, ids=lambda one: f"{one.check}-{one.quantity}-{one.half}")
every_check = pytest.mark.parametrize("check", sorted({one.check for one in JUDGED}))


def judge(check: str, found: Subject) -> Verdict:
    return CHECKS[check].function(found, item(check))


def numbers_of(check: str) -> list[Quantity]:
    return list(dict.fromkeys(one.quantity for one in JUDGED if one.check == check))


@every_number
def test_a_number_earns_what_its_curve_gives(one: Number) -> None:
    """Full credit up to the bound itself, half in the middle, none near the trivial predictor; lost credit is reported."""
    verdicts = [judge(one.check, changed(one.quantity, value)) for value in (one.bound, one.half, one.none)]
    assert [(v.outcome, pytest.approx(v.share), len(v.findings)) for v in verdicts] == [
        (Outcome.PASSED, 1, 0),
        (Outcome.PARTIAL, 0.5, 1),
        (Outcome.FAILED, 0, 1),
    ]


@every_number
def test_what_made_the_training_another_than_was_meant_is_named(one: Number) -> None:
    """A layer that draws and was idle is why a code has no KL; without lost credit nobody is bothered with it."""
    idle = Translation(6, 3, "def call(self, x):", "", message("Data"), training=True)
    lost, kept = (replace(changed(one.quantity, value), old_code=(idle,)) for value in (one.half, one.bound))
    assert [reported.hint for reported in findings(judge(one.check, lost))] == ["Cell 7 of the notebook, line 3: Data"]
    assert findings(judge(one.check, kept)) == []


@every_number
def test_a_cut_run_waits_only_where_credit_is_lost(one: Number) -> None:
    """More training might have earned more, unless nothing more can be earned."""
    verdict = judge(one.check, changed(one.quantity, one.half, run=TIMED_OUT))
    assert (verdict.outcome, verdict.share, len(verdict.findings)) == (Outcome.UNGRADABLE, 0, 1)
    assert english(verdict.message).endswith(
        " More training might have earned more. The notebook took longer than a notebook may."
    )
    assert judge(one.check, changed(one.quantity, one.bound, run=TIMED_OUT)).outcome is Outcome.PASSED


@every_number
def test_a_number_that_is_missing_waits_for_a_person(one: Number) -> None:
    """The others of the check are shown, and decide nothing."""
    verdict = judge(one.check, family(without(numbers(), one.quantity)))
    others = [name for name in numbers_of(one.check) if name is not one.quantity]
    assert (verdict.outcome, verdict.share, verdict.findings) == (Outcome.UNGRADABLE, 0, ())
    assert [measurement.name for measurement in verdict.measurements] == others


@every_check
def test_without_a_curve_for_the_data_a_person_decides(check: str) -> None:
    """The reference is no better than trivial there, or was never calibrated on these data."""
    informing = {name: replace(statistic, curves=()) for name, statistic in STATISTICS.items()}
    elsewhere = replace(numbers(), data="full")
    for found in (family(facts=facts_of(informing)), family(facts=facts_of({})), family(elsewhere)):
        verdict = judge(check, found)
        assert (verdict.outcome, verdict.findings) == (Outcome.UNGRADABLE, ())
        assert english(verdict.message) == (
            f"The reference has no bound for this on the data that we measured on, “{found.measurements.data}”."
        )
        assert [measurement.name for measurement in verdict.measurements] == numbers_of(check)


@every_check
def test_a_training_that_ended_in_nan_fails(check: str) -> None:
    """It is the training's own result; the finding leads to the first epoch in which it happened."""
    assert whole(judge(check, family(diverged(numbers(), *numbers_of(check))))) == Whole(
        Outcome.FAILED,
        0,
        "Its weights are not finite numbers (NaN).",
        [
            Told(
                "The autoencoder, called “autoencoder” in the notebook",
                "Ordinary numbers.",
                "Its weights are not finite numbers (NaN).",
                "Once a number is NaN, everything that is computed from it is NaN as well: nothing is left to learn.",
                "In which epoch did the loss become NaN? Look at the learning rate and at the range of the inputs.",
            )
        ],
        [],
    )


@every_check
def test_a_problem_of_ours_does_not_fail_anybody(check: str) -> None:
    """Where the numbers are there nevertheless they count; where not, a person decides."""
    ours = (MeasuringProblem("other", verbatim("The layer Magic is unknown to us."), ours=True),)
    assert judge(check, family(replace(numbers(), problems=ours))).outcome is Outcome.PASSED
    bare = replace(without(numbers(), *numbers_of(check)), problems=ours)
    assert judge(check, family(bare)).outcome is Outcome.UNGRADABLE


@every_check
@pytest.mark.parametrize(
    ("run", "outcome"),
    [
        (killed(StoppedBy.OWN_EXIT), Outcome.PARTIAL),
        (raised(CellError(3, "ValueError", "wrong")), Outcome.PARTIAL),
        (killed(StoppedBy.MEMORY), Outcome.UNGRADABLE),
        (killed(StoppedBy.SIGNAL), Outcome.UNGRADABLE),
    ],
    ids=["own exit", "error", "memory", "signal"],
)
def test_who_ended_the_run_decides_whether_lost_credit_waits(check: str, run: RunRecord, outcome: Outcome) -> None:
    """What a notebook does to itself is its own; what we or the machine do to it is not."""
    one = next(one for one in JUDGED if one.check == check)
    assert judge(check, changed(one.quantity, one.half, run=run)).outcome is outcome


@every_check
def test_without_an_autoencoder_nothing_is_judged(check: str) -> None:
    """Even where numbers were measured: they belong to nothing."""
    nothing = replace(numbers(), models={})
    assert judge(check, family(nothing)).outcome is Outcome.SKIPPED
    assert judge(check, family(nothing, run=TIMED_OUT)).outcome is Outcome.UNGRADABLE


# Several numbers, and what is said where nobody wrote a side


LOSS, SIZE = Aspect(Quantity.CODE_ACTIVITY, Role.ENCODER), Aspect(Quantity.ACTIVE_UNITS, Role.ENCODER)
LOSS_LABEL, SIZE_LABEL = (one.quantity.spec.label.msgid for one in (LOSS, SIZE))


def two(loss: float, size: float, statistics: Mapping[Quantity, Statistic] | None = None) -> Verdict:
    """A check of a loss of at most 0.1 and a size of at least 7."""
    found = numbers({Quantity.CODE_ACTIVITY: loss, Quantity.ACTIVE_UNITS: size})
    facts = family_subjects.FACTS if statistics is None else facts_of(statistics)
    return judged_by_facts(family(found, facts=facts), (LOSS, SIZE), nothing=message("Nothing."))


def test_the_worst_number_decides_and_every_bad_one_is_told() -> None:
    """0.15 earns three quarters, 4 earns half; the bound is named on its own side."""
    why = "The reference does clearly better on the same data."
    hint = "Was the validation loss still falling in the last epoch? Look at the epochs and the learning rate."
    where = "The encoder, called “encoder” in the notebook"
    assert whole(two(0.15, 4)) == Whole(
        Outcome.PARTIAL,
        0.5,
        f"{LOSS_LABEL}: 0.1500; the reference 0.0500. {SIZE_LABEL}: 4; the reference 10.",
        [
            Told(where, f"{LOSS_LABEL}: at most 0.1000.", f"{LOSS_LABEL}: 0.1500.", why, hint),
            Told(where, f"{SIZE_LABEL}: at least 7.", f"{SIZE_LABEL}: 4.", why, hint),
        ],
        [(Quantity.CODE_ACTIVITY, 0.15), (Quantity.ACTIVE_UNITS, 4)],
    )


def test_a_number_without_a_curve_informs_and_costs_nothing() -> None:
    """It is shown; also where it is missing the other one decides."""
    statistics = {**STATISTICS, Quantity.ACTIVE_UNITS: known(10)}
    assert whole(two(0.05, 0, statistics)) == Whole(
        Outcome.PASSED,
        1,
        f"{LOSS_LABEL}: 0.0500; the reference 0.0500.",
        [],
        [(Quantity.CODE_ACTIVITY, 0.05), (Quantity.ACTIVE_UNITS, 0)],
    )
    bare = without(numbers(), Quantity.ACTIVE_UNITS)
    verdict = judged_by_facts(family(bare, facts=facts_of(statistics)), (LOSS, SIZE), nothing=message("Nothing."))
    assert verdict.outcome is Outcome.PASSED


def test_of_two_curves_the_stricter_one_is_told() -> None:
    """Between two trivial predictors on one side the one that leaves less credit speaks."""
    curves = (
        CreditCurve(full=0.1, none=0.3, reference=0.05, trivial=0.35),
        CreditCurve(full=0.08, none=0.2, reference=0.05, trivial=0.25),
    )
    verdict = two(0.14, 10, {Quantity.CODE_ACTIVITY: known(0.05, *curves)})
    assert verdict.share == pytest.approx(0.5)
    assert [reported.expected for reported in findings(verdict)] == [f"{LOSS_LABEL}: at most 0.0800."]


@pytest.mark.parametrize(
    ("quantity", "reported"),
    [
        (Quantity.ACTIVE_UNITS, "3."),
        (Quantity.SPARSENESS, "3.1."),
        (Quantity.KL_DIVERGENCE, "3.14."),
        (Quantity.MEDIAN_SIGMA, "3.142."),
        (Quantity.CODE_ACTIVITY, "3.1416."),
    ],
)
def test_numbers_are_shown_with_the_decimals_of_their_quantity(quantity: Quantity, reported: str) -> None:
    """From none to four, as the table of quantities says."""
    found = numbers({quantity: 3.14159})
    curve = CreditCurve(full=0.1, none=0.3, reference=0.05, trivial=0.35)
    facts = facts_of({quantity: known(0.05, curve)})
    verdict = judged_by_facts(
        family(found, facts=facts), (Aspect(quantity, Role.ENCODER),), nothing=message("Nothing.")
    )
    assert [finding.actual for finding in findings(verdict)] == [f"{quantity.spec.label.msgid}: {reported}"]


def test_what_could_not_be_measured_is_told_in_the_checks_own_words() -> None:
    """The sentence that the check gives."""
    found = family(without(numbers(), Quantity.CODE_ACTIVITY))
    assert english(judged_by_facts(found, (LOSS,), nothing=message("Nothing.")).message) == "Nothing."


def test_no_measurements_at_all_are_no_crash() -> None:
    """A notebook without anything, facts without anything."""
    verdict = judged_by_facts(subject(measurements=Measurements()), (LOSS,), nothing=message("Nothing."))
    assert verdict.outcome is Outcome.SKIPPED


@every_number
@pytest.mark.parametrize("place", ["bound", "none"])
def test_a_students_own_check_gets_the_same_verdict_on_public_images(one: Number, place: str) -> None:
    """`grader.check` in a notebook has no hidden images, and says of which the reference's number is."""
    hidden = changed(one.quantity, getattr(one, place))
    public = replace(hidden, measurements=replace(hidden.measurements, images="public"))
    ours, theirs = judge(one.check, hidden), judge(one.check, public)
    assert (ours.outcome, ours.share, ours.findings) == (theirs.outcome, theirs.share, theirs.findings)
    assert english(theirs.message).count(" on hidden data.") == len(numbers_of(one.check))
