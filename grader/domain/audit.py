"""What a second run of a hand-in on a secret view of the data showed; stored with the other observations."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from grader.domain.messages import Message


class AuditOutcome(StrEnum):
    """The result of an audit.

    NO_VIEW: The notebook makes its data itself, so the grader cannot give it a secret view.
    TOO_LITTLE: The model has learnt too little to ask where it learnt it.
    FAILED: On two views the notebook's model reconstructs nothing.
    UNCLEAR: The notebook behaved differently on the view, or its result lies between; a person has to look.
    COMPUTED: It passed, but no training was seen that explains the result.
    PASSED: It learnt on the view what it had learnt on the plain data.
    """

    NO_VIEW = "no_view"
    TOO_LITTLE = "too_little"
    FAILED = "failed"
    UNCLEAR = "unclear"
    COMPUTED = "computed"
    PASSED = "passed"


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An audit of one hand-in.

    Attributes:
        outcome: What it came to.
        suspicions: What led to it, one sentence each; none if every hand-in is audited.
        here: Share of the mean image's error that the model removes on the plain data; None if not measured.
        there: The same on each view.
        otherwise: How the notebook behaved differently on a view; None if it did not.
    """

    outcome: AuditOutcome
    suspicions: tuple[Message, ...] = ()
    here: float | None = None
    there: tuple[float | None, ...] = ()
    otherwise: Message | None = None
