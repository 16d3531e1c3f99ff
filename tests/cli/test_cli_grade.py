"""`grader grade` and `grader check` with real kernels: bad files beside good ones, and notebooks that are not finished.

No notebook here trains anything, so that the whole module takes seconds.
"""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_samples import OLD_FORMAT, UNREADABLE, Ended, has_sandbox, notebook, run, write_unreadable

SANDBOX = "bubblewrap" if has_sandbox() else "none"


@pytest.fixture(scope="module")
def class_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder a student: every file that cannot be read, one in an old format, and two hand-ins of one student."""
    folder = tmp_path_factory.mktemp("class")
    for kind in UNREADABLE:
        (folder / kind).mkdir()
        write_unreadable(folder / kind, kind).rename(folder / kind / "taller.ipynb")
    for place, content in {
        "old_format/taller.ipynb": OLD_FORMAT,
        "two/taller.ipynb": notebook("a = 1"),
        "two/taller2.ipynb": notebook("a = 2"),
    }.items():
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).write_text(content)
    return folder


@pytest.fixture(scope="module")
def no_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A user without data sets, so that the sample is used on every machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("KERAS_HOME", raising=False)
        yield


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where grades and reports go."""
    return tmp_path_factory.mktemp("out")


def grade(class_folder: Path, out: Path, *options: str) -> Ended:
    """Grade the class."""
    return run(
        "grade",
        class_folder,
        "--assignment",
        "stacked",
        "--out",
        out,
        "--sandbox",
        SANDBOX,
        "--data-size",
        "sample",
        *options,
    )


@pytest.fixture(scope="module")
def graded(class_folder: Path, out: Path, no_data: None) -> Ended:
    """The class graded in Spanish."""
    return grade(class_folder, out, "--lang", "es")


@pytest.fixture(scope="module")
def again(class_folder: Path, out: Path, graded: Ended) -> Ended:
    """The same command again, in English and as JSON."""
    return grade(class_folder, out, "--lang", "en", "--json")


def grades_of(student: str, text: str) -> list[dict[str, Any]]:
    """The grades of one student in `grades.json`."""
    return [one for one in json.loads(text)["grades"] if one["student"] == student]


def test_bad_files_never_stop_a_class(graded: Ended, out: Path) -> None:
    """Exit status 0, every student in the table, and the path of the report."""
    assert (graded.status, graded.out.splitlines()[-1]) == (0, f"Reporte del grupo: {out / 'index.html'}")
    assert all(student in graded.out for student in (*UNREADABLE, "old_format", "two"))


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_bad_file_has_a_status_and_a_sentence_of_its_own(kind: str, graded: Ended, again: Ended) -> None:
    """It waits for a person with no point lost, in the language of whoever asks."""
    (mine,) = grades_of(kind, again.out)
    assert mine["status"] == "NEEDS_REVIEW"
    assert mine["reasons"] == [UNREADABLE[kind].sentences["en"]]
    assert {check["outcome"] for check in mine["checks"]} == {"UNGRADABLE"}
    assert (mine["run"]["status"], mine["run"]["stopped_by"]) == ("unavailable", "nothing")


def test_the_report_of_a_bad_file_says_what_it_is(again: Ended, out: Path) -> None:
    """Nothing is blamed on the sandbox, which never started."""
    page = (out / "reports" / "empty.html").read_text()
    assert "The file is empty: it has 0 bytes." in page
    assert "The sandbox stopped working" not in page


def test_an_old_format_is_graded_with_a_note(again: Ended, out: Path) -> None:
    """The grade is final: it is the work that counts and not the format."""
    (mine,) = grades_of("old_format", again.out)
    assert (mine["status"], mine["run"]["status"], mine["run"]["cells_run"]) == ("FINAL", "completed", 1)
    page = (out / "reports" / "old_format.html").read_text()
    assert "The notebook is in the old format 3; it was read all the same." in page


