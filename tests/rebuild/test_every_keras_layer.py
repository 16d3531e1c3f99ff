"""Every layer class that Keras ships is rebuilt, runs as a frozen graph, or is refused for a reason that stands here."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import Input, Model, layers, ops
from round_trip import answers, receive, round_trip, send, shake
from test_rebuild_layers import CASES, FRAMES, IMAGE, VECTOR

from grader.probe.flattening import NotFlattenableError, Registry, flatten
from grader.probe.frozen_graph_main import _function
from grader.probe.frozen_graphs import foreign, frozen
from grader.probe.layer_rules import IDENTITY_AT_INFERENCE
from grader.rebuild.network.allowlist import LAYERS, WRAPPERS, RefusedError

pytestmark = pytest.mark.usefixtures("alone")

COLOURS, VOLUME, FILM = (8, 8, 3), (4, 4, 4, 2), (3, 6, 6, 2)
Make = Callable[[Any], Any]


class OwnCell(layers.Layer):
    """A step of the notebook's own."""

    state_size = output_size = 4

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], 4), name="kernel")
        self.built = True

    def call(self, x: Any, states: Any) -> Any:
        new = ops.tanh(x @ self.kernel + 0.5 * states[0])
        return new, [new]


def _adapted(shape: tuple[int, ...], **settings: Any) -> Any:
    layer = layers.Normalization(**settings)
    layer.adapt(np.random.default_rng(0).normal(3, 2, (20, *shape)).astype(np.float32))
    return layer


