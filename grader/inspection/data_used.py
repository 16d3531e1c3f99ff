"""On which images a notebook trained a model, and whether a number on our hidden images is meaningful for it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from grader.domain.architecture import shape_size
from grader.domain.datasets import datasets, image_numbers, image_sets, row_lengths, title_of
from grader.domain.evidence import FitClaim
from grader.domain.inspection import Outline
from grader.domain.messages import Message, message
from grader.domain.submission import Notebook
from grader.inspection.recognition import ClaimedTraining
from grader.inspection.silent_mistakes import is_trained

_COMMENT: Final = re.compile(r"(?:^|\s)#[^\n'\"]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class DataUsed:
    """What is known about the images of a model's training.

    Attributes:
        dataset: Id of the data set, "" if it is unknown or not one of ours.
        why_not: Why no number on hidden images is reported; None if they are from the data set of the training.
    """

    dataset: str
    why_not: Message | None = None


def datasets_named(notebook: Notebook) -> frozenset[str]:
    """Return the image data sets that the code names, without comments."""
    code = "\n".join(_COMMENT.sub("", cell.source) for cell in notebook.cells)
    return frozenset(
        name for name, one in image_sets().items() if one.named_by and re.search(one.named_by, code, re.IGNORECASE)
    )


def data_used(outline: Outline, training: ClaimedTraining, named: Collection[str]) -> DataUsed:
    """Say on which images a model was trained, and why nothing is measured if that is unknown.

    The data given to its trainings decide. If these were changed beyond recognition or not observed (a loop, a
    pipeline), the images that the model reconstructs clearly best are its data, provided that the notebook names no
    others. If no training was observed, the only data set that the notebook names is used.

    Args:
        outline: The model.
        training: Its trainings.
        named: Image data sets that the notebook names.
    """
    if not _takes_images(outline):
        return DataUsed("", _of_another_shape(outline))
    if not is_trained(outline, training) and not training.without_keras:
        return DataUsed("", message("It was not trained."))
    looked = [fit for fit in training.fits if fit.data is not None]
    found = [fit for fit in looked if fit.data in image_sets()]
    if found:
        dataset = found[-1].data or ""
        return DataUsed(dataset, _of_some_classes([fit for fit in found if fit.data == dataset], dataset))
    if outline.dataset and (outline.dataset in named or (not named and not looked)):
        return DataUsed(outline.dataset)
    if not looked and len(named) == 1:
        return DataUsed(next(iter(named)))
    if looked and not named:
        return DataUsed("", message("It was trained on images that are neither of MNIST nor of Fashion-MNIST."))
    return DataUsed("", message("It is not known which images it was trained on."))


def _takes_images(outline: Outline) -> bool:
    """Return whether a model takes as many numbers as an image has, or sequences that may be rows of an image."""
    shape = outline.architecture.input_shape
    size = shape_size(shape)
    return size in image_numbers() or (size is None and bool(shape) and shape[-1] in row_lengths())


def _of_another_shape(outline: Outline) -> Message:
    return message(
        "It takes {shape}. The hidden images of MNIST and Fashion-MNIST are 28×28.",
        shape=shape_in_words(outline.architecture.input_shape),
    )


def shape_in_words(shape: tuple[int | None, ...]) -> str:
    """Write a shape for people: `32×32×3`."""
    return "×".join("?" if length is None else str(length) for length in shape) or "1"


def _of_some_classes(fits: Collection[FitClaim], dataset: str) -> Message | None:
    """Say that a model saw only some classes, so that hidden images of all classes do not judge it."""
    if not all(fit.classes for fit in fits):
        return None
    classes = sorted({one for fit in fits for one in fit.classes})
    if len(classes) >= datasets()[dataset].classes:
        return None
    listed_classes = ", ".join(map(str, classes))
    if len(classes) == 1:
        return message(
            "It was trained on one class of {data} alone, {classes}. The hidden images are of all ten.",
            data=title_of(dataset),
            classes=listed_classes,
        )
    return message(
        "It was trained on the classes {classes} of {data} alone. The hidden images are of all ten.",
        data=title_of(dataset),
        classes=listed_classes,
    )
