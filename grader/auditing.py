"""The audit of one submission: when it runs again on a secret view of the data, and what follows from the result.

After a failed audit, points for structure stay and points for learning are withheld until a person decides; nothing
here is a verdict of cheating.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from grader.audit.proof import LEARNT_NOTHING, AuditTrial, Proof, classifies, learnt, other_behaviour, verdict
from grader.audit.suspicion import Observed, holds_weights, suspicions, trains_unseen, unexplained
from grader.audit.weight_fingerprints import Fingerprints, sets_seed
from grader.checks.few_updates import is_of_learning
from grader.domain.assignment import RubricItem
from grader.domain.audit import AuditOutcome, AuditRecord
from grader.domain.grade import CheckResult, Finding, Outcome
from grader.domain.measurement import Measurements, Role
from grader.domain.messages import Message, by_language, message, verbatim
from grader.domain.ports import AuditMode, Sandbox, SecretView, SecretViews
from grader.domain.submission import CodeCell

QUADRANTS: Final = "quadrants"
"""The gentlest view, the same as `reference.views.QUADRANTS`; a test compares them."""

_ORDERS: Final = frozenset({"pixels", "columns"})
"""Views whose failure is confirmed on the gentlest one: an honest notebook may depend on neighbouring pixels in a
way that no claim shows, such as turning images by hand before it trains."""

_FEW: Final = frozenset({QUADRANTS, "contrast"})
"""Views of which there are nine, so that a network may have been trained elsewhere on all of them."""

Rerun = Callable[[Sandbox, SecretView], AuditTrial]
"""Runs the notebook in this sandbox and measures its models on this view."""


@dataclass(frozen=True)
class Audited:
    """The effect of the audit on a grade.

    Attributes:
        results: Results of all checks.
        reasons: Why a person must look.
        notes: Further sentences for the report.
    """

    results: tuple[CheckResult, ...]
    reasons: tuple[Message, ...] = ()
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Auditor:
    """Which hand-ins are audited, and in which sandbox.

    Attributes:
        mode: Which hand-ins are audited.
        views: Starts zone K (the student kernel) on a view.
        fingerprints: Fingerprints of all students' weights.
    """

    mode: AuditMode
    views: SecretViews
    fingerprints: Fingerprints = field(default_factory=Fingerprints)

    def twins(self, student: str, cells: Sequence[CodeCell], measurements: Measurements) -> tuple[str, ...]:
        """Return who has handed in the same weights, none if a seed may explain it; remember this student's."""
        found = self.fingerprints.twins(student, measurements.fingerprint)
        self.fingerprints.note(student, measurements.fingerprint)
        return () if sets_seed(cells) else found

    def audit(
        self, observed: Observed, results: tuple[CheckResult, ...], rubric: Sequence[RubricItem], rerun: Rerun
    ) -> Audited:
        """Run the notebook again if needed, and apply what it shows (`examine`, then `applied`).

        Args:
            observed: The run on the plain data.
            results: What it earned.
            rubric: The items that earned it.
            rerun: Runs the notebook on a view.
        """
        record = self.examine(observed, results, rerun)
        return Audited(results) if record is None else applied(record, results, rubric)

    def examine(self, observed: Observed, results: Sequence[CheckResult], rerun: Rerun) -> AuditRecord | None:
        """Run the notebook again if needed, and return what it showed; None if it did not run.

        Args:
            observed: The run on the plain data.
            results: What it earned.
            rerun: Runs the notebook on a view.
        """
        reasons = suspicions(observed)
        if self.mode is AuditMode.NONE or not (reasons or self.mode is AuditMode.ALL or trains_unseen(observed)):
            return None
        if Role.AUTOENCODER not in observed.measurements.models or not _earned(results):
            return None
        plain = AuditTrial(observed.run, observed.evidence.fits, observed.measurements)
        kind, here = observed.measurements.view, learnt(observed.measurements)
        if not kind:
            return AuditRecord(AuditOutcome.NO_VIEW, reasons)
        if (here is None or here < LEARNT_NOTHING) and not classifies(observed.measurements):
            return AuditRecord(AuditOutcome.TOO_LITTLE, reasons, here)
        found, trials = self._tried(plain, kind, rerun)
        differences = (other_behaviour(plain, one) for one in trials)
        otherwise = next((difference for difference in differences if difference is not None), None)
        if otherwise is None and found is Proof.PASSED and kind in _FEW and holds_weights(observed):
            otherwise = message(
                "It did as well there as on the plain data, but its text holds as much data as the weights of its "
                "network take, and there are so few views that suit it that it may know them all."
            )
        there = tuple(learnt(one.measurements) for one in trials)
        if found is Proof.FAILED:
            outcome = AuditOutcome.FAILED
        elif found is Proof.UNCLEAR or otherwise is not None:
            outcome = AuditOutcome.UNCLEAR
        else:
            outcome = AuditOutcome.COMPUTED if unexplained(observed) else AuditOutcome.PASSED
        return AuditRecord(outcome, reasons, here, there, otherwise)

    def _tried(self, plain: AuditTrial, kind: str, rerun: Rerun) -> tuple[Proof, tuple[AuditTrial, ...]]:
        """Run it on a view, and on a second one if it fails: a failure on only one of them decides nothing."""
        first = rerun(*self.views.lend(kind, 0))
        found = verdict(plain, first)
        if found is not Proof.FAILED:
            return found, (first,)
        second = rerun(*self.views.lend(QUADRANTS if kind in _ORDERS else kind, 1))
        confirmed = verdict(plain, second) is Proof.FAILED
        return Proof.FAILED if confirmed else Proof.UNCLEAR, (first, second)


