"""The way of a notebook that is inspected: like that of a submission, but nobody says what it should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from grader.authoring.assignment_catalogue import assignment_ids, load_assignment
from grader.checks.check_registry import CHECKS
from grader.checks.core.subject import Subject
from grader.checks.rubric import run_checks
from grader.domain.architecture import shape_size
from grader.domain.assignment import RubricItem
from grader.domain.code_sizes import calibrated_for
from grader.domain.datasets import DataSize, Held, datasets, image_sets
from grader.domain.evidence import Evidence, ModelClaim
from grader.domain.facts import ReferenceFacts
from grader.domain.grade import Finding, Outcome
from grader.domain.inspection import OTHER, InspectedModel, Inspection, InspectionRun, Outline, Remark
from grader.domain.measurement import NOT_FINITE, Measurements, Quantity, Role
from grader.domain.messages import Message, message, verbatim
from grader.domain.outdated import OldCode
from grader.domain.ports import MeasuringTask, Sandbox
from grader.domain.run import Limits, RunRecord, RunStatus
from grader.domain.submission import Notebook, Submission
from grader.extraction.collected_run import collected_run
from grader.inspection.data_used import data_used, datasets_named
from grader.inspection.diagnosis import PastRun, diagnosis
from grader.inspection.measured_mistakes import measured_mistakes
from grader.inspection.no_family import why_no_family
from grader.inspection.recognition import ClaimedTraining, family_of, training_of
from grader.inspection.silent_mistakes import InspectedAutoencoder, is_trained, mistakes_of
from grader.inspection.source import Note, notes_of, uses_added_losses
from grader.intake.notebook import read_notebook
from grader.reading.reading_client import within_limits
from grader.translation.old_code import read_old_code

LIMITS: Final = Limits(cell_seconds=180.0, notebook_seconds=1200.0, skips_slow_cells=True)
"""Time limit of a loop of the notebook's own, which is then reported; calls of `fit` are ended long before."""

_OF_STRUCTURE: Final = frozenset({
    Quantity.CODE_SIZE, Quantity.COMPOSITION_GAP, Quantity.BOTTLENECK_RANK, Quantity.ROUNDING_GAP,
})  # fmt: skip
"""Numbers that are the same on any images, so that they are reported even if the data are unknown."""

_SEEN_ALREADY: Final = frozenset({"never_trained", "nothing_learnt", "output_out_of_reach", "weights_not_finite"})
"""Mistakes of which everything that is measured of the model is a consequence: one finding, not five."""


class OutliningMeasurer(Protocol):
    """Zone M, asked what there is and not only what it is worth."""

    def outline(self, evidence: Evidence) -> tuple[Outline, ...]:
        """Return every autoencoder of a notebook."""
        ...

    def measure(self, evidence: Evidence, task: MeasuringTask) -> Measurements:
        """Return everything that could be measured of one."""
        ...


@dataclass(frozen=True)
class InspectionContext:
    """What an inspection needs.

    Attributes:
        sandbox: Zone K (the student kernel).
        measurer: Zone M.
        facts: Of every reference, by id.
        limits: Of the run.
        compat: Run old code in its current form at once (True), never (False), or once more where a notebook breaks
            as it is (None).
        data: `sample` or `full`: what the kernel sees.
    """

    sandbox: Sandbox
    measurer: OutliningMeasurer
    facts: Mapping[str, ReferenceFacts]
    limits: Limits = LIMITS
    compat: bool | None = None
    data: DataSize = DataSize.FULL


def inspect_notebook(submission: Submission, context: InspectionContext) -> Inspection:
    """Run a notebook and report what it trained.

    Raises:
        UnreadableSubmissionError: It is no notebook.
        RejectedClaimsError: Its output is malformed.
        MeasuringFailedError: The measuring process broke.
    """
    notebook = within_limits(read_notebook, submission)
    translated = within_limits(read_old_code, notebook)
    as_it_is = translated.untranslated(notebook)
    first = _tried(notebook, translated if context.compat else as_it_is, context)
    if context.compat is not None or not translated.applied or not _broke(first):
        return first
    second = _tried(notebook, translated, context)
    better = second if _standing(second) > _standing(first) else first
    return replace(better, trials=(*first.trials, *second.trials))


