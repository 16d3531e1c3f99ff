"""Measures a trained reference with the same function and on the same samples as a student's models."""

from __future__ import annotations

from grader.rebuild.families.family_registry import family_of
from grader.rebuild.families.judgement import Values
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.reference_data import ReferenceData
from reference.contract import Autoencoder, Reference


def measured(reference: Reference, models: Autoencoder, material: ReferenceData, seed: int) -> Values:
    """Return all numbers that the facts record of a reference's trained models.

    Args:
        reference: The reference.
        models: Its trained models; a family may train them further.
        material: Their training data, and the hidden data.
        seed: Seed of their training.

    Raises:
        KeyError: Its family measures fewer quantities than it lists in `statistics`.
    """
    family = family_of(reference)
    samples = family.reference_samples(reference, material)
    outputs = image_metrics.reconstruct(models.autoencoder, samples.images)  # before the family changes the models
    trained = family.of_reference(reference, models, material, samples, seed)
    values = {one.name: one.value for one in family.measure(reference, trained, samples, outputs)}
    return {quantity: float(values[quantity]) for quantity in family.statistics}
