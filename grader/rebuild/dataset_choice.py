"""Chooses the data set on which a submission is measured: the allowed one that its model reconstructs best."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from grader.rebuild.families.case import Case, Rebuilt, Setting
from grader.rebuild.families.family import Family
from grader.rebuild.network.model import RebuiltModel
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.conventions import CHOOSING_IMAGES
from grader.rebuild.quantities.reference_data import are_images
from grader.rebuild.quantities.samples import Samples
from reference import data

FAR_BETTER = 0.1
"""Least advantage in skill on one data set over another that shows on which of them a model was trained."""

FEW_LEARNT = 0.5
"""Largest skill at which we check whether a model was trained on images that its assignment does not allow."""


def in_roles(family: Family, rebuilt: Rebuilt, setting: Setting) -> Case:
    """Choose the samples, and decide which model is the autoencoder, the encoder and the decoder.

    If the task names no data set, a model of images is measured on the allowed data set that it reconstructs best.
    """
    case = family.cast(rebuilt, setting)
    if setting.task.dataset or case.cast.autoencoder is None or not are_images(case.dataset):
        return case
    allowed = setting.reference.datasets
    skill = max(0.0, _skill(case.cast.autoencoder, case.samples))  # a model without skill was trained on no data set
    for other in (name for name in data.NAMES if name != case.dataset):
        if other not in allowed and skill > FEW_LEARNT:
            continue
        rival = family.cast(rebuilt, replace(setting, task=replace(setting.task, dataset=other)))
        if rival.cast.autoencoder is None or _skill(rival.cast.autoencoder, rival.samples) < skill + FAR_BETTER:
            continue
        return rival if other in allowed else replace(case, foreign=other)
    return case


def _skill(autoencoder: RebuiltModel, samples: Samples) -> float:
    """Return (L_mean - L) / L_mean on a few samples, where L is the MSE; 0 if the model does not run on them."""
    few = samples.images[:CHOOSING_IMAGES]
    outputs = image_metrics.answers(autoencoder.model, few)
    if outputs is None or outputs.size != few.size or not np.isfinite(outputs).all():
        return 0.0
    mean = samples.mean_image_error(few)
    return 1 - image_metrics.mean_squared_error(few.reshape(len(few), -1), outputs) / mean
