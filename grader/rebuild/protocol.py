"""Messages between the measuring process and its client: typed requests and answers, one JSON object per line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from grader.domain.datasets import DataSize
from grader.domain.evidence import Evidence
from grader.domain.inspection import Outline
from grader.domain.measurement import Measurements
from grader.domain.messages import Message
from grader.domain.ports import GraphSandbox, MeasuringTask, SecretView

SHIPPED = "the package"
"""The source of a full data set that ships with us: the same as `reference.data.SHIPPED`; a test compares them."""


@dataclass(frozen=True, slots=True)
class DataPlace:
    """Which data to use.

    Attributes:
        size: `full` or `sample`.
        folder: Folder that is searched first for the full set.
    """

    size: DataSize = DataSize.FULL
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class MeasureRequest:
    """Measure one submission.

    Attributes:
        task: What to measure.
        evidence_file: The vetted evidence as JSON.
        data: The data to use.
        graph_sandbox: How to run a model that cannot be rebuilt; None if there is no sandbox.
    """

    task: MeasuringTask
    evidence_file: Path
    data: DataPlace = DataPlace()
    graph_sandbox: GraphSandbox | None = None
    kind: Literal["measure"] = "measure"


@dataclass(frozen=True, slots=True)
class OutlineRequest:
    """List the autoencoders of a notebook.

    Attributes:
        evidence_file: The vetted evidence as JSON.
        data: The data to use.
        graph_sandbox: How to run a model that cannot be rebuilt; None if there is no sandbox.
    """

    evidence_file: Path
    data: DataPlace = DataPlace()
    graph_sandbox: GraphSandbox | None = None
    kind: Literal["outline"] = "outline"


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """Write the public data for zone K, the student's kernel.

    Attributes:
        dataset: Data set id.
        folder: Where to write it.
        data: The data to use.
        view: The secret view to write; None for the data as they are.
    """

    dataset: str
    folder: Path
    data: DataPlace = DataPlace()
    view: SecretView | None = None
    kind: Literal["publish"] = "publish"


@dataclass(frozen=True, slots=True)
class ExamineRequest:
    """Build an instructor's own reference and test it.

    Attributes:
        reference: Its id.
    """

    reference: str
    kind: Literal["examine"] = "examine"


Request = MeasureRequest | OutlineRequest | PublishRequest | ExamineRequest
"""A task for the process; `kind` names it in the JSON line."""


@dataclass(frozen=True, slots=True)
class PublishedData:
    """The part of a data set that zone K (the student kernel) may see.

    Attributes:
        file: `.npz` with `x_train`, `y_train`, `x_test`, `y_test`, or `creditcard.csv`; None for data that notebooks
            make themselves.
        size: `sample` or `full`.
        digest: Of the whole data set, hidden images included.
        source: Where the data set was found.
        looked_for: The user's own files in which it was searched, whether they exist or not: while none of them is
            added, removed or changed, the same data are found.
    """

    file: Path | None
    size: DataSize
    digest: str
    source: str
    looked_for: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The result: one field is set, or none if an examined reference is in order.

    Attributes:
        measurements: For a `MeasureRequest`.
        published: For a `PublishRequest`: what was written.
        error: What went wrong, with its traceback; our failure.
        missing_data: The message of `DataNotFoundError`, if that was raised.
        problems: What is wrong with an examined reference.
        outlines: For an `OutlineRequest`: the autoencoders.
    """

    measurements: Measurements | None = None
    published: PublishedData | None = None
    error: str = ""
    missing_data: str = ""
    problems: tuple[Message, ...] = ()
    outlines: tuple[Outline, ...] | None = None


REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])
ANSWER: TypeAdapter[Answer] = TypeAdapter(Answer)
EVIDENCE: TypeAdapter[Evidence] = TypeAdapter(Evidence)
