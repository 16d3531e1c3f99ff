"""Weight transplant: tests whether two networks compute the same function for any weights.

Random weights are loaded into the student's rebuilt model and, array by array in graph order, into our build of the
reference; secret inputs then show whether both compute the same. A rubric may leave activations and code width open, so
the reference is also tried with those of the student's graph. The matching network is returned in canonical form, and
the check compares that form by its own rules. A transplant can only prove that two networks are equal; a failed one
proves nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, permutations, product
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from grader.domain.architecture import Architecture, shape_size
from grader.domain.evidence import JsonValue, OperationClaim
from grader.domain.layer_kinds import traits_of
from grader.domain.measurement import Role
from grader.rebuild.families.family_registry import family_of
from grader.rebuild.network.allowlist import LAYERS, RefusedError
from grader.rebuild.network.canonical import canonical
from grader.rebuild.network.model import Arrays, RebuiltModel, Workshop
from grader.rebuild.network.own_models import architecture_of, as_keras, claimed
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.reference_data import Array
from grader.rebuild.quantities.submission_measurements import find_code
from reference.contract import Autoencoder, Reference

TOLERANCE = 1e-4  # of the spread of the outputs; float32 twins are within 1e-5, a leak of one percent is at 1e-2
DRAWS = 2
REAL_INPUTS = 4
MAX_VARIANTS = 12
MAX_ORDERS = 8  # ways to exchange arrays of the same shape, for one network
MAX_COMPARISONS = 24

_STANDARD = "relu", "selu", "linear", "sigmoid"
_DOES_NOT_FIT = (ValueError, TypeError, RefusedError, tf.errors.OpError)

ArrayShape = tuple[int, ...]


@dataclass(frozen=True)
class Donor:
    """A student's autoencoder, which can be rebuilt with weights of our choice.

    Attributes:
        model: The rebuilt autoencoder.
        operations: Claims of its layers and operators.
        arrays: Its trained arrays.
        form: Its canonical form.
        code_size: Numbers in its code.
    """

    model: RebuiltModel
    operations: Mapping[str, OperationClaim]
    arrays: Arrays
    form: Architecture
    code_size: int

    @property
    def weights(self) -> tuple[str, ...]:
        """Ids of its weights in the order in which the graph uses them."""
        return tuple(name for name in self.used if name in self.model.held)

    @property
    def used(self) -> tuple[str, ...]:
        """Ids of all arrays that the graph uses, in its order, including those derived from a kernel (transposed)."""
        return tuple(dict.fromkeys(name for step in self.model.steps for name in step.arrays if name in self.arrays))

    def with_weights(self, numbers: Mapping[str, Array]) -> Any:
        """Return its Keras model with these numbers as weights."""
        return Workshop(self.operations, {**self.arrays, **numbers}).rebuild(self.model.claim).model


@dataclass(frozen=True)
class Transplant:
    """A network of ours that computes the same as the student's.

    Attributes:
        gap: Largest difference of two outputs, relative to the spread of the outputs.
        form: Canonical form of our network: the reference's layers, with the activations and code width that matched.
        model: Our network, with the student's trained weights.
        seconds: Duration of the search.
        tried: Networks and orders of weights that were compared.
    """

    gap: float
    form: Architecture
    model: Any
    seconds: float
    tried: int


def is_comparable(reference: Reference) -> bool:
    """Return whether a reference prescribes its layers, so that a comparison makes sense."""
    return family_of(reference).prescribes_layers and "parameters" not in reference.free


def transplant(donor: Donor, models: Autoencoder, images: Array) -> Transplant | None:
    """Find the network of the reference's layers that computes the same as the student's.

    Args:
        donor: The student's autoencoder.
        models: The reference, freshly built.
        images: Hidden images (n, 28, 28), a few of which are among the inputs.

    Returns:
        None if no such network was found, which proves nothing against the student's.
    """
    started = time.monotonic()
    inputs = _inputs(images)
    for tried, (variant, order) in enumerate(islice(_candidates(donor, models), MAX_COMPARISONS), start=1):
        gap = _largest_gap(donor, variant, order, inputs)
        if gap <= TOLERANCE:
            variant.fill(donor.arrays, order)
            seconds = time.monotonic() - started
            return Transplant(gap, architecture_of(variant.model), variant.model, seconds, tried)
    return None


def _candidates(donor: Donor, models: Autoencoder) -> Iterator[tuple[_Variant, tuple[str, ...]]]:
    """Yield our networks, each with an order of the student's arrays: first every network in graph order.

    Our networks differ in activations alone, so that their arrays have the same shapes: if those of the first one do
    not fit the student's, none of them does, and no other one is built.
    """
    variants = islice(_variants(donor, models), MAX_VARIANTS)
    first = next(variants, None)
    orders = [] if first is None else list(islice(_orders(donor, first), MAX_ORDERS))
    if first is None or not orders:
        return
    built = [first]
    yield first, orders[0]
    for variant in variants:
        built.append(variant)
        yield variant, orders[0]
    yield from ((variant, order) for order in orders[1:] for variant in built)


# Our own networks


@dataclass(frozen=True)
class _Variant:
    """One of our networks and its weights, in graph order."""

    model: Any
    variables: tuple[Any, ...]

    def fill(self, numbers: Mapping[str, Array], order: Sequence[str]) -> None:
        """Load the student's array `order[i]` into our i-th weight."""
        for variable, name in zip(self.variables, order, strict=True):
            variable.assign(_reshaped(np.asarray(numbers[name], np.float32), tuple(variable.shape)))


