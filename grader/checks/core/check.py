"""`Check`: all that is known of one check, in one object that its module makes. Everybody else reads it from here."""

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
    """What a check takes from the training, and so how much of it an accelerated run may leave out.

    NONE: nothing; the graph of the models, or how the notebook ran, is the same after one epoch and after the last.
    RECONSTRUCTION: one error, that of reconstructions.
    DENOISING: one error, that of cleaned images.
    WHOLE: numbers that an estimate of one error says nothing about, several trainings, or their order.
    """

    NONE = "none"
    RECONSTRUCTION = "reconstruction"
    DENOISING = "denoising"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Needs:
    """What a check needs to decide anything.

    Without arguments these are the careful answers: a whole autoencoder whose layers are known and that takes the
    data's samples, after a training of which nothing was left out.

    Attributes:
        models: Sets of models, any one of which is enough; the first is the usual one. Empty where no model in a
            notebook's memory answers the check: it reads the cells, or measures on rows of which none are public.
        training: See `TrainingUse`.
        trained: The check says nothing before the training.
        learnt: Its points depend on how well something was learnt: too few updates may be what cost them, and points
            without any training are a reason to look closer.
        other_models: It looks at other models of the notebook, too.
        layers: It looks at layers, so that a person decides of a model that was only measured by what it answers.
        samples: It looks at samples, so that it is skipped where the autoencoder has another size than the data.
        some_models: Part of the points can be judged with any of the models.
    """

    models: tuple[Roles, ...] = (AUTOENCODER,)
    training: TrainingUse = TrainingUse.WHOLE
    trained: bool = False
    learnt: bool = False
    other_models: bool = False
    layers: bool = True
    samples: bool = True
    some_models: bool = False

    def met_by(self, there: Collection[Role]) -> bool:
        """Return whether the models that are there are enough."""
        return any(need.issubset(there) for need in self.models)

    def partly_met_by(self, there: Collection[Role]) -> bool:
        """Return whether the models that are there are enough for a part of the points."""
        return self.met_by(there) or (self.some_models and bool(there))

    def missing(self, there: Collection[Role]) -> Roles:
        """Return the models that are still needed."""
        if not self.models or self.met_by(there):
            return frozenset()
        return self.models[0].difference(there)


@dataclass(frozen=True, slots=True)
class Check:
    """A check that rubrics may name.

    Attributes:
        id: Its name in rubrics and results.
        function: What decides.
        needs: What it needs.
        parameters: Settings that a rubric may change.
        halves: How it judges the halves of an autoencoder that is not there; None if it needs a whole one.
    """

    id: str
    function: CheckFunction
    needs: Needs = Needs()
    parameters: tuple[Parameter[ParameterValue], ...] = ()
    halves: HalvesRule | None = None

    @property
    def judges_parts(self) -> bool:
        """Whether it has something to say where only a part of an autoencoder is there."""
        return self.halves is not None or self.needs.some_models

    @property
    def docstring(self) -> str:
        """What it asks and how it decides, for authors of assignments."""
        return inspect.getdoc(self.function) or ""
