"""`models`: three models, thirds of the points, and doubt where the notebook had no full chance."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.check_registry import CHECKS
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict
from grader.domain.grade import Outcome
from grader.domain.measurement import Measurements, MeasuringProblem, Role
from grader.domain.messages import verbatim
from grader.domain.run import CellError, RunRecord, RunStatus, StoppedBy

from .builders import COMPLETED, TIMED_OUT, item, killed, measured, models, raised, subject
from .reading import Told, english, findings

NOTHING = Measurements(data="sample")
REFUSED = MeasuringProblem("modelo", verbatim("The layer `Foo` is not one that we can build."), ours=False)
ERROR = CellError(3, "ValueError", "wrong")


def check(found: Subject) -> Verdict:
    return CHECKS["models"].function(found, item("models"))


def only(*roles: Role) -> Measurements:
    """What is measured where only these models were found."""
    return measured({role: model for role, model in models().items() if role in roles})


def test_without_a_decoder_a_third_is_lost() -> None:
    """The finding says what a decoder is and why it is of use."""
    verdict = check(subject(measurements=only(Role.AUTOENCODER, Role.ENCODER)))
    assert (verdict.outcome, verdict.share) == (Outcome.PARTIAL, pytest.approx(2 / 3))
    assert english(verdict.message) == "An autoencoder was found; missing: decoder."
    assert findings(verdict) == [
        Told(
            where="The notebook as a whole",
            expected="A Keras model or layer of its own that takes a code and gives an image.",
            actual="No such model was found under any name: decoder.",
            why="Decompression and new images use the decoder alone.",
            hint="A decoder needs an input of its own, with the size of the code.",
        )
    ]


def test_a_tensor_is_named_and_is_no_model() -> None:
    """`encoded = Dense(30)(x)` serves measurements; the assignment asks for a model."""
    cut = replace(models()[Role.ENCODER], name="encoded", made=False)
    verdict = check(subject(measurements=measured({**models(), Role.ENCODER: cut})))
    assert (verdict.outcome, verdict.share) == (Outcome.PARTIAL, pytest.approx(2 / 3))
    assert findings(verdict)[0].actual == "There is only a tensor and no model: encoded."
    nameless = measured({**models(), Role.ENCODER: replace(cut, name="")})
    assert findings(check(subject(measurements=nameless)))[0].actual == (
        "No such model was found under any name: encoder."
    )


@pytest.mark.parametrize("name", ["models", "composition"])
def test_where_a_rubric_says_so_layers_of_the_autoencoder_are_decoder_enough(name: str) -> None:
    """A fraud detector needs its error alone; where no such layers were found, the decoder is missing all the same."""
    asked = item(name, layers_suffice=("decoder",))
    cut = replace(models()[Role.DECODER], name="", made=False)
    verdict = CHECKS[name].function(subject(measurements=measured({**models(), Role.DECODER: cut})), asked)
    assert (verdict.outcome, verdict.share) == (Outcome.PASSED, 1.0)
    without = CHECKS[name].function(subject(measurements=only(Role.AUTOENCODER, Role.ENCODER)), asked)
    assert without.share < 1


def test_with_the_autoencoder_alone_two_thirds_are_lost() -> None:
    """Both missing models are reported at once."""
    verdict = check(subject(measurements=only(Role.AUTOENCODER)))
    assert (verdict.outcome, verdict.share) == (Outcome.PARTIAL, pytest.approx(1 / 3))
    assert english(verdict.message) == "An autoencoder was found; missing: encoder, decoder."
    assert len(verdict.findings) == 2


def test_without_an_autoencoder_the_finding_says_what_we_looked_for() -> None:
    """A Keras model from image to image; the halves that are there earn their thirds."""
    verdict = check(subject(measurements=only(Role.ENCODER, Role.DECODER)))
    assert (verdict.outcome, verdict.share) == (Outcome.PARTIAL, pytest.approx(2 / 3))
    assert english(verdict.message) == "No autoencoder was found."
    assert findings(verdict) == [
        Told(
            where="The notebook as a whole",
            expected="A Keras model that takes an image and gives an image, still alive after the last cell.",
            actual="No such model was found under any name: autoencoder.",
            why="An autoencoder is a model that learns, without labels, to give back the image it was given.",
            hint="Is the model kept in a variable, and does its last layer have the size of the image?",
        )
    ]


def test_a_model_that_cannot_be_rebuilt_is_told() -> None:
    """The student's own layer may be the reason why no autoencoder was found."""
    verdict = check(subject(measurements=replace(NOTHING, problems=(REFUSED,))))
    assert verdict.outcome is Outcome.FAILED
    assert findings(verdict)[-1] == Told(
        where="The model “modelo”",
        expected="A model made of Keras layers, which can be built again and measured.",
        actual="The layer `Foo` is not one that we can build.",
        why="Only a model that can be built again outside the notebook can be measured on images it never saw.",
        hint="Call the model on a few images in the notebook: does it answer, and with which shape?",
    )


@pytest.mark.parametrize("run", [COMPLETED, raised(ERROR), killed(StoppedBy.OWN_EXIT)])
def test_no_autoencoder_after_a_full_chance_fails(run: RunRecord) -> None:
    """It ran through, or stopped by its own doing."""
    assert check(subject(run, NOTHING)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "run",
    [
        TIMED_OUT,
        RunRecord(RunStatus.UNAVAILABLE),
        *(killed(by) for by in StoppedBy if by is not StoppedBy.OWN_EXIT),
    ],
)
@pytest.mark.parametrize("found", [NOTHING, only(Role.AUTOENCODER)])
def test_a_missing_model_after_a_cut_run_waits_for_a_person(run: RunRecord, found: Measurements) -> None:
    """The cell that makes it may never have been reached."""
    assert check(subject(run, found)).outcome is Outcome.UNGRADABLE


@pytest.mark.parametrize("found", [NOTHING, only(Role.AUTOENCODER)])
def test_a_missing_model_waits_where_our_measuring_failed(found: Measurements) -> None:
    """Our gap is never a student's lost point."""
    ours = replace(REFUSED, ours=True)
    verdict = check(subject(measurements=replace(found, problems=(ours,))))
    assert verdict.outcome is Outcome.UNGRADABLE
    assert english(verdict.message) == (
        "We cannot tell whether a model is missing. The layer `Foo` is not one that we can build."
    )


def test_a_missing_model_waits_where_our_machine_lacks_a_module() -> None:
    """The failed import may have stopped the cell that builds it."""
    verdict = check(subject(raised(ERROR), NOTHING, missing_modules=("seaborn",)))
    assert verdict.outcome is Outcome.UNGRADABLE


def test_a_lacking_module_is_no_excuse_for_a_notebook_that_ran_through() -> None:
    """The import was caught, and everything else had its chance."""
    assert check(subject(COMPLETED, NOTHING, missing_modules=("seaborn",))).outcome is Outcome.FAILED


def test_all_three_models_pass_however_the_run_ended() -> None:
    """What was measured is there, whatever came after."""
    assert check(subject(TIMED_OUT)).outcome is Outcome.PASSED
