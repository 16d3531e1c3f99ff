"""How long a class will still take, and which hand-ins are begun first.

A hand-in weighs as many epochs as its text asks for, and runs in one of three ways: once; twice, where a first run with
shortened trainings lost a point; or until a limit of time ends it. From those that are done come

- how many of those that wait will run in each way: what was counted, and what is usual (`_USUAL`), together;
- what each way takes: the seconds of those run once are fitted as `a + b · weight` (both at least 0); the other ways
  take the mean of their own seconds, and before there is one a multiple of the line, or the limit.

One that waits takes the mean of the ways. One that runs since `e` seconds takes what the others of its way took beyond
`e`, so that it is never expected to end before now. What remains is dealt to the places in order, as the batch does it,
and the last place to end says when the class is done. The longest come first, so that none begins when the others are
over.
"""

from __future__ import annotations

import heapq
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

FEWEST_DONE: Final = 3
"""Before so many hand-ins were run, nobody is told a time."""


class Way(StrEnum):
    """How a hand-in runs."""

    ONCE = "once"
    TWICE = "twice"
    STOPPED = "stopped"


_USUAL: Final = {Way.TWICE: (2.0, 6.0), Way.STOPPED: (0.2, 30.0)}
"""What counts as seen before a class begins: so many in this way among so many hand-ins. A choice, of classes in which
about a third loses a point, and one in a hundred never ends."""

_TWICE_AS_LINES: Final = 5.0
"""How many times longer than one run the two runs take, before two were seen: the whole training was 4 times the
shortened one where both were measured (`benchmarks/acceleration.py`)."""

_EPOCHS: Final = re.compile(rb"epochs\s{0,8}=\s{0,8}(\d{1,5})\b", re.IGNORECASE)
_MOST_BYTES: Final = 4 * 2**20
_MOST_EPOCHS: Final = 10_000
_LONGER_THAN_ALL: Final = 1.5
"""One that outlasts all others is expected to take this many times what it has taken, and no more than the limit."""


def weight(notebook: Path) -> float:
    """Return the epochs that the text of a notebook asks for, at least 1; a file that cannot be read weighs nothing.

    It orders hand-ins and scales guesses of their time; nothing else rests on it.
    """
    try:
        with notebook.open("rb") as file:
            text = file.read(_MOST_BYTES)
    except OSError:
        return 0.0
    return float(min(_MOST_EPOCHS, 1 + sum(int(number) for number in _EPOCHS.findall(text))))


@dataclass
class _Running:
    """One that runs."""

    weight: float
    began: float
    way: Way = Way.ONCE


@dataclass(frozen=True, slots=True)
class _Done:
    """One that was run."""

    weight: float
    seconds: float
    way: Way


@dataclass
class Forecast:
    """What remains of a batch.

    Attributes:
        places: Hand-ins that run at the same time.
        waiting: Weights of those that have not begun by their names, in the order in which they will.
        limit_seconds: What a hand-in takes that a limit ends.
        shortens: Whether any may run twice.
    """

    places: int
    waiting: dict[int, float]
    limit_seconds: float
    shortens: bool = True
    _running: dict[int, _Running] = field(default_factory=dict)
    _done: list[_Done] = field(default_factory=list)

    def begin(self, name: int, now: float) -> None:
        """Take note that one has begun."""
        self._running[name] = _Running(self.waiting.pop(name), now)

    def drop(self, name: int) -> None:
        """Take note that one need not be run."""
        del self.waiting[name]

    def repeat(self, name: int) -> None:
        """Take note that one runs a second time."""
        if name in self._running:
            self._running[name].way = Way.TWICE

    def end(self, name: int, now: float, *, stopped: bool = False) -> None:
        """Take note that one is done, and whether a limit of time ended it."""
        one = self._running.pop(name)
        self._done.append(_Done(one.weight, now - one.began, Way.STOPPED if stopped else one.way))

    def seconds_left(self, now: float) -> float | None:
        """Return the seconds until everything is done, None where too few are done to say it."""
        if len(self._done) < FEWEST_DONE:
            return None
        line = fitted([(one.weight, one.seconds) for one in self._done if one.way is Way.ONCE] or self._all())
        ends = [self._remaining(one, line, now - one.began) for one in self._running.values()]
        free = ends + [0.0] * (self.places - len(ends))
        heapq.heapify(free)
        for weight in self.waiting.values():
            heapq.heapreplace(free, free[0] + self._usual(line, weight))
        return max(free)

    def _usual(self, line: FittedLine, weight: float) -> float:
        """Return what one that waits will take, over all ways."""
        shares = {way: self._share(way) for way in (Way.TWICE, Way.STOPPED)}
        shares[Way.ONCE] = 1 - sum(shares.values())
        return sum(share * self._mean(way, line, weight) for way, share in shares.items())

    def _share(self, way: Way) -> float:
        if way is Way.TWICE and not self.shortens:
            return 0.0
        seen, among = _USUAL[way]
        return (seen + sum(one.way is way for one in self._done)) / (among + len(self._done))

    def _mean(self, way: Way, line: FittedLine, weight: float) -> float:
        """Return what a hand-in takes that runs in this way."""
        if way is Way.ONCE:
            return line.at(weight)
        known = [one.seconds for one in self._done if one.way is way]
        unseen = _TWICE_AS_LINES * line.at(weight) if way is Way.TWICE else self.limit_seconds
        return statistics.fmean(known) if known else min(unseen, self.limit_seconds)

    def _remaining(self, one: _Running, line: FittedLine, elapsed: float) -> float:
        """Return what one that runs will still take: the mean of what others took beyond what it has taken."""
        alike = [self._mean(Way.TWICE, line, one.weight)] if one.way is Way.TWICE else []
        taken = alike or [line.at(one.weight), *(done.seconds for done in self._done)]
        beyond = [seconds - elapsed for seconds in taken if seconds > elapsed]
        if beyond:
            return statistics.fmean(beyond)
        longer, limit = elapsed * (_LONGER_THAN_ALL - 1), self.limit_seconds - elapsed
        return min(longer, limit) if limit > 0 else longer

    def _all(self) -> list[tuple[float, float]]:
        return [(one.weight, one.seconds) for one in self._done]


@dataclass(frozen=True, slots=True)
class FittedLine:
    """Seconds by weight: `fixed + slope · weight`."""

    fixed: float
    slope: float

    def at(self, own: float) -> float:
        """Return the seconds of this weight."""
        return self.fixed + self.slope * own


def fitted(done: Sequence[tuple[float, float]]) -> FittedLine:
    """Return the line of least squares with no negative part; the mean where all weigh the same."""
    weights, seconds = [one for one, _ in done], [one for _, one in done]
    middle, mean = statistics.fmean(weights), statistics.fmean(seconds)
    spread = sum((one - middle) ** 2 for one in weights)
    slope = sum((w - middle) * (s - mean) for w, s in done) / spread if spread else 0.0
    if slope <= 0:
        return FittedLine(mean, 0.0)
    if mean - slope * middle >= 0:
        return FittedLine(mean - slope * middle, slope)
    return FittedLine(0.0, sum(w * s for w, s in done) / sum(w * w for w in weights))
