"""Graphs as a student, or an attacker, may hand them in, and a second sandbox to run them in."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from grader.domain.ports import GraphSandbox
from grader.probe.pure_ops import INPUT, OUTPUT


def graph_of(call: Callable[[Any], Any], *shape: int) -> GraphDef:
    """Freeze a function from samples to numbers, as the probe does with a model."""
    function = tf.function(call, autograph=False)
    signature = tf.TensorSpec((None, *shape), tf.float32, name=INPUT)
    frozen = convert_variables_to_constants_v2(function.get_concrete_function(signature), lower_control_flow=False)
    graph = frozen.graph.as_graph_def()
    end = graph.node.add(name=OUTPUT, op="Identity", input=[frozen.outputs[0].name])
    end.attr["T"].type = frozen.outputs[0].dtype.as_datatype_enum
    return graph


def file_of(graph: GraphDef, folder: Path) -> Path:
    """Write a graph where the border would have put it."""
    path = folder / "m0.pb"
    path.write_bytes(graph.SerializeToString())
    path.chmod(0o644)
    folder.chmod(0o755)
    return path


def liar(source: str) -> GraphSandbox:
    """A sandbox in which somebody else answers: what a graph could do that has taken over the process."""
    return GraphSandbox((sys.executable, "-c", f"import sys, time\nout = sys.stdout.buffer\n{source}"), "{graph}")


def says(*lines: object, tail: str = "b''") -> str:
    """Source that sends lines of JSON, then something more, and waits."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    return f"out.write({text.encode('ascii')!r} + {tail}); out.flush(); time.sleep(60)"
