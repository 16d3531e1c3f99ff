"""Which activations the last layer may have, given the pixels that a network was trained on.

A rubric names activations for pixels between 0 and 1. Other pixels need other activations: 2·sigmoid(2z) - 1 = tanh(z),
so tanh is for [-1, 1] what the sigmoid is for [0, 1]. An activation that reaches every pixel of one range need not
reach those of another: a sigmoid never gives a black pixel on [-1, 1].
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

Pixels = tuple[float, float]
"""The numbers for black and for white in training."""

_SLACK: Final = 0.02


def counterparts(activations: Iterable[str], pixels: Pixels) -> tuple[str, ...]:
    """Return the activations that are right for these pixels if `activations` are right for pixels between 0 and 1."""
    return tuple(dict.fromkeys(one for activation in activations for one in _counterparts(activation, *pixels)))


def _counterparts(activation: str, black: float, white: float) -> Iterator[str]:
    if activation == "linear" or (activation == "relu" and abs(black) <= _SLACK):
        yield activation  # unchanged by scaling or shifting; a relu only if black is 0
    elif activation in {"sigmoid", "hard_sigmoid"}:
        if -1 - _SLACK <= black < -_SLACK and white <= 1 + _SLACK:
            yield "tanh"
        else:
            yield "linear"  # no Keras activation ends at such bounds
