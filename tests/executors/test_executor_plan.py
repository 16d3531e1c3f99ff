"""What travels to a worker: steps, hand-ins, files of the user's own, and how a worker that differs is reported."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from grading_samples import submission

from grader.domain.course import Course
from grader.domain.progress import CellBegun, EpochSeen, Stage, StageBegun, Step
from grader.domain.submission import Companion
from grader.executors.choice import UnknownExecutorError, require_executor
from grader.executors.plan import HandInPackage, UserFiles, differences
from grader.executors.step_messages import as_plain, from_plain
from grader.session import SessionOptions


@pytest.mark.parametrize(
    "step",
    [StageBegun(Stage.MEASURING, 3), CellBegun(2, 9, "x = 1"), EpochSeen(1, 20), EpochSeen(2, 20, 0.5)],
    ids=["stage", "cell", "first epoch", "epoch"],
)
def test_a_step_comes_back_as_it_was(step: Step) -> None:
    """Through text and numbers alone."""
    assert from_plain(as_plain(step)) == step


def test_a_hand_in_comes_with_what_lies_beside_it(tmp_path: Path) -> None:
    """Same bytes, other paths; the driver's own may be gone by then."""
    beside = tmp_path / "helpers.py"
    beside.write_text("A = 1\n")
    mine = replace(submission(tmp_path), companions=(Companion("lib/helpers.py", beside, "1" * 64, 6),))
    packed = HandInPackage.of(mine)
    mine.path.unlink()
    beside.unlink()
    (there := tmp_path / "there").mkdir()
    found = packed.unpack(there)
    assert hashlib.sha256(found.path.read_bytes()).hexdigest() == mine.sha256
    assert [(one.name, one.path.read_text()) for one in found.companions] == [("lib/helpers.py", "A = 1\n")]
    assert replace(found, path=mine.path, companions=mine.companions) == mine


def test_data_and_course_of_one_s_own_travel_by_content(tmp_path: Path) -> None:
    """Only what a session reads; a folder that was not named is not there either."""
    own, course = tmp_path / "data", tmp_path / "course"
    (course / "assignments" / "mine").mkdir(parents=True)
    own.mkdir()
    (own / "mnist.npz").write_bytes(b"images")
    (own / "photo.jpg").write_bytes(b"private")
    (course / "assignments" / "mine" / "assignment.toml").write_text("id = 'mine'")
    options = SessionOptions(data_folder=own, course=Course(course))
    found = UserFiles.of(options).unpack(tmp_path / "there", options)
    assert found.data_folder is not None
    assert found.course is not None
    assert [(path.name, path.read_bytes()) for path in found.data_folder.iterdir()] == [("mnist.npz", b"images")]
    assert (found.course.folder / "assignments" / "mine" / "assignment.toml").read_text() == "id = 'mine'"
    assert UserFiles.of(SessionOptions()).unpack(tmp_path / "none", SessionOptions()) == SessionOptions()


def test_what_differs_on_a_worker_has_a_name() -> None:
    """The parts of a settings key, in order."""
    assert differences("full;a1;bubblewrap;hidden;c1;d1", "full;a2;bubblewrap;hidden;c2;d1") == (
        "data",
        "versions of the grader and of TensorFlow",
    )
    assert differences("full;a;b;c;d;e;audit=all", "full;a;b;c;d;e") == ("options",)


@pytest.mark.parametrize("name", ["local", "dask-local:4", "dask://10.0.0.1:8786", "dask://scheduler.hpc:8786"])
def test_these_executors_there_are(name: str) -> None:
    """This machine's threads, processes of its own, and a scheduler elsewhere."""
    require_executor(name)


@pytest.mark.parametrize("name", ["", "dask", "dask-local", "dask-local:0", "dask://host", "ray://a:1", "local "])
def test_any_other_executor_is_refused_with_those_that_there_are(name: str) -> None:
    """Before a class is laid out."""
    with pytest.raises(UnknownExecutorError) as refused:
        require_executor(name)
    assert "dask-local:N" in refused.value.reason.msgid
