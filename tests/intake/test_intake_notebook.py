"""Notebooks that can be read: what is taken out of them, and what is repaired."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from intake_samples import notebook_bytes, reported, submission_of

from grader.domain.submission import CodeCell, Notebook
from grader.intake.notebook import read_notebook


def read(tmp_path: Path, document: object) -> Notebook:
    """Read what these bytes, or this document as JSON, hold."""
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_notebook(submission_of(tmp_path / "ana.ipynb", content))


def code(source: object, **fields: object) -> dict[str, object]:
    return {"cell_type": "code", "source": source, **fields}


def sources(notebook: Notebook) -> list[str]:
    return [cell.source for cell in notebook.cells]


def test_only_the_source_of_code_cells_is_taken(tmp_path: Path) -> None:
    """Positions count all cells; ids of instructor's cells and of the assignment are kept, all else is dropped."""
    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"autoencoder_grader": {"assignment": "stacked", "language": "es", "x": 1}},
        "cells": [
            {"cell_type": "markdown", "id": "m", "metadata": {}, "source": "# Autoencoder"},
            code("%pip install x\n", id="a1", metadata={"tags": ["skip-execution"]}, outputs=[{"output_type": "evil"}]),
            code(["x = 1\n", "y = 2"], metadata={"nbgrader": {"grade_id": "encoder", "points": 99}}),
            code("  \n"),
        ],
    }
    assert read(tmp_path, document) == Notebook(
        cells=(CodeCell(1, "a1", "%pip install x\n"), CodeCell(2, "", "x = 1\ny = 2", "encoder")),
        assignment="stacked",
        language="es",
        notes=(),
    )


@pytest.mark.parametrize(
    ("fields", "recorded"),
    [
        ({"execution_count": 12}, 12),
        ({"prompt_number": 3}, 3),
        ({"execution_count": None}, None),
        ({}, None),
        ({"execution_count": True}, None),
        ({"execution_count": "7"}, None),
        ({"execution_count": -1}, None),
        ({"execution_count": 10**12}, None),
    ],
)
def test_when_a_cell_ran_last_is_kept_where_it_is_a_number(
    fields: dict[str, object], recorded: int | None, tmp_path: Path
) -> None:
    """It tells a student that the notebook only works in another order; formats 2 and 3 call it `prompt_number`."""
    (cell,) = read(tmp_path, {"nbformat": 4, "cells": [code("x", **fields)]}).cells
    assert cell.recorded == recorded


def test_names_of_the_wrong_type_are_left_out(tmp_path: Path) -> None:
    """What should be text and is none counts as missing."""
    cell = code("x", id=7, metadata={"nbgrader": {"grade_id": ["encoder"]}})
    document = {"nbformat": 4, "metadata": {"autoencoder_grader": {"assignment": 3, "language": None}}, "cells": [cell]}
    assert read(tmp_path, document) == Notebook(cells=(CodeCell(0, "", "x"),))


@pytest.mark.parametrize(
    "document",
    [
        {"nbformat": 4, "cells": [code("x")]},
        {"cells": [code("x", id="a"), code(" ", id="a")]},
        {"nbformat": 4, "metadata": [], "cells": [code("x", metadata=None, outputs="none")]},
        {"nbformat": "4", "nbformat_minor": "?", "metadata": {"kernelspec": "python3"}, "cells": [None, 3, code("x")]},
        {"nbformat": 4, "cells": [code(["x", 5, None]), {"cell_type": "mystery"}, code({"text": "y"}), code(None)]},
    ],
)
def test_harmless_mistakes_in_a_file_do_not_matter(tmp_path: Path, document: dict[str, object]) -> None:
    """Missing or wrong metadata, outputs, ids and versions, and cells that are no objects."""
    assert sources(read(tmp_path, document)) == ["x"]


def test_cells_without_a_type_are_passed_over_and_named(tmp_path: Path) -> None:
    """Nobody knows whether they are code; a person counts cells from 1."""
    notebook = read(tmp_path, {"nbformat": 4, "cells": [{"source": "lost"}, code("x"), 5]})
    assert sources(notebook) == ["x"]
    assert [reported(note) for note in notebook.notes] == ["Cells without a type were passed over: 1, 3."]


@pytest.mark.parametrize("version", [2, 3])
def test_old_formats_are_read_as_nbformat_upgrades_them(tmp_path: Path, version: int) -> None:
    """The oracle is `nbformat.convert`: same sources at the same positions."""
    if version == 3:
        v3 = nbformat.v3
        cells = [v3.new_heading_cell("Title"), v3.new_code_cell("a = 1"), v3.new_text_cell("markdown", "text")]
        sheets = [
            v3.new_worksheet(cells=cells),
            v3.new_worksheet(cells=[v3.new_code_cell("b = a\nb")]),
        ]
        old = v3.new_notebook(metadata=v3.new_metadata("old"), worksheets=sheets)
    else:
        v2 = nbformat.v2
        cells = [v2.new_code_cell("a = 1"), v2.new_text_cell("markdown", "text"), v2.new_code_cell("b = a\nb")]
        old = v2.new_notebook(metadata=v2.new_metadata("old"), worksheets=[v2.new_worksheet(cells=cells)])
    upgraded = nbformat.convert(nbformat.from_dict(json.loads(json.dumps(old))), 4)
    expected = [(i, cell.source) for i, cell in enumerate(upgraded.cells) if cell.cell_type == "code"]

    notebook = read(tmp_path, dict(old))
    assert [(cell.index, cell.source) for cell in notebook.cells] == expected
    assert len(expected) == 2
    assert [reported(note) for note in notebook.notes] == [
        f"The notebook is in the old format {version}; it was read all the same."
    ]


