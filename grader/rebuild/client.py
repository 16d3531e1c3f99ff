"""The measuring process (zone M) as used by the trusted core (zone T): started on demand, replaced when it breaks.

Imports no Keras.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import queue
import secrets
import shutil
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from pydantic import ValidationError

import grader
from grader.domain.course import Course, unusable_reference
from grader.domain.datasets import DataSize
from grader.domain.evidence import Evidence
from grader.domain.folders import private_folder
from grader.domain.inspection import Outline
from grader.domain.measurement import Measurements, MeasuringFailedError
from grader.domain.messages import Message, message, verbatim
from grader.domain.ports import GraphSandbox, MeasuringTask, SecretView
from grader.rebuild.enclosed import Enclosure, Prefix
from grader.rebuild.protocol import (
    ANSWER,
    EVIDENCE,
    REQUEST,
    Answer,
    DataPlace,
    ExamineRequest,
    MeasureRequest,
    OutlineRequest,
    PublishedData,
    PublishRequest,
    Request,
)

ANSWER_SECONDS = 300.0
PATIENCE_SECONDS = 4.0
"""How long a caller waits for a busy process before another is started, which takes about as long."""
COURSE_VARIABLE = "AUTOENCODER_GRADER_COURSE"
"""The same as `reference.contract.COURSE_VARIABLE`, which zone T cannot import; a test compares them."""

_LAST_WORDS = 40


class MissingDataError(Exception):
    """The full data set was asked for and not found; `reason` says where we looked."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason.msgid)
        self.reason = reason


class MissingTensorFlowError(Exception):
    """TensorFlow, without which nothing can be measured, is not installed; `reason` names the command to install it."""

    def __init__(self) -> None:
        self.reason = message(
            "TensorFlow is not installed. Install it: pip install 'autoencoder-grader[cpu]', or "
            "'autoencoder-grader[gpu]' where there is an NVIDIA card."
        )
        super().__init__(self.reason.msgid)


def require_tensorflow() -> None:
    """Refuse to go on without TensorFlow, without importing it.

    Raises:
        MissingTensorFlowError: It is not installed.
    """
    if importlib.util.find_spec("tensorflow") is None:
        raise MissingTensorFlowError


class BrokenReferenceError(Exception):
    """An instructor's own reference cannot be used; `problems` says what is wrong, with places."""

    def __init__(self, reference: str, problems: Sequence[Message]) -> None:
        super().__init__(reference, problems)
        self.reason = unusable_reference(reference=reference)
        self.problems = tuple(problems)


@dataclass
class MeasuringProcesses:
    """A pool of measuring processes: one, and more where callers would wait longer than a new one takes to start.

    Attributes:
        data_size: `full` or `sample`.
        data_folder: Folder that is searched first for the full set.
        course: The instructor's own course whose references are added to ours, as named by the user.
        graph_sandbox: How the processes run a model that cannot be rebuilt; None if there is no sandbox.
        prefix: Command of the sandbox in which the processes themselves run; None for no sandbox.
        patience: Seconds that a caller waits for a busy process before another is started.
    """

    data_size: DataSize = DataSize.FULL
    data_folder: Path | None = None
    course: Course | None = field(default=None, kw_only=True)
    graph_sandbox: GraphSandbox | None = field(default=None, kw_only=True)
    prefix: Prefix | None = field(default=None, kw_only=True)
    patience: float = field(default=PATIENCE_SECONDS, kw_only=True)
    _idle: deque[_Process] = field(default_factory=deque, repr=False)
    _lent: int = field(default=0, init=False, repr=False)
    _change: threading.Condition = field(default_factory=threading.Condition, init=False, repr=False)
    _enclosure: Enclosure | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.prefix is not None:
            self._enclosure = Enclosure(self.prefix, self.graph_sandbox)
            self.graph_sandbox = self._enclosure.graph_sandbox

    def measure(self, evidence: Evidence, task: MeasuringTask) -> Measurements:
        """Rebuild and measure; a process that breaks is replaced and the work repeated once.

        Work that timed out is not repeated: it would time out again.

        Raises:
            MeasuringFailedError: The process broke twice, or took longer than five minutes.
        """
        with _as_file(evidence) as evidence_file:
            answer = self._ask(MeasureRequest(task, evidence_file, self._data, self.graph_sandbox))
        if answer.measurements is None:
            raise MeasuringFailedError(answer.error or answer.missing_data)
        return answer.measurements

    def outline(self, evidence: Evidence) -> tuple[Outline, ...]:
        """Describe every autoencoder of a notebook.

        Raises:
            MeasuringFailedError: The process broke twice, or took longer than five minutes.
        """
        with _as_file(evidence) as evidence_file:
            answer = self._ask(OutlineRequest(evidence_file, self._data, self.graph_sandbox))
        if answer.outlines is None:
            raise MeasuringFailedError(answer.error or answer.missing_data)
        return answer.outlines

    def publish(self, dataset: str, folder: Path, view: SecretView | None = None) -> PublishedData:
        """Write the public arrays of a data set into `folder`, transformed by the secret view if one is given.

        Raises:
            MissingDataError: The full set was asked for, and neither the user nor the package has it.
            MissingTensorFlowError: TensorFlow is not installed.
            MeasuringFailedError: The process broke.
        """
        answer = self._ask(PublishRequest(dataset, self._place_to_publish(folder), self._data, view))
        if answer.missing_data:
            raise MissingDataError(verbatim(answer.missing_data))
        if answer.published is None:
            raise MeasuringFailedError(answer.error)
        return self._handed_over(answer.published, folder)

    def _handed_over(self, published: PublishedData, folder: Path) -> PublishedData:
        """Move the files written by a sandboxed process to their destination."""
        if self._enclosure is None or published.file is None:
            return published
        wanted = folder / published.file.name
        folder.mkdir(parents=True, exist_ok=True)
        shutil.move(published.file, wanted)
        published.file.parent.rmdir()
        return replace(published, file=wanted)

    def _place_to_publish(self, folder: Path) -> Path:
        return folder if self._enclosure is None else self._enclosure.folder / f"p-{secrets.token_hex(8)}"

    def examine(self, reference: str) -> None:
        """Build an instructor's own reference and test it.

        Raises:
            BrokenReferenceError: It cannot be used.
            MeasuringFailedError: The process broke.
        """
        answer = self._ask(ExamineRequest(reference))
        if answer.problems:
            raise BrokenReferenceError(reference, answer.problems)
        if answer.error:
            raise MeasuringFailedError(answer.error)

    def close(self) -> None:
        """End all processes."""
        while self._idle:
            self._idle.pop().close()
        if self._enclosure is not None:
            self._enclosure.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _data(self) -> DataPlace:
        return DataPlace(self.data_size, self.data_folder)

    def _ask(self, request: Request) -> Answer:
        try:
            with self._process() as process:
                return process.ask(request)
        except _TooSlowError:
            raise
        except MeasuringFailedError:
            with self._process() as process:
                return process.ask(request)

    @contextlib.contextmanager
    def _process(self) -> Iterator[_Process]:
        """Lend a process; one that failed is not returned to the pool."""
        process = self._idle_one()
        try:
            if process is None:
                require_tensorflow()
                process = _Process(self.course, self._enclosure)
            yield process
        except BaseException:
            self._take_back(None)
            if process is not None:
                process.close()
            raise
        self._take_back(process)

    def _idle_one(self) -> _Process | None:
        """Wait for an idle process while others are lent; None if the caller must start one. Both count as lent."""
        with self._change:
            self._change.wait_for(lambda: self._idle or not self._lent, timeout=self.patience)
            self._lent += 1
            while self._idle:
                process = self._idle.pop()
                if process.is_alive():  # it may have died while idle
                    return process
                process.close()
            return None

    def _take_back(self, process: _Process | None) -> None:
        with self._change:
            self._lent -= 1
            if process is not None:
                self._idle.append(process)
            self._change.notify()


