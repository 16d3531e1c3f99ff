"""Halves that the notebook did not make are cut out of its autoencoder, and marked as such."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras import Input, Model, Sequential, layers
from round_trip import IMAGES, answers, send, shake

from grader.domain.evidence import Evidence
from grader.domain.measurement import Role
from grader.probe.fit_record import FitRecord
from grader.rebuild.network.allowlist import RefusedError
from grader.rebuild.network.cutting import NAMELESS, PUT_TOGETHER, completed
from grader.rebuild.network.model import Workshop
from grader.rebuild.network.roles import Cast, assign
from grader.rebuild.whole_submission import load_arrays

pytestmark = pytest.mark.usefixtures("alone")

FLAT = IMAGES.reshape(len(IMAGES), 784)
ENCODER, DECODER, WHOLE = Role.ENCODER, Role.DECODER, Role.AUTOENCODER


def cast(namespace: dict[str, Any], folder: Path, trained: Sequence[Any] = ()) -> tuple[Cast, Evidence]:
    """All the way: probe, border, rebuilt models, roles, and what was missing."""
    evidence = send(namespace, folder, [FitRecord(model, completed=True) for model in trained])
    arrays = load_arrays(evidence.weights_file)
    workshop, models = Workshop(evidence.operations, arrays), []
    for claim in evidence.models:
        try:
            models.append(workshop.rebuild(claim))
        except RefusedError:
            continue
    contract = {role.value: role.value for role in Role}
    found = assign(models, evidence.fits, arrays, sample=(28, 28), contract=contract)
    return completed(found, evidence, arrays, sample=(28, 28)), evidence


def shapes(found: Cast) -> dict[Role, tuple[Any, Any]]:
    return {role: (model.input_shape, model.output_shape) for role, model in found.by_role().items()}


def check_halves(found: Cast, images: np.ndarray) -> None:
    """The two halves one after the other answer as the whole does."""
    assert found.autoencoder
    assert found.encoder
    assert found.decoder
    codes = answers(found.encoder.model, images)
    np.testing.assert_allclose(answers(found.decoder.model, codes), answers(found.autoencoder.model, images), atol=1e-5)


def graph() -> dict[str, Any]:
    image = Input((784,))
    wide = layers.Dense(20, activation="relu")(image)
    encoded = layers.Dense(5, activation="relu")(wide)
    decoded = layers.Dense(784, activation="sigmoid")(layers.Dense(20)(encoded))
    found = {"image": image, "wide": wide, "encoded": encoded, "decoded": decoded, "ae": Model(image, decoded)}
    shake(found["ae"])
    return found


def test_a_tensor_with_a_name_is_the_encoder(tmp_path: Path) -> None:
    """Called `encoded` in 13 of 80 real notebooks: it is reported by its name, and no model of the notebook's."""
    found, _ = cast(graph(), tmp_path)
    assert found.encoder is not None
    assert found.encoder.claim.names == ("encoded",)
    assert shapes(found)[ENCODER] == ((784,), (5,))
    assert (found.cut, set(found.own())) == ({ENCODER, DECODER}, {WHOLE})
    check_halves(found, FLAT)


def test_without_any_name_the_graph_is_cut_at_its_narrowest_point(tmp_path: Path) -> None:
    """A Sequential of one piece: code after its own activation, then the rest."""
    model = Sequential([
        layers.Flatten(), layers.Dense(20, activation="relu"), layers.Dense(5), layers.Activation("tanh"),
        layers.Dense(784), layers.Reshape((28, 28)),
    ])  # fmt: skip
    model(IMAGES)
    shake(model)
    found, _ = cast({"modelo": model}, tmp_path)
    assert shapes(found) == {ENCODER: ((28, 28), (5,)), DECODER: ((5,), (28, 28)), WHOLE: ((28, 28), (28, 28))}
    assert found.cut == {ENCODER, DECODER}
    assert found.encoder is not None
    assert found.encoder.steps[-1].kind == "Activation"
    check_halves(found, IMAGES)


