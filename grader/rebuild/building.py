"""One claimed layer becomes one of Keras's own layers, which can hold no other arrays than the claim brings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any

import keras

from grader.domain.evidence import JsonValue
from grader.rebuild.allowlist import LAYERS, WRAPPERS, RefusedError

ArrayShape = tuple[int, ...]


def make_layer(kind: str, config: Mapping[str, JsonValue], shapes: Collection[ArrayShape]) -> Any:
    """Make a layer of the allowlist.

    Args:
        kind: Keras's class name.
        config: Claimed settings.
        shapes: Shapes of the arrays that the claim brings for it. A layer that needs an array of another shape raises
            `ValueError` when it is built, before it takes any memory for it.

    Raises:
        RefusedError: The layer or one of its settings is not on the list.
    """
    if kind in WRAPPERS:
        return getattr(keras.layers, kind)(_inner_layer(kind, config, shapes))
    rule = LAYERS.get(kind)
    if rule is None:
        raise RefusedError(f"the layer `{kind}`")
    layer_class = getattr(keras.layers, kind)
    return layer_class(**rule.accept(kind, config), **_initializers(layer_class, shapes))


def _inner_layer(kind: str, config: Mapping[str, JsonValue], shapes: Collection[ArrayShape]) -> Any:
    inner = config.get("layer")
    if not isinstance(inner, dict) or not isinstance(inner.get("config"), dict):
        raise RefusedError(f"`{kind}` without its layer")
    if not str(inner.get("module")).startswith("keras.src."):
        raise RefusedError(f"`{kind}` around the layer `{inner.get('class_name')}`"[:200])
    return make_layer(str(inner.get("class_name")), inner["config"], shapes)


def _initializers(layer_class: Any, shapes: Collection[ArrayShape]) -> dict[str, Any]:
    """Return arguments that make every array of a layer zeros of one of `shapes`, or an error."""
    names = inspect.signature(layer_class.__init__).parameters
    initializers = {name: _zeros_of(shapes) for name in names if name.endswith("_initializer")}
    return initializers | ({"unit_forget_bias": False} if "unit_forget_bias" in names else {})


def _zeros_of(shapes: Collection[ArrayShape]) -> Callable[..., Any]:
    def zeros(shape: tuple[int, ...], dtype: str | None = None) -> Any:
        if tuple(shape) not in shapes:
            raise ValueError(f"it needs an array of shape {tuple(shape)} and has those of {sorted(shapes)}")
        return keras.ops.zeros(shape, dtype=dtype)

    return zeros
