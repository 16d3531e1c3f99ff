"""Converts between a model's numbers and pixels in [0, 1]: logits, and other bounds for black and white.

A model trained on logits is judged behind the sigmoid that its loss applies. A model trained on pixels between 0 and
255, or between -1 and 1, gets such pixels, and its outputs are converted back. Both are recognised by what the notebook
compiled and fitted. A lie can only spoil the result: the numbers are still measured here, on our images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import keras
import numpy as np

from grader.domain.evidence import Evidence, FitClaim, ModelClaim, NodeClaim, OperationClaim
from grader.domain.layer_kinds import traits_of
from grader.domain.measurement import Role
from grader.domain.messages import Message, message
from grader.rebuild.network.canonical import scales_by_a_number
from grader.rebuild.network.model import RebuiltModel
from grader.rebuild.network.roles import Cast
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.reference_data import Array
from grader.rebuild.quantities.samples import ScaledImages

ANSWERS_WITH_LOGITS: Final = message(
    "The model outputs logits, as its loss says (`from_logits=True`): it was judged behind the sigmoid that "
    "the loss applies."
)


SIGMOID = OperationClaim("judged-sigmoid", "Sigmoid", "keras.src.ops.nn", {}, ())
PROBABILITIES = "judged-probabilities"

CHOOSING_IMAGES = 500
SCALING_IMAGES = 100
"""As many are enough to choose pixels by: a wrong scale gives several times the error."""
CLEARLY_BETTER = 0.8
_SLACK = 0.02
_BRIGHT = 50  # no pixel of another usual range is as bright

_BOUNDED = frozenset({"sigmoid", "softmax", "hard_sigmoid"})


# Logits


def with_probabilities(evidence: Evidence) -> Evidence:
    """Put a sigmoid behind the models whose binary cross-entropy was compiled with `from_logits=True`.

    Models that end in the same layer (the decoder of such an autoencoder) get one as well. If the last layer is already
    a sigmoid, Keras's loss removes it, and nothing is added.
    """
    ends = {_last_operation(claim, evidence) for claim in evidence.models if _on_logits(claim)} - {None}
    if not ends:
        return evidence
    models = tuple(_behind(claim) if _last_operation(claim, evidence) in ends else claim for claim in evidence.models)
    parts = tuple(_behind(claim) if _last_operation(claim, evidence) in ends else claim for claim in evidence.parts)
    return replace(evidence, models=models, parts=parts, operations={**evidence.operations, SIGMOID.operation: SIGMOID})


def answers_with_logits(model: RebuiltModel) -> bool:
    """Return whether the sigmoid of `with_probabilities` is part of a model."""
    return any(step.operation.operation == SIGMOID.operation for step in model.steps)


def _on_logits(claim: ModelClaim) -> bool:
    loss = str(claim.compiled.get("loss", "")).lower()
    return claim.compiled.get("from_logits") is True and "binary" in loss and not claim.problem


def _last_operation(claim: ModelClaim, evidence: Evidence) -> str | None:
    """Return the id of the operation that makes the output's numbers, None if there is none or they are bounded."""
    makers = {output: node for node in claim.nodes for output in node.outputs}
    tensor = claim.outputs[0] if claim.outputs else ""
    while tensor in makers:
        node = makers.pop(tensor)  # the graph of a claim has no endless cycle
        operation = evidence.operations.get(node.operation)
        if operation is None:
            return None
        traits = traits_of(operation.class_name)
        if not (traits.passive or traits.resizes):
            bounded = str(operation.config.get("activation") or operation.class_name).lower() in _BOUNDED
            return None if bounded else node.operation
        tensor = _first_tensor(node.arguments)
    return None


def _first_tensor(arguments: Any) -> str:
    if isinstance(arguments, dict):
        if "tensor" in arguments:
            return str(arguments["tensor"])
        arguments = list(arguments.values())
    if isinstance(arguments, list):
        return next((found for found in map(_first_tensor, arguments) if found), "")
    return ""


