"""Grades as files: the contract of `grades.json`, a table that no spreadsheet misreads, files that are whole."""

from __future__ import annotations

import csv
import io
import json
import os
import pwd
import resource
import signal
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from gradebook_samples import ASSIGNMENT, MSE, graded, rich
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.domain.assignment import DuePolicy, LetterBound
from grader.domain.audit import AuditOutcome, AuditRecord
from grader.domain.grade import CheckResult, Grade, GradeStatus, Lateness, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.messages import message, verbatim
from grader.gradebook import GradebookError, grades_csv, grades_json, write_atomically
from grader.locale import Translator

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ENGLISH = Translator("en", strict=True)


def table(text: str) -> list[list[str]]:
    """Read a table as a spreadsheet does."""
    return list(csv.reader(io.StringIO(text, newline="")))


# JSON ----------------------------------------------------------------------------------------------------------------


def test_grades_json_is_the_documented_contract():
    """Every key of a grade, its run, checks, findings and measurements, with sentences in one language."""
    assert json.loads(grades_json(ASSIGNMENT, [rich()], ENGLISH)) == {
        "schema_version": 1,
        "assignment": "stacked",
        "grades": [
            {
                "student": "Ñáñez, José\u0000=\ud83d",
                "submission": 'tarea "1";\n.ipynb',
                "sha256": "b" * 64,
                "status": "NEEDS_REVIEW",
                "points_awarded": 0.0,
                "points_possible": 10.0,
                "points_machine": 0.0,
                "decision": None,
                "submitted_at": "2026-12-04T04:59:00+00:00",
                "late": {"minutes": 2880, "percent": 20.0, "points": 0.0},
                "points_counted": 0.0,
                "data": "sample",
                "accelerated": True,
                "wall_seconds": 31.5,
                "reasons": ["A check could not be judged: reconstruction"],
                "run": {
                    "status": "raised",
                    "stopped_by": "nothing",
                    "cells_total": 9,
                    "cells_run": 8,
                    "errors": [
                        {"cell_index": 3, "name": "ValueError", "text": "shapes (32,) and (30,)", "line": "ae.fit(x)"}
                    ],
                    "errors_left_out": 0,
                    "wall_seconds": 12.25,
                    "peak_memory_mib": 812.5,
                    "output_truncated": True,
                    "sandboxed": False,
                    "detail": "Exit status 1",
                },
                "checks": [
                    {
                        "check": "code_size",
                        "outcome": "FAILED",
                        "points_awarded": 0.0,
                        "points_possible": 5.0,
                        "message": "Too wide",
                        "findings": [
                            {
                                "where": "Model ae",
                                "expected": "A code of 30 numbers",
                                "actual": "64 numbers",
                                "why": "A wider code compresses less.",
                                "hint": "Look at the last layer of the encoder.",
                            }
                        ],
                        "measurements": [],
                        "outcome_machine": "FAILED",
                        "points_machine": 0.0,
                        "decision": None,
                    },
                    {
                        "check": "reconstruction",
                        "outcome": "UNGRADABLE",
                        "points_awarded": 0.0,
                        "points_possible": 5.0,
                        "message": "Not measured",
                        "findings": [],
                        "measurements": [
                            {
                                "name": "reconstruction_mse",
                                "value": 0.018,
                                "unit": "pixel²",
                                "how": "mean over 500 hidden images",
                            }
                        ],
                        "outcome_machine": "UNGRADABLE",
                        "points_machine": 0.0,
                        "decision": None,
                    },
                ],
                "answers": [],
                "audit": None,
            }
        ],
    }


def test_grades_json_speaks_the_readers_language():
    """Sentences are translated, keys and values are not."""
    result = CheckResult("code_size", Outcome.PASSED, 5.0, 5.0, message("Needs review"), (), (MSE,))
    one = replace(graded(), grade=Grade(5.0, 10.0, GradeStatus.FINAL, (result,)))
    check = json.loads(grades_json(ASSIGNMENT, [one], Translator("es", strict=True)))["grades"][0]["checks"][0]
    assert (check["message"], check["outcome"]) == ("Requiere revisión", "PASSED")
    assert check["measurements"][0]["value"] == 0.018


