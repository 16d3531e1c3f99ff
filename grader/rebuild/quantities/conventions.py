"""Converts between a model's numbers and pixels in [0, 1]: logits, and other bounds for black and white.

A model trained on logits is judged behind the sigmoid that its loss applies. A model trained on pixels between 0 and
255, or between -1 and 1, gets such pixels, and its outputs are converted back. Both are recognised by what the notebook
compiled and fitted. A lie can only spoil the result: the numbers are still measured here, on our images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import keras
import numpy as np

from grader.domain.evidence import Evidence, FitClaim, ModelClaim, NodeClaim, OperationClaim
from grader.domain.layer_kinds import traits_of
from grader.domain.measurement import Role
from grader.domain.messages import Message, message
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
CLEARLY_BETTER = 0.8
_SLACK = 0.02

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
class PixelScale:
    """The numbers for black and white in training.

    Attributes:
        black: The number for 0.
        white: The number for 1.
    """

    black: float
    white: float

    def sentence(self) -> Message:
        """Return a sentence about the conversion."""
        return message(
            "The model was trained on pixels between {black:.4g} and {white:.4g}: it was given such pixels, and its "
            "answers were turned back to [0, 1] before they were compared.",
            black=self.black,
            white=self.white,
        )

    def in_words(self) -> str:
        """Return the same for the record of a measurement."""
        return f"; pixels between {self.black:.4g} and {self.white:.4g} for the model"

    def around(self, model: RebuiltModel, *, inputs: bool, outputs: bool) -> RebuiltModel:
        """Return a model that takes and returns pixels in [0, 1]; its layers and weights are described as before."""
        moments = None if model.moments is None else self.between(model.moments, inputs=inputs, outputs=False)
        heads = None if model.heads is None else self.between(model.heads, inputs=inputs, outputs=False)
        whole = self.between(model.model, inputs=inputs, outputs=outputs)
        return replace(model, model=whole, moments=moments, heads=heads)

    def between(self, model: Any, *, inputs: bool = True, outputs: bool = True) -> Any:
        """Convert a Keras model in the same way."""
        width = self.white - self.black
        tensor: Any = keras.Input(tuple(model.inputs[0].shape[1:]))
        source = tensor
        if inputs:
            tensor = keras.layers.Rescaling(width, self.black)(tensor)
        tensor = model(tensor)
        if outputs:
            tensor = keras.layers.Rescaling(1 / width, -self.black / width)(tensor)
        return keras.Model(source, tensor)


def in_unit_range(cast: Cast, evidence: Evidence, train: Array | ScaledImages) -> tuple[Cast, PixelScale | None]:
    """Let models that were trained on other pixels take and return pixels in [0, 1].

    Candidates are the bounds of the autoencoder's training data, or the usual bounds near them. The one with the best
    reconstruction of training images is used, but only if it is clearly better than no conversion.

    Args:
        cast: The models in their roles.
        evidence: For the training data.
        train: Training images (n, 28, 28) in [0, 1].
    """
    autoencoder = cast.autoencoder
    if autoencoder is None:
        return cast, None
    images = train[:CHOOSING_IMAGES]
    scales = list(scales_of([fit for fit in evidence.fits if fit.model == autoencoder.claim.model]))
    if not scales:
        return cast, None
    errors = {scale: _error(scale.around(autoencoder, inputs=True, outputs=True), images) for scale in scales}
    best = min(scales, key=lambda scale: errors[scale])
    if not errors[best] < CLEARLY_BETTER * _error(autoencoder, images):
        return cast, None
    changed: dict[str, RebuiltModel] = {}
    for role, model in cast.by_role().items():
        changed[role.value] = best.around(model, inputs=role is not Role.DECODER, outputs=role is not Role.ENCODER)
    if cast.companion is not None:
        changed["companion"] = best.around(cast.companion, inputs=True, outputs=True)
    return replace(cast, **changed), best  # type: ignore[arg-type]


def scales_of(fits: Sequence[FitClaim]) -> Iterator[PixelScale]:
    """Yield the bounds that the fits claim; nothing if they are 0 and 1."""
    found: dict[PixelScale, None] = {}
    for fit in fits:
        low, high = fit.input_minimum, fit.input_maximum
        if low is None or high is None or high - low < _SLACK or (low >= -_SLACK and high <= 1 + _SLACK):
            continue
        if fit.same_target is True:
            found[PixelScale(low, high)] = None
        if high > 50:
            found[PixelScale(0.0, 255.0)] = None
        elif low < -0.5:
            found[PixelScale(-1.0, 1.0)] = None
        elif low < -_SLACK:
            found[PixelScale(-0.5, 0.5)] = None
    yield from found


def _error(model: RebuiltModel, images: Array) -> float:
    outputs = image_metrics.answers(model.model, images)
    error = np.inf if outputs is None else image_metrics.mean_squared_error(images.reshape(len(images), -1), outputs)
    return float(error) if np.isfinite(error) else np.inf
