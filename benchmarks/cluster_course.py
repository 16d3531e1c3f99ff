"""A course of 100,000 hand-ins on a Dask cluster, simulated from measured times; and how well that foretells real runs.

    python benchmarks/cluster_course.py --check 30 300
    python benchmarks/cluster_course.py --times FILE [--hand-ins 100000] [--workers 10 100 1000] [--plot FILE]

Times are those of hand-ins that were really graded: `wall_seconds` of a gradebook (`--times grades/gradebook.sqlite`),
or a file with a number a line. A simulated hand-in takes one of them, drawn with replacement. What is simulated is the
batch as `grader.work_queue` and `grader.executors` do it: the driver reads and sends a hand-in, stores and judges each
result, one at a time (`--driver-seconds`); a worker opens a session once, runs what it gets, and is lost now and then
(`--lost`, of a hand-in: it costs the time until then, a new session, and one more try).

`--check` grades classes of notebooks that sleep, on `dask-local` with as many processes as `--processes` says. The
first class gives the simulator all that it knows (times, start, driver); each class is foretold from that alone, and
the ratio to what it really took is printed. For the first one that is a test of the rules, for the others of the
numbers as well.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from costs import GRADER, machine, run, table


@dataclass(frozen=True, slots=True)
class Model:
    """What a simulated batch takes besides the hand-ins themselves.

    Attributes:
        start_seconds: Until the first hand-in is sent: both zones here, the cluster, a session on each worker.
        driver_seconds: Of the driver for each hand-in: read, send, store, judge.
        session_seconds: Of a worker that is new: its session.
        lost: Share of hand-ins in which their worker is lost.
    """

    start_seconds: float
    driver_seconds: float
    session_seconds: float = 10.0
    lost: float = 0.0


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a simulated batch took.

    Attributes:
        wall_seconds: From the command to the last grade.
        busy: Share of the workers' time in which they ran hand-ins.
        driver: Share of the time in which the driver was busy.
        lost: Hand-ins whose worker was lost twice, which wait for a person.
    """

    wall_seconds: float
    busy: float
    driver: float
    lost: int


def simulate(times: Sequence[float], workers: int, model: Model, chance: random.Random) -> Simulated:
    """Simulate a batch event by event: the driver serves results in the order in which they come.

    Args:
        times: Of the hand-ins, in the order in which they are begun.
        workers: Hand-ins at the same time.
        model: What it takes besides.
        chance: Decides which workers are lost.
    """
    free_driver, waiting, lost, busy = model.start_seconds, iter(times), 0, 0.0
    results: list[float] = []

    def send(at: float) -> bool:
        """Hand out the next hand-in when the driver is free; False where none is left."""
        nonlocal free_driver, lost, busy
        seconds = next(waiting, None)
        if seconds is None:
            return False
        free_driver = max(free_driver, at) + model.driver_seconds / 2
        taken = seconds
        for attempt in range(2):
            if chance.random() >= model.lost:
                break
            taken += chance.random() * seconds + model.session_seconds
            lost += attempt
        busy += taken
        heapq.heappush(results, free_driver + taken)
        return True

    for _ in range(workers):
        if not send(model.start_seconds):
            break
    while results:
        free_driver = max(free_driver, heapq.heappop(results)) + model.driver_seconds / 2
        send(free_driver)
    run_seconds = free_driver - model.start_seconds
    share = len(times) * model.driver_seconds / max(run_seconds, 1e-9)
    return Simulated(free_driver, busy / max(workers * run_seconds, 1e-9), share, lost)


