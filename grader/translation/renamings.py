"""What was renamed, moved or removed: only data, tested on Keras 3.15, NumPy 2.4, pandas 3 and scikit-learn 1.9.

Keras is written `keras` here, whether a notebook says `keras` or `tensorflow.keras`.
"""

# ruff: noqa: E501 - rows of a table read best on one line

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _frozen(**rows: str) -> Mapping[str, str]:
    return MappingProxyType(rows)


MOVED_MODULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{
            f"keras.layers.{part}": "keras.layers"
            for part in (
                "core", "convolutional", "advanced_activations", "normalization", "pooling", "recurrent", "noise",
                "embeddings", "wrappers", "merge", "local", "convolutional_recurrent", "experimental.preprocessing",
            )
        },
        "keras.engine": "keras",
        "keras.engine.topology": "keras",
        "keras.engine.base_layer": "keras",
        "keras.engine.input_layer": "keras",
        "keras.engine.training": "keras",
        "keras.engine.network": "keras",
        "keras.utils.np_utils": "keras.utils",
        "keras.utils.vis_utils": "keras.utils",
        "keras.utils.visualize_util": "keras.utils",
        "keras.utils.generic_utils": "keras.utils",
        "keras.utils.data_utils": "keras.utils",
        "keras.objectives": "keras.losses",
        "keras.optimizers.legacy": "keras.optimizers",
        "sklearn.cross_validation": "sklearn.model_selection",
        "sklearn.grid_search": "sklearn.model_selection",
    }
)  # fmt: skip
"""Modules whose members are elsewhere under the same names."""

LOST_MEMBERS: Final = frozenset(
    {
        "MaxoutDense", "Highway", "Merge", "merge", "AutoEncoder", "TimeDistributedDense", "Container", "Network",
        "AtrousConvolution2D", "LocallyConnected1D", "LocallyConnected2D", "ThresholdedReLU", "print_summary",
        "model_from_yaml", "Graph", "Deconvolution2D", "multi_gpu_model", "Imputer", "plot_confusion_matrix", "load_boston",
        "fetch_mldata", "imread", "imresize", "imsave", "toimage",
    }
)  # fmt: skip
"""Names that their modules no longer have: an import of an unused one is removed, others stay."""

CHANGED_MEMBERS: Final = frozenset({"KFold", "StratifiedKFold", "ShuffleSplit", "LeaveOneOut"})
"""Names that mean something else in the module that `sklearn.cross_validation` became."""

GONE_MODULES: Final = (
    "keras.wrappers",
    "tensorflow.examples",
    "tensorflow.contrib",
    "keras.backend.tensorflow_backend",
    "keras.initializations",
    "keras.legacy",
    "keras.utils.layer_utils",
    "scipy.misc",
    "sklearn.externals.six",
)
"""Modules that are gone with all their content."""

TENSORFLOW_ONLY: Final[Mapping[str, str]] = MappingProxyType(
    {"ImageDataGenerator": "keras.preprocessing.image", "Tokenizer": "keras.preprocessing.text"}
)
"""Names that `tensorflow.keras` has and `keras` has not, and their modules."""

GRAPH_MODE: Final = frozenset({
    "Session", "InteractiveSession", "placeholder", "global_variables_initializer", "initialize_all_variables",
    "reset_default_graph", "get_variable", "variable_scope", "contrib", "layers", "ConfigProto", "GPUOptions", "app",
    "logging", "to_float", "trainable_variables",
})  # fmt: skip
"""What TensorFlow 1 had for graphs and sessions."""

RENAMED_MEMBERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{f"keras.optimizers.{name.lower()}": name for name in ("Adam", "RMSprop", "Adadelta", "Adagrad", "Nadam", "Adamax")},
        "keras.optimizers.sgd": "SGD",
        "keras.utils.plot": "plot_model",
        "keras.regularizers.activity_l1": "l1",
        "keras.regularizers.activity_l2": "l2",
        "keras.regularizers.l1l2": "l1_l2",
        "keras.constraints.maxnorm": "max_norm",
        "keras.constraints.nonneg": "non_neg",
        "keras.constraints.unitnorm": "unit_norm",
        "keras.layers.CuDNNLSTM": "LSTM",
        "keras.layers.CuDNNGRU": "GRU",
        "numpy.Inf": "inf",
        "numpy.Infinity": "inf",
        "numpy.infty": "inf",
        "numpy.PINF": "inf",
        "numpy.NaN": "nan",
        "numpy.NAN": "nan",
        "numpy.float_": "float64",
        "numpy.complex_": "complex128",
        "numpy.unicode_": "str_",
        "numpy.string_": "bytes_",
        "numpy.product": "prod",
        "numpy.cumproduct": "cumprod",
        "numpy.sometrue": "any",
        "numpy.alltrue": "all",
        "numpy.round_": "round",
        "numpy.trapz": "trapezoid",
        "numpy.rank": "ndim",
        "numpy.mat": "asmatrix",
        "tensorflow.random_normal": "random.normal",
        "tensorflow.random_uniform": "random.uniform",
        "tensorflow.truncated_normal": "random.truncated_normal",
        "tensorflow.set_random_seed": "random.set_seed",
        "tensorflow.log": "math.log",
        "matplotlib.pyplot.cm.get_cmap": "get_cmap",
    }
)  # fmt: skip
"""Dotted name → its last part today. Above it, `matplotlib.pyplot.cm` loses a part as well (see `SHORTENED`)."""

