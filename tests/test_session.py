"""A grading session: what it opens, what it tells, what a stored grade depends on, and that it leaves nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.domain.datasets import DataSize
from grader.domain.messages import message, verbatim
from grader.domain.observation import Observation
from grader.locale import Translator
from grader.rebuild.client import MissingDataError
from grader.rebuild.protocol import PublishedData
from grader.sandbox.backend_registry import UNSHUT, backend_named
from grader.sandbox.backends import OpenMachine
from grader.session import Session, SessionOptions, known_settings_key, open_session
from grader.settings_key import settings_key
from grader.zones import Zones, files_of
from reference import data as reference_data

STACKED = load_assignment("stacked")
FACTS = load_facts("stacked")

NOWHERE = SessionOptions(sandbox="none", data_size=DataSize.SAMPLE, jobs=1)


@pytest.fixture(scope="module")
def no_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A user who has no data sets."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.delenv("KERAS_HOME", raising=False)
        yield


@pytest.fixture(scope="module")
def sample_session(no_data: None) -> Iterator[Session]:
    """An open session of someone who has no data sets, without a sandbox."""
    with open_session(STACKED, FACTS, NOWHERE) as session:
        yield session


@pytest.fixture(scope="module")
def full_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a "full" data set: what the user has there counts, however small."""
    folder = tmp_path_factory.mktemp("data")
    images, labels = np.zeros((50, 28, 28), np.uint8), np.zeros(50, np.uint8)
    np.savez(folder / "fashion_mnist.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    return folder


def english(session: Session) -> list[str]:
    """What the user reads before grades come in."""
    return [Translator("en", strict=True).text(remark) for remark in session.remarks]


def test_the_pipeline_gets_everything_of_a_session(sample_session: Session) -> None:
    """Assignment and facts as given, the kernel's data file, hidden images."""
    context = sample_session.context
    assert replace(context.assignment, limits=STACKED.limits) == STACKED  # limits of time are those of this machine
    assert (context.facts, context.images, context.data) == (FACTS, "hidden", "sample")
    file = sample_session.data.file
    datasets = {"fashion_mnist": file, "mnist": file.with_name("mnist.npz")}
    assert context.sandbox == OpenMachine(
        datasets,
        None,
        os.cpu_count() or 1,
        data_size=DataSize.SAMPLE,
        inputs={"encoder": (28, 28), "decoder": (30,), "autoencoder": (28, 28)},
    )
    assert all(path.is_file() for path in datasets.values())
    with np.load(sample_session.data.file) as arrays:
        assert {name: arrays[name].shape for name in arrays} == {
            "x_train": (8000, 28, 28),
            "y_train": (8000,),
            "x_test": (2000, 28, 28),
            "y_test": (2000,),
        }


def test_the_kernels_user_may_read_the_data_and_nobody_may_write_it(sample_session: Session) -> None:
    """In the sandbox another user runs the kernel."""
    file = sample_session.data.file
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o644, 0o755)


def test_a_session_tells_what_makes_its_grades_special(sample_session: Session) -> None:
    """The sample instead of the full set, and that nothing is shut in."""
    assert english(sample_session) == [
        (
            "Notebooks train on the embedded sample of fashion_mnist (8,000 images), as --data-size says; each report "
            "says so. What a right notebook loses there for having made fewer updates waits for a person."
        ),
        "WITHOUT SANDBOX: notebooks run with your rights and can read and change your files.",
    ]


def test_a_grade_depends_on_data_sandbox_images_and_version(sample_session: Session) -> None:
    """Each of them is in the key under which grades are stored; so is that the sample is not what was counted on."""
    digest = sample_session.data.digest
    assert len(digest) == 64
    data = [("sample", digest), ("sample", reference_data.load("mnist", size="sample").digest())]
    expected = settings_key(STACKED, FACTS, data, sandbox="none", images="hidden")
    assert sample_session.settings_key == f"{expected};short"


