"""Where a cell is, as a student sees it: the heading above it, which code cell below that, its first line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from intake_samples import reported, submission_of

from grader.domain.cell_places import NOWHERE, CellPlace, cell_name, cell_title, line_title
from grader.intake.headings import places
from grader.intake.notebook import read_notebook
from grader.locale import Translator


def text(source: object, kind: str = "markdown") -> dict[str, object]:
    return {"cell_type": kind, "source": source}


def code(source: object = "x = 1") -> dict[str, object]:
    return {"cell_type": "code", "source": source}


def section(*sources: object) -> str:
    """The section of a code cell below text cells with these sources."""
    return places([*map(text, sources), code()])[len(sources)].section


def test_code_cells_are_counted_from_the_heading_above_them() -> None:
    """Empty cells count, since they are seen; text without a heading begins nothing new."""
    cells = [
        code("import keras"),
        text("# Título\ntexto"),
        code("a"),
        code(""),
        text("solo texto"),
        code("b"),
        text("## 2. Los datos"),
        code("c"),
    ]
    assert places(cells) == {
        0: CellPlace("", 1, "import keras"),
        2: CellPlace("Título", 1, "a"),
        3: CellPlace("Título", 2, ""),
        5: CellPlace("Título", 3, "b"),
        7: CellPlace("2. Los datos", 1, "c"),
    }


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("# A\ntext\n## B", "B"),
        ("### B ###", "B"),
        ("Título\n======", "Título"),
        ("texto\n\nParte\n---", "Parte"),
        ("<h2 align='center'>3. El <b>decoder</b></h2>", "3. El decoder"),
        ("## **El** `encoder` &amp; [más](http://x.org)", "El encoder & más"),
        ("## <a name='x'></a>Los datos", "Los datos"),
        ("```python\n# a comment\n```\n", ""),
        ("## A\n~~~\n# a comment\n~~~", "A"),
        ("#hashtag", ""),
        ("- one\n\n---\n", ""),
        ("# ", ""),
        ("  ## Con espacios", "Con espacios"),
        ("    # code by indentation", ""),
        ("## " + "palabra " * 50, "palabra " * 9 + "palabra…"),
    ],
)
def test_a_heading_is_read_as_it_is_shown(source: str, shown: str) -> None:
    """Number signs, underlines and HTML make headings; fenced code, lists and rules do not."""
    assert section(source) == shown


def test_old_formats_have_cells_for_headings() -> None:
    """Format 3 writes them as a kind of cell."""
    assert places([text("Los datos", kind="heading"), code()])[1].section == "Los datos"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("\n\n  decoder = keras.Sequential(\n", "decoder = keras.Sequential("),
        ("# comment\nx = 1", "x = 1"),
        ("# only a comment", "# only a comment"),
        ("#@title Entrenar\nfit()", "#@title Entrenar"),
        ("print(`x`)", "print('x')"),
        (
            "history = autoencoder.fit(X_train, X_train, epochs=10, batch_size=32)",
            "history = autoencoder.fit(X_train, X_train, epochs=10,…",
        ),
    ],
)
def test_the_first_line_of_code_is_quoted(source: str, line: str) -> None:
    """Comments are passed over; the title of a Colab form is what Colab shows instead of the code."""
    assert places([code(source)])[0].line == line


PLACES = {4: CellPlace("3. El decoder", 2, "decoder = f("), 5: CellPlace("", 1, "x"), 6: CellPlace("A", 1, "")}


@pytest.mark.parametrize(
    ("index", "title", "name"),
    [
        (
            4,
            "Section “3. El decoder”, code cell 2: `decoder = f(`",
            "code cell 2 of the section “3. El decoder” (`decoder = f(`)",
        ),
        (5, "Code cell 1 of the notebook: `x`", "code cell 1 of the notebook (`x`)"),
        (6, "Section “A”, code cell 1", "code cell 1 of the section “A”"),
    ],
)
def test_a_cell_is_named_by_what_a_notebook_shows(index: int, title: str, name: str) -> None:
    """Alone and inside a sentence."""
    assert (reported(cell_title(index, PLACES)), reported(cell_name(index, PLACES))) == (title, name)


def test_a_cell_is_named_in_spanish() -> None:
    """With its line, where there is one."""
    spanish = Translator("es", strict=True).text(line_title(4, 7, PLACES))
    assert spanish == "Sección «3. El decoder», celda de código 2: `decoder = f(`, línea 7"


def test_a_cell_whose_place_is_not_known_keeps_its_number() -> None:
    """As in grades that were stored before there were places."""
    assert reported(cell_title(6, NOWHERE)) == "Cell 7 of the notebook"
    assert reported(cell_name(6, NOWHERE)) == "cell 7 of the notebook"


def test_a_notebook_is_read_with_the_places_of_its_cells(tmp_path: Path) -> None:
    """The student's own text, before anything is translated."""
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [text(["## 1. Datos\n", "x"]), code("y")]}
    notebook = read_notebook(submission_of(tmp_path / "ana.ipynb", json.dumps(document).encode()))
    assert notebook.places == {1: CellPlace("1. Datos", 1, "y")}


@pytest.mark.parametrize("piece", ["#", "<h1>", "[", "**", "`", "=\n", "<h1 ", "[](", "&"])
def test_reading_headings_takes_time_by_the_length_alone(piece: str) -> None:
    """Two megabytes of whatever might lead a pattern back and forth."""
    assert len(section(piece * (2_000_000 // len(piece)))) <= 80
