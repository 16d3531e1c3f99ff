"""What `grader inspect` says of a notebook of which no assignment is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.domain.architecture import Architecture
from grader.domain.grade import Finding
from grader.domain.measurement import Quantity
from grader.domain.messages import Message
from grader.domain.outdated import Translation
from grader.domain.run import RunRecord

CLEARLY = 0.02
"""Difference of two skills from which on a data set is recognised."""

OTHER = "other"
"""Family of an autoencoder that the course does not know."""


@dataclass(frozen=True, slots=True)
class Outline:
    """One autoencoder among the models of a notebook, as zone M found it.

    Attributes:
        model: Id of its claim.
        relatives: Ids of all claims that hold some of its arrays, itself among them: its encoder, its decoder.
        name: What the notebook calls it.
        architecture: Its canonical form.
        code_size: Numbers at its narrowest point, None where everything is as wide as the input.
        is_variational: It draws its code from a mean and a log-variance.
        skills: For each image data set that it fits, (L_mean - L) / L_mean of its MSE on hidden images: 0 like the mean
            image, 1 without error; below 0 where it is worse. Empty where it takes no images.
        noise_ratios: For the same data sets, its MSE on images with noise divided by that on clean ones.
        classifies: A trained model besides it, which answers with class probabilities, holds its encoder's arrays.
        parts_trained: How many autoencoders were trained whose arrays it holds, itself not counted.
        part_of: Ids of the autoencoders that hold all its arrays and others besides.
        trained_by: Ids of the models whose trainings trained it: itself, one that holds it, or its halves.
        twins: What the notebook calls other models with the very same arrays that give as many numbers as they take.
        strays: What it calls models that take what this one takes, give fewer numbers, and hold arrays that no training
            changed: neither this autoencoder's nor any other model's.
        not_finite: Some of its weights are NaN or infinite; it has no skills then.
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
        """Return its skill on clean images or on noisy ones, whichever is better: denoisers expect noise."""
        return max(self.skills[dataset], self.skill_with_noise(dataset))

    @property
    def skill(self) -> float | None:
        """Its best skill on any data set, None where it takes no images."""
        return max(map(self.best_skill, self.skills), default=None)

    @property
    def dataset(self) -> str:
        """The image data set that it reconstructs clearly best, "" where that is none or no better than the mean image.

        What copies its input does so with any images, and tells nothing of those that it was trained on.
        """
        ranked = sorted(self.skills, key=self.best_skill, reverse=True)
        if not ranked or self.best_skill(ranked[0]) <= 0:
            return ""
        rivals = [name for name in ranked[1:] if self.best_skill(name) > self.best_skill(ranked[0]) - CLEARLY]
        return "" if rivals else ranked[0]


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding with a name that programs can rely on.

    Attributes:
        kind: Its name (`code_too_wide`), or that of the check it comes from (`denoising`).
        finding: What there is to say.
    """

    kind: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class InspectedModel:
    """One autoencoder of a notebook.

    Attributes:
        name: What the notebook calls it.
        family: Id of the course, or `OTHER`.
        dataset: Id of the data set that it was recognised to be trained on, or "".
        encoder: What the notebook calls its encoder, or "" where it made none.
        decoder: The same of the decoder.
        code_size: Numbers in one code, None where nothing is narrower than the input.
        parameters: Of the autoencoder.
        trained: It was fitted.
        quality: Numbers on hidden data, by quantity.
        reference_quality: The same numbers of the nearest reference, for those that it has.
        findings: What is wrong with it, most of all what raised no error.
        nearest: Id of the reference that it was measured like, or "": its family's, or one on the same data.
        measured_on: Id of the data set whose hidden images or rows `quality` is of, or "".
        measured_size: `sample` or `full`: how much of it, or "".
        not_measured: Why there are no numbers of hidden data, where there are none.
        no_family: Why no family fits, where none does.
        epochs: Epochs that it was trained for by `fit`.
        epochs_asked: Epochs that the notebook asked for, where its training was ended before; else 0.
        stood_still: It was ended because its loss stood still, not because its time was up.
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
    measured_size: str = ""
    not_measured: Message | None = None
    no_family: Message | None = None
    epochs: int = 0
    epochs_asked: int = 0
    stood_still: bool = False


@dataclass(frozen=True, slots=True)
class InspectionRun:
    """One of the runs of a notebook that is inspected.

    Attributes:
        translated: Old code was run in its current form.
        run: What we observed.
        models: How many autoencoders it left.
    """

    translated: bool
    run: RunRecord
    models: int


@dataclass(frozen=True, slots=True)
class Inspection:
    """All that was found in a notebook.

    Attributes:
        models: Its autoencoders, those that were trained first.
        run: What we observed of the run that everything else is told of.
        diagnosis: What went wrong or could not be done, one sentence each.
        translated: Old code that was run in its current form.
        trials: Every run, that one among them: as it is, and, where that breaks on old code, translated.
    """

    models: tuple[InspectedModel, ...]
    run: RunRecord
    diagnosis: tuple[Message, ...] = ()
    translated: tuple[Translation, ...] = ()
    trials: tuple[InspectionRun, ...] = ()