def _tried(notebook: Notebook, old: OldCode, context: InspectionContext) -> Inspection:
    """Run a notebook once, with its old code translated or not, and report what that run trained."""
    with collected_run(old.notebook, context.sandbox, context.limits) as left:
        run = replace(left.run, places=notebook.places)
        evidence = left.evidence()
        outlines = context.measurer.outline(evidence)
        scene = _Scene(evidence, outlines, run, notebook, notes_of(notebook), datasets_named(notebook))
        models = tuple(_inspected(outline, scene, context) for outline in outlines)
        sentences = diagnosis(PastRun(notebook, old, run, evidence, context.data), outlines)
        if not outlines and evidence.models:
            task = MeasuringTask(_any_reference(), Held.HIDDEN)
            sentences += _why_not_rebuilt(context.measurer.measure(evidence, task))
    sentences += tuple(_ended_early(model) for model in models if model.epochs_asked)
    trials = (InspectionRun(bool(old.applied), run, len(models)),)
    return Inspection(models, run, (*sentences, *_notes_of_no_model(scene)), old.applied, trials)


def _broke(inspection: Inspection) -> bool:
    """Return whether a notebook ended in errors or trained nothing, and not through our fault."""
    untrained = not any(model.trained for model in inspection.models)
    return inspection.run.status is not RunStatus.UNAVAILABLE and (bool(inspection.run.errors) or untrained)


def _standing(inspection: Inspection) -> tuple[int, int]:
    """Return the numbers in which the better of two runs is larger: trained models, then cells without an error."""
    return sum(model.trained for model in inspection.models), -len(inspection.run.errors)


@dataclass(frozen=True, slots=True)
class _Scene:
    """What a notebook left behind, and what its code shows.

    Attributes:
        evidence: Vetted claims.
        outlines: Its autoencoders.
        run: What we observed.
        notebook: Its code, as its author wrote it.
        notes: Silent errors in the code.
        named: Image data sets that the code names.
    """

    evidence: Evidence
    outlines: Sequence[Outline]
    run: RunRecord
    notebook: Notebook
    notes: Sequence[Note]
    named: frozenset[str]

    def names(self, outline: Outline) -> set[str]:
        """Return all present and past names of an autoencoder."""
        models = {outline.model, *outline.trained_by}
        once = {name for fit in self.evidence.fits if fit.model in models for name in fit.names}
        return once | {name for claim in self.evidence.models if claim.model in models for name in claim.names}

    def owner(self, note: Note) -> Outline | None:
        """Return the autoencoder that a note is about: by name, else the only one; None if undecided."""
        named = [one for one in self.outlines if note.names & self.names(one)]
        if not note.names and len(self.outlines) == 1:
            return self.outlines[0]
        return named[0] if len(named) == 1 and (note.sure or not self._other_model_called(note.names)) else None

    def belongs_to_others(self, note: Note) -> bool:
        """Return whether a note is, or may be, about models that are not autoencoders."""
        return bool(note.names) and (not note.sure or self._other_model_called(note.names))

    def _other_model_called(self, names: frozenset[str]) -> bool:
        known = {name for one in self.outlines for name in (one.model, *one.trained_by)}
        others = {name for claim in self.evidence.models if claim.model not in known for name in claim.names}
        others |= {name for fit in self.evidence.fits if fit.model not in known for name in fit.names}
        return bool(others & names)


def _inspected(outline: Outline, scene: _Scene, context: InspectionContext) -> InspectedModel:
    training = training_of(outline, scene.outlines, scene.evidence)
    family = family_of(outline, training)
    used = data_used(outline, training, scene.named)
    nearest = _nearest(family, used.dataset, context.facts)
    measured, quality, why_not = Measurements(), _NOTHING, used.why_not
    if nearest is not None:
        why_not = NOT_FINITE if outline.not_finite else why_not
        own = _of_one(scene.evidence, outline, scene.outlines)
        dataset = used.dataset if nearest.is_of_images else ""
        task = MeasuringTask(nearest.reference, Held.HIDDEN, _names(outline), dataset)
        measured = context.measurer.measure(own, task)
        quality = {name: found.value for name, found in measured.values.items()}
        if not nearest.is_of_images:
            why_not = None
        elif why_not is not None:
            quality = {name: value for name, value in quality.items() if name in _OF_STRUCTURE}
    remarks = _remarks(outline, training, scene, measured, quality)
    if nearest is not None and not _SEEN_ALREADY & {remark.kind for remark in remarks}:
        remarks += _of_checks(family, Subject(scene.run, measured, nearest, places=scene.notebook.places))
    encoder = _called(measured, Role.ENCODER, scene.evidence)
    has_numbers = Quantity.RECONSTRUCTION_MSE in quality or Quantity.AVERAGE_PRECISION in quality
    dataset = used.dataset or _table(family, nearest, quality)
    return InspectedModel(
        name=outline.name,
        family=family,
        dataset=dataset,
        encoder=encoder,
        decoder=_called(measured, Role.DECODER, scene.evidence),
        code_size=_code_size(outline, family, measured) if encoder else outline.code_size,
        parameters=outline.architecture.parameters,
        trained=is_trained(outline, training),
        quality=quality,
        reference_quality=_of_reference(nearest, measured, quality, dataset),
        findings=remarks,
        nearest="" if nearest is None else nearest.reference,
        measured_on=dataset if has_numbers else "",
        measured_size=measured.data if has_numbers else "",
        not_measured=None if has_numbers else why_not or _why_unmeasured(measured),
        no_family=why_no_family(outline) if family == OTHER else None,
        epochs=sum(fit.epochs for fit in training.fits),
        epochs_asked=_epochs_asked(training),
        stood_still=all(fit.stood_still for fit in training.fits if fit.epochs_asked),
    )


