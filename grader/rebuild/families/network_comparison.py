"""Exercises that compare networks: which ones were trained, which is best, and whether the notebook's table is right.

The networks are measured. The notebook's table is a claim, compared with what they reach on the images that notebooks
hold out; a table without its networks agrees with nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from grader.domain.architecture import Architecture
from grader.domain.evidence import TableClaim
from grader.domain.measurement import Measurement, MissedEntry, Quantity, Role
from grader.rebuild.families.case import Case, Rebuilt, Setting, Surroundings
from grader.rebuild.families.family import ByBehaviour, Family
from grader.rebuild.network.canonical import canonical
from grader.rebuild.network.model import Arrays, RebuiltModel
from grader.rebuild.network.own_models import reference_form
from grader.rebuild.network.roles import Cast, assign, concrete, holds_same_numbers
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.reference_data import Array
from grader.rebuild.quantities.samples import ScaledImages
from reference.contract import COMPARISON, Reference

HELD_OUT_SHARE = 12  # the references hold the last twelfth of the training images out
HELD_OUT_IMAGES = 5_000  # notebooks hold out this number even of fewer than 60,000
RELATIVE_TOLERANCE = 0.03
ABSOLUTE_TOLERANCE = 0.002
ANOTHER_TRAINING = 1e-3  # relative to its numbers; a copy with a little noise is closer than this
FRESH_NETWORKS = 3
COMPARED_WITH_FRESH = 1_000  # of the held-out images: whether a network was trained at all shows on few


class Comparison(Family):
    """Several networks with the reference's layers, listed in `names`; the best one is judged."""

    name = COMPARISON
    several_models = True
    by_behaviour = ByBehaviour.NOTHING

    def chosen(self, cast: Cast, rebuilt: Rebuilt, setting: Setting, public: Array) -> Cast:
        """Choose the best of the compared networks on public images."""
        return best_cast(cast, rebuilt, setting, public)

    def surroundings(self, case: Case) -> Surroundings:
        """Add how many networks were trained, and how much of the notebook's table is right."""
        found = compare(case.setting.reference, case.rebuilt, case.samples.train)
        return replace(found, values=(*found.values, *super().surroundings(case).values))


FAMILIES = (Comparison(),)


def best_cast(cast: Cast, rebuilt: Rebuilt, setting: Setting, images: Array) -> Cast:
    """Make the best of the compared networks the autoencoder, with its own encoder and decoder.

    If these no longer exist, those of the kept autoencoder stay, which becomes their companion.

    Args:
        cast: The models with roles assigned by name.
        rebuilt: All rebuilt models.
        setting: Which networks are compared, and the assignment's name for the autoencoder.
        images: Public images (n, 28, 28) for the choice.
    """
    if cast.autoencoder is None:
        return cast
    reference, arrays, name = setting.reference, rebuilt.arrays, setting.contract.get(Role.AUTOENCODER, "")
    sample = images.shape[1:]
    whole = [m for m in rebuilt.models if concrete(m.input_shape, sample) and concrete(m.output_shape, sample)]
    named = [m for m in whole if any(n == name or n.startswith(f"{reference.best_of}[") for n in m.claim.names)]
    if not named:
        return cast
    wanted = _signature(reference_form(reference))
    best = min(named, key=lambda m: (_signature(canonical(m, arrays)) != wanted, _error(m.model, images)))
    others = {id(m) for m in whole if m is not best}
    own = assign([m for m in rebuilt.models if id(m) not in others], (), arrays, sample=sample, contract={})
    parts = [part for part in (own.encoder, own.decoder) if part is not None]
    if len(parts) == len(Role) - 1 and all(holds_same_numbers(part, best, arrays) for part in parts):
        return replace(own, candidates=cast.candidates)
    return cast if best is cast.autoencoder else replace(cast, autoencoder=best, companion=cast.autoencoder)


