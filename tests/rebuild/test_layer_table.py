"""The table of layers says of each kind what Keras's own class is, and a package of an instructor's can add one."""

from __future__ import annotations

import inspect
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from plugin_package import installed, write_package
from round_trip import answers, round_trip

from grader.domain.counted_layers import counted_layers
from grader.domain.layer_kinds import all_traits, traits_of
from grader.domain.plugins import PluginError
from grader.probe.layer_rules import CELLS, IDENTITY_AT_INFERENCE, LAYERS, RNN, WRAPPERS
from grader.probe.layer_traits import LayerTraits
from grader.probe.operator_rules import OPERATOR_TRAITS, OPERATORS
from grader.rebuild.network.allowlist import RefusedError

BUILT = sorted({*LAYERS, *IDENTITY_AT_INFERENCE, *CELLS} - {"MaxNumBoundingBoxes"})

PREPARING = {"AutoContrast", "CenterCrop", "Normalization", "RandomCrop", "Rescaling", "Resizing"}
"""What Keras keeps beside its augmentations and works outside of training as well."""


def keras_class(kind: str) -> type:
    """The class of a kind of the list."""
    found = getattr(layers, {"GroupedQueryAttention": "GroupQueryAttention"}.get(kind, kind))
    assert isinstance(found, type)
    return found


def settings(kind: str) -> set[str]:
    """The names of its settings."""
    return set(inspect.signature(keras_class(kind).__init__).parameters)


def source_folder(kind: str) -> str:
    """Where Keras keeps it: `convolutional`, `rnn` and so on."""
    return keras_class(kind).__module__.split(".")[3]


@pytest.mark.parametrize("kind", BUILT)
def test_traits_are_those_of_keras_own_class(kind: str) -> None:
    """Base classes, folders and settings of Keras itself are the other source."""
    traits = traits_of(kind)
    made = keras_class(kind)
    folder = source_folder(kind)
    in_time = issubclass(made, layers.RNN) or kind in CELLS
    assert traits.recurrent is in_time
    assert traits.convolutional is (folder == "convolutional" or "ConvLSTM" in kind)
    assert traits.transposed is ("Transpose" in kind)
    assert traits.pooling is (folder == "pooling")
    assert traits.joins is (folder == "merging")
    assert traits.attention is (folder == "attention")
    assert traits.normalisation is (folder == "normalization" or kind == "Normalization")
    assert traits.augmentation is (folder == "preprocessing" and kind not in PREPARING)
    assert traits.noise is ((folder == "regularization" and "Dropout" in kind) or "Noise" in kind)
    assert traits.regulariser is (kind == "ActivityRegularization")
    one_step = "recurrent_activation" in settings(kind) or in_time
    assert traits.activation_last is ("activation" in settings(kind) and not one_step and kind != "Activation")


@pytest.mark.parametrize("kind", [kind for kind in BUILT if traits_of(kind).activation_last])
def test_an_activation_that_is_said_to_come_last_does(kind: str) -> None:
    """The layer with an activation gives what the layer without it gives, followed by the activation."""
    axes = 3 if "3D" in kind else 1 if "1D" in kind or kind in ("Dense", "EinsumDense") else 2
    taken = np.random.default_rng(1).normal(0, 1, (2, *(6,) * axes, 3)).astype(np.float32)
    needed = {
        "units": 4, "filters": 4, "kernel_size": 2, "equation": "abc,cd->abd", "output_shape": (6, 4),
    }  # fmt: skip
    given = {name: value for name, value in needed.items() if name in settings(kind)}
    bent = keras_class(kind)(**given, activation="softplus")
    bent.build(taken.shape)
    plain = keras_class(kind)(**given)
    plain.build(taken.shape)
    plain.set_weights(bent.get_weights())
    np.testing.assert_allclose(
        np.asarray(bent(taken)), np.asarray(keras.activations.softplus(plain(taken))), rtol=1e-5, atol=1e-6
    )


def test_operators_and_layers_of_one_name_agree() -> None:
    """The canonical form does not tell `keras.ops.add` from the layer `Add`."""
    same = {kind: (OPERATOR_TRAITS[kind], all_traits()[kind]) for kind in OPERATOR_TRAITS if kind in LAYERS}
    assert {kind: pair for kind, pair in same.items() if pair[0] != pair[1]} == {}
    assert OPERATOR_TRAITS.keys() <= {*OPERATORS, "ConvertToTensor", "StopGradient", "Cast"}


def test_every_kind_has_traits() -> None:
    """A kind without traits is one that somebody forgot, but for those that are nothing special."""
    without = {
        kind for kind in (*LAYERS, *IDENTITY_AT_INFERENCE, *CELLS, *WRAPPERS) if traits_of(kind) == LayerTraits()
    }
    assert without == {"Permute", "AutoContrast"}
    assert RNN.traits.recurrent


# A kind from outside

KIND = "ContrastLimitedAdaptiveHistogramEqualization"
SOURCE = """
from grader.probe.layer_traits import LayerTraits
from grader.probe.setting_rules import LayerRule, integers, number, numbers

RULE = LayerRule(
    {"value_range": numbers, "clip_limit": number, "tile_grid_size": integers(1, 64)},
    ("clip_limit",),
    traits=LayerTraits(scales_data=True),
)
"""


def with_more_contrast() -> object:
    """A model with a layer of Keras that is on no list of ours."""
    image = keras.Input((28, 28, 1))
    clearer = layers.ContrastLimitedAdaptiveHistogramEqualization((0, 1), tile_grid_size=(4, 4))(image)
    return keras.Model(image, layers.Dense(3)(layers.Flatten()(clearer)))


def test_a_package_adds_a_kind_of_layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zone M builds it, the canonical form holds it, and comparisons know by its traits that it only prepares data."""
    model = with_more_contrast()
    package = write_package(tmp_path / "site", SOURCE, {f"layers.{KIND}": "RULE"})
    with installed(package, monkeypatch):
        rebuilt, form = round_trip(model, tmp_path / "with")
        compared = [one.layer.kind for one in counted_layers(form)]
    images = np.random.default_rng(2).random((3, 28, 28, 1), dtype=np.float32)
    np.testing.assert_allclose(answers(rebuilt.model, images), answers(model, images), atol=1e-5)
    assert [layer.kind for layer in form.layers] == [KIND, "Reshape", "Dense"]
    assert compared == ["Dense"]
    with pytest.raises(RefusedError, match=KIND):
        round_trip(model, tmp_path / "without")


@pytest.mark.parametrize(
    ("entry", "thing", "reason"),
    [
        ("layers.Dense", "RULE", "Dense is there already"),
        ("layers.New", "LayerTraits", "is no LayerRule"),
        ("layers.New", "NOTHING", "AttributeError"),
    ],
)
def test_a_package_cannot_change_what_layers_of_ours_are(
    entry: str, thing: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor can it add what is no rule: the message names the package's object."""
    package = write_package(tmp_path, SOURCE, {entry: thing})
    with installed(package, monkeypatch), pytest.raises(PluginError, match=reason):
        traits_of("Dense")
