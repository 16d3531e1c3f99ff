"""A family is what a network is made of and how it was trained; names and sizes do not count."""

from __future__ import annotations

from dataclasses import replace

import pytest
from outline_samples import STACKED_PARTS, architecture, claim, dense, families, family, fit, outline

from grader.domain.architecture import Architecture
from grader.inspection.recognition import output_layer

CONV = [("Conv2D", (14, 14, 8), "relu"), ("Conv2D", (4, 4, 8), "relu")]
UP = [("UpSampling2D", (28, 28, 8)), ("Conv2D", (28, 28, 1), "sigmoid")]
TRANSPOSED = [("Conv2DTranspose", (28, 28, 1), "sigmoid")]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (dense(32, 784), "simple-dense"),
        (dense(7, 784), "simple-dense"),
        (dense(32, 784, output="relu"), "simple-dense-mse"),
        (architecture((28, 28), STACKED_PARTS), "stacked"),
        (dense(128, 64, 32, 64, 128, 784), "deep-dense"),
        (dense(100, 200, 30, 200, 100, 784), "symmetric-dense"),
        (architecture((28, 28, 1), [*CONV, *UP]), "convolutional-upsampling"),
        (architecture((28, 28, 1), [*CONV, *TRANSPOSED]), "convolutional"),
        (
            architecture((None, 28), [("LSTM", (30,)), ("RepeatVector", (28, 30)), ("LSTM", (28, 9)), ("Dense", 28)]),
            "recurrent",
        ),
        (architecture((784,), [("Dropout", 784), ("Dense", 30, "relu"), ("Dense", 784)]), "denoising-dropout"),
        (architecture((28, 28, 1), [("GaussianNoise", (28, 28, 1)), *CONV, *UP]), "denoising-convolutional"),
        (architecture((784,), [("Dense", 300), ("ActivityRegularization", 300), ("Dense", 784)]), "sparse"),
        (architecture((3,), [("Dense", 2, "linear"), ("Dense", 3, "linear")]), "linear-pca"),
        (dense(2, 3, entry=3, output="linear"), "other"),
        (dense(7, 30, entry=30, output="linear"), "fraud"),
        (dense(7, 29, entry=29, output="relu"), "fraud"),
        (dense(5, 64, entry=64), "other"),
        (architecture((32, 32, 3), [("Conv2D", (8, 8, 4), "relu"), ("Conv2DTranspose", (32, 32, 3))]), "other"),
        (architecture((784,), [("BatchNormalization", 784)]), "other"),
    ],
)
def test_layers_tell_the_family(form: Architecture, expected: str) -> None:
    """Of networks trained to give their input back, the layers decide."""
    assert family(form) == expected


@pytest.mark.parametrize(
    ("form", "expected"),
    [(dense(32, 784), "denoising-dense"), (architecture((28, 28, 1), [*CONV, *UP]), "denoising-convolutional")],
)
def test_another_target_than_the_input_makes_a_denoiser(form: Architecture, expected: str) -> None:
    """Noisy images in, clean ones out: `fit` was given two different arrays of one shape."""
    assert family(form, fits=(fit(same_target=False),)) == expected


@pytest.mark.parametrize(
    ("ratio", "skill", "expected"),
    [
        (0.6, 0.6, "denoising-dense"),
        (1.0, 0.2, "simple-dense"),
        (1.5, 0.7, "simple-dense"),
        (1.3, 0.7, "denoising-dense"),
    ],
)
def test_where_nobody_saw_the_target_the_errors_tell(ratio: float, skill: float, expected: str) -> None:
    """A pipeline hides its target: who is better with noise, or hardly worse and good, was trained on noise."""
    about = {"skills": {"mnist": skill}, "noise_ratios": {"mnist": ratio}}
    assert family(dense(32, 784), fits=(fit(same_target=None),), **about) == expected


def test_what_was_seen_counts_more_than_errors() -> None:
    """An autoencoder that was trained on clean images is no denoiser, however well it does with noise."""
    about = {"skills": {"mnist": 0.7}, "noise_ratios": {"mnist": 0.5}}
    assert family(dense(32, 784), **about) == "simple-dense"


