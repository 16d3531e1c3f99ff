"""`Check`: everything about one check in one object, which its module makes and all other modules read."""

from __future__ import annotations

import inspect
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from grader.checks.core.halves import AUTOENCODER, HalvesRule
from grader.checks.core.parameters import Parameter
from grader.checks.core.verdict import CheckFunction
from grader.domain.assignment import ParameterValue
from grader.domain.measurement import Role

Roles = frozenset[Role]


class TrainingUse(StrEnum):
    """What a check needs from the training, and hence which part of it an accelerated run may omit.

    NONE: nothing; the model graph, or how the notebook ran, is the same after the first and the last epoch.
    RECONSTRUCTION: one error, that of reconstructions.
    DENOISING: one error, that of denoised images.
    WHOLE: numbers that cannot be estimated from one error, several trainings, or their order.
    """

    NONE = "none"
    RECONSTRUCTION = "reconstruction"
    DENOISING = "denoising"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Needs:
    """What a check needs to decide.

    The defaults are the cautious choice: a whole autoencoder with known layers that takes the data's samples, after a
    full training.

    Attributes:
        models: Sets of models, any of which is enough; the first is the usual one. Empty if the check needs no model
            from the notebook's memory: it reads the cells, or measures on rows that have no public part.
        training: See `TrainingUse`.
        trained: Whether the check is meaningless before the training.
        learnt: Whether its points depend on how well a model learnt: too few updates may have cost them, and points
            without any training are suspicious.
        other_models: Whether it also examines other models of the notebook.
        layers: Whether it examines layers, so that a person decides if a model was measured only by its behaviour.
        samples: Whether it needs samples, so that it is skipped if the autoencoder's size does not fit the data.
        some_models: Whether part of the points can be judged with any one of the models.
        by_layers: Whether its points depend on models and layers alone, and on no number that their weights decide, so
            that they are lost for good before a training begins.
    """

    models: tuple[Roles, ...] = (AUTOENCODER,)
    training: TrainingUse = TrainingUse.WHOLE
    trained: bool = False
    learnt: bool = False
    other_models: bool = False
    layers: bool = True
    samples: bool = True
    some_models: bool = False
    by_layers: bool = False

    def met_by(self, there: Collection[Role]) -> bool:
        """Return whether the existing models are enough."""
        return any(need.issubset(there) for need in self.models)

    def partly_met_by(self, there: Collection[Role]) -> bool:
        """Return whether the existing models are enough for part of the points."""
        return self.met_by(there) or (self.some_models and bool(there))

    def missing(self, there: Collection[Role]) -> Roles:
        """Return the models that are still missing."""
        if not self.models or self.met_by(there):
            return frozenset()
        return self.models[0].difference(there)


@dataclass(frozen=True, slots=True)
class Check:
    """A check that rubrics may name.

    Attributes:
        id: Its name in rubrics and results.
        function: The function that decides.
        needs: What it needs.
        parameters: Settings that a rubric may change.
        halves: How it judges the halves of a missing autoencoder; None if it needs a whole one.
        needs_no_task: Whether its answer depends on no size, noise or budget, which a notebook without an assignment
            chooses itself: `grader inspect` asks it of every autoencoder whose family has it in its rubric.
    """

    id: str
    function: CheckFunction
    needs: Needs = Needs()
    parameters: tuple[Parameter[ParameterValue], ...] = ()
    halves: HalvesRule | None = None
    needs_no_task: bool = False

    @property
    def judges_parts(self) -> bool:
        """Whether it can judge a part of an autoencoder."""
        return self.halves is not None or self.needs.some_models

    @property
    def docstring(self) -> str:
        """What it asks and how it decides, for authors of assignments."""
        return inspect.getdoc(self.function) or ""
