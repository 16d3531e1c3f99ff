"""Pictures of a report as PNG: rows of reconstructions, and the student's loss among others.

Matplotlib and NumPy are imported when a picture is made and not before, because `grader --help` must start at once.
Pictures hold no mark-up and no student text; their backgrounds are transparent, and charts come in a light and a
dark version. Equal input gives equal bytes.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from grader.domain.measurement import ImageStrip

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PIXELS_PER_INCH = 100
"""CSS pixels that one inch of a figure takes in the report."""

_SHARPNESS = 2.2
"""Stored pixels per CSS pixel: sharp on paper and on dense screens."""

CHART_WIDTH = 480
"""Width of the chart in CSS pixels; small enough that its letters stay readable on a telephone."""

_ROW_HEIGHT = 38
_FRAME_HEIGHT = 76
_ENLARGEMENT = 4
"""Side of the square that shows one pixel of an image."""

_GAP = 2
"""Empty pixels (of the image's own size) between two images of a row."""


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
        deviation: Standard deviation over runs, 0 where there is none.
    """

    kind: MarkKind
    label: str
    value: float
    text: str
    deviation: float = 0.0


@dataclass(frozen=True, slots=True)
class LossChart:
    """What the loss chart shows.

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

_SHAPES = ((MarkKind.STUDENT, "D", 8.0), (MarkKind.REFERENCE, "o", 7.5), (MarkKind.BASELINE, "|", 13.0))
"""Kind, matplotlib's marker and its size in points: colour is never the only difference."""


def strip_picture(strip: ImageStrip, count: int) -> bytes:
    """Draw the first `count` images of the strip in a row, edge to edge but for a transparent gap.

    Raises:
        ValueError: An image does not have height × width pixels.
    """
    import numpy as np
    from matplotlib.image import imsave

    step = strip.width + _GAP
    row = np.zeros((strip.height, step * count - _GAP, 4), dtype=np.uint8)
    for position, encoded in enumerate(strip.images[:count]):
        pixels = np.frombuffer(base64.b64decode(encoded), dtype=np.uint8).reshape(strip.height, strip.width)
        place = row[:, position * step : position * step + strip.width]
        place[..., :3] = pixels[..., np.newaxis]
        place[..., 3] = 255
    picture = io.BytesIO()
    enlarged = row.repeat(_ENLARGEMENT, axis=0).repeat(_ENLARGEMENT, axis=1)
    imsave(picture, enlarged, format="png", metadata={"Software": ""})
    return picture.getvalue()


def strip_size(strip: ImageStrip, count: int) -> tuple[int, int]:
    """Return width and height of `strip_picture`'s result in pixels."""
    return ((strip.width + _GAP) * count - _GAP) * _ENLARGEMENT, strip.height * _ENLARGEMENT


def loss_chart(chart: LossChart, theme: Theme) -> bytes:
    """Draw one row a mark on a common axis from 0, the zone of full credit shaded and bounded by a dashed line."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    inches = (CHART_WIDTH / _PIXELS_PER_INCH, chart.height / _PIXELS_PER_INCH)
    figure = Figure(figsize=inches, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _draw_frame(axes, chart, theme)
    _draw_zone(axes, chart, theme)
    for row, mark in enumerate(chart.marks):
        _draw_mark(axes, row, mark, chart, theme)
    picture = io.BytesIO()
    figure.savefig(
        picture, format="png", dpi=_PIXELS_PER_INCH * _SHARPNESS, transparent=True, metadata={"Software": None}
    )
    return picture.getvalue()


def data_uri(png: bytes) -> str:
    """Return the picture as an address that holds the picture itself."""
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


# Helpers


def _draw_frame(axes: Axes, chart: LossChart, theme: Theme) -> None:
    from matplotlib.ticker import MaxNLocator

    edge = _right_edge(chart)
    axes.set_xlim(0, edge)
    axes.set_ylim(len(chart.marks) - 0.4, -0.6)
    axes.set_yticks(range(len(chart.marks)), [mark.label for mark in chart.marks], parse_math=False)
    for tick, mark in zip(axes.get_yticklabels(), chart.marks, strict=True):
        tick.set(color=theme.ink, fontsize=9, fontweight="bold" if mark.kind is MarkKind.STUDENT else "normal")
    places = [float(place) for place in MaxNLocator(4).tick_values(0, edge) if 0 <= place <= edge]
    axes.set_xticks(places, chart.numbers(places), parse_math=False)
    axes.tick_params(axis="x", length=0, labelsize=8, labelcolor=theme.quiet, pad=5)
    axes.tick_params(axis="y", length=0, pad=8)
    axes.grid(axis="x", color=theme.line, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel(chart.axis_label, color=theme.quiet, fontsize=8, labelpad=5, parse_math=False)
    axes.spines[:].set_visible(False)


def _draw_zone(axes: Axes, chart: LossChart, theme: Theme) -> None:
    axes.axvspan(0, chart.full_credit, color=theme.zone, linewidth=0, zorder=0.4)
    axes.axvline(chart.full_credit, color=theme.ink, linewidth=1, linestyle=(0, (4, 3)), zorder=1.5)
    axes.annotate(
        chart.full_credit_label,
        (chart.full_credit, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3),
        textcoords="offset points",
        ha="left" if chart.full_credit < _right_edge(chart) / 2 else "right",
        color=theme.ink,
        fontsize=8,
        parse_math=False,
    )


def _draw_mark(axes: Axes, row: int, mark: LossMark, chart: LossChart, theme: Theme) -> None:
    """Draw a thin line from 0, the mark at its loss, its spread, and the number in a column on the right."""
    colour = dict(theme.colours)[mark.kind]
    beyond = mark.value > chart.largest
    place = _right_edge(chart) if beyond else mark.value
    marker, size = (">", 9.0) if beyond else _shape(mark.kind)
    axes.hlines(row, 0, place, color=colour, linewidth=1.2, alpha=0.55, zorder=2)
    if mark.deviation and not beyond:
        axes.errorbar(place, row, xerr=mark.deviation, color=colour, capsize=4, linewidth=2, zorder=2.5)
    edge = 2.5 if marker == "|" else 0.0
    axes.plot(place, row, marker, color=colour, markersize=size, markeredgewidth=edge, zorder=3, clip_on=False)
    axes.annotate(
        mark.text,
        (1, row),
        xycoords=("axes fraction", "data"),
        xytext=(12, 0),
        textcoords="offset points",
        va="center",
        color=theme.ink,
        fontsize=9,
        fontweight="bold" if mark.kind is MarkKind.STUDENT else "normal",
        parse_math=False,
    )


def _shape(kind: MarkKind) -> tuple[str, float]:
    return next((marker, size) for shown, marker, size in _SHAPES if shown is kind)


def _right_edge(chart: LossChart) -> float:
    return chart.largest * 1.08