def test_a_session_can_be_named_before_it_is_opened(sample_session: Session) -> None:
    """By what the one before found out; for other images, another limit or an own reference it has another name."""
    assert known_settings_key(STACKED, FACTS, NOWHERE) == sample_session.settings_key
    longer = replace(STACKED, limits=replace(STACKED.limits, processes=7))
    others = {
        known_settings_key(STACKED, FACTS, replace(NOWHERE, images="public")),
        known_settings_key(STACKED, FACTS, replace(NOWHERE, sandbox="bubblewrap")),
        known_settings_key(STACKED, FACTS, replace(NOWHERE, compat=True)),
        known_settings_key(longer, FACTS, NOWHERE),
        known_settings_key(STACKED, replace(FACTS, source_digest="other"), NOWHERE),
    }
    assert len(others - {None, sample_session.settings_key}) == 5
    points = tuple(replace(item, points=1.0) for item in STACKED.rubric)
    assert known_settings_key(replace(STACKED, rubric=points), FACTS, NOWHERE) == sample_session.settings_key


def test_a_session_whose_data_nobody_has_seen_has_no_name(no_data: None, tmp_path: Path) -> None:
    """Only opening it can tell which data it takes."""
    assert known_settings_key(STACKED, FACTS, replace(NOWHERE, data_size=DataSize.FULL, data_folder=tmp_path)) is None


def test_other_data_make_another_session(full_folder: Path, no_data: None) -> None:
    """A folder with the full set is found; facts without it are reported; afterwards nothing is left, file or process."""
    uncalibrated = replace(FACTS, calibrated={DataSize.SAMPLE: FACTS.calibrated["sample"]})
    options = replace(NOWHERE, data_size=DataSize.FULL, data_folder=full_folder, images="public")
    others = {process.pid for process in psutil.Process().children()}
    with open_session(STACKED, uncalibrated, options) as session:
        assert (session.context.data, session.context.images) == ("full", "public")
        assert session.settings_key.startswith(f"full;{session.data.digest};none;public;")
        assert session.settings_key == known_settings_key(STACKED, uncalibrated, options)
        assert english(session) == [  # and no warning of one's own notebook
            "stacked was never calibrated on the full data: reconstruction points will wait for a person."
        ]
        opened = {process.pid for process in psutil.Process().children()} - others
    assert not session.data.file.parent.exists()
    assert opened
    assert not any(psutil.pid_exists(pid) for pid in opened)


MISSING = {
    "en": (
        "The full fashion_mnist was not found. Put fashion_mnist.npz, the file of keras.datasets, into "
        "~/.keras/datasets, $KERAS_HOME, or a folder named with --data; or take the embedded sample with "
        "--data-size sample."
    ),
    "es": (
        "No se encontró fashion_mnist completo. Pon fashion_mnist.npz, el archivo de keras.datasets, en "
        "~/.keras/datasets, en $KERAS_HOME o en una carpeta indicada con --data; o usa la muestra incluida con "
        "--data-size sample."
    ),
}


@pytest.mark.parametrize("language", MISSING)
def test_missing_data_are_told_in_both_languages(missing: MissingDataError, language: str) -> None:
    """The full set was asked for and is nowhere: where to put it, and what goes without it."""
    assert Translator(language, strict=True).text(missing.reason) == MISSING[language]


@pytest.fixture(scope="module")
def missing(tmp_path_factory: pytest.TempPathFactory) -> MissingDataError:
    """The error of a session where the full data were taken out of the package."""
    with pytest.raises(MissingDataError) as caught:
        Zones(_NoFullData(), tmp_path_factory.mktemp("nothing"), backend_named(UNSHUT)).publish_all("fashion_mnist")
    return caught.value


class _NoFullData:
    """Stands in for the measuring process of a package without the full sets."""

    def publish(self, dataset: str, folder: Path, view: object = None) -> PublishedData:
        raise MissingDataError(verbatim(f"{dataset}: the full data set was not found"))


def test_a_trial_on_the_sample_is_told_and_stored_as_another(no_data: None) -> None:
    """Notebooks that were written for the sample lose nothing by it: no remark, and no grade is mistaken for theirs."""
    with open_session(STACKED, FACTS, replace(NOWHERE, written_for=DataSize.SAMPLE)) as session:
        assert not Observation(session.context.data, session.context.written_for).is_short(FACTS)
        assert not session.settings_key.endswith(";short")
        assert english(session) == [
            "WITHOUT SANDBOX: notebooks run with your rights and can read and change your files."
        ]


