"""Explains a missing model or number: whether the student or we caused it, as far as we know.

A missing model counts against the student only if the notebook had a full chance to make it. If our limit, our machine
or our own measuring prevented that, the cause is undecidable, and a person looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from grader.checks.core.causes import destroyed_by_surroundings
from grader.checks.core.environment_advice import what_is_lacking
from grader.checks.core.phrases import lacking_modules
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, skipped, ungradable
from grader.domain.measurement import Role
from grader.domain.messages import Message, MessageValue, message
from grader.domain.run import RunRecord, RunStatus, StoppedBy

NOT_MEASURED: Final = message("No autoencoder was measured.")


NOT_CHECKED: Final = message("Not checked: no autoencoder was found.")


_STOPPED: Final[Mapping[StoppedBy, Message]] = {
    StoppedBy.CELL_TIME: message("One cell took longer than a cell may."),
    StoppedBy.NOTEBOOK_TIME: message("The notebook took longer than a notebook may."),
    StoppedBy.IDLE: message(
        "One cell did nothing for a minute (as one that waits for an input, a lock or a long pause) and was ended."
    ),
    StoppedBy.MEMORY: message("The notebook used more memory than it may."),
    StoppedBy.DISK: message("The notebook wrote more to disk than it may."),
    StoppedBy.OWN_EXIT: message("The notebook ended its own kernel."),
    StoppedBy.SIGNAL: message("The kernel was ended by a signal."),
    StoppedBy.SANDBOX: message("Our sandbox stopped working."),
}


def why_stopped(run: RunRecord) -> Message:
    """Say in a sentence what ended the run before its last cell."""
    if run.status is RunStatus.UNAVAILABLE:
        return message("Our machine could not run the notebook.")
    reason = _STOPPED.get(run.stopped_by)
    if reason is not None:
        return reason
    if run.status is RunStatus.TIMED_OUT:
        return message("A time limit passed.")
    return message("The kernel ended for a reason that we do not know.")


def was_cut(run: RunRecord) -> bool:
    """Return whether something other than the notebook's own code ended the run before its last cell."""
    if run.status is RunStatus.KILLED:
        return run.stopped_by is not StoppedBy.OWN_EXIT
    return run.status in {RunStatus.TIMED_OUT, RunStatus.UNAVAILABLE}


def why_incomplete(subject: Subject) -> Message | None:
    """Say why the notebook may not have shown everything it can do, or None if it had a full chance."""
    if was_cut(subject.run):
        return why_stopped(subject.run)
    if subject.run.status is not RunStatus.COMPLETED and subject.missing_modules:
        return lacking_modules(modules=", ".join(subject.missing_modules))
    lost = destroyed_by_surroundings(subject)
    return None if lost is None else what_is_lacking(lost, subject.missing_modules)


def why_unknown(subject: Subject) -> Message | None:
    """Say why a missing model may not be the student's fault, or None if it is."""
    incomplete = why_incomplete(subject)
    if incomplete is not None:
        return incomplete
    for problem in subject.measurements.problems:
        if problem.ours:
            return problem.reason
    return None


def without_autoencoder(subject: Subject) -> Verdict | None:
    """Return the verdict of every check if no autoencoder was measured, or None if one was."""
    if subject.model(Role.AUTOENCODER) is not None:
        return None
    unknown = why_unknown(subject)
    if unknown is None:
        return skipped(NOT_CHECKED)
    return ungradable(message("We cannot tell, as no autoencoder was measured. {reason}", reason=unknown))


def perhaps_more(*, summary: MessageValue, reason: MessageValue) -> Message:
    """Say that there may be more than what was counted."""
    return message("{summary} We cannot tell whether there was more. {reason}", summary=summary, reason=reason)


def might_have_earned_more(*, summary: MessageValue, reason: MessageValue) -> Message:
    """Say that a run that was ended early may have cost points."""
    return message("{summary} More training might have earned more. {reason}", summary=summary, reason=reason)


def perhaps_missing(*, reason: MessageValue) -> Message:
    """Say that a model may only be missing because the run was ended."""
    return message("We cannot tell whether a model is missing. {reason}", reason=reason)
