"""Each judge on models whose numbers are known by construction, and on the course's own, untrained."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import keras
import numpy as np
import pytest
from keras import Input, Sequential, layers
from tiny_reference import tiny

from grader.domain.facts import Baseline
from grader.domain.measurement import Quantity
from grader.rebuild.families.family_registry import family_of, shipped
from grader.rebuild.families.of_references import measured
from grader.rebuild.families.plane import RANDOM_PLANE_DEGREES
from grader.rebuild.network.own_models import as_keras
from grader.rebuild.quantities.reference_data import DataChoice, ReferenceData, load_reference_data
from reference import linear_pca, pretraining, variational
from reference.contract import IDS, Autoencoder, Reference, load

SAMPLE = DataChoice("sample")
HIDDEN = 40


@cache
def few(dataset: str) -> ReferenceData:
    """The embedded data, cut to what these tests need; of the card rows all frauds stay."""
    found = load_reference_data(dataset, SAMPLE)
    if dataset == "cloud":
        return found
    if dataset == "creditcard":
        kept = np.sort(
            np.concatenate([np.flatnonzero(found.hidden_labels), np.flatnonzero(found.hidden_labels == 0)[:200]])
        )
        return replace(
            found,
            train=found.train[:500],
            train_labels=found.train_labels[:500],
            hidden=found.hidden[kept],
            hidden_labels=found.hidden_labels[kept],
        )
    return replace(
        found,
        train=found.train[:1500],
        train_labels=found.train_labels[:1500],
        hidden=found.hidden[:HIDDEN],
        hidden_labels=found.hidden_labels[:HIDDEN],
    )


def constant(shape: tuple[int, ...], values: np.ndarray) -> Any:
    """A model that answers the same whatever goes in."""
    model = Sequential([Input(shape), layers.Flatten(), layers.Dense(values.size), layers.Reshape(values.shape)])
    model.set_weights([np.zeros((int(np.prod(shape)), values.size)), values.reshape(-1)])
    return model


def copying(shape: tuple[int, ...]) -> Any:
    """A model that hands its input on."""
    return Sequential([Input(shape), layers.Reshape(shape)])


def only(autoencoder: Any = None, *, encoder: Any = None, decoder: Any = None) -> Autoencoder:
    """Models of which a judge looks at one."""
    return Autoencoder(encoder, decoder, autoencoder)


# The course


@pytest.fixture
def no_classifier(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `transfer` trains besides stays as it is."""
    for name in ("train_frozen", "fine_tune"):
        monkeypatch.setattr(pretraining, name, lambda *_: None)
    fresh = pretraining.build_classifier
    monkeypatch.setattr(pretraining, "train_from_scratch", lambda *_: fresh(pretraining.build_encoder()))


@pytest.mark.usefixtures("no_classifier")
@pytest.mark.parametrize("name", IDS)
def test_every_number_that_is_listed_is_measured(name: str) -> None:
    """In the order of the list, the deciding one first, and all of them finite; nothing else is kept."""
    source = load(name)
    keras.utils.set_random_seed(0)
    found = measured(source, as_keras(source.build()), few(source.dataset), 0)
    judge = family_of(source)
    assert list(found) == list(judge.statistics)
    assert next(iter(found)) == judge.main
    assert all(type(value) is float and np.isfinite(value) for value in found.values())
    assert Quantity.RECONSTRUCTION_MSE in found


@pytest.mark.usefixtures("no_classifier")
@pytest.mark.parametrize("name", IDS)
def test_the_deciding_number_has_what_it_is_compared_with(name: str) -> None:
    """Each anchor is a baseline that needs no training, or the control of a reference that has one."""
    source = load(name)
    judge = family_of(source)
    found = judge.baselines(source, few(source.dataset))
    assert set(found) <= set(judge.statistics)
    deciding = judge.statistics[judge.main]
    assert deciding.above or deciding.below
    for quantity, judged in judge.statistics.items():
        assert not set(judged.above) & set(judged.below)
        for anchor in (*judged.above, *judged.below):
            trained = (anchor is Baseline.CONTROL and source.has_control) or anchor is Baseline.UNTRAINED
            assert anchor in found.get(quantity, {}) or trained


