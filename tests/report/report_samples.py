"""Values for the tests of the report: a rubric, its reference, and submissions in every state."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

from grader.domain.architecture import Architecture, Layer
from grader.domain.assignment import Assignment, RubricItem
from grader.domain.cell_places import CellPlace
from grader.domain.datasets import DataSize
from grader.domain.evidence import RelatedClaims
from grader.domain.facts import Baseline, CalibratedData, CreditCurve, ReferenceFacts, Statistic
from grader.domain.grade import CheckResult, Finding, Grade, GradeStatus, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.measurement import (
    ImageStrip,
    MeasuredModel,
    Measurement,
    Measurements,
    MeasuringProblem,
    Quantity,
    Role,
)
from grader.domain.messages import message, verbatim
from grader.domain.run import CellError, Limits, RunRecord, RunStatus, StoppedBy

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;{{ 7*7 }}{% raw %}"
    "\x1b[31mred\x1b[0m\x1b]8;;https://evil.example\x07link\x1b]8;;\x07"
    "\u202egnp.exe\u2066\u200f\ufeff\x00\x07\x9b2J[bold red]markup[/] :skull: \ud800"
)
"""Mark-up of three kinds, terminal escapes, direction overrides, control characters and a lone surrogate."""

TITLES = {
    "model_found": {"en": "The three models exist", "es": "Existen los tres modelos"},
    "layers": {"en": "Layers as asked", "es": "Capas como se piden"},
    "code_size": {"en": "A code of 30 numbers", "es": "Un código de 30 números"},
    "reconstruction": {"en": "Reconstruction of hidden images", "es": "Reconstrucción de imágenes ocultas"},
    "composition": {"en": "Autoencoder = decoder after encoder", "es": "Autoencoder = decoder tras encoder"},
}


def assignment(**changes) -> Assignment:
    """Return an assignment of five checks and ten points on the Colombian scale."""
    points = (1.0, 3.0, 2.0, 3.0, 1.0)
    rubric = tuple(RubricItem(check, value, {}, (), TITLES[check]) for check, value in zip(TITLES, points, strict=True))
    stacked = Assignment(
        assignment="stacked",
        reference="stacked",
        folder=Path("assignments/stacked"),
        title={"en": "Stacked autoencoder", "es": "Autoencoder apilado"},
        rubric=rubric,
        limits=Limits(),
        texts={},
        scale_maximum=5.0,
        scale_decimals=1,
        rubric_hash="r" * 64,
    )
    return replace(stacked, **changes)


def dense(units: int, inputs: int, activation: str = "linear", **wiring) -> Layer:
    """Return a Dense layer with its parameters counted."""
    attributes = (("activation", activation), ("units", units), ("use_bias", True))
    return Layer("Dense", attributes, (inputs,), (units,), inputs * units + units, **wiring)


def chain(*layers: Layer) -> Architecture:
    """Return a model in which each layer reads the one before."""
    wired = tuple(replace(layer, inputs=(position - 1,)) for position, layer in enumerate(layers))
    return Architecture(
        wired, (28, 28), wired[-1].output_shape, len(wired) - 1, sum(layer.parameters for layer in wired)
    )


FLATTEN = Layer("Reshape", (("target_shape", (784,)),), (28, 28), (784,), 0)
UNFLATTEN = Layer("Reshape", (("target_shape", (28, 28)),), (784,), (28, 28), 0)
REFERENCE = chain(
    FLATTEN,
    dense(100, 784, "relu"),
    dense(30, 100, "relu"),
    dense(100, 30, "relu"),
    dense(784, 100),
    UNFLATTEN,
)
TOO_WIDE = chain(
    FLATTEN,
    dense(100, 784, "relu"),
    Layer("Dropout", (("rate", 0.2),), (100,), (100,), 0),
    dense(64, 100, "tanh"),
    dense(784, 64),
    UNFLATTEN,
)


def image_strip(title: str, *, count: int = 4, start: int = 0, side: int = 4) -> ImageStrip:
    """Return `count` small grey images that differ from each other."""
    images = tuple(bytes((start + 16 * n + pixel) % 256 for pixel in range(side * side)) for n in range(count))
    return ImageStrip(title, side, side, tuple(base64.b64encode(image).decode() for image in images))


def facts(**changes) -> ReferenceFacts:
    """Return the reference's facts with one calibration on the sample."""
    calibrated = CalibratedData(
        data=DataSize.SAMPLE,
        data_hash="d" * 64,
        source="embedded sample",
        epochs=20,
        statistics={
            Quantity.RECONSTRUCTION_MSE: Statistic(
                unit="pixel²",
                runs=12,
                mean=0.0187,
                deviation=0.0004,
                baselines={Baseline.MEAN: 0.0847, Baseline.PCA: 0.0178, Baseline.UNTRAINED: 0.168},
                curves=(CreditCurve(full=0.0325, none=0.0774, reference=0.0187, trivial=0.0847),),
            )
        },
        strips=(image_strip("original"), image_strip("reference", start=90)),
    )
    known = ReferenceFacts(
        reference="stacked",
        dataset="fashion_mnist",
        code_size=30,
        parameters=163_814,
        published="163,814 parameters",
        reached="MSE 0.0187",
        architectures={Role.AUTOENCODER: REFERENCE},
        calibrated={DataSize.SAMPLE: calibrated},
    )
    return replace(known, **changes)