def test_a_function_that_makes_the_encoder_is_found_by_its_graph(tmp_path: Path) -> None:
    """Two of 80 real notebooks write `def encoder(x)`; the decoder is a model here."""

    def encoder(x: Any) -> Any:
        return layers.Dense(5)(layers.Dense(9, activation="relu")(x))

    decoder = Sequential([Input((5,)), layers.Dense(784)])
    image = Input((784,))
    whole = Model(image, decoder(encoder(image)))
    found, _ = cast({"encoder": encoder, "decoder": decoder, "autoencoder": whole}, tmp_path)
    assert found.cut == {ENCODER}
    assert shapes(found)[ENCODER] == ((784,), (5,))
    check_halves(found, FLAT)


def test_an_own_encoder_tells_where_its_decoder_begins(tmp_path: Path) -> None:
    """Even where the graph is narrower elsewhere."""
    image = Input((784,))
    code = layers.Dense(9)(image)
    whole = Model(image, layers.Dense(784)(layers.Dense(4)(code)))
    found, _ = cast({"autoencoder": whole, "encoder": Model(image, code)}, tmp_path)
    assert found.cut == {DECODER}
    assert shapes(found)[DECODER] == ((9,), (784,))
    check_halves(found, FLAT)


def test_models_of_the_notebooks_own_come_before_what_could_be_cut(tmp_path: Path) -> None:
    """An encoder that shares nothing with the autoencoder stays the encoder, and loses its points for that."""
    namespace = graph() | {"encoder": Sequential([Input((784,)), layers.Dense(5)])}
    found, _ = cast(namespace, tmp_path)
    assert found.encoder is not None
    assert (found.encoder.claim.names, found.cut) == (("encoder",), {DECODER})


def test_an_encoder_that_returns_the_reconstruction_is_none(tmp_path: Path) -> None:
    """A mistake of real notebooks that raises no error; the code is cut out of the graph."""
    namespace = graph()
    namespace["encoder"] = Model(namespace["image"], namespace["decoded"])
    found, _ = cast(namespace, tmp_path)
    assert found.encoder is not None
    assert found.encoder.claim.names == ("encoded",)
    assert ENCODER in found.cut


def test_a_tensor_of_a_branch_that_was_never_trained_is_not_the_encoder(tmp_path: Path) -> None:
    """A mistake of real notebooks: its arrays are not the autoencoder's."""
    namespace = graph()
    del namespace["wide"]
    namespace["encoded"] = layers.Dense(5)(namespace["image"])
    found, _ = cast(namespace, tmp_path)
    assert found.encoder is not None
    assert found.encoder.claim.names == NAMELESS
    check_halves(found, FLAT)


def test_a_way_around_the_code_leaves_nothing_to_cut(tmp_path: Path) -> None:
    """No tensor carries all of the image."""
    image = Input((784,))
    whole = Model(image, layers.Add()([image, layers.Dense(784)(layers.Dense(5)(image))]))
    found, _ = cast({"autoencoder": whole}, tmp_path)
    assert (found.encoder, found.decoder, found.cut) == (None, None, frozenset())


def test_a_code_as_large_as_an_image_is_no_bottleneck_but_a_half(tmp_path: Path) -> None:
    """7 x 7 x 16 is 784: a model of the notebook's that ends there is its encoder, and a cut there would be none."""
    image = Input((28, 28, 1))
    code = layers.Conv2D(16, 3, strides=4, padding="same")(image)
    rest = Sequential([Input((7, 7, 16)), layers.Conv2DTranspose(1, 3, strides=4, padding="same")])
    encoder, whole = Model(image, code), Model(image, rest(code))
    found, _ = cast({"encoder": encoder, "decoder": rest, "autoencoder": whole}, tmp_path / "own")
    assert shapes(found) == {
        ENCODER: ((28, 28, 1), (7, 7, 16)), DECODER: ((7, 7, 16), (28, 28, 1)), WHOLE: ((28, 28, 1), (28, 28, 1)),
    }  # fmt: skip
    found, _ = cast({"autoencoder": Model(image, rest.layers[0](code))}, tmp_path / "none")
    assert (found.encoder, found.decoder) == (None, None)


