"""One training as the reference says, and each honest change of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from round_trip import anonymous, answers, shake
from tiny_reference import build, compile_model, tiny

from grader.rebuild.facts.reference_training import (
    CONTROL,
    REFERENCE,
    SHORT,
    Variation,
    as_keras,
    epochs_of,
    flattened,
    of_code_size,
    reference_for,
    train,
    variations,
)
from grader.rebuild.network.own_models import architecture_of
from grader.rebuild.quantities.reference_data import ReferenceData
from reference import from_scratch
from reference.contract import IDS, Autoencoder, load

CHAINS = tuple(
    name for name in IDS if name not in {"variational", "variational-convolutional", "greedy-layerwise", "from-scratch"}
)
"""References whose encoder and decoder are chains of layers, fitted with one call."""


def material(count: int = 96) -> ReferenceData:
    rng = np.random.default_rng(0)
    return ReferenceData(
        size="sample",
        source="drawn at random",
        digest="0",
        train=rng.random((count, 28, 28), dtype=np.float32),
        hidden=rng.random((16, 28, 28), dtype=np.float32),
        train_labels=np.zeros(count, np.int64),
        hidden_labels=np.zeros(16, np.int64),
        strip_images=rng.random((2, 28, 28), dtype=np.float32),
    )


Fitted = dict[str, Any]

# What is trained

OTHERS = {
    "linear-pca": ["batch-64", "batch-128", "batch-256", "adam", "nadam", "rmsprop", "flat", "short"],
    "simple-dense": ["batch-32", "batch-64", "batch-256", "nadam", "rmsprop", "flat", "short"],
    "simple-dense-mse": ["batch-32", "batch-64", "batch-128", "adam", "nadam", "rmsprop", "flat", "short"],
    "stacked": ["batch-64", "batch-128", "batch-256", "adam", "rmsprop", "flat", "short"],
    "denoising-dense": ["batch-32", "batch-64", "batch-128", "adam", "nadam", "rmsprop", "flat", "short", "control"],
    "denoising-dropout": ["batch-64", "batch-128", "batch-256", "adam", "rmsprop", "flat", "short", "control"],
    "denoising-convolutional": [
        "batch-32", "batch-64", "batch-256", "nadam", "rmsprop", "flat", "short", "control",
    ],
    "sparse": ["batch-64", "batch-128", "batch-256", "adam", "rmsprop", "flat", "short", "control"],
    "variational": ["batch-32", "batch-64", "batch-256", "nadam", "rmsprop", "short", "control"],
    "greedy-layerwise": ["batch-64", "batch-128", "batch-256", "adam", "rmsprop", "short"],
    "optimizers": ["batch-32", "batch-64", "batch-256", "nadam", "rmsprop", "flat", "sgd", "adadelta", "short"],
    "losses": [
        "batch-32", "batch-64", "batch-256", "nadam", "rmsprop", "flat", "mae", "binary_crossentropy", "short",
    ],
    "from-scratch": ["batch-32", "batch-64", "batch-256", "short"],
}  # fmt: skip
"""One reference of each kind: its own batch size and optimizer are left out, each for itself."""


@pytest.mark.parametrize("name", OTHERS)
def test_a_reference_is_varied_where_it_can_be(name: str) -> None:
    """No second way of writing a graph with branches or a greedy training, and no optimizer where Keras is not."""
    assert [one.name for one in variations(load(name)) if one.code_size is None] == OTHERS[name]


@pytest.mark.parametrize(("name", "sizes"), [("variational", (2, 5, 32)), ("from-scratch", (2, 8, 16)), ("fraud", ())])
def test_a_free_code_is_tried_in_other_sizes(name: str, sizes: tuple[int, ...]) -> None:
    """Each with the control of its own size where the lesson has one; none is a run of the reference itself."""
    source = load(name)
    trained = ["reference", *(["control"] if source.has_control else [])]
    wanted = [f"code-{size}-{what}" for size in sizes for what in trained]
    found = [one for one in variations(source) if one.code_size is not None]
    assert [one.name for one in found] == wanted
    assert not any(one.honest for one in found)


@pytest.mark.parametrize("name", ["variational", "from-scratch"])
def test_a_resized_reference_has_a_code_of_that_size_and_the_same_data(name: str) -> None:
    """It is the same module but for one constant; the usual one stays as it is."""
    usual, other = load(name), reference_for(load(name), of_code_size(REFERENCE, 3))
    codes = [as_keras(one.build()).encoder.output_shape[-1] for one in (usual, other, usual)]
    assert codes == [usual.code_size, 3, usual.code_size]


def test_variations_change_what_their_names_say() -> None:
    """Each of them one thing."""
    assert variations(tiny(VARIANTS={"mae": compile_model}, build_control=build)) == (
        Variation("batch-64", batch_size=64),
        Variation("batch-128", batch_size=128),
        Variation("batch-256", batch_size=256),
        Variation("adam", optimizer="adam"),
        Variation("rmsprop", optimizer="rmsprop"),
        Variation("flat", flat=True),
        Variation("mae", variant="mae", honest=False),
        SHORT,
        CONTROL,
    )


@pytest.mark.parametrize("name", IDS)
def test_what_an_exercise_compares_and_what_lacks_the_lesson_is_not_honest(name: str) -> None:
    """Full credit is never promised to it; everything else is a student's free choice."""
    source = load(name)
    reported = {
        variation.name for variation in variations(source) if not variation.honest and variation.code_size is None
    }
    assert reported == {"short", *source.variants, *(["control"] if source.has_control else [])}


