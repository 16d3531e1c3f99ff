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

from grader.report.pictures import data_uri, strip_picture, strip_size


def pixels(png: bytes) -> np.ndarray:
    """Return the picture as rows × columns × RGBA."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


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


def test_equal_input_gives_equal_bytes():
    """No date, no version, no random name in a picture."""
    assert strip_picture(image_strip("x"), 2) == strip_picture(image_strip("x"), 2)
    assert b"tEXtSoftware\x00Matplotlib" not in strip_picture(image_strip("x"), 2)


def test_a_data_address_holds_the_picture():
    """Base64 of the bytes, nothing else; the kind of the picture is that of its first bytes."""
    assert data_uri(b"\x89PNG") == "data:image/png;base64,iVBORw=="
    assert data_uri(b"<svg/>") == "data:image/svg+xml;base64,PHN2Zy8+"


def test_importing_the_report_imports_no_drawing_library_and_drawing_no_matplotlib():
    """`grader --help` stays fast, and Matplotlib, which takes half a second, is never loaded."""
    program = (
        "import sys; import grader.report.html, grader.report.terminal\n"
        "assert not {'numpy', 'matplotlib', 'PIL'} & set(sys.modules)\n"
        "from grader.report import charts as c, pictures as p\n"
        "c.loss_chart(c.LossChart((), 1.0, '', '', 2.0, lambda v: list(map(str, v))), c.LIGHT)\n"
        "assert 'matplotlib' not in sys.modules\n"
        "from grader.domain.measurement import ImageStrip\n"
        "p.strip_picture(ImageStrip('x', 1, 1, ('AA==',)), 1)\n"
        "assert 'matplotlib' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
