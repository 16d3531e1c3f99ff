"""Which autoencoders a notebook holds: found by what they take and give, and by whose arrays they hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras import Input, Model, Sequential, layers
from round_trip import send

from grader.domain.evidence import Evidence
from grader.domain.inspection import Outline
from grader.probe.fit_record import FitRecord
from grader.rebuild.outlining import outlines
from grader.rebuild.protocol import ANSWER, Answer
from grader.rebuild.quantities.reference_data import DataChoice
from reference import data

pytestmark = pytest.mark.usefixtures("alone")


def found(namespace: dict[str, Any], folder: Path, trained: Sequence[Any] = ()) -> tuple[Outline, ...]:
    """All the way: probe, border, outlines."""
    records = [FitRecord(model, completed=True) for model in trained]
    return outlines(send(namespace, folder, records), DataChoice("sample", None))


def halves(code: int = 20) -> tuple[Model, Model]:
    encoder = Sequential([Input((784,)), layers.Dense(code, activation="relu")])
    return encoder, Sequential([Input((code,)), layers.Dense(784, activation="sigmoid")])


def test_an_autoencoder_gives_as_many_numbers_as_it_takes(tmp_path: Path) -> None:
    """Classifier, generator, verdict and halves do not; sequences of any length do where their steps are of one size."""
    encoder, decoder = halves()
    whole = Sequential([encoder, decoder])
    rows = Sequential(
        [Input((None, 28)), layers.LSTM(5), layers.RepeatVector(28), layers.LSTM(28, return_sequences=True)]
    )
    classifier = Sequential([Input((784,)), layers.Dense(10, activation="softmax")])
    verdict = Sequential([Input((784,)), layers.Dense(1)])
    scaling = Sequential([Input((784,)), layers.BatchNormalization(), layers.BatchNormalization()])
    one_layer = Sequential([Input((784,)), layers.Dense(784)])
    space = {"e": encoder, "d": decoder, "ae": whole, "rows": rows, "clf": classifier, "verdict": verdict}
    space |= {"scaling": scaling, "one_layer": one_layer}
    said = found(space, tmp_path, [whole, classifier])
    assert [(one.name, one.code_size, one.trained_by != (), one.classifies) for one in said] == [
        ("ae", 20, True, False),
        ("rows", 5, False, False),
    ]


def test_one_that_was_trained_by_itself_is_told_once_with_the_name_it_has(tmp_path: Path) -> None:
    """Other models of the same arrays are its twins."""
    image = Input((784,))
    code = layers.Dense(20)(image)
    out = layers.Dense(784)(code)
    whole, again = Model(image, out), Model(image, out)
    (said,) = found({"autoencoder": whole, "encoder": again, "short": Model(image, code)}, tmp_path, [whole])
    assert (said.name, said.twins, said.strays) == ("autoencoder", ("encoder",), ())


def test_two_of_the_same_arrays_are_told_both_where_both_were_trained(tmp_path: Path) -> None:
    """A "denoiser" that is the very autoencoder it is compared to."""
    image = Input((784,))
    out = layers.Dense(784)(layers.Dense(20)(image))
    plain, denoiser = Model(image, out), Model(image, out)
    said = found({"plain": plain, "denoiser": denoiser}, tmp_path, [plain, denoiser])
    assert [one.name for one in said] == ["plain", "denoiser"]
    assert all({other.model for other in said} <= set(one.relatives) for one in said)


def test_an_encoder_of_new_layers_is_a_stray(tmp_path: Path) -> None:
    """Unless it was given the trained numbers, or belongs to an autoencoder that was never trained."""
    encoder, decoder = halves()
    whole = Sequential([encoder, decoder])
    stray, _ = halves()
    copy, _ = halves()
    copy.set_weights(encoder.get_weights())
    other_encoder, other_decoder = halves(9)
    other = Sequential([other_encoder, other_decoder])
    space = {"ae": whole, "encoder": stray, "copied": copy, "encoder_2": other_encoder, "other": other}
    said = {one.name: one.strays for one in found(space, tmp_path, [whole])}
    assert said == {"ae": ("encoder",), "other": ()}


def test_two_halves_that_were_trained_are_put_together(tmp_path: Path) -> None:
    """A loop of the notebook's own never makes the whole."""
    encoder, decoder = halves()
    (said,) = found({"E": encoder, "D": decoder}, tmp_path, [encoder, decoder])
    assert (said.name, said.code_size, len(said.trained_by) > 0) == ("decoder(encoder(x))", 20, True)
    assert found({"E": encoder, "D": decoder}, tmp_path, []) == ()


