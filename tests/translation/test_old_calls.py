"""Every old call fails today as we say, is explained by its own error, and runs once it is translated."""

# ruff: noqa: S102 - our own snippets are run

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from grader.checks.notebook.error_advice import advice
from grader.domain.outdated import OldCode
from grader.domain.run import CellError
from grader.domain.submission import CodeCell, Notebook
from grader.translation.old_code import read_old_code

from .old_calls import OLD, PRELUDE


@pytest.fixture(scope="module")
def prelude() -> dict[str, Any]:
    """The names that the snippets use; the modules behind them are loaded once."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    names: dict[str, Any] = {}
    exec(PRELUDE, names)
    return names


def read(snippet: str) -> OldCode:
    """The old code of a notebook whose second cell is the snippet."""
    return read_old_code(Notebook((CodeCell(0, "", PRELUDE), CodeCell(1, "", snippet))))


@pytest.mark.parametrize(("snippet", "says", "today"), OLD, ids=[snippet for snippet, *_ in OLD])
def test_an_old_call_fails_is_explained_and_runs_when_translated(
    snippet: str, says: str, today: str | None, prelude: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the installed Keras, TensorFlow, NumPy, pandas and scikit-learn, not from memory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(Exception) as raised:  # noqa: PT011 - what it says is compared below
        exec(snippet, dict(prelude))
    name, text = type(raised.value).__name__, str(raised.value)
    assert says in text
    old = read(snippet)
    reported = advice(CellError(1, name, text), old_code=old.found)
    assert reported.why.msgid == "{place}: {why}"
    assert old.notebook.cells[1].source == (today or snippet)
    assert [one.applied for one in old.found if one.cell_index == 1][:1] == [today is not None]
    if today is not None:
        exec(today, dict(prelude))


@pytest.mark.parametrize("snippet", [today for *_, today in OLD if today])
def test_code_of_today_stays_as_it_is(snippet: str) -> None:
    """A translation is not translated again, and nothing is found in it."""
    assert [one for one in read(snippet).found if one.applied] == []
