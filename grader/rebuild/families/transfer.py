"""Classifiers on a pretrained encoder: their accuracy, and the weights from which they started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import keras
import numpy as np

from grader.domain.architecture import shape_size
from grader.domain.facts import Baseline
from grader.domain.measurement import Measurement, Quantity
from grader.rebuild.families.case import Case
from grader.rebuild.families.family import ByBehaviour, Family, TrainedModels, reconstruction
from grader.rebuild.families.judgement import BCE, MSE, Baselines, Judgement
from grader.rebuild.network.model import Arrays, RebuiltModel
from grader.rebuild.network.roles import concrete
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.reference_data import Array, Labels, ReferenceData
from grader.rebuild.quantities.samples import Samples
from reference.contract import Autoencoder, Reference

CLASSES = 10
_SUMS_TO_ONE = 1e-3
_FROM_SCRATCH = ("scratch", "cero", "rival")


@dataclass(frozen=True)
class TransferModels(TrainedModels):
    """An autoencoder, the outputs of classifiers on labelled samples, and their weight matrices.

    Attributes:
        answers: Outputs of each classifier, (n, classes), by the quantity that counts its accuracy.
        encoder_matrices: Matrices of the encoder after the autoencoder's training; None without an encoder.
        classifier_matrices: Matrices of the classifier.
    """

    answers: Mapping[Quantity, Array] = field(default_factory=dict)
    encoder_matrices: Sequence[Array] | None = None
    classifier_matrices: Sequence[Array] = ()


class Transfer(Family):
    """A reference offers the steps from its encoder to a classifier, as `reference/pretraining.py` has them."""

    name = "transfer"
    statistics = MappingProxyType({
        Quantity.ACCURACY: Judgement("1", below=(Baseline.RANDOM_FEATURES,)),
        Quantity.FROZEN_ACCURACY: Judgement("1"),
        Quantity.SCRATCH_ACCURACY: Judgement("1"),
        Quantity.ENCODER_SIMILARITY: Judgement("1", below=(Baseline.RANDOM_FEATURES,)),
        Quantity.RECONSTRUCTION_MSE: MSE,
        Quantity.RECONSTRUCTION_BCE: BCE,
    })  # fmt: skip
    needs = ("choose_labelled", "build_classifier", "train_frozen", "fine_tune", "train_from_scratch")
    by_behaviour = ByBehaviour.NOTHING

    def measure(
        self, reference: Reference, models: TrainedModels, samples: Samples, outputs: Array
    ) -> list[Measurement]:
        """Measure the classifiers if there are labels and a classifier."""
        del reference
        found = reconstruction(samples, outputs)
        if not isinstance(models, TransferModels) or samples.labels is None or not models.answers:
            return found
        how = f"rebuilt classifier on {len(samples.images)} labelled images"
        for name, answers in models.answers.items():
            found.append(Measurement(name, accuracy(answers, samples.labels), "1", how))
        share = probabilities(models.answers[Quantity.ACCURACY])
        found.append(Measurement(Quantity.PROBABILITIES, share, "1", "share of answers that are probabilities"))
        if models.encoder_matrices is not None:
            similar = similarity(models.encoder_matrices, models.classifier_matrices)
            how = "cosine of the matrices of both encoders"
            found.append(Measurement(Quantity.ENCODER_SIMILARITY, similar, "1", how))
        return found

    def of_reference(
        self, reference: Reference, models: Autoencoder, material: ReferenceData, samples: Samples, seed: int
    ) -> TrainedModels:
        """Train the lesson's classifiers, which changes the encoder."""
        chosen = reference.offer("choose_labelled")(material.train_labels, np.random.default_rng(seed))
        images, labels = material.train[chosen], material.train_labels[chosen]
        before = _matrices(models.encoder)
        classifier = reference.offer("build_classifier")(models.encoder)
        reference.offer("train_frozen")(classifier, models.encoder, images, labels)
        frozen = _answers(classifier, samples.images)
        reference.offer("fine_tune")(classifier, models.encoder, images, labels)
        tuned, after = _answers(classifier, samples.images), _matrices(classifier)
        scratch = _answers(reference.offer("train_from_scratch")(images, labels), samples.images)
        answers = {
            Quantity.ACCURACY: tuned, Quantity.FROZEN_ACCURACY: frozen, Quantity.SCRATCH_ACCURACY: scratch,
        }  # fmt: skip
        return TransferModels(
            models.autoencoder,
            models.encoder,
            models.decoder,
            answers=answers,
            encoder_matrices=before,
            classifier_matrices=after,
        )

    def baselines(self, reference: Reference, material: ReferenceData) -> Baselines:
        """Add an untrained encoder."""
        keras.utils.set_random_seed(0)
        samples = self.reference_samples(reference, material)
        models = self.of_reference(reference, reference.build(), material, samples, 0)
        assert isinstance(models, TransferModels)  # noqa: S101 - as the line above made them
        random = accuracy(models.answers[Quantity.FROZEN_ACCURACY], material.hidden_labels)
        return {
            Quantity.ACCURACY: {Baseline.RANDOM_FEATURES: random},
            Quantity.ENCODER_SIMILARITY: {Baseline.RANDOM_FEATURES: 0.0},
        } | super().baselines(reference, material)

    def of_student(self, case: Case) -> TrainedModels:
        """Find a notebook's classifiers: the one on the encoder, and its rival trained from scratch."""
        whole = super().of_student(case)
        images, arrays = case.samples.images, case.rebuilt.arrays
        found = [model for model in case.rebuilt.models if _classifies(model, images.shape[1:])]
        if not found:
            return whole
        rivals = [model for model in found if _is_named(model, _FROM_SCRATCH)]
        main = max((model for model in found if model not in rivals), key=_standing, default=found[0])
        answers = {Quantity.ACCURACY: _answers(main.model, images)}
        if rivals:
            answers[Quantity.SCRATCH_ACCURACY] = _answers(rivals[0].model, images)
        encoder = case.cast.encoder
        return TransferModels(
            whole.autoencoder,
            whole.encoder,
            whole.decoder,
            whole.moments,
            whole.heads,
            answers=answers,
            encoder_matrices=None if encoder is None else _kernels(encoder, arrays),
            classifier_matrices=_kernels(main, arrays),
        )


