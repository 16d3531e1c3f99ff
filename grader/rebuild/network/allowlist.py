"""The layers and operators that zone M builds itself, with the settings of each that it accepts.

Anything else in a claim is refused, by name, and nothing is ever deserialised: a layer is made by calling Keras's own
class with plain, checked values. Initialisers, regularisers, constraints and names are dropped, since the arrays come
from the claim and nothing is trained here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.domain.architecture import NOISE_KINDS
from grader.domain.text import shortened

MAX_UNITS = 65_536
MAX_STEP = 1_024

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
    """How one kind of layer is rebuilt.

    Attributes:
        settings: Checks and converts each accepted setting; one that the claim lacks gets Keras's default.
        attributes: Settings that decide what the layer computes, and so belong to the canonical form.
        neutral: Settings that are not rebuilt, and the only value that they may have because of that.
    """

    settings: Mapping[str, Setting] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    neutral: Mapping[str, bool | int | None] = field(default_factory=dict)

    def accept(self, kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the accepted settings as keyword arguments.

        Raises:
            RefusedError: A value is none that this layer may have.
        """
        for name, value in self.neutral.items():
            if config.get(name, value) != value:
                raise RefusedError(shortened(f"{kind}({name}={config[name]!r})", 200))
        accepted: dict[str, Any] = {}
        for name, convert in self.settings.items():
            if name in config:
                try:
                    accepted[name] = convert(config[name])
                except (TypeError, ValueError, KeyError) as error:
                    raise RefusedError(shortened(f"{kind}({name}={config[name]!r})", 200)) from error
        return accepted


