"""Zone M, the measuring process: `python -m grader.rebuild.worker`; requests on standard input, answers on output.

It holds Keras and the hidden images, and reads only what the border has vetted. It never runs student code, never
unpickles, never loads a model file. One process serves many submissions; its client replaces it when it breaks. An
instructor's own references are found in the folder that the environment variable `reference.contract.COURSE_VARIABLE`
names; only the client sets it, from the command line of the user.

Images are published without Keras, which is imported right afterwards, while the first notebooks begin.
"""

from __future__ import annotations

import os
import sys

from grader.domain.datasets import DataSize, SampleKind, datasets
from grader.rebuild.process_limits import end_with, limit_memory

if __name__ == "__main__":  # before TensorFlow is imported, which takes seconds
    if len(sys.argv) > 1:
        end_with(int(sys.argv[1]))
    limit_memory()

import tempfile
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO

import numpy as np

from grader.domain.evidence import Evidence
from grader.domain.ports import SecretView
from grader.rebuild.protocol import (
    ANSWER,
    EVIDENCE,
    REQUEST,
    Answer,
    DataPlace,
    ExamineRequest,
    MeasureRequest,
    OutlineRequest,
    PublishedData,
    PublishRequest,
    Request,
)
from grader.rebuild.quantities.reference_data import DataChoice, are_images, load_images, load_reference_data
from reference import card_data, data
from reference.views import View

PUBLISHED_AT = 1_577_836_800
"""Modification time of every published file (2020-01-01): the real one would show whether it is a view."""


def main() -> None:
    """Answer requests until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever TensorFlow prints goes to standard error
    serve(sys.stdin, answers)


def serve(requests: IO[str], answers: IO[str]) -> None:
    """Answer each line of `requests` with one line of `answers`."""
    for line in requests:
        answers.write(ANSWER.dump_json(_answer(line)).decode("utf-8") + "\n")
        answers.flush()
        import_module("grader.rebuild.whole_submission")  # and with it Keras


def _answer(line: str) -> Answer:
    try:
        return _done(REQUEST.validate_json(line))
    except data.DataNotFoundError as missing:
        return Answer(missing_data=str(missing))
    except Exception:  # noqa: BLE001 - the client must hear of every failure, whatever it was
        return Answer(error=traceback.format_exc())


def _done(request: Request) -> Answer:
    if isinstance(request, PublishRequest):
        return Answer(published=_publish(request))
    return _measured(request)


def _measured(request: MeasureRequest | OutlineRequest | ExamineRequest) -> Answer:
    """Answer a request that needs Keras."""
    from grader.rebuild import outlining, whole_submission
    from grader.rebuild.facts import soundness

    try:
        match request:
            case MeasureRequest(task=task, graph_sandbox=sandbox):
                evidence, choice = _evidence(request.evidence_file), _choice(request.data, task.view)
                return Answer(measurements=whole_submission.measure(evidence, task, choice, sandbox))
            case OutlineRequest(graph_sandbox=sandbox):
                evidence = _evidence(request.evidence_file)
                return Answer(outlines=outlining.outlines(evidence, _choice(request.data), sandbox))
            case ExamineRequest(reference=reference):
                return Answer(problems=soundness.problems_of(reference))
    finally:
        whole_submission.forget()


def _choice(place: DataPlace, view: SecretView | None = None) -> DataChoice:
    return DataChoice(place.size, place.folder, None if view is None else View(view.kind, view.seed))


def _evidence(file: Path) -> Evidence:
    return EVIDENCE.validate_json(file.read_bytes())


def _publish(request: PublishRequest) -> PublishedData:
    """Write the data that zone K may see: images as an uncompressed `.npz`, card transactions as `creditcard.csv`."""
    choice = _choice(request.data, request.view)
    if request.dataset in datasets() and datasets()[request.dataset].kind is SampleKind.ROWS:
        return _publish_cards(request.folder, choice)
    if not are_images(request.dataset):  # the notebook makes the data itself
        material = load_reference_data(request.dataset, choice)
        return PublishedData(None, material.size, material.digest, material.source)
    found = load_images(request.dataset, choice)
    target = request.folder / f"{request.dataset}.npz"
    with _in_one_step(target) as path, path.open("wb") as file:
        np.savez(file, **data.kernel_view(found))  # type: ignore[arg-type] # the stubs expect `allow_pickle`
    files = data.candidates(request.dataset, choice.folder) if choice.size == DataSize.FULL else []
    return PublishedData(target, DataSize(found.size), found.digest(), found.source, _absolute(files))


def _publish_cards(folder: Path, choice: DataChoice) -> PublishedData:
    """Write `creditcard.csv` without hidden rows, in the format of the real file."""
    from grader.rebuild.families.fraud.detector import card_table

    table = card_table(choice)
    target = folder / card_data.FILE_NAME
    with _in_one_step(target) as path:
        card_data.write_csv(card_data.kernel_view(table.cards), path)
    files = card_data.candidates(choice.folder) if choice.size == DataSize.FULL else []
    return PublishedData(target, DataSize(table.size), table.cards.digest(), table.cards.source, _absolute(files))


def _absolute(files: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(file.absolute() for file in files)


@contextmanager
def _in_one_step(target: Path) -> Iterator[Path]:
    """Yield a temporary file that becomes `target`, readable by the sandbox's user, once it is complete."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=target.suffix, delete=False) as file:
        path = Path(file.name)
    yield path
    path.chmod(0o644)
    os.utime(path, (PUBLISHED_AT, PUBLISHED_AT))
    path.replace(target)


if __name__ == "__main__":
    main()
