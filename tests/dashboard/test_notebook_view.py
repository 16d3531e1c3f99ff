"""The page of a notebook takes bounded time and space, whatever a hand-in holds."""

from __future__ import annotations

import time

from grader.dashboard import notebook_view
from grader.dashboard.notebook_view import FORMATTED_LIMIT, PLAIN_LIMIT, CellView, cell_views
from grader.domain.text import ELLIPSIS
from grader.locale import Translator
from grader.report.wording import Wording

TABLE = ("a|b\n-|-\n" + "a|b\n" * 14_000)[:50_000]
"""Markdown that takes half a second to render: a hand-in may hold a thousand cells of it."""


def views(cells: list[dict[str, object]]) -> list[CellView]:
    return cell_views(cells, Wording(Translator("en")))


def test_a_heap_of_slow_markdown_is_rendered_in_part() -> None:
    """Sixty cells: the first are rendered, the next shown as they were written, of the rest nothing but their number."""
    began = time.process_time()
    shown = views([{"cell_type": "markdown", "source": TABLE}] * 60)
    assert time.process_time() - began < 30  # 3 s where it was written, where all would have taken 36
    rendered = [view for view in shown if "<table>" in view.body]
    assert len(rendered) == FORMATTED_LIMIT // len(TABLE)
    assert len(shown) == 60
    assert shown[-1].body == f"<pre>{ELLIPSIS}</pre>"
    assert sum(len(view.body) for view in shown[len(rendered) :]) < 2 * PLAIN_LIMIT


def test_a_heap_of_outputs_is_shown_in_part() -> None:
    """A thousand cells with fifty outputs of ten thousand characters are half a gigabyte."""
    output = {"output_type": "stream", "text": "x" * 9_000}
    shown = views([{"cell_type": "code", "source": "x = 1", "outputs": [output] * 50}] * 40)
    assert sum(len(one.text) for view in shown for one in view.outputs) < PLAIN_LIMIT + 40 * 50 * len(ELLIPSIS)
    assert {view.outputs[-1].text for view in shown[-5:]} == {ELLIPSIS}
    assert "x" in shown[-1].body


def test_an_ordinary_notebook_is_shown_whole() -> None:
    """Prose is rendered, code is coloured, outputs are whole."""
    output = {"output_type": "stream", "text": "loss 0.1\n" * 100}
    shown = views(
        [
            {"cell_type": "markdown", "source": "# Title\n**bold**"},
            {"cell_type": "code", "source": "x = 1", "outputs": [output]},
        ]
        * 100
    )
    assert "<strong>bold</strong>" in shown[-2].body
    assert 'class="code"' in shown[-1].body
    assert shown[-1].outputs[0].text.count("loss") == 100
    assert len(shown) <= notebook_view.CELLS_SHOWN
