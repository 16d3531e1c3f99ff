"""What fuzzing tries: each target makes a hand-in out of bytes and has our code read it.

The bytes are a row of choices, so that both hypothesis and a coverage-guided fuzzer reach deep into the structure of a
class, a notebook, claims or an archive; the rest of the bytes is noise. A target ends quietly where the hand-in is read
or refused by the one declared error, and fails on anything else: another exception, another student's grade touched,
more than ten seconds of processor time.
"""

from __future__ import annotations

import copy
import io
import json
import os
import shutil
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from choices import Choices, damaged, replace_something
from instructor_targets import INSTRUCTOR_TARGETS

from grader.authoring.errors import AuthoringError
from grader.domain.evidence import RejectedClaimsError
from grader.domain.ports import GraphSandbox
from grader.domain.run import CellError
from grader.domain.submission import Submission, UnreadableSubmissionError
from grader.extraction.array_files import copy_arrays
from grader.extraction.claims import collect
from grader.extraction.graph_files import copy_graphs
from grader.intake.imported_modules import imported_modules
from grader.intake.intake_errors import IntakeError
from grader.intake.notebook import read_notebook
from grader.intake.submissions import gather
from grader.rebuild.graphs.graph_process import BehaviourError, GraphModel, GraphProcess
from grader.roster.sheet import SheetError
from grader.sandbox.circumstances import with_circumstances
from grader.translation.old_code import read_old_code

COUNTS: Final[Counter[str]] = Counter()
"""Examples of each target so far."""

MOST_SECONDS: Final = 10.0


# Intake

HONEST: Final = {"alice": b'{"cells": [1]}', "bob": b'{"cells": [2]}', "eva": b'{"cells": [3]}'}
_NAMES: Final = (
    "submitted", "source", "solution", "dora", "bob", "alice", "ps1", "x.ipynb", "bob.ipynb", "t.IPYNB", "timestamp.txt",
    "submission_metadata.yml", "submission_1", "assignment_9_export", "Bob_12_assignsubmission_file_",
    "Bob_12_assignsubmission_file_x.ipynb", "bob_1234_98765_x.ipynb", "anon_a_98765_x.ipynb", "inner.zip", "a.rar",
    "x.ipynb.txt", ".hidden.ipynb", "__MACOSX", ".git", "helpers.py", "numpy.py", "a\u202eb", "\u0301", "~", "con", " ",
    "a" * 200, "..", "\udce1.ipynb", "\udce9.ipynb", "é.ipynb", "e\u0301.ipynb", "%s", "{x}", "a.b.c", "\x07.ipynb",
)  # fmt: skip


def intake(data: bytes) -> None:
    """A class of three honest students and Mallory, whose folder or zip holds anything."""
    choices = Choices(data)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        given, honest = _class(choices, Path(folder) / "class")
        if choices.number(2):
            given = _packed(given)
        try:
            found = gather([given], Path(folder) / "work")
        except IntakeError:
            assert given.suffix == ".zip", "a folder with three notebooks was refused"
            raise
        by_student = {one.student: one for one in found.submissions}
        assert len(by_student) == len(found.submissions), "two submissions of one student"
        assert set(by_student) - {"mallory"} == set(honest), sorted(by_student)
        for name, content in honest.items():
            mine = by_student[name]
            assert (mine.path.read_bytes(), mine.conflict, mine.submitted_at) == (content, None, None), name
        assert all(len(name) < 400 for name in found.passed_over)


