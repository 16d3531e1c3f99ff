"""What zone M says of right, wrong and broken autoencoders, on the hidden images of the embedded sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import Input, Model, Sequential, layers, ops
from round_trip import send, shake
from stacked_styles import decoder_model, encoder_model

from grader.authoring.assignment_catalogue import load_facts
from grader.domain.evidence import Evidence, FitClaim
from grader.domain.facts import Baseline
from grader.domain.measurement import Measurement, Measurements, Quantity, Role
from grader.domain.messages import message, verbatim
from grader.domain.ports import MeasuringTask
from grader.locale import Translator
from grader.rebuild import whole_submission
from grader.rebuild.calibration import FACTS, FACTS_FOLDER
from grader.rebuild.families import family
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.quantities.samples import load_samples, strip
from reference import stacked

pytestmark = pytest.mark.usefixtures("alone")

SAMPLE = DataChoice("sample")
NAMES = tuple((role.value, role.value) for role in Role)
TASK = MeasuringTask("stacked", "hidden", NAMES)


@pytest.fixture(autouse=True)
def one_jacobian(monkeypatch: pytest.MonkeyPatch) -> None:
    """One image instead of four: what these models are does not depend on the image."""
    monkeypatch.setattr(whole_submission, "JACOBIAN_IMAGES", 1)


def measured(namespace: dict[str, Any], folder: Path) -> Measurements:
    return whole_submission.measure(send(namespace, folder), TASK, SAMPLE)


def reported(measurements: Measurements) -> list[tuple[str, str, bool]]:
    """Problems as a person reads them in English."""
    english = Translator("en")
    return [(problem.model, english.text(problem.reason), problem.ours) for problem in measurements.problems]


# Right ones


def test_untrained_weights_give_the_number_of_the_facts(tmp_path: Path) -> None:
    """The same seed, the same images, through probe and border: the very figure that calibration wrote down."""
    facts = FACTS.validate_json((FACTS_FOLDER / "stacked.json").read_bytes()).calibrated["sample"].reconstruction
    assert facts is not None
    keras.utils.set_random_seed(0)
    found = measured(dict(stacked.build()._asdict()), tmp_path)
    assert found.value(Quantity.RECONSTRUCTION_MSE) == pytest.approx(facts.baselines[Baseline.UNTRAINED], rel=1e-5)
    assert found.value(Quantity.MEAN_IMAGE_MSE) == pytest.approx(facts.baselines[Baseline.MEAN], rel=1e-5)
    assert found.value(Quantity.PCA_MSE) == pytest.approx(facts.baselines[Baseline.PCA], rel=1e-5)
    assert found.value(Quantity.CODE_SIZE) == 30
    assert found.value(Quantity.COMPOSITION_GAP) == pytest.approx(0, abs=1e-5)
    assert {role: (model.name, model.shared_with_autoencoder) for role, model in found.models.items()} == {
        role: (role.value, True) for role in Role
    }
    assert (found.problems, found.bypass, found.data, found.candidates, found.claims.trained) == (
        (),
        None,
        "sample",
        1,
        False,
    )


def principal_components(code_size: int, dataset: str = "fashion_mnist") -> tuple[np.ndarray, np.ndarray]:
    train = load_samples(dataset, "hidden", SAMPLE).train[:].reshape(-1, 784).astype(np.float64)
    _, vectors = np.linalg.eigh(np.cov(train, rowvar=False))
    return vectors[:, -code_size:], train.mean(axis=0)


def test_a_linear_autoencoder_that_holds_pca_reaches_pca(tmp_path: Path) -> None:
    """Baldi and Hornik (1989): the best linear autoencoder is PCA; its Jacobian has the rank of the code."""
    basis, mean = principal_components(30)
    encoder = Sequential([Input((28, 28)), layers.Flatten(), layers.Dense(30)])
    decoder = Sequential([Input((30,)), layers.Dense(784), layers.Reshape((28, 28))])
    encoder.set_weights([basis, -mean @ basis])
    decoder.set_weights([basis.T, mean])
    found = measured({"encoder": encoder, "decoder": decoder, "autoencoder": Sequential([encoder, decoder])}, tmp_path)
    assert found.value(Quantity.RECONSTRUCTION_MSE) == pytest.approx(found.value(Quantity.PCA_MSE), rel=1e-3)
    assert found.value(Quantity.THROUGH_CODE_MSE) == pytest.approx(found.value(Quantity.PCA_MSE), rel=1e-3)
    assert found.value(Quantity.BOTTLENECK_RANK) == 30
    assert [strip.title for strip in found.strips] == ["original", "student"]


def learnt(dataset: str) -> dict[str, Any]:
    """The best linear autoencoder of these images: what a training on them comes near to."""
    basis, mean = principal_components(30, dataset)
    encoder = Sequential([Input((784,)), layers.Dense(30)])
    decoder = Sequential([Input((30,)), layers.Dense(784)])
    encoder.set_weights([basis, -mean @ basis])
    decoder.set_weights([basis.T, mean])
    return {"encoder": encoder, "decoder": decoder, "autoencoder": Sequential([encoder, decoder])}


@pytest.mark.parametrize("dataset", ["mnist", "fashion_mnist"])
def test_a_model_is_measured_on_the_images_that_it_was_trained_on_where_the_course_allows_them(
    dataset: str, tmp_path: Path
) -> None:
    """`symmetric-dense` and `variational` may use either set: by what the model gives back, not by what is said."""
    found = whole_submission.measure(
        send(learnt(dataset), tmp_path), replace(TASK, reference="symmetric-dense"), SAMPLE
    )
    assert (found.dataset, found.foreign) == (dataset, "")
    assert found.value(Quantity.RECONSTRUCTION_MSE) == pytest.approx(found.value(Quantity.PCA_MSE), rel=1e-3)
    images = load_samples(dataset, "hidden", SAMPLE)
    assert found.value(Quantity.MEAN_IMAGE_MSE) == pytest.approx(images.mean_image_error(), rel=1e-6)


def test_a_model_of_images_that_are_not_asked_for_is_reported_as_that(tmp_path: Path) -> None:
    """It is measured on the images asked for, and not called one that has learnt nothing."""
    found = measured(learnt("mnist"), tmp_path)
    assert (found.dataset, found.foreign) == ("fashion_mnist", "mnist")
    assert found.value(Quantity.RECONSTRUCTION_MSE) > 0.5 * found.value(Quantity.MEAN_IMAGE_MSE)
    own = measured(learnt("fashion_mnist"), tmp_path)
    assert (own.dataset, own.foreign) == ("fashion_mnist", "")


def test_a_model_that_learnt_nothing_is_measured_on_the_usual_images(tmp_path: Path) -> None:
    """Fresh weights give no images back, of no data set."""
    encoder, decoder = encoder_model(), decoder_model()
    evidence = send({"autoencoder": Sequential([encoder, decoder])}, tmp_path)
    found = whole_submission.measure(evidence, replace(TASK, reference="symmetric-dense"), SAMPLE)
    assert (found.dataset, found.foreign) == ("mnist", "")


def test_images_for_public_checks_are_not_the_hidden_ones(tmp_path: Path) -> None:
    """`images = "public"` measures on other images of the same data."""
    evidence = send({"autoencoder": Sequential([encoder_model(), decoder_model()])}, tmp_path)
    hidden = whole_submission.measure(evidence, TASK, SAMPLE)
    public = whole_submission.measure(evidence, replace(TASK, images="public"), SAMPLE)
    assert hidden.value(Quantity.MEAN_IMAGE_MSE) != public.value(Quantity.MEAN_IMAGE_MSE)
    assert hidden.value(Quantity.RECONSTRUCTION_MSE) != public.value(Quantity.RECONSTRUCTION_MSE)


def test_models_are_measured_on_the_data_that_the_task_names(tmp_path: Path) -> None:
    """A reference names its own data; a task that names other data has its numbers and its baselines from these."""
    evidence = send({"autoencoder": Sequential([encoder_model(), decoder_model()])}, tmp_path)
    own, same, other = (
        whole_submission.measure(evidence, replace(TASK, dataset=name), SAMPLE)
        for name in ("", "fashion_mnist", "mnist")
    )
    numbers = (Quantity.MEAN_IMAGE_MSE, Quantity.PCA_MSE, Quantity.RECONSTRUCTION_MSE)
    assert [own.value(name) for name in numbers] == [same.value(name) for name in numbers]
    digits = load_samples("mnist", "hidden", SAMPLE)
    assert other.value(Quantity.MEAN_IMAGE_MSE) == pytest.approx(digits.mean_image_error(), rel=1e-6)
    assert other.value(Quantity.PCA_MSE) == pytest.approx(
        image_metrics.pca_error(digits.train[:], digits.images, 30), rel=1e-6
    )
    assert other.value(Quantity.RECONSTRUCTION_MSE) != own.value(Quantity.RECONSTRUCTION_MSE)


# Wrong ones


def whole(join: Callable[[Any, Any, Any, Any], Any], code_size: int = 30) -> Any:
    """An autoencoder whose output `join(image, hidden, code, decoded)` decides, with linear layers: ranks are exact."""
    image = Input((28, 28))
    hidden = layers.Dense(100)(layers.Flatten()(image))
    code = layers.Dense(code_size)(hidden)
    decoded = layers.Dense(784)(layers.Dense(100)(code))
    return Model(image, layers.Reshape((28, 28))(join(layers.Flatten()(image), hidden, code, decoded)))


WRONG: dict[str, tuple[Callable[[], Any], float, Any, str | None]] = {
    # model, code size, rank of the Jacobian, what brings in numbers past the code
    "right": (lambda: whole(lambda image, hidden, code, decoded: decoded), 30, 30, None),
    "code of 64": (lambda: whole(lambda image, hidden, code, decoded: decoded, 64), 64, 64, None),
    "code of 2": (lambda: whole(lambda image, hidden, code, decoded: decoded, 2), 2, 2, None),
    "skip by Add": (lambda: whole(lambda image, hidden, code, decoded: layers.Add()([decoded, image])), 30, 784, "Add"),
    "skip by +": (lambda: whole(lambda image, hidden, code, decoded: decoded + image), 30, 784, "Add"),
    "leak of 1 %": (lambda: whole(lambda image, hidden, code, decoded: decoded + 0.01 * image), 30, 784, "Add"),
    "skip from the hidden layer": (
        lambda: whole(lambda image, hidden, code, decoded: layers.Dense(784)(layers.Concatenate()([code, hidden]))),
        30, 100, "Concatenate",
    ),
    "decoder reads before the code": (lambda: whole(lambda i, hidden, c, d: layers.Dense(784)(hidden)), 100, 100, None),
    "identity": (lambda: Sequential([Input((28, 28)), layers.Flatten(), layers.Reshape((28, 28))]), 784, 784, None),
    "nothing but zeros": (lambda: whole(lambda image, hidden, code, decoded: decoded * 0.0), 30, 0, None),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_loss_is_blind_and_structure_is_not(name: str, tmp_path: Path) -> None:
    """Code size, rank of the Jacobian and the way past the code, each for itself (`grading_facts.md`, R1 to R5)."""
    make, code_size, rank, bypass = WRONG[name]
    model = make()
    found = measured({"autoencoder": model}, tmp_path)
    assert found.value(Quantity.CODE_SIZE) == code_size
    assert found.value(Quantity.BOTTLENECK_RANK) == rank
    sentence = None
    if bypass is not None:
        sentence = message("`{layer}` brings in numbers that did not pass through the code.", layer=bypass)
    assert found.bypass == sentence


def test_a_code_of_dead_units_lets_nothing_through(tmp_path: Path) -> None:
    """Every image gives the same output: spread and rank are 0 (R34)."""
    autoencoder = Sequential([encoder_model(), decoder_model()])
    autoencoder.layers[0].layers[-1].bias.assign(np.full(30, -1000.0))
    found = measured({"autoencoder": autoencoder}, tmp_path)
    assert found.value(Quantity.BOTTLENECK_RANK) == 0
    assert found.value(Quantity.OUTPUT_SPREAD) == pytest.approx(0, abs=1e-6)


def test_an_encoder_that_is_not_the_autoencoders_own_shows(tmp_path: Path) -> None:
    """A copy that was never trained: other arrays, and decoder(encoder(x)) is not autoencoder(x) (R12)."""
    autoencoder = Sequential([Input((28, 28)), *encoder_model().layers, *decoder_model().layers])
    found = measured({"autoencoder": autoencoder, "encoder": encoder_model(), "decoder": decoder_model()}, tmp_path)
    assert (found.value(Quantity.COMPOSITION_GAP) or 0) > 0.1
    assert {role: (model.name, model.shared_with_autoencoder) for role, model in found.models.items()} == {
        Role.ENCODER: ("encoder", False),
        Role.DECODER: ("decoder", False),
        Role.AUTOENCODER: ("autoencoder", True),
    }


# Broken ones


def test_weights_that_are_not_finite_leave_the_structure_measurable(tmp_path: Path) -> None:
    """A training that ended in NaN fails its reconstruction, not its architecture."""
    autoencoder = Sequential([encoder_model(), decoder_model()])
    autoencoder.layers[0].layers[1].kernel.assign(np.full((784, 100), np.nan))
    evidence = send({"autoencoder": autoencoder}, tmp_path)
    found = whole_submission.measure(evidence, TASK, SAMPLE)
    assert len(evidence.non_finite) == 1
    assert reported(found) == [("autoencoder", "Its weights are not finite numbers (NaN).", False)]
    assert found.value(Quantity.CODE_SIZE) == 30
    assert found.models[Role.AUTOENCODER].architecture.parameters == 163_814
    assert Quantity.RECONSTRUCTION_MSE not in found.values
    assert found.strips == ()


class Scale(layers.Layer):
    """One number of its own, outside any layer of Keras."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.factor = self.add_weight(shape=(1,), initializer="ones")
        self.built = True

    def call(self, x: Any) -> Any:
        return x * self.factor


