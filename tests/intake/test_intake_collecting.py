"""Everything that an instructor may give, and whose hand-ins are found in it."""

from __future__ import annotations

import hashlib
import os
import re
import tracemalloc
from pathlib import Path

import pytest
from intake_samples import collected, notebook_bytes, plant, reported, zip_bytes

from grader.domain.submission import Submission
from grader.intake import archives
from grader.intake.intake_errors import IntakeError
from grader.intake.submissions import collect, gather

ANA, LUIS, EVA = (notebook_bytes(f"print('{name}')") for name in ("ana", "luis", "eva"))

MOODLE = {
    "Ana García_12_assignsubmission_file_/tarea.ipynb": ANA,
    "Ana García_13_assignsubmission_file_/tarea.ipynb": LUIS,
    "Eva Núñez_14_assignsubmission_file/entrega/tarea final.ipynb": EVA,
}
CANVAS = {
    "garcialopezana_LATE_1234_98765_tarea1.ipynb": ANA,
    "pérezluis_1235_98766_tarea1.ipynb": LUIS,
    "anon_hJ3kq_98767_tarea1.ipynb": EVA,
}
GRADESCOPE = {
    "assignment_9_export/submission_metadata.yml": b"""---
submission_55:
  :submitters:
  - :name: Ana
    :sid: '0101'
    :email: a@example.edu
submission_56:
  :submitters:
  - :name: Luis
    :sid: '0102'
    :email: l@example.edu
""",
    "assignment_9_export/submission_55/tarea.ipynb": ANA,
    "assignment_9_export/submission_56/tarea.ipynb": LUIS,
}
NBGRADER = {
    "source/ps1/problem.ipynb": b"the solution",
    "autograded/ana/ps1/problem.ipynb": b"graded",
    "submitted/ana/ps1/problem.ipynb": ANA,
    "submitted/ana/ps1/timestamp.txt": b"2026-03-01",
    "submitted/luis/ps1/problem.ipynb": LUIS,
    "submitted/luis/ps1/timestamp.txt": b"2026-03-01",
}

LAYOUTS = {
    "moodle": (MOODLE, [("Ana García-12", "tarea.ipynb"), ("Ana García-13", "tarea.ipynb"),
                        ("Eva Núñez-14", "tarea final.ipynb")]),
    "moodle without folders": (
        {re.sub("file_?/(entrega/)?", "file_", name): content for name, content in MOODLE.items()},
        [("Ana García-12", "Ana García_12_assignsubmission_file_tarea.ipynb"),
         ("Ana García-13", "Ana García_13_assignsubmission_file_tarea.ipynb"),
         ("Eva Núñez-14", "Eva Núñez_14_assignsubmission_file_tarea final.ipynb")]),
    "canvas": (CANVAS, [("anon-hJ3kq", "anon_hJ3kq_98767_tarea1.ipynb"),
                        ("garcialopezana-1234", "garcialopezana_LATE_1234_98765_tarea1.ipynb"),
                        ("pérezluis-1235", "pérezluis_1235_98766_tarea1.ipynb")]),
    "gradescope": (GRADESCOPE, [("Ana-0101", "tarea.ipynb"), ("Luis-0102", "tarea.ipynb")]),
    "nbgrader": (NBGRADER, [("ana", "problem.ipynb"), ("luis", "problem.ipynb")]),
    "files": ({"ana.ipynb": ANA, "luis.IPYNB": LUIS, "README.txt": b""},
              [("ana", "ana.ipynb"), ("luis", "luis.IPYNB")]),
    "a folder each": ({"ana/tarea.ipynb": ANA, "luis/v2/tarea.ipynb": LUIS, "datos.csv": b""},
                      [("ana", "tarea.ipynb"), ("luis", "tarea.ipynb")]),
    "one folder around": ({"class/ana.ipynb": ANA, "class/luis.ipynb": LUIS},
                          [("ana", "ana.ipynb"), ("luis", "luis.ipynb")]),
    "sections": ({"s1/ana.ipynb": ANA, "s1/luis.ipynb": LUIS, "s2/eva.ipynb": EVA},
                 [("ana", "ana.ipynb"), ("eva", "eva.ipynb"), ("luis", "luis.ipynb")]),
    "zips": ({"ana.zip": zip_bytes({"x/tarea.ipynb": ANA, "x/datos.csv": b"1"}),
              "luis.zip": zip_bytes({"t.ipynb": LUIS})},
             [("ana", "tarea.ipynb"), ("luis", "t.ipynb")]),
    "zips in moodle": ({"Ana_12_assignsubmission_file_/t.zip": zip_bytes({"t.ipynb": ANA}),
                        "Luis_13_assignsubmission_file_t.zip": zip_bytes({"t.ipynb": LUIS})},
                       [("Ana-12", "t.ipynb"), ("Luis-13", "t.ipynb")]),
    "junk": ({"ana.ipynb": ANA, ".luis.ipynb": LUIS, ".ipynb_checkpoints/ana-checkpoint.ipynb": EVA,
              "__MACOSX/._ana.ipynb": b"\0", "a.solution.ipynb": EVA},
             [("a.solution", "a.solution.ipynb"), ("ana", "ana.ipynb")]),
}  # fmt: skip


