"""Zone K (the student kernel) on secret views of the data, published on demand and shared by a session's hand-ins.

The seed of each view is drawn here and known only here and in zone M. The files have the names, sizes and times of the
plain ones, in folders with the same kind of names, so that only the data themselves could show a kernel what it runs
on.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from grader.domain.folders import private_folder
from grader.domain.ports import Sandbox, SecretView

_SEED_BITS = 63

Publish = Callable[[Path, SecretView], Mapping[str, Path]]
"""Writes every data set that a kernel sees into a folder, through a view, and returns the files by Keras's name."""


class LentViews:
    """Starts sandboxes on secret views.

    Args:
        publish: Writes the data of a view.
        open_sandbox: Makes a sandbox on these files.
    """

    def __init__(self, publish: Publish, open_sandbox: Callable[[Mapping[str, Path]], Sandbox]) -> None:
        self._publish = publish
        self._open_sandbox = open_sandbox
        self._lent: dict[tuple[str, int], tuple[Sandbox, SecretView]] = {}
        self._folders = ExitStack()
        self._lock = threading.Lock()

    def lend(self, kind: str, attempt: int) -> tuple[Sandbox, SecretView]:
        """Return a sandbox that sees its data through a view of this kind, a different one for each attempt.

        Raises:
            MissingDataError: The data no longer exist.
            MeasuringFailedError: The measuring process broke.
        """
        with self._lock:  # a second caller uses what the first has published
            if (kind, attempt) not in self._lent:
                view = SecretView(kind, secrets.randbits(_SEED_BITS))
                folder = self._folders.enter_context(private_folder())
                sandbox = self._open_sandbox(self._publish(folder, view))
                self._lent[kind, attempt] = (sandbox, view)
            return self._lent[kind, attempt]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._folders.close()
