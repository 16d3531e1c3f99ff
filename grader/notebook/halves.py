"""One half of an autoencoder judged by itself: where the other one is missing, the reference's stands in for it.

The checks look at a whole autoencoder. With the reference's own half in the place of the missing one, whatever they
find is the fault of the half that is there; what they say is then told of that half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from grader.checks.comparison import counting_layers
from grader.checks.shapes import told_wrong
from grader.checks.subject import Subject
from grader.checks.wording import ROLE_NAMES, model
from grader.domain.architecture import Architecture, shape_size
from grader.domain.facts import ReferenceFacts
from grader.domain.grade import CheckResult, Finding, Outcome
from grader.domain.measurement import MeasuredModel, Measurement, Measurements, Quantity, Role
from grader.domain.messages import Message, message
from grader.domain.run import RunRecord, RunStatus

RUN = RunRecord(RunStatus.COMPLETED, sandboxed=False)
"""Nothing ran but what the student ran: no check may lay a missing model at the door of a run that was cut."""


@dataclass(frozen=True, slots=True)
class Halves:
    """What is there of an autoencoder that is not.

    Attributes:
        there: The student's halves, one or both.
        facts: The reference.
    """

    there: Mapping[Role, MeasuredModel]
    facts: ReferenceFacts

    @property
    def alone(self) -> Role | None:
        """The half that is there without the other."""
        return next(iter(self.there)) if len(self.there) == 1 else None

    @property
    def can_be_compared(self) -> bool:
        """Say whether the facts hold both halves of the reference."""
        return set(Role).issubset(self.facts.architectures)

    def subject(self) -> Subject:
        """Return the subject of the checks: the student's halves, and an autoencoder made of two halves."""
        known = self.facts.architectures
        parts = {role: found.architecture for role, found in self.there.items()}
        whole = known[Role.AUTOENCODER]
        expected = _chain(known[Role.ENCODER], known[Role.DECODER], whole)
        actual = _chain(
            parts.get(Role.ENCODER, known[Role.ENCODER]), parts.get(Role.DECODER, known[Role.DECODER]), whole
        )
        models = {**self.there, Role.AUTOENCODER: MeasuredModel(Role.AUTOENCODER, "", actual)}
        facts = replace(self.facts, architectures={**known, Role.AUTOENCODER: expected})
        return Subject(RUN, Measurements(models, _code_size(parts)), facts)

    def retold(self, result: CheckResult) -> CheckResult:
        """Return what a check found, told of the half that is there: numbers and places count no stand-in."""
        findings = tuple(replace(finding, where=self._place(finding)) for finding in result.findings)
        result = replace(result, findings=findings)
        if result.check == "shapes" and findings:
            return self._shapes(result)
        if result.check == "layers" and result.outcome is Outcome.PASSED and self.alone is not None:
            count = len(counting_layers(self.facts.architectures[self.alone]))
            return replace(result, message=message("All layers are those asked for: {count}.", count=count))
        return result

    def _shapes(self, result: CheckResult) -> CheckResult:
        """Count the ends of the student's own models, one a half."""
        wrong, total = len(result.findings), len(self.there)
        told = told_wrong(self.subject(), wrong=wrong, total=total)
        return replace(result, message=told, outcome=Outcome.FAILED if wrong == total else Outcome.PARTIAL)

    def _place(self, finding: Finding) -> Message:
        """Name the half where a check names the autoencoder, and count its layers from its own first one."""
        half = self.alone
        if half is None:
            return finding.where
        number = dict(finding.where.values).get("number")
        if isinstance(number, int):
            return _layer_place(half, max(1, number - self._layers_before(half)), finding)
        whole = message("The {role}", role=ROLE_NAMES[Role.AUTOENCODER])
        return model(self.subject(), half) if finding.where == whole else finding.where

    def _layers_before(self, half: Role) -> int:
        if half is Role.ENCODER:
            return 0
        return len(counting_layers(self.facts.architectures[Role.ENCODER]))


def _layer_place(half: Role, number: int, finding: Finding) -> Message:
    if finding.where.msgid.startswith(_MISSING_PLACE):
        return message("The {role}, where layer {number} should be", role=ROLE_NAMES[half], number=number)
    return message(
        "The {role}, layer {number} (counting no Flatten, Reshape, normalisation or noise)",
        role=ROLE_NAMES[half],
        number=number,
    )


_MISSING_PLACE = "The autoencoder, where"


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
