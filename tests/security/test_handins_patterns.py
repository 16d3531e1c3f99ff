"""No regular expression of zone T takes more than linear time, whatever text a student writes.

Every compiled pattern in every module that T imports is found by walking the modules, and tried in the way in which its
module uses it on texts that lead patterns back and forth. Processor time is compared at n, 2n and 4n, never with a
clock on the wall; what grows by more than twice the length is measured again before it is called too much.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
import time
from collections.abc import Callable, Iterator

import pytest

import grader

NOT_IN_T = frozenset({"probe", "rebuild", "cli", "demo", "authoring", "validation"})
"""Zones K and M, and what reads our own files alone."""

BOUNDED: dict[tuple[str, str], str] = {}
"""Patterns whose text cannot be made to do harm, and why."""

BEGINNINGS = ("", "import a", "print ")
PIECES = (
    " ", "\n", "\t", "a", "0", "_", "-", "=", "#", ":", ";", ",", ".", "(", ")", "[", "]", "'", '"', "`", "*", "<", ">",
    "/", "\\", "%", "!", "\n ", "a ", "a.", "a=", "a,", "a(", "0 ", "\n-", "->", "print ", "import ", "from ", "except ",
    "fit(", "%time ", "<h1 ", "_1_", "\x1b[", "é", "{", "}", "&", "@", "a\n", "a:", "(a", "[a", " -a 1", "File ",
    " as ", ": ", "; print", "\n\n ", "_1_assignsubmission_a", "_1234_98765_",
)  # fmt: skip
ENDINGS = ("", "\x00")
LENGTH = 1000
NEGLIGIBLE_SECONDS = 0.001
"""Below that the clock says nothing; quadratic growth is far above it at 4,000 characters."""

MOST_GROWTH = 7.0
"""Times as long for four times the text: linear is 4, quadratic 16."""


def held(value: object) -> Iterator[re.Pattern[str]]:
    """Patterns that a module's constant is or holds."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from (pattern for one in value.values() for pattern in held(one))
    elif isinstance(value, tuple | list | set | frozenset):
        yield from (pattern for one in value for pattern in held(one))


def patterns() -> dict[tuple[str, str], set[re.Pattern[str]]]:
    """Every compiled pattern by module and name."""
    found: dict[tuple[str, str], set[re.Pattern[str]]] = {}
    for info in pkgutil.walk_packages(grader.__path__, "grader."):
        if info.name.split(".")[1] in NOT_IN_T or info.name.endswith(("__main__", "migrations.env")):
            continue
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if mine := {pattern for pattern in held(value) if isinstance(pattern.pattern, str)}:
                found[info.name, name] = mine
    return found


PATTERNS = patterns()


def ways(module: str, name: str) -> set[str]:
    """The methods with which a module uses a pattern; for one in a table, the two that look from the beginning."""
    source = inspect.getsource(sys.modules[module])
    used = set(re.findall(rf"\b{name}\.(search|match|fullmatch|sub|findall|finditer|split)\(", source))
    repeated = used & {"sub", "findall", "finditer", "split"}
    return (used - repeated) | ({"finditer"} if repeated else set()) or {"match", "search"}


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Processor time of the quickest of several."""
    took = []
    for _ in range(times):
        began = time.thread_time()
        work()
        took.append(time.thread_time() - began)
    return min(took)


def growth(pattern: re.Pattern[str], way: str, text: Callable[[int], str]) -> float:
    """How many times as long four times the text takes, 0 if it takes no time worth naming."""

    def work(length: int) -> Callable[[], object]:
        whole = text(length)
        if way == "finditer":
            return lambda: [None for _ in pattern.finditer(whole)]
        return lambda: getattr(pattern, way)(whole)

    if seconds(work(4 * LENGTH), times=1) < NEGLIGIBLE_SECONDS:
        return 0.0
    longest = seconds(work(4 * LENGTH))
    return longest / max(seconds(work(LENGTH)), 1e-6)


def worst(pattern: re.Pattern[str], way: str) -> str:
    """The text for which a pattern takes too long, "" if there is none."""
    for beginning in BEGINNINGS:
        for piece in PIECES:
            for ending in ENDINGS:

                def text(length: int, parts: tuple[str, str, str] = (beginning, piece, ending)) -> str:
                    return parts[0] + parts[1] * (length // len(parts[1])) + parts[2]

                if all(growth(pattern, way, text) > MOST_GROWTH for _ in range(3)):
                    return repr((beginning, piece, ending))
    return ""


@pytest.mark.parametrize(("module", "name"), sorted(set(PATTERNS) - set(BOUNDED)))
def test_no_pattern_takes_more_than_linear_time(module: str, name: str) -> None:
    """In whatever way the module uses it."""
    for pattern in PATTERNS[module, name]:
        for way in ways(module, name):
            assert worst(pattern, way) == "", f"{way} of {pattern.pattern}"


def test_the_patterns_of_the_stages_that_read_are_all_among_them() -> None:
    """A pattern that is made inside a function would not be found by walking modules."""
    modules = {module for module, _ in PATTERNS}
    assert {
        "grader.intake.platforms.canvas",
        "grader.intake.platforms.moodle",
        "grader.sandbox.undefined_names",
        "grader.translation.readable_cells",
        "grader.intake.headings",
    } <= modules
    assert set(BOUNDED) <= set(PATTERNS)


@pytest.mark.parametrize(
    ("pattern", "way"),
    [
        (re.compile(r"^(\s*)[%!].*$", re.MULTILINE), "finditer"),
        (re.compile(r"^(?P<indent>\s*(?:[^#'\"]*[:;]\s*)?)print\b"), "match"),
        (re.compile(r"(\w+)\.py\b"), "finditer"),
    ],
)
def test_the_test_above_can_fail(pattern: re.Pattern[str], way: str) -> None:
    """The patterns with which one hand-in stopped a class."""
    assert worst(pattern, way) != ""
