"""Which activation of the last layer is right for the pixels that a network was trained on.

A rubric names activations for pixels between 0 and 1. The same network on other pixels ends in another activation:
2·sigmoid(2z) - 1 = tanh(z), so that tanh is to [-1, 1] what the sigmoid is to [0, 1]. What reaches every pixel of one
range need not reach those of another: a sigmoid on [-1, 1] never gives a black pixel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

Pixels = tuple[float, float]
"""The numbers of black and of white in training."""

_SLACK: Final = 0.02


def counterparts(activations: Iterable[str], pixels: Pixels) -> tuple[str, ...]:
    """Return what is right for these pixels where `activations` are right for pixels between 0 and 1."""
    return tuple(dict.fromkeys(one for activation in activations for one in _counterparts(activation, *pixels)))


def _counterparts(activation: str, black: float, white: float) -> Iterator[str]:
    if activation == "linear" or (activation == "relu" and abs(black) <= _SLACK):
        yield activation  # scaled or shifted they stay what they are; a relu only where black is 0
    elif activation in {"sigmoid", "hard_sigmoid"}:
        if -1 - _SLACK <= black < -_SLACK and white <= 1 + _SLACK:
            yield "tanh"
        else:
            yield "linear"  # no activation of Keras ends at such bounds