def test_every_judge_judges_a_reference_of_the_course() -> None:
    """And every reference that names one finds it."""
    named = {load(name).family for name in IDS}
    assert named == set(shipped())


def test_a_judge_that_does_not_exist_is_no_silent_default() -> None:
    """A misspelt name would judge a variational autoencoder by its squared error."""
    with pytest.raises(KeyError, match="variationl"):
        family_of(tiny(JUDGED_BY="variationl"))


@pytest.mark.parametrize(
    ("name", "deciding"),
    [
        ("stacked", Quantity.RECONSTRUCTION_MSE),
        ("denoising-dense", Quantity.DENOISED_MSE),
        ("sparse", Quantity.RECONSTRUCTION_MSE),
        ("variational", Quantity.NEGATIVE_ELBO),
        ("fraud", Quantity.AVERAGE_PRECISION),
        ("linear-pca", Quantity.PLANE_ANGLE),
        ("pretraining", Quantity.ACCURACY),
    ],
)
def test_each_family_has_a_deciding_number(name: str, deciding: Quantity) -> None:
    """The one that its lesson is about; the penalty of a sparse code shows in its activity besides."""
    assert family_of(load(name)).main == deciding


# Reconstruction


def test_a_model_that_copies_has_no_error() -> None:
    """And the lowest cross-entropy there is, that of the images themselves."""
    images = few("fashion_mnist").hidden.astype(np.float64)
    likely = np.clip(images, 1e-7, 1 - 1e-7)
    found = measured(tiny(), only(copying((28, 28))), few("fashion_mnist"), 0)
    assert found == {
        Quantity.RECONSTRUCTION_MSE: 0.0,
        Quantity.RECONSTRUCTION_BCE: pytest.approx(
            -np.mean(images * np.log(likely) + (1 - images) * np.log(1 - likely)), rel=1e-6
        ),
    }


def test_a_model_that_always_answers_grey() -> None:
    """0.5 for every pixel: the cross-entropy is ln 2 whatever the images."""
    images = few("fashion_mnist").hidden.astype(np.float64)
    found = measured(tiny(), only(constant((28, 28), np.full((28, 28), 0.5))), few("fashion_mnist"), 0)
    assert found == {
        Quantity.RECONSTRUCTION_MSE: pytest.approx(np.mean((images - 0.5) ** 2), rel=1e-6),
        Quantity.RECONSTRUCTION_BCE: pytest.approx(np.log(2), rel=1e-6),
    }


def test_the_baseline_of_the_mean_image_is_the_model_that_answers_it() -> None:
    """Both losses; PCA is better, and is there only where the code is narrower than the sample."""
    material = few("fashion_mnist")
    found = measured(tiny(), only(constant((28, 28), material.train.mean(axis=0))), material, 0)
    baselines = family_of(tiny()).baselines(tiny(), material)
    assert {quantity: values[Baseline.MEAN] for quantity, values in baselines.items()} == pytest.approx(found, rel=1e-5)
    assert (
        0 < baselines[Quantity.RECONSTRUCTION_MSE][Baseline.PCA] < baselines[Quantity.RECONSTRUCTION_MSE][Baseline.MEAN]
    )
    wide = family_of(tiny()).baselines(tiny(CODE_SIZE=784), material)
    assert set(wide[Quantity.RECONSTRUCTION_MSE]) == {Baseline.MEAN}


# Denoising

DENOISERS = tuple(name for name in IDS if load(name).family.startswith("denoising"))


