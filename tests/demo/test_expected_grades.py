"""Expected beside given: every difference is seen, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.cli.demonstration import _table, _verdict
from grader.demo.expected_grades import compare
from grader.demo.sample_class import CLASS, EVERY_CHECK
from grader.domain.grade import CheckResult, Grade, GradeStatus, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.measurement import Measurements
from grader.domain.messages import verbatim
from grader.domain.run import RunRecord, RunStatus
from grader.locale import Translator


def as_expected() -> dict[str, GradedSubmission]:
    """A grade for each student, exactly as the class list says."""
    grades = {}
    for pupil in CLASS:
        results = tuple(
            CheckResult(check, pupil.outcomes.get(check, Outcome.PASSED), 0.0, 10.0, verbatim("reported"))
            for check in EVERY_CHECK
        )
        grades[pupil.name] = GradedSubmission(
            student=pupil.name,
            filename=f"{pupil.name}.ipynb",
            sha256="0" * 64,
            assignment="stacked",
            rubric_hash="",
            grade=Grade(0.0, 90.0, pupil.status, results),
            run=RunRecord(RunStatus.COMPLETED),
            measurements=Measurements(),
        )
    return grades


def with_outcome(graded: GradedSubmission, check: str, outcome: Outcome) -> GradedSubmission:
    """The same with another outcome of one check."""
    results = tuple(replace(one, outcome=outcome) if one.check == check else one for one in graded.grade.results)
    return replace(graded, grade=replace(graded.grade, results=results))


def test_a_class_that_came_out_right_has_no_surprise() -> None:
    """In the order of the class, whatever the order of the grades."""
    compared = compare(list(reversed(as_expected().values())))
    assert [one.pupil for one in compared] == list(CLASS)
    assert all(one.as_expected and not one.surprises and one.status_expected for one in compared)


@pytest.mark.parametrize(
    ("student", "check", "given", "surprise"),
    [
        ("ana", "layers", Outcome.PARTIAL, ("layers", Outcome.PASSED, Outcome.PARTIAL)),
        ("elena", "code_size", Outcome.PASSED, ("code_size", Outcome.FAILED, Outcome.PASSED)),
        ("luis", "reconstruction", Outcome.PARTIAL, ("reconstruction", Outcome.FAILED, Outcome.PARTIAL)),
        ("mateo", "models", Outcome.FAILED, ("models", Outcome.UNGRADABLE, Outcome.FAILED)),
    ],
)
def test_a_check_that_came_out_otherwise_is_a_surprise(
    student: str, check: str, given: Outcome, surprise: tuple[str, Outcome, Outcome]
) -> None:
    """Better or worse than expected; the others of the class stay as they are."""
    grades = as_expected()
    grades[student] = with_outcome(grades[student], check, given)
    assert {one.pupil.name: one.surprises for one in compare(list(grades.values())) if not one.as_expected} == {
        student: (surprise,)
    }


def test_a_status_that_came_out_otherwise_is_a_surprise() -> None:
    """Also where every check is as expected: a grade that should have waited did not."""
    grades = as_expected()
    julian = grades["julian"]
    grades["julian"] = replace(julian, grade=replace(julian.grade, status=GradeStatus.FINAL))
    (compared,) = [one for one in compare(list(grades.values())) if not one.as_expected]
    assert (compared.pupil.name, compared.surprises, compared.status_expected) == ("julian", (), False)


def test_a_student_without_a_grade_is_an_error() -> None:
    """The demo must not pass by losing somebody."""
    grades = as_expected()
    del grades["hugo"]
    with pytest.raises(KeyError, match="hugo"):
        compare(list(grades.values()))


def test_another_file_in_the_folder_is_none_of_the_class() -> None:
    """Somebody's own notebook beside the class."""
    grades = as_expected()
    grades["guest"] = replace(grades["ana"], student="guest")
    assert len(compare(list(grades.values()))) == len(CLASS)


@pytest.mark.parametrize(
    ("language", "right", "wrong"),
    [
        (
            "en",
            "✓ as expected",
            "✗ layers: expected PASSED, given FAILED; status: expected FINAL, given NEEDS_REVIEW",
        ),
        (
            "es",
            "✓ como se esperaba",
            "✗ layers: se esperaba PASSED, se obtuvo FAILED; status: se esperaba FINAL, se obtuvo NEEDS_REVIEW",
        ),
    ],
)
def test_the_table_says_what_was_expected_and_what_was_given(language: str, right: str, wrong: str) -> None:
    """Every surprise by name, or a tick."""
    grades = as_expected()
    ana = with_outcome(grades["ana"], "layers", Outcome.FAILED)
    grades["ana"] = replace(ana, grade=replace(ana.grade, status=GradeStatus.NEEDS_REVIEW))
    compared = compare(list(grades.values()))
    translator = Translator(language, strict=True)
    assert [_verdict(one, translator).plain for one in compared[:2]] == [wrong, right]
    assert _table(compared, translator).row_count == len(CLASS)