def main() -> None:
    """Check the simulator, or simulate a course."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", nargs="+", type=int, default=[])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--times", type=Path)
    parser.add_argument("--hand-ins", type=int, default=100_000)
    parser.add_argument("--workers", nargs="+", type=int, default=[10, 100, 1000])
    parser.add_argument("--driver-seconds", type=float, default=0.05)
    parser.add_argument("--start-seconds", type=float, default=30.0)
    parser.add_argument("--lost", type=float, default=0.001)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    if given.check:
        head = ("hand-ins", "processes", "real s", "foretold s", "ratio")
        print(table(head, list(_checked(given.check, given.processes))), machine(), sep="\n\n")
    if given.times is None:
        return
    measured = _times(given.times)
    model = Model(given.start_seconds, given.driver_seconds, lost=given.lost)
    chance = random.Random(1)  # noqa: S311 - a simulation
    drawn = chance.choices(measured, k=given.hand_ins)
    found = {workers: simulate(drawn, workers, model, chance) for workers in given.workers}
    rows = [
        (workers, f"{one.wall_seconds / 3600:.1f}", f"{one.busy:.0%}", f"{one.driver:.0%}", one.lost)
        for workers, one in found.items()
    ]
    print(table(("workers", "hours", "workers busy", "driver busy", "lost twice"), rows))
    middle = statistics.median(measured)
    print(f"\n{given.hand_ins} hand-ins drawn from {len(measured)} measured ones (median {middle:.1f} s); {model}")
    if given.plot is not None:
        _draw({workers: one.wall_seconds / 3600 for workers, one in found.items()}, given.plot)


@dataclass(frozen=True, slots=True)
class _Real:
    """A class that was really graded.

    Attributes:
        wall_seconds: From the command to the last grade.
        start_seconds: Until the first hand-in was begun.
        times: Of the hand-ins, as the workers measured them.
    """

    wall_seconds: float
    start_seconds: float
    times: list[float]


def _checked(numbers: Sequence[int], processes: int) -> Iterator[tuple[object, ...]]:
    """Grade classes for real, and foretell each from what the first one showed."""
    chance, model, times = random.Random(1), None, list[float]()  # noqa: S311 - a simulation
    for number in numbers:
        real = _graded(number, processes)
        if model is None:
            beside = (real.wall_seconds - real.start_seconds) * processes - sum(real.times)
            model, times = Model(real.start_seconds, max(0.0, beside / processes / number)), real.times
            print(model, file=sys.stderr)
        drawn = times if number == len(times) else chance.choices(times, k=number)
        found = simulate(drawn, processes, model, chance).wall_seconds
        ratio = f"{found / real.wall_seconds:.2f}"
        yield number, processes, f"{real.wall_seconds:.1f}", f"{found:.1f}", ratio


def _graded(number: int, processes: int) -> _Real:
    chance = random.Random(number)  # noqa: S311 - naps
    with tempfile.TemporaryDirectory(prefix="cluster-course-") as name:
        folder = Path(name)
        (folder / "class").mkdir()
        for student in range(number):
            source = f"import time  # {student}\ntime.sleep({chance.lognormvariate(0, 0.5):.2f})"
            cell: dict[str, object] = {
                "cell_type": "code",
                "metadata": {},
                "outputs": [],
                "execution_count": None,
                "source": source,
            }
            document = {"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": [cell]}
            (folder / "class" / f"student-{student:05}.ipynb").write_text(json.dumps(document), encoding="utf-8")
        command: list[str | Path] = [
            *GRADER,
            "grade",
            folder / "class",
            "--assignment",
            "stacked",
            "--out",
            folder / "out",
            "--json",
        ]
        more = ["--data-size", "sample", "--executor", f"dask-local:{processes}"]
        began = time.time()
        cost = run([*command, *more], folder=folder, environment=os.environ, log=folder / "log")
        begun, graded = _events(folder / "log")
    if cost.status or len(graded) != number:
        sys.exit(f"{number} hand-ins were not graded: status {cost.status}")
    return _Real(max(graded) - began, min(begun) - began, list(graded.values()))


def _events(log: Path) -> tuple[list[float], dict[float, float]]:
    """Return when hand-ins were begun, and how long each took by when it was graded, from the events of `--json`."""
    begun, graded = list[float](), dict[float, float]()
    for line in log.read_text(encoding="utf-8").splitlines():
        if not line.startswith('{"event"'):
            continue
        event = json.loads(line)
        moment = datetime.fromisoformat(event["time"]).timestamp()
        if event["event"] == "stage" and event["stage"] == "running":
            begun.append(moment)
        elif event["event"] == "graded":
            graded[moment + event["done"] * 1e-6] = event["wall_seconds"]  # two within a millisecond are two
    return begun, graded


def _times(path: Path) -> list[float]:
    if path.suffix == ".sqlite":
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            return [seconds for (seconds,) in database.execute("SELECT wall_seconds FROM grading")]
    return [float(line) for line in path.read_text(encoding="utf-8").split()]


def _draw(hours: dict[int, float], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.add_subplot()
    axes.loglog(list(hours), list(hours.values()), "o-")
    axes.set(xlabel="workers", ylabel="hours for the course")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


if __name__ == "__main__":
    main()
