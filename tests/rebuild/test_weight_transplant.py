"""Two networks are one function when they answer alike with the same random weights, however they are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from round_trip import receive, send, shake
from twins import OTHER_ACTIVATIONS, REFERENCES, TWINS, WRONG, layered

from grader.domain.measurement import Role
from grader.rebuild import weight_transplant
from grader.rebuild.network.canonical import canonical
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.submission_measurements import find_code
from grader.rebuild.weight_transplant import TOLERANCE, Donor, Transplant, is_comparable, transplant
from reference import contract

pytestmark = pytest.mark.usefixtures("alone")

IMAGES = np.random.default_rng(5).random((6, 28, 28), dtype=np.float32)


def compared(model: Any, reference: str, folder: Path) -> tuple[Transplant | None, Any]:
    shake(model)
    evidence = send({"autoencoder": model}, folder)
    rebuilt, arrays = receive(evidence, "autoencoder")
    form = canonical(rebuilt, arrays)
    donor = Donor(rebuilt, evidence.operations, arrays, form, find_code({Role.AUTOENCODER: form})[0])
    return transplant(donor, REFERENCES[reference](), IMAGES), rebuilt.model


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_is_found_out_and_its_trained_weights_work_in_our_network(name: str, tmp_path: Path) -> None:
    """Equal to float precision; what the student's trained weights make of images, our own network makes too."""
    reference, build = TWINS[name]
    found, student = compared(build(), reference, tmp_path)
    assert found is not None
    assert found.gap <= TOLERANCE / 5
    ours = image_metrics.answers(found.model, IMAGES)
    theirs = image_metrics.answers(student, IMAGES)
    assert theirs is not None
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4 * np.abs(theirs).max())


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_twin_is_never_taken_for_one(name: str, tmp_path: Path) -> None:
    """One percent is enough to tell them apart."""
    reference, build = WRONG[name]
    assert compared(build(), reference, tmp_path)[0] is None


@pytest.mark.parametrize("name", OTHER_ACTIVATIONS)
def test_another_activation_is_named_and_never_passed_over(name: str, tmp_path: Path) -> None:
    """The form that was matched says which activations there are; whether they are right is the rubric's to say."""
    wanted = OTHER_ACTIVATIONS[name]
    found, _ = compared(layered(*wanted), "dense", tmp_path)
    assert found is not None
    assert [layer.activation for layer in found.form.active_layers] == [one or "linear" for one in wanted]


def test_one_network_shows_that_the_arrays_do_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others would differ from it in activations, which have no arrays."""
    built = []
    rebuild = weight_transplant._Fresh.rebuild
    monkeypatch.setattr(
        weight_transplant._Fresh, "rebuild", lambda self, claim: built.append(claim) or rebuild(self, claim)
    )
    wider = keras.Sequential(
        [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(99), keras.layers.Dense(784)]
    )
    assert compared(wider, "dense", tmp_path)[0] is None
    assert len(built) == 1


def test_a_reference_that_leaves_its_layers_free_is_compared_with_nothing() -> None:
    """Nor one that is judged by a property."""
    comparable = {name for name in contract.IDS if is_comparable(contract.load(name))}
    assert not comparable & {"fraud", "variational", "variational-convolutional", "from-scratch", "greedy-layerwise"}
    assert {"stacked", "convolutional", "recurrent", "linear-pca", "sparse"} <= comparable
