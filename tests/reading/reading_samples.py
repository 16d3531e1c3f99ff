"""Functions that a reading process is made to call: one for every way in which reading can end."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from grader.domain.evidence import RejectedClaimsError
from grader.domain.messages import message
from grader.domain.submission import Submission, UnreadableSubmissionError


@dataclass(frozen=True)
class Everything:
    """A value of every kind that travels."""

    submission: Submission
    numbers: Mapping[int, float]
    text: str
    nothing: tuple[int, ...] | None


def echo(value: Everything) -> Everything:
    return value


def refuse(why: str) -> None:
    raise UnreadableSubmissionError(message("{why}", why=why))


def reject(why: str) -> None:
    raise RejectedClaimsError("claims.json", why)


def fail() -> float:
    return 1 / 0


def spin(millions: int) -> int:
    """Take as long as a thousand long multiplications of C, each of which holds the interpreter lock."""
    for _ in range(millions):
        _ = (7**400_000) * (3**800_000)
    return millions


def gobble() -> int:
    return len(bytearray(3 * 2**30))


def crash() -> None:
    os._exit(3)
