"""A batch: order, what is reused, what is graded again, and what is left when something stops it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import small_disk
from checks import builders
from grading_samples import (
    ASSIGNMENT,
    DIES,
    FakeMeasurer,
    FakeSandbox,
    context,
    notebook_text,
    reasons,
    submission,
    waits_for_a_person,
)

from grader.domain.assignment import DuePolicy
from grader.domain.grade import GradeStatus, Lateness
from grader.domain.graded import GradedSubmission
from grader.domain.measurement import Measurements
from grader.domain.messages import verbatim
from grader.domain.progress import Stage, StageBegun, Step
from grader.domain.run import RunRecord, RunStatus, StoppedBy
from grader.domain.submission import Companion, Submission
from grader.execution import LocalPool
from grader.gradebook import Gradebook, GradebookError, sqlite_url
from grader.pipeline import GradingContext
from grader.scale import Progress, Results, grade_batch, known_grades

STUDENTS = ("ana", "bruno", "carla", "diego")


@pytest.fixture
def gradebook(tmp_path: Path) -> Iterator[Gradebook]:
    """An empty gradebook."""
    with Gradebook.open(sqlite_url(tmp_path / "gradebook.sqlite")) as gradebook:
        yield gradebook


@pytest.fixture
def four(tmp_path: Path) -> list[Submission]:
    """A class of four."""
    return [submission(tmp_path, student) for student in STUDENTS]


@dataclass
class Batch:
    """Grades with fakes and records the events on the way.

    Attributes:
        gradebook: Where grades go.
        told: (student, reused) of every progress.
        steps: Student and what went on.
    """

    gradebook: Gradebook
    reported: list[tuple[str, bool]] = field(default_factory=list)
    steps: list[tuple[str, Step]] = field(default_factory=list)

    def grade(
        self,
        submissions: list[Submission],
        given: GradingContext | None = None,
        *,
        executor: Executor | None = None,
        settings_key: str = "sample",
    ) -> list[GradedSubmission]:
        """Grade the class in threads, or wherever `executor` runs it."""
        surroundings = given or context()
        with executor or ThreadPoolExecutor(1) as workers:
            return grade_batch(
                submissions,
                surroundings,
                executor=LocalPool(workers, surroundings, len(STUDENTS) if isinstance(workers, Backwards) else 1),
                gradebook=self.gradebook,
                settings_key=settings_key,
                watcher=self,
            )

    def done(self, progress: Progress) -> None:
        """Note a result."""
        self.reported.append((progress.graded.student, progress.reused))

    def step(self, submission: Submission, step: Step) -> None:
        """Note a step."""
        self.steps.append((submission.student, step))

    def stored(self) -> list[str]:
        """Students in the gradebook, one for each submission."""
        return [one.student for one in self.gradebook.latest("stacked")]


@pytest.fixture
def batch(gradebook: Gradebook) -> Batch:
    """A batch over an empty gradebook."""
    return Batch(gradebook)


def gradings(tmp_path: Path) -> list[tuple[str, int]]:
    """Student and number of gradings of every submission in the gradebook."""
    with sqlite3.connect(tmp_path / "gradebook.sqlite") as database:
        rows = database.execute(
            "SELECT student, count(*) FROM submission JOIN grading ON grading.submission_id = submission.id "
            "GROUP BY submission.id ORDER BY student"
        )
        return [(str(student), int(number)) for student, number in rows]


# Executors


class Backwards(Executor):
    """Does nothing before everything was handed out, and then the last first."""

    def __init__(self) -> None:
        self._work: list[tuple[Future[Any], Any, tuple[Any, ...]]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Take a call."""
        future: Future[Any] = Future()
        self._work.append((future, fn, args))
        if len(self._work) == len(STUDENTS):
            for waiting, function, arguments in reversed(self._work):
                waiting.set_result(function(*arguments))
        return future