def _behind(claim: ModelClaim) -> ModelClaim:
    given = {"args": [{"tensor": claim.outputs[0]}], "kwargs": {}}
    node = NodeClaim(SIGMOID.operation, given, (PROBABILITIES,))
    return replace(claim, nodes=(*claim.nodes, node), outputs=(PROBABILITIES, *claim.outputs[1:]))


# Pixels


@dataclass(frozen=True)
class Bounds:
    """The numbers that stand for black and white.

    Attributes:
        black: The number for 0.
        white: The number for 1.
    """

    black: float
    white: float

    @property
    def width(self) -> float:
        """Return how far black is from white."""
        return self.white - self.black


UNIT: Final = Bounds(0.0, 1.0)
BYTES: Final = Bounds(0.0, 255.0)
SYMMETRIC: Final = Bounds(-1.0, 1.0)
CENTRED: Final = Bounds(-0.5, 0.5)


@dataclass(frozen=True)
class PixelScale:
    """The pixels that a model takes, and those that it answers with; they differ if it prepares its input itself.

    Attributes:
        given: What it takes.
        answered: What it returns.
    """

    given: Bounds
    answered: Bounds

    @property
    def other_pixels(self) -> tuple[float, float] | None:
        """Return the numbers for black and white that it answers with, None for 0 and 1."""
        return None if self.answered == UNIT else (self.answered.black, self.answered.white)

    def sentence(self) -> Message:
        """Return a sentence about the conversion."""
        if self.given != self.answered:
            return message(
                "The model was trained to take pixels between {black:.4g} and {white:.4g} and to return pixels between "
                "{darkest:.4g} and {brightest:.4g}: it was given such pixels, and its answers were turned back to "
                "[0, 1] before they were compared.",
                black=self.given.black,
                white=self.given.white,
                darkest=self.answered.black,
                brightest=self.answered.white,
            )
        return message(
            "The model was trained on pixels between {black:.4g} and {white:.4g}: it was given such pixels, and its "
            "answers were turned back to [0, 1] before they were compared.",
            black=self.given.black,
            white=self.given.white,
        )

    def in_words(self) -> str:
        """Return the same for the record of a measurement."""
        answers = (
            "" if self.given == self.answered else f", {self.answered.black:.4g} to {self.answered.white:.4g} back"
        )
        return f"; pixels between {self.given.black:.4g} and {self.given.white:.4g} for the model{answers}"

    def around(self, model: RebuiltModel, *, inputs: bool, outputs: bool) -> RebuiltModel:
        """Return a model that takes and returns pixels in [0, 1]; its layers and weights are described as before."""
        moments = None if model.moments is None else self.between(model.moments, inputs=inputs, outputs=False)
        heads = None if model.heads is None else self.between(model.heads, inputs=inputs, outputs=False)
        whole = self.between(model.model, inputs=inputs, outputs=outputs)
        return replace(model, model=whole, moments=moments, heads=heads)

    def between(self, model: Any, *, inputs: bool = True, outputs: bool = True) -> Any:
        """Convert a Keras model in the same way."""
        tensor: Any = keras.Input(tuple(model.inputs[0].shape[1:]))
        source = tensor
        if inputs:
            tensor = keras.layers.Rescaling(self.given.width, self.given.black)(tensor)
        tensor = model(tensor)
        if outputs:
            tensor = keras.layers.Rescaling(1 / self.answered.width, -self.answered.black / self.answered.width)(tensor)
        return keras.Model(source, tensor)


def in_unit_range(cast: Cast, evidence: Evidence, train: Array | ScaledImages) -> tuple[Cast, PixelScale | None]:
    """Let models that were trained on other pixels take and return pixels in [0, 1].

    Args:
        cast: The models in their roles.
        evidence: For the training data.
        train: Training images (n, 28, 28) in [0, 1].
    """
    autoencoder = cast.autoencoder
    if autoencoder is None:
        return cast, None
    images = train[:SCALING_IMAGES]
    prepares = any(traits_of(step.kind).scales_data or scales_by_a_number(step) for step in autoencoder.steps)

    def error(scale: PixelScale | None) -> float:
        return _error(autoencoder, images, scale)

    best = best_scale(fits_of(autoencoder, evidence), images, error, prepares=prepares)
    if best is None:
        return cast, None
    changed: dict[str, RebuiltModel] = {}
    for role, model in cast.by_role().items():
        changed[role.value] = best.around(model, inputs=role is not Role.DECODER, outputs=role is not Role.ENCODER)
    if cast.companion is not None:
        changed["companion"] = best.around(cast.companion, inputs=True, outputs=True)
    return replace(cast, **changed), best  # type: ignore[arg-type]


