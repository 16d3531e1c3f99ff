"""Claims that passed the border and are lies: refused quickly, for a reason, and without doing what they say."""

from __future__ import annotations

import pickle
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.domain.evidence import Evidence, ModelClaim, NodeClaim, OperationClaim, TensorClaim
from grader.domain.measurement import MeasuringProblem
from grader.domain.messages import message, verbatim
from grader.domain.ports import MeasuringTask
from grader.rebuild import whole_submission
from grader.rebuild.network.allowlist import LAYERS, OPERATORS, RefusedError
from grader.rebuild.network.canonical import canonical
from grader.rebuild.network.model import RebuiltModel, Workshop
from grader.rebuild.quantities.reference_data import DataChoice

ARRAYS = {"v0": np.ones((4, 4), np.float32), "v1": np.ones(4, np.float32)}
DENSE = {"units": 4, "activation": "relu", "use_bias": True}


def operation(
    name: str = "o0",
    kind: str = "Dense",
    config: Mapping[str, Any] = DENSE,
    variables: Sequence[str] = ("v0", "v1"),
    *,
    module: str = "keras.src.layers.core.dense",
) -> OperationClaim:
    return OperationClaim(name, kind, module, config, tuple(variables))


def call(name: str, takes: str | list[str], makes: Sequence[str] = (), **kwargs: Any) -> NodeClaim:
    taken = {"list": [{"tensor": t} for t in takes]} if isinstance(takes, list) else {"tensor": takes}
    return NodeClaim(name, {"args": [taken], "kwargs": kwargs}, tuple(makes) or ("t1",))


def claim(*nodes: NodeClaim, shape: tuple[int | None, ...] = (None, 4), outputs: Sequence[str] = ("t1",)) -> ModelClaim:
    return ModelClaim(
        "m0", ("autoencoder",), "Functional", (TensorClaim("t0", shape),), nodes, tuple(outputs), "", (), {}, 0
    )


def rebuild(model: ModelClaim, *operations: OperationClaim, arrays: Mapping[str, Any] = ARRAYS) -> RebuiltModel:
    return Workshop({op.operation: op for op in operations or (operation(),)}, arrays).rebuild(model)


def refusal(model: ModelClaim, *operations: OperationClaim, arrays: Mapping[str, Any] = ARRAYS) -> str:
    """Return the reason, which must come within five seconds."""
    started = time.monotonic()
    with pytest.raises(RefusedError) as refused:
        rebuild(model, *operations, arrays=arrays)
    assert time.monotonic() - started < 5
    assert 0 < len(str(refused.value)) < 500
    return str(refused.value)


def test_the_honest_twin_of_the_lies_below_is_rebuilt() -> None:
    """One Dense layer; so whatever is refused below is refused for what was changed."""
    rebuilt = rebuild(claim(call("o0", "t0")))
    assert np.asarray(rebuilt.model(np.ones((1, 4), np.float32))).tolist() == [[5, 5, 5, 5]]
    assert rebuilt.parameters == 20


def both_ways(there: Mapping[str, Any], back: Mapping[str, Any], *, kind: str = "LSTM") -> dict[str, Any]:
    """Settings of a `Bidirectional` with four units and what is added to each direction."""
    pair = {"layer": {"units": 4, **there}, "backward_layer": {"units": 4, "go_backwards": True, **back}}
    inner = {key: {"module": "keras.src.layers", "class_name": kind, "config": config} for key, config in pair.items()}
    return {"merge_mode": "concat", **inner}


