"""Notebooks that end or damage their kernel, and how their runs must be recorded."""

from __future__ import annotations

from dataclasses import replace

from grader.domain.run import RunStatus, StoppedBy
from grader.sandbox.conformance.conformance_case import QUICK, Ending

_SHORT = replace(QUICK, cell_seconds=1.0)
_KILLED, _TIMED_OUT = RunStatus.KILLED, RunStatus.TIMED_OUT

ENDINGS = (
    Ending("an_endless_loop_is_ended", "A cell ends at its limit.", ["while True: pass", "x = 1"], _TIMED_OUT, StoppedBy.CELL_TIME, _SHORT),
    Ending(
        "deaf_loops_are_ended",
        "So does one that swallows every interrupt.",
        ["while True:\n    try:\n        while True: pass\n    except BaseException: pass", "x = 1"],
        _TIMED_OUT,
        StoppedBy.CELL_TIME,
        _SHORT,
    ),
    Ending("an_exit_is_the_notebook_s_own", "A kernel that ends itself is distinguished from one that is ended.", ["import os; os._exit(3)"],
           _KILLED, StoppedBy.OWN_EXIT),
    Ending("a_signal_is_a_signal", "A crash or a signal is distinguished from an exit.", ["import os; os.kill(os.getpid(), 9)"], _KILLED,
           StoppedBy.SIGNAL),
    Ending(
        "memory_has_a_limit",
        "Memory over the limit ends the run, all processes together.",
        [("import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        os.setsid()\n"
         "        block = bytearray(b'x') * (64 << 20)\n        time.sleep(60)\ntime.sleep(60)")],
        _KILLED,
        StoppedBy.MEMORY,
        replace(QUICK, memory_mib=300),
    ),
    Ending(
        "sockets_count_as_memory",
        "What the buffers of sockets may hold counts.",
        [("import os, socket, time\nheld = []\nfor _ in range(12):\n    if os.fork() == 0: break\ntry:\n"
         "    while True: held += socket.socketpair()\nexcept OSError: pass\ntime.sleep(60)")],
        _KILLED,
        StoppedBy.MEMORY,
        replace(QUICK, memory_mib=1024),
    ),
    Ending(
        "names_in_memory_are_bounded",
        "Links, folders and empty files in memory are counted.",
        ["import os\nfor number in range(10**7): os.symlink('x' * 200, f'/tmp/{number}')"],
        _KILLED,
        StoppedBy.DISK,
    ),
    Ending(
        "names_on_disk_are_bounded",
        "So are those where the claims go.",
        ["for number in range(10**7): open(f'/exchange/{number}', 'w').close()"],
        _KILLED,
        StoppedBy.DISK,
    ),
    Ending(
        "the_disk_is_bounded",
        "What lands on our disk has a limit.",
        [("for number in range(100):\n    with open(f'/exchange/{number}', 'wb') as file: file.write(bytes(8 << 20))\n"
         "import time; time.sleep(60)")],
        _KILLED,
        StoppedBy.DISK,
    ),
    Ending(
        "output_is_bounded",
        "A flood of output is dropped, and the run goes on.",
        ["for _ in range(50): print('x' * 10**6)", "1 / 0"],
        RunStatus.RAISED,
        errors=["ZeroDivisionError"],
        output_truncated=True,
    ),
    Ending(
        "an_error_is_an_error",
        "The cells after one that raises are run.",
        ["1 / 0", "nowhere"],
        RunStatus.RAISED,
        errors=["ZeroDivisionError", "NameError"],
    ),
    Ending(
        "a_reply_must_fit_its_streams",
        "A kernel that reports an error and answers that all was well is not believed.",
        [("shell = get_ipython().kernel\nreal = shell.do_execute\n"
         "async def lies(*a, **k):\n    reply = await real(*a, **k)\n    reply['status'] = 'ok'\n    return reply\n"
         "shell.do_execute = lies"), "1 / 0", "1 / 0"],
        RunStatus.RAISED,
        errors=["ZeroDivisionError", "ZeroDivisionError"],
    ),
)  # fmt: skip
