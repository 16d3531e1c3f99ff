"""What the code tells goes to the model that it is about, or to nobody; zones K and M are played by fakes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus import Specimen
from outline_samples import architecture, dense, outline

from grader.authoring.assignment_catalogue import load_facts
from grader.domain.evidence import CLAIMS_SCHEMA_VERSION, Evidence
from grader.domain.inspection import Inspection, Outline
from grader.domain.measurement import MeasuredModel, Measurement, Measurements, Quantity, Role
from grader.domain.ports import MeasuringTask
from grader.domain.run import CellError, Limits, RunRecord, RunStatus
from grader.domain.submission import Notebook
from grader.inspection.inspecting import InspectionContext, inspect_notebook
from grader.locale import Translator

ACCURACY = "ae.compile('adam', {loss!r}, metrics=['accuracy'])"


def model(place: int, *names: str, **compiled: str) -> dict[str, Any]:
    """A model in `claims.json`."""
    return {
        "model": f"m{place}", "names": list(names), "class_name": "Functional", "inputs": [], "nodes": [], "outputs": [],
        "problem": "", "variables": [], "compiled": compiled, "created": place,
    }  # fmt: skip


def fit(place: int, *names: str) -> dict[str, Any]:
    """A training in `claims.json`."""
    return {
        "model": f"m{place}", "epochs": 5, "samples": 2000, "batch_size": 32, "same_target": True, "input_minimum": 0.0,
        "input_maximum": 1.0, "completed": True, "columns": None, "names": list(names), "how": "fit",
    }  # fmt: skip


@dataclass(frozen=True)
class Claims:
    """A zone K that leaves these claims, runs nothing, and sees the old code that is left break."""

    models: list[dict[str, Any]]
    fits: list[dict[str, Any]]
    breaks_on: str = ""
    ran: list[Notebook] = field(default_factory=list)

    def run(self, notebook: Notebook, limits: Limits, exchange: Path) -> RunRecord:
        self.ran.append(notebook)
        folder = exchange / "claims"
        folder.mkdir(parents=True)
        claims = {
            "schema_version": CLAIMS_SCHEMA_VERSION, "models": self.models, "operations": {}, "fits": self.fits,
            "requests": [], "versions": {}, "tables": [], "tensors": [],
        }  # fmt: skip
        (folder / "claims.json").write_text(json.dumps(claims), encoding="utf-8")
        np.savez(folder / "weights.npz")
        if self.breaks_on and self.breaks_on in notebook.cells[0].source:
            return RunRecord(RunStatus.RAISED, errors=(CellError(0, "TypeError", "unexpected keyword"),))
        return RunRecord(RunStatus.COMPLETED)


@dataclass
class Told:
    """A fake zone M with fixed answers."""

    outlines: tuple[Outline, ...]
    values: dict[Quantity, float] = field(default_factory=dict)
    encoder: str = ""
    tasks: list[MeasuringTask] = field(default_factory=list)
    seen: list[Evidence] = field(default_factory=list)

    def outline(self, evidence: Evidence) -> tuple[Outline, ...]:
        return self.outlines

    def measure(self, evidence: Evidence, task: MeasuringTask) -> Measurements:
        self.tasks.append(task)
        self.seen.append(evidence)
        form = dense(300, 784)
        own = {Role.ENCODER: MeasuredModel(Role.ENCODER, self.encoder, form)} if self.encoder else {}
        values = {name: Measurement(name, value, name.spec.unit, "reported") for name, value in self.values.items()}
        return Measurements(models=own, values=values, data="sample")


def inspected(folder: Path, source: str, zone_m: Told, models: list[Any], fits: list[Any]) -> Inspection:
    """The whole way with fakes at the ports."""
    facts = {name: load_facts(name) for name in ("simple-dense", "stacked", "variational", "sparse")}
    context = InspectionContext(Claims(models, fits), zone_m, facts)
    return inspect_notebook(Specimen("a", {}, ((source, None),)).submission(folder), context)


def kinds(said: Inspection) -> list[list[str]]:
    return [[remark.kind for remark in one.findings] for one in said.models]


def test_accuracy_goes_to_the_model_of_that_name(tmp_path: Path) -> None:
    """Under a loss that only reconstructions have, and under binary cross-entropy where nothing else has the name."""
    for loss in ("mse", "binary_crossentropy"):
        folder = tmp_path / loss
        folder.mkdir()
        said = inspected(folder, ACCURACY.format(loss=loss), Told((outline(),)), [model(0, "ae")], [fit(0, "ae")])
        assert kinds(said) == [["accuracy"]]


def test_a_classifier_of_the_same_name_keeps_its_accuracy(tmp_path: Path) -> None:
    """Binary cross-entropy with accuracy is right for two classes, and the name was given to both models."""
    models, fits = [model(0, "other"), model(1, "ae")], [fit(0, "ae"), fit(1, "ae")]
    said = inspected(tmp_path, ACCURACY.format(loss="binary_crossentropy"), Told((outline(),)), models, fits)
    assert (kinds(said), said.diagnosis) == ([[]], ())


def test_accuracy_of_models_in_a_function_is_told_of_none(tmp_path: Path) -> None:
    """The name in the function is no global one: it stands in the diagnosis."""
    source = "def build():\n    m.compile('adam', 'mse', metrics=['accuracy'])"
    said = inspected(tmp_path, source, Told((outline(),)), [model(0, "ae")], [fit(0, "ae")])
    assert kinds(said) == [[]]
    (line,) = [Translator("en").text(one) for one in said.diagnosis]
    assert line.startswith("Code cell 1 of the notebook: `def build():`, line 2: Accuracy is reported. Ke")


def test_an_idle_penalty_goes_to_the_only_autoencoder(tmp_path: Path) -> None:
    """With two, nobody can say which of them lacks it."""
    source = "def sparsity_penalty(x):\n    return x"
    models, fits = [model(0, "a"), model(1, "b")], [fit(0, "a"), fit(1, "b")]
    other = outline(model="m1", relatives=("m1",), trained_by=("m1",), name="b")
    (tmp_path / "one").mkdir()
    one = inspected(tmp_path / "one", source, Told((outline(),)), models[:1], fits[:1])
    two = inspected(tmp_path, source, Told((outline(), other)), models, fits)
    assert (kinds(one), kinds(two)) == ([["penalty_unused"]], [[], []])
    assert (len(one.diagnosis), len(two.diagnosis)) == (0, 1)


def test_a_model_is_measured_on_the_data_of_the_model(tmp_path: Path) -> None:
    """A simple one on Fashion-MNIST is measured like its family, on Fashion-MNIST, of which the family has no number.

    Other autoencoders stay out of its evidence.
    """
    fashion = outline(skills={"mnist": -0.2, "fashion_mnist": 0.6}, relatives=("m0", "m1"))
    other = outline(model="m1", relatives=("m0", "m1"), trained_by=("m0", "m1"))
    zone_m = Told((fashion, other), {Quantity.RECONSTRUCTION_MSE: 0.02})
    said = inspected(tmp_path, "x = 1", zone_m, [model(0, "a"), model(1, "b")], [fit(0, "a"), fit(1, "b")])
    assert [(task.reference, task.dataset) for task in zone_m.tasks] == [
        ("simple-dense", "fashion_mnist"), ("simple-dense", "mnist"),
    ]  # fmt: skip
    assert [[claim.model for claim in seen.models] for seen in zone_m.seen] == [["m0"], ["m1"]]
    assert (said.models[0].family, said.models[0].dataset) == ("simple-dense", "fashion_mnist")
    assert [set(one.reference_quality) for one in said.models] == [set(), {Quantity.RECONSTRUCTION_MSE}]
    assert [one.nearest for one in said.models] == ["simple-dense", "simple-dense"]
    assert [(one.measured_on, one.measured_size) for one in said.models] == [
        ("fashion_mnist", "sample"), ("mnist", "sample"),
    ]  # fmt: skip


def test_what_no_family_knows_is_measured_on_nothing(tmp_path: Path) -> None:
    """Sixteen by sixteen pixels: no reference, no quality, and no accusation."""
    small = outline(dense(8, 256, entry=256))
    zone_m = Told((small,))
    said = inspected(tmp_path, "x = 1", zone_m, [model(0, "ae")], [fit(0, "ae")])
    assert (zone_m.tasks, said.models[0].family, dict(said.models[0].quality), kinds(said)) == ([], "other", {}, [[]])


def test_a_collapsed_code_says_more_than_nothing_learnt(tmp_path: Path) -> None:
    """One finding for one mistake."""
    collapsed = outline(dense(64, 2, 64, 784), is_variational=True, skills={"mnist": 0.01})
    zone_m = Told((collapsed,), {Quantity.KL_DIVERGENCE: 0.0, Quantity.MEDIAN_SIGMA: 1.0})
    assert kinds(inspected(tmp_path, "x = 1", zone_m, [model(0, "vae")], [fit(0, "vae")])) == [["collapsed_code"]]


def test_the_code_is_what_the_own_encoder_gives(tmp_path: Path) -> None:
    """A code of 300 between layers of 100 is 300 numbers where it is sparse; else the narrowest point is the code."""
    models, fits = [model(0, "ae"), model(1, "encoder")], [fit(0, "ae")]
    penalty = ("ActivityRegularization", 300)
    sparse = architecture((784,), [("Dense", 100), ("Dense", 300), penalty, ("Dense", 100), ("Dense", 784)])
    plain = dense(100, 300, 100, 784)
    cases = ((sparse, "encoder", 300), (sparse, "", 100), (sparse, "Functional", 100), (plain, "encoder", 100))
    for form, encoder, size in cases:
        folder = tmp_path / f"{len(form.layers)}{encoder}"
        folder.mkdir()
        zone_m = Told((outline(form),), {Quantity.CODE_SIZE: 300.0}, encoder)
        said = inspected(folder, "x = 1", zone_m, models, fits).models[0]
        assert (said.code_size, said.encoder) == (size, "" if encoder == "Functional" else encoder)


def english(found: Any) -> str:
    """A message as a person reads it, "" for none."""
    return "" if found is None else Translator("en").text(found)


LOADS = "from keras.datasets import mnist"
KNOWN = {"mnist": 0.7, "fashion_mnist": 0.1}
ALIKE = {"mnist": 0.30, "fashion_mnist": 0.29}


@pytest.mark.parametrize(
    ("source", "skills", "data", "how", "measured", "why_not"),
    [
        (LOADS, KNOWN, "mnist", "fit", "mnist", ""),
        (LOADS, ALIKE, "mnist", "fit", "mnist", ""),
        (LOADS, {"mnist": -0.5, "fashion_mnist": 0.4}, "mnist", "fit", "mnist", ""),  # what it was given decides
        ("x = 1", KNOWN, "", "fit", "", "It was trained on images that are neither of MNIST nor of Fashion-MNIST."),
        (LOADS, ALIKE, "", "fit", "", "It is not known which images it was trained on."),
        (LOADS, KNOWN, "", "fit", "mnist", ""),  # changed beyond recognition, and it reconstructs what is named
        (LOADS, ALIKE, None, "loop", "mnist", ""),
        (f"{LOADS}, fashion_mnist", ALIKE, None, "loop", "", "It is not known which images it was trained on."),
        (f"{LOADS}, fashion_mnist", KNOWN, None, "loop", "mnist", ""),
    ],
)
def test_no_number_is_of_other_images_than_those_trained_on(
    source: str, skills: dict[str, float], data: str | None, how: str, measured: str, why_not: str, tmp_path: Path
) -> None:
    """Where the data are not known, no error is reported, and the reason is; what holds on any images is."""
    zone_m = Told((outline(skills=skills),), {Quantity.RECONSTRUCTION_MSE: 0.02, Quantity.CODE_SIZE: 32.0})
    trained = fit(0, "ae") | {"data": data, "how": how}
    found = inspected(tmp_path, source, zone_m, [model(0, "ae")], [trained]).models[0]
    assert (found.measured_on, english(found.not_measured)) == (measured, why_not)
    assert (Quantity.RECONSTRUCTION_MSE in found.quality, Quantity.CODE_SIZE in found.quality) == (bool(measured), True)
    assert bool(found.reference_quality) == bool(measured)


def test_one_class_alone_is_told_and_not_measured(tmp_path: Path) -> None:
    """The hidden images are of all ten: who knows sevens only is not said to have learnt nothing."""
    zone_m = Told((outline(skills={"mnist": 0.05, "fashion_mnist": -2.0}),), {Quantity.RECONSTRUCTION_MSE: 0.06})
    trained = fit(0, "ae") | {"data": "mnist", "classes": [7]}
    said = inspected(tmp_path, LOADS, zone_m, [model(0, "ae")], [trained])
    found = said.models[0]
    assert (found.family, found.dataset, found.measured_on, kinds(said)) == ("simple-dense", "mnist", "", [[]])
    assert english(found.not_measured).startswith("It was trained on one class of MNIST alone, 7.")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ((32, 32, 3), "It takes 32×32×3."), ((256,), "It takes 256."), ((100,), "It takes 100."),
    ],
)  # fmt: skip
def test_another_shape_is_told_with_the_reason(entry: tuple[int, ...], reason: str, tmp_path: Path) -> None:
    """Of no family, because of its shape, and not measured, because of the same."""
    numbers = int(np.prod(entry))
    form = architecture(entry, [("Reshape", (numbers,)), ("Dense", 16), ("Dense", numbers), ("Reshape", entry)])
    zone_m = Told((outline(form, skills={}),))
    found = inspected(tmp_path, "x = 1", zone_m, [model(0, "ae")], [fit(0, "ae") | {"data": ""}]).models[0]
    assert (found.family, found.measured_on, zone_m.tasks) == ("other", "", [])
    assert english(found.no_family).startswith(f"{reason} The families here take images of 28×28")
    assert english(found.not_measured).startswith(reason)


def test_weights_that_are_no_numbers_are_told_as_that(tmp_path: Path) -> None:
    """One finding with the usual causes, and no number; not that nothing was learnt."""
    zone_m = Told((outline(dense(32, 784, output="linear"), not_finite=True, skills={}),), {Quantity.CODE_SIZE: 32.0})
    trained = fit(0, "ae") | {"data": "mnist", "input_maximum": 255.0}
    said = inspected(tmp_path, LOADS, zone_m, [model(0, "ae", optimizer="SGD", learning_rate="0.1")], [trained])
    assert kinds(said) == [["weights_not_finite"]]
    assert "from 0 to 255" in english(said.models[0].findings[0].finding.actual)
    assert english(said.models[0].not_measured) == "Its weights are not finite numbers (NaN)."


def test_a_training_that_was_ended_is_told(tmp_path: Path) -> None:
    """With both numbers of epochs and the reason; where the time was up, nobody is said to have learnt nothing."""
    for still, findings, word in ((False, [], "time"), (True, ["nothing_learnt"], "stood still")):
        folder = tmp_path / word
        folder.mkdir()
        zone_m = Told((outline(skills={"mnist": 0.02, "fashion_mnist": -1.0}),))
        trained = fit(0, "ae") | {"data": "mnist", "epochs_asked": 300, "stood_still": still}
        said = inspected(folder, LOADS, zone_m, [model(0, "ae")], [trained])
        assert (said.models[0].epochs, said.models[0].epochs_asked, kinds(said)) == (5, 300, [findings])
        (reported,) = [english(one) for one in said.diagnosis]
        assert "after 5 of 300 epochs" in reported
        assert word in reported


@pytest.mark.parametrize(
    ("compat", "runs"),
    [(None, [(False, 1), (True, 0)]), (True, [(True, 0)]), (False, [(False, 1)])],
)
def test_old_code_is_tried_as_it_is_and_then_translated(
    compat: bool | None, runs: list[tuple[bool, int]], tmp_path: Path
) -> None:
    """Nobody has to guess an option; both runs are reported, and the better one is described."""
    source = "ae.fit(x, x, nb_epoch=5)"
    zone_k = Claims([model(0, "ae")], [fit(0, "ae")], breaks_on="nb_epoch")
    context = InspectionContext(zone_k, Told((outline(),)), {"simple-dense": load_facts("simple-dense")}, compat=compat)
    said = inspect_notebook(Specimen("a", {}, ((source, None),)).submission(tmp_path), context)
    assert [(trial.translated, len(trial.run.errors)) for trial in said.trials] == runs
    assert (len(said.run.errors), bool(said.translated)) == (runs[-1][1], runs[-1][0])


def test_what_runs_as_it_is_is_run_once(tmp_path: Path) -> None:
    """Code of today, and an error that no old code explains, are not tried a second time."""
    for source, breaks_on in (("ae.fit(x, x, nb_epoch=5)", ""), ("ae.fit(x)", "fit")):
        folder = tmp_path / f"{len(source)}"
        folder.mkdir()
        zone_k = Claims([model(0, "ae")], [fit(0, "ae")], breaks_on)
        context = InspectionContext(zone_k, Told((outline(),)), {"simple-dense": load_facts("simple-dense")})
        said = inspect_notebook(Specimen("a", {}, ((source, None),)).submission(folder), context)
        assert (len(zone_k.ran), len(said.trials)) == (1, 1)
