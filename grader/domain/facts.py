"""What a right model does, with spread and source: the content of `reference/facts/<id>.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.domain.architecture import Architecture
from grader.domain.measurement import ImageStrip, Role


@dataclass(frozen=True, slots=True)
class CreditCurve:
    """How a loss becomes credit, the same for every quality that is better when smaller.

    Credit is 1 up to `full`, falls linearly to 0 at `none`, and is never above 1 or below 0.

    Attributes:
        full: Largest loss with full credit.
        none: Smallest loss with no credit: hardly better than the trivial predictor.
        reference: Mean loss of the reference over its seeds.
        trivial: Loss of the trivial predictor (the mean image).
    """

    full: float
    none: float
    reference: float
    trivial: float

    def credit(self, loss: float) -> float:
        """Return the share of the points, in [0, 1], for this loss."""
        if loss <= self.full:
            return 1.0
        if loss >= self.none:
            return 0.0
        return (self.none - loss) / (self.none - self.full)

    def skill(self, loss: float) -> float:
        """Return (trivial - loss) / (trivial - reference): 0 like the mean image, 1 like the reference."""
        return (self.trivial - loss) / (self.trivial - self.reference)


@dataclass(frozen=True, slots=True)
class CalibrationRun:
    """One training of a reference, or of an honest variation of it.

    Attributes:
        variation: `reference`, or what was changed (`batch-256`, `adam`, `selu-bce`).
        seed: Seed of weights and order.
        epochs: Epochs trained.
        mse: MSE on the hidden images.
        bce: Binary cross-entropy on the hidden images.
        seconds: Wall time of the training.
    """

    variation: str
    seed: int
    epochs: int
    mse: float
    bce: float
    seconds: float


@dataclass(frozen=True, slots=True)
class CalibratedData:
    """What the reference reached on one data set in one size.

    Attributes:
        data: `sample` (embedded) or `full`.
        data_hash: Digest of the training and hidden arrays.
        curve: Credit for the reconstruction loss (MSE on hidden images).
        runs: How many runs stand behind it.
        epochs: Epochs of each run.
        mean: Mean MSE of the runs of the reference itself.
        deviation: Standard deviation of those runs.
        mean_image: MSE of the mean training image.
        pca: MSE of PCA with the code's size.
        untrained: MSE of the reference with fresh weights.
        strips: The reference's reconstructions of the report's pictures.
        records: Every single run, variations included.
        versions: Of Keras, TensorFlow and NumPy.
        host: Processor and cores, for the seconds.
    """

    data: str
    data_hash: str
    curve: CreditCurve
    runs: int
    epochs: int
    mean: float
    deviation: float
    mean_image: float
    pca: float
    untrained: float
    strips: tuple[ImageStrip, ...] = ()
    records: tuple[CalibrationRun, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    host: str = ""


@dataclass(frozen=True, slots=True)
class ReferenceFacts:
    """The facts of one reference.

    Attributes:
        reference: Its id (`stacked`).
        dataset: Data set id (`fashion_mnist`).
        code_size: Numbers in one code, None where free.
        parameters: Of the autoencoder, None where free.
        published: The lecture's own figure, in words, or "".
        reached: What the reference reached, in words.
        architectures: Canonical form of each role model.
        calibrated: By data size (`sample`, `full`).
    """

    reference: str
    dataset: str
    code_size: int | None
    parameters: int | None
    published: str
    reached: str
    architectures: Mapping[Role, Architecture]
    calibrated: Mapping[str, CalibratedData]
