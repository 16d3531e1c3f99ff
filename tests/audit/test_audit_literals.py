"""How much data lies in the text of a notebook, however it is written."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterable
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


LARGE = np.random.default_rng(3).bytes(20_000)
SMALL = np.array(list(LARGE))
BITS = np.unpackbits(SMALL.astype(np.uint8))
VOWELS = ("a", "ai", "an", "ar", "e", "el", "en", "er", "i", "in", "o", "on", "or", "os", "u", "un")
SYLLABLES = [first + second for first in "bcdfghjklmnprstv" for second in VOWELS]
WORDS = [f"{SYLLABLES[number]}{SYLLABLES[-number]}" for number in range(256)]


def pieces_of(size: int) -> list[str]:
    """Hexadecimal digits of so many bytes each."""
    return [LARGE[at : at + size].hex() for at in range(0, len(LARGE), size)]


def lines(made: Iterable[str], separator: str = " ", each: int = 12) -> list[str]:
    """So many of them on a line."""
    all_of_them = list(made)
    return [separator.join(all_of_them[at : at + each]) for at in range(0, len(all_of_them), each)]


SMUGGLED = {
    "emoji": [f"x = {''.join(chr(0x1F300 + byte) for byte in SMALL)!r}"],
    "Braille": [f"x = {''.join(chr(0x2800 + byte) for byte in SMALL)!r}"],
    "private characters": [f"x = {''.join(chr(0xE000 + byte) for byte in SMALL)!r}"],
    "words of a docstring": ['def f():\n    """' + " ".join(WORDS[byte] for byte in SMALL) + '"""'],
    "words of comments": ["\n".join("# " + line for line in lines(WORDS[byte] for byte in SMALL))],
    "sentences": [f"print({line!r})" for line in lines(WORDS[byte] for byte in SMALL)],
    "names of variables": ["\n".join(f"v{piece} = 0" for piece in pieces_of(12))],
    "arguments by name": ["dict(" + ", ".join(f"v{piece}=0" for piece in pieces_of(12)) + ")"],
    "names of modules": ["\n".join(f"import numpy as n{piece}" for piece in pieces_of(12))],
    "true and false": ["x = [" + ", ".join("True" if bit else "False" for bit in BITS) + "]"],
    "none and true": ["x = [" + ", ".join("True" if bit else "None" for bit in BITS) + "]"],
    "signs of numbers": ["x = [" + ", ".join("1" if bit else "-1" for bit in BITS) + "]"],
    "plus and minus": ["\n".join("x = 1" + line for line in lines(("+1" if bit else "-1" for bit in BITS), "", 400))],
    "blanks and tabs": ["x = 1 " + "".join(" " if bit else "\t" for bit in BITS)],
    "blanks at the ends of lines": ["\n".join("x = 1" + " " * byte for byte in SMALL)],
    "short texts": [f"x = {pieces_of(6)!r}"],
    "bytes in pieces": [f"x = {[LARGE[at : at + 30] for at in range(0, len(LARGE), 30)]!r}"],
    "keys of a table": [f"x = {dict.fromkeys(pieces_of(6), 0)!r}"],
    "escapes": ["x = '" + "".join(f"\\x{byte:02x}" for byte in SMALL) + "'"],
    "escapes of characters": ["x = '" + "".join(f"\\u28{byte:02x}" for byte in SMALL) + "'"],
    "large numbers in pieces": [f"x = {[int(piece, 16) for piece in pieces_of(7)]!r}"],
    "coefficients of polynomials": [f"x = {[float(f'{n:.6g}') for n in np.frombuffer(LARGE, np.uint32) / 2**32]!r}"],
    "complex numbers": ["x = [" + ", ".join(f"{a}+{b}j" for a, b in SMALL.reshape(-1, 2)) + "]"],
    "parts of an f-string": ["x = f'" + "{0}".join(pieces_of(12)) + "'"],
    "commands of the shell": ["\n".join(f"!echo {piece}" for piece in pieces_of(15))],
    "a cell of another language": ["%%html\n" + "\n".join(lines((f"&#{byte + 1000};" for byte in SMALL), "", 60))],
    "a file written in short words": ["%%writefile x.txt\n" + " ".join(pieces_of(15))],
    "an unreadable cell": ["x ==== 1\n" + "\n".join(f"# {piece}" for piece in pieces_of(15))],
    "many cells": [f"x{number} = {piece!r}" for number, piece in enumerate(pieces_of(18))],
}
"""20,000 bytes without any order, in notations that a cell can read back."""


@pytest.mark.parametrize("how", SMUGGLED)
def test_data_count_in_every_notation(how: str) -> None:
    """Whatever allowance they use up, half of them count."""
    assert pasted_bytes(cells("import numpy as np", *SMUGGLED[how])) > len(LARGE) / 2 - 500


def test_names_of_files_count_as_well(tmp_path: Path) -> None:
    """Fifty files beside a notebook have names of four hundred characters each."""
    (tmp_path / "x.txt").write_text("x", encoding="ascii")

    def beside(names: Iterable[str]) -> int:
        return pasted_bytes(cells("x = 1"), [Companion(name, tmp_path / "x.txt", "0" * 64, 1) for name in names])

    assert beside("/".join(folder) for folder in (pieces_of(45)[at : at + 4] for at in range(0, 200, 4))) > 8_000
    assert beside(f"imagen_{number}.png" for number in range(50)) < 1_000


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
