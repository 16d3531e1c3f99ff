"""The log of a run: `grader.log` in the folder of the grades, one line per event; earlier logs are kept beside it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

import grader
from grader.cli.events import HandInGraded, done_sentence, step_sentence
from grader.domain.messages import Message, message
from grader.domain.progress import Step
from grader.domain.submission import Submission
from grader.locale import Translator

LOG_FILE = "grader.log"
KEPT = 9
"""Number of earlier logs that are kept, from `grader.log.1` (the newest) to `grader.log.9`."""


class RunLog:
    """Writes a log of the run.

    Args:
        handler: Where the lines go.
        translator: Translates the sentences.
    """

    def __init__(self, handler: logging.Handler, translator: Translator) -> None:
        self._logger = logging.Logger("grader.run")  # not a global logger: two runs in one process stay apart
        self._logger.addHandler(handler)
        self._translator = translator

    def say(self, sentence: Message) -> None:
        """Write a line about the whole class."""
        self._line(self._translator.text(sentence))

    def step(self, submission: Submission, step: Step) -> None:
        """Write a progress event of a hand-in."""
        self._line(f"{submission.student}: {self._translator.text(step_sentence(step))}")

    def done(self, done: HandInGraded) -> None:
        """Write a result, with the whole traceback if the grader itself failed."""
        graded = done.progress.graded
        self._line(f"{done.number}/{done.total} {graded.student}: {self._translator.text(done_sentence(done))}")
        for line in graded.fault.splitlines():
            self._line(f"    {line}", keep_indent=True)

    def _line(self, text: str, *, keep_indent: bool = False) -> None:
        self._logger.info("%s", text if keep_indent else " ".join(text.split()))


@contextmanager
def run_log(folder: Path, translator: Translator) -> Iterator[RunLog]:
    """Open the log of a run; the last run's log becomes `grader.log.1`.

    Raises:
        OSError: The folder cannot be written to.
    """
    path = folder / LOG_FILE
    handler = RotatingFileHandler(path, backupCount=KEPT, encoding="utf-8", errors="backslashreplace", delay=True)
    if path.exists():
        handler.doRollover()
    formatter = logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    log = RunLog(handler, translator)
    log.say(message("autoencoder-grader {version}", version=grader.__version__))
    try:
        yield log
    finally:
        handler.close()
