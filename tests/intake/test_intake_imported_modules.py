"""Which modules a notebook imports, read from its source alone."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.domain.submission import CodeCell, ImportedModule, Notebook
from grader.intake.imported_modules import PARSED_BYTES, imported_modules


def found(*sources: str) -> list[tuple[int, int, tuple[str, ...]]]:
    """Cell, line and names of every import."""
    cells = tuple(CodeCell(index, "", source) for index, source in enumerate(sources))
    return [(one.cell_index, one.line, one.names) for one in imported_modules(Notebook(cells))]


def test_every_import_is_told_with_cell_and_line() -> None:
    """The index is the file's, so that text cells between count; members come with their module."""
    source = "import os\n\nfrom torch import nn, optim as o\nimport jax.numpy as jnp, flax"
    assert imported_modules(Notebook((CodeCell(7, "c", source),))) == (
        ImportedModule("os", 7, 1),
        ImportedModule("torch", 7, 3, ("nn", "optim")),
        ImportedModule("jax.numpy", 7, 4),
        ImportedModule("flax", 7, 4),
    )


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('importlib.import_module("torch.nn")', ["torch.nn"]),
        ('import_module(name="torch")', ["torch"]),
        ('__import__("torch")', ["torch"]),
        ("def f():\n    try:\n        import torch\n    except ImportError:\n        import jax", ["torch", "jax"]),
        ("from torch import *", ["torch.*"]),
        ("from . import mine\nfrom .mine import x", []),
        ("__import__(name)\nimport_module('.x', 'p')\nimport_module()", []),
        ("'import torch'  # import jax", []),
    ],
)
def test_imports_of_every_kind(source: str, names: list[str]) -> None:
    """Statements and calls wherever they stand; not what is computed, relative, text or comment."""
    assert [name for _, _, imported in found(source) for name in imported] == names


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("%matplotlib inline\nimport torch", [(0, 2, ("torch",))]),
        ("!pip install \\\n  jax flax\nimport torch", [(0, 3, ("torch",))]),
        ("files = !ls\nx = %who_ls\nimport torch\ntorch?\n?torch", [(0, 3, ("torch",))]),
        ("if True:\n    %cd data\n    !ls\n    import torch", [(0, 4, ("torch",))]),
        ("%matplotlib inline\nimport torch\nx = (7\n% 3)", [(0, 2, ("torch",))]),
        ("!echo it's\nimport torch\n%cd /content/My Drive/0123", [(0, 2, ("torch",))]),
        ("%time import torch\n%timeit -n 10 -r3 import jax", [(0, 1, ("torch",)), (0, 2, ("jax",))]),
        ("%pip install torch\n%conda install jax\n%run mine.py", []),
        ("%%time\nimport torch", [(0, 2, ("torch",))]),
        ("\n%%capture out\nimport torch", [(0, 3, ("torch",))]),
        ("%%timeit import torch\nimport jax", [(0, 1, ("torch",)), (0, 2, ("jax",))]),
        ("%%bash\nimport torch", []),
        ("%%writefile mine.py\nimport torch", []),
        ("\n".join(["%cd x"] * 60 + ["import torch"]), [(0, 61, ("torch",))]),
    ],
)
def test_lines_for_ipython_hide_no_import(source: str, expected: list[tuple[int, int, tuple[str, ...]]]) -> None:
    """Magics and shell commands are no Python, yet the lines around them are, with their own numbers."""
    assert found(source) == expected


def test_a_cell_that_is_no_python_loses_itself_alone() -> None:
    """It would not run either; the others are read."""
    nasty = ("def f(:\n    import jax", "import jax\x00", "-" * 50_000 + "1", "a" + ".b" * 20_000, "(" * 500)
    assert found(*nasty, "import torch") == [(5, 1, ("torch",))]


def test_a_cell_with_data_is_read_line_by_line() -> None:
    """A tree of a long literal would take gigabytes; imports hardly ever stand inside one."""
    data = f"weights = '{'a' * PARSED_BYTES}'"
    source = f"import torch\n{data}\n  from jax import (\n      numpy,\n  )\nimported = 1"
    assert found(source) == [(0, 1, ("torch",)), (0, 3, ("jax",))]


def test_nothing_is_printed_about_a_students_escapes(recwarn: pytest.WarningsRecorder) -> None:
    """Python warns of an escape that is none when it parses; that is between the student and Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert found('x = "\\d"\nimport torch') == [(0, 2, ("torch",))]
    assert list(recwarn) == []


@given(st.lists(st.text("import toc.,()%!?=\\\n '\"", max_size=60), max_size=3))
def test_any_text_can_be_read(sources: list[str]) -> None:
    """Whatever is in a cell: an answer, in order, and no exception."""
    places = [(cell, line) for cell, line, _ in found(*sources)]
    assert places == sorted(places)
