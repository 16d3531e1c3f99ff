"""Reads which modules a notebook's code imports, without running any of it.

It finds `import a.b`, `from a import b`, `importlib.import_module("a")` and `__import__("a")` anywhere, even in
unreachable code. It does not find what only a run could show: a computed name, code in a text given to `exec`, or
another process. Lines for IPython (`%matplotlib inline`, `!pip install a`) are not Python and import nothing, but
`%time import a` does. A cell that is not Python at all is skipped: it would not run either.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Final

from grader.domain.submission import ImportedModule, Notebook
from grader.domain.syntax import tree_or_error

PARSED_BYTES: Final = 200_000
"""A longer cell holds data; only its lines that begin like an import are read, to limit the memory of a tree."""

_PYTHON_CELL_MAGICS: Final = frozenset({"time", "timeit", "capture", "prun", "memit"})
"""Cell magics above Python of the notebook itself; below any other (`%%bash`, `%%writefile`) there is none."""

_TAKEN_OUT_SINGLY: Final = 50
"""Most lines for IPython in a cell that are handled one by one; each takes a parse of the whole cell."""

_RUNNING_MAGIC = re.compile(r"%(?:time|timeit|prun|memit)(?:\s+-\w+(?:\s+\d+)?)*\s+(?P<code>[^-\s].*)")
_FROM_LINE = re.compile(r"from\s+(?P<module>[\w.]+)\s+import\b.*")
_IMPORTING_CALLS: Final = frozenset({"import_module", "__import__"})

# What the parser raises for untrusted text: wrong, with NUL in it, nested too deeply.


def imported_modules(notebook: Notebook) -> tuple[ImportedModule, ...]:
    """Return every import of the notebook's code cells, in order of cell and line; no import is reported twice."""
    found = [
        imported
        for cell in notebook.cells
        for source in _pieces(cell.source)
        for imported in _imports(source, cell.index)
    ]
    return tuple(dict.fromkeys(sorted(found, key=lambda one: (one.cell_index, one.line))))


# Private functions for the source


def _pieces(source: str) -> list[tuple[int, ast.Module]]:
    """Return the trees of a cell, each with the number of lines before it."""
    if len(source.encode()) > PARSED_BYTES:
        return _line_by_line(source)
    tree = _python(source)
    return [] if tree is None else [(0, tree)]


def _line_by_line(source: str) -> list[tuple[int, ast.Module]]:
    """Return the trees of lines that begin like an import; of one that continues below, only the module."""
    trees = []
    for number, line in enumerate(source.split("\n")):
        text = line.strip()[:PARSED_BYTES]
        if text.startswith(("import ", "from ")):
            opened = _FROM_LINE.fullmatch(text)
            tree = _parsed(text) or (_parsed(f"import {opened['module']}") if opened else None)
            trees += [] if tree is None else [(number, tree)]
    return trees


def _python(source: str) -> ast.Module | None:
    """Parse a cell, removing lines for IPython at which the parser fails.

    A line such as `% 3` may also go on with a calculation, so that none is taken out without need.
    """
    lines = _without_cell_magic(source.split("\n"))
    for _ in range(_TAKEN_OUT_SINGLY):
        found = tree_or_error("\n".join(lines))
        if not isinstance(found, SyntaxError):
            return found
        number = (found.lineno or 0) - 1
        if not 0 <= number < len(lines) or not _is_magic(lines[number]):
            break
        _take_out(lines, number)
    for number, line in enumerate(lines):
        if _is_magic(line):
            _take_out(lines, number)
    return _parsed("\n".join(lines))


def _parsed(source: str) -> ast.Module | None:
    found = tree_or_error(source)
    return found if isinstance(found, ast.Module) else None


def _without_cell_magic(lines: list[str]) -> list[str]:
    """Replace the line of a cell magic by what it runs, and the whole cell if it is not Python of the notebook."""
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    text = lines[first].strip()
    if not text.startswith("%%"):
        return lines
    name = text.removeprefix("%%").partition(" ")[0]
    if name not in _PYTHON_CELL_MAGICS:
        return []
    return [*lines[:first], _run_by(text.removeprefix("%")), *lines[first + 1 :]]


def _is_magic(line: str) -> bool:
    """Return whether a line may be one for IPython: `%cd x`, `!ls`, `?f`, `f?`, `files = !ls`."""
    text = line.strip()
    assigned = text.partition("=")[2].lstrip()
    marked = text.startswith(("%", "!", "?")) or text.endswith("?") or assigned.startswith(("%", "!"))
    return marked and not text.startswith("#")


def _take_out(lines: list[str], number: int) -> None:
    """Replace a line for IPython, with its continuation lines, by the Python that it runs."""
    last = number
    while lines[last].endswith("\\") and last + 1 < len(lines):
        last += 1
    text = lines[number].lstrip()
    indent = lines[number].removesuffix(text)
    lines[number : last + 1] = [f"{indent}{_run_by(text.rstrip()) or 'pass'}", *[""] * (last - number)]


def _run_by(magic: str) -> str:
    """Return the Python that a line magic runs (`%time import a`), "" if it runs none."""
    runs = _RUNNING_MAGIC.fullmatch(magic)
    return runs["code"] if runs and _parsed(runs["code"]) is not None else ""


# Private functions for the tree


def _imports(piece: tuple[int, ast.Module], cell_index: int) -> Iterator[ImportedModule]:
    before, tree = piece
    for node in ast.walk(tree):
        for module, members in _named(node):
            yield ImportedModule(module, cell_index, before + getattr(node, "lineno", 1), members)


def _named(node: ast.AST) -> Sequence[tuple[str, tuple[str, ...]]]:
    """Return modules and members that a node imports; relative imports stay inside the notebook."""
    match node:
        case ast.Import(names=names):
            return [(alias.name, ()) for alias in names]
        case ast.ImportFrom(module=str(module), names=names, level=0):
            return [(module, tuple(alias.name for alias in names))]
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _IMPORTING_CALLS:
            module = _first_text(node)
            return [(module, ())] if module and not module.startswith(".") else []
    return []


def _first_text(call: ast.Call) -> str:
    named = [keyword.value for keyword in call.keywords if keyword.arg == "name"]
    match [*call.args[:1], *named]:
        case [ast.Constant(value=str(text)), *_]:
            return text
    return ""
