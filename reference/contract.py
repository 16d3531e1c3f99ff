"""What every module of `reference/` offers, so that one loop can build, train and calibrate them all."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

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

COURSE_VARIABLE = "AUTOENCODER_GRADER_COURSE"
"""Environment variable that names the folder of an instructor's own course, whose references are found besides ours.

The grader sets it for the processes that build references, and takes it away from them where no course was named.
"""

PUBLISHED_VARIABLE = "AUTOENCODER_GRADER_PUBLISHED"
"""Environment variable with the constants (JSON) of an instructor's reference whose module is not on this machine.

A student who checks a published assignment has them and no more: what is measured is what needs no function of it.
"""

_PUBLISHED_CONSTANTS = ("ID", "DATASET", "DATASETS", "CODE_SIZE", "EPOCHS", "BATCH_SIZE", "PUBLISHED")

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


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


class Honest(NamedTuple):
    """One right answer to what an assignment leaves free, other than the reference; calibration trains it as well.

    Attributes:
        build: Its three models.
        epochs_share: Its epochs as a share of the reference's.
        batch_size: None for the reference's own.
        optimizer: Name of an optimizer, None for the reference's own.
        rows: From the reference's training samples and any samples to those as this answer prepares them; None where it
            prepares them like the reference.
    """

    build: Callable[[], Autoencoder]
    epochs_share: float = 1.0
    batch_size: int | None = None
    optimizer: str | None = None
    rows: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None


def module(reference: str) -> ModuleType:
    """Import the module of a reference.

    Each has: `ID`, `DATASET`, `CODE_SIZE`, `EPOCHS`, `BATCH_SIZE`, `PUBLISHED`, and the functions
    `build() -> Autoencoder`, `compile_model(autoencoder)`, `training_split(images) -> (train, validation)` and
    `inputs_and_targets(images, rng) -> (x, y)`.

    Where its lesson needs it, one also has:

    * `DATASETS`: every data set on which the course allows it, `DATASET` first; without it, `DATASET` alone.
    * `FREE`: which of "parameters" and "code_size" the course leaves to whoever builds it.
    * `CODE_SIZES`: other code sizes with which it is trained for its facts (`resized`), where the size is free.
    * `JUDGED_BY`: what it is judged by besides the reconstruction error: `denoising`, `denoising_layer`, `sparse`,
      `variational`, `anomaly`, `plane` or `transfer`.
    * `CALIBRATION_EPOCHS`: epochs of the trainings behind its facts, where the lecture's own would take too long.
    * `EPOCHS_MEANT_FOR`: training images for which `EPOCHS` gives enough updates of the weights; with fewer images it
      takes more epochs.
    * `train(images, epochs=…, batch_size=…, compile_model=…) -> Autoencoder`: where one call of `fit` is not enough.
    * `build_control()` or `control_inputs_and_targets(images, rng)`: the same without what the lesson is about.
    * `add_noise(images, rng)`: the noise that a denoiser has to remove.
    * `VIEW`: the secret view on which its training is audited (`reference.views`); ours stand there in one table.
    * `GIVEN`: names that notebooks hand to students as they are; everything else is the solution.
    * `OTHER_OPTIMIZERS`: optimizers, by name, that are as right as its own where Keras's defaults are not.
    * `HONEST`: right answers (`Honest`) by name, which vary what the assignment leaves free. Trained weights are kept
      by name: whoever changes what stands under one gives it another.
    * `VARIANTS`: functions like `compile_model`, by name, that its exercise compares.
    * `BEST_OF`: name of the dictionary in which notebooks keep the trained networks that they compare, under `NAMES`;
      the best of them is judged. `COMPARED_BY` names the losses in which they are compared.
    * `STAGES`: how many autoencoders, trained one after the other, it is made of.

    Raises:
        KeyError: No reference has this id.
        Exception: Whatever the module of an instructor's own reference raises while it is imported.
    """
    if reference in IDS:
        return importlib.import_module(f"reference.{reference.replace('-', '_')}")
    file = own_file(reference)
    if file is not None:
        return _imported(file)
    known = _published(reference)
    if known is None:
        raise KeyError(reference)
    return known


def resized(reference: str, code_size: int) -> ModuleType:
    """Return a reference whose code has another size: its module, loaded once more, with another `CODE_SIZE`.

    Its functions read the constant when they are called; nothing that it computes while it is imported may hang on it.

    Raises:
        KeyError: No reference has this id, or it has no module file of its own.
    """
    file = module(reference).__dict__.get("__file__")
    if file is None:
        raise KeyError(reference)
    known = _imported(Path(file), name=f"{reference.replace('-', '_')}_with_code_{code_size}")
    known.__dict__["CODE_SIZE"] = code_size
    return known


def own_file(reference: str) -> Path | None:
    """Return the file of an instructor's own reference, `<course>/reference/some_id.py`; None where there is none.

    Ids of ours are never an instructor's.
    """
    course = os.environ.get(COURSE_VARIABLE)
    if not course or reference in IDS or not _ID.fullmatch(reference):
        return None
    file = Path(course) / "reference" / f"{reference.replace('-', '_')}.py"
    return file if file.is_file() else None


def _published(reference: str) -> ModuleType | None:
    """Return a module with the constants of a published reference, None where there is none.

    It prescribes no layers (`FREE`), because there is no network of its own to compare with.
    """
    stated = json.loads(os.environ.get(PUBLISHED_VARIABLE) or "{}")
    if not _ID.fullmatch(reference) or stated.get("ID") != reference:
        return None
    known = ModuleType(f"published_reference_{reference.replace('-', '_')}")
    for name in _PUBLISHED_CONSTANTS:
        if name in stated:
            value = stated[name]
            setattr(known, name, tuple(value) if isinstance(value, list) else value)
    known.__dict__["FREE"] = ("parameters",)
    return known


def _imported(file: Path, *, name: str = "") -> ModuleType:
    """Import a file once a process, under a name that no other module has, by default its own."""
    name = f"course_reference_{name or file.stem}"
    known = sys.modules.get(name)
    if known is not None and known.__file__ == str(file):
        return known
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be imported")
    found = importlib.util.module_from_spec(spec)
    sys.modules[name] = found
    try:
        spec.loader.exec_module(found)
    except BaseException:
        del sys.modules[name]
        raise
    return found