SHORTENED: Final = frozenset({"matplotlib.pyplot.cm.get_cmap"})
"""Renamed members that are one level higher today."""

LOSS_NAMES: Final = _frozen(
    mse="mean_squared_error", MSE="mean_squared_error", mae="mean_absolute_error", MAE="mean_absolute_error",
    mape="mean_absolute_percentage_error", MAPE="mean_absolute_percentage_error", msle="mean_squared_logarithmic_error",
    MSLE="mean_squared_logarithmic_error", kld="kl_divergence", KLD="kl_divergence",
    kullback_leibler_divergence="kl_divergence", logcosh="log_cosh",
)  # fmt: skip
"""Losses and metrics that `keras` has only under the long name."""

TF_LOSS_NAMES: Final = _frozen(
    mean_squared_error="mse", mean_absolute_error="mae", mean_absolute_percentage_error="mape",
    mean_squared_logarithmic_error="msle", kl_divergence="kld", log_cosh="logcosh",
)  # fmt: skip
"""Losses and metrics that `tf.keras` has only under the short name."""

BUILTINS: Final = _frozen(float="float", int="int", object="object", str="str", long="int", unicode="str")
"""Names of NumPy that were the builtins of Python."""

_COMMON: Final = {
    "init": "kernel_initializer", "W_regularizer": "kernel_regularizer", "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint", "b_constraint": "bias_constraint", "bias": "use_bias",
}  # fmt: skip
_CONVOLUTION: Final = {
    **_COMMON, "nb_filter": "filters", "border_mode": "padding", "subsample": "strides", "filter_length": "kernel_size",
    "subsample_length": "strides",
}  # fmt: skip
_RECURRENT: Final = {
    "init": "kernel_initializer", "inner_init": "recurrent_initializer", "inner_activation": "recurrent_activation",
    "output_dim": "units", "W_regularizer": "kernel_regularizer", "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer", "dropout_W": "dropout", "dropout_U": "recurrent_dropout",
}  # fmt: skip
_POOLING: Final = {"border_mode": "padding"}
_IN_OUT: Final = {"input": "inputs", "output": "outputs"}

ARGUMENTS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        **{f"keras.layers.{name}": _CONVOLUTION for name in (
            "Conv1D", "Conv2D", "Conv3D", "Convolution1D", "Convolution2D", "Convolution3D", "SeparableConv2D",
            "SeparableConvolution2D", "Conv2DTranspose",
        )},
        **{f"keras.layers.{name}": _RECURRENT for name in ("LSTM", "GRU", "SimpleRNN")},
        **{f"keras.layers.{name}": _POOLING for name in (
            "MaxPooling1D", "MaxPooling2D", "MaxPool2D", "AveragePooling1D", "AveragePooling2D", "MaxPooling3D",
        )},
        "keras.layers.Dense": {**_COMMON, "output_dim": "units"},
        "keras.layers.Embedding": {"init": "embeddings_initializer"},
        "keras.layers.Dropout": {"p": "rate"},
        "keras.layers.SpatialDropout2D": {"p": "rate"},
        "keras.layers.GaussianDropout": {"p": "rate"},
        "keras.layers.GaussianNoise": {"sigma": "stddev"},
        "keras.Model": _IN_OUT,
        "keras.models.Model": _IN_OUT,
        "keras.utils.to_categorical": {"nb_classes": "num_classes"},
        "keras.regularizers.l1": {"l": "l1"},
        "keras.regularizers.l2": {"l": "l2"},
        "numpy.reshape": {"newshape": "shape"},
        "sklearn.manifold.TSNE": {"n_iter": "max_iter"},
        "sklearn.preprocessing.OneHotEncoder": {"sparse": "sparse_output"},
        "matplotlib.pyplot.hist": {"normed": "density"},
        "matplotlib.pyplot.grid": {"b": "visible"},
        **{f"keras.optimizers.{name}": {"lr": "learning_rate"} for name in (
            "Adam", "SGD", "RMSprop", "Adadelta", "Adagrad", "Nadam", "Adamax", "AdamW", "Ftrl",
        )},
    }
)  # fmt: skip
"""Arguments of a function or class that have another name today."""

