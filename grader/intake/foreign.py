"""Names the format of a file that is not a notebook, such as a PDF or a web page."""

from __future__ import annotations

import re
from typing import Final

from grader.domain.messages import Message, message

DOWNLOAD: Final = message("In Colab, choose File > Download > Download .ipynb, and hand in that file.")
"""What to do instead; the end of every message about a wrong file."""

_PICTURE: Final = message("This is a picture, not a notebook. {download}", download=DOWNLOAD)
_ZIP_BEGINNING: Final = b"PK\x03\x04"
_BEGINNINGS: Final = (
    (
        b"%PDF-",
        message("This is a PDF, not a notebook; a printed notebook cannot be run. {download}", download=DOWNLOAD),
    ),
    (_ZIP_BEGINNING, message("This is a zip archive, not a notebook. {download}", download=DOWNLOAD)),
    (b"PK\x05\x06", message("This is an empty zip archive, not a notebook. {download}", download=DOWNLOAD)),
    (b"Rar!", message("This is a RAR archive, which cannot be opened here. {download}", download=DOWNLOAD)),
    (
        b"7z\xbc\xaf\x27\x1c",
        message("This is a 7z archive, which cannot be opened here. {download}", download=DOWNLOAD),
    ),
    (b"\x1f\x8b", message("This is a gzip archive, which cannot be opened here. {download}", download=DOWNLOAD)),
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"\x89HDF", message("These are saved weights (HDF5), not a notebook. {download}", download=DOWNLOAD)),
)
_IN_ZIPS: Final = (
    (b"word/document.xml", message("This is a Word document, not a notebook. {download}", download=DOWNLOAD)),
    (b"model.weights.h5", message("This is a saved Keras model, not a notebook. {download}", download=DOWNLOAD)),
)
"""Files that a zip of that kind contains, by name."""

_HEAD = 400_000
"""Number of bytes or characters that are examined."""

_WRITTEN_ONLINE = re.compile(r"<(?:p|div|span|a|br|b|i|strong|em|ul|ol|table|h[1-6])[\s/>]", re.IGNORECASE)
"""The beginnings of Moodle's `onlinetext.html` and Canvas's `_text.html`: text typed into a box of the platform."""

_PAGE_BEGINNINGS = ("<!doctype html", "<html", "<head", "<body")
_GOOGLE = re.compile(r"(?:colab\.research|drive|docs|accounts)\.google\.com")
# Every repetition is limited, since these lines are a student's.
_PYTHON_LINE = re.compile(
    r"import [a-z_]|from [\w.]{1,80} import |def [a-z_]\w{0,80}\(|class [a-z_]\w{0,80}[(:]|# ?%%", re.IGNORECASE
)


def by_beginning(raw: bytes) -> Message | None:
    """Return the format of these bytes by their beginning, or None."""
    if raw.startswith(_ZIP_BEGINNING):
        head, tail = raw[:_HEAD], raw[-_HEAD:]
        for member, kind in _IN_ZIPS:
            if member in head or member in tail:
                return kind
    return next((kind for beginning, kind in _BEGINNINGS if raw.startswith(beginning)), None)


def by_text(text: str) -> Message | None:
    """Return the format of a text that is not JSON (a web page, Python code), or None."""
    head = text[:_HEAD].lstrip()
    if _is_page(head[:4000].lower()):
        return _page(head)
    if _WRITTEN_ONLINE.match(head):
        return message("This is a text written on the platform, not a notebook. {download}", download=DOWNLOAD)
    if not head.startswith(("{", "[")) and any(_PYTHON_LINE.match(line) for line in head.splitlines()):
        return message("This is Python code, not a notebook; it has no cells. {download}", download=DOWNLOAD)
    return None


# Private functions


def _is_page(beginning: str) -> bool:
    return beginning.startswith(_PAGE_BEGINNINGS) or (beginning.startswith(("<?xml", "<!--")) and "<html" in beginning)


def _page(head: str) -> Message:
    if _GOOGLE.search(head):
        return message(
            "This is a web page of Google (Drive, Colab or a sign-in), not the notebook that it shows. {download}",
            download=DOWNLOAD,
        )
    return message("This is a web page (HTML), not a notebook. {download}", download=DOWNLOAD)
