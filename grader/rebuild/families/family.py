"""The base class of families: one function measures references and students' models, the rest judges the numbers.

Another package's family derives from `Family`, overrides what differs, and is named as an entry point of the group
`grader.rebuild.families.family_registry.GROUP`. By default, a family judges by the reconstruction error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, Final

import numpy as np

from grader.domain.architecture import shape_size
from grader.domain.datasets import Held
from grader.domain.facts import Baseline
from grader.domain.measurement import ImageStrip, Measurement, Quantity, Role
from grader.domain.portrait import Portrait
from grader.domain.units import Unit
from grader.rebuild.families.case import Case, Rebuilt, Setting, Surroundings
from grader.rebuild.families.judgement import BCE, MSE, Baselines, Judgement
from grader.rebuild.network.callables import with_callables
from grader.rebuild.network.cutting import completed
from grader.rebuild.network.model import RebuiltModel
from grader.rebuild.network.relations import fits_sample, related
from grader.rebuild.network.roles import Cast, assign
from grader.rebuild.network.untrained_copies import with_named_parts
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.conventions import in_unit_range
from grader.rebuild.quantities.lengths import length_measurements
from grader.rebuild.quantities.noisy_samples import clean_samples
from grader.rebuild.quantities.portrait_measurements import CODES_SHOWN, code_plane, codes_of
from grader.rebuild.quantities.reference_data import Array, ReferenceData, are_images
from grader.rebuild.quantities.samples import Samples, load_samples
from reference.contract import Autoencoder, Reference


class ByBehaviour(StrEnum):
    """What is measured of models that cannot be rebuilt and run as opaque graphs.

    WITH_CODE: The family's numbers, if encoder and decoder together do what the autoencoder does.
    WHOLE: These numbers even without such halves: a graph that returns its input earns nothing by them.
    NOTHING: A person must look at such a submission.
    NOT_RUN: Graphs are ignored; only what could be rebuilt is measured.
    """

    WITH_CODE = "with code"
    WHOLE = "whole"
    NOTHING = "nothing"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class TrainedModels:
    """Trained models in the form in which a family measures them: Keras models, or graphs that behave like them.

    Attributes:
        autoencoder: Sample to sample.
        encoder: Sample to code, None if there is none.
        decoder: Code to sample, None if there is none.
        moments: Sample to [mean, log-variance] if the code is drawn from them, else None.
        heads: Sample to the two outputs of an encoder if the meaning of the second is unknown, else None.
    """

    autoencoder: Any
    encoder: Any | None = None
    decoder: Any | None = None
    moments: Any | None = None
    heads: Any | None = None


class Family:
    """One family; subclasses override the attributes and methods that differ."""

    name: ClassVar[str] = "reconstruction"
    """The name that references write in `JUDGED_BY`."""

    statistics: ClassVar[Mapping[Quantity, Judgement]] = MappingProxyType({
        Quantity.RECONSTRUCTION_MSE: MSE,
        Quantity.RECONSTRUCTION_BCE: BCE,
    })  # fmt: skip
    """The quantities of its facts, the deciding one first. A student's without a measurement waits for a person."""

    needs: ClassVar[tuple[str, ...]] = ()
    """What the module of a reference must offer besides `reference.contract.NAMES`."""

    prescribes_layers: ClassVar[bool] = True
    """Whether a student's network is compared with the reference's layer by layer (unless the course
    leaves it free)."""

    several_models: ClassVar[bool] = False
    """Whether the assignment asks for several trained models, each of which counts."""

    by_behaviour: ClassVar[ByBehaviour] = ByBehaviour.WITH_CODE

    @property
    def main(self) -> Quantity:
        """The deciding quantity."""
        return next(iter(self.statistics))

    # For references and students

    def measure(
        self, reference: Reference, models: TrainedModels, samples: Samples, outputs: Array
    ) -> list[Measurement]:
        """Measure trained models, a reference's or a student's.

        Args:
            reference: Offers what the family needs besides the models.
            models: The models.
            samples: The samples to measure on.
            outputs: The autoencoder's outputs for `samples.images`, in their shape.

        Returns:
            As many of `statistics` as can be measured, and further numbers of the family.
        """
        del reference, models
        return reconstruction(samples, outputs)

    def portrait(self, reference: Reference, models: TrainedModels, samples: Samples) -> Portrait:
        """Return the drawings for a student's report: by default, the positions of codes of two or three numbers.

        Args:
            reference: Offers what the family needs.
            models: The student's models.
            samples: The samples to measure on.
        """
        del reference
        if models.encoder is None or not 1 < code_numbers_of(models.encoder) <= FEW_NUMBERS:
            return Portrait()
        return Portrait(code_plane(codes_of(models.encoder, samples.images[:CODES_SHOWN]), samples.labels))

    def strips(self, reference: Reference, models: TrainedModels, samples: Samples) -> tuple[ImageStrip, ...]:
        """Return pictures of a student's model for a report, shown below the originals and their reconstructions."""
        del reference, models, samples
        return ()

    # References

    def of_reference(
        self, reference: Reference, models: Autoencoder, material: ReferenceData, samples: Samples, seed: int
    ) -> TrainedModels:
        """Return the models of a reference with everything that `measure` needs.

        Args:
            reference: The reference.
            models: Its trained models.
            material: The data of their training.
            samples: The samples to measure on.
            seed: Seed of their training.
        """
        del reference, material, samples, seed
        return TrainedModels(models.autoencoder, models.encoder, models.decoder)

    def reference_samples(self, reference: Reference, material: ReferenceData) -> Samples:
        """Return the hidden data on which a reference is measured."""
        clean = clean_samples(reference, material.hidden)
        images = clean.reshape(material.hidden.shape) if clean.size == material.hidden.size else clean
        return Samples(
            material.size,
            material.train,
            images,
            lambda: material.strip_images,
            material.hidden_labels,
            laid_out=clean,
        )

    def baselines(self, reference: Reference, material: ReferenceData) -> Baselines:
        """Return what predictors reach that need no training of the reference."""
        found = {Baseline.MEAN: image_metrics.mean_image_error(material.train, material.hidden)}
        if material.train[0].size > reference.code_size:
            found[Baseline.PCA] = image_metrics.pca_error(material.train, material.hidden, reference.code_size)
        baselines: Baselines = {Quantity.RECONSTRUCTION_MSE: found}
        if material.hidden.ndim == 3:  # images
            baselines[Quantity.RECONSTRUCTION_BCE] = {Baseline.MEAN: mean_image_entropy(material)}
        return baselines

    # Students

    def cast(self, rebuilt: Rebuilt, setting: Setting) -> Case:
        """Assign roles to the models on the data set of the task, by default the reference's own."""
        evidence, arrays, models = rebuilt.evidence, rebuilt.arrays, rebuilt.models
        dataset = setting.task.dataset or setting.reference.dataset
        most = cell_images(models) if setting.numbers_only else None
        samples = load_samples(dataset, setting.task.images, setting.choice, at_most=most)
        part = Held.PUBLIC if self.several_models else setting.task.images  # others need no second set of images
        public = load_samples(dataset, part, setting.choice, at_most=most).images
        sample, contract = samples.images.shape[1:], setting.contract
        cast = assign(models, evidence.fits, arrays, sample=sample, contract=contract)
        cast = related(cast, models, evidence.fits, sample=sample, contract=contract)
        cast = self.chosen(cast, rebuilt, setting, public)
        cast = completed_cast(cast, rebuilt, setting, sample)
        scale = None
        if are_images(dataset) and (cast.autoencoder is None or fits_sample(cast.autoencoder, sample)):
            cast, scale = in_unit_range(cast, evidence, samples.train)
        return Case(setting, rebuilt, cast, samples, public, scale, dataset)

    def chosen(self, cast: Cast, rebuilt: Rebuilt, setting: Setting, public: Array) -> Cast:
        """Return another cast if a notebook trains several models and public samples decide which counts."""
        del rebuilt, setting, public
        return cast

    def of_student(self, case: Case) -> TrainedModels:
        """Return a student's models, including an autoencoder, with everything that `measure` needs."""
        parts = case.cast.by_role()
        encoder, decoder, whole = parts.get(Role.ENCODER), parts.get(Role.DECODER), parts[Role.AUTOENCODER]
        return TrainedModels(
            whole.model,
            None if encoder is None else encoder.model,
            None if decoder is None else decoder.model,
            next((one.moments for one in (encoder, whole) if one is not None and one.moments), None),
            None if encoder is None else encoder.heads,
        )

    def surroundings(self, case: Case) -> Surroundings:
        """Measure what surrounds the autoencoder: trivial predictors, and properties of its layers."""
        reader = case.cast.encoder or case.cast.autoencoder
        lengths = length_measurements(reader, case.rebuilt.evidence, case.rebuilt.arrays, case.samples.images)
        return Surroundings((*trivial(case), *lengths))


