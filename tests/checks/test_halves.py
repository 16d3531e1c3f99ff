"""Half-done work: each half that is there is judged alone and earns its part, in a cell and in the grade."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.check_registry import CHECKS
from grader.checks.core.halves import half_alone
from grader.checks.core.subject import Subject
from grader.checks.rubric import run_checks
from grader.domain.architecture import Architecture, Layer
from grader.domain.grade import CheckResult, Outcome
from grader.domain.measurement import Measurements, MeasuringProblem, Role
from grader.domain.messages import verbatim
from grader.domain.run import CellError

from .builders import FACTS, IMAGE, RUBRIC, chain, dense_chain, encoder_half, item, models, plain, raised, subject
from .reading import english

ENCODER, DECODER = Role.ENCODER, Role.DECODER
UNFINISHED = raised(CellError(7, "NotImplementedError", ""))


def half_done(*roles: Role, encoder: Architecture | None = None, decoder: Architecture | None = None) -> Subject:
    """A notebook that stopped at an unfinished cell, with these halves alone."""
    made = models(encoder=encoder, decoder=decoder)
    return subject(UNFINISHED, Measurements({role: made[role] for role in roles}, data="sample"))


def earned(found: Subject) -> dict[str, float]:
    """Points by check, where there are any."""
    return {one.check: round(one.points_awarded, 2) for one in run_checks(RUBRIC, found) if one.points_awarded}


@pytest.mark.parametrize(
    ("roles", "points"),
    [
        ((ENCODER,), {"models": 3.33, "shapes": 5, "code_size": 10, "layers": 7.5}),
        ((DECODER,), {"models": 3.33, "shapes": 5, "code_size": 10, "layers": 7.5}),
        ((ENCODER, DECODER), {"models": 6.67, "shapes": 10, "code_size": 10, "layers": 15, "mirror": 5}),
        ((), {}),
    ],
)
def test_each_half_that_is_there_earns_its_part(roles: tuple[Role, ...], points: dict[str, float]) -> None:
    """Thirds of the models, halves of shapes and layers; nothing for what only a whole autoencoder does."""
    assert earned(half_done(*roles)) == points


def test_what_a_half_does_wrong_is_told_of_it_and_costs_its_share() -> None:
    """One layer of four, one end of two; the code is counted at the end that is there."""
    wrong = dense_chain(90, (20, "relu"), entry=(784,), leave=(20,))
    results = {one.check: one for one in run_checks(RUBRIC, half_done(ENCODER, encoder=wrong))}
    assert (results["layers"].points_awarded, results["code_size"].outcome) == (15 / 4, Outcome.FAILED)
    assert [english(finding.where) for finding in results["layers"].findings] == [
        "The encoder, layer 1 (counting no Flatten, Reshape, normalisation or noise)",
        "The notebook as a whole",
    ]
    assert english(results["layers"].message) == "Differences from the layers asked for: 1. Not there: decoder."


def test_two_halves_that_do_not_fit_share_the_points_of_the_code() -> None:
    """The encoder gives 30 numbers, the decoder takes 32."""
    found = half_done(ENCODER, DECODER, decoder=dense_chain(100, 784, entry=(32,)))
    (result,) = (one for one in run_checks(RUBRIC, found) if one.check == "code_size")
    assert (result.outcome, result.points_awarded) == (Outcome.PARTIAL, 5.0)
    assert [english(finding.where) for finding in result.findings] == ["The decoder, called “decoder” in the notebook"]


def test_a_decoder_of_the_wrong_size_costs_the_encoder_nothing() -> None:
    """28×28 is asked for, and 32×32 comes out."""
    found = half_done(ENCODER, DECODER, decoder=dense_chain(100, 1024, entry=(30,), leave=(32, 32)))
    assert earned(found) == {"models": 6.67, "shapes": 5, "code_size": 10, "layers": 11.25, "mirror": 5}


def test_one_half_asked_about_alone_is_all_right_without_the_other() -> None:
    """As `grader.check("encoder")` does: the decoder has a check of its own."""
    found = half_done(ENCODER)
    items = [one for one in RUBRIC if one.check in ("shapes", "code_size", "layers")]
    rules = [rule for one in items if (rule := CHECKS[one.check].halves) is not None]
    verdicts = [rule.verdict(half_alone(found, ENCODER), one) for rule, one in zip(rules, items, strict=True)]
    assert [verdict.outcome for verdict in verdicts] == [Outcome.PASSED] * 3


def convolution(kind: str) -> Layer:
    return plain(kind, before=IMAGE, after=IMAGE)


@pytest.mark.parametrize(
    ("kinds", "outcome", "points"),
    [(("Conv2D",), "PARTIAL", 5.0), (("Conv2D", "Dense"), "FAILED", 0.0)],
)
def test_kinds_of_layers_are_asked_of_the_half_that_should_have_them(
    kinds: tuple[str, ...], outcome: str, points: float
) -> None:
    """The reference widens in its decoder: an encoder need not, and must not hold what is forbidden."""
    facts = replace(
        FACTS,
        architectures={
            **FACTS.architectures,
            ENCODER: chain([convolution("Conv2D")], entry=IMAGE),
            DECODER: chain([convolution("UpSampling2D")], entry=IMAGE),
        },
    )
    found = half_done(ENCODER, encoder=chain([convolution(kind) for kind in kinds], entry=IMAGE))
    (result,) = run_checks(
        [item("layer_kinds", forbidden=("Dense",), one_of=("UpSampling2D",))], replace(found, facts=facts)
    )
    assert (result.outcome, result.points_awarded) == (Outcome(outcome), points)


def test_a_decoder_without_the_kind_asked_for_is_told() -> None:
    """What the missing encoder may hold does not stand in for it."""
    facts = replace(
        FACTS, architectures={**FACTS.architectures, DECODER: chain([convolution("UpSampling2D")], entry=IMAGE)}
    )
    found = replace(half_done(DECODER), facts=facts)
    (result,) = run_checks([item("layer_kinds", one_of=("UpSampling2D",))], found)
    assert result.outcome is Outcome.FAILED


def test_a_half_that_may_be_missing_through_our_doing_waits_for_a_person() -> None:
    """The decoder could not be rebuilt: nobody can say what it would have earned."""
    found = half_done(ENCODER)
    problem = MeasuringProblem("decoder", verbatim("A layer that we cannot build."), ours=True)
    unknown = replace(found, measurements=replace(found.measurements, problems=(problem,)))
    results: dict[str, CheckResult] = {one.check: one for one in run_checks(RUBRIC, unknown)}
    assert {results[check].outcome for check in results if CHECKS[check].halves is not None} == {Outcome.UNGRADABLE}


def test_an_autoencoder_of_another_size_is_judged_by_its_structure() -> None:
    """Whatever needs samples of the data is left out, and says why."""
    found = subject()
    found = replace(found, measurements=replace(found.measurements, another_size=True))
    results = {one.check: one for one in run_checks(RUBRIC, found)}
    assert [one.check for one in results.values() if one.outcome is not Outcome.PASSED] == ["reconstruction"]
    assert english(results["reconstruction"].message) == (
        "Not checked: what goes into the autoencoder or comes out of it has not the size asked for."
    )
    assert encoder_half().input_shape == IMAGE