REBUILT: dict[str, tuple[Make, tuple[int, ...]]] = {
    **{f"{kind} 3D": (lambda x, kind=kind: getattr(layers, kind)(2)(x), VOLUME) for kind in (
        "AveragePooling3D", "MaxPooling3D", "AdaptiveAveragePooling3D", "AdaptiveMaxPooling3D", "UpSampling3D",
        "ZeroPadding3D",
    )},
    **{f"{kind} global": (lambda x, kind=kind: getattr(layers, kind)()(x), VOLUME) for kind in (
        "GlobalAveragePooling3D", "GlobalMaxPooling3D", "Cropping3D",
    )},
    **{f"{kind} of frames": (lambda x, kind=kind: getattr(layers, kind)(2)(x), FRAMES) for kind in (
        "AveragePooling1D", "AdaptiveAveragePooling1D", "AdaptiveMaxPooling1D", "ZeroPadding1D", "Cropping1D",
        "DepthwiseConv1D",
    )},
    "AdaptiveAveragePooling2D": (lambda x: layers.AdaptiveAveragePooling2D((3, 2))(x), IMAGE),
    "AdaptiveMaxPooling2D": (lambda x: layers.AdaptiveMaxPooling2D(3)(x), IMAGE),
    "GlobalMaxPooling1D": (lambda x: layers.GlobalMaxPooling1D()(x), FRAMES),
    "Conv1DTranspose output_padding": (lambda x: layers.Conv1DTranspose(4, 3, 2, output_padding=1)(x), FRAMES),
    "Conv2D in groups": (lambda x: layers.Conv2D(4, 3, groups=2, activation="relu")(x), IMAGE),
    "Conv3D": (lambda x: layers.Conv3D(4, 3, padding="same", activation="tanh")(x), VOLUME),
    "Conv3DTranspose": (lambda x: layers.Conv3DTranspose(3, 2, strides=2)(x), VOLUME),
    "DepthwiseConv2D": (lambda x: layers.DepthwiseConv2D(3, depth_multiplier=2, activation="relu")(x), IMAGE),
    "SeparableConv1D": (lambda x: layers.SeparableConv1D(4, 3, activation="relu")(x), FRAMES),
    "ConvLSTM1D": (lambda x: layers.ConvLSTM1D(3, 2)(x), (4, 6, 2)),
    "ConvLSTM2D": (lambda x: layers.ConvLSTM2D(3, 2, padding="same", return_sequences=True)(x), FILM),
    "ConvLSTM3D": (lambda x: layers.ConvLSTM3D(2, 2)(x), (2, *VOLUME)),
    "UpSampling2D bicubic": (lambda x: layers.UpSampling2D(2, interpolation="bicubic")(x), IMAGE),
    "GroupNormalization": (lambda x: layers.GroupNormalization(groups=2)(x), (5, 5, 4)),
    "RMSNormalization": (lambda x: layers.RMSNormalization()(x), VECTOR),
    "UnitNormalization": (lambda x: layers.UnitNormalization()(x), VECTOR),
    "SpectralNormalization Dense": (lambda x: layers.SpectralNormalization(layers.Dense(4, activation="relu"))(x), VECTOR),
    "SpectralNormalization Conv2D": (lambda x: layers.SpectralNormalization(layers.Conv2D(4, 3))(x), IMAGE),
    "Normalization adapted": (lambda x: _adapted(IMAGE)(x), IMAGE),
    "Normalization of all pixels": (lambda x: _adapted(IMAGE, axis=None)(x), IMAGE),
    "Normalization by pixel": (lambda x: _adapted(IMAGE, axis=(1, 2, 3))(x), IMAGE),
    "Normalization undone": (lambda x: _adapted(VECTOR, invert=True)(x), VECTOR),
    "Normalization given": (lambda x: layers.Normalization(mean=0.3, variance=4.0)(x), IMAGE),
    "Normalization given, long": (
        lambda x: layers.Normalization(mean=np.linspace(0, 1, 400), variance=np.linspace(0, 2, 400))(x), (400,)
    ),
    "Normalization given, undone": (lambda x: layers.Normalization(mean=[1.0, 2.0], variance=[3.0, 4.0], invert=True)(x), IMAGE),
    "MultiHeadAttention": (lambda x: layers.MultiHeadAttention(2, 3)(x, x), FRAMES),
    "MultiHeadAttention by name": (
        lambda x: layers.MultiHeadAttention(2, 3, value_dim=4, output_shape=5)(query=x, value=x * 2, key=x, use_causal_mask=True),
        FRAMES,
    ),
    "MultiHeadAttention with scores": (
        lambda x: layers.Concatenate()([ops.reshape(y, (-1, 18)) if y.shape[-1] == 3 else layers.Flatten()(y)
            for y in layers.MultiHeadAttention(1, 3)(x, x, return_attention_scores=True)]), FRAMES,
    ),
    "GroupQueryAttention": (lambda x: layers.GroupQueryAttention(4, 4, 2)(x, x), FRAMES),
    "Attention": (lambda x: layers.Attention(use_scale=True)([x, x * 2]), FRAMES),
    "Attention concat": (lambda x: layers.Attention(score_mode="concat")([x, x, x * 3]), FRAMES),
    "AdditiveAttention": (lambda x: layers.AdditiveAttention()([x, x]), FRAMES),
    "Dot": (lambda x: layers.Dot(axes=1, normalize=True)([x, layers.Dense(8)(x)]), VECTOR),
    "Masking": (lambda x: layers.LSTM(4)(layers.Masking(mask_value=0.5)(x)), FRAMES),
    "Masking both ways": (
        lambda x: layers.LSTM(3)(layers.Bidirectional(layers.LSTM(4, return_sequences=True))(layers.Masking(0.5)(x))), FRAMES
    ),
    "Embedding with a mask": (lambda x: layers.GRU(4)(layers.Embedding(9, 3, mask_zero=True)(x)), VECTOR),
    "ReversibleEmbedding": (lambda x: layers.ReversibleEmbedding(9, 3)(x), VECTOR),
    "RNN LSTMCell": (lambda x: layers.RNN(layers.LSTMCell(4), return_sequences=True)(x), FRAMES),
    "RNN GRUCell": (lambda x: layers.RNN(layers.GRUCell(4, reset_after=False))(x), FRAMES),
    "RNN SimpleRNNCell": (lambda x: layers.RNN(layers.SimpleRNNCell(4, activation="relu"), go_backwards=True)(x), FRAMES),
    "RNN StackedRNNCells": (lambda x: layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)])(x), FRAMES),
    "Bidirectional GRU with states": (
        lambda x: layers.Concatenate()(layers.Bidirectional(layers.GRU(4, return_state=True))(x)), FRAMES
    ),
    "TimeDistributed Dropout": (lambda x: layers.TimeDistributed(layers.Dropout(0.5))(x), FRAMES),
    "Resizing": (lambda x: layers.Resizing(5, 6)(x), IMAGE),
    "Resizing nearest": (lambda x: layers.Resizing(16, 16, interpolation="nearest")(x), IMAGE),
    "Resizing to a part": (lambda x: layers.Resizing(4, 6, crop_to_aspect_ratio=True)(x), IMAGE),
    "Resizing with edges": (lambda x: layers.Resizing(12, 10, pad_to_aspect_ratio=True, antialias=True)(x), IMAGE),
    "CenterCrop": (lambda x: layers.CenterCrop(5, 4)(x), IMAGE),
    "RandomCrop": (lambda x: layers.RandomCrop(5, 4)(x), IMAGE),
    "AutoContrast": (lambda x: layers.AutoContrast(value_range=(0, 1))(x), COLOURS),
    "Rescaling by channel": (lambda x: layers.Rescaling([2.0, 3.0], [0.0, 1.0])(x), IMAGE),
    "Pipeline": (lambda x: layers.Pipeline([layers.Rescaling(2.0), layers.RandomFlip(), layers.Dense(3)])(x), COLOURS),
    "Lambda": (lambda x: layers.Lambda(lambda y: ops.tanh(y) * 2)(x), VECTOR),
    **{f"{kind} at inference": (lambda x, kind=kind: getattr(layers, kind)(0.3)(x), COLOURS) for kind in (
        "RandomBrightness", "RandomColorDegeneration", "RandomContrast", "RandomErasing", "RandomGaussianBlur",
        "RandomGrayscale", "RandomHue", "RandomInvert", "RandomPerspective", "RandomRotation", "RandomSaturation",
        "RandomSharpness", "RandomShear", "RandomZoom", "MixUp", "CutMix", "Dropout", "SpatialDropout2D",
        "GaussianNoise", "GaussianDropout", "AlphaDropout", "RandomElasticTransform",
    )},
    "RandomColorJitter": (lambda x: layers.RandomColorJitter(brightness_factor=0.5)(x), COLOURS),
    "RandomFlip": (lambda x: layers.RandomFlip()(x), COLOURS),
    "RandomPosterization": (lambda x: layers.RandomPosterization(4)(x), COLOURS),
    "RandomTranslation": (lambda x: layers.RandomTranslation(0.2, 0.2)(x), COLOURS),
    "RandAugment": (lambda x: layers.RandAugment(value_range=(0, 1))(x), COLOURS),
    "AugMix": (lambda x: layers.AugMix(value_range=(0, 1))(x), COLOURS),
    "Solarization": (lambda x: layers.Solarization(0.2, 0.5, value_range=(0, 1))(x), COLOURS),
    "SpatialDropout1D": (lambda x: layers.SpatialDropout1D(0.3)(x), FRAMES),
    "SpatialDropout3D": (lambda x: layers.SpatialDropout3D(0.3)(x), VOLUME),
    "ActivityRegularization": (lambda x: layers.ActivityRegularization(0.1)(x), VECTOR),
    "Identity": (lambda x: layers.Identity()(x), VECTOR),
    "MaxNumBoundingBoxes": (lambda x: layers.MaxNumBoundingBoxes(4)(x), COLOURS),
}  # fmt: skip

