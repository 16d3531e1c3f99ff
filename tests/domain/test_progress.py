"""Whoever listens hears what is announced in its own work, and nobody else's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from grader.domain.progress import CellBegun, Stage, StageBegun, Step, announce, listening


def test_a_listener_hears_its_own_work_alone() -> None:
    """Two threads run two hand-ins; outside of `listening` nobody hears anything."""
    heard: dict[str, list[Step]] = {"ana": [], "bruno": []}

    def work(name: str, step: Step) -> None:
        with listening(heard[name].append):
            announce(step)
        announce(StageBegun(Stage.MEASURING))

    cell, stage = CellBegun(1, 2, "x = 1"), StageBegun(Stage.RUNNING, 2)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(work, ("ana", "bruno"), (cell, stage)))
    assert heard == {"ana": [cell], "bruno": [stage]}
