"""`comparison`: several networks were really trained, and the notebook's table states what they reach."""

from __future__ import annotations

from typing import Final

from grader.checks.core.absence import perhaps_more, why_unknown, without_autoencoder
from grader.checks.core.check import Check, Needs
from grader.checks.core.parameters import Parameter
from grader.checks.core.phrases import notebook
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, by_share, ungradable
from grader.domain.assignment import RubricItem
from grader.domain.grade import Finding
from grader.domain.measurement import MissedEntry, Quantity
from grader.domain.messages import Message, message, verbatim

MODELS: Final = Parameter("models", 3, message("trained networks that the comparison must have"))

_NAMED: Final = 9


def check_comparison(subject: Subject, item: RubricItem) -> Verdict:
    """The required number of different networks was trained, and the notebook's table agrees with our measurements.

    Half of the points are for the networks, which need not be good, and half for the table, by the share of its
    numbers that agree with our own measurement on the validation images (within 3 % or 0.002).
    """
    absent = without_autoencoder(subject)
    if absent is not None:
        return absent
    counted = subject.measurements.values.get(Quantity.COMPARED_MODELS)
    agreement = subject.measurements.values.get(Quantity.COMPARISON_AGREEMENT)
    if counted is None or agreement is None:
        return ungradable(message("We could not measure the networks of the comparison."))
    asked, found = round(MODELS.of(item)), round(counted.value)
    share = 0.5 * (min(found / asked, 1.0) if asked else 1.0) + 0.5 * agreement.value
    summary = message(
        "Different trained networks: {found} of {asked}. Numbers of the table that we measure as well: {share:.0%}.",
        found=found,
        asked=asked,
        share=agreement.value,
    )
    findings = (() if found >= asked else (_too_few(found, asked),)) + _table_findings(subject, agreement.value)
    unknown = why_unknown(subject) if findings else None
    if unknown is not None:
        reason = perhaps_more(summary=summary, reason=unknown)
        return ungradable(reason, findings=findings, measurements=(counted, agreement))
    return by_share(1.0 if not findings else share, summary, findings, measurements=(counted, agreement))


def _too_few(found: int, asked: int) -> Finding:
    return Finding(
        where=notebook(),
        expected=message("{count} trained networks with the layers asked for, all alive at the end.", count=asked),
        actual=message("We found {count}.", count=found),
        why=message("Only networks that start alike and are trained in different ways show what the difference does."),
        hint=message(
            "Is a new network built for each training, or is one and the same trained again and again? Does each one "
            "stand in the dictionary under its name? A network that was never trained does not count."
        ),
    )


def _table_findings(subject: Subject, agreement: float) -> tuple[Finding, ...]:
    if agreement >= 1:
        return ()
    missed, claimed = subject.measurements.missed, subject.measurements.claims.compared
    findings = tuple(
        _finding(one, claimed[one.entry])
        for one in missed[:_NAMED]
        if one.measured is not None and one.entry in claimed
    )
    lacking = [one.entry for one in missed if one.entry not in claimed]
    if lacking or not findings:
        findings += (_lacking(lacking, agreement),)
    return findings


def _finding(missed: MissedEntry, claimed: float) -> Finding:
    return Finding(
        where=verbatim(missed.entry),
        expected=message(
            "About {measured:.4f}: what this network reaches on the validation images.",
            measured=missed.measured or 0.0,
        ),
        actual=message("The table says {claimed:.4f}.", claimed=claimed),
        why=message("A table that does not show what the networks reach leads to the wrong choice."),
        hint=message(
            "Was the number taken after the last epoch, from the validation images and for this very network? Which "
            "loss is it?"
        ),
    )


def _lacking(entries: list[str], agreement: float) -> Finding:
    actual: Message = message("Only {share:.0%} of the numbers are those of a trained network.", share=agreement)
    if entries:
        actual = message("Not in the table: {entries}.", entries=", ".join(entries))
    return Finding(
        where=message("The table `comparison`"),
        expected=message("A dictionary with the names asked for, and the numbers of its trained network under each."),
        actual=actual,
        why=message("Without the numbers side by side nobody can say which network is better, or by how much."),
        hint=message("Which keys does the assignment ask for? Print the table and compare."),
    )


CHECKS: Final = (Check("comparison", check_comparison, Needs(trained=True, other_models=True), parameters=(MODELS,)),)
