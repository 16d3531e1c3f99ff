"""Denoisers: the error on noisy samples against the clean ones, with the reference's own noise."""

from __future__ import annotations

from types import MappingProxyType

from grader.domain.facts import Baseline
from grader.domain.measurement import ImageStrip, Measurement, Quantity
from grader.domain.units import Unit
from grader.rebuild.families.family import ByBehaviour, Family, TrainedModels, reconstruction
from grader.rebuild.families.judgement import BCE, MSE_INFORMS, Baselines, CreditReach, Judgement
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.noisy_samples import clean_samples, noisy_samples
from grader.rebuild.quantities.portrait_measurements import denoised_strips
from grader.rebuild.quantities.reference_data import Array, ReferenceData
from grader.rebuild.quantities.samples import Samples
from reference.contract import Reference

NO_ERROR = 1e-9  # pixel²; only an identity has a smaller error

_DENOISED = Judgement(Unit.PIXEL_SQUARED, above=(Baseline.CONTROL,), fallback=(Baseline.MEAN,))


class Denoising(Family):
    """Noise is added to the samples; a reference offers `add_noise(clean, rng)`."""

    name = "denoising"
    statistics = MappingProxyType({
        Quantity.DENOISED_MSE: _DENOISED,
        Quantity.NOISE_RATIO: Judgement(
            "1", above=(Baseline.CONTROL,), stands_in_for=Quantity.DENOISED_MSE, reach=CreditReach(0.5)
        ),
        Quantity.RECONSTRUCTION_MSE: MSE_INFORMS,
        Quantity.RECONSTRUCTION_BCE: BCE,
    })  # fmt: skip
    needs = ("add_noise",)
    by_behaviour = ByBehaviour.WHOLE

    def measure(
        self, reference: Reference, models: TrainedModels, samples: Samples, outputs: Array
    ) -> list[Measurement]:
        """Measure the error with noise and without, and their ratio."""
        images = samples.images
        clean = clean_samples(reference, images) if samples.laid_out is None else samples.laid_out
        noisy = noisy_samples(reference, clean).reshape(images.shape)
        noisy_error = image_metrics.mean_squared_error(images, image_metrics.reconstruct(models.autoencoder, noisy))
        ratio = noisy_error / max(image_metrics.mean_squared_error(images, outputs), NO_ERROR)
        how = f"noise of the reference's own kind on {len(images)} images, compared with the clean ones"
        divided = f"error on {len(images)} images with noise, divided by that on the same without"
        return [
            *reconstruction(samples, outputs),
            Measurement(Quantity.DENOISED_MSE, noisy_error, Unit.PIXEL_SQUARED, how),
            Measurement(Quantity.NOISE_RATIO, ratio, "1", divided),
        ]

    def strips(self, reference: Reference, models: TrainedModels, samples: Samples) -> tuple[ImageStrip, ...]:
        """Show the same images with noise, and their reconstructions."""
        images = samples.strip_images
        if not len(images):
            return ()
        return denoised_strips(
            models.autoencoder, noisy_samples(reference, clean_samples(reference, images)).reshape(images.shape)
        )

    def baselines(self, reference: Reference, material: ReferenceData) -> Baselines:
        """Add the mean image and the noisy copy."""
        found = super().baselines(reference, material)
        clean = clean_samples(reference, material.hidden)
        copy = image_metrics.mean_squared_error(clean, noisy_samples(reference, clean))
        mean = found[Quantity.RECONSTRUCTION_MSE][Baseline.MEAN]
        return found | {Quantity.DENOISED_MSE: {Baseline.MEAN: mean, Baseline.NOISY_COPY: copy}}


class DenoisingLayer(Denoising):
    """The noise is a layer of the student's choice, so the ratio is not comparable."""

    name = "denoising_layer"
    statistics = MappingProxyType({**Denoising.statistics, Quantity.NOISE_RATIO: Judgement("1")})


FAMILIES = (Denoising(), DenoisingLayer())
