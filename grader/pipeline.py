"""The way of a submission, stage by stage: read `grade_submission` to know the product.

Stages return values and know nothing of each other; this module alone chains them, and holds the one error border:
whatever breaks on our side makes a grade that waits for a person, never a zero.
"""

from __future__ import annotations

import importlib.util
import os
import re
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from grader.audit.proof import Trial
from grader.audit.suspicion import Observed
from grader.audit.uploads import lacking_weights
from grader.auditing import Auditor
from grader.checks.causes import CauseKind, cause_of, named_modules
from grader.checks.few_updates import lost_for_few_updates
from grader.checks.method import judge_method
from grader.checks.registry import run_checks
from grader.checks.subject import Subject
from grader.checks.wording import brief
from grader.domain.assignment import Assignment
from grader.domain.colab import is_in_colab, is_installed_by
from grader.domain.evidence import RejectedClaimsError
from grader.domain.facts import ReferenceFacts
from grader.domain.grade import CheckResult, Grade, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.measurement import Measurements, MeasuringFailedError, Role
from grader.domain.messages import Message, message
from grader.domain.outdated import OldCode, Translation
from grader.domain.places import Places, cell_name, line_title
from grader.domain.ports import Measurer, MeasuringTask, Sandbox, SecretView
from grader.domain.run import CellError, RunRecord, RunStatus, StoppedBy
from grader.domain.submission import Notebook, Submission, UnreadableSubmissionError
from grader.extraction.claims import collect
from grader.intake.imports import imported_modules
from grader.intake.notebook import read_notebook
from grader.locale import Translator
from grader.scoring import score, with_lateness
from grader.translation.notebook import read_old_code

_OFFICIAL_SIZES = re.compile(r"\b(60_?000|10_?000|50_?000|55_?000|47040000|7840000)\b")
_NOT_RUN = RunRecord(RunStatus.UNAVAILABLE, StoppedBy.NOTHING)


@dataclass(frozen=True)
class GradingContext:
    """Everything that is the same for all submissions of a batch.

    Attributes:
        assignment: Rubric, limits, texts.
        facts: What a right model does.
        sandbox: Zone K.
        measurer: Zone M.
        images: `hidden` for grading, `public` on a student's own machine.
        data: `sample` or `full`: what the kernel sees.
        written_for: The data for which the notebooks were written: `full` for a class; `sample` where what it earns on
            the sample is final, as in a demonstration or a trial of a rubric.
        auditor: Runs hand-ins again on a secret view of the data; None where nobody is audited.
    """

    assignment: Assignment
    facts: ReferenceFacts
    sandbox: Sandbox
    measurer: Measurer
    images: str = "hidden"
    data: str = "full"
    written_for: str = "full"
    auditor: Auditor | None = None

    @property
    def is_short(self) -> bool:
        """Whether the kernel sees a sample of data of which the notebooks count on the whole."""
        return self.facts.has_sample and (self.data, self.written_for) == ("sample", "full")


def grade_submission(submission: Submission, context: GradingContext) -> GradedSubmission:
    """Grade one submission: intake, run, border, measurement, checks, score.

    Never raises for anything a submission holds or does, nor for a failure of ours: both end in a `GradedSubmission`.
    """
    started = time.monotonic()
    run, measurements, fault = _NOT_RUN, Measurements(), ""
    notes: tuple[Message, ...] = ()
    try:
        notebook = read_notebook(submission)
        old = _old_code(notebook, context)
        notes = (*notebook.notes, *(_translated(one, notebook.places) for one in old.applied))
        with private_folder() as folder:
            run = context.sandbox.run(old.notebook, context.assignment.limits, folder / "exchange")
            run = _with_places(run, notebook.places)
            fault = _sandbox_fault(run)
            evidence = collect(folder / "exchange", folder / "vetted")
            measurements = context.measurer.measure(evidence, _task(context))
        notes += tuple(message("Not run here: {request}", request=request) for request in evidence.requests)
        notes += measurements.conventions[:1] if measurements.by_behaviour else ()
        notes += _of_sample(context) + _of_weights(run, submission)
        lacking = missing_modules(run, evidence.requests)
        subject = _subject(notebook, old, run, measurements, context, lacking)
        results = run_checks(context.assignment.rubric, subject)
        reasons = _reasons(submission, notebook, run, measurements, context)
        results, method = judge_method(results, context.assignment.rubric, evidence.fits)
        reasons = (*reasons, *(() if method is None else (method,)))
        if context.auditor is not None:
            cells, facts = old.notebook.cells, context.facts
            twins = context.auditor.twins(submission.student, cells, measurements)
            observed = Observed(cells, notebook.companions, run, evidence, measurements, facts, context.data, twins)
            audited = context.auditor.audit(
                observed, results, context.assignment.rubric, lambda *where: _on_view(old.notebook, context, *where)
            )
            results, reasons, notes = audited.results, (*reasons, *audited.reasons), notes + audited.notes
        if context.is_short and (cause := lost_for_few_updates(results, measurements, evidence.fits)):
            reasons = (*reasons, cause)
        grade = score(results, reasons=reasons)
    except UnreadableSubmissionError as unreadable:
        grade = _ungradable(context.assignment, unreadable.reason)
    except RejectedClaimsError as rejected:
        reason = message("What the notebook left behind could not be accepted ({problem}).", problem=str(rejected))
        grade = _ungradable(context.assignment, reason)
    except Exception as error:  # noqa: BLE001 - the one border: our failure is never a student's zero
        fault = traceback.format_exc()
        grade = _ungradable(context.assignment, _our_failure(error))
    return GradedSubmission(
        student=submission.student,
        filename=submission.filename,
        sha256=submission.sha256,
        assignment=context.assignment.assignment,
        rubric_hash=context.assignment.rubric_hash,
        grade=with_lateness(grade, context.assignment.due, submission.submitted_at),
        run=run,
        measurements=measurements,
        notes=notes,
        wall_seconds=round(time.monotonic() - started, 3),
        fault=fault,
        submitted_at=submission.submitted_at,
    )


