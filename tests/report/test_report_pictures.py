"""The pictures of a report."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from report_samples import image_strip

from grader.report.pictures import (
    CHART_WIDTH,
    DARK,
    LIGHT,
    LossChart,
    LossMark,
    MarkKind,
    data_uri,
    loss_chart,
    strip_picture,
    strip_size,
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


def pixels(png: bytes) -> np.ndarray:
    """Return the picture as rows × columns × RGBA."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def has_colour(picture: np.ndarray, colour: str) -> bool:
    """Tell whether any opaque pixel has exactly this colour (`#rrggbb`)."""
    wanted = np.array([*bytes.fromhex(colour[1:]), 255], dtype=np.uint8)
    return bool((picture == wanted).all(axis=-1).any())


def test_a_strip_shows_each_image_pixel_by_pixel_with_transparent_gaps():
    """Two 4 × 4 images and a gap of two pixels, each pixel a square of four, black 0 to white 255."""
    row = image_strip("original", count=3, start=10)
    picture = pixels(strip_picture(row, 2))
    assert picture.shape == (16, 40, 4)
    assert strip_size(row, 2) == (40, 16)
    first = np.arange(10, 26, dtype=np.uint8).reshape(4, 4)
    assert (picture[::4, :16:4, 0] == first).all()
    assert (picture[::4, 24::4, 1] == first + 16).all()
    assert (picture[:, 16:24, 3] == 0).all()
    assert (picture[:, :16, 3] == 255).all()


def test_a_strip_with_missing_pixels_is_an_error():
    """A picture that is not height × width is never stretched into one that is."""
    with pytest.raises(ValueError, match="reshape"):
        strip_picture(replace(image_strip("original"), height=5), 1)


def test_a_chart_has_its_size_and_the_colours_of_its_theme():
    """Transparent background, the student's and the reference's colours in both themes."""
    for theme in (LIGHT, DARK):
        picture = pixels(loss_chart(CHART, theme))
        assert picture.shape[:2] == (int(CHART.height * 2.2), int(CHART_WIDTH * 2.2))
        assert tuple(picture[0, 0]) == (255, 255, 255, 0) or picture[0, 0, 3] == 0
        colours = dict(theme.colours)
        assert has_colour(picture, colours[MarkKind.STUDENT])
        assert has_colour(picture, colours[MarkKind.REFERENCE])
        assert has_colour(picture, theme.zone)


def test_a_loss_beyond_the_axis_is_drawn_at_its_edge():
    """A loss of 30,000 does not squeeze the others into a line: but for the first row the picture stays the same."""
    huge = (replace(CHART.marks[0], value=30_000.0), *CHART.marks[1:])
    usual, beyond = pixels(loss_chart(CHART, LIGHT)), pixels(loss_chart(replace(CHART, marks=huge), LIGHT))
    differing = np.flatnonzero((usual != beyond).any(axis=(1, 2)))
    assert differing.size
    assert differing.max() < usual.shape[0] / 2


def test_dollars_in_a_label_are_dollars():
    """Labels are no formulas; an odd dollar sign must not stop a report."""
    odd = "$\\frac{$"
    marks = (replace(CHART.marks[0], label=odd, text=odd),)
    chart = replace(
        CHART, marks=marks, full_credit_label=odd, axis_label=odd, numbers=lambda values: [odd] * len(values)
    )
    assert loss_chart(chart, LIGHT).startswith(b"\x89PNG")


def test_equal_input_gives_equal_bytes():
    """No date, no version, no random name in a picture."""
    assert loss_chart(CHART, DARK) == loss_chart(CHART, DARK)
    assert b"tEXtSoftware\x00Matplotlib" not in loss_chart(CHART, DARK) + strip_picture(image_strip("x"), 2)


def test_a_data_address_holds_the_picture():
    """Base64 of the bytes, nothing else."""
    assert data_uri(b"\x89PNG") == "data:image/png;base64,iVBORw=="


def test_importing_the_report_imports_no_drawing_library_and_drawing_touches_no_global_figure():
    """`grader --help` stays fast, and pyplot, whose state is global, is never loaded."""
    program = (
        "import sys; import grader.report.html, grader.report.terminal\n"
        "assert not {'numpy', 'matplotlib', 'PIL'} & set(sys.modules)\n"
        "from grader.report import pictures as p\n"
        "p.loss_chart(p.LossChart((), 1.0, '', '', 2.0, lambda v: list(map(str, v))), p.LIGHT)\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
