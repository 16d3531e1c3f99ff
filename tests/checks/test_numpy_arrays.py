"""`arrays`: the four arrays of a network without libraries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.structure.numpy_arrays import check_arrays
from grader.domain.grade import Outcome
from grader.domain.measurement import Measurements, MeasuringProblem
from grader.domain.messages import message
from grader.domain.run import CellError, RunRecord, StoppedBy

from .builders import (
    COMPLETED,
    TIMED_OUT,
    dense_chain,
    encoder_half,
    item,
    killed,
    measured,
    models,
    raised,
    subject,
)
from .reading import Told, Whole, whole

NOTHING = Measurements(data="sample")
UNTOLD = MeasuringProblem("autoencoder", message("Nothing tells the activation of the code."), ours=True)


def test_four_arrays_pass() -> None:
    """The size of the code comes from their shapes."""
    found = measured(models(dense_chain(64, 784, entry=(784,)), encoder_half(64)))
    assert whole(check_arrays(subject(measurements=found), item("arrays"))) == Whole(
        Outcome.PASSED, 1, "Four arrays make a network with a code of 64 numbers.", [], []
    )


def test_a_cut_run_keeps_its_arrays() -> None:
    """They are there: no training could earn more."""
    assert check_arrays(subject(TIMED_OUT), item("arrays")).outcome is Outcome.PASSED


@pytest.mark.parametrize("run", [COMPLETED, raised(CellError(3, "ValueError", "x")), killed(StoppedBy.OWN_EXIT)])
def test_no_arrays_fail_where_the_notebook_had_its_chance(run: RunRecord) -> None:
    """The finding gives the shapes, and asks whether the arrays live inside a function."""
    assert whole(check_arrays(subject(run, NOTHING), item("arrays"))) == Whole(
        Outcome.FAILED,
        0,
        "The four arrays of the network were not found.",
        [
            Told(
                "The notebook as a whole",
                "Arrays of the shapes (784, K), (K,), (K, 784) and (784,), global or in one object.",
                "No four arrays of these shapes are there after the last cell.",
                "They are all that a network with one hidden layer has learnt.",
                ("Print the shape of each of your arrays after training. Do any of them live inside a function?"),
            )
        ],
        [],
    )


@pytest.mark.parametrize(
    ("run", "missing", "problems", "reason"),
    [
        (TIMED_OUT, (), (), "The notebook took longer than a notebook may."),
        (
            raised(CellError(0, "ModuleNotFoundError", "No module named 'jax'")),
            ("jax",),
            (),
            "Our machine lacks modules that the notebook imports: jax.",
        ),
        (COMPLETED, (), (UNTOLD,), "Nothing tells the activation of the code."),
    ],
    ids=["cut", "lacking", "untold"],
)
def test_what_we_cannot_tell_waits_for_a_person(
    run: RunRecord, missing: tuple[str, ...], problems: tuple[MeasuringProblem, ...], reason: str
) -> None:
    """A limit of ours, a module that we lack, arrays whose functions say nothing."""
    found = subject(run, replace(NOTHING, problems=problems), missing_modules=missing)
    assert whole(check_arrays(found, item("arrays"))) == Whole(
        Outcome.UNGRADABLE, 0, f"We cannot tell which arrays make the network. {reason}", [], []
    )