@pytest.mark.parametrize("name", IDS)
def test_no_two_variations_have_one_name(name: str) -> None:
    """Runs are found again by name and seed."""
    names = [REFERENCE.name, *(variation.name for variation in variations(load(name)))]
    assert len(set(names)) == len(names)


def test_controls_are_where_a_lesson_can_be_left_out() -> None:
    """Noise, penalty, KL; nothing else."""
    assert [name for name in IDS if load(name).has_control] == [
        "denoising-dense", "denoising-dropout", "denoising-convolutional", "sparse", "variational",
        "variational-convolutional",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "samples", "epochs"),
    [
        ({}, None, 20),
        ({}, 100, 20),
        ({"CALIBRATION_EPOCHS": 5}, 100, 5),
        ({"EPOCHS_MEANT_FOR": 1000}, None, 20),
        ({"EPOCHS_MEANT_FOR": 1000}, 1000, 20),
        ({"EPOCHS_MEANT_FOR": 1000}, 300, 67),
        ({"EPOCHS_MEANT_FOR": 1000}, 4000, 20),
        ({"EPOCHS_MEANT_FOR": 1000, "CALIBRATION_EPOCHS": 5}, 500, 10),
    ],
)
def test_fewer_samples_take_more_epochs_where_a_reference_says_so(
    names: dict[str, int], samples: int | None, epochs: int
) -> None:
    """20 epochs of 1,000 samples are as many updates as 66.7 of 300; more samples never take fewer epochs."""
    assert epochs_of(tiny(**names), samples) == epochs


def test_a_training_has_the_epochs_that_its_samples_need(fits: list[Fitted]) -> None:
    """64 samples where 640 are meant: ten times the epochs, and a tenth of those for a short run."""
    for variation in (REFERENCE, SHORT):
        train(tiny(EPOCHS_MEANT_FOR=640), material(), variation, 0)
    assert [one["epochs"] for one in fits] == [200, 20]


def test_a_hundred_epochs_of_convolutions_are_not_calibrated() -> None:
    """Where the lecture's own training would take too long the facts stand on a shorter one, and say so."""
    shortened = {name: epochs_of(load(name)) for name in IDS if epochs_of(load(name)) != load(name).epochs}
    assert shortened == {"denoising-convolutional": 12}


