"""What a right architecture earns that learnt nothing: measured, in every assignment, by zone M and the real checks."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import matplotlib as mpl
import numpy as np
import pytest

from grader.authoring.assignment_catalogue import assignment_ids
from grader.checks.core.subject import Subject
from grader.checks.rubric import run_checks
from grader.domain.evidence import Evidence
from grader.domain.grade import CheckResult
from grader.domain.measurement import Role
from grader.domain.ports import MeasuringTask
from grader.domain.run import RunRecord, RunStatus
from grader.extraction.claims import collect
from grader.probe.export import Exporter
from grader.probe.fits import FitTracker
from grader.rebuild import whole_submission
from grader.rebuild.quantities.reference_data import DataChoice
from grader.scoring import score
from grader.validation.levels import LEVELS, untrained
from grader.validation.operators import LEARNT
from reference import card_data, data
from tests.validation.solutions import draft

pytestmark = pytest.mark.usefixtures("alone")

MOST_FOR_STRUCTURE = 60
OF_COLUMNS_AND_BOUNDS = frozenset({"features", "output_range"})  # what goes in and what can come out
LEAST_FOR_WHAT_IS_LEARNT = 40
COMPLETED = RunRecord(RunStatus.COMPLETED, cells_total=12, cells_run=12, last_cell=20, wall_seconds=60.0)
NAMES = tuple((role.value, role.value) for role in Role)
ASSIGNMENTS = Path(__file__).parents[2] / "assignments"
OURS = ("check", "public_checks", "question")


@pytest.fixture(autouse=True)
def notebook_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The embedded data where notebooks look for them, no windows, and a `fit` that can be put back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(keras.Model, "fit", keras.Model.fit)  # what the notebook changes is undone
    monkeypatch.setattr(whole_submission, "JACOBIAN_IMAGES", 1)
    for name in data.NAMES:
        monkeypatch.setattr(getattr(keras.datasets, name), "load_data", lambda name=name: arrays(name))
    mpl.use("agg")
    yield
    keras.backend.clear_session()


def arrays(name: str) -> Any:
    """A data set as Keras gives it."""
    seen = data.kernel_view(data.load(name, size="sample"))
    return (seen["x_train"], seen["y_train"]), (seen["x_test"], seen["y_test"])


def namespace(assignment: str, folder: Path) -> dict[str, Any]:
    """Run the solution without its training, in this process: it is our own code."""
    edited = untrained(draft(assignment))
    if edited.mentions("mnist.npz"):
        np.savez(folder / "mnist.npz", **data.kernel_view(data.load("mnist", size="sample")))
    if edited.mentions("creditcard.csv"):
        card_data.write_csv(card_data.kernel_view(card_data.load(size="sample")), folder / "creditcard.csv")
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in edited.code_cells:
        if not cell.cell_id.startswith(OURS):
            exec(compile(cell.source, cell.cell_id, "exec"), names)  # noqa: S102 - written by us
    return names


def evidence_of(names: dict[str, Any], folder: Path) -> Evidence:
    Exporter(names, folder / "claims", FitTracker([]), []).export()
    return collect(folder, folder / "vetted")


def points(results: tuple[CheckResult, ...]) -> float:
    return score(results).points_awarded


QUICK = ("stacked", "linear-pca", "from-scratch", "fraud", "sparse", "variational")


@pytest.mark.parametrize(
    "name", [one if one in QUICK else pytest.param(one, marks=pytest.mark.slow) for one in assignment_ids()]
)
def test_structure_alone_stays_at_or_under_sixty(name: str, tmp_path: Path) -> None:
    """The notebook is complete and every layer is right; only nothing was learnt."""
    given = draft(name)
    evidence = evidence_of(namespace(name, tmp_path), tmp_path)
    measured = whole_submission.measure(
        evidence, MeasuringTask(given.facts.reference, "hidden", NAMES), DataChoice("sample")
    )
    results = run_checks(given.assignment.rubric, Subject(COMPLETED, measured, given.facts))
    reported = {result.check: (result.points_awarded, result.outcome.value) for result in results}
    assert points(results) <= MOST_FOR_STRUCTURE, reported


@pytest.mark.parametrize("name", [*assignment_ids(), "_scaffold"])
def test_what_is_learnt_carries_forty_points(name: str) -> None:
    """And all of them together are a hundred; also in the assignment that `grader new` writes."""
    text = (ASSIGNMENTS / name / "assignment.toml").read_text(encoding="utf-8")
    rubric = tomllib.loads(text)["rubric"]
    learnt = sum(item["points"] for item in rubric if item["check"] in LEARNT - OF_COLUMNS_AND_BOUNDS)
    assert sum(item["points"] for item in rubric) == 100
    assert learnt >= LEAST_FOR_WHAT_IS_LEARNT


def test_levels_go_from_nothing_to_the_solution() -> None:
    """Each differs from the solution, and says so."""
    given = draft("stacked")
    made = {level.name: level.edit(given) for level in LEVELS}
    assert list(made) == ["untrained", "two-epochs", "linear-twin", "code-double", "solution"]
    assert made.pop("solution") == given
    assert all(edited is not None and edited != given for edited in made.values())
    linear = made["linear-twin"]
    assert linear is not None
    assert [layer.keyword("activation") for layer in linear.layers() if layer.kind == "Dense"] == [None] * 4


def test_a_linear_network_has_no_linear_twin() -> None:
    """Nor has one in NumPy, whose layers are no calls."""
    linear = next(level for level in LEVELS if level.name == "linear-twin")
    assert linear.edit(draft("linear-pca")) is None
    assert linear.edit(draft("from-scratch")) is None