LAYER_LIES: dict[str, tuple[OperationClaim, str]] = {
    "a class of the notebook's own": (operation(module="__main__"), "the layer `Dense`"),
    "a module that only begins so": (operation(module="keras.srcery.layers"), "the layer `Dense`"),
    "a class that Keras has and we do not want": (operation(kind="Lambda"), "the layer `Lambda`"),
    "a class that loads files": (operation(kind="TFSMLayer", config={"filepath": "/etc"}), "the layer `TFSMLayer`"),
    "an attribute of the module": (operation(kind="__builtins__"), "the layer `__builtins__`"),
    "a path for a class": (operation(kind="../../x"), "the layer `../../x`"),
    "units without end": (operation(config={"units": 10**9}), "Dense(units=1000000000)"),
    "negative units": (operation(config={"units": -4}), "Dense(units=-4)"),
    "true units": (operation(config={"units": True}), "Dense(units=True)"),
    "units as text": (operation(config={"units": "4"}), "Dense(units='4')"),
    "no units": (operation(config={}), "`Dense`: Dense.__init__() missing 1 required positional argument: 'units'"),
    "an activation that is a table": (
        operation(config={**DENSE, "activation": {"class_name": "relu"}}), "Dense(activation={'class_name': 'relu'})"
    ),
    "an activation that is a list": (operation(config={**DENSE, "activation": ["relu"]}), "Dense(activation=['relu'])"),
    "an activation with a path": (operation(config={**DENSE, "activation": "os.system"}), "Dense(activation='os.system')"),
    "other units than the arrays have": (
        operation(config={**DENSE, "units": 5}), "`Dense`: it needs an array of shape (4, 5) and has those of [(4,), (4, 4)]"
    ),
    "units that would take 1 TB": (
        operation(config={**DENSE, "units": 65_536}),
        "`Dense`: it needs an array of shape (4, 65536) and has those of [(4,), (4, 4)]",
    ),
    "too few arrays": (operation(variables=("v0",)), "`Dense`: it needs an array of shape (4,) and has those of [(4, 4)]"),
    "too many arrays": (
        operation(config={**DENSE, "use_bias": False}),
        "`Dense`: You called `set_weights(weights)` on layer",
    ),
    "arrays that are not there": (operation(variables=("v0", "v7")), "`Dense` without its arrays"),
    "a pooling of no size": (operation(kind="MaxPooling1D", config={"pool_size": [0]}), "MaxPooling1D(pool_size=[0])"),
    "a wrapper around nothing": (operation(kind="TimeDistributed", config={}), "`TimeDistributed` without its layer"),
    "a wrapper around a notebook's class": (
        operation(kind="TimeDistributed", config={"layer": {"module": "__main__", "class_name": "Dense", "config": DENSE}}),
        "`TimeDistributed` around the layer `Dense`",
    ),
    "a wrapper around a text": (operation(kind="TimeDistributed", config={"layer": "Dense"}), "`TimeDistributed` without"),
    "both ways of a notebook's class": (
        operation(kind="Bidirectional", config={"merge_mode": "sum", "layer": {"module": "__main__", "class_name": "LSTM", "config": {}}}),
        "`Bidirectional` around the layer `LSTM`",
    ),
    "both ways of a Dense": (operation(kind="Bidirectional", config=both_ways({}, {}, kind="Dense")), "`Bidirectional` around two"),
    "both ways with one of them missing": (
        operation(kind="Bidirectional", config={**both_ways({}, {}), "backward_layer": None}), "`Bidirectional` without its layer"
    ),
    "both ways of unequal gates": (
        operation(kind="Bidirectional", config=both_ways({}, {"activation": "relu"})), "`Bidirectional` around two"
    ),
    "both ways, and both the same": (
        operation(kind="Bidirectional", config=both_ways({}, {"go_backwards": False})), "`Bidirectional` around two"
    ),
    "both ways joined by a list": (
        operation(kind="Bidirectional", config={**both_ways({}, {}), "merge_mode": ["sum"]}), "Bidirectional(merge_mode=['sum'])"
    ),
    "both ways that keep a state": (
        operation(kind="Bidirectional", config=both_ways({"stateful": True}, {"stateful": True})), "LSTM(stateful=True)"
    ),
    "a cast to whole numbers": (
        operation(kind="Cast", module="keras.src.ops.core", config={"dtype": "int32"}, variables=()), "Cast(dtype='int32')"
    ),
    "a cast to a list": (
        operation(kind="Cast", module="keras.src.ops.core", config={"dtype": ["float32"]}, variables=()), "Cast(dtype=['float32'])"
    ),
    "noise of a text": (operation(kind="Dropout", config={"rate": "0.5"}, variables=()), "Dropout(rate='0.5')"),
    "a layer of a merging kind with one input": (operation(kind="Add", config={}, variables=()), "`Add`: A merge layer"),
    "an operator off the list": (operation(kind="Map", module="keras.src.ops.core"), "the operator `Map`"),
    "an operator's setting that is a text": (
        operation(kind="Mean", module="keras.src.ops.numpy", config={"axis": "x"}, variables=()), "Mean(axis='x')"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYER_LIES)
def test_a_layer_that_lies_is_refused(name: str) -> None:
    """The reason names the layer or the setting."""
    lie, reason = LAYER_LIES[name]
    assert refusal(claim(call("o0", "t0")), lie).startswith(reason)


GRAPH_LIES: dict[str, tuple[ModelClaim, str]] = {
    "a tensor that nothing makes": (claim(call("o0", "t9")), "a tensor that nothing makes (t9)"),
    "a cycle": (claim(call("o0", "t2", ["t1"]), call("o0", "t1", ["t2"])), "a tensor that nothing makes (t2)"),
    "an output that nothing makes": (claim(call("o0", "t0"), outputs=["t5"]), "a tensor that nothing makes (t5)"),
    "a tensor made twice": (claim(call("o0", "t0"), call("o0", "t0")), "`Dense` with the outputs t1"),
    "the input made anew": (claim(call("o0", "t0", ["t0"]), outputs=["t0"]), "`Dense` with the outputs t0"),
    "two outputs of a layer": (claim(call("o0", "t0", ["t1", "t2"])), "`Dense` with the outputs t1, t2"),
    "no outputs": (claim(call("o0", "t0"), outputs=[]), "a model with 1 inputs and 0 outputs"),
    "a layer that nobody described": (claim(call("o7", "t0")), "the layer `o7`"),
    "a layer without an input": (claim(NodeClaim("o0", {"args": [], "kwargs": {}}, ("t1",))), "`Dense` without an input"),
    "arguments that are a text": (claim(NodeClaim("o0", "t0", ("t1",))), "`Dense` without an input"),
    "arguments that are a list": (claim(NodeClaim("o0", [{"tensor": "t0"}], ("t1",))), "`Dense`: "),
    "arguments that are no list": (claim(NodeClaim("o0", {"args": {"a": {"tensor": "t0"}}}, ("t1",))), "a call argument"),
    "an argument of no kind": (
        claim(NodeClaim("o0", {"args": [{"tensor": "t0"}, {"eval": "1"}], "kwargs": {}}, ("t1",))),
        "a call argument of kind 'eval'",
    ),
    "a tensor whose id is a list": (
        claim(NodeClaim("o0", {"args": [{"tensor": "t0"}, {"tensor": ["t0"]}], "kwargs": {}}, ("t1",))),
        "a tensor that nothing makes (['t0'])",
    ),
    "a second tensor beside the input": (claim(call("o0", "t0", mask={"tensor": "t0"})), "`Dense` called with more tensors"),
    "a list where one tensor belongs": (claim(call("o0", ["t0", "t0"])), "`Dense`: "),
    "an input of another size": (claim(call("o0", "t0"), shape=(None, 5)), "`Dense`: it needs an array of shape (5, 4)"),
    "an input without a size": (claim(call("o0", "t0"), shape=(None, None)), "`Dense`: "),
    "an input that is one number": (claim(call("o0", "t0"), shape=(None,)), "`Dense`: "),
    "an input without a batch": (claim(call("o0", "t0"), shape=()), "`Dense`: "),
}  # fmt: skip


@pytest.mark.parametrize("name", GRAPH_LIES)
def test_a_graph_that_lies_is_refused(name: str) -> None:
    """Every tensor is made once, before it is read, by a layer that was described."""
    lie, reason = GRAPH_LIES[name]
    assert refusal(lie).startswith(reason)


@pytest.mark.parametrize(
    ("kind", "config", "shape", "reason"),
    [
        ("UpSampling2D", {"size": [1000, 1000]}, (None, 28, 28, 1), "`UpSampling2D` with an output of shape (28000, 28000, 1)"),
        ("ZeroPadding2D", {"padding": 1024}, (None, 2048, 2048, 1), "`ZeroPadding2D` with an output of shape (4096, 4096, 1)"),
        ("RepeatVector", {"n": 4096}, (None, 65_536), "`RepeatVector` with an output of shape (4096, 65536)"),
        ("RepeatVector", {"n": 10**12}, (None, 4), "RepeatVector(n=1000000000000)"),
        ("Reshape", {"target_shape": [2**30, 2**30]}, (None, 4), "Reshape(target_shape=[1073741824, 1073741824])"),
        ("Reshape", {"target_shape": [-1, 0]}, (None, 4), "`Reshape`: "),
    ],
)  # fmt: skip
def test_tensors_without_end_are_refused_before_they_exist(
    kind: str, config: dict[str, Any], shape: tuple[int | None, ...], reason: str
) -> None:
    """Shapes are computed from symbols, so no memory is taken."""
    assert refusal(claim(call("o0", "t0"), shape=shape), operation(kind=kind, config=config, variables=())).startswith(
        reason
    )


@pytest.mark.parametrize(
    ("kind", "config", "arrays", "shape", "reason"),
    [
        ("Conv2D", {"filters": 1, "kernel_size": [1024, 1024]}, ((1024, 1024, 1, 1), (1,)), (None, 28, 28, 1),
         "Conv2D(kernel_size=[1024, 1024])"),
        ("Conv1D", {"filters": 1, "kernel_size": [100]}, ((100, 1, 1), (1,)), (None, 2**22, 1), None),
        ("AveragePooling2D", {"pool_size": [512, 512]}, (), (None, 1024, 1024, 1), "AveragePooling2D(pool_size=[512, 512])"),
        ("AveragePooling2D", {"pool_size": [64, 64], "strides": [1, 1]}, (), (None, 1024, 1024, 1),
         "`AveragePooling2D` and what is before it: more than 1000000000 products for one image"),
        ("Conv2D", {"filters": 8, "kernel_size": [60, 60], "padding": "same"}, ((60, 60, 8, 8), (8,)), (None, 300, 300, 8),
         "`Conv2D` and what is before it: more than 1000000000 products for one image"),
        ("LSTM", {"units": 2000, "return_sequences": True}, ((4, 8000), (2000, 8000), (8000,)), (None, 128, 4),
         "`LSTM` and what is before it: more than 1000000000 products for one image"),
        ("Attention", {}, (), (None, 4000, 4), "`Attention` over 4000 steps"),
        ("Resizing", {"height": 100_000, "width": 100_000}, (), (None, 28, 28, 1), "Resizing(height=100000)"),
        ("Resizing", {"height": 1024, "width": 1024}, (), (None, 28, 28, 16), "`Resizing` with an output of shape (1024, 1024, 16)"),
        ("CenterCrop", {"height": 10**9, "width": 4}, (), (None, 28, 28, 1), "CenterCrop(height=1000000000)"),
        ("RNN", {"cell": {"module": "__main__", "class_name": "LSTMCell", "config": {"units": 4}}}, (), (None, 8, 4),
         "`RNN` around the layer `LSTMCell`"),
        ("RNN", {"cell": {"module": "keras.src.layers", "class_name": "Dense", "config": {"units": 4}}}, (), (None, 8, 4),
         "`RNN` around the cell `Dense`"),
        ("RNN", {"cell": {"module": "keras.src.layers", "class_name": "StackedRNNCells", "config": {"cells": "LSTMCell"}}},
         (), (None, 8, 4), "`StackedRNNCells` without its cells"),
        ("SpectralNormalization", {"layer": {"module": "os", "class_name": "system", "config": {}}}, (), (None, 4),
         "`SpectralNormalization` around the layer `system`"),
        ("Rescaling", {"scale": {"class_name": "os"}}, (), (None, 4), "Rescaling(scale={'class_name': 'os'})"),
        ("MultiHeadAttention", {"num_heads": 10**6, "key_dim": 4}, (), (None, 8, 4), "MultiHeadAttention(num_heads=1000000)"),
    ],
)  # fmt: skip
def test_work_without_end_is_refused_before_it_is_begun(
    kind: str,
    config: dict[str, Any],
    arrays: Sequence[tuple[int, ...]],
    shape: tuple[int | None, ...],
    reason: str | None,
) -> None:
    """Products, windows and scores are counted from shapes; what is long and cheap is built."""
    held = {f"v{place}": np.zeros(one, np.float32) for place, one in enumerate(arrays)}
    layer = operation(kind=kind, config=config, variables=tuple(held))
    taken: Any = ["t0", "t0"] if kind == "Attention" else "t0"
    model = claim(call("o0", taken), shape=shape)
    if reason is None:
        assert rebuild(model, layer, arrays=held).parameters == 101
        return
    assert refusal(model, layer, arrays=held).startswith(reason)


def test_broadcasting_without_end_is_refused_before_it_exists() -> None:
    """X + array is as large as both together."""
    add = operation(kind="Add", module="keras.src.ops.numpy", config={}, variables=())
    node = NodeClaim("o0", {"args": [{"tensor": "t0"}, {"variable": "v0"}], "kwargs": {}}, ("t1",))
    reason = refusal(claim(node, shape=(None, 100_000, 1)), add, arrays={"v0": np.zeros((1, 100_000), np.float32)})
    assert reason == "`Add` with an output of shape (100000, 100000)"


def test_settings_that_we_do_not_know_never_reach_keras() -> None:
    """Names, initialisers, constraints and inventions are dropped, whatever they say."""
    evil = {"module": "os", "class_name": "system", "config": "touch /tmp/x", "registered_name": "os>system"}
    config = {
        **DENSE, "name": "../../x", "dtype": evil, "kernel_initializer": evil, "bias_regularizer": evil,
        "kernel_constraint": evil, "trainable": "no", "build_config": evil, "lora_rank": 10**9, "invented": evil,
    }  # fmt: skip
    rebuilt = rebuild(claim(call("o0", "t0")), operation(config=config))
    (layer,) = [layer for layer in rebuilt.model.layers if isinstance(layer, keras.layers.Dense)]
    assert "x" not in layer.name
    assert (layer.dtype, layer.kernel_constraint, layer.lora_enabled) == ("float32", None, False)


def test_nothing_is_deserialised_loaded_or_unpickled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From the vetted files to the canonical form without one call of Keras's or Python's loaders."""

    def explode(*_: Any, **__: Any) -> None:
        raise AssertionError("something was loaded")

    for owner, name in [
        (keras.saving, "deserialize_keras_object"), (keras.saving, "load_model"), (keras.models, "load_model"),
        (keras.models, "model_from_json"), (keras.layers, "deserialize"), (keras.Model, "from_config"),
        (keras.layers.Layer, "from_config"), (pickle, "load"), (pickle, "loads"), (pickle, "Unpickler"),
    ]:  # fmt: skip
        monkeypatch.setattr(owner, name, explode)
    weights = tmp_path / "weights.npz"
    np.savez(weights, **ARRAYS)
    arrays = whole_submission.load_arrays(weights)
    rebuilt = rebuild(claim(call("o0", "t0")), arrays=arrays)
    assert canonical(rebuilt, arrays).parameters == 20


def test_object_arrays_are_not_loaded_even_if_they_pass_the_border(tmp_path: Path) -> None:
    """A second wall behind the first."""
    weights = tmp_path / "weights.npz"
    np.savez(weights, v0=np.array([print], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        whole_submission.load_arrays(weights)


def test_a_refused_model_becomes_a_problem_that_waits_for_a_person(tmp_path: Path) -> None:
    """A gap of ours is never a student's zero: `ours` holds the grade."""
    weights = tmp_path / "weights.npz"
    np.savez(weights, **ARRAYS)
    evidence = Evidence((claim(call("o0", "t0")),), {"o0": operation(module="__main__")}, weights_file=weights)
    found = whole_submission.measure(evidence, MeasuringTask("stacked", "hidden"), DataChoice("sample"))
    reason = message("The model cannot be rebuilt: {reason}.", reason=verbatim("the layer `Dense`"))
    assert found.problems == (MeasuringProblem("autoencoder", reason, ours=True),)


# Anything

settings_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 70_000) | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["same", "valid", "relu", "channels_last", "nearest", "x"]),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)  # fmt: skip
names = st.sampled_from(sorted({name for rule in LAYERS.values() for name in rule.settings}))
kinds = st.sampled_from(
    [(kind, "keras.src.layers") for kind in (*LAYERS, "TimeDistributed", "Dropout", "Identity")]
    + [(kind, "keras.src.ops.numpy") for kind in (*OPERATORS, "GetItem", "ConvertToTensor")]
)
argument = st.sampled_from([
    {"tensor": "t0"}, {"variable": "v0"}, {"variable": "v1"}, {"value": 2}, {"value": None}, {"value": [0, 1]},
    {"value": "x"}, {"ellipsis": True}, {"list": [{"tensor": "t0"}, {"tensor": "t0"}]}, {"list": [{"value": 1}]},
    {"slice": [{"value": None}, {"value": 2}, {"value": None}]}, {"list": 5}, {"slice": [{"value": 1}] * 5},
])  # fmt: skip
shapes = st.sampled_from([(None, 4), (None, 3, 4), (None, 4, 4, 2), (None, None, 4), (None,)])


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kind=kinds,
    config=st.dictionaries(names, settings_values, max_size=4),
    args=st.lists(argument, max_size=3),
    shape=shapes,
    variables=st.sampled_from([(), ("v0",), ("v0", "v1"), ("v1",), ("v9",)]),
)
def test_any_call_is_rebuilt_or_refused(
    kind: tuple[str, str], config: dict[str, Any], args: list[Any], shape: Any, variables: Sequence[str]
) -> None:
    """Never another exception; and what is rebuilt has a canonical form."""
    node = NodeClaim("o0", {"args": [{"tensor": "t0"}, *args], "kwargs": {}}, ("t1",))
    complete = {"units": 4, "filters": 2, "kernel_size": 1, "pool_size": 2, "n": 2, "dims": [1], "target_shape": [4]}
    chosen = {**{key: value for key, value in complete.items() if key in names_of(kind[0])}, **config}
    try:
        rebuilt = rebuild(
            claim(node, shape=shape), operation(kind=kind[0], module=kind[1], config=chosen, variables=variables)
        )
    except RefusedError as refused:
        assert str(refused)
    else:
        assert canonical(rebuilt, ARRAYS).parameters == rebuilt.parameters


def names_of(kind: str) -> frozenset[str]:
    return frozenset(LAYERS[kind].settings) if kind in LAYERS else frozenset()


def test_a_model_of_many_calls_is_rebuilt_in_time() -> None:
    """Two hundred layers, far more than any notebook has; Keras itself stops at some eight hundred."""
    nodes = [call("o0", f"t{index}", [f"t{index + 1}"]) for index in range(200)]
    started = time.monotonic()
    rebuilt = rebuild(claim(*nodes, outputs=["t200"]))
    architecture = canonical(rebuilt, ARRAYS)
    assert len(architecture.layers) == 200
    assert architecture.parameters == 20
    assert time.monotonic() - started < 20
