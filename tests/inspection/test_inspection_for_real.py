"""The corpus in the real sandbox, kernel and measuring process: what is said of each notebook is what must be said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from corpus import NAMES, differences, specimen
from typer.testing import CliRunner

from grader.authoring.assignment_catalogue import facts_ids
from grader.cli.app import app
from grader.cli.inspect_command import as_data
from grader.domain.datasets import DataSize
from grader.domain.inspection import OTHER
from grader.inspection.inspecting import InspectionContext, inspect_notebook
from grader.inspection.inspection_zones import open_inspection
from grader.locale import Translator
from grader.session import SessionOptions

QUICK = ("from_scratch", "keras_1_python_2_compat", "mistake_encoder_returns_image")


@pytest.fixture(scope="module")
def context() -> Iterator[InspectionContext]:
    """Both zones, opened once, on the embedded sample."""
    with open_inspection(SessionOptions(data_size=DataSize.SAMPLE, jobs=1)) as opened:
        yield opened


def check(name: str, context: InspectionContext, folder: Path) -> None:
    one = specimen(name)
    said = inspect_notebook(one.submission(folder), replace(context, compat=one.expected.get("compat")))
    assert differences(one.expected, as_data(said, Translator("en"))) == []


@pytest.mark.parametrize("name", QUICK)
def test_what_is_said_of_a_notebook(name: str, context: InspectionContext, tmp_path: Path) -> None:
    """NumPy alone, Keras 1 translated, and an encoder that returns the image."""
    check(name, context, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(NAMES) - set(QUICK)))
def test_what_is_said_of_every_notebook(name: str, context: InspectionContext, tmp_path: Path) -> None:
    """Every family, style and era of the corpus, every silent mistake, and nobody accused wrongly."""
    check(name, context, tmp_path)


def test_the_corpus_is_large_enough() -> None:
    """At least 25 notebooks, every family of the course among them."""
    expected = [specimen(name).expected for name in NAMES]
    families = {model["family"] for one in expected for model in one.get("models", [])}
    assert len(NAMES) >= 25
    assert families == {*facts_ids(), OTHER}


@pytest.mark.slow
def test_the_command_answers_in_json(tmp_path: Path) -> None:
    """One notebook through the command line: JSON alone on standard output, exit status 0."""
    path = specimen("classifier_only").submission(tmp_path).path
    answer = CliRunner().invoke(app, ["inspect", str(path), "--json", "--data-size", "sample", "--lang", "en"])
    assert answer.exit_code == 0
    said = json.loads(answer.stdout)
    assert (said["schema_version"], said["models"], said["translated"]) == (1, [], [])
    assert said["diagnosis"][0].startswith("No autoencoder was found")


@pytest.mark.parametrize("text", ["no notebook", '{"cells": [], "nbformat": 4}'])
def test_what_is_no_notebook_is_refused_at_once(text: str, tmp_path: Path) -> None:
    """Wrong usage, exit status 2, and no zone is opened for it."""
    path = tmp_path / "a.ipynb"
    path.write_text(text, encoding="utf-8")
    assert CliRunner().invoke(app, ["inspect", str(path), "--lang", "en"]).exit_code == 2
