"""The graph inside a student's own layer, Lambda or subclass, traced through its `call`; and layers that draw codes.

The content of a layer that cannot be traced is never guessed. A layer of a mean and a log-variance counts as one that
draws a code only if tests with numbers show it.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

from .texts import MAX_TEXT, shortened

DRAWS = 1000
LEAST_NOISE = 0.01
"""Share of the numbers of a constant image that noise must change."""


class NotFlattenableError(Exception):
    """The model is no graph of known calls; the text says why."""


SAMPLING = object()
"""Represents the graph of a layer that cannot be traced and draws a code."""


def outside_training(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a `call` with `training=False` if it has such an argument that the caller did not set."""
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError):  # a callable without a readable signature
        return call
    if "training" not in signature.parameters:
        return call

    def called(*args: Any, **kwargs: Any) -> Any:
        if "training" not in signature.bind_partial(*args, **kwargs).arguments:
            kwargs["training"] = False
        return call(*args, **kwargs)

    return called


def _function_of(what: str, inputs: list[Any], call: Callable[[], Any]) -> Any:
    """Return the graph of a call on symbolic tensors, including TensorFlow functions and drawn numbers."""
    from keras.src.ops.function import Function

    from .sampled_noise import resolve
    from .traceable_tensorflow import traceable

    try:
        with traceable(inputs[0]):
            function = Function(inputs, call())
            resolved = resolve(function)
        return function if resolved is None else Function(inputs, resolved)
    except Exception as error:  # whatever a student's `call` raises, it cannot be traced
        text = shortened(str(error).strip().split("\n")[0], MAX_TEXT - 60)
        raise NotFlattenableError(f"`{what}` cannot be traced ({text})") from error


def call_key(node: Any, tensors: dict[int, Any]) -> Any:
    """Identify a call by its layer and inputs; a call with arrays among its arguments equals no other."""
    labels = {key: f"<{place} {tensor.shape} {tensor.dtype}>" for place, (key, tensor) in enumerate(tensors.items())}
    given = node.arguments.fill_in(labels)
    plain = all(value is None or isinstance(value, bool | int | float | str) for value in _leaves(given))
    return (id(node.operation), repr(given)) if plain else id(node)


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return _leaves(list(value.values()))
    return [leaf for item in value for leaf in _leaves(item)] if isinstance(value, list | tuple) else [value]


def opened(node: Any, tensors: dict[int, Any]) -> Any:
    """Trace a call of a Lambda, of a student's own layer or of a nested subclass; `SAMPLING` if it draws a code.

    Raises:
        NotFlattenableError: It cannot be traced.
    """
    operation = node.operation
    stand_ins = {key: stand_in(tensor) for key, tensor in tensors.items()}
    args, kwargs = node.arguments.fill_in(stand_ins)
    what, sources = f"{type(operation).__name__}.call", list(stand_ins.values())
    try:
        call = outside_training(operation.call)
        function = _function_of(what, sources, lambda: call(*args, **kwargs))
    except NotFlattenableError:
        if _takes_mean_and_variance(node) and _draws(node):
            return SAMPLING
        raise
    trained = _in_training(what, sources, operation.call, args, kwargs)
    if _draws_a_code(trained) and not _draws_a_code(function):
        return trained
    passes_on = function._outputs[0] is function._inputs[0] and len(function._outputs) == 1
    if not passes_on or len(sources) > 2:
        return function
    if len(sources) == 1 or not _takes_mean_and_variance(node):
        return _noise_of(trained) or _noise_by_numbers(node) or function
    return SAMPLING if trained is None and _draws(node, training=True) else function


def called(what: str, call: Callable[..., Any], source: Any) -> Any:
    """Return the graph of a subclass's `call`: as in training if it draws a code then and none otherwise.

    The measuring process puts the mean in the place of the code, as the subclass itself does outside training.

    Raises:
        NotFlattenableError: It cannot be traced.
    """
    function = traced(what, outside_training(call), source)
    if _draws_a_code(function):
        return function
    trained = _in_training(what, [source], call, [source], {})
    return trained if _draws_a_code(trained) else function


def with_opened_layers(what: str, function: Any) -> Any:
    """Return the graph of a functional model with its Lambdas, own layers and nested models written out as calls.

    A code may be drawn by several layers together: one makes ε, another σ, and `Multiply` and `Add` the rest.

    Raises:
        NotFlattenableError: A part of it cannot be traced, or it has more than one input.
    """
    if len(function._inputs) != 1:
        raise NotFlattenableError("a model with several inputs")
    return traced(what, lambda source: _run(function, source), stand_in(function._inputs[0]))


def _run(function: Any, *sources: Any) -> Any:
    inner = function._run_through_graph(list(sources), operation_fn=_opened_call)
    return inner[0] if isinstance(inner, list | tuple) and len(inner) == 1 else inner


def _opened_call(operation: Any) -> Callable[..., Any]:
    import keras

    graph = getattr(operation, "_functional", None) or operation
    if isinstance(operation, keras.Model) and hasattr(graph, "_run_through_graph") and is_plain(operation):
        return lambda inputs, **_: _run(graph, *(inputs if isinstance(inputs, list | tuple) else [inputs]))
    is_own = isinstance(operation, keras.layers.Layer) and not type(operation).__module__.startswith("keras.src.")
    return outside_training(operation.call) if is_own or type(operation) is keras.layers.Lambda else operation


