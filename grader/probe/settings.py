"""The settings of a layer as plain data; its activations are identified by what they compute, not by name."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from .layer_rules import known_traits
from .layer_traits import UNKNOWN, LayerTraits
from .texts import MAX_TEXT

_MAX_DEPTH = 6
_MAX_ITEMS = 256

_NAMED_ACTIVATIONS = (
    "linear", "relu", "sigmoid", "tanh", "selu", "elu", "softmax", "softplus", "softsign", "swish", "gelu",
    "exponential", "leaky_relu", "hard_sigmoid", "mish", "relu6", "log_softmax", "celu", "hard_tanh", "hard_swish",
    "glu",
)  # fmt: skip
_OBJECTS = ("_regularizer", "_initializer", "_constraint")
"""Endings of names of settings that are objects, which a notebook may write itself; zone M does not need them."""

_INSIDE = (("layer", "layer"), ("layer", "forward_layer"), ("backward_layer", "backward_layer"), ("cell", "cell"))
"""Settings that are layers themselves, and the attributes that hold these."""

_UNKNOWN = object()


def describe(operation: Any) -> dict[str, Any]:
    """Return class, module and settings of a layer or operator as JSON data.

    An activation that computes the same as one of Keras's has that one's name. Another activation is `linear` if
    `own_activation` returns it, and otherwise a note that cannot be mistaken for a name.
    """
    return {
        "class_name": type(operation).__name__[:MAX_TEXT],
        "module": type(operation).__module__[:MAX_TEXT],
        "config": _config(operation),
    }


def own_activation(operation: Any) -> Any:
    """Return the activation of a layer if it is not one of Keras's but can be traced by itself, else None."""
    activation = getattr(operation, "activation", None)
    if not callable(activation) or not _applies_activation_last(operation) or activation_name(activation):
        return None
    return activation


def activation_name(activation: Any) -> str | None:
    """Name an activation by what it computes, so that a lambda or a layer object counts as well as a string.

    Returns:
        `relu`, `linear`, … if it is Keras's function, or agrees with it to 1e-6 (relative to large values) on 500
        points in [-4, 6] and on powers of two up to ±64; else None. The grid is not symmetric, so that a function that
        mixes the numbers of a layer is not mistaken for `linear`.
    """
    import keras
    import numpy as np

    for name in _NAMED_ACTIVATIONS:
        if activation is getattr(keras.activations, name):
            return name
    if isinstance(activation, keras.layers.Layer) and not _is_plain_activation(activation):
        return None  # calling it would build it for the shape of our grid
    outliers = [sign * 2.0**power for power in range(3, 7) for sign in (-1, 1)]
    grid = keras.ops.convert_to_tensor(np.append(np.linspace(-4, 6, 500), outliers).astype(np.float32)[None, :])
    try:
        answer = np.asarray(activation(grid))
    except Exception:
        return None
    for name in _NAMED_ACTIVATIONS:
        expected = np.asarray(getattr(keras.activations, name)(grid))
        if answer.shape == expected.shape and np.allclose(answer, expected, rtol=1e-6, atol=1e-6):
            return name
    return None


def _config(operation: Any) -> dict[str, Any]:
    try:
        with warnings.catch_warnings():  # Keras warns about lambdas; we never load it again
            warnings.simplefilter("ignore")
            config = _own_config(operation)
    except Exception:  # an operator without settings, or a student's own get_config
        config = {}
    plain = {str(key): _setting(item) for key, item in config.items()}
    for key in ("activation", "recurrent_activation"):
        activation = getattr(operation, key, None)
        if callable(activation):
            plain[key] = activation_name(activation) or _unnamed(operation, activation)
    for key, attribute in _INSIDE:
        if key in plain and hasattr(operation, attribute):  # a wrapper such as TimeDistributed or Bidirectional
            plain[key] = describe(getattr(operation, attribute))
    if "cells" in plain and isinstance(getattr(operation, "cells", None), list):
        plain["cells"] = [describe(cell) for cell in operation.cells]
    return plain


def _own_config(operation: Any) -> Mapping[str, Any]:
    """Return a layer's settings; a custom regulariser or similar object without settings is given by its name."""
    try:
        return operation.get_config()
    except Exception:
        own = {key: value for key, value in vars(operation).items() if value is not None and key.endswith(_OBJECTS)}
        if not own:
            raise
    try:
        for key in own:
            setattr(operation, key, None)
        return {**operation.get_config(), **{key: type(value).__name__ for key, value in own.items()}}
    finally:
        for key, value in own.items():
            setattr(operation, key, value)


def _traits(operation: Any) -> LayerTraits:
    own = type(operation).__module__.startswith("keras.src.")
    return known_traits().get(type(operation).__name__, UNKNOWN) if own else UNKNOWN


def _is_plain_activation(layer: Any) -> bool:
    """Return whether a layer is an activation without weights, which fits any shape."""
    traits = known_traits().get(type(layer).__name__, UNKNOWN)
    return bool(traits.activates) and not traits.learns


def _applies_activation_last(operation: Any) -> bool:
    return _traits(operation).activation_last or type(operation).__name__ == "Activation"


def _unnamed(operation: Any, activation: Any) -> str:
    if _applies_activation_last(operation):
        return "linear"
    return f"({getattr(activation, '__name__', type(activation).__name__)})"[:MAX_TEXT]


def _setting(value: Any) -> Any:
    """Return a setting as JSON data; one that JSON cannot hold becomes a note, which no layer accepts as a value."""
    plain = _plain(value)
    return f"({type(value).__name__} {value})"[:MAX_TEXT] if plain is _UNKNOWN else plain


def _plain(value: Any, depth: int = 0) -> Any:
    if getattr(value, "shape", None) == () and hasattr(value, "__array__"):  # `Dense(np.prod(shape))`
        value = value.__array__().item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _UNKNOWN
    if depth >= _MAX_DEPTH:
        return _UNKNOWN
    if isinstance(value, Mapping):
        items = ((str(key), _plain(item, depth + 1)) for key, item in value.items())
        return {key: item for key, item in items if item is not _UNKNOWN}
    if isinstance(value, Iterable):
        parts = [_plain(part, depth + 1) for part in list(value)[:_MAX_ITEMS]]
        return [item for item in parts if item is not _UNKNOWN]
    return _UNKNOWN
