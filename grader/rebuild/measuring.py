"""One submission's evidence becomes measurements: rebuild, find the roles, measure, and say what could not be done."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from grader.domain.architecture import PASSIVE_KINDS, Architecture, shape_size
from grader.domain.evidence import Evidence, ModelClaim
from grader.domain.measurement import (
    ImageStrip,
    MeasuredModel,
    Measurement,
    Measurements,
    MeasuringProblem,
    Quantity,
    Role,
)
from grader.domain.messages import Message, message, verbatim
from grader.domain.ports import MeasuringTask
from grader.probe.numpy_models import WITHOUT_KERAS
from grader.rebuild import quality
from grader.rebuild.allowlist import RefusedError
from grader.rebuild.canonical import canonical, cut_positions
from grader.rebuild.comparing import best_cast, compare
from grader.rebuild.families import family_measurements, output_range
from grader.rebuild.material import STRIP_IMAGES, DataChoice, load_material
from grader.rebuild.model import Arrays, RebuiltModel, Workshop, first_line
from grader.rebuild.roles import Cast, assign, holds_same_numbers
from grader.rebuild.stages import stage_measurements
from grader.rebuild.transactions import Detector, find_detector, table
from grader.rebuild.transfer import transfer_measurements
from reference import data
from reference.contract import module

JACOBIAN_IMAGES = 4
COMPOSITION_IMAGES = 256

_OF_TRAINED_WEIGHTS = frozenset(Quantity) - {
    Quantity.MEAN_IMAGE_MSE, Quantity.PCA_MSE, Quantity.COMPOSITION_GAP, Quantity.CODE_SIZE, Quantity.BOTTLENECK_RANK,
    Quantity.FEATURES, Quantity.LABEL_AMONG_FEATURES, Quantity.FITTED_FRAUDS,
    Quantity.COMPARED_MODELS, Quantity.COMPARISON_AGREEMENT, Quantity.STAGES_HELD, Quantity.STAGES_TRAINED,
}  # fmt: skip
"""Quantities that say nothing where random numbers stand in for weights that became NaN."""

_OF_IMAGES = frozenset({Quantity.RECONSTRUCTION_BCE, Quantity.THROUGH_CODE_MSE, Quantity.OUTSIDE_RANGE})
"""Quantities that say nothing of rows of a table, whose columns lie between any numbers."""

_DOES_NOT_RUN = (tf.errors.OpError, ValueError)
"""What comes of a graph that fits together and still cannot be run (a batch size that is written into a reshape)."""


@dataclass(frozen=True)
class Yardstick:
    """The samples of one task, images scaled to [0, 1], and what trivial predictors reach on them.

    Attributes:
        size: `sample` or `full`.
        train: Training images (n, 28, 28), or points (n, 3).
        images: Images to measure on.
        strip_images: The few that reports show, always the same ones; none where the samples are no images.
        labels: Class of each image to measure on, None where the samples have none.
    """

    size: str
    train: npt.NDArray[np.float32]
    images: npt.NDArray[np.float32]
    strip_images: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64] | None = None

    def mean_image_error(self) -> float:
        """MSE of the mean training image."""
        return quality.mean_image_error(self.train, self.images)


@lru_cache(maxsize=4)
def yardstick(dataset: str, part: str, choice: DataChoice) -> Yardstick:
    """Load the images of `part` (`hidden` or `public`).

    Raises:
        reference.data.DataNotFoundError: The full data was asked for and is not there.
    """
    if dataset not in data.NAMES:  # points in space: there are no others to hide
        material = load_material(dataset, choice)
        return Yardstick(material.size, material.train, material.hidden, material.strip_images)
    full = data.load(dataset, size=choice.size, folder=choice.folder)
    sample = data.load(dataset, size="sample")
    positions = full.hidden if part == "hidden" else full.public[: len(full.hidden)]
    return Yardstick(
        size=full.size,
        train=data.scaled(full.x_train),
        images=data.scaled(full.x_test[positions]),
        strip_images=data.scaled(sample.x_test[sample.hidden[:STRIP_IMAGES]]),
        labels=full.y_test[positions].astype(np.int64),
    )


@lru_cache(maxsize=16)
def _baselines(dataset: str, part: str, choice: DataChoice, components: int) -> tuple[float, float]:
    """Return the MSE of the mean image and of PCA, computed once a process."""
    images = yardstick(dataset, part, choice)
    return images.mean_image_error(), quality.pca_error(images.train, images.images, components)


def measure(evidence: Evidence, task: MeasuringTask, choice: DataChoice) -> Measurements:
    """Rebuild every model of the evidence, find the autoencoder and its parts, and measure them.

    Raises:
        reference.data.DataNotFoundError: The full data was asked for and is not there.
    """
    reference = module(task.reference)
    arrays = _with_stand_ins(load_arrays(evidence.weights_file), evidence.non_finite)
    models, problems = _rebuild_all(evidence, arrays)
    detector: Detector | None = None
    contract = dict(task.contract_names)
    if getattr(reference, "JUDGED_BY", "") == "anomaly":
        detector = find_detector(models, evidence, arrays, contract, table(choice), task.images)
        images, cast = _rows(detector), detector.cast
    else:
        images = yardstick(reference.DATASET, task.images, choice)
        chooses = hasattr(reference, "BEST_OF") or hasattr(reference, "STAGES")  # others need no second set of images
        public = yardstick(reference.DATASET, "public" if chooses else task.images, choice).images
        cast = assign(models, evidence.fits, arrays, sample=images.images.shape[1:], contract=contract)
        cast = best_cast(reference, models, cast, arrays, public, contract.get(Role.AUTOENCODER, ""))
    architectures = {role: canonical(model, arrays) for role, model in cast.by_role().items()}
    if cast.autoencoder is None:
        return Measurements(problems=problems, data=images.size, candidates=cast.candidates)
    problems = _that_matter(problems, cast, evidence, reference)
    values, disagreements = compare(reference, models, evidence, arrays, images.train)
    if detector is None:
        baselines = _baselines(reference.DATASET, task.images, choice, reference.CODE_SIZE)
        values += _baseline_measurements(baselines, reference.CODE_SIZE)
        values += stage_measurements(reference, cast.autoencoder, models, evidence, arrays, public)
    code_size, bypass = _code(architectures)
    values.append(
        Measurement(Quantity.CODE_SIZE, code_size, "1", "narrowest point of the rebuilt graph, or the encoder's output")
    )
    strips: tuple[ImageStrip, ...] = ()
    try:
        if detector is not None:
            values += _of_rows(detector, reference, images)
        else:
            values += _behaviour(cast, images)
            values += family_measurements(reference, cast, images.images, images.train)
            if getattr(reference, "JUDGED_BY", "") == "transfer" and images.labels is not None:
                values += transfer_measurements(models, cast, arrays, images.images, images.labels)
        strips = _strips(cast.autoencoder, images)
    except _DOES_NOT_RUN as error:
        problems += (_not_rebuilt(cast.autoencoder.claim, f"it does not run, {first_line(error)}"),)
    if _diverged(cast.autoencoder, evidence):
        values = [measurement for measurement in values if measurement.name not in _OF_TRAINED_WEIGHTS]
        strips = ()
        reason = message("Its weights are not finite numbers (NaN).")
        problems += (MeasuringProblem(_name(cast.autoencoder), reason, ours=False),)
    finite = {m.name: m for m in values if np.isfinite(m.value)}
    return Measurements(
        models=_measured_models(cast, architectures, arrays),
        values=finite,
        problems=problems + _not_finite(cast.autoencoder, values),
        bypass=bypass,
        strips=strips,
        data=images.size,
        candidates=cast.candidates,
        trained=_was_fitted(cast.autoencoder, evidence),
        disagreements=disagreements,
    )


def _rows(detector: Detector) -> Yardstick:
    """The rows of a fraud detector in the place of images."""
    return Yardstick(detector.data, detector.train, detector.normal, np.zeros((0, 28, 28), np.float32))


def _of_rows(detector: Detector, reference: ModuleType, rows: Yardstick) -> list[Measurement]:
    """Measure a fraud detector; where nobody knows what its columns are, how many there are."""
    structure = _behaviour(detector.cast, rows) if detector.candidate is not None else []
    own = detector.measurements(reference)
    named = _OF_IMAGES | {measurement.name for measurement in own}
    return [measurement for measurement in structure if measurement.name not in named] + own


def load_arrays(path: Path | None) -> Arrays:
    """Read the vetted arrays; never unpickles."""
    if path is None:
        return {}
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _with_stand_ins(arrays: Arrays, non_finite: tuple[str, ...]) -> Arrays:
    """Put small random numbers where weights are NaN: what a model is can be measured even when it learnt nothing."""
    rng = np.random.default_rng(0)
    return {**arrays, **{name: rng.normal(0, 0.05, arrays[name].shape).astype(np.float32) for name in non_finite}}


def strip(title: str, images: npt.NDArray[np.float32]) -> ImageStrip:
    """Turn images (n, height, width) in [0, 1] into grey pictures; values outside are clipped."""
    pixels = np.round(np.clip(np.nan_to_num(images), 0, 1) * 255).astype(np.uint8)
    encoded = tuple(base64.b64encode(picture.tobytes()).decode("ascii") for picture in pixels)
    return ImageStrip(title, images.shape[1], images.shape[2], encoded)


def _rebuild_all(evidence: Evidence, arrays: Arrays) -> tuple[list[RebuiltModel], tuple[MeasuringProblem, ...]]:
    workshop = Workshop(evidence.operations, arrays)
    models: list[RebuiltModel] = []
    problems: list[MeasuringProblem] = []
    for claim in evidence.models:
        try:
            models.append(workshop.rebuild(claim))
        except RefusedError as refusal:
            problems.append(_not_rebuilt(claim, str(refusal)))
    return models, tuple(problems)


def _not_rebuilt(claim: ModelClaim, reason: str) -> MeasuringProblem:
    text = message("The model cannot be rebuilt: {reason}.", reason=verbatim(reason))
    return MeasuringProblem(_claimed_name(claim), text, ours=True)


def _that_matter(
    problems: tuple[MeasuringProblem, ...], cast: Cast, evidence: Evidence, reference: ModuleType
) -> tuple[MeasuringProblem, ...]:
    """Once all three models are found, others that could not be rebuilt are nobody's fault and cost nothing.

    Where several trained models are asked for, each that was fitted may be one of these.
    """
    if len(cast.by_role()) < len(Role):
        return problems
    if not hasattr(reference, "BEST_OF") and not hasattr(reference, "STAGES"):
        return ()
    fitted = {fit.model for fit in evidence.fits}
    names = {_claimed_name(claim) for claim in evidence.models if claim.model in fitted}
    return tuple(problem for problem in problems if problem.model in names)


def _baseline_measurements(baselines: tuple[float, float], code_size: int) -> tuple[Measurement, ...]:
    mean_image, pca = baselines
    return (
        Measurement(Quantity.MEAN_IMAGE_MSE, mean_image, "pixel²", "mean training image, same images"),
        Measurement(Quantity.PCA_MSE, pca, "pixel²", f"PCA with {code_size} components, same images"),
    )


def _behaviour(cast: Cast, images: Yardstick) -> list[Measurement]:
    """Measure what the models do on images."""
    autoencoder = cast.autoencoder
    assert autoencoder is not None  # noqa: S101 - the caller looked
    outputs = quality.reconstruct(autoencoder.model, images.images)
    how = f"rebuilt model on {len(images.images)} images"
    spread = float(np.sqrt(np.mean((outputs - outputs.mean(axis=0)) ** 2)))
    rank = quality.jacobian_rank(autoencoder.model, images.images[:JACOBIAN_IMAGES])
    values = [
        Measurement(Quantity.RECONSTRUCTION_MSE, quality.mean_squared_error(images.images, outputs), "pixel²", how),
        Measurement(
            Quantity.RECONSTRUCTION_BCE, quality.binary_cross_entropy(images.images, outputs), "nat/pixel", how
        ),
        Measurement(Quantity.OUTPUT_SPREAD, spread, "pixel", how),
        output_range(outputs),
        Measurement(
            Quantity.BOTTLENECK_RANK, rank, "1", f"singular values of the Jacobian at {JACOBIAN_IMAGES} images"
        ),
    ]
    if cast.encoder is not None and cast.decoder is not None:
        values += _chained(cast, images)
    return values


def _chained(cast: Cast, images: Yardstick) -> list[Measurement]:
    assert cast.autoencoder and cast.encoder and cast.decoder  # noqa: S101, PT018 - the caller looked
    parts = (cast.encoder.model, cast.decoder.model)
    whole = (cast.companion or cast.autoencoder).model
    gap = quality.composition_gap(whole, *parts, images.images[:COMPOSITION_IMAGES])
    chained = quality.through_code(*parts, images.images)
    if gap is None or chained is None:
        return []
    how = f"codes as numbers of six digits, {len(images.images)} images"
    return [
        Measurement(Quantity.COMPOSITION_GAP, gap, "1", f"{COMPOSITION_IMAGES} images"),
        Measurement(Quantity.THROUGH_CODE_MSE, quality.mean_squared_error(images.images, chained), "pixel²", how),
    ]


def _code(architectures: Mapping[Role, Architecture]) -> tuple[int, Message | None]:
    """Find the code: its size, and what leads past it.

    The code is the output of the encoder's last layer where that layer is part of the autoencoder, else the narrowest
    layer. It is a bottleneck when every path from input to output leads through it.
    """
    whole = architectures[Role.AUTOENCODER]
    position = _code_position(whole, architectures.get(Role.ENCODER))
    if position is None:
        return shape_size(whole.input_shape) or 0, None
    layer = whole.layers[position]
    if position in cut_positions(whole):
        return layer.size or 0, None
    joins = [other for other in whole.layers[position + 1 :] if len(other.inputs) > 1]
    name = joins[0].kind if joins else whole.layers[whole.output].kind
    return layer.size or 0, message("`{layer}` brings in numbers that did not pass through the code.", layer=name)


def _code_position(whole: Architecture, encoder: Architecture | None) -> int | None:
    if encoder is not None and encoder.layers:
        last = encoder.layers[encoder.output].operation
        for position, layer in enumerate(whole.layers):
            if layer.operation == last:
                return position
    inner = [i for i, layer in enumerate(whole.layers) if layer.kind not in PASSIVE_KINDS and i != whole.output]
    return min(inner, key=lambda i: whole.layers[i].size or 2**31, default=None)


def _measured_models(
    cast: Cast, architectures: Mapping[Role, Architecture], arrays: Arrays
) -> dict[Role, MeasuredModel]:
    whole = cast.companion or cast.autoencoder
    assert whole is not None  # noqa: S101 - the caller looked
    return {
        role: MeasuredModel(
            role,
            _name(model),
            architectures[role],
            model is cast.autoencoder or holds_same_numbers(model, whole, arrays),
        )
        for role, model in cast.by_role().items()
    }


def _name(model: RebuiltModel) -> str:
    return _claimed_name(model.claim)


def _claimed_name(claim: ModelClaim) -> str:
    return (claim.names[0] if claim.names else claim.class_name)[:80]


def _diverged(model: RebuiltModel, evidence: Evidence) -> bool:
    broken = set(evidence.non_finite)
    return any(name in broken for step in model.steps for name in step.arrays)


def _not_finite(model: RebuiltModel, values: list[Measurement]) -> tuple[MeasuringProblem, ...]:
    broken = [m.name for m in values if not np.isfinite(m.value)]
    if Quantity.RECONSTRUCTION_MSE not in broken:
        return ()
    return (MeasuringProblem(_name(model), message("Its outputs are not finite numbers (NaN)."), ours=False),)


def _strips(model: RebuiltModel, images: Yardstick) -> tuple[ImageStrip, ...]:
    if not len(images.strip_images):
        return ()
    outputs = quality.reconstruct(model.model, images.strip_images)
    return strip("original", images.strip_images), strip("student", outputs)


def _was_fitted(model: RebuiltModel, evidence: Evidence) -> bool:
    if model.claim.class_name == WITHOUT_KERAS:
        return True  # its training is a loop that nobody sees
    own = set(model.claim.variables)
    held = {claim.model: set(claim.variables) for claim in evidence.models}
    return any(own & held.get(fit.model, set()) for fit in evidence.fits)


def forget() -> None:
    """Free what Keras keeps of the last submission."""
    keras.backend.clear_session()
