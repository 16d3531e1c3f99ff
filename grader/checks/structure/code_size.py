"""`code_size`: the code holds as many numbers as the assignment asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from grader.checks.core.absence import without_autoencoder
from grader.checks.core.check import Check, Needs, TrainingUse
from grader.checks.core.code_layer import code_size
from grader.checks.core.halves import AUTOENCODER, DECODER, ENCODER, Halves, HalvesRule
from grader.checks.core.phrases import code_of, model
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, by_share, failed, passed, ungradable
from grader.domain.architecture import shape_size
from grader.domain.assignment import RubricItem
from grader.domain.grade import Finding, Outcome
from grader.domain.measurement import Measurement, Quantity, Role
from grader.domain.messages import Message, message


def check_code_size(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """The code of one image has the size that the reference has.

    If the reference leaves the size free, any code smaller than the image is right.
    """
    absent = without_autoencoder(subject)
    if absent is not None:
        return absent
    size = code_size(subject.measurements)
    numbers = _numbers(subject)
    if size is None:
        return ungradable(message("We could not measure how many numbers a code holds."), measurements=numbers)
    image = image_size(subject)
    if _is_right(size, subject.facts.code_size, image):
        return passed(message("One code holds {size} numbers.", size=size), measurements=numbers)
    summary = message("One code holds {size} numbers, which is not what the assignment asks.", size=size)
    return failed(summary, (_finding(subject, size, image),), measurements=numbers)


def image_size(subject: Subject) -> int | None:
    """Return how many numbers the autoencoder takes for one image, None if not fixed or unknown."""
    found = subject.model(Role.AUTOENCODER)
    return None if found is None else shape_size(found.architecture.input_shape)


def _is_right(size: int, asked: int | None, image: int | None) -> bool:
    if asked is not None:
        return size == asked
    return image is None or size < image


def _numbers(subject: Subject) -> tuple[Measurement, ...]:
    measured = subject.measurements.values.get(Quantity.CODE_SIZE)
    return () if measured is None else (measured,)


def _finding(subject: Subject, size: int, image: int | None) -> Finding:
    asked = subject.facts.code_size
    return Finding(
        where=model(subject, Role.ENCODER if subject.model(Role.ENCODER) is not None else Role.AUTOENCODER),
        expected=_size_in_words(asked, image) if asked is not None else message("A code smaller than the input."),
        actual=_size_in_words(size, image),
        why=_why(size, asked),
        hint=message("Which layer is the narrowest of the encoder, and how many units does it have?"),
    )


def _size_in_words(size: int, image: int | None) -> Message:
    """State a code size K with the compression factor, numbers of the image / K."""
    if image is None or size == 0:
        return code_of(size=size)
    return message(
        "A code of {size} numbers: {image} / {size} = {factor:.1f} times fewer than the input.",
        size=size,
        image=image,
        factor=image / size,
    )


def _why(size: int, asked: int | None) -> Message:
    if asked is not None and size < asked:
        return message(
            "A smaller code compresses more and loses more: details of the input find no room in it, however long you "
            "train."
        )
    return message(
        "A larger code gives better outputs and less compression; large enough, the network copies its input and need "
        "find no patterns at all. Codes of different sizes cannot be compared by their loss."
    )


def _of_halves(halves: Halves, item: RubricItem) -> Verdict:
    """Check the code's size at each half: the encoder's output, the decoder's input."""
    verdicts = [check_code_size(half.with_reference(), item) for half in halves.apart()]
    unknown = next((verdict for verdict in verdicts if verdict.outcome is Outcome.UNGRADABLE), None)
    if unknown is not None:
        return unknown
    wrong = [verdict for verdict in verdicts if verdict.share < 1]
    findings = [
        replace(finding, where=model(halves.subject, role))
        for role, verdict in zip(halves.there, verdicts, strict=True)
        for finding in verdict.findings
    ]
    first = wrong[0] if wrong else verdicts[0]
    if len(wrong) == len(verdicts) or not wrong:
        return replace(first, findings=tuple(findings))
    share = (len(verdicts) - len(wrong)) / len(verdicts)
    return by_share(share, first.message, findings, measurements=first.measurements)


CHECKS: Final = (
    Check(
        "code_size",
        check_code_size,
        Needs((AUTOENCODER, ENCODER, DECODER), TrainingUse.NONE, layers=False, samples=False, by_layers=True),
        halves=HalvesRule((ENCODER, DECODER), _of_halves),
    ),
)
