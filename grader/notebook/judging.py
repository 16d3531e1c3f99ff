"""Judges the models of one call on public images, as the grade does, or the existing parts of an autoencoder."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from grader.checks.check_registry import CHECKS
from grader.checks.core.check import Check
from grader.checks.core.halves import half_alone
from grader.checks.core.subject import Subject
from grader.checks.rubric import result_of, run_checks
from grader.domain.assignment import RubricItem
from grader.domain.datasets import DataSize, Held, SampleKind, datasets
from grader.domain.facts import DATA_SIZE_VARIABLE, ReferenceFacts
from grader.domain.grade import CheckResult
from grader.domain.measurement import MeasuredModel, Measurements, MeasuringProblem, Role
from grader.domain.ports import MeasuringTask
from grader.domain.run import RunRecord, RunStatus
from grader.notebook.exported_models import ExportedModels, refused

RUN: Final = RunRecord(RunStatus.COMPLETED, sandboxed=False)
"""A run record in which nothing was cut short: only the student's own session counts."""


def is_measurable(dataset: str) -> bool:
    """Return whether a data set has public samples; of tables only hidden rows are available."""
    known = datasets().get(dataset)
    return known is not None and known.kind is not SampleKind.ROWS


@dataclass(frozen=True, slots=True)
class MeasuredBy:
    """The reference that models are compared with.

    Attributes:
        facts: Its facts.
        constants: What was published of it instead of its functions; empty if its module is here.
    """

    facts: ReferenceFacts
    constants: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JudgedModels:
    """What came of it.

    Attributes:
        results: By check.
        problems: Models that could not be rebuilt, where that left a check unjudged.
        left: Checks that only a run of the whole notebook can judge, after all.
    """

    results: Mapping[str, CheckResult]
    problems: tuple[MeasuringProblem, ...]
    left: frozenset[str] = frozenset()


def examine(
    items: Sequence[RubricItem], exhibit: ExportedModels, measured_by: MeasuredBy, focus: Role | None
) -> JudgedModels:
    """Judge every item that the exhibited models allow.

    Args:
        items: What was asked for, in rubric order, as far as the models are there.
        exhibit: The models.
        measured_by: The reference.
        focus: The half that was asked about; it is then judged by itself where there is no autoencoder.
    """
    results: dict[str, CheckResult] = {}
    facts = measured_by.facts
    if Role.AUTOENCODER in exhibit.claims and is_measurable(facts.dataset):
        measured = _measured(exhibit, measured_by)
        if Role.AUTOENCODER in measured.models:
            left = _left(measured, facts)
            return JudgedModels(
                _judged([one for one in items if one.check not in left], Subject(RUN, measured, facts)), (), left
            )
        results |= _judged([item for item in items if item.check == "models"], Subject(RUN, measured, facts))
    models, problems = _rebuilt(exhibit)
    parts = [item for item in items if item.check not in results and _is_part(CHECKS[item.check], models)]
    if models:
        subject = Subject(RUN, Measurements(models, problems=problems), facts)
        results |= _judged_parts(parts, subject, None if Role.AUTOENCODER in models else focus)
    return JudgedModels(results, problems)


def _left(measured: Measurements, facts: ReferenceFacts) -> frozenset[str]:
    """Leave a table of results that differs from our numbers to the grade, since it may be of other images.

    Facts of the data that the notebook uses make sure that both are of the images that it holds out.
    """
    differ = any(one.entry in measured.claims.compared and one.measured is not None for one in measured.missed)
    return frozenset({"comparison"}) if differ and _notebooks_size() not in facts.calibrated else frozenset()


def _notebooks_size() -> DataSize:
    """Return the size of the data that the notebook uses: Keras's whole sets, unless `grader check` gave the sample."""
    return DataSize(os.environ.get(DATA_SIZE_VARIABLE, DataSize.FULL))


def _measured(exhibit: ExportedModels, measured_by: MeasuredBy) -> Measurements:
    """Measure on public images of the data that the notebook uses, if there are facts for them.

    Which of several data sets that is need not be asked of a model that was not trained on any.
    """
    from grader.rebuild.quantities.reference_data import DataChoice
    from grader.rebuild.whole_submission import measure

    facts = measured_by.facts
    names = tuple((role.value, name) for role, name in exhibit.names.items())
    dataset = "" if exhibit.evidence.fits else facts.dataset
    task = MeasuringTask(facts.reference, Held.PUBLIC, names, dataset, reference_constants=measured_by.constants)
    size = _notebooks_size()
    choice = DataChoice(size if size in facts.calibrated else DataSize.SAMPLE)
    return measure(exhibit.evidence, task, choice, for_cell=facts)


def _rebuilt(exhibit: ExportedModels) -> tuple[dict[Role, MeasuredModel], tuple[MeasuringProblem, ...]]:
    """Rebuild the models only for their layers."""
    from grader.rebuild.network.allowlist import RefusedError
    from grader.rebuild.network.canonical import canonical
    from grader.rebuild.network.model import Workshop
    from grader.rebuild.whole_submission import load_arrays

    evidence = exhibit.evidence
    arrays = load_arrays(evidence.weights_file)
    workshop = Workshop(evidence.operations, arrays, evidence.models)
    claims = {claim.model: claim for claim in evidence.models}
    models: dict[Role, MeasuredModel] = {}
    problems: list[MeasuringProblem] = []
    for role, identifier in exhibit.claims.items():
        try:
            rebuilt = workshop.rebuild(claims[identifier])
        except RefusedError as refusal:
            problems.append(refused(exhibit.names[role], str(refusal)))
        else:
            models[role] = MeasuredModel(role, exhibit.names[role], canonical(rebuilt, arrays))
    return models, tuple(problems)


def _judged_parts(items: Sequence[RubricItem], subject: Subject, focus: Role | None) -> dict[str, CheckResult]:
    """Judge the existing parts of an autoencoder as the grade does; if one half is in focus, only that half.

    What one half can answer is asked of the half in focus alone: the other one has a check of its own.
    """
    if focus is None or focus is Role.AUTOENCODER or focus not in subject.measurements.models:
        return _judged(items, subject)
    half = half_alone(subject, focus)
    results: dict[str, CheckResult] = {}
    for item in items:
        check = CHECKS[item.check]
        if check.halves is not None and check.needs.met_by((focus,)):
            results[item.check] = result_of(item, check.halves.verdict(half, item))
    return results | _judged([item for item in items if item.check not in results], subject)


def _is_part(check: Check, models: Collection[Role]) -> bool:
    """Return whether a check can judge these models although no autoencoder was measured."""
    return check.judges_parts and check.needs.partly_met_by(models)


def _judged(items: Sequence[RubricItem], subject: Subject) -> dict[str, CheckResult]:
    """Run these checks as a rubric; a requirement counts only if it was asked for as well."""
    asked = {item.check for item in items}
    rubric = [replace(item, requires=tuple(name for name in item.requires if name in asked)) for item in items]
    return {result.check: result for result in run_checks(rubric, subject)}
