"""A family that nobody of us knows: an instructor's package names it, their course has its reference and assignment.

The family of the test judges codes of which few units are above zero ("winners"), as a sparse layer of winners gives
them. No file of the grader is touched for it: what these files hold is what CONTRIBUTING.md lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import keras
import pytest
from keras import Input, Sequential, layers
from plugin_package import installed, write_package
from round_trip import send

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.authoring.scaffold import scaffold
from grader.checks.core.subject import Subject
from grader.checks.rubric import run_checks
from grader.domain.course import Course
from grader.domain.facts import Baseline
from grader.domain.grade import Outcome
from grader.domain.measurement import Measurements, Quantity, Role
from grader.domain.plugins import PluginError
from grader.domain.ports import MeasuringTask
from grader.domain.run import RunRecord, RunStatus, StoppedBy
from grader.locale import Translator
from grader.rebuild.calibration import CalibrationPlan, baselines, run, store
from grader.rebuild.facts.description import describe
from grader.rebuild.facts.reference_training import REFERENCE
from grader.rebuild.facts.soundness import problems_of
from grader.rebuild.facts.summary import summarise
from grader.rebuild.families import family_registry
from grader.rebuild.families.family_registry import family_names, family_of, shipped
from grader.rebuild.quantities.reference_data import DataChoice, load_reference_data
from grader.rebuild.whole_submission import measure
from grader.settings_key import observing_digest
from reference import contract
from reference.contract import load

pytestmark = pytest.mark.usefixtures("alone")

SAMPLE = DataChoice("sample")
NAMES = tuple((role.value, role.value) for role in Role)
RAN = RunRecord(RunStatus.COMPLETED, StoppedBy.NOTHING, cells_total=1, cells_run=1)
CODE_SIZE = 256
PACKAGE = "winners_family"

FAMILY = dedent('''
    """Codes of which few units win."""

    from types import MappingProxyType

    from grader.domain.facts import Baseline
    from grader.domain.measurement import Measurement, Quantity
    from grader.rebuild.families.family import Family, reconstruction
    from grader.rebuild.families.judgement import BCE, MSE_INFORMS, Judgement
    from grader.rebuild.quantities import image_metrics


    class Winners(Family):
        """Units of the code for each one above zero; all of them are the trivial answer."""

        name = "winners"
        statistics = MappingProxyType({
            Quantity.SPARSENESS: Judgement("1", below=(Baseline.COLLAPSED,)),
            Quantity.RECONSTRUCTION_MSE: MSE_INFORMS,
            Quantity.RECONSTRUCTION_BCE: BCE,
        })
        needs = ("winners",)

        def measure(self, reference, models, samples, outputs):
            found = reconstruction(samples, outputs)
            if models.encoder is None:
                return found
            codes = image_metrics.predict(models.encoder, image_metrics.as_input(models.encoder, samples.images))
            value = codes.shape[1] / reference.offer("winners")(codes)
            return [*found, Measurement(Quantity.SPARSENESS, value, "1", "units for each one above zero")]

        def baselines(self, reference, material):
            return super().baselines(reference, material) | {Quantity.SPARSENESS: {Baseline.COLLAPSED: 1.0}}


    FAMILY = Winners()
''')

REFERENCE_MODULE = dedent(f'''
    """Image 784 → Dense {CODE_SIZE} (code) → Dense 784."""

    import keras
    from keras import layers

    from reference.contract import Autoencoder

    ID, DATASET, CODE_SIZE, EPOCHS, BATCH_SIZE, PUBLISHED = "winners", "mnist", {CODE_SIZE}, 1, 32, ""
    JUDGED_BY = "winners"


    def build():
        encoder = keras.Sequential([keras.Input((784,)), layers.Dense(CODE_SIZE, activation="relu")])
        decoder = keras.Sequential([keras.Input((CODE_SIZE,)), layers.Dense(784, activation="sigmoid")])
        return Autoencoder(encoder, decoder, keras.Sequential([encoder, decoder]))


    def compile_model(autoencoder):
        autoencoder.compile(optimizer="adam", loss="mse")


    def training_split(images):
        return images[:64], images[64:]


    def inputs_and_targets(images, rng):
        flat = images.reshape(len(images), 784)
        return flat, flat


    def winners(codes):
        """Mean number of units above zero."""
        return float((codes > 0).sum(axis=1).mean())
''')

RUBRIC = dedent("""
    [[rubric]]
    check = "models"
    points = 10
    title.es = "Los tres modelos"
    title.en = "The three models"

    [[rubric]]
    check = "sparsity"
    points = 10
    requires = ["models"]
    title.es = "Pocas unidades ganan"
    title.en = "Few units win"
