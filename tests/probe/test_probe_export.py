"""What the probe finds in a kernel and writes down, and that it leaves the kernel as it was."""

from __future__ import annotations

import gc
import json
import math
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from keras import Input, Model, Sequential, layers, ops

from grader.domain.evidence import Evidence
from grader.extraction.claims import collect
from grader.probe import answer_to, export, install
from grader.probe.export import Exporter, named_models
from grader.probe.hooks import FitRecord, FitTracker


def tiny(units: int = 2, **options: Any) -> Any:
    return Sequential([Input((3,)), layers.Dense(units, **options)])


def exporter(
    namespace: Mapping[str, Any], folder: Path, fits: Sequence[FitRecord] = (), requests: Sequence[str] = ()
) -> Exporter:
    return Exporter(namespace, folder / "claims", FitTracker(list(fits)), list(requests))


def exported(namespace: Mapping[str, Any], folder: Path, fits: Sequence[FitRecord] = ()) -> Evidence:
    """Export and take through the border, which refuses everything if one thing is malformed."""
    exporter(namespace, folder, fits).export()
    return collect(folder, folder / "vetted")


def problems(evidence: Evidence) -> dict[str, str]:
    return {claim.names[0]: claim.problem for claim in evidence.models if claim.names}


# Finding models


@pytest.mark.usefixtures("alone")
def test_models_are_found_under_every_kind_of_name(tmp_path: Path) -> None:
    """Variables, lists, tuples, dictionaries, attributes of the notebook's own objects, parts of models."""
    shelf = type("Shelf", (), {"__module__": "__main__"})()
    shelf.inner = tiny()
    part = tiny()
    pair = Sequential([part, layers.Dense(1)])
    namespace = {
        "model": tiny(), "models": [tiny(), "x", tiny()], "pair": pair, "by_name": {"a": tiny(), 3: tiny()},
        "shelf": shelf, "_hidden": tiny(), "In": [tiny()], "Out": {1: tiny()}, "number": 5, "keras": keras,
    }  # fmt: skip
    assert [name for name, _ in named_models(namespace)] == [
        "model", "models[0]", "models[2]", "pair", f"pair.{part.name}", "by_name['a']", "by_name[3]", "shelf.inner",
    ]  # fmt: skip
    evidence = exported(namespace, tmp_path)
    assert [claim.names for claim in evidence.models] == [(name,) for name, _ in named_models(namespace)]


@pytest.mark.usefixtures("alone")
def test_a_variable_comes_before_the_attributes_that_name_the_same_model(tmp_path: Path) -> None:
    """Messages speak of `encoder`, even where `autoencoder.encoder` was bound first."""
    encoder = tiny()
    evidence = exported({"autoencoder": Sequential([encoder, layers.Dense(3)]), "encoder": encoder}, tmp_path)
    assert [claim.names for claim in evidence.models] == [("autoencoder",), ("encoder", f"autoencoder.{encoder.name}")]


@pytest.mark.usefixtures("alone")
def test_fitted_models_come_first_and_stay_when_their_name_is_gone(tmp_path: Path) -> None:
    """27 of 80 real notebooks rebind a model's name."""
    lost, named = tiny(4), tiny(5)
    evidence = exported(
        {"model": named}, tmp_path, [FitRecord(lost, epochs=3, samples=8, batch_size=2, completed=True)]
    )
    assert [(claim.model, claim.names) for claim in evidence.models] == [("m0", ()), ("m1", ("model",))]
    assert [(fit.model, fit.epochs, fit.samples, fit.batch_size) for fit in evidence.fits] == [("m0", 3, 8, 2)]


def test_models_without_a_name_are_found_where_they_live(tmp_path: Path) -> None:
    """A model inside a closure is alive, and a Sequential's own graph is no second model."""
    gc.collect()

    def closure(model: Any = tiny(7)) -> Any:
        return model

    units = [
        evidence.config["units"]
        for evidence in exported({}, tmp_path).operations.values()
        if evidence.class_name == "Dense" and evidence.config["units"] == 7
    ]
    assert units == [7]
    assert closure().count_params() == 28


@pytest.mark.usefixtures("alone")
def test_no_more_than_64_models_are_exported(tmp_path: Path) -> None:
    """The border takes no more; the fitted ones are among them."""
    fitted = tiny()
    namespace = {f"m{index}": tiny() for index in range(70)}
    evidence = exported(namespace, tmp_path, [FitRecord(fitted)])
    assert len(evidence.models) == 64
    assert evidence.fits[0].model == evidence.models[0].model


# What can go wrong in a kernel


