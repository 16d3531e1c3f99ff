"""The measuring process: `python -m grader.rebuild.worker`, requests on standard input, answers on standard output.

It holds Keras and the hidden images, and reads only what the border has vetted. It never runs student code, never
unpickles, never loads a model file. One process serves many submissions; its client replaces it when it breaks.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import IO

import numpy as np

from grader.rebuild import measuring
from grader.rebuild.protocol import ANSWER, EVIDENCE, REQUEST, Answer, PublishedData, Request
from reference import data

MEMORY_BYTES = 8 * 2**30


def main() -> None:
    """Answer requests until standard input ends."""
    _limit_memory()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever TensorFlow prints goes to standard error
    serve(sys.stdin, answers)


def serve(requests: IO[str], answers: IO[str]) -> None:
    """Answer each line of `requests` with one line of `answers`."""
    for line in requests:
        answers.write(ANSWER.dump_json(_answer(line)).decode("utf-8") + "\n")
        answers.flush()


def _answer(line: str) -> Answer:
    try:
        request = REQUEST.validate_json(line)
        return _publish(request) if request.kind == "publish" else _measure(request)
    except data.DataNotFoundError as missing:
        return Answer(missing_data=str(missing))
    except Exception:  # noqa: BLE001 - the client must hear of every failure, whatever it was
        return Answer(error=traceback.format_exc())
    finally:
        measuring.forget()


def _choice(request: Request) -> measuring.DataChoice:
    return measuring.DataChoice(request.data_size, request.data_folder)


def _measure(request: Request) -> Answer:
    if request.task is None or request.evidence_file is None:
        raise ValueError("a request to measure needs a task and evidence")
    evidence = EVIDENCE.validate_json(request.evidence_file.read_bytes())
    return Answer(measurements=measuring.measure(evidence, request.task, _choice(request)))


def _publish(request: Request) -> Answer:
    """Write the arrays that zone K may see, in one step, as an uncompressed `.npz`."""
    if request.folder is None:
        raise ValueError("a request to publish needs a folder")
    found = data.load(request.dataset, size=request.data_size, folder=request.data_folder)
    request.folder.mkdir(parents=True, exist_ok=True)
    target = request.folder / f"{request.dataset}.npz"
    with tempfile.NamedTemporaryFile(dir=request.folder, suffix=".npz", delete=False) as file:
        np.savez(file, allow_pickle=False, **data.kernel_view(found))
    Path(file.name).chmod(0o644)
    Path(file.name).replace(target)
    return Answer(published=PublishedData(target, found.size, found.digest(), found.source))


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))


if __name__ == "__main__":
    main()
