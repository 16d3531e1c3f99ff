"""What went wrong in a run is reported in order, once, and with what helps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from outline_samples import claim, notebook, outline

from grader.domain.evidence import Evidence
from grader.domain.inspection import Outline
from grader.domain.messages import message
from grader.domain.outdated import OldCode, SlowOptimizer, Translation
from grader.domain.run import CellError, DefinedBelow, RunRecord, RunStatus
from grader.inspection.diagnosis import MOST_ERRORS, PastRun, diagnosis
from grader.locale import Translator

RESHAPE = CellError(1, "ValueError", "cannot reshape array of size 6272000 into shape (60000,784)\nmore")
ECHO = CellError(2, "NameError", "name 'x' is not defined")


def reported(
    *errors: CellError,
    outlines: tuple[Outline, ...] = (outline(),),
    status: RunStatus = RunStatus.RAISED,
    old: OldCode | None = None,
    **past: Any,
) -> list[str]:
    """The sentences in English."""
    code = notebook("x = x_train.reshape(60000, 784)")
    run = RunRecord(status, errors=errors)
    whole = PastRun(code, old or OldCode(code), run, past.pop("evidence", Evidence()), past.pop("data", "full"))
    return [Translator("en").text(one) for one in diagnosis(whole, outlines)]


def test_a_run_without_errors_has_nothing_to_tell() -> None:
    """An autoencoder was found, and every cell ran."""
    assert reported(status=RunStatus.COMPLETED) == []


def test_an_error_is_told_in_one_line_with_a_hint_where_it_began() -> None:
    """Its first line; the hint once for errors of one kind."""
    said = reported(RESHAPE, CellError(4, "ValueError", "again"))
    assert said[0] == "Cell 2 of the notebook: ValueError: cannot reshape array of size 6272000 into shape (60000,784)…"
    assert said[2:] == ["Cell 5 of the notebook: ValueError: again"]


def test_numbers_of_the_full_set_on_the_sample_are_our_doing() -> None:
    """A notebook that counts 60,000 images fails on 8,000: the report says so, and only then."""
    assert any("embedded sample" in line for line in reported(RESHAPE, data="sample"))
    assert not any("embedded sample" in line for line in reported(RESHAPE, data="full"))
    assert reported(status=RunStatus.COMPLETED, data="sample") == []


def test_cells_in_another_order_are_named() -> None:
    """The cell that lacks a name, the one that defines it, and that its author ran them the other way round."""
    below = DefinedBelow("construir", 2, recorded=3, defining_recorded=2)
    (said,) = reported(CellError(1, "NameError", "name 'construir' is not defined", defined_below=below))
    assert said.startswith(
        "Cell 2 of the notebook: This cell uses “construir”, which is defined further down, in cell 3 of the notebook; "
        "in your session that one ran first"
    )


def test_many_errors_are_counted() -> None:
    """What comes after the first ones is most often their echo."""
    said = reported(*[CellError(n, "NameError", f"name 'x{n}' is not defined") for n in range(MOST_ERRORS + 5)])
    assert said[-1] == "5 more cells ended with an error."
    assert len(said) == MOST_ERRORS + 2


def test_old_code_is_told_with_what_it_is_today() -> None:
    """It stands for the hint of its cell."""
    old = Translation(1, 3, "nb_epoch=5", "epochs=5", message("Data"), signs=("nb_epoch",))
    applied = Translation(1, 4, "lr=1", "learning_rate=1", message("Data"), applied=True)
    slow = SlowOptimizer(0, 7, "Adadelta", 0.001, 1.0)
    code = notebook("")
    said = reported(
        CellError(1, "TypeError", "unexpected keyword 'nb_epoch'"), old=OldCode(code, (old, applied), (slow,))
    )
    assert said == [
        "Cell 2 of the notebook: TypeError: unexpected keyword 'nb_epoch'",
        "Cell 2 of the notebook, line 3: nb_epoch=5: Data",
        "Cell 1 of the notebook, line 7: Adadelta at its default rate of 0.001; old tutorials mean a rate of 1.",
    ]


def test_a_run_that_was_stopped_says_so() -> None:
    """Whoever ended it."""
    assert reported(status=RunStatus.TIMED_OUT) == ["The run was stopped because it took too long."]
    assert reported(status=RunStatus.UNAVAILABLE) == [
        "The grader could not run this notebook. That is no fault of the notebook."
    ]


def test_without_an_autoencoder_it_says_what_was_there() -> None:
    """How many models, and why one could not be opened."""
    evidence = Evidence(models=(claim("m0", "clf"), replace(claim("m1", "ae"), problem="AE.call cannot be traced")))
    assert reported(outlines=(), status=RunStatus.COMPLETED, evidence=evidence) == [
        "No autoencoder was found. Models that the notebook left: 2.",
        "A model cannot be opened: AE.call cannot be traced.",
    ]
