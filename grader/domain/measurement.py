"""What zone M computed. Only these values and our own observation of the run earn points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from grader.domain.architecture import Architecture
from grader.domain.messages import Message


class Role(StrEnum):
    """What a model is in an autoencoder."""

    ENCODER = "encoder"
    DECODER = "decoder"
    AUTOENCODER = "autoencoder"


class Quantity(StrEnum):
    """Names of the measurements. All losses are means over pixels and over hidden images.

    RECONSTRUCTION_MSE: mean of (x - autoencoder(x))², pixels in [0, 1].
    RECONSTRUCTION_BCE: mean binary cross-entropy, outputs clipped to [1e-7, 1 - 1e-7].
    THROUGH_CODE_MSE: the same MSE with the image passed through encoder, code rounded to float32 text, decoder.
    MEAN_IMAGE_MSE: MSE of predicting the mean training image.
    PCA_MSE: MSE of PCA with as many components as the code has numbers, fitted on training images.
    COMPOSITION_GAP: root mean square of autoencoder(x) - decoder(encoder(x)), divided by that of autoencoder(x).
    CODE_SIZE: numbers in one code.
    BOTTLENECK_RANK: largest numerical rank of d autoencoder(x) / d x over some hidden images.
    OUTPUT_SPREAD: root mean square deviation of the outputs from their mean image.
    """

    RECONSTRUCTION_MSE = "reconstruction_mse"
    RECONSTRUCTION_BCE = "reconstruction_bce"
    THROUGH_CODE_MSE = "through_code_mse"
    MEAN_IMAGE_MSE = "mean_image_mse"
    PCA_MSE = "pca_mse"
    COMPOSITION_GAP = "composition_gap"
    CODE_SIZE = "code_size"
    BOTTLENECK_RANK = "bottleneck_rank"
    OUTPUT_SPREAD = "output_spread"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number that we computed ourselves.

    Attributes:
        name: Which quantity.
        value: The number; always finite (a quantity that is not finite is a `MeasuringProblem`).
        unit: `1` for a pure number, `pixels²` for an MSE of pixels in [0, 1], …
        how: On what and how it was measured, in English, for the record.
    """

    name: Quantity
    value: float
    unit: str
    how: str


@dataclass(frozen=True, slots=True)
class MeasuredModel:
    """A model that zone M rebuilt.

    Attributes:
        role: What it is.
        name: What the student called it, for messages only.
        architecture: Its canonical form, from the rebuilt model and not from the claim.
        shared_with_autoencoder: Every array it holds is one of the autoencoder's own, value for value.
    """

    role: Role
    name: str
    architecture: Architecture
    shared_with_autoencoder: bool = True


@dataclass(frozen=True, slots=True)
class MeasuringProblem:
    """Something that could not be rebuilt or measured.

    Attributes:
        model: What the student called the model, or "".
        reason: Why.
        ours: True where the fault or the gap is the grader's (then the grade waits for a person).
    """

    model: str
    reason: Message
    ours: bool


@dataclass(frozen=True, slots=True)
class ImageStrip:
    """A row of small grey pictures for the report.

    Attributes:
        title: `original`, `student`, `reference` or another label.
        height: Pixels.
        width: Pixels.
        images: Each picture as base64 of one byte a pixel, row by row, 0 black to 255 white.
    """

    title: str
    height: int
    width: int
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measurements:
    """Everything that zone M found out about one submission.

    Attributes:
        models: The models by role, as far as found and rebuilt.
        values: Numbers by quantity, as far as measurable.
        problems: What could not be rebuilt or measured, and whose fault that is.
        bypass: A layer that carries the image past the code, in words for the report, or None.
        strips: Pictures for the report.
        data: Which data was used: `sample` or `full`.
        candidates: How many autoencoders the notebook held.
        trained: Fit calls on the autoencoder or a model that shares its layers (a claim, for hints only).
    """

    models: Mapping[Role, MeasuredModel] = field(default_factory=dict)
    values: Mapping[Quantity, Measurement] = field(default_factory=dict)
    problems: tuple[MeasuringProblem, ...] = ()
    bypass: Message | None = None
    strips: tuple[ImageStrip, ...] = ()
    data: str = ""
    candidates: int = 0
    trained: bool = False

    def value(self, name: Quantity) -> float | None:
        """Return the number called `name`, or None where it was not measured."""
        found = self.values.get(name)
        return None if found is None else found.value


class MeasuringFailedError(Exception):
    """The measuring process broke, timed out or ran out of memory: our failure, never a student's."""
