"""Names of students and of their report files."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from intake_samples import PATIENT

from grader.intake.naming import clean_name, report_name, student_name


@pytest.mark.parametrize(
    ("student", "name"),
    [
        ("garcialopezana-1234", "garcialopezana-1234"),
        ("ana.garcía", "ana.garcía"),
        ("josé_núñez", "josé_núñez"),
        # The digits are `printf 'Ana García-77' | sha256sum | cut -c1-10`, and so on.
        ("Ana García-77", "Ana_García-77~bd1eb36cef"),
        ("sec1/ana", "sec1_ana~99d70ea044"),
        ("..", "_~5ec1f7e700"),
        ("con", "_con~1143da2bc5"),
        ("", "_~e3b0c44298"),
    ],
)
def test_report_names_keep_accents_and_replace_what_file_systems_refuse(student: str, name: str) -> None:
    """A plain name stays as it is; a changed one gets digits of its digest."""
    assert report_name(student) == name


@example(["ana", "Ana", "ANA"])
@example(["strasse", "straße"])
@example(["garc\u00eda", "garci\u0301a"])
@settings(deadline=None, suppress_health_check=PATIENT)
@given(st.lists(st.text(), unique=True, min_size=2, max_size=8))
def test_two_students_never_share_a_report_file(students: list[str]) -> None:
    """Names stay different even where a file system ignores case and normal form."""
    names = {unicodedata.normalize("NFD", report_name(student)).casefold() for student in students}
    assert len(names) == len(students)


@settings(deadline=None, suppress_health_check=PATIENT)
@given(st.text(max_size=2000))
def test_every_report_name_can_be_written(student: str) -> None:
    """It is one name of bounded length, without separators, and neither hidden nor a step upwards."""
    name = report_name(student)
    assert Path(name).name == name
    assert name[0] != "."
    assert len(name.encode()) <= 140
    assert not set(name) & set('/\\:*?"<>|\0\n ')


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("Ana\u202egro\x1b[31m", "Anagro[31m"),
        ("Garci\u0301a", "Garc\u00eda"),
        ("  Ana \t Mar\u00eda\n", "Ana Mar\u00eda"),
        ("tarea\udce1.ipynb", "tarea\ufffd.ipynb"),
    ],
)
def test_names_lose_control_and_direction_characters(raw: str, cleaned: str) -> None:
    """A name is safe to print in a terminal, and two spellings of one accent are one name."""
    assert clean_name(raw) == cleaned


def test_the_id_of_the_platform_is_always_part_of_the_name() -> None:
    """Two students of the same name stay two, and one student has the same name in every batch."""
    assert [student_name("Ana García", "12"), student_name("Ana García", "13")] == ["Ana García-12", "Ana García-13"]


def test_endless_names_are_shortened_without_merging_them() -> None:
    """Two names that differ far behind the limit stay different."""
    long_names = {student_name("a" * 500 + ending) for ending in "xy"}
    assert {len(name) for name in long_names} == {120}
    assert len(long_names) == 2