@pytest.mark.parametrize("name", DENOISERS)
def test_a_copy_of_the_noise_is_the_baseline_and_no_error_on_clean_images(name: str) -> None:
    """The same noise for every model and every seed; clean images alone would call the copy perfect."""
    source, material = load(name), few(load(name).dataset)
    shape = source.build().encoder.input_shape[1:]
    found = [measured(source, only(copying(shape)), material, seed) for seed in (0, 1)]
    baselines = family_of(source).baselines(source, material)[Quantity.DENOISED_MSE]
    assert found[0] == found[1]
    assert found[0][Quantity.DENOISED_MSE] == pytest.approx(baselines[Baseline.NOISY_COPY], rel=1e-6)
    assert found[0][Quantity.DENOISED_MSE] > 0.05
    assert found[0][Quantity.RECONSTRUCTION_MSE] == 0.0


def test_noise_does_not_move_a_model_that_does_not_look() -> None:
    """The mean image: the same error on noisy and on clean images, and the baseline of both."""
    source, material = load("denoising-dense"), few("mnist")
    found = measured(source, only(constant((784,), material.train.mean(axis=0).reshape(-1))), material, 0)
    baselines = family_of(source).baselines(source, material)
    for quantity in (Quantity.DENOISED_MSE, Quantity.RECONSTRUCTION_MSE):
        assert found[quantity] == pytest.approx(baselines[quantity][Baseline.MEAN], rel=1e-5)


# Sparse codes


def test_constant_codes_have_the_activity_that_they_have() -> None:
    """Of ten numbers five are 0, three 0.5, one 0.05 and one -0.2: mean |code| 0.175, three tenths above 0.1."""
    codes = np.array([0, 0, 0, 0, 0, 0.5, 0.5, 0.5, 0.05, -0.2])
    models = only(copying((28, 28)), encoder=constant((28, 28), codes), decoder=constant((10,), np.zeros(784)))
    found = measured(load("sparse"), models, few("fashion_mnist"), 0)
    assert found[Quantity.CODE_ACTIVITY] == pytest.approx(0.175)
    assert found[Quantity.ACTIVE_SHARE] == pytest.approx(0.3)
    assert found[Quantity.SPARSENESS] == 1.0
    assert found[Quantity.RECONSTRUCTION_MSE] == 0.0


# Variational


def fixed_posterior(mean: np.ndarray, log_variance: np.ndarray, decoder: Any | None = None) -> Autoencoder:
    """The reference with one posterior for all images; the decoder answers the mean image unless another is given."""
    models = variational.build()
    for name, values in (("z_mean", mean), ("z_log_variance", log_variance)):
        layer = models.encoder.get_layer(name)
        layer.set_weights([np.zeros(layer.kernel.shape), values])
    decoder = decoder or constant((10,), few("mnist").train.mean(axis=0).reshape(-1))
    return Autoencoder(models.encoder, decoder, Sequential([models.encoder, decoder]))


def mean_image_entropy() -> float:
    """Cross-entropy of the mean image, summed over pixels."""
    images, mean = few("mnist").hidden.astype(np.float64), few("mnist").train.mean(axis=0)
    likely = np.clip(mean.astype(np.float64), 1e-7, 1 - 1e-7)
    pixels = -(images * np.log(likely) + (1 - images) * np.log(1 - likely))
    return float(pixels.sum(axis=(1, 2)).mean())


def test_a_collapsed_posterior_is_the_baseline() -> None:
    """Mean 0, σ 1, the mean image: KL 0, no active unit, and an ELBO that is the cross-entropy alone."""
    found = measured(load("variational"), fixed_posterior(np.zeros(10), np.zeros(10)), few("mnist"), 0)
    baselines = family_of(load("variational")).baselines(load("variational"), few("mnist"))
    collapsed = {
        name: baselines[name][Baseline.COLLAPSED] for name in baselines if Baseline.COLLAPSED in baselines[name]
    }
    assert {name: found[name] for name in collapsed} == pytest.approx(collapsed, rel=1e-5)
    assert collapsed == {
        Quantity.NEGATIVE_ELBO: pytest.approx(mean_image_entropy(), rel=1e-5),
        Quantity.KL_DIVERGENCE: 0.0,
        Quantity.ACTIVE_UNITS: 0.0,
        Quantity.MEDIAN_SIGMA: 1.0,
    }


