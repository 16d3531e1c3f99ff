"""Files that are no notebook: what the student reads, word for word."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from intake_samples import COLAB, PATIENT, notebook_bytes, reported, submission_of, zip_bytes

from grader.domain.submission import Notebook, Submission, UnreadableSubmissionError
from grader.intake import notebook
from grader.intake.notebook import read_notebook

RERUN = "In Colab, choose Edit > Clear all outputs, save, download it and hand it in again."
NOT_JSON = "The file is not a notebook, or a damaged one: it is not valid JSON at"
OVERLOADED = (
    "The file is nested so deeply, or holds so many values, that no notebook program can have written it by itself. "
    f"{RERUN}"
)
KERNEL = (
    "The notebook is written for {}, not for Python. In Colab, choose Runtime > Change runtime type > Python 3, save, "
    "download it and hand it in again."
)
GOOGLE = f"This is a web page of Google (Drive, Colab or a sign-in), not the notebook that it shows. {COLAB}"
PYTHON = f"This is Python code, not a notebook; it has no cells. {COLAB}"
INCOMPRESSIBLE = b"".join(hashlib.sha256(number.to_bytes(2)).digest() for number in range(16_000))
TREELESS = f"The file is JSON, but not a notebook: it has no list of cells. {COLAB}"


def refusal(tmp_path: Path, content: bytes) -> str:
    """Return why these bytes are refused, in English."""
    with pytest.raises(UnreadableSubmissionError) as caught:
        read_notebook(submission_of(tmp_path / "ana.ipynb", content))
    return reported(caught.value.reason)


WRONG_FILES = {
    "nothing": (b"", f"The file is empty: it has 0 bytes. {COLAB}"),
    "blanks": (b" \n\n", f"The file is blank. {COLAB}"),
    "a pdf": (b"%PDF-1.7\n...", f"This is a PDF, not a notebook; a printed notebook cannot be run. {COLAB}"),
    "a zip": (zip_bytes({"t.ipynb": notebook_bytes()}), f"This is a zip archive, not a notebook. {COLAB}"),
    "an empty zip": (zip_bytes({}), f"This is an empty zip archive, not a notebook. {COLAB}"),
    "word": (zip_bytes({"[Content_Types].xml": b"", "word/document.xml": b""}),
             f"This is a Word document, not a notebook. {COLAB}"),
    "keras": (zip_bytes({"config.json": b"", "model.weights.h5": b""}),
              f"This is a saved Keras model, not a notebook. {COLAB}"),
    "large keras": (zip_bytes({"assets": INCOMPRESSIBLE, "model.weights.h5": b""}),
                    f"This is a saved Keras model, not a notebook. {COLAB}"),
    "weights": (b"\x89HDF\r\n\x1a\n", f"These are saved weights (HDF5), not a notebook. {COLAB}"),
    "rar": (b"Rar!\x1a\x07", f"This is a RAR archive, which cannot be opened here. {COLAB}"),
    "7z": (b"7z\xbc\xaf\x27\x1c", f"This is a 7z archive, which cannot be opened here. {COLAB}"),
    "gzip": (gzip.compress(notebook_bytes()), f"This is a gzip archive, which cannot be opened here. {COLAB}"),
    "png": (b"\x89PNG\r\n", f"This is a picture, not a notebook. {COLAB}"),
    "jpeg": (b"\xff\xd8\xff\xe0", f"This is a picture, not a notebook. {COLAB}"),
    "colab page": (b'\n<!DOCTYPE html><html><link href="https://colab.research.google.com/x">', GOOGLE),
    "sign-in page": (b"<html lang='es'><a href='https://accounts.google.com/'>", GOOGLE),
    "exported page": (b"<!-- nbconvert -->\n<HTML><body>", f"This is a web page (HTML), not a notebook. {COLAB}"),
    "xhtml": (b"<?xml version='1.0'?>\n<html>", f"This is a web page (HTML), not a notebook. {COLAB}"),
    "colab's .py": (b"# -*- coding: utf-8 -*-\n\"\"\"Tarea\"\"\"\n\nimport keras\n", PYTHON),
    "jupytext": (b"# %% [markdown]\n# Hola\n", PYTHON),
    "text": (b"Hola profe, no pude.", f"{NOT_JSON} line 1, column 1 (Expecting value). {COLAB}"),
    "binary": (bytes(range(128, 256)), f"{NOT_JSON} line 1, column 1 (Expecting value). {COLAB}"),
    "damaged": (b'{"cells": [\n {"cell_type" "code"}]}',
                f"{NOT_JSON} line 2, column 15 (Expecting ':' delimiter). {COLAB}"),
    "merged": (b'{"cells": [\nimport keras\n]}', f"{NOT_JSON} line 2, column 1 (Expecting value). {COLAB}"),
    "quotation": (b'"Hola', f"{NOT_JSON} line 1, column 1 (Unterminated string starting at). {COLAB}"),
    "cut at the start": (b'{"cells": [',
                         f"The notebook breaks off at its line 1: the download or the upload was cut short. {COLAB}"),
    "cut": (notebook_bytes("a = 1")[:-9],
            f"The notebook breaks off at its line 1: the download or the upload was cut short. {COLAB}"),
    "cut in text": (b'{\n"cells": [\n{"cell_type": "code", "source": "x =',
                    f"The notebook breaks off at its line 3: the download or the upload was cut short. {COLAB}"),
    "a list": (b"[1, 2]", TREELESS),
    "a number": (b"3", TREELESS),
    "other json": (b'{"error": "not found", "metadata": {}}', TREELESS),
    "cells no list": (b'{"nbformat": 4, "cells": {"0": "x"}}', TREELESS),
    "deep lists": (b"[" * 100_000, OVERLOADED),
    "deep objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, OVERLOADED),
    "many values": (b"[" + b"[],[]," * 1_000_000 + b"[]]", OVERLOADED),
    "format 5": (json.dumps({"nbformat": 5, "cells": []}).encode(),
                 ("The notebook is in format 5, and formats up to 4 can be read. Save it in Colab, or in JupyterLab as "
                  "format 4, and hand it in again.")),
    "no cells": (b'{"nbformat": 4, "cells": []}',
                 "The notebook has no code cell (cells in all: 0). Perhaps the work is in another copy."),
    "text alone": (b'{"cells": [{"cell_type": "markdown", "source": "x = 1"}]}',
                   "The notebook has no code cell (cells in all: 1). Perhaps the work is in another copy."),
    "all blank": (notebook_bytes("", " \n\t"),
                  "All code cells of the notebook are empty (2). Perhaps the work is in another copy."),
    "R": (notebook_bytes("x", kernelspec={"name": "ir", "language": "R"}), KERNEL.format("R")),
    "R by kernel": (notebook_bytes("x", kernelspec={"name": "ir"}), KERNEL.format("R")),
    "julia": (notebook_bytes("x", kernelspec={"name": "julia-1.10"}), KERNEL.format("Julia")),
    "scala": (notebook_bytes("x", language_info={"name": "scala"}), KERNEL.format("scala")),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG_FILES)
def test_the_message_says_what_the_file_is_and_what_to_do(tmp_path: Path, kind: str) -> None:
    """Every kind of wrong file that students hand in has its own sentence."""
    content, expected = WRONG_FILES[kind]
    assert refusal(tmp_path, content) == expected


def test_a_huge_notebook_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """51 MB, sparse on disk; the message says how to make it smaller."""
    path = tmp_path / "ana.ipynb"
    with path.open("wb") as file:
        file.truncate(51_000_000)
    with pytest.raises(UnreadableSubmissionError) as caught:
        read_notebook(Submission("ana", "ana.ipynb", path, "", 0))
    assert reported(caught.value.reason) == (
        "The notebook has 51.0 MB, more than the 50 MB that are accepted. Saved outputs are most of it: in Colab, "
        "choose Edit > Clear all outputs, save, download it and hand it in again."
    )


def test_a_file_that_was_cut_while_unpacking_is_told_with_its_true_size(tmp_path: Path) -> None:
    """What is on disk is the beginning only."""
    path = tmp_path / "ana.ipynb"
    path.write_bytes(notebook_bytes())
    with pytest.raises(UnreadableSubmissionError) as caught:
        read_notebook(Submission("ana", "ana.ipynb", path, "", 2_000_000_000))
    assert reported(caught.value.reason).startswith("The notebook has 2000.0 MB, more than the 50 MB")


def test_a_notebook_at_the_limit_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit itself is allowed, one byte more is not."""
    content = notebook_bytes()
    monkeypatch.setattr(notebook, "NOTEBOOK_LIMIT_BYTES", len(content))
    assert read_notebook(submission_of(tmp_path / "ana.ipynb", content)).cells
    assert "more than" in refusal(tmp_path, content + b" ")


