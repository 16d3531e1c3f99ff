"""The audit in the way of a submission, with fakes at both ports: who is audited, and what follows."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from checks import builders
from grading_samples import FakeMeasurer, FakeSandbox, context, in_english, outcomes, reasons, submission

from grader import auditing
from grader.audit.proof import AuditTrial
from grader.audit.suspicion import WITHOUT_KERAS, Observed
from grader.auditing import Auditor
from grader.domain.audit import AuditOutcome, AuditRecord
from grader.domain.evidence import Evidence, ModelClaim, RelatedClaims
from grader.domain.grade import CheckResult, GradeStatus, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.measurement import Measurements, Quantity
from grader.domain.messages import message
from grader.domain.ports import AuditMode, MeasuringTask, Sandbox, SecretView
from grader.domain.submission import CodeCell
from grader.pipeline import grade_submission
from reference import views

HONEST, FOREIGN, BETWEEN = 0.0155, 0.1310, 0.0500
"""Errors on a view: like the plain one (0.015), worse than the mean image (0.085), and nothing that decides."""

NOTHING = (GradeStatus.FINAL, 100.0, [])


@dataclass
class FakeViews:
    """Lends fake sandboxes and remembers for what."""

    sandbox: FakeSandbox = field(default_factory=FakeSandbox)
    lent: list[tuple[str, int]] = field(default_factory=list)

    def lend(self, kind: str, attempt: int) -> tuple[Sandbox, SecretView]:
        """The same sandbox for each, under a view of its own."""
        self.lent.append((kind, attempt))
        return self.sandbox, SecretView(kind, attempt)


@dataclass
class SeesViews(FakeMeasurer):
    """Measures one error on the plain data and others on views, in order."""

    plain: Measurements = field(default_factory=builders.measured)
    errors: tuple[float | None, ...] = ()

    def measure(self, evidence: Evidence, task: MeasuringTask) -> Measurements:
        """What was reported for this view."""
        self.seen.append((evidence, task))
        if task.view is None:
            return self.plain
        error = self.errors[task.view.seed]
        if error is None:
            return Measurements(data="sample")
        return replace(
            self.plain, values={**self.plain.values, **builders.values({Quantity.RECONSTRUCTION_MSE: error})}
        )


def measured(*, trained: bool = True, view: str = views.PIXELS, error: float = builders.RIGHT_MSE) -> Measurements:
    numbers = {Quantity.MEAN_IMAGE_MSE: builders.MEAN_IMAGE_MSE, Quantity.RECONSTRUCTION_MSE: error}
    return replace(builders.measured(numbers=numbers), claims=RelatedClaims(trained), view=view)


def audited(
    folder: Path, plain: Measurements, *errors: float | None, mode: AuditMode = AuditMode.SUSPICIOUS
) -> tuple[GradedSubmission, FakeViews]:
    lender = FakeViews()
    asked = context(measurer=SeesViews(plain=plain, errors=errors), auditor=Auditor(mode, lender))
    return grade_submission(submission(folder), asked), lender


def essence(graded: GradedSubmission) -> tuple[GradeStatus, float, list[str]]:
    return graded.grade.status, graded.grade.points_awarded, reasons(graded)


def test_an_honest_hand_in_is_run_once(tmp_path: Path) -> None:
    """Nothing is suspicious, nothing is audited, and the report says nothing of it."""
    graded, lender = audited(tmp_path, measured())
    assert (essence(graded), lender.lent) == (NOTHING, [])
    assert not any("udit" in in_english(note) for note in graded.notes)


def test_all_are_run_again_where_that_was_asked(tmp_path: Path) -> None:
    """Passed: the grade stays final, and the report says that it was audited."""
    graded, lender = audited(tmp_path, measured(), HONEST, mode=AuditMode.ALL)
    assert (essence(graded), lender.lent) == (NOTHING, [(views.PIXELS, 0)])
    assert in_english(graded.notes[-1]) == (
        "Audited and passed: run again on a secret view of the data, the model takes away 82 % of the error of the mean "
        "sample there, and 82 % on the plain data."
    )


def test_nobody_is_audited_where_that_was_asked(tmp_path: Path) -> None:
    """As in a student's own check."""
    graded, lender = audited(tmp_path, measured(trained=False), FOREIGN, mode=AuditMode.NONE)
    assert (essence(graded), lender.lent) == (NOTHING, [])


