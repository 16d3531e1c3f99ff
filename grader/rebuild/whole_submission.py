"""Measures one submission: rebuilds its models, finds their roles, measures, and reports what was impossible."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from grader.domain.architecture import Architecture
from grader.domain.datasets import Held, SampleKind, datasets
from grader.domain.evidence import Evidence, ModelClaim, RelatedClaims
from grader.domain.facts import ReferenceFacts
from grader.domain.measurement import (
    NOT_FINITE,
    ImageStrip,
    MeasuredModel,
    Measurement,
    Measurements,
    MeasuringProblem,
    Quantity,
    Role,
    cannot_be_rebuilt,
)
from grader.domain.messages import Message, message, verbatim
from grader.domain.portrait import Portrait
from grader.domain.ports import GraphSandbox, MeasuringTask
from grader.domain.text import shortened
from grader.domain.units import Unit, unit_for
from grader.probe.numpy_models import WITHOUT_KERAS
from grader.rebuild.dataset_choice import in_roles
from grader.rebuild.families.case import Case, Rebuilt, Setting
from grader.rebuild.families.family import ByBehaviour, Family, trivial
from grader.rebuild.families.family_registry import family_of
from grader.rebuild.graphs.graph_measurements import Opaque, instead
from grader.rebuild.network.allowlist import RefusedError
from grader.rebuild.network.canonical import canonical
from grader.rebuild.network.model import Arrays, RebuiltModel, Workshop, first_line
from grader.rebuild.network.relations import fits_sample
from grader.rebuild.network.roles import holds_same_numbers
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.audited_training import fingerprint, view_kind
from grader.rebuild.quantities.conventions import (
    ANSWERS_WITH_LOGITS,
    PixelScale,
    answers_with_logits,
    fits_of,
    with_probabilities,
)
from grader.rebuild.quantities.plug_in_quantities import added_measurements
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.quantities.submission_measurements import behaviour, find_code, strips, structure
from grader.rebuild.same_function import Asked, Equivalence, equivalence
from reference.contract import load

JACOBIAN_IMAGES = 4
CELL_JACOBIAN_IMAGES = 1
_DOES_NOT_RUN = (tf.errors.OpError, ValueError)
"""Exceptions of a consistent graph that still cannot be run (a reshape with a fixed batch size)."""


def measure(
    evidence: Evidence,
    task: MeasuringTask,
    choice: DataChoice,
    sandbox: GraphSandbox | None = None,
    *,
    for_cell: ReferenceFacts | None = None,
) -> Measurements:
    """Rebuild every model of the evidence, find the autoencoder and its parts, and measure them.

    If none of them is an autoencoder, exported graphs are measured by behaviour, if there is a sandbox for them.

    Args:
        evidence: The models, as claimed.
        task: What to measure, and on which images.
        choice: The data.
        sandbox: For exported graphs.
        for_cell: Facts of the reference, if a check in a notebook's cell asks: pictures, drawings and trivial
            predictors are then left out, and the reference's layers are read from the facts instead of being built.

    Raises:
        reference.data.DataNotFoundError: The full data was asked for and not found.
    """
    form = None if for_cell is None else for_cell.architectures.get(Role.AUTOENCODER)
    reference = load(task.reference, task.reference_constants)
    setting = Setting(reference, task, choice, for_cell is not None, form)
    dataset = setting.reference.dataset
    found = _measured(evidence, setting, sandbox)
    values = {name: replace(one, unit=unit_for(Unit(one.unit), dataset)) for name, one in found.values.items()}
    points = datasets()[dataset].kind is SampleKind.POINTS
    images = Held.HIDDEN if points else task.images  # all points are public
    measured = found.models.get(Role.AUTOENCODER)
    kind = view_kind(setting.reference, evidence, "" if measured is None else measured.name)
    return replace(found, values=values, images=images, view=kind)


def _measured(evidence: Evidence, setting: Setting, sandbox: GraphSandbox | None) -> Measurements:
    """Rebuild the models, assign their roles, measure."""
    rebuilt, problems = rebuild(with_probabilities(evidence))
    family = family_of(setting.reference)
    case = in_roles(family, rebuilt, setting)
    seen = _by_behaviour(family, case, problems, sandbox)
    if seen is not None:
        if seen.models or case.cast.autoencoder is not None:
            return seen
        problems = seen.problems
    found = _Found(case, {role: canonical(one, rebuilt.arrays) for role, one in case.cast.by_role().items()}, problems)
    if case.cast.autoencoder is None:
        return _without_autoencoder(found)
    if not fits_sample(case.cast.autoencoder, case.samples.images.shape[1:]):
        return _of_another_size(found, case.cast.autoencoder)
    return _whole(family, found, case.cast.autoencoder)


@dataclass(frozen=True)
class _Found:
    """A submission whose models have roles.

    Attributes:
        case: The submission.
        architectures: Canonical form of each model in a role.
        problems: What could not be rebuilt.
    """

    case: Case
    architectures: Mapping[Role, Architecture]
    problems: tuple[MeasuringProblem, ...]

    def models(self) -> dict[Role, MeasuredModel]:
        """Return the models for the checks."""
        cast, arrays = self.case.cast, self.case.rebuilt.arrays
        whole = cast.companion or cast.autoencoder
        return {
            role: MeasuredModel(
                role,
                _claimed_name(model.claim),
                self.architectures[role],
                whole is None or model is cast.autoencoder or holds_same_numbers(model, whole, arrays),
                made=role not in cast.cut,
            )
            for role, model in cast.by_role().items()
        }

    def code(self) -> tuple[Measurement, Message | None]:
        """Return how many numbers the code holds, and a path around it."""
        cast = self.case.cast
        own = {role: one for role, one in self.architectures.items() if role is Role.AUTOENCODER or role in cast.own()}
        size, bypass = find_code(own)  # a half that we cut out does not show where the code should be
        how = "narrowest point of the rebuilt graph, or the encoder's output"
        return Measurement(Quantity.CODE_SIZE, size, "1", how), bypass

    def that_matter(self) -> tuple[MeasuringProblem, ...]:
        """Return the problems that count: once all three models are found, those of other models do not.

        If several trained models are asked for, each fitted one may be among these.
        """
        evidence = self.case.rebuilt.evidence
        if len(self.case.cast.own()) < len(Role):
            return self.problems
        if not family_of(self.case.setting.reference).several_models:
            return ()
        fitted = {fit.model for fit in evidence.fits}
        names = {_claimed_name(claim) for claim in evidence.models if claim.model in fitted}
        return tuple(problem for problem in self.problems if problem.model in names)


@dataclass
class _Numbers:
    """The numbers of an autoencoder that runs; filled step by step, as far as it runs."""

    values: list[Measurement]
    problems: tuple[MeasuringProblem, ...]
    pictures: tuple[ImageStrip, ...] = ()
    portrait: Portrait = field(default_factory=Portrait)
    alike: Equivalence = field(default_factory=Equivalence)


def _by_behaviour(
    family: Family, case: Case, problems: tuple[MeasuringProblem, ...], sandbox: GraphSandbox | None
) -> Measurements | None:
    """Measure exported graphs by behaviour; None if there are none, or if none must be run."""
    rebuilt, setting = case.rebuilt, case.setting
    if sandbox is None or not rebuilt.evidence.graphs or family.by_behaviour is ByBehaviour.NOT_RUN:
        return None
    opaque = Opaque(
        setting.reference, rebuilt.evidence, rebuilt.arrays, rebuilt.models, problems, setting.task, case.samples,
        trivial(case), case.scale,
    )  # fmt: skip
    return instead(opaque, case.cast.autoencoder, sandbox)


def _without_autoencoder(found: _Found) -> Measurements:
    case = found.case
    return Measurements(
        found.models(),
        problems=found.problems,
        data=case.samples.size,
        dataset=case.dataset,
        candidates=case.cast.candidates,
    )


def _of_another_size(found: _Found, autoencoder: RebuiltModel) -> Measurements:
    """Measure what needs no sample of the data, for an autoencoder whose input or output does not fit the data."""
    case, problems = found.case, found.problems
    code_size, bypass = found.code()
    values = [code_size]
    try:
        values += structure(case.cast, inputs=JACOBIAN_IMAGES)
    except _DOES_NOT_RUN as error:
        problems += (_not_rebuilt(autoencoder.claim, f"it does not run, {first_line(error)}"),)
    return Measurements(
        models=found.models(),
        values={m.name: m for m in values if np.isfinite(m.value)},
        problems=replace(found, problems=problems).that_matter(),
        bypass=bypass,
        data=case.samples.size,
        candidates=case.cast.candidates,
        claims=RelatedClaims(_was_fitted(autoencoder, case.rebuilt.evidence)),
        another_size=True,
    )


def _whole(family: Family, found: _Found, autoencoder: RebuiltModel) -> Measurements:
    """Measure an autoencoder that maps samples of the data to samples, and assemble the result."""
    case = found.case
    around = family.surroundings(case)
    code_size, bypass = found.code()
    numbers = _numbers(family, found, autoencoder, code_size)
    values = [*around.values, *numbers.values]
    problems, pictures, portrait = numbers.problems, numbers.pictures, numbers.portrait
    if _diverged(autoencoder, case.rebuilt.evidence):
        values = [measurement for measurement in values if not measurement.name.spec.needs_weights]
        pictures, portrait = (), Portrait()
        problems += (_without_numbers(autoencoder),)
    return Measurements(
        models=found.models(),
        values={m.name: m for m in values if np.isfinite(m.value)},
        problems=problems + _not_finite(autoencoder, values),
        bypass=bypass,
        strips=pictures,
        portrait=portrait,
        data=case.samples.size,
        dataset=case.dataset,
        foreign=case.foreign,
        candidates=case.cast.candidates,
        claims=RelatedClaims(_was_fitted(autoencoder, case.rebuilt.evidence), around.compared),
        missed=around.missed,
        equivalent=numbers.alike.form,
        conventions=_conventions(autoencoder, case.scale),
        pixels=None if case.scale is None else case.scale.other_pixels,
        fingerprint=fingerprint(autoencoder, case.rebuilt.arrays),
    )


def _numbers(family: Family, found: _Found, autoencoder: RebuiltModel, code_size: Measurement) -> _Numbers:
    """Measure the behaviour of the models as far as they run; a consistent graph can still fail to run."""
    case = found.case
    numbers = _Numbers([code_size], found.that_matter())
    try:
        if case.measurable:
            numbers.values += _of_samples(family, case, autoencoder)
        numbers.alike = _alike(found, autoencoder, round(code_size.value))
        if not case.setting.numbers_only:
            numbers.pictures = strips(autoencoder, case.samples)
            _draw(family, case, numbers)
    except _DOES_NOT_RUN as error:
        numbers.problems += (_not_rebuilt(autoencoder.claim, f"it does not run, {first_line(error)}"),)
    numbers.values += numbers.alike.values
    return numbers


def _draw(family: Family, case: Case, numbers: _Numbers) -> None:
    """Add the drawings for the report; a half that cannot be drawn costs nothing and is no problem."""
    if not case.measurable:
        return
    drawn = (case.setting.reference, family.of_student(case), case.samples)
    with suppress(*_DOES_NOT_RUN):
        numbers.pictures += family.strips(*drawn)
    with suppress(*_DOES_NOT_RUN):
        numbers.portrait = family.portrait(*drawn)


def _of_samples(family: Family, case: Case, autoencoder: RebuiltModel) -> list[Measurement]:
    """Measure the models on samples: the numbers of every family, and those of this one."""
    outputs = image_metrics.reconstruct(autoencoder.model, case.samples.images)
    few = CELL_JACOBIAN_IMAGES if case.setting.numbers_only else JACOBIAN_IMAGES
    usual = behaviour(case.cast, case.samples, outputs, jacobian_images=few)
    own = family.measure(case.setting.reference, family.of_student(case), case.samples, outputs)
    if case.samples.rows is None:
        usual += added_measurements(autoencoder, case.samples.images, case.dataset)
    else:  # columns of a table have any range
        usual = [one for one in usual if not one.name.spec.pixels_only]
    scaling = "" if case.scale is None else case.scale.in_words()
    return [
        *(replace(one, how=one.how + scaling) for one in usual),
        *(replace(one, how=one.how + scaling + case.remark) for one in own),
    ]


def _alike(found: _Found, autoencoder: RebuiltModel, code_size: int) -> Equivalence:
    """Compare with the reference's own network; always, if hidden samples are used."""
    case = found.case
    form, wanted = found.architectures[Role.AUTOENCODER], case.setting.reference_form
    asked = Asked(autoencoder, form, code_size, case.scale, wanted)
    always = case.setting.task.images == Held.HIDDEN
    rebuilt = case.rebuilt
    return equivalence(case.setting.reference, asked, rebuilt.evidence, rebuilt.arrays, case.samples, always=always)


