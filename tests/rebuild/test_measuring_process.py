"""The measuring process from outside: real processes, no state between submissions, replaced when they die."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from round_trip import send

from grader.domain.datasets import DataSize
from grader.domain.evidence import Evidence
from grader.domain.measurement import MeasuringFailedError, Quantity, Role
from grader.domain.ports import MeasuringTask
from grader.locale import Translator
from grader.rebuild import client, worker
from grader.rebuild.client import MeasuringProcesses, MissingDataError
from grader.rebuild.protocol import ANSWER, REQUEST, SHIPPED, Answer
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.whole_submission import measure
from reference import card_data, data, shipped, stacked

TASK = MeasuringTask("stacked", "hidden", tuple((role.value, role.value) for role in Role))


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeasuringProcesses]:
    """A pool of real processes that find no full data set anywhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("KERAS_HOME", raising=False)
        with MeasuringProcesses(data_size=DataSize.SAMPLE) as pool:
            yield pool


@pytest.fixture
def submissions(alone: None, tmp_path: Path) -> list[Evidence]:
    """Two students' right notebooks, with other random weights."""
    return [send(dict(stacked.build()._asdict()), tmp_path / name) for name in ("ana", "luis")]


def idle_process_id(pool: MeasuringProcesses) -> int:
    (process,) = pool._idle
    return process._process.pid


def test_one_process_measures_many_submissions_as_fresh_ones_would(
    processes: MeasuringProcesses, submissions: list[Evidence]
) -> None:
    """Nothing of a submission is left for the next; killed while idle, a process is replaced by a fresh one."""
    first, second = (processes.measure(evidence, TASK) for evidence in submissions)
    process = idle_process_id(processes)
    assert processes.measure(submissions[0], TASK) == first
    assert idle_process_id(processes) == process
    os.kill(process, signal.SIGKILL)
    assert processes.measure(submissions[1], TASK) == second != first
    assert idle_process_id(processes) != process


def test_the_process_finds_what_zone_m_finds_in_this_process(
    processes: MeasuringProcesses, submissions: list[Evidence]
) -> None:
    """Evidence and measurements go through JSON without losing a digit, pictures and messages included."""
    there, here = processes.measure(submissions[0], TASK), measure(submissions[0], TASK, DataChoice("sample"))
    assert replace(there, values={}) == replace(here, values={})
    assert set(there.values) == set(here.values)
    for name, found in here.values.items():
        assert there.value(name) == pytest.approx(found.value, rel=1e-4, abs=1e-5)
    assert there.value(Quantity.CODE_SIZE) == 30


@pytest.mark.slow
def test_a_process_that_is_killed_at_work_is_replaced_and_the_work_done(
    processes: MeasuringProcesses, submissions: list[Evidence]
) -> None:
    """The out-of-memory killer, for instance; the student notices nothing."""
    expected = processes.measure(submissions[0], TASK)
    process = idle_process_id(processes)
    found = []
    thread = threading.Thread(target=lambda: found.append(processes.measure(submissions[0], TASK)))
    thread.start()
    while processes._idle:
        time.sleep(0.001)
    os.kill(process, signal.SIGKILL)
    thread.join()
    assert found == [expected]
    assert idle_process_id(processes) != process


def test_a_request_that_is_none_is_answered_and_the_process_lives_on(
    processes: MeasuringProcesses, submissions: list[Evidence], tmp_path: Path
) -> None:
    """Our own mistakes come back with their traceback."""
    processes.measure(submissions[0], TASK)
    process = idle_process_id(processes)
    missing = replace(submissions[0], weights_file=tmp_path / "nowhere.npz")
    with pytest.raises(MeasuringFailedError, match=r"FileNotFoundError: .*nowhere\.npz"):
        processes.measure(missing, TASK)
    with pytest.raises(MeasuringFailedError, match="KeyError: 'no-such-reference'"):
        processes.measure(submissions[0], replace(TASK, reference="no-such-reference"))
    assert idle_process_id(processes) == process


def test_public_data_are_published_for_zone_k(processes: MeasuringProcesses, tmp_path: Path) -> None:
    """The arrays of `kernel_view`, readable by the sandbox's user, with no other file beside them."""
    published = processes.publish("mnist", tmp_path / "data")
    assert (published.file, published.size, published.source) == (
        tmp_path / "data" / "mnist.npz",
        "sample",
        "embedded sample",
    )
    assert published.digest == data.load("mnist", size="sample").digest()
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["mnist.npz"]
    assert published.file.stat().st_mode & 0o777 == 0o644
    view = data.kernel_view(data.load("mnist", size="sample"))
    with np.load(published.file, allow_pickle=False) as arrays:
        assert set(arrays) == set(view)
        for name, expected in view.items():
            np.testing.assert_array_equal(arrays[name], expected)