class Unfinished(Model):
    """Its author forgot `super().__init__()`; the half-made object lives on in the traceback."""

    def __init__(self) -> None:
        self.dense = layers.Dense(3)


class Explosive(Model):
    """A property that its author broke."""

    @property
    def weights(self) -> list[Any]:
        raise RuntimeError("no weights today")


class Endless(Model):
    """An error text of a megabyte."""

    def call(self, x: Any) -> Any:
        raise ValueError("x" * 2**20)


@pytest.mark.usefixtures("alone")
def test_one_broken_model_does_not_lose_the_others(tmp_path: Path) -> None:
    """Each is claimed with its problem, short enough for the border."""
    endless = Endless()
    endless._build_shapes_dict = {"input_shape": (None, 3)}
    untouched = Sequential([layers.Dense(3)])
    found = problems(
        exported(
            {
                "good": tiny(), "unfinished": Unfinished.__new__(Unfinished), "explosive": Explosive(),
                "endless": endless, "untouched": untouched,
            },
            tmp_path,
        )
    )  # fmt: skip
    assert found["good"] == ""
    assert found["explosive"] == "RuntimeError: no weights today"
    assert found["endless"].startswith("`Endless.call` cannot be traced (xxx")
    assert len(found["endless"]) <= 200
    assert found["untouched"] == "a Sequential that was never given an input"
    assert found["unfinished"]


@pytest.mark.usefixtures("alone")
def test_names_and_errors_without_end_are_cut(tmp_path: Path) -> None:
    """Else the border would refuse the whole hand-in for a long dictionary key."""
    evidence = exported(
        {"models": {"k" * 5000: tiny()}, "same": (model := tiny()), **{f"n{index}": model for index in range(30)}},
        tmp_path,
    )
    assert [len(claim.names) for claim in evidence.models] == [1, 16]
    assert len(evidence.models[0].names[0]) == 200


@pytest.mark.usefixtures("alone")
def test_numbers_that_json_has_not_are_left_out(tmp_path: Path) -> None:
    """Training data with NaN, a learning rate that ran away: said as unknown, never as `NaN`."""
    model = tiny()
    model.compile(optimizer=keras.optimizers.SGD(learning_rate=float("inf")), loss="mse")
    record = FitRecord(model, input_minimum=float("nan"), input_maximum=math.inf)
    evidence = exported({"model": model}, tmp_path, [record])
    assert (evidence.fits[0].input_minimum, evidence.fits[0].input_maximum) == (None, None)
    assert evidence.models[0].compiled["learning_rate"] is None


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("optimizer", "loss", "reported"),
    [
        ("nadam", "mse", {"optimizer": "Nadam", "loss": "mse", "from_logits": False, "learning_rate": 0.001}),
        (
            keras.optimizers.SGD(0.5),
            keras.losses.BinaryCrossentropy(from_logits=True),
            {"optimizer": "SGD", "loss": "binary_crossentropy", "from_logits": True, "learning_rate": 0.5},
        ),
        ("adam", lambda y, x: ops.mean(x), {"optimizer": "Adam", "loss": "<lambda>", "learning_rate": 0.001}),
    ],
    ids=["names", "objects", "a function"],
)
def test_a_compiled_model_says_with_what(optimizer: Any, loss: Any, reported: dict[str, Any], tmp_path: Path) -> None:
    """For hints only: nothing of it earns a point."""
    model = tiny()
    model.compile(optimizer=optimizer, loss=loss)
    compiled = exported({"model": model}, tmp_path).models[0].compiled
    assert {"from_logits": False, **compiled} == {"from_logits": False, "iterations": 0, **reported} | {
        "learning_rate": pytest.approx(reported["learning_rate"])
    }


