"""The gradebooks that a dashboard shows, and the thread that rewrites their results after decisions."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from grader.domain.assignment import AssignmentError
from grader.domain.decision import Decision
from grader.gradebook import GradebookError
from grader.regrading import Regraded, keep
from grader.review.book import Book, BookPlace
from grader.review.results import rewrite

_QUIET_SECONDS: Final = 1.0
"""Seconds without a decision after which results are written: people decide in bursts."""

_LOG = logging.getLogger(__name__)


@dataclass
class OpenGradebooks:
    """Open gradebooks by their number.

    Attributes:
        books: In the order in which they were named.
        faults: Why results of a book and assignment could not be written, by both.
    """

    books: list[Book]
    faults: dict[tuple[int, str], str] = field(default_factory=dict)
    _pending: dict[tuple[int, str], set[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _refreshing: threading.Lock = field(default_factory=threading.Lock)
    _changed: threading.Event = field(default_factory=threading.Event)
    _closed: bool = False
    _writer: threading.Thread | None = None

    @classmethod
    def open(cls, places: Sequence[BookPlace]) -> OpenGradebooks:
        """Open gradebooks and bring their lists up to date, which takes a while the first time.

        Raises:
            GradebookError: One of them cannot be opened; the others are closed again.
        """
        shelf = cls([])
        try:
            for place in places:
                shelf.books.append(Book.open(place))
                shelf.refresh(len(shelf.books) - 1)
        except BaseException:
            shelf.close()
            raise
        return shelf

    def close(self) -> None:
        """Write what is not written yet, and close every gradebook."""
        self._closed = True
        self._changed.set()
        if self._writer is not None:
            self._writer.join()
        for book in self.books:
            book.gradebook.close()

    def book(self, number: int) -> Book | None:
        """Return a gradebook, None if there is no such number."""
        return self.books[number] if 0 <= number < len(self.books) else None

    def refresh(self, number: int, assignment: str | None = None) -> None:
        """Bring the lists of a book up to date, those of one assignment or all."""
        with self._refreshing:
            self.books[number].refresh(assignment)

    def reload(self, number: int, assignment: str) -> None:
        """Read the files of an assignment anew."""
        with self._refreshing:
            self.books[number].reload(assignment)

    def decide(self, number: int, decisions: Sequence[Decision]) -> None:
        """Store decisions on one assignment, and let its results be written anew."""
        if not decisions:
            return
        assignment = decisions[0].assignment
        with self._refreshing:
            self.books[number].decide(decisions)
        self._write_soon(number, assignment, {one.student for one in decisions})

    def keep_regraded(self, number: int, assignment: str, regraded: Sequence[Regraded]) -> None:
        """Store new grades of one assignment beside the old ones, and let its results be written anew."""
        with self._refreshing:
            keep(self.books[number].gradebook, regraded)
            self.books[number].refresh(assignment)
        self._write_soon(number, assignment, {one.new.student for one in regraded})

    # Private ---------------------------------------------------------------------------------------------------------

    def _write_soon(self, number: int, assignment: str, students: set[str]) -> None:
        with self._lock:
            self._pending.setdefault((number, assignment), set()).update(students)
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_on, name="results", daemon=True)
                self._writer.start()
        self._changed.set()

    def _write_on(self) -> None:
        while True:
            self._changed.wait()
            self._changed.clear()
            while not self._closed and self._changed.wait(_QUIET_SECONDS):
                self._changed.clear()
                time.sleep(0)
            with self._lock:
                pending, self._pending = self._pending, {}
            for (number, assignment), students in pending.items():
                self._write(number, assignment, students)
            if self._closed and not self._pending:
                return

    def _write(self, number: int, assignment: str, students: set[str]) -> None:
        try:
            rewrite(self.books[number], assignment, students=students)
        except (GradebookError, AssignmentError, OSError) as error:
            _LOG.exception("the results of %s could not be written", assignment)
            self.faults[number, assignment] = str(error)
        else:
            self.faults.pop((number, assignment), None)
