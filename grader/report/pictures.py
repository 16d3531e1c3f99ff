"""Pictures of a report: rows of reconstructions as PNG, and any picture as a data address.

Pillow and NumPy are imported only when a row is made, because `grader --help` must start at once. Pictures contain
no student text. Equal input gives equal bytes.
"""

from __future__ import annotations

import base64
import io

from grader.domain.measurement import ImageStrip

_ENLARGEMENT = 4
"""Side of the square that shows one pixel of an image."""

_GAP = 2
"""Empty pixels (in the image's own size) between two images of a row."""


def strip_picture(strip: ImageStrip, count: int) -> bytes:
    """Draw the first `count` images of the strip in a row, separated by transparent gaps.

    Raises:
        ValueError: An image does not have height × width pixels.
    """
    import numpy as np
    from PIL import Image

    step = strip.width + _GAP
    row = np.zeros((strip.height, step * count - _GAP, 4), dtype=np.uint8)
    for position, encoded in enumerate(strip.images[:count]):
        pixels = np.frombuffer(base64.b64decode(encoded), dtype=np.uint8).reshape(strip.height, strip.width)
        place = row[:, position * step : position * step + strip.width]
        place[..., :3] = pixels[..., np.newaxis]
        place[..., 3] = 255
    picture = io.BytesIO()
    enlarged = row.repeat(_ENLARGEMENT, axis=0).repeat(_ENLARGEMENT, axis=1)
    Image.fromarray(enlarged).save(picture, "png")
    return picture.getvalue()


def strip_size(strip: ImageStrip, count: int) -> tuple[int, int]:
    """Return width and height of `strip_picture`'s result in pixels."""
    return ((strip.width + _GAP) * count - _GAP) * _ENLARGEMENT, strip.height * _ENLARGEMENT


def data_uri(picture: bytes) -> str:
    """Return the picture, PNG or SVG, as an address that contains its data."""
    kind = "png" if picture.startswith(b"\x89PNG") else "svg+xml"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"