def test_a_code_that_is_drawn_is_variational() -> None:
    """With convolutions it is the convolutional kind."""
    assert family(dense(64, 2, 64, 784), is_variational=True) == "variational"
    assert family(architecture((28, 28, 1), [*CONV, *UP]), is_variational=True) == "variational-convolutional"


def test_a_regularised_layer_is_sparse() -> None:
    """The penalty may be an argument of a layer and no layer of its own."""
    assert family(dense(100, 784), has_penalty=True) == "sparse"


def test_a_way_round_the_code_is_no_family_of_the_course() -> None:
    """Two ways that join are a U-Net or the like."""
    form = dense(32, 784, 784)
    joined = replace(form, layers=(*form.layers[:2], replace(form.layers[2], inputs=(1, -1))))
    assert family(joined) == "other"


def test_numpy_alone_is_from_scratch() -> None:
    """Whatever its layers would be in Keras."""
    assert family(dense(32, 784), without_keras=True) == "from-scratch"


def test_a_classifier_on_the_encoder_is_pretraining() -> None:
    """Zone M saw a trained classifier that holds the encoder's arrays."""
    assert family(dense(100, 30, 100, 784), classifies=True) == "pretraining"


def test_a_stack_of_trained_autoencoders_is_greedy_and_so_are_they() -> None:
    """Both shallow ones are parts of the exercise."""
    first = outline(dense(100, 784), model="m0", part_of=("m2",), relatives=("m0", "m2"))
    second = outline(dense(30, 100, entry=100), model="m1", part_of=("m2",), relatives=("m1", "m2"), trained_by=("m1",))
    stack = outline(dense(100, 30, 100, 784), model="m2", parts_trained=2, trained_by=("m0", "m1"))
    names = [claim(one.model, one.model) for one in (first, second, stack)]
    assert families([first, second, stack], names) == ["greedy-layerwise"] * 3


def test_three_twins_under_other_losses_or_optimizers_are_an_exercise() -> None:
    """Two are not, and three that differ in nothing are three simple ones."""
    three = [outline(model=f"m{n}", relatives=(f"m{n}",), trained_by=(f"m{n}",)) for n in range(3)]
    losses = [
        claim(f"m{n}", loss=loss, optimizer="Adam") for n, loss in enumerate(("mse", "mae", "binary_crossentropy"))
    ]
    optimizers = [claim(f"m{n}", loss="mse", optimizer=name) for n, name in enumerate(("SGD", "Adam", "Adadelta"))]
    same = [claim(f"m{n}", loss="mse", optimizer="Adam") for n in range(3)]
    assert families(three, losses) == ["losses"] * 3
    assert families(three, optimizers) == ["optimizers"] * 3
    assert families(three, same) == ["simple-dense"] * 3
    assert families(three[:2], losses[:2]) == ["simple-dense"] * 2


def test_data_are_recognised_where_they_come_back_clearly_best() -> None:
    """Not where a copy of anything comes back, and not where nothing does."""
    said = [
        ({"mnist": 0.7, "fashion_mnist": 0.3}, "mnist"),
        ({"mnist": 0.97, "fashion_mnist": 0.98}, ""),
        ({"mnist": -0.1}, ""),
        ({}, ""),
    ]
    assert [outline(skills=skills).dataset for skills, _ in said] == [expected for _, expected in said]
    assert outline(skills={"mnist": -0.2, "fashion_mnist": 0.1}, noise_ratios={"mnist": 0.5}).dataset == "mnist"


def test_the_output_layer_is_behind_what_gives_another_shape() -> None:
    """A Reshape at the end has no activation that could matter."""
    found = output_layer(architecture((28, 28), [*STACKED_PARTS[:-2], ("Dense", 784, "sigmoid"), STACKED_PARTS[-1]]))
    assert found is not None
    assert (found.kind, found.activation) == ("Dense", "sigmoid")
