"""The syntax tree of a student's Python, without warnings on standard error."""

from __future__ import annotations

import ast
import warnings
from typing import Final

UNREADABLE: Final = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What Python raises for a text that it cannot parse; the last two are for texts nested too deeply."""


def tree_or_error(source: str) -> ast.Module | SyntaxError | None:
    r"""Return the tree, or the syntax error, or None if Python names no line.

    Warnings, as of `"\d"`, are the student's business.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        return error
    except UNREADABLE:
        return None
