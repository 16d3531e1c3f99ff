"""Quantities that other packages add: each comes with the function that measures it."""

from __future__ import annotations

from grader.domain.measurement import Measurement
from grader.domain.quantities import added_quantities
from grader.rebuild.network.model import RebuiltModel
from grader.rebuild.quantities.reference_data import Array


def added_measurements(autoencoder: RebuiltModel | None, images: Array, dataset: str) -> list[Measurement]:
    """Measure a rebuilt autoencoder with the quantities of installed packages.

    Args:
        autoencoder: The model; without one nothing is measured.
        images: Hidden samples, in the shape of the data set.
        dataset: Their data set, for the unit.
    """
    if autoencoder is None:
        return []
    measured = ((name, name.spec) for name in added_quantities())
    return [
        Measurement(name, float(spec.measure(autoencoder.model, images)), spec.unit_of(dataset), spec.meaning)
        for name, spec in measured
        if spec.measure is not None
    ]
