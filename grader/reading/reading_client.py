"""Has a function of ours read what a student made, in a process that has limits.

A text can be made such that a parser takes minutes or gigabytes over it, and holds Python's interpreter lock all the
while: no neighbour's kernel is looked after then. Here it costs its own hand-in and nobody else's. Processes are
started when they are first needed, serve many calls, and are replaced when one ends.
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
"""Processor time of a call; no honest notebook takes a tenth of it."""

_WALL_TIMES_CPU: Final = 10
"""How many times longer a call may wait for a processor that others use."""

_LEAST_WALL_SECONDS: Final = 300

_LAST_WORDS: Final = 40
_Result = TypeVar("_Result")


class ReadingStoppedError(UnreadableSubmissionError):
    """Reading took longer or needed more memory than it may: a result of this hand-in, which waits for a person."""


def within_limits(function: Callable[..., _Result], *arguments: object, cpu_seconds: int = CPU_SECONDS) -> _Result:
    """Call a function of this package in a reading process and return what it returns.

    Args:
        function: A public function of a module; its annotations say how its values travel.
        arguments: In the order of its parameters.
        cpu_seconds: Processor time that it may take.

    Raises:
        ReadingStoppedError: It took too long, needed too much memory, or ended the process twice.
        UnreadableSubmissionError: The function raised it.
        RejectedClaimsError: The function raised it.
        ReadingFailedError: The function broke: our failure.
    """
    from grader.reading.call_messages import call_line, result_of  # pydantic takes a quarter of a second

    line = call_line(function, arguments, cpu_seconds)
    answer = _PROCESSES.ask(line, cpu_seconds)
    result: _Result = result_of(function, answer)
    return result


class _DiedError(Exception):
    """The process ended and nobody knows why."""


class _Process:
    """One running worker."""

    def __init__(self, module: str) -> None:
        root = str(Path(grader.__file__).parent.parent)
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH", "")]))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],  # no module from where the user happens to be
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment,
            start_new_session=os.name == "posix",  # Ctrl-C ends the batch in order, not the reading half-way
        )
        self._answers: queue.Queue[str] = queue.Queue()
        self._last_words: deque[str] = deque(maxlen=_LAST_WORDS)
        threading.Thread(target=self._read_answers, daemon=True, name="grader-readings").start()
        threading.Thread(target=self._read_complaints, daemon=True, name="grader-reading-complaints").start()

    def is_alive(self) -> bool:
        """Say whether it still runs."""
        return self._process.poll() is None

    def ask(self, line: str, cpu_seconds: int) -> str:
        """Send a call and wait for its answer.

        Raises:
            ReadingStoppedError: It took too long or needed too much memory.
            ReadingFailedError: Nobody gave it a processor for so long: the machine's matter and not the hand-in's.
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
                with contextlib.suppress(OSError, ValueError):  # bytes of a call that nobody will read any more
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
        self._answers.put("")  # wakes the one who waits: the process is gone

    def _read_complaints(self) -> None:
        with contextlib.suppress(ValueError):
            for line in self._process.stderr or ():
                self._last_words.append(line[:1000])


class Processes:
    """Processes that wait for the next call; as many as there were calls at the same time.

    Attributes:
        module: What they run.
    """

    def __init__(self, module: str = "grader.reading.reading_worker") -> None:
        self.module = module
        self._idle: deque[_Process] = deque()
        self._owner = os.getpid()

    def ask(self, line: str, cpu_seconds: int) -> str:
        """Have a call answered; a process that ends for a reason that is not the call's is replaced once.

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
        if self._owner != os.getpid():  # we are a copy: those processes answer the one that we were copied from
            self._idle, self._owner = deque(), os.getpid()
        while True:
            try:
                process = self._idle.pop()
            except IndexError:  # not asked beforehand, because other threads take from the pool as well
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
