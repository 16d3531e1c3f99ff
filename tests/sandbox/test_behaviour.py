"""The second sandbox: a graph computes in it, and can do nothing else, not even with a list that lets it try."""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import tensorflow as tf
from student_graphs import file_of, graph_of, liar, says

from grader.domain.ports import GraphSandbox
from grader.rebuild.graphs import graph_process
from grader.rebuild.graphs.graph_process import BehaviourError, GraphModel, GraphProcess
from grader.sandbox import graph_command
from grader.sandbox.bubblewrap import SandboxUnavailableError, find_bubblewrap
from grader.sandbox.graph_command import graph_sandbox

SAMPLES = np.random.default_rng(0).random((3, 4), dtype=np.float32)


@pytest.fixture
def program() -> Path:
    try:
        return find_bubblewrap()
    except SandboxUnavailableError as error:
        pytest.skip(str(error))


def later(seconds: float) -> float:
    return time.monotonic() + seconds


# Whoever answers, it is read with care


def asking(source: str, seconds: float = 5) -> str:
    """Start a liar, ask it, and return what is said of it."""
    with GraphProcess(liar(source), Path("none"), later(seconds)) as process:
        try:
            process.takes()
            process.ask(SAMPLES)
        except BehaviourError as error:
            return str(error)
    return ""


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("pass", "ended without an answer"),
        ("out.write(b'{' * 10**6); out.flush(); time.sleep(60)", "does not end"),
        ("out.write(b'not json' + bytes([10])); out.flush(); time.sleep(60)", "no JSON"),
        (says([1]), "no object"),
        (says({"takes": "4"}), "without a shape"),
        (says({"takes": [4]}, {"shape": [3, -4]}), "without a shape"),
        (says({"takes": [4]}, {"shape": [3, 4.0]}), "without a shape"),
        (says({"takes": [4]}, {"shape": [True, 4]}), "without a shape"),
        (says({"takes": [4]}, {"shape": [3] * 9}), "without a shape"),
        (says({"takes": [4]}, {"shape": [2, 4]}), "3 samples gave an answer of shape"),
        (says({"takes": [4]}, {"shape": []}), "3 samples gave an answer of shape"),
        (says({"takes": [4]}, {"shape": [3, 2**20]}), "numbers a sample"),
        (says({"takes": [4]}, {"shape": [3, 2**20, 2**20, 2**20]}), "numbers a sample"),
        (says({"refused": "a\x1b[31m\nred " + "x" * 900}), "^a \\[31m red x+…$"),
    ],
)
def test_an_answer_that_is_none_is_an_error_of_one_line(source: str, complaint: str) -> None:
    """Whatever has taken over the process: no JSON, no shape, another shape, too many numbers, colours, too long."""
    reported = asking(source)
    assert re.search(complaint, reported)
    assert len(reported) <= 200