def test_the_divergence_is_the_closed_formula() -> None:
    """½·Σ(μ² + σ² - log σ² - 1), added to the cross-entropy; the median of σ over numbers and images."""
    mean, log_variance = np.linspace(-2, 3, 10), np.linspace(-4, 1, 10)
    expected = 0.5 * np.sum(mean**2 + np.exp(log_variance) - log_variance - 1)
    found = measured(load("variational"), fixed_posterior(mean, log_variance), few("mnist"), 0)
    assert found[Quantity.KL_DIVERGENCE] == pytest.approx(expected, rel=1e-5)
    assert found[Quantity.NEGATIVE_ELBO] == pytest.approx(mean_image_entropy() + expected, rel=1e-5)
    assert found[Quantity.MEDIAN_SIGMA] == pytest.approx(np.median(np.exp(log_variance / 2)), rel=1e-5)
    assert found[Quantity.ACTIVE_UNITS] == 0.0


def test_codes_are_drawn_and_drawn_alike_for_every_model() -> None:
    """Without spread the decoder sees the mean; with spread the bound gets worse; the seed of a training is not asked."""
    decoder = variational.build_decoder()
    narrow, wide = (fixed_posterior(np.zeros(10), np.full(10, size), decoder) for size in (-60.0, 3.0))
    bound, divergence = Quantity.NEGATIVE_ELBO, Quantity.KL_DIVERGENCE
    found = measured(load("variational"), narrow, few("mnist"), 0)
    of_the_mean = np.asarray(decoder(np.zeros((1, 10), np.float32))).astype(np.float64).reshape(28, 28)
    images = few("mnist").hidden.astype(np.float64)
    pixels = -(images * np.log(of_the_mean) + (1 - images) * np.log(1 - of_the_mean))
    assert found[bound] - found[divergence] == pytest.approx(pixels.sum(axis=(1, 2)).mean(), rel=1e-4)
    drawn = [measured(load("variational"), wide, few("mnist"), seed) for seed in (0, 1)]
    assert drawn[0] == drawn[1]
    assert drawn[0][bound] - drawn[0][divergence] > found[bound] - found[divergence] + 1


def test_units_are_active_when_their_mean_varies_over_images() -> None:
    """Three of ten means follow a pixel: one with variance above 0.01, one below, one that is far off and constant."""
    models = fixed_posterior(np.zeros(10), np.zeros(10))
    hidden, z_mean = models.encoder.layers[1], models.encoder.get_layer("z_mean")
    pixels = few("mnist").hidden.reshape(HIDDEN, 784)
    chosen = int(pixels.var(axis=0).argmax())
    variance = float(pixels[:, chosen].var())
    first = np.zeros(hidden.kernel.shape)
    first[chosen, 0] = 1.0
    hidden.set_weights([first, np.zeros(hidden.bias.shape)])
    kernel = np.zeros(z_mean.kernel.shape)
    kernel[0, :2] = [(0.011 / variance) ** 0.5, (0.009 / variance) ** 0.5]
    z_mean.set_weights([kernel, np.array([0, 0, 9.0, *np.zeros(7)])])
    assert measured(load("variational"), models, few("mnist"), 0)[Quantity.ACTIVE_UNITS] == 1.0


def test_the_distance_of_samples_is_that_to_the_nearest_training_image() -> None:
    """One picture for all codes: root of the summed squares to the training image that is most like it."""
    material = few("mnist")
    picture = material.train[7].copy()
    models = fixed_posterior(np.zeros(10), np.zeros(10), constant((10,), picture.reshape(-1)))
    assert measured(load("variational"), models, material, 0)[Quantity.PRIOR_DISTANCE] == pytest.approx(0, abs=1e-2)
    picture[:4, :4] += 0.5
    models = fixed_posterior(np.zeros(10), np.zeros(10), constant((10,), picture.reshape(-1)))
    nearest = np.sqrt(((material.train - picture) ** 2).sum(axis=(1, 2))).min()
    assert nearest == pytest.approx(2.0)
    assert measured(load("variational"), models, material, 0)[Quantity.PRIOR_DISTANCE] == pytest.approx(
        nearest, rel=1e-3
    )


