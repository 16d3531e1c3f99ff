"""Reads a submission's bytes as a notebook, trusting nothing.

Flow: size, bytes, format by the first bytes, text, JSON, cells. Every possible failure is an
`UnreadableSubmissionError` that tells the student what the file is and what to do.

The formats are read here and not converted by nbformat: its upgrades fail in many ways on a file that is wrong in
places that do not matter, and give cells random ids; all that is wanted is the source of the code cells. A test
compares the two on files that are right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Never

from grader.domain.messages import Message, message
from grader.domain.submission import Notebook, Submission, UnreadableSubmissionError
from grader.domain.text import listed
from grader.intake import foreign
from grader.intake.archives import megabytes
from grader.intake.decoding import decode
from grader.intake.headings import places
from grader.intake.raw_cells import RawCell, all_cells, code_cells, is_code, mapping, notes, string

NOTEBOOK_LIMIT_BYTES: Final = 50_000_000
COLLECTION_LIMIT: Final = 2_000_000
"""Most brackets and braces in a file: each may cost a hundred bytes of memory when parsed."""

NEWEST_FORMAT: Final = 4
METADATA_KEY: Final = "autoencoder_grader"
_LISTED: Final = 10
_LONGEST_INTEGER = 18
_PYTHON: Final = "python"
_FOREIGN_KERNELS: Final = (
    (re.compile(r"(?:ir|irkernel)(?:\b.*)?"), "R"),
    (re.compile(r"julia.*"), "Julia"),
    (re.compile(r"(?:xcpp|xeus-cling).*"), "C++"),
    (re.compile(r"(?:javascript|ijavascript|jslab|deno|typescript|tslab).*"), "JavaScript"),
    (re.compile(r"(?:octave|xoctave|matlab|imatlab).*"), "MATLAB"),
    (re.compile(r"(?:scala|almond|spylon).*"), "Scala"),
    (re.compile(r"bash.*"), "Bash"),
)


def read_notebook(submission: Submission) -> Notebook:
    """Return the code cells of a submission.

    Raises:
        UnreadableSubmissionError: The bytes are no notebook that can be run, or nobody knows yet which ones count.
    """
    if submission.undecided and submission.conflict is not None:
        _refuse(submission.conflict)
    raw = _read(submission)
    if wrong := foreign.by_beginning(raw):
        _refuse(wrong)
    text, encoding = decode(raw)
    document = _parse(text)
    cells = _cells(document)
    version = _format(document)
    _refuse_other_language(document)
    code = code_cells(cells)
    if not code:
        _refuse(_without_code(cells))
    where = places(cells)
    origin = mapping(mapping(document.get("metadata")).get(METADATA_KEY))
    return Notebook(
        code,
        assignment=string(origin.get("assignment")),
        language=string(origin.get("language")),
        notes=(*_repaired(encoding, version), *notes(cells, code, where), *_beside(submission)),
        places=where,
        companions=submission.companions,
    )


def read_document(submission: Submission) -> Mapping[str, object]:
    """Return a submission's bytes as parsed JSON including saved outputs: for display, never for a run.

    Raises:
        UnreadableSubmissionError: The bytes are no JSON object, or more than is accepted.
    """
    raw = _read(submission)
    if wrong := foreign.by_beginning(raw):
        _refuse(wrong)
    return _parse(decode(raw)[0])


# Private functions


def _beside(submission: Submission) -> list[Message]:
    """Say which files were laid beside the notebook, which were not, and how to hand those in."""
    notes = []
    if submission.companions:
        names = [companion.name for companion in submission.companions]
        notes.append(message("Laid beside the notebook, as handed in: {files}.", files=listed(names, _LISTED)))
    if submission.passed_over:
        notes.append(
            message(
                "Handed in beside the notebook and not used: {files}. Python files and small tables, texts and "
                "pictures are laid beside it under names that no installed module has; a model is trained in the "
                "notebook itself, and saved weights are never loaded.",
                files=listed(submission.passed_over, _LISTED),
            )
        )
    return notes


def _refuse(reason: Message) -> Never:
    raise UnreadableSubmissionError(reason)


def _read(submission: Submission) -> bytes:
    """Return the bytes of a file of reasonable size; the size is checked first."""
    try:
        size_bytes = max(submission.path.stat().st_size, submission.size_bytes)
        _refuse_size(size_bytes)
        raw = _at_most(submission.path, NOTEBOOK_LIMIT_BYTES + 1)
    except OSError as error:
        _refuse(message("The file cannot be read: {problem}.", problem=error.strerror or str(error)))
    _refuse_size(len(raw))
    return raw


def _at_most(path: Path, size_bytes: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size_bytes)


def _refuse_size(size_bytes: int) -> None:
    if size_bytes == 0:
        _refuse(message("The file is empty: it has 0 bytes. {download}", download=foreign.DOWNLOAD))
    if size_bytes > NOTEBOOK_LIMIT_BYTES:
        _refuse(
            message(
                "The notebook has {size} MB, more than the {limit} MB that are accepted. Saved outputs are most of "
                "it: in Colab, choose Edit > Clear all outputs, save, download it and hand it in again.",
                size=megabytes(size_bytes),
                limit=NOTEBOOK_LIMIT_BYTES // 1_000_000,
            )
        )


# Private functions for JSON


def _parse(text: str) -> Mapping[str, object]:
    if not text.strip():
        _refuse(message("The file is blank. {download}", download=foreign.DOWNLOAD))
    if text.count("{") + text.count("[") > COLLECTION_LIMIT:
        _refuse(_overloaded())
    try:
        document = json.loads(text, parse_int=_integer)
    except json.JSONDecodeError as error:
        _refuse(foreign.by_text(text) or _not_json(text, error))
    except RecursionError:
        _refuse(_overloaded())
    if not isinstance(document, dict):
        _refuse(_no_cells())
    return document


def _integer(digits: str) -> int:
    """Parse a number of reasonable length; Python refuses thousands of digits, and no number of a notebook matters."""
    return int(digits) if len(digits) <= _LONGEST_INTEGER else 0


def _not_json(text: str, error: json.JSONDecodeError) -> Message:
    cut_short = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
    if cut_short and text.lstrip().startswith("{"):
        return message(
            "The notebook breaks off at its line {line}: the download or the upload was cut short. {download}",
            line=text.count("\n") + 1,
            download=foreign.DOWNLOAD,
        )
    return message(
        "The file is not a notebook, or a damaged one: it is not valid JSON at line {line}, column {column} "
        "({problem}). {download}",
        line=error.lineno,
        column=error.colno,
        problem=error.msg,
        download=foreign.DOWNLOAD,
    )


def _overloaded() -> Message:
    return message(
        "The file is nested so deeply, or holds so many values, that no notebook program can have written it by "
        "itself. In Colab, choose Edit > Clear all outputs, save, download it and hand it in again."
    )


# Private functions for notebooks


def _cells(document: Mapping[str, object]) -> list[RawCell]:
    cells = all_cells(document)
    if cells is None:
        _refuse(_no_cells())
    return cells


def _no_cells() -> Message:
    return message(
        "The file is JSON, but not a notebook: it has no list of cells. {download}", download=foreign.DOWNLOAD
    )


def _format(document: Mapping[str, object]) -> int:
    """Return the major version of the format; if the file does not state it, its structure shows it."""
    stated = document.get("nbformat")
    if isinstance(stated, int) and not isinstance(stated, bool) and stated > 0:
        version = stated
    else:
        version = NEWEST_FORMAT if "cells" in document else 3
    if version > NEWEST_FORMAT:
        _refuse(
            message(
                "The notebook is in format {version}, and formats up to {newest} can be read. Save it in Colab, or in "
                "JupyterLab as format {newest}, and hand it in again.",
                version=version,
                newest=NEWEST_FORMAT,
            )
        )
    return version


def _refuse_other_language(document: Mapping[str, object]) -> None:
    metadata = mapping(document.get("metadata"))
    kernel = mapping(metadata.get("kernelspec"))
    stated = [string(mapping(metadata.get("language_info")).get("name")), string(kernel.get("language"))]
    languages = [language for language in stated if language]
    if any(_PYTHON in language.lower() for language in languages):
        return
    name = string(kernel.get("name")).lower()
    by_kernel = [language for pattern, language in _FOREIGN_KERNELS if pattern.fullmatch(name)]
    if languages or by_kernel:
        _refuse(
            message(
                "The notebook is written for {language}, not for Python. In Colab, choose Runtime > Change runtime "
                "type > Python 3, save, download it and hand it in again.",
                language=(languages or by_kernel)[0],
            )
        )


def _without_code(cells: Sequence[RawCell]) -> Message:
    empty = sum(is_code(cell) for cell in cells)
    if empty:
        return message(
            "All code cells of the notebook are empty ({count}). Perhaps the work is in another copy.",
            count=empty,
        )
    return message(
        "The notebook has no code cell (cells in all: {count}). Perhaps the work is in another copy.",
        count=len(cells),
    )


def _repaired(encoding: str, version: int) -> list[Message]:
    repaired = []
    if encoding != "utf-8":
        repaired.append(
            message("The file was saved as {encoding} and not as UTF-8; it was read so.", encoding=encoding)
        )
    if version < NEWEST_FORMAT:
        repaired.append(
            message("The notebook is in the old format {version}; it was read all the same.", version=version)
        )
    return repaired
