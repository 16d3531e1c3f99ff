"""Names that a cell lacked, and the cells that make them: one further down, one that failed itself, or none at all."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from grader.domain.run import CellError, DefinedBelow, LackedName
from grader.domain.submission import CodeCell
from grader.domain.syntax import tree_or_error

_MISSING = re.compile(r"name '(\w{1,100})' is not defined")
_TIMED = re.compile(r"^(\s*)%(?:time|prun)[ \t]+(?=[^\s-])", re.MULTILINE)
_MAGIC = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)
_PYTHON_CELL = re.compile(r"^\s*%%(?:time|timeit|capture|prun)\b.*$", re.MULTILINE)
_LONGEST_SOURCE = 200_000


def with_order(error: CellError, cells: Sequence[CodeCell]) -> CellError:
    """Return a NameError with the cells that make the name, every other error as it is.

    A name that only a cell below makes was missing for the order. One that a cell above or the cell itself makes as
    well was not: its cell failed.

    Args:
        error: The error of a cell.
        cells: All code cells in file order.
    """
    found = _MISSING.search(error.text) if error.name == "NameError" else None
    if found is None:
        return error
    name = found.group(1)
    defining = [cell for cell in cells if name in defined_names(cell.source)]
    known = replace(error, lacked=LackedName(name, tuple(cell.index for cell in defining)))
    below = next((cell for cell in defining if cell.index > error.cell_index), None)
    if below is None or any(cell.index <= error.cell_index for cell in defining):
        return known
    recorded = next((cell.recorded for cell in cells if cell.index == error.cell_index), None)
    return replace(known, defined_below=DefinedBelow(name, below.index, recorded, below.recorded))


def defined_names(source: str) -> set[str]:
    """Return the global names that a cell binds; magics are passed over, and a cell that is no Python binds none."""
    return {name for statement in statements_of(source) for name in _bound(statement)}


def statements_of(source: str) -> list[ast.stmt]:
    """Parse a cell, its magics passed over line by line; none where it is no Python."""
    if len(source) > _LONGEST_SOURCE:
        return []
    tree = tree_or_error(_MAGIC.sub(r"\1pass", _TIMED.sub(r"\1", _PYTHON_CELL.sub("pass", source, count=1))))
    return tree.body if isinstance(tree, ast.Module) else []  # Python 2, other cell magics, nesting without end


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds, those in its blocks included and those in functions not."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
            continue
        if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        if isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        waiting.extend(ast.iter_child_nodes(node))
