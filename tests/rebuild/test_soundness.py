"""An instructor's own reference: found where the course is, checked as a whole, its errors reported with file and line."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

import keras
import pytest
from tiny_reference import build, tiny_module

from grader.authoring.scaffold import scaffold
from grader.domain.course import Course
from grader.locale import Translator
from grader.rebuild import client
from grader.rebuild.calibration import FACTS_FOLDER, _path
from grader.rebuild.client import BrokenReferenceError, MeasuringProcesses
from grader.rebuild.facts import soundness
from grader.rebuild.facts.soundness import problems_of
from reference import contract
from reference.contract import Autoencoder, module, own_file


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """The course of `grader new my-net`, which this process may import."""
    for path, text in scaffold("my-net", tmp_path / "course", language="en").items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    monkeypatch.setenv(contract.COURSE_VARIABLE, str(tmp_path / "course"))
    return Course(tmp_path / "course")


def english(reference: str) -> list[str]:
    return [Translator("en").text(problem) for problem in problems_of(reference)]


# Where references are found


def test_zone_t_and_the_references_name_the_variable_alike() -> None:
    """Zone T cannot import the references."""
    assert client.COURSE_VARIABLE == contract.COURSE_VARIABLE


def test_a_reference_of_a_course_is_found_beside_ours(course: Course) -> None:
    """Imported once; facts go to the course, those of ours stay where they are."""
    found = module("my-net")
    assert (found.ID, found.__file__, module("my-net")) == ("my-net", str(course.module("my-net")), found)
    assert _path("my-net") == course.facts / "my-net.json"
    assert _path("stacked") == FACTS_FOLDER / "stacked.json"
    assert course.module("my-net") == own_file("my-net")


@pytest.mark.parametrize("name", ["../my-net", "my_net", "none", "my-net.py", "", "contract"])
def test_nothing_else_is_imported(course: Course, name: str) -> None:
    """An id is an id, and no path."""
    (course.references / "none.txt").touch()
    with pytest.raises(KeyError):
        module(name)


def test_ours_are_never_shadowed(course: Course) -> None:
    """Whatever the course calls its files."""
    (course.references / "stacked.py").write_text("raise SystemExit('shadow')", "utf-8")
    assert module("stacked").__name__ == "reference.stacked"
    assert own_file("stacked") is None


def test_without_a_course_there_are_ours_alone(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable, as the client sets it, is none."""
    monkeypatch.setenv(contract.COURSE_VARIABLE, "")
    with pytest.raises(KeyError):
        module("my-net")


# What is wrong with them


def test_what_grader_new_writes_is_in_order(course: Course) -> None:
    """Built, compiled and run."""
    assert english("my-net") == []


@pytest.mark.parametrize("name", ["simple-dense", "variational", "from-scratch"])
def test_ours_are_in_order(name: str) -> None:
    """Layers, a sampling layer, and no Keras at all."""
    assert english(name) == []


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("x = (", ":1: SyntaxError: '(' was never closed"),
        ("x = 1\nimport no_such_module", ":2: ModuleNotFoundError: No module named 'no_such_module'"),
        ("\n\nraise RuntimeError('hello')", ":3: RuntimeError: hello"),
    ],
)
def test_a_module_that_cannot_be_imported_is_told_with_its_line(course: Course, text: str, reported: str) -> None:
    """And is imported anew the next time."""
    file = course.module("my-net")
    right = file.read_text("utf-8")
    file.write_text(text, "utf-8")
    (problem,) = english("my-net")
    assert problem.startswith(f"{file}{reported}")
    assert problem.endswith("(while it was imported)")
    assert not any(getattr(known, "__file__", None) == str(file) for known in list(sys.modules.values()))
    file.write_text(right, "utf-8")
    assert english("my-net") == []


def test_an_error_of_its_functions_is_told_with_its_line(course: Course) -> None:
    """The last line of the instructor's own file that took part."""
    file = course.module("my-net")
    file.write_text(file.read_text("utf-8").replace("layers.Dense(CODE_SIZE,", "layers.Dense(-5,"), "utf-8")
    line = next(n for n, text in enumerate(file.read_text("utf-8").splitlines(), 1) if "Dense(-5" in text)
    (problem,) = english("my-net")
    assert problem.startswith(f"{file}:{line}: ValueError: ")
    assert problem.endswith("(while its models were built and tried out)")


def apart() -> Autoencoder:
    return Autoencoder(build().encoder, build().decoder, build().autoencoder)


def lost() -> Autoencoder:
    encoder, decoder, _ = build()
    return Autoencoder(encoder, decoder, None)


FAULTS = {
    "code size": ({"CODE_SIZE": 3}, "CODE_SIZE is 3, but the encoder gives 2."),
    "layers": (
        {"build": apart},
        "autoencoder(x) is not decoder(encoder(x)): the three models must share their layers.",
    ),
    "no model": ({"build": lost}, "the autoencoder that build() returns must be a Keras model."),
    "no autoencoder": ({"build": keras.Sequential}, "build() must return Autoencoder(encoder, decoder, autoencoder)."),
    "shapes": (
        {"inputs_and_targets": lambda images, rng: (images, images.reshape(len(images), -1))},
        "the autoencoder gives arrays of shape (24, 28, 28), but inputs_and_targets() wants (24, 784).",
    ),
    "nothing to train on": (
        {"training_split": lambda images: (images[:0], images)},
        "training_split() leaves no sample to train on.",
    ),
    "id": ({"ID": "other"}, "ID is 'other', but the file belongs to tiny."),
    "data": ({"DATASET": "cifar"}, "DATASET is 'cifar'; there are mnist, fashion_mnist, cloud, creditcard."),
    "number": ({"EPOCHS": 0}, "EPOCHS must be a whole number from 1, found 0."),
    "function": ({"build": 1}, "build must be a function."),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_told(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one sentence, and nothing besides."""
    changes, sentence = FAULTS[fault]
    monkeypatch.setattr(soundness, "module", lambda _: tiny_module(**changes))
    assert english("tiny") == [f"tiny: {sentence}"]


def test_every_missing_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once."""
    monkeypatch.setattr(soundness, "module", lambda _: ModuleType("tiny"))
    assert [problem.split()[1] for problem in english("tiny")] == list(soundness.NAMES)


# The measuring process


def test_only_the_course_that_was_named_reaches_the_measuring_process(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one of the surroundings, and no module from the folder where the user happens to be."""
    (tmp_path / "numpy.py").write_text("raise SystemExit('a file of a student')", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert os.environ[contract.COURSE_VARIABLE] == str(course.folder)
    with MeasuringProcesses() as without, pytest.raises(BrokenReferenceError) as caught:
        without.examine("my-net")
    assert [Translator("en").text(one) for one in caught.value.problems] == ["my-net: there is no such reference."]
    monkeypatch.delenv(contract.COURSE_VARIABLE)
    with MeasuringProcesses(course=Course(Path("course"))) as named:
        named.examine("my-net")
        course.module("my-net").unlink()
