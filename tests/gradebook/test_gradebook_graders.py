"""Several graders, each in a thread with connections of its own, grade one class into one PostgreSQL gradebook."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from grading_samples import FakeSandbox, context, notebook_text, submission

from grader.domain.graded import GradedSubmission
from grader.domain.submission import Submission
from grader.execution import LocalPool
from grader.gradebook import Gradebook, sqlite_url
from grader.scale import Progress, Results, grade_batch

STUDENTS = 12
GRADERS = 3


@pytest.fixture
def class_(tmp_path: Path) -> list[Submission]:
    """A class whose bytes are of this test alone, because nothing can be deleted from a server that others use too."""
    mark = uuid.uuid4().hex
    return [
        submission(tmp_path, f"s{number:02}", notebook_text(f"x = {number}  # {mark}")) for number in range(STUDENTS)
    ]


def grade(url: str, class_: list[Submission], sandbox: FakeSandbox) -> tuple[list[GradedSubmission], list[bool]]:
    """Grade a class as one grader does; tell of each whether it was reused."""
    reused: list[bool] = []

    def note(progress: Progress) -> None:
        reused.append(progress.reused)

    with Gradebook.open(url) as gradebook, ThreadPoolExecutor(2) as threads:
        graded = grade_batch(
            class_,
            context(sandbox),
            executor=LocalPool(threads, context(sandbox), 2),
            gradebook=gradebook,
            settings_key="sample",
            watcher=Results(note),
        )
    return graded, reused


def test_several_graders_of_one_class_run_each_hand_in_once(postgresql_url: str, class_: list[Submission]) -> None:
    """All begin together and get the same grades; what one runs, the others wait for and do not run."""
    sandboxes = [FakeSandbox(seconds=0.1) for _ in range(GRADERS)]
    with ThreadPoolExecutor(GRADERS) as graders:
        found = list(graders.map(lambda sandbox: grade(postgresql_url, class_, sandbox), sandboxes))
    assert sum(len(sandbox.seen) for sandbox in sandboxes) == STUDENTS
    assert all(graded == found[0][0] for graded, _ in found)
    assert sum(not reused for _, reported in found for reused in reported) == STUDENTS
    assert [one.student for one in found[0][0]] == [one.student for one in class_]


def test_what_a_lost_grader_had_reserved_is_free_again(postgresql_url: str, class_: list[Submission]) -> None:
    """It ends with its connection, however that ends."""
    key = (class_[0].sha256, "sample")
    with Gradebook.open(postgresql_url) as one, Gradebook.open(postgresql_url) as other:
        lost, waits = one.reservations(), other.reservations()
        assert (lost.take(*key), lost.take(*key), waits.take(*key)) == (True, True, False)
        assert lost._connection is not None
        lost._connection.invalidate()
        one.close()
        assert waits.take(*key)
        waits.give_back(*key)
        with waits:
            assert waits.take(*key)
        with other.reservations() as third:
            assert third.take(*key)


def test_a_sqlite_gradebook_has_no_reservations(tmp_path: Path) -> None:
    """Each grader gets whatever it asks for."""
    with Gradebook.open(sqlite_url(tmp_path / "book.sqlite")) as gradebook, gradebook.reservations() as mine:
        assert (mine.are_shared, mine.take("a"), mine.take("a")) == (False, True, True)
        mine.give_back("a")
