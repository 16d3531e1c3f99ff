"""Operators of `keras.ops` that a rebuilt model may contain; what the measuring process (zone M) refuses in calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import layer_traits as traits
from .layer_rules import LAYERS, RNN, accept_layer
from .layer_traits import LayerTraits
from .setting_rules import RefusedError, einsum_equation
from .texts import shortened

OPERATORS_MODULE = "keras.src.ops."
SAMPLING_MODULE = "grader.sampling"
"""Replaces the module of a student's layer that draws a code from a mean and a log-variance."""

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
    "GreaterEqual": "greater_equal", "Less": "less", "LessEqual": "less_equal", "Equal": "equal",
    "NotEqual": "not_equal", "LogicalAnd": "logical_and", "LogicalOr": "logical_or", "LogicalNot": "logical_not",
    "ZerosLike": "zeros_like", "OnesLike": "ones_like", "FullLike": "full_like", "BroadcastTo": "broadcast_to",
    "Std": "std", "Prod": "prod", "Average": "average", "Cumsum": "cumsum", "Cumprod": "cumprod", "Floor": "floor",
    "Ceil": "ceil", "Round": "round", "Trunc": "trunc", "Reciprocal": "reciprocal", "Mod": "mod", "Tan": "tan",
    "Arctan": "arctan", "Arctan2": "arctan2", "Sinh": "sinh", "Cosh": "cosh", "Log2": "log2", "Log10": "log10",
    "Erf": "erf", "Logsumexp": "logsumexp", "Moveaxis": "moveaxis", "Ravel": "ravel", "Pad": "pad", "Hstack": "hstack",
    "Vstack": "vstack", "Outer": "outer", "Inner": "inner", "Tensordot": "tensordot", "Take": "take",
    "Normalize": "normalize", "Celu": "celu", "Glu": "glu", "HardTanh": "hard_tanh", "HardSilu": "hard_silu",
    "HardShrink": "hard_shrink", "SoftShrink": "soft_shrink", "TanhShrink": "tanh_shrink", "Threshold": "threshold",
    "LogSigmoid": "log_sigmoid", "Squareplus": "squareplus", "SparsePlus": "sparse_plus",
    "SparseSigmoid": "sparse_sigmoid", "Sparsemax": "sparsemax", "Identity": "identity", "Copy": "copy",
    "NanToNum": "nan_to_num", "Conv": "conv", "DepthwiseConv": "depthwise_conv", "ConvTranspose": "conv_transpose",
    "MaxPool": "max_pool", "AveragePool": "average_pool", "Fliplr": "fliplr", "Flipud": "flipud", "Amax": "amax",
    "Amin": "amin", "Any": "any", "All": "all",
}  # fmt: skip
"""Operators that a model may contain (`x + y`, `keras.ops.relu(x)`); `GetItem` and `Einsum` are handled apart."""

IDENTITY_OPERATORS = frozenset({"ConvertToTensor", "StopGradient", "Cast"})
"""Operators that pass numbers through unchanged; `Cast` only to floating-point numbers."""

CONSTANT_OPERATORS = frozenset({"ZerosLike", "OnesLike", "FullLike"})
"""Operators that read the shape of a tensor and none of its numbers."""

OPERATOR_TRAITS: Mapping[str, LayerTraits] = {
    **dict.fromkeys((*sorted(IDENTITY_OPERATORS), "Identity", "Copy"), traits.IDENTITY),
    **dict.fromkeys(("Reshape", "ExpandDims", "Squeeze"), traits.RESHAPING),
    **dict.fromkeys(("Conv", "DepthwiseConv"), LayerTraits(learns=True, convolutional=True)),
    "ConvTranspose": LayerTraits(learns=True, convolutional=True, transposed=True),
    "MaxPool": traits.MAX_POOLING,
    "AveragePool": traits.POOLING,
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Maximum", "Minimum", "Concatenate"), traits.JOINING),
    **dict.fromkeys(("Stack", "Hstack", "Vstack", "Dot"), traits.JOINING_BY_PLACE),
}
"""Traits of operators, by layer kind where a layer does the same; both agree under a shared name."""

FLOATS = frozenset({"float16", "bfloat16", "float32", "float64"})

MASKS = frozenset({"mask", "query_mask", "value_mask", "key_mask"})
"""Arguments of a layer's call that say which steps of a sequence count; Keras sets them itself."""

WORDS = frozenset({"constant", "reflect", "symmetric", "valid", "same", "channels_last"})
"""Settings of operators that are words."""

OPERATOR_ACTIVATIONS: Mapping[str, str] = {
    "Relu": "relu", "Relu6": "relu6", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softmax": "softmax",
    "Softplus": "softplus", "Softsign": "softsign", "Silu": "silu", "Selu": "selu", "Elu": "elu", "Gelu": "gelu",
    "LeakyRelu": "leaky_relu", "HardSigmoid": "hard_sigmoid",
}  # fmt: skip
"""Operators that are the same as an activation of the layer before them."""


def operator_settings(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of an operator: numbers, flags, allowed words or lists of numbers.

    Raises:
        RefusedError: The operator or a setting is not on the list.
    """
    if kind == "Cast":
        dtype = config.get("dtype")
        if not isinstance(dtype, str) or dtype not in FLOATS:
            raise RefusedError(shortened(f"Cast(dtype={dtype!r})"))
    if kind == "Einsum":
        einsum_equation(config.get("subscripts"))
    if kind in IDENTITY_OPERATORS or kind in ("GetItem", "Einsum"):
        return {}
    if kind not in OPERATORS:
        raise RefusedError(f"the operator `{kind}`")
    dropped = ("name", "dtype", "trainable")
    settings = {name: value for name, value in config.items() if name not in dropped and value is not None}
    for name, value in settings.items():
        if not isinstance(value, bool | int | float | list) and not (isinstance(value, str) and value in WORDS):
            raise RefusedError(shortened(f"{kind}({name}={value!r})"))
    return settings


def tensor_arguments(kind: str) -> tuple[str, ...]:
    """Return the names of a layer's call arguments, besides its input, that may be tensors."""
    if kind == "Bidirectional":
        return RNN.tensors
    rule = RNN if kind == "RNN" else LAYERS.get(kind)
    return () if rule is None else rule.tensors


def is_layer(claim: Mapping[str, Any]) -> bool:
    """Return whether a claim is that of one of Keras's own layers, and not of an operator."""
    module = str(claim["module"])
    return module.startswith("keras.src.") and not module.startswith(OPERATORS_MODULE)


def accept_operation(claim: Mapping[str, Any]) -> None:
    """Check a claimed layer or operator as zone M will.

    Args:
        claim: With `class_name`, `module` and `config`, as the probe writes them.

    Raises:
        RefusedError: Zone M will not build it.
    """
    kind, module, config = claim["class_name"], claim["module"], claim["config"]
    if module.startswith(OPERATORS_MODULE):
        operator_settings(kind, config)
    elif module != SAMPLING_MODULE:
        if not module.startswith("keras.src."):
            raise RefusedError(shortened(f"the layer `{kind}`"))
        accept_layer(kind, config)
