"""A grader that is killed at any moment: nothing lost, nothing twice, nothing left running, no folder left behind."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from killing import KILLS_A_CLASS, LEFT_SECONDS, STUDENTS, Ground, Tally, committed, finish, grades, ground, kill_once
from laboratory import BUBBLEWRAP, make_sandbox

KILLS = int(os.environ.get("KILLS", "3"))


def class_after_kills(place: Ground, out: str, kills: int, tally: Tally) -> list[str]:
    """Kill graders of one class, let it come to its end, and return what is wrong."""
    wrong: list[str] = []
    for _ in range(kills):
        wrong += kill_once(place, out, tally.whole, tally)
    _, status = finish(place, out)
    wrong += [] if status == 0 else [f"exit status {status}"]
    wrong += [] if committed(place.folder / out) == dict.fromkeys(STUDENTS, 1) else [str(committed(place.folder / out))]
    wrong += [] if grades(place.folder / out) == tally.undisturbed else ["other grades"]
    tally.classes += 1
    return wrong


@pytest.mark.slow
def test_a_grader_that_is_killed_at_any_moment_leaves_nothing_behind(tmp_path: Path) -> None:
    """As many kills as KILLS says, spread evenly over the time that a class takes."""
    make_sandbox(BUBBLEWRAP)
    store = Path(os.environ.get("KILLS_STORE", tmp_path)) / "kills.json"
    until = time.monotonic() + float(os.environ.get("KILLS_SECONDS", "inf"))
    tally = Tally.read(store)
    with ground() as place:
        if not tally.whole:
            finish(place, "warm-up")  # what is looked up once a machine
            tally.whole, status = finish(place, "undisturbed")
            assert status == 0, (place.folder / "said.txt").read_text("utf-8")[-2000:]
            tally.undisturbed = grades(place.folder / "undisturbed")
        number = 0
        while tally.kills < KILLS and time.monotonic() < until:
            number += 1
            kills = min(KILLS_A_CLASS, KILLS - tally.kills)
            assert class_after_kills(place, f"out{number}", kills, tally) == []
            tally.keep(store)
        time.sleep(LEFT_SECONDS + 5)  # what was not locked yet when its grader was killed is deleted after a minute
        finish(place, "last")
        assert place.left_behind() == []
        assert place.processes() == []
    print(f"\n{tally.kills} kills, {tally.during_runs} while a kernel ran, {tally.classes} classes")  # noqa: T201
    if tally.kills < KILLS:
        pytest.skip(f"{KILLS - tally.kills} kills are left; the same command goes on with them")
