"""Estimates how long a class will still take, and orders its hand-ins.

The weight of a hand-in is the number of epochs in its text. It runs in one of three ways: once; twice, if a first run
with shortened trainings lost a point; or until a time limit ends it. The finished hand-ins give

- how many waiting hand-ins will run in each way: the observed counts plus usual counts (`_USUAL`);
- the duration of each way: the seconds of single runs are fitted as `a + b · weight` (both at least 0); the other ways
  take the mean of their own seconds or, before there is any, a multiple of the fitted line, or the limit.

A waiting hand-in is expected to take the mean over the ways. One that has run for `e` seconds is expected to take the
mean of what others of its way took beyond `e`, so that its end is never in the past. The rest is assigned to the places
in order, as the batch does it, and the place that ends last gives the time for the class. The longest hand-ins come
first, so that none begins when the others are over.
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
"""Number of finished hand-ins before which no time is shown."""


class RunKind(StrEnum):
    """How a hand-in runs."""

    ONCE = "once"
    TWICE = "twice"
    STOPPED = "stopped"


_USUAL: Final = {RunKind.TWICE: (2.0, 6.0), RunKind.STOPPED: (0.2, 30.0)}
"""Counts assumed before a class begins: so many in this way among so many hand-ins. Chosen from classes in which about
a third loses a point, and one in a hundred never ends."""

_TWICE_AS_LINES: Final = 5.0
"""Ratio of the duration of two runs to that of one, assumed before two were seen: where both were measured, the full
training took 4 times as long as the shortened one (`benchmarks/acceleration.py`)."""

_EPOCHS: Final = re.compile(rb"epochs\s{0,8}=\s{0,8}(\d{1,5})\b", re.IGNORECASE)
_MOST_BYTES: Final = 4 * 2**20
_MOST_EPOCHS: Final = 10_000
_LONGER_THAN_ALL: Final = 1.5
"""A hand-in that outlasts all others is expected to take this multiple of its time so far, up to the limit."""


def weight(notebook: Path) -> float:
    """Return the epochs that the text of a notebook asks for, at least 1; an unreadable file has the least weight.

    The weight only orders hand-ins and scales estimates of their time.
    """
    try:
        with notebook.open("rb") as file:
            text = file.read(_MOST_BYTES)
    except OSError:
        return 0.0
    return float(min(_MOST_EPOCHS, 1 + sum(int(number) for number in _EPOCHS.findall(text))))


@dataclass
class _Running:
    """A hand-in that is running."""

    weight: float
    began: float
    way: RunKind = RunKind.ONCE


@dataclass(frozen=True, slots=True)
class _Done:
    """A hand-in that has run."""

    weight: float
    seconds: float
    way: RunKind


@dataclass
class Forecast:
    """The state of a batch and an estimate of its remaining time.

    Attributes:
        places: Hand-ins that run at the same time.
        waiting: Weights of the waiting hand-ins by name, in the order in which they will begin.
        limit_seconds: Duration of a hand-in that a limit ends.
        shortens: Whether any may run twice.
    """

    places: int
    waiting: dict[int, float]
    limit_seconds: float
    shortens: bool = True
    _running: dict[int, _Running] = field(default_factory=dict)
    _done: list[_Done] = field(default_factory=list)

    def begin(self, name: int, now: float) -> None:
        """Record that a hand-in has begun."""
        self._running[name] = _Running(self.waiting.pop(name), now)

    def drop(self, name: int) -> None:
        """Record that a hand-in need not run."""
        del self.waiting[name]

    def repeat(self, name: int) -> None:
        """Record that a hand-in runs a second time."""
        if name in self._running:
            self._running[name].way = RunKind.TWICE

    def end(self, name: int, now: float, *, stopped: bool = False) -> None:
        """Record that a hand-in is done, and whether a time limit ended it."""
        one = self._running.pop(name)
        self._done.append(_Done(one.weight, now - one.began, RunKind.STOPPED if stopped else one.way))

    def seconds_left(self, now: float) -> float | None:
        """Return the seconds until everything is done, None if too few are done to say it."""
        if len(self._done) < FEWEST_DONE:
            return None
        line = fitted([(one.weight, one.seconds) for one in self._done if one.way is RunKind.ONCE] or self._all())
        ends = [self._remaining(one, line, now - one.began) for one in self._running.values()]
        free = ends + [0.0] * (self.places - len(ends))
        heapq.heapify(free)
        for weight in self.waiting.values():
            heapq.heapreplace(free, free[0] + self._usual(line, weight))
        return max(free)

    def _usual(self, line: FittedLine, weight: float) -> float:
        """Return the expected duration of a waiting hand-in, over all ways."""
        shares = {way: self._share(way) for way in (RunKind.TWICE, RunKind.STOPPED)}
        shares[RunKind.ONCE] = 1 - sum(shares.values())
        return sum(share * self._mean(way, line, weight) for way, share in shares.items())

    def _share(self, way: RunKind) -> float:
        if way is RunKind.TWICE and not self.shortens:
            return 0.0
        seen, among = _USUAL[way]
        return (seen + sum(one.way is way for one in self._done)) / (among + len(self._done))

    def _mean(self, way: RunKind, line: FittedLine, weight: float) -> float:
        """Return the expected duration of a hand-in that runs in this way."""
        if way is RunKind.ONCE:
            return line.at(weight)
        known = [one.seconds for one in self._done if one.way is way]
        unseen = _TWICE_AS_LINES * line.at(weight) if way is RunKind.TWICE else self.limit_seconds
        return statistics.fmean(known) if known else min(unseen, self.limit_seconds)

    def _remaining(self, one: _Running, line: FittedLine, elapsed: float) -> float:
        """Return a running hand-in's expected remaining time: the mean of what others took beyond its time so far."""
        alike = [self._mean(RunKind.TWICE, line, one.weight)] if one.way is RunKind.TWICE else []
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
        """Return the seconds for this weight."""
        return self.fixed + self.slope * own


def fitted(done: Sequence[tuple[float, float]]) -> FittedLine:
    """Return the least-squares line without negative coefficients; the mean if all weights are equal."""
    weights, seconds = [one for one, _ in done], [one for _, one in done]
    middle, mean = statistics.fmean(weights), statistics.fmean(seconds)
    spread = sum((one - middle) ** 2 for one in weights)
    slope = sum((w - middle) * (s - mean) for w, s in done) / spread if spread else 0.0
    if slope <= 0:
        return FittedLine(mean, 0.0)
    if mean - slope * middle >= 0:
        return FittedLine(mean - slope * middle, slope)
    return FittedLine(0.0, sum(w * s for w, s in done) / sum(w * w for w in weights))