class _Fresh(Workshop):
    """Builds networks of our own layers with fresh weights."""

    def _layer(self, operation: OperationClaim) -> Any:
        if operation.operation not in self._layers:
            self._layers[operation.operation] = _new_layer(operation.class_name, operation.config)
        return self._layers[operation.operation]

    def _fill(self, layer: Any, operation: OperationClaim) -> None:
        pass

    def variables(self, model: RebuiltModel) -> tuple[Any, ...]:
        """List the weights of a model in graph order."""
        used = dict.fromkeys(step.operation.operation for step in model.steps)
        return tuple(variable for name in used if name in self._layers for variable in self._layers[name].weights)


def _new_layer(kind: str, config: Mapping[str, JsonValue]) -> Any:
    if kind == "TimeDistributed":
        inner = config["layer"]
        return getattr(keras.layers, kind)(_new_layer(inner["class_name"], inner["config"]))
    if kind not in LAYERS:
        raise RefusedError(f"the layer `{kind}`")
    return getattr(keras.layers, kind)(**LAYERS[kind].accept(kind, config))


def _variants(donor: Donor, models: Autoencoder) -> Iterator[_Variant]:
    """Yield the reference unchanged, then with the activations and the code width of the student's graph."""
    try:
        claim, operations, arrays = claimed(as_keras(models).autoencoder)
        rebuilt = Workshop(operations, arrays).rebuild(claim)
    except RefusedError:
        return
    slots = _slots(rebuilt)
    own = tuple(str(operations[slot].config.get("activation") or "linear") for slot in slots)
    operations = {**operations, **_with_code(donor, models, rebuilt, arrays)}
    for chosen in _choices(own, donor.form):
        changed = {
            slot: replace(operations[slot], config={**operations[slot].config, "activation": activation})
            for slot, activation in zip(slots, chosen, strict=True)
        }
        workshop = _Fresh({**operations, **changed}, arrays)
        try:
            built = workshop.rebuild(claim)
        except RefusedError:
            continue
        yield _Variant(built.model, workshop.variables(built))


def _slots(rebuilt: RebuiltModel) -> tuple[str, ...]:
    """List our layers with a free activation; recurrent layers have none."""
    readers = {name: step for step in rebuilt.steps for name in step.inputs}
    slots = []
    for step in rebuilt.steps:
        after = readers.get(step.output)
        has_own = after is not None and after.kind == "Activation"
        if "activation" in step.operation.config and not traits_of(step.kind).recurrent and not has_own:
            slots.append(step.operation.operation)
    return tuple(dict.fromkeys(slots))


def _choices(own: tuple[str, ...], form: Architecture) -> Iterator[tuple[str, ...]]:
    """Yield activations for our layers: our own, the student's in order, then one for all hidden layers."""
    theirs = _activations(form)
    seen = {own}
    yield own
    if len(theirs) == len(own) and theirs not in seen:
        seen.add(theirs)
        yield theirs
    lasts = dict.fromkeys((own[-1:] or ("linear",)) + theirs[-1:] + _STANDARD[2:])
    hiddens = dict.fromkeys([*(own[:1]), *theirs[:-1], *_STANDARD[:2]])
    for hidden, last in product(hiddens, lasts):
        chosen = (*("linear" if name == "linear" else hidden for name in own[:-1]), *((last,) if own else ()))
        if chosen not in seen:
            seen.add(chosen)
            yield chosen


def _activations(form: Architecture) -> tuple[str, ...]:
    """Read the activations of a graph's layers with weights, in order, as far as they are visible."""
    found: list[str] = []
    for layer in form.layers:
        if layer.kind == "Activation" and found:
            found[-1] = layer.activation
        elif layer.parameters and not (layer.traits.recurrent or layer.traits.normalisation or layer.traits.joins):
            found.append(layer.activation)
    return tuple(found)


