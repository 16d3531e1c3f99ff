"""Hand-written subjects: the stacked autoencoder of the course, right and wrong in every way that a check knows.

Layers and parameter counts are those of the course's table (`reference/stacked.py`):

    image 28x28 -> Reshape 784 -> Dense 100 relu (78,500) -> Dense 30 relu (3,030) = code
          -> Dense 100 relu (3,100) -> Dense 784 linear (79,184) -> Reshape 28x28
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from grader.checks.core.subject import Subject
from grader.domain.architecture import RESHAPE, Architecture, Layer, Shape, shape_size
from grader.domain.assignment import ParameterValue, RubricItem
from grader.domain.datasets import DataSize
from grader.domain.evidence import RelatedClaims
from grader.domain.facts import Baseline, CalibratedData, CreditCurve, ReferenceFacts, Statistic
from grader.domain.measurement import MeasuredModel, Measurement, Measurements, MeasuringProblem, Quantity, Role
from grader.domain.messages import message
from grader.domain.run import CellError, RunRecord, RunStatus, StoppedBy

IMAGE: Shape = (28, 28)

RIGHT_MSE = 0.0150
MEAN_IMAGE_MSE = 0.0850
UNTRAINED_MSE = 0.1700

CURVE = CreditCurve(full=0.0200, none=0.0800, reference=0.0150, trivial=MEAN_IMAGE_MSE)
"""Round numbers in the order of Fashion-MNIST's; (0.08 - 0.05) / (0.08 - 0.02) = 0.5 makes 0.05 earn half."""

CALIBRATED = CalibratedData(
    data=DataSize.SAMPLE,
    data_hash="0" * 64,
    source="embedded sample",
    epochs=20,
    statistics={
        Quantity.RECONSTRUCTION_MSE: Statistic(
            unit="pixel²",
            runs=10,
            mean=0.0150,
            deviation=0.0003,
            baselines={Baseline.MEAN: MEAN_IMAGE_MSE, Baseline.PCA: 0.0175, Baseline.UNTRAINED: UNTRAINED_MSE},
            curves=(CURVE,),
        )
    },
)


# Layers and models


def dense(units: int, activation: str = "relu", *, before: Shape) -> Layer:
    """A Dense layer after a layer of shape `before`."""
    taken = before[-1] or 0
    return Layer(
        kind="Dense",
        attributes=(("activation", activation), ("units", units), ("use_bias", True)),
        input_shape=before,
        output_shape=(*before[:-1], units),
        parameters=taken * units + units,
    )


def plain(kind: str, *, before: Shape, after: Shape | None = None, **attributes: str | float) -> Layer:
    """A layer without parameters."""
    return Layer(kind, tuple(sorted(attributes.items())), before, before if after is None else after, 0)


def chain(layers: Sequence[Layer], *, entry: Shape) -> Architecture:
    """Layers one after the other; each reads the one before it."""
    linked = tuple(
        replace(layer, inputs=(place - 1,), operation=f"operation-{place}") for place, layer in enumerate(layers)
    )
    return Architecture(
        layers=linked,
        input_shape=entry,
        output_shape=linked[-1].output_shape if linked else entry,
        output=len(linked) - 1,
        parameters=sum(layer.parameters for layer in linked),
    )


def dense_chain(*steps: int | tuple[int, str], entry: Shape = IMAGE, leave: Shape = IMAGE) -> Architecture:
    """Dense layers given as width or (width, activation), the last one linear unless it says otherwise.

    The image is flattened where it is not flat, and the output shaped like `leave` where it is not.
    """
    layers: list[Layer] = []
    shape = entry
    if len(entry) > 1:
        shape = (shape_size(entry),)
        layers.append(plain(RESHAPE, before=entry, after=shape))
    for place, step in enumerate(steps):
        default = "linear" if place == len(steps) - 1 else "relu"
        width, activation = step if isinstance(step, tuple) else (step, default)
        layers.append(dense(width, activation, before=shape))
        shape = (width,)
    if leave != shape and shape_size(leave) == shape_size(shape):
        layers.append(plain(RESHAPE, before=shape, after=leave))
    return chain(layers, entry=entry)


def stacked(code: int = 30) -> Architecture:
    """The autoencoder of the course."""
    return dense_chain(100, code, 100, 784)


def encoder_half(code: int = 30) -> Architecture:
    """Its encoder."""
    return dense_chain(100, (code, "relu"), leave=(code,))


def decoder_half(code: int = 30) -> Architecture:
    """Its decoder."""
    return dense_chain(100, 784, entry=(code,))


FACTS = ReferenceFacts(
    reference="stacked",
    dataset="fashion_mnist",
    code_size=30,
    parameters=163_814,
    published="163,814 parameters",
    reached="",
    architectures={Role.ENCODER: encoder_half(), Role.DECODER: decoder_half(), Role.AUTOENCODER: stacked()},
    calibrated={DataSize.SAMPLE: CALIBRATED},
)


