"""CPU time of `grader --help` and `grader list`, in seconds and as a ratio to `python -c pass`.

Run with `python benchmarks/start_up.py`. The ratio is what can be compared between machines; CPU time (user and
system of the process and its children) does not depend on what else runs, wall time does.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys

GOAL_SECONDS = 0.5
_START = "import sys; from grader.cli import main; sys.argv[0] = 'grader'; main()"


def main() -> None:
    """Measure each command and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7, help="runs of each command; the median counts")
    repeats = parser.parse_args().repeats
    bare = median_seconds(["-c", "pass"], repeats)
    print(f"{'command':<16} {'CPU s':>7} {'x python':>9}  goal {GOAL_SECONDS} s")
    print(f"{'python -c pass':<16} {bare:7.3f} {1.0:9.1f}")
    for arguments in (["--help"], ["list"]):
        seconds = median_seconds(["-c", _START, *arguments], repeats)
        verdict = "kept" if seconds <= GOAL_SECONDS else "MISSED"
        print(f"{'grader ' + arguments[0]:<16} {seconds:7.3f} {seconds / bare:9.1f}  {verdict}")


def median_seconds(arguments: list[str], repeats: int) -> float:
    """Return the median CPU time of a Python command in seconds; a first run, which is not counted, warms the disk."""
    return statistics.median([cpu_seconds(arguments) for _ in range(repeats + 1)][1:])


def cpu_seconds(arguments: list[str]) -> float:
    """Return user and system time of `python ARGUMENTS` in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=os.environ | {"LANG": "es"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


if __name__ == "__main__":
    main()
