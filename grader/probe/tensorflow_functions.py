"""TensorFlow functions expressed by operators and layers of Keras; for symbolic tensors only.

Each function has the arguments of the TensorFlow function that is its key in `ANSWERS`. If it cannot be expressed
exactly, it raises, and the model is not traced.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from .sampled_noise import StandardNormal


class UnknownSize:
    """Represents the unknown size of an axis, the batch: the value of `tf.shape(x)[0]`."""


class Sizes(tuple[Any, ...]):
    """A shape with the methods of a TensorFlow shape that students use."""

    __slots__ = ()

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self)

    ndims = rank

    def as_list(self) -> list[Any]:
        """Return the sizes as a list."""
        return list(self)


class DataType(str):
    """A data type with the attributes of a TensorFlow type that students use."""

    __slots__ = ()

    @property
    def base_dtype(self) -> tf.DType:
        """TensorFlow's own type."""
        return tf.as_dtype(str(self))

    @property
    def name(self) -> str:
        """Its name."""
        return str(self)


class in_trace(AbstractContextManager[None]):  # noqa: N801 - reads as what it is: `with in_trace(x)`
    """A block in which tensors are symbolic; may be nested."""

    _anchors: list[Any] = []  # noqa: RUF012 - of the one kernel; a trace within a trace puts its own on top

    def __init__(self, anchor: Any) -> None:
        self._anchor = anchor

    def __enter__(self) -> None:
        self._anchors.append(self._anchor)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._anchors.pop()

    @classmethod
    def active(cls) -> bool:
        """Return whether something is being traced."""
        return bool(cls._anchors)

    @classmethod
    def anchor(cls) -> Any:
        """Return the input of the current trace."""
        return cls._anchors[-1]


# Shapes


def _shape(input: Any, *_: Any, **__: Any) -> tuple[Any, ...]:  # noqa: A002 - TensorFlow's name
    return tuple(UnknownSize() if length is None else length for length in input.shape)


def _sizes(shape: Any) -> list[int | None]:
    """Read a shape in which some sizes are unknown."""
    if not isinstance(shape, list | tuple | tf.TensorShape):
        shape = np.asarray(shape).tolist()
    return [None if size is None or isinstance(size, UnknownSize) else int(size) for size in shape]


def _reshape(tensor: Any, shape: Any) -> Any:
    if not isinstance(tensor, keras.KerasTensor):
        raise TypeError("a reshape of what does not depend on the input")
    sizes = _sizes(shape)
    if None in sizes and -1 in sizes:
        known = [size for size in sizes if size not in (None, -1)]
        if sizes.count(None) > 1 or sizes.count(-1) > 1 or sizes[0] is not None or None in tensor.shape[1:]:
            raise ValueError(f"a reshape to {sizes}")
        sizes[sizes.index(-1)] = math.prod(tensor.shape[1:]) // math.prod(size for size in known if size is not None)
    return ops.reshape(tensor, [-1 if size is None else size for size in sizes])


def _stack(values: Any, axis: int = 0) -> Any:
    if any(isinstance(value, UnknownSize) for value in values):
        return tuple(values)  # a shape built from sizes
    return ops.stack(values, axis=axis)


def _concat(values: Any, axis: Any = 0) -> Any:
    if not any(isinstance(value, keras.KerasTensor) for value in values):
        return tuple(size for sizes in values for size in sizes)
    return ops.concatenate(values, axis=int(axis))


def _unstack(value: Any, num: int | None = None, axis: int = 0) -> Any:
    if not isinstance(value, keras.KerasTensor):
        return list(value)
    leading = (slice(None),) * (axis % len(value.shape))
    return [value[(*leading, index)] for index in range(num or value.shape[axis])]


