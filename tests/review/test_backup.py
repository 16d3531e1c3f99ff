"""A graded class in one file and back, and a student's rights; in SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import json
import uuid
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import review_samples as samples
from postgresql_server import empty_postgresql as empty_postgresql
from postgresql_server import postgresql_url as postgresql_url
from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError

from grader.domain.decision import Decision, DecisionKind
from grader.domain.graded import GradedSubmission
from grader.domain.messages import message
from grader.gradebook import Adjustment, Gradebook, GradebookError, sqlite_url
from grader.gradebook.copying import copy_rows, record_tables
from grader.gradebook.student_record import SOMEBODY, belongings, delete_student, student_record
from grader.review.backup import MANIFEST, read_backup, restore_backup, write_backup
from grader.review.book import Book, BookPlace
from grader.review.decision_parsing import AuthorAndReason, DecisionRefusedError
from grader.review.student_files import delete_student_and_files, write_student_record

PUPILS = (samples.ANA, samples.LUIS, samples.ZOE)
NOON = datetime(2026, 12, 5, 12, 0, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path) -> BookPlace:
    """A graded class of three, with decisions on Luis, and a sentence that names him on Zoé's grade."""
    course = samples.own_course(tmp_path / "course")
    made = samples.write_folder(tmp_path / "out", "tarea1", PUPILS, course=course)
    with Book.open(made) as book:
        (luis,) = [one for one in book.gradebook.latest("tarea1") if one.student == "Luis Ñáñez"]
        decided = Decision(
            DecisionKind.POINTS, "tarea1", "Luis Ñáñez", "Ruiz", "bien", NOON, luis.sha256, "code_size", 7.5
        )
        book.decide([decided])
        book.gradebook.adjust(Adjustment("tarea1", "Luis Ñáñez", 80.0, "Ruiz", "válida", NOON))
        named = message("The weights are those of another hand-in ({others}).", others="Ana García, Luis Ñáñez")
        (zoe,) = [one for one in book.gradebook.latest("tarea1") if one.student == "Zoé Ruiz"]
        book.gradebook.add(replace(zoe, grade=replace(zoe.grade, reasons=(named,))), context="sample")
    return made