@contextlib.contextmanager
def _as_file(evidence: Evidence) -> Iterator[Path]:
    with private_folder() as folder:
        path = folder / "evidence.json"
        path.write_bytes(EVIDENCE.dump_json(evidence))
        yield path


class _TooSlowError(MeasuringFailedError):
    """No answer came in time; repeating the work would take as long again."""


class _Process:
    """One running `grader.rebuild.worker`, with the references of a course besides ours if one is given."""

    def __init__(self, course: Course | None = None, enclosure: Enclosure | None = None) -> None:
        environment = {"OPENBLAS_NUM_THREADS": "1", **os.environ}  # its waiting threads compete for busy cores
        environment |= {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONUNBUFFERED": "1"}
        environment |= {COURSE_VARIABLE: str(course.folder.resolve()) if course is not None else ""}
        environment |= {} if enclosure is None else enclosure.variables()
        root = str(Path(grader.__file__).parent.parent)
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH", "")]))
        self._leash: int | None
        workers_end, self._leash = os.pipe()  # nothing is ever written: it closes when we end, for whatever reason
        leash = [str(workers_end)] if os.name == "posix" else []
        own = [sys.executable, "-P", "-m", "grader.rebuild.worker", *leash]  # no module from the user's current folder
        try:
            self._process = subprocess.Popen(
                own if enclosure is None else enclosure.command(own),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env=environment,
                start_new_session=os.name == "posix",  # Ctrl-C ends the batch in order, not during a measurement
                pass_fds=[workers_end] if leash else [],
            )
        except OSError:
            os.close(self._leash)
            raise
        finally:
            os.close(workers_end)
        self._answers: queue.Queue[str] = queue.Queue()
        self._last_words: deque[str] = deque(maxlen=_LAST_WORDS)
        threading.Thread(target=self._read_answers, daemon=True, name="grader-answers").start()
        threading.Thread(target=self._read_complaints, daemon=True, name="grader-complaints").start()

    def is_alive(self) -> bool:
        """Return whether it still runs."""
        return self._process.poll() is None

    def ask(self, request: Request) -> Answer:
        """Send a request and wait for its answer.

        Raises:
            MeasuringFailedError: The process died, sent no answer in time, or sent an invalid one.
        """
        if self._process.stdin is None:
            raise MeasuringFailedError("the measuring process has no standard input")
        try:
            self._process.stdin.write(REQUEST.dump_json(request).decode("utf-8") + "\n")
            self._process.stdin.flush()
            return ANSWER.validate_json(self._answers.get(timeout=ANSWER_SECONDS))
        except queue.Empty as error:
            raise _TooSlowError(f"the measuring process gave no answer within {ANSWER_SECONDS:g} seconds") from error
        except (OSError, ValidationError) as error:
            said = "".join(self._last_words).strip()
            raise MeasuringFailedError(f"the measuring process gave no answer ({error!r}); it said: {said}") from error

    def close(self) -> None:
        """End the process."""
        if self._leash is not None:  # first: closing it ends a sandboxed process together with its sandbox
            os.close(self._leash)
            self._leash = None
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):  # bytes of a request that will not be read any more
                    pipe.close()

    def _read_answers(self) -> None:
        with contextlib.suppress(ValueError):  # the pipe was closed while we read
            for line in self._process.stdout or ():
                self._answers.put(line)
        self._answers.put("")  # wakes the waiting caller: the process is gone

    def _read_complaints(self) -> None:
        with contextlib.suppress(ValueError):
            for line in self._process.stderr or ():
                self._last_words.append(line)
