"""The only code in the second sandbox: runs one student's graph, numbers in and numbers out.

Run as `python frozen_graph_main.py GRAPH.pb SETTINGS`, where the settings are JSON on the command line. The sandbox
contains no notebook, no student code and nothing to write to that is ever read. Standard input brings a line of JSON
with the shape of a batch and then its numbers (float32, little-endian). Standard output answers in the same way, or
with a line that describes the error. The first output line describes the graph's input, or why the graph is refused.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import sys
from pathlib import Path
from types import ModuleType
from typing import IO, Any

FOLDER = Path(__file__).resolve().parent
MAX_LINE = 1000
LONGEST_TEXT = 300
MAX_NUMBERS = 2**25
"""Most bytes of one answer: 128 MiB."""


def main(graph_file: str, settings_text: str) -> None:
    """Load the graph and answer until standard input ends."""
    settings = json.loads(settings_text)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever TensorFlow prints goes to standard error
    content = Path(graph_file).read_bytes()
    _limit(settings["limits"])
    _drop_rights(settings["uids"])
    _load("system_calls").close_system_calls()
    try:
        function, shape = _function(content)
    except Exception as problem:  # a forged graph may raise anything; the caller must get the reason
        _say(answers, {"refused": f"{type(problem).__name__}: {problem}"})
        return
    _say(answers, {"takes": shape})
    while line := sys.stdin.buffer.readline(MAX_LINE):
        _answer(function, json.loads(line)["shape"], answers)


def _answer(function: Any, shape: list[int], answers: IO[bytes]) -> None:
    import numpy as np

    numbers = np.frombuffer(sys.stdin.buffer.read(4 * int(np.prod(shape))), "<f4").reshape(shape)
    try:
        result = np.asarray(function(numbers), "<f4")
    except Exception as problem:  # the same
        _say(answers, {"problem": f"{type(problem).__name__}: {problem}"})
        return
    if result.size > MAX_NUMBERS:
        _say(answers, {"problem": f"an answer of {result.size} numbers"})
        return
    _say(answers, {"shape": list(result.shape)}, result.tobytes())


def _function(content: bytes) -> tuple[Any, list[int | None]]:
    """Return the graph as a function, and the shape of one input sample."""
    import tensorflow as tf
    from tensorflow.core.framework.graph_pb2 import GraphDef

    pure_ops = _load("pure_ops")
    graph = pure_ops.purified(GraphDef.FromString(content))
    wrapped = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(graph, name=""), [])
    ends = (wrapped.graph.get_tensor_by_name(f"{name}:0") for name in (pure_ops.INPUT, pure_ops.OUTPUT))
    source, answer = ends
    if source.dtype != tf.float32 or answer.dtype != tf.float32 or source.shape.rank is None:
        raise ValueError(f"a graph from {source.dtype.name} of shape {source.shape} to {answer.dtype.name}")
    function = wrapped.prune(source, answer)
    return lambda numbers: function(tf.constant(numbers)), source.shape.as_list()[1:]


def _say(answers: IO[bytes], line: dict[str, Any], numbers: bytes = b"") -> None:
    short = {key: _cut(value) if isinstance(value, str) else value for key, value in line.items()}
    answers.write(json.dumps(short).encode("ascii") + b"\n" + numbers)
    answers.flush()


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _limit(limits: dict[str, int]) -> None:
    import resource

    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(kind)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (bound, bound))


def _drop_rights(uids: list[int] | None) -> None:
    """Become a user that owns nothing, if we are root: any one of a range."""
    if uids is None:
        return
    uid = random.SystemRandom().randrange(*uids)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _load(name: str) -> ModuleType:
    """Load a file of this folder alone: the package's `__init__` contains what a kernel needs."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"no {name} in {FOLDER}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
