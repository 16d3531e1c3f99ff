"""The chart of a report as SVG: the student's loss among others, one row each on a common axis.

It is written by hand because a plotting library takes 0.2 s for both colour schemes, and a class has a hundred. The
picture is embedded as an image, so that it can neither run code nor load anything; every text in it is ours, and is
escaped all the same. Equal input gives equal bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from markupsafe import escape

CHART_WIDTH = 480
"""Width of the chart in CSS pixels; small enough that its letters stay readable on a telephone."""

_ROW_HEIGHT = 38
_FRAME_HEIGHT = 76
_TOP, _BOTTOM = 22.0, 42.0
_FONT = "DejaVu Sans, Verdana, Geneva, sans-serif"
_LARGE, _SMALL = 12.5, 11.0
_WIDTH_OF_A_LETTER: Final = 0.62
"""Average width of a letter, relative to the font size, in DejaVu Sans and the equally wide Verdana."""

_WIDER_IN_BOLD: Final = 1.12
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
_MOST_STEPS = 4


class MarkKind(StrEnum):
    """Whose loss a mark shows; decides colour and shape."""

    STUDENT = "student"
    REFERENCE = "reference"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class LossMark:
    """One row of the loss chart.

    Attributes:
        kind: Whose loss it is.
        label: Name of the row, translated.
        value: The loss.
        text: The loss as people read it.
        deviation: Standard deviation over runs, 0 if there is none.
    """

    kind: MarkKind
    label: str
    value: float
    text: str
    deviation: float = 0.0


@dataclass(frozen=True, slots=True)
class LossChart:
    """The content of the loss chart.

    Attributes:
        marks: Rows from top to bottom.
        full_credit: Largest loss with full credit.
        full_credit_label: Its name, translated.
        axis_label: Name of the axis, translated.
        largest: Losses above this are drawn at the right edge, with an arrow instead of their mark.
        numbers: Writes the numbers of the axis.
    """

    marks: tuple[LossMark, ...]
    full_credit: float
    full_credit_label: str
    axis_label: str
    largest: float
    numbers: Callable[[Sequence[float]], Sequence[str]]

    @property
    def height(self) -> int:
        """Height of the chart in CSS pixels."""
        return _FRAME_HEIGHT + _ROW_HEIGHT * len(self.marks)


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of a chart.

    Attributes:
        ink: Text.
        quiet: Axis and secondary text; at least 4.5 : 1 on the report's background, as ink is.
        line: Grid.
        zone: Background of the losses with full credit.
        colours: Of the marks; blue, orange and grey stay apart for every kind of colour vision.
    """

    ink: str
    quiet: str
    line: str
    zone: str
    colours: tuple[tuple[MarkKind, str], ...]


LIGHT = Theme(
    ink="#1b2430",
    quiet="#556070",
    line="#dfe3e8",
    zone="#e3f0ec",
    colours=((MarkKind.STUDENT, "#0b5fa5"), (MarkKind.REFERENCE, "#b4540a"), (MarkKind.BASELINE, "#6b7480")),
)
DARK = Theme(
    ink="#e8ebef",
    quiet="#a4afbc",
    line="#333c47",
    zone="#1d3530",
    colours=((MarkKind.STUDENT, "#63b3f2"), (MarkKind.REFERENCE, "#f0a04b"), (MarkKind.BASELINE, "#98a3b0")),
)


def loss_chart(chart: LossChart, theme: Theme) -> bytes:
    """Draw one row per mark on a common axis from 0; the zone of full credit is shaded and ends at a dashed line."""
    plot = _Plot.of(chart)
    size = f'width="{CHART_WIDTH}" height="{chart.height}" viewBox="0 0 {CHART_WIDTH} {chart.height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{_FONT}">',
        *_zone_and_grid(plot, chart, theme),
    ]
    for row, mark in enumerate(chart.marks):
        parts += _row(plot, row, mark, chart, theme)
    parts.append("</svg>\n")
    return "\n".join(parts).encode("utf-8")


@dataclass(frozen=True, slots=True)
class _Plot:
    """Positions of the axes in CSS pixels, and the mapping of losses and rows to positions."""

    left: float
    right: float
    bottom: float
    largest: float
    rows: int

    @classmethod
    def of(cls, chart: LossChart) -> _Plot:
        """Leave room for the names on the left and the numbers on the right."""
        names = max((_width(mark.label, _LARGE, bold=_is_bold(mark)) for mark in chart.marks), default=0.0)
        numbers = max((_width(mark.text, _LARGE, bold=_is_bold(mark)) for mark in chart.marks), default=0.0)
        room = CHART_WIDTH / 3
        return cls(
            min(names, room) + 14,
            CHART_WIDTH - min(numbers, room) - 20,
            chart.height - _BOTTOM,
            chart.largest * 1.08,
            len(chart.marks),
        )

    def x(self, loss: float) -> float:
        """Return the position of a loss."""
        return round(self.left + (self.right - self.left) * loss / self.largest, 2)

    def y(self, row: int) -> float:
        """Return the middle of a row."""
        return round(_TOP + (self.bottom - _TOP) * (row + 0.6) / (self.rows + 0.2), 2)