def _class(choices: Choices, folder: Path) -> tuple[Path, dict[str, bytes]]:
    layout = choices.pick(("{}/t.ipynb", "{}/{}.ipynb", "{}.zip", "{}.ipynb"))
    for name, content in HONEST.items():
        place = folder / layout.format(name, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(_zip({"t.ipynb": content}) if place.suffix == ".zip" else content)
    if layout in ("{}.zip", "{}.ipynb"):
        content = _zip(_tree(choices, 2))
        (folder / "mallory.zip").write_bytes(damaged(content, choices) if choices.number(2) else content)
        return folder, HONEST
    for name, content in _tree(choices, 2).items():
        parts = [part for part in name.split("/") if part not in ("", ".", "..")]
        path = folder.joinpath("mallory", *parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except (OSError, ValueError):
            continue  # a file stands where a folder should, or the system takes no such name
    return folder, HONEST


def _tree(choices: Choices, depth: int) -> dict[str, bytes]:
    """Names and contents as somebody might put them into a folder or a zip of their own."""
    tree = {}
    for _ in choices.some(8):
        name = "/".join(choices.pick(_NAMES) for _ in range(1 + choices.number(5)))
        if name.endswith(".zip") and depth:
            tree[name] = _zip(_tree(choices, depth - 1))
        elif name.endswith("timestamp.txt"):
            tree[name] = b"2001-01-01 00:00:00 UTC"
        else:
            tree[name] = choices.noise()
    return tree


def _zip(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.encode("utf-8", "replace").decode(), content)
    return stream.getvalue()


def _packed(folder: Path) -> Path:
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
    packed = folder.with_suffix(".zip")
    packed.write_bytes(_zip(files))
    shutil.rmtree(folder)
    return packed


# Notebooks

_SOURCES: Final = (
    "import keras\n", "from tensorflow.keras import layers\n", "%time x = 1\n", "%%time\n", "!pip install x\n", "x?\n",
    "print 'a', b\n", "print x,\n", "except ValueError, e:\n", "tf.Session()\n", "m.fit(x, nb_epoch=2)\n", "# comment\n",
    "def f():\n", "  ", "\t", "\n", "\\\n", "(", ")", "[", "{", "'", '"', '"""', "f'{x", "lambda: ", "\x00", "\ufeff", "\u2028",
    "class A(B):\n", "if x:\n", "é = 1\n", "0x", "1_000", "x = ", ";", ":", "=", "@", "->", "async ", "match x:\n case ",
    "name 'a' is not defined", "importlib.import_module('a')\n", "\r\n", "\r", "optimizer='adadelta'\n", "not ", "*",
)  # fmt: skip
_VALUES: Final[tuple[Any, ...]] = (
    None, True, -1, 0, 10**30, 1.5, "", "code", "markdown", "raw", [], {}, [[]], {"cells": []}, "python3", "ir", "\ud800",
    ["a\n", 1, None], {"name": "R"}, {"nbgrader": {"grade_id": "a"}}, {"autoencoder_grader": {"assignment": 1}},
)  # fmt: skip
_KEYS: Final = (
    "cell_type", "source", "metadata", "outputs", "execution_count", "id", "input", "cells", "worksheets", "nbformat",
    "prompt_number", "kernelspec", "language_info",
)  # fmt: skip


def notebook(data: bytes) -> None:
    """A notebook with any cells and anything in the place of anything, read as far as the reading of it goes."""
    choices = Choices(data)
    cells = [_cell(choices) for _ in range(1 + choices.number(5))]
    document: Any = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    for _ in choices.some(3):
        document[choices.pick(_KEYS)] = choices.pick(_VALUES)
    content = json.dumps(document).encode()
    content = damaged(content, choices) if choices.number(4) == 1 else content
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder) / "t.ipynb"
        path.write_bytes(content)
        read = read_notebook(Submission("ana", "t.ipynb", path, "0" * 64, len(content)))
    read_old_code(read)
    imported_modules(read)
    errors = tuple(
        CellError(cell.index, "NameError", "name 'a' is not defined", line=cell.source[:50]) for cell in read.cells
    )
    with_circumstances(errors, tuple(cell.source for cell in read.cells), read.cells)


def _cell(choices: Choices) -> dict[str, Any]:
    source = "".join(choices.pick(_SOURCES) * (1 + choices.number(3)) for _ in choices.some(12))
    cell: dict[str, Any] = {"cell_type": "code", "source": source + choices.noise(8).decode("utf-8", "replace")}
    for _ in choices.some(2):
        cell[choices.pick(_KEYS)] = choices.pick(_VALUES)
    return cell


# The border

_ARRAYS: Final = {"v0": np.arange(16, dtype=np.float32).reshape(4, 4), "v1": np.ones(4, np.float32)}
_CLAIMS: Final[dict[str, Any]] = {
    "schema_version": 1,
    "models": [{
        "model": "m0", "names": ["a"], "class_name": "Sequential", "inputs": [{"tensor": "t0", "shape": [None, 4]}],
        "nodes": [{"operation": "o0", "arguments": {"args": [{"tensor": "t0"}], "kwargs": {}}, "outputs": ["t1"]}],
        "outputs": ["t1"], "problem": "", "variables": ["v0", "v1"], "compiled": {"loss": "mse"}, "created": 0,
    }],
    "operations": {"o0": {"class_name": "Dense", "module": "keras.src", "config": {"units": 4}, "variables": ["v0", "v1"]}},
    "fits": [{"model": "m0", "epochs": 2, "samples": 8, "batch_size": 4, "same_target": True, "input_minimum": 0.0,
              "input_maximum": 1.0, "completed": True}],
    "requests": ["pip install x"], "versions": {"keras": "3"}, "tables": [], "tensors": [], "parts": [],
}  # fmt: skip


def claims(data: bytes) -> None:
    """Right claims with anything in the place of some things, and an archive that may be damaged."""
    choices = Choices(data)
    document = copy.deepcopy(_CLAIMS)
    for _ in choices.some(4):
        replace_something(document, choices)
    written = json.dumps(document).encode()
    for constant in (b"NaN", b"1e999", b'"schema_version": 1, "schema_version": 1'):
        if choices.number(16) == 1:
            written = written.replace(b'"schema_version": 1', b'"schema_version": ' + constant)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        exchange = Path(folder)
        (exchange / "claims").mkdir()
        written = damaged(written, choices) if choices.number(4) == 1 else written
        (exchange / "claims" / "claims.json").write_bytes(written)
        (exchange / "claims" / "weights.npz").write_bytes(
            damaged(_npz(), choices) if choices.number(4) == 1 else _npz()
        )
        evidence = collect(exchange, exchange / "vetted")
        assert all(isinstance(model.names, tuple) for model in evidence.models)


def arrays(data: bytes) -> None:
    """An archive of arrays with bytes changed, added and lost; what is written anew can be read without pickle."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        source, copied = Path(folder) / "weights.npz", Path(folder) / "copy.npz"
        source.write_bytes(damaged(_npz(), Choices(data)))
        copy_arrays(source, copied)
        with np.load(copied, allow_pickle=False) as archive:
            assert all(np.isfinite(archive[name]).all() for name in archive)


def _npz() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **_ARRAYS)
    return stream.getvalue()


# Exported graphs


def graphs(data: bytes) -> None:
    """A folder of graphs with anything in it, and what a graph's process answers with bytes changed, added and lost."""
    choices = Choices(data)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        exchange = Path(folder)
        (exchange / "graphs").mkdir()
        for _ in choices.some(4):
            _graph_entry(exchange / "graphs" / choices.pick(_GRAPH_NAMES), choices)
        answers = exchange / "answers"
        answers.write_bytes(damaged(_answers(choices), choices) if choices.number(4) else _answers(choices))
        with GraphProcess(GraphSandbox(("cat", "{}"), "{}"), answers, time.monotonic() + MOST_SECONDS) as process:
            model = GraphModel(process, (28, 28))
        assert all(isinstance(length, int) for length in model.outputs[0].shape[1:])
        copied = copy_graphs(exchange, exchange / "vetted", {"m0", "m1"})
        assert set(copied) <= {"m0", "m1"}


_GRAPH_NAMES: Final = ("m0.pb", "m1.pb", "m7.pb", "m0.PB", "x", "m0.pb.pb", "é.pb", "\udce9.pb", "m" * 200)
_LENGTHS: Final[tuple[Any, ...]] = (28, 4, 1, 0, -1, 784, 2**40, 10**400, 2.5, None, "28", [28], True, 1e999)


def _graph_entry(path: Path, choices: Choices) -> None:
    kind = choices.number(4)
    if os.path.lexists(path):
        return
    if kind == 1:
        path.symlink_to(choices.pick(("/etc/passwd", "m0.pb", "/dev/zero")))
    elif kind == 2:
        path.mkdir()
    elif kind == 3:
        os.mkfifo(path)
    else:
        path.write_bytes(choices.noise())


def _answers(choices: Choices) -> bytes:
    """Return what the process of a right graph writes, with anything in the place of some lengths."""
    shape: list[Any] = [28, 28]
    for _ in choices.some(2):
        shape[choices.number(2)] = choices.pick(_LENGTHS)
    text = json.dumps({"takes": shape}).encode() + b"\n"
    for count in (3, 3, 1):
        given: list[Any] = [count, 5]
        if choices.number(4) == 1:
            given[choices.number(2)] = choices.pick(_LENGTHS)
        text += json.dumps({choices.pick(("shape", "problem")) if choices.number(8) == 1 else "shape": given}).encode()
        text += b"\n" + bytes(4 * 5 * count)
    return text


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "intake": intake, "notebook": notebook, "claims": claims, "arrays": arrays, "graphs": graphs,
    **INSTRUCTOR_TARGETS,
}  # fmt: skip


def run(name: str, data: bytes) -> None:
    """Try one example; the declared errors are results."""
    COUNTS[name] += 1
    began = time.thread_time()
    try:
        TARGETS[name](data)
    except (UnreadableSubmissionError, RejectedClaimsError, AuthoringError, IntakeError, SheetError, BehaviourError):
        COUNTS[f"{name}, refused"] += 1
    assert time.thread_time() - began < MOST_SECONDS, f"{name} took too long"