def test_a_failure_on_two_views_takes_what_was_to_be_learnt_and_nothing_else(tmp_path: Path) -> None:
    """Structure keeps its points; a person decides; the report tells what was seen and what to do."""
    graded, lender = audited(tmp_path, measured(trained=False), FOREIGN, FOREIGN)
    assert lender.lent == [(views.PIXELS, 0), (views.QUADRANTS, 1)]
    assert (graded.grade.status, graded.grade.points_awarded) == (GradeStatus.NEEDS_REVIEW, 80.0)
    lost = {check for check, outcome in outcomes(graded).items() if outcome is not Outcome.PASSED}
    assert lost == {"reconstruction"}
    *seen, undertrained = reasons(graded)
    assert undertrained.startswith("Run on the embedded sample")  # as every grade that lost what is learnt there
    assert seen == [
        (
            "Audit: the notebook was run again on 2 secret views of the data. Its model takes away 82 % of the error of the "
            "mean sample on the plain data and -54 %, -54 % on the views, where a training reaches as much as on the plain "
            "data. This is what was seen and no verdict: the points for what was to be learnt are held back until a person "
            "has looked at the notebook."
        ),
        "Looked at more closely: No training of the measured network was seen while the notebook ran.",
    ]
    (finding, *_) = next(r for r in graded.grade.results if r.check == "reconstruction").findings
    assert "write to your instructor" in in_english(finding.hint)
    assert not any(
        word in in_english(reason).lower() for reason in graded.grade.reasons for word in ("cheat", "fraud", "copied")
    )


@pytest.mark.parametrize("second", [HONEST, BETWEEN, None])
def test_a_failure_on_one_view_alone_takes_no_point(tmp_path: Path, second: float | None) -> None:
    """An unlucky seed, or something in the notebook to which neighbours matter: a person looks."""
    graded, lender = audited(tmp_path, measured(), FOREIGN, second, mode=AuditMode.ALL)
    assert (graded.grade.status, graded.grade.points_awarded, len(lender.lent)) == (GradeStatus.NEEDS_REVIEW, 100.0, 2)


def test_views_that_keep_neighbours_are_confirmed_on_another_of_their_kind(tmp_path: Path) -> None:
    """There is no gentler one."""
    _, lender = audited(tmp_path, measured(view=views.CONTRAST), FOREIGN, FOREIGN, mode=AuditMode.ALL)
    assert lender.lent == [(views.CONTRAST, 0), (views.CONTRAST, 1)]
    assert auditing.QUADRANTS == views.QUADRANTS
    assert {views.PIXELS, views.COLUMNS} == auditing._ORDERS


@pytest.mark.parametrize("error", [BETWEEN, None])
def test_what_decides_nothing_takes_no_point_and_waits(tmp_path: Path, error: float | None) -> None:
    """A number in between, or none at all."""
    graded, lender = audited(tmp_path, measured(), error, mode=AuditMode.ALL)
    assert (graded.grade.status, graded.grade.points_awarded, len(lender.lent)) == (GradeStatus.NEEDS_REVIEW, 100.0, 1)
    assert len(reasons(graded)) == 1


def test_what_was_computed_here_without_a_training_waits_for_a_person_with_the_rubrics_word(tmp_path: Path) -> None:
    """A PCA in the layers passes rightly; whether it earns the points, the rubric's author knows."""
    graded, _ = audited(tmp_path, measured(trained=False), HONEST)
    assert essence(graded) == (
        GradeStatus.NEEDS_REVIEW,
        100.0,
        [
            (
                "No training was seen that explains it, and yet the model passed the audit: its weights were computed while "
                "the notebook ran, as where a PCA is put into the layers. The rubric gives 20 points for “reconstruction”; whether this "
                "earns them, a person decides."
            )
        ],
    )


def test_data_that_the_notebook_makes_have_no_view(tmp_path: Path) -> None:
    """The report says so, and the grade stays."""
    graded, lender = audited(tmp_path, measured(view=views.NO_VIEW), mode=AuditMode.ALL)
    assert (essence(graded), lender.lent) == (NOTHING, [])
    assert in_english(graded.notes[-1]) == (
        "Not audited: the notebook makes its data by itself, so there is no secret view of them."
    )


def test_what_has_learnt_nothing_is_not_run_again(tmp_path: Path) -> None:
    """There is nothing that could have been learnt elsewhere."""
    graded, lender = audited(tmp_path, measured(error=0.0780), mode=AuditMode.ALL)
    assert lender.lent == []
    assert in_english(graded.notes[-1]) == "Not audited: the model has learnt too little to ask where it was learnt."


