"""`bottleneck`: nothing of the image reaches the output except through the code."""

from __future__ import annotations

from grader.checks.absence import without_autoencoder
from grader.checks.code_layer import code_size
from grader.checks.code_size import image_size
from grader.checks.subject import Subject
from grader.checks.verdict import Verdict, failed, passed, ungradable
from grader.checks.wording import model
from grader.domain.assignment import RubricItem
from grader.domain.grade import Finding
from grader.domain.measurement import Measurement, Quantity, Role
from grader.domain.messages import Message, message


def check_bottleneck(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """The output depends on the image in at most as many independent ways as the code has numbers.

    Measured as the numerical rank of d autoencoder(x) / d x, and read from the layers: no connection leads round the
    code, and the code is smaller than the image.
    """
    absent = without_autoencoder(subject)
    if absent is not None:
        return absent
    size = code_size(subject.measurements)
    rank = subject.measurements.value(Quantity.BOTTLENECK_RANK)
    numbers = _numbers(subject)
    findings = _findings(subject, size, rank)
    if findings:
        return failed(
            _told(message("The image reaches the output past the code."), size, rank), findings, measurements=numbers
        )
    if rank is None or size is None:
        return ungradable(message("We could not measure how much passes the bottleneck."), measurements=numbers)
    return passed(_told(message("All of the image goes through the code."), size, rank), measurements=numbers)


def _numbers(subject: Subject) -> tuple[Measurement, ...]:
    values = subject.measurements.values
    return tuple(values[name] for name in (Quantity.BOTTLENECK_RANK, Quantity.CODE_SIZE) if name in values)


def _told(summary: Message, size: int | None, rank: float | None) -> Message:
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
    return tuple(findings)


def _bypass(subject: Subject, bypass: Message) -> Finding:
    return Finding(
        where=model(subject, Role.AUTOENCODER),
        expected=message("One way from the image to the output, through the code."),
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
        why=message("A code of {size} numbers cannot carry more: the rest of the image takes another way.", size=size),
        hint=message("Does the decoder read the code, or a wider layer before it?"),
    )


def _wide(subject: Subject, size: int, image: int) -> Finding:
    return Finding(
        where=model(subject, Role.AUTOENCODER),
        expected=message("A code far smaller than the image of {image} numbers.", image=image),
        actual=message("A code of {size} numbers.", size=size),
        why=message("A code as large as the image can hold a copy of it: the network need find no patterns."),
        hint=message("Which layer of your network is the narrowest?"),
    )