def test_grades_json_is_stable_and_readable():
    """In order of student whatever the order of grading; accents are written as they are."""
    class_ = [graded("eva"), graded("Ñico"), graded("ana", sha256="b" * 64), graded("ana")]
    text = grades_json(ASSIGNMENT, class_, ENGLISH)
    assert text == grades_json(ASSIGNMENT, class_[::-1], ENGLISH)
    assert [(one["student"], one["sha256"][0]) for one in json.loads(text)["grades"]] == [
        ("ana", "a"), ("ana", "b"), ("eva", "a"), ("Ñico", "a"),
    ]  # fmt: skip
    assert '"student": "Ñico"' in text
    assert text.endswith("}\n")


def test_an_empty_class_is_an_empty_list():
    """A folder without submissions gives a file that programs can read."""
    assert json.loads(grades_json(ASSIGNMENT, [], ENGLISH)) == {
        "schema_version": 1,
        "assignment": "stacked",
        "grades": [],
    }


def test_a_number_that_is_not_finite_is_never_written():
    """NaN is no JSON; some readers make a zero of it."""
    with pytest.raises(ValueError, match="JSON compliant"):
        grades_json(ASSIGNMENT, [replace(graded(), wall_seconds=float("nan"))], ENGLISH)


# CSV -----------------------------------------------------------------------------------------------------------------


def test_grades_csv_shows_points_grade_and_checks():
    """Ordered by student; the grade is on the assignment's scale of 5.0."""
    assert grades_csv(ASSIGNMENT, [graded("eva", points=(0.0, 5.0)), graded("ana")]) == (
        "student,submission,sha256,status,points_awarded,points_provisional,points_possible,grade,"
        "code_size,reconstruction\r\n"
        f"ana,stacked.ipynb,{'a' * 64},FINAL,7.5,,10,3.8,5,2.5\r\n"
        f"eva,stacked.ipynb,{'a' * 64},FINAL,5,,10,2.5,0,5\r\n"
    )


def test_a_grade_that_waits_for_a_person_is_never_a_silent_zero():
    """Awarded points and grade stay empty, also the column of the check that could not be judged."""
    results = (
        CheckResult("code_size", Outcome.PASSED, 5.0, 5.0, verbatim("")),
        CheckResult("reconstruction", Outcome.UNGRADABLE, 0.0, 5.0, verbatim("")),
    )
    waiting = replace(graded(), grade=Grade(5.0, 10.0, GradeStatus.NEEDS_REVIEW, results))
    header, row = table(grades_csv(ASSIGNMENT, [waiting]))
    assert dict(zip(header, row, strict=True)) == {
        "student": "ana",
        "submission": "stacked.ipynb",
        "sha256": "a" * 64,
        "status": "NEEDS_REVIEW",
        "points_awarded": "",
        "points_provisional": "5",
        "points_possible": "10",
        "grade": "",
        "code_size": "5",
        "reconstruction": "",
    }


LATE = Lateness(90, 10.0, 0.75)
DUE = DuePolicy(datetime(2026, 12, 1, 23, 59, tzinfo=timezone(timedelta(hours=-5))), late_percent_per_day=10.0)


def late(one: GradedSubmission) -> GradedSubmission:
    """The same, handed in an hour and a half after the due date."""
    return replace(one, grade=replace(one.grade, late=LATE), submitted_at=datetime(2026, 12, 2, 6, 29, tzinfo=UTC))


def test_lateness_has_columns_of_its_own_where_something_is_due():
    """The points of the checks stay; the grade is made of what is left; an unknown time leaves the cells empty."""
    waiting = late(graded("zoe"))
    waiting = replace(waiting, grade=replace(waiting.grade, status=GradeStatus.NEEDS_REVIEW))
    header, ana, eva, zoe = table(
        grades_csv(replace(ASSIGNMENT, due=DUE), [late(graded("ana")), graded("eva"), waiting])
    )
    assert header[4:] == [
        "points_awarded", "points_provisional", "points_possible", "grade",
        "submitted_at", "late_minutes", "late_percent", "late_points", "points_counted", "code_size", "reconstruction",
    ]  # fmt: skip
    moment = "2026-12-02T06:29:00+00:00"
    assert ana[4:] == ["7.5", "", "10", "3.4", moment, "90", "10", "0.75", "6.75", "5", "2.5"]
    assert eva[4:] == ["7.5", "", "10", "3.8", "", "", "", "", "7.5", "5", "2.5"]
    assert zoe[4:] == ["", "7.5", "10", "", moment, "90", "10", "0.75", "", "5", "2.5"]


