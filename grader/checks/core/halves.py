"""Judges each half of an unfinished autoencoder, with the reference's other half in place of the missing one.

The checks examine a whole autoencoder. If the missing half is replaced by the reference's, every difference belongs to
the student's half and is reported for that half. A check then earns the existing halves' part of its points. The
grade, `grader check` and `grader.check` in a cell all use this module; how a check judges halves is defined by a
`HalvesRule` in the check's own module.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from grader.checks.core.absence import NOT_CHECKED
from grader.checks.core.phrases import ROLE_NAMES, model, no_such_model, notebook
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import CheckFunction, Verdict, by_share, skipped
from grader.domain.architecture import Architecture, shape_size
from grader.domain.assignment import RubricItem
from grader.domain.facts import ReferenceFacts
from grader.domain.grade import Finding
from grader.domain.measurement import MeasuredModel, Measurement, Measurements, Quantity, Role
from grader.domain.messages import Message, message

HALVES: Final = (Role.ENCODER, Role.DECODER)

ENCODER: Final = frozenset({Role.ENCODER})
DECODER: Final = frozenset({Role.DECODER})
AUTOENCODER: Final = frozenset({Role.AUTOENCODER})
BOTH_HALVES: Final = ENCODER | DECODER
EVERY_MODEL: Final = frozenset(Role)


@dataclass(frozen=True, slots=True)
class Halves:
    """The existing parts of an unfinished autoencoder.

    Attributes:
        there: The student's halves, one or both.
        subject: Everything known about the submission.
        asked: The halves that were asked for. A missing one does not earn its part of the points; a cell that asks
            about the encoder asks for that half alone.
    """

    there: Mapping[Role, MeasuredModel]
    subject: Subject
    asked: Collection[Role] = HALVES

    @property
    def facts(self) -> ReferenceFacts:
        """The reference."""
        return self.subject.facts

    @property
    def only(self) -> Role | None:
        """The half that exists, None if both do."""
        return next(iter(self.there)) if len(self.there) == 1 else None

    @property
    def counted(self) -> tuple[Role, ...]:
        """The halves that have a part of the points."""
        return tuple(role for role in HALVES if role in self.asked or role in self.there)

    def apart(self) -> Iterator[Halves]:
        """Return each existing half as if it alone were asked for."""
        for role, found in self.there.items():
            yield Halves({role: found}, self.subject, (role,))

    def with_reference(self) -> Subject:
        """Return the student's halves with an autoencoder made of two, with the reference's half for a missing one."""
        known = self.facts.architectures
        parts = {role: found.architecture for role, found in self.there.items()}
        whole = known[Role.AUTOENCODER]
        expected = _chain(known[Role.ENCODER], known[Role.DECODER], whole)
        actual = _chain(
            parts.get(Role.ENCODER, known[Role.ENCODER]), parts.get(Role.DECODER, known[Role.DECODER]), whole
        )
        facts = replace(self.facts, architectures={**known, Role.AUTOENCODER: expected})
        return self.with_autoencoder(actual, facts, _code_size(parts))

    def with_autoencoder(
        self, form: Architecture, facts: ReferenceFacts, values: Mapping[Quantity, Measurement]
    ) -> Subject:
        """Return the student's halves together with this autoencoder."""
        models = {**self.there, Role.AUTOENCODER: MeasuredModel(Role.AUTOENCODER, "", form)}
        return replace(self.subject, measurements=Measurements(models, values), facts=facts)

    def missing(self) -> tuple[Finding, ...]:
        """Return a finding for each missing half that has a part of the points."""
        return tuple(_missing_half(role) for role in self.counted if role not in self.there)

    def shared(self, share: float, summary: Message, findings: tuple[Finding, ...]) -> Verdict:
        """Return this share of the points, with the missing halves named in the summary."""
        for role in self.counted:
            if role not in self.there:
                summary = message("{summary} Not there: {role}.", summary=summary, role=ROLE_NAMES[role])
        return by_share(share, summary, findings)

    def located(self, finding: Finding) -> Finding:
        """Return a finding about the autoencoder as one about the existing half, if only one exists."""
        return finding if self.only is None else of_half(self.subject, self.only, finding)


def half_alone(subject: Subject, half: Role) -> Halves:
    """Return one existing half and nothing else, whatever is still missing."""
    found = subject.measurements.models[half]
    alone = replace(subject, measurements=replace(subject.measurements, models={half: found}))
    return Halves({half: found}, alone, (half,))


@dataclass(frozen=True, slots=True)
class HalvesRule:
    """How a check judges the halves of an unfinished autoencoder.

    Attributes:
        enough: Sets of halves, any of which is enough for the check.
        judge: Returns the verdict on the halves.
    """

    enough: tuple[frozenset[Role], ...]
    judge: Callable[[Halves, RubricItem], Verdict]

    def verdict(self, halves: Halves, item: RubricItem) -> Verdict:
        """Judge the existing halves; SKIPPED if they are not enough or the reference has no halves."""
        if not any(need.issubset(halves.there) for need in self.enough):
            return skipped(message("Not checked: the half that it looks at was not found."))
        if not EVERY_MODEL.issubset(halves.facts.architectures):
            return skipped(NOT_CHECKED)
        return self.judge(halves, item)


def judged_as_a_whole(function: CheckFunction) -> Callable[[Halves, RubricItem], Verdict]:
    """Return the default way to judge halves: the check itself, with the reference's half for a missing one."""

    def judge(halves: Halves, item: RubricItem) -> Verdict:
        verdict = function(halves.with_reference(), item)
        return replace(verdict, findings=tuple(halves.located(one) for one in verdict.findings))

    return judge


def of_half(subject: Subject, half: Role, finding: Finding) -> Finding:
    """Return a finding that names this half instead of the autoencoder; other findings are unchanged."""
    whole = message("The {role}", role=ROLE_NAMES[Role.AUTOENCODER])
    return replace(finding, where=model(subject, half)) if finding.where == whole else finding


# ----------------------------------------------------------------------------------------------------------------------


def _missing_half(role: Role) -> Finding:
    return Finding(
        where=notebook(),
        expected=message("Both halves of the autoencoder, the {role} as well.", role=ROLE_NAMES[role]),
        actual=no_such_model(role=ROLE_NAMES[role]),
        why=message("Each half is judged by itself and earns its part of these points; this part is still open."),
        hint=message("Complete the cell that makes it, and keep what it makes in a variable: {role}.", role=role.value),
    )


def _chain(encoder: Architecture, decoder: Architecture, whole: Architecture) -> Architecture:
    """Join two halves as data: the decoder reads the encoder's output.

    Input and output are those of `whole`, so that the shapes of each half are judged once, as its own.
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
    """Return the size of one code by the encoder's output or the decoder's input; empty if it is not fixed."""
    encoder, decoder = parts.get(Role.ENCODER), parts.get(Role.DECODER)
    size = shape_size(encoder.output_shape) if encoder is not None else None
    if encoder is None and decoder is not None:
        size = shape_size(decoder.input_shape)
    if size is None:
        return {}
    return {Quantity.CODE_SIZE: Measurement(Quantity.CODE_SIZE, size, "1", "the end of the half that is there")}
