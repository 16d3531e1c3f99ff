"""`reconstruction`: credit by the reference's curve, and words for every kind of poor result."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.checks.check_registry import CHECKS
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict
from grader.domain.evidence import RelatedClaims
from grader.domain.grade import Outcome
from grader.domain.measurement import Measurements, MeasuringProblem, Quantity
from grader.domain.messages import message, verbatim
from grader.domain.outdated import SlowOptimizer, Translation
from grader.domain.run import CellError, RunRecord, StoppedBy

from .builders import COMPLETED, FACTS, TIMED_OUT, UNTRAINED_MSE, item, killed, measured, raised, subject, without
from .reading import Told, english, findings

LOSS = Quantity.RECONSTRUCTION_MSE


def check(found: Subject) -> Verdict:
    return CHECKS["reconstruction"].function(found, item("reconstruction"))


def with_loss(loss: float, **changes: object) -> Measurements:
    return replace(measured(numbers={LOSS: loss}), **changes)


def judge(loss: float, run: RunRecord = COMPLETED) -> Verdict:
    return check(subject(run, with_loss(loss)))


@pytest.mark.parametrize(
    ("loss", "outcome", "share"),
    [
        (0.0, Outcome.PASSED, 1.0),
        (0.0200, Outcome.PASSED, 1.0),
        (0.0350, Outcome.PARTIAL, 0.75),
        (0.0500, Outcome.PARTIAL, 0.5),
        (0.0800, Outcome.FAILED, 0.0),
        (9.9, Outcome.FAILED, 0.0),
    ],
)
def test_credit_follows_the_curve(loss: float, outcome: Outcome, share: float) -> None:
    """Full up to 0.02, none from 0.08, a straight line between; being better never costs anything."""
    verdict = judge(loss)
    assert (verdict.outcome, verdict.share) == (outcome, pytest.approx(share))


@settings(deadline=None, database=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_a_smaller_loss_never_earns_less(one: float, other: float) -> None:
    """Credit is monotonic and stays within 0 and 1."""
    better, worse = sorted((one, other))
    assert 1 >= judge(better).share >= judge(worse).share >= 0


def test_the_message_tells_the_loss_beside_its_yardsticks() -> None:
    """Mean image, PCA, reference and skill; (0.085 - 0.05) / (0.085 - 0.015) = 0.5."""
    verdict = judge(0.05)
    assert english(verdict.message) == (
        "Reconstruction error (MSE) 0.0500. For comparison: the mean image 0.0850, PCA with the reference's code size "
        "0.0175, the reference 0.0150. Skill 0.50, where the mean image has 0 and the reference 1."
    )
    assert [measurement.name for measurement in verdict.measurements] == [LOSS]


def test_the_yardsticks_are_of_the_samples_of_the_loss() -> None:
    """Public images have a mean and a PCA of their own; the reference is known on hidden ones and says so."""
    numbers = {LOSS: 0.05, Quantity.MEAN_IMAGE_MSE: 0.0950, Quantity.PCA_MSE: 0.0190}
    public = replace(measured(numbers=numbers), images="public")
    assert english(check(subject(measurements=public)).message) == (
        "Reconstruction error (MSE) 0.0500. For comparison: the mean image 0.0950, PCA with the reference's code size "
        "0.0190, the reference 0.0150 on hidden data. Skill 0.56, where the mean image has 0 and the reference 1."
    )


def test_a_fair_result_is_told_to_train_on() -> None:
    """Better than trivial, not yet like the reference."""
    assert findings(judge(0.05)) == [
        Told(
            where="The autoencoder, called “autoencoder” in the notebook",
            expected="An MSE of at most 0.0200.",
            actual="An MSE of 0.0500: better than the mean image, not yet like the reference.",
            why=("An autoencoder is lossy, but a code of this size has room for more of the image than came back."),
            hint="Was the validation loss still falling in the last epoch? Look at the epochs and the learning rate.",
        )
    ]


@pytest.mark.parametrize("loss", [0.0790, 0.0850, 0.0900])
def test_the_mean_image_is_told_as_such(loss: float) -> None:
    """R33 to R35 of the catalogue: skill about 0."""
    (finding,) = findings(judge(loss))
    assert finding.actual == f"An MSE of {loss:.4f}: no better than the mean image."
    assert finding.why == "Whoever always answers the mean image has found no pattern that tells images apart."
    assert finding.hint == (
        "Does the loss printed by `fit` fall at all? Look at the optimiser's learning rate (the defaults of some "
        "changed since old tutorials), at the last activation, and whether the target is the image itself."
    )


def test_one_picture_for_all_images_is_told_as_such() -> None:
    """Dead units: the output does not depend on the input."""
    found = measured(numbers={LOSS: 0.085, Quantity.OUTPUT_SPREAD: 0.0001})
    (finding,) = findings(check(subject(measurements=found)))
    assert finding.actual == "An MSE of 0.0850: nearly the same comes out whatever goes in."


def test_worse_than_the_mean_image_leads_to_range_and_target() -> None:
    """R36 and R37 of the catalogue: pixels from 0 to 255, or the wrong target."""
    (finding,) = findings(judge(0.12))
    assert finding.actual == "An MSE of 0.1200: worse than always to answer the mean image."
    assert finding.hint == (
        "Between which values do the inputs lie that the model is trained on? Is the target of the training the image "
        "itself? Does the loss printed by `fit` fall at all?"
    )


def test_a_loss_like_that_of_fresh_weights_is_told_as_untrained() -> None:
    """R32 of the catalogue; 0.9 of the untrained 0.17 is 0.153."""
    (finding,) = findings(judge(0.16))
    assert finding.actual == "An MSE of 0.1600: as with fresh, untrained weights."
    assert finding.why == "An autoencoder knows nothing before it has learnt from data."


def test_where_no_fit_was_seen_the_hint_asks_for_it() -> None:
    """Whether `fit` was called is a claim: it chooses a hint and never a point."""
    trained = check(subject(measurements=with_loss(0.16)))
    untrained = check(subject(measurements=with_loss(0.16, claims=RelatedClaims())))
    assert untrained.share == trained.share
    assert findings(untrained)[0].hint == (
        "We saw no call of `fit` on this model or on one that shares its layers: which model was trained?"
    )


def test_a_good_loss_without_a_seen_fit_keeps_its_points() -> None:
    """A training loop of one's own calls no `fit`."""
    assert check(subject(measurements=with_loss(0.015, claims=RelatedClaims()))).outcome is Outcome.PASSED


