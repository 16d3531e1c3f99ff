"""One submission's evidence becomes measurements: rebuild, find the roles, measure, and say what could not be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from grader.domain.architecture import Architecture
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
from grader.domain.ports import GraphSandbox, MeasuringTask
from grader.domain.text import shortened
from grader.domain.units import Unit, unit_for
from grader.probe.numpy_models import WITHOUT_KERAS
from grader.rebuild.comparing import best_cast, compare
from grader.rebuild.equivalence import Asked, Equivalence, equivalence
from grader.rebuild.facts.description import datasets_of
from grader.rebuild.graphs.opaque import Opaque, instead
from grader.rebuild.network.allowlist import RefusedError
from grader.rebuild.network.callables import with_callables
from grader.rebuild.network.canonical import canonical
from grader.rebuild.network.cutting import completed
from grader.rebuild.network.model import Arrays, RebuiltModel, Workshop, first_line
from grader.rebuild.network.relations import fits_sample, related
from grader.rebuild.network.roles import Cast, assign, holds_same_numbers
from grader.rebuild.network.strangers import with_named_parts
from grader.rebuild.quantities import quality
from grader.rebuild.quantities.behaviour import behaviour, find_code, strips, structure
from grader.rebuild.quantities.conventions import (
    CHOOSING_IMAGES,
    PixelScale,
    answers_with_logits,
    in_unit_range,
    with_probabilities,
)
from grader.rebuild.quantities.families import family_measurements
from grader.rebuild.quantities.lengths import length_measurements
from grader.rebuild.quantities.material import DataChoice
from grader.rebuild.quantities.stages import stage_measurements
from grader.rebuild.quantities.transactions import Detector, find_detector, table
from grader.rebuild.quantities.transfer import transfer_measurements
from grader.rebuild.quantities.yardstick import Yardstick as Yardstick
from grader.rebuild.quantities.yardstick import strip as strip
from grader.rebuild.quantities.yardstick import yardstick as yardstick
from reference import data
from reference.contract import module

JACOBIAN_IMAGES = 4
FAR_BETTER = 0.1
"""Skill by which a model gives back images of one data set better than of another where it was trained on the one."""

FEW_LEARNT = 0.5
"""Skill up to which it is looked whether a model was trained on images that its assignment does not allow."""

_OF_TRAINED_WEIGHTS = frozenset(Quantity) - {
    Quantity.MEAN_IMAGE_MSE, Quantity.PCA_MSE, Quantity.COMPOSITION_GAP, Quantity.CODE_SIZE, Quantity.BOTTLENECK_RANK,
    Quantity.FEATURES, Quantity.LABEL_AMONG_FEATURES, Quantity.FITTED_FRAUDS,
    Quantity.COMPARED_MODELS, Quantity.COMPARISON_AGREEMENT, Quantity.STAGES_HELD, Quantity.STAGES_TRAINED,
    Quantity.TRANSPLANT_GAP, Quantity.ANY_LENGTH,
}  # fmt: skip
"""Quantities that say nothing where random numbers stand in for weights that became NaN."""

_OF_IMAGES = frozenset({Quantity.RECONSTRUCTION_BCE, Quantity.THROUGH_CODE_MSE, Quantity.OUTSIDE_RANGE})
"""Quantities that say nothing of rows of a table, whose columns lie between any numbers."""

_DOES_NOT_RUN = (tf.errors.OpError, ValueError)
"""What comes of a graph that fits together and still cannot be run (a batch size that is written into a reshape)."""


@lru_cache(maxsize=16)
def _baselines(dataset: str, part: str, choice: DataChoice, components: int) -> tuple[float, float]:
    """Return the MSE of the mean image and of PCA, computed once a process."""
    images = yardstick(dataset, part, choice)
    return images.mean_image_error(), quality.pca_error(images.train, images.images, components)


@dataclass(frozen=True)
class _Case:
    """One submission with its models rebuilt and in their roles.

    Attributes:
        reference: Module of the reference.
        evidence: Vetted claims.
        arrays: Vetted arrays, with stand-ins for those that are not finite.
        models: All rebuilt models.
        cast: The models in their roles.
        samples: What they are measured on.
        public: Public samples, on which models may be chosen.
        detector: What is known of a fraud detector's columns, None where the samples are no rows of a table.
        scale: The pixels that the models were trained on, None for [0, 1].
        dataset: Id of the data that the samples are of.
        foreign: Id of images that the course does not allow and the autoencoder gives back far better; else "".
    """

    reference: ModuleType
    evidence: Evidence
    arrays: Arrays
    models: Sequence[RebuiltModel]
    cast: Cast
    samples: Yardstick
    public: npt.NDArray[np.float32]
    detector: Detector | None
    scale: PixelScale | None = None
    dataset: str = ""
    foreign: str = ""


def measure(
    evidence: Evidence, task: MeasuringTask, choice: DataChoice, sandbox: GraphSandbox | None = None
) -> Measurements:
    """Rebuild every model of the evidence, find the autoencoder and its parts, and measure them.

    Where none of them is an autoencoder, exported graphs are measured by behaviour, if there is a sandbox for them.

    Raises:
        reference.data.DataNotFoundError: The full data was asked for and is not there.
    """
    dataset = module(task.reference).DATASET
    found = _measured(evidence, task, choice, sandbox)
    values = {name: replace(one, unit=unit_for(Unit(one.unit), dataset)) for name, one in found.values.items()}
    return replace(found, values=values, images="hidden" if dataset == "cloud" else task.images)  # points: all are seen


def _measured(
    evidence: Evidence, task: MeasuringTask, choice: DataChoice, sandbox: GraphSandbox | None
) -> Measurements:
    evidence = with_probabilities(evidence)
    arrays = _with_stand_ins(load_arrays(evidence.weights_file), evidence.non_finite)
    models, problems = _rebuild_all(evidence, arrays)
    case = _in_roles(evidence, arrays, models, task, choice)
    cast, autoencoder = case.cast, case.cast.autoencoder
    architectures = {role: canonical(model, arrays) for role, model in cast.by_role().items()}
    if sandbox is not None and evidence.graphs and case.detector is None:
        baselines = _baselines(case.dataset, task.images, choice, case.reference.CODE_SIZE)
        told = _baseline_measurements(baselines, case.reference.CODE_SIZE)
        opaque = Opaque(case.reference, evidence, arrays, models, problems, task, case.samples, told, case.scale)
        seen = instead(opaque, autoencoder, sandbox)
        if seen is not None and (seen.models or autoencoder is not None):
            return seen
        problems = problems if seen is None else seen.problems
    models_found = _measured_models(cast, architectures, arrays)
    if autoencoder is None:
        return Measurements(
            models_found,
            problems=problems,
            data=case.samples.size,
            dataset=case.dataset,
            candidates=cast.candidates,
        )
    if not fits_sample(autoencoder, case.samples.images.shape[1:]):
        return _of_another_size(case, architectures, problems)
    problems = _that_matter(problems, cast, evidence, case.reference)
    values, disagreements = compare(case.reference, models, evidence, arrays, case.samples.train)
    if case.detector is None:
        baselines = _baselines(case.dataset, task.images, choice, case.reference.CODE_SIZE)
        values += _baseline_measurements(baselines, case.reference.CODE_SIZE)
        values += length_measurements(cast.encoder or autoencoder, evidence, arrays, case.samples.images)
        values += stage_measurements(case.reference, autoencoder, models, evidence, arrays, case.public)
    code_size, bypass = _code(cast, architectures)
    values.append(code_size)
    pictures: tuple[ImageStrip, ...] = ()
    alike = Equivalence()
    try:
        values += _of_samples(case)
        if case.detector is None:
            asked = Asked(autoencoder, architectures[Role.AUTOENCODER], round(code_size.value), case.scale)
            hidden = task.images == "hidden"
            alike = equivalence(case.reference, asked, evidence, arrays, case.samples, always=hidden)
        pictures = strips(autoencoder, case.samples)
    except _DOES_NOT_RUN as error:
        problems += (_not_rebuilt(autoencoder.claim, f"it does not run, {first_line(error)}"),)
    values += alike.values
    if _diverged(autoencoder, evidence):
        values = [measurement for measurement in values if measurement.name not in _OF_TRAINED_WEIGHTS]
        pictures = ()
        reason = message("Its weights are not finite numbers (NaN).")
        problems += (MeasuringProblem(_name(autoencoder), reason, ours=False),)
    return Measurements(
        models=models_found,
        values={m.name: m for m in values if np.isfinite(m.value)},
        problems=problems + _not_finite(autoencoder, values),
        bypass=bypass,
        strips=pictures,
        data=case.samples.size,
        dataset=case.dataset,
        foreign=case.foreign,
        candidates=cast.candidates,
        trained=_was_fitted(autoencoder, evidence),
        disagreements=disagreements,
        equivalent=alike.form,
        conventions=_conventions(autoencoder, case.scale),
        pixels=None if case.scale is None else (case.scale.black, case.scale.white),
    )


def _code(cast: Cast, architectures: Mapping[Role, Architecture]) -> tuple[Measurement, Message | None]:
    """Return how many numbers the code holds, and what leads past it."""
    own = {role: form for role, form in architectures.items() if role is Role.AUTOENCODER or role in cast.own()}
    size, bypass = find_code(own)  # a half that we cut out ourselves says nothing of where the code should be
    how = "narrowest point of the rebuilt graph, or the encoder's output"
    return Measurement(Quantity.CODE_SIZE, size, "1", how), bypass


def _of_another_size(
    case: _Case, architectures: Mapping[Role, Architecture], problems: tuple[MeasuringProblem, ...]
) -> Measurements:
    """Measure what needs no sample of the data: an autoencoder that takes or gives none still has a structure."""
    cast = case.cast
    assert cast.autoencoder is not None  # noqa: S101 - the caller looked
    code_size, bypass = _code(cast, architectures)
    values = [code_size]
    try:
        values += structure(cast, inputs=JACOBIAN_IMAGES)
    except _DOES_NOT_RUN as error:
        problems += (_not_rebuilt(cast.autoencoder.claim, f"it does not run, {first_line(error)}"),)
    return Measurements(
        models=_measured_models(cast, architectures, case.arrays),
        values={m.name: m for m in values if np.isfinite(m.value)},
        problems=_that_matter(problems, cast, case.evidence, case.reference),
        bypass=bypass,
        data=case.samples.size,
        candidates=cast.candidates,
        trained=_was_fitted(cast.autoencoder, case.evidence),
        another_size=True,
    )


def _in_roles(
    evidence: Evidence, arrays: Arrays, models: Sequence[RebuiltModel], task: MeasuringTask, choice: DataChoice
) -> _Case:
    """Choose the samples, and which model is the autoencoder, the encoder and the decoder.

    Where the task names no data set, a model of images is measured on the one that it gives back best of those that
    the course allows.
    """
    reference = module(task.reference)
    case = _on_data(evidence, arrays, models, task, choice)
    if task.dataset or case.cast.autoencoder is None or case.dataset not in data.NAMES:
        return case
    allowed = datasets_of(reference)
    skill = _skill(case.cast.autoencoder, case.samples)
    for other in (name for name in data.NAMES if name != case.dataset):
        if other not in allowed and skill > FEW_LEARNT:
            continue
        rival = _on_data(evidence, arrays, models, replace(task, dataset=other), choice)
        if rival.cast.autoencoder is None or _skill(rival.cast.autoencoder, rival.samples) < skill + FAR_BETTER:
            continue
        return rival if other in allowed else replace(case, foreign=other)
    return case


def _skill(autoencoder: RebuiltModel, samples: Yardstick) -> float:
    """Return (L_mean - L) / L_mean on a few samples, where L is the MSE; 0 where the model does not run on them."""
    few = samples.images[:CHOOSING_IMAGES]
    outputs = quality.answers(autoencoder.model, few)
    if outputs is None or outputs.size != few.size or not np.isfinite(outputs).all():
        return 0.0
    mean = quality.mean_image_error(samples.train, few)
    return 1 - quality.mean_squared_error(few.reshape(len(few), -1), outputs) / mean


def _on_data(
    evidence: Evidence, arrays: Arrays, models: Sequence[RebuiltModel], task: MeasuringTask, choice: DataChoice
) -> _Case:
    """Put the models into their roles on the data set of the task, by default the reference's own."""
    reference, contract = module(task.reference), dict(task.contract_names)
    if getattr(reference, "JUDGED_BY", "") == "anomaly":
        detector = find_detector(models, evidence, arrays, contract, table(choice), task.images)
        rows = _rows(detector)
        sample = rows.images.shape[1:]
        cast = related(detector.cast, models, evidence.fits, sample=sample, contract=contract)
        cast = with_callables(cast, evidence, arrays, sample=sample, contract=contract)
        cast = completed(cast, evidence, arrays, sample=sample)
        cast = with_named_parts(cast, models, arrays, sample=sample, contract=contract)
        return _Case(reference, evidence, arrays, models, cast, rows, rows.images, replace(detector, cast=cast))
    dataset = task.dataset or reference.DATASET
    images = yardstick(dataset, task.images, choice)
    chooses = hasattr(reference, "BEST_OF") or hasattr(reference, "STAGES")  # others need no second set of images
    public = yardstick(dataset, "public" if chooses else task.images, choice).images
    sample = images.images.shape[1:]
    cast = assign(models, evidence.fits, arrays, sample=sample, contract=contract)
    cast = related(cast, models, evidence.fits, sample=sample, contract=contract)
    cast = best_cast(reference, models, cast, arrays, public, contract.get(Role.AUTOENCODER, ""))
    cast = with_callables(cast, evidence, arrays, sample=sample, contract=contract)
    cast = completed(cast, evidence, arrays, sample=sample)
    cast = with_named_parts(cast, models, arrays, sample=sample, contract=contract)
    scale = None
    if dataset in data.NAMES and (cast.autoencoder is None or fits_sample(cast.autoencoder, sample)):
        cast, scale = in_unit_range(cast, evidence, images.train)
    return _Case(reference, evidence, arrays, models, cast, images, public, None, scale, dataset)


