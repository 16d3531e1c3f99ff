"""`runs`: the notebook runs from its first cell to its last."""

from __future__ import annotations

from typing import Final

from grader.checks.core.absence import was_cut, why_stopped, why_unknown
from grader.checks.core.advice import READ_THE_LAST_LINE, WHY_CELLS_FAIL_LATER
from grader.checks.core.causes import CauseKind, cause_of, is_unfinished, missing_module
from grader.checks.core.check import Check, Needs, TrainingUse
from grader.checks.core.parameters import Parameter
from grader.checks.core.phrases import brief, lacking_modules, notebook
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, by_share, failed, passed, ungradable
from grader.checks.notebook.cell_order import hint_to_reorder, why_in_wrong_order
from grader.checks.notebook.error_advice import advice
from grader.domain.assignment import RubricItem
from grader.domain.cell_places import Places, cell_title
from grader.domain.grade import Finding
from grader.domain.measurement import Role
from grader.domain.messages import Message, message, verbatim
from grader.domain.run import CellError, RunRecord, RunStatus

SHARE_WITH_ERRORS: Final = Parameter(
    "share_with_errors", 0.5, message("share of the points where cells raise and an autoencoder is there"), maximum=1.0
)


def check_runs(subject: Subject, item: RubricItem) -> Verdict:
    """Every cell runs without an error, from top to bottom, in a fresh kernel.

    With errors but an autoencoder, part of the points; all of them if the failing cells only looked for a GPU, or if
    only given cells failed because the student's models have other names (names are free). For a limit, a signal or a
    module missing on our machine, a person looks, since it is unknown how the run would have ended.
    """
    run = subject.run
    if run.status is RunStatus.COMPLETED:
        return passed(message("Every cell ran without an error. Code cells: {count}.", count=run.cells_run))
    findings = _error_findings(subject)
    if was_cut(run):
        stop = (_stop_finding(run, subject.places),) if run.status is not RunStatus.UNAVAILABLE else ()
        return ungradable(_how_it_ended(run), findings=(*findings, *stop))
    if run.status is RunStatus.KILLED:
        return failed(_how_it_ended(run), (*findings, _own_exit_finding(run, subject.places)))
    return _raised(subject, findings, SHARE_WITH_ERRORS.of(item))


def _raised(subject: Subject, findings: tuple[Finding, ...], share: float) -> Verdict:
    errors = subject.run.errors
    failing = len(errors) + subject.run.errors_left_out
    causes = [cause_of(error, errors, subject.missing_modules) for error in errors]
    lacking = sorted({missing_module(cause.error, subject.missing_modules) for cause in causes} - {""})
    if lacking:
        lack = lacking_modules(modules=", ".join(lacking))
        return ungradable(lack, findings=findings)
    found = subject.model(Role.AUTOENCODER) is not None
    unknown = why_unknown(subject)
    if not found and unknown is not None:
        summary = message("Cells that ended with an error: {count}. {reason}", count=failing, reason=unknown)
        return ungradable(summary, findings=findings)
    kinds = {cause.kind for cause in causes}
    if found and failing == len(errors) and kinds and kinds <= _FREE.keys():
        return by_share(1.0, next(reason for kind, reason in _FREE.items() if kind in kinds), findings)
    summary = message("Cells that ended with an error: {count}.", count=failing)
    return by_share(share if found else 0.0, summary, findings or (_unknown_cell_finding(),))


_FREE: Final = {
    CauseKind.OTHER_NAME: message(
        "Every cell of your own ran without an error. Given cells did not find your models, which have other names "
        "than theirs: names are free, and no point is lost for that."
    ),
    CauseKind.ACCELERATOR: message(
        "Every cell ran without an error, but for those that ask for a GPU or a TPU: the grading machine has none, and "
        "no point is lost for that."
    ),
}
"""Causes that cost nothing; if both occur, the report names the first one in this table."""


# Findings


def _error_findings(subject: Subject) -> tuple[Finding, ...]:
    errors = subject.run.errors
    return tuple(_error_finding(error, subject) for error in errors)


def _error_finding(error: CellError, subject: Subject) -> Finding:
    general = advice(
        error,
        among=subject.run.errors,
        old_code=subject.old_code,
        missing_modules=subject.missing_modules,
        places=subject.places,
    )
    return Finding(
        where=cell_title(error.cell_index, subject.places),
        expected=_expected(error),
        actual=_actual(error),
        why=why_in_wrong_order(error, subject.places) or general.why,
        hint=hint_to_reorder(error, subject.places) or general.hint,
    )


def _expected(error: CellError) -> Message:
    if is_unfinished(error):
        return message("A cell completed with your own code.")
    return message("A cell that runs without an error.")


def _actual(error: CellError) -> Message:
    text = brief(error.text)
    problem = f"{error.name}: {text}" if text else error.name
    if error.line:
        return message("{problem} (in the line: {line})", problem=problem, line=brief(error.line))
    return verbatim(problem)


def _stop_finding(run: RunRecord, places: Places) -> Finding:
    return Finding(
        where=_last_place(run, places),
        expected=message("A notebook that ends by itself, within the limits of the assignment."),
        actual=why_stopped(run),
        why=message("It is unknown what the notebook would have done after we stopped it: a person will look."),
        hint=message("Time each cell on your own; look for loops without an end, many epochs, and copies of the data."),
    )


def _own_exit_finding(run: RunRecord, places: Places) -> Finding:
    return Finding(
        where=_last_place(run, places),
        expected=message("A notebook that ends after its last cell."),
        actual=why_stopped(run),
        why=message("Nothing after that cell was run, so that whatever follows it cannot count."),
        hint=message("Look in this cell for calls that end the process or restart the runtime, and remove them."),
    )


def _unknown_cell_finding() -> Finding:
    return Finding(
        where=notebook(),
        expected=message("A cell that runs without an error."),
        actual=message("A cell ended with an error; which one was not recorded."),
        why=WHY_CELLS_FAIL_LATER,
        hint=READ_THE_LAST_LINE,
    )


def _last_place(run: RunRecord, places: Places) -> Message:
    return notebook() if run.last_cell < 0 else cell_title(run.last_cell, places)


def _how_it_ended(run: RunRecord) -> Message:
    if run.detail is None:
        return why_stopped(run)
    return message("{reason} {detail}", reason=why_stopped(run), detail=run.detail)


CHECKS: Final = (
    Check(
        "runs",
        check_runs,
        Needs(models=(), training=TrainingUse.NONE, layers=False, samples=False),
        parameters=(SHARE_WITH_ERRORS,),
    ),
)