def failed_submission(submission: Submission, assignment: Assignment, error: BaseException) -> GradedSubmission:
    """Return what stands in the gradebook for a submission whose worker died before it could answer."""
    return GradedSubmission(
        student=submission.student,
        filename=submission.filename,
        sha256=submission.sha256,
        assignment=assignment.assignment,
        rubric_hash=assignment.rubric_hash,
        grade=with_lateness(_ungradable(assignment, _our_failure(error)), assignment.due, submission.submitted_at),
        run=_NOT_RUN,
        measurements=Measurements(),
        fault="".join(traceback.format_exception(error)),
        submitted_at=submission.submitted_at,
    )


def same_work(stored: GradedSubmission, submission: Submission, assignment: Assignment) -> GradedSubmission:
    """Return a stored grade of the same bytes as that of this hand-in: with its file name, time and lateness."""
    return replace(
        stored,
        filename=submission.filename,
        submitted_at=submission.submitted_at,
        grade=with_lateness(stored.grade, assignment.due, submission.submitted_at),
    )


def missing_modules(run: RunRecord, requests: Sequence[str] = ()) -> tuple[str, ...]:
    """List top-level modules that the notebook may rely on and this machine does not have.

    Those are what Colab has before anything is installed, and what the notebook itself asked to install. A module that
    neither has is a file that was not handed in, or a slip of the pen.

    Args:
        run: What we observed.
        requests: What the notebook asked for and did not get (`pip install -q umap-learn`).
    """
    names = dict.fromkeys(name for error in run.errors for name in named_modules(error))
    return tuple(
        name for name in names if not _is_here(name) and (is_in_colab(name) or is_installed_by(name, requests))
    )


def _subject(
    notebook: Notebook,
    old: OldCode,
    run: RunRecord,
    measurements: Measurements,
    context: GradingContext,
    lacking: tuple[str, ...],
) -> Subject:
    """Gather what the checks may see; the source is read for imports only where the assignment has a rule for them."""
    policy = context.assignment.imports
    imports = () if policy is None else imported_modules(notebook)
    return Subject(
        run,
        measurements,
        context.facts,
        lacking,
        imports,
        policy,
        old.left,
        old.still_slow,
        notebook.places,
    )


def _old_code(notebook: Notebook, context: GradingContext) -> OldCode:
    """Read the notebook for old code: it explains errors, and is translated only where that was asked for."""
    if context.assignment.compat:
        return read_old_code(notebook)
    try:
        return read_old_code(notebook).untranslated(notebook)
    except Exception:  # noqa: BLE001 - it would only have explained errors, which is no reason to hold a grade up
        return OldCode(notebook)


def _with_places(run: RunRecord, places: Places) -> RunRecord:
    """Note where the cells stand that the record names, so that reports can say it."""
    named = {run.last_cell, *(error.cell_index for error in run.errors)}
    return replace(run, places={index: place for index, place in places.items() if index in named})


def _translated(one: Translation, places: Places) -> Message:
    return message(
        "Translated: {place}: {before} → {after}",
        place=line_title(one.cell_index, one.line, places),
        before=one.before,
        after=one.after or "–",
    )