@pytest.mark.usefixtures("alone")
def test_weights_beyond_the_cap_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook cannot fill the disk through us; what is missing is refused by zone M, by name."""
    monkeypatch.setattr(export, "MAX_WEIGHT_BYTES", 30)
    evidence = exported({"model": tiny()}, tmp_path)
    with np.load(evidence.weights_file or "", allow_pickle=False) as arrays:
        assert {name: arrays[name].shape for name in arrays} == {"v0": (3, 2)}
    assert evidence.operations["o0"].variables == ("v0", "v1")


# When it is written, and how


def test_claims_are_replaced_in_one_step(tmp_path: Path) -> None:
    """The last state of the notebook is what counts; nothing else lies beside it."""
    namespace: dict[str, Any] = {"model": tiny(2)}
    writer = exporter(namespace, tmp_path)
    writer.export()
    (tmp_path / "claims" / "other").write_text("of an earlier export")
    namespace["model"] = tiny(5)
    writer.export()
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == [
        "claims", "claims/claims.json", "claims/weights.npz",
    ]  # fmt: skip
    claims = json.loads((tmp_path / "claims" / "claims.json").read_text())
    named = next(claim for claim in claims["models"] if claim["names"] == ["model"])
    assert claims["operations"][named["nodes"][0]["operation"]]["config"]["units"] == 5


@pytest.mark.usefixtures("alone")
def test_a_cell_that_changes_nothing_writes_nothing(tmp_path: Path) -> None:
    """An export after every cell would cost more than the notebook."""
    namespace: dict[str, Any] = {}
    tracker = FitTracker()
    writer = Exporter(namespace, tmp_path / "claims", tracker, [])
    writer.export_if_changed()
    assert not (tmp_path / "claims").exists()
    namespace["model"] = tiny()
    for expected in (True, False):
        writer.export_if_changed()
        assert (tmp_path / "claims" / "claims.json").exists() is expected
        (tmp_path / "claims" / "claims.json").unlink(missing_ok=True)
    tracker.records.append(FitRecord(namespace["model"]))
    writer.export_if_changed()
    assert (tmp_path / "claims" / "claims.json").exists()


@pytest.mark.usefixtures("alone")
def test_many_short_fits_are_not_many_exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a fit, claims are written unless the last ones are younger than five seconds."""
    now = [1000.0]
    monkeypatch.setattr(export.time, "monotonic", lambda: now[0])
    writer = exporter({}, tmp_path)
    written = []
    for seconds in (0.0, 4.9, 0.2, 1.0):
        now[0] += seconds
        writer.export_if_due()
        written.append((tmp_path / "claims").exists())
        for path in (tmp_path / "claims").glob("*"):
            path.unlink()
        if (tmp_path / "claims").exists():
            (tmp_path / "claims").rmdir()
    assert written == [True, False, True, False]


def test_a_kernel_without_keras_exports_nothing_and_imports_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook that never asked for Keras must not wait for it."""
    monkeypatch.delitem(sys.modules, "keras")
    evidence = exported({"x": 1}, tmp_path)
    assert (evidence.models, evidence.operations) == ((), {})
    assert "keras" not in sys.modules


def test_requests_and_versions_are_told(tmp_path: Path) -> None:
    """What the notebook asked for and did not get, the last 256 of them."""
    exporter({}, tmp_path, requests=[f"pip install p{index}" for index in range(300)]).export()
    evidence = collect(tmp_path, tmp_path / "vetted")
    assert (len(evidence.requests), evidence.requests[-1]) == (256, "pip install p299")
    assert evidence.versions["keras"] == keras.__version__


@pytest.mark.usefixtures("alone")
def test_the_last_claims_are_written_by_whoever_was_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver asks for them after the last cell, whatever the notebook did to our names."""
    magics: dict[str, Callable[[str], None]] = {}

    def register(called: Callable[[str], None], *, magic_kind: str, magic_name: str) -> None:
        assert magic_kind == "line"
        magics[magic_name] = called

    shell = SimpleNamespace(register_magic_function=register)
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    monkeypatch.setattr("grader.probe._EXPORTERS", [])
    install(exporter({"model": tiny()}, tmp_path))
    answer_to("finish_x")
    monkeypatch.setattr(Exporter, "export", None)
    monkeypatch.setattr("grader.probe._EXPORTERS", [])
    magics["finish_x"]("")
    assert len(collect(tmp_path, tmp_path / "vetted").models) == 1


# Looking changes nothing


@pytest.mark.usefixtures("alone")
def test_looking_at_a_model_leaves_it_as_it_was(tmp_path: Path) -> None:
    """Trained afterwards it gets the very weights that it gets without: nothing built, moved or drawn."""

    def trained(*, watched: bool) -> list[np.ndarray]:
        keras.utils.set_random_seed(3)
        slope = layers.PReLU()
        model = Sequential([Input((3,)), layers.Dense(4, activation=slope), layers.Dropout(0.5), layers.Dense(3)])
        model.compile(optimizer="adam", loss="mse", run_eagerly=True)
        images = np.random.default_rng(0).random((8, 3), dtype=np.float32)
        for _ in range(2):
            if watched:
                exported({"model": model}, tmp_path)
            model.fit(images, images, epochs=1, verbose=0)
        return [*model.get_weights(), np.random.random(3)]

    for seen, unseen in zip(trained(watched=True), trained(watched=False), strict=True):
        np.testing.assert_array_equal(seen, unseen)