def applied(record: AuditRecord, results: Sequence[CheckResult], rubric: Sequence[RubricItem]) -> Audited:
    """Return what an audit means for a grade.

    Args:
        record: What the audit showed.
        results: What the hand-in earned by its checks.
        rubric: The items that earned it.
    """
    kept = tuple(results)
    led = tuple(message("Looked at more closely: {seen}", seen=reason) for reason in record.suspicions)
    match record.outcome:
        case AuditOutcome.NO_VIEW:
            nothing = message("Not audited: the notebook makes its data by itself, so there is no secret view of them.")
            return Audited(kept, notes=(*led, nothing))
        case AuditOutcome.TOO_LITTLE:
            too_little = message("Not audited: the model has learnt too little to ask where it was learnt.")
            return Audited(kept, notes=(*led, too_little))
        case AuditOutcome.FAILED:
            return Audited(_without_learnt(kept, record), (_failure(record), *led))
        case AuditOutcome.UNCLEAR:
            return Audited(kept, (_unclear(record), *led))
        case AuditOutcome.COMPUTED:
            return Audited(kept, (_computed(rubric),), (*led, _passed(record)))
        case AuditOutcome.PASSED:
            return Audited(kept, notes=(*led, _passed(record)))


def _earned(results: Sequence[CheckResult]) -> bool:
    """Return whether any points depend on what was learnt."""
    return any(is_of_learning(result.check) and result.points_awarded > 0 for result in results)


def _without_learnt(results: Sequence[CheckResult], record: AuditRecord) -> tuple[CheckResult, ...]:
    """Withhold the points for learning, and give the reason in each of these results."""
    summary = message(
        "On secret views of the data the notebook did not learn this again; a person looks at it before it counts."
    )
    finding = Finding(
        where=message("Training"),
        expected=message("On other views of the same data the notebook learns as well as on the plain ones."),
        actual=message(
            "The model takes away {here} % of the error of the mean sample on the plain data, and {there} on the "
            "views.",
            here=_percent(record.here),
            there=_percents(record.there),
        ),
        why=message(
            "An autoencoder is specific to the data that it was trained on, so that one which was trained while the "
            "notebook ran gives back the data of that run."
        ),
        hint=message(
            "Hand in the notebook with the cells that train, without weights that were made before: it is run from "
            "its first cell to its last, and trains there. If it does so already, write to your instructor: a person "
            "looks at this before it counts."
        ),
    )
    return tuple(
        replace(
            result, outcome=Outcome.FAILED, points_awarded=0.0, message=summary, findings=(finding, *result.findings)
        )
        if is_of_learning(result.check) and result.points_awarded > 0
        else result
        for result in results
    )


def _failure(record: AuditRecord) -> Message:
    return message(
        "Audit: the notebook was run again on {count} secret views of the data. Its model takes away {here} % of the "
        "error of the mean sample on the plain data and {there} on the views, where a training reaches as much as on "
        "the plain data. This is what was seen and no verdict: the points for what was to be learnt are held back "
        "until a person has looked at the notebook.",
        count=len(record.there),
        here=_percent(record.here),
        there=_percents(record.there),
    )


def _unclear(record: AuditRecord) -> Message:
    if record.otherwise is not None:
        return message(
            "Audit: the notebook was run again on a secret view of the data. {seen} No point was taken; a person "
            "decides.",
            seen=record.otherwise,
        )
    return message(
        "Audit: the notebook was run again on a secret view of the data, and that run decides nothing: its model takes "
        "away {here} % of the error of the mean sample on the plain data and {there} on the view. No point was taken; "
        "a person decides.",
        here=_percent(record.here),
        there=_percents(record.there),
    )


def _passed(record: AuditRecord) -> Message:
    return message(
        "Audited and passed: run again on a secret view of the data, the model takes away {there} of the error of the "
        "mean sample there, and {here} % on the plain data.",
        here=_percent(record.here),
        there=_percents(record.there),
    )


def _computed(rubric: Sequence[RubricItem]) -> Message:
    """Say that the notebook computed something here without training, and what the rubric gives points for."""
    items = [item for item in rubric if is_of_learning(item.check)]
    named = by_language(items[0].title) if items and items[0].title else verbatim(items[0].check if items else "–")
    return message(
        "No training was seen that explains it, and yet the model passed the audit: its weights were computed while "
        "the notebook ran, as where a PCA is put into the layers. The rubric gives {points} points for “{item}”; "
        "whether this earns them, a person decides.",
        points=f"{sum(item.points for item in items):g}",
        item=named,
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f}"


def _percents(shares: Sequence[float | None]) -> str:
    return ", ".join(f"{_percent(share)} %" for share in shares)
