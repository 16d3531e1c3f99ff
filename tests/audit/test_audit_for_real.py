"""The audit with real kernels and real trainings, on the embedded sample: foreign weights are caught, honest ones pass.

Slow: about a minute each on one core. The weights were trained outside of every sandbox on all images of the sample,
hidden ones included, for as many epochs as the lecture says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import foreign_weights as foreign
import numpy as np
import pytest
from sandbox_here import needs_sandbox

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.authoring.notebooks import generate
from grader.demo.sample_class import write_class
from grader.domain.datasets import DataSize
from grader.domain.grade import GradeStatus, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.ports import AuditMode
from grader.intake.submissions import collect
from grader.locale import Translator
from grader.pipeline import grade_submission
from grader.sandbox.bubblewrap import EXCHANGE
from grader.session import Session, SessionOptions, open_session
from reference import data

pytestmark = [pytest.mark.slow, needs_sandbox]

SOLUTIONS = ("from-scratch", "fraud", "stacked", "simple-dense", "convolutional", "denoising-dense")
"""One of each kind of view, and of networks in NumPy; `--audit all` on each."""


@pytest.fixture(scope="module")
def weights() -> foreign.Weights:
    found = data.load("mnist", size="sample")
    return foreign.trained(data.scaled(np.concatenate([found.x_train, found.x_test])), epochs=50)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with opened("simple-dense", "suspicious") as found:
        yield found


def opened(assignment: str, audit: str):
    loaded = load_assignment(assignment)
    options = SessionOptions(data_size=DataSize.SAMPLE, written_for=DataSize.SAMPLE, jobs=1, audit=AuditMode(audit))
    return open_session(loaded, load_facts(loaded.reference), options)


def graded(path: Path, session: Session) -> GradedSubmission:
    (handed_in,) = collect([path], path.parent / f"intake-{path.stem}")
    found = grade_submission(handed_in, session.context)
    assert found.fault == ""
    return found


def reported(found: GradedSubmission) -> str:
    return "\n".join(Translator("en").text(one) for one in (*found.grade.reasons, *found.notes))


def attack(name: str, weights: foreign.Weights, folder: Path) -> Path:
    """Write the hand-in of this name."""
    if name == "claims written by hand":
        return foreign.notebook(folder, "x", *foreign.claims_by_hand(weights, folder / "claims", EXCHANGE))
    made = {
        "pasted as base85": foreign.pasted,
        "pasted in five pieces": foreign.pasted_in_pieces,
        "the pixels of a picture": foreign.picture,
    }
    return foreign.notebook(folder, "x", *made[name](weights))


def is_caught(found: GradedSubmission) -> None:
    """Structure keeps its points, what was to be learnt has none, and a person looks."""
    outcomes = {result.check: result.outcome for result in found.grade.results}
    assert {check for check, outcome in outcomes.items() if outcome is not Outcome.PASSED} == {"reconstruction"}
    assert (found.grade.status, found.grade.points_awarded) == (GradeStatus.NEEDS_REVIEW, 60.0)
    assert "Audit: the notebook was run again on 2 secret views of the data." in reported(found)


@pytest.mark.parametrize(
    "name",
    ["claims written by hand", "pasted as base85", "pasted in five pieces", "the pixels of a picture"],
)
def test_weights_that_were_trained_elsewhere_are_caught(
    name: str, weights: foreign.Weights, session: Session, tmp_path: Path
) -> None:
    """However they come into the notebook; without the audit each of them has 100 points."""
    is_caught(graded(attack(name, weights, tmp_path), session))


@pytest.mark.parametrize("training", foreign.SHORT_TRAININGS)
def test_weights_of_two_bits_in_front_of_a_short_training_wait_for_a_person(
    training: str, weights: foreign.Weights, session: Session, tmp_path: Path
) -> None:
    """13 kB of words in docstrings, spoilt so that the loss falls; each was final with 100 points before.

    What the short training learns on the view may be too much for a failure.
    """
    cells = (*foreign.in_few_bits(weights), foreign.SHORT_TRAININGS[training])
    found = graded(foreign.notebook(tmp_path, "x", *cells), session)
    assert found.grade.status is GradeStatus.NEEDS_REVIEW
    assert reported(found).count("Looked at more closely") == 2
    assert "Audit: the notebook was run again" in reported(found)


def test_a_classmates_weights_in_a_file_are_caught(weights: foreign.Weights, session: Session, tmp_path: Path) -> None:
    """A text beside the notebook that holds what a classmate trained, honestly, on the plain data."""
    import base64

    folder = tmp_path / "hand-in"
    load = f"import base64\nraw = base64.b85decode(open('pesos.txt').read())\n{foreign.UNPACK}"
    foreign.notebook(folder, "x", foreign.BUILD, load)
    (folder / "pesos.txt").write_bytes(base64.b85encode(foreign.half_precision(weights)))
    (handed_in,) = collect([folder], tmp_path / "intake", with_folder=True)
    assert [one.name for one in handed_in.companions] == ["pesos.txt"]
    is_caught(grade_submission(handed_in, session.context))


def test_the_saved_outputs_of_a_notebook_are_not_there_when_it_runs(
    weights: foreign.Weights, session: Session, tmp_path: Path
) -> None:
    """Whoever hides weights in the picture of a saved output finds no file to read it from."""
    cells, outputs = foreign.picture_of_a_saved_output(weights)
    found = graded(foreign.notebook(tmp_path, "x", *cells, outputs=outputs), session)
    assert {r.check: r.points_awarded for r in found.grade.results}["reconstruction"] == 0


def test_a_pca_computed_in_the_notebook_waits_for_a_person(session: Session, tmp_path: Path) -> None:
    """It passes the view rightly, since it was computed there; that nothing was trained, a person judges."""
    found = graded(foreign.notebook(tmp_path, "x", foreign.BUILD, foreign.PCA), session)
    assert found.grade.status is GradeStatus.NEEDS_REVIEW
    assert {r.check: r.points_awarded for r in found.grade.results}["reconstruction"] == 40
    assert "No training was seen that explains it, and yet the model passed the audit" in reported(found)


IDLE = {
    "one idle epoch": "autoencoder.compile(keras.optimizers.SGD(0.0), 'mse')\n"
    "autoencoder.fit(X_train, X_train, epochs=1, batch_size=128, verbose=0)",
    "fifty idle epochs": "autoencoder.compile(keras.optimizers.SGD(0.0), 'mse')\n"
    "autoencoder.fit(X_train[:256], X_train[:256], epochs=50, batch_size=128, verbose=0)",
    "one empty step": "keras.optimizers.SGD(0.1).apply([v * 0 for v in autoencoder.trainable_variables], "
    "autoencoder.trainable_variables)",
}
"""Trainings that change nothing, after weights that were computed."""


@pytest.mark.parametrize("name", IDLE)
def test_a_training_that_changes_nothing_explains_nothing(name: str, session: Session, tmp_path: Path) -> None:
    """A PCA with something like a training behind it waits for a person, as one without."""
    found = graded(foreign.notebook(tmp_path, "x", foreign.BUILD, foreign.PCA, IDLE[name]), session)
    assert found.grade.status is GradeStatus.NEEDS_REVIEW
    assert "No training was seen that explains it" in reported(found)


def test_an_honest_notebook_is_not_suspected(session: Session, tmp_path: Path) -> None:
    """It trains, and is run once."""
    cells = [cell.replace("{epochs}", "50") for cell in foreign.HONEST]
    found = graded(foreign.notebook(tmp_path, "x", *cells), session)
    assert (found.grade.status, found.grade.points_awarded) == (GradeStatus.FINAL, 100.0)
    assert "closely" not in reported(found)


def test_training_on_the_test_images_alone_costs_two_points_and_waits(session: Session, tmp_path: Path) -> None:
    """Nothing in the numbers shows it on the hidden images, which nobody has."""
    swapped = foreign.BUILD.replace("(X_train, _), (X_valid, _)", "(_, _), (X_train, _)")
    cells = [swapped, foreign.HONEST[1].replace("{epochs}", "150")]
    found = graded(foreign.notebook(tmp_path, "x", *cells), session)
    assert (found.grade.status, found.grade.points_awarded) == (GradeStatus.NEEDS_REVIEW, 98.0)


@pytest.mark.parametrize("student", ["bruno", "carla", "diego", "irene"])
def test_no_right_answer_of_the_demo_is_suspected(student: str, tmp_path: Path) -> None:
    """Other styles, another loss, straight from Colab, an error in a plot: each is run once."""
    write_class(generate(load_assignment("stacked"), language="es", solution=True), tmp_path)
    with opened("stacked", "suspicious") as session:
        found = graded(tmp_path / f"{student}.ipynb", session)
    assert "closely" not in reported(found)
    assert "udit" not in reported(found)


@pytest.mark.parametrize("assignment", SOLUTIONS)
def test_a_solution_that_is_audited_passes(assignment: str, tmp_path: Path) -> None:
    """Full marks and final, on the view as on the plain data; nothing of it was suspicious."""
    (tmp_path / "ana.ipynb").write_text(generate(load_assignment(assignment), language="es", solution=True), "utf-8")
    with opened(assignment, "all") as session:
        found = graded(tmp_path / "ana.ipynb", session)
    assert (found.grade.status, found.grade.points_awarded) == (GradeStatus.FINAL, 100.0), reported(found)
    assert "Audited and passed" in reported(found)
    assert "closely" not in reported(found)