def test_a_file_that_vanished_is_told(tmp_path: Path) -> None:
    """The system's words say why."""
    with pytest.raises(UnreadableSubmissionError) as caught:
        read_notebook(Submission("ana", "ana.ipynb", tmp_path / "gone.ipynb", "", 5))
    assert reported(caught.value.reason) == "The file cannot be read: No such file or directory."


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
CELL_FIELDS = ["cell_type", "source", "input", "metadata", "id", "outputs"]
CELLS = st.lists(
    st.dictionaries(st.sampled_from(CELL_FIELDS), JSON_VALUES | st.just("code"), max_size=5) | JSON_VALUES, max_size=4
)
NOTEBOOKS = st.fixed_dictionaries(
    {},
    optional={
        "nbformat": st.sampled_from([1, 2, 3, 4, 5]) | JSON_VALUES,
        "metadata": st.dictionaries(st.sampled_from(["kernelspec", "language_info", "autoencoder_grader"]), JSON_VALUES)
        | JSON_VALUES,
        "cells": CELLS | JSON_VALUES,
        "worksheets": st.lists(st.fixed_dictionaries({"cells": CELLS}), max_size=2) | JSON_VALUES,
    },
)


def survives(tmp_path: Path, content: bytes) -> None:
    """Read the bytes; the result must be whole, or the one declared error."""
    submission = submission_of(tmp_path / "ana.ipynb", content)
    result, reason = Notebook(()), ""
    try:
        result = read_notebook(submission)
    except UnreadableSubmissionError as error:
        reason = reported(error.reason)
    assert bool(result.cells) != bool(reason)
    assert all(cell.source.strip() and cell.source.encode() for cell in result.cells)
    assert all(reported(note) for note in result.notes)


