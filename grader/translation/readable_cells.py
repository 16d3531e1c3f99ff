"""Converts a cell to Python that can be parsed, and back: hides IPython's lines, fixes Python 2.

Every line keeps its number, and everything not translated keeps every character.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Final

from grader.domain.syntax import tree_or_error

LONGEST_CELL: Final = 60_000
"""Most characters; a longer cell holds data, and a tree of it would cost too much memory."""

DEEPEST_TREE: Final = 150
"""Most levels of syntax; a deeper tree is no autoencoder's, and would overflow the stack of recursive code."""

_HIDDEN_AT_MOST: Final = 200
_COMMENTS_TRIED: Final = 20
"""Number signs of a print statement that may begin its comment; the others stand in texts. Each takes a parse."""

_PYTHON_CELL_MAGICS: Final = frozenset({"time", "timeit", "capture", "prun", "memit"})
_MAGIC_RUNNING = re.compile(r"(?P<magic>%(?:time|timeit)\s+)(?=[A-Za-z_])")
_PRINT = re.compile(
    r"(?P<indent>[ \t]*(?:[^\s#'\"][^#'\"]*[:;][ \t]*)?)print\b(?P<gap>[ \t]+(?![=.,)\]])|(?=[\"']))(?P<rest>.*)$"
)
_EXCEPT = re.compile(
    r"(?P<head>[ \t]*except[ \t]+[\w.]+|[ \t]*except[ \t]*\([^)]*\))[ \t]*,[ \t]*(?P<name>[A-Za-z_]\w*)[ \t]*:"
)


@dataclass(frozen=True, slots=True)
class Readable:
    """A cell as Python.

    Attributes:
        text: What parses.
        tree: Its syntax.
        hidden: Each placeholder in it, and the text that it stands for.
        fixed: Lines of Python 2 that were fixed: number from 1, before, after.
    """

    text: str
    tree: ast.Module = field(repr=False, compare=False)
    hidden: tuple[tuple[str, str], ...] = ()
    fixed: tuple[tuple[int, str, str], ...] = ()

    def restored(self, text: str) -> str:
        """Put the lines for IPython back into a text made from this one."""
        for placeholder, original in self.hidden:
            text = text.replace(placeholder, original)
        return text


def readable(source: str) -> Readable | None:
    """Convert a cell's source to Python; None if impossible even after hiding IPython lines and fixing prints."""
    if len(source) > LONGEST_CELL:
        return None
    lines = source.split("\n")
    hidden: dict[str, str] = {}
    if not _hide_cell_magic(lines, hidden):
        return None
    if not _hide_until_parsed(lines, hidden):
        fixed = _fix_python_2(lines)
        if not fixed or not _hide_until_parsed(lines, hidden):
            return None
        return _finished(lines, hidden, fixed)
    return _finished(lines, hidden, [])


def _finished(lines: list[str], hidden: dict[str, str], fixed: list[tuple[int, str, str]]) -> Readable | None:
    text = "\n".join(lines)
    tree = tree_or_error(text)
    if not isinstance(tree, ast.Module) or _depth_exceeded(tree):
        return None
    return Readable(text, tree, tuple(hidden.items()), tuple(fixed))


def _depth_exceeded(tree: ast.Module) -> bool:
    """Measure the tree without recursion, since it may be too deep for that."""
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST_TREE):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True


# Lines for IPython


def _hide_cell_magic(lines: list[str], hidden: dict[str, str]) -> bool:
    """Hide the line of a cell magic; return False if the cell below it is not Python of the notebook."""
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return False
    if not lines[first].lstrip().startswith("%%"):
        return True
    name = lines[first].strip().removeprefix("%%").partition(" ")[0]
    _hide(lines, first, hidden)
    return name in _PYTHON_CELL_MAGICS


def _hide_until_parsed(lines: list[str], hidden: dict[str, str]) -> bool:
    """Hide lines for IPython at which the parser fails, since `% 3` may also continue a calculation."""
    for _ in range(_HIDDEN_AT_MOST):
        found = tree_or_error("\n".join(lines))
        if isinstance(found, ast.Module):
            return True
        number = (found.lineno or 0) - 1 if found is not None else -1
        if not 0 <= number < len(lines) or not _is_magic(lines[number]):
            return _hide_all(lines, hidden)
        _hide(lines, number, hidden)
    return False