@pytest.mark.parametrize("shape", [(784,), (28, 28), (28, 28, 1)])
def test_any_shape_of_an_image_is_cut(shape: tuple[int, ...], tmp_path: Path) -> None:
    """Flat, square, or with a channel."""
    model = Sequential([Input(shape), layers.Flatten(), layers.Dense(5), layers.Dense(784), layers.Reshape(shape)])
    found, _ = cast({"m": model}, tmp_path)
    assert shapes(found)[ENCODER] == (shape, (5,))
    check_halves(found, IMAGES.reshape(-1, *shape))


# Put together


class Held(Model):
    """Encoder and decoder with a `train_step` of their own and no `call`, as in many a tutorial."""

    def __init__(self, encoder: Any, decoder: Any) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def train_step(self, data: Any) -> dict[str, Any]:
        """Train on one batch."""
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self.decoder(self.encoder(data)[2]) - data) ** 2)
        variables = self.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return {"loss": loss}


class Sampling(layers.Layer):
    """Draws a code."""

    def call(self, inputs: Any) -> Any:
        """Return a code."""
        mean, log_variance = inputs
        return mean + tf.exp(0.5 * log_variance) * tf.random.normal(tf.shape(mean))


def test_a_class_without_a_call_is_put_together_from_what_it_holds(tmp_path: Path) -> None:
    """The variational autoencoder of most tutorials: it is the notebook's own, and its draws are known."""
    image = Input((28, 28, 1))
    hidden = layers.Dense(6)(layers.Flatten()(image))
    mean, log_variance = layers.Dense(2)(hidden), layers.Dense(2)(hidden)
    encoder = Model(image, [mean, log_variance, Sampling()([mean, log_variance])])
    decoder = Sequential([Input((2,)), layers.Dense(784), layers.Reshape((28, 28, 1))])
    vae = Held(encoder, decoder)
    vae.compile("sgd", run_eagerly=True)
    vae.fit(IMAGES[..., None], epochs=1, verbose=0)
    found, evidence = cast({"codificador": encoder, "deco": decoder, "vae": vae}, tmp_path, [vae])
    assert found.autoencoder is not None
    assert (found.autoencoder.claim.names, found.autoencoder.claim.class_name) == (("vae",), "Held")
    assert (found.cut, found.candidates, found.autoencoder.moments is not None) == (frozenset(), 1, True)
    images = IMAGES[..., None]
    means = answers(Model(image, mean), images)
    np.testing.assert_allclose(answers(found.autoencoder.model, images), answers(decoder, means), atol=1e-5)
    assert next(claim.problem for claim in evidence.models if "vae" in claim.names)


def test_two_halves_that_a_loop_trained_are_the_autoencoder(tmp_path: Path) -> None:
    """No model of the notebook's maps an image to an image; the two were trained as one, and are one."""
    encoder, decoder = Sequential([Input((784,)), layers.Dense(5)]), Sequential([Input((5,)), layers.Dense(784)])
    found, _ = cast({"e": encoder, "d": decoder}, tmp_path, [encoder, decoder])
    assert found.autoencoder is not None
    assert (found.autoencoder.claim.names, found.cut) == ((PUT_TOGETHER,), frozenset())
    check_halves(found, FLAT)


def test_halves_that_were_not_trained_make_nothing(tmp_path: Path) -> None:
    """A classifier and a generator that happen to fit are no autoencoder."""
    encoder, decoder = Sequential([Input((784,)), layers.Dense(5)]), Sequential([Input((5,)), layers.Dense(784)])
    found, _ = cast({"e": encoder, "d": decoder}, tmp_path, [encoder])
    assert (found.autoencoder, found.cut) == (None, frozenset())
