"""Time of `grader.check` in a notebook, in seconds and as a ratio to one `model.predict` on the same public images.

Run with `python benchmarks/notebook_check.py`. The ratio is what can be compared between machines. CPU time of this
process does not depend on what else runs, wall time does; the goal is held against it. The first call of each kind is
shown beside the median of the later ones, because it imports zone M or loads the images.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import grader
from reference import data, stacked

GOAL_SECONDS = 1.0
CALLS = ("encoder", "decoder", "autoencoder", "reconstruction", "all")


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of one call."""

    wall: float
    cpu: float


def main() -> None:
    """Measure each call and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="calls of each kind; the median counts")
    repeats = parser.parse_args().repeats
    models = dict(zip(("encoder", "decoder", "autoencoder"), stacked.build(), strict=True))
    stacked.compile_model(models["autoencoder"])
    found = data.load(stacked.DATASET, size="sample")
    images = data.scaled(found.x_test[found.public])
    models["autoencoder"].fit(images[:32], images[:32], verbose=0)  # so that `all` measures everything
    predict = later(lambda: models["autoencoder"].predict(images, verbose=0), repeats)
    print(f"{'call':<24} {'first CPU s':>11} {'CPU s':>7} {'wall s':>7} {'x predict':>9}  goal {GOAL_SECONDS} s of CPU")
    print(f"{'predict':<24} {'':>11} {predict.cpu:7.3f} {predict.wall:7.3f} {1.0:9.1f}")
    for name in CALLS:
        call = asking(name, models)
        first, spent = once(call).cpu, later(call, repeats)
        verdict = "kept" if max(first, spent.cpu) <= GOAL_SECONDS else "MISSED"
        ratio = spent.cpu / predict.cpu
        print(f"check({name!r})".ljust(24), f"{first:11.3f} {spent.cpu:7.3f} {spent.wall:7.3f} {ratio:9.1f}  {verdict}")


def asking(name: str, models: dict[str, object]) -> Callable[[], object]:
    """Return a call of `grader.check`; the named model is given, others are looked up."""
    globals().update({role: model for role, model in models.items() if name not in ("encoder", "decoder")})
    things = [models[name]] if name in models else []
    return lambda: grader.check(name, *things, assignment="stacked", language="en")


def once(call: Callable[[], object]) -> Spent:
    """Return the time of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def later(call: Callable[[], object], repeats: int) -> Spent:
    """Return the median time of a call that has been made before."""
    call()
    spent = [once(call) for _ in range(repeats)]
    return Spent(statistics.median(one.wall for one in spent), statistics.median(one.cpu for one in spent))


if __name__ == "__main__":
    main()