def _integer(low: int, high: int) -> Setting:
    def convert(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(value)
        return value

    return convert


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    return float(value)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _optional(convert: Setting) -> Setting:
    return lambda value: None if value is None else convert(value)


def _choice(*allowed: str) -> Setting:
    def convert(value: Any) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(value)
        return value

    return convert


def _integers(low: int, high: int) -> Setting:
    """Accept one whole number or a (nested) list of them, as `kernel_size` and `padding` take."""
    one = _integer(low, high)

    def convert(value: Any) -> Any:
        if isinstance(value, list):
            if len(value) > 8:
                raise ValueError(value)
            return tuple(convert(item) for item in value)
        return one(value)

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
        raise RefusedError(shortened(f"the sum {value!r}", 200))
    return value


def _optional_integers(value: Any) -> Any:
    """Accept whole numbers and free lengths, as the output shape of `EinsumDense` has them."""
    if isinstance(value, list):
        return tuple(_optional(_integer(1, MAX_UNITS))(item) for item in value[:8])
    return _integer(1, MAX_UNITS)(value)


def _letters(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z]{1,8}", value):
        raise ValueError(value)
    return value


_UNITS = _integer(1, MAX_UNITS)
_STEPS = _integers(1, MAX_STEP)
_PADDING = _choice("valid", "same")
_FORMAT = _optional(_choice("channels_last"))
_CONVOLUTION = {
    "filters": _UNITS, "kernel_size": _STEPS, "strides": _STEPS, "padding": _PADDING, "dilation_rate": _STEPS,
    "data_format": _FORMAT, "activation": activation, "use_bias": _boolean,
}  # fmt: skip
_UNGROUPED = {"groups": 1}
_STATELESS = {"return_state": False, "stateful": False}
_POOLING = {"pool_size": _STEPS, "strides": _optional(_STEPS), "padding": _PADDING, "data_format": _FORMAT}
_RECURRENT = {
    "units": _UNITS, "activation": activation, "recurrent_activation": activation, "use_bias": _boolean,
    "return_sequences": _boolean, "go_backwards": _boolean,
}  # fmt: skip
_CONVOLVED = ("filters", "kernel_size", "strides", "padding", "dilation_rate", "activation", "use_bias")
_POOLED = ("pool_size", "strides", "padding")
_ACROSS = {"keepdims": _boolean, "data_format": _FORMAT}
_EDGES = _integers(0, MAX_STEP)

LAYERS: Mapping[str, LayerRule] = {
    "Dense": LayerRule(
        {"units": _UNITS, "activation": activation, "use_bias": _boolean}, ("units", "activation", "use_bias")
    ),
    "EinsumDense": LayerRule(
        {
            "equation": einsum_equation,
            "output_shape": _optional_integers,
            "bias_axes": _optional(_letters),
            "activation": activation,
        },
        ("equation", "activation"),
    ),
    "Activation": LayerRule({"activation": activation}, ("activation",)),
    "ReLU": LayerRule(
        {"max_value": _optional(_number), "negative_slope": _number, "threshold": _number},
        ("max_value", "negative_slope", "threshold"),
    ),
    "LeakyReLU": LayerRule({"negative_slope": _number}, ("negative_slope",)),
    "ELU": LayerRule({"alpha": _number}, ("alpha",)),
    "PReLU": LayerRule({"shared_axes": _optional(_STEPS)}, ("shared_axes",)),
    "Softmax": LayerRule({"axis": _integer(-8, 8)}, ("axis",)),
    "Flatten": LayerRule({"data_format": _FORMAT}),
    "Reshape": LayerRule({"target_shape": _integers(-1, 2**22)}),
    "Permute": LayerRule({"dims": _integers(1, 8)}, ("dims",)),
    "RepeatVector": LayerRule({"n": _integer(1, 4096)}, ("n",)),
    "BatchNormalization": LayerRule(
        {"axis": _integer(-8, 8), "epsilon": _number, "center": _boolean, "scale": _boolean},
        ("axis",),
        {"renorm": False},
    ),
    "LayerNormalization": LayerRule(
        {"axis": _integers(-8, 8), "epsilon": _number, "center": _boolean, "scale": _boolean},
        ("axis",),
        {"rms_scaling": False},
    ),
    "Conv1D": LayerRule({**_CONVOLUTION, "padding": _choice("valid", "same", "causal")}, _CONVOLVED, _UNGROUPED),
    "Conv2D": LayerRule(_CONVOLUTION, _CONVOLVED, _UNGROUPED),
    "SeparableConv2D": LayerRule({**_CONVOLUTION, "depth_multiplier": _UNITS}, (*_CONVOLVED, "depth_multiplier")),
    "Conv1DTranspose": LayerRule(_CONVOLUTION, _CONVOLVED, {"output_padding": None}),
    "Conv2DTranspose": LayerRule(
        {**_CONVOLUTION, "output_padding": _optional(_EDGES)}, (*_CONVOLVED, "output_padding")
    ),
    "MaxPooling1D": LayerRule(_POOLING, _POOLED),
    "MaxPooling2D": LayerRule(_POOLING, _POOLED),
    "AveragePooling1D": LayerRule(_POOLING, _POOLED),
    "AveragePooling2D": LayerRule(_POOLING, _POOLED),
    "GlobalAveragePooling1D": LayerRule(_ACROSS, ("keepdims",)),
    "GlobalAveragePooling2D": LayerRule(_ACROSS, ("keepdims",)),
    "GlobalMaxPooling1D": LayerRule(_ACROSS, ("keepdims",)),
    "GlobalMaxPooling2D": LayerRule(_ACROSS, ("keepdims",)),
    "UpSampling1D": LayerRule({"size": _STEPS}, ("size",)),
    "UpSampling2D": LayerRule(
        {"size": _STEPS, "data_format": _FORMAT, "interpolation": _choice("nearest", "bilinear")},
        ("size", "interpolation"),
    ),
    "ZeroPadding1D": LayerRule({"padding": _EDGES}, ("padding",)),
    "ZeroPadding2D": LayerRule({"padding": _EDGES, "data_format": _FORMAT}, ("padding",)),
    "Cropping1D": LayerRule({"cropping": _EDGES}, ("cropping",)),
    "Cropping2D": LayerRule({"cropping": _EDGES, "data_format": _FORMAT}, ("cropping",)),
    "SimpleRNN": LayerRule(
        {name: rule for name, rule in _RECURRENT.items() if name != "recurrent_activation"},
        ("units", "return_sequences", "activation"),
        _STATELESS,
    ),
    "LSTM": LayerRule(_RECURRENT, ("units", "return_sequences", "activation", "recurrent_activation"), _STATELESS),
    "GRU": LayerRule(
        {**_RECURRENT, "reset_after": _boolean},
        ("units", "return_sequences", "activation", "recurrent_activation"),
        _STATELESS,
    ),
    "Embedding": LayerRule(
        {"input_dim": _UNITS, "output_dim": _UNITS}, ("input_dim", "output_dim"), {"mask_zero": False}
    ),
    "Rescaling": LayerRule({"scale": _number, "offset": _number}, ("scale", "offset")),
    "Add": LayerRule(),
    "Subtract": LayerRule(),
    "Multiply": LayerRule(),
    "Average": LayerRule(),
    "Maximum": LayerRule(),
    "Minimum": LayerRule(),
    "Concatenate": LayerRule({"axis": _integer(-8, 8)}, ("axis",)),
}

IDENTITY_AT_INFERENCE: Mapping[str, LayerRule] = {
    **{kind: LayerRule({"rate": _number, "stddev": _number}, ("rate", "stddev")) for kind in sorted(NOISE_KINDS)},
    "ActivityRegularization": LayerRule({"l1": _number, "l2": _number}, ("l1", "l2")),
    "Identity": LayerRule(),
}
"""Layers that pass numbers through unchanged outside training: read from the graph, never built."""

WRAPPERS = frozenset({"TimeDistributed", "Bidirectional"})
"""Layers around another layer; the inner one must be on the list itself."""

OPERATORS: Mapping[str, str] = {
    # class in keras.src.ops: function of keras.ops
    "Add": "add", "Subtract": "subtract", "Multiply": "multiply", "Divide": "divide", "TrueDivide": "true_divide",
    "Negative": "negative", "Absolute": "absolute", "Square": "square", "Sqrt": "sqrt", "Power": "power",
    "Exp": "exp", "Expm1": "expm1", "Log": "log", "Log1p": "log1p", "Maximum": "maximum", "Minimum": "minimum",
    "Clip": "clip", "Matmul": "matmul", "Dot": "dot", "Reshape": "reshape", "Transpose": "transpose",
    "ExpandDims": "expand_dims", "Squeeze": "squeeze", "Concatenate": "concatenate", "Stack": "stack",
    "Mean": "mean", "Sum": "sum", "Max": "max", "Min": "min", "Flip": "flip", "Roll": "roll", "Repeat": "repeat",
    "Tile": "tile", "Relu": "relu", "Relu6": "relu6", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softmax": "softmax",
    "Softplus": "softplus", "Softsign": "softsign", "Silu": "silu", "Selu": "selu", "Elu": "elu", "Gelu": "gelu",
    "LeakyRelu": "leaky_relu", "HardSigmoid": "hard_sigmoid", "Swapaxes": "swapaxes", "Sin": "sin", "Cos": "cos",
    "Rsqrt": "rsqrt", "Sign": "sign", "Var": "var", "LogSoftmax": "log_softmax", "Where": "where", "Greater": "greater",
    "GreaterEqual": "greater_equal", "Less": "less", "LessEqual": "less_equal",
}  # fmt: skip
"""Operators that a model may be made of (`x + y`, `keras.ops.relu(x)`); `GetItem` is handled by itself."""

IDENTITY_OPERATORS = frozenset({"ConvertToTensor", "StopGradient", "Cast"})
"""Operators that pass numbers through unchanged; `Cast` only to floating-point numbers."""

FLOATS = frozenset({"float16", "bfloat16", "float32", "float64"})

MERGE_MODES = frozenset({"concat", "sum", "mul", "ave"})
"""How `Bidirectional` joins its two directions."""

OPERATOR_ACTIVATIONS: Mapping[str, str] = {
    "Relu": "relu", "Relu6": "relu6", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softmax": "softmax",
    "Softplus": "softplus", "Softsign": "softsign", "Silu": "silu", "Selu": "selu", "Elu": "elu", "Gelu": "gelu",
    "LeakyRelu": "leaky_relu", "HardSigmoid": "hard_sigmoid",
}  # fmt: skip
"""Operators that are the same as an activation of the layer before them."""
