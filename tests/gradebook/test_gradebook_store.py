"""The gradebook keeps every grade exactly, changes none, and tells clearly when it cannot."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from gradebook_samples import graded, graded_submissions, observed, rich
from hypothesis import HealthCheck, given, settings
from sqlalchemy import event

from grader.domain.grade import GradeStatus
from grader.domain.messages import message
from grader.gradebook import Adjustment, Gradebook, GradebookError, sqlite_url
from grader.gradebook.tables import SCHEMA_VERSION
from grader.locale import Translator

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def find(gradebook: Gradebook, **changes: str):
    """Look for the grade that `graded()` makes, with some changes."""
    keys = {"assignment": "stacked", "student": "ana", "sha256": "a" * 64}
    return gradebook.find(**(keys | changes))


def rows(database: Path, query: str) -> list[tuple[object, ...]]:
    """Ask the file itself, past the gradebook."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


# Grades --------------------------------------------------------------------------------------------------------------


def test_a_grade_comes_back_exactly_as_it_was_added(gradebook: Gradebook):
    """Findings, pictures, messages and our own traceback included."""
    gradebook.add(rich(), context="c1")
    assert gradebook.latest("stacked") == [rich()]


@given(one=graded_submissions)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_grade_whatever_comes_back_exactly(one):
    """Infinities, half surrogates, huge numbers and nested messages survive the round trip, types included."""
    with Gradebook.open("sqlite://") as gradebook:
        gradebook.add(one, context="c1")
        kept = gradebook.latest(one.assignment)
        found = find(
            gradebook,
            assignment=one.assignment, student=one.student, sha256=one.sha256,
        )  # fmt: skip
    assert kept == [one]
    assert repr(kept) == repr([one])
    assert found == one


def test_a_grade_is_found_by_its_bytes_student_and_assignment(gradebook: Gradebook):
    """Another student, file or assignment has a grade of its own; the rubric of the latest is in the grade."""
    gradebook.add(graded(), context="c1")
    assert find(gradebook) == graded()
    others = {"assignment": "sparse", "student": "eva", "sha256": "b" * 64}
    assert [find(gradebook, **{key: value}) for key, value in others.items()] == [None] * 3


def test_an_observation_comes_back_exactly_whoever_handed_the_bytes_in(gradebook: Gradebook):
    """Claims, places, messages and half surrogates included; the latest counts, under the same settings alone."""
    gradebook.add_observation(observed(1.0), sha256="a" * 64, context="c1")
    gradebook.add_observation(observed(2.0), sha256="a" * 64, context="c1")
    assert gradebook.find_observation(sha256="a" * 64, context="c1") == observed(2.0)
    assert gradebook.find_observation(sha256="b" * 64, context="c1") is None
    assert gradebook.find_observation(sha256="a" * 64, context="c2") is None


def test_an_observation_that_this_version_cannot_read_counts_as_none(gradebook: Gradebook, database: Path):
    """The notebook is run again, which is all that is lost."""
    insert = (
        "INSERT INTO observation (sha256, context, document, observed_at) VALUES ('a', 'c', '{\"run\": 3}', '2026')"
    )
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(insert)
    assert gradebook.find_observation(sha256="a", context="c") is None


def test_contexts_are_those_of_the_latest_grades(gradebook: Gradebook):
    """By student, file name and digest, so that a grade can be given anew from what was observed."""
    gradebook.add(graded(), context="c1")
    gradebook.add(graded(), context="c2")
    gradebook.add(graded("eva"), context="c1")
    gradebook.add(replace(graded("zoé"), assignment="sparse"), context="c3")
    file = ("stacked.ipynb", "a" * 64)
    assert gradebook.contexts("stacked") == {("ana", *file): "c2", ("eva", *file): "c1"}


def test_the_latest_of_several_grades_is_found_and_all_are_kept(gradebook: Gradebook, database: Path):
    """Grading again adds a row; the earlier grade stays on record."""
    gradebook.add(graded(points=(0.0, 2.5), status=GradeStatus.NEEDS_REVIEW), context="c1")
    gradebook.add(graded(points=(5.0, 5.0)), context="c1")
    assert find(gradebook) == graded(points=(5.0, 5.0))
    assert rows(database, "SELECT status, points_awarded, points_possible, context FROM grading ORDER BY id") == [
        ("NEEDS_REVIEW", 2.5, 10.0, "c1"),
        ("FINAL", 10.0, 10.0, "c1"),
    ]
    assert rows(database, "SELECT assignment, student, filename, sha256 FROM submission") == [
        ("stacked", "ana", "stacked.ipynb", "a" * 64)
    ]


