"""Noise in a traced graph: `mean + exp(½·log_variance)·ε` becomes one `Sampling`, `x + c·ε` a layer of noise.

Sums and products with drawn numbers are followed as offset + scale·ε. If another operation reads such a sum, it is a
drawn code, and the claim names its mean and log-variance. A variance in another form (σ itself, softplus) is converted
to its logarithm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from keras.src.ops.function import Function
from keras.src.ops.numpy import Clip, Maximum, Minimum


class StandardNormal(keras.Operation):
    """Numbers of N(0, 1); its input only connects it to the graph."""

    def __init__(self, shape: Sequence[int | None]) -> None:
        super().__init__()
        self._shape = tuple(shape)

    def compute_output_spec(self, anchor: Any) -> Any:
        """Return a tensor of the requested shape."""
        return keras.KerasTensor(self._shape, dtype=anchor.dtype if "float" in anchor.dtype else "float32")

    def call(self, anchor: Any) -> Any:
        """Never run: the graph that holds it is written down, not executed."""
        raise NotImplementedError


class SampledCode(keras.Operation):
    """A code drawn from a mean and a log-variance."""

    def compute_output_spec(self, pair: Any) -> Any:
        """Return a tensor like the mean."""
        return keras.KerasTensor(pair[0].shape, dtype=pair[0].dtype)

    def call(self, pair: Any) -> Any:
        """Never run: the graph that holds it is written down, not executed."""
        raise NotImplementedError


class UnsupportedNoiseError(Exception):
    """Drawn numbers are used in a way that is not a code of a mean and a variance."""


@dataclass(frozen=True)
class _Drawn:
    """Offset + factor·scale·ε; an offset or a scale of None does not occur."""

    offset: Any = None
    scale: Any = None
    factor: float = 1.0


def noise_alone(function: Any) -> Any | None:
    """Return the layer of noise at the beginning of a graph, without clipping to the numbers' range.

    None if the graph does not begin with noise, or continues with anything but a clip.
    """
    nodes = [node for nodes in function._nodes_by_depth.values() for node in nodes if not node.is_input]
    noise = [node for node in nodes if type(node.operation) in _NOISE and node.input_tensors[0] is function._inputs[0]]
    others = {type(node.operation) for node in nodes if node not in noise}
    if len(noise) != 1 or not others <= {Clip, Maximum, Minimum}:
        return None
    return Function(function._inputs, noise[0].outputs)


_NOISE = (keras.layers.GaussianNoise, keras.layers.Dropout, keras.layers.GaussianDropout)


def resolve(function: Any) -> Sequence[Any] | None:
    """Return the outputs of a traced graph with its noise as layers; None if it has none.

    Raises:
        UnsupportedNoiseError: The noise is used in another way.
    """
    nodes = [
        node for depth in sorted(function._nodes_by_depth, reverse=True) for node in function._nodes_by_depth[depth]
    ]
    if not any(isinstance(node.operation, StandardNormal) for node in nodes):
        return None
    return _Resolution(nodes).outputs(function._outputs)


class _Resolution:
    """One graph while its noise is followed."""

    def __init__(self, nodes: Sequence[Any]) -> None:
        self._drawn: dict[int, _Drawn] = {}
        self._made: dict[int, Any] = {}
        self._maker = {id(node.outputs[0]): node for node in nodes if not node.is_input}
        for node in nodes:
            if not node.is_input:
                self._visit(node)

    def outputs(self, tensors: Sequence[Any]) -> list[Any]:
        return [self._final(tensor) for tensor in tensors]

    def _visit(self, node: Any) -> None:
        if isinstance(node.operation, StandardNormal):
            self._drawn[id(node.outputs[0])] = _Drawn()
            return
        noisy = [tensor for tensor in node.input_tensors if id(tensor) in self._drawn]
        if noisy and (followed := self._follow(node)) is not None:
            self._drawn[id(node.outputs[0])] = followed
        elif noisy or any(id(tensor) in self._made for tensor in node.input_tensors):
            args, kwargs = node.arguments.fill_in({id(tensor): self._final(tensor) for tensor in node.input_tensors})
            made = keras.tree.flatten(node.operation(*args, **kwargs))
            self._made.update(zip(map(id, node.outputs), made, strict=True))

    def _follow(self, node: Any) -> _Drawn | None:
        """Return the noise in a sum or a product; None for anything else."""
        kind, values = type(node.operation).__name__, self._operands(node)
        if kind == "Negative" and isinstance(values[0], _Drawn) and values[0].offset is None:
            return values[0]
        if len(values) != 2 or not type(node.operation).__module__.startswith("keras.src."):
            return None
        first, second = values
        noise, other = (first, second) if isinstance(first, _Drawn) else (second, first)
        if isinstance(other, _Drawn) or noise.offset is not None:
            return None
        if kind == "Multiply":
            return _times(noise, other)
        if kind in ("Divide", "TrueDivide") and noise is first:
            return _times(noise, 1.0 / other)
        if kind == "Add":
            return _Drawn(other, noise.scale, noise.factor)
        if kind == "Subtract":
            return _Drawn(-other if noise is first else other, noise.scale, noise.factor)
        return None

    def _operands(self, node: Any) -> list[Any]:
        """Return the arguments of a call, with noise in the form known so far."""
        given = [*node.arguments.args, *node.arguments.kwargs.values()]
        given = [item for value in given for item in (value if isinstance(value, list | tuple) else (value,))]
        return [self._drawn.get(id(value)) or self._made.get(id(value), value) for value in given]

    def _final(self, tensor: Any) -> Any:
        """Return a tensor of the new graph; a drawn code becomes a `Sampling`."""
        if id(tensor) not in self._made and id(tensor) in self._drawn:
            self._made[id(tensor)] = self._code(self._drawn[id(tensor)], tuple(tensor.shape))
        return self._made.get(id(tensor), tensor)

    def _code(self, drawn: _Drawn, shape: tuple[int | None, ...]) -> Any:
        mean = drawn.offset
        if not isinstance(mean, keras.KerasTensor) or tuple(mean.shape) != shape:
            raise UnsupportedNoiseError("it draws numbers that are not added to a mean")
        if drawn.scale is None:
            return keras.layers.GaussianNoise(abs(drawn.factor))(mean)
        log_variance = self._log_variance(drawn.scale, drawn.factor)
        if tuple(log_variance.shape) != shape:
            raise UnsupportedNoiseError("it draws numbers with a variance of another shape than the mean's")
        return SampledCode()([mean, log_variance])

    def _log_variance(self, scale: Any, factor: float) -> Any:
        """Return the tensor u for which the scale is exp(u / 2), or make it: 2·log(scale)."""
        tensor = scale
        path: list[Any] = []
        while abs(factor) == 1:
            node = self._maker.get(id(tensor))
            if (
                node is None
                or len(node.input_tensors) != 1
                or not type(node.operation).__module__.startswith("keras.src.ops")
            ):
                break
            path.insert(0, node)
            tensor = node.input_tensors[0]
            if _is_half_exponential(path):
                return tensor
        return ops.multiply(2.0, ops.log(ops.absolute(scale * factor if factor != 1 else scale)))


def _times(noise: _Drawn, other: Any) -> _Drawn | None:
    if isinstance(other, keras.KerasTensor):
        return _Drawn(None, other if noise.scale is None else noise.scale * other, noise.factor)
    number = np.asarray(other)
    return _Drawn(None, noise.scale, noise.factor * float(number.item())) if number.size == 1 else None


def _is_half_exponential(path: Sequence[Any]) -> bool:
    """Return whether a chain of calls computes exp(u / 2), on numbers between -3 and 3."""
    source = path[0].input_tensors[0]
    shape = [1 if length is None else length for length in source.shape]
    numbers = np.linspace(-3, 3, int(np.prod(shape))).reshape(shape).astype(np.float32)
    value: Any = ops.convert_to_tensor(numbers)
    try:
        for node in path:
            args, kwargs = node.arguments.fill_in({id(node.input_tensors[0]): value})
            value = node.operation(*args, **kwargs)
    except Exception:  # a chain that does not run on numbers is not one that we know
        return False
    return bool(np.shape(value) == numbers.shape and np.allclose(np.asarray(value), np.exp(numbers / 2), rtol=1e-4))
