"""Reserves work where several graders share one PostgreSQL gradebook, so that nothing runs twice at the same time.

A reservation is an advisory lock of the server. A connection holds it, so that it ends with the grader, in whatever
way that ends. A SQLite gradebook has none: each grader gets whatever it asks for.
"""

from __future__ import annotations

import hashlib
import threading
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from grader.gradebook.faults import database_fault


class Reservations:
    """The reservations of one grader; a context manager that releases them all.

    Args:
        engine: Of the gradebook.
        where: What messages call it.
    """

    def __init__(self, engine: Engine, where: str) -> None:
        self._engine = engine if engine.dialect.name == "postgresql" else None
        self._where = where
        self._connection: Connection | None = None
        self._held: set[int] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._connection is not None:
            self._connection.invalidate()  # the server drops the locks with the session, which a pool would keep
            self._connection.close()

    @property
    def are_shared(self) -> bool:
        """Whether other graders can hold reservations."""
        return self._engine is not None

    def take(self, *what: str) -> bool:
        """Reserve some work; False if another grader has it.

        Raises:
            GradebookError: The database does not answer.
        """
        key = _number(what)
        with self._lock:
            if self._engine is None or key in self._held:
                return True
            if not self._asked("SELECT pg_try_advisory_lock(:key)", key):
                return False
            self._held.add(key)
            return True

    def give_back(self, *what: str) -> None:
        """Release some work, which is done and stored.

        Raises:
            GradebookError: The database does not answer.
        """
        key = _number(what)
        with self._lock:
            if key in self._held:
                self._asked("SELECT pg_advisory_unlock(:key)", key)
                self._held.remove(key)

    def _asked(self, question: str, key: int) -> bool:
        try:
            if self._connection is None and self._engine is not None:
                self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if self._connection is None:
                return True
            return bool(self._connection.execute(text(question), {"key": key}).scalar_one())
        except DBAPIError as error:
            raise database_fault(error, self._where) from error


def _number(what: tuple[str, ...]) -> int:
    """Return the number of a lock: 63 bits of a digest."""
    return int.from_bytes(hashlib.sha256("\0".join(what).encode("utf-8", "surrogateescape")).digest()[:8], "big") >> 1
