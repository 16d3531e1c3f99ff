"""What a reference reached, in one line for lists and tables."""

from __future__ import annotations

from grader.domain.facts import CalibratedData, ReferenceFacts
from grader.domain.measurement import Quantity


def reached(facts: ReferenceFacts) -> str:
    """Say in one line what the reference reached, full data first: its deciding number and reconstruction losses."""
    loss = facts.recipe.get("loss")
    return "; ".join(
        f"{_told(found, loss)} ({_place(facts, dataset)}{_data_name(found)}, "
        f"{next(iter(found.statistics.values())).runs} runs)"
        for dataset, found in sorted(facts.all_calibrated(), key=lambda one: one[1].data == "sample")
    )


_SHORT_NAMES = {
    Quantity.RECONSTRUCTION_MSE: "MSE {:.4f}",
    Quantity.RECONSTRUCTION_BCE: "BCE {:.4f}",
    Quantity.DENOISED_MSE: "noisy → clean MSE {:.4f}",
    Quantity.SPARSENESS: "1 unit in {:.0f} describes an image",
    Quantity.CODE_ACTIVITY: "mean |code| {:.3f}",
    Quantity.ACTIVE_SHARE: "{:.1%} of the units above 0.1",
    Quantity.NEGATIVE_ELBO: "ELBO −{:.1f} nat",
    Quantity.KL_DIVERGENCE: "KL {:.1f} nat",
    Quantity.AVERAGE_PRECISION: "average precision {:.2f}",
    Quantity.ROC_AUC: "ROC AUC {:.3f}",
    Quantity.PLANE_ANGLE: "{:.1f}° from PCA's plane",
    Quantity.ACCURACY: "accuracy {:.3f}",
    Quantity.SCRATCH_ACCURACY: "from scratch {:.3f}",
}


def _told(found: CalibratedData, loss: object) -> str:
    """Name the numbers; the cross-entropy only where it was trained for, as any other output makes nonsense of it."""
    meaningless = set() if loss in (None, "binary_crossentropy") else {Quantity.RECONSTRUCTION_BCE}
    return ", ".join(
        _SHORT_NAMES[quantity].format(statistic.mean)
        for quantity, statistic in found.statistics.items()
        if quantity in _SHORT_NAMES and quantity not in meaningless
    )


def _place(facts: ReferenceFacts, dataset: str) -> str:
    """Name the data set where the course allows several."""
    return f"{dataset}, " if len(facts.datasets) > 1 else ""


def _data_name(found: CalibratedData) -> str:
    return f"{found.data}, simulated" if found.source.startswith("simulated") else found.data
