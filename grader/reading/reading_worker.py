"""The reading process: `python -m grader.reading.reading_worker`; calls on standard input, answers on standard output.

It runs no student code but parses what students made. A call that exceeds its processor time ends the process by the
system's own signal; one that needs too much memory is answered as such, and is the last one of this process.
"""

from __future__ import annotations

import json
import math
import os
import sys
import traceback
from typing import IO, Final

from grader.reading.call_messages import answer_to, call_of

MEMORY_BYTES: Final = 2 * 2**30
TOO_LARGE: Final = "too_large"
_RECURSION: Final = 1000


def main() -> None:
    """Answer calls until standard input ends."""
    _limit_memory()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever is printed goes to standard error
    sys.setrecursionlimit(_RECURSION)
    serve(sys.stdin, answers)


def serve(calls: IO[str], answers: IO[str]) -> None:
    """Answer each line of `calls` with one line of `answers`; stop after one that needed too much memory."""
    for line in calls:
        answer, goes_on = _answer(line)
        answers.write(answer + "\n")
        answers.flush()
        if not goes_on:
            return


def _answer(line: str) -> tuple[str, bool]:
    try:
        call = call_of(line)
        _limit_processor_time(call.cpu_seconds)
        return answer_to(call), True
    except MemoryError:
        return json.dumps({TOO_LARGE: True}), False
    except Exception:  # noqa: BLE001 - the client must hear of every failure, whatever it was
        return json.dumps({"failed": traceback.format_exc()}), True


def _limit_processor_time(seconds: int) -> None:
    """Allow this much processor time from now on, in addition to what was used before."""
    try:
        import resource
    except ImportError:  # on Windows, the client's own clock is the limit
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used.ru_utime + used.ru_stime) + seconds, hard))


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:
        return
    for limit in (resource.RLIMIT_DATA, resource.RLIMIT_CORE):
        _, hard = resource.getrlimit(limit)
        wanted = MEMORY_BYTES if limit == resource.RLIMIT_DATA else 0
        resource.setrlimit(limit, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


if __name__ == "__main__":
    main()
