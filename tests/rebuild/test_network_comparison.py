"""Networks that an exercise compares: measured, counted, chosen among, and held against the notebook's own table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from keras import Input, Model, Sequential, layers
from round_trip import send

from grader.domain.evidence import Evidence
from grader.domain.measurement import Measurements, Quantity, Role
from grader.domain.ports import MeasuringTask
from grader.rebuild import whole_submission
from grader.rebuild.families import network_comparison
from grader.rebuild.families.case import Rebuilt, Setting
from grader.rebuild.families.network_comparison import best_cast
from grader.rebuild.network.model import Workshop
from grader.rebuild.network.roles import assign
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.quantities.samples import load_samples
from grader.rebuild.whole_submission import load_arrays
from reference import losses, optimizers
from reference.contract import load

pytestmark = pytest.mark.usefixtures("alone")

SAMPLE = DataChoice("sample")
NAMES = tuple((role.value, role.value) for role in Role)
TRAIN = load_samples("mnist", "public", SAMPLE).train
PUBLIC = load_samples("mnist", "public", SAMPLE).images
HELD_OUT = TRAIN[-1000:].reshape(1000, 784)
"""What the notebook holds out here, fewer than 5,000 for speed: more than the last twelfth of the sample, 666."""

Built = tuple[Any, Any, Any]


@pytest.fixture(autouse=True)
def small_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_submission, "JACOBIAN_IMAGES", 1)
    monkeypatch.setattr(network_comparison, "HELD_OUT_IMAGES", len(HELD_OUT))


def trained(steps: int, *, loss: str = "binary_crossentropy", optimizer: Any = "adam", build: Any = None) -> Built:
    """A network after so many batches of 64; the same first weights for all."""
    keras.utils.set_random_seed(1)
    three = tuple((build or optimizers.build)())
    three[-1].compile(optimizer=optimizer, loss=loss)
    images = TRAIN[: 64 * steps].reshape(-1, 784)
    three[-1].fit(images, images, batch_size=64, epochs=1, verbose=0)
    return three


@pytest.fixture(scope="module")
def three() -> dict[str, Built]:
    """As the notebook has them: SGD has hardly moved, and still was trained."""
    return {
        "sgd": trained(10, optimizer=optimizers.make_optimizer("sgd")),
        "adam": trained(40),
        "adadelta": trained(10, optimizer=optimizers.make_optimizer("adadelta")),
    }


@pytest.fixture(scope="module")
def under_losses() -> dict[str, Built]:
    return {name: trained(20, loss=name, build=losses.build) for name in losses.NAMES}


def reached(model: Any) -> dict[str, float]:
    """What a notebook prints of a network."""
    return losses.yardsticks(HELD_OUT, model.predict(HELD_OUT, verbose=0, batch_size=500))


def notebook(built: Mapping[str, Built], table: Any, kept: str = "adam") -> dict[str, Any]:
    encoder, decoder, autoencoder = built[kept]
    autoencoders = {name: networks[-1] for name, networks in built.items()}
    return {
        "autoencoders": autoencoders, "models": [model for networks in built.values() for model in networks],
        "comparison": table, "encoder": encoder, "decoder": decoder, "autoencoder": autoencoder,
    }  # fmt: skip


def compared(
    namespace: dict[str, Any], folder: Path, reference: str = "optimizers"
) -> tuple[float, float, list[tuple[str, float | None, float | None]]]:
    """Return how many networks count, how much of the table is right, and what is not: entry, measured, claimed."""
    evidence = send(namespace, folder)
    arrays = load_arrays(evidence.weights_file)
    models = [Workshop(evidence.operations, arrays).rebuild(claim) for claim in evidence.models]
    found = network_comparison.compare(load(reference), Rebuilt(evidence, arrays, models), TRAIN)
    values = found.values
    assert [value.name for value in values] == [Quantity.COMPARED_MODELS, Quantity.COMPARISON_AGREEMENT]
    missed = [(one.entry, one.measured, found.compared.get(one.entry)) for one in found.missed]
    return values[0].value, values[1].value, missed


# Right ones

TABLES: dict[str, Callable[[dict[str, float]], Any]] = {
    "as asked": lambda numbers: numbers,
    "of NumPy": lambda numbers: {name: np.float32(value) for name, value in numbers.items()},
    "a series": lambda numbers: pd.Series(numbers),
    "with epochs beside": lambda numbers: {name: {"val_loss": value, "epochs": 50} for name, value in numbers.items()},
    "a data frame": lambda numbers: pd.DataFrame({"loss": numbers}),
    "capitals": lambda numbers: {name.upper(): value for name, value in numbers.items()},
    "three digits": lambda numbers: {name: round(value, 3) for name, value in numbers.items()},
}


@pytest.mark.parametrize("style", TABLES)
def test_a_right_comparison_counts_however_it_is_written(style: str, three: dict[str, Built], tmp_path: Path) -> None:
    """Three optimizers, and the loss that each network reaches."""
    numbers = {name: reached(networks[-1])["binary_crossentropy"] for name, networks in three.items()}
    assert compared(notebook(three, TABLES[style](numbers)), tmp_path) == (3, 1, [])


LOSS_TABLES: dict[str, Callable[[dict[str, dict[str, float]]], Any]] = {
    "as asked": lambda table: table,
    "a data frame": lambda table: pd.DataFrame(table),
    "rows and columns exchanged": lambda table: pd.DataFrame(table).T,
    "short names": lambda table: {
        name: {key.replace("binary_crossentropy", "BCE"): value for key, value in row.items()}
        for name, row in table.items()
    },
}


@pytest.mark.parametrize("style", LOSS_TABLES)
def test_three_losses_by_three_yardsticks(style: str, under_losses: dict[str, Built], tmp_path: Path) -> None:
    """Nine numbers, all of them measured by us as well."""
    table = {name: reached(networks[-1]) for name, networks in under_losses.items()}
    namespace = notebook(under_losses, LOSS_TABLES[style](table), kept="mse")
    assert compared(namespace, tmp_path, "losses") == (3, 1, [])


def test_the_loss_it_was_compiled_with_is_another_meaning_of_a_number(tmp_path: Path) -> None:
    """A notebook that trained with the squared error prints squared errors: its table tells no lie."""
    built = {name: trained(10 + 10 * n, loss="mse") for n, name in enumerate(optimizers.NAMES)}
    table = {name: reached(networks[-1])["mse"] for name, networks in built.items()}
    assert compared(notebook(built, table), tmp_path) == (3, 1, [])


# Wrong ones


def test_a_table_without_networks_earns_nothing(tmp_path: Path) -> None:
    """Numbers alone are a claim."""
    table = {"sgd": 0.17, "adam": 0.09, "adadelta": 0.1}
    assert compared({"comparison": table, "other": Sequential([Input((3,)), layers.Dense(2)])}, tmp_path)[:2] == (0, 0)


def test_fresh_networks_are_not_trained_ones(tmp_path: Path) -> None:
    """Their biases are 0 and they are no better than other fresh networks."""
    built = {name: tuple(optimizers.build()) for name in optimizers.NAMES}
    table = {name: reached(networks[-1])["binary_crossentropy"] for name, networks in built.items()}
    assert compared(notebook(built, table), tmp_path)[:2] == (0, 0)


def test_one_network_under_three_names_is_one(three: dict[str, Built], tmp_path: Path) -> None:
    """Three copies with a little noise are no three trainings; the table is right for what they are."""
    copies = {}
    for n, name in enumerate(optimizers.NAMES):
        copy = optimizers.build()
        copy.autoencoder.set_weights([w * (1 + 1e-5 * n) for w in three["adam"][-1].get_weights()])
        copies[name] = tuple(copy)
    table = dict.fromkeys(optimizers.NAMES, reached(three["adam"][-1])["binary_crossentropy"])
    assert compared(notebook(copies, table), tmp_path) == (1, 1, [])


def test_a_forged_number_is_told_with_what_was_measured(three: dict[str, Built], tmp_path: Path) -> None:
    """The network says 0.6, the table 0.09: a third of the table is lost."""
    numbers = {name: reached(networks[-1])["binary_crossentropy"] for name, networks in three.items()}
    count, agreement, wrong = compared(notebook(three, {**numbers, "sgd": 0.09}), tmp_path)
    assert (count, agreement) == (3, pytest.approx(2 / 3))
    assert [(entry, claimed) for entry, _, claimed in wrong] == [("comparison['sgd']", 0.09)]
    assert wrong[0][1] == pytest.approx(numbers["sgd"], rel=0.01)


@pytest.mark.parametrize("table", [None, {}, [0.1, 0.2], {"sgd": float("nan")}, {f"a{n}": 0.1 for n in range(100)}])
def test_a_table_that_says_nothing_is_missing(table: Any, three: dict[str, Built], tmp_path: Path) -> None:
    """NaN, positions instead of names and huge tables are as good as none; the networks still count."""
    count, agreement, wrong = compared(notebook(three, table), tmp_path)
    assert (count, agreement) == (3, 0)
    assert [(entry, claimed) for entry, _, claimed in wrong] == [(f"comparison[{n!r}]", None) for n in optimizers.NAMES]


def test_another_architecture_does_not_count(three: dict[str, Built], tmp_path: Path) -> None:
    """A code of 16 numbers is another network than the others."""
    image = Input((784,))
    small = Model(image, layers.Dense(784, activation="sigmoid")(layers.Dense(16, activation="relu")(image)))
    small.layers[-1].bias.assign(np.full(784, 0.1))
    built = {**three, "sgd": (*three["sgd"][:2], small)}
    namespace = notebook(built, {"sgd": reached(small)["binary_crossentropy"]})
    del namespace["models"]
    count, agreement, wrong = compared(namespace, tmp_path)
    assert (count, agreement, wrong[0][1]) == (2, 0, None)


def test_a_network_of_nans_has_learnt_nothing(three: dict[str, Built], tmp_path: Path) -> None:
    """Its arrays are stand-ins, and the NaN of its table does not arrive."""
    broken = tuple(optimizers.build())
    broken[-1].set_weights([np.full_like(w, np.nan) for w in broken[-1].get_weights()])
    numbers = {name: reached(networks[-1])["binary_crossentropy"] for name, networks in three.items()}
    built = {**three, "sgd": broken}
    count, agreement, _ = compared(notebook(built, {**numbers, "sgd": float("nan")}), tmp_path)
    assert (count, agreement) == (2, pytest.approx(2 / 3))


# The best one


def measured(namespace: dict[str, Any], folder: Path, reference: str = "optimizers") -> Measurements:
    return whole_submission.measure(send(namespace, folder), MeasuringTask(reference, "hidden", NAMES), SAMPLE)


def test_the_best_network_is_judged_whichever_was_kept(three: dict[str, Built], tmp_path: Path) -> None:
    """The notebook keeps SGD's as `autoencoder`; Adam's is the best, with its own two halves."""
    kept_worst = measured(notebook(three, None, kept="sgd"), tmp_path / "a")
    kept_best = measured(notebook(three, None, kept="adam"), tmp_path / "b")
    assert kept_worst.value(Quantity.RECONSTRUCTION_MSE) == kept_best.value(Quantity.RECONSTRUCTION_MSE)
    assert kept_worst.value(Quantity.COMPOSITION_GAP) == pytest.approx(0, abs=1e-5)
    assert {role: model.shared_with_autoencoder for role, model in kept_worst.models.items()} == dict.fromkeys(
        Role, True
    )
    assert (kept_worst.value(Quantity.COMPARED_MODELS), len(kept_worst.missed)) == (3, 3)


def flat(steps: int) -> Built:
    """A network whose halves are models of their own, which nothing but their names keeps alive."""
    keras.utils.set_random_seed(1)
    code, image = layers.Dense(32, activation="relu"), layers.Dense(784, activation="sigmoid")
    whole = Sequential([Input((784,)), code, image])
    return trained(steps, build=lambda: (Sequential([Input((784,)), code]), Sequential([Input((32,)), image]), whole))


def test_halves_of_the_kept_network_stay_where_the_best_has_none(tmp_path: Path) -> None:
    """Only `encoder` and `decoder` of the kept one are alive: they are composed with it, the best is measured."""
    best, kept = flat(40), flat(5)
    namespace = {
        "autoencoders": {"adam": best[-1], "sgd": kept[-1]}, "encoder": kept[0], "decoder": kept[1], "autoencoder": kept[2],
    }  # fmt: skip
    found = measured(namespace, tmp_path / "a")
    alone = measured({"autoencoder": best[-1], "encoder": best[0], "decoder": best[1]}, tmp_path / "b")
    assert found.value(Quantity.RECONSTRUCTION_MSE) == alone.value(Quantity.RECONSTRUCTION_MSE)
    assert found.value(Quantity.COMPOSITION_GAP) == pytest.approx(0, abs=1e-5)
    assert {role: model.shared_with_autoencoder for role, model in found.models.items()} == dict.fromkeys(Role, True)


def test_an_experiment_with_another_network_is_not_the_best(three: dict[str, Built], tmp_path: Path) -> None:
    """An identity in the dictionary has no error at all, and is not what was asked for."""
    namespace = notebook(three, None)
    namespace["autoencoders"]["identity"] = Sequential([Input((784,)), layers.Reshape((28, 28))])
    found = measured(namespace, tmp_path)
    assert found.models[Role.AUTOENCODER].name == "autoencoder"
    assert found.value(Quantity.BOTTLENECK_RANK) == pytest.approx(32, abs=32)
    assert (found.value(Quantity.RECONSTRUCTION_MSE) or 0) > 0.01


def test_without_a_dictionary_the_cast_stays(three: dict[str, Built], tmp_path: Path) -> None:
    """A notebook without names for its networks, and one without an autoencoder."""
    evidence: Evidence = send({"mine": three["adam"][-1]}, tmp_path)
    arrays = load_arrays(evidence.weights_file)
    models = [Workshop(evidence.operations, arrays).rebuild(claim) for claim in evidence.models]
    cast = assign(models, (), arrays, sample=(28, 28), contract={})
    rebuilt = Rebuilt(evidence, arrays, models)
    setting = Setting(load("optimizers"), MeasuringTask("optimizers", "public", NAMES), SAMPLE)
    assert best_cast(cast, rebuilt, setting, PUBLIC[:50]) is cast
    nobody = replace(cast, autoencoder=None)
    assert best_cast(nobody, Rebuilt(evidence, arrays, []), setting, PUBLIC[:50]) is nobody
