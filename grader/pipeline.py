"""The stages of grading a submission, in order: read `observe` and `judge` to know the product.

Stages return values and do not know each other; only this module chains them, and it holds the one error border: a
failure of ours gives a grade that waits for a person, never a zero.
"""

from __future__ import annotations

import importlib.util
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace

from grader.audit.proof import AuditTrial
from grader.audit.suspicion import Observed
from grader.audit.uploads import lacking_weights
from grader.auditing import Auditor, applied
from grader.checks.core.causes import named_modules
from grader.checks.core.phrases import brief
from grader.checks.core.subject import Subject
from grader.checks.few_updates import lost_for_few_updates
from grader.checks.fitted_on_test import judge_method
from grader.checks.rubric import run_checks
from grader.domain.acceleration import is_shortened
from grader.domain.assignment import Assignment
from grader.domain.audit import AuditRecord
from grader.domain.cell_places import Places
from grader.domain.colab import is_in_colab, is_installed_by
from grader.domain.datasets import DataSize, Held
from grader.domain.evidence import Evidence, RejectedClaimsError, not_accepted
from grader.domain.facts import ReferenceFacts
from grader.domain.grade import CheckResult, Grade, Outcome
from grader.domain.graded import GradedSubmission, own_failure
from grader.domain.measurement import Measurements, MeasuringFailedError, Role
from grader.domain.messages import Message, message
from grader.domain.observation import Observation
from grader.domain.portrait import loss_curves
from grader.domain.ports import Measurer, MeasuringTask, Sandbox, SecretView
from grader.domain.progress import Stage, StageBegun, announce
from grader.domain.run import RunRecord, RunStatus
from grader.domain.submission import Notebook, Submission, UnreadableSubmissionError
from grader.extraction.collected_run import collected_run
from grader.held_grades import counts_official_images, reasons_to_look
from grader.intake.notebook import read_notebook
from grader.locale import Translator
from grader.reading.reading_client import within_limits
from grader.scoring import score, with_lateness
from grader.source_reading import as_read


@dataclass(frozen=True)
class GradingContext:
    """Everything that is the same for all submissions of a batch.

    Attributes:
        assignment: Rubric, limits, texts.
        facts: What a right model does.
        sandbox: The student's kernel (zone K).
        measurer: The measuring process (zone M).
        images: `hidden` for grading, `public` on a student's own machine.
        data: `sample` or `full`: what the kernel sees.
        fast: Zone K with accelerated trainings, for a first run (`accelerated_grading.py`); None if there is none.
        written_for: The data for which the notebooks were written: `full` for a class; `sample` where what it earns on
            the sample is final, as in a demonstration or a trial of a rubric.
        run_again: Students whose hand-ins a batch runs once more, whatever the gradebook holds: everyone where it is
            empty, nobody where it is None.
        auditor: Runs hand-ins again on a secret view of the data; None if nobody is audited.
        shortens: Whether `sandbox` may end trainings early.
    """

    assignment: Assignment
    facts: ReferenceFacts
    sandbox: Sandbox
    measurer: Measurer
    images: Held = Held.HIDDEN
    data: DataSize = DataSize.FULL
    written_for: DataSize = DataSize.FULL
    run_again: tuple[str, ...] | None = None
    auditor: Auditor | None = None
    fast: Sandbox | None = None
    shortens: bool = False

    def runs_again(self, student: str) -> bool:
        """Return whether a student's hand-in must run again although it has run before."""
        return self.run_again is not None and (not self.run_again or student in self.run_again)


def grade_submission(submission: Submission, context: GradingContext) -> GradedSubmission:
    """Grade one submission: intake, run, border, measurement; then checks and score.

    Never raises: neither the submission nor a failure of ours can prevent a `GradedSubmission`.
    """
    return judge(observe(submission, context), submission, context.assignment, context.facts)


