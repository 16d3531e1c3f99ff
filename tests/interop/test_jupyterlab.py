"""A student opens our notebooks in a real JupyterLab, types answers, runs them, and reads what the check says."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
import numpy as np
import pytest
from tools import Generated, Tool

from reference.data import load

pytestmark = pytest.mark.interop

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURES = os.environ.get("INTEROP_PICTURES")  # a folder, for whoever wants to look at the screenshots
SETTINGS: Mapping[str, Mapping[str, object]] = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"


@dataclass(frozen=True, slots=True)
class Visit:
    """What a student does.

    Attributes:
        assignment, language: The notebook.
        answers: Cells that are answered, in order; the others stay as they are.
        check: The cell whose answer is read.
        theme: Of JupyterLab.
    """

    assignment: str
    language: str
    answers: tuple[str, ...]
    check: str
    theme: str = LIGHT


STACKED = Visit("stacked", "es", ("encoder",), "check_encoder")
PLANE = Visit("linear-pca", "es", ("pca", "encoder", "decoder", "autoencoder"), "check_autoencoder", DARK)
SCRATCH = Visit(
    "from-scratch",
    "en",
    ("first_arrays", "arrays", "relu", "sigmoid", "encode", "decode", "forward", "loss"),
    "check_layers",
)


def write_data(folder: Path) -> None:
    """The embedded images, where `keras.datasets` and `np.load("mnist.npz")` look."""
    fashion = load("fashion_mnist", size="sample")
    keras = folder / "keras" / "datasets" / "fashion-mnist"
    keras.mkdir(parents=True)
    for part, images, labels in (("train", fashion.x_train, fashion.y_train), ("t10k", fashion.x_test, fashion.y_test)):
        for name, array in ((f"{part}-images-idx3-ubyte.gz", images), (f"{part}-labels-idx1-ubyte.gz", labels)):
            header = b"\0\0\x08" + bytes([array.ndim]) + b"".join(length.to_bytes(4, "big") for length in array.shape)
            (keras / name).write_bytes(gzip.compress(header + array.astype("uint8").tobytes(), 1))
    digits = load("mnist", size="sample")
    parts = {name: getattr(digits, name) for name in ("x_train", "y_train", "x_test", "y_test")}
    np.savez(folder / "mnist.npz", **parts)


def write_settings(folder: Path, theme: str) -> None:
    themes = {"apputils-extension/themes": {"theme": theme}}
    for name, settings in {**SETTINGS, **themes}.items():
        path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings), encoding="utf-8")


@contextmanager
def served(tool: Tool, folder: Path) -> Iterator[str]:
    """JupyterLab on this machine alone, over a student's folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--ServerApp.root_dir={folder}", f"--port={port}", "--ip=127.0.0.1", "--no-browser", "--allow-root"]
    command = [str(tool.programs / "jupyter"), "lab", *options, "--IdentityProvider.token="]
    with (folder.parent / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=dict(tool.environment), stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/api/status", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(60)


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        try:
            urllib.request.urlopen(address).close()  # noqa: S310  (our own server)
        except (urllib.error.URLError, ConnectionError):
            assert server.poll() is None, "JupyterLab ended by itself"
            time.sleep(0.5)
        else:
            return
    pytest.fail("JupyterLab did not start")


def visited(tool: Tool, visit: Visit, generated: Generated, folder: Path) -> Mapping[str, object]:
    """Do it, and return what was on the page."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium (apt-get install chromium)")
    work, pictures = folder / "work", Path(PICTURES or folder) / f"{visit.assignment}.{visit.language}"
    work.mkdir()
    pictures.mkdir(parents=True, exist_ok=True)
    write_data(work)
    write_settings(folder / "settings", visit.theme)
    name = f"{visit.assignment}.ipynb"
    (work / name).write_text(generated(visit.assignment, visit.language), encoding="utf-8")
    solution = nbformat.reads(generated(visit.assignment, visit.language, solution=True), as_version=4)
    answers = {cell.id: cell.source for cell in solution.cells}
    more = {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"), "KERAS_HOME": str(work / "keras")}
    tool = replace(tool, environment={**tool.environment, **more})
    with served(tool, work) as address:
        task = {
            "url": f"{address}/lab/tree/{name}",
            "chromium": CHROMIUM,
            "answers": {identifier: answers[identifier] for identifier in visit.answers},
            "check": visit.check,
            "pictures": str(pictures),
        }
        (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
        script = str(Path(__file__).with_name("browser.py"))
        done = tool.run("python", script, str(folder / "task.json"), folder=folder)
    assert done.returncode == 0, done.stderr
    reported: Mapping[str, object] = json.loads(done.stdout)
    return reported


def check_page(reported: Mapping[str, object], title: str, words: Sequence[str]) -> None:
    """Everything has its place, no template shows through, and letters are letters."""
    prose, text = str(reported["prose"]), str(reported["text"])
    assert reported["title"] == title
    assert reported["check_fits"]
    assert reported["rubric_fits"]
    for mark in ("{{", "{%", "Ã", "\ufffd", "\\frac"):
        assert mark not in prose + text
    for word in words:
        assert word in text


def test_a_spanish_encoder_is_judged_where_the_student_is_reading(
    tmp_path: Path, jupyterlab: Tool, generated: Generated
) -> None:
    """With the encoder alone the notebook stops at the next task, and the check has already answered."""
    reported = visited(jupyterlab, STACKED, generated, tmp_path)
    check_page(reported, "Autoencoder apilado con Fashion-MNIST", ["Criterios cumplidos", "código"])
    assert reported["paper"] == "rgb(255, 255, 255)"


def test_the_answer_is_dark_where_jupyterlab_is_dark(tmp_path: Path, jupyterlab: Tool, generated: Generated) -> None:
    """The plane's notebook in the dark theme: three models, judged before any training."""
    reported = visited(jupyterlab, PLANE, generated, tmp_path)
    check_page(reported, "Un autoencoder lineal que redescubre PCA", ["Criterios cumplidos", "Cumplida"])
    assert reported["paper"] == "rgb(23, 28, 35)"


def test_formulas_and_a_network_without_keras_are_shown_in_english(
    tmp_path: Path, jupyterlab: Tool, generated: Generated
) -> None:
    """The NumPy notebook: its formulas are drawn, and its functions are judged without a word of TensorFlow's."""
    reported = visited(jupyterlab, SCRATCH, generated, tmp_path)
    check_page(reported, "An autoencoder from scratch, in NumPy alone", ["Checks met"])
    assert int(str(reported["formulas"])) > 10
