"""The cause of an error: the student's code, a cell that was not completed, or something missing on our machine.

An error is judged by the code that raised it and by the purpose of its cell, never by its class alone. An error that
follows from another (a missing name that a failed cell should have defined) has the cause of that one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from grader.checks.core.subject import Subject
from grader.domain.colab import colab_modules
from grader.domain.measurement import Role
from grader.domain.run import CellError, RaisedBy

_NO_MODULE: Final = re.compile(r"No module named '?([A-Za-z_]\w*)")
_IMPORT_ERRORS: Final = re.compile(r"\w*(?:ModuleNotFound|Import|NotInstalled|Dependency\w*|PackageNotFound)Error")
_WORD: Final = re.compile(r"[A-Za-z_][\w-]*")
_DRIVE: Final = re.compile(r"/(?:content/)?(?:g?drive)/|MyDrive|My Drive|/kaggle/input", re.IGNORECASE)
_FILE_ERRORS: Final = frozenset({"FileNotFoundError", "NotADirectoryError", "OSError", "ValueError", "NotFoundError"})
_NOT_FOUND: Final = frozenset({"FileNotFoundError", "NotADirectoryError", "NotFoundError"})
_NETWORK_ERRORS: Final = frozenset({
    "URLError", "HTTPError", "ConnectionError", "ConnectionRefusedError", "gaierror", "ConnectTimeout", "TimeoutError",
    "MaxRetryError", "NewConnectionError", "NameResolutionError", "SSLError", "ProxyError", "TransportError",
})  # fmt: skip
_NO_NETWORK: Final = (
    "no network where the notebook is graded", "name resolution", "network is unreachable", "urlopen error",
    "max retries exceeded", "url fetch failure", "could not resolve host",
)  # fmt: skip
ROLE_NAMES: Final = frozenset(role.value for role in Role)
"""The names of the models in the given cells; a student may choose other names."""


class CauseKind(StrEnum):
    """What caused an error.

    OWN: the notebook's own code, as far as we can tell.
    UNFINISHED: a cell that raises NotImplementedError itself, until somebody completes it.
    MODULE: a module that Colab has, or that the notebook installs, but our machine lacks.
    OTHER_NAME: a given cell asks for a model by the assignment's name, but the student used another name.
    ACCELERATOR: a GPU or TPU, which our machine lacks.
    FILE: a file that exists only in the author's Drive or in an earlier session.
    NETWORK: an internet address; notebooks run without a network.
    """

    OWN = "own"
    UNFINISHED = "unfinished"
    MODULE = "module"
    OTHER_NAME = "other_name"
    ACCELERATOR = "accelerator"
    FILE = "file"
    NETWORK = "network"


SURROUNDINGS: Final = frozenset({CauseKind.MODULE, CauseKind.ACCELERATOR, CauseKind.FILE, CauseKind.NETWORK})
"""Causes that exist where the notebook is graded and not where its author works."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What caused one error.

    Attributes:
        kind: The kind of cause.
        error: The original error; the error itself if it follows from no other.
    """

    kind: CauseKind
    error: CellError


def cause_of(error: CellError, errors: Sequence[CellError], missing_modules: Sequence[str] = ()) -> Cause:
    """Return the cause of an error.

    Args:
        error: One of `errors`.
        errors: All errors of the run, in order.
        missing_modules: Modules that our machine lacks, as found by the pipeline.
    """
    for _ in errors:  # an error may follow from one that follows from another; each step goes up, so the loop ends
        earlier = echoed(error, errors)
        if earlier is None:
            break
        error = earlier
    return Cause(_kind(error, missing_modules), error)


def echoed(error: CellError, errors: Sequence[CellError]) -> CellError | None:
    """Return the earlier error that explains a missing name; None if there is no such error.

    It is the error in the nearest cell above that defines the name. If no cell defines it, it is that of a cell that is
    still to be completed.
    """
    if error.name not in ("NameError", "UnboundLocalError") or error.lacked is None or error.defined_below is not None:
        return None
    above = [one for one in errors if one.cell_index < error.cell_index]
    if not error.lacked.made_in:
        return next((one for one in above if is_unfinished(one)), None)
    makers = [index for index in error.lacked.made_in if index < error.cell_index]
    return next((one for one in reversed(above) if makers and one.cell_index == makers[-1]), None)


def is_unfinished(error: CellError) -> bool:
    """Return whether the notebook itself raises the error in a place that is to be completed.

    A library raises NotImplementedError as well: for a layer without `get_config`, or in an unknown mode.
    """
    if error.name != "NotImplementedError":
        return False
    if error.raised_by is RaisedBy.UNKNOWN:
        return error.line.startswith("raise ") or not (error.line or error.text)
    return error.raised_by is RaisedBy.NOTEBOOK


def missing_module(error: CellError, missing_modules: Sequence[str]) -> str:
    """Return the module in this list whose absence caused an error, or ""."""
    return next((name for name in named_modules(error) if name in missing_modules), "")


def named_modules(error: CellError) -> tuple[str, ...]:
    """List the top-level modules that an import error names, the missing one first.

    Packages report a missing dependency in their own words (`TensorBoard is not installed`); these are found by the
    names of Colab's modules.
    """
    if not _IMPORT_ERRORS.fullmatch(error.name):
        return ()
    found = _NO_MODULE.search(error.text)
    if found is not None:
        return (found[1],)
    words = [word.lower().replace("-", "_") for word in _WORD.findall(f"{error.text} {error.line}")]
    return tuple(dict.fromkeys(word for word in words if word in colab_modules()))


def stopped_training(subject: Subject) -> CellError | None:
    """Return the first error that prevented the training of a model, None if there is none.

    If the autoencoder was trained nevertheless, an error in another training explains nothing.
    """
    return next((error for error in subject.run.errors if error.stops_training), None)


def destroyed_by_surroundings(subject: Subject) -> Cause | None:
    """Return what our machine lacks if that prevented any training or the autoencoder itself; else None."""
    errors = subject.run.errors
    whole = subject.model(Role.AUTOENCODER) is not None and subject.measurements.claims.trained
    if whole and stopped_training(subject) is None:
        return None
    causes = (cause_of(error, errors, subject.missing_modules) for error in errors)
    return next((cause for cause in causes if cause.kind in SURROUNDINGS), None)


def _kind(error: CellError, missing_modules: Sequence[str]) -> CauseKind:
    if is_unfinished(error):
        return CauseKind.UNFINISHED
    if missing_module(error, missing_modules):
        return CauseKind.MODULE
    if error.given and error.lacked is not None and not error.lacked.made_in and error.lacked.name in ROLE_NAMES:
        return CauseKind.OTHER_NAME
    if error.asks_for_accelerator:
        return CauseKind.ACCELERATOR
    if error.name in _FILE_ERRORS and _DRIVE.search(f"{error.text} {error.line}"):
        return CauseKind.FILE
    if error.name in _NOT_FOUND and error.after_fetching:
        return CauseKind.NETWORK
    if error.name in _NETWORK_ERRORS or any(sign in error.text.lower() for sign in _NO_NETWORK):
        return CauseKind.NETWORK
    return CauseKind.OWN
