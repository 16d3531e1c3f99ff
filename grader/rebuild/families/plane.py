"""Linear autoencoders of points: the angle between the plane of all outputs and that of the principal components."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import numpy as np

from grader.domain.facts import Baseline
from grader.domain.measurement import Measurement, Quantity
from grader.domain.units import Unit
from grader.rebuild.families.family import Family, TrainedModels, reconstruction
from grader.rebuild.families.judgement import Baselines, CreditReach, Judgement
from grader.rebuild.quantities.reference_data import Array, ReferenceData
from grader.rebuild.quantities.samples import Samples
from reference.contract import Reference

RANDOM_PLANE_DEGREES: Final = float(np.degrees(1.0))
"""For a random plane, |cos| of the angle between normals is uniform, so the mean angle is 1 radian."""

PLANE_REACH: Final = CreditReach(0.1, 0.35)
"""PCA's plane is unique; honest runs come within about 2 degrees of it. A quarter of the way to a random plane would
be 15 degrees; a network trained on noise came that close with one seed. Credit ends at 21 degrees: when it ended at 0.9
of the way, one in ten planes of fresh weights got half of the credit (2,000 tried); now none gets any."""

_FLAT: Final = 1e-4


class Plane(Family):
    """A reference offers `pca_plane(points)` and `principal_angles(first, second)`."""

    name = "plane"
    statistics = MappingProxyType({
        Quantity.PLANE_ANGLE: Judgement(Unit.DEGREE, above=(Baseline.RANDOM_PLANE,), reach=PLANE_REACH),
        Quantity.RECONSTRUCTION_MSE: Judgement(Unit.LENGTH_SQUARED, above=(Baseline.MEAN,)),
    })  # fmt: skip
    needs = ("pca_plane", "principal_angles")

    def measure(
        self, reference: Reference, models: TrainedModels, samples: Samples, outputs: Array
    ) -> list[Measurement]:
        """Measure the angle if the outputs span a plane, and not a line or a point."""
        del models
        found = reconstruction(samples, outputs)
        _, spread, directions = np.linalg.svd(outputs - outputs.mean(axis=0), full_matrices=False)
        wanted = reference.offer("pca_plane")(samples.train[:]).directions
        if spread[len(wanted) - 1] <= _FLAT * spread[0]:
            return found
        angles = reference.offer("principal_angles")(directions[: len(wanted)], wanted)
        how = "plane of all answers against PCA's"
        return [*found, Measurement(Quantity.PLANE_ANGLE, float(angles[-1]), Unit.DEGREE, how)]

    def baselines(self, reference: Reference, material: ReferenceData) -> Baselines:
        """Add a random plane."""
        plane = {Quantity.PLANE_ANGLE: {Baseline.RANDOM_PLANE: RANDOM_PLANE_DEGREES}}
        return plane | super().baselines(reference, material)


FAMILIES = (Plane(),)