def test_the_same_bytes_under_another_name_are_found(gradebook: Gradebook):
    """Renaming a file is no reason to grade it again."""
    gradebook.add(graded(filename="copy (1).ipynb"), context="c1")
    assert find(gradebook) == graded(filename="copy (1).ipynb")


def test_latest_gives_each_file_once_in_order_of_student(gradebook: Gradebook):
    """Two hand-ins of one student are both there; other assignments are not."""
    early, late = graded("eva", points=(0.0, 0.0)), graded("eva", points=(5.0, 0.0))
    second = graded("eva", sha256="b" * 64)
    for one in (early, second, graded("zoé"), graded("Ana"), late):
        gradebook.add(one, context="c1")
    gradebook.add(replace(graded("ana"), assignment="sparse"), context="c1")
    assert gradebook.latest("stacked") == [graded("Ana"), late, second, graded("zoé")]
    assert gradebook.latest("unknown") == []


def test_a_gradebook_is_still_there_when_opened_again(database: Path):
    """Opening creates the tables once and keeps what is in them; afterwards one file holds everything."""
    for student in ("ana", "eva"):
        with Gradebook.open(sqlite_url(database)) as gradebook:
            gradebook.add(graded(student), context="c1")
    with Gradebook.open(sqlite_url(database)) as gradebook:
        assert gradebook.latest("stacked") == [graded("ana"), graded("eva")]
    assert [file.name for file in database.parent.iterdir()] == ["gradebook.sqlite"]


@pytest.mark.parametrize("name", ["con espacio.sqlite", "¿qué?x=1&y=2#z.sqlite", "100%25.sqlite", "a:b@c.sqlite"])
def test_any_file_name_may_hold_a_gradebook(tmp_path: Path, name: str):
    """`sqlite_url` escapes what means something in a URL."""
    with Gradebook.open(sqlite_url(tmp_path / name)) as gradebook:
        gradebook.add(graded(), context="c1")
    assert [file.name for file in tmp_path.iterdir()] == [name]


# Adjustments ---------------------------------------------------------------------------------------------------------


def test_adjustments_are_appended_and_come_back_in_order(gradebook: Gradebook, database: Path):
    """The machine's grade stays what it was; the time comes back in UTC."""
    first = Adjustment("stacked", "eva", 7.0, "Prof. Ruiz", "La celda 4 era válida", NOON)
    bogota = NOON.astimezone(timezone(timedelta(hours=-5)))
    second = Adjustment("stacked", "eva", 8.5, "Prof. Ruiz", "Recalificada", bogota)
    gradebook.add(graded("eva"), context="c1")
    gradebook.adjust(first)
    gradebook.adjust(second)
    gradebook.adjust(replace(first, assignment="sparse"))
    assert gradebook.adjustments("stacked") == [first, second]
    assert [one.at.utcoffset() for one in gradebook.adjustments("stacked")] == [timedelta(0), timedelta(0)]
    assert gradebook.latest("stacked") == [graded("eva")]
    assert rows(database, "SELECT points FROM adjustment ORDER BY id") == [(7.0,), (8.5,), (7.0,)]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"points": float("nan")}, "finite"),
        ({"author": " "}, "author"),
        ({"reason": ""}, "reason"),
        ({"at": datetime(2026, 3, 2)}, "time zone"),
    ],
)
def test_an_adjustment_without_author_reason_or_time_is_refused(changes: dict[str, object], complaint: str):
    """A change of a grade can always be traced."""
    with pytest.raises(ValueError, match=complaint):
        replace(Adjustment("stacked", "eva", 7.0, "Ruiz", "válida", NOON), **changes)


# Nothing is lost -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["submission", "grading", "observation", "adjustment", "gradebook_schema"])
@pytest.mark.parametrize("change", ["UPDATE {} SET rowid = rowid", "DELETE FROM {}"])
def test_the_database_itself_refuses_to_change_a_row(gradebook: Gradebook, database: Path, table: str, change: str):
    """Not even another program can overwrite a grade by accident."""
    gradebook.add(graded(), context="c1")
    gradebook.add_observation(observed(), sha256="a" * 64, context="c1")
    gradebook.adjust(Adjustment("stacked", "ana", 7.0, "Ruiz", "válida", NOON))
    with pytest.raises(sqlite3.IntegrityError, match="the gradebook is append-only"):
        rows(database, change.format(table))


