"""A stack and its stages: the same trained numbers, by identity or by value, and nothing else.

Most stages here hold principal components: they have learnt their data without a second of training.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import Input, Sequential, layers
from round_trip import send

from grader.domain.measurement import Quantity, Role
from grader.domain.ports import MeasuringTask
from grader.probe.hooks import FitRecord
from grader.rebuild import whole_submission
from grader.rebuild.families.case import Case, Rebuilt, Setting
from grader.rebuild.families.family_registry import family_of
from grader.rebuild.families.stages import stage_measurements
from grader.rebuild.network.model import Workshop
from grader.rebuild.network.roles import Cast
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.quantities.samples import Samples, load_samples
from grader.rebuild.whole_submission import load_arrays
from reference import greedy_layerwise
from reference.contract import IDS, Autoencoder, load

pytestmark = pytest.mark.usefixtures("alone")

SAMPLE = DataChoice("sample")
SETTING = Setting(load("greedy-layerwise"), MeasuringTask("greedy-layerwise", "hidden"), SAMPLE)
TRAIN = load_samples("fashion_mnist", "public", SAMPLE).train[:600]
PUBLIC = load_samples("fashion_mnist", "public", SAMPLE).images[:200]


def components(rows: np.ndarray, count: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Weights of the best linear encoder and decoder."""
    mean = rows.mean(axis=0)
    _, _, directions = np.linalg.svd(rows - mean, full_matrices=False)
    basis = directions[:count].T
    return [basis, -mean @ basis], [basis.T, mean]


def shallow(size: int, code: int, *, image: bool) -> Autoencoder:
    """Linear encoder, decoder and both, of images or of flat numbers."""
    entry = [Input((28, 28)), layers.Flatten()] if image else [Input((size,))]
    leave = [layers.Reshape((28, 28))] if image else []
    encoder = Sequential([*entry, layers.Dense(code)])
    decoder = Sequential([Input((code,)), layers.Dense(size), *leave])
    return Autoencoder(encoder, decoder, Sequential([encoder, decoder]))


@lru_cache(maxsize=1)
def all_components() -> tuple[list[np.ndarray], ...]:
    rows = TRAIN.reshape(len(TRAIN), -1)
    down, up = components(rows, 100)
    return down, up, *components(rows @ down[0] + down[1], 30)


def learnt() -> tuple[Autoencoder, Autoencoder]:
    """Two stages that have learnt: components of the images, and of their codes."""
    first, second = shallow(784, 100, image=True), shallow(100, 30, image=False)
    parts = (first.encoder, first.decoder, second.encoder, second.decoder)
    for part, weights in zip(parts, all_components(), strict=True):
        part.set_weights(weights)
    return first, second


def notebook(first: Autoencoder, second: Autoencoder, stack: Autoencoder) -> dict[str, Any]:
    stages = {f"{role}_{n}": model for n, one in ((1, first), (2, second)) for role, model in one._asdict().items()}
    return stages | stack._asdict()


def counted(namespace: dict[str, Any], folder: Path, fits: tuple[FitRecord, ...] = ()) -> tuple[float, float]:
    """Return how many stages the stack holds, and how many of them have learnt."""
    evidence = send(namespace, folder, fits)
    arrays = load_arrays(evidence.weights_file)
    models = [Workshop(evidence.operations, arrays).rebuild(claim) for claim in evidence.models]
    stack = next(model for model in models if "autoencoder" in model.claim.names)
    rebuilt = Rebuilt(evidence, arrays, models)
    samples = Samples("sample", TRAIN, PUBLIC)
    case = Case(SETTING, rebuilt, Cast(stack, None, None, 1), samples, PUBLIC)
    held, trained = stage_measurements(case)
    assert (held.name, trained.name) == (Quantity.STAGES_HELD, Quantity.STAGES_TRAINED)
    return held.value, trained.value


def copied(stack: Autoencoder) -> Autoencoder:
    """The stack anew, with the same numbers in other arrays."""
    fresh = greedy_layerwise.stack(shallow(784, 100, image=True), shallow(100, 30, image=False))
    fresh.autoencoder.set_weights(stack.autoencoder.get_weights())
    return fresh


def nested(first: Autoencoder, second: Autoencoder) -> Autoencoder:
    """The stack made of whole models instead of their layers."""
    encoder, decoder = Sequential([first.encoder, second.encoder]), Sequential([second.decoder, first.decoder])
    return Autoencoder(encoder, decoder, Sequential([encoder, decoder]))


STYLES = {
    "the same layers": greedy_layerwise.stack,
    "whole models": nested,
    "copied numbers": lambda first, second: copied(greedy_layerwise.stack(first, second)),
}


@pytest.mark.parametrize("style", STYLES)
def test_both_stages_are_found_in_the_stack(style: str, tmp_path: Path) -> None:
    """However the trained numbers came into the stack."""
    first, second = learnt()
    assert counted(notebook(first, second, STYLES[style](first, second)), tmp_path) == (2, 2)