def _with_code(donor: Donor, models: Autoencoder, rebuilt: RebuiltModel, arrays: Arrays) -> dict[str, OperationClaim]:
    """Return our network with a code layer of the student's code size, if that differs from ours."""
    keras_models = as_keras(models)
    forms = {Role.AUTOENCODER: canonical(rebuilt, arrays), Role.ENCODER: architecture_of(keras_models.encoder)}
    own = shape_size(forms[Role.ENCODER].output_shape)
    if own is None or own == donor.code_size:
        return {}
    for step in rebuilt.steps:
        for setting in ("units", "filters"):
            if step.operation.config.get(setting) == own and find_code(forms)[0] == own:
                config = {**step.operation.config, setting: donor.code_size}
                return {step.operation.operation: replace(step.operation, config=config)}
    return {}


# Which array goes where


def _orders(donor: Donor, variant: _Variant) -> Iterator[tuple[str, ...]]:
    """Yield the student's arrays in the order of ours: in graph order, then with interchangeable arrays exchanged.

    Arrays are interchangeable if they have the same shape or, if the shapes do not agree (a 1×1 convolution for a Dense
    layer, a transposed matrix), the same size.
    """
    ours = [tuple(variable.shape) for variable in variant.variables]
    for names, key in product(dict.fromkeys((donor.weights, donor.used)), (_squeezed, _size)):
        theirs = [donor.arrays[name].shape for name in names]
        if Counter(map(key, theirs)) == Counter(map(key, ours)):
            break
    else:
        return
    groups: dict[object, list[str]] = {}
    for name, shape in zip(names, theirs, strict=True):
        groups.setdefault(key(shape), []).append(name)
    for chosen in product(*(permutations(group) for group in groups.values())):
        pending = {one: iter(group) for one, group in zip(groups, chosen, strict=True)}
        yield tuple(next(pending[key(shape)]) for shape in ours)


def _squeezed(shape: ArrayShape) -> object:
    return tuple(length for length in shape if length != 1)


def _size(shape: ArrayShape) -> object:
    return int(np.prod(shape))


def _reshaped(array: Array, shape: ArrayShape) -> Array:
    """Return the numbers of one array in the shape of its counterpart: a matrix transposed, others read in order."""
    turned = _squeezed(array.shape) != _squeezed(shape) and _squeezed(array.shape[::-1]) == _squeezed(shape)
    return (array.T if turned else array).reshape(shape)


# What the two make of inputs


def _inputs(images: Array) -> Array:
    """Return a few hidden images and as many noise images: dense and sparse, with and without negative numbers."""
    rng = np.random.default_rng(images.shape[0] + 20_261)
    real = images[:REAL_INPUTS]
    noise = rng.random((REAL_INPUTS, *images.shape[1:]), np.float32)
    sparse = noise[:2] * (rng.random(noise[:2].shape) < 0.2)
    return np.concatenate([real, noise, sparse, 2 * noise[2:] - 1]).astype(np.float32)


def _draw(variable: Any, rng: np.random.Generator) -> Array:
    """Draw weights that keep every unit sensitive: both signs, and outputs of the order of 1."""
    shape = tuple(variable.shape)
    if "variance" in variable.path:
        drawn = 0.5 + rng.random(shape)
    elif len(shape) < 2:
        drawn = rng.normal(0, 0.3, shape) + ("gamma" in variable.path)
    else:
        drawn = rng.normal(0, 1.4 / np.sqrt(np.prod(shape[:-1])), shape)
    return drawn.astype(np.float32)


def _largest_gap(donor: Donor, variant: _Variant, order: Sequence[str], inputs: Array) -> float:
    """Return the largest gap over some draws of the weights; the first gap above the tolerance ends the search."""
    largest = 0.0
    for seed in range(DRAWS):
        try:
            largest = max(largest, _gap(donor, variant, order, inputs, np.random.default_rng(seed)))
        except _DOES_NOT_FIT:
            return np.inf
        if largest > TOLERANCE:
            break
    return largest


def _gap(donor: Donor, variant: _Variant, order: Sequence[str], inputs: Array, rng: np.random.Generator) -> float:
    """Return the largest difference of two outputs with random weights, relative to the spread of the outputs."""
    numbers = {
        name: _reshaped(_draw(variable, rng), donor.arrays[name].shape)
        for variable, name in zip(variant.variables, order, strict=True)
    }
    variant.fill(numbers, order)
    ours = image_metrics.answers(variant.model, inputs)
    theirs = image_metrics.answers(donor.with_weights(numbers), inputs)
    if ours is None or theirs is None or ours.shape != theirs.shape:
        return np.inf
    spread = float(np.sqrt(np.mean((ours - ours.mean(axis=0)) ** 2)))
    gap = float(np.max(np.abs(ours - theirs)))
    return gap / spread if np.isfinite(gap) and spread > 0 else np.inf