@pytest.mark.parametrize(
    "executor",
    [lambda: ThreadPoolExecutor(3), lambda: ProcessPoolExecutor(2), Backwards],
    ids=["threads", "processes", "backwards"],
)
def test_results_come_in_the_order_of_the_submissions(
    executor: Any, batch: Batch, four: list[Submission], tmp_path: Path
) -> None:
    """On every executor, whatever is done first; and each is in the gradebook once."""
    graded = batch.grade(four, executor=executor())
    assert [(one.student, one.sha256, one.grade.points_awarded) for one in graded] == [
        (one.student, one.sha256, 100.0) for one in four
    ]
    assert sorted(batch.reported) == [(student, False) for student in STUDENTS]
    assert gradings(tmp_path) == [(student, 1) for student in STUDENTS]


def test_the_longest_is_begun_first(batch: Batch, tmp_path: Path) -> None:
    """As many epochs as its text asks for; what asks for as many stays in order, and so do the results."""
    epochs = {"ana": 5, "bruno": 20, "carla": 20, "diego": 100}
    asked = [
        submission(tmp_path, student, notebook_text(f"print('{student}')  # epochs={count}"))
        for student, count in epochs.items()
    ]
    graded = batch.grade(asked)
    assert [student for student, _ in batch.reported] == ["diego", "bruno", "carla", "ana"]
    assert [one.student for one in graded] == list(epochs)


def test_what_goes_on_is_told_with_whose_it_is(batch: Batch, four: list[Submission]) -> None:
    """Each is run, then measured; a hand-in that was run before does nothing."""
    batch.grade(four[:2])
    batch.grade(four[:1])
    assert [(student, step.stage) for student, step in batch.steps if isinstance(step, StageBegun)] == [
        ("ana", Stage.RUNNING),
        ("ana", Stage.MEASURING),
        ("bruno", Stage.RUNNING),
        ("bruno", Stage.MEASURING),
    ]


def test_no_hand_in_begins_beside_another_where_memory_is_short(batch: Batch, tmp_path: Path) -> None:
    """Of four places one is used while the machine has no room, and all four when it has."""
    sandbox, room = FakeSandbox(seconds=0.05), [False]
    beside: list[int] = []

    class Watching(Results):
        """Notes how many run when one begins."""

        def step(self, submission: Submission, step: Step) -> None:
            """Count those that have begun and have not ended."""
            if isinstance(step, StageBegun) and step.stage is Stage.RUNNING:
                beside.append(len(beside) + 1 - len(ended))

    ended: list[str] = []
    with ThreadPoolExecutor(4) as threads:
        pool = LocalPool(threads, context(sandbox), 4, lambda: room[0])
        grade_batch(
            [submission(tmp_path, f"student{number}") for number in range(5)],
            context(sandbox),
            executor=pool,
            gradebook=batch.gradebook,
            settings_key="sample",
            watcher=Watching(lambda progress: ended.append(progress.graded.student)),
        )
        room[0] = True
        assert pool.places == 4
    assert beside == [1] * 5


def test_a_remaining_time_is_told_after_the_first_few(batch: Batch, tmp_path: Path) -> None:
    """Three are enough; at the end nothing is left."""
    left: list[float | None] = []
    with ThreadPoolExecutor(1) as threads:
        grade_batch(
            [submission(tmp_path, f"student{number}") for number in range(6)],
            context(),
            executor=LocalPool(threads, context(), 1),
            gradebook=batch.gradebook,
            settings_key="sample",
            watcher=Results(lambda progress: left.append(progress.seconds_left)),
        )
    assert left[:2] == [None, None]
    assert all(seconds is not None and seconds > 0 for seconds in left[2:5])
    assert left[5] == 0.0


def test_an_empty_batch_is_none(batch: Batch) -> None:
    """Nothing is graded and nothing raises."""
    assert batch.grade([]) == []


# Stored grades


def test_a_stored_grade_is_told_first_and_nothing_is_run_again(batch: Batch, four: list[Submission]) -> None:
    """Half of the class was graded before; the sandbox sees the other half."""
    first = batch.grade(four[2:])
    sandbox = FakeSandbox()
    batch.reported.clear()
    both = batch.grade(four, context(sandbox))
    assert batch.reported == [("carla", True), ("diego", True), ("ana", False), ("bruno", False)]
    assert [notebook.cells[0].source for notebook in sandbox.seen] == ["print('ana')", "print('bruno')"]
    assert both[2:] == first


