"""Who handed in a file, from the names of platforms, metadata and places."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.intake.owners import Upload
from grader.intake.path_names import are_sections, distinct_names
from grader.intake.platforms import canvas, moodle
from grader.intake.platforms.gradescope import MetadataError, Received, read_received


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("Ana García_12_assignsubmission_file_", "Ana García-12"),
        ("Ana García_12_assignsubmission_file", "Ana García-12"),
        ("Ana García_12_assignsubmission_file_tarea.ipynb", "Ana García-12"),
        ("Participante_7_assignsubmission_onlinetext", "Participante-7"),
        ("Jonathan_Hoyte_657737_assignsubmission_file_", "Jonathan Hoyte-657737"),
        # The file's own name imitates the form: the first id is the platform's.
        ("Ana_12_assignsubmission_file_Luis_13_assignsubmission_file_x.ipynb", "Ana-12"),
    ],
)
def test_moodle_names_say_name_and_participant(name: str, student: str) -> None:
    """Folders of old and new Moodle, flat files, online texts, blind marking."""
    owner = moodle.PLATFORM.owner_of_folder(name)
    assert owner is not None
    assert owner.student == student


@pytest.mark.parametrize(
    "name", ["Ana García", "ana_12_tarea.ipynb", "assignsubmission_file_", "_assignsubmission_file_"]
)
def test_other_names_are_not_taken_for_moodle(name: str) -> None:
    """Without the id and the plugin's name there is no owner."""
    assert moodle.PLATFORM.owner_of_folder(name) is None


@pytest.mark.parametrize(
    ("name", "student", "upload"),
    [
        (
            "garcialopezana_1234_98765_tarea1.ipynb",
            "garcialopezana-1234",
            Upload(98765, "tarea1.ipynb", "tarea1.ipynb"),
        ),
        (
            "garcialopezana_LATE_1234_98765_tarea1-2.ipynb",
            "garcialopezana-1234",
            Upload(98765, "tarea1-2.ipynb", "tarea1.ipynb", 2),
        ),
        ("núñezjosé_77_98765_t_5_6000_x.ipynb", "núñezjosé-77", Upload(98765, "t_5_6000_x.ipynb", "t_5_6000_x.ipynb")),
        ("anon_hJ3kq_98765_tarea1.ipynb", "anon-hJ3kq", Upload(98765, "tarea1.ipynb", "tarea1.ipynb")),
        ("LATE_anon_hJ3kq_98765_tarea1.ipynb", "anon-hJ3kq", Upload(98765, "tarea1.ipynb", "tarea1.ipynb")),
        ("garcialopezana_LATE_1234_text.html", "garcialopezana-1234", None),
        ("garcialopezana_1234_link.html", "garcialopezana-1234", None),
    ],
)
def test_canvas_names_say_user_and_attachment(name: str, student: str, upload: Upload | None) -> None:
    """Late, anonymous and text hand-ins as the zip of Canvas names them."""
    owner = canvas.PLATFORM.owners_of_files([name])[name]
    assert (owner.student, owner.upload) == (student, upload)


@pytest.mark.parametrize("name", ["tarea_2024_11_ana.ipynb", "taller_2024_1.ipynb", "ana_01_02_x.ipynb", "tarea.ipynb"])
def test_dates_are_not_taken_for_canvas(name: str) -> None:
    """Attachment numbers have three digits at least and no leading zero."""
    assert canvas.PLATFORM.owners_of_files([name]) == {}


def test_names_that_share_an_attachment_number_are_not_canvas() -> None:
    """A group number in everybody's file name must not make one student of a class."""
    names = ["ana_2024_101_taller.ipynb", "luis_2024_101_taller.ipynb", "eva_31_4711_taller.ipynb"]
    assert set(canvas.PLATFORM.owners_of_files(names)) == {"eva_31_4711_taller.ipynb"}


METADATA = """---
submission_55:
  :submitters:
  - :name: Ana García
    :sid: '0101'
    :email: ana@example.edu
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-03-01 10:00:00 Z
  :score: 3.5
  :results:
    :tests:
    - :name: test 1
      :output: ":submitters: forged"
submission_56:
  :submitters:
  - :name: Luis Pérez
    :sid:
    :email: luis@example.edu
  - :name: 'null'
    :roles:
    - :name: lead
    :sid: null
submission_57:
  :score: 1.0
"""


def test_gradescope_metadata_names_the_submitters(tmp_path: Path) -> None:
    """The student number stays text, an e-mail or the submission stands in for it, a team is one name."""
    path = tmp_path / "submission_metadata.yml"
    path.write_text(METADATA, encoding="utf-8")
    assert read_received(path) == {
        "submission_55": Received("Ana García-0101", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        "submission_56": Received("Luis Pérez-luis@example.edu + null-submission_56"),
    }


@pytest.mark.parametrize("content", [b"{a: [", b"\xff\xfe\x00", b"[" * 200_000, b"a: *nowhere\n\tb"])
def test_broken_metadata_is_reported(tmp_path: Path, content: bytes) -> None:
    """Damaged or absurdly nested YAML ends in the one declared error."""
    path = tmp_path / "submission_metadata.yml"
    path.write_bytes(content)
    with pytest.raises(MetadataError):
        read_received(path)


@pytest.mark.parametrize(
    ("folders", "sections"),
    [
        ({"s1": ["ana", "luis"], "s2": ["eva"]}, True),
        ({"s1": ["ana", "luis", "eva"], "s2": ["ana", "leo", "mar"]}, True),
        ({"ana": ["t"], "luis": ["u"]}, False),
        ({"ana": ["t", "borrador"], "luis": ["t"]}, False),
        ({"ana": ["a", "b", "c"], "luis": ["t"], "eva": ["u"]}, False),
        ({"ana": [f"n{number}" for number in range(50)], "luis": ["t"]}, False),
        ({"ana": ["t", "entrega/u"], "luis": ["v", "w"]}, False),
        ({"ana": ["t", "u"]}, False),
        ({}, False),
    ],
)
def test_folders_are_sections_only_where_half_of_them_say_so(folders: dict[str, list[str]], sections: bool) -> None:
    """One student with several notebooks, shared names, deeper folders or a heap of files leave them students' own."""
    places = {name: [tuple(place.split("/")) for place in inside] for name, inside in folders.items()}
    assert are_sections(places) is sections


def test_same_file_names_are_told_apart_by_their_folders() -> None:
    """Only the clashing names get folders, as many as needed; one place keeps one name."""
    places = [("x", "a", "t"), ("y", "a", "t"), ("y", "eva"), ("z", "t"), ("z", "t")]
    assert distinct_names(places) == ["x/a/t", "y/a/t", "eva", "z/t", "z/t"]