@pytest.mark.usefixtures("alone")
def test_a_sequential_that_was_never_built_stays_so(tmp_path: Path) -> None:
    """Its author may still decide on the shape."""
    model = Sequential([layers.Dense(4)])
    exported({"model": model}, tmp_path)
    assert model.built is False


@pytest.mark.usefixtures("alone")
def test_exporting_says_nothing_in_the_students_cell(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Keras warns of lambdas when it is asked for their settings; the student did not ask."""
    model = Sequential([Input((3,)), layers.Dense(2, activation=lambda x: x * 2), layers.Lambda(lambda x: x + 1)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        evidence = exported({"model": model}, tmp_path)
    assert problems(evidence) == {"model": ""}
    assert capfd.readouterr() == ("", "")


# A half that was never called


def never_called() -> Sequential:
    return Sequential([layers.Flatten(), layers.Dense(4), layers.Dense(2)])


@pytest.mark.usefixtures("alone")
def test_a_model_with_an_asked_name_that_was_never_called_gets_the_references_input(tmp_path: Path) -> None:
    """A copy of it does: once for all exports, with its layers' names; another name leaves it unknown."""
    encoder = never_called()
    exports = exporter({"encoder": encoder, "other": never_called()}, tmp_path)
    exports.inputs = {"encoder": [28, 28], "decoder": [2]}
    exports.export()
    copies = list(exports._copies.values())
    exports.export()
    evidence = collect(tmp_path, tmp_path / "vetted")
    assert problems(evidence) == {"encoder": "", "other": "a Sequential that was never given an input"}
    (claim,) = [claim for claim in evidence.models if "encoder" in claim.names]
    assert [tensor.shape for tensor in claim.inputs] == [(None, 28, 28)]
    assert len(claim.variables) == 4
    assert not encoder.built
    assert list(exports._copies.values()) == copies
    assert not {id(copy) for copy in copies} & {id(model) for model in exports._living_models()}


@pytest.mark.usefixtures("alone")
def test_what_a_model_gets_in_the_end_is_its_own(tmp_path: Path) -> None:
    """Called on rows of pixels after an export, it takes rows of pixels."""
    encoder = never_called()
    exports = exporter({"encoder": encoder}, tmp_path)
    exports.inputs = {"encoder": [28, 28]}
    exports.export()
    encoder(np.zeros((1, 784), np.float32))
    exports.export()
    (claim,) = collect(tmp_path, tmp_path / "vetted").models
    assert [tensor.shape[1:] for tensor in claim.inputs] == [(784,)]


@pytest.mark.usefixtures("alone")
def test_a_notebook_does_not_notice_the_copy(tmp_path: Path) -> None:
    """Neither by the next seed that Keras draws nor by the names of its next layers."""

    def drawn(*, export: bool) -> tuple[Any, list[str]]:
        keras.utils.set_random_seed(3)
        keras.backend.clear_session()
        exports = exporter({"encoder": never_called()}, tmp_path)
        exports.inputs = {"encoder": [28, 28]} if export else {}
        exports.export()
        later = tiny()
        return later.layers[0].kernel.numpy(), [later.name, *(layer.name for layer in later.layers)]

    (with_copy, names), (without, usual) = drawn(export=True), drawn(export=False)
    np.testing.assert_array_equal(with_copy, without)
    assert names == usual


@pytest.mark.usefixtures("alone")
def test_a_model_made_anew_has_a_copy_of_its_own(tmp_path: Path) -> None:
    """The copy ends with its model: another one may be given the same place in memory."""
    namespace = {"encoder": never_called()}
    exports = exporter(namespace, tmp_path)
    exports.inputs = {"encoder": [28, 28]}
    exports.export()
    namespace["encoder"] = Sequential([layers.Flatten(), layers.Dense(7)])
    gc.collect()
    assert not list(exports._copies)
    exports.export()
    (claim,) = [one for one in collect(tmp_path, tmp_path / "vetted").models if "encoder" in one.names]
    assert len(claim.variables) == 2


@pytest.mark.usefixtures("alone")
def test_a_broken_model_with_an_asked_name_does_not_lose_the_others(tmp_path: Path) -> None:
    """Whatever its author broke is its own problem."""
    exports = exporter({"encoder": Explosive(), "decoder": tiny()}, tmp_path)
    exports.inputs = {"encoder": [28, 28], "decoder": [3]}
    exports.export()
    assert problems(collect(tmp_path, tmp_path / "vetted")) == {
        "encoder": "RuntimeError: no weights today",
        "decoder": "",
    }
