"""Levels of progress, from an untrained network to the solution, and the points of a rubric for each.

Structure alone must not give a passing grade, and half-done work must earn its part: these are the steps between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grader.domain.layer_kinds import traits_of
from grader.domain.messages import Message, message
from grader.validation.concrete_syntax import with_keyword
from grader.validation.drafts import Draft
from grader.validation.mutants import structure
from grader.validation.operators import TWICE_THE_CODE, Edit


@dataclass(frozen=True, slots=True)
class Level:
    """One step.

    Attributes:
        name: Its id.
        story: What the student did.
        edit: Makes it out of a solution; None if there is no such step.
    """

    name: str
    story: Message
    edit: Edit


_NO_TRAINING: Final = """import collections


def no_training(self, *data, epochs=1, **options):
    self.history = keras.callbacks.History()
    self.history.history = collections.defaultdict(lambda: [1.0] * epochs)
    return self.history


keras.Model.fit = no_training"""


def untrained(draft: Draft) -> Draft:
    """Remove every training; what the cells below read still exists."""
    return draft.prepared(_NO_TRAINING if draft.mentions("import keras") else "LEARNING_RATE = 0.0")


def _two_epochs(draft: Draft) -> Draft:
    edited = draft.with_calls("fit", lambda call: with_keyword(call, "epochs", "2"))
    return draft.prepared("EPOCHS = 2") if edited is None else edited


def _linear(draft: Draft) -> Draft | None:
    """Remove the activation of every layer but the last, and not of recurrent ones, where it is part of the layer."""
    output = draft.output_layer()
    found = [one for one in (*draft.weighted(encoder=True), *draft.weighted(encoder=False)) if one != output]
    bent = [one for one in found if one.keyword("activation") is not None]
    if not bent or any(traits_of(one.kind).recurrent for one in found):
        return None
    for layer in bent:
        draft = draft.with_layer(layer, lambda call: with_keyword(call, "activation", None))
    return draft


def _unchanged(draft: Draft) -> Draft:
    return draft


LEVELS: Final = (
    Level("untrained", message("the right layers, never trained"), untrained),
    Level("two-epochs", message("two epochs of training"), _two_epochs),
    Level("linear-twin", message("no activation but the last"), _linear),
    Level(
        "code-double",
        TWICE_THE_CODE,
        next(one.edit for one in structure.MUTANTS if one.name == "code-double"),
    ),
    Level("solution", message("the solution itself"), _unchanged),
)
"""From almost nothing to everything."""
