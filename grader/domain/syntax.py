"""The syntax tree of a student's Python, without a word on standard error."""

from __future__ import annotations

import ast
import warnings
from typing import Final

UNREADABLE: Final = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What Python says of a text that it cannot parse, the last two of one that is made to be too deep."""


def tree_or_error(source: str) -> ast.Module | SyntaxError | None:
    r"""Return the tree, or where Python gave up, or None where it cannot say where.

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
