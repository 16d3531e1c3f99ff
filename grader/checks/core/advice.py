"""An explanation of one error, as a student reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grader.domain.messages import Message, message

READ_THE_LAST_LINE: Final = message(
    "Restart the runtime, run all cells from the top, and read the last line of the error."
)


WHY_CELLS_FAIL_LATER: Final = message("A cell that stops half-way leaves what the cells below it need undone.")


@dataclass(frozen=True, slots=True)
class Advice:
    """Advice on one error.

    Attributes:
        why: Why such an error matters or occurs.
        hint: What to look at next.
    """

    why: Message
    hint: Message