def test_the_run_on_the_view_gets_the_same_notebook_under_the_same_limits(tmp_path: Path) -> None:
    """Nothing but the data is another."""
    plain, lender = FakeSandbox(), FakeViews()
    measurer = SeesViews(plain=measured(), errors=(HONEST,))
    grade_submission(submission(tmp_path), context(plain, measurer, auditor=Auditor(AuditMode.ALL, lender)))
    assert lender.sandbox.seen == plain.seen
    assert lender.sandbox.limits == plain.limits
    tasks = [task for _, task in measurer.seen]
    assert replace(tasks[1], view=None) == tasks[0]
    assert tasks[1].view == SecretView(views.PIXELS, 0)


def test_claims_that_are_refused_on_the_view_alone_wait_for_a_person(tmp_path: Path) -> None:
    """They were in order on the plain data, so that is the notebook's doing."""
    lender = FakeViews(FakeSandbox(claims="{"))
    asked = context(measurer=SeesViews(plain=measured(), errors=(HONEST,)), auditor=Auditor(AuditMode.ALL, lender))
    graded = grade_submission(submission(tmp_path), asked)
    assert (graded.grade.status, graded.grade.points_awarded) == (GradeStatus.NEEDS_REVIEW, 100.0)


def examined(plain: Observed, viewed: Measurements) -> AuditRecord | None:
    """What an audit of a hand-in shows that earned points for what it learnt."""
    results = [CheckResult("accuracy", Outcome.PASSED, 20.0, 20.0, message("right"))]
    auditor = Auditor(AuditMode.SUSPICIOUS, FakeViews())
    return auditor.examine(plain, results, lambda *_: AuditTrial(builders.COMPLETED, (), viewed))


def observed(plain: Measurements, class_name: str = "Functional") -> Observed:
    model = ModelClaim("m", ("autoencoder",), class_name, (), (), (), "", (), {}, 0)
    run = replace(builders.COMPLETED, peak_memory_mib=900.0)
    return Observed((), (), run, Evidence(models=(model,)), plain, builders.FACTS, "sample")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(HONEST, AuditOutcome.PASSED), (FOREIGN, AuditOutcome.FAILED), (BETWEEN, AuditOutcome.UNCLEAR)],
)
def test_a_network_without_keras_is_always_run_again(error: float, outcome: AuditOutcome) -> None:
    """Nobody sees its training, so that pasted arrays would be as good as trained ones; it is no suspicion."""
    record = examined(observed(measured(), WITHOUT_KERAS), measured(error=error))
    assert record is not None
    assert (record.outcome, record.suspicions) == (outcome, ())
    assert examined(observed(measured()), measured(error=error)) is None


@pytest.mark.parametrize(
    ("view", "size", "outcome"),
    [
        (views.QUADRANTS, 60_000, AuditOutcome.UNCLEAR),
        (views.CONTRAST, 60_000, AuditOutcome.UNCLEAR),
        (views.PIXELS, 60_000, AuditOutcome.PASSED),
        (views.QUADRANTS, 20_000, AuditOutcome.PASSED),
    ],
)
def test_whoever_may_know_all_views_waits_for_a_person(view: str, size: int, outcome: AuditOutcome) -> None:
    """163,814 weights of two bits are 41 kB; nine views that keep neighbours can be learnt elsewhere, 784! orders not."""
    text = base64.b85encode(np.random.default_rng(1).bytes(size)).decode()
    plain = replace(observed(measured(view=view)), cells=[CodeCell(0, "", f"x = {text!r}")])
    record = examined(plain, measured(error=HONEST))
    assert record is not None
    assert record.outcome is outcome


@pytest.mark.parametrize(("there", "outcome"), [(0.12, AuditOutcome.UNCLEAR), (0.85, AuditOutcome.COMPUTED)])
def test_a_classifier_is_looked_at_although_its_autoencoder_learnt_nothing(there: float, outcome: AuditOutcome) -> None:
    """Its weights may be pasted over an autoencoder that never trained."""
    weak = measured(trained=False, error=0.084)
    plain, viewed = (
        replace(weak, values={**weak.values, **builders.values({Quantity.ACCURACY: one})}) for one in (0.9, there)
    )
    record = examined(observed(plain), viewed)
    assert record is not None
    assert record.outcome is outcome
    assert getattr(examined(observed(weak), weak), "outcome", None) is AuditOutcome.TOO_LITTLE