def test_lateness_is_shown_also_after_the_due_date_was_taken_back():
    """No deduction is ever hidden."""
    assert "late_points" in table(grades_csv(ASSIGNMENT, [late(graded())]))[0]
    assert "late_points" not in table(grades_csv(ASSIGNMENT, [graded()]))[0]


def test_grades_json_keeps_lateness_apart_from_the_checks():
    """An object of its own, null where nobody knows; the points awarded are those of the checks."""
    both = json.loads(grades_json(ASSIGNMENT, [late(graded("ana")), graded("eva")], ENGLISH))["grades"]
    shown = [(one["points_awarded"], one["late"], one["points_counted"], one["submitted_at"]) for one in both]
    assert shown == [
        (7.5, {"minutes": 90, "percent": 10.0, "points": 0.75}, 6.75, "2026-12-02T06:29:00+00:00"),
        (7.5, None, 7.5, None),
    ]


def test_a_scale_of_letters_gives_letters():
    """The letter of the rounded percentage; none that a spreadsheet would take for a formula."""
    letters = (LetterBound("B", 75.0), LetterBound("-", 0.0))
    scale = replace(ASSIGNMENT, scale_maximum=100.0, scale_decimals=0, scale_letters=letters)
    _, ana, eva = table(grades_csv(scale, [graded("ana"), graded("eva", points=(0.0, 5.0))]))
    assert (ana[7], eva[7]) == ("B", "'-")


def test_a_check_that_only_an_older_rubric_had_gets_a_column_at_the_end():
    """No earned point is left out of the table, and a check that was not asked then is empty."""
    results = (CheckResult("old", Outcome.PASSED, 2.0, 2.0, verbatim("")),)
    header, row = table(grades_csv(ASSIGNMENT, [replace(graded(), grade=Grade(2.0, 2.0, GradeStatus.FINAL, results))]))
    assert (header[8:], row[8:]) == (["code_size", "reconstruction", "old"], ["", "", "2"])


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_name_is_taken_for_a_formula(start: str):
    """A student called `=HYPERLINK(…)` does nothing in the instructor's spreadsheet."""
    name = start + 'HYPERLINK("http://x","y")'
    row = table(grades_csv(ASSIGNMENT, [graded(name, filename=name)]))[1]
    assert row[:2] == [f"'{name}", f"'{name}"]


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
@settings(deadline=None)  # a busy machine shifts no points either
def test_any_name_stays_in_its_own_cell(student: str, filename: str):
    """Commas, quotes and line ends in a name never shift the points of anybody."""
    rows = table(grades_csv(ASSIGNMENT, [graded(student, filename=filename), graded("zzz")]))
    assert [len(row) for row in rows] == [10, 10, 10]
    row = rows[2] if rows[1][0] == "zzz" and student != "zzz" else rows[1]
    assert (row[0].replace("'", ""), row[1].replace("'", "")) == (student.replace("'", ""), filename.replace("'", ""))
    assert row[3:8] == ["FINAL", "7.5", "", "10", "3.8"]


FORMULAS = st.lists(
    st.sampled_from(["=", "+", "-", "@", ";", ",", "\t", "\n", "\r", '"', "'", " ", "a", "＝"]), max_size=12
)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@given(student=FORMULAS.map("".join), filename=FORMULAS.map("".join))
@settings(deadline=None)
@example(student="ana", filename="a;=cmd|'calc'!A1;b.ipynb")
@example(student='a;"=cmd', filename="\n=cmd")
def test_no_cell_starts_a_formula_whatever_parts_the_cells(separator: str, student: str, filename: str):
    """A Spanish spreadsheet reads semicolons, and finds other cells in a name than we wrote."""
    text = grades_csv(ASSIGNMENT, [graded(student, filename=filename)])
    cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) for cell in row]
    assert [cell for cell in cells if cell.lstrip(' "').startswith(("=", "+", "-", "@", "＝"))] == []