_NOTHING: Final[Mapping[Quantity, float]] = {}


def _remarks(
    outline: Outline, training: ClaimedTraining, scene: _Scene, found: Measurements, quality: Mapping[Quantity, float]
) -> tuple[Remark, ...]:
    """Return what is wrong with an autoencoder: in its layers, its training, the code, and its numbers."""
    some_classes = all(fit.classes for fit in training.fits) and bool(training.fits)
    added = uses_added_losses(scene.notebook)
    case = InspectedAutoencoder(outline, training, scene.outlines, added, some_classes=some_classes)
    remarks = mistakes_of(case)
    output = outline.architecture.output_shape
    remarks += tuple(note.about(output) for note in scene.notes if scene.owner(note) is outline)
    if not is_trained(outline, training) or outline.not_finite or not found.values:
        return remarks
    return _with_measured(remarks, measured_mistakes(outline.name, family_of(outline, training), quality))


def _why_unmeasured(measured: Measurements) -> Message:
    """Return the reason, ours or the notebook's, why zone M has no number, if it gave one."""
    reason = next((problem.reason for problem in measured.problems), None)
    return reason or message("Nothing here is comparable with it.")


def _epochs_asked(training: ClaimedTraining) -> int:
    """Return how many epochs the notebook asked for if one of its trainings was ended early, else 0."""
    ended = any(fit.epochs_asked for fit in training.fits)
    return sum(fit.epochs_asked or fit.epochs for fit in training.fits) if ended else 0


def _with_measured(remarks: tuple[Remark, ...], measured: tuple[Remark, ...]) -> tuple[Remark, ...]:
    """Add the measured errors; a collapsed code is a better explanation than that nothing was learnt."""
    collapsed = any(remark.kind == "collapsed_code" for remark in measured)
    return (*(one for one in remarks if not (collapsed and one.kind == "nothing_learnt")), *measured)


def _code_size(outline: Outline, family: str, measured: Measurements) -> int | None:
    """Return the narrowest point or, if a code need not be narrow, the size that the notebook's encoder returns."""
    size = measured.value(Quantity.CODE_SIZE)
    may_be_wide = family == "sparse" or outline.code_size is None
    return int(size) if may_be_wide and size is not None else outline.code_size


def _table(family: str, nearest: ReferenceFacts | None, quality: Mapping[Quantity, float]) -> str:
    """Return the recognised data set that is not of images: a table by its columns, points by their coordinates."""
    if nearest is None or nearest.reference != family:
        return ""
    if family == "fraud":
        return nearest.dataset if Quantity.AVERAGE_PRECISION in quality else ""
    error, mean = quality.get(Quantity.RECONSTRUCTION_MSE), quality.get(Quantity.MEAN_IMAGE_MSE)
    comes_back = error is not None and mean is not None and error < mean / 2
    return nearest.dataset if family == "linear-pca" and comes_back else ""


def _any_reference() -> str:
    """Return a reference of images, for a model of which nothing is measured."""
    return next(known.nearest for known in image_sets().values() if known.nearest)


def _nearest(family: str, dataset: str, facts: Mapping[str, ReferenceFacts]) -> ReferenceFacts | None:
    """Return the reference by which to measure: the family's own, else one with the same images."""
    known = datasets().get(dataset)
    return facts.get(family) or (None if known is None else facts.get(known.nearest))


def _of_one(evidence: Evidence, outline: Outline, outlines: Sequence[Outline]) -> Evidence:
    """Return the evidence of one autoencoder and of the models that hold its arrays, without other autoencoders."""
    kept = {outline.model, *outline.relatives}
    if not outline.parts_trained:
        kept -= {other.model for other in outlines if other.model != outline.model}
    return replace(
        evidence,
        models=_with_roles([claim for claim in evidence.models if claim.model in kept], outline),
        fits=tuple(fit for fit in evidence.fits if fit.model in kept),
    )


