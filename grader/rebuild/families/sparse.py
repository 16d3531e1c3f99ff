"""Sparse codes: how few units of the code describe an image, judged by their effect on the decoded image."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

import numpy as np

from grader.domain.facts import Baseline
from grader.domain.measurement import Measurement, Quantity
from grader.domain.portrait import Portrait
from grader.rebuild.families.family import Family, TrainedModels, reconstruction
from grader.rebuild.families.judgement import BCE, MSE, CreditReach, Judgement
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.portrait_measurements import ACTIVITY_IMAGES, code_activity, codes_of
from grader.rebuild.quantities.reference_data import Array
from grader.rebuild.quantities.samples import Samples
from grader.rebuild.quantities.sparsity import IMAGES, sparseness
from reference.contract import Reference

ACTIVE_ABOVE: Final = 0.1

SPARSE_REACH: Final = CreditReach(0.4)
"""Full credit reaches this share of the way to a code without a penalty. Other kinds of penalty are honest too: a KL
divergence to a mean activity of 0.1, weight 0.01, gives 13.9 units for each one that describes an image; the reference
gives 20.7, a relu without penalty 5.4."""


class Sparse(Family):
    """Codes with few active units; the magnitude of their numbers does not matter."""

    name = "sparse"
    statistics = MappingProxyType({
        Quantity.RECONSTRUCTION_MSE: MSE,
        Quantity.RECONSTRUCTION_BCE: BCE,
        Quantity.SPARSENESS: Judgement("1", below=(Baseline.CONTROL,), reach=SPARSE_REACH),
        Quantity.CODE_ACTIVITY: Judgement("1"),
        Quantity.ACTIVE_SHARE: Judgement("1"),
    })  # fmt: skip

    def measure(
        self, reference: Reference, models: TrainedModels, samples: Samples, outputs: Array
    ) -> list[Measurement]:
        """Measure the codes if there is an encoder with its decoder."""
        del reference
        found = reconstruction(samples, outputs)
        if models.encoder is None or models.decoder is None:
            return found
        codes = image_metrics.predict(models.encoder, image_metrics.as_input(models.encoder, samples.images))
        how = f"codes of {len(samples.images)} images"
        descriptions = {
            Quantity.SPARSENESS: f"change of up to {IMAGES} decoded images when one unit at a time is put to rest",
            Quantity.CODE_ACTIVITY: how,
            Quantity.ACTIVE_SHARE: f"{how}, above {ACTIVE_ABOVE}",
        }
        numbers = code_numbers(models.decoder, codes)
        return [*found, *(Measurement(name, value, "1", descriptions[name]) for name, value in numbers.items())]

    def portrait(self, reference: Reference, models: TrainedModels, samples: Samples) -> Portrait:
        """Draw the mean activity of each number of the code."""
        del reference
        if models.encoder is None:
            return Portrait()
        return Portrait(activity=code_activity(codes_of(models.encoder, samples.images[:ACTIVITY_IMAGES])))


FAMILIES = (Sparse(),)


def code_numbers(decoder: Any, codes: Array) -> dict[Quantity, float]:
    """Return sparseness, mean |code| and the share of numbers above 0.1 of codes (n, K)."""
    return {
        Quantity.SPARSENESS: sparseness(decoder, codes),
        Quantity.CODE_ACTIVITY: float(np.abs(codes).mean()),
        Quantity.ACTIVE_SHARE: float((codes > ACTIVE_ABOVE).mean()),
    }