# How it is trained


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[Fitted]:
    """What `fit` was asked for; nothing is trained."""
    seen: list[Fitted] = []

    class History:
        history = {"loss": [0.5, 0.25]}  # noqa: RUF012 - nobody changes it

    def fit(model: Any, x: np.ndarray, y: np.ndarray, *, epochs: int, batch_size: int, verbose: int) -> History:
        seen.append(
            {
                "optimizer": type(model.optimizer).__name__,
                "rate": round(float(model.optimizer.learning_rate), 6),
                "loss": model.loss,
                "epochs": epochs,
                "batch": batch_size,
                "x": x,
                "y": y,
                "model": model,
                "steps": model.steps_per_execution,
                "verbose": verbose,
            }
        )
        return History()

    monkeypatch.setattr(keras.Model, "fit", fit)
    return seen


def reported(fitted: Fitted) -> tuple[Any, ...]:
    return tuple(fitted[name] for name in ("optimizer", "rate", "loss", "epochs", "batch"))


OWN = ("Nadam", 0.001, "mse", 20, 32)


@pytest.mark.parametrize(
    ("variation", "expected"),
    [
        (REFERENCE, OWN),
        (Variation("batch-256", batch_size=256), (*OWN[:4], 256)),
        (Variation("adam", optimizer="adam"), ("Adam", *OWN[1:])),
        (Variation("rmsprop", optimizer="rmsprop"), ("RMSprop", *OWN[1:])),
        (Variation("flat", flat=True), OWN),
        (SHORT, (*OWN[:3], 2, 32)),
        (Variation("shorter", epochs_share=0.001), (*OWN[:3], 1, 32)),
        (Variation("mae", variant="mae"), ("Adam", 0.001, "mae", 20, 32)),
    ],
    ids=lambda value: value.name if isinstance(value, Variation) else "",
)
def test_a_training_differs_by_its_variation_and_by_nothing_else(
    variation: Variation, expected: tuple[Any, ...], fits: list[Fitted]
) -> None:
    """Optimizer, rate, loss, epochs, batch size; at least one epoch is trained."""

    def other(model: keras.Model) -> None:
        model.compile(optimizer="adam", loss="mae")

    trained = train(tiny(VARIANTS={"mae": other}), material(), variation, 3)
    (seen,) = fits
    assert reported(seen) == expected
    assert seen["x"] is seen["y"]
    assert (len(seen["x"]), seen["verbose"], seen["steps"]) == (64, 0, 32)
    assert (trained.epochs, trained.training_loss) == (expected[3], 0.25)
    assert trained.models.autoencoder is seen["model"]
    assert trained.seconds >= 0


def test_another_optimizer_keeps_the_loss(fits: list[Fitted]) -> None:
    """A loss that is a function as well."""
    source = load("variational")
    train(source, material(), Variation("nadam", optimizer="nadam"), 0)
    assert (fits[0]["optimizer"], fits[0]["loss"]) == ("Nadam", source.offer("reconstruction_loss"))


def test_a_reference_may_name_the_rates_of_other_optimizers(fits: list[Fitted]) -> None:
    """`linear-pca` would learn next to nothing with Keras's defaults in 1,000 updates."""
    source = load("linear-pca")
    points = replace(material(), train=np.random.default_rng(0).random((60, 3), dtype=np.float32))
    train(source, points, Variation("adam", optimizer="adam"), 0)
    train(source, points, REFERENCE, 0)
    assert [reported(one)[:3] for one in fits] == [("Adam", 0.05, "mse"), ("SGD", 0.5, "mse")]


def test_a_variant_is_compiled_as_the_exercise_says(fits: list[Fitted]) -> None:
    """Adadelta at the rate that its name meant, the mean absolute error."""
    for name, variant in (("optimizers", "adadelta"), ("losses", "mae")):
        train(load(name), material(), Variation(variant, variant=variant), 0)
    assert [reported(one)[:3] for one in fits] == [
        ("Adadelta", 1.0, "binary_crossentropy"),
        ("Adam", 0.001, "mae"),
    ]