AS_A_GRAPH: dict[str, tuple[Make, tuple[int, ...]]] = {
    "Discretization": (lambda x: layers.Discretization([0.2, 0.5, 0.8])(x), VECTOR),
    "CategoryEncoding": (
        lambda x: layers.CategoryEncoding(num_tokens=4, output_mode="multi_hot")(ops.cast(x * 3, "int32")), VECTOR
    ),
    "ContrastLimitedAdaptiveHistogramEqualization": (
        lambda x: layers.ContrastLimitedAdaptiveHistogramEqualization(value_range=(0, 1), tile_grid_size=(2, 2))(x), COLOURS
    ),
    "STFTSpectrogram": (lambda x: layers.STFTSpectrogram(frame_length=8, frame_step=4, fft_length=8)(x), (32, 1)),
    "MelSpectrogram": (
        lambda x: layers.MelSpectrogram(fft_length=8, sequence_stride=4, num_mel_bins=3, sampling_rate=100, min_freq=1)(x), (32,)
    ),
    "RNN with a cell of its own": (lambda x: layers.RNN(OwnCell())(x), FRAMES),
    "LSTM that keeps its state": (lambda x: layers.LSTM(3, unroll=True, recurrent_activation=lambda y: y * 0.5)(x), FRAMES),
    "TimeDistributed model": (
        lambda x: layers.TimeDistributed(keras.Sequential([layers.Dense(4), layers.Dense(2)]))(x), FRAMES
    ),
    "Lambda with a loop": (lambda x: layers.Lambda(_by_rows, output_shape=(8,))(x), VECTOR),
    "cumulative maximum": (lambda x: ops.median(x, axis=1, keepdims=True) + x, VECTOR),
}  # fmt: skip

