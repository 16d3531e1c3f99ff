"""Reasons to look closer: each rule by itself, on the one side and on the other; no honest run is suspected."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from checks import builders
from grading_samples import in_english

from grader.audit import suspicion
from grader.audit.suspicion import Observed, suspicions, updates
from grader.authoring.assignment_catalogue import load_facts
from grader.domain.datasets import DataSize, image_sets
from grader.domain.evidence import Evidence, FitClaim, ModelClaim, RelatedClaims
from grader.domain.facts import CalibrationRun
from grader.domain.measurement import Quantity
from grader.domain.submission import CodeCell
from grader.probe import numpy_models
from reference.contract import IDS

RUN = CalibrationRun("reference", 1, 20, {Quantity.RECONSTRUCTION_MSE: 0.015}, 0.015, 80.0, "x86_64, 2 cores, 1 used")
FACTS = replace(
    builders.FACTS,
    calibrated={DataSize.SAMPLE: replace(builders.CALIBRATED, records=(RUN, replace(RUN, seconds=95.0)))},
)
"""The reference takes 80 s for 20 epochs of 8,000 images: 0.5 ms for an image in an epoch."""

FIT = FitClaim("m", 20, 8_000, 128, True, 0.0, 1.0, completed=True, first_loss=0.06, last_loss=0.015)
MODEL = ModelClaim("m", ("autoencoder",), "Functional", (), (), (), "", (), {}, 0)
HONEST_RUN = replace(builders.COMPLETED, processor_seconds=60.0, peak_memory_mib=900.0)


def observed(**changes: Any) -> Observed:
    """An honest run, or one with these parts instead."""
    parts: dict[str, Any] = {
        "cells": [CodeCell(0, "", "autoencoder.fit(x, x, epochs=20)")],
        "companions": (),
        "run": HONEST_RUN,
        "evidence": Evidence(models=(MODEL,), fits=(FIT,)),
        "measurements": builders.measured(),
        "facts": FACTS,
        "data": "sample",
    }
    return Observed(**parts | changes)


def said(**changes: Any) -> list[str]:
    return [in_english(reason) for reason in suspicions(observed(**changes))]


def trained(*fits: FitClaim) -> Evidence:
    return Evidence(models=(MODEL,), fits=fits)


def test_an_honest_run_is_not_suspected() -> None:
    """Twenty epochs in a minute of processors, a loss that falls, no data in the text."""
    assert said() == []


def test_data_in_the_text_are_compared_with_the_size_of_the_network() -> None:
    """163,814 weights take at least half a bit each: 10,238 bytes are suspicious, and a small picture is none."""

    def of(size: int) -> list[CodeCell]:
        text = base64.b85encode(np.random.default_rng(1).bytes(size)).decode()
        return [CodeCell(0, "", f"x = {text!r}")]

    assert said(cells=of(7_500)) == []
    assert said(cells=of(12_500)) == [
        "The code and the files beside it hold 13 kB of data that are no code, and the network has 163814 numbers."
    ]


def test_a_model_that_nobody_saw_trained_is_suspected() -> None:
    """Measured, and without a training of its own."""
    assert said(measurements=replace(builders.measured(), claims=RelatedClaims())) == [
        "No training of the measured network was seen while the notebook ran."
    ]


def test_a_run_is_suspected_that_took_far_less_time_than_its_trainings() -> None:
    """160,000 images through the network take the reference 80 s; an eighth of that is too little, and no less."""
    assert said(run=replace(HONEST_RUN, processor_seconds=9.0)) == [
        "The whole run kept the processors busy for 9 s; the trainings that it tells of take the reference about 80 s."
    ]
    assert said(run=replace(HONEST_RUN, processor_seconds=11.0)) == []
    assert said(run=replace(HONEST_RUN, processor_seconds=None)) == []  # nobody looked
    assert said(run=replace(HONEST_RUN, processor_seconds=3.0), evidence=trained(replace(FIT, epochs=3))) == []
    assert said(run=replace(HONEST_RUN, processor_seconds=9.0), data=DataSize.FULL) == []  # no facts to compare with


def test_keras_leaves_its_traces_in_memory() -> None:
    """A model of Keras from a process of 60 MiB was never made; NumPy alone needs no more."""
    small = replace(HONEST_RUN, peak_memory_mib=61.7)
    assert said(run=small) == [
        "The run never held more than 62 MiB of memory: Keras, with which its model is said to be made, takes more."
    ]
    numpy = Evidence(models=(replace(MODEL, class_name=numpy_models.WITHOUT_KERAS),), fits=(FIT,))
    assert said(run=small, evidence=numpy) == []
    assert said(run=replace(HONEST_RUN, peak_memory_mib=0.0)) == []  # nobody looked
    assert suspicion.WITHOUT_KERAS == numpy_models.WITHOUT_KERAS


def test_a_training_that_we_ended_early_is_not_suspected_for_it() -> None:
    """It took few steps and its history is filled with one loss; where nothing was shortened, it may not say so."""
    short = replace(FIT, accepted_after=50, first_loss=0.0151, last_loss=0.0151)
    quick = {"run": replace(HONEST_RUN, processor_seconds=4.0), "evidence": trained(short)}
    assert said(**quick, shortened=True) == []
    assert len(said(**quick)) == 2


def test_a_training_lowers_its_loss() -> None:
    """All trainings of several epochs begin where they end: the weights were there before."""
    idle = replace(FIT, first_loss=0.0151, last_loss=0.0150)
    assert said(evidence=trained(idle)) == [
        "The first epoch was already as good as the last (loss 0.0151 and 0.015), as where the weights were there before."
    ]
    assert said(evidence=trained(FIT, idle)) == []  # trained, and then once more
    assert said(evidence=trained(replace(idle, epochs=2))) == []  # too few to tell, where nobody knows the loss
    assert said(evidence=trained(replace(idle, first_loss=None))) == []
    assert (
        said(evidence=trained(replace(idle, first_loss=-3.0, last_loss=-8.0))) == []
    )  # a loss below zero falls as well


@pytest.mark.parametrize(("first", "is_suspected"), [(0.0151, True), (0.0550, False)])
def test_one_idle_epoch_is_told_by_what_the_model_reaches(first: float, *, is_suspected: bool) -> None:
    """Within its first epoch a training is worse than in the end; one at a rate of zero is as good as the model is."""
    mse = replace(MODEL, compiled={"loss": "mse", "optimizer": "SGD"})
    fit = replace(FIT, epochs=1, first_loss=first, last_loss=first)
    found = said(evidence=Evidence(models=(mse,), fits=(fit,)), measurements=builders.measured(numbers=REACHED))
    assert [sentence.startswith("The first epoch was already as good") for sentence in found] == [True] * is_suspected


REACHED = {Quantity.RECONSTRUCTION_MSE: 0.015, Quantity.MEAN_IMAGE_MSE: builders.MEAN_IMAGE_MSE}
SHORT = replace(RUN, variation="short", epochs=2, values={Quantity.RECONSTRUCTION_MSE: 0.040})
WITH_SHORT = replace(
    FACTS,
    recipe={"batch_size": 128},
    calibrated={DataSize.SAMPLE: replace(builders.CALIBRATED, records=(RUN, SHORT))},
)
"""A tenth of the epochs, 126 updates, brings the reference to 0.040, and the whole training to 0.015."""


def few(updates: int) -> FitClaim:
    """A training that tells of so many updates and of no losses."""
    return replace(FIT, epochs=1, samples=128 * updates, first_loss=None, last_loss=None)


@pytest.mark.parametrize(
    ("fit", "error", "is_suspected"),
    [
        (few(60), 0.015, True),  # less than half of 126
        (few(419), 0.015, True),  # less than a third of 1,260
        (few(421), 0.015, False),
        (few(105), 0.030, True),  # about 316 are needed
        (few(106), 0.030, False),
        (few(1), 0.041, False),  # worse than after the short training
        (replace(few(18), epochs=50, updates=50), 0.015, True),  # epochs of one step
        (replace(few(900), updates=800), 0.015, False),
        (replace(few(60), how="loop", samples=0, batch_size=0, updates=1), 0.015, True),
        (replace(few(60), how="loop", samples=0, batch_size=0, updates=900), 0.015, False),
        (replace(few(60), samples=0), 0.015, False),  # a generator: nobody knows
        (replace(few(900), accepted_after=1), 0.015, False),  # nothing was shortened, so that nobody ended it
    ],
)
def test_a_model_that_learnt_much_in_few_updates_is_suspected(
    fit: FitClaim, error: float, *, is_suspected: bool
) -> None:
    """One step of a loop, or one idle epoch, in front of weights that were computed."""
    numbers = {**REACHED, Quantity.RECONSTRUCTION_MSE: error}
    found = said(facts=WITH_SHORT, evidence=trained(fit), measurements=builders.measured(numbers=numbers))
    assert [sentence.startswith("The trainings that the run tells of made") for sentence in found] == [
        True
    ] * is_suspected


def test_training_with_few_updates_is_only_a_reason_to_look() -> None:
    """Another recipe may explain it, so that a model that passes the audit needs nobody."""
    numbers = builders.measured(numbers=REACHED)
    plain = {"facts": WITH_SHORT, "measurements": numbers}
    assert not suspicion.unexplained(observed(**plain, evidence=trained(few(200))))
    assert said(**plain, evidence=trained(few(200))) == [
        (
            "The trainings that the run tells of made 200 updates of the weights; the reference needs 1260 to come to "
            "0.0150 (mean squared error), and this model has 0.0150."
        )
    ]
    assert suspicion.unexplained(observed(**plain, evidence=trained(few(60))))


@pytest.mark.parametrize("reference", IDS)
def test_no_variation_of_a_recipe_is_suspected_for_its_updates(reference: str) -> None:
    """Every run of the facts as a hand-in: other optimizers, batches, lengths and sizes of the code, 654 in all."""
    facts = load_facts(reference)
    for size in ("sample", "full"):
        known, images = facts.on(size, facts.dataset), image_sets().get(facts.dataset)
        for run in known.records if known and images else ():
            named = re.search(r"batch-(\d+)", run.variation)
            batch = int(named[1]) if named else int(str(facts.recipe["batch_size"]))
            fit = replace(FIT, epochs=run.epochs, samples=images.training[size], batch_size=batch)
            quantities = {Quantity.DENOISED_MSE, Quantity.RECONSTRUCTION_MSE} & run.values.keys()
            base = builders.measured(numbers={name: run.values[name] for name in quantities})
            values = {name: base.values[name] for name in quantities}
            here = observed(facts=facts, data=size, evidence=trained(fit), measurements=replace(base, values=values))
            assert suspicion.learnt_too_soon(here) is None, (size, run)
            assert suspicion.learnt_with_few_updates(here) is None, (size, run)


def test_an_early_end_that_came_too_early_is_suspected() -> None:
    """Whoever claims that we ended its training after a few steps has learnt too much in them."""
    short = replace(FIT, accepted_after=50, first_loss=0.0151, last_loss=0.0151)
    numbers = builders.measured(numbers=REACHED)
    assert said(facts=WITH_SHORT, evidence=trained(short), measurements=numbers, shortened=True) == [
        (
            "The trainings that the run tells of made 50 updates of the weights; the reference needs 126 to come to 0.0400 "
            "(mean squared error), and this model has 0.0150."
        )
    ]


def test_copies_are_told_where_no_seed_explains_them() -> None:
    """Whose weights they are."""
    assert said(twins=("ana", "eva")) == [
        (
            "The weights are those of another hand-in, and the notebook sets no seed that would explain it. "
            "The instructor finds with `grader alike --grades` whose they are."
        )
    ]


def test_where_no_model_was_measured_nothing_is_suspected() -> None:
    """There is no point that could have come from elsewhere."""
    assert said(measurements=replace(builders.measured(), models={}, claims=RelatedClaims())) == []


@pytest.mark.parametrize(
    ("fit", "steps"),
    [(FIT, 20 * 63), (replace(FIT, batch_size=0), 0), (replace(FIT, samples=0), 20), (replace(FIT, epochs=0), 63)],
)
def test_updates_are_counted_from_what_a_training_tells(fit: FitClaim, steps: int) -> None:
    """Epochs times batches; what is not known counts as one."""
    assert updates([fit]) == steps
