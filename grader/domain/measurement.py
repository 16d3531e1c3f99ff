"""What zone M computed. Only these values and our own observation of the run earn points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from grader.domain.architecture import Architecture
from grader.domain.messages import Message
from grader.domain.units import Unit


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
    ROUNDING_GAP: root mean square of decoder(code) - decoder(code rounded to six digits), divided by that of
        decoder(code).
    CODE_SIZE: numbers in one code.
    BOTTLENECK_RANK: largest numerical rank of d autoencoder(x) / d x over some hidden images.
    OUTPUT_SPREAD: root mean square deviation of the outputs from their mean image.
    OUTSIDE_RANGE: share of the output numbers outside [0, 1] by more than 0.01.
    ANY_LENGTH: 1 where the encoder runs on shorter and longer sequences than the data's, else 0.
    DENOISED_MSE: mean of (x - autoencoder(noisy x))².
    NOISE_RATIO: DENOISED_MSE / RECONSTRUCTION_MSE; small where noise is what the autoencoder expects.
    CODE_ACTIVITY: mean of |code|.
    ACTIVE_SHARE: share of the numbers of the codes above 0.1.
    SPARSENESS: units of the code for each one that describes an image, by what they do to the decoded image; the size
        of the numbers does not matter.
    NEGATIVE_ELBO: reconstruction (binary cross-entropy summed over pixels) + KL, one drawn code an image; nats.
    KL_DIVERGENCE: KL(q(z|x) ‖ N(0, I)), summed over the code; nats.
    ACTIVE_UNITS: numbers of the code whose mean varies over images, variance above 0.01 (Burda et al., 2016).
    MEDIAN_SIGMA: median of exp(log-variance / 2).
    PRIOR_DISTANCE: mean distance (root of summed squares) of decoded N(0, I) codes to the nearest training image.
    AVERAGE_PRECISION: of the reconstruction error as a fraud score.
    ROC_AUC: area under the ROC curve of the same score.
    FEATURES: columns that the autoencoder takes (fraud).
    LABEL_AMONG_FEATURES: 1 where the label is one of these columns, else 0.
    FITTED_FRAUDS: estimated share of frauds among the rows it was fitted on. Rests on a claim: for words, never points.
    PLANE_ANGLE: largest principal angle between the learnt plane and PCA's; degrees.
    ACCURACY: share of images that the fine-tuned classifier names rightly.
    FROZEN_ACCURACY: the same before fine-tuning.
    SCRATCH_ACCURACY: of the same classifier trained from scratch on the same labels.
    PROBABILITIES: share of the classifier's answers that are probabilities.
    ENCODER_SIMILARITY: cosine between the matrices of the autoencoder's encoder and of the classifier's.
    COMPARED_MODELS: trained models with the reference's architecture, no two with the same numbers.
    COMPARISON_AGREEMENT: share of the asked-for numbers of the notebook's table that we measure as well.
    TRANSPLANT_GAP: largest difference between the student's network and the one of ours that computes the same, both
        with the same random weights, on secret inputs; relative to the spread of the outputs. Only where there is one.
    TRANSPLANTED_MSE: RECONSTRUCTION_MSE of that network of ours with the student's trained weights.
    STAGES_HELD: autoencoders within the autoencoder, whose arrays together are all of its own.
    STAGES_TRAINED: how many of these are better than a constant on their own data.
    """

    RECONSTRUCTION_MSE = "reconstruction_mse"
    RECONSTRUCTION_BCE = "reconstruction_bce"
    THROUGH_CODE_MSE = "through_code_mse"
    MEAN_IMAGE_MSE = "mean_image_mse"
    PCA_MSE = "pca_mse"
    COMPOSITION_GAP = "composition_gap"
    ROUNDING_GAP = "rounding_gap"
    CODE_SIZE = "code_size"
    BOTTLENECK_RANK = "bottleneck_rank"
    OUTPUT_SPREAD = "output_spread"
    OUTSIDE_RANGE = "outside_range"
    ANY_LENGTH = "any_length"
    DENOISED_MSE = "denoised_mse"
    NOISE_RATIO = "noise_ratio"
    CODE_ACTIVITY = "code_activity"
    ACTIVE_SHARE = "active_share"
    SPARSENESS = "sparseness"
    NEGATIVE_ELBO = "negative_elbo"
    KL_DIVERGENCE = "kl_divergence"
    ACTIVE_UNITS = "active_units"
    MEDIAN_SIGMA = "median_sigma"
    PRIOR_DISTANCE = "prior_distance"
    AVERAGE_PRECISION = "average_precision"
    ROC_AUC = "roc_auc"
    FEATURES = "features"
    LABEL_AMONG_FEATURES = "label_among_features"
    FITTED_FRAUDS = "fitted_frauds"
    PLANE_ANGLE = "plane_angle"
    ACCURACY = "accuracy"
    FROZEN_ACCURACY = "frozen_accuracy"
    SCRATCH_ACCURACY = "scratch_accuracy"
    PROBABILITIES = "probabilities"
    ENCODER_SIMILARITY = "encoder_similarity"
    COMPARED_MODELS = "compared_models"
    COMPARISON_AGREEMENT = "comparison_agreement"
    TRANSPLANT_GAP = "transplant_gap"
    TRANSPLANTED_MSE = "transplanted_mse"
    STAGES_HELD = "stages_held"
    STAGES_TRAINED = "stages_trained"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number that we computed ourselves.

    Attributes:
        name: Which quantity.
        value: The number; always finite (a quantity that is not finite is a `MeasuringProblem`).
        unit: One of `Unit`: `1` for a pure number, `pixel²` for an MSE of pixels in [0, 1], …
        how: On what and how it was measured, in English, for the record.
    """

    name: Quantity
    value: float
    unit: str
    how: str

    def __post_init__(self) -> None:
        """Refuse a unit that no report could translate, and keep its text as a file holds it.

        Raises:
            ValueError: The unit is none of `Unit`.
        """
        object.__setattr__(self, "unit", Unit(self.unit).value)


@dataclass(frozen=True, slots=True)
class MeasuredModel:
    """A model that zone M rebuilt.

    Attributes:
        role: What it is.
        name: What the student called it, for messages only.
        architecture: Its canonical form, from the rebuilt model and not from the claim.
        shared_with_autoencoder: Every array it holds is one of the autoencoder's own, value for value.
        made: The notebook made this model; False where it was cut out of another or put together by zone M. Its name is
            then that of the tensor where it was cut, or "".
    """

    role: Role
    name: str
    architecture: Architecture
    shared_with_autoencoder: bool = True
    made: bool = True


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
class Disagreement:
    """A number of the notebook's comparison that is not what its model reaches.

    Attributes:
        entry: Where it stands, or should (`comparison['sgd']`); built by us from the names asked for.
        measured: What the model reaches on the validation images, None where no such trained model was found.
        claimed: What the table says, None where it says nothing. A claim: for words, never points.
    """

    entry: str
    measured: float | None
    claimed: float | None


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
        images: Which part of them: `hidden`, which nobody has, or `public`, in a student's own check.
        dataset: Id of the data set that was measured on; "" for the reference's usual one.
        foreign: Id of a data set that the course does not allow here, whose images the autoencoder gives back far
            better than those it was measured on: it was trained on them. Else "".
        candidates: How many autoencoders the notebook held.
        trained: Fit calls on the autoencoder or a model that shares its layers (a claim, for hints only).
        disagreements: Numbers of the notebook's comparison that are missing or not what we measure.
        equivalent: A network of the reference's layers, with the activations and the code width of the student's, that
            computes what the autoencoder does whatever the weights; None where none was looked for or found.
        conventions: What had to be done so that the model's numbers stand for pixels in [0, 1], in words.
        another_size: The autoencoder takes or gives no sample of the data, so that nothing was measured on samples.
        pixels: The numbers of black and of white that the model was trained on, where they are not 0 and 1: found from
            what was fitted, and kept only where the model gives such pixels back clearly better than those of [0, 1].
        by_behaviour: The autoencoder was run in the second sandbox and not rebuilt: nothing is known of its layers.
        view: Kind of secret view (`reference.views`) that an honest training of this notebook does not notice; "" where
            there is none, as for data that notebooks make themselves.
        fingerprint: A few numbers of the autoencoder's weights that are equal where one is a copy of another.
    """

    models: Mapping[Role, MeasuredModel] = field(default_factory=dict)
    values: Mapping[Quantity, Measurement] = field(default_factory=dict)
    problems: tuple[MeasuringProblem, ...] = ()
    bypass: Message | None = None
    strips: tuple[ImageStrip, ...] = ()
    data: str = ""
    dataset: str = ""
    foreign: str = ""
    candidates: int = 0
    trained: bool = False
    disagreements: tuple[Disagreement, ...] = ()
    equivalent: Architecture | None = None
    conventions: tuple[Message, ...] = ()
    pixels: tuple[float, float] | None = None
    by_behaviour: bool = False
    images: str = "hidden"
    another_size: bool = False
    view: str = ""
    fingerprint: tuple[float, ...] = ()

    def value(self, name: Quantity) -> float | None:
        """Return the number called `name`, or None where it was not measured."""
        found = self.values.get(name)
        return None if found is None else found.value


class MeasuringFailedError(Exception):
    """The measuring process broke, timed out or ran out of memory: our failure, never a student's."""
