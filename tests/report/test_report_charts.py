"""The chart of the losses: what stands where, in which colour, and that it can be nothing but a picture."""

from __future__ import annotations

import time
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from grader.report.charts import (
    CHART_WIDTH,
    DARK,
    LIGHT,
    LossChart,
    LossMark,
    MarkKind,
    Theme,
    axis_places,
    loss_chart,
)

CHART = LossChart(
    marks=(
        LossMark(MarkKind.STUDENT, "This notebook", 0.0214, "0.0214"),
        LossMark(MarkKind.REFERENCE, "Reference", 0.0187, "0.0187 ± 0.0004", 0.0004),
        LossMark(MarkKind.BASELINE, "Mean image", 0.0847, "0.0847"),
    ),
    full_credit=0.0325,
    full_credit_label="full points up to 0.0325",
    axis_label="mean squared error",
    largest=0.0847,
    numbers=lambda values: [f"{value:g}" for value in values],
)


SVG = "{http://www.w3.org/2000/svg}"


def drawn(chart: LossChart, theme: Theme = LIGHT) -> ElementTree.Element:
    """The chart, read as XML."""
    return ElementTree.fromstring(loss_chart(chart, theme))  # noqa: S314 - we have drawn it ourselves


def texts(picture: ElementTree.Element) -> list[str]:
    """Every text, in the order in which it is drawn."""
    return [text.text or "" for text in picture.iter(f"{SVG}text")]


def test_a_chart_says_names_numbers_axis_and_bound():
    """The numbers of the axis, its name, the bound of full credit, then a name and a number a row."""
    assert texts(drawn(CHART)) == [
        "0", "0.025", "0.05", "0.075", "mean squared error", "full points up to 0.0325",
        "This notebook", "0.0214", "Reference", "0.0187 ± 0.0004", "Mean image", "0.0847",
    ]  # fmt: skip


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_chart_has_its_size_and_the_colours_of_its_theme(theme: Theme):
    """No background, so that the page shows through; no colour of the other theme."""
    picture = drawn(CHART, theme)
    assert (picture.get("width"), picture.get("height")) == (str(CHART_WIDTH), str(CHART.height))
    used = {one.get(name) for one in picture.iter() for name in ("fill", "stroke")} - {None, "none"}
    assert used == {theme.ink, theme.quiet, theme.line, theme.zone, *dict(theme.colours).values()}


def places(chart: LossChart) -> tuple[float, dict[str, float], float]:
    """Where 0 is, where the mark of each kind is, and where the zone of full credit ends."""
    picture = drawn(chart)
    (zone,) = picture.iter(f"{SVG}rect")
    left, width = float(zone.get("x", "")), float(zone.get("width", ""))
    colours = dict(LIGHT.colours)
    marks = {
        "reference": float(next(picture.iter(f"{SVG}circle")).get("cx", "")),
        "student": float(
            next(one for one in picture.iter(f"{SVG}path") if one.get("fill") == colours[MarkKind.STUDENT])
            .get("d", "")
            .split()[0][1:]
        ),
    }
    return left, marks, left + width


def test_marks_stand_at_their_losses():
    """Distances from 0 are as losses are: 0.0214 and 0.0187 to the 0.0325 of full credit."""
    left, marks, full = places(CHART)
    assert (marks["student"] - left) / (full - left) == pytest.approx(0.0214 / 0.0325, abs=0.002)
    assert (marks["reference"] - left) / (full - left) == pytest.approx(0.0187 / 0.0325, abs=0.002)


@pytest.mark.parametrize("loss", [30_000.0, float("nan"), float("inf")])
def test_a_loss_beyond_the_axis_is_drawn_at_its_edge(loss: float):
    """A loss of 30,000 does not squeeze the others into a line: an arrow instead of its mark, all else the same."""
    huge = replace(CHART, marks=(replace(CHART.marks[0], value=loss), *CHART.marks[1:]))
    usual, beyond = loss_chart(CHART, LIGHT).splitlines(), loss_chart(huge, LIGHT).splitlines()
    differing = [number for number, (one, other) in enumerate(zip(usual, beyond, strict=True)) if one != other]
    assert len(differing) == 2  # the thin line, and the mark
    assert b"l12 6.5l-12 6.5z" in beyond[differing[1]]
    assert b"nan" not in loss_chart(huge, LIGHT)


def test_names_and_numbers_stay_inside():
    """Long names take room from the axis, up to a third of the width on each side."""
    long = replace(CHART.marks[0], label="M" * 90, text="9" * 90)
    left, marks, full = places(replace(CHART, marks=(long, *CHART.marks[1:])))
    assert 0 < left < CHART_WIDTH / 2
    assert left < marks["reference"] < full < CHART_WIDTH


def test_mark_up_in_a_label_is_text():
    """A name that is a tag stays a name."""
    odd = "<script>$\\frac{$ & \"'"
    marks = (replace(CHART.marks[0], label=odd, text=odd),)
    chart = replace(
        CHART, marks=marks, full_credit_label=odd, axis_label=odd, numbers=lambda values: [odd] * len(values)
    )
    picture = drawn(chart)
    assert set(texts(picture)) == {odd}
    assert {one.tag.removeprefix(SVG) for one in picture.iter()} == {"svg", "rect", "path", "text"}


@pytest.mark.parametrize(
    ("edge", "expected"),
    [
        (0.0915, [0.0, 0.025, 0.05, 0.075]),
        (1.0, [0.0, 0.25, 0.5, 0.75, 1.0]),
        (9.0, [0.0, 2.5, 5.0, 7.5]),
        (3e-5, [0.0, 1e-5, 2e-5, 3e-5]),
        (0.0, [0.0]),
        (float("nan"), [0.0]),
    ],
)
def test_an_axis_is_numbered_in_steps_that_people_count_in(edge: float, expected: list[float]):
    """1, 2, 2.5 or 5 times a power of ten, at most five numbers."""
    assert axis_places(edge) == expected


def test_equal_input_gives_equal_bytes_at_once():
    """A hundred reports have two hundred charts: far less than a second, where a plotting library takes half a minute."""
    began = time.process_time()
    assert len({loss_chart(CHART, DARK) for _ in range(200)}) == 1
    assert time.process_time() - began < 2.0
