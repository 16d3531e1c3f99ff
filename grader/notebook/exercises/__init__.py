"""Checks of single steps on functions and values, for steps without a Keras model; they give no points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from grader.domain.assignment import Assignment
from grader.notebook.exercises import (
    compile_and_fit,
    fraud,
    from_scratch,
    greedy_layerwise,
    linear_pca,
    losses_and_optimizers,
    noise_functions,
    pretraining,
    small_steps,
    variational_steps,
)
from grader.notebook.exercises.exercise import Exercise, judged

__all__ = ["Exercise", "exercises_of", "judged"]

_OWN: Final[Mapping[str, tuple[Exercise, ...]]] = {
    "denoising-convolutional": (noise_functions.ADDED,),
    "denoising-dense": (noise_functions.ADDED, noise_functions.HOLES),
    "denoising-dropout": noise_functions.LAYER,
    "fraud": fraud.EXERCISES,
    "greedy-layerwise": greedy_layerwise.EXERCISES,
    "linear-pca": linear_pca.EXERCISES,
    "losses": (losses_and_optimizers.YARDSTICKS, losses_and_optimizers.TRAININGS),
    "optimizers": (*losses_and_optimizers.OPTIMIZERS, losses_and_optimizers.TRAININGS),
    "pretraining": pretraining.EXERCISES,
    "simple-dense": (small_steps.NUMBERS,),
    "sparse": small_steps.SPARSE,
    "variational": variational_steps.EXERCISES,
    "variational-convolutional": (variational_steps.PLANE,),
}


def exercises_of(assignment: Assignment) -> Mapping[str, Exercise]:
    """Return the steps of an assignment that are checked on functions and values, by the names used in calls."""
    if any(item.check == "arrays" for item in assignment.rubric):  # a network without Keras
        return {one.name: one for one in from_scratch.EXERCISES}
    return {one.name: one for one in (*_OWN.get(assignment.reference, ()), *compile_and_fit.EXERCISES)}