def test_the_first_format_is_read(tmp_path: Path) -> None:
    """It calls the source `code`; nbformat has no writer for it any more."""
    document = {"nbformat": 1, "cells": [{"cell_type": "code", "code": "a = 1", "prompt_number": 1}]}
    assert sources(read(tmp_path, document)) == ["a = 1"]


@pytest.mark.parametrize("version", [True, 0, -3, "3", None, 4.0])
def test_a_nonsense_version_is_judged_by_the_shape(tmp_path: Path, version: object) -> None:
    """A list of cells is format 4, so nothing old is noted."""
    assert read(tmp_path, {"nbformat": version, "cells": [code("x")]}).notes == ()


@pytest.mark.parametrize("minor", range(6))
def test_every_minor_of_format_4_is_read_without_a_note(tmp_path: Path, minor: int) -> None:
    """Colab writes 4.0, JupyterLab 4.5; they do not differ in the source of code cells."""
    document = json.loads(notebook_bytes("x")) | {"nbformat_minor": minor}
    assert read(tmp_path, document) == Notebook(cells=(CodeCell(0, "", "x"),))


def test_line_ends_are_those_of_unix(tmp_path: Path) -> None:
    """A notebook that went through Windows, or an old Macintosh, runs alike."""
    assert sources(read(tmp_path, {"cells": [code("a\r\nb\rc\n"), code(["d\r\n", "e"])]})) == ["a\nb\nc\n", "d\ne"]


@pytest.mark.parametrize(
    ("encoding", "mark", "shown"),
    [
        ("utf-8", b"", ""),
        ("utf-8", b"\xef\xbb\xbf", ""),
        ("utf-8", b"\xef\xbb\xbf\xef\xbb\xbf", ""),
        ("utf-16-le", b"\xff\xfe", "utf-16"),
        ("utf-16-be", b"\xfe\xff", "utf-16"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
        ("utf-32-le", b"\xff\xfe\0\0", "utf-32"),
        ("latin-1", b"", "cp1252"),
    ],
)
def test_every_encoding_that_programs_write_is_read(tmp_path: Path, encoding: str, mark: bytes, shown: str) -> None:
    """The accents come out right, and what was not UTF-8 is noted."""
    content = mark + notebook_bytes("año = 'niño'").decode().encode(encoding)
    notebook = read(tmp_path, content)
    assert sources(notebook) == ["año = 'niño'"]
    expected = [f"The file was saved as {shown} and not as UTF-8; it was read so."] if shown else []
    assert [reported(note) for note in notebook.notes] == expected


def test_half_characters_are_replaced(tmp_path: Path) -> None:
    """JSON can spell a lone surrogate, no other part of the grader could write it; a pair is one character."""
    notebook = read(tmp_path, rb'{"cells": [{"cell_type": "code", "source": "\ud83d\ude00 \ud83d"}]}')
    assert sources(notebook) == ["\N{GRINNING FACE} \ufffd"]


def test_numbers_of_absurd_length_do_not_matter(tmp_path: Path) -> None:
    """Python refuses to parse them; outputs may hold them."""
    content = b'{"cells": [{"cell_type": "code", "source": "x", "execution_count": ' + b"9" * 10_000 + b"}]}"
    assert sources(read(tmp_path, content)) == ["x"]


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        {"kernelspec": {"name": "conda-env-tf-py", "language": "python"}, "language_info": {"name": "python"}},
        {"kernelspec": {"name": "xpython", "language": "python"}},
        {"kernelspec": {"name": "mi_entorno"}},
        {"kernelspec": {"name": "irene"}},
        {"kernelspec": {"name": "ir"}, "language_info": {"name": "python"}},
        {"language_info": {"name": "ipython", "version": "3.11"}},
    ],
)
def test_every_kernel_of_python_is_accepted(tmp_path: Path, metadata: dict[str, object]) -> None:
    """The name of an environment says nothing; only a stated other language counts."""
    assert sources(read(tmp_path, notebook_bytes("x", **metadata))) == ["x"]


def test_weights_pasted_into_a_cell_are_noted(tmp_path: Path) -> None:
    """The notebook is read, and a person sees the size and the place."""
    notebook = read(tmp_path, notebook_bytes("a = 1", f"w = '{'x' * 3_200_000}'"))
    assert [len(source) for source in sources(notebook)] == [5, 3_200_006]
    assert [reported(note) for note in notebook.notes] == [
        (
            f"Code cell 2 of the notebook: `w = '{'x' * 54}…`: it holds a literal or code of 3.2 MB; weights or data "
            "pasted into a notebook are not accepted as training."
        )
    ]


def test_weights_spread_over_many_cells_are_noted(tmp_path: Path) -> None:
    """Each cell stays below the limit, all together do not."""
    notebook = read(tmp_path, notebook_bytes(*(f"w{number} = '{'x' * 600_000}'" for number in range(3))))
    assert [reported(note) for note in notebook.notes] == [
        "The code cells hold 1.8 MB together; weights or data pasted into a notebook are not accepted as training."
    ]


def test_ordinary_long_notebooks_get_no_note(tmp_path: Path) -> None:
    """A megabyte of outputs is no megabyte of code."""
    document = {"cells": [code("plot()", outputs=["x" * 2_000_000])]}
    assert read(tmp_path, document).notes == ()
