"""Builders of notebooks, zips and folders as students and platforms make them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from hypothesis import HealthCheck

from grader.domain.messages import Message
from grader.domain.submission import Submission
from grader.intake.submissions import collect
from grader.locale import Translator

PATIENT = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
"""For property tests that write each example to the same folder, on machines that have other work."""

COLAB = "In Colab, choose File > Download > Download .ipynb, and hand in that file."


def notebook_bytes(*sources: str, **metadata: object) -> bytes:
    """Return a notebook with these code cells; without any, one whose cell prints 1."""
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for source in sources or ("print(1)",)
    ]
    document = {"nbformat": 4, "nbformat_minor": 0, "metadata": metadata, "cells": cells}
    return json.dumps(document, ensure_ascii=False).encode()


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """Return a zip with these files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def plant(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write these files below the folder and return it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def collected(workspace: Path, *paths: Path) -> list[tuple[str, str]]:
    """Return student and file name of everything that intake finds, none of it in doubt."""
    submissions = collect(paths, workspace)
    assert [reported(submission.conflict) for submission in submissions if submission.conflict] == []
    return [(submission.student, submission.filename) for submission in submissions]


def reported(message: Message | None) -> str:
    """Return the sentence in English, "" for None."""
    return "" if message is None else Translator("en", strict=True).text(message)


def submission_of(path: Path, content: bytes) -> Submission:
    """Write the bytes and return the submission that they are."""
    path.write_bytes(content)
    return Submission("ana", path.name, path, "0" * 64, len(content))
