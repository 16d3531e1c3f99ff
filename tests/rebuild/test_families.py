"""What students' models are judged by is what the references were: the same numbers, through probe and border."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import Input, Sequential, layers
from round_trip import answers, receive, send, shake
from tiny_reference import tiny

from grader.domain.measurement import Measurement, Quantity
from grader.domain.ports import MeasuringTask
from grader.rebuild import whole_submission
from grader.rebuild.families import family, variational
from grader.rebuild.families.family import TrainedModels
from grader.rebuild.families.family_registry import family_of
from grader.rebuild.families.of_references import measured
from grader.rebuild.families.variational import latent_numbers, prior_distance
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.reference_data import DataChoice, ReferenceData, load_reference_data
from grader.rebuild.quantities.samples import Samples
from grader.rebuild.quantities.submission_measurements import output_range
from reference.contract import Reference, load

pytestmark = pytest.mark.usefixtures("alone")

SAMPLE = DataChoice("sample")
NAMES = tuple((role, role) for role in ("encoder", "decoder", "autoencoder"))
FAMILIES = (
    "denoising-dense",
    "denoising-convolutional",
    "denoising-dropout",
    "sparse",
    "variational",
    "variational-convolutional",
    "linear-pca",
)


@cache
def few(dataset: str) -> ReferenceData:
    """The embedded data, 30 hidden and 300 training images of it; points are as few already."""
    found = load_reference_data(dataset, SAMPLE)
    return found if dataset == "cloud" else replace(found, train=found.train[:300], hidden=found.hidden[:30])


@pytest.fixture(autouse=True)
def few_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let zone M measure on these."""

    def few_samples(dataset: str, _part: str, _choice: DataChoice, *, at_most: int | None = None) -> Samples:
        assert at_most is None
        found = few(dataset)
        return Samples("sample", found.train, found.hidden, lambda: found.strip_images[:1])

    monkeypatch.setattr(family, "load_samples", few_samples)
    monkeypatch.setattr(whole_submission, "JACOBIAN_IMAGES", 1)


@pytest.mark.parametrize("reference", FAMILIES)
def test_a_student_with_the_references_weights_gets_the_references_numbers(reference: str, tmp_path: Path) -> None:
    """Noise, drawn codes and distances are the same on both sides, so that curves and measurements can be compared."""
    source = load(reference)
    keras.utils.set_random_seed(3)
    models = source.build()
    wanted = measured(source, models, few(source.dataset), 0)
    found = whole_submission.measure(
        send(dict(models._asdict()), tmp_path), MeasuringTask(reference, "hidden", NAMES), SAMPLE
    )
    assert set(wanted) == set(family_of(source).statistics)
    assert {name: found.value(name) for name in wanted if name is not Quantity.PLANE_ANGLE} == {
        name: pytest.approx(value, rel=1e-3, abs=1e-6)
        for name, value in wanted.items()
        if name is not Quantity.PLANE_ANGLE
    }
    if Quantity.PLANE_ANGLE in wanted:
        assert found.value(Quantity.PLANE_ANGLE) == pytest.approx(wanted[Quantity.PLANE_ANGLE], abs=0.1)
    assert found.problems == ()


# Where the models that a family takes are not there


def own_numbers(reference: Reference, models: TrainedModels, images: np.ndarray) -> list[Measurement]:
    """What the family says of models besides their reconstructions."""
    samples, outputs = (
        Samples("sample", images, images),
        image_metrics.reconstruct(models.autoencoder, images),
    )
    found = family_of(reference).measure(reference, models, samples, outputs)
    assert [one.name for one in found[:2]] == [Quantity.RECONSTRUCTION_MSE, Quantity.RECONSTRUCTION_BCE]
    return found[2:]


@pytest.mark.parametrize("judged_by", ["reconstruction", "transfer", "sparse", "variational"])
def test_without_the_models_that_a_family_takes_nothing_more_is_measured(judged_by: str) -> None:
    """A check then waits for a person; a reference that only reconstructs has no numbers of its own."""
    models = TrainedModels(Sequential([Input((28, 28)), layers.Activation("linear")]))
    assert own_numbers(tiny(JUDGED_BY=judged_by), models, few("mnist").hidden) == []