def test_a_raw_weight_that_is_not_finite_is_noticed(tmp_path: Path) -> None:
    """A weight that an operator reads is as much a weight as a layer's own."""
    autoencoder = Sequential([encoder_model(), decoder_model(), Scale()])
    autoencoder.layers[-1].factor.assign([np.inf])
    found = measured({"autoencoder": autoencoder}, tmp_path)
    assert reported(found) == [("autoencoder", "Its weights are not finite numbers (NaN).", False)]


def test_weights_so_large_that_outputs_overflow_are_a_students_problem(tmp_path: Path) -> None:
    """Finite weights, infinite outputs: no number that is none becomes a measurement."""
    autoencoder = Sequential([encoder_model(), decoder_model()])
    for layer in (autoencoder.layers[0].layers[1], autoencoder.layers[1].layers[1]):
        layer.kernel.assign(np.full(layer.kernel.shape, 3e38))
    found = measured({"autoencoder": autoencoder}, tmp_path)
    assert reported(found) == [("autoencoder", "Its outputs are not finite numbers (NaN).", False)]
    assert all(np.isfinite(measurement.value) for measurement in found.values.values())
    assert found.value(Quantity.CODE_SIZE) == 30


def test_a_model_that_does_not_run_is_ours_to_look_at(tmp_path: Path) -> None:
    """A batch size written into a reshape cannot be run on other batches; the form is measured all the same."""
    image = Input(batch_shape=(4, 28, 28))
    code = layers.Dense(30)(ops.reshape(image, (4, 784)))
    autoencoder = Model(image, ops.reshape(layers.Dense(784)(code), (4, 28, 28)))
    found = measured({"autoencoder": autoencoder}, tmp_path)
    ((name, reason, ours),) = reported(found)
    assert (name, ours) == ("autoencoder", True)
    assert reason.startswith(
        "The model cannot be rebuilt: it does not run, Exception encountered when calling Reshape."
    )
    assert found.value(Quantity.CODE_SIZE) == 30
    assert Quantity.RECONSTRUCTION_MSE not in found.values