def test_a_class_without_a_call_is_opened_at_its_halves(tmp_path: Path) -> None:
    """Its own `train_step` is all that it has; two outputs of one width are a mean and a log-variance."""
    image = Input((784,))
    hidden = layers.Dense(9, activation="relu")(image)
    encoder = Model(image, [layers.Dense(2)(hidden), layers.Dense(2)(hidden)])
    decoder = Sequential([Input((2,)), layers.Dense(784, activation="sigmoid")])

    class Vae(Model):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.decoder = encoder, decoder

    vae = Vae()
    (said,) = found({"vae": vae}, tmp_path, [vae])
    assert (said.name, said.code_size, said.is_variational) == ("vae", 2, True)
    assert len(said.relatives) == 3


def test_training_counts_where_it_reached_every_array(tmp_path: Path) -> None:
    """A classifier on the encoder trains half an autoencoder; one that holds the whole, all of it."""
    encoder, decoder = halves()
    whole = Sequential([encoder, decoder])
    classifier = Sequential([encoder, layers.Dense(10, activation="softmax")])
    (said,) = found({"ae": whole, "clf": classifier}, tmp_path, [classifier])
    assert (said.trained_by, said.classifies) == ((), True)
    (said,) = found({"ae": whole, "clf": classifier}, tmp_path, [Sequential([whole])])
    assert said.trained_by != ()


def test_a_stack_knows_its_parts_and_they_know_it(tmp_path: Path) -> None:
    """Two shallow ones were trained, the stack of their layers was not."""
    down1, up1 = layers.Dense(50), layers.Dense(784)
    down2, up2 = layers.Dense(10), layers.Dense(50)
    shallow1 = Sequential([Input((784,)), down1, up1])
    shallow2 = Sequential([Input((50,)), down2, up2])
    stack = Sequential([Input((784,)), down1, down2, up2, up1])
    said = {
        one.name: (one.parts_trained, len(one.part_of), one.trained_by != ())
        for one in found({"a": shallow1, "b": shallow2, "stack": stack}, tmp_path, [shallow1, shallow2])
    }
    assert said == {"a": (0, 1, True), "b": (0, 1, True), "stack": (2, 0, True)}


def test_skills_tell_the_data_set(tmp_path: Path) -> None:
    """PCA of Fashion-MNIST as a network is at home there, and none of MNIST's."""
    images = data.scaled(data.load("fashion_mnist", size="sample").x_train[:2000]).reshape(-1, 784)
    mean = images.mean(axis=0)
    axes = np.linalg.svd(images - mean, full_matrices=False)[2][:20]
    pca = Sequential([Input((784,)), layers.Dense(20), layers.Dense(784)])
    pca.set_weights([axes.T, -mean @ axes.T, axes, mean])
    (said,) = found({"pca": pca}, tmp_path, [pca])
    assert said.dataset == "fashion_mnist"
    assert said.skills["fashion_mnist"] > 0.6
    assert set(said.noise_ratios) == {"mnist", "fashion_mnist"}


def test_a_normalization_adapted_inside_is_part_of_the_model(tmp_path: Path) -> None:
    """Its mean and variance come across, so that the network behind it answers as it did in the notebook."""
    images = data.scaled(data.load("fashion_mnist", size="sample").x_train[:2000])
    flat = images.reshape(-1, 784)
    scaling = layers.Normalization(axis=None)
    scaling.adapt(images)
    deviation, centre = float(np.sqrt(scaling.variance.numpy().item())), float(scaling.mean.numpy().item())
    basis = np.linalg.eigh(np.cov(flat, rowvar=False))[1][:, -30:]
    whole = Sequential(
        [
            Input((28, 28)), scaling, layers.Flatten(), layers.Dense(30), layers.Dense(784), layers.Rescaling(deviation, centre),
            layers.Reshape((28, 28)),
        ]
    )  # fmt: skip
    middle = (flat.mean(axis=0) - centre) / deviation
    whole.layers[2].set_weights([basis, -middle @ basis])
    whole.layers[3].set_weights([basis.T, middle])
    (said,) = found({"autoencoder": whole}, tmp_path, [whole])
    assert (said.name, said.code_size) == ("autoencoder", 30)
    assert said.skills["fashion_mnist"] > 0.8
    assert said.architecture.parameters == whole.count_params()


def test_what_answers_with_no_numbers_has_no_skill(tmp_path: Path) -> None:
    """NaN and infinity are no numbers that an answer in JSON could hold: the outline comes through all the same."""
    whole = Sequential([Input((784,)), layers.Dense(4), layers.Dense(784)])
    whole.set_weights([np.full(array.shape, np.float32(1e30)) for array in whole.get_weights()])
    (said,) = found({"ae": whole}, tmp_path, [whole])
    assert (dict(said.skills), said.dataset, said.skill) == ({}, "", None)
    assert ANSWER.validate_json(ANSWER.dump_json(Answer(outlines=(said,)))).outlines == (said,)


def test_a_notebook_without_models_has_no_outline() -> None:
    """Nothing is made up."""
    assert outlines(Evidence(), DataChoice("sample", None)) == ()
