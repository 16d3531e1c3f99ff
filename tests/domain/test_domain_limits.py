"""Limits follow the reference and the machine, and never exceed the assignment's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.domain.facts import CalibrationRun, ReferenceFacts
from grader.domain.limits import limits_here
from grader.domain.run import Limits

STACKED = replace(load_assignment("stacked"), limits=Limits(cell_seconds=900.0, notebook_seconds=1800.0))


def trained_in(*seconds: float, epochs: int = 20) -> ReferenceFacts:
    """Facts of a reference that was trained in so many seconds; a variation of it took much longer."""
    facts = load_facts("stacked")
    known = facts.calibrated["full"]
    runs = tuple(CalibrationRun("reference", 0, epochs, {}, None, one, "") for one in seconds)
    slow = CalibrationRun("adam", 0, epochs, {}, None, 10_000.0, "")
    return replace(facts, calibrated={"full": replace(known, epochs=epochs, records=(*runs, slow))})


@pytest.mark.parametrize(
    ("seconds", "slowness", "cell", "notebook"),
    [
        ((40.0, 50.0, 900.0), 1.0, 600.0, 1200.0),
        ((50.0,), 0.2, 600.0, 1200.0),
        ((50.0,), 1.2, 720.0, 1440.0),
        ((50.0,), 9.0, 900.0, 1800.0),
        ((5.0,), 1.0, 300.0, 600.0),
        ((), 1.0, 900.0, 1800.0),
    ],
    ids=["the median", "a fast machine", "a slow machine", "the upper bound", "the lower bound", "nobody knows"],
)
def test_a_cell_has_a_dozen_times_what_the_reference_takes_here(
    seconds: tuple[float, ...], slowness: float, cell: float, notebook: float
) -> None:
    """Between five minutes and the assignment's own limit; the notebook in the same proportion."""
    found = limits_here(STACKED, trained_in(*seconds), "full", slowness=slowness)
    assert (found.cell_seconds, found.notebook_seconds) == (pytest.approx(cell), pytest.approx(notebook))
    assert replace(found, cell_seconds=900.0, notebook_seconds=1800.0) == STACKED.limits


def test_facts_of_fewer_epochs_than_the_course_asks_for_are_stretched() -> None:
    """Calibrated for ten epochs of twenty: twice the time."""
    found = limits_here(STACKED, trained_in(30.0, epochs=10), "full", slowness=1.0)
    assert found.cell_seconds == pytest.approx(12 * 60.0)


def test_several_trainings_and_other_data_keep_their_limits() -> None:
    """Facts tell the time of one training, on the data that they were made on."""
    assert limits_here(STACKED, trained_in(5.0), "sample", slowness=1.0) == STACKED.limits
    for name in ("optimizers", "losses", "greedy-layerwise", "pretraining"):
        own = load_assignment(name)
        assert limits_here(own, load_facts(name), "full", slowness=1.0) == own.limits


@pytest.mark.parametrize("name", ["recurrent", "convolutional", "denoising-convolutional", "deep-dense"])
def test_long_trainings_keep_the_course_s_limits(name: str) -> None:
    """A dozen times their reference is more than the assignment ever allowed."""
    own = load_assignment(name)
    assert limits_here(own, load_facts(name), "full", slowness=1.0) == own.limits