@pytest.mark.parametrize("given", ["folder", "zip"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_read_alike_from_a_folder_and_from_a_zip(tmp_path: Path, layout: str, given: str) -> None:
    """The student is whom the platform or the place says, whether the download was unpacked or not."""
    files, expected = LAYOUTS[layout]
    source = plant(tmp_path / "download", files) if given == "folder" else tmp_path / "download.zip"
    if given == "zip":
        source.write_bytes(zip_bytes(files))
    assert collected(tmp_path / "work", source) == expected


def test_a_submission_carries_the_bytes_as_received(tmp_path: Path) -> None:
    """Digest and length are those of the file, and the path leads to it; nothing was copied."""
    path = plant(tmp_path, {"ana.ipynb": ANA}) / "ana.ipynb"
    digest = hashlib.sha256(ANA).hexdigest()
    assert collect([path], tmp_path / "work") == [Submission("ana", "ana.ipynb", path, digest, len(ANA), None)]
    assert not (tmp_path / "work").exists()


def test_what_comes_out_of_a_zip_lies_in_the_workspace(tmp_path: Path) -> None:
    """Also out of a zip in a zip, and the bytes are whole."""
    path = plant(tmp_path, {"class.zip": zip_bytes({"ana.zip": zip_bytes({"t.ipynb": ANA}), "luis.ipynb": LUIS})})
    submissions = collect([path / "class.zip"], tmp_path / "work")
    assert [(submission.student, submission.path.read_bytes()) for submission in submissions] == [
        ("ana", ANA),
        ("luis", LUIS),
    ]
    assert all(submission.path.is_relative_to(tmp_path / "work") for submission in submissions)


def test_collecting_twice_gives_the_same(tmp_path: Path) -> None:
    """A batch that is taken up again finds every submission under the same name, digest and path."""
    path = plant(tmp_path, {"class.zip": zip_bytes({**MOODLE, "x.zip": zip_bytes({"t.ipynb": ANA})})}) / "class.zip"
    assert collect([path], tmp_path / "work") == collect([path], tmp_path / "work")


def test_the_workspace_may_lie_in_the_class_folder(tmp_path: Path) -> None:
    """What an earlier batch unpacked there is not handed in again."""
    plant(tmp_path, {"ana.zip": zip_bytes({"t.ipynb": ANA}), "luis.ipynb": LUIS})
    once = collect([tmp_path], tmp_path / "out" / "work")
    assert [submission.student for submission in once] == ["ana", "luis"]
    assert collect([tmp_path], tmp_path / "out" / "work") == once
    assert collected(tmp_path / "out", *(tmp_path / "out" / "work").rglob("*.ipynb")) == [("00000", "00000.ipynb")]


def test_the_folder_of_the_grades_may_lie_beside_that_of_the_class(tmp_path: Path) -> None:
    """`grader grade . --out grades`, once more: it is no student's, and nothing in it is listed."""
    plant(
        tmp_path,
        {"class/ana.ipynb": ANA, "class/luis.ipynb": LUIS, "grades/reports/ana.html": b"", "grades/x.zip": b""},
    )
    found = gather([tmp_path], tmp_path / "work", leave_out=[tmp_path / "grades"])
    assert [(one.student, one.conflict) for one in found.submissions] == [("ana", None), ("luis", None)]
    assert found.passed_over == ()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("moodle/*/*.ipynb", [("Ana García-12", "tarea.ipynb"), ("Ana García-13", "tarea.ipynb")]),
        ("canvas/*", [("anon-hJ3kq", "anon_hJ3kq_98767_tarea1.ipynb"),
                      ("garcialopezana-1234", "garcialopezana_LATE_1234_98765_tarea1.ipynb"),
                      ("pérezluis-1235", "pérezluis_1235_98766_tarea1.ipynb")]),
        ("nbgrader/submitted", [("ana", "problem.ipynb"), ("luis", "problem.ipynb")]),
        ("nbgrader/submitted/*/ps1/problem.ipynb", [("ana", "problem.ipynb"), ("luis", "problem.ipynb")]),
        ("zips/*.zip", [("ana", "t.ipynb"), ("luis", "t.ipynb")]),
        ("folders/*/tarea.ipynb", [("ana", "tarea.ipynb"), ("luis", "tarea.ipynb")]),
    ],
)  # fmt: skip
def test_paths_that_a_shell_expands_are_understood(
    tmp_path: Path, pattern: str, expected: list[tuple[str, str]]
) -> None:
    """Given files are read as if the folder around them had been given: a student has one name either way."""
    plant(tmp_path / "moodle", MOODLE)
    plant(tmp_path / "canvas", CANVAS)
    plant(tmp_path / "nbgrader", NBGRADER)
    plant(tmp_path / "zips", {"ana.zip": zip_bytes({"t.ipynb": ANA}), "luis.zip": zip_bytes({"t.ipynb": ANA})})
    plant(tmp_path / "folders", {"ana/tarea.ipynb": ANA, "luis/tarea.ipynb": ANA})
    assert collected(tmp_path / "work", *sorted(tmp_path.glob(pattern))) == expected


