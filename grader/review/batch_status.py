"""The progress of a running batch, for other processes: how far it is, and whether it is still alive.

`grader grade` notes each finished hand-in in a small file of its output folder; the dashboard reads it. Whether the
batch still lives is shown by a lock that the operating system lets go of when its process ends, however it ends: a
number of a process may be somebody else's by now.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pydantic import TypeAdapter, ValidationError

if sys.platform != "win32":
    import fcntl

RUNNING_FILE: Final = "running.json"
_LOCK_FILE: Final = ".running.lock"
_NAMES_KEPT: Final = 5


@dataclass(frozen=True, slots=True)
class RunningBatch:
    """The progress of a batch.

    Attributes:
        assignment: What is graded.
        total: Hand-ins of the batch.
        done: How many of them have a grade.
        last: Whose grade came last, the latest first.
        started_at: When it began.
        changed_at: When the last grade came.
        ready_at: When the batch expects to be done (`grader.forecast`); None where it cannot say so yet.
    """

    assignment: str
    total: int
    done: int
    last: tuple[str, ...]
    started_at: datetime
    changed_at: datetime
    ready_at: datetime | None = None

    def seconds_left(self, now: datetime) -> float | None:
        """Return how long the rest takes, as last estimated by the batch itself; None without an estimate."""
        return None if self.ready_at is None else max(0.0, (self.ready_at - now).total_seconds())


@dataclass
class BatchNote:
    """The progress file of one batch; use it as a context manager. It is deleted unless the batch is stopped.

    Where the note cannot be written, or another batch notes itself in the same folder, the batch goes on without one.

    Attributes:
        folder: The output folder of the batch.
        batch: What stands in the note.
    """

    folder: Path
    batch: RunningBatch
    _last: deque[str] = field(default_factory=lambda: deque(maxlen=_NAMES_KEPT))
    _lock: int | None = None

    @classmethod
    def of(cls, folder: Path, assignment: str, total: int) -> BatchNote:
        """Return the progress file of a batch that is about to begin."""
        now = datetime.now(UTC)
        return cls(folder, RunningBatch(assignment, total, 0, (), now, now))

    def __enter__(self) -> Self:
        self._lock = _locked(self.folder)
        self._write()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._lock is None:
            return
        if kind is None:
            with suppress(OSError):  # left behind, it says that the batch was stopped with everything done
                (self.folder / RUNNING_FILE).unlink(missing_ok=True)
        os.close(self._lock)
        self._lock = None

    def finished(self, student: str, seconds_left: float | None = None) -> None:
        """Record that one more hand-in has its grade, and the remaining time if the batch has an estimate."""
        now = datetime.now(UTC)
        self._last.appendleft(student.encode("utf-8", "replace").decode("utf-8"))  # names of files may be no text
        self.batch = replace(
            self.batch,
            done=self.batch.done + 1,
            last=tuple(self._last),
            changed_at=now,
            ready_at=self.batch.ready_at if seconds_left is None else now + timedelta(seconds=seconds_left),
        )
        self._write()

    def _write(self) -> None:
        if self._lock is None:
            return
        path = self.folder / RUNNING_FILE
        temporary = path.with_name(f".{RUNNING_FILE}.tmp")
        with suppress(OSError):  # a note is not worth a batch; a full disk is reported by the gradebook
            temporary.write_bytes(_BATCH.dump_json(self.batch))  # not synced: after a power cut nothing runs
            temporary.replace(path)


def running_batch(folder: Path | None) -> tuple[RunningBatch, bool] | None:
    """Return the batch recorded in a folder, and whether it is still alive; None if there is none."""
    if folder is None:
        return None
    try:
        batch = _BATCH.validate_json((folder / RUNNING_FILE).read_bytes())
    except (OSError, ValidationError):  # none, or written by another version
        return None
    return batch, _is_locked(folder)


# Private -------------------------------------------------------------------------------------------------------------

_BATCH = TypeAdapter(RunningBatch)


def _locked(folder: Path) -> int | None:
    """Take the lock of a folder for as long as the descriptor is open; None if another batch holds it."""
    if sys.platform == "win32":  # nothing is graded there, only checked
        return None
    try:
        descriptor = os.open(folder / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _is_locked(folder: Path) -> bool:
    if sys.platform == "win32":
        return False
    try:
        descriptor = os.open(folder / _LOCK_FILE, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
