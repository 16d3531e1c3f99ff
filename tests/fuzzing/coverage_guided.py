"""Fuzzing that watches which lines are reached: `python coverage_guided.py TARGET -max_total_time=300 FOLDER`.

The options are libFuzzer's; FOLDER keeps what reached something new. `make fuzz-guided` runs every target.
"""

from __future__ import annotations

import resource
import sys

import atheris

MEMORY_BYTES = 2 * 2**30

with atheris.instrument_imports(include=["grader"]):
    import fuzz_targets


def main() -> None:
    """Try examples until the time is over; the first one that does anything else stops it."""
    target = sys.argv.pop(1)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    atheris.Setup(sys.argv, lambda data: fuzz_targets.run(target, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