@pytest.mark.parametrize("source", ["time.sleep(60)", says({"takes": [4]}), says({"takes": [4]}, {"shape": [3, 4]})])
def test_who_does_not_answer_in_time_is_given_up(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first word, before the answer, and in its middle."""
    monkeypatch.setattr(graph_process, "ANSWER_SECONDS", 2.0)
    assert asking(source, 60) == "it took too long"


def test_who_does_not_read_blocks_nobody() -> None:
    """More numbers than a pipe holds, sent to somebody who never takes them."""
    with GraphProcess(liar(says({"takes": [4]})), Path("none"), later(3)) as process:
        process.takes()
        with pytest.raises(BehaviourError, match="took too long"):
            process.ask(np.zeros((10**6, 4), np.float32))


# A real graph in the real sandbox


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give four TensorFlows that start at the same time on a busy machine their time."""
    monkeypatch.setattr(graph_process, "ANSWER_SECONDS", 300.0)


@pytest.mark.usefixtures("patient")
def test_a_graph_answers_with_what_it_computes(program: Path, tmp_path: Path) -> None:
    """Loops and signal processing, in batches of any size; the shapes of both ends are known."""
    compiled = tf.function(lambda x: x * 2, jit_compile=True)

    def call(x: Any) -> Any:
        return tf.map_fn(lambda row: row / tf.reduce_sum(row), compiled(tf.signal.dct(x)))[:, :3]

    graph = file_of(graph_of(call, 4), tmp_path)
    with GraphProcess(graph_sandbox(program), graph, later(300)) as process:
        model = GraphModel(process, (4,))
        answers = model(SAMPLES)
        assert (model.inputs[0].shape, model.outputs[0].shape) == ((None, 4), (None, 3))
        assert np.allclose(answers, call(tf.constant(SAMPLES)), atol=1e-5)
        large = np.random.default_rng(1).random((4000, 4), dtype=np.float32)
        assert np.allclose(model(large), call(tf.constant(large)), rtol=1e-3, atol=1e-4)
        inside = _inside(process)
        if os.geteuid() == 0:
            assert all(uid in range(61_184, 65_520) for uid in inside.uids())
        assert inside.num_threads() < 512
    _gone(inside)


def _inside(process: GraphProcess) -> psutil.Process:
    """Return the process that runs the graph."""
    return psutil.Process(process._process.pid).children(recursive=True)[-1]


def endless_for_many(x: Any) -> Any:
    """An endless loop where there are more than three samples: the trial goes well."""
    return tf.while_loop(lambda y: tf.shape(y)[0] > 3, lambda y: (y + 1,), (x,))[0]


@pytest.mark.usefixtures("patient")
def test_an_endless_loop_is_ended(program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up in time and killed with all that it started."""
    graph = file_of(graph_of(endless_for_many, 4), tmp_path)
    with GraphProcess(graph_sandbox(program), graph, later(300)) as process:
        model = GraphModel(process, (4,))
        inside = _inside(process)
        monkeypatch.setattr(graph_process, "ANSWER_SECONDS", 1.0)
        with pytest.raises(BehaviourError, match="took too long"):
            model(np.zeros((4, 4), np.float32))
    _gone(inside)


def _gone(process: psutil.Process) -> None:
    deadline = later(10)
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "it runs on"
        time.sleep(0.05)


def _complaints(program: Path, folder: Path, calls: dict[str, Callable[[Any], Any]]) -> dict[str, str]:
    """Run several graphs at the same time; return what is said of each, "" if it is a model."""
    reported: dict[str, str] = {}

    def try_one(name: str, call: Callable[[Any], Any]) -> None:
        graph = file_of(graphs[name], folder / f"of {name}")
        with GraphProcess(graph_sandbox(program), graph, later(300)) as process:
            try:
                GraphModel(process, (4,))
                reported[name] = ""
            except BehaviourError as error:
                reported[name] = str(error)

    graphs = {name: graph_of(call, 4) for name, call in calls.items()}
    for name in calls:
        (folder / f"of {name}").mkdir()
    threads = [threading.Thread(target=try_one, args=pair) for pair in calls.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return reported


@pytest.mark.usefixtures("patient")
def test_what_no_measuring_can_rest_on_is_refused(program: Path, tmp_path: Path) -> None:
    """Python, files, other numbers each time, answers that hang on the batch, too large ones, none a sample."""
    folder = tmp_path
    folder.chmod(0o755)
    reported = _complaints(
        program,
        folder,
        {
            "python": lambda x: tf.numpy_function(lambda values: values, [x], tf.float32),
            "batch": lambda x: x - tf.reduce_mean(x),
            "giant": lambda x: tf.zeros((tf.shape(x)[0], 2**17)) + x[:, :1],
            "memory": lambda x: x + tf.reduce_sum(tf.random.stateless_uniform((2**17, 2**16), (1, 2))),
        },
    )
    assert "the operation `PyFunc`" in reported["python"]
    assert reported["batch"] == "its answer to one sample hangs on the others of the batch"
    assert reported["giant"] == "an answer of 131072 numbers a sample"
    assert reported["memory"]  # an allocation that fails, or the end of the process
    assert all(reported.values())


ALLOWS_EVERYTHING = """
INPUT, OUTPUT = "images", "answer"
def purified(graph):
    return graph
"""


@pytest.mark.usefixtures("patient")
def test_a_graph_that_passed_the_list_finds_nothing_to_read_and_nowhere_to_write(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a list that allows everything: no file of the machine, no other graph, no place that anybody reads later."""
    probe = tmp_path / "probe"
    shutil.copytree(graph_command.PROBE_FOLDER, probe)
    (probe / "pure_ops.py").write_text(ALLOWS_EVERYTHING, encoding="utf-8")
    tmp_path.chmod(0o755)
    monkeypatch.setattr(graph_command, "PROBE_FOLDER", probe)
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden", encoding="utf-8")
    secret.chmod(0o644)

    def reading(path: str) -> Callable[[Any], Any]:
        return lambda x: x + tf.cast(tf.strings.length(tf.io.read_file(path)), tf.float32)

    def writing(path: str) -> Callable[[Any], Any]:
        def call(x: Any) -> Any:
            with tf.control_dependencies([tf.io.write_file(path, "x")]):
                return tf.identity(x)

        return call

    reported = _complaints(
        program,
        tmp_path,
        {
            "passwd": reading("/etc/passwd"),
            "secret": reading(str(secret)),
            "graph": writing(graph_command.INSIDE),
            "probe": writing("/opt/probe/pure_ops.py"),
        },
    )
    raised = {name: text.split(":")[0] for name, text in reported.items()}
    assert set(raised.values()) <= {"NotFoundError", "PermissionDeniedError", "FailedPreconditionError"}, reported


def test_the_command_shows_the_graph_and_nothing_else_of_ours(program: Path) -> None:
    """Python's folders, the probe's and one file: no data set, no exchange folder, no socket, no network."""
    made = graph_sandbox(program)
    assert isinstance(made, GraphSandbox)
    words = list(made.command)
    bound = [words[i + 1] for i, word in enumerate(words) if word == "--bind"]
    assert bound == []
    assert words.count(made.place) == 1
    assert "--unshare-net" in words
    assert "--clearenv" in words