def test_a_file_given_twice_counts_once(tmp_path: Path) -> None:
    """The folder and a file in it, or the same zip twice; the first name stays."""
    plant(tmp_path, {"class/ana/t.ipynb": ANA, "class/eva/t.ipynb": EVA, "luis.zip": zip_bytes({"t.ipynb": LUIS})})
    zipped, single = tmp_path / "luis.zip", tmp_path / "class" / "ana" / "t.ipynb"
    paths = [tmp_path / "class", single, zipped, zipped]
    assert collected(tmp_path / "work", *paths) == [("ana", "t.ipynb"), ("eva", "t.ipynb"), ("luis", "t.ipynb")]
    plant(tmp_path, {"z.zip": zip_bytes({"luis.ipynb": LUIS, "eva.ipynb": EVA})})
    twice = [tmp_path / "z.zip", tmp_path / "z.zip"]
    assert collected(tmp_path / "work", *twice) == [("eva", "eva.ipynb"), ("luis", "luis.ipynb")]


def test_names_inside_a_students_own_folder_or_zip_are_not_believed(tmp_path: Path) -> None:
    """Nobody hands in for somebody else: the outermost name counts."""
    forged = {
        "Luis_13_assignsubmission_file_/t.ipynb": ANA,
        "submitted/luis/ps1/t.ipynb": ANA,
        "luis_13_98766_t.ipynb": ANA,
        "assignment_9_export/submission_metadata.yml": GRADESCOPE["assignment_9_export/submission_metadata.yml"],
        "assignment_9_export/submission_56/t.ipynb": ANA,
    }
    inside = {f"Ana_12_assignsubmission_file_/{name}": content for name, content in forged.items()}
    plant(tmp_path / "class", {**inside, "Eva_14_assignsubmission_file_/t.zip": zip_bytes(forged)})
    assert [name for name, _ in collected(tmp_path / "work", tmp_path / "class")] == ["Ana-12", "Eva-14"]


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("submitted/ana/ps1/Luis_13_assignsubmission_file_t.ipynb", "ana"),
        ("submitted/ana/ps1/luis_13_98766_t.ipynb", "ana"),
        ("assignment_9_export/submission_55/Luis_13_assignsubmission_file_t.ipynb", "Ana-0101"),
        ("Ana_12_assignsubmission_file_/luis_13_98766_t.ipynb", "Ana-12"),
    ],
)
def test_a_file_name_in_the_form_of_another_platform_is_not_believed(tmp_path: Path, path: str, student: str) -> None:
    """The platform's own folder lies further out than the name that the student chose."""
    metadata = "assignment_9_export/submission_metadata.yml"
    plant(tmp_path / "class", {path: ANA, metadata: GRADESCOPE[metadata]})
    assert collected(tmp_path / "work", tmp_path / "class") == [(student, path.rsplit("/", 1)[1])]


