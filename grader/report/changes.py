"""Describes how a change of rubric or checks affects one grade: shared by the terminal and the dashboard."""

from __future__ import annotations

from grader.domain.assignment import Assignment
from grader.domain.grade import CheckResult, Outcome
from grader.domain.graded import GradedSubmission
from grader.report.views import check_title
from grader.report.wording import Wording


def points_and_status(graded: GradedSubmission, wording: Wording) -> str:
    """Return the points of a hand-in, the possible points, and its status."""
    grade = graded.grade
    points = f"{wording.points(grade.points_counted)}/{wording.points(grade.points_possible)}"
    return f"{points} {wording.status(grade.status)}"


def moved_checks(old: GradedSubmission, new: GradedSubmission, assignment: Assignment, wording: Wording) -> list[str]:
    """Name every check with other points than before, added or removed; then lateness."""
    before = {result.check: result for result in old.grade.results}
    after = {result.check: result for result in new.grade.results}
    moved = []
    for check in dict.fromkeys((*after, *before)):
        was, now = (_earned(side.get(check), wording) for side in (before, after))
        if was != now:
            moved.append(f"{check_title(check, assignment, wording)}: {was} → {now}")
    if old.grade.late != new.grade.late:
        moved.append(wording.t("lateness"))
    return moved


def _earned(result: CheckResult | None, wording: Wording) -> str:
    if result is None:
        return "–"
    if result.outcome is Outcome.UNGRADABLE:
        return f"?/{wording.points(result.points_possible)}"
    return f"{wording.points(result.points_awarded)}/{wording.points(result.points_possible)}"
