"""Halves of an autoencoder that is not there yet: each is judged alone, with the reference's in the place of the other.

The checks look at a whole autoencoder. With the reference's own half where one is missing, whatever they find is the
fault of the half that is there; what they say is then told of that half. A check earns the part of its points that the
halves do which are there. The grade, `grader check` and `grader.check` in a cell all come here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from grader.checks.core.absence import why_unknown
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import CheckFunction, Verdict, by_share, skipped
from grader.checks.core.wording import ROLE_NAMES, model, notebook
from grader.checks.structure.graph_rules import ONE_OF
from grader.checks.structure.layer_diff import counting_layers
from grader.checks.structure.shapes import told_wrong
from grader.domain.architecture import Architecture, shape_size
from grader.domain.assignment import RubricItem
from grader.domain.facts import ReferenceFacts
from grader.domain.grade import Finding, Outcome
from grader.domain.measurement import MeasuredModel, Measurement, Measurements, Quantity, Role
from grader.domain.messages import Message, message

HALVES: Final = (Role.ENCODER, Role.DECODER)

_EITHER: Final = (frozenset({Role.ENCODER}), frozenset({Role.DECODER}))

OF_HALVES: Final[Mapping[str, tuple[frozenset[Role], ...]]] = {
    "shapes": _EITHER,
    "code_size": _EITHER,
    "layers": _EITHER,
    "layer_kinds": _EITHER,
    "any_length": (frozenset({Role.ENCODER}),),
    "mirror": (frozenset(HALVES),),
}
"""Checks that read the layers alone: which halves are enough for each, any one of these sets."""


@dataclass(frozen=True, slots=True)
class Halves:
    """What is there of an autoencoder that is not.

    Attributes:
        there: The student's halves, one or both.
        subject: All that is known of the submission.
        asked: The halves that were asked for. Where one is not there, its part of the points is not earned; a cell that
            asks about the encoder asks for that half alone.
    """

    there: Mapping[Role, MeasuredModel]
    subject: Subject
    asked: Collection[Role] = HALVES

    @property
    def facts(self) -> ReferenceFacts:
        """The reference."""
        return self.subject.facts

    def judge(self, item: RubricItem, function: CheckFunction) -> Verdict:
        """Return the verdict of a check of `OF_HALVES`.

        Args:
            item: What the rubric asks.
            function: The check, which looks at a whole autoencoder.
        """
        if not any(need.issubset(self.there) for need in OF_HALVES[item.check]):
            return skipped(message("Not checked: the half that it looks at was not found."))
        if not set(Role).issubset(self.facts.architectures):
            return skipped(message("Not checked: no autoencoder was found."))
        if item.check == "code_size":
            return self._code_sizes(item, function)
        if item.check == "layer_kinds":
            return self._kinds(item, function)
        verdict = function(self._stand_in(), item)
        verdict = replace(verdict, findings=tuple(replace(one, where=self._place(one)) for one in verdict.findings))
        if item.check == "shapes":
            return self._shapes(verdict)
        return self._layers(verdict) if item.check == "layers" else verdict

    # The subject of the checks

    def _stand_in(self) -> Subject:
        """Return the student's halves with an autoencoder made of two, the reference's where one is missing."""
        known = self.facts.architectures
        parts = {role: found.architecture for role, found in self.there.items()}
        whole = known[Role.AUTOENCODER]
        expected = _chain(known[Role.ENCODER], known[Role.DECODER], whole)
        actual = _chain(
            parts.get(Role.ENCODER, known[Role.ENCODER]), parts.get(Role.DECODER, known[Role.DECODER]), whole
        )
        facts = replace(self.facts, architectures={**known, Role.AUTOENCODER: expected})
        return self._with_autoencoder(actual, facts, _code_size(parts))

    def _with_autoencoder(
        self, form: Architecture, facts: ReferenceFacts, values: Mapping[Quantity, Measurement]
    ) -> Subject:
        models = {**self.there, Role.AUTOENCODER: MeasuredModel(Role.AUTOENCODER, "", form)}
        return replace(self.subject, measurements=Measurements(models, values), facts=facts)

    # Each check

    def _shapes(self, verdict: Verdict) -> Verdict:
        """Count the outer ends of the halves: an image goes into the encoder and comes out of the decoder."""
        wrong, total = len(verdict.findings), len(self._counted())
        findings = (*verdict.findings, *self._missing())
        told = told_wrong(self.subject, wrong=wrong, total=len(self.there)) if wrong else verdict.message
        if not wrong and self._missing():
            told = message("What is there has the right size.")
        return self._shared((len(self.there) - wrong) / total, told, findings)

    def _layers(self, verdict: Verdict) -> Verdict:
        """Count the layers of the reference's halves that were asked for; each difference costs one."""
        counts = {role: len(counting_layers(self.facts.architectures[role])) for role in HALVES}
        there, total = sum(counts[role] for role in self.there), sum(counts[role] for role in self._counted())
        if not there:
            return verdict
        told = verdict.message if verdict.findings else message("All layers are those asked for: {count}.", count=there)
        share = max(0, there - len(verdict.findings)) / total
        return self._shared(share, told, (*verdict.findings, *self._missing()))

    def _code_sizes(self, item: RubricItem, function: CheckFunction) -> Verdict:
        """Ask each half for its end of the code: what the encoder gives, what the decoder takes."""
        verdicts = [
            function(Halves({role: found}, self.subject, (role,))._stand_in(), item)
            for role, found in self.there.items()
        ]
        unknown = next((verdict for verdict in verdicts if verdict.outcome is Outcome.UNGRADABLE), None)
        if unknown is not None:
            return unknown
        wrong = [verdict for verdict in verdicts if verdict.share < 1]
        findings = [
            replace(finding, where=model(self.subject, role))
            for role, verdict in zip(self.there, verdicts, strict=True)
            for finding in verdict.findings
        ]
        first = wrong[0] if wrong else verdicts[0]
        if len(wrong) == len(verdicts) or not wrong:
            return replace(first, findings=tuple(findings))
        share = (len(verdicts) - len(wrong)) / len(verdicts)
        return by_share(share, first.message, findings, measurements=first.measurements)

    def _kinds(self, item: RubricItem, function: CheckFunction) -> Verdict:
        """Ask each half by itself; one of the wanted kinds must be where the reference has one, too."""
        verdicts = []
        for role, found in self.there.items():
            wanted = set(ONE_OF.of(item))
            expected = wanted.intersection(_kinds(self.facts.architectures[role]))
            asked = replace(item, parameters={**item.parameters, ONE_OF.name: tuple(sorted(expected))})
            alone = Halves({role: found}, self.subject, (role,))
            verdict = function(alone._with_autoencoder(found.architecture, self.facts, {}), asked)
            verdicts.append(replace(verdict, findings=tuple(_told_of(self.subject, role, f) for f in verdict.findings)))
        right = [verdict for verdict in verdicts if verdict.share == 1]
        first = next((verdict for verdict in verdicts if verdict.share < 1), verdicts[0])
        findings = [finding for verdict in verdicts for finding in verdict.findings]
        return self._shared(len(right) / len(self._counted()), first.message, (*findings, *self._missing()))

    # Shares and words

    def _counted(self) -> tuple[Role, ...]:
        return tuple(role for role in HALVES if role in self.asked or role in self.there)

    def _missing(self) -> tuple[Finding, ...]:
        return tuple(_missing_half(role) for role in self._counted() if role not in self.there)

    def _shared(self, share: float, told: Message, findings: tuple[Finding, ...]) -> Verdict:
        missing = [role for role in self._counted() if role not in self.there]
        for role in missing:
            told = message("{told} Not there: {role}.", told=told, role=ROLE_NAMES[role])
        return by_share(share, told, findings)

    @property
    def _alone(self) -> Role | None:
        return next(iter(self.there)) if len(self.there) == 1 else None

    def _place(self, finding: Finding) -> Message:
        """Name the half where a check names the autoencoder, and count its layers from its own first one."""
        half = self._alone
        if half is None:
            return finding.where
        number = dict(finding.where.values).get("number")
        if isinstance(number, int):
            return _layer_place(half, max(1, number - self._layers_before(half)), finding)
        return _told_of(self.subject, half, finding).where

    def _layers_before(self, half: Role) -> int:
        if half is Role.ENCODER:
            return 0
        return len(counting_layers(self.facts.architectures[Role.ENCODER]))