def test_a_stored_grade_gets_the_time_of_this_hand_in(batch: Batch, four: list[Submission], tmp_path: Path) -> None:
    """The same bytes came with a time now: lateness is reckoned anew and kept, and nothing is run again."""
    due = DuePolicy(datetime(2026, 12, 1, tzinfo=UTC), late_percent_per_day=10.0)
    timed = replace(ASSIGNMENT, due=due)
    batch.grade(four[:1], context(assignment=timed))
    late = replace(four[0], submitted_at=datetime(2026, 12, 1, 1, tzinfo=UTC))
    sandbox = FakeSandbox()
    again = [batch.grade([late], context(sandbox, assignment=timed)) for _ in range(2)]
    assert [graded[0].grade.late for graded in again] == [Lateness(60, 10.0, 10.0)] * 2
    assert sandbox.seen == []
    assert gradings(tmp_path) == [("ana", 2)]
    assert batch.reported == [("ana", False), ("ana", True), ("ana", True)]


@pytest.mark.parametrize(
    ("changed", "key", "reused"),
    [
        (replace(ASSIGNMENT, rubric_hash="s" * 64), "sample", True),
        (replace(ASSIGNMENT, assignment="sparse"), "sample", True),
        (ASSIGNMENT, "full", False),
    ],
    ids=["rubric", "assignment", "settings"],
)
def test_points_are_given_anew_and_only_other_settings_run_again(
    changed: Any, key: str, reused: bool, batch: Batch, four: list[Submission], tmp_path: Path
) -> None:
    """What a run and its measurements rest on is in the settings; the rubric is not."""
    batch.grade(four[:1])
    (again,) = batch.grade(four[:1], context(assignment=changed), settings_key=key)
    assert batch.reported == [("ana", False), ("ana", reused)]
    assert again.rubric_hash == changed.rubric_hash


def test_a_change_of_points_is_a_new_grade_and_no_new_run(batch: Batch, four: list[Submission], tmp_path: Path) -> None:
    """Old and new are both on record."""
    batch.grade(four)
    doubled = tuple(replace(item, points=2 * item.points) for item in ASSIGNMENT.rubric)
    sandbox = FakeSandbox()
    graded = batch.grade(four, context(sandbox, assignment=replace(ASSIGNMENT, rubric=doubled, rubric_hash="d" * 64)))
    assert [one.grade.points_awarded for one in graded] == [200.0] * 4
    assert sandbox.seen == []
    assert gradings(tmp_path) == [(student, 2) for student in STUDENTS]


def test_the_same_bytes_of_two_students_are_run_once(batch: Batch, tmp_path: Path) -> None:
    """Each has a grade of their own, in one batch or in two."""
    text = notebook_text("same")
    mine, copied = submission(tmp_path, "ana", text), submission(tmp_path, "bruno", text)
    sandbox = FakeSandbox()
    graded = batch.grade([mine, copied], context(sandbox))
    batch.grade([submission(tmp_path, "carla", text)], context(sandbox))
    assert [one.student for one in graded] == ["ana", "bruno"]
    assert len(sandbox.seen) == 1
    assert batch.reported == [("ana", False), ("bruno", True), ("carla", True)]
    assert batch.stored() == ["ana", "bruno", "carla"]


def test_other_bytes_are_run(batch: Batch, tmp_path: Path) -> None:
    """A student hands in a second version."""
    batch.grade([submission(tmp_path, "ana", notebook_text("first"))])
    batch.grade([submission(tmp_path, "ana", notebook_text("changed"))])
    assert batch.reported == [("ana", False), ("ana", False)]


def test_a_conflict_that_came_or_went_is_graded_anew_without_a_run(batch: Batch, tmp_path: Path) -> None:
    """Whether a person must decide between two hand-ins is part of what a grade says, and not of what was observed."""
    alone = submission(tmp_path)
    doubled = replace(alone, conflict=verbatim("two hand-ins"))
    statuses = [batch.grade([one])[0].grade.status for one in (alone, doubled, alone, doubled)]
    assert statuses == [GradeStatus.FINAL, GradeStatus.NEEDS_REVIEW] * 2
    assert [reused for _, reused in batch.reported] == [False, True, True, True]
    assert gradings(tmp_path) == [("ana", 4)]


