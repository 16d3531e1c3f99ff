"""What a graded class leaves in its folder."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
import small_disk
from grading_samples import context, in_english, submission

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.delivery import OutputFolderError, prepare_folder, report_file_names, write_class, write_report
from grader.domain.graded import GradedSubmission
from grader.gradebook import GradebookError, grades_json
from grader.locale import Translator
from grader.pipeline import grade_submission

STACKED = load_assignment("stacked")
FACTS = load_facts("stacked")


def graded(folder: Path, student: str = "ana", content: str | None = None) -> GradedSubmission:
    """A right submission of this student."""
    return grade_submission(submission(folder, student, content), context(assignment=STACKED, facts=FACTS))


# The folder


def test_the_output_folder_is_made_and_tried_out(tmp_path: Path) -> None:
    """With the folders above it; nothing is left of the trial."""
    folder = tmp_path / "course" / "week 13"
    assert prepare_folder(folder) == folder
    assert list(folder.iterdir()) == []


def test_a_file_in_place_of_the_output_folder_is_refused(tmp_path: Path) -> None:
    """Before an hour of work depends on it."""
    place = tmp_path / "out"
    place.write_text("a file")
    with pytest.raises(OutputFolderError) as caught:
        prepare_folder(place)
    assert in_english(caught.value.reason) == (
        f"The folder {place} cannot be written to (it is there already). Choose another one with --out."
    )


@pytest.mark.skipif(sys.platform != "linux", reason="/proc takes no folders, whoever asks")
def test_a_folder_that_cannot_be_made_is_refused() -> None:
    """Also for root, who may write almost everywhere."""
    with pytest.raises(OutputFolderError, match="cannot be written to"):
        prepare_folder(Path("/proc/grader-out"))


def test_a_full_disk_is_refused(tmp_path: Path) -> None:
    """A folder can be there and take nothing."""
    with small_disk.mounted(tmp_path / "disk", size_kib=4) as disk:
        (disk / "ballast").write_bytes(b"x" * 4096)
        with pytest.raises(OutputFolderError) as caught:
            prepare_folder(disk)
    assert "the disk is full" in in_english(caught.value.reason)


# The files


def test_a_class_becomes_grades_reports_and_an_index(tmp_path: Path) -> None:
    """Every file, and every link of the index leads to a report."""
    students = [graded(tmp_path, "ana"), graded(tmp_path, "Ñáñez García")]
    out = tmp_path / "out"
    index = write_class(students, out.absolute(), assignment=STACKED, facts=FACTS, translator=Translator("es"))
    links = {unquote(link) for link in re.findall(r'href="\./(reports/[^"#]+)', index.read_text())}
    assert index == out / "index.html"
    assert links == {f"reports/{path.name}" for path in (out / "reports").iterdir()}
    assert len(links) == 2
    assert sorted(path.name for path in out.iterdir()) == [
        "class.html",
        "grades.csv",
        "grades.json",
        "index.html",
        "reports",
    ]
    assert json.loads((out / "grades.json").read_text()) == json.loads(grades_json(STACKED, students, Translator("es")))


def test_a_second_delivery_replaces_the_first(tmp_path: Path) -> None:
    """In the other language, without a trace of the first one."""
    student = graded(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    for language, title in (("es", "Autoencoder apilado"), ("en", "A stacked autoencoder")):
        index = write_class([student], out, assignment=STACKED, facts=FACTS, translator=Translator(language))
        assert title in index.read_text()
        assert title in (out / "reports" / "ana.html").read_text()
    assert not any(path.name.endswith(".tmp") for path in out.rglob("*"))


def test_two_hand_ins_of_one_student_are_two_reports(tmp_path: Path) -> None:
    """The digest tells them apart; students who have one hand in keep the plain name."""
    first = graded(tmp_path, "ana")
    second = replace(first, sha256="f" * 64)
    other = graded(tmp_path, "bruno")
    assert report_file_names([first, second, other]) == {
        ("ana", first.sha256): f"ana-{first.sha256[:8]}.html",
        ("ana", second.sha256): "ana-ffffffff.html",
        ("bruno", other.sha256): "bruno.html",
    }


def test_students_whom_a_file_system_might_mix_up_keep_their_own_reports(tmp_path: Path) -> None:
    """Capitals, slashes and blanks."""
    names = ["ana", "Ana", "ANA", "a/na", "a na", "..", "con"]
    class_ = [replace(graded(tmp_path), student=name) for name in names]
    files = report_file_names(class_).values()
    assert len({name.casefold() for name in files}) == len(names)
    assert all(re.fullmatch(r"[^/\\ ]+\.html", name) and not name.startswith(".") for name in files)


def test_a_report_that_finds_no_room_leaves_the_old_one(tmp_path: Path) -> None:
    """Whole, under its own name, and nothing half-written beside it."""
    student = graded(tmp_path)
    with small_disk.mounted(tmp_path / "disk", size_kib=64) as disk:
        (disk / "reports").mkdir()
        (disk / "reports" / "ana.html").write_text("the old report")
        (disk / "ballast").write_bytes(b"x" * 50_000)
        with pytest.raises(GradebookError, match="The disk or your quota is full"):
            write_report(student, disk, "ana.html", assignment=STACKED, facts=FACTS, translator=Translator("es"))
        assert [path.name for path in (disk / "reports").iterdir()] == ["ana.html"]
        assert (disk / "reports" / "ana.html").read_text() == "the old report"


def test_a_report_is_drawn_again_only_where_it_would_be_another(tmp_path: Path) -> None:
    """The same grade leaves the file as it is; other points, another language, a lost end of the file do not."""
    one = graded(tmp_path, "ana")
    spanish = {"assignment": STACKED, "facts": FACTS, "translator": Translator("es")}
    path = write_report(one, tmp_path, "ana.html", **spanish)
    first = path.read_bytes()
    os.utime(path, (1, 1))
    write_report(one, tmp_path, "ana.html", **spanish)
    assert path.stat().st_mtime == 1
    path.write_bytes(first[:-30])
    assert write_report(one, tmp_path, "ana.html", **spanish).read_bytes() == first
    for changes in (spanish | {"translator": Translator("en")}, spanish | {"facts": replace(FACTS, parameters=1)}):
        os.utime(path, (1, 1))
        write_report(one, tmp_path, "ana.html", **changes)
        assert path.stat().st_mtime != 1
