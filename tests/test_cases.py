"""Complete notebooks that something goes wrong with, in the real kernel and the real measuring process.

Each stands for a kind that public questions and bug reports tell of: what Colab has and our machine lacks, and errors
whose class says nothing about their cause.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from sandbox_here import needs_sandbox

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.domain.datasets import DataSize
from grader.domain.grade import GradeStatus
from grader.domain.graded import GradedSubmission
from grader.domain.submission import Companion, Submission
from grader.locale import Translator
from grader.pipeline import grade_submission
from grader.session import SessionOptions, open_session

START = "import keras\nimport numpy as np\nfrom keras import layers\nkeras.utils.set_random_seed(42)"
DATA = (
    "(X, _), _ = keras.datasets.fashion_mnist.load_data()\nX = X.astype('float32') / 255\n"
    "X_train, X_valid = X[:-2000], X[-2000:]"
)
ENCODER = (
    "encoder = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(100, activation='relu'),\n"
    "                            layers.Dense(30, activation='relu')])"
)
DECODER = (
    "decoder = keras.Sequential([keras.Input((30,)), layers.Dense(100, activation='relu'), layers.Dense(784),\n"
    "                            layers.Reshape((28, 28))])"
)
WHOLE = "autoencoder = keras.Sequential([encoder, decoder])\nautoencoder.compile('nadam', 'mse')"
FIT = "history = autoencoder.fit(X_train, X_train, epochs=8, batch_size=64, verbose=0, validation_data=(X_valid, X_valid))"
CELLS = (START, DATA, ENCODER, DECODER, WHOLE, FIT)


def fit_with(callback: str) -> str:
    """The training with a callback."""
    return FIT.replace("verbose=0", f"verbose=0, callbacks=[{callback}]")


@dataclass(frozen=True)
class Case:
    """A notebook and what must come out.

    Attributes:
        name: Of the case.
        cells: Its code.
        points: Of 100.
        status: Final, or for a person.
        says: Parts of the sentences of its findings and reasons, each of which must be there.
        never: What must not be said.
        beside: Files handed in beside it.
    """

    name: str
    cells: Sequence[str]
    points: float = 100.0
    status: GradeStatus = GradeStatus.FINAL
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    beside: tuple[tuple[str, str], ...] = ()


GPU = "import tensorflow as tf\nname = tf.test.gpu_device_name()\nif name != '/device:GPU:0':\n    raise SystemError('GPU device not found')"
OWN_LAYER = (
    "class Scale(layers.Layer):\n    def __init__(self, fn, **kw):\n        super().__init__(**kw)\n        self.fn = fn\n"
    "    def call(self, x):\n        return self.fn(x)\n"
    "decoder = keras.Sequential([*decoder.layers, Scale(lambda t: t * 1.0)])"
)
NO_PERSON = ("still to be completed", "restart the runtime", "old tutorials")

CASES = (
    Case("a callback of TensorBoard", (*CELLS[:5], "%load_ext tensorboard", fit_with("keras.callbacks.TensorBoard('logs')"), "%tensorboard --logdir logs")),
    Case("bars and widgets", (*CELLS[:5], "from tqdm.keras import TqdmCallback\nimport ipywidgets", fit_with("TqdmCallback(verbose=0)"))),
    Case("a search for a GPU", (GPU, *CELLS), says=("The grading machine has no GPU",), never=NO_PERSON),
    Case(
        "a Drive to save to",
        ("from google.colab import drive\ndrive.mount('/content/drive')", "%cd /content/drive/MyDrive/tarea", *CELLS,
         "autoencoder.save('/content/drive/MyDrive/tarea/ae.keras')\nkeras.models.load_model('ae.keras')"),
    ),
    Case(
        "a helper module beside the notebook",
        ("from mis_capas import scaled", *CELLS[:2], "X_train, X_valid = scaled(X_train), scaled(X_valid)", *CELLS[2:]),
        beside=(("mis_capas.py", "def scaled(x):\n    return x\n"),),
    ),
    Case(
        "a layer without get_config",
        (*CELLS[:4], OWN_LAYER, *CELLS[4:], "autoencoder.save('mine.keras')"),
        97.5,
        says=("Give the layer a `get_config`",),
        never=("still to be completed",),
    ),
    Case(
        "eager execution turned off",
        ("import tensorflow as tf\ntf.compat.v1.disable_eager_execution()", *CELLS),
        0.0,
        GradeStatus.NEEDS_REVIEW,
        says=("line 2: `tf.compat.v1.disable_eager_execution()` turns eager execution off",),
        never=("still to be completed",),
    ),
    Case(
        "a callback that is wrong",
        (*CELLS[:5], fit_with("keras.callbacks.EarlyStopping(patience='x' + 1)"), "print(history.history)"),
        67.5,
        says=("the training ended with an error", "“history” should have been made in code cell 6 of the notebook"),
        never=("untrained weights",),
    ),
    Case(
        "data that only a Drive had",
        (START, "X = np.load('/content/drive/MyDrive/ropa.npy')", "X_train, X_valid = X[:-2000], X[-2000:]", *CELLS[2:]),
        67.5,
        GradeStatus.NEEDS_REVIEW,
        says=("only your Drive", "“X” should have been made in code cell 2 of the notebook", "everything that is measured"),
    ),
)  # fmt: skip


def graded(case: Case, folder: Path) -> GradedSubmission:
    """The case's notebook, graded on the embedded sample."""
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for source in case.cells
    ]
    path = folder / "ana.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": cells}), encoding="utf-8")
    raw = path.read_bytes()
    beside = []
    for name, text in case.beside:
        (folder / name).write_text(text, encoding="utf-8")
        beside.append(Companion(name, folder / name, hashlib.sha256(text.encode()).hexdigest(), len(text)))
    assignment = load_assignment("stacked")
    options = SessionOptions(data_size=DataSize.SAMPLE, jobs=1)
    with open_session(assignment, load_facts(assignment.reference), options) as session:
        digest = hashlib.sha256(raw).hexdigest()
        mine = Submission("ana", path.name, path, digest, len(raw), companions=tuple(beside))
        return grade_submission(mine, session.context)


@pytest.mark.slow
@needs_sandbox
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_complete_notebook_gets_what_it_earns_and_the_reason_for_the_rest(case: Case, tmp_path: Path) -> None:
    """What the machine lacks costs nothing, and an error is explained by what raised it."""
    one = graded(case, tmp_path)
    english = Translator("en", strict=True).text
    findings = [finding for result in one.grade.results for finding in result.findings]
    reported = "\n".join(
        [english(reason) for reason in one.grade.reasons]
        + [english(part) for found in findings for part in (found.actual, found.why, found.hint)]
    )
    assert one.fault == ""
    assert (one.grade.points_awarded, one.grade.status) == (case.points, case.status), reported
    assert [part for part in case.says if part not in reported] == [], reported
    assert [part for part in case.never if part in reported] == [], reported