def test_sparsity_counts_numbers_above_a_tenth(tmp_path: Path) -> None:
    """The mean of |code|, whatever the sign; 0.1 itself is not above."""
    encoder = Sequential([Input((28, 28)), layers.Flatten(), layers.Dense(4)])
    encoder.set_weights([np.zeros((784, 4)), np.array([0.5, -0.3, 0.09, 0.0])])
    images = few("mnist").hidden
    decoder = Sequential([Input((4,)), layers.Dense(784)])
    whole = Sequential([encoder, decoder])
    found = own_numbers(tiny(JUDGED_BY="sparse"), TrainedModels(whole, encoder, decoder), images)
    assert [(one.name, one.value, one.how) for one in found] == [
        (Quantity.SPARSENESS, 1.0, "change of up to 100 decoded images when one unit at a time is put to rest"),
        (Quantity.CODE_ACTIVITY, pytest.approx(0.2225), "codes of 30 images"),
        (Quantity.ACTIVE_SHARE, 0.25, "codes of 30 images, above 0.1"),
    ]


def plane(matrix: np.ndarray) -> list[Measurement]:
    """Measure a linear model of points with this matrix."""
    points = few("cloud").hidden
    model = Sequential([Input((3,)), layers.Dense(3, use_bias=False)])
    model.set_weights([matrix])
    return own_numbers(load("linear-pca"), TrainedModels(model), points)


def test_answers_in_the_plane_of_pca_have_no_angle_to_it() -> None:
    """The projection itself, however mixed; and the plane that holds the third direction has a right angle."""
    points = few("cloud").hidden
    _, _, axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    projection = axes[:2].T @ axes[:2]
    mixed = axes[:2].T @ np.array([[2.0, 1.0], [0.0, 0.5]]) @ axes[:2]
    for matrix in (projection, mixed):
        (found,) = plane(matrix)
        assert (found.name, found.unit) == (Quantity.PLANE_ANGLE, "degree")
        assert found.value == pytest.approx(0, abs=0.1)
    (other,) = plane(axes[1:].T @ axes[1:])
    assert other.value == pytest.approx(90, abs=0.1)


@pytest.mark.parametrize("rank", [0, 1])
def test_answers_on_a_line_or_in_a_point_span_no_plane(rank: int) -> None:
    """There is nothing to compare."""
    direction = np.array([[1.0, 2.0, 3.0]])
    assert plane(rank * direction.T @ direction / 14) == []


@pytest.mark.parametrize(
    ("outputs", "share"),
    [([0.0, 1.0, -0.01, 1.01], 0.0), ([-0.011, 0.5, 0.5, 0.5], 0.25), ([-1, 2, 0.5, 1.02], 0.75)],
)
def test_outputs_a_hundredth_outside_still_count_as_inside(outputs: list[float], share: float) -> None:
    """Rounding is nobody's mistake."""
    found = output_range(np.array(outputs, np.float64))
    assert (found.name, found.value) == (Quantity.OUTSIDE_RANGE, share)


# Latent numbers


def constant_decoder(value: float, *code: int) -> Any:
    """Any code to an image of one grey."""
    model = Sequential([Input(code), layers.Flatten(), layers.Dense(784), layers.Reshape((28, 28, 1))])
    model.set_weights([np.zeros((int(np.prod(code)), 784)), np.full(784, value)])
    return model


@pytest.mark.parametrize("code", [(2,), (1, 1, 2)])
def test_the_distance_of_samples_is_to_the_nearest_image(code: tuple[int, ...]) -> None:
    """Grey 0.25 is √(784 · 0.25²) = 7 from black, and 21 from white; codes of any shape."""
    train = np.stack([np.ones((28, 28)), np.zeros((28, 28))]).astype(np.float32)
    decoder = constant_decoder(0.25, *code)
    assert prior_distance(decoder, 2, train) == pytest.approx(7, rel=1e-5)
    assert prior_distance(decoder, 2, train[:1, ..., np.newaxis]) == pytest.approx(21, rel=1e-5)
    assert prior_distance(decoder, 2, train.reshape(2, 784)) == pytest.approx(7, rel=1e-5)


