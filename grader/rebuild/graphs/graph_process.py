"""One exported graph in the second sandbox, as a function from numbers to numbers.

Every answer is treated as hostile: it must arrive in time, in the announced shape and within bounds.
"""

from __future__ import annotations

import json
import math
import os
import select
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from grader.domain.ports import GraphSandbox
from grader.domain.text import shortened

if TYPE_CHECKING:
    from grader.rebuild.quantities.reference_data import Array

ANSWER_SECONDS = 90.0
"""Seconds for one batch, including the start of Python and TensorFlow."""

MAX_LINE = 4096
MAX_NUMBERS = 2**25
MAX_NUMBERS_A_SAMPLE = 2**16
MAX_DIMENSIONS = 8
_CHUNK = 2**16

Shape = tuple[int | None, ...]


class BehaviourError(Exception):
    """The graph was refused, broke, took too long, or gave an invalid answer; the text says which."""


class GraphProcess:
    """A running second sandbox with one graph.

    Args:
        sandbox: How to start it.
        graph: The vetted file.
        deadline: Time on the monotonic clock at which waiting ends.

    Raises:
        OSError: The program does not exist.
    """

    def __init__(self, sandbox: GraphSandbox, graph: Path, deadline: float) -> None:
        self._deadline = deadline
        self._until = 0.0
        self._buffer = b""
        self._process = subprocess.Popen(
            [str(graph) if word == sandbox.place else word for word in sandbox.command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={"PATH": "/usr/bin:/bin"},
        )

    def takes(self) -> Shape:
        """Wait until the graph is loaded, and return the shape of one input sample; must be called once, first.

        Raises:
            BehaviourError: The graph is refused, or the sandbox does not start.
        """
        self._begin()
        return _shape(self._line().get("takes"), free=True)

    def ask(self, samples: Array) -> Array:
        """Return the graph's output for samples (n, …), as (n, …).

        Raises:
            BehaviourError: It broke, took too long, or gave an invalid answer.
        """
        self._begin()
        numbers = np.ascontiguousarray(samples, "<f4")
        self._send(json.dumps({"shape": numbers.shape}).encode("ascii") + b"\n" + numbers.tobytes())
        shape = tuple(n for n in _shape(self._line().get("shape"), free=False) if n is not None)
        if not shape or shape[0] != len(samples):
            raise BehaviourError(f"{len(samples)} samples gave an answer of shape {shape}")
        size = int(np.prod(shape[1:], dtype=np.int64))
        if size > MAX_NUMBERS_A_SAMPLE or size * len(samples) > MAX_NUMBERS:
            raise BehaviourError(f"an answer of {size} numbers a sample")
        return np.frombuffer(self._take(4 * size * len(samples)), "<f4").reshape(shape).astype(np.float32)

    def close(self) -> None:
        """End the sandbox with everything in it."""
        self._process.kill()  # processes inside die with it: `--die-with-parent`, and a process namespace of its own
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self) -> None:
        self._until = min(self._deadline, time.monotonic() + ANSWER_SECONDS)

    def _line(self) -> dict[str, Any]:
        while b"\n" not in self._buffer:
            if len(self._buffer) > MAX_LINE:
                raise BehaviourError("a line that does not end")
            self._buffer += self._read()
        text, self._buffer = self._buffer.split(b"\n", 1)
        try:
            line = json.loads(text)
        except ValueError as error:
            raise BehaviourError("a line that is no JSON") from error
        if not isinstance(line, dict):
            raise BehaviourError("a line that is no object")
        problem = line.get("refused", line.get("problem"))
        if problem is not None:
            raise BehaviourError(_printable(str(problem)))
        return line

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._buffer += self._read()
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def _read(self) -> bytes:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        self._wait(self._process.stdout.fileno(), select.POLLIN)
        chunk = os.read(self._process.stdout.fileno(), max(_CHUNK, MAX_LINE))
        if not chunk:
            raise BehaviourError("it ended without an answer")
        return chunk

    def _send(self, content: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        pipe = self._process.stdin.fileno()
        os.set_blocking(pipe, False)
        rest = memoryview(content)
        while rest:
            self._wait(pipe, select.POLLOUT)
            try:
                rest = rest[os.write(pipe, rest[:_CHUNK]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError as error:
                raise BehaviourError("it ended without an answer") from error

    def _wait(self, pipe: int, event: int) -> None:
        poll = select.poll()
        poll.register(pipe, event)
        left = self._until - time.monotonic()
        if left <= 0 or not poll.poll(1000 * left):
            raise BehaviourError("it took too long")


@dataclass(frozen=True)
class Tensor:
    """An input or output of a graph, with the attributes that callers of a Keras model use.

    Attributes:
        shape: Including the batch axis.
    """

    shape: Shape


class GraphModel:
    """A graph with the small interface of a Keras model: it can be called on a batch, and its ends have shapes.

    Args:
        process: Where it runs.
        sample: Shape of one sample, used to find the shape of the output.

    Raises:
        BehaviourError: It gives no answer, or two different ones.
    """

    def __init__(self, process: GraphProcess, sample: tuple[int, ...]) -> None:
        self._process = process
        takes = process.takes()
        self.inputs = [Tensor((None, *takes))]
        tried = tuple(sample[0] if n is None else n for n in takes)
        if math.prod(tried) > MAX_NUMBERS_A_SAMPLE:
            raise BehaviourError(f"it takes samples of shape {tried}")
        trial = np.random.default_rng(0).random((3, *tried), dtype=np.float32)
        first = process.ask(trial)
        self.outputs = [Tensor((None, *first.shape[1:]))]
        again, one = self._answer(trial), self._answer(trial[:1])
        if not np.allclose(first, again, rtol=1e-4, atol=1e-5, equal_nan=True):
            raise BehaviourError("it answers differently each time")
        if not np.allclose(first[:1], one, rtol=1e-3, atol=1e-4, equal_nan=True):
            raise BehaviourError("its answer to one sample hangs on the others of the batch")

    def __call__(self, samples: Any, training: bool = False) -> Array:  # noqa: ARG002, FBT001, FBT002 - as Keras's
        """Return its output for a batch; the batch is shuffled so that positions carry no information."""
        order = np.random.default_rng().permutation(len(samples))
        return self._answer(np.asarray(samples, np.float32)[order])[np.argsort(order)]

    def _answer(self, samples: Array) -> Array:
        answer = self._process.ask(samples)
        if answer.shape[1:] != self.outputs[0].shape[1:]:
            raise BehaviourError(f"answers of the shapes {self.outputs[0].shape[1:]} and {answer.shape[1:]}")
        return answer


def _shape(value: object, *, free: bool) -> Shape:
    """Read a shape that the sandbox sent; `free` allows dimensions of unknown length."""
    if not isinstance(value, list) or len(value) > MAX_DIMENSIONS:
        raise BehaviourError("an answer without a shape")
    for length in value:
        known = type(length) is int and 0 <= length <= MAX_NUMBERS
        if not known and not (free and length is None):
            raise BehaviourError("an answer without a shape")
    return tuple(value)


def _printable(text: str) -> str:
    """Return a message of the sandbox as one short line of ordinary characters, since parts of it are student-made."""
    words = "".join(letter if letter.isprintable() else " " for letter in text)
    return shortened(" ".join(words.split()), 200)