def _split(value: Any, num_or_size_splits: Any, axis: int = 0, **_: Any) -> list[Any]:
    axis, sizes = axis % len(value.shape), num_or_size_splits
    if isinstance(sizes, int):
        sizes = [value.shape[axis] // sizes] * sizes
    ends = np.cumsum([int(size) for size in sizes])
    leading = (slice(None),) * axis
    return [value[(*leading, slice(int(end - size), int(end)))] for size, end in zip(sizes, ends, strict=True)]


def _transpose(a: Any, perm: Any = None, **_: Any) -> Any:
    return ops.transpose(a, axes=None if perm is None else [int(axis) for axis in perm])


def _squeeze(input: Any, axis: Any = None) -> Any:  # noqa: A002
    if isinstance(axis, list | tuple) and len(axis) == 1:
        axis = axis[0]
    return ops.squeeze(input, axis=axis)


def _pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0) -> Any:
    around = [tuple(int(side) for side in sides) for sides in np.asarray(paddings).tolist()]
    if mode.upper() != "CONSTANT" or constant_values != 0 or len(around) != 4 or around[0] != (0, 0) != around[-1]:
        raise NotImplementedError("tf.pad of anything but zeros round an image")
    return keras.layers.ZeroPadding2D(tuple(around[1:3]))(tensor)


# Products


def _matmul(a: Any, b: Any, transpose_a: Any = None, transpose_b: Any = None, **other: Any) -> Any:
    transpose_a, transpose_b = transpose_a or other.get("adjoint_a"), transpose_b or other.get("adjoint_b")
    a = ops.swapaxes(a, -1, -2) if transpose_a else a
    b = ops.swapaxes(b, -1, -2) if transpose_b else b
    return ops.matmul(a, b)


def _tensordot(a: Any, b: Any, axes: Any) -> Any:
    last_and_first = (1, [[len(a.shape) - 1], [0]], [[-1], [0]], [len(a.shape) - 1, 0], [-1, 0])
    plain = axes if isinstance(axes, int) else np.asarray(axes).tolist()
    if len(b.shape) != 2 or plain not in last_and_first:
        raise NotImplementedError(f"tf.tensordot over the axes {plain}")
    return ops.matmul(a, b)


def _einsum(equation: str, *inputs: Any, **_: Any) -> Any:
    """Express a product of the last axis with a matrix: `bi,ij->bj`, `bti,ij->btj`, `...i,ij->...j`."""
    left, _arrow, right = equation.replace(" ", "").replace("...", "_").partition("->")
    first, _comma, second = left.partition(",")
    if len(inputs) == 2 and len(second) == 2 and first[:-1] + second[1] == right and first[-1] == second[0]:
        return ops.matmul(*inputs)
    return ops.einsum(equation, *inputs)


# Means and sums


def _over(function: Callable[..., Any]) -> Callable[..., Any]:
    def reduced(input_tensor: Any, axis: Any = None, keepdims: Any = None) -> Any:
        axes = axis.numpy().tolist() if hasattr(axis, "numpy") else axis
        return function(input_tensor, axis=axes, keepdims=bool(keepdims))

    return reduced


def _variance(input_tensor: Any, axis: Any = None, keepdims: Any = None) -> Any:
    centred = input_tensor - ops.mean(input_tensor, axis=axis, keepdims=True)
    return ops.mean(ops.square(centred), axis=axis, keepdims=bool(keepdims))


def _deviation(input_tensor: Any, axis: Any = None, keepdims: Any = None) -> Any:
    return ops.sqrt(_variance(input_tensor, axis, keepdims))


def _l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12) -> Any:
    return x / ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=axis, keepdims=True), epsilon))


# Layers in functional form


def _batch_normalization(x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float) -> Any:
    factor = ops.rsqrt(ops.convert_to_tensor(variance) + variance_epsilon)
    factor = factor if scale is None else factor * scale
    return x * factor + ((0.0 if offset is None else offset) - mean * factor)


def _leaky_relu(features: Any, alpha: float = 0.2) -> Any:
    return ops.leaky_relu(features, negative_slope=float(alpha))


def _gelu(features: Any, approximate: Any = None) -> Any:
    return ops.gelu(features, approximate=bool(approximate))


def _swish(features: Any, beta: float = 1.0) -> Any:
    return ops.silu(features) if beta == 1 else features * ops.sigmoid(beta * features)


