"""What every module of `reference/` offers, so that one loop can build, train and calibrate them all."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any, NamedTuple

IDS = (
    "linear-pca",
    "simple-dense",
    "simple-dense-mse",
    "symmetric-dense",
    "deep-dense",
    "stacked",
    "convolutional",
    "convolutional-upsampling",
    "recurrent",
    "denoising-dense",
    "denoising-dropout",
    "denoising-convolutional",
    "sparse",
    "fraud",
    "variational",
    "variational-convolutional",
    "greedy-layerwise",
    "pretraining",
    "optimizers",
    "losses",
    "from-scratch",
)
"""Ids of the references, in the order of the course; `some-id` lives in `reference/some_id.py`."""


class Autoencoder(NamedTuple):
    """The three models of the lecture; `autoencoder(x)` is `decoder(encoder(x))` with the same layers.

    Attributes:
        encoder: Image to code.
        decoder: Code to image.
        autoencoder: Image to image.
    """

    encoder: Any
    decoder: Any
    autoencoder: Any


def module(reference: str) -> ModuleType:
    """Import the module of a reference.

    Each has: `ID`, `DATASET`, `CODE_SIZE`, `EPOCHS`, `BATCH_SIZE`, `PUBLISHED`, and the functions
    `build() -> Autoencoder`, `compile_model(autoencoder)`, `training_split(images) -> (train, validation)` and
    `inputs_and_targets(images, rng) -> (x, y)`.

    Where its lesson needs it, one also has:

    * `FREE`: which of "parameters" and "code_size" the course leaves to whoever builds it.
    * `JUDGED_BY`: what it is judged by besides the reconstruction error: `denoising`, `sparse`, `variational`,
      `anomaly`, `plane` or `transfer`.
    * `CALIBRATION_EPOCHS`: epochs of the trainings behind its facts, where the lecture's own would take too long.
    * `EPOCHS_MEANT_FOR`: training images for which `EPOCHS` gives enough updates of the weights; with fewer images it
      takes more epochs.
    * `train(images, epochs=…, batch_size=…, compile_model=…) -> Autoencoder`: where one call of `fit` is not enough.
    * `build_control()` or `control_inputs_and_targets(images, rng)`: the same without what the lesson is about.
    * `add_noise(images, rng)`: the noise that a denoiser has to remove.
    * `GIVEN`: names that notebooks hand to students as they are; everything else is the solution.
    * `OTHER_OPTIMIZERS`: optimizers, by name, that are as right as its own where Keras's defaults are not.
    * `VARIANTS`: functions like `compile_model`, by name, that its exercise compares.
    * `BEST_OF`: name of the dictionary in which notebooks keep the trained networks that they compare, under `NAMES`;
      the best of them is judged. `COMPARED_BY` names the losses in which they are compared.
    * `STAGES`: how many autoencoders, trained one after the other, it is made of.

    Raises:
        KeyError: No reference has this id.
    """
    if reference not in IDS:
        raise KeyError(reference)
    return importlib.import_module(f"reference.{reference.replace('-', '_')}")
