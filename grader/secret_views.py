"""Zone K on secret views of the data: published when first needed, the same for all hand-ins of a session.

A seed is drawn here for each view and stays here and in zone M. The files have the names, sizes and times of the plain
ones and lie in folders named like theirs, so that nothing but the data themselves tells a kernel what it runs on.
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
    """Lends sandboxes on secret views.

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
        """Return a sandbox whose data are seen through a view of this kind, another one for each attempt.

        Raises:
            MissingDataError: The data are not there any more.
            MeasuringFailedError: The measuring process broke.
        """
        with self._lock:  # whoever comes second takes what the first has published
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