def _softmax(logits: Any, axis: Any = -1) -> Any:
    return ops.softmax(logits, axis=-1 if axis is None else axis)


def _dropout(x: Any, rate: Any = 0.5, **_: Any) -> Any:
    return keras.layers.Dropout(float(rate))(x)


def _pooling(layer: str) -> Callable[..., Any]:
    def pooled(input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NHWC", **_: Any) -> Any:  # noqa: A002
        if data_format != "NHWC":
            raise NotImplementedError(data_format)
        made = getattr(keras.layers, layer)(_square(ksize), strides=_square(strides), padding=padding.lower())
        return made(input)

    return pooled


def _square(sizes: Any) -> tuple[int, int]:
    """Read a window: one size, two, or four including batch and channels."""
    if isinstance(sizes, int):
        return sizes, sizes
    inner = list(sizes) if len(sizes) == 2 else list(sizes)[1:3]
    return (int(inner[0]), int(inner[-1]))


def _conv2d(
    input: Any, filters: Any, strides: Any, padding: Any, data_format: str = "NHWC", dilations: Any = None, **_: Any,  # noqa: A002
) -> Any:  # fmt: skip
    if data_format != "NHWC" or not isinstance(padding, str) or input.shape[-1] != filters.shape[2]:
        raise NotImplementedError("tf.nn.conv2d of this form")
    layer = keras.layers.Conv2D(
        int(filters.shape[3]), tuple(int(size) for size in filters.shape[:2]), strides=_square(strides),
        padding=padding.lower(), dilation_rate=_square(dilations or 1), use_bias=False,
    )  # fmt: skip
    layer.build(input.shape)
    return _holding(layer, filters)(input)


def _conv2d_transpose(
    input: Any,  # noqa: A002
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: str = "SAME",
    **other: Any,
) -> Any:
    if other.get("data_format", "NHWC") != "NHWC" or other.get("dilations") is not None:
        raise NotImplementedError("tf.nn.conv2d_transpose of this form")
    layer = keras.layers.Conv2DTranspose(
        int(filters.shape[2]), tuple(int(size) for size in filters.shape[:2]), strides=_square(strides),
        padding=padding.lower(), use_bias=False,
    )  # fmt: skip
    layer.build(input.shape)
    made = _holding(layer, filters)(input)
    if list(made.shape[1:]) != _sizes(output_shape)[1:]:
        raise NotImplementedError("tf.nn.conv2d_transpose to an output of another size")
    return made


def _holding(layer: Any, kernel: Any) -> Any:
    """Return a built layer whose only array is the student's own variable."""
    if not isinstance(kernel, keras.Variable):
        raise TypeError("a kernel that is no variable")
    layer._tracker.unlock()
    layer._trainable_variables.clear()
    layer._kernel = kernel
    layer._tracker.lock()
    return layer


def _resize(images: Any, size: Any, method: Any = "bilinear", **other: Any) -> Any:
    factors = [int(new) / old for new, old in zip(_sizes(size), images.shape[1:3], strict=True)]  # type: ignore[arg-type]
    name = str(getattr(method, "value", method)).lower()
    if any(factor != int(factor) for factor in factors) or name not in ("nearest", "bilinear") or any(other.values()):
        raise NotImplementedError("tf.image.resize by anything but whole factors")
    return keras.layers.UpSampling2D(tuple(int(factor) for factor in factors), interpolation=name)(images)


# Numbers that do not depend on the input, and drawn numbers


def _convert(value: Any, dtype: Any = None, **_: Any) -> Any:
    return _cast(value, dtype or value.dtype) if isinstance(value, keras.KerasTensor) else tuple(value)


def _cast(x: Any, dtype: Any) -> Any:
    if not isinstance(x, keras.KerasTensor):
        raise TypeError("a size that is not known as a number")
    wanted = keras.backend.standardize_dtype(dtype)
    return x if wanted == x.dtype else ops.cast(x, wanted)


def _filled(shape: Any, value: float) -> Any:
    """Return an array filled with one number; the axis of the batch gets length one."""
    return tf.fill([1 if size is None else size for size in _sizes(shape)], value)


def _constant(value: float) -> Callable[..., Any]:
    return lambda shape, *_, **__: _filled(shape, value)


def _like(value: float) -> Callable[..., Any]:
    return lambda tensor, *_, **__: _filled(tensor.shape, value)


def _tile(input: Any, multiples: Any) -> Any:  # noqa: A002
    return ops.tile(input, [int(number) for number in multiples])


def _repeat(input: Any, repeats: Any, axis: Any = None) -> Any:  # noqa: A002
    return ops.repeat(input, int(repeats), axis=axis)


def _bias_add(value: Any, bias: Any, **other: Any) -> Any:
    if other.get("data_format") not in (None, "NHWC", "N...C"):
        raise NotImplementedError("a bias of channels that come first")
    return ops.add(value, bias)


def _normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, **_: Any) -> Any:
    drawn = StandardNormal(_sizes(shape))(in_trace.anchor())
    spread = drawn if isinstance(stddev, int | float) and stddev == 1 else drawn * stddev
    return spread if isinstance(mean, int | float) and mean == 0 else spread + mean


