"""Describes a reference without training it: canonical layer tables, parameter counts, recipe of its training."""

from __future__ import annotations

import hashlib
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt

from grader.domain.architecture import Architecture
from grader.domain.facts import ReferenceFacts
from grader.domain.measurement import Role
from grader.domain.source_digest import source_digest
from grader.rebuild.facts.reference_training import epochs_of
from grader.rebuild.network.own_models import architecture_of, as_keras
from reference import contract
from reference.contract import Autoencoder, Reference

_NOT_THE_RECIPE = frozenset(
    {"name", "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema", "ema_momentum"}
)

_FEW_SAMPLES = 16


def describe(reference: Reference) -> ReferenceFacts:
    """Return the facts of a reference that need no training."""
    architectures = _architectures(as_keras(reference.build()))
    return ReferenceFacts(
        reference=reference.id,
        dataset=reference.dataset,
        code_size=None if "code_size" in reference.free else reference.code_size,
        parameters=None if "parameters" in reference.free else architectures[Role.AUTOENCODER].parameters,
        published=reference.published,
        reached="",
        architectures=architectures,
        recipe=recipe(reference),
        calibrated={},
        elsewhere={dataset: {} for dataset in reference.datasets[1:]},
        source_digest=digest_of(reference),
    )


def _architectures(models: Autoencoder) -> dict[Role, Architecture]:
    parts = {Role.ENCODER: models.encoder, Role.DECODER: models.decoder, Role.AUTOENCODER: models.autoencoder}
    return {role: architecture_of(parts[role]) for role in Role}


def digest_of(reference: Reference) -> str:
    """Return the digest of a reference's source; "" if it has no file (a test made it)."""
    file = reference.file
    if file is None:
        return ""

    def read(name: str) -> str | None:
        for folder in (file.parent, Path(contract.__file__).parent):
            if (folder / f"{name}.py").is_file():
                return (folder / f"{name}.py").read_text("utf-8")
        return None

    return source_digest(file.stem, read)


def recipe_digest(reference: Reference, train: npt.NDArray[np.float32]) -> str:
    """Return the SHA-256 of the first training samples as prepared for `fit`: shape, noise and target."""
    digest = hashlib.sha256(str(len(reference.training_split(train)[0])).encode())
    for array in reference.inputs_and_targets(train[:_FEW_SAMPLES], np.random.default_rng(0)):
        numbers = np.asarray(array, np.float32)
        digest.update(f"{numbers.shape} {numbers.round(4).tobytes().hex()}".encode())
    return digest.hexdigest()


def recipe(reference: Reference) -> dict[str, str | int | float | bool]:
    """Return optimizer and its settings, loss, epochs and batch size, as plain values with six digits."""
    network = reference.build().autoencoder
    reference.compile_model(network)
    found: dict[str, str | int | float | bool] = {"epochs": epochs_of(reference), "batch_size": reference.batch_size}
    if not isinstance(network, keras.Model):
        return found | {"learning_rate": float(network.learning_rate)}
    found["optimizer"] = type(network.optimizer).__name__
    found["loss"] = network.loss if isinstance(network.loss, str) else network.loss.__name__
    for name, value in network.optimizer.get_config().items():
        if name not in _NOT_THE_RECIPE and isinstance(value, bool | int | float):
            found[name] = float(f"{value:.6g}") if isinstance(value, float) else value
    return found