@settings(max_examples=150, deadline=None, suppress_health_check=PATIENT)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@example(b"\xff\xfe\x00")
@example(b"\x00\x00\xfe\xff\x00")
@example(b'{"cells": [{"cell_type": "code", "source": "\\ud800"}]}')
@example(b"-")
@example(b"NaN")
def test_arbitrary_bytes_raise_nothing_but_the_declared_error(tmp_path: Path, content: bytes) -> None:
    """Whatever is uploaded, the student gets a sentence and the batch goes on."""
    survives(tmp_path, content)


@settings(max_examples=150, deadline=None, suppress_health_check=PATIENT)
@given(NOTEBOOKS)
def test_arbitrary_json_raises_nothing_but_the_declared_error(tmp_path: Path, document: dict[str, object]) -> None:
    """Values of every type in every place of a notebook."""
    survives(tmp_path, json.dumps(document).encode())


@settings(max_examples=100, deadline=None, suppress_health_check=PATIENT)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6))
def test_damaged_notebooks_raise_nothing_but_the_declared_error(tmp_path: Path, edits: list[tuple[int, int]]) -> None:
    """A real notebook with some bytes changed."""
    content = bytearray(notebook_bytes("x = 1\n", "print('año')", kernelspec={"name": "python3"}))
    for position, value in edits:
        content[position % len(content)] = value
    survives(tmp_path, bytes(content))
