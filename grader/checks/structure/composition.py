"""`composition`: the autoencoder is the decoder after the encoder, with the same layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grader.checks.core.absence import perhaps_missing, why_unknown, without_autoencoder
from grader.checks.core.check import Check, Needs, TrainingUse
from grader.checks.core.halves import EVERY_MODEL
from grader.checks.core.parameters import Parameter
from grader.checks.core.phrases import ROLE_NAMES, model, no_such_model, notebook
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, failed, passed, ungradable
from grader.checks.structure.required_models import LAYERS_SUFFICE, is_missing
from grader.domain.architecture import shape_size
from grader.domain.assignment import RubricItem
from grader.domain.grade import Finding
from grader.domain.measurement import Measurement, Quantity, Role
from grader.domain.messages import Message, message

TOLERANCE: Final = Parameter(
    "tolerance",
    0.001,
    message("largest gap between autoencoder(x) and decoder(encoder(x)), relative to autoencoder(x)"),
)

_PARTS: Final = (Role.ENCODER, Role.DECODER)

_WHY: Final = message(
    "The three models are one network seen in three ways: the encoder and the decoder must be the layers that were "
    "trained as the autoencoder, else a code means nothing to the decoder."
)


def check_composition(subject: Subject, item: RubricItem) -> Verdict:
    """decoder(encoder(x)) is autoencoder(x), and encoder and decoder hold the autoencoder's own trained arrays."""
    absent = without_autoencoder(subject)
    if absent is not None:
        return absent
    missing = [role for role in _PARTS if is_missing(subject, role, item)]
    if missing:
        return _missing(subject, missing)
    gap = subject.measurements.values.get(Quantity.COMPOSITION_GAP)
    findings = (*_strangers(subject), *_gap_findings(subject, gap, TOLERANCE.of(item)))
    numbers = () if gap is None else (gap,)
    if findings:
        return failed(message("The autoencoder is not the decoder after the encoder."), findings, measurements=numbers)
    if gap is None and all(subject.model(role) for role in _PARTS):
        return ungradable(message("We could not measure whether decoder(encoder(x)) is autoencoder(x)."))
    return passed(
        message("The autoencoder is the decoder after the encoder, with the same layers."), measurements=numbers
    )


def _missing(subject: Subject, missing: Sequence[Role]) -> Verdict:
    unknown = why_unknown(subject)
    if unknown is not None:
        return ungradable(perhaps_missing(reason=unknown))
    findings = [_missing_finding(role) for role in missing]
    return failed(message("Encoder and decoder are not both there, so that they cannot be put together."), findings)


# Findings


def _missing_finding(role: Role) -> Finding:
    return Finding(
        where=notebook(),
        expected=message(
            "A Keras model or layer of its own made of the autoencoder's layers: {role}.", role=ROLE_NAMES[role]
        ),
        actual=no_such_model(role=ROLE_NAMES[role]),
        why=_WHY,
        hint=message("Build the two halves first and the autoencoder from them: which of the three calls the others?"),
    )


def _strangers(subject: Subject) -> tuple[Finding, ...]:
    """Find the models that hold arrays of their own."""
    found = [subject.model(role) for role in _PARTS]
    return tuple(
        Finding(
            where=model(subject, part.role),
            expected=message("A model that holds the autoencoder's own trained weights and no others."),
            actual=message("It holds weights that are not the autoencoder's."),
            why=_WHY,
            hint=message(
                "Does this model use the layers that were trained, or does it make new ones of the same kind?"
            ),
        )
        for part in found
        if part is not None and not part.shared_with_autoencoder
    )


def _gap_findings(subject: Subject, gap: Measurement | None, tolerance: float) -> tuple[Finding, ...]:
    if gap is None:
        return _unfit(subject)
    if gap.value <= tolerance:
        return ()
    actual = message("They differ by {gap:.2%} of the output.", gap=gap.value)
    return (_gap_finding(actual, tolerance),)


def _gap_finding(actual: Message, tolerance: float) -> Finding:
    return Finding(
        where=message("decoder(encoder(x)) beside autoencoder(x)"),
        expected=message("The same outputs, to within {tolerance:.2%}.", tolerance=tolerance),
        actual=actual,
        why=_WHY,
        hint=message("Pass one input through the encoder and its code through the decoder: where do the ways part?"),
    )


def _unfit(subject: Subject) -> tuple[Finding, ...]:
    """Find a decoder that cannot read the encoder's code; the gap cannot be measured then, through no fault of ours."""
    encoder, decoder = (subject.model(role) for role in _PARTS)
    if encoder is None or decoder is None:
        return ()
    given = shape_size(encoder.architecture.output_shape)
    taken = shape_size(decoder.architecture.input_shape)
    if given is None or taken is None or given == taken:
        return ()
    return (
        Finding(
            where=model(subject, Role.DECODER),
            expected=message("A decoder that takes the encoder's codes, {size} numbers each.", size=given),
            actual=message("It takes {size} numbers.", size=taken),
            why=_WHY,
            hint=message("Compare the last shape in the encoder's `summary()` with the first in the decoder's."),
        ),
    )


CHECKS: Final = (
    Check(
        "composition",
        check_composition,
        Needs((EVERY_MODEL,), TrainingUse.NONE, layers=False, samples=False),
        parameters=(TOLERANCE, LAYERS_SUFFICE),
    ),
)