FAMILIES = (Family(),)

FEW_NUMBERS: Final = 3
MOST_CELL_IMAGES: Final = 500
FEWEST_CELL_IMAGES: Final = 150
CELL_PRODUCTS: Final = 2 * 10**8
"""Multiplications of one pass over the images of a check in a notebook's cell; images with many channels are slow."""


def cell_images(models: Sequence[RebuiltModel]) -> int:
    """Return on how many public images a check in a notebook's cell measures, which answers while the student waits."""
    largest = max((model.products for model in models), default=1)
    return min(MOST_CELL_IMAGES, max(FEWEST_CELL_IMAGES, CELL_PRODUCTS // max(1, largest)))


def code_numbers_of(encoder: Any) -> int:
    """Return how many numbers a code holds, 0 if the encoder's shape does not say."""
    return shape_size(tuple(encoder.outputs[0].shape[1:])) or 0


def reconstruction(samples: Samples, outputs: Array) -> list[Measurement]:
    """Return the reconstruction error of samples (n, …) as squared error and as cross-entropy."""
    how = f"rebuilt model on {len(samples.images)} images"
    squared = image_metrics.mean_squared_error(samples.images, outputs)
    entropy = image_metrics.binary_cross_entropy(samples.images, outputs)
    return [
        Measurement(Quantity.RECONSTRUCTION_MSE, squared, Unit.PIXEL_SQUARED, how),
        Measurement(Quantity.RECONSTRUCTION_BCE, entropy, Unit.NAT_PER_PIXEL, how),
    ]


def trivial(case: Case) -> tuple[Measurement, ...]:
    """Return what the mean training image and PCA reach on a submission's samples, if that is wanted."""
    if case.setting.numbers_only:
        return ()
    components = case.setting.reference.code_size
    mean, pca = case.samples.mean_image_error(), case.samples.pca_error(components)
    return (
        Measurement(Quantity.MEAN_IMAGE_MSE, mean, Unit.PIXEL_SQUARED, "mean training image, same images"),
        Measurement(Quantity.PCA_MSE, pca, Unit.PIXEL_SQUARED, f"PCA with {components} components, same images"),
    )


def completed_cast(cast: Cast, rebuilt: Rebuilt, setting: Setting, sample: tuple[int, ...]) -> Cast:
    """Fill the empty roles: with callable objects, by cutting, or with models that have the names asked for."""
    evidence, arrays, contract = rebuilt.evidence, rebuilt.arrays, setting.contract
    cast = with_callables(cast, evidence, arrays, sample=sample, contract=contract)
    cast = completed(cast, evidence, arrays, sample=sample)
    return with_named_parts(cast, rebuilt.models, arrays, sample=sample, contract=contract)


def mean_image_entropy(material: ReferenceData) -> float:
    """Return the cross-entropy of the mean training image on the hidden images, in nats a pixel."""
    mean = np.broadcast_to(material.train.mean(axis=0), material.hidden.shape)
    return image_metrics.binary_cross_entropy(material.hidden, mean)