def _conventions(autoencoder: RebuiltModel, scale: PixelScale | None) -> tuple[Message, ...]:
    """Describe the conversions between the model's numbers and pixels."""
    logits = ANSWERS_WITH_LOGITS
    return (
        *((logits,) if answers_with_logits(autoencoder) else ()),
        *((scale.sentence(),) if scale is not None else ()),
    )


def load_arrays(path: Path | None) -> Arrays:
    """Read the vetted arrays; never unpickles."""
    if path is None:
        return {}
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _with_stand_ins(arrays: Arrays, non_finite: tuple[str, ...]) -> Arrays:
    """Replace NaN weights by small random numbers: the structure can be measured even if nothing was learnt."""
    rng = np.random.default_rng(0)
    return {**arrays, **{name: rng.normal(0, 0.05, arrays[name].shape).astype(np.float32) for name in non_finite}}


def rebuild(evidence: Evidence) -> tuple[Rebuilt, tuple[MeasuringProblem, ...]]:
    """Rebuild every model that can be rebuilt; the others are problems of ours."""
    arrays = _with_stand_ins(load_arrays(evidence.weights_file), evidence.non_finite)
    workshop = Workshop(evidence.operations, arrays, evidence.models)
    models: list[RebuiltModel] = []
    problems: list[MeasuringProblem] = []
    for claim in evidence.models:
        try:
            models.append(workshop.rebuild(claim))
        except RefusedError as refusal:
            problems.append(_not_rebuilt(claim, str(refusal)))
    return Rebuilt(evidence, arrays, tuple(models)), tuple(problems)


