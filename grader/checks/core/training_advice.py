"""Advice on a model that is hardly trained: an error stopped its training, or its optimizer is too slow."""

from __future__ import annotations

from typing import Final

from grader.checks.core.advice import Advice
from grader.checks.core.causes import cause_of, stopped_training
from grader.checks.core.phrases import brief
from grader.checks.core.subject import Subject
from grader.domain.cell_places import Places, cell_name, line_title
from grader.domain.messages import Message, message
from grader.domain.outdated import SlowOptimizer

SLOWED_SKILL: Final = 0.5
"""Skill above which a model has learnt something; what it learnt then explains its result."""

_UNTRAINED_SKILL: Final = 0.1
"""Skill above which a model was surely trained: the error belongs to another training."""


def training_stopped(subject: Subject, skill: float) -> Advice | None:
    """Say that the training cell ended with an error, if the model looks as if it had not been trained.

    Args:
        subject: What was measured.
        skill: The model's skill: 0 for the mean of the data, 1 for the reference; NaN counts as none.
    """
    error = stopped_training(subject)
    if error is None or (subject.measurements.claims.trained and skill > _UNTRAINED_SKILL):
        return None
    said, cell = brief(error.text), cell_name(error.cell_index, subject.places)
    root = cause_of(error, subject.run.errors, subject.missing_modules).error
    return Advice(
        message(
            "A model was to be trained in {cell}, which ended with {error}: without its training a model knows "
            "nothing.",
            cell=cell,
            error=f"{error.name}: {said}" if said else error.name,
        ),
        message(
            "Fix {cell} first: everything that is measured here follows from it.",
            cell=cell_name(root.cell_index, subject.places),
        ),
    )


def slow_training(subject: Subject, skill: float) -> Message | None:
    """Name the optimizer whose default rate was too small, None if there is none or the model learnt."""
    if not subject.slow_optimizers or not skill < SLOWED_SKILL:
        return None
    return slow_hint(subject.slow_optimizers[0], subject.places)


def slow_hint(slow: SlowOptimizer, places: Places) -> Message:
    """Name an optimizer with a default rate too small to learn, and what to do."""
    place = line_title(slow.cell_index, slow.line, places)
    if slow.rate < slow.old_rate:
        return message(
            "{place}: it trains with {name} at its default rate, which is {rate} today and was {old} in papers and old "
            "tutorials: with {rate} the loss hardly moves. State the rate yourself.",
            place=place,
            name=slow.name,
            rate=f"{slow.rate:g}",
            old=f"{slow.old_rate:g}",
        )
    return message(
        "{place}: it trains with {name} at its default rate, {rate}, with which an autoencoder needs very many epochs. "
        "State a larger rate, or take another optimizer.",
        place=place,
        name=slow.name,
        rate=f"{slow.rate:g}",
    )
