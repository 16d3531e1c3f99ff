"""`shapes`: images go in and images of the same size come out, in any layout."""

from __future__ import annotations

from math import prod
from typing import Final

from grader.checks.core.absence import without_autoencoder
from grader.checks.core.check import Check, Needs, TrainingUse
from grader.checks.core.halves import AUTOENCODER, DECODER, ENCODER, Halves, HalvesRule, judged_as_a_whole
from grader.checks.core.parameters import Parameter
from grader.checks.core.phrases import IMAGE, WHY_SAME_SIZE, model, sample_shape, sample_words, shape
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, by_share
from grader.domain.architecture import Shape, shape_size
from grader.domain.assignment import RubricItem
from grader.domain.grade import Finding
from grader.domain.measurement import Role
from grader.domain.messages import Message, message

IMAGE_SHAPE: Final = Parameter(
    "image_shape", "28x28", message("lengths of one image, such as 28x28 or 28x28x1"), pattern=r"[1-9]\d*(x[1-9]\d*)*"
)


def check_shapes(subject: Subject, item: RubricItem) -> Verdict:
    """The autoencoder maps an image to an image; the encoder takes an image and the decoder returns one.

    (784,), (28, 28) and (28, 28, 1) hold the same image and are all right. A missing encoder or decoder costs nothing
    here: `models` has judged it. All existing inputs and outputs count equally.
    """
    absent = without_autoencoder(subject)
    if absent is not None:
        return absent
    image = tuple(int(length) for length in IMAGE_SHAPE.of(item).split("x"))
    ends = _ends(subject)
    findings = [_finding(subject, end, image) for end in ends if not holds_image(end[2], image)]
    if findings:
        summary = _sizes_wrong(subject, wrong=len(findings), total=len(ends))
    elif sample_words(subject.facts) is IMAGE:
        summary = message("Images of the right size go in and come out.")
    else:
        summary = message("What goes in and what comes out have the right size.")
    return by_share((len(ends) - len(findings)) / len(ends), summary, findings)


def _sizes_wrong(subject: Subject, *, wrong: int, total: int) -> Message:
    """Say how many inputs and outputs have another size, in the words of the reference's data."""
    one = sample_words(subject.facts).one
    return message("Shapes that do not hold {one}: {wrong} of {total}.", one=one, wrong=wrong, total=total)


def holds_image(lengths: Shape, image: tuple[int, ...]) -> bool:
    """Return whether a sample of this shape holds exactly one image, in any layout.

    If a dimension is open (a sequence of any length, a fully convolutional network), the other ones decide; channels of
    length 1 never matter.
    """
    size = shape_size(lengths)
    if size is not None:
        return size == prod(image)
    axes = [length for length in lengths if length != 1]
    wanted = [length for length in image if length != 1]
    return len(axes) == len(wanted) and all(have in {None, want} for have, want in zip(axes, wanted, strict=True))


_End = tuple[Role, bool, Shape]
"""A model, whether its input is meant (else its output), and the shape of one sample there."""


def _ends(subject: Subject) -> list[_End]:
    """List every input and output that should be an image."""
    meant = ((Role.AUTOENCODER, True), (Role.AUTOENCODER, False), (Role.ENCODER, True), (Role.DECODER, False))
    ends: list[_End] = []
    for role, is_input in meant:
        found = subject.model(role)
        if found is not None:
            architecture = found.architecture
            ends.append((role, is_input, architecture.input_shape if is_input else architecture.output_shape))
    return ends


def _finding(subject: Subject, end: _End, image: tuple[int, ...]) -> Finding:
    role, is_input, lengths = end
    return Finding(
        where=_place(model(subject, role), is_input=is_input),
        expected=_expected(subject, image),
        actual=sample_shape(shape=shape(lengths)),
        why=WHY_SAME_SIZE,
        hint=message(
            "Follow the output shapes in `summary()` from the first line to the last; the batch is no length."
        ),
    )


def _expected(subject: Subject, image: tuple[int, ...]) -> Message:
    if sample_words(subject.facts) is IMAGE:
        return message(
            "One image: {size} numbers, as {shape} or in another layout.", size=prod(image), shape=shape(image)
        )
    return message("{size} numbers a sample, as {shape} or in another layout.", size=prod(image), shape=shape(image))


def _place(name: Message, *, is_input: bool) -> Message:
    return message("{model}: input", model=name) if is_input else message("{model}: output", model=name)


def _of_halves(halves: Halves, item: RubricItem) -> Verdict:
    """Count the outer ends of the halves: the encoder's input and the decoder's output."""
    verdict = judged_as_a_whole(check_shapes)(halves, item)
    wrong, total, missing = len(verdict.findings), len(halves.counted), halves.missing()
    summary = _sizes_wrong(halves.subject, wrong=wrong, total=len(halves.there)) if wrong else verdict.message
    if not wrong and missing:
        summary = message("Everything that exists has the right size.")
    return halves.shared((len(halves.there) - wrong) / total, summary, (*verdict.findings, *missing))


CHECKS: Final = (
    Check(
        "shapes",
        check_shapes,
        Needs((AUTOENCODER, ENCODER, DECODER), TrainingUse.NONE, layers=False, samples=False, by_layers=True),
        parameters=(IMAGE_SHAPE,),
        halves=HalvesRule((ENCODER, DECODER), _of_halves),
    ),
)