FAMILIES = (Transfer(),)


def accuracy(outputs: Array, labels: Labels) -> float:
    """Return the share, in [0, 1], of rows whose largest number is at the label."""
    return float((outputs.argmax(axis=1) == labels).mean())


def probabilities(outputs: Array) -> float:
    """Return the share of rows without a negative number that sum to 1."""
    return float(((outputs >= 0).all(axis=1) & (np.abs(outputs.sum(axis=1) - 1) < _SUMS_TO_ONE)).mean())


def similarity(first: Sequence[Array], second: Sequence[Array]) -> float:
    """Return the cosine between all numbers of the first matrices and those of the same shapes in the second.

    It is 1 for equal matrices and about 0 for unrelated ones. Matrices are paired in order; a matrix without a partner
    counts as having nothing in common.
    """
    left = list(second)
    dot = mine = theirs = 0.0
    for matrix in first:
        place = next((n for n, other in enumerate(left) if other.shape == matrix.shape), None)
        partner = np.zeros_like(matrix) if place is None else left.pop(place)
        dot += float(np.sum(matrix * partner, dtype=np.float64))
        mine += float(np.sum(matrix**2, dtype=np.float64))
        theirs += float(np.sum(partner**2, dtype=np.float64))
    return dot / (mine * theirs) ** 0.5 if mine > 0 and theirs > 0 else 0.0


def _classifies(model: RebuiltModel, sample: tuple[int, ...]) -> bool:
    takes_images = concrete(model.input_shape, sample) is not None
    return takes_images and shape_size(model.output_shape) == CLASSES and len(model.output_shape) == 1


def _is_named(model: RebuiltModel, words: Sequence[str]) -> bool:
    return any(word in name.lower() for name in model.claim.names for word in words)


def _standing(model: RebuiltModel) -> tuple[bool, bool, int]:
    names = model.claim.names
    return "classifier" in names, any("clas" in name.lower() for name in names), model.claim.created


def _kernels(model: RebuiltModel, arrays: Arrays) -> list[Array]:
    names = dict.fromkeys(name for step in model.steps for name in step.arrays)
    return [np.asarray(arrays[name], np.float32) for name in names if name in arrays and arrays[name].ndim > 1]


def _answers(classifier: Any, images: Array) -> Array:
    return image_metrics.predict(classifier, image_metrics.as_input(classifier, images)).reshape(len(images), -1)


def _matrices(model: Any) -> list[Array]:
    return [np.asarray(weight).copy() for weight in model.weights if len(weight.shape) > 1]