def test_the_reference_itself_holds_its_stages(tmp_path: Path) -> None:
    """Trained for real, through the measuring of a whole submission."""
    keras.utils.set_random_seed(1)
    first, second = greedy_layerwise.build_first(), greedy_layerwise.build_second()
    greedy_layerwise.train_first(first, TRAIN, epochs=3)
    greedy_layerwise.train_second(second, first.encoder.predict(TRAIN, verbose=0), epochs=8)
    stack = greedy_layerwise.stack(first, second)
    names = tuple((role.value, role.value) for role in Role)
    evidence = send(
        notebook(first, second, stack), tmp_path, [FitRecord(first.autoencoder), FitRecord(second.autoencoder)]
    )
    found = whole_submission.measure(evidence, MeasuringTask("greedy-layerwise", "hidden", names), SAMPLE)
    assert (found.value(Quantity.STAGES_HELD), found.value(Quantity.STAGES_TRAINED)) == (2, 2)


def test_a_little_fine_tuning_of_shared_layers_keeps_the_stages(tmp_path: Path) -> None:
    """The arrays are the same objects, and still give their own data back."""
    first, second = learnt()
    stack = greedy_layerwise.stack(first, second)
    stack.autoencoder.compile(optimizer=keras.optimizers.Adam(1e-4), loss="mse")
    stack.autoencoder.fit(TRAIN[:512], TRAIN[:512], epochs=1, verbose=0)
    assert counted(notebook(first, second, stack), tmp_path) == (2, 2)


def test_leftovers_and_copies_do_not_disturb(tmp_path: Path) -> None:
    """A second stack, a copy of a stage and an older attempt are alive as well."""
    first, second = learnt()
    stack = greedy_layerwise.stack(first, second)
    older, _ = learnt()
    namespace = notebook(first, second, stack) | {"copy": copied(stack).autoencoder, "older": older.autoencoder}
    assert counted(namespace | {"tried": shallow(784, 100, image=True).autoencoder}, tmp_path) == (2, 2)


def test_layers_built_anew_hold_nothing(tmp_path: Path) -> None:
    """The stack's summary looks just the same."""
    first, second = learnt()
    fresh = greedy_layerwise.stack(shallow(784, 100, image=True), shallow(100, 30, image=False))
    assert counted(notebook(first, second, fresh), tmp_path) == (0, 0)


def test_one_fresh_stage_is_one_too_many(tmp_path: Path) -> None:
    """The first stage's layers are there, the second's were built anew."""
    first, second = learnt()
    stack = greedy_layerwise.stack(first, shallow(100, 30, image=False))
    assert counted(notebook(first, second, stack), tmp_path) == (0, 0)


def test_numbers_copied_before_the_training_are_not_the_trained_ones(tmp_path: Path) -> None:
    """`set_weights` at the wrong moment."""
    first, second = learnt()
    stack = copied(greedy_layerwise.stack(first, second))
    second.encoder.set_weights([w * 1.1 for w in second.encoder.get_weights()])
    assert counted(notebook(first, second, stack), tmp_path) == (0, 0)


def test_a_stage_that_was_never_trained_is_held_and_has_learnt_nothing(tmp_path: Path) -> None:
    """Fresh weights give no code back."""
    first, _ = learnt()
    second = shallow(100, 30, image=False)
    assert counted(notebook(first, second, greedy_layerwise.stack(first, second)), tmp_path) == (2, 1)


def test_a_stack_trained_as_a_whole_has_no_trained_stages(tmp_path: Path) -> None:
    """Models of its outer and inner layers can be made, and do not give their data back; a claim of `fit` is none."""
    keras.utils.set_random_seed(1)
    first, second = greedy_layerwise.build_first(), greedy_layerwise.build_second()
    stack = greedy_layerwise.stack(first, second)
    greedy_layerwise.compile_model(stack.autoencoder)
    stack.autoencoder.fit(TRAIN, TRAIN, epochs=2, batch_size=32, verbose=0)
    forged = (FitRecord(first.autoencoder, completed=True), FitRecord(second.autoencoder, completed=True))
    assert counted(notebook(first, second, stack), tmp_path, forged) == (2, 0)


def test_a_stack_alone_is_no_stage_of_itself(tmp_path: Path) -> None:
    """Neither the stack nor its twin counts."""
    stack = greedy_layerwise.stack(*learnt())
    assert counted(stack._asdict() | {"twin": copied(stack).autoencoder}, tmp_path) == (0, 0)


def test_other_references_have_no_stages() -> None:
    """Nothing is counted where nothing was asked for: one reference of the course is of this family."""
    assert [name for name in IDS if family_of(load(name)).name == "stages"] == ["greedy-layerwise"]
