"""Compares an autoencoder with the reference's network by transplanting weights, and measures the result."""

from __future__ import annotations

from dataclasses import dataclass

from grader.domain.architecture import Architecture
from grader.domain.evidence import Evidence
from grader.domain.measurement import Measurement, Quantity
from grader.domain.units import Unit
from grader.rebuild.network.model import Arrays, RebuiltModel
from grader.rebuild.network.own_models import reference_form
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.conventions import PixelScale
from grader.rebuild.quantities.samples import Samples
from grader.rebuild.weight_transplant import Donor, is_comparable, transplant
from reference.contract import Reference


@dataclass(frozen=True)
class Equivalence:
    """The result of a transplant.

    Attributes:
        form: Canonical form of our network that computes the same; None if none was found.
        values: The gap, and what our network reaches with the trained weights.
    """

    form: Architecture | None = None
    values: tuple[Measurement, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What is compared with the reference.

    Attributes:
        autoencoder: The student's rebuilt autoencoder.
        form: Its canonical form.
        code_size: Size of its code.
        scale: The pixels on which it was trained, None for [0, 1].
        wanted: Canonical form of the reference's autoencoder, if its facts are at hand; else it is built.
    """

    autoencoder: RebuiltModel
    form: Architecture
    code_size: int
    scale: PixelScale | None
    wanted: Architecture | None = None

    def has_layers_of(self, reference: Reference) -> bool:
        """Return whether its layers equal the reference's exactly."""
        wanted = reference_form(reference) if self.wanted is None else self.wanted
        return _signature(self.form) == _signature(wanted)


def equivalence(
    reference: Reference, asked: Asked, evidence: Evidence, arrays: Arrays, samples: Samples, *, always: bool
) -> Equivalence:
    """Transplant weights between an autoencoder and the reference.

    Args:
        reference: The reference; nothing is compared if it leaves its layers free.
        asked: What is compared.
        evidence: For its layers.
        arrays: Vetted arrays.
        samples: Images to measure on.
        always: Whether to compare even if the layers equal the reference's exactly, so that the two measurements can be
            checked against each other.
    """
    if not is_comparable(reference) or (not always and asked.has_layers_of(reference)):
        return Equivalence()
    donor = Donor(asked.autoencoder, evidence.operations, arrays, asked.form, asked.code_size)
    found = transplant(donor, reference.build(), samples.images)
    if found is None:
        return Equivalence()
    how = f"random weights in both networks, {found.tried} tried"
    values = [Measurement(Quantity.TRANSPLANT_GAP, found.gap, "1", how)]
    model = found.model if asked.scale is None else asked.scale.between(found.model)
    outputs = image_metrics.answers(model, samples.images)
    if outputs is not None:
        error = image_metrics.mean_squared_error(samples.images.reshape(len(outputs), -1), outputs)
        how = f"the trained weights in a network of our own layers, {len(outputs)} images"
        values.append(Measurement(Quantity.TRANSPLANTED_MSE, error, Unit.PIXEL_SQUARED, how))
    return Equivalence(found.form, tuple(values))


def _signature(form: Architecture) -> tuple[object, ...]:
    """Return a network's structure without names, image layout and noise."""
    return tuple((layer.kind, layer.attributes, layer.size, layer.parameters) for layer in form.active_layers)
