"""Drawings for the lesson of an assignment: learning curves, the plane of the codes, their activity, fraud errors.

They are vector graphics in the page's own colours, so that they take a few kilobytes, follow light and dark mode, and
print sharply. Everything in them is a number; names of models were made harmless.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.domain.graded import GradedSubmission
from grader.domain.portrait import CodePlane, LossCurve, RowErrors
from grader.report import hygiene
from grader.report.wording import Wording

WIDTH: Final = 480
HEIGHT: Final = 240
_LEFT: Final = 62
_BOTTOM: Final = 34
_TOP: Final = 12
_RIGHT: Final = 14
_TICKS: Final = 4
_PLANE_HEIGHT: Final = 400


@dataclass(frozen=True, slots=True)
class Mark:
    """A short text at a position: a class, or a point for samples without classes."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class ChartLine:
    """A line through points; `kind` 1 is solid, 2 is dashed."""

    points: str
    kind: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar; `kind` 1 is filled, 2 is an outline."""

    x: float
    y: float
    width: float
    height: float
    kind: int


@dataclass(frozen=True, slots=True)
class AxisTick:
    """A number of an axis."""

    x: float
    y: float
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """One drawing with its words.

    Attributes:
        title: What it shows.
        lead: How to read it.
        alt: The same for who cannot see it, with its main numbers.
        height: In the units of its width.
        key: Name and kind of each line or bar, where there are two.
        axis: What the horizontal axis counts.
        marks: Texts.
        lines: Lines.
        bars: Bars.
        ticks: Numbers of the axes.
    """

    title: str
    lead: str
    alt: str
    height: int = HEIGHT
    key: tuple[tuple[str, int], ...] = ()
    axis: str = ""
    marks: tuple[Mark, ...] = ()
    lines: tuple[ChartLine, ...] = ()
    bars: tuple[Bar, ...] = ()
    ticks: tuple[AxisTick, ...] = ()


def lesson_drawings(graded: GradedSubmission, wording: Wording) -> tuple[Drawing, ...]:
    """Return the drawings for which there are data.

    Args:
        graded: Zone M (the measuring process)'s drawings, and the loss curves that the notebook reported.
        wording: The language.
    """
    portrait = graded.measurements.portrait
    found = [
        *(_curve(one, wording) for one in graded.curves),
        _plane(portrait.plane, wording),
        _activity(portrait.activity, wording),
        _errors(portrait.errors, wording),
    ]
    return tuple(one for one in found if one is not None)


# Private: the drawings -----------------------------------------------------------------------------------------------


def _curve(curve: LossCurve, wording: Wording) -> Drawing | None:
    losses = (*curve.losses, *curve.validation)
    if len(curve.losses) < 2 or not all(map(math.isfinite, losses)) or min(losses) == max(losses):
        return None
    low, high = min(losses), max(losses)
    lines = [ChartLine(_path(curve.losses, low, high), 1)]
    key = [(wording.t("on what was trained on"), 1)]
    if curve.validation:
        lines.append(ChartLine(_path(curve.validation, low, high), 2))
        key.append((wording.t("on what was held out"), 2))
    name = hygiene.one_line(curve.name, hygiene.NAME_LIMIT)
    title = wording.t("Learning curve of {name}", name=name) if name else wording.t("Learning curve")
    first, last = wording.figure(curve.losses[0]), wording.figure(curve.losses[-1])
    epochs = wording.count(curve.epochs)
    return Drawing(
        title,
        wording.t(
            "The loss as the notebook reported it, epoch by epoch; the points rest on what we measured ourselves."
        ),
        wording.t("From {first} to {last} over {epochs} epochs.", first=first, last=last, epochs=epochs),
        key=tuple(key) if len(key) > 1 else (),
        axis=wording.t("epochs"),
        lines=tuple(lines),
        ticks=(*_heights(low, high, wording), *_ends(wording.count(1), epochs)),
    )


def _plane(plane: CodePlane, wording: Wording) -> Drawing | None:
    if len(plane.points) < 2:
        return None
    across, up = ([point[axis] for point in plane.points] for axis in (0, 1))
    if min(across) == max(across) or min(up) == max(up):
        return None
    texts = [str(one) for one in plane.classes] or ["·"] * len(plane.points)
    marks = tuple(
        Mark(_place(x, across, _LEFT / 4, WIDTH - _RIGHT), _place(y, up, _PLANE_HEIGHT - _TOP, _TOP * 2), text)
        for (x, y), text in zip(plane.points, texts, strict=True)
    )
    share = wording.number(100 * plane.share, 0)
    return Drawing(
        wording.t("Where the codes lie"),
        wording.t("Each number stands at the code of one image and names its class: like images have like codes.")
        if plane.classes
        else wording.t("Each point is the code of one sample."),
        wording.t(
            "{count} codes in the plane of their two main directions, which holds {share} % of their spread.",
            count=wording.count(len(plane.points)),
            share=share,
        ),
        height=_PLANE_HEIGHT,
        marks=marks,
    )


def _activity(activity: Sequence[float], wording: Wording) -> Drawing | None:
    if not activity or max(activity) <= 0:
        return None
    highest = max(activity)
    width = (WIDTH - _LEFT - _RIGHT) / len(activity)
    floor = HEIGHT - _BOTTOM
    bars = tuple(
        Bar(_r(_LEFT + index * width), _r(floor - one / highest * (floor - _TOP)), _r(max(1.0, width * 0.8)),
            _r(one / highest * (floor - _TOP)), 1)
        for index, one in enumerate(activity)
    )  # fmt: skip
    active = sum(one > highest / 10 for one in activity)
    return Drawing(
        wording.t("How active the code is"),
        wording.t("The mean size of each number of the code over many images, the largest first."),
        wording.t(
            "{active} of {count} numbers are above a tenth of the largest.",
            active=wording.count(active),
            count=wording.count(len(activity)),
        ),
        axis=wording.t("numbers of the code"),
        bars=bars,
        ticks=(*_heights(0.0, highest, wording), *_ends(wording.count(1), wording.count(len(activity)))),
    )


def _errors(errors: RowErrors, wording: Wording) -> Drawing | None:
    if not errors.edges:
        return None
    highest = max((*errors.normal, *errors.fraud), default=0.0)
    if highest <= 0:
        return None
    width = (WIDTH - _LEFT - _RIGHT) / len(errors.normal)
    floor = HEIGHT - _BOTTOM
    bars = tuple(
        Bar(_r(_LEFT + index * width), _r(floor - share / highest * (floor - _TOP)), _r(width * 0.9),
            _r(share / highest * (floor - _TOP)), kind)
        for kind, shares in ((1, errors.normal), (2, errors.fraud))
        for index, share in enumerate(shares)
        if share > 0
    )  # fmt: skip
    ends = _ends(wording.figure(errors.edges[0]), wording.figure(errors.edges[-1]))
    return Drawing(
        wording.t("Errors of normal rows and of frauds"),
        wording.t("Shares of the rows by the size of their reconstruction error, each step the same factor."),
        wording.t(
            "Half of the normal rows have an error of at most {normal}, half of the frauds of at most {fraud}.",
            normal=wording.figure(_median(errors.edges, errors.normal)),
            fraud=wording.figure(_median(errors.edges, errors.fraud)),
        ),
        key=((wording.t("normal"), 1), (wording.t("frauds"), 2)),
        axis=wording.t("reconstruction error"),
        bars=bars,
        ticks=(*_heights(0.0, highest, wording), *ends),
    )


# Private: places -----------------------------------------------------------------------------------------------------


def _path(values: Sequence[float], low: float, high: float) -> str:
    step = (WIDTH - _LEFT - _RIGHT) / (len(values) - 1)
    return " ".join(f"{_r(_LEFT + index * step)},{_r(_up(value, low, high))}" for index, value in enumerate(values))


def _up(value: float, low: float, high: float) -> float:
    floor = HEIGHT - _BOTTOM
    return floor - (value - low) / (high - low) * (floor - _TOP)


def _place(value: float, among: Sequence[float], start: float, end: float) -> float:
    low, high = min(among), max(among)
    return _r(start + (value - low) / (high - low) * (end - start))


def _heights(low: float, high: float, wording: Wording) -> list[AxisTick]:
    values = [low + (high - low) * step / (_TICKS - 1) for step in range(_TICKS)]
    return [AxisTick(_LEFT - 8, _r(_up(one, low, high) + 4), wording.figure(one), "end") for one in values]


def _ends(first: str, last: str) -> tuple[AxisTick, AxisTick]:
    return AxisTick(_LEFT, HEIGHT - _BOTTOM + 18, first, "start"), AxisTick(
        WIDTH - _RIGHT, HEIGHT - _BOTTOM + 18, last, "end"
    )


def _median(edges: Sequence[float], shares: Sequence[float]) -> float:
    """Return the upper bound of the size within which half of the rows lie."""
    total = 0.0
    for edge, share in zip(edges[1:], shares, strict=True):
        total += share
        if total >= 0.5:
            return edge
    return edges[-1]


def _r(value: float) -> float:
    return round(value, 1)
