"""What the audit of a training needs: a suitable kind of view for a submission, and a fingerprint of its weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from grader.domain.evidence import Evidence, JsonValue, ModelClaim
from grader.domain.layer_kinds import traits_of
from grader.probe.layer_traits import Reads
from grader.rebuild.network.model import Arrays, RebuiltModel
from reference import views
from reference.contract import Reference

FEWEST_NUMBERS: Final = 500
"""A network with fewer weights has too few numbers to distinguish two trainings."""

LARGEST_DIGITS: Final = 9

_OPERATORS_MODULE: Final = "keras.src.ops."


def view_kind(reference: Reference, evidence: Evidence, autoencoder: str = "") -> str:
    """Return the kind of secret view that does not affect an honest training of this notebook.

    The reference names one. If the autoencoder has layers that depend on neighbouring pixels, or no known layers, a
    gentler view is chosen: no free choice of an honest notebook may make the view harder for it. Other models of the
    notebook choose nothing: there are few gentle views, and a dense network may have been trained elsewhere on all.

    Args:
        reference: The reference.
        evidence: Claims: a false one can only choose another view, on which foreign weights fail as well.
        autoencoder: What the notebook calls the measured model, "" if that is unknown; then every model counts.
    """
    asked = reference.view
    if asked not in (views.PIXELS, views.COLUMNS):
        return asked
    models = _models_of(evidence, autoencoder)
    reads = {traits_of(kind).reads for kind in _layers_of(models, evidence)}
    if evidence.graphs.keys() & {model.model for model in models} or Reads.PLACES in reads:
        return views.QUADRANTS
    return views.COLUMNS if Reads.STEPS in reads else asked


def fingerprint(model: RebuiltModel, arrays: Arrays) -> tuple[float, ...]:
    """Return a few numbers for each array of a model that do not change when units are permuted.

    Root mean square, mean, and the cube root of the mean of |w|³, in the order in which the arrays are used. Two
    trainings differ in all of them; a copy, rounded or not, in none.
    """
    held = [arrays[name].astype(np.float64) for step in model.steps for name in step.arrays if name in arrays]
    if sum(array.size for array in held) < FEWEST_NUMBERS:
        return ()
    numbers = [number for array in held if array.size for number in _moments(array)]
    return tuple(float(f"{number:.{LARGEST_DIGITS}g}") for number in numbers)


def _moments(array: np.ndarray) -> tuple[float, float, float]:
    root = float(np.sqrt(np.mean(np.square(array))))
    return root, float(np.mean(array)), float(np.cbrt(np.mean(np.abs(array) ** 3)))


def _models_of(evidence: Evidence, autoencoder: str) -> Sequence[ModelClaim]:
    """Return the claims of a model and of those that share weights with it; all if it is not found."""
    own = [model for model in evidence.models if autoencoder and autoencoder in model.names]
    held = {variable for model in own for variable in model.variables}
    if not held:
        return evidence.models
    return [model for model in evidence.models if model in own or held & set(model.variables)]


def _layers_of(models: Iterable[ModelClaim], evidence: Evidence) -> Iterator[str]:
    """Yield the class of each layer of these models, including those inside wrappers, but no operators."""
    used = dict.fromkeys(node.operation for model in models for node in model.nodes)
    for operation in (evidence.operations[name] for name in used if name in evidence.operations):
        if not operation.module.startswith(_OPERATORS_MODULE):
            yield operation.class_name
            yield from _inside(operation.config)


def _inside(config: Mapping[str, JsonValue]) -> Iterator[str]:
    for key in ("layer", "forward_layer", "backward_layer", "cell"):
        inner = config.get(key)
        if isinstance(inner, Mapping) and isinstance(inner.get("class_name"), str):
            yield inner["class_name"]
            settings = inner.get("config")
            yield from _inside(settings if isinstance(settings, Mapping) else {})