def _hide_all(lines: list[str], hidden: dict[str, str]) -> bool:
    """Try again without any such line: Python may report the error far from its cause."""
    trial, more = list(lines), dict(hidden)
    for number, line in enumerate(lines):
        if trial[number] and _is_magic(line):
            _hide(trial, number, more)
    if not isinstance(tree_or_error("\n".join(trial)), ast.Module):
        return False
    lines[:] = trial
    hidden.update(more)
    return True


def _is_magic(line: str) -> bool:
    """Return whether a line may be one for IPython: `%cd x`, `!ls`, `?f`, `f?`, `files = !ls`."""
    text = line.strip()
    assigned = text.partition("=")[2].lstrip()
    return not text.startswith("#") and (
        text.startswith(("%", "!", "?")) or text.endswith("?") or assigned.startswith(("%", "!"))
    )


def _hide(lines: list[str], number: int, hidden: dict[str, str]) -> None:
    """Replace a line for IPython, with its continuation lines, by a placeholder.

    Of `%time code` only the magic is hidden, so that the code is read as well.
    """
    placeholder = f"_ipython_line_{number}_"
    text = lines[number].lstrip()
    indent = lines[number].removesuffix(text)
    running = _MAGIC_RUNNING.match(text)
    if running:
        hidden[f"{placeholder}; "] = running["magic"]
        lines[number] = f"{indent}{placeholder}; {text.removeprefix(running['magic'])}"
        return
    last = number
    while lines[last].endswith("\\") and last + 1 < len(lines):
        last += 1
    hidden["\n".join([placeholder, *[""] * (last - number)])] = "\n".join([text, *lines[number + 1 : last + 1]])
    lines[number : last + 1] = [indent + placeholder, *[""] * (last - number)]


# Python 2


def _fix_python_2(lines: list[str]) -> list[tuple[int, str, str]]:
    """Turn print statements and `except Class, name:` into Python 3; only for a cell that cannot be parsed."""
    fixed = []
    number = 0
    while number < len(lines):
        line = lines[number]
        caught = _EXCEPT.match(line)
        if caught:
            lines[number] = f"{caught['head']} as {caught['name']}:{line[caught.end() :]}"
            fixed.append((number + 1, line.strip(), lines[number].strip()))
        elif printed := _PRINT.match(line):
            number = _fix_print(lines, number, printed, fixed)
        number += 1
    return fixed


def _fix_print(lines: list[str], first: int, printed: re.Match[str], fixed: list[tuple[int, str, str]]) -> int:
    """Fix the print statement that begins in a line; return its last line."""
    for last in range(first, min(first + 12, len(lines))):
        body = "\n".join([printed["rest"], *lines[first + 1 : last + 1]])
        call = _print_call(body)
        if call is None:
            continue
        before = "\n".join(lines[first : last + 1]).strip()
        after = printed["indent"] + call
        lines[first : last + 1] = after.split("\n")
        fixed.append((first + 1, before, after.strip()))
        return last
    return first


def _print_call(body: str) -> str | None:
    """Return the call equivalent to `print body`, or None if this is not a complete statement."""
    code, comment = _without_comment(body)
    stripped = code.rstrip()
    if not stripped or stripped.startswith(">>"):
        return None
    end = ', end=" "' if stripped.endswith(",") else ""
    inside = stripped.removesuffix(",")
    tree = tree_or_error(f"print({inside}{end})")
    if not isinstance(tree, ast.Module) or len(tree.body) != 1:
        return None
    return f"print({inside}{end}){code[len(stripped) :]}{comment}"


def _without_comment(body: str) -> tuple[str, str]:
    """Split a comment off the end of a single line if the part before it is an expression."""
    marks = [position for position, character in enumerate(body) if character == "#"]
    for position in marks[:_COMMENTS_TRIED]:
        if isinstance(tree_or_error(f"({body[:position].strip().removesuffix(',')},)"), ast.Module):
            return body[:position], body[position:]
    return body, ""