""")


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Course]:
    """A package with an entry point, as pip installs it, and a course with a reference and an assignment of its own."""
    package = write_package(tmp_path / "site", FAMILY, {"families.winners": "FAMILY"}, name=PACKAGE)
    monkeypatch.setenv(contract.COURSE_VARIABLE, str(tmp_path / "course"))
    found = Course(tmp_path / "course")
    files = scaffold("winners", found.folder, language="en")
    assignment = found.assignments / "winners" / "assignment.toml"
    text = files[assignment]
    first, last = text.index("[[rubric]]"), text.index("# TODO: the texts")
    files |= {assignment: text[:first] + RUBRIC + text[last:], found.module("winners"): REFERENCE_MODULE}
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    with installed(package, monkeypatch):
        yield found


def calibrated() -> None:
    """Write the facts of three trainings of 64 images."""
    reference, material = load("winners"), load_reference_data("mnist", SAMPLE)
    runs = [run("winners", CalibrationPlan(SAMPLE), REFERENCE, seed).record for seed in range(3)]
    found = summarise(reference, material, runs, baselines(reference, material), honest={"reference"})
    facts = describe(reference).with_calibrated("mnist", found)
    (contract.own_file("winners") or Path()).parent.parent.joinpath("facts").mkdir(exist_ok=True)
    store(facts)


def network(activation: str) -> dict[str, Any]:
    """A student's models."""
    keras.utils.set_random_seed(11)
    encoder = Sequential([Input((784,)), layers.Dense(CODE_SIZE, activation=activation)])
    decoder = Sequential([Input((CODE_SIZE,)), layers.Dense(784, activation="sigmoid")])
    return {"encoder": encoder, "decoder": decoder, "autoencoder": Sequential([encoder, decoder])}


def graded(measurements: Measurements, course: Course) -> dict[str, Outcome]:
    """Judge what was measured by the rubric of the course."""
    subject = Subject(RAN, measurements, load_facts("winners", course=course))
    results = run_checks(load_assignment("winners", course=course).rubric, subject)
    return {result.check: result.outcome for result in results}


def test_a_family_from_outside_is_calibrated_and_grades(course: Course, tmp_path: Path) -> None:
    """Its facts, a right answer and a wrong one are measured by its one function, and a check judges by its curve."""
    assert problems_of("winners") == ()
    calibrated()
    known = load_facts("winners", course=course).on("sample")
    assert known is not None
    assert next(iter(known.statistics)) is Quantity.SPARSENESS
    assert known.statistics[Quantity.SPARSENESS].baselines[Baseline.COLLAPSED] == 1.0
    found = {}
    for activation in ("relu", "sigmoid"):  # nothing of a sigmoid is 0: every unit wins
        evidence = send(network(activation), tmp_path / activation)
        found[activation] = measure(evidence, MeasuringTask("winners", "hidden", NAMES), SAMPLE)
    assert found["sigmoid"].value(Quantity.SPARSENESS) == 1.0
    assert graded(found["relu"], course) == {"models": Outcome.PASSED, "sparsity": Outcome.PASSED}
    assert graded(found["sigmoid"], course) == {"models": Outcome.PASSED, "sparsity": Outcome.FAILED}


def test_a_reference_lacks_what_its_family_needs(course: Course) -> None:
    """The sentence names the function, and the family that asks for it."""
    module = course.module("winners")
    module.write_text(REFERENCE_MODULE.replace("def winners", "def losers"), "utf-8")
    (problem,) = problems_of("winners")
    assert Translator("en").text(problem).endswith("winners is missing; a reference judged by winners has winners.")


def test_families_from_outside_stand_behind_ours(course: Course) -> None:
    """Ours are found without asking anybody else."""
    assert family_names()[-1] == "winners"
    assert "winners" not in shipped()
    for name, family in shipped().items():
        assert family_of(replace(load("winners"), family=name)) is family


@pytest.mark.parametrize(
    ("entry", "thing", "reason"),
    [
        ("families.sparse", "FAMILY", "sparse is there already"),
        ("families.losers", "Winners", "is no Family"),
        ("families.losers", "NOTHING", "AttributeError"),
    ],
)
def test_what_is_no_family_is_refused_and_harms_none_of_ours(
    entry: str, thing: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rather than measured by something that happens to have the name; a class of ours is graded all the same."""
    with installed(write_package(tmp_path, FAMILY, {entry: thing}, name=PACKAGE), monkeypatch):
        assert family_of(load("sparse")) is shipped()["sparse"]
        with pytest.raises(PluginError, match=reason):
            family_of(replace(load("sparse"), family="losers"))


def test_another_release_of_a_family_measures_anew(course: Course, tmp_path: Path) -> None:
    """What was observed with the first is not used again."""
    before = observing_digest()
    about = tmp_path / "site" / f"{PACKAGE}-1.0.dist-info" / "METADATA"
    about.write_text(about.read_text("utf-8").replace("Version: 1.0", "Version: 1.1"), "utf-8")
    assert observing_digest() != before


def test_nobody_but_the_registry_asks_for_a_family_by_name() -> None:
    """What a family does differently is said by its class, so that a new one touches nothing else."""
    package = Path(family_registry.__file__).parent.parent
    asking = re.compile(r"\.family\s*(?:==|!=|\bin\b|\bnot in\b)|(?:JUDGED_BY|STAGES|BEST_OF)\b\s*[\"'\],)]")
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if any(asking.search(line) and "message(" not in line for line in path.read_text("utf-8").splitlines())
    }
    assert found == set()
