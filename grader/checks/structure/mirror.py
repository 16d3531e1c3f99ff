"""`mirror`: the decoder mirrors the encoder, and the output is as large as the input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grader.checks.core.absence import NOT_MEASURED, without_autoencoder
from grader.checks.core.check import Check, Needs, TrainingUse
from grader.checks.core.halves import AUTOENCODER, BOTH_HALVES, HalvesRule, judged_as_a_whole
from grader.checks.core.phrases import WHY_SAME_SIZE, model, shape
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, failed, passed, ungradable
from grader.domain.architecture import Architecture, Layer, shape_size
from grader.domain.assignment import RubricItem
from grader.domain.code_place import narrowest
from grader.domain.grade import Finding
from grader.domain.measurement import Role
from grader.domain.messages import Message, message, verbatim

_DENSE: Final = "Dense"


@dataclass(frozen=True, slots=True)
class _Split:
    """Widths of the hidden Dense layers on both sides of the code."""

    encoder: tuple[int, ...]
    decoder: tuple[int, ...]

    @property
    def is_mirrored(self) -> bool:
        return self.decoder == self.encoder[::-1]


def check_mirror(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """The widths of the decoder's hidden Dense layers are the encoder's in reverse, and output size = input size.

    The code is the narrowest Dense layer, or the end of the encoder if there is one. If several layers could be the
    code, one that makes both sides mirror each other is enough: the code's own width is judged by `code_size`.
    """
    absent = without_autoencoder(subject)
    found = subject.model(Role.AUTOENCODER)
    if absent is not None or found is None:
        return absent or ungradable(NOT_MEASURED)
    splits = _splits(subject, found.architecture)
    findings = (*_width_findings(subject, splits), *_size_findings(subject, found.architecture))
    if findings:
        return failed(message("The decoder does not mirror the encoder."), findings)
    return passed(message("The decoder mirrors the encoder."))


def _splits(subject: Subject, architecture: Architecture) -> tuple[_Split, ...]:
    """Return the two sides for every layer that could be the code, the likeliest first; empty if there is none."""
    widths = tuple(_width(layer) for layer in architecture.active_layers if layer.kind == _DENSE)
    size = shape_size(architecture.input_shape)
    places = [place for place in narrowest(widths) if size is None or widths[place] < size]
    cut = _encoder_end(subject)
    if places and cut is not None and cut < len(widths) - 1:
        places = [cut, *(place for place in places if place != cut)]
    return tuple(_Split(widths[:place], widths[place + 1 : -1]) for place in places)


def _encoder_end(subject: Subject) -> int | None:
    """Return the position of the encoder's last Dense layer, None without an encoder or without such a layer."""
    encoder = subject.model(Role.ENCODER)
    if encoder is None:
        return None
    count = sum(layer.kind == _DENSE for layer in encoder.architecture.active_layers)
    return count - 1 if count else None


def _width(layer: Layer) -> int:
    units = layer.attribute("units")
    return units if isinstance(units, int) else layer.output_shape[-1] or 0


# Findings


def _width_findings(subject: Subject, splits: tuple[_Split, ...]) -> tuple[Finding, ...]:
    if any(split.is_mirrored for split in splits):
        return ()
    if not splits:
        return (_no_code(subject),)
    likeliest = splits[0]
    return (
        Finding(
            where=model(subject, Role.AUTOENCODER),
            expected=message(
                "Hidden Dense layers of the decoder with the encoder's widths in reverse: {widths}.",
                widths=_widths(likeliest.encoder[::-1]),
            ),
            actual=message("Their widths are {widths}.", widths=_widths(likeliest.decoder)),
            why=message("The decoder undoes the encoder step by step: what was narrowed last is widened first."),
            hint=message("Read the encoder's widths from the code back to the image, then compare with the decoder's."),
        ),
    )


def _no_code(subject: Subject) -> Finding:
    return Finding(
        where=model(subject, Role.AUTOENCODER),
        expected=message("Dense layers that narrow to a code and widen again."),
        actual=message("No Dense layer before the last one is narrower than the image."),
        why=message(
            "Without a narrow code there is no encoder and no decoder, and nothing forces the net to find patterns."
        ),
        hint=message("Which layer of your network is the code?"),
    )


def _size_findings(subject: Subject, architecture: Architecture) -> tuple[Finding, ...]:
    if shape_size(architecture.input_shape) == shape_size(architecture.output_shape):
        return ()
    return (
        Finding(
            where=model(subject, Role.AUTOENCODER),
            expected=message("An output as large as the input, {shape}.", shape=shape(architecture.input_shape)),
            actual=message("An output of shape {shape}.", shape=shape(architecture.output_shape)),
            why=WHY_SAME_SIZE,
            hint=message("How many numbers does the last layer give for one image?"),
        ),
    )


def _widths(widths: tuple[int, ...]) -> Message:
    if not widths:
        return message("none")
    return verbatim(", ".join(str(width) for width in widths))


CHECKS: Final = (
    Check(
        "mirror",
        check_mirror,
        Needs((AUTOENCODER, BOTH_HALVES), TrainingUse.NONE, samples=False, by_layers=True),
        halves=HalvesRule((BOTH_HALVES,), judged_as_a_whole(check_mirror)),
    ),
)
