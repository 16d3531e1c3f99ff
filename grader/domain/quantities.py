"""What is measured of an autoencoder: one entry for each quantity, with its unit, its label and its digits.

To add a quantity, give it a name and an entry here and let zone M (the measuring process) measure it. Another package
adds one through the entry points `autoencoder_grader.quantities`: a `QuantitySpec` with a `measure` function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from grader.domain.messages import Message, message
from grader.domain.plugins import additions, refuse_known
from grader.domain.units import Unit, unit_for, units_of


class Quantity(StrEnum):
    """Names of the measurements, described in `QUANTITIES`. Losses are means over numbers and hidden samples."""

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

    @classmethod
    def _missing_(cls, value: object) -> Quantity | None:
        """Return the name of a quantity that another package adds."""
        if not isinstance(value, str) or value not in _added():
            return None
        made = str.__new__(cls, value)
        made._name_, made._value_ = value.upper(), value
        return made

    @property
    def spec(self) -> QuantitySpec:
        """The specification of the quantity."""
        return QUANTITIES.get(self) or _added()[self.value]


@dataclass(frozen=True, slots=True)
class QuantitySpec:
    """What a quantity is and how it is shown.

    Attributes:
        label: What people call it.
        meaning: What exactly is computed, in English, for the record.
        unit: Its unit on images; the unit on other samples follows from it (`unit_for`).
        digits: Decimals in the messages of checks.
        summary: Its format in the one-line summary of a reference, "" if it is not shown there.
        needs_weights: Whether it is meaningless if random numbers replace weights that became NaN.
        pixels_only: Whether it is meaningless for rows of a table, whose columns have no fixed range.
        measure: For another package's quantity: computes it from an autoencoder (a Keras model) and hidden samples.
    """

    label: Message
    meaning: str
    unit: Unit = Unit.PURE
    digits: int = 4
    summary: str = ""
    needs_weights: bool = True
    pixels_only: bool = False
    measure: Callable[[Any, Any], float] | None = None

    def unit_of(self, dataset: str) -> Unit:
        """Return the unit on a data set."""
        return unit_for(self.unit, dataset)

    def has_unit(self, unit: Unit) -> bool:
        """Return whether the quantity has this unit on some data set."""
        return unit in units_of(self.unit)


QUANTITIES: Final[Mapping[Quantity, QuantitySpec]] = MappingProxyType({
    Quantity.RECONSTRUCTION_MSE: QuantitySpec(
        label=message("Reconstruction error (MSE)"),
        meaning="mean of (x - autoencoder(x))², pixels in [0, 1], over all hidden samples.",
        unit=Unit.PIXEL_SQUARED,
        summary="MSE {:.4f}",
    ),
    Quantity.RECONSTRUCTION_BCE: QuantitySpec(
        label=message("Reconstruction error (binary cross-entropy)"),
        meaning="mean binary cross-entropy, outputs clipped to [1e-7, 1 - 1e-7].",
        unit=Unit.NAT_PER_PIXEL,
        summary="BCE {:.4f}",
        pixels_only=True,
    ),
    Quantity.THROUGH_CODE_MSE: QuantitySpec(
        label=message("Reconstruction error through encoder and decoder (MSE)"),
        meaning="the same MSE with the image passed through encoder, code rounded to float32 text, decoder.",
        unit=Unit.PIXEL_SQUARED,
        pixels_only=True,
    ),
    Quantity.MEAN_IMAGE_MSE: QuantitySpec(
        label=message("Error of always answering the mean of the data (MSE)"),
        meaning="MSE of predicting the mean training image.",
        unit=Unit.PIXEL_SQUARED,
        needs_weights=False,
    ),
    Quantity.PCA_MSE: QuantitySpec(
        label=message("Error of PCA with the reference's code size (MSE)"),
        meaning="MSE of PCA with as many components as the code has numbers, fitted on training images.",
        unit=Unit.PIXEL_SQUARED,
        needs_weights=False,
    ),
    Quantity.COMPOSITION_GAP: QuantitySpec(
        label=message("Gap between autoencoder and decoder after encoder"),
        meaning="root mean square of autoencoder(x) - decoder(encoder(x)), divided by that of autoencoder(x).",
        needs_weights=False,
    ),
    Quantity.ROUNDING_GAP: QuantitySpec(
        label=message("Part of the image that hides in the code's last digits"),
        meaning=(
            "root mean square of decoder(code) - decoder(code rounded to about eight bits a number), divided by that "
            "of decoder(code)."
        ),
    ),
    Quantity.CODE_SIZE: QuantitySpec(
        label=message("Numbers in one code"),
        meaning="numbers in one code.",
        needs_weights=False,
    ),
    Quantity.BOTTLENECK_RANK: QuantitySpec(
        label=message("Independent directions that pass the bottleneck"),
        meaning="largest numerical rank of d autoencoder(x) / d x over some hidden images.",
        needs_weights=False,
    ),
    Quantity.OUTPUT_SPREAD: QuantitySpec(
        label=message("Spread of the outputs around their mean"),
        meaning="root mean square deviation of the outputs from their mean image.",
        unit=Unit.PIXEL,
    ),
    Quantity.OUTSIDE_RANGE: QuantitySpec(
        label=message("Share of the outputs outside [0, 1]"),
        meaning="share of the output numbers outside [0, 1] by more than 0.01.",
        pixels_only=True,
    ),
    Quantity.ANY_LENGTH: QuantitySpec(
        label=message("Sequences of other lengths can be read (1 yes, 0 no)"),
        meaning="1 where the encoder runs on shorter and longer sequences than the data's, else 0.",
        needs_weights=False,
    ),
    Quantity.DENOISED_MSE: QuantitySpec(
        label=message("Error of the cleaned images (MSE)"),
        meaning="mean of (x - autoencoder(noisy x))².",
        unit=Unit.PIXEL_SQUARED,
        summary="noisy → clean MSE {:.4f}",
    ),
    Quantity.NOISE_RATIO: QuantitySpec(
        label=message("Error on images with noise, divided by that on clean ones"),
        meaning="DENOISED_MSE / RECONSTRUCTION_MSE; small where noise is what the autoencoder expects.",
        digits=2,
    ),
    Quantity.CODE_ACTIVITY: QuantitySpec(
        label=message("Mean activity of the code"),
        meaning="mean of |code|.",
        summary="mean |code| {:.3f}",
    ),
    Quantity.ACTIVE_SHARE: QuantitySpec(
        label=message("Share of the units above 0.1"),
        meaning="share of the numbers of the codes above 0.1.",
        summary="{:.1%} of the units above 0.1",
    ),
    Quantity.SPARSENESS: QuantitySpec(
        label=message("Units of the code for each one that describes an image"),
        meaning=(
            "units of the code for each one that describes an image, by what they do to the decoded image; the size "
            "of the numbers does not matter."
        ),
        digits=1,
        summary="1 unit in {:.0f} describes an image",
    ),
    Quantity.NEGATIVE_ELBO: QuantitySpec(
        label=message("Negative ELBO (nats an image)"),
        meaning="reconstruction (binary cross-entropy summed over pixels) + KL, one drawn code an image; nats.",
        unit=Unit.NAT_PER_IMAGE,
        digits=1,
        summary="ELBO −{:.1f} nat",
    ),
    Quantity.KL_DIVERGENCE: QuantitySpec(
        label=message("KL divergence (nats an image)"),
        meaning="KL(q(z|x) ‖ N(0, I)), summed over the code; nats.",
        unit=Unit.NAT_PER_IMAGE,
        digits=2,
        summary="KL {:.1f} nat",
    ),
    Quantity.ACTIVE_UNITS: QuantitySpec(
        label=message("Numbers of the code that are used"),
        meaning="numbers of the code whose mean varies over images, variance above 0.01 (Burda et al., 2016).",
        digits=0,
    ),
    Quantity.MEDIAN_SIGMA: QuantitySpec(
        label=message("Median σ of the code"),
        meaning="median of exp(log-variance / 2).",
        digits=3,
    ),
    Quantity.PRIOR_DISTANCE: QuantitySpec(
        label=message("Distance of samples from the prior to the nearest real image"),
        meaning="mean distance (root of summed squares) of decoded N(0, I) codes to the nearest training image.",
        unit=Unit.PIXEL,
        digits=2,
    ),
    Quantity.AVERAGE_PRECISION: QuantitySpec(
        label=message("Average precision of the reconstruction error as a fraud score"),
        meaning="of the reconstruction error as a fraud score.",
        summary="average precision {:.2f}",
    ),
    Quantity.ROC_AUC: QuantitySpec(
        label=message("Area under the ROC curve"),
        meaning="area under the ROC curve of the same score.",
        summary="ROC AUC {:.3f}",
    ),
    Quantity.FEATURES: QuantitySpec(
        label=message("Columns that the model takes"),
        meaning="columns that the autoencoder takes (fraud).",
        needs_weights=False,
    ),
    Quantity.LABEL_AMONG_FEATURES: QuantitySpec(
        label=message("Label among these columns (1 yes, 0 no)"),
        meaning="1 where the label is one of these columns, else 0.",
        needs_weights=False,
    ),
    Quantity.FITTED_FRAUDS: QuantitySpec(
        label=message("Frauds among what it was fitted on (estimated share)"),
        meaning=(
            "estimated share of frauds among the rows it was fitted on. Rests on a claim: for words, never points."
        ),
        needs_weights=False,
    ),
    Quantity.PLANE_ANGLE: QuantitySpec(
        label=message("Largest angle between the learnt plane and PCA's (degrees)"),
        meaning="largest principal angle between the learnt plane and PCA's; degrees.",
        unit=Unit.DEGREE,
        digits=1,
        summary="{:.1f}° from PCA's plane",
    ),
    Quantity.ACCURACY: QuantitySpec(
        label=message("Accuracy on images that it was not trained on"),
        meaning="share of images that the fine-tuned classifier names rightly.",
        digits=3,
        summary="accuracy {:.3f}",
    ),
    Quantity.FROZEN_ACCURACY: QuantitySpec(
        label=message("Accuracy before fine-tuning"),
        meaning="the same before fine-tuning.",
    ),
    Quantity.SCRATCH_ACCURACY: QuantitySpec(
        label=message("Accuracy of the same classifier from scratch"),
        meaning="of the same classifier trained from scratch on the same labels.",
        summary="from scratch {:.3f}",
    ),
    Quantity.PROBABILITIES: QuantitySpec(
        label=message("Share of the answers that are probabilities"),
        meaning="share of the classifier's answers that are probabilities.",
    ),
    Quantity.ENCODER_SIMILARITY: QuantitySpec(
        label=message("Likeness of the classifier's encoder and the autoencoder's (1: the same, 0: nothing in common)"),
        meaning="cosine between the matrices of the autoencoder's encoder and of the classifier's.",
        digits=2,
    ),
    Quantity.COMPARED_MODELS: QuantitySpec(
        label=message("Trained networks to compare"),
        meaning="trained models with the reference's architecture, no two with the same numbers.",
        needs_weights=False,
    ),
    Quantity.COMPARISON_AGREEMENT: QuantitySpec(
        label=message("Share of the comparison that we measure as well"),
        meaning="share of the asked-for numbers of the notebook's table that we measure as well.",
        needs_weights=False,
    ),
    Quantity.TRANSPLANT_GAP: QuantitySpec(
        label=message("Difference from our own network with the same random weights"),
        meaning=(
            "largest difference between the student's network and the one of ours that computes the same, both with "
            "the same random weights, on secret inputs; relative to the spread of the outputs. Only where there is "
            "one."
        ),
        needs_weights=False,
    ),
    Quantity.TRANSPLANTED_MSE: QuantitySpec(
        label=message("Reconstruction error in our own network with the trained weights (MSE)"),
        meaning="RECONSTRUCTION_MSE of that network of ours with the student's trained weights.",
        unit=Unit.PIXEL_SQUARED,
    ),
    Quantity.STAGES_HELD: QuantitySpec(
        label=message("Shallow autoencoders whose weights the stack holds"),
        meaning="autoencoders within the autoencoder, whose arrays together are all of its own.",
        needs_weights=False,
    ),
    Quantity.STAGES_TRAINED: QuantitySpec(
        label=message("Those of them that have learnt their own data"),
        meaning="how many of these are better than a constant on their own data.",
        needs_weights=False,
    ),
})  # fmt: skip


def added_quantities() -> tuple[Quantity, ...]:
    """Return the quantities that other packages add."""
    return tuple(Quantity(name) for name in _added())


def _added() -> Mapping[str, QuantitySpec]:
    found = {name: one for name, one in additions("quantities", QuantitySpec).items() if isinstance(one, QuantitySpec)}
    refuse_known("quantities", found, Quantity._value2member_map_)
    return found