def _with_roles(claims: Sequence[ModelClaim], outline: Outline) -> tuple[ModelClaim, ...]:
    """Return the models of one autoencoder; nameless halves that zone M joined get names.

    If a name was later given to another model, the halves of the first have none; their inputs show which is the
    encoder and which the decoder.
    """
    size = shape_size(outline.architecture.input_shape)
    halves = [claim for claim in claims if not claim.problem and len(claim.inputs) == 1]
    rebuilt = any(claim.model == outline.model and not claim.problem for claim in claims)
    if rebuilt or len(halves) != len(_HALVES) or any(claim.names for claim in halves):
        return tuple(claims)
    takes = [shape_size(claim.inputs[0].shape[1:]) == size for claim in halves]
    if sum(takes) != 1:
        return tuple(claims)
    roles = {claim.model: Role.ENCODER if whole else Role.DECODER for claim, whole in zip(halves, takes, strict=True)}
    return tuple(
        replace(claim, names=(roles[claim.model].value,)) if claim.model in roles else claim for claim in claims
    )


_HALVES: Final = (Role.ENCODER, Role.DECODER)


def _names(outline: Outline) -> tuple[tuple[str, str], ...]:
    others = tuple((role.value, role.value) for role in Role if role is not Role.AUTOENCODER)
    return (*others, (Role.AUTOENCODER.value, outline.name))


def _called(measured: Measurements, role: Role, evidence: Evidence) -> str:
    """Return the notebook's name for the model of a role, "" if there is no model or no name.

    Keras itself makes some models: a growing Sequential leaves one behind for every layer added.
    """
    found = measured.models.get(role)
    named = found is not None and found.made and any(found.name in claim.names for claim in evidence.models)
    return found.name if found is not None and named else ""


def _of_reference(
    nearest: ReferenceFacts | None, measured: Measurements, quality: Mapping[Quantity, float], dataset: str
) -> Mapping[Quantity, float]:
    """Return the reference's numbers, if it was calibrated on the data on which the model was measured."""
    calibrated = None if nearest is None or not dataset else calibrated_for(nearest, replace(measured, dataset=dataset))
    if calibrated is None:
        return {}
    return {name: known.mean for name, known in calibrated.statistics.items() if name in quality}


def _of_checks(family: str, subject: Subject) -> tuple[Remark, ...]:
    """Return the findings of the checks in the family's rubric that need no task; an undecided check has none."""
    three = all(subject.model(role) is not None for role in Role)  # no assignment asks for all of them here
    rubric = load_assignment(family).rubric if family in assignment_ids() else ()
    own = (item.check for item in rubric if CHECKS[item.check].needs_no_task)
    ids = (*(("composition",) if three else ()), *own)
    results = run_checks([RubricItem(check, 1.0, {}, (), {}) for check in ids], subject)
    wrong = {Outcome.FAILED, Outcome.PARTIAL}
    return tuple(
        Remark(result.check, finding) for result in results if result.outcome in wrong for finding in result.findings
    )


def _notes_of_no_model(scene: _Scene) -> tuple[Message, ...]:
    """Report what the code shows without saying of which model."""
    left = [note for note in scene.notes if scene.owner(note) is None and not scene.belongs_to_others(note)]
    return tuple(_in_one_line(note.remark.finding) for note in left) if scene.outlines else ()


def _why_not_rebuilt(measured: Measurements) -> tuple[Message, ...]:
    """If no autoencoder was found, say which models could not be examined, since one of them may be it."""
    return tuple(
        message("`{name}`: {reason}", name=verbatim(problem.model), reason=problem.reason)
        for problem in measured.problems[:MOST_REASONS]
    )


MOST_REASONS: Final = 4


def _ended_early(model: InspectedModel) -> Message:
    """Say that a training was ended earlier than the notebook would have."""
    if model.stood_still:
        return message(
            "The training of `{name}` was ended after {epochs} of {asked} epochs, because its loss stood still: "
            "nothing new showed.",
            name=model.name,
            epochs=model.epochs,
            asked=model.epochs_asked,
        )
    return message(
        "The training of `{name}` was ended after {epochs} of {asked} epochs, because the time of an inspection was "
        "up; with all of them its numbers may be better.",
        name=model.name,
        epochs=model.epochs,
        asked=model.epochs_asked,
    )


def _in_one_line(finding: Finding) -> Message:
    return message("{where}: {actual} {why}", where=finding.where, actual=finding.actual, why=finding.why)
