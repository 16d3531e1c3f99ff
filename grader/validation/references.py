"""Validates references against their facts: structure, recipe, data, and the result of a new training.

Each reference is rebuilt and compared exactly with its facts. Then it is trained once with a new seed, for a tenth of
its epochs or for all of them, and must not be farther from the calibrated runs than chance allows: within the two-sided
99.9 % prediction interval of `grader.rebuild.facts.curves.farthest_distance`.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, replace

from grader.domain.datasets import DataSize
from grader.domain.facts import CalibratedData, CalibrationRun, ReferenceFacts
from grader.domain.measurement import Quantity
from grader.domain.messages import Message, message
from grader.rebuild.calibration import CalibrationPlan, Inspected, inspect, run
from grader.rebuild.facts.curves import FEWEST_RUNS, distance, farthest_distance
from grader.rebuild.facts.reference_training import REFERENCE, SHORT, Variation
from grader.rebuild.facts.summary import versions
from grader.validation.differences import model_differences

NEW_SEED = 1_000
"""Seed that no calibration uses: the training of a validation is one more draw, and the same one every time."""


@dataclass(frozen=True, slots=True)
class Distance:
    """The distance of one training from the calibrated ones.

    Attributes:
        quantity: What was compared.
        value: What the new training reached.
        mean: Of the calibrated runs with as many epochs.
        deviation: Of the same runs.
        runs: How many they are.
        epochs: Epochs of each.
    """

    quantity: Quantity
    value: float
    mean: float
    deviation: float
    runs: int
    epochs: int

    @property
    def deviations(self) -> float:
        """Return (value - mean) / deviation."""
        return distance(self.value, self.mean, self.deviation)

    @property
    def allowed(self) -> float:
        """Return how large its absolute value may be by chance."""
        return farthest_distance(self.runs)

    @property
    def is_drift(self) -> bool:
        """Return whether chance does not explain it."""
        return abs(self.deviations) > self.allowed


@dataclass(frozen=True, slots=True)
class ReferenceVerdict:
    """The result for one reference.

    Attributes:
        reference: Its id.
        faults: What is wrong, a sentence each; none if all is well.
        distances: How far the new training is from the facts.
        remarks: What a maintainer should know and nothing depends on.
        seconds: Wall time of the training.
    """

    reference: str
    faults: tuple[Message, ...]
    distances: tuple[Distance, ...] = ()
    remarks: tuple[Message, ...] = ()
    seconds: float = 0.0


def validate(
    facts: Sequence[ReferenceFacts],
    plan: CalibrationPlan,
    executor: Executor,
    *,
    full: bool,
    say: Callable[[ReferenceVerdict], None],
) -> list[ReferenceVerdict]:
    """Validate references, several at a time.

    Args:
        facts: What they should do.
        plan: Data to train and measure on.
        executor: Where models are built and trained.
        full: Train for the facts' own epochs, not for a tenth.
        say: Told of each verdict as it comes.

    Returns:
        The verdicts in the order of `facts`.
    """
    variation = REFERENCE if full else SHORT
    wanted = [(one, dataset) for one in facts for dataset in one.datasets]
    inspected = [executor.submit(inspect, one.reference, plan.choice, dataset=dataset) for one, dataset in wanted]
    anew = replace(plan, weights=None)
    trained = {
        executor.submit(run, one.reference, anew, variation, NEW_SEED, dataset=dataset): place
        for place, (one, dataset) in enumerate(wanted)
    }
    verdicts = {}
    for future in as_completed(trained):
        place = trained[future]
        one, dataset = wanted[place]
        verdict = judge(one, inspected[place].result(), future.result().record, variation, dataset=dataset)
        verdicts[place] = verdict
        say(verdict)
    return [verdicts[place] for place in range(len(wanted))]


def judge(
    facts: ReferenceFacts, found: Inspected, record: CalibrationRun, variation: Variation, *, dataset: str = ""
) -> ReferenceVerdict:
    """Compare the built and trained models with the facts, by default with those of the usual data set."""
    name = facts.reference if dataset in ("", facts.dataset) else f"{facts.reference} ({dataset})"
    faults = [*model_differences(facts.architectures, found.facts.architectures), *_differing_facts(facts, found.facts)]
    remarks = []
    calibrated = facts.on(found.data, dataset)
    if calibrated is None:
        faults.append(_never_calibrated(found.data))
        return ReferenceVerdict(name, tuple(faults), seconds=record.seconds)
    faults += [_never_calibrated(size) for size in _sizes_lacking(facts, dataset)]
    if calibrated.data_hash != found.data_hash:
        if facts.is_of_images and found.data == DataSize.FULL:  # ours were checked when unpacked: these are the user's
            remarks.append(
                message("measured on your own full data, whose order is not that of the facts (SHA-256 differs)")
            )
        else:
            faults.append(message("the {data} data are not those of the facts (SHA-256 differs)", data=found.data))
    distances = tuple(_distances(calibrated, record, variation))
    if not distances:
        faults.append(message("its facts hold too few runs to compare with: calibrate it"))
    faults += [_drifted(one, record) for one in distances if one.is_drift]
    return ReferenceVerdict(name, tuple(faults), distances, (*remarks, *_remarks(calibrated)), record.seconds)


def _never_calibrated(size: DataSize) -> Message:
    return message("it was never calibrated on the {data} data", data=size)


def _sizes_lacking(facts: ReferenceFacts, dataset: str) -> list[DataSize]:
    """Return the other data sizes in which students can be graded but for which there are no facts."""
    return [size for size in facts.sizes if facts.on(size, dataset) is None]


def _differing_facts(facts: ReferenceFacts, built: ReferenceFacts) -> list[Message]:
    """Compare recipe and description; a changed default learning rate shows here before it shows in a loss."""
    names = sorted({*facts.recipe, *built.recipe})
    pairs = [(name, facts.recipe.get(name), built.recipe.get(name)) for name in names]
    pairs += [
        ("dataset", facts.dataset, built.dataset),
        ("code_size", facts.code_size, built.code_size),
        ("published", facts.published, built.published),
    ]
    return [
        message("{name} is {actual}, the facts say {expected}", name=name, actual=str(actual), expected=str(expected))
        for name, expected, actual in pairs
        if expected != actual
    ]


def _distances(calibrated: CalibratedData, record: CalibrationRun, variation: Variation) -> list[Distance]:
    """Compare the deciding number and the reconstruction error, as far as the facts have runs of this kind."""
    alike = [one for one in calibrated.records if one.variation == variation.name and one.epochs == record.epochs]
    if len(alike) < FEWEST_RUNS:
        return []
    deciding = next(iter(calibrated.statistics))
    return [
        _distance(quantity, alike, record)
        for quantity in dict.fromkeys((deciding, Quantity.RECONSTRUCTION_MSE))
        if quantity in record.values
    ]


def _distance(quantity: Quantity, alike: Sequence[CalibrationRun], record: CalibrationRun) -> Distance:
    values = [one.values[quantity] for one in alike]
    return Distance(
        quantity=quantity,
        value=record.values[quantity],
        mean=statistics.fmean(values),
        deviation=statistics.stdev(values),
        runs=len(values),
        epochs=record.epochs,
    )


def _drifted(one: Distance, record: CalibrationRun) -> Message:
    return message(
        "after {epochs} epochs {quantity} is {value:.4g}; the facts say {mean:.4g} ± {deviation:.2g} over {runs} runs, "
        "and it is {deviations:+.1f} deviations away where chance explains {allowed:.1f}",
        epochs=record.epochs,
        quantity=one.quantity.value,
        value=one.value,
        mean=one.mean,
        deviation=one.deviation,
        runs=one.runs,
        deviations=one.deviations,
        allowed=one.allowed,
    )


def _remarks(calibrated: CalibratedData) -> list[Message]:
    here = versions()
    return [
        message(
            "calibrated with {package} {then}, here is {now}: numbers may differ a little",
            package=package,
            then=then,
            now=here[package],
        )
        for package, then in calibrated.versions.items()
        if package in here and here[package] != then
    ]