def test_a_class_that_was_observed_whole_needs_no_zone(batch: Batch, four: list[Submission]) -> None:
    """The same grades as the batch that ran it; None as soon as one hand-in was never run."""
    known = {"gradebook": batch.gradebook, "settings_key": "sample"}
    assert known_grades(four[:1], ASSIGNMENT, builders.FACTS, **known) is None
    graded = batch.grade(four[:3])
    assert known_grades(four[:3], ASSIGNMENT, builders.FACTS, **known) == graded
    assert known_grades(four, ASSIGNMENT, builders.FACTS, **known) is None


def test_what_was_undecided_is_run_once_it_is_handed_in_alone(batch: Batch, tmp_path: Path) -> None:
    """That nothing was run before is no observation of the bytes."""
    alone = submission(tmp_path)
    several = replace(alone, conflict=verbatim("several notebooks"), undecided=True)
    points = [batch.grade([one])[0].grade.points_awarded for one in (several, alone)]
    assert points == [0.0, 100.0]
    assert [reused for _, reused in batch.reported] == [False, False]


def test_another_file_beside_the_notebook_is_graded_again(batch: Batch, tmp_path: Path) -> None:
    """The helper module that was forgotten comes with the second hand-in; the notebook has the same bytes."""
    alone = submission(tmp_path)
    helped = replace(alone, companions=(Companion("helpers.py", alone.path, "1" * 64, 3),))
    changed = replace(alone, companions=(Companion("helpers.py", alone.path, "2" * 64, 3),))
    for one in (alone, helped, changed, helped):
        batch.grade([one])
    assert [reused for _, reused in batch.reported] == [False, False, False, True]


def test_a_stored_grade_speaks_of_the_file_as_it_is_called_now(batch: Batch, tmp_path: Path) -> None:
    """The same bytes came again under another name."""
    mine = submission(tmp_path)
    batch.grade([mine])
    (again,) = batch.grade([replace(mine, filename="tarea (1).ipynb")])
    assert (again.filename, batch.reported[-1]) == ("tarea (1).ipynb", ("ana", True))


def test_a_failure_of_ours_is_graded_again(batch: Batch, four: list[Submission], tmp_path: Path) -> None:
    """A sandbox that broke or could not start, or a measurer that broke: the next batch tries again, until it works."""
    away = RunRecord(RunStatus.UNAVAILABLE, StoppedBy.SANDBOX)
    broken = (
        context(FakeSandbox(error=RuntimeError("no"))),
        context(FakeSandbox(away), FakeMeasurer(Measurements())),
        context(measurer=FakeMeasurer(error=OSError("no"))),
    )
    for failing in broken:
        assert waits_for_a_person(batch.grade(four[:1], failing)[0])
    assert [batch.grade(four[:1])[0].grade.points_awarded for _ in range(2)] == [100.0, 100.0]
    assert batch.reported == [("ana", False)] * 4 + [("ana", True)]
    assert gradings(tmp_path) == [("ana", 4)]


def test_an_unreadable_submission_is_done(batch: Batch, tmp_path: Path) -> None:
    """Its grade waits for a person, and for no other run of ours."""
    page = submission(tmp_path, content=b"<!DOCTYPE html>")
    first, second = batch.grade([page]), batch.grade([page])
    assert first == second
    assert [reused for _, reused in batch.reported] == [False, True]


# Workers that die


class Losing(Executor):
    """Loses the work on one submission, as a cluster does whose machine went away."""

    def __init__(self, error: BaseException | None, *, refuse: bool = False) -> None:
        self.error = error
        self.refuse = refuse

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do a call at once, but for bruno's."""
        future: Future[Any] = Future()
        if args[0].student != "bruno":
            future.set_result(fn(*args))
        elif self.refuse:
            raise RuntimeError("cannot schedule new futures")
        elif self.error is None:
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_exception(self.error)
        return future


@pytest.mark.parametrize(
    ("executor", "name"),
    [
        (Losing(ConnectionError("lost")), "ConnectionError: lost"),
        (Losing(None), CancelledError.__name__),
        (Losing(None, refuse=True), "RuntimeError: cannot schedule new futures"),
    ],
    ids=["raises", "cancelled", "refuses"],
)
def test_a_worker_that_dies_costs_one_submission_and_stops_nothing(
    executor: Executor, name: str, batch: Batch, four: list[Submission]
) -> None:
    """It waits for a person, and is graded again by the next batch."""
    graded = batch.grade(four, executor=executor)
    assert [one.grade.points_awarded for one in graded] == [100.0, 0.0, 100.0, 100.0]
    assert waits_for_a_person(graded[1])
    assert reasons(graded[1])[0].startswith(f"The grader itself failed: {name}")
    assert batch.stored() == list(STUDENTS)
    assert [one.grade.points_awarded for one in batch.grade(four)] == [100.0] * 4


