"""Runs a rubric on one submission, and validates rubrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from grader.checks.check_registry import CHECKS
from grader.checks.core.absence import why_unknown
from grader.checks.core.check import Check
from grader.checks.core.halves import HALVES, Halves
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, skipped, ungradable
from grader.domain.assignment import RubricItem
from grader.domain.grade import CheckResult, Outcome
from grader.domain.measurement import Role
from grader.domain.messages import Message, by_language, message, verbatim
from grader.domain.plugins import reasons
from grader.locale import Translator


@dataclass(frozen=True, slots=True)
class RubricMistake:
    """One error in a rubric.

    Attributes:
        position: Position of the item, from 0.
        key: Key within the item: `("parameters", "tolerance")`.
        reason: What is wrong and what is expected.
    """

    position: int
    key: tuple[str, ...]
    reason: Message


_SATISFIED: Final = frozenset({Outcome.PASSED, Outcome.PARTIAL})


def run_checks(rubric: Sequence[RubricItem], subject: Subject) -> tuple[CheckResult, ...]:
    """Run every check of the rubric and return one result each, in rubric order.

    A check is SKIPPED if a check that it requires did not pass, and UNGRADABLE if it is undecided whether that one
    passed, since it is then unknown whether this one would have run.

    Raises:
        ValueError: The rubric is wrong; the text lists every error.
    """
    if mistakes := rubric_mistakes(rubric):
        raise ValueError("; ".join(f"{'.'.join(one.key)}: {Translator('en').text(one.reason)}" for one in mistakes))
    results: dict[str, CheckResult] = {}
    titles = {item.check: by_language(item.title) if item.title else verbatim(item.check) for item in rubric}
    for item in rubric:
        check = CHECKS[item.check]
        verdict = (
            _stopped_by_requirement(item, results, titles)
            or _without_layers(subject, check)
            or _without_samples(subject, check)
            or judged_by_halves(subject, item, check)
            or check.function(subject, item)
        )
        results[item.check] = result_of(item, verdict)
    return tuple(results.values())


def rubric_mistakes(rubric: Sequence[RubricItem]) -> tuple[RubricMistake, ...]:
    """Return everything that is wrong with a rubric, for the author of the assignment."""
    mistakes: list[RubricMistake] = []
    earlier: set[str] = set()
    for position, item in enumerate(rubric):
        if item.check in earlier:
            mistakes.append(RubricMistake(position, ("check",), message("stands twice in the rubric")))
        mistakes += [
            RubricMistake(
                position, ("requires",), message("{required} is not among the checks above it", required=required)
            )
            for required in item.requires
            if required not in earlier
        ]
        mistakes += [RubricMistake(position, key, reason) for key, reason in _item_mistakes(item)]
        earlier.add(item.check)
    return tuple(mistakes)


def result_of(item: RubricItem, verdict: Verdict) -> CheckResult:
    """Return the result of a verdict under an item of the rubric."""
    return CheckResult(
        check=item.check,
        outcome=verdict.outcome,
        points_awarded=verdict.share * item.points,
        points_possible=item.points,
        message=verdict.message,
        findings=verdict.findings,
        measurements=verdict.measurements,
    )


def judged_by_halves(subject: Subject, item: RubricItem, check: Check) -> Verdict | None:
    """Judge the halves of an autoencoder that the notebook has not made.

    Returns:
        None if the check needs a whole autoencoder: one exists, no half exists, the check reads more than layers, or a
        half
            may be missing through our fault.
    """
    if check.halves is None or subject.model(Role.AUTOENCODER) is not None or why_unknown(subject) is not None:
        return None
    there = {role: found for role in HALVES if (found := subject.model(role)) is not None}
    return check.halves.verdict(Halves(there, subject), item) if there else None


# ----------------------------------------------------------------------------------------------------------------------


def _item_mistakes(item: RubricItem) -> Iterator[tuple[tuple[str, ...], Message]]:
    check = CHECKS.get(item.check)
    if check is None:
        yield ("check",), _unknown_check(item.check)
        return
    known = {parameter.name: parameter for parameter in check.parameters}
    for name, value in item.parameters.items():
        if name not in known:
            yield ("parameters", name), _unknown_parameter(item.check, tuple(known))
        elif not known[name].accepts(value):
            yield ("parameters", name), known[name].complaint(value)


def _unknown_check(check: str) -> Message:
    """Name the existing checks, and every package that may have been meant to offer this one."""
    if close := get_close_matches(check.lower(), CHECKS, n=1):
        complaint: Message = message(
            "there is no check {check}; did you mean {nearest}?", check=check, nearest=close[0]
        )
    else:
        complaint = message("there is no check {check}: choose among {known}", check=check, known=", ".join(CHECKS))
    for reason in reasons(CHECKS.broken):
        complaint = message("{complaint}. {reason}", complaint=complaint, reason=reason)
    return complaint


def _unknown_parameter(check: str, known: tuple[str, ...]) -> Message:
    if not known:
        return message("the check {check} has no parameters", check=check)
    return message("the check {check} has no such parameter: it knows {known}", check=check, known=", ".join(known))


def _stopped_by_requirement(
    item: RubricItem, results: Mapping[str, CheckResult], titles: Mapping[str, Message]
) -> Verdict | None:
    """Return the verdict if a required check keeps this one from running, else None.

    A required check that failed takes precedence over an undecided one: this check is then certainly skipped.
    """
    unmet = [results[required] for required in item.requires if results[required].outcome not in _SATISFIED]
    if not unmet:
        return None
    sure = [result for result in unmet if result.outcome is not Outcome.UNGRADABLE]
    if sure:
        title = titles[sure[0].check]
        return skipped(message("Not checked, because the check “{required}” did not pass.", required=title))
    title = titles[unmet[0].check]
    return ungradable(message("We cannot tell, because the check “{required}” waits for a person.", required=title))


def _without_layers(subject: Subject, check: Check) -> Verdict | None:
    """Return the verdict if a check examines layers and the model was measured only by behaviour, else None."""
    if not subject.measurements.by_behaviour or not check.needs.layers:
        return None
    return ungradable(
        message(
            "We cannot tell: the autoencoder was measured by what it answers, and its layers are not known to us. A "
            "person looks."
        )
    )


def _without_samples(subject: Subject, check: Check) -> Verdict | None:
    """Return the verdict if a check needs samples and the autoencoder's size does not fit them, else None."""
    if not subject.measurements.another_size or not check.needs.samples:
        return None
    return skipped(
        message("Not checked: what goes into the autoencoder or comes out of it has not the size asked for.")
    )