def observe(submission: Submission, context: GradingContext) -> Observation:
    """Observe everything that points may depend on: read, run, vet the output, measure. Never raises."""
    started = time.monotonic()
    seen = Observation(context.data, context.written_for)
    try:
        notebook = within_limits(read_notebook, submission)
        seen, to_run = as_read(seen, notebook, translates=context.assignment.compat)
        limits = context.assignment.limits
        announce(StageBegun(Stage.RUNNING, len(to_run.cells), limits.notebook_seconds))
        with collected_run(to_run, context.sandbox, limits) as left:
            run = left.run
            seen = replace(seen, run=_with_places(run, notebook.places), fault=_sandbox_fault(run))
            evidence = left.evidence()
            announce(StageBegun(Stage.MEASURING, len(evidence.models)))
            measurements = context.measurer.measure(evidence, _task(context))
        seen = replace(
            seen,
            measurements=measurements,
            shortened=context.shortens and is_shortened(evidence.fits, run),
            fits=tuple(evidence.fits),
            requests=tuple(evidence.requests),
            missing_modules=missing_modules(run, evidence.requests),
            places=_named_places(seen, notebook.places),
            counts_official_images=bool(run.errors) and counts_official_images(notebook, run),
            notes=(*seen.notes, *_of_weights(run, submission)),
        )
        seen = replace(seen, audit=_audit(seen, submission.student, to_run, evidence, context))
    except UnreadableSubmissionError as unreadable:
        seen = replace(seen, problem=unreadable.reason)
    except RejectedClaimsError as rejected:
        reason = not_accepted(problem=str(rejected))
        seen = replace(seen, problem=reason)
    except Exception as error:  # noqa: BLE001 - the one border: our failure is never a student's zero
        seen = replace(seen, problem=_our_failure(error), fault=traceback.format_exc())
    return replace(seen, wall_seconds=round(time.monotonic() - started, 3))


def judge(seen: Observation, submission: Submission, assignment: Assignment, facts: ReferenceFacts) -> GradedSubmission:
    """Give the points: checks and arithmetic on the observation, in milliseconds. Never raises."""
    fault, notes = seen.fault, seen.notes
    try:
        if seen.problem is not None:
            grade = _ungradable(assignment, seen.problem)
        else:
            notes += tuple(message("Not run here: {request}", request=request) for request in seen.requests)
            notes += seen.measurements.conventions[:1] if seen.measurements.by_behaviour else ()
            notes += _of_sample(seen, facts)
            results = run_checks(assignment.rubric, _subject(seen, assignment, facts))
            reasons = reasons_to_look(submission, seen)
            results, method = judge_method(results, assignment.rubric, seen.fits)
            reasons = (*reasons, *(() if method is None else (method,)))
            if seen.audit is not None:
                audited = applied(seen.audit, results, assignment.rubric)
                results, reasons, notes = audited.results, (*reasons, *audited.reasons), notes + audited.notes
            if seen.is_short(facts) and (cause := lost_for_few_updates(results, seen.measurements, seen.fits)):
                reasons = (*reasons, cause)
            grade = score(results, reasons=reasons)
    except Exception as error:  # noqa: BLE001 - the same border for a check that breaks
        fault = traceback.format_exc()
        grade = _ungradable(assignment, _our_failure(error))
    return GradedSubmission(
        student=submission.student,
        filename=submission.filename,
        sha256=submission.sha256,
        assignment=assignment.assignment,
        rubric_hash=assignment.rubric_hash,
        grade=with_lateness(grade, assignment.due, submission.submitted_at),
        run=seen.run,
        measurements=seen.measurements,
        notes=notes,
        wall_seconds=seen.wall_seconds,
        accelerated=seen.shortened,
        fault=fault,
        submitted_at=submission.submitted_at,
        conflict=submission.conflict,
        audit=seen.audit,
        curves=loss_curves(seen.fits),
    )


def broken_observation(error: BaseException, context: GradingContext) -> Observation:
    """Return the observation of a submission whose worker died before it could answer."""
    return Observation(
        context.data, context.written_for, problem=_our_failure(error), fault="".join(traceback.format_exception(error))
    )


def missing_modules(run: RunRecord, requests: Sequence[str] = ()) -> tuple[str, ...]:
    """List top-level modules that the notebook may need and this machine lacks.

    These are the modules that Colab has preinstalled, and those that the notebook asked to install. Any other missing
    module is a file that was not handed in, or a typing error.

    Args:
        run: What we observed.
        requests: What the notebook asked for and did not get (`pip install -q umap-learn`).
    """
    names = dict.fromkeys(name for error in run.errors for name in named_modules(error))
    return tuple(
        name for name in names if not _is_here(name) and (is_in_colab(name) or is_installed_by(name, requests))
    )