def _of_samples(case: _Case) -> list[Measurement]:
    """Measure what the models do on samples, and what the reference is judged by besides."""
    if case.detector is not None:
        return _of_rows(case.detector, case.reference, case.samples)
    values = behaviour(case.cast, case.samples, jacobian_images=JACOBIAN_IMAGES)
    values += family_measurements(case.reference, case.cast, case.samples.images, case.samples.train)
    if getattr(case.reference, "JUDGED_BY", "") == "transfer" and case.samples.labels is not None:
        values += transfer_measurements(case.models, case.cast, case.arrays, case.samples.images, case.samples.labels)
    if case.scale is None:
        return values
    told = f"; pixels between {case.scale.black:.4g} and {case.scale.white:.4g} for the model"
    return [replace(measurement, how=measurement.how + told) for measurement in values]


def _conventions(autoencoder: RebuiltModel, scale: PixelScale | None) -> tuple[Message, ...]:
    """Say what was done so that the model's numbers stand for pixels."""
    logits = message(
        "The model answers with logits, as its loss was told (`from_logits=True`): it was judged behind the sigmoid "
        "that the loss applies."
    )
    return (*((logits,) if answers_with_logits(autoencoder) else ()), *((scale.told(),) if scale is not None else ()))


def _rows(detector: Detector) -> Yardstick:
    """The rows of a fraud detector in the place of images."""
    return Yardstick(detector.data, detector.train, detector.normal, np.zeros((0, 28, 28), np.float32))


