"""The whole rubric over right variants and wrong ones: the right lose nothing, the wrong exactly what they should.

Rows are those of the catalogue of submissions that a fair grader must handle (A: right, R: wrong). Losses are set to
what was measured for such models, to show that a good loss buys nothing where the structure is wrong.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from grader.authoring.assignment_catalogue import assignment_ids, load_assignment, load_facts
from grader.checks.core.subject import Subject
from grader.checks.rubric import run_checks
from grader.domain.evidence import RelatedClaims
from grader.domain.grade import CheckResult, Outcome
from grader.domain.measurement import MeasuredModel, Measurements, Quantity, Role
from grader.domain.messages import verbatim

from . import builders
from .builders import chain, dense, dense_chain, measured, models, plain, stacked, subject
from .reading import english, reported


def right(**changes: object) -> Subject:
    return subject(measurements=replace(measured(), **changes))


def named(**names: str) -> dict[Role, MeasuredModel]:
    return {role: replace(model, name=names.get(role.value, "")) for role, model in models().items()}


def spread_out() -> Subject:
    """Dropout and noise at the front, activations in layers of their own, the last one behind the Reshape."""
    flat, first, code, back, image, reshape = stacked().layers
    layers = [
        plain("GaussianNoise", before=(28, 28), stddev=0.1),
        flat,
        plain("Dropout", before=(784,), rate=0.5),
        dense(100, "linear", before=first.input_shape),
        plain("Activation", before=(100,), activation="selu"),
        code,
        back,
        image,
        reshape,
        plain("Activation", before=(28, 28), activation="sigmoid"),
    ]
    return subject(measurements=measured(models(chain(layers, entry=(28, 28)))))


RIGHT: Final[dict[str, Subject]] = {
    "A0 the course's own": subject(),
    "A8 Spanish names": right(models=named(encoder="codificador", decoder="decodificador", autoencoder="modelo")),
    "A8 no names": right(models=named()),
    "A11 data reshaped outside": subject(
        measurements=measured(
            models(
                dense_chain(100, 30, 100, 784, entry=(784,), leave=(784,)),
                dense_chain(100, (30, "relu"), entry=(784,), leave=(30,)),
                dense_chain(100, 784, entry=(30,), leave=(784,)),
            )
        )
    ),
    "A12 with a channel": subject(
        measurements=measured(models(dense_chain(100, 30, 100, 784, entry=(28, 28, 1), leave=(28, 28, 1))))
    ),
    "A19 and A5 noise, activations apart": spread_out(),
    "A22 selu and sigmoid": subject(
        measurements=measured(models(dense_chain((100, "selu"), (30, "selu"), (100, "selu"), (784, "sigmoid"))))
    ),
    "A28 far better than the reference": subject(measurements=measured(numbers={Quantity.RECONSTRUCTION_MSE: 0.004})),
    "a training loop of one's own": right(claims=RelatedClaims()),
    "several autoencoders": right(candidates=7),
}


def wrong_decoder() -> dict[Role, MeasuredModel]:
    found = models()
    found[Role.DECODER] = replace(found[Role.DECODER], shared_with_autoencoder=False)
    return found


def without_decoder() -> dict[Role, MeasuredModel]:
    found = models()
    del found[Role.DECODER]
    return found


def with_skip() -> Subject:
    layers = [*stacked().layers[:5], plain("Add", before=(784,)), stacked().layers[5]]
    found = measured(
        models(chain(layers, entry=(28, 28))),
        {Quantity.BOTTLENECK_RANK: 206, Quantity.COMPOSITION_GAP: 0.9, Quantity.RECONSTRUCTION_MSE: 0.001},
    )
    return subject(measurements=replace(found, bypass=verbatim("`Add` brings in the image.")))


WRONG: Final[dict[str, tuple[Subject, dict[str, float]]]] = {
    "R2 a skip round the code": (
        with_skip(),
        {"layers": 3.75, "composition": 10.0, "bottleneck": 10.0, "reconstruction": 20.0},
    ),
    "R3 code 64": (
        subject(
            measurements=measured(
                models(stacked(64), builders.encoder_half(64), builders.decoder_half(64)),
                {Quantity.CODE_SIZE: 64, Quantity.BOTTLENECK_RANK: 62, Quantity.RECONSTRUCTION_MSE: 0.009},
            )
        ),
        {"code_size": 10.0, "reconstruction": 20.0},
    ),
    "R5 code 2": (
        subject(
            measurements=measured(
                models(stacked(2), builders.encoder_half(2), builders.decoder_half(2)),
                {Quantity.CODE_SIZE: 2, Quantity.BOTTLENECK_RANK: 2, Quantity.RECONSTRUCTION_MSE: 0.035},
            )
        ),
        {"code_size": 10.0, "reconstruction": 5.0},
    ),
    "R7 linear throughout": (
        subject(measurements=measured(models(dense_chain((100, "linear"), (30, "linear"), (100, "linear"), 784)))),
        {"layers": 11.25},
    ),
    "R10 relu output": (
        subject(measurements=measured(models(dense_chain(100, 30, 100, (784, "relu"))))),
        {"layers": 3.75},
    ),
    "R12 a decoder built anew": (
        subject(measurements=measured(wrong_decoder(), {Quantity.COMPOSITION_GAP: 1.2})),
        {"composition": 10.0},
    ),
    "R19 one hidden layer": (
        subject(measurements=measured(models(dense_chain(30, 784)))),
        {"layers": 7.5},
    ),
    "R21 no mirror": (
        subject(measurements=measured(models(dense_chain(100, 30, 200, 784)))),
        {"layers": 3.75, "mirror": 5.0},
    ),
    "R32 untrained": (
        right(claims=RelatedClaims(), values=measured(numbers={Quantity.RECONSTRUCTION_MSE: 0.17}).values),
        {"reconstruction": 20.0},
    ),
    "no decoder": (
        subject(measurements=measured(without_decoder())),
        {"models": pytest.approx(10 / 3), "composition": 10.0},
    ),
}


def lost(results: tuple[CheckResult, ...]) -> dict[str, float]:
    return {r.check: r.points_possible - r.points_awarded for r in results if r.points_awarded < r.points_possible}


@pytest.mark.parametrize("variant", RIGHT)
def test_right_variants_lose_nothing(variant: str) -> None:
    """Correct but different earns full marks, check by check, without a finding."""
    results = run_checks(builders.RUBRIC, RIGHT[variant])
    assert lost(results) == {}
    assert {result.outcome for result in results} == {Outcome.PASSED}


@pytest.mark.parametrize("variant", WRONG)
def test_wrong_variants_lose_exactly_what_they_should(variant: str) -> None:
    """Each mistake costs its own check, and no other."""
    found, expected = WRONG[variant]
    assert lost(run_checks(builders.RUBRIC, found)) == expected


@pytest.mark.parametrize("variant", WRONG)
def test_every_sentence_of_a_wrong_variant_can_be_told(variant: str) -> None:
    """Every field of every message has a value, and no part of a finding is empty."""
    for result in run_checks(builders.RUBRIC, WRONG[variant][0]):
        assert english(result.message)
        assert all(all(reported(finding)) for finding in result.findings)


@pytest.mark.parametrize("name", assignment_ids())
def test_a_notebook_without_any_of_the_work_earns_five_points_at_most(name: str) -> None:
    """A cell that ends without an error is all that it did: what it lacks cannot be what it avoided."""
    assignment = load_assignment(name)
    nothing = Subject(
        builders.COMPLETED, Measurements(), load_facts(assignment.reference), import_policy=assignment.imports
    )
    results = run_checks(assignment.rubric, nothing)
    earned = {one.check: one.points_awarded for one in results if one.points_awarded}
    assert earned == {"runs": 5}
