"""What the measuring process and its client say to each other: one JSON object a line, requests in, answers out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from grader.domain.evidence import Evidence
from grader.domain.inspection import Outline
from grader.domain.measurement import Measurements
from grader.domain.messages import Message
from grader.domain.ports import GraphSandbox, MeasuringTask, SecretView

SHIPPED = "the package"
"""The source of a full data set that ships with us: the same as `reference.data.SHIPPED`; a test compares them."""


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to do.

    Attributes:
        kind: `measure`, `outline` to list the autoencoders of a notebook, `publish` to write the public data for
            zone K, or `examine` to look at an instructor's own reference.
        task: What to measure (`measure`).
        evidence_file: The vetted evidence as JSON (`measure`, `outline`).
        dataset: Data set id (`publish`), or id of the reference (`examine`).
        folder: Where to write it (`publish`).
        data_size: `full` or `sample`.
        data_folder: Searched for the full set first.
        graph_sandbox: How to run a model that cannot be rebuilt (`measure`); None where there is no sandbox.
        view: The view of the data to write (`publish`); None for the data as they are.
    """

    kind: str
    task: MeasuringTask | None = None
    evidence_file: Path | None = None
    dataset: str = ""
    folder: Path | None = None
    data_size: str = "full"
    data_folder: Path | None = None
    graph_sandbox: GraphSandbox | None = None
    view: SecretView | None = None


@dataclass(frozen=True, slots=True)
class PublishedData:
    """The part of a data set that zone K may see.

    Attributes:
        file: `.npz` with `x_train`, `y_train`, `x_test`, `y_test`, or `creditcard.csv`; None for data that notebooks
            make themselves.
        size: `sample` or `full`.
        digest: Of the whole data set, hidden images included.
        source: Where the data set was found.
        looked_for: The user's own files that it was looked for in, whether they are there or not: as long as none of
            them comes, goes or changes, the same data are found.
    """

    file: Path | None
    size: str
    digest: str
    source: str
    looked_for: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: one of them is set, or none where an examined reference is in order.

    Attributes:
        measurements: For `measure`.
        published: For `publish`: what was written.
        error: What went wrong, with its traceback; our failure.
        missing_data: The sentence of `DataNotFoundError`, where that was it.
        problems: What is wrong with an examined reference.
        outlines: For `outline`: the autoencoders.
    """

    measurements: Measurements | None = None
    published: PublishedData | None = None
    error: str = ""
    missing_data: str = ""
    problems: tuple[Message, ...] = ()
    outlines: tuple[Outline, ...] | None = None


REQUEST: TypeAdapter[Request] = TypeAdapter(Request)
ANSWER: TypeAdapter[Answer] = TypeAdapter(Answer)
EVIDENCE: TypeAdapter[Evidence] = TypeAdapter(Evidence)