REFUSED = {
    "FlaxLayer": "holds Python code of another library, which is not installed",
    "Hashing": "answers with whole numbers made from texts, which no image holds",
    "HashedCrossing": "answers with whole numbers made from texts, which no image holds",
    "IntegerLookup": "looks whole numbers up in a table that no graph may bring along",
    "JaxLayer": "holds Python code of another library, which is not installed",
    "StringLookup": "takes texts, and an autoencoder of this course takes numbers",
    "TFSMLayer": "loads a file, whose code would run",
    "TextVectorization": "takes texts, and an autoencoder of this course takes numbers",
    "TorchModuleWrapper": "holds Python code of another library, which is not installed",
}
NOT_IN_A_MODEL = {"Equalization": "outside training it gives back its own input, which Keras takes for a cycle"}
ABSTRACT = {
    "InputLayer": "the input itself",
    "InputSpec": "no layer",
    "Layer": "a base class",
    "Wrapper": "a base class",
}
INSIDE_RNN = {"GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"}


def _by_rows(x: Any) -> Any:
    import tensorflow as tf

    return tf.map_fn(lambda row: row * 2 + 1, x)


def _model(make: Make, takes: tuple[int, ...]) -> Any:
    source = Input(takes)
    model = Model(source, make(source))
    shake(*(layer for layer in model.layers if layer.weights and "normalization" not in layer.name))
    return model


def _inputs(takes: tuple[int, ...]) -> np.ndarray:
    inputs = np.random.default_rng(5).random((3, *takes), dtype=np.float32)
    inputs[:, -1] = 0.5  # what `Masking` looks for
    return inputs


@pytest.mark.parametrize("name", REBUILT)
def test_a_layer_is_rebuilt_and_does_the_same(name: str, tmp_path: Path) -> None:
    """State included: adapted means, normalised kernels, masks."""
    make, takes = REBUILT[name]
    model = _model(make, takes)
    rebuilt, form = round_trip(model, tmp_path)
    np.testing.assert_allclose(
        answers(rebuilt.model, _inputs(takes)), answers(model, _inputs(takes)), rtol=1e-5, atol=1e-5
    )
    assert rebuilt.parameters == form.parameters == model.count_params()