def test_two_hand_ins_of_a_student_are_one_that_waits(graded: Ended, again: Ended) -> None:
    """Nothing of either is run, no point is lost, and the reason names both."""
    (mine,) = grades_of("two", again.out)
    assert (mine["status"], mine["run"]["status"], mine["run"]["cells_run"]) == ("NEEDS_REVIEW", "unavailable", 0)
    assert mine["reasons"] == [
        (
            "This student handed in 2 different notebooks: two/taller.ipynb, two/taller2.ipynb. None of them was run. "
            "Decide which one counts and grade that one alone."
        )
    ]


def test_each_run_leaves_a_log(graded: Ended, again: Ended, out: Path) -> None:
    """The first one tells of every hand-in, the second that nothing had to be run."""
    first, second = ((out / name).read_text().splitlines() for name in ("grader.log.1", "grader.log"))
    total = len(UNREADABLE) + 2
    results = [line.split(" ")[1:3] for line in first if f"/{total} " in line]
    assert sorted(student.rstrip(":") for _, student in results) == sorted([*UNREADABLE, "old_format", "two"])
    assert second[-1].endswith("Nothing had to be run: every hand-in was run before.")


def test_json_is_the_file_and_nothing_else(again: Ended, out: Path) -> None:
    """Standard output is what `grades.json` holds, so that a program can read it."""
    assert again.status == 0
    assert json.loads(again.out) == json.loads((out / "grades.json").read_text())


def test_a_second_run_grades_nothing_twice(again: Ended, out: Path) -> None:
    """One grading a submission, whatever language it is reported in."""
    with sqlite3.connect(out / "gradebook.sqlite") as database:
        counts = database.execute("SELECT count(*) FROM grading GROUP BY submission_id").fetchall()
    assert counts == [(1,)] * (len(UNREADABLE) + 2)


def test_the_table_shows_no_zero_for_what_waits(again: Ended, out: Path) -> None:
    """The columns of a grade stay empty until a person has looked."""
    with (out / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    waiting = [row for row in rows if row["status"] == "NEEDS_REVIEW"]
    assert len(waiting) == len(UNREADABLE) + 1
    assert {(row["points_awarded"], row["grade"]) for row in waiting} == {("", "")}


# check


def test_check_of_an_old_format_gives_guidance_and_the_note(tmp_path: Path, no_data: None) -> None:
    """It can be run, so it is no unreadable input: status 1, as it does not pass. On which data is reported as well."""
    (tmp_path / "old.ipynb").write_text(OLD_FORMAT)
    ended = run("check", tmp_path / "old.ipynb", "--assignment", "stacked", "--data-size", "sample", "--lang", "en")
    text = " ".join(ended.out.split())
    assert ended.status == 1
    remark, *stages = ended.err.splitlines()
    assert remark == (
        "Notebooks train on the embedded sample of fashion_mnist (8,000 images), as --data-size says; each report "
        "says so. What a right notebook loses there for having made fewer updates waits for a person."
    )
    assert [stage.split(":")[0].split(" for ")[0] for stage in stages] == [
        "Running the notebook",
        "Measuring the models",
    ]
    assert "The notebook is in the old format 3; it was read all the same." in text
    assert "No autoencoder was found." in text


def test_an_unfinished_notebook_gets_guidance(tmp_path: Path, no_data: None) -> None:
    """Straight out of `generate`: each cell to complete is named, in the notebook's own language."""
    assert run("generate", "stacked", "--out", tmp_path, "--lang", "es").status == 0
    ended = run("check", tmp_path / "stacked.ipynb", "--data-size", "sample", "--json")
    (mine,) = json.loads(ended.out)["grades"]
    events = [json.loads(line) for line in ended.err.splitlines()]
    assert [one.get("stage") or one["event"] for one in events if one["event"] != "cell"] == [
        "remark",
        "running",
        "measuring",
    ]
    assert (ended.status, mine["status"], mine["points_awarded"]) == (1, "FINAL", 0.0)
    assert mine["run"]["errors"][0]["name"] == "NotImplementedError"
    runs, models = mine["checks"][:2]
    assert (runs["check"], runs["outcome"]) == ("runs", "FAILED")
    assert runs["findings"][0]["expected"] == "Una celda completada con tu propio código."
    assert (models["outcome"], len(models["findings"])) == ("FAILED", 3)
    assert {check["outcome"] for check in mine["checks"][2:]} == {"SKIPPED"}