def is_plain(model: Any) -> bool:
    """Return whether a model computes just its graph and no `call` of its author."""
    import keras
    from keras.src.models.functional import Functional

    return type(model).call in (keras.Sequential.call, Functional.call)


def _draws_a_code(function: Any | None) -> bool:
    if function is None:
        return False
    return any(is_sampled(node.operation) for nodes in function._nodes_by_depth.values() for node in nodes)


def _noise_of(trained: Any | None) -> Any | None:
    from .sampled_noise import noise_alone

    return None if trained is None else noise_alone(trained)


def _noise_by_numbers(node: Any) -> Any | None:
    """Return the equivalent layer of noise for a layer that passes its input on and draws only in training.

    If it turns a constant image into zeros and one other number, it is Dropout with that share of zeros, else
    GaussianNoise with the same deviation. A layer that flips, turns or shifts leaves a constant image unchanged: None.
    """
    import keras
    import numpy as np

    source = node.input_tensors[0]
    shape = [1 if length is None else length for length in source.shape[1:]]
    constant = np.full((max(2, DRAWS // math.prod(shape)), *shape), 0.5, np.float32)
    args, kwargs = node.arguments.fill_in({id(source): keras.ops.convert_to_tensor(constant)})
    try:
        draws = [np.asarray(node.operation.call(*args, **{**kwargs, "training": True})) for _ in range(2)]
    except Exception:  # a layer that does not run on numbers, or has no training argument
        return None
    drawn = draws[0]
    if drawn.shape != constant.shape or np.array_equal(drawn, draws[1]) or np.mean(drawn != constant) < LEAST_NOISE:
        return None
    kept = drawn[drawn != 0]
    masks = 0 < kept.size < drawn.size and np.ptp(kept) < 1e-5
    share, deviation = float(1 - kept.size / drawn.size), float(np.std(drawn - constant))
    noise = keras.layers.Dropout(share) if masks else keras.layers.GaussianNoise(deviation)
    inner = stand_in(source)
    return _function_of(type(node.operation).__name__, [inner], lambda: noise(inner))


def _takes_mean_and_variance(node: Any) -> bool:
    """Return whether a call has the form z = sampling(mean, log-variance): three tensors of one shape, no weights."""
    shapes = {tuple(tensor.shape) for tensor in [*node.input_tensors, *node.outputs]}
    return (
        len(node.input_tensors) == 2
        and len(node.outputs) == 1
        and len(shapes) == 1
        and not getattr(node.operation, "trainable_weights", ())
    )


def _in_training(
    what: str, sources: list[Any], call: Callable[..., Any], args: Any, kwargs: dict[str, Any]
) -> Any | None:
    """Return the graph of a layer in training; None if it has no such argument, or cannot be traced then."""
    if outside_training(call) is call:
        return None
    try:
        return _function_of(what, sources, lambda: call(*args, **{**kwargs, "training": True}))
    except NotFlattenableError:
        return None


def _draws(node: Any, **options: bool) -> bool:
    """Return whether a layer that cannot be traced draws N(μ, exp(log-variance)) when it is given numbers.

    Each mean of 1,000 draws must lie within 0.15 of μ and each standard deviation within 10 % of σ, which is more than
    four times their spread.
    """
    import numpy as np

    first, second = node.input_tensors
    shape = [1 if length is None else length for length in first.shape[1:]]
    mean, log_variance = (np.linspace(low, low + 1, math.prod(shape)).reshape(shape) for low in (0.25, -1.0))
    rows = {id(first): mean, id(second): log_variance}
    given = {key: np.repeat(row[np.newaxis], DRAWS, axis=0).astype(np.float32) for key, row in rows.items()}
    try:
        args, kwargs = node.arguments.fill_in(given)
        drawn = np.asarray(node.operation.call(*args, **{**kwargs, **options}), dtype=np.float64)
    except Exception:  # a layer that does not run on numbers draws none
        return False
    if drawn.shape != (DRAWS, *shape):
        return False
    near = np.abs(drawn.mean(axis=0) - mean) < 0.15
    return bool(near.all() and (np.abs(drawn.std(axis=0) / np.exp(log_variance / 2) - 1) < 0.1).all())


def is_sampled(operation: Any) -> bool:
    """Return whether it is the operation with which `drawing` marks a code of a mean and a variance."""
    from .sampled_noise import SampledCode

    return isinstance(operation, SampledCode)


def is_split(operation: Any) -> bool:
    """Return whether it is `keras.ops.split`, which makes several tensors."""
    return type(operation).__name__ == "Split" and type(operation).__module__.startswith("keras.src.ops")


def stand_in(tensor: Any) -> Any:
    """Return a symbolic tensor of the same shape and type without a history."""
    import keras

    return keras.Input(batch_shape=tuple(tensor.shape), dtype=tensor.dtype, name=f"stand_in_{id(tensor)}")


def traced(what: str, function: Callable[[Any], Any], source: Any) -> Any:
    """Return the graph of a function applied to one symbolic tensor."""
    return _function_of(what, [source], lambda: function(source))