def best_scale(
    fits: Sequence[FitClaim], images: Array, error: Callable[[PixelScale | None], float], *, prepares: bool = False
) -> PixelScale | None:
    """Return the scale with the best reconstruction; None if it is not clearly better than no conversion.

    Candidates are the bounds of the training data, and the usual bounds near them. If nobody saw the training data, all
    usual bounds are, and the model must be better than the mean image, too: any scale may suit what has learnt nothing.

    Args:
        fits: The trainings of the autoencoder.
        images: Images in [0, 1].
        error: Mean squared error of the autoencoder under a scale, or without a conversion.
        prepares: Whether the autoencoder has a layer that scales its input.
    """
    claimed = list(dict.fromkeys(scale for fit in fits for scale in _claimed(fit)))
    unseen = any(fit.input_minimum is None or fit.input_maximum is None for fit in fits)
    guessed = [scale for scale in _guessed(prepares=prepares) if unseen and scale not in claimed]
    errors = {scale: error(scale) for scale in (*claimed, *guessed) if scale != PixelScale(UNIT, UNIT)}
    best = min(errors, key=lambda scale: errors[scale], default=None)
    if best is None or not errors[best] < CLEARLY_BETTER * error(None):
        return None
    return best if best in claimed or errors[best] < float(images.var(axis=0).mean()) else None


def fits_of(model: RebuiltModel, evidence: Evidence) -> list[FitClaim]:
    """Return the trainings of a model, and of others that share weights with it."""
    own = set(model.claim.variables)
    sharing = {claim.model for claim in evidence.models if own & set(claim.variables)} | {model.claim.model}
    return [fit for fit in evidence.fits if fit.model in sharing]


def _guessed(*, prepares: bool) -> Iterator[PixelScale]:
    """Yield the usual scales: for a loop of the notebook's own, or a pipeline that changes its images."""
    yield from (PixelScale(usual, usual) for usual in (BYTES, SYMMETRIC, CENTRED))
    if prepares:
        yield PixelScale(BYTES, UNIT)


def _claimed(fit: FitClaim) -> Iterator[PixelScale]:
    """Yield the scales that one training claims."""
    given = _bounds(fit.input_minimum, fit.input_maximum)
    answered = () if fit.same_target else _bounds(fit.target_minimum, fit.target_maximum)
    if answered:  # noise may have widened the bounds of the input
        yield from (PixelScale(one, other) for one in dict.fromkeys((*given, *answered)) for other in answered)
    elif fit.same_target:
        yield from (PixelScale(one, one) for one in given)
    else:
        yield from (PixelScale(one, one) for one in given[1:])


def _bounds(low: float | None, high: float | None) -> tuple[Bounds, ...]:
    """Return the bounds of some data and the usual ones near them; none if they are unknown or all is one colour."""
    if low is None or high is None or high - low < _SLACK:
        return ()
    if low >= -_SLACK and high <= 1 + _SLACK:
        return (UNIT,)
    usual = BYTES if high > _BRIGHT else SYMMETRIC if low < CENTRED.black else CENTRED if low < -_SLACK else None
    return (Bounds(low, high),) if usual is None else (Bounds(low, high), usual)


def _error(model: RebuiltModel, images: Array, scale: PixelScale | None) -> float:
    given = images if scale is None else images * np.float32(scale.given.width) + np.float32(scale.given.black)
    outputs = image_metrics.answers(model.model, given)
    if outputs is None:
        return np.inf
    if scale is not None:
        outputs = (outputs - np.float32(scale.answered.black)) / np.float32(scale.answered.width)
    error = image_metrics.mean_squared_error(images.reshape(len(images), -1), outputs)
    return float(error) if np.isfinite(error) else np.inf
