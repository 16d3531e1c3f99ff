"""Lets a function of ours read what a student made, in a process with limits.

A text can be built so that a parser takes minutes or gigabytes for it, holding Python's interpreter lock all the time,
so that no other kernel is watched. In a separate process, such a text only harms its own hand-in. Processes are started
on demand, serve many calls, and are replaced when one ends.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import grader
from grader.domain.messages import Message, message
from grader.domain.submission import UnreadableSubmissionError
from grader.domain.text import shortened
from grader.reading.failures import ReadingFailedError

CPU_SECONDS: Final = 60
"""Processor seconds of a call; no honest notebook takes a tenth of it."""

_WALL_TIMES_CPU: Final = 10
"""Multiple of that time that a call may wait for a busy processor."""

_LEAST_WALL_SECONDS: Final = 300

_LAST_WORDS: Final = 40
_Result = TypeVar("_Result")


class ReadingStoppedError(UnreadableSubmissionError):
    """Reading exceeded its time or memory limit: a result of this hand-in, which waits for a person."""


def within_limits(function: Callable[..., _Result], *arguments: object, cpu_seconds: int = CPU_SECONDS) -> _Result:
    """Call a function of this package in a reading process and return what it returns.

    Args:
        function: A public function of a module; its annotations determine how its values are encoded.
        arguments: In the order of its parameters.
        cpu_seconds: Limit of processor time.

    Raises:
        ReadingStoppedError: It took too long, needed too much memory, or ended the process twice.
        UnreadableSubmissionError: The function raised it.
        RejectedClaimsError: The function raised it.
        ReadingFailedError: The function failed: our failure.
    """
    from grader.reading.call_messages import call_line, result_of  # pydantic takes a quarter of a second

    line = call_line(function, arguments, cpu_seconds)
    answer = _PROCESSES.ask(line, cpu_seconds)
    result: _Result = result_of(function, answer)
    return result


class _DiedError(Exception):
    """The process ended for an unknown reason."""


class _Process:
    """One running worker."""

    def __init__(self, module: str) -> None:
        root = str(Path(grader.__file__).parent.parent)
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH", "")]))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],  # no module from the user's current folder
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment,
            start_new_session=os.name == "posix",  # Ctrl-C ends the batch in order, not in the middle of reading
        )
        self._answers: queue.Queue[str] = queue.Queue()
        self._last_words: deque[str] = deque(maxlen=_LAST_WORDS)
        threading.Thread(target=self._read_answers, daemon=True, name="grader-readings").start()
        threading.Thread(target=self._read_complaints, daemon=True, name="grader-reading-complaints").start()

    def is_alive(self) -> bool:
        """Return whether it still runs."""
        return self._process.poll() is None

    def ask(self, line: str, cpu_seconds: int) -> str:
        """Send a call and wait for its answer.

        Raises:
            ReadingStoppedError: It took too long or needed too much memory.
            ReadingFailedError: It got no processor for too long: a problem of the machine and not of the hand-in.
            _DiedError: The process ended for another reason.
        """
        wall_seconds = max(_LEAST_WALL_SECONDS, cpu_seconds * _WALL_TIMES_CPU)
        try:
            if self._process.stdin is not None:
                self._process.stdin.write(line + "\n")
                self._process.stdin.flush()
            answer = self._answers.get(timeout=wall_seconds)
        except queue.Empty as error:
            if os.name == "posix":  # where processor time has a limit of its own
                raise ReadingFailedError(f"the reading process gave no answer within {wall_seconds} s") from error
            raise ReadingStoppedError(_too_slow(wall_seconds)) from error
        except OSError as error:
            raise _DiedError(str(error)) from error
        if answer.startswith('{"too_large"'):
            raise ReadingStoppedError(_too_large())
        if not answer:
            self._raise_end(cpu_seconds)
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError, ValueError):  # bytes of a call that will not be read any more
                    pipe.close()

    def _raise_end(self, cpu_seconds: int) -> None:
        status = self._process.wait()
        if status == -getattr(signal, "SIGXCPU", 0) and status:
            raise ReadingStoppedError(_too_slow(cpu_seconds))
        raise _DiedError(f"status {status}: {''.join(self._last_words).strip()}")

    def _read_answers(self) -> None:
        with contextlib.suppress(ValueError):  # the pipe was closed while we read
            for line in self._process.stdout or ():
                self._answers.put(line)
        self._answers.put("")  # wakes the waiting caller: the process is gone

    def _read_complaints(self) -> None:
        with contextlib.suppress(ValueError):
            for line in self._process.stderr or ():
                self._last_words.append(line[:1000])


class Processes:
    """Idle processes for the next calls, as many as there were concurrent calls.

    Attributes:
        module: The module that they run.
    """

    def __init__(self, module: str = "grader.reading.reading_worker") -> None:
        self.module = module
        self._idle: deque[_Process] = deque()
        self._owner = os.getpid()

    def ask(self, line: str, cpu_seconds: int) -> str:
        """Let a process answer a call; a process that ends for another reason than the call is replaced once.

        Raises:
            ReadingStoppedError: It took too long, needed too much memory, or ended the process twice.
        """
        try:
            return self._ask_one(line, cpu_seconds)
        except _DiedError:
            pass
        try:
            return self._ask_one(line, cpu_seconds)
        except _DiedError as error:
            raise ReadingStoppedError(_ended(str(error))) from error

    def close(self) -> None:
        """End all of them."""
        while self._owner == os.getpid() and self._idle:
            self._idle.pop().close()

    def _ask_one(self, line: str, cpu_seconds: int) -> str:
        process = self._idle_one() or _Process(self.module)
        try:
            answer = process.ask(line, cpu_seconds)
        except BaseException:
            process.close()
            raise
        self._idle.append(process)
        return answer

    def _idle_one(self) -> _Process | None:
        if self._owner != os.getpid():  # after a fork: those processes answer our parent
            self._idle, self._owner = deque(), os.getpid()
        while True:
            try:
                process = self._idle.pop()
            except IndexError:  # not checked before, since other threads take from the pool as well
                return None
            if process.is_alive():
                return process
            process.close()


_PROCESSES: Final = Processes()
atexit.register(_PROCESSES.close)


# Private functions for words


def _too_slow(seconds: int) -> Message:
    return message(
        "Reading this hand-in took more than {seconds} seconds, which no ordinary notebook does. A person must look "
        "at it.",
        seconds=seconds,
    )


def _too_large() -> Message:
    from grader.reading.reading_worker import MEMORY_BYTES

    return message(
        "Reading this hand-in needs more than {size} MB of memory, which no ordinary notebook does. A person must "
        "look at it.",
        size=MEMORY_BYTES // 2**20,
    )


def _ended(problem: str) -> Message:
    return message(
        "Reading this hand-in ended the reading process twice ({problem}). A person must look at it.",
        problem=shortened(problem, 300),
    )
