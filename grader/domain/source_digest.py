"""A digest of what a reference's module computes; its facts hold the digest of the source that they were made from.

Comments, docstrings, blank lines and trailing white space do not count, so that explaining a reference better does not
require new facts. Imported modules of the package `reference` count as well, except those without a recipe (`contract`,
`data`): the data have a digest of their own in the facts.
"""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from collections.abc import Callable, Iterator
from typing import Final

_NO_RECIPE: Final = frozenset({"contract", "data", "samples", "datasets", "card_data"})
_PACKAGE: Final = "reference"


def source_digest(module: str, read: Callable[[str], str | None]) -> str:
    """Return the SHA-256 (hexadecimal) of a module and of the modules of `reference` that it uses.

    Args:
        module: Name of the module without its package (`stacked`).
        read: Returns the source text of a module by its name, None if there is no such module.

    Raises:
        SyntaxError: One of them is no Python.
    """
    texts: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        text = None if name in texts else read(name)
        if text is not None:
            texts[name] = text
            waiting += sorted(_imported(ast.parse(text)) - _NO_RECIPE)
    digest = hashlib.sha256()
    for name in sorted(texts):
        digest.update(f"{name}\n{_without_words(texts[name])}\n".encode())
    return digest.hexdigest()


def _imported(tree: ast.Module) -> set[str]:
    """Return the modules of `reference` that a module imports, and other names that may be modules."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == _PACKAGE:
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{_PACKAGE}."):
            found.add(str(node.module).split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith(f"{_PACKAGE}.")}
    return found


def _without_words(text: str) -> str:
    """Return the source without comments and docstrings; cut by position, since Python versions differ in tokens."""
    lines = text.splitlines()
    for first, last in _docstrings(ast.parse(text)):
        lines[first - 1 : last] = [""] * (last - first + 1)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            if lines[row - 1].endswith(token.string):  # not where a docstring was just removed
                lines[row - 1] = lines[row - 1][:column]
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _docstrings(tree: ast.Module) -> Iterator[tuple[int, int]]:
    """Yield first and last line of every statement that consists of a string."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.end_lineno or node.lineno
