"""What a graph may hold: read before anything is loaded, whatever else the sandbox forbids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from student_graphs import graph_of
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.python.framework import op_def_registry

from grader.probe.pure_ops import CALLS, INPUT, OUTPUT, PURE, ImpureError, purified


def from_file(_: Any) -> Any:
    return tf.strings.to_number(tf.io.read_file("/etc/passwd"))


def python(x: Any) -> Any:
    return tf.numpy_function(lambda values: values * 2, [x], tf.float32)


def eager_python(x: Any) -> Any:
    return tf.py_function(lambda values: values * 2, [x], tf.float32)


def in_a_loop(x: Any) -> Any:
    return tf.map_fn(lambda row: row + tf.strings.to_number(tf.io.read_file("/etc/passwd")), x)


def in_a_branch(x: Any) -> Any:
    return tf.cond(tf.reduce_sum(x) > 0, lambda: x, lambda: python(x))


def in_a_function(x: Any) -> Any:
    return tf.function(eager_python, autograph=False)(x)


def counting(x: Any) -> Any:
    return x + tf.random.uniform(tf.shape(x), seed=1)


@pytest.mark.parametrize(
    ("call", "operation"),
    [
        (from_file, "StringToNumber"),
        (python, "PyFunc"),
        (eager_python, "EagerPyFunc"),
        (in_a_loop, "StringToNumber"),
        (in_a_branch, "PyFunc"),
        (in_a_function, "EagerPyFunc"),
        (counting, "RandomUniform"),
    ],
)
def test_what_is_more_than_a_computation_is_refused(call: Callable[[Any], Any], operation: str) -> None:
    """Wherever it stands: in the graph, a loop, a branch or a function that is called."""
    with pytest.raises(ImpureError, match=f"the operation `({operation}|ReadFile)`"):
        purified(graph_of(call, 4))


def forged(operation: str, source: str = INPUT) -> GraphDef:
    """A graph whose answer is made by one operation."""
    graph = GraphDef()
    graph.node.add(name=INPUT, op="Placeholder")
    graph.node.add(name="bad", op=operation, input=[source])
    graph.node.add(name=OUTPUT, op="Identity", input=["bad"])
    return graph


@pytest.mark.parametrize(
    "operation",
    ["ReadFile", "WriteFile", "MatchingFiles", "PyFunc", "PyFuncStateless", "EagerPyFunc", "VarHandleOp", "ReadVariableOp",
     "RestoreV2", "SaveV2", "HashTableV2", "TensorDataset", "IteratorGetNext", "RemoteCall", "SymbolicGradient", "XlaLaunch",
     "Placeholder", "Recv", "Assert", "PrintV2", "DebugIdentity", "Stack", "FIFOQueueV2", "NoSuchOperation", "DecodePng"],
)  # fmt: skip
def test_an_operation_that_is_not_on_the_list_is_refused_by_its_name(operation: str) -> None:
    """Files, Python, variables, tables, data sets, queues, compilers, a second input: nothing of it is on the list."""
    with pytest.raises(ImpureError, match=f"the operation `{operation}`"):
        purified(forged(operation))


def test_nothing_on_the_list_remembers() -> None:
    """TensorFlow marks what has state or effects; only calls are so marked, and what they call is looked at."""
    known = {name: op_def_registry.get(name) for name in PURE}
    stateful = {name for name, definition in known.items() if definition is not None and definition.is_stateful}
    assert stateful <= CALLS | {"StatelessRandomGetAlg"}  # so marked only because its answer hangs on the device
    missing = {name for name, definition in known.items() if definition is None}
    assert len(missing) < len(PURE) / 10, missing


def test_what_the_answer_does_not_need_is_left_out() -> None:
    """A print, an assertion or a file written on the side is not run; the answer stays what it was."""

    def honest(x: Any) -> Any:
        tf.print(x)
        with tf.control_dependencies([tf.debugging.assert_non_negative(x), tf.io.write_file("/tmp/out", "x")]):
            return tf.map_fn(lambda row: row / tf.reduce_sum(row), x) * 2

    pure = purified(graph_of(honest, 4))
    used = {node.op for node in pure.node} | {node.op for one in pure.library.function for node in one.node_def}
    assert used.isdisjoint({"PrintV2", "Assert", "If", "WriteFile"})
    assert not any(name.startswith("^") for node in pure.node for name in node.input)
    wrapped = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(pure, name=""), [])
    numbers = np.array([[1, 2, 3, 4]], np.float32)
    answer = wrapped.prune(f"{INPUT}:0", f"{OUTPUT}:0")(tf.constant(numbers))
    assert np.allclose(answer, numbers / 5)


def test_devices_and_compilers_settings_are_dropped() -> None:
    """Where and how a call is run is ours to say."""
    graph = forged("Relu")
    graph.node[1].device = "/job:worker/task:0"
    graph.node[1].attr["_XlaMustCompile"].b = True
    graph.node[1].attr["config_proto"].s = b"x"
    bare = purified(graph).node[1]
    assert (bare.device, dict(bare.attr)) == ("", {})


def test_a_graph_that_is_none_is_refused() -> None:
    """No answer, an answer from nowhere, a function that is not there."""
    with pytest.raises(ImpureError, match="nothing makes"):
        purified(GraphDef())
    with pytest.raises(ImpureError, match="nothing makes"):
        purified(forged("Relu", "nowhere"))
    graph = forged("StatelessIf")
    graph.node[1].attr["then_branch"].func.name = "missing"
    with pytest.raises(ImpureError, match="a function that is not there"):
        purified(graph)
