"""The layers that zone M (the measuring process) may build: their traits, and which settings are accepted.

Anything else in a claim is refused by name, and nothing is ever deserialised: a layer is made by calling Keras's own
class with plain, checked values. Initialisers, regularisers, constraints and names are dropped, since the arrays come
from the claim and nothing is trained here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import layer_traits as traits
from .layer_traits import LayerTraits, activation_layer
from .setting_rules import (
    MAX_STEP,
    MAX_UNITS,
    MAX_WINDOW,
    LayerRule,
    RefusedError,
    Setting,
    activation,
    boolean,
    choice,
    einsum_equation,
    free_integers,
    integer,
    integers,
    letters,
    number,
    numbers,
    optional,
    window,
)
from .texts import shortened

_UNITS = integer(1, MAX_UNITS)
_STEPS = integers(1, MAX_STEP)
_WINDOW = window(MAX_WINDOW)
_AXIS, _AXES = integer(-8, 8), integers(-8, 8)
_SIDE = integer(1, MAX_STEP)
_PADDING = choice("valid", "same")
_CAUSAL = choice("valid", "same", "causal")
_FORMAT = optional(choice("channels_last"))
_EDGES = integers(0, MAX_STEP)
_INTERPOLATION = choice("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
_HEADS = integer(1, MAX_STEP)


def _rules(stem: str, dimensions: Iterable[int], rule: LayerRule, **special: LayerRule) -> dict[str, LayerRule]:
    """Return one rule for the one-, two- and three-dimensional form of a layer, or the rule of an exception."""
    names = (stem.format(dimension) for dimension in dimensions)
    return {name: special.get(name, rule) for name in names}


_SLIDING: Mapping[str, Setting] = {
    "kernel_size": _WINDOW, "strides": _STEPS, "padding": _PADDING, "dilation_rate": _STEPS, "data_format": _FORMAT,
    "activation": activation, "use_bias": boolean,
}  # fmt: skip
_CONVOLUTION: Mapping[str, Setting] = {"filters": _UNITS, **_SLIDING}
_SLID = ("kernel_size", "strides", "padding", "dilation_rate", "activation", "use_bias")
_CONVOLVED = ("filters", *_SLID)
_GROUPED: Mapping[str, Setting] = {**_CONVOLUTION, "groups": _UNITS}
_TRANSPOSED: Mapping[str, Setting] = {**_CONVOLUTION, "output_padding": optional(_EDGES)}
_DEPTHWISE: Mapping[str, Setting] = {**_SLIDING, "depth_multiplier": _UNITS}

_ALL = (1, 2, 3)
_CONVOLUTIONS: Mapping[str, LayerRule] = {
    **_rules(
        "Conv{}D", _ALL, LayerRule(_GROUPED, (*_CONVOLVED, "groups"), traits=traits.CONVOLUTION),
        Conv1D=LayerRule({**_GROUPED, "padding": _CAUSAL}, (*_CONVOLVED, "groups"), traits=traits.CONVOLUTION),
    ),
    **_rules(
        "Conv{}DTranspose", _ALL,
        LayerRule(_TRANSPOSED, (*_CONVOLVED, "output_padding"), traits=traits.TRANSPOSED_CONVOLUTION),
    ),
    **_rules(
        "SeparableConv{}D", (1, 2),
        LayerRule(
            {**_CONVOLUTION, "depth_multiplier": _UNITS}, (*_CONVOLVED, "depth_multiplier"), traits=traits.CONVOLUTION
        ),
        SeparableConv1D=LayerRule(
            {**_CONVOLUTION, "depth_multiplier": _UNITS, "padding": _CAUSAL}, (*_CONVOLVED, "depth_multiplier"),
            traits=traits.CONVOLUTION,
        ),
    ),
    **_rules(
        "DepthwiseConv{}D", (1, 2),
        LayerRule(_DEPTHWISE, (*_SLID, "depth_multiplier"), traits=traits.CONVOLUTION),
    ),
}  # fmt: skip

_ACROSS = {"keepdims": boolean, "data_format": _FORMAT}
_POOLED: Mapping[str, Setting] = {
    "pool_size": _WINDOW, "strides": optional(_STEPS), "padding": _PADDING, "data_format": _FORMAT,
}  # fmt: skip


def _pools(kind: str, of: LayerTraits) -> dict[str, LayerRule]:
    """Return the poolings by maximum or by mean: over windows, globally, and adaptive."""
    return {
        **_rules(f"{kind}Pooling{{}}D", _ALL, LayerRule(_POOLED, ("pool_size", "strides", "padding"), traits=of)),
        **_rules(f"Global{kind}Pooling{{}}D", _ALL, LayerRule(_ACROSS, ("keepdims",), traits=of)),
        **_rules(
            f"Adaptive{kind}Pooling{{}}D", _ALL,
            LayerRule({"output_size": _STEPS, "data_format": _FORMAT}, ("output_size",), traits=of),
        ),
    }  # fmt: skip


_POOLINGS: Mapping[str, LayerRule] = {
    **_pools("Max", traits.MAX_POOLING),
    **_pools("Average", traits.POOLING),
}

_PADDED = LayerRule({"padding": _EDGES, "data_format": _FORMAT}, ("padding",), traits=traits.RESIZING)
_CROPPED = LayerRule({"cropping": _EDGES, "data_format": _FORMAT}, ("cropping",), traits=traits.RESIZING)
_RESHAPING: Mapping[str, LayerRule] = {
    "Flatten": LayerRule({"data_format": _FORMAT}, traits=traits.RESHAPING),
    "Reshape": LayerRule({"target_shape": integers(-1, 2**22)}, traits=traits.RESHAPING),
    "Permute": LayerRule({"dims": integers(1, 8)}, ("dims",)),
    "RepeatVector": LayerRule({"n": integer(1, 4096)}, ("n",), traits=traits.REPEATING),
    "UpSampling1D": LayerRule({"size": _STEPS}, ("size",), traits=traits.UPSAMPLING),
    "UpSampling2D": LayerRule(
        {"size": _STEPS, "data_format": _FORMAT, "interpolation": _INTERPOLATION},
        ("size", "interpolation"),
        traits=traits.UPSAMPLING,
    ),
    "UpSampling3D": LayerRule({"size": _STEPS, "data_format": _FORMAT}, ("size",), traits=traits.UPSAMPLING),
    **_rules("ZeroPadding{}D", _ALL, _PADDED),
    **_rules(
        "Cropping{}D", _ALL, _CROPPED, Cropping1D=LayerRule({"cropping": _EDGES}, ("cropping",), traits=traits.RESIZING)
    ),
}

_LEARNT_SCALE = {"epsilon": number, "center": boolean, "scale": boolean}
_NORMALIZATIONS: Mapping[str, LayerRule] = {
    "BatchNormalization": LayerRule(
        {"axis": _AXIS, **_LEARNT_SCALE}, ("axis",), {"renorm": False}, traits=traits.BATCH_NORMALISATION
    ),
    "LayerNormalization": LayerRule(
        {"axis": _AXES, **_LEARNT_SCALE}, ("axis",), {"rms_scaling": False}, traits=traits.NORMALISATION_IN_ANY_ORDER
    ),
    "GroupNormalization": LayerRule(
        {"groups": integer(-1, MAX_UNITS), "axis": _AXIS, **_LEARNT_SCALE}, ("groups", "axis"),
        traits=traits.NORMALISATION,
    ),
    "RMSNormalization": LayerRule({"axis": _AXES, "epsilon": number}, ("axis",), traits=traits.NORMALISATION),
    "UnitNormalization": LayerRule({"axis": _AXES}, ("axis",), traits=traits.NORMALISATION_IN_ANY_ORDER),
    "Normalization": LayerRule(
        {"axis": optional(_AXES), "invert": boolean}, ("axis", "invert"), traits=traits.STANDARDISATION
    ),
}  # fmt: skip

_ONE_STEP: Mapping[str, Setting] = {
    "units": _UNITS, "activation": activation, "recurrent_activation": activation, "use_bias": boolean,
}  # fmt: skip
_OVER_TIME: Mapping[str, Setting] = {"return_sequences": boolean, "return_state": boolean, "go_backwards": boolean}
_SIMPLE_STEP = {name: rule for name, rule in _ONE_STEP.items() if name != "recurrent_activation"}
_STATELESS = {"stateful": False}
_STATES = ("initial_state",)
_UNROLLED = ("units", "return_sequences", "activation", "recurrent_activation")
_CONVOLVED_OVER_TIME = LayerRule(
    {**_CONVOLUTION, "recurrent_activation": activation, **_OVER_TIME},
    (*_CONVOLVED, "return_sequences", "recurrent_activation"),
    _STATELESS,
    _STATES,
    traits.RECURRENT_CONVOLUTION,
)
_RECURRENT: Mapping[str, LayerRule] = {
    "SimpleRNN": LayerRule(
        {**_SIMPLE_STEP, **_OVER_TIME},
        ("units", "return_sequences", "activation"),
        _STATELESS,
        _STATES,
        traits.RECURRENT,
    ),
    "LSTM": LayerRule({**_ONE_STEP, **_OVER_TIME}, _UNROLLED, _STATELESS, _STATES, traits.RECURRENT),
    "GRU": LayerRule(
        {**_ONE_STEP, "reset_after": boolean, **_OVER_TIME}, _UNROLLED, _STATELESS, _STATES, traits.RECURRENT
    ),
    **_rules("ConvLSTM{}D", _ALL, _CONVOLVED_OVER_TIME),
}

CELLS: Mapping[str, LayerRule] = {
    "SimpleRNNCell": LayerRule(_SIMPLE_STEP, traits=traits.CELL),
    "LSTMCell": LayerRule(_ONE_STEP, traits=traits.CELL),
    "GRUCell": LayerRule({**_ONE_STEP, "reset_after": boolean}, traits=traits.CELL),
}
"""One step of a recurrent layer, which `RNN` repeats."""

RNN = LayerRule(
    {**_OVER_TIME, "zero_output_for_mask": boolean}, ("return_sequences",), _STATELESS, _STATES, traits.CELL
)
"""`RNN` around cells of the list."""

_PROJECTED: Mapping[str, Setting] = {
    "use_bias": boolean, "output_shape": optional(free_integers), "attention_axes": optional(_AXES),
    "sliding_window": optional(_UNITS), "use_gate": boolean,
}  # fmt: skip
_ATTENTIONS: Mapping[str, LayerRule] = {
    "MultiHeadAttention": LayerRule(
        {"num_heads": _HEADS, "key_dim": _UNITS, "value_dim": optional(_UNITS), **_PROJECTED},
        ("num_heads", "key_dim"), {}, ("query", "value", "key"), traits.ATTENTION,
    ),
    "GroupedQueryAttention": LayerRule(
        {
            "head_dim": _UNITS, "num_query_heads": _HEADS, "num_key_value_heads": _HEADS, "use_bias": boolean,
            "sliding_window": optional(_UNITS), "use_gate": boolean,
        },
        ("num_query_heads", "head_dim"), {}, ("query", "value", "key"), traits.ATTENTION,
    ),
    "Attention": LayerRule(
        {"use_scale": boolean, "score_mode": choice("dot", "concat")}, ("score_mode",), traits=traits.ATTENTION
    ),
    "AdditiveAttention": LayerRule({"use_scale": boolean}, traits=traits.ATTENTION),
}  # fmt: skip

_PICTURES: Mapping[str, LayerRule] = {
    "Rescaling": LayerRule({"scale": numbers, "offset": numbers}, ("scale", "offset"), traits=traits.FIXED_SCALE),
    "Resizing": LayerRule(
        {
            "height": _SIDE, "width": _SIDE, "interpolation": _INTERPOLATION, "crop_to_aspect_ratio": boolean,
            "pad_to_aspect_ratio": boolean, "fill_mode": choice("constant"), "fill_value": number,
            "antialias": boolean, "data_format": _FORMAT,
        },
        ("height", "width", "interpolation"), traits=traits.RESIZING,
    ),
    **dict.fromkeys(("CenterCrop", "RandomCrop"), LayerRule(
        {"height": _SIDE, "width": _SIDE, "data_format": _FORMAT}, ("height", "width"), traits=traits.RESIZING
    )),
    "AutoContrast": LayerRule({"value_range": numbers}, ("value_range",)),
}  # fmt: skip

LAYERS: dict[str, LayerRule] = {
    "Dense": LayerRule(
        {"units": _UNITS, "activation": activation, "use_bias": boolean}, ("units", "activation", "use_bias"),
        traits=traits.DENSE,
    ),
    "EinsumDense": LayerRule(
        {
            "equation": einsum_equation, "output_shape": free_integers, "bias_axes": optional(letters),
            "activation": activation,
        },
        ("equation", "activation"), traits=traits.PROJECTION,
    ),
    "Activation": LayerRule({"activation": activation}, ("activation",), traits=activation_layer("linear")),
    "ReLU": LayerRule(
        {"max_value": optional(number), "negative_slope": number, "threshold": number},
        ("max_value", "negative_slope", "threshold"), traits=activation_layer("relu with settings of its own"),
    ),
    "LeakyReLU": LayerRule({"negative_slope": number}, ("negative_slope",), traits=activation_layer("leaky_relu")),
    "ELU": LayerRule({"alpha": number}, ("alpha",), traits=activation_layer("elu")),
    "PReLU": LayerRule(
        {"shared_axes": optional(_STEPS)}, ("shared_axes",), traits=activation_layer("prelu", learns=True)
    ),
    "Softmax": LayerRule({"axis": _AXES}, ("axis",), traits=activation_layer("softmax")),
    **_RESHAPING,
    **_NORMALIZATIONS,
    **_CONVOLUTIONS,
    **_POOLINGS,
    **_RECURRENT,
    **_ATTENTIONS,
    **_PICTURES,
    "Embedding": LayerRule(
        {"input_dim": _UNITS, "output_dim": _UNITS, "mask_zero": boolean}, ("input_dim", "output_dim"),
        traits=traits.LOOKUP,
    ),
    "ReversibleEmbedding": LayerRule(
        {
            "input_dim": _UNITS, "output_dim": _UNITS, "tie_weights": boolean, "mask_zero": boolean,
            "logit_soft_cap": optional(number),
        },
        ("input_dim", "output_dim"), traits=traits.LOOKUP,
    ),
    "Masking": LayerRule({"mask_value": number}, ("mask_value",), traits=traits.MASKING),
    **dict.fromkeys(
        ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), LayerRule(traits=traits.JOINING)
    ),
    "Concatenate": LayerRule({"axis": _AXIS}, ("axis",), traits=traits.JOINING),
    "Dot": LayerRule({"axes": _AXES, "normalize": boolean}, ("axes", "normalize"), traits=traits.JOINING_BY_PLACE),
}  # fmt: skip
"""Layers that compute something at inference."""

_STRENGTH: Mapping[str, Setting] = {"rate": number, "stddev": number}
IDENTITY_AT_INFERENCE: dict[str, LayerRule] = {
    **dict.fromkeys(
        ("AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise"),
        LayerRule(_STRENGTH, ("rate", "stddev"), traits=traits.NOISE),
    ),
    **_rules("SpatialDropout{}D", _ALL, LayerRule(_STRENGTH, ("rate", "stddev"), traits=traits.NOISE_BY_PLACE)),
    **dict.fromkeys(
        (
            "AugMix", "CutMix", "Equalization", "MaxNumBoundingBoxes", "MixUp", "RandAugment", "RandomBrightness",
            "RandomColorDegeneration", "RandomColorJitter", "RandomContrast", "RandomElasticTransform",
            "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert",
            "RandomPerspective", "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness",
            "RandomShear", "RandomTranslation", "RandomZoom", "Solarization",
        ),
        LayerRule(traits=traits.AUGMENTATION),
    ),
    "ActivityRegularization": LayerRule({"l1": number, "l2": number}, ("l1", "l2"), traits=traits.PENALTY),
    "Identity": LayerRule(traits=traits.IDENTITY),
}  # fmt: skip
"""Layers that pass numbers through unchanged outside training: read from the graph, never built."""

WRAPPERS: Mapping[str, LayerTraits] = {
    "TimeDistributed": traits.OVER_STEPS, "Bidirectional": traits.BOTH_WAYS, "SpectralNormalization": traits.WRAPPER,
}  # fmt: skip
"""Layers around another layer; the inner one must be on the list itself."""

MERGE_MODES = frozenset({"concat", "sum", "mul", "ave"})
"""How `Bidirectional` joins its two directions."""


_OTHERS: Mapping[str, LayerTraits] = {
    "InputLayer": traits.IDENTITY, "StackedRNNCells": traits.CELL, "RNN": traits.CELL, "Sampling": traits.SAMPLING,
}  # fmt: skip
"""Other entries of a claim besides these layers: the input, containers of cells, a drawn code."""


def add_layer(kind: str, rule: LayerRule) -> None:
    """Add a kind of layer that `keras.layers` has to the list; its traits say whether it is ever built."""
    (IDENTITY_AT_INFERENCE if rule.traits.idle_at_inference else LAYERS)[kind] = rule


def known_traits() -> dict[str, LayerTraits]:
    """Return the traits of every kind on the list, including wrappers and cells."""
    rules = {**CELLS, **LAYERS, **IDENTITY_AT_INFERENCE}
    return {**{kind: rule.traits for kind, rule in rules.items()}, **WRAPPERS, **_OTHERS}


def accept_layer(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the accepted settings of a layer, without those of the layers inside it.

    Raises:
        RefusedError: The layer, a layer inside it or one of their settings is not on the list.
    """
    if kind in WRAPPERS:
        return _accept_wrapper(kind, config)
    if kind == "RNN":
        for cell in cells_of(config):
            CELLS[cell["class_name"]].accept(cell["class_name"], cell["config"])
        return RNN.accept(kind, config)
    rule = LAYERS.get(kind) or IDENTITY_AT_INFERENCE.get(kind)
    if rule is None:
        raise RefusedError(shortened(f"the layer `{kind}`"))
    return rule.accept(kind, config)