def measurements(mse: float = 0.0214, architecture: Architecture = REFERENCE, **changes) -> Measurements:
    """Return what zone M found of a trained autoencoder."""
    values = {
        Quantity.RECONSTRUCTION_MSE: Measurement(Quantity.RECONSTRUCTION_MSE, mse, "pixel²", "on 2,000 hidden images"),
        Quantity.CODE_SIZE: Measurement(Quantity.CODE_SIZE, 30.0, "1", "numbers in one output of the encoder"),
    }
    found = Measurements(
        models={Role.AUTOENCODER: MeasuredModel(Role.AUTOENCODER, "autoencoder", architecture)},
        values=values,
        strips=(image_strip("original"), image_strip("student", start=45)),
        data=DataSize.SAMPLE,
        candidates=1,
        claims=RelatedClaims(trained=True),
    )
    return replace(found, **changes)


def result(check: str, outcome: Outcome, awarded: float, possible: float, said: str, **more) -> CheckResult:
    """Return a check's result with a verbatim message."""
    return CheckResult(check, outcome, awarded, possible, verbatim(said), **more)


CODE_FINDING = Finding(
    where=message("encoder, layer {number}", number=4),
    expected=message("a code of {size} numbers", size=30),
    actual=message("{size} numbers", size=64),
    why=message("A wider code keeps more of each image and hides how well the model really compresses."),
    hint=message("Look at the number of units of the last layer of the encoder."),
)


def submission(student: str = "Ana García", **changes) -> GradedSubmission:
    """Return a perfect, final submission: 10 of 10 points, 5.0 of 5.0."""
    mse = measurements().values[Quantity.RECONSTRUCTION_MSE]
    results = (
        result("model_found", Outcome.PASSED, 1, 1, "encoder, decoder and autoencoder were found."),
        result("layers", Outcome.PASSED, 3, 3, "All six layers are as asked."),
        result("code_size", Outcome.PASSED, 2, 2, "The code has 30 numbers."),
        result("reconstruction", Outcome.PASSED, 3, 3, "The error is within full credit.", measurements=(mse,)),
        result("composition", Outcome.PASSED, 1, 1, "autoencoder(x) equals decoder(encoder(x))."),
    )
    graded = GradedSubmission(
        student=student,
        filename="entrega_final.ipynb",
        sha256="ab12" * 16,
        assignment="stacked",
        rubric_hash="r" * 64,
        grade=Grade(10.0, 10.0, GradeStatus.FINAL, results),
        run=RunRecord(
            RunStatus.COMPLETED,
            cells_total=12,
            cells_run=12,
            last_cell=20,
            wall_seconds=83.42,
            peak_memory_mib=911.6,
        ),
        measurements=measurements(),
        wall_seconds=91.0,
    )
    return replace(graded, **changes)