def known(mean: float, *curves: CreditCurve) -> Statistic:
    """What the reference reaches in one number, and the curves that judge it."""
    return Statistic(unit="1", runs=10, mean=mean, deviation=0.0, curves=curves)


def facts_of(statistics: Mapping[Quantity, Statistic]) -> ReferenceFacts:
    """Facts that hold these numbers and no others, for the data `sample`."""
    return replace(FACTS, calibrated={DataSize.SAMPLE: replace(CALIBRATED, statistics=statistics)})


# What was measured


def models(
    autoencoder: Architecture | None = None,
    encoder: Architecture | None = None,
    decoder: Architecture | None = None,
) -> dict[Role, MeasuredModel]:
    """The three models of the course, each with its role as its name; any of them may be another architecture."""
    chosen = {
        Role.ENCODER: encoder or encoder_half(),
        Role.DECODER: decoder or decoder_half(),
        Role.AUTOENCODER: autoencoder or stacked(),
    }
    return {role: MeasuredModel(role, role.value, architecture) for role, architecture in chosen.items()}


def values(numbers: Mapping[Quantity, float]) -> dict[Quantity, Measurement]:
    """Measurements with these numbers."""
    return {name: Measurement(name, number, name.spec.unit, "by hand") for name, number in numbers.items()}


RIGHT_NUMBERS: Mapping[Quantity, float] = {
    Quantity.RECONSTRUCTION_MSE: RIGHT_MSE,
    Quantity.COMPOSITION_GAP: 0.0,
    Quantity.CODE_SIZE: 30.0,
    Quantity.BOTTLENECK_RANK: 30.0,
    Quantity.OUTPUT_SPREAD: 0.2,
}


def measured(
    found: Mapping[Role, MeasuredModel] | None = None, numbers: Mapping[Quantity, float] | None = None
) -> Measurements:
    """What zone M says of a right submission; `numbers` replace single values."""
    merged = {**RIGHT_NUMBERS, **(numbers or {})}
    chosen = models() if found is None else found
    return Measurements(
        models=chosen, values=values(merged), data=DataSize.SAMPLE, candidates=1, claims=RelatedClaims(trained=True)
    )


def without(measurements: Measurements, *names: Quantity) -> Measurements:
    """The same without these numbers."""
    kept = {name: value for name, value in measurements.values.items() if name not in names}
    return replace(measurements, values=kept)


def diverged(measurements: Measurements, *names: Quantity) -> Measurements:
    """The same after a training that ended in NaN, which took these numbers with it."""
    problem = MeasuringProblem("autoencoder", message("Its weights are not finite numbers (NaN)."), ours=False)
    return replace(without(measurements, *names), problems=(problem,))


# The run

COMPLETED = RunRecord(RunStatus.COMPLETED, cells_total=12, cells_run=12, last_cell=20, wall_seconds=60.0)

TIMED_OUT = RunRecord(RunStatus.TIMED_OUT, StoppedBy.NOTEBOOK_TIME, cells_total=12, cells_run=9, last_cell=14)


def raised(*errors: CellError) -> RunRecord:
    """A run in which these cells raised."""
    return RunRecord(RunStatus.RAISED, cells_total=12, cells_run=12, errors=errors, last_cell=20)


def killed(by: StoppedBy) -> RunRecord:
    """A run that ended with the kernel's death."""
    return RunRecord(RunStatus.KILLED, by, cells_total=12, cells_run=5, last_cell=7)


# The whole


def subject(
    run: RunRecord = COMPLETED,
    measurements: Measurements | None = None,
    facts: ReferenceFacts = FACTS,
    missing_modules: tuple[str, ...] = (),
) -> Subject:
    """A right submission, or one with these parts instead."""
    return Subject(run, measured() if measurements is None else measurements, facts, missing_modules)


def item(
    check: str, *, points: float = 10.0, requires: tuple[str, ...] = (), **parameters: ParameterValue
) -> RubricItem:
    """A rubric item."""
    return RubricItem(check, points, parameters, requires, {"en": check, "es": check})


RUBRIC = (
    item("runs"),
    item("models"),
    item("shapes", requires=("models",), image_shape="28x28"),
    item("code_size", requires=("models",)),
    item(
        "layers",
        points=15.0,
        requires=("models",),
        activations=("relu", "selu"),
        output_activations=("linear", "sigmoid"),
        ignore_code_units=True,
        allow_batch_normalization=False,
    ),
    item("mirror", points=5.0, requires=("models",)),
    item("composition", requires=("models",), tolerance=0.001),
    item("bottleneck", requires=("models",)),
    item("reconstruction", points=20.0, requires=("models",)),
)
"""The rubric of `stacked`: 100 points."""