def _accept_wrapper(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("layer", "backward_layer") if kind == "Bidirectional" else ("layer",)
    inner = [inner_layer(kind, config, key) for key in keys]
    if kind != "Bidirectional":
        accept_layer(inner[0]["class_name"], inner[0]["config"])
        return {}
    mode = config.get("merge_mode")
    if not isinstance(mode, str) or mode not in MERGE_MODES:
        raise RefusedError(shortened(f"Bidirectional(merge_mode={mode!r})"))
    accepted = [accept_layer(one["class_name"], one["config"]) for one in inner]
    kinds = {one["class_name"] for one in inner}
    ways = [bool(one.pop("go_backwards", False)) for one in accepted]
    if not kinds <= _RECURRENT.keys() or len(kinds) > 1 or accepted[0] != accepted[1] or ways != [False, True]:
        raise RefusedError("`Bidirectional` around two layers that are not one recurrent layer and its twin")
    return {"merge_mode": mode}


def inner_layer(kind: str, config: Mapping[str, Any], key: str = "layer") -> Mapping[str, Any]:
    """Return class and settings of the layer inside another one.

    Raises:
        RefusedError: There is none, or it is not one of Keras's own.
    """
    inner = config.get(key)
    if not isinstance(inner, Mapping) or not isinstance(inner.get("config"), Mapping):
        raise RefusedError(f"`{kind}` without its layer")
    name = inner.get("class_name")
    if not isinstance(name, str) or not str(inner.get("module")).startswith("keras.src."):
        raise RefusedError(shortened(f"`{kind}` around the layer `{name}`"))
    return inner


def cells_of(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the cells that an `RNN` repeats, from first to last.

    Raises:
        RefusedError: One of them is not on the list.
    """
    outer = inner_layer("RNN", config, "cell")
    stacked = outer["config"].get("cells") if outer["class_name"] == "StackedRNNCells" else [outer]
    if not isinstance(stacked, list) or not 0 < len(stacked) <= 64:
        raise RefusedError("`StackedRNNCells` without its cells")
    cells = [inner_layer("RNN", {"cell": cell}, "cell") for cell in stacked]
    for cell in cells:
        if cell["class_name"] not in CELLS:
            raise RefusedError(shortened(f"`RNN` around the cell `{cell['class_name']}`"))
    return cells
