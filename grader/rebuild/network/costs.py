"""Limits the cost of a claimed model by its shapes, before anything is allocated or run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from grader.domain.architecture import Shape
from grader.domain.layer_kinds import traits_of
from grader.rebuild.network.allowlist import RefusedError

MAX_OPERATIONS = 10**9
"""Multiplications for one sample in all layers. The largest network of the course has 10**8."""
MAX_SCORES = 2**22
"""Numbers in the scores of an attention layer, one for each pair of steps and each head."""

MAX_WINDOW = 2**16
"""Positions in one window, holes of a dilation included. TensorFlow does not refuse 1,024×1,024 but aborts."""

FREE_LENGTH = 32
"""Length assumed for an open dimension, as that of sequences: about that of the course's images."""


class Budget:
    """How many multiplications the calls of one model may still use."""

    def __init__(self) -> None:
        self._left = MAX_OPERATIONS

    @property
    def spent(self) -> int:
        """Multiplications for one sample so far."""
        return MAX_OPERATIONS - self._left

    def spend(self, kind: str, operations: int) -> None:
        """Use up the multiplications of one call.

        Raises:
            RefusedError: Not enough are left.
        """
        self._left -= operations
        if self._left < 0:
            raise RefusedError(f"`{kind}` and what is before it: more than {MAX_OPERATIONS} products for one image")


def products(kind: str, taken: Shape, given: Shape, arrays: Sequence[Any], settings: dict[str, Any]) -> int:
    """Return an upper bound of a call's multiplications for one sample; an open dimension counts as 32.

    Every number in a layer's arrays is used once at each position of the input or output, whichever has more (a Dense
    at each step, a kernel at each pixel). A pool reads every position of its window; a product of two tensors runs over
    the last axis of the first.

    Args:
        kind: Class of the layer or operator.
        taken: Shape of one sample of its first input.
        given: Shape of one sample of its output.
        arrays: Arrays that it holds or is given.
        settings: Its claimed settings.

    Raises:
        RefusedError: The attention scores alone exceed the limit, or the window does.
    """
    _check_window(kind, settings, len(taken) - 1)
    places = max(_size(taken[:-1]), _size(given[:-1]))
    weights = 0 if traits_of(kind).lookup else sum(int(array.size) for array in arrays)
    total = places * weights
    if "pool_size" in settings:
        total += _size(given) * _window(settings["pool_size"], len(taken) - 1)
    if traits_of(kind).attention:
        steps = _size(taken[:-1])
        heads = max(
            [value for name, value in settings.items() if "heads" in name and isinstance(value, int)], default=1
        )
        if steps * steps * heads > MAX_SCORES:
            raise RefusedError(f"`{kind}` over {steps} steps")
        total += 2 * steps * steps * max(_size(taken[-1:]), _size(given[-1:])) * heads
    elif kind in {"Matmul", "Dot", "Einsum", "Tensordot"} and not arrays:
        total += _size(given) * _size(taken[-1:])
    return total


def _check_window(kind: str, settings: dict[str, Any], axes: int) -> None:
    for name in ("kernel_size", "pool_size"):
        if name in settings:
            places = _window(settings[name], axes) * _window(settings.get("dilation_rate", 1), axes)
            if places > MAX_WINDOW:
                raise RefusedError(f"`{kind}` with a window of {places} places")


def _window(size: Any, axes: int) -> int:
    """Return the number of positions in a window; invalid settings are refused later, when the layer is built."""
    if isinstance(size, int):
        return size**axes
    return math.prod(n for n in size if isinstance(n, int)) if isinstance(size, list | tuple) else 1


def _size(shape: Sequence[int | None]) -> int:
    return math.prod(FREE_LENGTH if length is None else length for length in shape)