def _zone_and_grid(plot: _Plot, chart: LossChart, theme: Theme) -> list[str]:
    full, height = plot.x(chart.full_credit), round(plot.bottom - _TOP, 2)
    places = axis_places(plot.largest)
    leans = "start" if chart.full_credit < plot.largest / 2 else "end"
    drawn = [f'<rect x="{plot.left}" y="{_TOP}" width="{full - plot.left:.2f}" height="{height}" fill="{theme.zone}"/>']
    for place, number in zip(places, chart.numbers(places), strict=True):
        x = plot.x(place)
        drawn.append(_line((x, _TOP), (x, plot.bottom), f'stroke="{theme.line}" stroke-width="1.1"'))
        drawn.append(_text((x, plot.bottom + 15), number, _SMALL, theme.quiet))
    middle = round((plot.left + plot.right) / 2, 2)
    drawn.append(_text((middle, chart.height - 8), chart.axis_label, _SMALL, theme.quiet))
    dashes = f'stroke="{theme.ink}" stroke-width="1.4" stroke-dasharray="5.6 4.2"'
    drawn.append(_line((full, _TOP), (full, plot.bottom), dashes))
    drawn.append(_text((full, _TOP - 6), chart.full_credit_label, _SMALL, theme.ink, anchor=leans))
    return drawn


def _row(plot: _Plot, row: int, mark: LossMark, chart: LossChart, theme: Theme) -> list[str]:
    """Draw a thin line from 0, the mark at its loss, its spread, and name and number on both sides."""
    colour, y = dict(theme.colours)[mark.kind], plot.y(row)
    beyond = not mark.value <= chart.largest
    x = plot.x(plot.largest if beyond else mark.value)
    bold = _is_bold(mark)
    drawn = [
        _text((plot.left - 11, y + 4.5), mark.label, _LARGE, theme.ink, anchor="end", bold=bold),
        _line((plot.left, y), (x, y), f'stroke="{colour}" stroke-width="1.7" stroke-opacity="0.55"'),
    ]
    if mark.deviation and not beyond:
        ends = (plot.x(mark.value - mark.deviation), plot.x(mark.value + mark.deviation))
        path = f"M{ends[0]} {y}H{ends[1]}" + "".join(f"M{end} {y - 5.5}v11" for end in ends)
        drawn.append(f'<path d="{path}" stroke="{colour}" stroke-width="2.5" fill="none"/>')
    drawn.append(_mark(mark.kind, x, y, colour, beyond=beyond))
    drawn.append(_text((plot.right + 15, y + 4.5), mark.text, _LARGE, theme.ink, anchor="start", bold=bold))
    return drawn


def _mark(kind: MarkKind, x: float, y: float, colour: str, *, beyond: bool) -> str:
    """Draw a mark; two kinds never differ only in colour."""
    if beyond:
        return f'<path d="M{x - 6} {y - 6.5}l12 6.5l-12 6.5z" fill="{colour}"/>'
    if kind is MarkKind.STUDENT:
        return f'<path d="M{x} {y - 7.8}l7.8 7.8l-7.8 7.8l-7.8 -7.8z" fill="{colour}"/>'
    if kind is MarkKind.REFERENCE:
        return f'<circle cx="{x}" cy="{y}" r="5.2" fill="{colour}"/>'
    return _line((x, y - 9), (x, y + 9), f'stroke="{colour}" stroke-width="3.4"')


def axis_places(edge: float) -> list[float]:
    """Return the labelled positions of the axis: at most five, from 0, in round steps."""
    if not (edge > 0 and math.isfinite(edge)):
        return [0.0]
    power = 10.0 ** math.floor(math.log10(edge / _MOST_STEPS))
    step = next(nice * power for nice in _NICE if edge / (nice * power) <= _MOST_STEPS + 1e-9)
    return [float(f"{count * step:.12g}") for count in range(int(edge / step + 1e-9) + 1)]


def _line(start: tuple[float, float], end: tuple[float, float], style: str) -> str:
    return f'<path d="M{start[0]} {start[1]}L{end[0]} {end[1]}" fill="none" {style}/>'


def _text(
    place: tuple[float, float], text: str, size: float, colour: str, *, anchor: str = "middle", bold: bool = False
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{place[0]:.2f}" y="{place[1]:.2f}" font-size="{size}" fill="{colour}" '
        f'text-anchor="{anchor}"{weight}>{escape(text)}</text>'
    )


def _is_bold(mark: LossMark) -> bool:
    return mark.kind is MarkKind.STUDENT


def _width(text: str, size: float, *, bold: bool) -> float:
    return len(text) * size * _WIDTH_OF_A_LETTER * (_WIDER_IN_BOLD if bold else 1.0)
