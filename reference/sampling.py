"""What variational autoencoders share: the sampling layer, the KL divergence, and the ELBO that is maximised.

An encoder gives, for an image x, not a code but a distribution of codes: q(z|x) = N(μ, diag σ²), written down as the
mean μ and the log-variance log σ². A code is drawn from it, and the decoder gives the image of that code:

    z = μ + σ·ε,  ε ~ N(0, I)        (the *reparameterisation*: the noise is an input, so that gradients reach μ and σ)

    ELBO(x) = E[ log p(x|z) ] - KL( q(z|x) ‖ N(0, I) )  ≤  log p(x)

    -E[ log p(x|z) ] = sum over pixels of the binary cross-entropy of x and decoder(z)
    KL               = ½ · sum over the K numbers of ( μ² + σ² - log σ² - 1 )

Both terms are *sums* for one image, and means over the images of a batch; their unit is the nat.

Source: Kingma and Welling, "Auto-Encoding Variational Bayes", 2014; the KL is that paper's appendix B.

What to look out for:

* **The reduction.** Keras's "binary_crossentropy" is the *mean* over the pixels: 784 times less than the sum. Added to
  the whole KL it gives the KL 784 times too much weight, and the cheapest answer is μ = 0, σ = 1 for all images: the
  posterior has *collapsed*, the code says nothing, each reconstruction is the mean image. Sum over the pixels, as
  here, or divide the KL by 784 as well.
* **Where the KL is added.** Older programs call `model.add_loss(...)` with symbolic tensors, or close a loss function
  over them; Keras 3 refuses both. A layer that adds the loss in its own `call` works, in training and in `evaluate`.
* **Lambda layers.** Sampling in a `Lambda` trains, but the model can be neither cloned nor loaded again: a Lambda holds
  program code, and Keras refuses to run code from a file. A registered layer class holds names and numbers only.
* **Log-variance, not variance.** Any real number is a log-variance; a variance must be kept positive.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers, ops

from reference.contract import Autoencoder

_SAFE = 1e-7  # the distance from 0 and 1 that Keras keeps before it takes a logarithm


@keras.utils.register_keras_serializable(package="course")
class Sampling(layers.Layer):
    """Draw a code from N(mean, exp(log_variance)) and add the KL divergence to the loss.

    In training the code is drawn; otherwise (`predict`, `evaluate`, `training=False`) it is the mean, so that a
    reconstruction is always the same one. To draw outside training, call with `training=True`.

    Args:
        beta: Weight of the KL divergence in the loss: 1 in the ELBO, 0 for a control that lacks it.
        seed: Seed of the random numbers; None for a different one each time.
        name: Name of the layer.
        **options: Keras's own options of a layer (`dtype`, `trainable`).
    """

    def __init__(self, *, beta: float = 1.0, seed: int | None = None, name: str | None = None, **options: Any) -> None:
        super().__init__(name=name, **options)
        self.beta = beta
        self.seed = seed
        self.random = keras.random.SeedGenerator(seed)

    def call(self, inputs: Any, training: bool | None = None) -> Any:  # noqa: FBT001 - Keras's own signature
        """Return codes (batch, K) for a pair of means (batch, K) and log-variances (batch, K)."""
        mean, log_variance = inputs
        self.add_loss(self.beta * ops.mean(kl_divergence(mean, log_variance)))
        if not training:
            return mean
        noise = keras.random.normal(ops.shape(mean), dtype=mean.dtype, seed=self.random)
        return mean + ops.exp(0.5 * log_variance) * noise

    def compute_output_shape(self, input_shape: Any) -> Any:
        """A code has the shape of its mean."""
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        """What is needed to make the same layer again."""
        return {**super().get_config(), "beta": self.beta, "seed": self.seed}


def kl_divergence(mean: Any, log_variance: Any) -> Any:
    """Return KL( N(mean, exp(log_variance)) ‖ N(0, I) ) in nats for each row: (batch, K) twice → (batch,).

    ½ · Σ ( mean² + exp(log_variance) - log_variance - 1 ), a sum over the K numbers of a code.
    """
    return 0.5 * ops.sum(ops.square(mean) + ops.exp(log_variance) - log_variance - 1.0, axis=-1)


@keras.utils.register_keras_serializable(package="course")  # type: ignore[untyped-decorator]
def reconstruction_loss(images: Any, reconstructions: Any) -> Any:
    """Return the binary cross-entropy of each image in nats, summed over its pixels: (batch, …) twice → (batch,)."""
    pixels = ops.binary_crossentropy(images, reconstructions)
    return ops.sum(pixels, axis=tuple(range(1, len(pixels.shape))))


def moments(encoder: keras.Model) -> keras.Model:
    """Return the part of an encoder before its sampling layer: a model image → [mean, log-variance]."""
    return keras.Model(
        encoder.inputs, [encoder.get_layer("z_mean").output, encoder.get_layer("z_log_variance").output], name="moments"
    )


def sample_prior(decoder: keras.Model, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return `count` new images: decoded codes drawn from N(0, I)."""
    codes = rng.normal(size=(count, *decoder.input_shape[1:])).astype(np.float32)
    return np.asarray(decoder.predict(codes, verbose=0))


class Elbo(NamedTuple):
    """The evidence lower bound of some images, in nats for one image; larger is better.

    Attributes:
        value: -reconstruction - kl.
        reconstruction: Cross-entropy, summed over pixels, mean over images.
        kl: KL divergence, summed over the code, mean over images; near 0 the posterior has collapsed.
    """

    value: float
    reconstruction: float
    kl: float


def elbo(autoencoder: Autoencoder, images: np.ndarray, rng: np.random.Generator) -> Elbo:
    """Return the ELBO of images shaped as the encoder reads them, with one code drawn for each.

    It is computed in NumPy throughout, so that it is an independent check of the Keras loss.
    """
    mean, log_variance = moments(autoencoder.encoder).predict(images, verbose=0)
    codes = mean + np.exp(0.5 * log_variance) * rng.normal(size=mean.shape)
    decoded = autoencoder.decoder.predict(codes.astype(np.float32), verbose=0)
    likely = np.clip(decoded.astype(np.float64), _SAFE, 1 - _SAFE)
    cross_entropy = -(images * np.log(likely) + (1 - images) * np.log(1 - likely))
    reconstruction = float(cross_entropy.reshape(len(images), -1).sum(axis=1).mean())
    kl = float((0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1)).sum(axis=1).mean())
    return Elbo(-reconstruction - kl, reconstruction, kl)
