"""Records which epoch a training is in, for people who wait: one line in a small file beside the claims.

The line is `EPOCH EPOCHS LOSS`. It is a hint that the notebook could write as well, and nothing else rests on it.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

FILE_NAME = "epoch.txt"
SECONDS_BETWEEN_LINES = 0.5
_CALLBACKS = "keras.src.callbacks.callback_list"


class EpochNotes:
    """Writes the line, at most twice a second.

    Args:
        file: Path of the file; its content is replaced.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._loss: dict[int, float] = {}
        self._written = float("-inf")

    def patches(self) -> Mapping[str, Callable[[ModuleType], None]]:
        """Return the patch of Keras, by the name of the module that it changes."""
        return {_CALLBACKS: self.patch}

    def patch(self, module: ModuleType) -> None:
        """Record what a training reports to the list of its callbacks; the notebook's own callbacks stay unchanged."""
        callbacks = module.CallbackList
        begin, end = callbacks.on_epoch_begin, callbacks.on_epoch_end

        @functools.wraps(begin)
        def noted_begin(self: Any, epoch: Any, logs: Any = None) -> None:
            notes.begun(self, epoch)
            begin(self, epoch, logs)

        @functools.wraps(end)
        def noted_end(self: Any, epoch: Any, logs: Any = None) -> None:
            notes.ended(self, logs)
            end(self, epoch, logs)

        notes = self
        callbacks.on_epoch_begin, callbacks.on_epoch_end = noted_begin, noted_end

    def begun(self, training: Any, epoch: Any) -> None:
        """Write the line of an epoch that begins.

        Args:
            training: Keras's list of callbacks of this training.
            epoch: Counted from 0.
        """
        now = time.monotonic()
        if epoch and now - self._written < SECONDS_BETWEEN_LINES:
            return
        try:
            loss = self._loss.get(id(training)) if epoch else None
            shown = "-" if loss is None else f"{loss:.6g}"
            self._file.write_text(f"{int(epoch) + 1} {int(training.params['epochs'])} {shown}\n", encoding="ascii")
        except Exception:  # a full disk, invalid numbers: observing must never stop a training
            return
        self._written = now

    def ended(self, training: Any, logs: Any) -> None:
        """Remember the loss of an epoch."""
        try:
            loss = float(logs["loss"])
            self._loss = {id(training): loss} if math.isfinite(loss) else {}
        except Exception:  # a training without a loss has none to show
            self._loss = {}