# Where the comparison means nothing


def test_a_wider_code_is_not_compared() -> None:
    """R3 of the catalogue: its loss is better than the right answer's."""
    found = measured(numbers={LOSS: 0.010, Quantity.CODE_SIZE: 64})
    verdict = check(subject(measurements=found))
    assert verdict.outcome is Outcome.SKIPPED
    assert english(verdict.message) == (
        "Not checked: a code of 64 numbers where 30 are asked for makes the comparison meaningless."
    )


def test_a_narrower_code_is_compared() -> None:
    """It can only be harder."""
    assert check(subject(measurements=measured(numbers={Quantity.CODE_SIZE: 20}))).outcome is Outcome.PASSED


@pytest.mark.parametrize("changes", [{"bypass": verbatim("`Add`")}, {}])
def test_what_passes_the_code_by_is_not_compared(changes: dict[str, object]) -> None:
    """The identity has the best loss of all, also where the rubric forgot to require `bottleneck`."""
    numbers = {LOSS: 0.0, Quantity.BOTTLENECK_RANK: 30.0 if changes else 206.0}
    verdict = check(subject(measurements=replace(measured(numbers=numbers), **changes)))
    assert verdict.outcome is Outcome.SKIPPED
    assert english(verdict.message) == (
        "Not checked: the input reaches the output past the code, which makes the comparison meaningless."
    )


def test_where_the_code_is_free_everything_is_compared() -> None:
    """No size is asked for, so none is too wide."""
    found = measured(numbers={Quantity.CODE_SIZE: 64, Quantity.BOTTLENECK_RANK: 60})
    assert check(subject(measurements=found, facts=replace(FACTS, code_size=None))).outcome is Outcome.PASSED


# Where we cannot tell


@pytest.mark.parametrize("run", [TIMED_OUT, killed(StoppedBy.MEMORY), killed(StoppedBy.DISK), killed(StoppedBy.SIGNAL)])
def test_a_cut_run_without_full_credit_waits_for_a_person(run: RunRecord) -> None:
    """More training might have earned more."""
    verdict = judge(0.05, run)
    assert (verdict.outcome, verdict.share) == (Outcome.UNGRADABLE, 0.0)
    assert "Skill 0.50, where the mean image has 0 and the reference 1. More training might have earned more." in (
        english(verdict.message)
    )


def test_a_cut_run_with_full_credit_keeps_it() -> None:
    """More training could not have earned more."""
    assert judge(0.015, TIMED_OUT).outcome is Outcome.PASSED


def test_a_notebook_that_ended_itself_is_judged_by_what_it_reached() -> None:
    """Nobody else cut it short."""
    assert judge(0.05, killed(StoppedBy.OWN_EXIT)).outcome is Outcome.PARTIAL


def test_errors_of_the_notebook_do_not_wait() -> None:
    """The cell that raised is the student's; a module that our machine lacks is not."""
    run = raised(CellError(3, "ModuleNotFoundError", "No module named 'seaborn'"))
    assert check(subject(run, with_loss(0.05))).outcome is Outcome.PARTIAL
    assert check(subject(run, with_loss(0.05), missing_modules=("seaborn",))).outcome is Outcome.UNGRADABLE


def test_data_without_facts_waits_for_a_person() -> None:
    """There is no curve to judge by."""
    verdict = check(subject(measurements=with_loss(0.015, data="full")))
    assert verdict.outcome is Outcome.UNGRADABLE
    assert english(verdict.message) == "The reference has no facts for the data that we measured on, “full”."