def test_a_process_that_dies_is_nobodys_zero(batch: Batch, tmp_path: Path) -> None:
    """A real pool breaks as a whole: what it had finished counts, the rest waits and is graded by the next batch."""
    first = submission(tmp_path, "ana")
    deadly = submission(tmp_path, "bruno", notebook_text(DIES))
    others = [submission(tmp_path, f"c{number}") for number in range(6)]
    graded = batch.grade([first, deadly, *others], executor=ProcessPoolExecutor(1))
    assert graded[0].grade.points_awarded == 100.0
    assert all(waits_for_a_person(one) and one.fault for one in graded[1:])
    again = batch.grade([first, *others])
    assert [one.grade.points_awarded for one in again] == [100.0] * 7


# Being stopped


def test_ctrl_c_keeps_what_is_stored(batch: Batch, four: list[Submission], tmp_path: Path) -> None:
    """The next batch does the rest, and nothing twice."""

    def stop_at_the_second(progress: Progress) -> None:
        if len(batch.stored()) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade_batch(
            four,
            context(),
            executor=LocalPool(Backwards(), context(), len(four)),
            gradebook=batch.gradebook,
            settings_key="sample",
            watcher=Results(stop_at_the_second),
        )
    kept = batch.stored()
    assert len(kept) == 2
    assert len(batch.grade(four)) == 4
    assert [student for student, reused in batch.reported if reused] == kept
    assert gradings(tmp_path) == [(student, 1) for student in STUDENTS]


def test_ctrl_c_drops_what_has_not_begun(batch: Batch, four: list[Submission]) -> None:
    """The sandbox is not started for it any more."""
    sandbox = FakeSandbox(seconds=0.2)

    def stop(_: Progress) -> None:
        raise KeyboardInterrupt

    with ThreadPoolExecutor(1) as executor, pytest.raises(KeyboardInterrupt):
        grade_batch(
            four,
            context(sandbox),
            executor=LocalPool(executor, context(sandbox), 1),
            gradebook=batch.gradebook,
            settings_key="sample",
            watcher=Results(stop),
        )
    assert len(sandbox.seen) < len(four)


def test_a_gradebook_that_does_not_keep_grades_stops_the_batch(tmp_path: Path, four: list[Submission]) -> None:
    """Grading on would lose the work; the error says what to do."""
    path = tmp_path / "gradebook.sqlite"
    with Gradebook.open(sqlite_url(path), busy_seconds=0.1) as gradebook:
        batch = Batch(gradebook)
        batch.grade(four[:1])
        with sqlite3.connect(path) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(GradebookError, match="is in use by another program"):
                batch.grade(four)
        assert batch.stored() == ["ana"]
        assert len(batch.grade(four)) == 4


def test_a_full_disk_loses_nothing_that_was_stored(tmp_path: Path) -> None:
    """The batch stops with a sentence; after making room the same batch goes on from there."""
    many = [submission(tmp_path, f"student{number:03}") for number in range(40)]
    with (
        small_disk.mounted(tmp_path / "disk", size_kib=256) as disk,
        Gradebook.open(sqlite_url(disk / "gradebook.sqlite")) as gradebook,
    ):
        batch = Batch(gradebook)
        with pytest.raises(GradebookError, match=r"The disk is full, .* it goes on where it stopped\."):
            batch.grade(many)
        kept = batch.stored()
        assert 0 < len(kept) < len(many)
        small_disk.resize(disk, size_kib=8192)
        batch.reported.clear()
        assert [one.grade.points_awarded for one in batch.grade(many)] == [100.0] * 40
        reused = [student for student, was_reused in batch.reported if was_reused]
        assert reused[: len(kept)] == kept
        assert len(reused) <= len(kept) + 1  # a run may have been stored when there was no room left for its grade
