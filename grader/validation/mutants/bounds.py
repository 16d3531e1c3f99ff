"""Pixels that the last layer cannot give."""

from __future__ import annotations

from typing import Final

from grader.domain.messages import message
from grader.validation.data_equivalents import SYMMETRIC, on_pixels
from grader.validation.operators import Mutant, TrainingLength

MUTANTS: Final = (
    Mutant(
        "sigmoid-on-symmetric",
        message("pixels between -1 and 1, and a sigmoid, which gives no black"),
        on_pixels(SYMMETRIC, "sigmoid"),
        ("reconstruction",),
        ("layers",),
        TrainingLength.WHOLE,
    ),
)
"""Outputs with other bounds than the pixels."""