def test_card_transactions_are_published_without_a_hidden_row(processes: MeasuringProcesses, tmp_path: Path) -> None:
    """`creditcard.csv` in the format of the real file: simulated rows, and described as such."""
    published = processes.publish("creditcard", tmp_path / "data")
    cards = card_data.load(size="sample")
    assert (published.file, published.size, published.source, published.digest) == (
        tmp_path / "data" / "creditcard.csv",
        "sample",
        "simulated, 40,000 rows, seed 42",
        cards.digest(),
    )
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["creditcard.csv"]
    assert published.file.stat().st_mode & 0o777 == 0o644
    read = card_data.read_csv(published.file)
    np.testing.assert_allclose(read, card_data.kernel_view(cards), rtol=1e-9, atol=1e-9)
    hidden = {row.tobytes() for row in np.round(cards.values[cards.hidden, 1:29], 6)}
    assert not hidden & {row.tobytes() for row in np.round(read[:, 1:29], 6)}


def test_missing_data_say_where_they_were_looked_for(
    submissions: list[Evidence], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instructor whose package holds no full set must learn where to put the file."""
    monkeypatch.setattr(shipped, "PACKED", tmp_path)
    full = MeasuringProcesses("full", tmp_path / "given")
    monkeypatch.setattr(full, "_ask", lambda request: worker._answer(REQUEST.dump_json(request).decode()))
    with pytest.raises(MissingDataError) as missing:
        full.publish("fashion_mnist", tmp_path / "data")
    reported = Translator("en").text(missing.value.reason)
    assert reported.startswith(f"fashion_mnist: the full data set was not found. Looked in: {tmp_path / 'given'}, ")
    assert ".keras/datasets. Put fashion_mnist.npz there" in reported
    with pytest.raises(MeasuringFailedError, match="the full data set was not found"):
        full.measure(submissions[0], TASK)


def test_a_process_that_does_not_answer_in_time_is_ended(
    submissions: list[Evidence], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once: the same work would take as long again. The grade waits for a person; no process is left behind."""
    monkeypatch.setattr(client, "ANSWER_SECONDS", 0.05)
    started = []
    popen = subprocess.Popen

    def watched(*args: object, **kwargs: object) -> object:
        started.append(popen(*args, **kwargs))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(client.subprocess, "Popen", watched)
    with MeasuringProcesses("sample") as pool, pytest.raises(MeasuringFailedError, match="gave no answer"):
        pool.measure(submissions[0], TASK)
    assert [process.poll() for process in started] == [-signal.SIGKILL]
    assert not pool._idle


# Inside the process


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("garbage", "Invalid JSON"),
        ("{}", "Unable to extract tag"),
        ('{"kind": "sing"}', "does not match any of the expected tags"),
        ('{"kind": "measure"}', "measure.task"),
        ('{"kind": "measure", "task": {"reference": "stacked", "images": "hidden"}}', "measure.evidence_file"),
        ('{"kind": "publish", "dataset": "mnist"}', "publish.folder"),
        ('{"kind": "publish", "dataset": "../mnist", "folder": "x"}', "KeyError: '../mnist'"),
    ],
)
def test_every_line_gets_one_answer(line: str, error: str) -> None:
    """Whatever it says; and the next line is answered as well."""
    answers = io.StringIO()
    worker.serve(io.StringIO(f"{line}\n{line}\n"), answers)
    first, second = (ANSWER.validate_json(text) for text in answers.getvalue().splitlines())
    assert error in first.error
    assert error in second.error
    assert replace(first, error="") == Answer()


def test_a_broken_data_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    """Better no grade than one on the wrong images."""
    (tmp_path / "mnist.npz").write_bytes(b"not a zip")
    request = {
        "kind": "publish",
        "dataset": "mnist",
        "folder": str(tmp_path / "out"),
        "data": {"folder": str(tmp_path)},
    }
    answers = io.StringIO()
    worker.serve(io.StringIO(json.dumps(request) + "\n"), answers)
    answer = ANSWER.validate_json(answers.getvalue())
    assert answer.published is None
    assert answer.error
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_zone_t_learns_of_zone_m_without_keras() -> None:
    """The client is imported by every command; it must not cost a second of TensorFlow."""
    code = (
        "import sys, grader.rebuild.client, grader.rebuild.protocol\n"
        "print([name for name in ('keras', 'tensorflow', 'reference', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_both_sides_name_what_ships_alike() -> None:
    """Zone T cannot import the references."""
    assert SHIPPED == data.SHIPPED
