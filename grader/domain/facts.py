"""What a right model does, with spread and source: the content of `reference/facts/<id>.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from grader.domain.architecture import Architecture, Shape
from grader.domain.datasets import DataSize, MeasuredSize, datasets, image_sets
from grader.domain.measurement import ImageStrip, Measurements, Quantity, Role
from grader.domain.units import Unit

DATA_SIZE_VARIABLE: Final = "AUTOENCODER_GRADER_DATA_SIZE"
"""Environment variable in which `grader check` says which data the notebook got: `full` or `sample`."""


class Baseline(StrEnum):
    """Predictors and models with which a trained model is compared, on the same hidden data.

    MEAN: predicts the mean training sample (the mean image) whatever goes in.
    PCA: principal components, as many as the code has numbers, fitted on training samples.
    UNTRAINED: the reference with fresh weights.
    NOISY_COPY: returns its noisy input.
    CONTROL: the reference trained in the same way without the subject of its lesson: without the penalty (sparse),
        without the KL (variational), on clean images (denoising).
    COLLAPSED: a variational autoencoder with a collapsed code: KL 0, the mean image for every image.
    ALL_NORMAL: gives every row the same fraud score.
    RANDOM_PLANE: a plane drawn at random; the mean of its largest angle to a given plane is 1 radian.
    RANDOM_FEATURES: a classifier on an encoder with fresh, frozen weights.
    """

    MEAN = "mean"
    PCA = "pca"
    UNTRAINED = "untrained"
    NOISY_COPY = "noisy_copy"
    CONTROL = "control"
    COLLAPSED = "collapsed"
    ALL_NORMAL = "all_normal"
    RANDOM_PLANE = "random_plane"
    RANDOM_FEATURES = "random_features"


@dataclass(frozen=True, slots=True)
class CreditCurve:
    """How a number turns into credit, which falls from the reference's side to the trivial predictor's.

    Credit is 1 up to `full`, falls linearly to 0 at `none`, and is never above 1 or below 0. Where `trivial` is larger
    than `reference`, smaller numbers are better (a loss); else larger ones are (average precision).

    Attributes:
        full: The number farthest from the reference that has full credit.
        none: The number nearest to the reference that has no credit: hardly better than the trivial predictor.
        reference: Mean of the reference over its seeds.
        trivial: The same number of the trivial predictor (the mean image, for a reconstruction loss).
        share: Part of the way from `reference` to `trivial` within which credit is always full.
    """

    full: float
    none: float
    reference: float
    trivial: float
    share: float = 0.25

    def credit(self, value: float) -> float:
        """Return the share of the points, in [0, 1], for this number."""
        towards_trivial = 1.0 if self.trivial >= self.reference else -1.0
        if (value - self.full) * towards_trivial <= 0:
            return 1.0
        if (value - self.none) * towards_trivial >= 0:
            return 0.0
        return (self.none - value) / (self.none - self.full)

    def skill(self, value: float) -> float:
        """Return (trivial - value) / (trivial - reference): 0 like the trivial predictor, 1 like the reference."""
        return (self.trivial - value) / (self.trivial - self.reference)


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number over the runs of a reference, and what it is compared with.

    Attributes:
        unit: One of `Unit`: `pixel²`, `nat/image`, `1`, …
        runs: Number of the reference's own runs behind mean and deviation.
        mean: Over these runs.
        deviation: Their sample standard deviation (n - 1).
        baselines: The same number for trivial predictors.
        curves: How the number earns points: no curve if it only informs, one towards the trivial side, or one on each
            side if both are wrong (a KL divergence can collapse or be missing).
        decisive: For a number whose wrong answers lie close to the reference, so that another number stands in for it:
            the curve by which this number alone proves a model as good as the reference. The stand-in cannot take that
            credit away.
        honest_runs: Runs of the reference and of its honest variations.
        honest_full: How many of them have full credit.
    """

    unit: str
    runs: int
    mean: float
    deviation: float
    baselines: Mapping[Baseline, float] = field(default_factory=dict)
    curves: tuple[CreditCurve, ...] = ()
    decisive: CreditCurve | None = None
    honest_runs: int = 0
    honest_full: int = 0

    def __post_init__(self) -> None:
        """Refuse a unit that no report could translate.

        Raises:
            ValueError: The unit is none of `Unit`.
        """
        Unit(self.unit)

    def credit(self, value: float) -> float:
        """Return the credit of the strictest curve, in [0, 1]; 1 if there is no curve."""
        return min((curve.credit(value) for curve in self.curves), default=1.0)


@dataclass(frozen=True, slots=True)
class CalibrationRun:
    """One training of a reference, or of a variation of it.

    Attributes:
        variation: `reference`, `short` (fewer epochs, for quick validation), `control`, or what was changed
            (`batch-256`, `adam`).
        seed: Seed of weights, order and noise.
        epochs: Epochs trained.
        values: Numbers on the hidden data.
        training_loss: The loss that `fit` printed after the last epoch, None for a model without Keras's `fit`.
        seconds: Wall time of the training.
        host: Processor, cores and threads, for the seconds.
    """

    variation: str
    seed: int
    epochs: int
    values: Mapping[Quantity, float]
    training_loss: float | None
    seconds: float
    host: str