def everything(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the record."""
    with Gradebook.open(url) as gradebook, gradebook.transaction() as session:
        return {
            table.name: [tuple(row) for row in session.execute(table.select().order_by(table.c.id))]
            for table in record_tables()
        }


def require_refusal(url: str, table: Table) -> None:
    """The database refuses to delete a row."""
    refused = pytest.raises(DBAPIError, match="the gradebook is append-only")
    with Gradebook.open(url) as gradebook, gradebook._engine.connect() as connection, refused:
        connection.execute(table.delete())


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but the gradebook's."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith((".", "gradebook.sqlite"))
    }


def test_a_class_comes_back_from_its_backup_as_it_was(place: BookPlace, tmp_path: Path) -> None:
    """Every row and every byte; and it can be gone on with."""
    assert place.folder is not None
    backup = write_backup(place, tmp_path / "class.zip")
    assert backup == read_backup(tmp_path / "class.zip")
    assert (backup.hand_ins, backup.tables["grading"], backup.tables["decision"]) == (3, 4, 1)
    back = BookPlace.new(tmp_path / "back", course=place.course)
    restore_backup(tmp_path / "class.zip", back)
    assert everything(back.url) == everything(place.url)
    assert back.folder is not None
    assert files(back.folder) == files(place.folder)
    with Book.open(back) as book:
        book.refresh()
        book.gradebook.add(book.gradebook.latest("tarea1")[0], context="later")


def test_a_backup_goes_from_sqlite_to_postgresql_and_back(
    place: BookPlace, tmp_path: Path, empty_postgresql: str
) -> None:
    """The same rows with the same numbers, and new rows get new numbers."""
    write_backup(place, tmp_path / "one.zip")
    server = BookPlace.new(tmp_path / "server", empty_postgresql, course=place.course)
    restore_backup(tmp_path / "one.zip", server)
    assert everything(empty_postgresql) == everything(place.url)
    with Gradebook.open(empty_postgresql) as gradebook:
        gradebook.add(gradebook.latest("tarea1")[0], context="later")
    write_backup(server, tmp_path / "two.zip")
    back = BookPlace.new(tmp_path / "back")
    restore_backup(tmp_path / "two.zip", back)
    assert everything(back.url) == everything(empty_postgresql)


def test_nothing_is_written_over(place: BookPlace, tmp_path: Path, empty_postgresql: str) -> None:
    """Neither a folder nor a gradebook that holds something."""
    backup = tmp_path / "class.zip"
    write_backup(place, backup)
    with pytest.raises(GradebookError, match=r"holds something already\. Restore into an empty or a new folder"):
        restore_backup(backup, place)
    for _ in range(2):
        target = BookPlace.new(tmp_path / uuid.uuid4().hex, empty_postgresql)
        if everything(empty_postgresql)["submission"]:
            with pytest.raises(GradebookError, match=r"holds something already\. Choose an empty one"):
                restore_backup(backup, target)
        else:
            restore_backup(backup, target)


@pytest.mark.parametrize("change", ["byte", "member", "name", "text", "newer"])
def test_a_damaged_or_foreign_file_is_refused_before_anything_is_written(
    change: str, place: BookPlace, tmp_path: Path
) -> None:
    """Every member is compared with its digest, and names outside of a class's folder are no backup."""
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    write_backup(place, good)
    with zipfile.ZipFile(good) as archive, zipfile.ZipFile(bad, "w") as changed:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "grades.csv" and change == "byte":
                content = content.replace(b"Ana", b"Eva")
            if name == MANIFEST and change in {"name", "newer"}:
                document = json.loads(content)
                if change == "newer":
                    document["schema_version"] = 99
                else:
                    document["files"]["../evil"] = document["files"].pop("grades.csv")
                content = json.dumps(document).encode()
            changed.writestr("../evil" if name == "grades.csv" and change == "name" else name, content)
        if change == "member":
            changed.writestr("more.txt", "x")
    if change == "text":
        bad.write_text("no zip")
    expected = "was written by a newer version" if change == "newer" else "is no backup that `grader backup` wrote"
    with pytest.raises(GradebookError, match=expected):
        restore_backup(bad, BookPlace.new(tmp_path / "back"))
    assert not (tmp_path / "back").exists()
    assert not (tmp_path / "evil").exists()


def test_a_student_gets_everything_and_nobody_elses_name(place: BookPlace, tmp_path: Path) -> None:
    """Grades, decisions, answers, notebook, report."""
    with Book.open(place) as book:
        counts = write_student_record(book, "Luis Ñáñez", tmp_path / "luis.zip")
        zoe = json.dumps(student_record(book.gradebook, "Zoé Ruiz"), ensure_ascii=False)
    assert counts == {"hand_ins": 1, "notebooks": 1, "reports": 1}
    with zipfile.ZipFile(tmp_path / "luis.zip") as archive:
        record = json.loads(archive.read("student.json"))
        digest = record["submissions"][0]["sha256"]
        assert f"notebooks/{digest}.ipynb" in archive.namelist()
    assert record["submissions"][0]["gradings"][0]["document"]["student"] == "Luis Ñáñez"
    assert record["submissions"][0]["answers"]["compression"] == "No sé."
    assert [one["reason"] for one in record["decisions"] + record["adjustments"]] == ["bien", "válida"]
    assert ("Luis Ñáñez" in zoe, "Ana García" in zoe, SOMEBODY in zoe) == (False, False, True)


def test_a_deleted_student_is_nowhere_any_more(place: BookPlace, tmp_path: Path) -> None:
    """Not in a table, not in another student's grade, not in a file of the folder, not in an unused page."""
    assert place.folder is not None
    with Book.open(place) as book:
        luis = belongings(book.gradebook, "Luis Ñáñez")
        found = delete_student_and_files(book, "Luis Ñáñez", AuthorAndReason("Ruiz", "asked for it"))
        assert found == luis
        assert (found.submissions, found.gradings, found.answers, found.decisions) == (1, 1, 3, 2)
        assert [one.student for one in book.gradebook.latest("tarea1")] == ["Ana García", "Zoé Ruiz"]
        (zoe,) = [one for one in book.gradebook.latest("tarea1") if one.student == "Zoé Ruiz"]
        assert dict(zoe.grade.reasons[0].values)["others"] == f"Ana García, {SOMEBODY}"
    spellings = [
        name.encode() for name in ("Luis Ñáñez", "Luis \\u00d1\\u00e1\\u00f1ez", "luis nanez", luis.digests[0])
    ]
    for path in place.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert [name for name in spellings if name in content] == [], path
            assert "Luis" not in path.name
    assert everything(place.url)["deletion"][0][1:4] == (found.rows, "Ruiz", "asked for it")


def test_the_others_stay_as_they_were(place: BookPlace, empty_postgresql: str) -> None:
    """Rows, numbers, and the refusal to change them; in both databases."""
    with Gradebook.open(place.url) as source, Gradebook.open(empty_postgresql) as target:
        copy_rows(source, target)
    for url in (place.url, empty_postgresql):
        before = everything(url)
        with Gradebook.open(url) as gradebook:
            ana = belongings(gradebook, "Ana García")
            delete_student(gradebook, "Luis Ñáñez", author="Ruiz", reason="why")
            assert belongings(gradebook, "Ana García") == ana
        after = everything(url)
        assert [row for row in before["submission"] if row[2] != "Luis Ñáñez"] == after["submission"]
        assert after["decision"] == after["adjustment"] == []
        for table in record_tables():
            if after[table.name]:  # a trigger of SQLite needs a row
                require_refusal(url, table)
    assert {name for name, rows in everything(place.url).items() if rows} >= {
        "submission",
        "grading",
        "open_answer",
        "deletion",
    }


def test_bytes_that_a_classmate_handed_in_as_well_stay(tmp_path: Path) -> None:
    """The run that both share, its answers and its file are the classmate's."""
    place = samples.write_folder(tmp_path / "out", "stacked", PUPILS[:1])
    assert place.folder is not None
    with Book.open(place) as book:
        (ana,) = book.gradebook.latest("stacked")
        copied: GradedSubmission = replace(ana, student="Eva Gil")
        book.gradebook.add(copied, context="sample")
        assert belongings(book.gradebook, "Eva Gil").digests == ()
        delete_student_and_files(book, "Eva Gil", AuthorAndReason("Ruiz", "why"))
        assert set(book.decisions.answers("stacked")) == {ana.sha256}
    assert (place.folder / "notebooks" / f"{ana.sha256}.ipynb").is_file()


def test_a_deletion_that_fails_deletes_nothing(place: BookPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the tables are guarded as before."""
    before = everything(place.url)
    monkeypatch.setattr("grader.gradebook.student_record._take_name_out", lambda *_: 1 / 0)
    with Gradebook.open(place.url) as gradebook, pytest.raises(ZeroDivisionError):
        delete_student(gradebook, "Luis Ñáñez", author="Ruiz", reason="why")
    assert everything(place.url) == before
    for table in record_tables():
        if before[table.name]:
            require_refusal(place.url, table)


def test_a_name_that_nobody_has_is_told(place: BookPlace) -> None:
    """With those that are like it; and a reason is asked for."""
    with Book.open(place) as book:
        with pytest.raises(DecisionRefusedError, match="Did you mean"):
            delete_student_and_files(book, "Luis Nanez", AuthorAndReason("Ruiz", "why"))
        with pytest.raises(DecisionRefusedError, match="Why"):
            delete_student_and_files(book, "Luis Ñáñez", AuthorAndReason("Ruiz", ""))
    with Gradebook.open(sqlite_url(place.folder / "gradebook.sqlite")) as gradebook:  # type: ignore[operator]
        assert belongings(gradebook, "Luis Ñáñez").rows > 0
