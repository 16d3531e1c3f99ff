"""`bottleneck`: the image reaches the output only through the code."""

from __future__ import annotations

from typing import Final

from grader.checks.core.absence import without_autoencoder
from grader.checks.core.check import Check, Needs, TrainingUse
from grader.checks.core.code_layer import code_size
from grader.checks.core.phrases import code_of, model
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, failed, passed, ungradable
from grader.checks.structure.code_size import image_size
from grader.domain.architecture import shape_size
from grader.domain.assignment import RubricItem
from grader.domain.grade import Finding
from grader.domain.measurement import Measurement, Quantity, Role
from grader.domain.messages import Message, message

_SAME: Final = 0.001
_LAST_DIGITS: Final = 0.02
"""Largest change of the output when the numbers of the code are rounded to about eight bits: trained references change
by 0.8 % at most."""


def check_bottleneck(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """The output depends on the image in at most as many independent ways as the code has numbers.

    Measured as the numerical rank of d autoencoder(x) / d x, and read from the layers: no connection bypasses the code,
    and the code is smaller than the image. If the notebook has an encoder made of the autoencoder's own layers, its
    output is the code that counts. If it also has a decoder, the images must not depend on fine differences of the
    code, in which any amount of data can be hidden.

    A model that can be run but not rebuilt passes if its encoder and decoder, in separate processes that exchange only
    codes, do what it does.
    """
    absent = without_autoencoder(subject)
    if absent is not None:
        return absent
    size = _declared(subject, code_size(subject.measurements))
    rank = subject.measurements.value(Quantity.BOTTLENECK_RANK)
    numbers = _numbers(subject)
    findings = _findings(subject, size, rank)
    if findings:
        return failed(
            _with_numbers(message("The input reaches the output past the code."), size, rank),
            findings,
            measurements=numbers,
        )
    if rank is None and size is not None and _reproduced(subject):
        summary = message("All of the input goes through the code: {size} numbers.", size=size)
        return passed(summary, measurements=numbers)
    if rank is None or size is None:
        return ungradable(message("We could not measure how much passes the bottleneck."), measurements=numbers)
    return passed(_with_numbers(message("All of the input goes through the code."), size, rank), measurements=numbers)


def _declared(subject: Subject, measured: int | None) -> int | None:
    """Return the size of the encoder's code if it is smaller than the code in the autoencoder."""
    encoder = subject.model(Role.ENCODER)
    if encoder is None or not encoder.shared_with_autoencoder:
        return measured
    given = shape_size(encoder.architecture.output_shape)
    return measured if given is None or measured is None else min(given, measured)


def _reproduced(subject: Subject) -> bool:
    """Return whether encoder and decoder, run apart with codes of six digits, do what the autoencoder does."""
    gap = subject.measurements.value(Quantity.COMPOSITION_GAP)
    return subject.measurements.by_behaviour and gap is not None and gap <= _SAME


def _numbers(subject: Subject) -> tuple[Measurement, ...]:
    values = subject.measurements.values
    names = [Quantity.BOTTLENECK_RANK, Quantity.CODE_SIZE]
    if _hidden_digits(subject) is not None:
        names.append(Quantity.ROUNDING_GAP)
    return tuple(values[name] for name in names if name in values)


def _hidden_digits(subject: Subject) -> float | None:
    """Return the part of the image that is hidden in the last digits of the codes, None if it is negligible."""
    gap = subject.measurements.value(Quantity.ROUNDING_GAP)
    halves = [subject.model(role) for role in (Role.ENCODER, Role.DECODER)]
    own = all(half is not None and half.shared_with_autoencoder for half in halves)
    return gap if gap is not None and own and gap > _LAST_DIGITS else None


def _with_numbers(summary: Message, size: int | None, rank: float | None) -> Message:
    if size is None or rank is None:
        return summary
    return message(
        "{summary} Independent directions in the output: {rank}; numbers in the code: {size}.",
        summary=summary,
        rank=round(rank),
        size=size,
    )


# Findings


def _findings(subject: Subject, size: int | None, rank: float | None) -> tuple[Finding, ...]:
    findings = []
    bypass = subject.measurements.bypass
    if bypass is not None:
        findings.append(_bypass(subject, bypass))
    if size is not None and rank is not None and round(rank) > size:
        findings.append(_leak(subject, size, round(rank)))
    image = image_size(subject)
    if size is not None and image is not None and size >= image:
        findings.append(_wide(subject, size, image))
    hidden = _hidden_digits(subject)
    if hidden is not None:
        findings.append(_packed(subject, hidden))
    return tuple(findings)


def _bypass(subject: Subject, bypass: Message) -> Finding:
    return Finding(
        where=model(subject, Role.AUTOENCODER),
        expected=message("One way from the input to the output, through the code."),
        actual=bypass,
        why=message(
            "With a way round the code the network copies its input: nothing is compressed and nothing learnt."
        ),
        hint=message("Follow each connection in the layers' `summary()`: which one does not pass through the code?"),
    )


def _leak(subject: Subject, size: int, rank: int) -> Finding:
    return Finding(
        where=model(subject, Role.AUTOENCODER),
        expected=message(
            "An output that changes in at most {size} independent directions, as the code has.", size=size
        ),
        actual=message("It changes in {rank} independent directions.", rank=rank),
        why=message("A code of {size} numbers cannot carry more: the rest of the input takes another way.", size=size),
        hint=message("Does the decoder read the code, or a wider layer before it?"),
    )


def _packed(subject: Subject, hidden: float) -> Finding:
    return Finding(
        where=model(subject, Role.ENCODER),
        expected=message("Codes that say the same with about eight bits a number."),
        actual=message("With about eight bits a number, the output changes by {gap:.0%}.", gap=hidden),
        why=message(
            "In the last digits of a few numbers many others can be hidden: such a code is small only to look at."
        ),
        hint=message("Does a layer of your encoder put several numbers into one?"),
    )


def _wide(subject: Subject, size: int, image: int) -> Finding:
    return Finding(
        where=model(subject, Role.AUTOENCODER),
        expected=message("A code far smaller than the input of {image} numbers.", image=image),
        actual=code_of(size=size),
        why=message("A code as large as the input can hold a copy of it: the network need find no patterns."),
        hint=message("Which layer of your network is the narrowest?"),
    )


CHECKS: Final = (Check("bottleneck", check_bottleneck, Needs(training=TrainingUse.NONE, layers=False, samples=False)),)