def test_of_several_zips_each_is_one_students_whatever_its_names_say(tmp_path: Path) -> None:
    """A student who hands in two notebooks names nobody; given alone, such a zip is a class's."""
    plant(
        tmp_path,
        {
            "s1.zip": zip_bytes({"ana.ipynb": ANA, "eva.ipynb": EVA}),
            "s2.zip": zip_bytes({"luis.ipynb": LUIS}),
        },
    )
    found = collect(sorted(tmp_path.glob("*.zip")), tmp_path / "work")
    assert [(one.student, one.undecided) for one in found] == [("s1", True), ("s2", False)]
    assert [student for student, _ in collected(tmp_path / "work", tmp_path / "s1.zip")] == ["ana", "eva"]


@pytest.mark.parametrize("given", ["paths", "folder", "folder with a list", "zip"])
def test_several_downloads_of_a_platform_are_read_together(tmp_path: Path, given: str) -> None:
    """Zips as Moodle and Gradescope give them, side by side, in a folder, or in one more zip."""
    files = {"DL-Tarea 1-12.zip": zip_bytes(MOODLE), "assignment_9_export.zip": zip_bytes(GRADESCOPE)}
    plant(tmp_path / "class", files)
    plant(tmp_path / "listed", {**files, "Calificaciones.csv": b"a,b"})
    (tmp_path / "all.zip").write_bytes(zip_bytes(files))
    paths = {"paths": sorted((tmp_path / "class").iterdir()), "folder": [tmp_path / "class"],
             "folder with a list": [tmp_path / "listed"], "zip": [tmp_path / "all.zip"]}[given]  # fmt: skip
    students = [student for student, _ in collected(tmp_path / "work", *paths)]
    assert students == ["Ana García-12", "Ana García-13", "Ana-0101", "Eva Núñez-14", "Luis-0102"]


def test_a_zip_that_a_platform_named_is_one_students(tmp_path: Path) -> None:
    """Given by itself, and with two notebooks in it, it is still no class."""
    name = "garcia_1234_98765_t.zip"
    plant(tmp_path, {name: zip_bytes({"a.ipynb": ANA, "b.ipynb": LUIS})})
    (submission,) = collect([tmp_path / name], tmp_path / "work")
    assert (submission.student, submission.undecided) == ("garcia-1234", True)


def test_what_a_mac_adds_to_a_students_zip_is_passed_over(tmp_path: Path) -> None:
    """`__MACOSX/._t.ipynb` is no second notebook."""
    files = {"t.ipynb": ANA, "__MACOSX/._t.ipynb": b"\0\5", ".ipynb_checkpoints/t-checkpoint.ipynb": LUIS}
    plant(tmp_path, {"class/ana.zip": zip_bytes(files)})
    assert collected(tmp_path / "work", tmp_path / "class") == [("ana", "t.ipynb")]


@pytest.mark.parametrize(
    ("files", "filename"),
    [
        ({"tarea.pdf": b"%PDF-1.7", "foto.png": b"\x89PNG"}, "tarea.pdf"),
        ({"datos.csv": b"1", "tarea.py": b"import keras"}, "tarea.py"),
        ({"tarea.ipynb.txt": ANA, "tarea.py": b""}, "tarea.ipynb.txt"),
        ({"tarea.rar": b"Rar!", "tarea.py": b""}, "tarea.rar"),
    ],
)
def test_a_student_who_hands_in_no_notebook_is_not_forgotten(
    tmp_path: Path, files: dict[str, bytes], filename: str
) -> None:
    """Where a platform says who it was, the most telling file stands for the hand-in; the reader says what it is."""
    plant(tmp_path / "class" / "Ana_12_assignsubmission_file_", files)
    plant(tmp_path / "class", {"Luis_13_assignsubmission_onlinetext/onlinetext.html": b"<html>"})
    expected = [("Ana-12", filename), ("Luis-13", "onlinetext.html")]
    assert collected(tmp_path / "work", tmp_path / "class") == expected


def test_data_beside_a_notebook_is_no_hand_in(tmp_path: Path) -> None:
    """Zips without notebooks, archives and pages count only where there is nothing better."""
    files = {"t.ipynb": ANA, "datos.zip": zip_bytes({"d.csv": b"1"}), "x.rar": b"Rar!", "x.pdf": b"%PDF-"}
    plant(tmp_path / "class" / "Ana_12_assignsubmission_file_", files)
    assert collected(tmp_path / "work", tmp_path / "class") == [("Ana-12", "t.ipynb")]


