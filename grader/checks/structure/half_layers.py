"""How the check `layers` judges one half of an autoencoder: by its own layers, counted from its own first one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from grader.checks.core.halves import HALVES, Halves
from grader.checks.core.phrases import ROLE_NAMES
from grader.checks.core.verdict import CheckFunction, Verdict
from grader.domain.assignment import RubricItem
from grader.domain.counted_layers import counted_layers
from grader.domain.grade import Finding
from grader.domain.measurement import Role
from grader.domain.messages import Message, MessageValue, message

_MISSING_PLACE: Final = "The autoencoder, where"


def layers_of_halves(function: CheckFunction) -> Callable[[Halves, RubricItem], Verdict]:
    """Return a rule that judges halves by the layers of the reference's halves: each difference costs one layer."""

    def judge(halves: Halves, item: RubricItem) -> Verdict:
        verdict = function(halves.with_reference(), item)
        findings = tuple(replace(one, where=_place(halves, one)) for one in verdict.findings)
        counts = {role: len(counted_layers(halves.facts.architectures[role])) for role in HALVES}
        there, total = sum(counts[role] for role in halves.there), sum(counts[role] for role in halves.counted)
        if not there:
            return replace(verdict, findings=findings)
        summary = verdict.message if findings else all_layers_right(count=there)
        share = max(0, there - len(findings)) / total
        return halves.shared(share, summary, (*findings, *halves.missing()))

    return judge


def _place(halves: Halves, finding: Finding) -> Message:
    """Name the half instead of the autoencoder, and count its layers from its own first one."""
    half = halves.only
    number = dict(finding.where.values).get("number")
    if half is None or not isinstance(number, int):
        return halves.located(finding).where
    before = 0 if half is Role.ENCODER else len(counted_layers(halves.facts.architectures[Role.ENCODER]))
    return _layer_place(half, max(1, number - before), finding)


def _layer_place(half: Role, number: int, finding: Finding) -> Message:
    if finding.where.msgid.startswith(_MISSING_PLACE):
        return message("The {role}, where layer {number} should be", role=ROLE_NAMES[half], number=number)
    return message(
        "The {role}, layer {number} (counting no Flatten, Reshape, normalisation or noise)",
        role=ROLE_NAMES[half],
        number=number,
    )


def all_layers_right(*, count: MessageValue) -> Message:
    """Say that every layer equals the reference's."""
    return message("All layers are those asked for: {count}.", count=count)
