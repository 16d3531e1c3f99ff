"""What `grader inspect` reports about a notebook whose assignment is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.domain.architecture import Architecture
from grader.domain.datasets import MeasuredSize
from grader.domain.grade import Finding
from grader.domain.measurement import Quantity
from grader.domain.messages import Message
from grader.domain.outdated import Translation
from grader.domain.run import RunRecord

CLEARLY = 0.02
"""Smallest difference of two skills by which a data set is recognised."""

OTHER = "other"
"""Family of an autoencoder of a kind that the course does not teach."""


@dataclass(frozen=True, slots=True)
class Outline:
    """One autoencoder among the models of a notebook, as zone M (the measuring process) found it.

    Attributes:
        model: Id of its claim.
        relatives: Ids of all claims that hold some of its arrays, its own among them: its encoder, its decoder.
        name: What the notebook calls it.
        architecture: Its canonical form.
        code_size: Numbers at its narrowest point, None if everything is as wide as the input.
        is_variational: It draws its code from a mean and a log-variance.
        skills: For each image data set that it fits, (L_mean - L) / L_mean of its MSE on hidden images: 0 like the mean
            image, 1 without error, below 0 if worse than the mean image. Empty if it takes no images.
        noise_ratios: For the same data sets, its MSE on images with noise divided by that on clean ones.
        classifies: Whether another trained model, which answers with class probabilities, holds its encoder's arrays.
        parts_trained: How many other trained autoencoders hold only arrays of this one.
        part_of: Ids of the autoencoders that hold all its arrays and others as well.
        trained_by: Ids of the models whose trainings trained it: itself, one that holds it, or its halves.
        twins: Names of other models with the same arrays that return as many numbers as they take.
        strays: Names of models that take the same input, return fewer numbers, and hold arrays that no training
            changed, neither this autoencoder's nor any other model's.
        not_finite: Whether some of its weights are NaN or infinite; it then has no skills.
    """

    model: str
    relatives: tuple[str, ...]
    name: str
    architecture: Architecture
    code_size: int | None
    is_variational: bool
    skills: Mapping[str, float] = field(default_factory=dict)
    noise_ratios: Mapping[str, float] = field(default_factory=dict)
    classifies: bool = False
    parts_trained: int = 0
    part_of: tuple[str, ...] = ()
    trained_by: tuple[str, ...] = ()
    twins: tuple[str, ...] = ()
    strays: tuple[str, ...] = ()
    not_finite: bool = False

    def skill_with_noise(self, dataset: str) -> float:
        """Return (L_mean - L) / L_mean where L is its MSE on noisy images against the clean ones."""
        return 1 - (1 - self.skills[dataset]) * self.noise_ratios.get(dataset, 1.0)

    def best_skill(self, dataset: str) -> float:
        """Return its skill on clean images or on noisy ones, whichever is better: a denoiser expects noise."""
        return max(self.skills[dataset], self.skill_with_noise(dataset))

    @property
    def skill(self) -> float | None:
        """Its best skill on any data set, None if it takes no images."""
        return max(map(self.best_skill, self.skills), default=None)

    @property
    def dataset(self) -> str:
        """The image data set that it reconstructs clearly best, "" if there is none or the mean image is as good.

        A model that copies its input does so with any images, which says nothing about its training images.
        """
        ranked = sorted(self.skills, key=self.best_skill, reverse=True)
        if not ranked or self.best_skill(ranked[0]) <= 0:
            return ""
        rivals = [name for name in ranked[1:] if self.best_skill(name) > self.best_skill(ranked[0]) - CLEARLY]
        return "" if rivals else ranked[0]


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding with a stable name for programs.

    Attributes:
        kind: Its name (`code_too_wide`), or the name of the check it comes from (`denoising`).
        finding: The finding itself.
    """

    kind: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class InspectedModel:
    """One autoencoder of a notebook.

    Attributes:
        name: What the notebook calls it.
        family: Id of the course's family, or `OTHER`.
        dataset: Id of the data set on which it was trained, as far as recognised, or "".
        encoder: The notebook's name for its encoder, or "" if the notebook made none.
        decoder: The same for the decoder.
        code_size: Numbers in one code, None if no layer is narrower than the input.
        parameters: Of the autoencoder.
        trained: Whether it was fitted.
        quality: Numbers on hidden data, by quantity.
        reference_quality: The same numbers of the nearest reference, for those that it has.
        findings: What is wrong with it, above all errors that raised no exception.
        nearest: Id of the reference used to measure it: its family's, or one on the same data; or "".
        measured_on: Id of the data set whose hidden images or rows gave `quality`, or "".
        measured_size: How much of it was used, `sample` or `full`, or "".
        not_measured: Why there are no numbers on hidden data, if there are none.
        no_family: Why no family fits, if none does.
        epochs: Epochs that `fit` trained it for.
        epochs_asked: Epochs that the notebook asked for, if its training was ended early; else 0.
        stood_still: Whether it was ended because its loss no longer changed, not because its time was up.
    """

    name: str
    family: str
    dataset: str
    encoder: str
    decoder: str
    code_size: int | None
    parameters: int
    trained: bool
    quality: Mapping[Quantity, float]
    reference_quality: Mapping[Quantity, float]
    findings: tuple[Remark, ...] = ()
    nearest: str = ""
    measured_on: str = ""
    measured_size: MeasuredSize = ""
    not_measured: Message | None = None
    no_family: Message | None = None
    epochs: int = 0
    epochs_asked: int = 0
    stood_still: bool = False


@dataclass(frozen=True, slots=True)
class InspectionRun:
    """One of the runs of an inspected notebook.

    Attributes:
        translated: Whether old code was run in its current form.
        run: What we observed.
        models: How many autoencoders it left.
    """

    translated: bool
    run: RunRecord
    models: int


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything that was found in a notebook.

    Attributes:
        models: Its autoencoders in the order of their first training.
        run: What we observed of the run from which the other fields come.
        diagnosis: What went wrong or could not be done, one sentence each.
        translated: Old code that was run in its current form.
        trials: Every run, that one included: the notebook as it is and, if old code breaks it, the translated notebook.
    """

    models: tuple[InspectedModel, ...]
    run: RunRecord
    diagnosis: tuple[Message, ...] = ()
    translated: tuple[Translation, ...] = ()
    trials: tuple[InspectionRun, ...] = ()