@pytest.mark.parametrize(
    ("content", "conflict"),
    [
        (zip_bytes({"t.py": b""}), "ana.zip holds no notebook (.ipynb)."),
        (zip_bytes({"inner.zip": zip_bytes({"t.ipynb": ANA})}), "ana.zip holds no notebook (.ipynb)."),
        (b"PK\x03\x04 and no more", ("ana.zip cannot be read as a zip file: File is not a zip file. "
                                     "Download it again, or unpack it and give the folder.")),
    ],
)  # fmt: skip
def test_a_bad_zip_waits_for_a_person_and_stops_nobody_else(tmp_path: Path, content: bytes, conflict: str) -> None:
    """The zip itself becomes the submission, and says why a person must look."""
    plant(tmp_path / "class", {"ana.zip": content, "luis/t.ipynb": LUIS})
    ana, luis = collect([tmp_path / "class"], tmp_path / "work")
    assert (ana.student, ana.path.read_bytes(), reported(ana.conflict)) == ("ana", content, conflict)
    assert (luis.student, luis.conflict) == ("luis", None)


def test_a_bad_zip_among_several_given_paths_stops_nobody_else(tmp_path: Path) -> None:
    """With `*.zip`, the damaged zip is one student's."""
    plant(tmp_path, {"ana.zip": b"damaged", "eva.zip": zip_bytes({"t.py": b""})})
    plant(tmp_path, {"luis.zip": zip_bytes({"t.ipynb": LUIS})})
    ana, eva, luis = collect(sorted(tmp_path.glob("*.zip")), tmp_path / "work")
    assert (ana.student, reported(ana.conflict)[:38]) == ("ana", "ana.zip cannot be read as a zip file: ")
    assert (eva.student, reported(eva.conflict)) == ("eva", "eva.zip holds no notebook (.ipynb).")
    assert (luis.student, luis.conflict) == ("luis", None)


def test_a_cut_file_waits_for_a_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb in a class's zip costs its owner a final grade and nobody else anything."""
    monkeypatch.setattr(archives, "FILE_LIMIT_BYTES", 1000)
    plant(tmp_path, {"class.zip": zip_bytes({"ana.ipynb": bytes(5000), "luis.ipynb": LUIS})})
    ana, luis = collect([tmp_path / "class.zip"], tmp_path / "work")
    assert (ana.size_bytes, ana.path.stat().st_size) == (5000, 1000)
    assert reported(ana.conflict).startswith("ana.ipynb unpacks to ")
    assert luis.conflict is None


