"""Processor time of a run's processes: what they got, what they waited for, and their priority.

A run that starts sixty processes would slow its neighbours down to a sixtieth, although their limits keep running. So
a run that asks for far more than it was promised gets the lowest priority, and a run that has to wait for its own share
of the processors is not charged for the waiting.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

GREEDY_LOOKS: Final = 4
"""Consecutive samples with excessive demand after which a run gets the lowest priority; a start is short."""
_IDLE_AUTOGROUP = "19"
_NOBODY_ASKS = 0.05  # of one processor


@dataclass(frozen=True, slots=True)
class Load:
    """What the threads of a run did in an interval, in processors.

    Attributes:
        used: Running.
        waited: Ready to run but not running.
    """

    used: float
    waited: float

    def pace(self, share: float) -> float:
        """Return how fast the run's clock goes, from 0 to 1: 1 if it has its share or does not ask for it.

        Args:
            share: Number of processors that the run was promised.
        """
        asked = min(self.used + self.waited, share)
        return 1.0 if asked < _NOBODY_ASKS else min(1.0, self.used / asked)

    def is_greedy(self, share: float) -> bool:
        """Return whether it asks for far more than its share."""
        return self.used + self.waited > 2 * share + 2


class Threads:
    """Adds up what the threads of some processes have run and waited since the last look."""

    def __init__(self) -> None:
        self._before: dict[int, tuple[int, int]] = {}

    def load(self, pids: Iterable[int], seconds: float) -> Load:
        """Return the load since the last call; a thread that is new counts with all its time so far."""
        now = dict(_scheduled(pids))
        used = sum(ran - self._before.get(thread, (0, 0))[0] for thread, (ran, _) in now.items())
        waited = sum(delay - self._before.get(thread, (0, 0))[1] for thread, (_, delay) in now.items())
        self._before = now
        return Load(used / seconds / 1e9, waited / seconds / 1e9)


def put_behind(pids: Iterable[int]) -> None:
    """Give processes the lowest priority; whatever they start inherits it, and they cannot leave it.

    If Linux groups processes by session, the sessions get the lowest priority as well, since their order counts first.
    """
    for pid in pids:
        for thread in _threads(pid):
            try:
                os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))
            except (OSError, AttributeError):  # it ended; or not Linux
                continue
        try:
            if os.getsid(pid) != os.getsid(0):  # otherwise our session would get it, with all that it starts
                Path(f"/proc/{pid}/autogroup").write_text(_IDLE_AUTOGROUP, encoding="ascii")
        except (
            OSError
        ):  # it ended, there are no such groups, or too many were just changed: the next sample tries again
            continue


def _scheduled(pids: Iterable[int]) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield each thread with the nanoseconds that it ran and that it waited to run."""
    for pid in pids:
        for thread in _threads(pid):
            try:
                ran, waited, _ = Path(f"/proc/{pid}/task/{thread}/schedstat").read_text(encoding="ascii").split()
            except (OSError, ValueError):  # it ended; or Linux keeps no such statistics
                continue
            yield thread, (int(ran), int(waited))


def _threads(pid: int) -> list[int]:
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]  # noqa: PTH208 - ten times as fast as Path's
    except OSError:
        return []