def test_a_notebook_without_models_has_no_measurements() -> None:
    """Nothing claimed, nothing measured, nobody blamed."""
    assert whole_submission.measure(Evidence(), TASK, SAMPLE) == Measurements(
        data="sample", dataset="fashion_mnist", view="pixels"
    )


def test_models_that_cannot_be_rebuilt_matter_only_while_a_role_is_open(tmp_path: Path) -> None:
    """A classifier with a layer off the list beside three right models costs nothing; alone with them missing, a person looks."""
    other = Sequential([Input((5,)), layers.Discretization([0.5])])
    models = dict(stacked.build()._asdict())
    assert reported(measured({**models, "other": other}, tmp_path / "all")) == []
    found = measured({"autoencoder": models["autoencoder"].layers[0], "other": other}, tmp_path / "few")
    assert reported(found) == [("other", "The model cannot be rebuilt: the layer `Discretization`.", True)]


@pytest.mark.parametrize("fitted", [["autoencoder"], ["part"], ["stranger"], []])
def test_training_a_part_counts_as_training(fitted: Sequence[str], tmp_path: Path) -> None:
    """Greedy training fits models that share layers with the whole; a stranger's fit says nothing."""
    models = stacked.build()
    namespace = {"autoencoder": models.autoencoder, "part": models.encoder, "stranger": encoder_model()}
    evidence = send(namespace, tmp_path)
    ids = {name: claim.model for claim in evidence.models for name in claim.names}
    fits = tuple(FitClaim(ids[name], 1, 8, 8, True, 0.0, 1.0, True) for name in fitted)
    found = whole_submission.measure(replace(evidence, fits=fits), TASK, SAMPLE)
    assert found.claims.trained == (fitted in (["autoencoder"], ["part"]))