def test_a_control_is_built_or_fed_without_the_lesson(fits: list[Fitted]) -> None:
    """A dropout of 0, a penalty of 0, a weight of the KL of 0, clean images."""
    for name in ("denoising-dropout", "sparse", "variational", "denoising-dense"):
        train(load(name), material(), CONTROL, 0)
    dropout, sparse, variational, dense = (one["model"].layers[0] for one in fits)
    assert dropout.layers[1].rate == 0.0
    assert float(sparse.layers[3].l1) == 0.0
    assert variational.get_layer("code").beta == 0.0
    assert fits[3]["x"] is fits[3]["y"]
    assert dense.output_shape == (None, 32)


def test_the_lesson_is_there_where_nothing_is_controlled(fits: list[Fitted]) -> None:
    """The opposite of the test above, number by number."""
    for name in ("denoising-dropout", "sparse", "variational", "denoising-dense"):
        train(load(name), material(), REFERENCE, 0)
    dropout, sparse, variational, _ = (one["model"].layers[0] for one in fits)
    assert dropout.layers[1].rate == 0.5
    assert float(sparse.layers[3].l1) == pytest.approx(1e-4)
    assert variational.get_layer("code").beta == 1.0
    assert np.abs(fits[3]["x"] - fits[3]["y"]).mean() > 0.1


@pytest.mark.parametrize(
    ("variation", "compiled", "batch"),
    [
        (REFERENCE, "Nadam", 32),
        (Variation("b", batch_size=128), "Nadam", 128),
        (Variation("a", optimizer="adam"), "Adam", 32),
    ],
    ids=["reference", "batch", "optimizer"],
)
def test_a_greedy_training_takes_the_variation_into_both_of_its_parts(
    variation: Variation, compiled: str, batch: int, fits: list[Fitted]
) -> None:
    """Where one call of `fit` is not enough, the reference's own `train` is called; there is no one loss to tell."""
    trained = train(load("greedy-layerwise"), material(), variation, 0)
    assert [(one["optimizer"], one["batch"], one["epochs"], one["x"].shape) for one in fits] == [
        (compiled, batch, 10, (88, 28, 28)),
        (compiled, batch, 10, (88, 100)),
    ]
    assert trained.training_loss is None


