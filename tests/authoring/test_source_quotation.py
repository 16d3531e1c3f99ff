"""Quoting a reference's source without importing it."""

from __future__ import annotations

import ast

import pytest

from grader.authoring.quotation import assigned, body, constants, function_names, function_source

MODULE = '''\
"""A module."""

from somewhere import decorate

CODE_SIZE = 1_000
RATE: float = 0.5
NAME = "stacked"
SUM = 1 + 1
lower = 3


@decorate
def build(x):
    """Say what it does.

    In two paragraphs.
    """
    # why
    if x:
        return early(
            x
        )
    first, y = 1, 2
    chained = [
        "return nothing",
    ]

    return chain(
        chained,
    )


def act(model):
    model.compile()  # in place
'''


def test_a_function_comes_with_its_decorators() -> None:
    """The quoted text runs from the first decorator to the last line and parses by itself."""
    source = function_source(MODULE, "build")
    assert source.startswith("@decorate\ndef build(x):\n")
    assert source.endswith("    return chain(\n        chained,\n    )")
    assert ast.parse(source).body
    assert function_names(MODULE) == ["build", "act"]


def test_an_unknown_function_is_a_key_error() -> None:
    """The name that was asked for is in the error."""
    with pytest.raises(KeyError, match="decode"):
        function_source(MODULE, "decode")


def test_a_body_gives_its_result_to_the_target() -> None:
    """The last `return` becomes an assignment; docstring and `def` are gone, comments and early returns stay."""
    assert body("def f():\n    '''Doc.'''\n    return [\n        1,\n    ]", target="x") == "x = [\n    1,\n]"
    assert body(function_source(MODULE, "build"), target="model").splitlines()[-5:] == [
        "]",
        "",
        "model = chain(",
        "    chained,",
        ")",
    ]


def test_a_body_without_target_leaves_its_return_out() -> None:
    """What remains is what the function does before it returns."""
    assert body("def f(x):\n    y = x\n    z = y\n\n    return z") == "y = x\nz = y"
    assert body(function_source(MODULE, "act")) == "model.compile()  # in place"


def test_one_assignment_can_be_quoted_alone() -> None:
    """The whole statement, over all its lines, without the function's indentation."""
    assert assigned(function_source(MODULE, "build"), "chained") == 'chained = [\n    "return nothing",\n]'
    with pytest.raises(KeyError, match="absent"):
        assigned(function_source(MODULE, "build"), "absent")


def test_constants_are_upper_case_names_with_a_literal_value() -> None:
    """Expressions, annotated names and lower-case names are not constants to quote."""
    assert constants(MODULE) == {"CODE_SIZE": 1000, "NAME": "stacked"}
