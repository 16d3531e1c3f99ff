"""Classifiers on a pretrained encoder: whose weights they began with, and how right they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import Input, Sequential, layers
from round_trip import send, shake

from grader.domain.measurement import Quantity
from grader.domain.ports import MeasuringTask
from grader.rebuild.families.case import Case, Rebuilt, Setting
from grader.rebuild.families.transfer import Transfer, accuracy, probabilities, similarity
from grader.rebuild.network.model import Workshop
from grader.rebuild.network.roles import assign
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.quantities.samples import Samples
from grader.rebuild.whole_submission import load_arrays
from reference.contract import load

pytestmark = pytest.mark.usefixtures("alone")

IMAGES = np.random.default_rng(5).random((40, 28, 28), dtype=np.float32)
RNG = np.random.default_rng(2)
FIRST, SECOND = (RNG.normal(size=(30, 20)).astype(np.float32) for _ in range(2))
HEAD = RNG.normal(size=(20, 10)).astype(np.float32)


# Likeness of matrices


@pytest.mark.parametrize(
    ("first", "second", "likeness"),
    [
        ([FIRST], [FIRST], 1),
        ([FIRST, SECOND], [FIRST, SECOND, HEAD], 1),
        ([FIRST, SECOND], [HEAD, FIRST, SECOND], 1),
        ([FIRST], [3 * FIRST], 1),
        ([FIRST], [-FIRST], -1),
        ([FIRST], [HEAD], 0),
        ([FIRST], [], 0),
        ([], [FIRST], 0),
        ([FIRST], [np.zeros_like(FIRST)], 0),
        ([FIRST, FIRST], [FIRST], 2**-0.5),
    ],
    ids=["copy", "with a head", "head first", "scaled", "turned", "other shape", "nothing", "no encoder", "zeros",
         "half of it"],
)  # fmt: skip
def test_likeness_by_hand(first: list[np.ndarray], second: list[np.ndarray], likeness: float) -> None:
    """A cosine over all matrices of the encoder; those of other shapes beside them do not count."""
    assert similarity(first, second) == pytest.approx(likeness, abs=1e-6)


def test_matrices_of_one_shape_are_paired_in_order() -> None:
    """Two layers that changed places have nothing in common."""
    assert abs(similarity([FIRST, SECOND], [SECOND, FIRST])) < 0.15
    assert similarity([FIRST, SECOND], [FIRST, SECOND]) == pytest.approx(1)


def test_a_fresh_matrix_has_nothing_in_common_and_a_tuned_one_much() -> None:
    """What fine-tuning adds is small beside what is there."""
    noise = np.random.default_rng(8).normal(size=FIRST.shape).astype(np.float32)
    assert abs(similarity([FIRST], [noise])) < 0.15
    assert similarity([FIRST], [FIRST + 0.1 * noise]) > 0.98


# Answers


def test_accuracy_and_probabilities_by_hand() -> None:
    """Rows that sum to 1 and hold no negative number are probabilities; the largest number is the answer."""
    rows = np.array([[0.2, 0.8], [0.5, 0.5004], [0.6, 0.5], [1.2, -0.2], [np.nan, 0.0]], np.float32)
    assert probabilities(rows) == pytest.approx(0.4)
    assert accuracy(rows[:4], np.array([1, 1, 1, 0])) == 0.75


# Whole notebooks


def make_encoder() -> Any:
    model = Sequential([Input((28, 28)), layers.Flatten(), layers.Dense(12, activation="relu"), layers.Dense(6)])
    shake_with(model)
    return model


def shake_with(model: Any) -> None:
    """Different numbers for each model."""
    for weight in model.weights:
        weight.assign(RNG.normal(0, 0.3, weight.shape))


def classifier(encoder: Any, *, answer: int | None = None, activation: str | None = "softmax") -> Any:
    """Ten numbers from an encoder; with `answer` always the same class."""
    model = Sequential([Input((28, 28)), encoder, layers.Dense(10, activation=activation)])
    if answer is not None:
        model.layers[-1].set_weights([np.zeros((6, 10)), 9.0 * np.eye(10)[answer]])
    return model


def notebook() -> dict[str, Any]:
    encoder = make_encoder()
    decoder = Sequential([Input((6,)), layers.Dense(784), layers.Reshape((28, 28))])
    shake(decoder)
    return {"encoder": encoder, "decoder": decoder, "autoencoder": Sequential([encoder, decoder])}


def found(namespace: dict[str, Any], folder: Path, labels: np.ndarray | None = None) -> dict[Quantity, float]:
    evidence = send(namespace, folder)
    arrays = load_arrays(evidence.weights_file)
    workshop = Workshop(evidence.operations, arrays)
    models = [workshop.rebuild(claim) for claim in evidence.models]
    cast = assign(models, (), arrays, sample=(28, 28), contract={})
    chosen = np.full(len(IMAGES), 3) if labels is None else labels
    reference, samples = load("pretraining"), Samples("sample", IMAGES, IMAGES, labels=chosen)
    setting = Setting(reference, MeasuringTask("pretraining", "hidden"), DataChoice("sample"))
    case = Case(setting, Rebuilt(evidence, arrays, models), cast, samples, IMAGES)
    assert cast.autoencoder is not None
    family, outputs = Transfer(), image_metrics.reconstruct(cast.autoencoder.model, IMAGES)
    numbers = family.measure(reference, family.of_student(case), samples, outputs)
    return {one.name: one.value for one in numbers if not one.name.startswith("reconstruction")}


def test_a_classifier_on_the_encoder_itself(tmp_path: Path) -> None:
    """Equal matrices, probabilities, and the share of images of its one class."""
    namespace = notebook()
    namespace["classifier"] = classifier(namespace["encoder"], answer=3)
    labels = np.repeat([3, 4], [30, 10])
    assert found(namespace, tmp_path, labels) == {
        Quantity.ACCURACY: 0.75,
        Quantity.PROBABILITIES: 1.0,
        Quantity.ENCODER_SIMILARITY: pytest.approx(1),
    }


def test_a_classifier_on_a_copy_counts_and_one_on_a_new_encoder_does_not(tmp_path: Path) -> None:
    """What counts is which numbers it holds, not which object."""
    namespace = notebook()
    copy = keras.models.clone_model(namespace["encoder"])
    copy.set_weights(namespace["encoder"].get_weights())
    likeness = {
        name: found({**namespace, "classifier": classifier(begin)}, tmp_path / name)[Quantity.ENCODER_SIMILARITY]
        for name, begin in (("copy", copy), ("fresh", make_encoder()))
    }
    assert likeness["copy"] == pytest.approx(1)
    assert abs(likeness["fresh"]) < 0.1


def test_answers_that_are_no_probabilities_are_seen(tmp_path: Path) -> None:
    """A last layer without softmax."""
    namespace = notebook()
    namespace["classifier"] = classifier(namespace["encoder"], activation=None)
    assert found(namespace, tmp_path)[Quantity.PROBABILITIES] == 0


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (("classifier", "clasificador_2", "other"), "classifier"),
        (("other", "clasificador"), "clasificador"),
        (("first", "second"), "second"),
        (("classifier", "desde_cero", "z_scratch"), "classifier"),
        (("model", "classifier_from_scratch"), "model"),
    ],
    ids=["by its name", "by a part of it", "the last one", "rivals", "rival with a better name"],
)
def test_the_classifier_is_chosen_by_its_name(names: tuple[str, ...], chosen: str, tmp_path: Path) -> None:
    """The name asked for, then any that sounds like it, then the latest; one from scratch is its rival."""
    namespace = notebook()
    for name in names:
        namespace[name] = classifier(namespace["encoder"], answer=3 if name == chosen else 5)
    numbers = found(namespace, tmp_path)
    assert numbers[Quantity.ACCURACY] == 1
    rivals = [name for name in names if "scratch" in name or "cero" in name]
    assert numbers.get(Quantity.SCRATCH_ACCURACY) == (0 if rivals else None)


def test_a_classifier_from_scratch_alone_is_judged_as_the_classifier(tmp_path: Path) -> None:
    """Better than to say that there is none; its likeness tells the rest."""
    namespace = notebook()
    namespace["from_scratch"] = classifier(make_encoder(), answer=3)
    numbers = found(namespace, tmp_path)
    assert (numbers[Quantity.ACCURACY], numbers[Quantity.SCRATCH_ACCURACY]) == (1, 1)
    assert abs(numbers[Quantity.ENCODER_SIMILARITY]) < 0.1


def test_what_does_not_give_ten_numbers_for_an_image_is_no_classifier(tmp_path: Path) -> None:
    """An encoder with a code of ten numbers would be one; twelve numbers, or rows of ten, are not."""
    namespace = notebook()
    namespace["twelve"] = Sequential([Input((28, 28)), layers.Flatten(), layers.Dense(12)])
    namespace["rows"] = Sequential([Input((28, 28)), layers.Dense(10)])
    namespace["codes"] = Sequential([Input((6,)), layers.Dense(10)])
    assert found(namespace, tmp_path) == {}