def test_a_cut_zip_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message tells the size and not that the zip is damaged."""
    monkeypatch.setattr(archives, "INNER_ZIP_LIMIT_BYTES", 100)
    plant(tmp_path, {"class.zip": zip_bytes({"ana.zip": zip_bytes({"t.ipynb": ANA}), "luis.ipynb": LUIS})})
    ana, luis = collect([tmp_path / "class.zip"], tmp_path / "work")
    assert reported(ana.conflict) == (
        "ana.zip unpacks to 0.0 MB, more than the 0.0 MB that are allowed; the rest was cut off."
    )
    assert (luis.student, luis.conflict) == ("luis", None)


def test_a_gradescope_submission_without_a_name_waits_for_a_person(tmp_path: Path) -> None:
    """Its number stands for the student, and the message says where to look."""
    plant(tmp_path, {**GRADESCOPE, "assignment_9_export/submission_57/t.ipynb": EVA})
    unknown = collect([tmp_path], tmp_path / "work")[-1]
    assert (unknown.student, reported(unknown.conflict)) == (
        "submission_57",
        "submission_metadata.yml does not name the student of submission_57. Look the submission up in Gradescope.",
    )


def test_broken_gradescope_metadata_makes_every_submission_wait(tmp_path: Path) -> None:
    """Numbers stand for the students; nobody is lost."""
    plant(tmp_path, {**GRADESCOPE, "assignment_9_export/submission_metadata.yml": b"[" * 200})
    submissions = collect([tmp_path], tmp_path / "work")
    assert [submission.student for submission in submissions] == ["submission_55", "submission_56"]
    for submission in submissions:
        assert reported(submission.conflict) == (
            "assignment_9_export/submission_metadata.yml cannot be read (more than 100 levels), so the student "
            "is known by the number of the submission only. Export the submissions from Gradescope again."
        )


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    """A student's link to the solution, or to another student's work, is no hand-in; a given link is the giver's."""
    plant(tmp_path, {"class/ana/t.ipynb": ANA, "solution.ipynb": LUIS})
    (tmp_path / "class" / "luis.ipynb").symlink_to(tmp_path / "solution.ipynb")
    (tmp_path / "class" / "eva").symlink_to(tmp_path / "class" / "ana")
    (tmp_path / "given.ipynb").symlink_to(tmp_path / "solution.ipynb")
    assert collected(tmp_path / "work", tmp_path / "class") == [("ana", "t.ipynb")]
    assert collected(tmp_path / "work", tmp_path / "given.ipynb") == [("given", "given.ipynb")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_are_not_opened(tmp_path: Path) -> None:
    """Opening one would wait for ever."""
    plant(tmp_path, {"ana.ipynb": ANA})
    os.mkfifo(tmp_path / "luis.ipynb")
    assert collected(tmp_path / "work", tmp_path) == [("ana", "ana.ipynb")]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may read everything")
def test_an_unreadable_file_in_a_folder_waits_for_a_person(tmp_path: Path) -> None:
    """It has no digest, for its bytes are unknown."""
    plant(tmp_path, {"class/ana.ipynb": ANA, "class/luis.ipynb": LUIS})
    (tmp_path / "class" / "ana.ipynb").chmod(0)
    ana, luis = collect([tmp_path / "class"], tmp_path / "work")
    assert (ana.sha256, reported(ana.conflict)) == (
        "",
        "ana.ipynb cannot be read: Permission denied. Check its permissions.",
    )
    assert luis.conflict is None


def test_a_huge_file_is_hashed_as_a_stream(tmp_path: Path) -> None:
    """200 MB on disk (sparse here) never become 200 MB of memory."""
    size_bytes = 200_000_000
    path = tmp_path / "ana.ipynb"
    with path.open("wb") as file:
        file.truncate(size_bytes)
    tracemalloc.start()
    try:
        (submission,) = collect([path], tmp_path / "work")
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert submission.size_bytes == size_bytes
    assert peak_bytes < 5_000_000


def refusal(tmp_path: Path, *names: str) -> str:
    """Return why these paths are refused, in English, with the folder's name cut off."""
    with pytest.raises(IntakeError) as caught:
        collect([tmp_path / name for name in names], tmp_path / "work")
    return reported(caught.value.reason).replace(f"{tmp_path}/", "")


def test_mistakes_of_the_instructor_are_told_before_anything_is_graded(tmp_path: Path) -> None:
    """Each message names the path and says what to do."""
    plant(
        tmp_path,
        {
            "notes.txt": b"x",
            "t.rar": b"Rar!",
            "bad.zip": b"x",
            "empty/.hidden.ipynb": ANA,
            "none.zip": zip_bytes({"a.txt": b""}),
            "ana.ipynb": ANA,
            "locked.zip": zip_bytes({"a.ipynb": b"", "b.ipynb": b""}).replace(b"\x14\0\0\0", b"\x14\0\1\0"),
        },
    )
    (tmp_path / "void").mkdir()
    kinds = "is neither a notebook (.ipynb) nor a folder nor a zip file. Give one of these."
    damaged = (
        "cannot be read as a zip file: File is not a zip file. Download it again, or unpack it and give the folder."
    )
    nothing = (
        "The grader looks for files that end in .ipynb, also in folders and zip files; "
        "it passes over hidden files and links."
    )
    assert [
        refusal(tmp_path, "ana.ipynb", "luis.ipynb"),
        refusal(tmp_path, "ana.ipynb/x"),
        refusal(tmp_path, "ana.ipynb", "notes.txt"),
        refusal(tmp_path, "t.rar"),
        refusal(tmp_path, "bad.zip"),
        refusal(tmp_path, "locked.zip"),
        refusal(tmp_path, "empty", "void"),
        refusal(tmp_path, "none.zip"),
    ] == [
        "luis.ipynb does not exist. Check its spelling, or give the full path.",
        "ana.ipynb/x does not exist. Check its spelling, or give the full path.",
        f"notes.txt {kinds}",
        f"t.rar {kinds}",
        f"bad.zip {damaged}",
        "locked.zip is protected by a password. A zip without a password is needed, or the notebook itself.",
        f"No notebook was found in empty, void. {nothing}",
        f"No notebook was found in none.zip. {nothing}",
    ]  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that exists and cannot be read")
def test_a_given_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """The system's words say why."""
    (tmp_path / "ana.ipynb").symlink_to("/proc/self/mem")
    assert refusal(tmp_path, "ana.ipynb") == "ana.ipynb cannot be read: Input/output error. Check its permissions."