def _of_rows(detector: Detector, reference: ModuleType, rows: Yardstick) -> list[Measurement]:
    """Measure a fraud detector; where nobody knows what its columns are, how many there are."""
    structure = (
        behaviour(detector.cast, rows, jacobian_images=JACOBIAN_IMAGES) if detector.candidate is not None else []
    )
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


def _rebuild_all(evidence: Evidence, arrays: Arrays) -> tuple[list[RebuiltModel], tuple[MeasuringProblem, ...]]:
    workshop = Workshop(evidence.operations, arrays, evidence.models)
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
    if len(cast.own()) < len(Role):
        return problems
    if not hasattr(reference, "BEST_OF") and not hasattr(reference, "STAGES"):
        return ()
    fitted = {fit.model for fit in evidence.fits}
    names = {_claimed_name(claim) for claim in evidence.models if claim.model in fitted}
    return tuple(problem for problem in problems if problem.model in names)


def _baseline_measurements(baselines: tuple[float, float], code_size: int) -> tuple[Measurement, ...]:
    mean_image, pca = baselines
    return (
        Measurement(Quantity.MEAN_IMAGE_MSE, mean_image, Unit.PIXEL_SQUARED, "mean training image, same images"),
        Measurement(Quantity.PCA_MSE, pca, Unit.PIXEL_SQUARED, f"PCA with {code_size} components, same images"),
    )


