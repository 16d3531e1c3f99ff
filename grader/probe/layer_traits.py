"""Traits of kinds of layers, in one table: which act only in training, which convolve, which keep every number.

Allowlist, canonical form, checks, reports and hints all read the traits of a layer here. They are stored with the
settings that a kind may have (`layer_rules.LAYERS`), so that a kind is one entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Reads(Enum):
    """How a layer's result depends on the order of the numbers in its input.

    ANY_ORDER: not at all, if the order is the same for all samples (a Dense).
    STEPS: on the order of the steps of a sequence, not on the order within a step (an LSTM).
    PLACES: on neighbouring numbers (a convolution); also the default if unknown.
    """

    ANY_ORDER = "any order"
    STEPS = "steps"
    PLACES = "places"


@dataclass(frozen=True, slots=True)
class LayerTraits:
    """What a kind of layer is.

    Attributes:
        noise: Adds noise in training and is the identity afterwards.
        augmentation: Changes images in training and is the identity afterwards.
        regulariser: Adds a penalty to the loss in training and is the identity afterwards.
        identity: Is the identity in training as well.
        training_statistics: Computes something else in training than afterwards (BatchNormalization).
        reshapes: Returns the same numbers in another shape.
        resizes: Only changes the number of entries along an axis; idle if it keeps the shape.
        learns: Has weights that training changes in order to find patterns.
        normalisation: Brings numbers to a scale, whether by statistics or learnt.
        scales_data: Scales pixels with numbers that no training changes.
        convolutional: Slides a window of weights over its input.
        transposed: Is a transposed convolution.
        recurrent: Reads a sequence step by step.
        state_is_output: Returns its output once more as its first state.
        pooling: Reduces windows of its input to their maximum or mean.
        joins: Joins several branches.
        attention: Weighs steps by each other.
        lookup: Looks numbers up in a table instead of multiplying them.
        wraps: Wraps another layer.
        activation_last: Has a setting `activation`, which is applied last.
        activates: Name of the activation that the layer is, "" if it does something else.
        after_activation: Gives the same result before and after an activation, by convention or since it changes no
            number.
        reads: See `Reads`.
    """

    noise: bool = False
    augmentation: bool = False
    regulariser: bool = False
    identity: bool = False
    training_statistics: bool = False
    reshapes: bool = False
    resizes: bool = False
    learns: bool = False
    normalisation: bool = False
    scales_data: bool = False
    convolutional: bool = False
    transposed: bool = False
    recurrent: bool = False
    state_is_output: bool = False
    pooling: bool = False
    joins: bool = False
    attention: bool = False
    lookup: bool = False
    wraps: bool = False
    activation_last: bool = False
    activates: str = ""
    after_activation: bool = False
    reads: Reads = Reads.PLACES

    @property
    def idle_at_inference(self) -> bool:
        """Return whether it returns its input unchanged outside training."""
        return self.noise or self.augmentation or self.regulariser or self.identity

    @property
    def acts_in_training(self) -> bool:
        """Return whether it behaves differently in training and afterwards."""
        return self.noise or self.augmentation or self.training_statistics

    @property
    def passive(self) -> bool:
        """Return whether it neither learns nor changes a number of the sample at inference."""
        return self.idle_at_inference or self.reshapes


UNKNOWN = LayerTraits()
NOISE = LayerTraits(noise=True, reads=Reads.ANY_ORDER)
NOISE_BY_PLACE = LayerTraits(noise=True)
AUGMENTATION = LayerTraits(augmentation=True)
PENALTY = LayerTraits(regulariser=True, reads=Reads.ANY_ORDER)
IDENTITY = LayerTraits(identity=True, reads=Reads.ANY_ORDER)
RESHAPING = LayerTraits(reshapes=True, resizes=True, reads=Reads.ANY_ORDER)
RESIZING = LayerTraits(resizes=True)
UPSAMPLING = LayerTraits(resizes=True, after_activation=True)
REPEATING = LayerTraits(reads=Reads.STEPS)
DENSE = LayerTraits(learns=True, activation_last=True, reads=Reads.ANY_ORDER)
PROJECTION = LayerTraits(learns=True, activation_last=True)
CONVOLUTION = LayerTraits(learns=True, activation_last=True, convolutional=True)
TRANSPOSED_CONVOLUTION = LayerTraits(learns=True, activation_last=True, convolutional=True, transposed=True)
RECURRENT = LayerTraits(learns=True, recurrent=True, state_is_output=True, reads=Reads.STEPS)
RECURRENT_CONVOLUTION = LayerTraits(learns=True, recurrent=True, state_is_output=True, convolutional=True)
CELL = LayerTraits(learns=True, recurrent=True, reads=Reads.STEPS)
WRAPPER = LayerTraits(wraps=True)
OVER_STEPS = LayerTraits(wraps=True, reads=Reads.STEPS)
BOTH_WAYS = LayerTraits(wraps=True, learns=True, recurrent=True, reads=Reads.STEPS)
MAX_POOLING = LayerTraits(pooling=True, after_activation=True)
POOLING = LayerTraits(pooling=True)
NORMALISATION = LayerTraits(normalisation=True, after_activation=True)
NORMALISATION_IN_ANY_ORDER = LayerTraits(normalisation=True, after_activation=True, reads=Reads.ANY_ORDER)
BATCH_NORMALISATION = LayerTraits(
    normalisation=True, training_statistics=True, after_activation=True, reads=Reads.ANY_ORDER
)
STANDARDISATION = LayerTraits(normalisation=True, scales_data=True, reads=Reads.ANY_ORDER)
FIXED_SCALE = LayerTraits(scales_data=True, reads=Reads.ANY_ORDER)
JOINING = LayerTraits(joins=True, reads=Reads.ANY_ORDER)
JOINING_BY_PLACE = LayerTraits(joins=True)
ATTENTION = LayerTraits(learns=True, attention=True)
LOOKUP = LayerTraits(learns=True, lookup=True)
MASKING = LayerTraits(reads=Reads.STEPS)
SAMPLING = LayerTraits(reads=Reads.ANY_ORDER)


def activation_layer(name: str, *, learns: bool = False) -> LayerTraits:
    """Return the traits of a layer that is an activation."""
    return LayerTraits(activates=name, learns=learns, reads=Reads.ANY_ORDER)
