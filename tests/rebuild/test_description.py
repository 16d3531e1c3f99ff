"""What a reference is without training: the layer table of the course, its recipe, and ways through a graph."""

from __future__ import annotations

from dataclasses import replace

import keras
import pytest

from grader.domain.architecture import RESHAPE, Architecture, Layer
from grader.domain.measurement import Role
from grader.rebuild.facts.description import describe, recipe
from grader.rebuild.network.canonical import cut_positions
from grader.rebuild.network.own_models import architecture_of
from reference import stacked
from reference.contract import IDS, load

# Architectures


def layer(kind: str, takes: tuple[int, ...], gives: tuple[int, ...], parameters: int, activation: str = "") -> Layer:
    attributes = (("activation", activation), ("units", gives[-1]), ("use_bias", True)) if activation else ()
    return Layer(kind, attributes, takes, gives, parameters)


STACKED = Architecture(
    layers=(
        layer(RESHAPE, (28, 28), (784,), 0),
        replace(layer("Dense", (784,), (100,), 784 * 100 + 100, "relu"), inputs=(0,)),
        replace(layer("Dense", (100,), (30,), 100 * 30 + 30, "relu"), inputs=(1,)),
        replace(layer("Dense", (30,), (100,), 30 * 100 + 100, "relu"), inputs=(2,)),
        replace(layer("Dense", (100,), (784,), 100 * 784 + 784, "linear"), inputs=(3,)),
        replace(layer(RESHAPE, (784,), (28, 28), 0), inputs=(4,)),
    ),
    input_shape=(28, 28),
    output_shape=(28, 28),
    output=5,
    parameters=163_814,
)
"""The course's table for `stacked`, typed by hand."""


def test_the_form_of_stacked_is_the_table_of_the_course() -> None:
    """Flatten, Dense 100, Dense 30, Dense 100, Dense 784, Reshape: 163,814 parameters."""
    found = architecture_of(stacked.build().autoencoder)
    assert replace(found, layers=tuple(replace(step, operation="") for step in found.layers)) == STACKED


def test_facts_that_need_no_training_come_from_the_models() -> None:
    """Three architectures, parameters and code size."""
    facts = describe(load("stacked"))
    assert {role: architecture.parameters for role, architecture in facts.architectures.items()} == {
        Role.ENCODER: 81_530, Role.DECODER: 82_284, Role.AUTOENCODER: 163_814,
    }  # fmt: skip
    assert (facts.parameters, facts.code_size, facts.dataset) == (163_814, 30, "fashion_mnist")
    assert facts.calibrated == {}


def test_a_network_without_keras_is_described_by_its_twin() -> None:
    """`from-scratch` has the form of two Dense layers; its sizes are free."""
    facts = describe(load("from-scratch"))
    form = facts.architectures[Role.AUTOENCODER]
    assert [(layer.kind, layer.activation, layer.parameters) for layer in form.layers] == [
        ("Dense", "relu", 25_120), ("Dense", "sigmoid", 25_872),
    ]  # fmt: skip
    assert (form.parameters, facts.parameters, facts.code_size) == (50_992, None, None)


def test_a_code_that_is_drawn_is_a_layer_of_two_inputs() -> None:
    """Dense, both branches, and the sampling; all of their parameters count."""
    form = describe(load("variational")).architectures[Role.ENCODER]
    assert [(layer.kind, layer.inputs, layer.parameters) for layer in form.layers] == [
        ("Dense", (-1,), 200_960), ("Dense", (0,), 2_570), ("Dense", (0,), 2_570), ("Sampling", (1, 2), 0),
    ]  # fmt: skip
    assert (form.output_shape, form.parameters) == ((10,), 206_100)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "simple-dense-mse",
            {"epochs": 30, "batch_size": 256, "optimizer": "Adadelta", "loss": "mse", "learning_rate": 1.0, "rho": 0.95,
             "epsilon": 1e-7},
        ),
        (
            "linear-pca",
            {"epochs": 500, "batch_size": 32, "optimizer": "SGD", "loss": "mse", "learning_rate": 0.5, "momentum": 0.0,
             "nesterov": False},
        ),
        (
            "variational",
            {"epochs": 20, "batch_size": 128, "optimizer": "Adam", "loss": "reconstruction_loss",
             "learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": False},
        ),
        ("from-scratch", {"epochs": 20, "batch_size": 128, "learning_rate": 1.0}),
    ],
)  # fmt: skip
def test_a_recipe_is_what_a_loss_depends_on(name: str, expected: dict[str, object]) -> None:
    """Optimizer with every setting that the course or Keras chose, loss, epochs, batch size; plain values."""
    found = recipe(load(name))
    assert {key: found.get(key) for key in expected} == expected
    assert set(found) - set(expected) <= {"loss_scale_factor", "gradient_accumulation_steps", "use_ema"}


@pytest.mark.parametrize("name", IDS)
def test_a_description_is_the_same_every_time(name: str) -> None:
    """But for the identities of layers."""
    first, again = (describe(load(name)) for _ in range(2))

    def bare(facts: object) -> object:
        forms = {
            role: replace(form, layers=tuple(replace(layer, operation="") for layer in form.layers))
            for role, form in facts.architectures.items()
        }
        return replace(facts, architectures=forms)

    assert bare(first) == bare(again)
    assert (first.reached, first.calibrated) == ("", {})
    keras.backend.clear_session()


# Ways through a graph


@pytest.mark.parametrize(
    ("edges", "output", "cuts"),
    [
        ([(-1,), (0,), (1,)], 2, (0, 1, 2)),
        ([(-1,), (0,), (1, 0)], 2, (0, 2)),
        ([(-1,), (0,), (1, -1)], 2, (2,)),
        ([(-1,), (-1,), (0, 1), (2,)], 3, (2, 3)),
        ([(-1,), (0,), (1,), (2, 0), (3, -1)], 4, (4,)),
        ([], -1, ()),
    ],
    ids=["chain", "skip from the first", "skip from the input", "two branches", "two skips", "nothing"],
)
def test_a_cut_is_a_layer_that_every_path_leads_through(
    edges: list[tuple[int, ...]], output: int, cuts: tuple[int, ...]
) -> None:
    """The definition, on graphs small enough to see."""
    steps = tuple(Layer("Dense", (), (4,), (4,), 0, inputs) for inputs in edges)
    assert cut_positions(Architecture(steps, (4,), (4,), output, 0)) == cuts
