"""Which values a setting of a layer may have: numbers within bounds, words of a list, never code.

Zone M (the measuring process) rebuilds nothing whose settings do not pass. Zone K (the student kernel) uses the same
rules to see which of its models zone M will refuse, so that it exports these as graphs as well.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .layer_traits import UNKNOWN, LayerTraits
from .texts import shortened

MAX_UNITS = 65_536
MAX_STEP = 1_024
MAX_ITEMS = 256
MAX_WINDOW = 4_096

ACTIVATIONS = frozenset({
    "linear", "relu", "sigmoid", "tanh", "selu", "elu", "softmax", "softplus", "softsign", "swish", "silu", "gelu",
    "exponential", "leaky_relu", "hard_sigmoid", "mish", "relu6", "log_softmax", "celu", "glu", "hard_tanh",
    "hard_silu", "hard_swish",
})  # fmt: skip

Setting = Callable[[Any], Any]


class RefusedError(Exception):
    """A claim names a layer, an operator or a setting that is not on the list; the text names it."""


@dataclass(frozen=True, slots=True)
class LayerRule:
    """How to rebuild one kind of layer, and its traits.

    Attributes:
        settings: Checks and converts each accepted setting; a setting missing in the claim gets Keras's default.
        attributes: Settings that decide what the layer computes, and hence belong to the canonical form.
        neutral: Settings that are not rebuilt, each with the only value that it may therefore have.
        tensors: Call arguments besides the input that may be tensors.
        traits: Its traits.
    """

    settings: Mapping[str, Setting] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    neutral: Mapping[str, bool | int | None] = field(default_factory=dict)
    tensors: tuple[str, ...] = ()
    traits: LayerTraits = UNKNOWN

    def accept(self, kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the accepted settings as keyword arguments.

        Raises:
            RefusedError: This layer may not have one of the values.
        """
        for name, value in self.neutral.items():
            if config.get(name, value) != value:
                raise RefusedError(shortened(f"{kind}({name}={config[name]!r})"))
        accepted: dict[str, Any] = {}
        for name, convert in self.settings.items():
            if name in config:
                try:
                    accepted[name] = convert(config[name])
                except (TypeError, ValueError, KeyError) as error:
                    raise RefusedError(shortened(f"{kind}({name}={config[name]!r})")) from error
        return accepted


def integer(low: int, high: int) -> Setting:
    """Accept a whole number within bounds."""

    def convert(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(value)
        return value

    return convert


def number(value: Any) -> float:
    """Accept a number.

    Raises:
        TypeError: It is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    return float(value)


def numbers(value: Any) -> Any:
    """Accept a number or a list of at most 256, as the scales of channels are.

    Raises:
        TypeError: It is something else.
        ValueError: The list is too long.
    """
    if isinstance(value, list):
        if len(value) > MAX_ITEMS:
            raise ValueError(value)
        return [number(item) for item in value]
    return number(value)


def boolean(value: Any) -> bool:
    """Accept true and false.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def optional(convert: Setting) -> Setting:
    """Accept None as well."""
    return lambda value: None if value is None else convert(value)


def choice(*allowed: str) -> Setting:
    """Accept one word of a list."""

    def convert(value: Any) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(value)
        return value

    return convert


def integers(low: int, high: int) -> Setting:
    """Accept one whole number or a (nested) list of them, as `kernel_size` and `padding` take."""
    one = integer(low, high)

    def convert(value: Any) -> Any:
        if isinstance(value, list):
            if len(value) > 8:
                raise ValueError(value)
            return tuple(convert(item) for item in value)
        return one(value)

    return convert


def window(high: int) -> Setting:
    """Accept the lengths of a window of at most `high` places, as kernels and pools have; strides are no windows."""
    lengths = integers(1, high)

    def convert(value: Any) -> Any:
        accepted = lengths(value)
        places = accepted**2 if isinstance(accepted, int) else math.prod(accepted)
        if places > high:
            raise ValueError(value)
        return accepted

    return convert


def activation(value: Any) -> str:
    """Accept the name of one of Keras's activations; None is `linear`.

    Raises:
        ValueError: It is none of them.
    """
    if value is None:
        return "linear"
    if not isinstance(value, str) or value not in ACTIVATIONS:
        raise ValueError(value)
    return value


def einsum_equation(value: Any) -> str:
    """Accept the equation of a sum of products: letters, commas, points and one arrow (`nd,dk->nk`).

    Raises:
        RefusedError: It is something else.
    """
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z.]{0,8}(,[A-Za-z.]{0,8}){0,3}->[A-Za-z.]{0,8}", value):
        raise RefusedError(shortened(f"the sum {value!r}"))
    return value


def free_integers(value: Any) -> Any:
    """Accept whole numbers and free lengths, as the output shape of `EinsumDense` has them."""
    if isinstance(value, list):
        return tuple(optional(integer(1, MAX_UNITS))(item) for item in value[:8])
    return integer(1, MAX_UNITS)(value)


def letters(value: Any) -> str:
    """Accept a few letters, as the axes of a sum are named.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z]{1,8}", value):
        raise ValueError(value)
    return value