KERAS_1_ARGUMENTS: Final = frozenset(
    {"border_mode", "subsample", "nb_filter", "nb_row", "nb_col", "init", "dim_ordering", "W_regularizer", "nb_epoch"}
)
"""Arguments that only Keras 1 had, so the rest of the notebook is from that time as well."""

OPTIMIZERS: Final = frozenset({"Adam", "SGD", "RMSprop", "Adadelta", "Adagrad", "Nadam", "Adamax"})
DEFAULT_RATES: Final[Mapping[str, str]] = MappingProxyType({"SGD": "0.01", "RMSprop": "0.001", "Adam": "0.001"})
"""Rates that never changed, of the optimizers that are used with `decay=`."""

SLOW_RATES: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {"Adadelta": (0.001, 1.0), "Adagrad": (0.001, 0.01), "SGD": (0.01, 0.01)}
)
"""Default rates: today's, and that of Keras before TensorFlow 2."""

PURE_BACKEND: Final = frozenset({
    "backend", "clear_session", "epsilon", "floatx", "get_uid", "image_data_format", "is_float_dtype", "is_int_dtype",
    "is_keras_tensor", "result_type", "set_epsilon", "set_floatx", "set_image_data_format", "standardize_dtype",
})  # fmt: skip
"""What `keras.backend` still has."""

TF_BACKEND: Final = frozenset({
    "abs", "all", "any", "arange", "argmax", "argmin", "batch_dot", "batch_flatten", "batch_get_value",
    "batch_normalization", "binary_crossentropy", "cast", "cast_to_floatx", "categorical_crossentropy", "clip",
    "concatenate", "constant", "conv2d", "count_params", "cumprod", "cumsum", "dot", "dropout", "dtype", "elu", "equal",
    "eval", "exp", "expand_dims", "eye", "flatten", "gather", "get_value", "gradients", "greater", "greater_equal",
    "hard_sigmoid", "int_shape", "l2_normalize", "less", "less_equal", "log", "max", "maximum", "mean", "min", "minimum",
    "ndim", "not_equal", "one_hot", "ones", "ones_like", "permute_dimensions", "pow", "prod", "random_bernoulli",
    "random_normal", "random_uniform", "relu", "repeat", "repeat_elements", "reshape", "resize_images", "reverse", "round",
    "shape", "sigmoid", "sign", "sin", "cos", "softmax", "softplus", "softsign", "sqrt", "square", "squeeze", "stack",
    "std", "stop_gradient", "sum", "switch", "tanh", "tile", "transpose", "truncated_normal", "var", "variable", "zeros",
    "zeros_like",
})  # fmt: skip
"""What `tf.keras.backend` has beyond that."""

SYMBOLIC: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{f"keras.backend.{name}": name for name in (
            "abs", "exp", "expand_dims", "log", "max", "maximum", "mean", "min", "minimum", "ones_like", "prod", "reshape",
            "sigmoid", "softplus", "sqrt", "square", "sum", "tanh", "zeros_like", "binary_crossentropy",
        )},
        "keras.backend.pow": "power",
        "tensorflow.abs": "abs", "tensorflow.exp": "exp", "tensorflow.math.exp": "exp", "tensorflow.math.log": "log",
        "tensorflow.log": "log", "tensorflow.maximum": "maximum", "tensorflow.minimum": "minimum", "tensorflow.pow": "power",
        "tensorflow.reduce_max": "max", "tensorflow.reduce_mean": "mean", "tensorflow.reduce_min": "min",
        "tensorflow.reduce_sum": "sum", "tensorflow.math.reduce_mean": "mean", "tensorflow.math.reduce_sum": "sum",
        "tensorflow.reshape": "reshape", "tensorflow.sqrt": "sqrt", "tensorflow.math.sqrt": "sqrt",
        "tensorflow.square": "square", "tensorflow.math.square": "square", "tensorflow.sigmoid": "sigmoid",
    }
)  # fmt: skip
"""Functions on tensors, and the equivalent in `keras.ops` with the same arguments, which takes symbolic tensors."""

SYMBOLIC_ARGUMENTS: Final = frozenset({"axis", "keepdims"})
"""Named arguments that mean the same in all of them."""
