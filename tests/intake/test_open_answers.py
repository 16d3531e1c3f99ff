"""What a student wrote to an open question is found wherever students write it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from grader.domain.questions import OpenQuestion
from grader.domain.submission import Submission
from grader.intake.answers import read_answers

SIZE = OpenQuestion(
    "size",
    {"es": "**Pregunta 1.** ¿Qué pasa\ncon 2 números?", "en": "**Question 1.** What happens\nwith 2 numbers?"},
    {"es": "Mucho.", "en": "A lot."},
    {"es": "*TU RESPUESTA AQUÍ*", "en": "*YOUR ANSWER HERE*"},
)
OTHER = OpenQuestion(
    "other", {"es": "**Pregunta 2.** ¿Y luego?", "en": "**Question 2.** And then?"}, {}, SIZE.placeholder
)


def text(source: str, name: str = "", *, ours: bool = False) -> dict[str, object]:
    """A text cell, named by nbgrader where `ours`, else by its id."""
    metadata = {"nbgrader": {"grade_id": name}} if ours else {}
    return {"cell_type": "markdown", "id": name, "metadata": metadata, "source": source}


CODE = {"cell_type": "code", "metadata": {}, "outputs": [], "source": "1"}
ASKED = text(SIZE.prompt["es"], "size_question", ours=True)


def answers(folder: Path, *cells: object) -> dict[str, str]:
    """The answers of a notebook of these cells."""
    path = folder / "n.ipynb"
    content = json.dumps({"nbformat": 4, "cells": list(cells)}).encode()
    path.write_bytes(content)
    submission = Submission("ana", path.name, path, hashlib.sha256(content).hexdigest(), len(content))
    return {one.question: one.text for one in read_answers(submission, (SIZE, OTHER))}


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([ASKED, text("Se borra.", "size", ours=True)], "Se borra."),
        ([ASKED, text("Se borra.", "size")], "Se borra."),
        ([ASKED, text("*TU RESPUESTA AQUÍ*", "size", ours=True)], ""),
        ([ASKED, text("TU RESPUESTA AQUÍ", "size", ours=True)], ""),
        ([ASKED, text("*TU RESPUESTA AQUÍ*\n\nSe borra.", "size", ours=True)], "Se borra."),
        ([ASKED, text("  \n", "size", ours=True)], ""),
        ([ASKED, text("Se borra.", "size", ours=True), text("Y más."), CODE, text("No.")], "Se borra.\n\nY más."),
        ([ASKED, text("Se borra.", "size", ours=True), text("## Otra sección")], "Se borra."),
        ([text(SIZE.prompt["es"] + "\n\nSe borra.", "q", ours=True), text("*TU RESPUESTA AQUÍ*", "size", ours=True)], "Se borra."),
        ([text(SIZE.prompt["en"]), text("It blurs."), text(OTHER.prompt["en"]), text("Then.")], "It blurs."),
        ([ASKED, {**CODE, "id": "size", "source": "# Se borra."}], "# Se borra."),
    ],
)  # fmt: skip
def test_an_answer_is_found_where_students_write_it(tmp_path: Path, cells: list[object], said: str) -> None:
    """In its cell, below the question, in new cells after it; without its name by the question's own words."""
    assert answers(tmp_path, *cells)["size"] == said


def test_a_question_that_is_not_there_has_no_answer(tmp_path: Path) -> None:
    """Which is not the same as an empty one: a person looks."""
    assert answers(tmp_path, CODE, text("Hola")) == {}


def test_what_is_no_notebook_has_no_answers(tmp_path: Path) -> None:
    """Grading says what is wrong with it."""
    path = tmp_path / "n.ipynb"
    path.write_text("hello")
    assert read_answers(Submission("ana", path.name, path, "0" * 64, 5), (SIZE,)) == ()