def test_only_the_first_images_are_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many whatever the data set, since the distance falls with every one more."""
    monkeypatch.setattr(variational, "PRIOR_NEIGHBOURS", 1)
    train = np.stack([np.ones((28, 28)), np.full((28, 28), 0.25)]).astype(np.float32)
    assert prior_distance(constant_decoder(0.25, 2), 2, train) == pytest.approx(21, rel=1e-5)


def test_samples_are_drawn_alike_for_everybody() -> None:
    """The mean over the same 200 codes, each as far as a decoder by hand says."""
    decoder = Sequential([Input((2,)), layers.Dense(784), layers.Reshape((28, 28))])
    shake(decoder)
    codes = np.random.default_rng(variational.NOISE_SEED).normal(size=(200, 2)).astype(np.float32)
    train = few("mnist").train
    drawn = answers(decoder, codes).reshape(200, 1, 784)
    distances = np.sqrt(((drawn - train.reshape(1, -1, 784)) ** 2).sum(axis=2)).min(axis=1)
    assert prior_distance(decoder, 2, train) == pytest.approx(distances.mean(), rel=1e-4)


def test_latent_numbers_by_hand() -> None:
    """KL = ½ Σ(μ² + σ² - log σ² - 1); a number that never moves is not used; the entropy of grey ½ is 784·log 2."""
    images = np.zeros((4, 28, 28), np.float32)
    mean = np.array([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    log_variance = np.full((4, 2), 2 * np.log(0.5))
    found = latent_numbers(mean, log_variance, constant_decoder(0.5, 2), images, images)
    divergence = 0.5 * (1 + 2 * (0.25 - np.log(0.25) - 1))
    assert found == {
        Quantity.KL_DIVERGENCE: pytest.approx(divergence),
        Quantity.NEGATIVE_ELBO: pytest.approx(784 * np.log(2) + divergence, rel=1e-5),
        Quantity.ACTIVE_UNITS: 1,
        Quantity.MEDIAN_SIGMA: pytest.approx(0.5),
        Quantity.PRIOR_DISTANCE: pytest.approx(14, rel=1e-5),
    }


def test_a_log_variance_out_of_all_bounds_stays_a_number() -> None:
    """exp(1000) is none; e⁶⁰ is, and tells as much."""
    images = np.zeros((2, 28, 28), np.float32)
    found = latent_numbers(
        np.zeros((2, 2)), np.array([[1000.0, -1000.0]] * 2), constant_decoder(0.5, 2), images, images
    )
    assert all(np.isfinite(value) for value in found.values())


# Pools


def pooled(kind: Any, length: int | None, padding: str, **settings: Any) -> Any:
    """A model of one pooling layer."""
    return Sequential([Input((length, length, 1)), kind(padding=padding, **{"pool_size": 2, **settings})])


@pytest.mark.parametrize("kind", [layers.MaxPooling2D, layers.AveragePooling2D])
@pytest.mark.parametrize(
    ("length", "settings", "same"),
    [
        (28, {}, True),
        (14, {"strides": 2}, True),
        (28, {"pool_size": (4, 7)}, True),
        (7, {}, False),
        (28, {"pool_size": (2, 3)}, False),
        (28, {"pool_size": 3, "strides": 2}, False),
        (28, {"strides": 1}, False),
        (None, {}, False),
    ],
    ids=["fits", "strides named", "oblong", "seven", "one axis fits", "overlap", "stride 1", "any length"],
)
def test_padding_makes_no_difference_where_pools_fit(
    kind: Any, length: int | None, settings: dict[str, Any], same: bool, tmp_path: Path
) -> None:
    """`same` and `valid` are one form where nothing is padded, and two where the images differ."""
    forms = []
    for padding in ("valid", "same"):
        model, arrays = receive(send({"model": pooled(kind, length, padding, **settings)}, tmp_path / padding), "model")
        (layer,) = whole_submission.canonical(model, arrays).layers
        forms.append((layer.kind, layer.attributes, layer.output_shape))
    assert (forms[0] == forms[1]) is same


@pytest.mark.parametrize(("length", "same"), [(28, True), (7, False)])
def test_pools_along_a_sequence_follow_the_same_rule(length: int, same: bool, tmp_path: Path) -> None:
    """One axis instead of two."""
    forms = []
    for padding in ("valid", "same"):
        model = Sequential([Input((length, 3)), layers.MaxPooling1D(2, padding=padding)])
        found, arrays = receive(send({"model": model}, tmp_path / padding), "model")
        (layer,) = whole_submission.canonical(found, arrays).layers
        forms.append((layer.kind, layer.attributes, layer.output_shape))
    assert (forms[0] == forms[1]) is same