def test_a_missing_loss_waits_for_a_person_and_says_why() -> None:
    """The first problem of the measuring is reported."""
    bare = without(measured(), LOSS)
    assert english(check(subject(measurements=bare)).message) == "We could not measure the reconstruction error."
    problem = MeasuringProblem("autoencoder", verbatim("The layer Magic is unknown to us."), ours=True)
    verdict = check(subject(measurements=replace(bare, problems=(problem,))))
    assert verdict.outcome is Outcome.UNGRADABLE
    assert english(verdict.message) == (
        "We could not measure the reconstruction error. The layer Magic is unknown to us."
    )


def test_a_training_that_ended_in_nan_fails() -> None:
    """That is the training's own result, not a gap of ours."""
    problem = MeasuringProblem("autoencoder", verbatim("Its weights are not finite numbers (NaN)."), ours=False)
    verdict = check(subject(measurements=replace(without(measured(), LOSS), problems=(problem,))))
    assert verdict.outcome is Outcome.FAILED
    assert english(verdict.message) == "Its weights are not finite numbers (NaN)."
    assert [english(finding.actual) for finding in verdict.findings] == ["Its weights are not finite numbers (NaN)."]


@pytest.mark.parametrize(
    ("slow", "hint"),
    [
        (
            SlowOptimizer(3, 2, "Adadelta", 0.001, 1.0),
            (
                "Cell 4 of the notebook, line 2: it trains with Adadelta at its default rate, which is 0.001 today and was 1 in papers and old "
                "tutorials: with 0.001 the loss hardly moves. State the rate yourself."
            ),
        ),
        (
            SlowOptimizer(3, 2, "SGD", 0.01, 0.01),
            (
                "Cell 4 of the notebook, line 2: it trains with SGD at its default rate, 0.01, with which an autoencoder needs very many "
                "epochs. State a larger rate, or take another optimizer."
            ),
        ),
    ],
)
def test_an_optimizer_at_a_rate_that_leads_nowhere_is_named(slow: SlowOptimizer, hint: str) -> None:
    """Where training went nowhere, and only there."""
    nowhere = replace(subject(measurements=measured(numbers={LOSS: 0.085})), slow_optimizers=(slow,))
    assert [reported.hint for reported in findings(check(nowhere))] == [hint]
    assert findings(check(replace(subject(), slow_optimizers=(slow,)))) == []


def test_what_made_the_training_another_than_was_meant_is_named_before_anything_else() -> None:
    """It raised no error, so nothing else leads to it; where the points are there, nobody is bothered with it."""
    idle = Translation(6, 3, "def call(self, x):", "", message("Data"), training=True)
    loud = Translation(2, 1, "nb_epoch=5", "epochs=5", message("Labels"), signs=("nb_epoch",))
    found = replace(subject(measurements=with_loss(0.05)), old_code=(loud, idle))
    assert [reported.hint for reported in findings(check(found))] == ["Cell 7 of the notebook, line 3: Data"]
    assert findings(check(replace(subject(), old_code=(loud, idle)))) == []


@pytest.mark.parametrize(("twice", "outcome"), [(0.0150001, Outcome.PASSED), (0.0160, Outcome.UNGRADABLE)])
def test_two_measurements_of_one_loss_must_agree(twice: float, outcome: Outcome) -> None:
    """In the rebuilt model and in our own network with the same weights; where they differ, something of ours is wrong."""
    found = measured(numbers={LOSS: 0.0150, Quantity.TRANSPLANTED_MSE: twice})
    assert check(subject(measurements=found)).outcome is outcome


def test_what_was_done_to_the_pixels_is_told_beside_the_loss() -> None:
    """Nobody should wonder why a model of bytes has an error between 0 and 1."""
    verdict = check(subject(measurements=with_loss(0.0150, conventions=(verbatim("Bytes."), verbatim("Logits.")))))
    assert english(verdict.message).endswith("and the reference 1. Bytes. Logits.")


def test_where_the_training_ended_with_an_error_the_loss_is_explained_by_that() -> None:
    """That its weights are like untrained ones says what the student sees anyway."""
    error = CellError(6, "ValueError", "no such callback", "autoencoder.fit(x, x)", stops_training=True)
    untrained = replace(measured(numbers={LOSS: UNTRAINED_MSE}), claims=RelatedClaims())
    reported = findings(CHECKS["reconstruction"].function(subject(raised(error), untrained), item("reconstruction")))[0]
    assert reported.actual == "An MSE of 0.1700: the training ended with an error."
    assert reported.why == (
        "A model was to be trained in cell 7 of the notebook, which ended with ValueError: no such callback: without "
        "its training a model knows nothing."
    )
    assert reported.hint == "Fix cell 7 of the notebook first: everything that is measured here follows from it."


def test_an_error_in_another_training_does_not_explain_a_model_that_learnt() -> None:
    """The autoencoder was trained before."""
    error = CellError(6, "ValueError", "no such callback", "classifier.fit(x, y)", stops_training=True)
    learnt = measured(numbers={LOSS: 0.04})
    reported = findings(CHECKS["reconstruction"].function(subject(raised(error), learnt), item("reconstruction")))[0]
    assert reported.why.startswith("An autoencoder is lossy")
