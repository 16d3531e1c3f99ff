"""The weights of calibration runs, kept in the user's cache: new quantities can then be measured without training.

One `.npz` for each run, arrays only (never unpickled), named by everything that the weights depend on: reference,
recipe and architecture, data, variation, seed and epochs. The files may be deleted at any time; the runs are then
repeated.
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_cache_path

from grader.rebuild.facts.reference_training import TrainedReference, Variation, untrained
from grader.rebuild.network.own_models import as_keras
from reference.contract import Autoencoder, Reference

_ABOUT = "about"  # epochs, training loss (NaN for none), seconds


def default_folder() -> Path:
    """Return the folder of the weights in the user's cache."""
    return user_cache_path("autoencoder-grader") / "calibration"


@dataclass(frozen=True, slots=True)
class RunKey:
    """What the weights of one run depend on.

    Attributes:
        reference: Id of the reference.
        form: Digest of its recipe and architecture.
        data_hash: Digest of the data.
        variation: Name of the variation.
        seed: Of weights, order and noise.
        epochs: Epochs of the training.
    """

    reference: str
    form: str
    data_hash: str
    variation: str
    seed: int
    epochs: int

    def file(self, folder: Path) -> Path:
        """Return the file of this run."""
        digest = hashlib.sha256(f"{self.form} {self.data_hash}".encode()).hexdigest()[:16]
        return folder / self.reference / f"{digest}-{self.variation}-{self.seed}-{self.epochs}.npz"


def keep(folder: Path, key: RunKey, trained: TrainedReference) -> None:
    """Write the weights of a run in one step; a folder that cannot be written raises OSError."""
    target = key.file(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    loss = np.nan if trained.training_loss is None else trained.training_loss
    arrays = {_ABOUT: np.array([trained.epochs, loss, trained.seconds], np.float64)}
    for role, model in _apart(trained.models).items():
        arrays |= {f"{role}{place}": array for place, array in enumerate(model.get_weights())}
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".new", delete=False) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type] # the stubs expect `allow_pickle`
    Path(file.name).replace(target)


def recall(folder: Path, key: RunKey, reference: Reference, variation: Variation) -> TrainedReference | None:
    """Return a kept run with its models rebuilt, None if it was not kept or no longer fits."""
    try:
        with np.load(key.file(folder), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        epochs, loss, seconds = arrays.pop(_ABOUT)
        models = as_keras(untrained(reference, variation, key.seed))
        for role, model in _apart(models).items():
            count = sum(name.rstrip("0123456789") == role for name in arrays)
            model.set_weights([arrays[f"{role}{place}"] for place in range(count)])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None
    return TrainedReference(models, int(epochs), None if np.isnan(loss) else float(loss), float(seconds))


def _apart(models: Autoencoder) -> dict[str, Any]:
    """Return the autoencoder, and the halves that do not share all of its variables."""
    held = {id(weight) for weight in models.autoencoder.weights}
    halves = {"encoder": models.encoder, "decoder": models.decoder}
    own = {role: half for role, half in halves.items() if any(id(weight) not in held for weight in half.weights)}
    return {"autoencoder": models.autoencoder, **own}