def test_nobody_gets_the_sample_without_having_asked_for_it() -> None:
    """By default a session takes the full data, and notebooks count on them."""
    assert (SessionOptions().data_size, SessionOptions().written_for) == ("full", "full")


@pytest.mark.parametrize(("jobs", "together"), [(1, 1), (3, 3), (0, 1)])
def test_as_many_notebooks_run_together_as_were_asked_for(jobs: int, together: int) -> None:
    """At least one."""
    assert SessionOptions(jobs=jobs).notebooks_together() == together


def test_without_being_asked_no_more_run_than_there_are_cores() -> None:
    """And at least one, however little memory there is."""
    assert 1 <= SessionOptions().notebooks_together() <= (os.cpu_count() or 1)


def test_end_children_leaves_no_process_behind() -> None:
    """In a process of its own, which has children and grandchildren."""
    script = """
import subprocess, sys, psutil
from grader.session import end_children
child = subprocess.Popen(["sh", "-c", "sleep 60 & sleep 60"])
while len(psutil.Process(child.pid).children()) < 2:
    pass
mine = psutil.Process().children(recursive=True)
end_children()
gone, alive = psutil.wait_procs(mine, timeout=10)
print(len(gone), len(alive))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3", "0"]


def test_simulated_card_transactions_are_laid_out_and_told(no_data: None, tmp_path: Path) -> None:
    """`creditcard.csv` beside both image sets; nobody takes a grade from the simulation for one about cards."""
    fraud = replace(STACKED, assignment="fraud", reference="fraud")
    with open_session(fraud, load_facts("fraud"), replace(NOWHERE, data_folder=tmp_path)) as session:
        datasets = session.context.sandbox.datasets
        assert {name: path.name for name, path in datasets.items()} == {
            "creditcard": "creditcard.csv", "mnist": "mnist.npz", "fashion_mnist": "fashion_mnist.npz",
        }  # fmt: skip
        assert all(path.is_file() for path in datasets.values())
        assert session.data.source.startswith("simulated")
        first, *others = english(session)
    assert first.startswith("The card transactions are simulated: a grade says how well a model finds rows")
    assert others == ["WITHOUT SANDBOX: notebooks run with your rights and can read and change your files."]


def test_points_that_notebooks_make_themselves_are_no_file(no_data: None) -> None:
    """Both image sets are laid out, for those who try things; nothing is said about a sample that no one misses."""
    plane = replace(STACKED, assignment="linear-pca", reference="linear-pca")
    with open_session(plane, load_facts("linear-pca"), NOWHERE) as session:
        assert (session.data.file, session.data.size, session.context.data) == (None, "sample", "sample")
        assert session.data.source == "60 points, seed 42"
        datasets = session.context.sandbox.datasets
        assert {name: path.name for name, path in datasets.items()} == {
            "mnist": "mnist.npz", "fashion_mnist": "fashion_mnist.npz",
        }  # fmt: skip
        assert sorted(path.name for path in datasets["mnist"].parent.iterdir()) == ["fashion_mnist.npz", "mnist.npz"]
        assert english(session) == [
            "WITHOUT SANDBOX: notebooks run with your rights and can read and change your files."
        ]


class _OnlyFashion:
    """Stands in for the measuring process on a machine that has one of the two full sets."""

    def publish(self, dataset: str, folder: Path, view: object = None) -> PublishedData:
        if dataset == "mnist":
            raise MissingDataError(message("not here"))
        return PublishedData(folder / f"{dataset}.npz", "full", "digest", "somewhere")


def test_a_notebook_sees_every_image_data_set_that_is_here(tmp_path):
    """The assignment's own one is published by itself; another that is missing stops nobody."""
    zones = Zones(_OnlyFashion(), tmp_path, backend_named(UNSHUT))
    here = {"fashion_mnist": tmp_path / "fashion_mnist.npz"}
    assert files_of(zones.publish_those_here(["mnist", "fashion_mnist"])) == here
    assert files_of(zones.publish_all("fashion_mnist")) == here
