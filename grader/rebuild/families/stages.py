"""Stacks trained in stages: whether a stack holds the weights of shallow autoencoders that were trained alone.

A stage maps n numbers to n numbers, and each of its arrays is one of the stack's, by identity or value for value. Each
stage is measured on its own data: the first on images, every other one on the codes of the one before it. A stack that
was trained as a whole has no such stages, even if models are made of its parts afterwards: its outer layers alone do
not reconstruct an image.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from grader.domain.architecture import shape_size
from grader.domain.evidence import Evidence, OperationClaim
from grader.domain.measurement import Measurement, Quantity
from grader.rebuild.families.case import Case, Surroundings
from grader.rebuild.families.family import ByBehaviour, Family
from grader.rebuild.network.allowlist import RefusedError
from grader.rebuild.network.model import Arrays, RebuiltModel, Workshop
from grader.rebuild.network.roles import concrete
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.reference_data import Array
from reference.contract import STAGES

MAX_CANDIDATES = 16
MAX_CODES = 8

Held = Counter[str]
"""How often each array occurs, by its content."""


class Stages(Family):
    """Autoencoders trained one after the other and stacked; the reference says how many (`STAGES`)."""

    name = STAGES
    several_models = True
    by_behaviour = ByBehaviour.NOTHING

    def surroundings(self, case: Case) -> Surroundings:
        """Add how many stages the stack holds, and how many of them have learnt."""
        return Surroundings((*super().surroundings(case).values, *stage_measurements(case)))


FAMILIES = (Stages(),)


def stage_measurements(case: Case) -> list[Measurement]:
    """Count the stages of a stack, and those that are better than a constant on their own data."""
    stack, evidence, arrays = case.cast.autoencoder, case.rebuilt.evidence, case.rebuilt.arrays
    if stack is None:
        return []
    candidates = _candidates(stack, case.rebuilt.models, evidence, arrays)
    covers = list(_covers(_contents(stack, arrays), candidates))
    most = max((len(cover) for cover in covers), default=0)
    trained = max(
        (_count_trained(cover, evidence.operations, arrays, case.public) for cover in covers if len(cover) == most),
        default=0,
    )
    how = f"against the mean image or the mean code, {len(case.public)} public images and their codes"
    return [
        Measurement(Quantity.STAGES_HELD, most, "1", "rebuilt models whose arrays together are those of the stack"),
        Measurement(Quantity.STAGES_TRAINED, trained, "1", how),
    ]


# Which stages are held


def _contents(model: RebuiltModel, arrays: Arrays) -> Held:
    return Counter(_content(arrays[name]) for name in model.held)


def _content(array: Array) -> str:
    plain = np.ascontiguousarray(array) + 0  # makes -0.0 and 0.0 one
    return f"{plain.shape} {plain.dtype} {hashlib.sha256(plain.tobytes()).hexdigest()}"


def _candidates(
    stack: RebuiltModel, models: Sequence[RebuiltModel], evidence: Evidence, arrays: Arrays
) -> list[tuple[RebuiltModel, Held]]:
    """List models of n to n numbers that hold only arrays of the stack, fitted ones first."""
    fitted = {fit.model for fit in evidence.fits}
    whole = _contents(stack, arrays)
    found: dict[frozenset[tuple[str, int]], tuple[RebuiltModel, Held]] = {}
    for model in sorted(models, key=lambda one: one.claim.model not in fitted):
        held = _contents(model, arrays)
        size = shape_size(model.input_shape)
        if size is not None and size == shape_size(model.output_shape) and held and held < whole:
            found.setdefault(frozenset(held.items()), (model, held))
    return list(found.values())[:MAX_CANDIDATES]


def _covers(left: Held, candidates: Sequence[tuple[RebuiltModel, Held]]) -> Iterator[tuple[RebuiltModel, ...]]:
    """Yield every choice of models that together hold exactly these arrays."""
    if not left:
        yield ()
        return
    first = min(left)
    for model, held in candidates:
        if held[first] and held <= left:
            for others in _covers(left - held, [pair for pair in candidates if pair[0] is not model]):
                yield (model, *others)


# What they have learnt


def _count_trained(
    stages: Sequence[RebuiltModel], operations: Mapping[str, OperationClaim], arrays: Arrays, images: Array
) -> int:
    """Count stages that beat a constant, from the image inwards, each on the codes of the one before."""
    inwards = sorted(stages, key=lambda stage: -(shape_size(stage.input_shape) or 0))
    samples = [images] if inwards and concrete(inwards[0].input_shape, images.shape[1:]) else []
    trained = 0
    for place, stage in enumerate(inwards):
        trained += any(_better_than_a_constant(stage, one) for one in samples)
        if place + 1 < len(inwards):
            size = shape_size(inwards[place + 1].input_shape) or 0
            workshop = Workshop(operations, arrays)
            samples = [codes for one in samples for codes in _codes(stage, size, workshop, one)][:MAX_CODES]
    return trained


def _codes(stage: RebuiltModel, size: int, workshop: Workshop, samples: Array) -> Iterator[Array]:
    """Yield the output of every layer with this size for the samples, the last layer first."""
    for step in reversed(stage.steps[:-1]):
        if shape_size(step.output_shape) != size:
            continue
        try:
            part = workshop.rebuild(replace(stage.claim, outputs=(step.output,)))
        except RefusedError:
            continue
        codes = image_metrics.answers(part.model, samples)
        if codes is not None:
            yield codes


def _better_than_a_constant(stage: RebuiltModel, samples: Array) -> bool:
    """Return whether a stage's error is smaller than that of the best constant, the mean of the samples."""
    outputs, rows = image_metrics.answers(stage.model, samples), samples.reshape(len(samples), -1)
    constant = np.broadcast_to(rows.mean(axis=0), rows.shape)
    return outputs is not None and image_metrics.mean_squared_error(rows, outputs) < image_metrics.mean_squared_error(
        rows, constant
    )