def judged_by_halves(subject: Subject, item: RubricItem, function: CheckFunction) -> Verdict | None:
    """Judge the halves of an autoencoder that the notebook has not made.

    Returns:
        None where the check is for a whole autoencoder: there is one, or no half of one, or it reads more than layers,
        or a half may be missing through our doing.
    """
    if item.check not in OF_HALVES or subject.model(Role.AUTOENCODER) is not None or why_unknown(subject) is not None:
        return None
    there = {role: found for role in HALVES if (found := subject.model(role)) is not None}
    return Halves(there, subject).judge(item, function) if there else None


def judged_alone(subject: Subject, half: Role, item: RubricItem, function: CheckFunction) -> Verdict:
    """Judge one half that is there and nothing else, whatever is still missing."""
    found = subject.measurements.models[half]
    alone = replace(subject, measurements=replace(subject.measurements, models={half: found}))
    return Halves({half: found}, alone, (half,)).judge(item, function)


# ----------------------------------------------------------------------------------------------------------------------


def _missing_half(role: Role) -> Finding:
    return Finding(
        where=notebook(),
        expected=message("Both halves of the autoencoder, the {role} as well.", role=ROLE_NAMES[role]),
        actual=message("No such model was found under any name: {role}.", role=ROLE_NAMES[role]),
        why=message("Each half is judged by itself and earns its part of these points; this part is still open."),
        hint=message("Complete the cell that makes it, and keep what it makes in a variable: {role}.", role=role.value),
    )