def _not_rebuilt(claim: ModelClaim, reason: str) -> MeasuringProblem:
    text = cannot_be_rebuilt(reason=verbatim(reason))
    return MeasuringProblem(_claimed_name(claim), text, ours=True)


def _claimed_name(claim: ModelClaim) -> str:
    return shortened(claim.names[0] if claim.names else claim.class_name, 80)


def _diverged(model: RebuiltModel, evidence: Evidence) -> bool:
    broken = set(evidence.non_finite)
    return any(name in broken for step in model.steps for name in step.arrays)


def _without_numbers(model: RebuiltModel) -> MeasuringProblem:
    return MeasuringProblem(_claimed_name(model.claim), NOT_FINITE, ours=False)


def _not_finite(model: RebuiltModel, values: list[Measurement]) -> tuple[MeasuringProblem, ...]:
    broken = [m.name for m in values if not np.isfinite(m.value)]
    if Quantity.RECONSTRUCTION_MSE not in broken:
        return ()
    return (
        MeasuringProblem(_claimed_name(model.claim), message("Its outputs are not finite numbers (NaN)."), ours=False),
    )


def _was_fitted(model: RebuiltModel, evidence: Evidence) -> bool:
    if model.claim.class_name == WITHOUT_KERAS:
        return True  # it is trained in a loop that was not observed
    return bool(fits_of(model, evidence))


def forget() -> None:
    """Free the memory that Keras keeps for the last submission."""
    keras.backend.clear_session()
