"""One claimed layer becomes one of Keras's own layers, which can hold no other arrays than the claim brings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import keras

from grader.domain.evidence import JsonValue
from grader.domain.text import shortened
from grader.rebuild.network.allowlist import LAYERS, MERGE_MODES, WRAPPERS, RefusedError

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
    if kind == "Bidirectional":
        return BothWays(config, shapes)
    if kind in WRAPPERS:
        return getattr(keras.layers, kind)(_inner_layer(kind, config, shapes))
    rule = LAYERS.get(kind)
    if rule is None:
        raise RefusedError(f"the layer `{kind}`")
    layer_class = getattr(keras.layers, kind)
    return layer_class(**rule.accept(kind, config), **_initializers(layer_class, shapes))


class BothWays:
    """What `Bidirectional` is: one recurrent layer forwards and its twin backwards, joined.

    Keras's own makes its inner layers by deserialising them, which is never done here.
    """

    def __init__(self, config: Mapping[str, JsonValue], shapes: Collection[ArrayShape]) -> None:
        self._join = config.get("merge_mode")
        if not isinstance(self._join, str) or self._join not in MERGE_MODES:
            raise RefusedError(shortened(f"Bidirectional(merge_mode={self._join!r})", 200))
        self._forwards = _inner_layer("Bidirectional", config, shapes)
        self._backwards = _inner_layer("Bidirectional", config, shapes, key="backward_layer")
        if not isinstance(self._forwards, keras.layers.RNN) or not _twins(config):
            raise RefusedError("`Bidirectional` around two layers that are not one recurrent layer and its twin")

    def __call__(self, tensor: Any) -> Any:
        """Return both directions, joined in the order of time."""
        forwards, backwards = self._forwards(tensor), self._backwards(tensor)
        if self._forwards.return_sequences:
            backwards = keras.ops.flip(backwards, axis=1)
        if self._join == "concat":
            return keras.ops.concatenate([forwards, backwards], axis=-1)
        if self._join == "mul":
            return forwards * backwards
        return (forwards + backwards) / (2 if self._join == "ave" else 1)

    def set_weights(self, arrays: Sequence[Any]) -> None:
        """Give the first half of the arrays to the layer and the second to its twin.

        Raises:
            ValueError: They are not as many as both need, or of other shapes.
        """
        half = len(arrays) // 2
        self._forwards.set_weights(arrays[:half])
        self._backwards.set_weights(arrays[half:])


def _twins(config: Mapping[str, JsonValue]) -> bool:
    """Say whether two claimed layers differ in their direction alone."""
    there, back = config["layer"], config["backward_layer"]
    rule = LAYERS[there["class_name"]]
    if there["class_name"] != back["class_name"]:
        return False
    settings = [rule.accept(layer["class_name"], layer["config"]) for layer in (there, back)]
    ways = [bool(accepted.pop("go_backwards", False)) for accepted in settings]
    return settings[0] == settings[1] and ways == [False, True]


def _inner_layer(
    kind: str, config: Mapping[str, JsonValue], shapes: Collection[ArrayShape], *, key: str = "layer"
) -> Any:
    inner = config.get(key)
    if not isinstance(inner, dict) or not isinstance(inner.get("config"), dict):
        raise RefusedError(f"`{kind}` without its layer")
    if not str(inner.get("module")).startswith("keras.src."):
        raise RefusedError(shortened(f"`{kind}` around the layer `{inner.get('class_name')}`", 200))
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
