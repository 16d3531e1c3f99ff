"""Weights of calibration runs are kept, and what was kept is measured like a new training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tiny_reference import build, tiny

from grader.rebuild.facts.kept_weights import RunKey, keep, recall
from grader.rebuild.facts.reference_training import REFERENCE, TrainedReference, Variation, untrained
from grader.rebuild.network.own_models import as_keras
from reference.contract import Reference, load

KEY = RunKey("tiny", "form", "data", "reference", 5, 20)


def trained(source: Reference, variation: Variation = REFERENCE, loss: float | None = 0.25) -> TrainedReference:
    keras.utils.set_random_seed(7)
    return TrainedReference(as_keras(untrained(source, variation, 7)), 20, loss, 12.5)


def outputs(models: Any) -> np.ndarray:
    images = np.random.default_rng(0).random((3, *models.autoencoder.input_shape[1:])).astype(np.float32)
    return np.asarray(models.autoencoder(images))


@pytest.mark.parametrize("loss", [0.25, None])
@pytest.mark.parametrize("variation", [REFERENCE, Variation("flat", flat=True)])
def test_what_was_kept_comes_back(variation: Variation, loss: float | None, tmp_path: Path) -> None:
    """The same numbers out of models built anew, in every style of writing; epochs, loss and seconds too."""
    source = tiny()
    made = trained(source, variation, loss)
    keep(tmp_path, KEY, made)
    found = recall(tmp_path, KEY, source, variation)
    assert found is not None
    assert np.array_equal(outputs(found.models), outputs(made.models))
    code = np.ones((1, *found.models.decoder.input_shape[1:]), np.float32)
    assert np.array_equal(np.asarray(found.models.decoder(code)), np.asarray(made.models.decoder(code)))
    assert (found.epochs, found.training_loss, found.seconds) == (20, loss, 12.5)


def test_a_network_in_numpy_comes_back_as_its_twin(tmp_path: Path) -> None:
    """`from-scratch` has no Keras weights of its own."""
    made = trained(load("from-scratch"))
    keep(tmp_path, KEY, made)
    found = recall(tmp_path, KEY, load("from-scratch"), REFERENCE)
    assert found is not None
    assert np.array_equal(outputs(found.models), outputs(made.models))


@pytest.mark.parametrize(
    "change",
    [{"form": "other"}, {"data_hash": "other"}, {"variation": "adam"}, {"seed": 6}, {"epochs": 21}],
)
def test_a_run_of_anything_else_was_not_kept(change: dict[str, Any], tmp_path: Path) -> None:
    """Recipe and architecture, data, variation, seed and epochs name a run."""
    keep(tmp_path, KEY, trained(tiny()))
    assert recall(tmp_path, replace(KEY, **change), tiny(), REFERENCE) is None


def test_a_damaged_or_foreign_file_is_as_none(tmp_path: Path) -> None:
    """The run is then made again."""
    keep(tmp_path, KEY, trained(tiny()))
    assert recall(tmp_path, KEY, tiny(build=lambda: build(units=3)), REFERENCE) is None
    file = KEY.file(tmp_path)
    file.write_bytes(file.read_bytes()[:200])
    assert recall(tmp_path, KEY, tiny(), REFERENCE) is None
