"""Hand-ins whose text is made to be slow or large to read: each costs itself a person's look, and nobody else anything."""

from __future__ import annotations

import gc
import io
import json
import resource
import struct
import threading
import time
import zipfile
from pathlib import Path

import pytest

from grader.alike.collecting import read_code
from grader.audit.literals import pasted_bytes
from grader.domain import syntax
from grader.domain.evidence import RejectedClaimsError
from grader.domain.messages import message
from grader.domain.observation import Observation
from grader.domain.outdated import OldCode, Translation
from grader.domain.run import MOST_ERRORS, CellError
from grader.domain.submission import CodeCell, Notebook
from grader.extraction import array_files as arrays
from grader.extraction.claims import collect
from grader.intake import submissions as intake
from grader.intake.notebook import read_notebook
from grader.reading.reading_client import ReadingStoppedError, within_limits
from grader.sandbox import undefined_names
from grader.sandbox.circumstances import with_circumstances
from grader.source_reading import _translations, as_read
from grader.translation.old_code import read_old_code
from grader.translation.readable_cells import readable


def cells(*sources: str) -> tuple[CodeCell, ...]:
    return tuple(CodeCell(index, "", source) for index, source in enumerate(sources))


def lacking(*indices: int) -> tuple[CellError, ...]:
    return tuple(CellError(index, "NameError", "name 'nowhere' is not defined") for index in indices)


def seconds_of(function: object, *arguments: object) -> float:
    began = time.thread_time()
    function(*arguments)  # type: ignore[operator]
    return time.thread_time() - began


@pytest.mark.parametrize(
    "blank",
    [
        "\n",
        " \n",
        "\t",
        "    ",
        "%\n",
        "!\n",
        "#\n",
        "\\\n",
        ";",
        "a;",
        "'",
        "print ",
        "print '",
        "except ",
        "x?\n",
        "\f",
    ],
)
def test_a_cell_of_blanks_is_read_in_time_by_its_length(blank: str) -> None:
    """`x=1`, 60,000 line ends, `y=2`: 200 seconds with the interpreter lock held, quadratic in them, in version 0.1.0."""
    source = "x=1" + blank * (60_000 // len(blank) - 10) + "y=2"
    assert seconds_of(with_circumstances, lacking(0), ("",), cells("print(nowhere)", source)) < 10  # 0.1 s here
    assert seconds_of(readable, source[:60_000]) < 10


def test_each_cell_is_parsed_once_however_many_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """800 cells with 800 NameErrors were 640,000 parses."""
    parses = []

    def counted(source: str) -> object:
        parses.append(source)
        return syntax.tree_or_error(source)

    monkeypatch.setattr(undefined_names, "tree_or_error", counted)
    sources = [f"print(nowhere{index})" for index in range(800)]
    errors = tuple(
        CellError(index, "NameError", f"name 'nowhere{index}' is not defined") for index in range(MOST_ERRORS)
    )
    with_circumstances(errors, ("",) * MOST_ERRORS, cells(*sources))
    assert len(parses) <= len(sources) + MOST_ERRORS


def test_a_notebook_that_takes_minutes_to_read_is_stopped_and_its_neighbours_go_on() -> None:
    """Cells full of old code, each call of which is looked at; a small notebook is read meanwhile, and soon."""
    calls = [f"import tensorflow as tf\nx{number} = tf.Session()\n" * 1300 for number in range(4)]
    hostile, honest = Notebook(cells(*calls)), Notebook(cells("print(1)"))
    stopped: list[ReadingStoppedError] = []

    def read() -> None:
        with pytest.raises(ReadingStoppedError) as caught:
            within_limits(read_old_code, hostile, cpu_seconds=1)
        stopped.append(caught.value)

    thread = threading.Thread(target=read)
    thread.start()
    neighbours = 0
    while thread.is_alive():
        assert within_limits(read_old_code, honest).notebook == honest
        neighbours += 1
        time.sleep(0.1)
    assert neighbours >= 1
    assert [one.reason.values for one in stopped] == [(("seconds", 1),)]


def npz_of(entries: int) -> bytes:
    """An archive whose directory lists as many empty arrays; nothing of it is worth a byte of memory."""
    one = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0)
    directory = b"".join(one + f"v{number % 10**5:05d}"[:6].encode() for number in range(entries))
    count = min(entries, 0xFFFF)
    return directory + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), 0, 0)