# Anomalies


def rows(frauds: int, normal: int) -> ReferenceData:
    """Rows of zeros; a fraud has 5 in its first column."""
    hidden = np.zeros((frauds + normal, 29), np.float32)
    hidden[:frauds, 0] = 5.0
    labels = np.array([1] * frauds + [0] * normal, np.int64)
    train = np.random.default_rng(0).normal(size=(50, 29)).astype(np.float32)
    return ReferenceData(
        "sample", "simulated", "", train, hidden, np.zeros(50, np.int64), labels, np.zeros((0, 28, 28), np.float32)
    )


def in_first_column(value: float) -> Any:
    """Answers zeros, and this number in the first column."""
    return constant((29,), np.array([value, *np.zeros(28)]))


def test_a_perfect_detector_ranks_every_fraud_above_every_normal_row() -> None:
    """Average precision 1, area 1; the reconstruction error is that of normal rows alone."""
    assert measured(load("fraud"), only(in_first_column(0.0)), rows(3, 97), 0) == {
        Quantity.AVERAGE_PRECISION: 1.0,
        Quantity.ROC_AUC: 1.0,
        Quantity.RECONSTRUCTION_MSE: 0.0,
    }


def test_a_detector_that_copies_frauds_better_is_the_worst() -> None:
    """All frauds come last: precision k / (97 + k) at the k-th; normal rows have an error of 25 / 29 deviations²."""
    material = rows(3, 97)
    found = measured(load("fraud"), only(in_first_column(5.0)), material, 0)
    assert found == {
        Quantity.AVERAGE_PRECISION: pytest.approx(3 / 100),
        Quantity.ROC_AUC: 0.0,
        Quantity.RECONSTRUCTION_MSE: pytest.approx(25 / 29 / float(material.train[:, 0].var()), rel=1e-5),
    }


def test_all_normal_is_the_share_of_frauds() -> None:
    """Equal scores: average precision 0.03, area 0.5; a copying network is just that."""
    baselines = family_of(load("fraud")).baselines(load("fraud"), rows(3, 97))
    found = measured(load("fraud"), only(copying((29,))), rows(3, 97), 0)
    for quantity, value in ((Quantity.AVERAGE_PRECISION, 0.03), (Quantity.ROC_AUC, 0.5)):
        assert baselines[quantity][Baseline.ALL_NORMAL] == found[quantity] == pytest.approx(value)
        assert Baseline.PCA in baselines[quantity]


# The plane of principal components


def planes() -> tuple[np.ndarray, np.ndarray]:
    """Return PCA's two directions and the one across them."""
    points = few("cloud").train
    axes = np.linalg.svd(points - points.mean(axis=0))[2]
    return axes[:2], axes[2]


@pytest.mark.parametrize(("turned", "degrees"), [(0.0, 0.0), (30.0, 30.0), (90.0, 90.0)])
def test_the_angle_of_a_plane_that_was_turned(turned: float, degrees: float) -> None:
    """PCA's plane, turned about its first direction; any two vectors that span it are as good."""
    (first, second), across = planes()
    angle = np.radians(turned)
    kernel = np.stack([first, np.cos(angle) * second + np.sin(angle) * across])
    models = linear_pca.build()
    models.decoder.set_weights([np.array([[2.0, 1.0], [-1.0, 3.0]]) @ kernel, np.zeros(3)])
    found = measured(load("linear-pca"), models, few("cloud"), 0)
    assert list(found) == [Quantity.PLANE_ANGLE, Quantity.RECONSTRUCTION_MSE]
    assert found[Quantity.PLANE_ANGLE] == pytest.approx(degrees, abs=0.05)