@dataclass(frozen=True, slots=True)
class CalibratedData:
    """What the reference reached on one data set in one size.

    Attributes:
        data: `sample` (embedded), `full`, or `real` for a user's own file of card transactions.
        data_hash: Digest of the training and hidden arrays.
        source: Where the data come from, in words; begins with "simulated" where they are.
        epochs: Epochs of each run of the reference.
        statistics: By quantity.
        strips: The reference's reconstructions of the report's pictures.
        records: Every single run, variations included.
        versions: Of Keras, TensorFlow and NumPy.
        by_code_size: The same statistics of the reference with codes of other sizes, where the course leaves it free.
        recipe_digest: Digest of a few training samples as prepared for `fit` (noise, shape, target); "" if it was not
            kept.
    """

    data: DataSize
    data_hash: str
    source: str
    epochs: int
    statistics: Mapping[Quantity, Statistic]
    strips: tuple[ImageStrip, ...] = ()
    records: tuple[CalibrationRun, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    recipe_digest: str = ""
    by_code_size: Mapping[int, Mapping[Quantity, Statistic]] = field(default_factory=dict)

    @property
    def reconstruction(self) -> Statistic | None:
        """The mean squared error of reconstructions, None if the reference has none."""
        return self.statistics.get(Quantity.RECONSTRUCTION_MSE)


@dataclass(frozen=True, slots=True)
class ReferenceFacts:
    """The facts of one reference.

    Attributes:
        reference: Its id (`stacked`).
        dataset: Data set id (`fashion_mnist`).
        code_size: Numbers in one code, None if free.
        parameters: Of the autoencoder, None if free.
        published: The lecture's own figure, in words, or "".
        reached: What the reference reached, in words.
        architectures: Canonical form of each role model.
        recipe: How it is trained: optimizer and its settings, loss, epochs, batch size.
        calibrated: On `dataset`, by data size (`sample`, `full`, `real`).
        elsewhere: The same on every other data set that the course allows, by its id, then by data size.
        source_digest: Of the module that these facts were made from (`grader.domain.source_digest`); "" for unknown.
    """

    reference: str
    dataset: str
    code_size: int | None
    parameters: int | None
    published: str
    reached: str
    architectures: Mapping[Role, Architecture]
    calibrated: Mapping[DataSize, CalibratedData]
    recipe: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    elsewhere: Mapping[str, Mapping[DataSize, CalibratedData]] = field(default_factory=dict)
    source_digest: str = ""

    @property
    def datasets(self) -> tuple[str, ...]:
        """Data sets that the course allows, the usual one first."""
        return (self.dataset, *self.elsewhere)

    @property
    def input_shapes(self) -> dict[Role, Shape]:
        """The shape of one sample that each role model takes."""
        return {role: form.input_shape for role, form in self.architectures.items()}

    @property
    def sizes(self) -> tuple[DataSize, ...]:
        """The sizes in which its data are available, and in which students are graded."""
        known = datasets().get(self.dataset)
        return (DataSize.SAMPLE, DataSize.FULL) if known is None else known.sizes

    def on(self, size: MeasuredSize, dataset: str = "") -> CalibratedData | None:
        """Return what the reference reached on a data set (by default its usual one), None if never trained on it."""
        if not size:
            return None
        return (self.calibrated if dataset in ("", self.dataset) else self.elsewhere.get(dataset, {})).get(size)

    def all_calibrated(self) -> tuple[tuple[str, CalibratedData], ...]:
        """Return everything that was calibrated, with the id of its data set, the usual data set first."""
        usual = [(self.dataset, found) for found in self.calibrated.values()]
        return (*usual, *((name, found) for name, sizes in self.elsewhere.items() for found in sizes.values()))

    def with_calibrated(self, dataset: str, found: CalibratedData) -> ReferenceFacts:
        """Return a copy of the facts that includes what was reached on one data set in one size."""
        if dataset == self.dataset:
            return replace(self, calibrated={**self.calibrated, found.data: found})
        return replace(
            self, elsewhere={**self.elsewhere, dataset: {**self.elsewhere.get(dataset, {}), found.data: found}}
        )

    @property
    def has_sample(self) -> bool:
        """Whether its data come in full and as a sample; points in space are the same few in both."""
        return DataSize.FULL in self.sizes

    @property
    def is_of_images(self) -> bool:
        """Whether its data are images."""
        return self.dataset in image_sets()


@dataclass(frozen=True, slots=True)
class TrivialErrors:
    """The reconstruction error of trivial predictors on the same samples.

    Attributes:
        mean: Mean squared error of always predicting the mean of the data.
        pca: Error of PCA with the reference's code size, None if the code is as large as the sample, which makes it
            trivial.
    """

    mean: float
    pca: float | None


def trivial_errors(measurements: Measurements, known: Statistic) -> TrivialErrors:
    """Return the errors of mean and PCA, both measured on the same samples as the model's own error.

    If they were not measured, both come from the facts, for the hidden samples of the same data.
    """
    mean = measurements.value(Quantity.MEAN_IMAGE_MSE)
    if mean is None:
        return TrivialErrors(known.baselines[Baseline.MEAN], known.baselines.get(Baseline.PCA))
    pca = measurements.value(Quantity.PCA_MSE) if Baseline.PCA in known.baselines else None
    return TrivialErrors(mean, pca)
