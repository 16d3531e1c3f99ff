"""Which models of a submission are measured as what, and on which samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np
import numpy.typing as npt

from grader.domain.evidence import Evidence
from grader.domain.measurement import Role
from grader.domain.ports import MeasuringTask
from grader.rebuild.comparing import best_cast
from grader.rebuild.facts.description import datasets_of
from grader.rebuild.network.callables import with_callables
from grader.rebuild.network.cutting import completed
from grader.rebuild.network.model import Arrays, RebuiltModel
from grader.rebuild.network.relations import fits_sample, related
from grader.rebuild.network.roles import Cast, assign
from grader.rebuild.network.strangers import with_named_parts
from grader.rebuild.quantities import quality
from grader.rebuild.quantities.conventions import CHOOSING_IMAGES, PixelScale, in_unit_range
from grader.rebuild.quantities.material import NO_IMAGES, DataChoice, are_images
from grader.rebuild.quantities.transactions import Detector, find_detector, table
from grader.rebuild.quantities.yardstick import Yardstick, yardstick
from reference import data
from reference.contract import module

FAR_BETTER = 0.1
"""Skill by which a model gives back images of one data set better than of another where it was trained on the one."""

FEW_LEARNT = 0.5
"""Skill up to which it is looked whether a model was trained on images that its assignment does not allow."""


@dataclass(frozen=True)
class Case:
    """One submission with its models rebuilt and in their roles.

    Attributes:
        reference: Module of the reference.
        evidence: Vetted claims.
        arrays: Vetted arrays, with stand-ins for those that are not finite.
        models: All rebuilt models.
        cast: The models in their roles.
        samples: What they are measured on.
        public: Public samples, on which models may be chosen.
        detector: What is known of a fraud detector's columns, None where the samples are no rows of a table.
        scale: The pixels that the models were trained on, None for [0, 1].
        dataset: Id of the data that the samples are of.
        foreign: Id of images that the course does not allow and the autoencoder gives back far better; else "".
    """

    reference: ModuleType
    evidence: Evidence
    arrays: Arrays
    models: Sequence[RebuiltModel]
    cast: Cast
    samples: Yardstick
    public: npt.NDArray[np.float32]
    detector: Detector | None
    scale: PixelScale | None = None
    dataset: str = ""
    foreign: str = ""


def in_roles(
    evidence: Evidence, arrays: Arrays, models: Sequence[RebuiltModel], task: MeasuringTask, choice: DataChoice
) -> Case:
    """Choose the samples, and which model is the autoencoder, the encoder and the decoder.

    Where the task names no data set, a model of images is measured on the one that it gives back best of those that
    the course allows.
    """
    reference = module(task.reference)
    case = _on_data(evidence, arrays, models, task, choice)
    if task.dataset or case.cast.autoencoder is None or not are_images(case.dataset):
        return case
    allowed = datasets_of(reference)
    skill = max(0.0, _skill(case.cast.autoencoder, case.samples))  # what learnt nothing learnt it of no images
    for other in (name for name in data.NAMES if name != case.dataset):
        if other not in allowed and skill > FEW_LEARNT:
            continue
        rival = _on_data(evidence, arrays, models, replace(task, dataset=other), choice)
        if rival.cast.autoencoder is None or _skill(rival.cast.autoencoder, rival.samples) < skill + FAR_BETTER:
            continue
        return rival if other in allowed else replace(case, foreign=other)
    return case


def _skill(autoencoder: RebuiltModel, samples: Yardstick) -> float:
    """Return (L_mean - L) / L_mean on a few samples, where L is the MSE; 0 where the model does not run on them."""
    few = samples.images[:CHOOSING_IMAGES]
    outputs = quality.answers(autoencoder.model, few)
    if outputs is None or outputs.size != few.size or not np.isfinite(outputs).all():
        return 0.0
    mean = quality.mean_image_error(samples.train, few)
    return 1 - quality.mean_squared_error(few.reshape(len(few), -1), outputs) / mean


def _on_data(
    evidence: Evidence, arrays: Arrays, models: Sequence[RebuiltModel], task: MeasuringTask, choice: DataChoice
) -> Case:
    """Put the models into their roles on the data set of the task, by default the reference's own."""
    reference, contract = module(task.reference), dict(task.contract_names)
    if getattr(reference, "JUDGED_BY", "") == "anomaly":
        detector = find_detector(models, evidence, arrays, contract, table(choice), task.images)
        rows = _rows(detector)
        sample = rows.images.shape[1:]
        cast = related(detector.cast, models, evidence.fits, sample=sample, contract=contract)
        cast = with_callables(cast, evidence, arrays, sample=sample, contract=contract)
        cast = completed(cast, evidence, arrays, sample=sample)
        cast = with_named_parts(cast, models, arrays, sample=sample, contract=contract)
        return Case(reference, evidence, arrays, models, cast, rows, rows.images, replace(detector, cast=cast))
    dataset = task.dataset or reference.DATASET
    images = yardstick(dataset, task.images, choice)
    chooses = hasattr(reference, "BEST_OF") or hasattr(reference, "STAGES")  # others need no second set of images
    public = yardstick(dataset, "public" if chooses else task.images, choice).images
    sample = images.images.shape[1:]
    cast = assign(models, evidence.fits, arrays, sample=sample, contract=contract)
    cast = related(cast, models, evidence.fits, sample=sample, contract=contract)
    cast = best_cast(reference, models, cast, arrays, public, contract.get(Role.AUTOENCODER, ""))
    cast = with_callables(cast, evidence, arrays, sample=sample, contract=contract)
    cast = completed(cast, evidence, arrays, sample=sample)
    cast = with_named_parts(cast, models, arrays, sample=sample, contract=contract)
    scale = None
    if are_images(dataset) and (cast.autoencoder is None or fits_sample(cast.autoencoder, sample)):
        cast, scale = in_unit_range(cast, evidence, images.train)
    return Case(reference, evidence, arrays, models, cast, images, public, None, scale, dataset)


def _rows(detector: Detector) -> Yardstick:
    """The rows of a fraud detector in the place of images."""
    return Yardstick(detector.data, detector.train, detector.normal, NO_IMAGES)