def test_the_seed_fixes_weights_and_noise(fits: list[Fitted]) -> None:
    """The same for one seed and others for another."""
    source = load("denoising-dense")
    first, again, other = (train(source, material(), REFERENCE, seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(fits[0]["x"], fits[1]["x"])
    assert np.any(fits[0]["x"] != fits[2]["x"])
    weights = [one.models.autoencoder.get_weights()[0] for one in (first, again, other)]
    np.testing.assert_array_equal(weights[0], weights[1])
    assert np.any(weights[0] != weights[2])


# Another style of writing the same layers


@pytest.fixture
def freed() -> Iterator[None]:
    yield
    keras.backend.clear_session()


@pytest.mark.usefixtures("freed")
@pytest.mark.parametrize("name", CHAINS)
def test_a_flat_model_is_the_same_function(name: str) -> None:
    """Given the same weights, autoencoder, encoder and decoder answer alike; and share one set of weights."""
    source = load(name)
    models = source.build()
    flat = flattened(models)
    shake(models.autoencoder)
    flat.autoencoder.set_weights(models.autoencoder.get_weights())
    shape = [length or 28 for length in models.encoder.input_shape[1:]]
    inputs = np.random.default_rng(1).random((3, *shape), dtype=np.float32)
    codes = answers(models.encoder, inputs)
    np.testing.assert_allclose(answers(flat.encoder, inputs), codes, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(answers(flat.decoder, codes), answers(models.decoder, codes), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        answers(flat.autoencoder, inputs), answers(models.autoencoder, inputs), rtol=1e-4, atol=1e-5
    )
    assert not any(isinstance(layer, keras.Model) for layer in flat.autoencoder.layers)


def test_a_flat_model_has_activations_as_layers_and_fresh_weights() -> None:
    """Another style, the same canonical form; nothing of the first model's is shared."""
    models = build(3, "relu")
    flat = flattened(models)
    kinds = [type(layer).__name__ for layer in flat.autoencoder.layers]
    assert kinds == ["InputLayer", "Flatten", "Dense", "Activation", "Dense", "Reshape"]
    for role in models._fields:
        assert anonymous(architecture_of(getattr(flat, role))) == anonymous(architecture_of(getattr(models, role)))
    assert not {id(w) for w in models.autoencoder.weights} & {id(w) for w in flat.autoencoder.weights}
    assert np.any(flat.autoencoder.get_weights()[0] != models.autoencoder.get_weights()[0])


def test_an_activation_inside_a_recurrent_layer_stays_there() -> None:
    """It acts at every step and cannot stand behind the layer."""
    encoder = keras.Sequential([keras.Input((4, 3)), layers.LSTM(2, activation="tanh")])
    decoder = keras.Sequential([keras.Input((2,)), layers.RepeatVector(4), layers.LSTM(3, return_sequences=True)])
    flat = flattened(Autoencoder(encoder, decoder, keras.Sequential([encoder, decoder])))
    assert [type(layer).__name__ for layer in flat.encoder.layers] == ["InputLayer", "LSTM"]
    assert [type(layer).__name__ for layer in flat.autoencoder.layers] == ["InputLayer", "LSTM", "RepeatVector", "LSTM"]


# A network without Keras


def test_the_twin_of_a_network_in_numpy_answers_as_it_does() -> None:
    """Encoder, decoder and whole, with the arrays of the network."""
    models = from_scratch.build(seed=3)
    models.autoencoder.b1[...] = np.linspace(-1, 1, 32)
    models.autoencoder.b2[...] = np.linspace(-2, 2, 784)
    twin = as_keras(models)
    images = np.random.default_rng(0).random((4, 784), dtype=np.float32)
    codes = models.encoder(images)
    assert (codes == 0).any()
    np.testing.assert_allclose(answers(twin.encoder, images), codes, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(answers(twin.decoder, codes), models.decoder(codes), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(answers(twin.autoencoder, images), models.autoencoder(images), rtol=1e-4, atol=1e-5)
    assert twin.autoencoder.count_params() == 50_992


def test_keras_models_are_their_own_twins() -> None:
    """Nothing is copied."""
    models = build()
    assert as_keras(models) is models


def test_a_network_in_numpy_is_trained_with_its_seed() -> None:
    """Weights and order come from the seed; the loss is that of the last epoch, the models are Keras's."""
    source = tiny(
        **{name: getattr(from_scratch, name) for name in ("build", "compile_model", "inputs_and_targets")}, EPOCHS=2
    )
    first, again, other = (train(source, material(), REFERENCE, seed) for seed in (1, 1, 2))
    for mine, same in zip(first.models.autoencoder.get_weights(), again.models.autoencoder.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, same)
    assert np.any(first.models.autoencoder.get_weights()[0] != other.models.autoencoder.get_weights()[0])
    assert isinstance(first.models.autoencoder, keras.Model)
    flat = material().train[:64].reshape(64, 784)
    assert first.training_loss == pytest.approx(
        from_scratch.loss(flat, answers(first.models.autoencoder, flat)), rel=1e-4
    )
    assert first.epochs == 2


def test_a_run_really_trains_and_repeats_itself() -> None:
    """Two epochs with one seed, twice: the same weights, and a loss below that of a third run's first epoch."""
    trained: Callable[..., Any] = partial(train, tiny(EPOCHS=2), material(), seed=5)
    first, again = trained(variation=REFERENCE), trained(variation=REFERENCE)
    for mine, same in zip(first.models.autoencoder.get_weights(), again.models.autoencoder.get_weights(), strict=True):
        np.testing.assert_allclose(mine, same, rtol=1e-5, atol=1e-7)
    assert first.training_loss == pytest.approx(again.training_loss, rel=1e-5)
    one_epoch = trained(variation=Variation("half", epochs_share=0.5))
    assert (one_epoch.epochs, first.epochs) == (1, 2)
    assert first.training_loss < one_epoch.training_loss