def test_numbers_alone_are_the_same_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check in a notebook shows no pictures and no trivial predictors; everything else is measured alike.

    On fewer images: with as many, the numbers are the same.
    """
    monkeypatch.setattr(family, "MOST_CELL_IMAGES", 10_000)
    monkeypatch.setattr(whole_submission, "CELL_JACOBIAN_IMAGES", whole_submission.JACOBIAN_IMAGES)
    evidence = send(learnt("fashion_mnist"), tmp_path)
    everything = whole_submission.measure(evidence, TASK, SAMPLE)
    numbers = whole_submission.measure(evidence, TASK, SAMPLE, for_cell=load_facts("stacked"))
    trivial = {Quantity.MEAN_IMAGE_MSE, Quantity.PCA_MSE}
    assert everything.values.keys() - numbers.values.keys() == trivial
    assert {name: one.value for name, one in numbers.values.items()} == {
        name: one.value for name, one in everything.values.items() if name not in trivial
    }
    assert (bool(everything.strips), numbers.strips) == (True, ())


def test_pictures_are_grey_bytes_of_the_same_hidden_images(tmp_path: Path) -> None:
    """Eight originals and eight reconstructions; numbers outside [0, 1] are clipped, NaN is black."""
    shown = strip("x", np.array([[[0.0, 0.5], [1.5, -1.0]], [[np.nan, 1.0], [0.2, 0.0]]], np.float32))
    assert (shown.title, shown.height, shown.width) == ("x", 2, 2)
    assert shown.images == ("AID/AA==", "AP8zAA==")  # bytes 00 80 ff 00 and 00 ff 33 00
    images = load_samples("fashion_mnist", "hidden", SAMPLE)
    found = measured({"autoencoder": whole(lambda i, h, c, decoded: decoded)}, tmp_path)
    assert found.strips[0] == strip("original", images.strip_images)
    assert [len(one.images) for one in found.strips] == [8, 8]


def test_verbatim_reasons_are_kept(tmp_path: Path) -> None:
    """What the probe said about a model that cannot be traced reaches the person who decides."""

    class Opaque(Model):
        def call(self, x: Any) -> Any:
            return np.asarray(x)

    found = measured({"autoencoder": Opaque()}, tmp_path)
    reason = verbatim("its input shape is not known, because it was never called")
    assert [problem.reason for problem in found.problems] == [
        message("The model cannot be rebuilt: {reason}.", reason=reason)
    ]


def test_the_rank_is_the_largest_over_the_images() -> None:
    """One image at which all units live is enough; images at which the derivative is not finite are left out."""
    model = Sequential([Input((28, 28)), layers.Flatten(), layers.Dense(5, activation="relu"), layers.Dense(784)])
    shake(model)
    images = np.stack([np.zeros((28, 28)), np.ones((28, 28)) * 0.1, np.full((28, 28), np.nan)]).astype(np.float32)
    alive = int(
        (images[1].reshape(-1) @ np.asarray(model.layers[1].kernel) + np.asarray(model.layers[1].bias) > 0).sum()
    )
    dark = int((np.asarray(model.layers[1].bias) > 0).sum())
    assert image_metrics.jacobian_rank(model, images) == max(alive, dark) > 0


def test_the_full_set_is_another_yardstick_with_the_same_pictures(shipped_alone: None) -> None:
    """Reports show the same eight images whatever was measured on."""
    full, sample = (load_samples("fashion_mnist", "hidden", DataChoice(size)) for size in ("full", "sample"))
    assert (len(full.train), len(full.images), len(sample.train), len(sample.images)) == (60_000, 2_000, 8_000, 1_000)
    np.testing.assert_array_equal(full.strip_images, sample.strip_images)


@pytest.mark.parametrize(
    ("reference", "part", "unit", "reported"),
    [
        ("stacked", "hidden", "pixel²", "hidden"),
        ("stacked", "public", "pixel²", "public"),
        ("linear-pca", "public", "unit²", "hidden"),
        ("fraud", "public", "feature²", "public"),
    ],
)
def test_measurements_say_of_which_samples_they_are(
    reference: str, part: str, unit: str, reported: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Public or hidden, and in the unit of these samples: points have no pixels, and there is one set of them."""
    mse = Measurement(Quantity.RECONSTRUCTION_MSE, 0.5, "pixel²", "")
    monkeypatch.setattr(whole_submission, "_measured", lambda *_: Measurements(values={mse.name: mse}))
    found = whole_submission.measure(Evidence(), MeasuringTask(reference, part, ()), DataChoice("sample"))
    assert (found.values[mse.name].unit, found.images) == (unit, reported)