def test_a_plane_at_random_has_an_angle_of_one_radian() -> None:
    """20,000 of them; the normals' |cos| is uniform in [0, 1], and the mean of arccos over it is 1."""
    normals = np.random.default_rng(0).normal(size=(20_000, 3))
    cosines = np.abs(normals[:, 0]) / np.linalg.norm(normals, axis=1)
    assert np.degrees(np.arccos(cosines)).mean() == pytest.approx(RANDOM_PLANE_DEGREES, abs=0.5)
    baselines = family_of(load("linear-pca")).baselines(load("linear-pca"), few("cloud"))
    assert baselines[Quantity.PLANE_ANGLE] == {Baseline.RANDOM_PLANE: RANDOM_PLANE_DEGREES}


# Transfer to a classifier


class Classifier:
    """Classifies the given share of the hidden images correctly."""

    weights = (np.ones((2, 2), np.float32),)
    inputs = (np.zeros((1, 28, 28), np.float32),)

    def __init__(self, right: float) -> None:
        self.right = right

    def __call__(self, images: np.ndarray, *, training: bool) -> np.ndarray:
        assert (len(images), training) == (HIDDEN, False)
        labels = few("fashion_mnist").hidden_labels.copy()
        labels[round(self.right * HIDDEN) :] += 1
        return np.eye(10, dtype=np.float32)[labels % 10]


class Encoder(str):
    """A name that holds the weights of every classifier here."""

    __slots__ = ()
    weights = Classifier.weights


def pretender(log: list[str]) -> Reference:
    """A reference that writes down what is done with it, in order."""

    def choose_labelled(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        log.append(f"choose {rng.integers(10_000)}")
        return np.array([4, 2])

    def train_frozen(classifier: Classifier, encoder: Any, images: np.ndarray, labels: np.ndarray) -> None:
        np.testing.assert_array_equal(images, few("fashion_mnist").train[[4, 2]])
        np.testing.assert_array_equal(labels, few("fashion_mnist").train_labels[[4, 2]])
        log.append(f"freeze {encoder}")
        classifier.right = 0.7

    def fine_tune(classifier: Classifier, encoder: Any, images: np.ndarray, labels: np.ndarray) -> None:
        log.append(f"tune {encoder} {len(images)} {len(labels)}")
        classifier.right = 0.8

    def train_from_scratch(images: np.ndarray, labels: np.ndarray) -> Classifier:
        log.append(f"scratch {len(images)} {len(labels)}")
        return Classifier(0.6)

    def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:
        log.append("reconstruct")
        return images, images

    return tiny(
        JUDGED_BY="transfer", choose_labelled=choose_labelled, build_classifier=lambda encoder: Classifier(0.1),
        train_frozen=train_frozen, fine_tune=fine_tune, train_from_scratch=train_from_scratch,
        inputs_and_targets=inputs_and_targets,
    )  # fmt: skip


def test_a_classifier_is_judged_frozen_fine_tuned_and_from_scratch() -> None:
    """The reconstruction is measured before the encoder changes; the labels are drawn with the seed of the training."""
    log: list[str] = []
    found = measured(pretender(log), only(copying((28, 28)), encoder=Encoder("E")), few("fashion_mnist"), 5)
    assert found == {
        Quantity.ACCURACY: 0.8,
        Quantity.FROZEN_ACCURACY: 0.7,
        Quantity.SCRATCH_ACCURACY: 0.6,
        Quantity.ENCODER_SIMILARITY: pytest.approx(1.0),
        Quantity.RECONSTRUCTION_MSE: 0.0,
        Quantity.RECONSTRUCTION_BCE: pytest.approx(found[Quantity.RECONSTRUCTION_BCE]),
    }
    drawn = np.random.default_rng(5).integers(10_000)
    assert log == ["reconstruct", f"choose {drawn}", "freeze E", "tune E 2 2", "scratch 2 2"]


def test_the_trivial_encoder_is_a_fresh_one_that_stays_frozen() -> None:
    """Its classifier's accuracy before fine-tuning is what a pretrained one must beat."""
    baselines = family_of(pretender([])).baselines(pretender([]), few("fashion_mnist"))
    assert baselines[Quantity.ACCURACY] == {Baseline.RANDOM_FEATURES: 0.7}
