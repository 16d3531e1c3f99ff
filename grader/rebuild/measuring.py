"""One submission's evidence becomes measurements: rebuild, find the roles, measure, and say what could not be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import keras
import numpy as np
import tensorflow as tf

from grader.domain.architecture import Architecture
from grader.domain.datasets import Held, SampleKind, datasets
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
from grader.rebuild.casting import Case, in_roles
from grader.rebuild.comparing import compare
from grader.rebuild.equivalence import Asked, Equivalence, equivalence
from grader.rebuild.graphs.opaque import Opaque, instead
from grader.rebuild.network.allowlist import RefusedError
from grader.rebuild.network.canonical import canonical
from grader.rebuild.network.model import Arrays, RebuiltModel, Workshop, first_line
from grader.rebuild.network.relations import fits_sample
from grader.rebuild.network.roles import Cast, holds_same_numbers
from grader.rebuild.quantities import quality
from grader.rebuild.quantities.added import added_measurements
from grader.rebuild.quantities.behaviour import behaviour, find_code, strips, structure
from grader.rebuild.quantities.conventions import (
    PixelScale,
    answers_with_logits,
    with_probabilities,
)
from grader.rebuild.quantities.families import family_measurements
from grader.rebuild.quantities.lengths import length_measurements
from grader.rebuild.quantities.material import DataChoice
from grader.rebuild.quantities.proof import fingerprint, view_kind
from grader.rebuild.quantities.stages import stage_measurements
from grader.rebuild.quantities.transactions import Detector
from grader.rebuild.quantities.transfer import transfer_measurements
from grader.rebuild.quantities.yardstick import Yardstick as Yardstick
from grader.rebuild.quantities.yardstick import strip as strip
from grader.rebuild.quantities.yardstick import yardstick as yardstick
from reference.contract import module

JACOBIAN_IMAGES = 4
_DOES_NOT_RUN = (tf.errors.OpError, ValueError)
"""What comes of a graph that fits together and still cannot be run (a batch size that is written into a reshape)."""


@lru_cache(maxsize=16)
def _baselines(dataset: str, part: str, choice: DataChoice, components: int) -> tuple[float, float]:
    """Return the MSE of the mean image and of PCA, computed once a process."""
    images = yardstick(dataset, part, choice)
    return images.mean_image_error(), quality.pca_error(images.train, images.images, components)


def measure(
    evidence: Evidence, task: MeasuringTask, choice: DataChoice, sandbox: GraphSandbox | None = None
) -> Measurements:
    """Rebuild every model of the evidence, find the autoencoder and its parts, and measure them.

    Where none of them is an autoencoder, exported graphs are measured by behaviour, if there is a sandbox for them.

    Raises:
        reference.data.DataNotFoundError: The full data was asked for and is not there.
    """
    source = module(task.reference)
    dataset = source.DATASET
    found = _measured(evidence, task, choice, sandbox)
    values = {name: replace(one, unit=unit_for(Unit(one.unit), dataset)) for name, one in found.values.items()}
    images = Held.HIDDEN if datasets()[dataset].kind is SampleKind.POINTS else task.images  # points: all are seen
    return replace(found, values=values, images=images, view=view_kind(source, evidence))


def _measured(
    evidence: Evidence, task: MeasuringTask, choice: DataChoice, sandbox: GraphSandbox | None
) -> Measurements:
    evidence = with_probabilities(evidence)
    arrays = _with_stand_ins(load_arrays(evidence.weights_file), evidence.non_finite)
    models, problems = _rebuild_all(evidence, arrays)
    case = in_roles(evidence, arrays, models, task, choice)
    cast, autoencoder = case.cast, case.cast.autoencoder
    architectures = {role: canonical(model, arrays) for role, model in cast.by_role().items()}
    if (seen := _from_outside(case, problems, task, choice, sandbox)) is not None:
        if seen.models or autoencoder is not None:
            return seen
        problems = seen.problems
    models_found = _measured_models(cast, architectures, arrays)
    if autoencoder is None:
        size = case.samples.size
        return Measurements(
            models_found, problems=problems, data=size, dataset=case.dataset, candidates=cast.candidates
        )
    if not fits_sample(autoencoder, case.samples.images.shape[1:]):
        return _of_another_size(case, architectures, problems)
    problems = _that_matter(problems, cast, evidence, case.reference)
    values, disagreements = compare(case.reference, models, evidence, arrays, case.samples.train)
    if case.detector is None:
        values += _around(case, autoencoder, task, choice)
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
        values = [measurement for measurement in values if not measurement.name.spec.needs_weights]
        pictures = ()
        problems += (_without_numbers(autoencoder),)
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
        fingerprint=fingerprint(autoencoder, arrays),
    )


def _around(case: Case, autoencoder: RebuiltModel, task: MeasuringTask, choice: DataChoice) -> list[Measurement]:
    """Measure what is told beside a network for images: what answers best without one, other lengths, its stages."""
    baselines = _baselines(case.dataset, task.images, choice, case.reference.CODE_SIZE)
    return [
        *_baseline_measurements(baselines, case.reference.CODE_SIZE),
        *length_measurements(case.cast.encoder or autoencoder, case.evidence, case.arrays, case.samples.images),
        *stage_measurements(case.reference, autoencoder, case.models, case.evidence, case.arrays, case.public),
    ]


def _from_outside(
    case: Case,
    problems: tuple[MeasuringProblem, ...],
    task: MeasuringTask,
    choice: DataChoice,
    sandbox: GraphSandbox | None,
) -> Measurements | None:
    """Measure exported graphs by behaviour; None where there are none, or nothing is to be run for them."""
    if sandbox is None or not case.evidence.graphs or case.detector is not None:
        return None
    baselines = _baselines(case.dataset, task.images, choice, case.reference.CODE_SIZE)
    told = _baseline_measurements(baselines, case.reference.CODE_SIZE)
    opaque = Opaque(
        case.reference, case.evidence, case.arrays, case.models, problems, task, case.samples, told, case.scale
    )
    return instead(opaque, case.cast.autoencoder, sandbox)


def _code(cast: Cast, architectures: Mapping[Role, Architecture]) -> tuple[Measurement, Message | None]:
    """Return how many numbers the code holds, and what leads past it."""
    own = {role: form for role, form in architectures.items() if role is Role.AUTOENCODER or role in cast.own()}
    size, bypass = find_code(own)  # a half that we cut out ourselves says nothing of where the code should be
    how = "narrowest point of the rebuilt graph, or the encoder's output"
    return Measurement(Quantity.CODE_SIZE, size, "1", how), bypass


def _of_another_size(
    case: Case, architectures: Mapping[Role, Architecture], problems: tuple[MeasuringProblem, ...]
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


def _of_samples(case: Case) -> list[Measurement]:
    """Measure what the models do on samples, and what the reference is judged by besides."""
    if case.detector is not None:
        return _of_rows(case.detector, case.reference, case.samples)
    values = behaviour(case.cast, case.samples, jacobian_images=JACOBIAN_IMAGES)
    values += family_measurements(case.reference, case.cast, case.samples.images, case.samples.train)
    if getattr(case.reference, "JUDGED_BY", "") == "transfer" and case.samples.labels is not None:
        values += transfer_measurements(case.models, case.cast, case.arrays, case.samples.images, case.samples.labels)
    values += added_measurements(case.cast.autoencoder, case.samples.images, case.dataset)
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


def _of_rows(detector: Detector, reference: ModuleType, rows: Yardstick) -> list[Measurement]:
    """Measure a fraud detector; where nobody knows what its columns are, how many there are."""
    structure = (
        behaviour(detector.cast, rows, jacobian_images=JACOBIAN_IMAGES) if detector.candidate is not None else []
    )
    own = detector.measurements(reference)
    named = {measurement.name for measurement in own}
    kept = (one for one in structure if one.name not in named and not one.name.spec.pixels_only)
    return [*kept, *own]


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


def _without_numbers(model: RebuiltModel) -> MeasuringProblem:
    return MeasuringProblem(_name(model), message("Its weights are not finite numbers (NaN)."), ours=False)


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
