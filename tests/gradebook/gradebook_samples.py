"""Builders of graded submissions: one rich example, and a Hypothesis strategy for all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import strategies as st

from grader.domain.architecture import Architecture, Layer
from grader.domain.assignment import Assignment, RubricItem
from grader.domain.cell_places import CellPlace
from grader.domain.datasets import DataSize
from grader.domain.evidence import ColumnClaim, FitClaim, RelatedClaims
from grader.domain.grade import CheckResult, Finding, Grade, GradeStatus, Lateness, Outcome
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
from grader.domain.messages import Message, message, verbatim
from grader.domain.observation import Observation
from grader.domain.outdated import SlowOptimizer, Translation
from grader.domain.run import CellError, Limits, RunRecord, RunStatus, StoppedBy
from grader.domain.submission import ImportedModule
from grader.domain.units import Unit

ASSIGNMENT = Assignment(
    assignment="stacked",
    reference="stacked",
    folder=Path("assignments/stacked"),
    title={"es": "Autoencoder apilado", "en": "Stacked autoencoder"},
    rubric=tuple(RubricItem(check, 5.0, {}, (), {}) for check in ("code_size", "reconstruction")),
    limits=Limits(),
    texts={},
    scale_maximum=5.0,
    scale_decimals=1,
    rubric_hash="r1",
)

MSE = Measurement(Quantity.RECONSTRUCTION_MSE, 0.018, "pixel²", "mean over 500 hidden images")

FINDING = Finding(
    where=message("Model {name}", name="ae"),
    expected=message("A code of {expected} numbers", expected=30),
    actual=message("{actual} numbers", actual=64),
    why=message("A wider code compresses less."),
    hint=message("Look at the last layer of the encoder."),
)


def graded(
    student: str = "ana",
    *,
    points: tuple[float, float] = (5.0, 2.5),
    status: GradeStatus = GradeStatus.FINAL,
    sha256: str = "a" * 64,
    filename: str = "stacked.ipynb",
) -> GradedSubmission:
    """Build a small grade under `ASSIGNMENT`, a check for each number of points."""
    outcomes = {5.0: Outcome.PASSED, 0.0: Outcome.FAILED}
    results = tuple(
        CheckResult(item.check, outcomes.get(earned, Outcome.PARTIAL), earned, item.points, verbatim("told"))
        for item, earned in zip(ASSIGNMENT.rubric, points, strict=True)
    )
    return GradedSubmission(
        student=student,
        filename=filename,
        sha256=sha256,
        assignment=ASSIGNMENT.assignment,
        rubric_hash=ASSIGNMENT.rubric_hash,
        grade=Grade(sum(points), ASSIGNMENT.points_possible, status, results),
        run=RunRecord(RunStatus.COMPLETED),
        measurements=Measurements(),
    )


def rich() -> GradedSubmission:
    """Build a grade in which every field holds something."""
    results = (
        CheckResult("code_size", Outcome.FAILED, 0.0, 5.0, message("Too wide"), (FINDING,)),
        CheckResult("reconstruction", Outcome.UNGRADABLE, 0.0, 5.0, message("Not measured"), (), (MSE,)),
    )
    reasons = (message("A check could not be judged: {check}", check=verbatim("reconstruction")),)
    layer = Layer(
        "Dense", (("activation", "relu"), ("units", 30), ("scale", 1.0), ("axes", (1, 2.0, None))), (784,), (30,), 23550
    )
    return GradedSubmission(
        student="Ñáñez, José\u0000=\ud83d",
        filename='tarea "1";\n.ipynb',
        sha256="b" * 64,
        assignment="stacked",
        rubric_hash="r1",
        grade=Grade(0.0, 10.0, GradeStatus.NEEDS_REVIEW, results, reasons, Lateness(2880, 20.0, 0.0)),
        run=RunRecord(
            RunStatus.RAISED,
            StoppedBy.NOTHING,
            cells_total=9,
            cells_run=8,
            errors=(CellError(3, "ValueError", "shapes (32,) and (30,)", "ae.fit(x)", "train"),),
            last_cell=11,
            wall_seconds=12.25,
            peak_memory_mib=812.5,
            output_truncated=True,
            sandboxed=False,
            detail=message("Exit status {status}", status=1),
        ),
        measurements=Measurements(
            models={
                Role.ENCODER: MeasuredModel(Role.ENCODER, "enc", Architecture((layer,), (784,), (30,), 0, 23550), False)
            },
            values={Quantity.RECONSTRUCTION_MSE: MSE},
            problems=(MeasuringProblem("vae", message("Lambda layers cannot be rebuilt."), True),),
            bypass=message("Layer {layer} carries the image past the code", layer="add"),
            strips=(ImageStrip("original", 1, 2, ("AP8=", "fwA=")),),
            data=DataSize.SAMPLE,
            candidates=2,
            claims=RelatedClaims(trained=True, compared={"comparison['sgd']": 0.25}),
        ),
        notes=(message("The file was upgraded from nbformat {version}.", version=3),),
        wall_seconds=31.5,
        accelerated=True,
        fault="Traceback …\n",
        submitted_at=datetime(2026, 12, 4, 4, 59, 0, 250_000, tzinfo=UTC),
    )


# Every kind of text, half surrogates and NUL included, as a student can put it into a name or an error message.
_texts = st.text(st.characters(exclude_categories=()), max_size=8)
_floats = st.floats(allow_nan=False)
_counts = st.integers(-(10**20), 10**20)
_messages: st.SearchStrategy[Message] = st.recursive(
    st.builds(Message, _texts),
    lambda inner: st.builds(
        Message,
        _texts,
        st.lists(st.tuples(_texts, _texts | _counts | _floats | inner), max_size=3).map(tuple),
    ),
    max_leaves=3,
)
_scalars = _texts | _counts | _floats | st.booleans() | st.none()
_shapes = st.lists(st.integers(0, 999) | st.none(), max_size=3).map(tuple)


def observed(wall_seconds: float = 1.5) -> Observation:
    """What a run of `rich` left, with everything set that an observation can hold."""
    one = rich()
    return Observation(
        DataSize.SAMPLE,
        DataSize.FULL,
        one.run,
        one.measurements,
        fits=(
            FitClaim("m1", 20, 8000, 128, True, 0.0, 1.0, True, ColumnClaim((1.5,), (0.5,), (0.0,), (3.0,)), ("ae",)),
        ),
        requests=("pip install -q umap-learn",),
        missing_modules=("umap",),
        imports=(ImportedModule("umap", 3, 1),),
        old_code=(
            Translation(3, 1, "lr=0.1", "learning_rate=0.1", message("It is called otherwise now."), signs=("lr",)),
        ),
        slow_optimizers=(SlowOptimizer(4, 2, "Adadelta", 0.001, 1.0),),
        places={3: CellPlace("2. El codificador", 1, "import umap")},
        notes=one.notes,
        counts_official_images=True,
        problem=message("A {file} of {count} bytes", file="\ud800", count=3),
        wall_seconds=wall_seconds,
    )


def _many(items: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(items, max_size=2).map(tuple)


_architectures = st.builds(
    Architecture,
    _many(
        st.builds(
            Layer,
            _texts,
            _many(st.tuples(_texts, _scalars | _many(_scalars))),
            _shapes,
            _shapes,
            _counts,
            _many(st.integers(-1, 9)),
            _texts,
        )
    ),
    _shapes,
    _shapes,
    st.integers(-1, 9),
    _counts,
)
_measurements = st.sampled_from(
    [(name, unit) for name in Quantity for unit in Unit if name.spec.has_unit(unit)]
).flatmap(lambda named: st.builds(Measurement, st.just(named[0]), _floats, st.just(named[1]), _texts))
_models = st.builds(MeasuredModel, st.sampled_from(Role), _texts, _architectures, st.booleans())
_results = st.builds(
    CheckResult,
    _texts,
    st.sampled_from(Outcome),
    _floats,
    _floats,
    _messages,
    _many(st.builds(Finding, _messages, _messages, _messages, _messages, _messages)),
    _many(_measurements),
)
_runs = st.builds(
    RunRecord,
    st.sampled_from(RunStatus),
    st.sampled_from(StoppedBy),
    _counts,
    _counts,
    _many(st.builds(CellError, _counts, _texts, _texts, _texts, _texts)),
    _counts,
    _floats,
    _floats,
    st.booleans(),
    st.booleans(),
    st.none() | _messages,
    st.dictionaries(_counts, st.builds(CellPlace, _texts, _counts, _texts), max_size=2),
    _counts,
)
_everything_measured = st.builds(
    Measurements,
    models=st.dictionaries(st.sampled_from(Role), _models, max_size=2),
    values=st.dictionaries(st.sampled_from(Quantity), _measurements, max_size=2),
    problems=_many(st.builds(MeasuringProblem, _texts, _messages, st.booleans())),
    bypass=st.none() | _messages,
    strips=_many(st.builds(ImageStrip, _texts, _counts, _counts, _many(_texts))),
    data=st.sampled_from(["", *DataSize]),
    candidates=_counts,
    claims=st.builds(RelatedClaims, st.booleans(), st.dictionaries(_texts, st.floats(allow_nan=False), max_size=2)),
)
graded_submissions: st.SearchStrategy[GradedSubmission] = st.builds(
    GradedSubmission,
    student=_texts,
    filename=_texts,
    sha256=_texts,
    assignment=_texts,
    rubric_hash=_texts,
    grade=st.builds(
        Grade,
        _floats,
        _floats,
        st.sampled_from(GradeStatus),
        _many(_results),
        _many(_messages),
        st.none() | st.builds(Lateness, _counts, _floats, _floats),
    ),
    run=_runs,
    measurements=_everything_measured,
    notes=_many(_messages),
    wall_seconds=_floats,
    accelerated=st.booleans(),
    fault=_texts,
    # UTC has no hour twice, so that `fold` means nothing there.
    submitted_at=st.none() | st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(fold=0)),
)
"""Any value whatever of the types; only NaN is left out, because it is not equal to itself."""