def imperfect(student: str = "Luis Ñáñez", **changes) -> GradedSubmission:
    """Return a final submission with every outcome but UNGRADABLE: 4.25 of 10 points, 2.1 of 5.0."""
    measured = measurements(mse=0.0489, architecture=TOO_WIDE)
    results = (
        result("model_found", Outcome.PASSED, 1, 1, "encoder, decoder and autoencoder were found."),
        result("layers", Outcome.PARTIAL, 1.5, 3, "Two of six layers differ from what is asked."),
        result("code_size", Outcome.FAILED, 0, 2, "The code is too wide.", findings=(CODE_FINDING,)),
        result(
            "reconstruction",
            Outcome.PARTIAL,
            1.75,
            3,
            "The error lies between full and no credit.",
            measurements=(measured.values[Quantity.RECONSTRUCTION_MSE],),
        ),
        result("composition", Outcome.SKIPPED, 0, 1, "Skipped because “A code of 30 numbers” did not pass."),
    )
    error = CellError(14, "ValueError", "Shapes (None, 64) and (None, 30) are incompatible", "decoder(encoder(x))")
    graded = submission(
        student,
        sha256="cd34" * 16,
        grade=Grade(4.25, 10.0, GradeStatus.FINAL, results),
        run=RunRecord(
            RunStatus.RAISED,
            cells_total=12,
            cells_run=12,
            errors=(error,),
            last_cell=20,
            wall_seconds=61.0,
            places={14: CellPlace("3. The decoder", 2, "decoder(encoder(x))")},
        ),
        measurements=measured,
        notes=(message("{command} was noted and not run", command="!pip install seaborn"),),
        accelerated=True,
    )
    return replace(graded, **changes)


def needs_review(student: str = "Zoé Ruiz", **changes) -> GradedSubmission:
    """Return a submission that waits for a person: at least 3.47 of 10 points, which is 1.735 of 5.0."""
    results = (
        result("model_found", Outcome.PASSED, 1, 1, "encoder, decoder and autoencoder were found."),
        result("layers", Outcome.PARTIAL, 2.47, 3, "One layer differs."),
        result("code_size", Outcome.FAILED, 0, 2, "The code is too wide.", findings=(CODE_FINDING,)),
        result("reconstruction", Outcome.UNGRADABLE, 0, 3, "The measuring process ran out of memory."),
        result("composition", Outcome.UNGRADABLE, 0, 1, "The measuring process ran out of memory."),
    )
    problem = MeasuringProblem("autoencoder", message("The measuring process ran out of memory."), ours=True)
    graded = submission(
        student,
        sha256="ef56" * 16,
        grade=Grade(3.47, 10.0, GradeStatus.NEEDS_REVIEW, results, (message("Two different files were handed in."),)),
        run=RunRecord(
            RunStatus.TIMED_OUT, StoppedBy.CELL_TIME, cells_total=12, cells_run=9, last_cell=15, wall_seconds=900.1
        ),
        measurements=Measurements(problems=(problem,), data=DataSize.SAMPLE),
        fault="Traceback (most recent call last):\nMemoryError",
    )
    return replace(graded, **changes)


def hostile() -> GradedSubmission:
    """Return a submission whose student put something nasty into everything a student can fill."""
    said = verbatim(HOSTILE)
    finding = Finding(said, said, said, said, said)
    bad = CheckResult("code_size", Outcome.FAILED, 0, 2, said, findings=(finding,))
    unknown = CheckResult(HOSTILE, Outcome.UNGRADABLE, 0, 2, said)
    error = CellError(3, HOSTILE, HOSTILE + "\n" * 500 + "x" * 3_000_000, HOSTILE)
    odd = Layer(HOSTILE, (("activation", HOSTILE),), (28, 28), (28, 28), 0)
    return submission(
        HOSTILE,
        filename=f"../{HOSTILE}.ipynb",
        sha256=HOSTILE,
        grade=Grade(1.0, 10.0, GradeStatus.NEEDS_REVIEW, (bad, unknown), (said,)),
        run=RunRecord(RunStatus.RAISED, errors=(error,), detail=said),
        measurements=measurements(
            architecture=chain(odd), problems=(MeasuringProblem(HOSTILE, said, ours=False),), bypass=said
        ),
        notes=(said,),
        fault=HOSTILE,
    )