CHILD = """
import sys
from gradebook_samples import graded
from grader.gradebook import Gradebook
with Gradebook.open(sys.argv[1]) as gradebook:
    number = 0
    while True:
        gradebook.add(graded(f"student{number:04}"), context="c1")
        print(number, flush=True)
        number += 1
"""


@pytest.mark.parametrize("reported", [1, 25])
def test_a_kill_loses_no_grade_that_was_added(database: Path, reported: int):
    """SIGKILL in the middle of a batch: all that `add` returned from is there, nothing is half there."""
    command = [sys.executable, "-c", CHILD, sqlite_url(database)]
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2])])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path}) as child:
        assert child.stdout is not None
        seen = [int(child.stdout.readline()) for _ in range(reported)]
        child.send_signal(signal.SIGKILL)
        seen += [int(line) for line in child.stdout.read().split()]
    assert child.returncode == -signal.SIGKILL
    with Gradebook.open(sqlite_url(database)) as gradebook:
        kept = gradebook.latest("stacked")
        # One more may have been committed whose report the kill cut off.
        assert len(kept) - len(seen) in (0, 1)
        assert kept == [graded(f"student{number:04}") for number in range(len(kept))]
        gradebook.add(graded("after"), context="c1")
    assert rows(database, "PRAGMA integrity_check") == [("ok",)]


def test_two_batches_may_write_at_the_same_time(database: Path):
    """Writers wait for each other, the first ones also to create the tables; every grade arrives once."""

    def batch(name: str) -> None:
        with Gradebook.open(sqlite_url(database)) as gradebook:
            for number in range(15):
                gradebook.add(graded(f"{name}{number:02}"), context="c1")
                gradebook.add(graded("both"), context="c1")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(batch, "abcd"))
    with Gradebook.open(sqlite_url(database)) as gradebook:
        names = [one.student for one in gradebook.latest("stacked")]
    assert sorted(names) == sorted([*(f"{name}{number:02}" for name in "abcd" for number in range(15)), "both"])
    assert rows(database, "SELECT count(*) FROM grading") == [(120,)]


def test_commits_are_synced_and_written_ahead(gradebook: Gradebook, database: Path):
    """The settings that make the promise above hold for a power cut too (2 is FULL)."""
    with gradebook._engine.connect() as connection:
        settings_kept = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "foreign_keys")
        ]
    assert settings_kept == [2, 1]
    assert rows(database, "PRAGMA journal_mode") == [("wal",)]


# Faults --------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def reason_of_failure() -> Iterator[list[str]]:
    """Expect a `GradebookError` and collect its sentence, in English and Spanish."""
    reported_text: list[str] = []
    with pytest.raises(GradebookError) as caught:
        yield reported_text
    reported_text += [Translator(language, strict=True).text(caught.value.reason) for language in ("en", "es")]
    assert str(caught.value) == reported_text[0]


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path):
    """What, where, what to do."""
    where = tmp_path / "missing" / "g.sqlite"
    with reason_of_failure() as reported_text:
        Gradebook.open(sqlite_url(where))
    english, spanish = reported_text
    assert english == (
        f"The gradebook {where} cannot be opened for writing (unable to open database file). Check that its folder "
        "exists and that you may write there, or choose another one."
    )
    assert spanish == (
        f"El libro de notas {where} no se puede abrir para escribir (unable to open database file). Verifica que su "
        "carpeta exista y que tengas permiso de escribir en ella, o elige otra."
    )


def test_a_read_only_gradebook_is_told(database: Path):
    """Reading goes on; adding says why it cannot."""
    with Gradebook.open(sqlite_url(database)) as gradebook:
        gradebook.add(graded(), context="c1")
    with Gradebook.open(f"sqlite:///file:{database}?mode=ro&uri=true") as gradebook:
        assert gradebook.latest("stacked") == [graded()]
        with reason_of_failure() as reported_text:
            gradebook.add(graded("eva"), context="c1")
    assert "cannot be opened for writing (attempt to write a readonly database)" in reported_text[0]


