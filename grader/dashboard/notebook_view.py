"""A page with a notebook as it was handed in, on which no student code runs.

Text is escaped; Markdown is rendered without HTML, links and pictures; of outputs, only text and PNG or JPEG data are
shown. The page is sent with a policy that forbids scripts, forms and every address, and is shown in a sandboxed
frame.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from grader.domain.messages import message
from grader.domain.text import ELLIPSIS
from grader.intake.raw_cells import RawCell, is_code, mapping, sequence, source_of, string
from grader.report import hygiene
from grader.report.wording import Wording

SOURCE_LIMIT: Final = 50_000
"""Most characters of one cell that are shown."""
OUTPUT_LIMIT: Final = 10_000
CELLS_SHOWN: Final = 1000
OUTPUTS_SHOWN: Final = 50
PICTURE_LIMIT_BYTES: Final = 4_000_000
"""Most bytes of one picture; all of a page may have five times as much."""
FORMATTED_LIMIT: Final = 300_000
"""Most characters of text and code on a page that are rendered; the rest is shown as it was written. Markdown made to
be slow takes 0.6 s for 50,000 characters (measured)."""
PLAIN_LIMIT: Final = 1_000_000
"""Most characters of a page that are shown as they were written, outputs included."""

_ALIGNMENT: Final = re.compile(r' style="text-align:(left|right|center)"')
_COLOURED_LIMIT: Final = 20_000
_MAGIC: Final[Mapping[str, bytes]] = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_TRACEBACK_LINES: Final = 60


@dataclass(frozen=True, slots=True)
class OutputView:
    """One output of a cell.

    Attributes:
        kind: `text`, `error`, `picture` or `hidden`, for what is not shown.
        text: The text, or what the picture is.
        source: A picture as a data address, else "".
    """

    kind: str
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class CellView:
    """One cell.

    Attributes:
        number: Position among all cells, from 1.
        kind: `code` or `text`.
        name: Its name in the template, "" for a student's own cell.
        body: The cell as HTML of ours.
        outputs: What it printed and drew in its author's session.
    """

    number: int
    kind: str
    name: str
    body: Markup
    outputs: tuple[OutputView, ...] = ()


def cell_views(cells: Sequence[RawCell], wording: Wording) -> list[CellView]:
    """Put the cells of a notebook into harmless HTML."""
    budget = _Budget(5 * PICTURE_LIMIT_BYTES, FORMATTED_LIMIT, PLAIN_LIMIT)
    return [_cell(index, cell, wording, budget) for index, cell in enumerate(cells[:CELLS_SHOWN])]


def prose(text: str, limit: int = SOURCE_LIMIT) -> Markup:
    """Return Markdown as HTML without HTML, links and pictures of its author."""
    html = str(_markdown().render(hygiene.many_lines(text, limit)))
    # The page's policy forbids style attributes, which only table cells have: text cannot contain a raw quote.
    return Markup(_ALIGNMENT.sub(r' class="\1"', html))  # noqa: S704 - html is off, so all is escaped


def code_style() -> str:
    """Return the style sheet of coloured code."""
    return str(_formatter().get_style_defs(".code"))


# Private -------------------------------------------------------------------------------------------------------------


@dataclass
class _Budget:
    """What a page may still hold.

    Attributes:
        left: Bytes of pictures.
        formatted: Characters that are rendered as Markdown or coloured as code.
        plain: Characters that are shown as they were written.
    """

    left: int
    formatted: int
    plain: int

    def takes(self, size: int) -> bool:
        if size > min(self.left, PICTURE_LIMIT_BYTES):
            return False
        self.left -= size
        return True

    def formats(self, size: int) -> bool:
        if size > self.formatted:
            return False
        self.formatted -= size
        return True

    def shown(self, text: str, limit: int) -> str:
        """Return a text made harmless, as much of it as the page may still hold."""
        if not self.plain:
            return ELLIPSIS
        shown = hygiene.many_lines(text, min(limit, self.plain))
        self.plain -= len(shown)
        return shown


def _cell(index: int, cell: RawCell, wording: Wording, budget: _Budget) -> CellView:
    source = source_of(cell)[: SOURCE_LIMIT + 1]
    name = hygiene.one_line(string(mapping(mapping(cell.get("metadata")).get("nbgrader")).get("grade_id")))
    if not is_code(cell):
        body = prose(source) if budget.formats(len(source)) else _plain(source, budget)
        return CellView(index + 1, "text", name, body)
    outputs = tuple(_outputs(cell, wording, budget))
    return CellView(index + 1, "code", name, _code(source, budget), outputs)


def _code(source: str, budget: _Budget) -> Markup:
    if len(source) > _COLOURED_LIMIT or not budget.formats(len(source)):
        return _plain(source, budget)
    text = hygiene.many_lines(source, SOURCE_LIMIT)
    return Markup(highlight(text, _lexer(), _formatter()))  # noqa: S704 - Pygments escapes every token


def _plain(text: str, budget: _Budget) -> Markup:
    return Markup("<pre>{}</pre>").format(budget.shown(text, SOURCE_LIMIT))


def _outputs(cell: RawCell, wording: Wording, budget: _Budget) -> Iterator[OutputView]:
    outputs = [mapping(one) for one in sequence(cell.get("outputs"))]
    for one in outputs[:OUTPUTS_SHOWN]:
        kind = one.get("output_type")
        if kind == "stream":
            yield OutputView("text", _text(one.get("text"), budget))
        elif kind in {"error", "pyerr"}:
            lines = "\n".join(string(line) for line in sequence(one.get("traceback"))[-_TRACEBACK_LINES:])
            said = f"{string(one.get('ename'))}: {string(one.get('evalue'))}"
            yield OutputView("error", budget.shown(lines or said, OUTPUT_LIMIT))
        else:
            yield _data(mapping(one.get("data")) or one, wording, budget)
    if len(outputs) > OUTPUTS_SHOWN:
        more = wording.count(len(outputs) - OUTPUTS_SHOWN)
        yield OutputView("hidden", wording.t("Further outputs, not shown: {count}", count=more))


def _data(data: Mapping[str, object], wording: Wording, budget: _Budget) -> OutputView:
    for kind, magic in _MAGIC.items():
        if kind in data and (address := _picture(data[kind], kind, magic, budget)):
            return OutputView("picture", wording.t("Picture that the notebook drew"), address)
    if "text/plain" in data:
        return OutputView("text", _text(data["text/plain"], budget))
    kinds = ", ".join(sorted(hygiene.one_line(str(kind), 40) for kind in list(data)[:5] if "/" in str(kind)))
    return OutputView("hidden", wording.say(message("An output that is not shown here: {kinds}", kinds=kinds or "–")))


def _picture(value: object, kind: str, magic: bytes, budget: _Budget) -> str:
    """Return a data address of bytes that are a picture by their beginning, "" for anything else."""
    encoded = re.sub(r"\s+", "", _joined(value))
    if not budget.takes(len(encoded) * 3 // 4):
        return ""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return ""
    # Encoded again, so that the address contains only our own alphabet.
    return f"data:{kind};base64,{base64.b64encode(raw).decode('ascii')}" if raw.startswith(magic) else ""


def _text(value: object, budget: _Budget) -> str:
    return budget.shown(_joined(value), OUTPUT_LIMIT)


def _joined(value: object) -> str:
    lines = value if isinstance(value, list) else [value]
    return "".join(string(line) for line in lines)


@cache
def _markdown() -> MarkdownIt:
    """Build a renderer without HTML, links and pictures: nothing leads out of the page."""
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    return parser.enable("table").disable(["link", "image", "autolink", "html_inline", "html_block", "reference"])


@cache
def _lexer() -> PythonLexer:
    return PythonLexer()


@cache
def _formatter() -> HtmlFormatter[str]:
    return HtmlFormatter(cssclass="code", nowrap=False)
