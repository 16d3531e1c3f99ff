"""Every planted fault is reported by one exact sentence; what is right is reported by none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from keras import Input, Sequential, layers

from grader.domain.architecture import Architecture
from grader.domain.measurement import Role
from grader.locale import Translator
from grader.rebuild.network.own_models import architecture_of, as_keras
from grader.validation.differences import architecture_differences, model_differences
from reference import denoising_dropout, sparse, stacked
from reference.contract import IDS, Autoencoder, module


def forms(models: Autoencoder) -> dict[Role, Architecture]:
    return {role: architecture_of(getattr(models, role.value)) for role in Role}


def reported(expected: Mapping[Role, Architecture], actual: Mapping[Role, Architecture]) -> list[str]:
    """The differences as a maintainer reads them."""
    return [Translator("en").text(sentence) for sentence in model_differences(expected, actual)]


def joined(encoder: Any, decoder: Any) -> Autoencoder:
    return Autoencoder(encoder, decoder, Sequential([encoder, decoder]))


def stacked_with(
    *inner: Any,
    first: tuple[int, str | None] = (100, "relu"),
    code: tuple[int, str | None] = (30, "relu"),
    bias: bool = True,
    back: tuple[Any, ...] | None = None,
) -> Autoencoder:
    """The course's stacked autoencoder, written anew, with one thing changed."""
    encoder = Sequential(
        [
            Input((28, 28)),
            layers.Flatten(),
            layers.Dense(first[0], activation=first[1], use_bias=bias),
            *inner,
            layers.Dense(code[0], activation=code[1]),
        ]
    )
    middle = (layers.Dense(100, activation="relu"),) if back is None else back
    decoder = Sequential([Input((code[0],)), *middle, layers.Dense(784), layers.Reshape((28, 28))])
    return joined(encoder, decoder)


@pytest.fixture(scope="module")
def course() -> dict[Role, Architecture]:
    return forms(stacked.build())


