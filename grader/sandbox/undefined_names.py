"""Missing names, and the cells that define them: one further down, one that failed itself, or none at all."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from grader.domain.run import CellError, DefinedBelow, LackedName
from grader.domain.submission import CodeCell
from grader.domain.syntax import tree_or_error

_MISSING = re.compile(r"name '(\w{1,100})' is not defined")
_TIMED = re.compile(r"%(?:time|prun)[ \t]+(?=[^\s-])")
_PYTHON_CELL = re.compile(r"%%(?:time|timeit|capture|prun)\b")
_LONGEST_SOURCE = 200_000
"""Most characters of a cell that is parsed; a longer one holds data and defines no name for other cells."""


class CellNames:
    """The cells of one notebook, each parsed at most once."""

    def __init__(self, cells: Sequence[CodeCell]) -> None:
        self._cells = cells
        self._statements: dict[int, list[ast.stmt]] = {}
        self._defining: dict[str, list[CodeCell]] | None = None

    def statements(self, index: int) -> list[ast.stmt]:
        """Return the statements of the cell with this index; empty if it is not Python."""
        if index not in self._statements:
            source = next((cell.source for cell in self._cells if cell.index == index), "")
            self._statements[index] = statements_of(source)
        return self._statements[index]

    def defining(self, name: str) -> list[CodeCell]:
        """Return the cells that bind a global name, in file order."""
        if self._defining is None:
            self._defining = {}
            for cell in self._cells:
                for bound in {bound for statement in statements_of(cell.source) for bound in _bound(statement)}:
                    self._defining.setdefault(bound, []).append(cell)
        return self._defining.get(name, [])

    def recorded(self, index: int) -> int | None:
        """Return the saved execution count of the cell with this index."""
        return next((cell.recorded for cell in self._cells if cell.index == index), None)


def with_cell_order(error: CellError, cells: CellNames) -> CellError:
    """Return a NameError with the cells that define the name, and every other error unchanged.

    A name that only a cell below defines was missing because of the order. A name that a cell above or the cell itself
    defines was missing because that cell failed.

    Args:
        error: The error of a cell.
        cells: All code cells in file order.
    """
    found = _MISSING.search(error.text) if error.name == "NameError" else None
    if found is None:
        return error
    name = found.group(1)
    defining = cells.defining(name)
    known = replace(error, lacked=LackedName(name, tuple(cell.index for cell in defining)))
    below = next((cell for cell in defining if cell.index > error.cell_index), None)
    if below is None or any(cell.index <= error.cell_index for cell in defining):
        return known
    recorded = cells.recorded(error.cell_index)
    return replace(known, defined_below=DefinedBelow(name, below.index, recorded, below.recorded))


def defined_names(source: str) -> set[str]:
    """Return the global names that a cell binds; magics are skipped, and a cell that is not Python binds none."""
    return {name for statement in statements_of(source) for name in _bound(statement)}


def statements_of(source: str) -> list[ast.stmt]:
    """Parse a cell without its magics; empty if it is not Python."""
    if len(source) > _LONGEST_SOURCE:
        return []
    lines = source.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if _PYTHON_CELL.match(lines[first].lstrip()):
        lines[first] = "pass"
    tree = tree_or_error("\n".join(map(_without_magic, lines)))
    return tree.body if isinstance(tree, ast.Module) else []  # Python 2, other cell magics, endless nesting


def _without_magic(line: str) -> str:
    """Return the Python in a line for IPython: what `%time` runs, else nothing."""
    text = line.lstrip()
    if not text.startswith(("%", "!")):
        return line
    indent = line.removesuffix(text)
    timed = _TIMED.match(text)
    return f"{indent}{text[timed.end() :]}" if timed else f"{indent}pass"


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds, including those in its blocks but not those in functions."""
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
