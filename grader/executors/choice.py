"""Opens an executor by the name that the user gave: `local`, `dask-local:N` or `dask://HOST:PORT`."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import psutil

from grader.domain.assignment import Assignment
from grader.domain.messages import Message, message
from grader.execution import Executor, LocalPool
from grader.session import MEMORY_MIB_A_NOTEBOOK, Session, SessionOptions, end_children

LOCAL: Final = "local"
_NAME: Final = re.compile(r"local|dask-local:(?P<workers>[1-9]\d{0,3})|dask://(?P<host>[^\s/]+):(?P<port>\d{1,5})")
_SECONDS_BETWEEN_KILLS = 0.2


class UnknownExecutorError(Exception):
    """There is no such executor; `reason` names those that there are."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason.msgid)
        self.reason = reason


class ClusterError(Exception):
    """The cluster cannot be used; `reason` says why and what to do."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason.msgid)
        self.reason = reason


class Stoppable(Executor, Protocol):
    """An executor that can be stopped in the middle of its work."""

    def stop_at_once(self) -> None:
        """Drop what has not begun, and end what runs: its results are not kept."""
        ...


@dataclass(frozen=True)
class _StoppablePool(LocalPool):
    def stop_at_once(self) -> None:
        """Kill whatever the threads start until they have given up."""
        self.pool.shutdown(wait=False, cancel_futures=True)
        waiting = threading.Thread(target=self.pool.shutdown, daemon=True)
        waiting.start()
        while waiting.is_alive():
            end_children()
            waiting.join(_SECONDS_BETWEEN_KILLS)


def require_executor(name: str) -> None:
    """Refuse an invalid name.

    Raises:
        UnknownExecutorError: It is none of those that there are.
    """
    if _NAME.fullmatch(name) is None:
        raise UnknownExecutorError(
            message(
                "There is no executor {name}. Write local, dask-local:N (N processes on this machine) or "
                "dask://HOST:PORT (the scheduler of a Dask cluster).",
                name=name,
            )
        )


def has_room() -> bool:
    """Say whether there is memory for one more notebook: one that begins beside others must not cost them their run."""
    return psutil.virtual_memory().available >= MEMORY_MIB_A_NOTEBOOK * 2**20


@contextmanager
def open_executor(session: Session, assignment: Assignment, options: SessionOptions) -> Iterator[Stoppable]:
    """Open an executor for a session; its work ends when the context is left.

    Args:
        session: Open on this machine.
        assignment: With the limits that it has by itself, for machines of another speed.
        options: With which it was opened; they name the executor.

    Raises:
        UnknownExecutorError: It is none of those that there are.
        ClusterError: The cluster does not answer, or has no worker.
    """
    require_executor(options.executor)
    if options.executor == LOCAL:
        places = options.notebooks_together()
        with ThreadPoolExecutor(places) as threads:
            yield _StoppablePool(threads, session.context, places, has_room)
        return
    from grader.executors.dask_cluster import open_dask  # the core of the package does without Dask

    with open_dask(session, assignment, options) as pool:
        yield pool
