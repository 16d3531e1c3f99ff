"""What a reference reached, in one line for lists and tables."""

from __future__ import annotations

from grader.domain.datasets import DataSize
from grader.domain.facts import CalibratedData, ReferenceFacts
from grader.domain.measurement import Quantity


def reached(facts: ReferenceFacts) -> str:
    """Return in one line what the reference reached, full data first: its main number and the reconstruction losses."""
    loss = facts.recipe.get("loss")
    return "; ".join(
        f"{_numbers_in_words(found, loss)} ({_place(facts, dataset)}{_data_name(found)}, "
        f"{next(iter(found.statistics.values())).runs} runs)"
        for dataset, found in sorted(facts.all_calibrated(), key=lambda one: one[1].data == DataSize.SAMPLE)
    )


def _numbers_in_words(found: CalibratedData, loss: object) -> str:
    """Name the numbers; the cross-entropy only for models trained with it, since it means nothing for other outputs."""
    meaningless = set() if loss in (None, "binary_crossentropy") else {Quantity.RECONSTRUCTION_BCE}
    return ", ".join(
        quantity.spec.summary.format(statistic.mean)
        for quantity, statistic in found.statistics.items()
        if quantity.spec.summary and quantity not in meaningless
    )


def _place(facts: ReferenceFacts, dataset: str) -> str:
    """Name the data set if the course allows several."""
    return f"{dataset}, " if len(facts.datasets) > 1 else ""


def _data_name(found: CalibratedData) -> str:
    return f"{found.data}, simulated" if found.source.startswith("simulated") else found.data
