"""A model that was only run: checks of layers wait, the others decide by its numbers."""

from __future__ import annotations

from dataclasses import replace

from checks.builders import RIGHT_NUMBERS, RUBRIC, measured, subject, without
from grader.checks.check_registry import CHECKS
from grader.checks.rubric import run_checks
from grader.domain.architecture import Architecture
from grader.domain.grade import Outcome
from grader.domain.measurement import MeasuredModel, Measurements, Quantity, Role

ENDS = {Role.AUTOENCODER: ((28, 28), (28, 28)), Role.ENCODER: ((28, 28), (30,)), Role.DECODER: ((30,), (28, 28))}


def run_only(*names: Quantity, **numbers: float) -> Measurements:
    """What zone M says of three graphs, without these numbers and with others."""
    models = {role: MeasuredModel(role, role.value, Architecture((), *ends, -1, 0)) for role, ends in ENDS.items()}
    reported = measured(models, {Quantity(name): value for name, value in numbers.items()})
    return replace(without(reported, Quantity.BOTTLENECK_RANK, *names), by_behaviour=True)


def outcomes(measurements: Measurements) -> dict[str, Outcome]:
    rubric = [replace(item, requires=()) for item in RUBRIC]
    return {result.check: result.outcome for result in run_checks(rubric, subject(measurements=measurements))}


def test_only_checks_of_layers_wait_for_a_person() -> None:
    """Everything that can be seen from outside is decided."""
    reported = outcomes(run_only())
    assert {name for name, outcome in reported.items() if outcome is Outcome.UNGRADABLE} == {"layers", "mirror"} & set(
        reported
    )
    assert {outcome for name, outcome in reported.items() if name not in {"layers", "mirror"}} == {Outcome.PASSED}


def test_every_check_that_is_not_known_to_need_no_layers_waits() -> None:
    """A new check is safe before anybody has thought of it."""
    rubric = [replace(RUBRIC[0], check=name) for name in CHECKS]
    reported = {one.check: one.outcome for one in run_checks(rubric, subject(measurements=run_only()))}
    waiting = {name for name, outcome in reported.items() if outcome is Outcome.UNGRADABLE}
    assert waiting >= {
        "layers", "mirror", "noise_layer", "layer_kinds", "any_length", "arrays", "classifier", "pretrained",
        "accuracy", "comparison", "stages", "features", "average_precision", "latent_distribution", "elbo",
        "prior_samples",
    }  # fmt: skip
    assert not [name for name, outcome in reported.items() if outcome is Outcome.FAILED]


def test_the_bottleneck_holds_where_the_halves_apart_do_what_the_whole_does() -> None:
    """No rank is needed where nothing but the rounded codes was handed on; without that, nobody can tell."""
    assert outcomes(run_only())["bottleneck"] is Outcome.PASSED
    assert outcomes(run_only(Quantity.COMPOSITION_GAP))["bottleneck"] is Outcome.UNGRADABLE
    assert outcomes(run_only(composition_gap=0.01))["bottleneck"] is Outcome.UNGRADABLE
    assert outcomes(run_only(Quantity.CODE_SIZE, Quantity.COMPOSITION_GAP))["bottleneck"] is Outcome.UNGRADABLE


def test_numbers_in_the_last_digits_fail_it_as_ever() -> None:
    """Codes whose fine differences carry the image."""
    assert outcomes(run_only(rounding_gap=0.5))["bottleneck"] is Outcome.FAILED


def test_a_rebuilt_model_still_needs_its_rank() -> None:
    """Its layers are there to be looked at."""
    assert Quantity.COMPOSITION_GAP in RIGHT_NUMBERS
    assert outcomes(without(measured(), Quantity.BOTTLENECK_RANK))["bottleneck"] is Outcome.UNGRADABLE
