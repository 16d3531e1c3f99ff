"""The content of the page of a whole class, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from urllib.parse import quote

from grader.domain.assignment import Assignment
from grader.domain.grade import CheckResult, Grade, GradeStatus, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.people import shown_student, sorting_key
from grader.domain.text import ending
from grader.report import hygiene
from grader.report.score import scaled_value, score
from grader.report.views import check_anchor, check_title, review_reasons
from grader.report.wording import Wording

_REASON_LIMIT = 400
_FAULT_LIMIT = 4000

ReportNames = Mapping[tuple[str, str], str]
"""Address of each report relative to the class page, by student and SHA-256 of the submission."""


@dataclass(frozen=True, slots=True)
class CheckCell:
    """One check of one student.

    Attributes:
        outcome: For colour and icon.
        word: The same in a word.
        points: Points, "" if nobody could judge.
        machine: The machine's points where a person gave others, else "".
        link: Address in the student's report, or "".
    """

    outcome: Outcome
    word: str
    points: str
    machine: str
    link: str


@dataclass(frozen=True, slots=True)
class StudentRow:
    """One student.

    Attributes:
        student: Who.
        filename: Which file.
        link: Address of the report, or "".
        final: Whether the grade may be given out.
        status: The same in a word.
        score: Grade on the scale, or `at least …`.
        points: Points in words.
        lateness: Points that lateness costs, in words, or "".
        machine: What the checks alone add up to where a person decided, in words, or "".
        cells: One a column; None if this grade has no such check.
        reasons: Why a person must look.
        fault: Traceback of the grader's own failure, or "".
    """

    student: str
    filename: str
    link: str
    final: bool
    status: str
    score: str
    points: str
    lateness: str
    machine: str
    cells: tuple[CheckCell | None, ...]
    reasons: tuple[str, ...]
    fault: str


@dataclass(frozen=True, slots=True)
class ColumnView:
    """One check over the class: its title and how many met it."""

    title: str
    met: str


@dataclass(frozen=True, slots=True)
class ClassView:
    """The whole class.

    Attributes:
        title: The assignment's.
        summary: Name and value, in pairs.
        columns: Checks.
        rows: Students, by name.
        legend: Every outcome with its word.
    """

    title: str
    summary: tuple[tuple[str, str], ...]
    columns: tuple[ColumnView, ...]
    rows: tuple[StudentRow, ...]
    legend: tuple[tuple[Outcome, str], ...]

    @property
    def waiting(self) -> tuple[StudentRow, ...]:
        """The students whose grade waits for a person."""
        return tuple(row for row in self.rows if not row.final)


def class_view(
    graded: Sequence[GradedSubmission], assignment: Assignment, wording: Wording, report_names: ReportNames
) -> ClassView:
    """Describe a class in words, with students sorted by name."""
    checks = columns(graded, assignment)
    ordered = by_student(graded, wording.language)
    return ClassView(
        title=wording.pick(assignment.title) or assignment.assignment,
        summary=summary(graded, assignment, wording),
        columns=tuple(_column(check, graded, assignment, wording) for check in checks),
        rows=tuple(_student_row(one, checks, assignment, wording, report_names) for one in ordered),
        legend=tuple((outcome, wording.outcome(outcome)) for outcome in Outcome),
    )


def by_student(graded: Sequence[GradedSubmission], language: str) -> list[GradedSubmission]:
    """Sort by name as the language does, then by file."""
    return sorted(graded, key=lambda one: (sorting_key(one.student, language), one.filename, one.sha256))


def columns(graded: Sequence[GradedSubmission], assignment: Assignment) -> tuple[str, ...]:
    """Return the ids of all checks: the rubric's in order, then any that only stored grades have."""
    ids = dict.fromkeys(item.check for item in assignment.rubric)
    ids |= dict.fromkeys(result.check for one in graded for result in one.grade.results)
    return tuple(ids)


