"""An explanation of one error, as a student reads it."""

from __future__ import annotations

from dataclasses import dataclass

from grader.domain.messages import Message


@dataclass(frozen=True, slots=True)
class Advice:
    """What to tell about one error.

    Attributes:
        why: Why such an error matters or arises.
        hint: What to look at next.
    """

    why: Message
    hint: Message
