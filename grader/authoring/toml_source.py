"""TOML files with the line of every key, so that errors can be reported with their place.

The standard library's parser returns values without places. A statement of TOML (a header, or a key with its value)
is complete as soon as it can be parsed alone; so the same parser finds where each one begins, whatever quotes, dots,
inline tables and long strings it contains.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grader.authoring.errors import AuthoringError, Problem
from grader.authoring.toml_errors import explained
from grader.domain.messages import Message, message

KeyPath = tuple[str | int, ...]
"""Path from the top of a file to a value: `("rubric", 2, "points")`; positions count from 0."""


@dataclass(frozen=True)
class TomlSource:
    """A TOML file that could be parsed.

    Attributes:
        path: The file.
        data: Its content.
        text: The same as text.
    """

    path: Path
    data: Mapping[str, object]
    text: str

    @cached_property
    def lines(self) -> Mapping[KeyPath, int]:
        """Line of every key and table, from 1: only an error needs them, and they take longer than the content."""
        return key_lines(self.text)

    def line(self, key: KeyPath) -> int:
        """Return the line of a key, or of the nearest enclosing table if the key does not exist."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def problem(self, key: KeyPath, reason: Message) -> Problem:
        """Build the problem of a key of this file."""
        return Problem(self.path, reason, self.line(key), self._spoken(key))

    def _spoken(self, key: KeyPath) -> str:
        """Write a key for people: positions count from 1 and include the name of their check."""
        match key:
            case ("rubric", int(position), *rest):
                head = f"rubric {position + 1}{self._check(position)}"
                return ", ".join([head, ".".join(map(str, rest))]) if rest else head
            case _:
                return ".".join(str(step + 1) if isinstance(step, int) else step for step in key)

    def _check(self, position: int) -> str:
        rubric = self.data.get("rubric")
        item = rubric[position] if isinstance(rubric, list) else None
        return f" ({item['check']})" if isinstance(item, dict) and "check" in item else ""


def read_toml(path: Path) -> TomlSource:
    """Read a TOML file.

    Raises:
        AuthoringError: It is not there, is not UTF-8, or is not TOML; with the line where the parser gave up.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        data = tomllib.loads(text)
    except FileNotFoundError as error:
        raise AuthoringError(message("{file}: there is no such file.", file=str(path))) from error
    except UnicodeDecodeError as error:
        raise AuthoringError(message("{file}: not UTF-8 text; save it as UTF-8.", file=str(path))) from error
    except tomllib.TOMLDecodeError as error:
        place = f"{path}:{_stopping_line(str(error))}"
        reason = message("{place}: not valid TOML: {problem}.", place=place, problem=explained(str(error)))
        raise AuthoringError(reason) from error
    return TomlSource(path, data, text)


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the line (from 1) of every table and key of a valid TOML text."""
    lines: dict[KeyPath, int] = {}
    arrays: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, statement in _statements(text):
        parsed = tomllib.loads(statement)
        if statement.lstrip().startswith("["):
            table = _entered(parsed, arrays)
            lines[table] = number
            continue
        for path in _paths(parsed):
            lines.setdefault(table + path, number)
    return lines


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield the first line and the text of every header and key."""
    begun, start = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not begun:
            start = number
        begun += f"{line}\n"
        if not _parses(begun):
            continue
        if line.strip():
            yield start, begun
        begun = ""


def _parses(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _entered(header: Mapping[str, object], arrays: dict[KeyPath, int]) -> KeyPath:
    """Return the path of a header's table; `arrays` counts the entries of every array of tables so far."""
    path: KeyPath = ()
    inside: object = header
    while isinstance(inside, dict) and inside:
        key, inside = next(iter(inside.items()))
        path += (key,)
        if isinstance(inside, list):
            arrays[path] = arrays.get(path, 0) + 1
        if path in arrays:
            path += (arrays[path] - 1,)
    return path


def _paths(parsed: Mapping[str, object], before: KeyPath = ()) -> Iterator[KeyPath]:
    for key, value in parsed.items():
        yield (*before, key)
        if isinstance(value, dict):
            yield from _paths(value, (*before, key))


def _stopping_line(problem: str) -> str:
    found = re.search(r"at line (\d+)", problem)
    return found.group(1) if found else "end"
