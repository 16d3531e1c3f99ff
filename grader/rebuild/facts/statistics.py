"""The numbers that a trained autoencoder is judged by, where the reconstruction error alone is blind.

Loss alone prefers a wider code, a linear network and a variational autoencoder without KL to the right answer. Each
family therefore has numbers of its own, named by the reference's `JUDGED_BY`; the first one listed decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import keras
import numpy as np

from grader.domain.facts import Baseline
from grader.domain.measurement import Quantity
from grader.domain.units import Unit
from grader.rebuild.facts.curves import USUAL, Reach
from grader.rebuild.quantities import quality
from grader.rebuild.quantities.families import NO_ERROR, clean_samples, code_numbers, noisy_samples
from grader.rebuild.quantities.latent import latent_numbers
from grader.rebuild.quantities.material import Array, Material
from grader.rebuild.quantities.transfer import similarity
from reference.contract import Autoencoder
from reference.detection import average_precision, roc_auc
from reference.sampling import moments

Values = dict[Quantity, float]
Baselines = dict[Quantity, dict[Baseline, float]]

RANDOM_PLANE_DEGREES = float(np.degrees(1.0))  # the normals' |cos| is uniform, and arccos of that has the mean 1

PLANE_REACH = Reach(0.1, 0.35)
"""PCA's plane is one, and honest runs come within about 2 degrees of it. A quarter of the way to any plane would be 15
degrees: a network trained on noise came as near as that with one seed. Credit ends at 21 degrees: up to 0.9 of the way
one in ten planes of fresh weights had half of the credit (2,000 tried), and has none now."""

SPARSE_REACH = Reach(0.4)
"""Of the way to a code without a penalty. Penalties of other kinds are honest too: a KL divergence of weight 0.01 to a
mean activity of 0.1 has 13.9 units for each one that describes an image; the reference 20.7, a relu without any 5.4."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How one number is told and judged.

    Attributes:
        unit: Of the number.
        above: Baselines that must not get credit and lie above a right answer (a loss); each gives one curve.
        below: The same below a right answer (an accuracy). Both are empty where the number only informs.
        fallback: Baselines above that take the place of `above` where those are so near a right answer that honest
            variations would lose credit, or nearly so: fairness goes first, and other numbers must see the difference.
        stands_in_for: Judges only where that number had to fall back: it then tells apart what that one cannot. Who
            is as good as the reference by that number itself (`Statistic.decisive`) needs no stand-in.
        reach: How far on the way to the trivial number credit reaches.
    """

    unit: Unit | str
    above: tuple[Baseline, ...] = ()
    below: tuple[Baseline, ...] = ()
    fallback: tuple[Baseline, ...] = ()
    stands_in_for: Quantity | None = None
    reach: Reach = USUAL


@dataclass(frozen=True)
class Judge:
    """What one family is judged by.

    Attributes:
        quantities: Numbers, the deciding one first.
        measure: The numbers of trained models on the hidden data; the seed is that of their training.
        baselines: The same of predictors that need no training of the reference.
    """

    quantities: Mapping[Quantity, Judged]
    measure: Callable[[ModuleType, Autoencoder, Material, int], Values]
    baselines: Callable[[ModuleType, Material], Baselines] = field(default=lambda *_: {})

    @property
    def main(self) -> Quantity:
        """The deciding number."""
        return next(iter(self.quantities))


def judge_of(source: ModuleType) -> Judge:
    """Return the judge that a reference names in `JUDGED_BY`; by default the reconstruction error judges.

    Raises:
        KeyError: There is no such judge.
    """
    return JUDGES[getattr(source, "JUDGED_BY", "reconstruction")]


def measured(source: ModuleType, models: Autoencoder, material: Material, seed: int) -> Values:
    """Return all numbers of trained models."""
    values = judge_of(source).measure(source, models, material, seed)
    return {quantity: float(values[quantity]) for quantity in judge_of(source).quantities}


# Reconstruction


def _reconstruction(source: ModuleType, models: Autoencoder, material: Material, _seed: int) -> Values:
    clean = clean_samples(source, material.hidden)
    outputs = quality.predict(models.autoencoder, clean)
    values = {Quantity.RECONSTRUCTION_MSE: quality.mean_squared_error(clean, outputs)}
    if _are_images(material):
        values[Quantity.RECONSTRUCTION_BCE] = quality.binary_cross_entropy(clean, outputs)
    return values


def _reconstruction_baselines(source: ModuleType, material: Material) -> Baselines:
    found = {Baseline.MEAN: quality.mean_image_error(material.train, material.hidden)}
    if material.train[0].size > source.CODE_SIZE:
        found[Baseline.PCA] = quality.pca_error(material.train, material.hidden, source.CODE_SIZE)
    baselines: Baselines = {Quantity.RECONSTRUCTION_MSE: found}
    if _are_images(material):
        baselines[Quantity.RECONSTRUCTION_BCE] = {Baseline.MEAN: _mean_image_entropy(material)}
    return baselines


def _mean_image_entropy(material: Material) -> float:
    mean = np.broadcast_to(material.train.mean(axis=0), material.hidden.shape)
    return quality.binary_cross_entropy(material.hidden, mean)


def _are_images(material: Material) -> bool:
    return material.hidden.ndim == 3


_MSE = Judged(Unit.PIXEL_SQUARED, above=(Baseline.MEAN,))
_BCE = Judged(Unit.NAT_PER_PIXEL)


# Denoising


def _denoising(source: ModuleType, models: Autoencoder, material: Material, seed: int) -> Values:
    clean = clean_samples(source, material.hidden)
    outputs = quality.predict(models.autoencoder, noisy_samples(source, clean))
    noisy_error = quality.mean_squared_error(clean, outputs)
    without_noise = _reconstruction(source, models, material, seed)
    ratio = noisy_error / max(without_noise[Quantity.RECONSTRUCTION_MSE], NO_ERROR)
    return {Quantity.DENOISED_MSE: noisy_error, Quantity.NOISE_RATIO: ratio} | without_noise


def _denoising_baselines(source: ModuleType, material: Material) -> Baselines:
    baselines = _reconstruction_baselines(source, material)
    clean = clean_samples(source, material.hidden)
    copy = quality.mean_squared_error(clean, noisy_samples(source, clean))
    mean = baselines[Quantity.RECONSTRUCTION_MSE][Baseline.MEAN]
    return baselines | {Quantity.DENOISED_MSE: {Baseline.MEAN: mean, Baseline.NOISY_COPY: copy}}


_NOISE_RATIO = Judged("1", above=(Baseline.CONTROL,), stands_in_for=Quantity.DENOISED_MSE, reach=Reach(0.5))
_DENOISED = Judged(Unit.PIXEL_SQUARED, above=(Baseline.CONTROL,), fallback=(Baseline.MEAN,))


# Sparse codes


def _sparse(source: ModuleType, models: Autoencoder, material: Material, seed: int) -> Values:
    codes = quality.predict(models.encoder, clean_samples(source, material.hidden))
    values = _reconstruction(source, models, material, seed)
    return values | code_numbers(models.decoder, codes)


# Variational


def _variational(source: ModuleType, models: Autoencoder, material: Material, seed: int) -> Values:
    clean = clean_samples(source, material.hidden)
    mean, log_variance = (np.asarray(part) for part in moments(models.encoder).predict(clean, verbose=0))
    numbers = latent_numbers(mean, log_variance, models.decoder, material.hidden, material.train)
    return numbers | _reconstruction(source, models, material, seed)


def _variational_baselines(source: ModuleType, material: Material) -> Baselines:
    collapsed = _mean_image_entropy(material) * material.hidden[0].size
    return _reconstruction_baselines(source, material) | {
        Quantity.NEGATIVE_ELBO: {Baseline.COLLAPSED: collapsed},
        Quantity.KL_DIVERGENCE: {Baseline.COLLAPSED: 0.0},
        Quantity.ACTIVE_UNITS: {Baseline.COLLAPSED: 0.0},
        Quantity.MEDIAN_SIGMA: {Baseline.COLLAPSED: 1.0},
    }


# Anomalies


def _anomaly(source: ModuleType, models: Autoencoder, material: Material, _seed: int) -> Values:
    outputs = quality.predict(models.autoencoder, material.hidden)
    scores = source.fraud_scores(material.hidden, outputs)
    normal = material.hidden_labels == 0
    spread = material.train.std(axis=0)
    units = np.where(spread > 0, spread, 1)  # 1 for the reference, whose columns are standardised
    return {
        Quantity.AVERAGE_PRECISION: average_precision(material.hidden_labels, scores),
        Quantity.ROC_AUC: roc_auc(material.hidden_labels, scores),
        Quantity.RECONSTRUCTION_MSE: quality.mean_squared_error(
            material.hidden[normal] / units, outputs[normal] / units
        ),
    }


def _anomaly_baselines(source: ModuleType, material: Material) -> Baselines:
    labels, normal = material.hidden_labels, material.hidden[material.hidden_labels == 0]
    same, linear = np.zeros(len(labels)), source.pca_scores(material.train, material.hidden)
    return {
        Quantity.AVERAGE_PRECISION: {
            Baseline.ALL_NORMAL: average_precision(labels, same),
            Baseline.PCA: average_precision(labels, linear),
        },
        Quantity.ROC_AUC: {Baseline.ALL_NORMAL: roc_auc(labels, same), Baseline.PCA: roc_auc(labels, linear)},
        Quantity.RECONSTRUCTION_MSE: {
            Baseline.MEAN: quality.mean_image_error(material.train, normal),
            Baseline.PCA: quality.pca_error(material.train, normal, source.CODE_SIZE),
        },
    }


# The plane of principal components


def _plane(source: ModuleType, models: Autoencoder, material: Material, seed: int) -> Values:
    learnt, wanted = source.learnt_plane(models.decoder), source.pca_plane(material.train)
    angles = source.principal_angles(learnt.directions, wanted.directions)
    return {Quantity.PLANE_ANGLE: float(angles[-1])} | _reconstruction(source, models, material, seed)


def _plane_baselines(source: ModuleType, material: Material) -> Baselines:
    plane = {Quantity.PLANE_ANGLE: {Baseline.RANDOM_PLANE: RANDOM_PLANE_DEGREES}}
    return plane | _reconstruction_baselines(source, material)


# Transfer to a classifier


def _transfer(source: ModuleType, models: Autoencoder, material: Material, seed: int) -> Values:
    chosen = source.choose_labelled(material.train_labels, np.random.default_rng(seed))
    images, labels = material.train[chosen], material.train_labels[chosen]
    values = _reconstruction(source, models, material, seed)  # before the encoder is changed
    before = _matrices(models.encoder)
    classifier = source.build_classifier(models.encoder)
    source.train_frozen(classifier, models.encoder, images, labels)
    values[Quantity.FROZEN_ACCURACY] = source.accuracy(classifier, material.hidden, material.hidden_labels)
    source.fine_tune(classifier, models.encoder, images, labels)
    values[Quantity.ACCURACY] = source.accuracy(classifier, material.hidden, material.hidden_labels)
    values[Quantity.ENCODER_SIMILARITY] = similarity(before, _matrices(classifier))
    scratch = source.train_from_scratch(images, labels)
    values[Quantity.SCRATCH_ACCURACY] = source.accuracy(scratch, material.hidden, material.hidden_labels)
    return values


def _matrices(model: Any) -> list[Array]:
    return [np.asarray(weight).copy() for weight in model.weights if len(weight.shape) > 1]


def _transfer_baselines(source: ModuleType, material: Material) -> Baselines:
    keras.utils.set_random_seed(0)
    random = _transfer(source, source.build(), material, 0)[Quantity.FROZEN_ACCURACY]
    return {
        Quantity.ACCURACY: {Baseline.RANDOM_FEATURES: random},
        Quantity.ENCODER_SIMILARITY: {Baseline.RANDOM_FEATURES: 0.0},
    } | _reconstruction_baselines(source, material)


JUDGES: Mapping[str, Judge] = {
    "reconstruction": Judge(
        {Quantity.RECONSTRUCTION_MSE: _MSE, Quantity.RECONSTRUCTION_BCE: _BCE},
        _reconstruction,
        _reconstruction_baselines,
    ),
    "denoising": Judge(
        {
            Quantity.DENOISED_MSE: _DENOISED,
            Quantity.NOISE_RATIO: _NOISE_RATIO,
            Quantity.RECONSTRUCTION_MSE: Judged(Unit.PIXEL_SQUARED),
            Quantity.RECONSTRUCTION_BCE: _BCE,
        },
        _denoising,
        _denoising_baselines,
    ),
    "denoising_layer": Judge(  # whoever builds it chooses the noise, so that the ratio is no common measure
        {
            Quantity.DENOISED_MSE: _DENOISED,
            Quantity.NOISE_RATIO: Judged("1"),
            Quantity.RECONSTRUCTION_MSE: Judged(Unit.PIXEL_SQUARED),
            Quantity.RECONSTRUCTION_BCE: _BCE,
        },
        _denoising,
        _denoising_baselines,
    ),
    "sparse": Judge(
        {
            Quantity.RECONSTRUCTION_MSE: _MSE,
            Quantity.RECONSTRUCTION_BCE: _BCE,
            Quantity.SPARSENESS: Judged("1", below=(Baseline.CONTROL,), reach=SPARSE_REACH),
            Quantity.CODE_ACTIVITY: Judged("1"),
            Quantity.ACTIVE_SHARE: Judged("1"),
        },
        _sparse,
        _reconstruction_baselines,
    ),
    "variational": Judge(
        {
            Quantity.NEGATIVE_ELBO: Judged(Unit.NAT_PER_IMAGE, above=(Baseline.COLLAPSED,)),
            Quantity.KL_DIVERGENCE: Judged(Unit.NAT_PER_IMAGE, above=(Baseline.CONTROL,), below=(Baseline.COLLAPSED,)),
            Quantity.ACTIVE_UNITS: Judged("1", below=(Baseline.COLLAPSED,)),
            Quantity.MEDIAN_SIGMA: Judged("1", below=(Baseline.CONTROL,)),
            Quantity.PRIOR_DISTANCE: Judged(Unit.PIXEL, above=(Baseline.CONTROL,), fallback=(Baseline.UNTRAINED,)),
            Quantity.RECONSTRUCTION_MSE: _MSE,
            Quantity.RECONSTRUCTION_BCE: _BCE,
        },
        _variational,
        _variational_baselines,
    ),
    "anomaly": Judge(
        {
            Quantity.AVERAGE_PRECISION: Judged("1", below=(Baseline.PCA, Baseline.UNTRAINED)),
            Quantity.ROC_AUC: Judged("1"),
            Quantity.RECONSTRUCTION_MSE: Judged(Unit.FEATURE_SQUARED, above=(Baseline.MEAN,)),
        },
        _anomaly,
        _anomaly_baselines,
    ),
    "plane": Judge(
        {
            Quantity.PLANE_ANGLE: Judged(Unit.DEGREE, above=(Baseline.RANDOM_PLANE,), reach=PLANE_REACH),
            Quantity.RECONSTRUCTION_MSE: Judged(Unit.LENGTH_SQUARED, above=(Baseline.MEAN,)),
        },
        _plane,
        _plane_baselines,
    ),
    "transfer": Judge(
        {
            Quantity.ACCURACY: Judged("1", below=(Baseline.RANDOM_FEATURES,)),
            Quantity.FROZEN_ACCURACY: Judged("1"),
            Quantity.SCRATCH_ACCURACY: Judged("1"),
            Quantity.ENCODER_SIMILARITY: Judged("1", below=(Baseline.RANDOM_FEATURES,)),
            Quantity.RECONSTRUCTION_MSE: _MSE,
            Quantity.RECONSTRUCTION_BCE: _BCE,
        },
        _transfer,
        _transfer_baselines,
    ),
}  # fmt: skip
