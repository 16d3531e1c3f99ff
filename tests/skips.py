"""Counts the tests that were skipped, names each with its reason, and says which nobody expected.

What is expected stands in `tests/expected_skips.toml`. With `--strict-skips`, which is the default where the variable
CI is set, a run with a skip that is not expected fails: a machine that lacks a sandbox, or a package that is not
installed, must not look like a green run.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

TABLE = Path(__file__).parent / "expected_skips.toml"

CONDITIONS: Mapping[str, Callable[[], bool]] = {
    "anywhere": lambda: True,
    "administrator": lambda: hasattr(os, "geteuid") and os.geteuid() == 0,
    "ordinary user": lambda: not hasattr(os, "geteuid") or os.geteuid() != 0,
    "not Linux": lambda: sys.platform != "linux",
    "not POSIX": lambda: os.name != "posix",
    "no PostgreSQL": lambda: "GRADER_TEST_POSTGRESQL_URL" not in os.environ and shutil.which("initdb") is None,
    "no Linux headers": lambda: not Path("/usr/include/asm-generic/unistd.h").is_file(),
}
"""Where a skip is expected; each is a question about this machine."""


@dataclass(frozen=True, slots=True)
class Skip:
    """A test, or a file of tests, that was skipped.

    Attributes:
        name: Its node id.
        reason: What it said.
    """

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExpectedSkip:
    """Skips that are no surprise.

    Attributes:
        tests: Pattern of their node ids.
        reason: Regular expression of the beginning of what they say.
        where: Key of `CONDITIONS`.
        because: Why that is all right.
    """

    tests: str
    reason: str
    where: str
    because: str

    def covers(self, skip: Skip) -> bool:
        """Return whether this skip is expected on this machine."""
        fits = fnmatch(skip.name, self.tests) and re.match(self.reason, skip.reason) is not None
        return fits and CONDITIONS[self.where]()


def expected_skips(table: Path = TABLE) -> tuple[ExpectedSkip, ...]:
    """Read the table."""
    return tuple(ExpectedSkip(**row) for row in tomllib.loads(table.read_text("utf-8"))["skip"])


def skips(reports: Iterable[object]) -> Iterator[Skip]:
    """Read pytest's reports of skipped tests."""
    for report in reports:
        reported = getattr(report, "longrepr", None)
        reason = str(reported[2]) if isinstance(reported, tuple) else str(reported)
        yield Skip(str(getattr(report, "nodeid", "")), reason.removeprefix("Skipped: "))


def unexpected(found: Iterable[Skip], expected: Sequence[ExpectedSkip]) -> list[Skip]:
    """Return the skips that no row of the table covers on this machine."""
    return [skip for skip in found if not any(row.covers(skip) for row in expected)]


def summary(found: Sequence[Skip], expected: Sequence[ExpectedSkip]) -> Iterator[str]:
    """Name every skipped test under its reason, the unexpected ones last."""
    strange = unexpected(found, expected)
    for title, some in (("expected", [one for one in found if one not in strange]), ("NOT EXPECTED", strange)):
        for reason in dict.fromkeys(one.reason for one in some):
            names = [one.name for one in some if one.reason == reason]
            yield f"{len(names)} {title}: {reason}"
            yield from (f"    {name}" for name in names)
    yield f"skipped: {len(found)}, not expected: {len(strange)}"