def compare(reference: Reference, rebuilt: Rebuilt, train: Array | ScaledImages) -> Surroundings:
    """Count the trained networks and compare the notebook's table with them.

    Args:
        reference: Its exercise names the networks and the losses.
        rebuilt: All rebuilt models, the tables, and which arrays are broken.
        train: Training images (n, 28, 28); the last of them are held out.
    """
    held_out = train[-min(HELD_OUT_IMAGES, len(train)) :]
    trained = _trained(reference, rebuilt, held_out)
    count = len(_different(trained, rebuilt.arrays))
    rivals = [_Rival(model, reference.best_of) for model in trained]
    results = _Results(rivals, held_out, max(1, len(train) // HELD_OUT_SHARE))
    readings = _readings(rebuilt.evidence.tables)
    missed = min((_missed(reference, claims, results) for claims in readings), key=len)
    asked = len(reference.names) * len(reference.compared_by)
    how = f"last {results.last} and {len(held_out)} training images, within 3 % or 0.002"
    return Surroundings(
        values=(
            Measurement(Quantity.COMPARED_MODELS, count, "1", "trained, the reference's layers, different numbers"),
            Measurement(Quantity.COMPARISON_AGREEMENT, 1 - len(missed) / asked, "1", how),
        ),
        missed=tuple(missed),
        compared={entry.entry: claimed for entry, claimed in missed.items() if claimed is not None},
    )


# The networks


def _signature(form: Architecture) -> tuple[object, ...]:
    """Return a network's structure without names, image layout and noise."""
    return (form.parameters, *((layer.kind, layer.attributes, layer.size) for layer in form.active_layers))


def _trained(reference: Reference, rebuilt: Rebuilt, images: Array) -> list[RebuiltModel]:
    """List the trained networks that have the reference's structure, those in the dictionary first.

    Keras initialises biases to 0, and a step of any optimizer changes them. If all are 0, being better than fresh
    weights shows training. A network with NaN weights has learnt nothing.
    """
    arrays, broken = rebuilt.arrays, set(rebuilt.evidence.non_finite)
    wanted = _signature(reference_form(reference))
    alike = [m for m in rebuilt.models if not m.held & broken and _signature(canonical(m, arrays)) == wanted]
    alike.sort(key=lambda m: not any(name.startswith(f"{reference.best_of}[") for name in m.claim.names))
    few = images[-COMPARED_WITH_FRESH:]
    fresh = _fresh_error(reference, few) if not all(_has_biases(model, arrays) for model in alike) else 0.0
    return [model for model in alike if _has_biases(model, arrays) or _error(model.model, few) < fresh]


def _has_biases(model: RebuiltModel, arrays: Arrays) -> bool:
    return any(arrays[name].ndim == 1 and np.any(arrays[name]) for name in model.held)


def _fresh_error(reference: Reference, images: Array) -> float:
    return float(np.mean([_error(reference.build().autoencoder, images) for _ in range(FRESH_NETWORKS)]))


def _error(model: Any, images: Array) -> float:
    """Return the MSE on images, infinite if the model does not run or its outputs are not finite."""
    outputs = image_metrics.answers(model, images)
    error = np.inf if outputs is None else image_metrics.mean_squared_error(images.reshape(len(images), -1), outputs)
    return float(error) if np.isfinite(error) else np.inf


def _different(models: Sequence[RebuiltModel], arrays: Arrays) -> list[RebuiltModel]:
    kept: list[tuple[RebuiltModel, Array]] = []
    for model in models:
        numbers = np.concatenate([np.zeros(1), *(np.ravel(arrays[name]) for name in _in_order(model))])
        if all(_apart(numbers, other) > ANOTHER_TRAINING for _, other in kept):
            kept.append((model, numbers))
    return [model for model, _ in kept]


def _in_order(model: RebuiltModel) -> list[str]:
    return [name for name in dict.fromkeys(n for step in model.steps for n in step.arrays) if name in model.held]


def _apart(first: Array, second: Array) -> float:
    if first.shape != second.shape:
        return np.inf
    size = float(np.linalg.norm(first))
    return float(np.linalg.norm(first - second)) / size if size > 0 else np.inf


# The table


@dataclass(frozen=True)
class _Rival:
    """One trained network, and the notebook's name for it."""

    model: RebuiltModel
    shelf: str

    def standing(self, name: str) -> int:
        """Return 2 if it has this key in the dictionary, 1 if its name contains it, else 0."""
        wanted = _normal(name)
        names = self.model.claim.names
        if any(n.startswith(f"{self.shelf}[") and _normal(n.removeprefix(self.shelf)) == wanted for n in names):
            return 2
        return int(any(_normal(n).endswith(wanted) or _normal(n).startswith(wanted) for n in names))

    @property
    def compiled_loss(self) -> str:
        """Name of the loss that it claims to be compiled with, for interpreting a number."""
        return _normal(str(self.model.claim.compiled.get("loss", "")))


@dataclass(frozen=True)
class _Results:
    """The losses of the networks on the held-out images, each measured once."""

    rivals: Sequence[_Rival]
    images: Array
    last: int
    outputs: dict[str, Array | None] = field(default_factory=dict)
    measured: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def of(self, name: str) -> _Rival | None:
        """Return the network that a key of the table names."""
        best = max(self.rivals, key=lambda rival: rival.standing(name), default=None)
        return best if best is not None and best.standing(name) else None

    def losses(self, rival: _Rival, loss: str) -> list[float]:
        """Return the loss on the last twelfth and on all images that a notebook may have held out."""
        key = rival.model.claim.model, loss
        if key not in self.measured:
            self.measured[key] = self._measure(rival, loss)
        return self.measured[key]

    def _measure(self, rival: _Rival, loss: str) -> list[float]:
        key = rival.model.claim.model
        if key not in self.outputs:
            self.outputs[key] = image_metrics.answers(rival.model.model, self.images)
        outputs, measure = self.outputs[key], _LOSSES.get(loss)
        if outputs is None or measure is None:
            return []
        images = self.images.reshape(len(self.images), -1)
        counts = dict.fromkeys((min(self.last, len(images)), len(images)))
        values = [measure(images[-count:], outputs[-count:]) for count in counts]
        return [value for value in values if np.isfinite(value)]


Reading = Mapping[tuple[str, ...], float]


def _readings(tables: Sequence[TableClaim]) -> Iterator[Reading]:
    """Yield every reading of a table: as it is, and with rows and columns exchanged; last an empty one."""
    for table in tables:
        entries = {tuple(_normal(key) for key in entry.keys): entry.value for entry in table.entries}
        yield entries
        yield {keys[::-1]: value for keys, value in entries.items()}
    yield {}


def _missed(reference: Reference, table: Reading, results: _Results) -> dict[MissedEntry, float | None]:
    """Return the entries that should hold another number, and the numbers claimed there."""
    single = len(reference.compared_by) == 1
    missed: dict[MissedEntry, float | None] = {}
    for name in reference.names:
        rival = results.of(name)
        for loss in reference.compared_by:
            claimed = _claimed(table, _normal(name), _normal(loss), single=single)
            meant = {_normal(loss): None} | ({rival.compiled_loss: None} if single and rival is not None else {})
            measured = [value for one in meant for value in (results.losses(rival, one) if rival is not None else [])]
            if claimed is None or not any(_agree(claimed, value) for value in measured):
                entry = f"comparison[{name!r}]" + ("" if single else f"[{loss!r}]")
                missed[MissedEntry(entry, measured[0] if measured else None)] = claimed
    return missed


def _claimed(table: Reading, name: str, loss: str, *, single: bool) -> float | None:
    """Return the table's number for a network; if it holds one loss for each, the loss's key may be missing."""
    places: Collection[tuple[str, ...]] = [(name, loss)]
    if single:
        places = [(name,), (name, "loss"), (name, "valloss"), (name, loss), (name, f"val{loss}")]
    return next((table[place] for place in places if place in table), None)


def _agree(claimed: float, measured: float) -> bool:
    return abs(claimed - measured) <= max(RELATIVE_TOLERANCE * abs(measured), ABSOLUTE_TOLERANCE)


def _normal(text: str) -> str:
    """Return a key without case, quotes, spaces and underscores, and with one name for each loss."""
    plain = "".join(letter for letter in text.lower() if letter.isalnum())
    return _SYNONYMS.get(plain, plain)


def _mean_absolute_error(images: Array, outputs: Array) -> float:
    return float(np.mean(np.abs(images.astype(np.float64) - outputs.astype(np.float64))))


_SYNONYMS: Mapping[str, str] = {
    "bce": "binarycrossentropy", "meansquarederror": "mse", "meanabsoluteerror": "mae",
}  # fmt: skip
_LOSSES: Mapping[str, Callable[[Array, Array], float]] = {
    "mse": image_metrics.mean_squared_error,
    "mae": _mean_absolute_error,
    "binarycrossentropy": image_metrics.binary_cross_entropy,
}
