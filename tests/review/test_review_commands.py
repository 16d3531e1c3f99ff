"""`grader review`, `adjust`, `extend` and `excuse` on a graded class."""

from __future__ import annotations

import csv
import json
import sqlite3
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))

from cli_samples import Ended, run

from grader.intake.naming import report_name
from grader.review.book import BookPlace


def command(name: str, *arguments: str, folder: Path, **options: str) -> Ended:
    """Run a command about the class in a folder, in English."""
    given = [part for option, value in options.items() for part in (f"--{option}", value)]
    return run(name, *arguments, "--out", folder, "--lang", "en", *given)


def grades(folder: Path) -> dict[str, dict[str, object]]:
    return {one["student"]: one for one in json.loads((folder / "grades.json").read_text("utf-8"))["grades"]}


def table(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "grades.csv").open(encoding="utf-8", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def report(folder: Path, student: str) -> str:
    return (folder / "reports" / f"{report_name(student)}.html").read_text("utf-8")


def test_review_shows_who_waits_and_why(folder: Path) -> None:
    """The two who wait, with the checks and the reasons; nobody else."""
    reported = command("review", folder=folder)
    assert reported.status == 0
    waiting = json.loads(command("review", "--json", folder=folder).out)
    assert {one["student"]: [check["check"] for check in one["checks"]] for one in waiting} == {
        "Iván Peña": [], "Zoé Ruiz": ["composition", "reconstruction"]}  # fmt: skip
    assert {one["student"]: one["reasons"] for one in waiting} == {
        "Iván Peña": ["Two different files were handed in."], "Zoé Ruiz": []}  # fmt: skip
    assert "Zoé Ruiz" in reported.out
    assert "Ana García" not in reported.out


def test_adjust_shows_both_values_in_every_result(folder: Path) -> None:
    """grades.json, grades.csv, the report and the class page hold the person's points beside the machine's."""
    done = command(
        "adjust", "Luis Ñáñez", "code_size", folder=folder, points="7,5", reason="argued well", author="Ruiz"
    )
    assert done.status == 0
    grade = grades(folder)["Luis Ñáñez"]
    check = next(one for one in grade["checks"] if one["check"] == "code_size")
    assert (check["points_awarded"], check["points_machine"], check["outcome"], check["outcome_machine"]) == (
        7.5, 0.0, "PARTIAL", "FAILED")  # fmt: skip
    assert (check["decision"]["author"], check["decision"]["reason"]) == ("Ruiz", "argued well")
    assert (grade["points_awarded"], grade["points_machine"]) == (77.5, 70.0)
    row = table(folder)["Luis Ñáñez"]
    assert (row["points_awarded"], row["points_machine"], row["code_size"]) == ("77.5", "70", "7.5")
    assert row["decided_by"] == "code_size 0 -> 7.5 (Ruiz)"
    assert "argued well" in report(folder, "Luis Ñáñez")
    page = (folder / "index.html").read_text("utf-8")
    assert "7,5 <del" in page
    assert ">0</del>" in page
    assert '<html lang="es">' in page  # the language that the results had


def test_a_grade_becomes_final_when_its_last_check_is_decided(folder: Path) -> None:
    """And not before; the class then no longer waits."""
    command("adjust", "zoe ruiz", "composition", folder=folder, points="5", reason="by hand")
    assert grades(folder)["Zoé Ruiz"]["status"] == "NEEDS_REVIEW"
    reported = command("adjust", "Zoé Ruiz", "reconstruction", folder=folder, points="40", reason="by hand")
    assert "100 of 100 points (5.0 of 5.0) · Final" in reported.out
    assert grades(folder)["Zoé Ruiz"]["status"] == "FINAL"
    assert table(folder)["Zoé Ruiz"]["grade"] == "5.0"


def test_reasons_are_accepted_with_a_reason(folder: Path) -> None:
    """Two files were handed in: a person looked, and the points stand."""
    assert command("review", "Iván Peña", "--accept", folder=folder).status == 2
    assert command("review", "Iván Peña", "--accept", folder=folder, reason="the second one counts").status == 0
    assert grades(folder)["Iván Peña"]["status"] == "FINAL"


def test_decisions_are_appended_with_author_reason_and_time(folder: Path) -> None:
    """All of them stay, and the database refuses to change one."""
    for points in ("1", "2"):
        command("adjust", "Ana García", "runs", folder=folder, points=points, reason="why", author="Ruiz")
    with sqlite3.connect(folder / "gradebook.sqlite") as database:
        rows = database.execute("SELECT points, author, reason, at FROM decision ORDER BY id").fetchall()
        assert [row[:3] for row in rows] == [(1.0, "Ruiz", "why"), (2.0, "Ruiz", "why")]
        assert all(row[3] for row in rows)
        for statement in ("UPDATE decision SET points = 3", "DELETE FROM decision"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                database.execute(statement)


def test_a_decision_can_be_taken_back(folder: Path) -> None:
    """The machine's result counts again; a second time there is nothing to take back."""
    command("adjust", "Ana García", "runs", folder=folder, points="1", reason="why")
    assert command("adjust", "Ana García", "runs", "--withdraw", folder=folder, reason="a slip").status == 0
    assert grades(folder)["Ana García"]["points_awarded"] == 100.0
    again = command("adjust", "Ana García", "runs", "--withdraw", folder=folder, reason="a slip")
    assert (again.status, again.err) == (2, "Nobody has decided about runs: there is nothing to take back.\n")


@pytest.mark.parametrize(
    ("arguments", "points", "said"),
    [
        (("Anna Garcia", "runs"), "1", "Nobody called Anna Garcia has handed in anything. Did you mean: Ana García?"),
        (("Xu", "runs"), "1", "Nobody called Xu has handed in anything."),
        (("Ana García", "run"), "1", ("There is no check run; did you mean runs? There are: runs, models, shapes, "
         "code_size, layers, mirror, composition, bottleneck, reconstruction, total.")),
        (("Ana García", "runs"), "5.5", "5.5 points are not possible for runs: it has 5.0 at most, and 0 at least."),
        (("Ana García", "total"), "100.01", "100.01 points are not possible for total: it has 100.0 at most, and 0 at least."),
        (("Ana García", "runs"), "nan", "“nan” is no number of points: write one such as 7.5."),
        (("Ana García", "runs"), "inf", "“inf” is no number of points: write one such as 7.5."),
        (("Ana García", "runs"), "-1", "“-1” is no number of points: write one such as 7.5."),
        (("Ana García", "runs"), "1e400", "“1e400” is no number of points: write one such as 7.5."),
        (("Ana García", "runs"), "2.345", "Points have at most two decimals, and 2.345 has more."),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_a_clear_sentence(
    folder: Path, arguments: tuple[str, str], points: str, said: str
) -> None:
    """Exit status 2, one sentence, and nothing changes."""
    before = (folder / "grades.json").read_bytes()
    done = command("adjust", *arguments, folder=folder, reason="why", points=points)
    assert (done.status, done.err) == (2, f"{said}\n")
    assert (folder / "grades.json").read_bytes() == before


def test_a_reason_of_blanks_is_refused(folder: Path) -> None:
    """The student has a right to know why."""
    done = command("adjust", "Ana García", "runs", folder=folder, points="1", reason="  ")
    assert (done.status, done.err) == (2, "Why? A decision needs a reason, which the student can read.\n")


def test_excuse_takes_a_grade_out_and_puts_it_back(folder: Path) -> None:
    """No grade, no waiting; the index counts it by itself."""
    assert command("excuse", "Zoé Ruiz", folder=folder, reason="ill").status == 0
    assert (grades(folder)["Zoé Ruiz"]["status"], table(folder)["Zoé Ruiz"]["grade"]) == ("EXCUSED", "")
    assert "Eximida" in (folder / "index.html").read_text("utf-8")
    assert command("excuse", "Zoé Ruiz", "--withdraw", folder=folder, reason="a slip").status == 0
    assert grades(folder)["Zoé Ruiz"]["status"] == "NEEDS_REVIEW"


def test_extend_moves_the_due_date_of_one_student(asked: BookPlace) -> None:
    """Luis is two days late: 20 % less; until the 4th nothing is late."""
    folder, course = Path(str(asked.folder)), str(asked.course.folder)
    assert grades(folder)["Luis Ñáñez"]["late"]["percent"] == 20.0
    reported = command("extend", "Luis Ñáñez", folder=folder, until="2026-12-04", reason="ill", course=course)
    assert reported.status == 0
    assert grades(folder)["Luis Ñáñez"]["late"] == {"minutes": 0, "percent": 0.0, "points": 0.0}
    assert command("extend", "Luis Ñáñez", "--withdraw", folder=folder, reason="well again", course=course).status == 0
    assert grades(folder)["Luis Ñáñez"]["late"]["percent"] == 20.0


def test_an_extension_without_sense_is_refused(asked: BookPlace) -> None:
    """No such date; nobody of this name, unless the name is said to be right."""
    out, course = Path(str(asked.folder)), str(asked.course.folder)
    wrong = command("extend", "Luis Ñáñez", folder=out, until="next week", reason="ill", course=course)
    assert wrong.err == "“next week” is no date: write 2026-12-04 or 2026-12-04T23:59.\n"
    unknown = command("extend", "Eva Sol", folder=out, until="2026-12-04", reason="ill", course=course)
    assert unknown.err == (
        "Nobody called Eva Sol has handed in anything. For somebody who has handed in nothing yet, add --not-yet.\n"
    )
    early = command("extend", "Eva Sol", "--not-yet", folder=out, until="2026-12-04", reason="ill", course=course)
    assert (early.status, early.out.splitlines()[0]) == (0, "Kept. It counts as soon as Eva Sol hands in.")


def test_an_assignment_without_a_due_date_has_nothing_to_extend(folder: Path) -> None:
    """Said at once, instead of a decision without effect."""
    done = command("extend", "Ana García", folder=folder, until="2026-12-04", reason="ill")
    assert (done.status, done.err) == (2, "stacked has no due date, so there is nothing to extend.\n")


def test_open_questions_wait_and_take_points_without_a_reason_of_the_machine(asked: BookPlace) -> None:
    """Two questions carry points: the grade is final when both have some; the third is only shown."""
    folder, course = Path(str(asked.folder)), str(asked.course.folder)
    (ana, _) = json.loads(command("review", "--json", folder=folder, course=course).out)
    assert [check["check"] for check in ana["checks"]] == ["compression", "losses"]
    assert {one["question"]: one["text"] for one in ana["answers"]} == {
        "compression": "Con 2 números el factor es **392**.", "parameters": "", "losses": "Se pierde la textura."}  # fmt: skip
    for question, points in (("compression", "6"), ("losses", "2.5")):
        command("adjust", "Ana García", question, folder=folder, points=points, reason="bien", course=course)
    grade = grades(folder)["Ana García"]
    assert (grade["status"], grade["points_awarded"], grade["points_possible"]) == ("FINAL", 108.5, 110.0)
    page = report(folder, "Ana García")
    assert "Con 2 números el factor es **392**." in page
    assert "Qué se pierde y qué se conserva" in page


def test_answers_stand_in_the_report_of_an_assignment_without_points_for_them(folder: Path) -> None:
    """A specification without points waits for nobody, and the answers are no longer lost."""
    assert grades(folder)["Ana García"]["status"] == "FINAL"
    assert "Se pierde la textura." in report(folder, "Ana García")


def test_a_folder_without_a_gradebook_is_told(tmp_path: Path) -> None:
    """And none is made by looking."""
    done = command("review", folder=tmp_path)
    assert done.status == 2
    assert done.err.startswith(f"There is no gradebook in {tmp_path}.")
    assert list(tmp_path.iterdir()) == []


def test_a_gradebook_elsewhere_is_named_by_its_address(folder: Path) -> None:
    """The results in the folder follow decisions that are kept elsewhere."""
    url = f"sqlite:///{folder / 'gradebook.sqlite'}"
    done = run("adjust", "Ana García", "runs", "--points", "1", "--reason", "why", "--gradebook", url, "--lang", "en")
    assert done.status == 0
    assert grades(folder)["Ana García"]["points_awarded"] == 100.0  # no folder was named, so none is written
    assert command("review", "Ana García", folder=folder).status == 0