def test_an_archive_with_too_many_entries_is_refused_before_its_directory_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three million took 77 seconds and 1.5 GB; these are 300,000, so that the test can fail in a second."""
    path = tmp_path / "weights.npz"
    path.write_bytes(npz_of(300_000))

    def opened(*_: object) -> zipfile.ZipFile:
        raise AssertionError("the directory was built")

    monkeypatch.setattr(arrays.zipfile, "ZipFile", opened)
    with pytest.raises(RejectedClaimsError, match="a directory of 15600000 bytes, more than 4194304"):
        arrays.copy_arrays(path, tmp_path / "copy.npz")


def claims(**changed: object) -> dict[str, object]:
    whole = {"schema_version": 1, "models": [], "operations": {}, "fits": [], "requests": [], "versions": {}}
    return whole | changed


FAULTY = {
    "200,000 models": claims(models=[{}] * 200_000),
    "200,000 fits": claims(fits=[0] * 200_000),
    "200,000 words": claims(requests=[0] * 200_000),
    "200,000 operations": claims(operations={f"o{number}": {} for number in range(200_000)}),
    "20,000 operations": claims(operations={f"o{number}": {"x": 1} for number in range(20_000)}),
    "200,000 versions": claims(versions={str(number): 0 for number in range(200_000)}),
    "20,000 versions": claims(versions={str(number): 0 for number in range(20_000)}),
    "200,000 unknown keys": claims(**{str(number): 0 for number in range(200_000)}),
    "20,000 unknown keys": claims(**{str(number): 0 for number in range(19_000)}),
    "200,000 variables": claims(operations={"o1": {"variables": [0] * 200_000}}),
    "200,000 entries": claims(tables=[{"name": "a", "entries": [{}] * 200_000}]),
    "twenty columns of 200,000": claims(fits=[{"columns": {"means": ["x"] * 200_000}}]),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_claims_with_very_many_faults_are_refused_in_a_few_words(tmp_path: Path, fault: str) -> None:
    """The faults are not all written down: a million of them took a gigabyte."""
    folder = tmp_path / "exchange" / "claims"
    folder.mkdir(parents=True)
    (folder / "claims.json").write_text(json.dumps(FAULTY[fault], separators=(",", ":")))
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(RejectedClaimsError) as rejected:
        collect(tmp_path / "exchange", tmp_path / "vetted")
    assert len(str(rejected.value)) < 600
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # KiB


def test_an_archive_that_says_less_than_it_holds_is_bounded_by_what_it_says(tmp_path: Path) -> None:
    """The standard library reads as many bytes of the directory as were stated and looked at."""
    content = bytearray(npz_of(300_000))
    struct.pack_into("<L", content, len(content) - 10, 5200)
    path = tmp_path / "weights.npz"
    path.write_bytes(content)
    began = time.process_time()
    with pytest.raises(RejectedClaimsError):
        arrays.copy_arrays(path, tmp_path / "copy.npz")
    assert time.process_time() - began < 5
    with zipfile.ZipFile(io.BytesIO(content)) as lying:
        assert len(lying.infolist()) <= 100


def test_a_notebook_of_old_calls_alone_fills_no_report() -> None:
    """30,000 of them fit into a cell's worth of text; a grade keeps a hundred sentences and their number."""
    found = tuple(Translation(0, line, "tf.Session()", "", message("old"), applied=True) for line in range(30_000))
    notes = list(_translations(OldCode(Notebook(cells("x")), found), {}))
    assert len(notes) == 101
    assert notes[-1].values == (("count", 29_900),)


MANY = 1_500
SHAPES = {
    "signs before a number": "-" * MANY + "1",
    "brackets": "(" * MANY + ")" * MANY,
    "attributes": "a" + ".b" * MANY,
    "calls": "f" + "()" * MANY,
    "a sum": "+".join(["1"] * MANY),
    "comparisons": "<".join(["a"] * MANY),
    "functions without a name": "lambda:" * MANY + "1",
    "branches": "if 1: pass\n" + "elif 1: pass\n" * MANY,
    "a number of digits": "x = " + "9" * 20 * MANY,
    "a hexadecimal number": "x = 0x" + "f" * 20 * MANY,
    "an exponent": "x = 1e" + "9" * MANY,
    "lines that go on": "x = 1\\\n" + "\\\n" * MANY,
    "a name": "x" * 20 * MANY + " = 1",
    "letters that are other letters": "ﬁ = 1\nprint ﬁ\n𝓍 = 1\n" * 300,
    "zero bytes": "x = 1\x00\nprint x",
    "halves of characters": "x = '\ud800'",
    "texts in texts": "f'{" * 150 + "1" + "}'" * 150,
    "old calls": "import tensorflow as tf\n" + "tf.Session(" * 300 + ")" * 300,
    "imports": "from keras.layers import " + ", ".join(f"Dense as D{n}" for n in range(MANY)),
    "arguments": "f(" + ", ".join(f"a{n}=1" for n in range(MANY)) + ")",
    "stars": "*a, " * MANY + "= b",
    "decorators": "@a\n" * MANY + "def f(): pass",
    "tabs and blanks": "if 1:\n\tx = 1\n        y = 2",
    "loops in a list": "[x for x in " * 500 + "y" + "]" * 500,
    "commands": "%" * MANY + "\n" + "!" * MANY + "\n" + "?" * MANY + "\nx = !" + "ls " * MANY,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_no_text_of_a_cell_is_our_failure(shape: str, tmp_path: Path) -> None:
    """Whatever its form, everything that reads it answers, or stops for this hand-in alone."""
    path = tmp_path / "x.ipynb"
    made = [{"cell_type": "code", "metadata": {}, "source": source} for source in ("x = 1", SHAPES[shape])]
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}), "utf-8")
    (submission,) = intake.collect([path], tmp_path / "work")
    found = within_limits(read_notebook, submission)
    for translates in (False, True):
        seen, to_run = as_read(Observation("sample"), found, translates=translates)
        assert len(to_run.cells) == len(found.cells) == 2, seen
    assert within_limits(pasted_bytes, found.cells, ()) >= 0
    assert len(within_limits(read_code, submission).cells) == 2
    assert with_circumstances(lacking(0), ("",), found.cells)[0].name == "NameError"
