"""What running a hand-in again on a secret view of the data showed: stored with what was observed of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from grader.domain.messages import Message


class AuditOutcome(StrEnum):
    """What an audit came to.

    NO_VIEW: The notebook makes its data by itself, so there is no secret view of them.
    TOO_LITTLE: The model has learnt too little to ask where it was learnt.
    FAILED: On two views it gives back nothing.
    UNCLEAR: It did something else on the view, or reached something between: a person has to look.
    COMPUTED: It passed, and yet no training was seen that explains it.
    PASSED: What it learnt on the plain data, it learnt on the view.
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
        suspicions: What led to it, one sentence each; none where every hand-in is audited.
        here: Share of the mean image's error that the model takes away on the plain data; None where not measured.
        there: The same on each view.
        otherwise: In which way the notebook behaved otherwise on a view; None where it did not.
    """

    outcome: AuditOutcome
    suspicions: tuple[Message, ...] = ()
    here: float | None = None
    there: tuple[float | None, ...] = ()
    otherwise: Message | None = None
