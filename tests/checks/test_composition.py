"""`composition`: one network seen in three ways."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.check_registry import CHECKS
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict
from grader.domain.grade import Outcome
from grader.domain.measurement import MeasuringProblem, Quantity, Role
from grader.domain.messages import verbatim

from .builders import TIMED_OUT, decoder_half, item, measured, models, subject, without
from .reading import Told, english, findings

WHY = (
    "The three models are one network seen in three ways: the encoder and the decoder must be the layers that were "
    "trained as the autoencoder, else a code means nothing to the decoder."
)


def check(found: Subject, tolerance: float = 0.001) -> Verdict:
    return CHECKS["composition"].function(found, item("composition", tolerance=tolerance))


@pytest.mark.parametrize(("gap", "outcome"), [(0.0, "PASSED"), (0.001, "PASSED"), (0.0011, "FAILED"), (9.0, "FAILED")])
def test_the_gap_must_be_within_the_tolerance(gap: float, outcome: str) -> None:
    """The tolerance itself is still right."""
    verdict = check(subject(measurements=measured(numbers={Quantity.COMPOSITION_GAP: gap})))
    assert verdict.outcome == outcome
    assert [measurement.value for measurement in verdict.measurements] == [gap]


def test_the_gap_is_told_in_percent_of_the_output() -> None:
    """R4 and R12 of the catalogue: other layers than the trained ones."""
    verdict = check(subject(measurements=measured(numbers={Quantity.COMPOSITION_GAP: 0.25})))
    assert english(verdict.message) == "The autoencoder is not the decoder after the encoder."
    assert findings(verdict) == [
        Told(
            where="decoder(encoder(x)) beside autoencoder(x)",
            expected="The same outputs, to within 0.10%.",
            actual="They differ by 25.00% of the output.",
            why=WHY,
            hint="Pass one input through the encoder and its code through the decoder: where do the ways part?",
        )
    ]


def test_the_rubric_sets_the_tolerance() -> None:
    """Lower precision needs more room."""
    assert check(subject(measurements=measured(numbers={Quantity.COMPOSITION_GAP: 0.01})), 0.02).share == 1


def test_arrays_of_its_own_fail_a_model() -> None:
    """A decoder built and never trained, reported under the student's name for it."""
    found = models()
    found[Role.DECODER] = replace(found[Role.DECODER], name="decodificador", shared_with_autoencoder=False)
    verdict = check(subject(measurements=measured(found)))
    assert verdict.outcome is Outcome.FAILED
    assert findings(verdict) == [
        Told(
            where="The decoder, called “decodificador” in the notebook",
            expected="A model that holds the autoencoder's own trained weights and no others.",
            actual="It holds weights that are not the autoencoder's.",
            why=WHY,
            hint="Does this model use the layers that were trained, or does it make new ones of the same kind?",
        )
    ]


@pytest.mark.parametrize("missing", [{Role.ENCODER}, {Role.DECODER}, {Role.ENCODER, Role.DECODER}])
def test_a_missing_half_fails(missing: set[Role]) -> None:
    """There is nothing to put together, and each missing model is reported."""
    found = {role: model for role, model in models().items() if role not in missing}
    verdict = check(subject(measurements=measured(found)))
    assert (verdict.outcome, len(verdict.findings)) == (Outcome.FAILED, len(missing))
    assert english(verdict.message) == "Encoder and decoder are not both there, so that they cannot be put together."


def test_a_missing_half_waits_where_it_may_be_our_doing() -> None:
    """A cut run, or a model that we could not rebuild."""
    found = measured({Role.AUTOENCODER: models()[Role.AUTOENCODER]})
    ours = replace(found, problems=(MeasuringProblem("encoder", verbatim("We do not know `Foo`."), ours=True),))
    assert check(subject(TIMED_OUT, found)).outcome is Outcome.UNGRADABLE
    assert check(subject(measurements=ours)).outcome is Outcome.UNGRADABLE


def test_without_a_gap_nobody_can_tell() -> None:
    """Both halves are there and fit together: it is our measuring that lacks something."""
    assert check(subject(measurements=without(measured(), Quantity.COMPOSITION_GAP))).outcome is Outcome.UNGRADABLE


def test_halves_that_do_not_fit_together_fail() -> None:
    """Without a gap to measure, the shapes say why."""
    found = without(measured(models(decoder=decoder_half(64))), Quantity.COMPOSITION_GAP)
    verdict = check(subject(measurements=found))
    assert verdict.outcome is Outcome.FAILED
    assert findings(verdict) == [
        Told(
            where="The decoder, called “decoder” in the notebook",
            expected="A decoder that takes the encoder's codes, 30 numbers each.",
            actual="It takes 64 numbers.",
            why=WHY,
            hint="Compare the last shape in the encoder's `summary()` with the first in the decoder's.",
        )
    ]