def test_a_rubric_without_points_gives_no_grade():
    """Nothing possible is no zero."""
    nothing_possible = replace(rich(), grade=Grade(0.0, 0.0, GradeStatus.FINAL, ()))
    row = next(csv.DictReader(io.StringIO(grades_csv(ASSIGNMENT, [nothing_possible]))))
    assert row["grade"] == ""


@pytest.mark.parametrize(
    ("points", "shown"),
    [(10.0, "10"), (0.1 + 0.2, "0.3"), (-0.0, "0"), (2 / 3, "0.666666667"), (1e-12, "0"), (100, "100")],
)
def test_points_are_written_plainly(points: float, shown: str):
    """No exponent, no noise of binary fractions, no minus before a zero."""
    one = replace(graded(), grade=Grade(points, 100.0, GradeStatus.FINAL, ()))
    assert table(grades_csv(ASSIGNMENT, [one]))[1][4] == shown


# Files ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_files() -> Iterator[None]:
    """Let this process write at most 4 KiB into one file: an error of the same family as a full disk."""
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, ignored)


def test_a_file_is_written_whole_and_nothing_else_stays(tmp_path: Path):
    """UTF-8 without a mark, line ends as given, over an older file, readable for the group as usual."""
    path = tmp_path / "grades.csv"
    path.write_text("old")
    write_atomically(path, "Ñ\r\n\n\ud83d")
    assert path.read_bytes() == b"\xc3\x91\r\n\n?"
    assert [file.name for file in tmp_path.iterdir()] == ["grades.csv"]
    (tmp_path / "usual").touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "usual").stat().st_mode)


@pytest.mark.usefixtures("small_files")
def test_a_full_disk_leaves_the_old_file(tmp_path: Path):
    """Half a table of grades never replaces a whole one."""
    path = tmp_path / "grades.csv"
    path.write_text("old")
    with pytest.raises(GradebookError) as caught:
        write_atomically(path, "x" * 5000)
    assert ENGLISH.text(caught.value.reason) == (
        f"The disk or your quota is full, so {path} was not written; an earlier version of it is unchanged. Free some "
        "space and run the command again."
    )
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("grades.csv", "old")]


@pytest.mark.parametrize(
    ("where", "problem"),
    [
        ("missing/grades.csv", "No such file or directory"),
        ("file/grades.csv", "Not a directory"),
        ("folder", "Is a directory"),
    ],
)
def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, where: str, problem: str):
    """What, where, why, what to do; nothing is left behind."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(GradebookError) as caught:
        write_atomically(tmp_path / where, "x")
    assert ENGLISH.text(caught.value.reason) == (
        f"{tmp_path / where} cannot be written ({problem}); an earlier version of it is unchanged. Check that its "
        "folder exists and that you may write there, or choose another one."
    )
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["file", "folder"]


@pytest.fixture
def closed_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that we may not write to, as somebody to whom permissions apply: root may write everywhere."""
    tmp_path.chmod(0o500)
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    yield tmp_path
    if was_root:
        os.seteuid(0)


def test_a_folder_without_permission_is_told(closed_folder: Path):
    """The usual mistake on a shared machine."""
    with pytest.raises(GradebookError, match=r"cannot be written \(Permission denied\)"):
        write_atomically(closed_folder / "grades.csv", "x")


def test_an_audit_stands_in_the_grades_with_what_it_showed() -> None:
    """Outcome, reasons and numbers, for programs; the sentences in the language that was asked for."""
    seen = AuditRecord(AuditOutcome.FAILED, (message("No training was seen."),), 0.82, (-0.54, None))
    document = json.loads(grades_json(ASSIGNMENT, [replace(graded(), audit=seen)], Translator("en")))
    assert document["grades"][0]["audit"] == {
        "outcome": "failed",
        "suspicions": ["No training was seen."],
        "here": 0.82,
        "there": [-0.54, None],
        "otherwise": None,
    }