def _clip(t: Any, clip_value_min: Any, clip_value_max: Any) -> Any:
    return ops.clip(t, float(clip_value_min), float(clip_value_max))


def _first(value: Any, *_: Any, **__: Any) -> Any:
    return value


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _unary(name: str) -> Callable[..., Any]:
    function = getattr(ops, name)
    return lambda *given, **named: function(*given, *named.values())


_SAME: Sequence[str] = (
    "exp", "expm1", "log", "log1p", "sqrt", "rsqrt", "square", "abs", "negative", "sign", "sin", "cos", "sigmoid",
    "tanh", "softplus", "softsign", "relu", "relu6", "elu", "selu", "add", "subtract", "multiply", "divide", "maximum",
    "minimum", "greater", "greater_equal", "less", "less_equal", "where", "expand_dims",
)  # fmt: skip
"""Functions of the same name and with the same order of arguments."""

ANSWERS: dict[str, Callable[..., Any]] = {
    **{name: _unary(name) for name in _SAME},
    "pow": _unary("power"), "truediv": _unary("true_divide"), "_add_dispatch": _unary("add"),
    "squared_difference": lambda x, y: ops.square(x - y), "add_n": lambda inputs: sum(inputs[1:], inputs[0]),
    "shape": _shape, "reshape": _reshape, "stack": _stack, "concat": _concat, "unstack": _unstack, "split": _split,
    "transpose": _transpose, "squeeze": _squeeze, "pad": _pad, "tile": _tile, "repeat": _repeat,
    "matmul": _matmul, "tensordot": _tensordot, "einsum": _einsum, "bias_add": _bias_add,
    "reduce_mean": _over(ops.mean), "reduce_sum": _over(ops.sum), "reduce_max": _over(ops.max),
    "reduce_min": _over(ops.min), "reduce_variance": _variance, "reduce_std": _deviation, "l2_normalize": _l2_normalize,
    "batch_normalization": _batch_normalization, "leaky_relu": _leaky_relu, "gelu": _gelu, "swish": _swish,
    "softmax": _softmax, "dropout": _dropout, "conv2d": _conv2d, "conv2d_transpose": _conv2d_transpose,
    "max_pool": _pooling("MaxPooling2D"), "max_pool2d": _pooling("MaxPooling2D"), "resize_images": _resize,
    "avg_pool": _pooling("AveragePooling2D"), "avg_pool2d": _pooling("AveragePooling2D"),
    "convert_to_tensor": _convert, "cast": _cast, "identity": _first, "stop_gradient": _first, "ensure_shape": _first,
    "zeros": _constant(0.0), "ones": _constant(1.0), "fill": _filled, "zeros_like": _like(0.0), "ones_like": _like(1.0),
    "random_normal": _normal, "stateless_random_normal": _normal, "clip_by_value": _clip, "print": _nothing,
}  # fmt: skip
