"""Hand-ins that name a classmate, set a time, silence somebody or stand for thousands: each stays its owner's.

Each attack is tried against classes laid out in every way in which instructors keep them, as a folder and as a zip.
The honest ones in it are found exactly as without the attack.
"""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.domain.people import Person
from grader.domain.submission import Submission, UnreadableSubmissionError
from grader.intake.notebook import read_notebook
from grader.intake.submissions import Collected, gather
from grader.roster.matching import Roster, assign

STAMP = b"2001-01-01 00:00:00 UTC"


def notebook(source: str) -> bytes:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
    return json.dumps({"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": [cell]}).encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def plant(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


HONEST = {name: notebook(f"print('{name}')") for name in ("alice", "bob", "eva")}
EVIL = notebook("print('not mine')")
METADATA = b"submission_1:\n  :submitters:\n  - :name: Dora\n    :sid: '1'\n  :created_at: 2001-01-01 00:00:00 Z\n"
FORGED = {
    "nbgrader's folders": {f"submitted/{who}/ps1/x.ipynb": EVIL for who in ("dora", "bob")},
    "nbgrader's folders in a course": {f"course/submitted/{who}/ps1/x.ipynb": EVIL for who in ("dora", "bob")},
    "nbgrader's time": {"submitted/bob/ps1/timestamp.txt": STAMP, "submitted/bob/ps1/x.ipynb": EVIL},
    "a time of one's own": {"timestamp.txt": STAMP, "ps1/timestamp.txt": STAMP, "x.ipynb": EVIL},
    "Moodle's folders": {f"{who}_1{number}_assignsubmission_file_/x.ipynb": EVIL for number, who in enumerate(("Dora", "Bob"))},
    "Moodle's file names": {"Bob_12_assignsubmission_file_x.ipynb": EVIL},
    "Canvas's file names": {"bob_1234_98765_x.ipynb": EVIL, "dora_1235_98766_x.ipynb": EVIL},
    "Gradescope's export": {"submission_metadata.yml": METADATA, "submission_1/x.ipynb": EVIL},
    "Gradescope's folder": {"assignment_9_export/submission_metadata.yml": METADATA, "assignment_9_export/submission_1/x.ipynb": EVIL},
    "a classmate's folder": {"bob/taller.ipynb": EVIL, "../bob/taller.ipynb": EVIL, "dora/taller.ipynb": EVIL},
    "a classmate's file": {"bob.ipynb": EVIL, "dora.ipynb": EVIL},
    "a class's zip": {"class.zip": zipped({"Bob_12_assignsubmission_file_/x.ipynb": EVIL, "dora.ipynb": EVIL})},
    "a heap of notebooks": {f"n{number:03d}.ipynb": notebook(f"x = {number}") for number in range(150)},
}  # fmt: skip


def moodle(name: str, number: int) -> str:
    return f"{name.capitalize()}_{number}_assignsubmission_file_"


def layouts(forged: Mapping[str, bytes]) -> dict[str, tuple[dict[str, bytes], list[str]]]:
    """The class in every layout, Mallory's own part filled with what is forged, and the honest students' names."""
    own = {name: content for name, content in forged.items() if not name.startswith("..")}
    names = list(HONEST)
    return {
        "a folder each": (
            {f"{name}/taller.ipynb": HONEST[name] for name in names} | {f"mallory/{name}": own[name] for name in own},
            names,
        ),
        "folders with files of other names": (
            {f"{name}/{name}.ipynb": HONEST[name] for name in names} | {f"mallory/{name}": own[name] for name in own},
            names,
        ),
        "a folder each around which lies another": (
            {f"class/{name}/taller.ipynb": HONEST[name] for name in names}
            | {f"class/mallory/{name}": own[name] for name in own},
            names,
        ),
        "a folder each beside a solution": (
            {f"{name}/taller.ipynb": HONEST[name] for name in names}
            | {f"mallory/{name}": own[name] for name in own}
            | {"solution.ipynb": notebook("print('solution')")},
            [*names, "solution"],
        ),
        "a zip each": (
            {f"{name}.zip": zipped({"taller.ipynb": HONEST[name]}) for name in names} | {"mallory.zip": zipped(forged)},
            names,
        ),
        "files and a zip": (
            {f"{name}.ipynb": HONEST[name] for name in names} | {"mallory.zip": zipped(forged)},
            names,
        ),
        "Moodle": (
            {f"{moodle(name, 20 + number)}/taller.ipynb": HONEST[name] for number, name in enumerate(names)}
            | {f"{moodle('mallory', 66)}/{name}": own[name] for name in own},
            [f"{name.capitalize()}-{20 + number}" for number, name in enumerate(names)],
        ),
        "Canvas": (
            {f"{name}_{20 + number}_{1000 + number}_taller.ipynb": HONEST[name] for number, name in enumerate(names)}
            | {"mallory_66_1066_taller.zip": zipped(forged)},
            [f"{name}-{20 + number}" for number, name in enumerate(names)],
        ),
        "nbgrader": (
            {f"submitted/{name}/ps1/taller.ipynb": HONEST[name] for name in names}
            | {f"submitted/{name}/ps1/timestamp.txt": b"2026-03-01 10:00:00 UTC" for name in names}
            | {f"submitted/mallory/ps1/work/{name}": own[name] for name in own},
            names,
        ),
    }  # fmt: skip


MALLORYS = frozenset({"mallory", "Mallory-66", "mallory-66"})
LAYOUTS = list(layouts({}))


def found(given: Path, workspace: Path) -> Collected:
    return gather([given], workspace)


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("attack", FORGED)
def test_nobodys_hand_in_touches_a_classmates(tmp_path: Path, attack: str, layout: str, *, packed: bool) -> None:
    """The honest have their own bytes and times and no doubt; nobody appears who handed in nothing."""
    files, honest = layouts(FORGED[attack])[layout]
    given = tmp_path / "given.zip" if packed else plant(tmp_path / "given", files)
    if packed:
        given.write_bytes(zipped(files))
    submissions = {one.student: one for one in found(given, tmp_path / "work").submissions}
    assert set(submissions) - MALLORYS == set(honest)
    for name, content in zip(honest, HONEST.values(), strict=False):
        mine = submissions[name]
        assert (mine.path.read_bytes(), mine.conflict) == (content, None)
        assert mine.submitted_at == (datetime(2026, 3, 1, 10, tzinfo=UTC) if layout == "nbgrader" else None)
    for name in MALLORYS & set(submissions):
        assert submissions[name].submitted_at is None


IMITATED = (
    "Bob_21_assignsubmission_file_x.ipynb",
    "bob_21_1001_taller.ipynb",
    "bob_LATE_21_1001_taller.ipynb",
    "anon_abc_1001_taller.ipynb",
    "x_anon_21_assignsubmission_file_.ipynb",
    "assignsubmission_file_Bob_21_assignsubmission_file_x.ipynb",
    "submission_1 + bob-21.ipynb",
)
"""What Mallory calls her file, so that the name that the platform makes of it may be taken for Bob's."""


@pytest.mark.parametrize("own", IMITATED)
@pytest.mark.parametrize("platform", ["Canvas", "Moodle"])
def test_what_a_student_calls_a_file_names_nobody(tmp_path: Path, platform: str, own: str) -> None:
    """A name of one platform inside a name of the other; before, Bob's grade was lost, or Mallory's notebook was his."""
    before = {"Canvas": "{name}_{number}_10{number}_{file}", "Moodle": "{name}_{number}_assignsubmission_file_{file}"}
    students = {"alice": 20, "bob": 21, "mallory": 66}
    files = {
        before[platform].format(name=name, number=number, file="taller.ipynb" if name != "mallory" else own): (
            HONEST.get(name, EVIL)
        )
        for name, number in students.items()
    }
    submissions = found(plant(tmp_path / "given", files), tmp_path / "work").submissions
    named = {one.student: one.path.read_bytes() for one in submissions}
    honest = {f"{name}-{students[name]}": HONEST[name] for name in ("alice", "bob")}
    assert {name: named.get(name) for name in honest} == honest
    assert len(named) == len(students)
    people = tuple(Person(name, str(number)) for name, number in students.items())
    matched = assign(Roster(people, ids_decide=True), list(named))
    assert [[one.name for one in match.people] for match in matched if match.student in honest] == [["alice"], ["bob"]]
    assert {one.name for match in matched if match.student not in honest for one in match.people} <= {"mallory"}


def test_a_name_of_two_platforms_waits_for_a_person(tmp_path: Path) -> None:
    """Alone in a folder, nobody can tell what Canvas or Moodle made of it."""
    given = plant(tmp_path / "given", {"mallory_66_1066_Bob_21_assignsubmission_file_x.ipynb": EVIL})
    (submission,) = found(given, tmp_path / "work").submissions
    assert submission.conflict is not None
    plant(tmp_path / "group", {"Grupo_12_345_assignsubmission_file_x.ipynb": HONEST["bob"]})
    (submission,) = found(tmp_path / "group", tmp_path / "work").submissions
    assert (submission.student, submission.conflict) == ("Grupo 12-345", None)


def test_who_is_called_like_a_group_is_not_all_of_it() -> None:
    """The id is Mallory's own; a group's name with no id, or with that of a member, is the group."""
    group = (Person("Bob", "21", group="Grupo 3"), Person("Eva", "22", group="Grupo 3"))
    roster = Roster((*group, Person("Mallory", "66", group="Grupo 4")), ids_decide=True)
    assert roster.match("Grupo 3-66").people == ()
    assert (
        roster.match("Grupo 3").people
        == roster.match("Grupo 3-21").people
        == roster.match("Grupo 3-900").people
        == group
    )


def test_who_calls_themselves_a_team_is_none(tmp_path: Path) -> None:
    """Platforms let people choose how they are called; `Mallory + Bob` would have been two people of the class."""
    files = {
        "Mallory + Bob_66_assignsubmission_file_/t.ipynb": EVIL,
        "Bob_21_assignsubmission_file_/t.ipynb": HONEST["bob"],
    }
    submissions = found(plant(tmp_path / "given", files), tmp_path / "work").submissions
    assert [one.student for one in submissions] == ["Bob-21", "Mallory+Bob-66"]
    people = Roster((Person("Mallory Gil"), Person("Bob", "21")))
    matched = {
        one.student: [person.name for person in one.people] for one in assign(people, [s.student for s in submissions])
    }
    assert matched == {"Bob-21": ["Bob"], "Mallory+Bob-66": []}


@pytest.mark.parametrize("hidden", ["solution", "source", "release", "feedback", "autograded", "submitted"])
def test_a_folder_in_ones_own_folder_silences_nobody(tmp_path: Path, hidden: str) -> None:
    """Alice keeps her work in a folder that a course of nbgrader has as well; Mallory imitates such a course."""
    files = {
        f"alice/{hidden}/x.ipynb": HONEST["alice"],
        "bob/x.ipynb": HONEST["bob"],
        "mallory/submitted/dora/ps1/x.ipynb": EVIL,
    }
    submissions = found(plant(tmp_path / "given", files), tmp_path / "work").submissions
    assert [one.student for one in submissions] == ["alice", "bob", "mallory"]


def test_a_class_of_which_one_alone_handed_in_is_still_a_class(tmp_path: Path) -> None:
    """Bob's folder holds nothing visible, Dora's a file that is none; Mallory's is not taken for a course."""
    given = plant(tmp_path / "given", {"mallory/submitted/dora/ps1/x.ipynb": EVIL, "dora/stacked.py": b"x"})
    plant(given, {"bob/.git/config": b""})
    collected = found(given, tmp_path / "work")
    assert [one.student for one in collected.submissions] == ["mallory"]
    assert collected.passed_over == ("bob/", "dora/stacked.py")


def test_of_several_given_zips_none_is_asked_inside(tmp_path: Path) -> None:
    """Mallory's imitates a download of Moodle; Bob's is plain."""
    plant(tmp_path, {"mallory.zip": zipped(FORGED["Moodle's folders"]), "bob.zip": zipped({"t.ipynb": HONEST["bob"]})})
    submissions = gather(sorted(tmp_path.glob("*.zip")), tmp_path / "work").submissions
    assert [one.student for one in submissions] == ["bob", "mallory"]


def test_a_zip_beside_a_class_is_one_students(tmp_path: Path) -> None:
    """`grader grade class late.zip`, where the late one imitates a download of Moodle."""
    plant(tmp_path, {"class/bob/t.ipynb": HONEST["bob"], "class/eva/t.ipynb": HONEST["eva"]})
    plant(tmp_path, {"mallory.zip": zipped(FORGED["Moodle's folders"])})
    submissions = gather([tmp_path / "class", tmp_path / "mallory.zip"], tmp_path / "work").submissions
    assert [one.student for one in submissions] == ["bob", "eva", "mallory"]


@pytest.mark.parametrize("attack", ["Moodle's file names", "Canvas's file names", "a classmate's file"])
def test_files_that_a_shell_finds_in_folders_name_nobody(tmp_path: Path, attack: str) -> None:
    """`grader grade class/*/*.ipynb`: the folders are the students."""
    files, honest = layouts(FORGED[attack])["a folder each"]
    plant(tmp_path / "class", files)
    submissions = gather(sorted((tmp_path / "class").glob("*/*.ipynb")), tmp_path / "work").submissions
    assert [one.student for one in submissions] == [*honest, "mallory"]


@pytest.mark.skipif(os.name != "posix", reason="names there are always text")
def test_two_names_that_are_no_text_stay_two(tmp_path: Path) -> None:
    """Latin-1 bytes in the names of folders and files; the grade of one is not that of the other."""
    for number in (0xE1, 0xE9):
        name = os.fsdecode(bytes([number]))
        plant(tmp_path / "folders", {f"{name}/t.ipynb": notebook(f"x = {number}")})
        plant(tmp_path / "files", {f"{name}.ipynb": notebook(f"x = {number}")})
    for given in (tmp_path / "folders", tmp_path / "files"):
        submissions = found(given, tmp_path / "work").submissions
        assert len({one.student for one in submissions}) == 2
        assert not any(one.conflict for one in submissions)


def test_characters_that_nobody_sees_do_not_make_a_classmates_name(tmp_path: Path) -> None:
    """`bob` with a joiner of no width in it is not Bob."""
    files = {"bob.ipynb": HONEST["bob"], "bo\u200bb.ipynb": EVIL, "b\u202eob.ipynb": EVIL}
    submissions = found(plant(tmp_path / "given", files), tmp_path / "work").submissions
    bob = next(one for one in submissions if one.student == "bob")
    assert (len(submissions), bob.path.read_bytes(), bob.conflict) == (3, HONEST["bob"], None)


def test_everything_passed_over_is_named(tmp_path: Path) -> None:
    """Code without a notebook, an empty folder, a notebook under another ending, a zip in a zip, a link, a hidden one."""
    files = {
        "alice/taller.ipynb": HONEST["alice"],
        "alice/weights.h5": b"x",
        "bob/.taller.ipynb": HONEST["bob"],
        "eva/taller.ipynb.txt": HONEST["eva"],
        "mallory.zip": zipped({"t.ipynb": EVIL, "inner.zip": zipped({"u.ipynb": EVIL}), "helpers.py": b"x = 1"}),
        "stacked.py": b"x",
        "leo/__pycache__/x.cpython-311.pyc": b"x",
    }
    given = plant(tmp_path / "given", files)
    (given / "mar").mkdir()
    (given / "zoe").symlink_to(given / "alice")
    collected = found(given, tmp_path / "work")
    assert [one.student for one in collected.submissions] == ["alice", "mallory"]
    assert collected.passed_over == (
        "alice/weights.h5", "bob/", "bob/.taller.ipynb", "eva/taller.ipynb.txt", "mallory.zip/inner.zip", "mar/",
        "stacked.py", "zoe",
    )  # fmt: skip


def test_nobodys_heap_of_files_hides_what_another_handed_in(tmp_path: Path) -> None:
    """Twenty names of one owner are listed, cut where one of them is endless, and the number of the others."""
    heap = {f"{'d/' * 500}{number}.h5": b"" for number in range(2000)}
    files = {"mallory.zip": zipped({"t.ipynb": EVIL} | heap), "bob/t.ipynb": HONEST["bob"], "dora/stacked.py": b"x"}
    names = found(plant(tmp_path / "given", files), tmp_path / "work").passed_over
    assert "dora/stacked.py" in names
    assert len(names) == 22
    assert sum(name.endswith(", … (1980)") for name in names) == 1
    assert max(map(len, names)) < 250


def test_a_students_own_folder_that_imitates_a_course_is_no_course(tmp_path: Path) -> None:
    """`grader grade class/mallory`: a course of nbgrader has no notebook beside `submitted`."""
    given = plant(tmp_path / "mallory", {"t.ipynb": EVIL, "submitted/dora/ps1/x.ipynb": HONEST["bob"]})
    assert "dora" not in {one.student for one in found(given, tmp_path / "work").submissions}


def refused(submission: Submission) -> bool:
    try:
        read_notebook(submission)
    except UnreadableSubmissionError:
        return True
    return False


@pytest.mark.parametrize("place", ["mallory.zip", "mallory"])
def test_eight_thousand_notebooks_are_one_submission_that_waits(tmp_path: Path, place: str) -> None:
    """None of them is run or even unpacked, the neighbours are untouched, and it takes time by their number alone."""
    many = {f"n{number}.ipynb": notebook(f"x = {number}") for number in range(8000)}
    given = tmp_path / "given"
    plant(given, {"bob/bob.ipynb": HONEST["bob"], "eva/eva.ipynb": HONEST["eva"]})
    plant(given, {place: zipped(many)} if place.endswith(".zip") else {f"{place}/{name}": many[name] for name in many})
    began = time.process_time()
    submissions = found(given, tmp_path / "work").submissions
    assert time.process_time() - began < 30  # 1.5 s where it was written; quadratic, it took 26 s there
    assert [(one.student, one.undecided) for one in submissions] == [("bob", False), ("eva", False), ("mallory", True)]
    assert refused(submissions[-1])
    assert not (tmp_path / "work").exists()