def _named_places(seen: Observation, places: Places) -> Places:
    """Keep only the places of the cells that the observation names, not of a hundred thousand others."""
    named = {seen.run.last_cell, *(error.cell_index for error in seen.run.errors)}
    named |= {one.cell_index for one in seen.imports} | {one.cell_index for one in seen.old_code}
    named |= {one.cell_index for one in seen.slow_optimizers}
    return {index: place for index, place in places.items() if index in named}


def _subject(seen: Observation, assignment: Assignment, facts: ReferenceFacts) -> Subject:
    """Collect what the checks may see; imports only if the assignment has a rule for them."""
    policy = assignment.imports
    return Subject(
        seen.run,
        seen.measurements,
        facts,
        seen.missing_modules,
        () if policy is None else seen.imports,
        policy,
        seen.old_code,
        seen.slow_optimizers,
        seen.places,
    )


def _with_places(run: RunRecord, places: Places) -> RunRecord:
    """Add where the cells named in the record are, so that reports can show it."""
    named = {run.last_cell, *(error.cell_index for error in run.errors)}
    return replace(run, places={index: place for index, place in places.items() if index in named})


def _is_here(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ValueError:  # `__main__` exists, but no finder has found it
        return True


def _task(context: GradingContext) -> MeasuringTask:
    names = tuple((role.value, role.value) for role in Role)
    constants = context.assignment.reference_constants
    return MeasuringTask(context.facts.reference, context.images, names, reference_constants=constants)


def _audit(
    seen: Observation, student: str, notebook: Notebook, evidence: Evidence, context: GradingContext
) -> AuditRecord | None:
    """Run the notebook again on a secret view of the data, if needed."""
    if context.auditor is None:
        return None
    results = run_checks(context.assignment.rubric, _subject(seen, context.assignment, context.facts))
    observed = Observed(
        notebook.cells,
        notebook.companions,
        seen.run,
        evidence,
        seen.measurements,
        context.facts,
        context.data,
        shortened=seen.shortened,
        twins=context.auditor.twins(student, notebook.cells, seen.measurements),
    )
    return context.auditor.examine(observed, results, lambda *where: _on_view(notebook, context, *where))


def _on_view(notebook: Notebook, context: GradingContext, sandbox: Sandbox, view: SecretView) -> AuditTrial:
    """Run a notebook on a secret view of the data and measure what it left on hidden data of the same view."""
    announce(StageBegun(Stage.AUDITING, len(notebook.cells), context.assignment.limits.notebook_seconds))
    with collected_run(notebook, sandbox, context.assignment.limits) as left:
        run = _with_places(left.run, notebook.places)
        try:
            evidence = left.evidence()
        except RejectedClaimsError:  # its own fault, unlike in the run on the plain data: a person looks
            return AuditTrial(run, (), Measurements())
        return AuditTrial(run, evidence.fits, context.measurer.measure(evidence, replace(_task(context), view=view)))


def _of_sample(seen: Observation, facts: ReferenceFacts) -> tuple[Message, ...]:
    """Say in the report that a grade was made on the sample."""
    if seen.data != DataSize.SAMPLE or not facts.has_sample:
        return ()
    return (
        message(
            "Graded on the embedded sample, about a seventh of the data: numbers are those of fewer updates, and are "
            "compared with references that were trained on the same sample."
        ),
    )


def _of_weights(run: RunRecord, submission: Submission) -> tuple[Message, ...]:
    """Explain how to hand in a notebook that loads weights from a file."""
    advice = lacking_weights(run, submission.passed_over)
    return () if advice is None else (advice,)


def _sandbox_fault(run: RunRecord) -> str:
    """Return why the sandbox did not run the notebook at all (our failure, so that it is graded again), or ""."""
    if run.status is not RunStatus.UNAVAILABLE:
        return ""
    return Translator("en").text(run.detail) if run.detail else "the sandbox did not say why it was unavailable"


def _ungradable(assignment: Assignment, reason: Message) -> Grade:
    """Hold every point of the rubric for a person."""
    results = tuple(CheckResult(item.check, Outcome.UNGRADABLE, 0.0, item.points, reason) for item in assignment.rubric)
    return score(results, reasons=(reason,))


def _our_failure(error: BaseException) -> Message:
    """Say in one line what failed; the grade's `fault` holds the whole traceback."""
    said = str(error).strip() or "–"
    last = said.splitlines()[-1] if isinstance(error, MeasuringFailedError) else said
    return own_failure(error=brief(f"{type(error).__name__}: {last}"))
