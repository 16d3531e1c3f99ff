"""How much data lies in the text of a notebook, however it is written."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import numpy as np
import pytest

from grader.audit.literals import LARGEST_PARSED, pasted_bytes
from grader.authoring.assignment_catalogue import assignment_ids, load_assignment
from grader.authoring.notebooks import generate
from grader.domain.submission import CodeCell, Companion

RAW = np.random.default_rng(1).normal(size=4000).astype(np.float16).tobytes()
"""8,000 bytes that look like weights; compressed, about 7,400."""

LEAST, MOST = 6_500, 9_500


def cells(*sources: str) -> list[CodeCell]:
    return [CodeCell(index, "", source) for index, source in enumerate(sources)]


def pieces(text: str, count: int) -> list[str]:
    size = -(-len(text) // count)
    return [text[at : at + size] for at in range(0, len(text), size)]


B85 = base64.b85encode(RAW).decode()

WRITTEN = {
    "base85 in one piece": [f"x = {B85!r}"],
    "base64": [f"x = '{base64.b64encode(RAW).decode()}'"],
    "hexadecimal digits": [f"x = bytes.fromhex('{RAW.hex()}')"],
    "bytes": [f"x = {RAW!r}"],
    "five cells": [f"x{n} = {piece!r}" for n, piece in enumerate(pieces(B85, 5))],
    "200 pieces of one list": ["x = [" + ", ".join(map(repr, pieces(B85, 200))) + "]"],
    "one large number": [f"x = {int.from_bytes(RAW, 'little'):#x}"],
    "after a magic": [f"%matplotlib inline\n!pip install x\nx = {B85!r}"],
    "a file that a magic writes": [f"%%writefile weights.txt\n{B85}"],
    "a default argument of a function": [f"def f(x={B85!r}):\n    return x"],
}


@pytest.mark.parametrize("how", WRITTEN)
def test_data_count_once_compressed_however_they_are_written(how: str) -> None:
    """About as many bytes as there are, in any notation and in pieces."""
    assert LEAST < pasted_bytes(cells(*WRITTEN[how])) < MOST


@pytest.mark.parametrize(
    "source",
    [
        "x = [" + ", ".join(f"{value:.4g}" for value in np.frombuffer(RAW, np.float16)) + "]",
        "x = [" + ", ".join(map(repr, pieces(B85, 1000))) + "]",
        "x = [" + ", ".join(str(value) for value in RAW) + "]",
    ],
    ids=["numbers", "a thousand short texts", "a list of bytes"],
)
def test_what_passes_for_labels_and_numbers_counts_above_an_allowance(source: str) -> None:
    """Ordinary notebooks hold a few of both, none of them thousands."""
    assert pasted_bytes(cells(source)) > LEAST - 2_000


def test_data_in_comments_count_above_what_ordinary_code_holds() -> None:
    """IPython keeps the text of each cell (`In`), comments included, so that a cell may read them."""
    large = base64.b85encode(np.random.default_rng(2).bytes(40_000)).decode()
    assert pasted_bytes(cells("\n".join(f"# {piece}" for piece in pieces(large, 400)))) > 15_000


def test_no_solution_holds_data() -> None:
    """The notebooks of the whole course: nothing beyond the allowances."""
    for assignment in assignment_ids():
        document = json.loads(generate(load_assignment(assignment), language="es", solution=True))
        code = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
        assert pasted_bytes(cells(*("".join(cell["source"]) for cell in code))) == 0, assignment


def test_files_beside_the_notebook_count_as_well(tmp_path: Path) -> None:
    """A text with weights counts, a helper module of ordinary code does not."""
    (tmp_path / "weights.txt").write_text(B85, encoding="ascii")
    (tmp_path / "helper.py").write_text("def plot(images):\n    return images.mean()\n" * 20, encoding="ascii")
    (tmp_path / "model.py").write_text(f"WEIGHTS = {B85!r}\n", encoding="ascii")

    def beside(name: str) -> int:
        path = tmp_path / name
        return pasted_bytes(cells("x = 1"), [Companion(name, path, "0" * 64, path.stat().st_size)])

    assert LEAST < beside("weights.txt") < MOST
    assert beside("helper.py") == 0
    assert LEAST < beside("model.py") < MOST


def test_a_huge_notebook_is_not_read_as_python() -> None:
    """Ten million characters take seconds of nobody, and count as what they are."""
    huge = "x = 1\n" * (LARGEST_PARSED // 2)
    started = time.process_time()
    assert pasted_bytes(cells(huge)) < 20_000  # a repetition is no data
    assert time.process_time() - started < 10


@pytest.mark.parametrize("source", ["(" * 5000, "x = '\x00'", "def f(:\n  pass", "x = " + "-" * 20_000 + "1"])
def test_what_is_no_python_does_no_harm(source: str) -> None:
    """Nested too deep, broken or odd."""
    assert pasted_bytes(cells(source)) < 1_500