def summary(
    graded: Sequence[GradedSubmission], assignment: Assignment, wording: Wording
) -> tuple[tuple[str, str], ...]:
    """Count the class: submissions, final and waiting ones, and further facts.

    That is the median of the final grades where there are any, and, where a due date costs points, the hand-ins whose
    time is not known.
    """
    final = [one.grade for one in graded if one.grade.status is GradeStatus.FINAL]
    waiting = sum(one.grade.status is GradeStatus.NEEDS_REVIEW for one in graded)
    counted = [
        (wording.t("Submissions"), wording.count(len(graded))),
        (wording.t("Final"), wording.count(len(final))),
        (wording.t("Needs review"), wording.count(waiting)),
    ]
    if excused := len(graded) - len(final) - waiting:
        counted.append((wording.t("Excused"), wording.count(excused)))
    if final:
        counted.append((wording.t("Median of the final grades"), _median(final, assignment, wording)))
    unknown = sum(one.grade.late is None for one in graded)
    if assignment.due is not None and unknown:
        counted.append((wording.t("Time of hand-in not known"), wording.count(unknown)))
    return tuple(counted)


def results_of(check: str, graded: Sequence[GradedSubmission]) -> list[CheckResult]:
    """Return the results of one check over the class."""
    return [result for one in graded for result in one.grade.results if result.check == check]


def met_by(results: Sequence[CheckResult], wording: Wording) -> str:
    """Say how many of the results of a check are passed."""
    met = sum(result.outcome is Outcome.PASSED for result in results)
    return wording.t("{count} of {total}", count=wording.count(met), total=wording.count(len(results)))


# Helpers


def _median(final: Sequence[Grade], assignment: Assignment, wording: Wording) -> str:
    """Return the median with the scale's decimals, and one more if it lies half-way between two grades."""
    middle, decimals = median(scaled_value(grade, assignment) for grade in final), assignment.scale_decimals
    return wording.number(middle, decimals if round(middle, decimals) == middle else decimals + 1)


def _column(check: str, graded: Sequence[GradedSubmission], assignment: Assignment, wording: Wording) -> ColumnView:
    return ColumnView(check_title(check, assignment, wording), met_by(results_of(check, graded), wording))


def _student_row(
    one: GradedSubmission, checks: Sequence[str], assignment: Assignment, wording: Wording, report_names: ReportNames
) -> StudentRow:
    link = _address(report_names.get((one.student, one.sha256), ""))
    earned = score(one.grade, assignment, wording)
    results = {result.check: result for result in one.grade.results}
    return StudentRow(
        student=hygiene.one_line(shown_student(one.student), hygiene.NAME_LIMIT),
        filename=hygiene.one_line(one.filename, hygiene.NAME_LIMIT),
        link=link,
        final=earned.final,
        status=wording.status(one.grade.status),
        score=earned.short,
        points=earned.points,
        lateness=_lateness(one.grade, wording),
        machine=_machine(one.grade, wording),
        cells=tuple(_cell(results.get(check), link, wording) for check in checks),
        reasons=tuple(hygiene.one_line(reason, _REASON_LIMIT) for reason in review_reasons(one, assignment, wording)),
        fault=hygiene.many_lines(ending(one.fault, _FAULT_LIMIT), _FAULT_LIMIT),
    )


def _lateness(grade: Grade, wording: Wording) -> str:
    if grade.late is None or not grade.late.points:
        return ""
    return wording.t("late: {points} points less", points=wording.points(grade.late.points))


def _machine(grade: Grade, wording: Wording) -> str:
    if not grade.has_decisions:
        return ""
    return wording.t("the checks alone: {points}", points=wording.points(grade.machine_points))


def _cell(result: CheckResult | None, link: str, wording: Wording) -> CheckCell | None:
    if result is None:
        return None
    points = "" if result.outcome is Outcome.UNGRADABLE else wording.points(result.points_awarded)
    anchor = f"{link}#{check_anchor(result.check)}" if link else ""
    changed = result.decided is not None and not result.by_hand
    machine = wording.points(result.machine_points) if changed else ""
    return CheckCell(result.outcome, wording.outcome(result.outcome), points, machine, anchor)


def _address(name: str) -> str:
    """Return a relative address for a file name: quoted, and never with a scheme or a host of its own."""
    return f"./{quote(name.lstrip('/'))}" if name else ""