FAULTS: dict[str, tuple[Callable[[], Autoencoder], list[str]]] = {
    "nothing": (stacked_with, []),
    "one unit more": (
        lambda: stacked_with(first=(101, "relu")),
        ["encoder, layer 2 (Dense): units is 101, the facts say 100"],
    ),
    "one number more in the code": (
        lambda: stacked_with(code=(31, "relu")),
        [
            "encoder, layer 3 (Dense): units is 31, the facts say 30",
            "decoder: takes samples of shape (31,), the facts say (30,)",
        ],
    ),
    "an activation less": (
        lambda: stacked_with(first=(100, None)),
        ["encoder, layer 2 (Dense): activation is linear, the facts say relu"],
    ),
    "another activation": (
        lambda: stacked_with(code=(30, "sigmoid")),
        ["encoder, layer 3 (Dense): activation is sigmoid, the facts say relu"],
    ),
    "no bias": (
        lambda: stacked_with(bias=False),
        ["encoder, layer 2 (Dense): use_bias is False, the facts say True"],
    ),
    "a layer too many": (
        lambda: stacked_with(layers.Dense(60, activation="relu")),
        ["encoder, layer 3: `Dense(activation=relu, units=60, use_bias=True)` is not in the facts"],
    ),
    "a layer of noise too many": (
        lambda: stacked_with(layers.Dropout(0.1)),
        ["encoder, layer 3: `Dropout(rate=0.1)` is not in the facts"],
    ),
    "a layer that is missing": (
        lambda: stacked_with(back=()),
        ["decoder, after layer 0: `Dense(activation=relu, units=100, use_bias=True)` of the facts is missing"],
    ),
    "another kind of layer": (
        lambda: stacked_with(back=(layers.PReLU(), layers.Dense(100, activation="relu"))),
        ["decoder, layer 1: `PReLU()` is not in the facts"],
    ),
    "two faults": (
        lambda: stacked_with(first=(90, "relu"), back=(layers.Dense(100, activation="elu"),)),
        [
            "encoder, layer 2 (Dense): units is 90, the facts say 100",
            "decoder, layer 1 (Dense): activation is elu, the facts say relu",
        ],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_told_with_its_place(fault: str, course: dict[Role, Architecture]) -> None:
    """Model, layer, setting, what it is and what the facts say; one sentence for each model that it is seen in."""
    build, sentences = FAULTS[fault]
    assert reported(course, forms(build())) == sentences


def dropping(rate: float) -> Autoencoder:
    return denoising_dropout.build_with(layers.Dropout(rate))


@pytest.mark.parametrize(
    ("expected", "actual", "sentences"),
    [
        (
            lambda: dropping(0.5),
            lambda: dropping(0.4),
            ["encoder, layer 2 (Dropout): rate is 0.4, the facts say 0.5"],
        ),
        (
            lambda: dropping(0.5),
            denoising_dropout.build_gaussian,
            ["encoder, layer 2: `GaussianNoise(stddev=0.2)`, the facts say `Dropout(rate=0.5)`"],
        ),
        (
            lambda: dropping(0.5),
            stacked.build,
            ["encoder, after layer 1: `Dropout(rate=0.5)` of the facts is missing"],
        ),
        (
            sparse.build,
            lambda: sparse.build(penalty=1e-14),
            ["encoder, layer 4 (ActivityRegularization): l1 is 1e-14, the facts say 0.0001"],
        ),
        (
            module("convolutional").build,
            module("convolutional").build,
            [],
        ),
    ],
    ids=["another rate", "another noise", "no noise", "another l1", "nothing"],
)
def test_what_acts_in_training_only_is_told_as_well(
    expected: Callable[[], Autoencoder], actual: Callable[[], Autoencoder], sentences: list[str]
) -> None:
    """Students are forgiven a rate of dropout; the facts are not."""
    assert reported(forms(expected()), forms(actual())) == sentences


@pytest.mark.parametrize("name", IDS)
def test_a_reference_does_not_differ_from_itself(name: str) -> None:
    """Built twice, by whatever path."""
    first, second = (forms(as_keras(module(name).build())) for _ in range(2))
    assert reported(first, second) == []


def test_the_whole_speaks_only_where_both_parts_agree(course: dict[Role, Architecture]) -> None:
    """Encoder and decoder right, and an autoencoder with something between them."""
    parts = stacked.build()
    noisy = Sequential([parts.encoder, layers.GaussianNoise(0.1), parts.decoder])
    assert reported(course, forms(parts._replace(autoencoder=noisy))) == [
        "autoencoder, layer 4: `GaussianNoise(stddev=0.1)` is not in the facts"
    ]


def test_equal_layers_of_another_input_are_told(course: dict[Role, Architecture]) -> None:
    """Flat images reach the same Dense layers; so do images with a channel, through one Flatten."""
    models = stacked.build()
    image = Input((28, 28, 1))
    encoder = Sequential([image, layers.Flatten(), *models.encoder.layers[1:]])
    differences = architecture_differences(Role.ENCODER, course[Role.ENCODER], architecture_of(encoder))
    assert [Translator("en").text(one) for one in differences] == [
        "encoder: takes samples of shape (28, 28, 1), the facts say (28, 28)"
    ]


def test_another_shape_of_an_equal_layer_is_told() -> None:
    """A convolution of the same settings over a larger image."""
    small, large = (
        architecture_of(Sequential([Input((side, side, 1)), layers.Conv2D(2, 3), layers.Flatten()])) for side in (8, 9)
    )
    differences = [Translator("en").text(one) for one in architecture_differences(Role.ENCODER, small, large)]
    assert differences == [
        "encoder, layer 1 (Conv2D): its output has the shape (7, 7, 2), the facts say (6, 6, 2)",
        "encoder, layer 2 (Reshape): its output has the shape (98,), the facts say (72,)",
    ]


def test_another_wiring_of_the_same_layers_is_told(course: dict[Role, Architecture]) -> None:
    """Kinds, settings and shapes agree; what reads what does not."""
    form = course[Role.DECODER]
    crossed = (*form.layers[:-1], replace(form.layers[-1], inputs=(0,)))
    differences = architecture_differences(Role.DECODER, form, replace(form, layers=crossed))
    assert [Translator("en").text(one) for one in differences] == [
        "decoder: the same layers are wired in another way than in the facts"
    ]


def test_other_parameters_of_the_same_layers_are_told(course: dict[Role, Architecture]) -> None:
    """Where two layers share their weights, for one."""
    form = course[Role.DECODER]
    differences = architecture_differences(Role.DECODER, form, replace(form, parameters=form.parameters - 1))
    assert [Translator("en").text(one) for one in differences] == ["decoder: 82283 parameters, the facts say 82284"]


def test_identities_of_layers_are_no_difference(course: dict[Role, Architecture]) -> None:
    """They come from the order in which models were looked at."""
    form = course[Role.ENCODER]
    renamed = replace(form, layers=tuple(replace(layer, operation="x") for layer in form.layers))
    assert list(architecture_differences(Role.ENCODER, form, renamed)) == []