def _measured_models(
    cast: Cast, architectures: Mapping[Role, Architecture], arrays: Arrays
) -> dict[Role, MeasuredModel]:
    whole = cast.companion or cast.autoencoder
    return {
        role: MeasuredModel(
            role,
            _name(model),
            architectures[role],
            whole is None or model is cast.autoencoder or holds_same_numbers(model, whole, arrays),
            made=role not in cast.cut,
        )
        for role, model in cast.by_role().items()
    }


def _name(model: RebuiltModel) -> str:
    return _claimed_name(model.claim)


def _claimed_name(claim: ModelClaim) -> str:
    return shortened(claim.names[0] if claim.names else claim.class_name, 80)


def _diverged(model: RebuiltModel, evidence: Evidence) -> bool:
    broken = set(evidence.non_finite)
    return any(name in broken for step in model.steps for name in step.arrays)


def _not_finite(model: RebuiltModel, values: list[Measurement]) -> tuple[MeasuringProblem, ...]:
    broken = [m.name for m in values if not np.isfinite(m.value)]
    if Quantity.RECONSTRUCTION_MSE not in broken:
        return ()
    return (MeasuringProblem(_name(model), message("Its outputs are not finite numbers (NaN)."), ours=False),)


def _was_fitted(model: RebuiltModel, evidence: Evidence) -> bool:
    if model.claim.class_name == WITHOUT_KERAS:
        return True  # its training is a loop that nobody sees
    own = set(model.claim.variables)
    held = {claim.model: set(claim.variables) for claim in evidence.models}
    return any(own & held.get(fit.model, set()) for fit in evidence.fits)


def forget() -> None:
    """Free what Keras keeps of the last submission."""
    keras.backend.clear_session()
