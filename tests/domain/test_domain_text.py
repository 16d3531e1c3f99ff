"""Texts are cut at a word and say that they are cut."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import grader
from grader.domain.text import ending, listed, shortened

ROOT = Path(grader.__file__).parent
TELLING = {"message", "verbatim", "print"}
"""Calls whose arguments people read; so are those of every exception."""


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("short", 5, "short"),
        ("a few words", 8, "a few…"),
        ("a few words", 10, "a few wor…"),
        ("a few words", 11, "a few words"),
        ("x" * 20, 10, "x" * 9 + "…"),
        ("a " + "x" * 20, 10, "a xxxxxxx…"),
        ("one two ", 8, "one two "),
        ("", 1, ""),
        ("ab", 1, "…"),
    ],
)
def test_a_text_is_cut_at_a_word(text: str, limit: int, shown: str) -> None:
    """Unless that would leave hardly anything: then within the word."""
    assert shortened(text, limit) == shown


def test_a_beginning_of_something_longer_says_so() -> None:
    """However short it is."""
    assert shortened("one two", 20, has_more=True) == "one two…"


@given(st.text(), st.integers(1, 30), st.booleans())
def test_a_cut_text_fits_and_ends_with_an_ellipsis(text: str, limit: int, has_more: bool) -> None:
    """Nothing is added to what fits, nothing is lost without a sign."""
    shown = shortened(text, limit, has_more=has_more)
    assert len(shown) <= max(limit, len(text) + 1)
    if len(text) <= limit and not has_more:
        assert shown == text
    else:
        assert shown.endswith("…")
        assert text.startswith(shown[:-1])
        assert len(shown) <= limit


def test_no_text_fits_into_nothing() -> None:
    """A limit of 0 is a mistake of ours."""
    with pytest.raises(ValueError, match="nothing"):
        shortened("a", 0)


def test_the_end_of_a_text_says_that_it_is_one() -> None:
    """Logs are read from their end."""
    assert ending("one two", 4) == "…two"
    assert ending("two", 3) == "two"


def test_a_list_says_that_there_are_more() -> None:
    """Three of four, and all of three."""
    assert listed(["a", "b", "c", "d"], 3) == "a, b, c, …"
    assert listed(["a", "b", "c"], 3) == "a, b, c"


def cuts(tree: ast.AST) -> list[int]:
    """Lines of slices `[:80]` in texts for people: inside f-strings and arguments of messages and errors."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside: list[ast.AST] = [node]
        elif isinstance(node, ast.Call) and (_called(node.func) in TELLING or _called(node.func).endswith("Error")):
            inside = [*node.args, *(keyword.value for keyword in node.keywords)]
        else:
            continue
        found += [
            part.lineno
            for one in inside
            for part in ast.walk(one)
            if isinstance(part, ast.Subscript) and _is_cut(part.slice) and not _is_digest(part.value)
        ]
    return sorted(set(found))


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_digest(value: ast.expr) -> bool:
    """A digest is no text, and is known by its beginning."""
    return any(word in ast.unparse(value) for word in ("digest", "sha256"))


def _is_cut(part: ast.expr) -> bool:
    if not isinstance(part, ast.Slice) or part.lower is not None or part.upper is None:
        return False
    upper = part.upper
    is_limit = isinstance(upper, ast.Name) and upper.id.strip("_").isupper()
    return is_limit or (isinstance(upper, ast.Constant) and isinstance(upper.value, int) and upper.value >= 10)


def test_the_search_for_cuts_finds_them() -> None:
    """Each of these has been in the code."""
    for written in (
        'message("{error}", error=text[:300])',
        'raise ValueError(f"unexpected {name[:80]!r}")',
        "raise RefusedError(str(error)[:200])",
        "verbatim(text[:LONGEST])",
    ):
        assert cuts(ast.parse(written)) == [1], written
    assert cuts(ast.parse('message("{first}", first=parts[:2])')) == []


def test_no_text_for_people_is_cut_without_an_ellipsis() -> None:
    """`shortened` cuts, and nothing else; what digests are cut to is no text."""
    found = [
        f"{file.relative_to(ROOT)}:{line}"
        for file in sorted(ROOT.rglob("*.py"))
        for line in cuts(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert found == []