def _told_of(subject: Subject, half: Role, finding: Finding) -> Finding:
    whole = message("The {role}", role=ROLE_NAMES[Role.AUTOENCODER])
    return replace(finding, where=model(subject, half)) if finding.where == whole else finding


def _layer_place(half: Role, number: int, finding: Finding) -> Message:
    if finding.where.msgid.startswith(_MISSING_PLACE):
        return message("The {role}, where layer {number} should be", role=ROLE_NAMES[half], number=number)
    return message(
        "The {role}, layer {number} (counting no Flatten, Reshape, normalisation or noise)",
        role=ROLE_NAMES[half],
        number=number,
    )


_MISSING_PLACE = "The autoencoder, where"


def _kinds(form: Architecture) -> set[str]:
    return {layer.kind for layer in form.layers}


def _chain(encoder: Architecture, decoder: Architecture, whole: Architecture) -> Architecture:
    """Put two halves together as data: the decoder reads what the encoder puts out.

    The ends are those of `whole`, so that the shapes of each half are judged once, as its own.
    """
    shift = len(encoder.layers)
    after = tuple(
        replace(layer, inputs=tuple(encoder.output if place < 0 else place + shift for place in layer.inputs))
        for layer in decoder.layers
    )
    return Architecture(
        layers=encoder.layers + after,
        input_shape=whole.input_shape,
        output_shape=whole.output_shape,
        output=encoder.output if decoder.output < 0 else decoder.output + shift,
        parameters=encoder.parameters + decoder.parameters,
    )


def _code_size(parts: Mapping[Role, Architecture]) -> dict[Quantity, Measurement]:
    """Return how many numbers the encoder gives, or the decoder takes, for one code; nothing where that is free."""
    encoder, decoder = parts.get(Role.ENCODER), parts.get(Role.DECODER)
    size = shape_size(encoder.output_shape) if encoder is not None else None
    if encoder is None and decoder is not None:
        size = shape_size(decoder.input_shape)
    if size is None:
        return {}
    return {Quantity.CODE_SIZE: Measurement(Quantity.CODE_SIZE, size, "1", "the end of the half that is there")}
