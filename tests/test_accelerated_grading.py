"""A grade of shortened trainings stands only where it has every point; all else is run again, whole."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from checks import builders
from grading_samples import EMPTY_CLAIMS, FakeMeasurer, FakeSandbox, context, in_english, submission

from grader.accelerated_grading import grade_fast
from grader.domain.measurement import Measurements, Quantity
from grader.domain.ports import MeasuringTask
from grader.domain.run import CellError, RunRecord, RunStatus, StoppedBy

FIT: dict[str, Any] = {
    "model": "m0", "epochs": 20, "samples": 55_000, "batch_size": 32, "same_target": True, "input_minimum": 0.0,
    "input_maximum": 1.0, "completed": True, "joined": True, "accepted_after": 400,
}  # fmt: skip
MODEL: dict[str, Any] = {
    "model": "m0", "names": [], "class_name": "Model", "inputs": [], "nodes": [], "outputs": [], "problem": "-",
    "variables": [], "compiled": {}, "created": 0,
}  # fmt: skip
CRASH = CellError(3, "ValueError", "no")
RAISED = RunRecord(RunStatus.RAISED, StoppedBy.NOTHING, cells_total=9, cells_run=9, errors=(CRASH,), last_cell=8)
TWICE = (
    "The notebook was run twice: a first run with shortened trainings did not earn every point, so this grade is that "
    "of a second run, in which nothing was shortened."
)


def claims(**changes: Any) -> str:
    """What a kernel leaves that trained one model, shortened where nothing else is said."""
    return json.dumps(EMPTY_CLAIMS | {"models": [MODEL], "fits": [FIT | changes]})


class InTurn(FakeMeasurer):
    """Zone M that measures one error after the other."""

    def __init__(self, *errors: float) -> None:
        super().__init__()
        self.errors = list(errors)

    def measure(self, evidence: Any, task: MeasuringTask) -> Measurements:
        """Return measurements with the next error."""
        super().measure(evidence, task)
        right = builders.measured()
        error = replace(right.values[Quantity.RECONSTRUCTION_MSE], value=self.errors[len(self.seen) - 1])
        return replace(right, values={**right.values, Quantity.RECONSTRUCTION_MSE: error})


def test_a_shortened_run_that_earns_everything_stands(tmp_path: Path) -> None:
    """One run, and the grade says what it was."""
    whole, fast = FakeSandbox(), FakeSandbox(claims=claims())
    graded = grade_fast(submission(tmp_path), context(whole, fast=fast))
    assert (graded.grade.points_awarded, graded.accelerated) == (100.0, True)
    assert (len(fast.seen), len(whole.seen)) == (1, 0)
    assert TWICE not in [in_english(note) for note in graded.notes]


@pytest.mark.parametrize(("second", "points"), [(0.0150, 100.0), (0.0500, 90.0), (0.0900, 80.0)])
def test_a_lost_point_after_shortening_is_decided_by_a_whole_run(tmp_path: Path, second: float, points: float) -> None:
    """The second run counts, whatever it says, and the report says that there were two."""
    whole, fast = FakeSandbox(claims=claims(accepted_after=0)), FakeSandbox(claims=claims())
    graded = grade_fast(submission(tmp_path), context(whole, InTurn(0.0300, second), fast=fast))
    assert (graded.grade.points_awarded, graded.accelerated) == (points, False)
    assert (len(fast.seen), len(whole.seen)) == (1, 1)
    assert TWICE in [in_english(note) for note in graded.notes]


class WrongCode(FakeMeasurer):
    """Zone M that finds a code of twice the size, and then this error."""

    def __init__(self, mse: float, size: int) -> None:
        super().__init__()
        self.mse, self.size = mse, size

    def measure(self, evidence: Any, task: MeasuringTask) -> Measurements:
        """Return measurements of models whose code has another size."""
        super().measure(evidence, task)
        halves = builders.encoder_half(self.size), builders.decoder_half(self.size)
        numbers = {
            Quantity.CODE_SIZE: float(self.size),
            Quantity.BOTTLENECK_RANK: float(self.size),
            Quantity.RECONSTRUCTION_MSE: self.mse,
        }
        return builders.measured(builders.models(builders.stacked(self.size), *halves), numbers)


@pytest.mark.parametrize(("size", "points"), [(60, 70.0), (20, 90.0)])
def test_points_that_no_training_could_bring_cost_no_second_run(tmp_path: Path, size: int, points: float) -> None:
    """A code of the wrong size stays wrong; whether its errors are compared at all depends on that size alone."""
    whole, fast = FakeSandbox(), FakeSandbox(claims=claims())
    graded = grade_fast(submission(tmp_path), context(whole, WrongCode(0.0150, size), fast=fast))
    assert (len(fast.seen), len(whole.seen)) == (1, 0)
    assert (graded.grade.points_awarded, graded.accelerated) == (points, True)
    alone = grade_fast(submission(tmp_path), context(FakeSandbox(claims=claims()), WrongCode(0.0150, size)))
    assert alone.grade.points_awarded == points
    assert [one.outcome for one in alone.grade.results] == [one.outcome for one in graded.grade.results]


@pytest.mark.parametrize(
    ("fits", "error"),
    [
        ([FIT, FIT | {"model": "m0", "accepted_after": 0}], 0.0150),
        ([FIT | {"how": "loop"}], 0.0150),
        ([FIT], 0.0300),
    ],
    ids=["two trainings", "a loop", "an error that training decides"],
)
def test_a_wrong_code_is_run_whole_where_a_training_may_still_matter(
    tmp_path: Path, fits: list[dict[str, Any]], error: float
) -> None:
    """Who trains several models may choose one of them by a number that shortening has changed."""
    text = json.dumps(EMPTY_CLAIMS | {"models": [MODEL], "fits": fits})
    whole, fast = FakeSandbox(), FakeSandbox(claims=text)
    grade_fast(submission(tmp_path), context(whole, WrongCode(error, 20), fast=fast))
    assert (len(fast.seen), len(whole.seen)) == (1, 1)


def test_points_that_weights_decide_are_decided_by_a_whole_run(tmp_path: Path) -> None:
    """The rank of what passes the code, and whether two models give the same, are numbers of the trained model."""
    for number in ({Quantity.BOTTLENECK_RANK: 31.0}, {Quantity.COMPOSITION_GAP: 0.5}):
        whole, fast = FakeSandbox(), FakeSandbox(claims=claims())
        measurer = FakeMeasurer(builders.measured(numbers=number))
        graded = grade_fast(submission(tmp_path), context(whole, measurer, fast=fast))
        assert (len(fast.seen), len(whole.seen)) == (1, 1)
        assert 0 < graded.grade.points_awarded < 100


@pytest.mark.parametrize(
    "sandbox",
    [
        FakeSandbox(RAISED, claims()),
        FakeSandbox(replace(RAISED, status=RunStatus.TIMED_OUT, stopped_by=StoppedBy.CELL_TIME), claims()),
        FakeSandbox(RAISED, claims(accepted_after=0, completed=False)),
        FakeSandbox(error=OSError("no room")),
    ],
    ids=["an error", "a limit", "a training that broke off", "our failure"],
)
def test_doubt_after_acceleration_means_a_whole_run(tmp_path: Path, sandbox: FakeSandbox) -> None:
    """What broke in the fast run is not known to break in the other."""
    graded = grade_fast(submission(tmp_path), context(FakeSandbox(), fast=sandbox))
    assert (graded.grade.points_awarded, graded.accelerated, graded.fault) == (100.0, False, "")


@pytest.mark.parametrize(
    ("record", "fit", "error"),
    [
        (builders.COMPLETED, {"accepted_after": 0}, 0.0500),
        (RAISED, {"accepted_after": 0}, 0.0150),
        (replace(RAISED, status=RunStatus.TIMED_OUT), {"accepted_after": 0, "completed": False}, 0.0150),
    ],
    ids=["a wrong answer", "an error elsewhere", "a training without end"],
)
def test_what_was_not_shortened_is_run_once(
    tmp_path: Path, record: RunRecord, fit: dict[str, Any], error: float
) -> None:
    """Joined steps give the same numbers, so that a wrong notebook costs no second run."""
    whole, fast = FakeSandbox(), FakeSandbox(record, claims(**fit))
    graded = grade_fast(submission(tmp_path), context(whole, InTurn(error), fast=fast))
    assert (len(fast.seen), len(whole.seen)) == (1, 0)
    assert graded.grade.points_awarded < 100
    assert not graded.accelerated


def test_without_acceleration_there_is_one_run(tmp_path: Path) -> None:
    """`--no-accelerate` is the pipeline as it is."""
    whole = FakeSandbox()
    assert grade_fast(submission(tmp_path), context(whole)).grade.points_awarded == 100.0
    assert len(whole.seen) == 1