def _is_here(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ValueError:  # `__main__` is here, but was not found by a finder
        return True


def _task(context: GradingContext) -> MeasuringTask:
    names = tuple((role.value, role.value) for role in Role)
    return MeasuringTask(context.facts.reference, context.images, names)


def _on_view(notebook: Notebook, context: GradingContext, sandbox: Sandbox, view: SecretView) -> Trial:
    """Run a notebook on a secret view of the data and measure what it left on hidden data of the same view."""
    with private_folder() as folder:
        run = sandbox.run(notebook, context.assignment.limits, folder / "exchange")
        run = _with_places(run, notebook.places)
        try:
            evidence = collect(folder / "exchange", folder / "vetted")
        except RejectedClaimsError:  # its own doing, and not what it did on the plain data: a person looks
            return Trial(run, (), Measurements())
        return Trial(run, evidence.fits, context.measurer.measure(evidence, replace(_task(context), view=view)))


def _of_sample(context: GradingContext) -> tuple[Message, ...]:
    """Say in the report that a grade was made on the sample."""
    if context.data != "sample" or not context.facts.has_sample:
        return ()
    return (
        message(
            "Graded on the embedded sample, about a seventh of the data: numbers are those of fewer updates, and are "
            "compared with references that were trained on the same sample."
        ),
    )


def _of_weights(run: RunRecord, submission: Submission) -> tuple[Message, ...]:
    """Say how to hand in where a notebook loads weights from a file."""
    told = lacking_weights(run, submission.passed_over)
    return () if told is None else (told,)


def _sandbox_fault(run: RunRecord) -> str:
    """Return why the sandbox did not run the notebook at all: our failure, so that it is graded again; else ""."""
    if run.status is not RunStatus.UNAVAILABLE:
        return ""
    return Translator("en").text(run.detail) if run.detail else "the sandbox did not say why it was unavailable"


def _reasons(
    submission: Submission, notebook: Notebook, run: RunRecord, measurements: Measurements, context: GradingContext
) -> tuple[Message, ...]:
    """Say why a person must look although every check could be decided."""
    reasons = [] if submission.conflict is None else [submission.conflict]
    if Role.AUTOENCODER not in measurements.models and (crash := _crash(run)):
        reasons.append(
            message(
                "No autoencoder could be measured, because the notebook stopped with {error} in {cell}. Whether that "
                "is the student's mistake or this machine's, a person decides before it costs points.",
                error=crash.name,
                cell=cell_name(crash.cell_index, notebook.places),
            )
        )
    if Role.AUTOENCODER not in measurements.models and run.stopped_by is StoppedBy.OWN_EXIT:
        reasons.append(
            message(
                "No model could be measured, because a cell ended the notebook's own process, as Colab's way of "
                "restarting the runtime does. A person decides before it becomes a zero."
            )
        )
    if context.data == "sample" and run.errors and counts_official_images(notebook, run):
        reasons.append(
            message(
                "The notebook was written for the full data set and was run on the embedded sample. Grade it again "
                "without --data-size sample."
            )
        )
    return tuple(reasons)


def counts_official_images(notebook: Notebook, run: RunRecord) -> bool:
    """Tell whether the code or its errors hold a number of the full set: `X_train[:55000]` fails a cell later."""
    texts = [error.text for error in run.errors] + [cell.source for cell in notebook.cells]
    return any(_OFFICIAL_SIZES.search(text) for text in texts)


def _crash(run: RunRecord) -> CellError | None:
    """Return the first error of a run that does not come of a cell which nobody has completed."""
    causes = (cause_of(error, run.errors) for error in run.errors)
    return next((cause.error for cause in causes if cause.kind is not CauseKind.UNFINISHED), None)


def _ungradable(assignment: Assignment, reason: Message) -> Grade:
    """Hold every point of the rubric for a person."""
    results = tuple(CheckResult(item.check, Outcome.UNGRADABLE, 0.0, item.points, reason) for item in assignment.rubric)
    return score(results, reasons=(reason,))


def _our_failure(error: BaseException) -> Message:
    """Say in one line what broke; the whole traceback is kept in the grade's `fault`."""
    said = str(error).strip() or "–"
    last = said.splitlines()[-1] if isinstance(error, MeasuringFailedError) else said
    return message("The grader itself failed: {error}", error=brief(f"{type(error).__name__}: {last}"))


@contextmanager
def private_folder() -> Iterator[Path]:
    """Lend a folder that is deleted afterwards, whatever a notebook left in it and with whatever rights."""
    outer = Path(tempfile.mkdtemp(prefix="grader-"))
    folder = outer / "lent"
    folder.mkdir()
    try:
        yield folder
    finally:
        with suppress(OSError):  # a left-over temporary file is no reason to fail
            _delete(folder)
            outer.rmdir()


def _delete(folder: Path) -> None:
    """Delete a folder, parts of which a notebook may have closed, or nested deeper than paths and recursion go.

    No link is followed and nothing outside is changed: inner folders are moved beside `folder` and emptied there.
    """
    names = count()
    pending = [folder]
    while pending:
        current = pending.pop()
        with os.scandir(current) as found:
            entries = list(found)
        for entry in entries:
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                path.chmod(0o700)  # a closed folder cannot be moved
                pending.append(path.rename(folder.with_name(str(next(names)))))
            else:
                path.unlink()
        current.rmdir()
