"""The error of a wrong call of `grader.check`: one sentence in the student's language."""

from __future__ import annotations

from grader.domain.messages import Message
from grader.locale import Translator


class NotebookCheckError(Exception):
    """`grader.check` or `grader.use` was called in a way that cannot be answered.

    Attributes:
        reason: What is wrong and what to write instead.
    """

    def __init__(self, reason: Message, language: str) -> None:
        super().__init__(Translator(language).text(reason))
        self.reason = reason

    def _render_traceback_(self) -> list[str]:
        """Show only the sentence in IPython: the frames below it are ours and of no use to a student."""
        return [f"{type(self).__name__}: {self}"]