def test_a_full_disk_is_told_and_keeps_the_earlier_grades(database: Path):
    """SQLite's own limit of pages stands in for the disk: the error is the same."""
    with Gradebook.open(sqlite_url(database)) as gradebook:
        gradebook.add(graded("ana"), context="c1")

        @event.listens_for(gradebook._engine, "begin")
        def limit(connection) -> None:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")

        with reason_of_failure() as reported_text:
            gradebook.add(replace(graded("eva"), fault="x" * 50_000), context="c1")
        assert gradebook.latest("stacked") == [graded("ana")]
    assert reported_text[0] == (
        f"The disk is full, so the last grade was not saved in the gradebook {database}. Free some space and run the "
        "command again: it goes on where it stopped. Grades that were saved before are kept."
    )


def test_a_lock_that_another_program_holds_is_told(database: Path):
    """After the waiting time, not for ever; once the lock is gone, adding works."""
    with Gradebook.open(sqlite_url(database), busy_seconds=0.05) as gradebook:
        with contextlib.closing(sqlite3.connect(database)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert gradebook.latest("stacked") == []
            with reason_of_failure() as reported_text:
                gradebook.add(graded(), context="c1")
        gradebook.add(graded(), context="c1")
        assert gradebook.latest("stacked") == [graded()]
    assert reported_text[0].startswith(f"The gradebook {database} is in use by another program")


def damaged(database: Path) -> None:
    """Overwrite the middle of a gradebook."""
    with Gradebook.open(sqlite_url(database)) as gradebook:
        gradebook.add(graded(), context="c1")
    size = database.stat().st_size
    with database.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * (size - 100))


@pytest.mark.parametrize("make", [lambda path: path.write_text("student,grade\nana,5.0\n" * 99), damaged])
def test_a_file_that_is_no_gradebook_is_told_and_left_alone(database: Path, make: Callable[[Path], object]):
    """A table or a damaged file is neither overwritten nor taken for an empty gradebook."""
    make(database)
    before = database.read_bytes()
    with reason_of_failure() as reported_text:
        Gradebook.open(sqlite_url(database))
    assert reported_text[0].startswith(f"{database} is not a gradebook, or it is damaged (")
    assert database.read_bytes() == before


def test_the_database_of_another_program_is_told_and_left_alone(database: Path):
    """No table of ours appears in it, and its settings stay."""
    with contextlib.closing(sqlite3.connect(database)) as other:
        other.execute("CREATE TABLE grading (anything)")
        other.commit()
    before = database.read_bytes()
    with reason_of_failure() as reported_text:
        Gradebook.open(sqlite_url(database))
    assert reported_text[0] == f"{database} is a database, but not a gradebook. Choose another one, or a new file."
    assert database.read_bytes() == before


def test_a_newer_gradebook_is_told(gradebook: Gradebook, database: Path):
    """An old grader does not write into tables that it does not know."""
    with contextlib.closing(sqlite3.connect(database)) as newer:
        newer.execute("INSERT INTO gradebook_schema VALUES (99, '2027-01-01 00:00:00')")
        newer.commit()
    with reason_of_failure() as reported_text:
        Gradebook.open(sqlite_url(database))
    assert reported_text[0] == (
        f"The gradebook {database} was written by a newer version of the grader (tables of version 99, this one knows "
        f"{SCHEMA_VERSION}). Update the grader."
    )


def test_a_grade_that_cannot_be_read_is_told(gradebook: Gradebook, database: Path):
    """A document of another version is not guessed at."""
    gradebook.add(graded(), context="c1")
    with contextlib.closing(sqlite3.connect(database)) as other:
        other.execute(
            "INSERT INTO grading SELECT 2, submission_id, rubric_hash, context, status, points_awarded, "
            "points_possible, wall_seconds, replace(document, '\"student\"', '\"pupil\"'), graded_at FROM grading"
        )
        other.commit()
    for read in (find, lambda book: book.latest("stacked")):
        with reason_of_failure() as reported_text:
            read(gradebook)
        assert reported_text[0].startswith(f"Grade number 2 in the gradebook {database} cannot be read by this version")


@pytest.mark.parametrize("url", ["", "gradebook.sqlite", "mysql://user:secret@host/x", "a://b c"])
def test_a_wrong_address_is_told_without_showing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str):
    """An address may hold a password."""
    monkeypatch.chdir(tmp_path)
    with reason_of_failure() as reported_text:
        Gradebook.open(url)
    assert reported_text[0] == (
        "The address of the gradebook is wrong. Write `sqlite:///folder/gradebook.sqlite` or "
        "`postgresql://user:password@host/database`."
    )


def test_an_error_shows_its_reason_in_english():
    """Logs and tracebacks are readable without a translator."""
    assert str(GradebookError(message("{n} of {all}", n=1, all=2))) == "1 of 2"
