"""Graded classes for the tests of decisions: made once, copied for each test."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import review_samples as samples

from grader.domain.course import Course
from grader.gradebook import sqlite_url
from grader.review.book import BookPlace


@pytest.fixture(scope="session")
def made_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of four under `stacked`, two of whom wait for a person."""
    out = tmp_path_factory.mktemp("stacked") / "out"
    samples.write_folder(out, "stacked", (samples.ANA, samples.LUIS, samples.ZOE, samples.IVAN))
    return out


@pytest.fixture(scope="session")
def made_course(tmp_path_factory: pytest.TempPathFactory) -> BookPlace:
    """A class of two of an instructor's own course, whose assignment gives points for two open questions."""
    home = tmp_path_factory.mktemp("course")
    course = samples.own_course(home / "course")
    return samples.write_folder(home / "out", "tarea1", (samples.ANA, samples.LUIS), course=course)


@pytest.fixture
def folder(made_folder: Path, tmp_path: Path) -> Path:
    """The class under `stacked`, for one test alone."""
    return Path(shutil.copytree(made_folder, tmp_path / "out"))


@pytest.fixture
def asked(made_course: BookPlace, tmp_path: Path) -> BookPlace:
    """The class of the own course, for one test alone."""
    assert made_course.folder is not None
    assert made_course.course is not None
    out = Path(shutil.copytree(made_course.folder, tmp_path / "out"))
    course = Path(shutil.copytree(made_course.course.folder, tmp_path / "course"))
    return replace(made_course, folder=out, url=sqlite_url(out / "gradebook.sqlite"), course=Course(course))