@pytest.mark.parametrize("name", AS_A_GRAPH)
def test_what_is_not_rebuilt_leaves_as_a_graph_of_pure_operations(name: str, tmp_path: Path) -> None:
    """Zone K knows that zone M will refuse it, and the second sandbox accepts what it writes and computes the same."""
    make, takes = AS_A_GRAPH[name]
    model = _model(make, takes)
    evidence = send({"model": model}, tmp_path)
    with pytest.raises(RefusedError):
        receive(evidence, "model")
    registry = Registry()
    try:
        claim = flatten(model, registry)
    except NotFlattenableError:  # a loop: the probe says so, and needs no list
        claim = None
    assert claim is None or foreign(claim, registry.operations)
    function, shape = _function(_as_in_a_fresh_process(frozen(model, takes)))
    assert shape == list(takes)
    np.testing.assert_allclose(np.asarray(function(_inputs(takes))), answers(model, _inputs(takes)), atol=1e-4)


def test_every_layer_class_of_keras_is_on_one_of_the_lists() -> None:
    """A class that a new Keras brings fails here, and somebody decides."""
    classes = {kind.__name__: kind for _, kind in inspect.getmembers(layers, inspect.isclass)}
    twice = {"AveragePooling1D", "Cropping1D", "ZeroPadding1D"}
    merging = {"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"}
    plain = {"Dense", "Activation", "Flatten", "Reshape"}  # in every model of test_rebuild_styles
    made = {type(case.make()).__name__ for case in CASES.values()}
    built = made | merging | plain | twice | INSIDE_RNN | _kinds(REBUILT)
    as_a_graph = _kinds(AS_A_GRAPH) - built
    assert as_a_graph == {
        "CategoryEncoding", "ContrastLimitedAdaptiveHistogramEqualization", "Discretization", "MelSpectrogram", "STFTSpectrogram",
    }  # fmt: skip
    assert {kind.__name__ for kind in classes.values()} == (
        built | as_a_graph | REFUSED.keys() | ABSTRACT.keys() | NOT_IN_A_MODEL.keys()
    )
    assert {*LAYERS, *WRAPPERS, *IDENTITY_AT_INFERENCE} <= built | NOT_IN_A_MODEL.keys()


def _kinds(table: dict[str, tuple[Make, tuple[int, ...]]]) -> set[str]:
    kinds = set()
    for make, takes in table.values():
        source = Input(takes)
        kinds |= {type(layer).__name__ for layer in Model(source, make(source)).layers}
    known = {kind.__name__ for _, kind in inspect.getmembers(layers, inspect.isclass)}
    return (kinds & known) - {"InputLayer"}


def _as_in_a_fresh_process(graph: bytes) -> bytes:
    """This process knows functions of the graph's names already; the second sandbox does not."""
    from google.protobuf import text_format
    from tensorflow.core.framework.graph_pb2 import GraphDef

    text = text_format.MessageToString(GraphDef.FromString(graph))
    return bytes(text_format.Parse(text.replace("_frozen_", "_again_"), GraphDef()).SerializeToString())


@pytest.mark.parametrize(
    "make",
    [
        lambda x: layers.Resizing(8, 8)(x),
        lambda x: layers.CenterCrop(8, 8)(x),
        lambda x: layers.Rescaling(1.0)(x),
        lambda x: layers.ZeroPadding2D(0)(x),
        lambda x: layers.UpSampling2D(1)(x),
        lambda x: layers.RandomFlip()(x),
    ],
    ids=["Resizing", "CenterCrop", "Rescaling", "ZeroPadding2D", "UpSampling2D", "RandomFlip"],
)
def test_a_layer_that_changes_nothing_counts_as_none(make: Make, tmp_path: Path) -> None:
    """Only what does something is compared with the reference."""
    source = Input(IMAGE)
    _, form = round_trip(Model(source, layers.Conv2D(3, 3)(make(source))), tmp_path)
    assert [layer.kind for layer in form.active_layers] == ["Conv2D"]
