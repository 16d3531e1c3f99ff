"""The error that stops intake before anything is graded."""

from __future__ import annotations

from grader.domain.messages import Message


class IntakeError(Exception):
    """A given path cannot be used, or holds nothing to grade; `reason` says what, where and what to do."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason.msgid)
        self.reason = reason
