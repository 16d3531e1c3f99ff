"""What a student has in the end: lateness, extensions, adjustments and several hand-ins are views of grades."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from class_samples import EN, STACKED, graded

from grader.domain.assignment import DuePolicy
from grader.handback.final_grades import FinalGradeState, StudentDecisions, final_grades

DUE = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
POLICY = DuePolicy(DUE, grace_minutes=10, late_percent_per_day=10.0, late_percent_maximum=50.0, refuse_after_days=7)
TIMED = replace(STACKED, due=POLICY)


def one(assignment=TIMED, decisions: StudentDecisions | None = None, *, late_hours: float | None = None, **parts):
    """What a student with full marks has who handed in so many hours late."""
    at = None if late_hours is None else DUE + timedelta(hours=late_hours)
    (standing,) = final_grades(assignment, [graded("ana", submitted_at=at, **parts)], decisions or StudentDecisions())
    return standing


@pytest.mark.parametrize(
    ("late_hours", "points"), [(-5, 100), (0.1, 100), (1, 90), (25, 80), (24 * 6.5, 50), (24 * 8, 0), (None, 100)]
)
def test_lateness_is_taken_off_beside_the_points_of_the_checks(late_hours: float | None, points: float) -> None:
    """Grace, a day begun, the cap, the end; nothing where nobody knows. What was measured stays."""
    standing = one(late_hours=late_hours)
    assert (standing.points, standing.grade.points_awarded) == (points, 100)


def test_an_extension_moves_the_due_date_of_one_student() -> None:
    """Lateness counts from the new date; one that is earlier than the due date changes nothing."""
    later = StudentDecisions(extended={"ana": DUE + timedelta(days=2)})
    assert one(late_hours=30, decisions=later).points == 100
    assert one(late_hours=49, decisions=later).points == 90
    assert one(late_hours=-5, decisions=StudentDecisions(extended={"ana": DUE - timedelta(days=2)})).points == 100


def test_times_of_a_list_come_before_those_of_files() -> None:
    """An instructor who gives a list means it."""
    listed = StudentDecisions(handed_in={"ana": DUE - timedelta(hours=1)})
    assert one(late_hours=30, decisions=listed).points == 100


def test_a_persons_points_are_final_and_lateness_does_not_touch_them() -> None:
    """Both values are kept, and the reason."""
    standing = one(late_hours=30, decisions=StudentDecisions({"ana": 70.0}, {"ana": "oral"}))
    assert (standing.points, standing.adjusted, standing.grade.points_counted, standing.state) == (
        70,
        70,
        80,
        FinalGradeState.FINAL,
    )
    assert EN.text(standing.reason) == "oral"


def test_the_excused_have_no_grade() -> None:
    """Neither points nor a zero."""
    standing = one(decisions=StudentDecisions(excused=frozenset({"ana"})))
    assert (standing.state, standing.points, standing.on_scale(5.0, 1)) == (FinalGradeState.EXCUSED, None, None)


def test_the_last_of_several_hand_ins_counts_and_that_is_said() -> None:
    """Where every time is known."""
    early, late = (
        graded("ana", share, submitted_at=DUE - timedelta(hours=hours), filename=name)
        for share, hours, name in ((1, 5, "a.ipynb"), (0.5, 1, "b.ipynb"))
    )
    (standing,) = final_grades(TIMED, [late, early], StudentDecisions())
    assert (standing.counted.filename, [other.filename for other in standing.others]) == ("b.ipynb", ["a.ipynb"])
    assert EN.text(standing.reason) == "The last of 2 hand-ins counts: b.ipynb"


def test_several_hand_ins_without_times_wait_until_a_person_decides() -> None:
    """Nothing is chosen by its name or its points; a person's points settle it."""
    files = [graded("ana", 1, filename="a.ipynb"), graded("ana", 0.5, filename="b.ipynb")]
    (standing,) = final_grades(TIMED, files, StudentDecisions())
    assert (standing.state, standing.points) == (FinalGradeState.WAITING, None)
    assert EN.text(standing.reason) == "2 hand-ins, and nobody said which counts: a.ipynb, b.ipynb"
    assert final_grades(TIMED, files, StudentDecisions({"ana": 60.0}))[0].points == 60


@pytest.mark.parametrize(
    ("filename", "late"),
    [
        ("garcialopezana_LATE_1234_98765_tarea1.ipynb", True),
        ("LATE_anon_hJ3kq_98765_tarea1.ipynb", True),
        ("garcialopezana_1234_98765_tarea_LATE_1234_98765_x.ipynb", False),
        ("garcialopezana_1234_98765_tarea1.ipynb", False),
    ],
)
def test_canvas_mark_of_lateness_is_kept_where_no_time_is_known(filename: str, late: bool) -> None:
    """In Canvas's own part of the name; what a student calls a file says nothing."""
    assert one(filename=filename).marked_late == late
    assert not one(filename=filename, late_hours=1).marked_late


def test_more_points_than_possible_are_the_maximum_of_a_scale() -> None:
    """A person may give them; the table of points shows them."""
    standing = one(decisions=StudentDecisions({"ana": 110.0}, {"ana": "extra"}))
    assert (standing.points, str(standing.on_scale(5.0, 1))) == (110, "5.0")
