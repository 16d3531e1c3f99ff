"""The final grades of a class as a histogram."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from grader.domain.assignment import Assignment
from grader.report.wording import Wording

BINS: Final = 10
CHART_WIDTH: Final = 600
CHART_HEIGHT: Final = 160
_GAP: Final = 4


@dataclass(frozen=True, slots=True)
class HistogramBar:
    """One bar of a histogram: its place in pixels, its label, and how many grades it stands for."""

    x: float
    y: float
    width: float
    height: float
    label: str
    hand_ins: int


def bars(grades: Iterable[tuple[float, int]], assignment: Assignment, wording: Wording) -> list[HistogramBar]:
    """Return the histogram of grades in ten equal parts of the scale, the upper end in the last one.

    Args:
        grades: Grade on the scale, and how many hand-ins have it.
        assignment: Its scale.
        wording: The language of the labels.
    """
    counts = [0] * BINS
    for grade, number in grades:
        counts[min(BINS - 1, int(grade / assignment.scale_maximum * BINS + 1e-9))] += number
    tallest = max([1, *counts])
    width, step = CHART_WIDTH / BINS, assignment.scale_maximum / BINS
    decimals = assignment.scale_decimals + 1
    return [
        HistogramBar(
            x=round(width * index + _GAP / 2, 1),
            y=round(CHART_HEIGHT * (1 - number / tallest), 1),
            width=round(width - _GAP, 1),
            height=round(CHART_HEIGHT * number / tallest, 1),
            label=f"{wording.number(step * index, decimals)} – {wording.number(step * (index + 1), decimals)}",
            hand_ins=number,
        )
        for index, number in enumerate(counts)
    ]
