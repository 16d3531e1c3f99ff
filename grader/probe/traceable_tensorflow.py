"""Lets a student's own `call` be traced although it uses raw TensorFlow: `tf.reshape(x, …)` on a symbolic tensor.

TensorFlow asks a dispatcher when one of its functions gets an argument that is not a tensor of its own. During a trace,
our dispatcher returns the equivalent operator of Keras, so that the graph holds calls that zone M (the measuring
process) can rebuild. Keras operators, `tf.keras.backend` and `tf.function` are handled in the same way. Nothing else
changes in the kernel, and a trace is a claim like any other: it is rebuilt and measured, and a lie only spoils the
student's own model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.eager.polymorphic_function import polymorphic_function
from tensorflow.python.util import dispatch

from .tensorflow_functions import ANSWERS, DataType, Sizes, UnknownSize, in_trace

_ENDINGS = ("_v2_with_dispatch", "_with_dispatch", "_v2")


@contextmanager
def traceable(anchor: Any) -> Iterator[None]:
    """Let functions of TensorFlow take symbolic tensors inside the block.

    Args:
        anchor: An input of the trace; random numbers are attached to it.
    """
    _DISPATCHER.listen()
    patches = [
        (keras.KerasTensor, "shape", property(lambda tensor: Sizes(tensor._shape))),
        (keras.KerasTensor, "dtype", property(lambda tensor: DataType(tensor._dtype))),
        (keras.KerasTensor, "sparse", property(lambda _: False)),  # Keras 3.15 takes `constant * x` for sparse
        (keras.KerasTensor, "get_shape", lambda tensor: tf.TensorShape(tensor._shape)),
        (keras.layers.Layer, "add_loss", lambda *_: None),  # takes no symbolic tensor, and is no part of the graph
        (keras.metrics.Mean, "update_state", lambda *_, **__: None),
        (polymorphic_function.Function, "__call__", _open_function(polymorphic_function.Function.__call__)),
    ]
    before = [(owner, name, vars(owner).get(name)) for owner, name, _ in patches]
    for owner, name, patch in patches:
        setattr(owner, name, patch)
    try:
        with in_trace(anchor):
            yield
    finally:
        for owner, name, value in before:
            if value is None:
                delattr(owner, name)
            else:
                setattr(owner, name, value)


def _open_function(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return the call of a `tf.function`; for symbolic tensors, that of the function inside."""

    def called(function: Any, *args: Any, **kwargs: Any) -> Any:
        if any(_is_symbolic(value) for value in tf.nest.flatten((args, kwargs))):
            return function.python_function(*args, **kwargs)
        return call(function, *args, **kwargs)

    return called


def _is_symbolic(value: Any) -> bool:
    return isinstance(value, keras.KerasTensor | UnknownSize)


class _Dispatcher(dispatch.GlobalOpDispatcher):
    """Answers for the TensorFlow functions that have an equivalent."""

    def __init__(self) -> None:
        self._registered = False

    def listen(self) -> None:
        """Start listening; outside a trace it always declines."""
        if not self._registered:
            self._registered = True
            self.register()

    def handle(self, op: Any, args: Any, kwargs: Any) -> Any:
        """Answer one call that TensorFlow could not handle."""
        if not in_trace.active():
            return self.NOT_SUPPORTED
        name = getattr(op, "__name__", "")
        for ending in _ENDINGS:
            name = name.removesuffix(ending)
        answer = ANSWERS.get(name)
        if answer is None:
            return self.NOT_SUPPORTED
        return answer(*args, **{key: value for key, value in kwargs.items() if key != "name"})


_DISPATCHER = _Dispatcher()
