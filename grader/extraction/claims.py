"""The border: turns the folder that the sandbox left behind into `Evidence`, or refuses it.

The sandbox is dead when this runs, so nothing changes meanwhile. Sizes are checked before anything is parsed; links and
special files are refused; JSON is limited in size, depth and shape; arrays are read one by one with the size in their
header, never with pickle, and written anew for the measuring process (zone M).
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError, model_validator

from grader.domain.evidence import (
    CLAIMS_SCHEMA_VERSION,
    ColumnClaim,
    EntryClaim,
    Evidence,
    FitClaim,
    ModelClaim,
    NodeClaim,
    OperationClaim,
    RejectedClaimsError,
    TableClaim,
    TensorClaim,
)
from grader.domain.text import shortened
from grader.extraction.array_files import copy_arrays
from grader.extraction.graph_files import copy_graphs
from grader.extraction.plain_files import open_plain_file

MAX_CLAIMS_BYTES = 16 * 2**20
MAX_MODELS = 64
MAX_NODES = 5_000
MAX_OPERATIONS = 20_000
MAX_DEPTH = 40
MAX_COLUMNS = 64
LARGEST_NUMBER = 1e30
LARGEST_INTEGER = 2**63
MOST_COUNTED = 2**40
"""Most epochs, samples and steps: no training has so many, and their product still fits floating point."""
MAX_TABLES = 8
MAX_TENSORS = 16
MAX_PARTS = 24
MAX_ENTRIES = 64
MOST_FAULTS = 20
MAX_CLASSES = 100

_Id = Annotated[str, Field(pattern=r"^[a-z]\d{1,6}$")]
_Name = Annotated[str, Field(max_length=500)]
_Count = Annotated[int, Field(ge=0, le=MOST_COUNTED)]
_Shape = Annotated[list[Annotated[int, Field(ge=1, le=2**31)] | None], FailFast(), Field(max_length=8)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Operation(_Strict):
    class_name: _Name
    module: _Name
    config: dict[str, Any]
    variables: Annotated[list[_Id], FailFast(), Field(max_length=64)]


class _Tensor(_Strict):
    tensor: _Id
    shape: _Shape


class _Node(_Strict):
    operation: _Id
    arguments: dict[str, Any]
    outputs: Annotated[list[_Id], FailFast(), Field(max_length=64)]


class _Model(_Strict):
    model: _Id
    names: Annotated[list[_Name], FailFast(), Field(max_length=16)]
    class_name: _Name
    inputs: Annotated[list[_Tensor], FailFast(), Field(max_length=16)]
    nodes: Annotated[list[_Node], FailFast(), Field(max_length=MAX_NODES)]
    outputs: Annotated[list[_Id], FailFast(), Field(max_length=16)]
    problem: _Name
    variables: Annotated[list[_Id], FailFast(), Field(max_length=MAX_OPERATIONS)]
    compiled: dict[str, Any]
    created: int


_Numbers = Annotated[
    list[Annotated[float, Field(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]],
    FailFast(),
    Field(min_length=1, max_length=MAX_COLUMNS),
]


class _Columns(_Strict):
    means: _Numbers
    deviations: _Numbers
    minima: _Numbers
    maxima: _Numbers

    @model_validator(mode="after")
    def _of_equal_length(self) -> Self:
        if len({len(numbers) for numbers in (self.means, self.deviations, self.minima, self.maxima)}) != 1:
            raise ValueError("columns are described by as many means, deviations, minima and maxima")
        return self


_Losses = Annotated[
    list[Annotated[float, Field(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]], FailFast(), Field(max_length=60)
]


class _Fit(_Strict):
    model: _Id
    epochs: _Count
    samples: _Count
    batch_size: _Count
    same_target: bool | None
    input_minimum: float | None
    input_maximum: float | None
    completed: bool
    columns: _Columns | None = None
    names: Annotated[list[_Name], FailFast(), Field(max_length=16)] = Field(default_factory=list)
    how: Literal["fit", "batches", "loop"] = "fit"
    data: _Name | None = None
    classes: Annotated[list[int], FailFast(), Field(max_length=MAX_CLASSES)] = Field(default_factory=list)
    epochs_asked: _Count = 0
    stood_still: bool = False
    first_loss: float | None = None
    last_loss: float | None = None
    test_images_alone: bool | None = None
    joined: bool = False
    accepted_after: _Count = 0
    updates: _Count = 0
    losses: _Losses = Field(default_factory=list)
    validation_losses: _Losses = Field(default_factory=list)
    target_minimum: float | None = None
    target_maximum: float | None = None


class _Entry(_Strict):
    keys: Annotated[list[_Name], FailFast(), Field(min_length=1, max_length=2)]
    value: Annotated[float, Field(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]


class _Table(_Strict):
    name: _Name
    entries: Annotated[list[_Entry], FailFast(), Field(max_length=MAX_ENTRIES)]


class _Claims(_Strict):
    schema_version: int
    models: Annotated[list[_Model], FailFast(), Field(max_length=MAX_MODELS)]
    operations: Annotated[dict[_Id, _Operation], Field(max_length=MAX_OPERATIONS)]
    fits: Annotated[list[_Fit], FailFast(), Field(max_length=256)]
    requests: Annotated[list[_Name], FailFast(), Field(max_length=256)]
    versions: dict[str, _Name]
    tables: Annotated[list[_Table], FailFast(), Field(max_length=MAX_TABLES)] = Field(default_factory=list)
    tensors: Annotated[list[_Model], FailFast(), Field(max_length=MAX_TENSORS)] = Field(default_factory=list)
    parts: Annotated[list[_Model], FailFast(), Field(max_length=MAX_PARTS)] = Field(default_factory=list)


def collect(exchange: Path, destination: Path) -> Evidence:
    """Vet what a run left in `exchange/claims` and copy its arrays into `destination`.

    Args:
        exchange: The folder that the sandbox could write to.
        destination: A folder of ours, which the sandbox never saw.

    Returns:
        The evidence; empty if the run wrote no claims at all.

    Raises:
        RejectedClaimsError: Something is malformed, too large or no plain file.
    """
    folder = exchange / "claims"
    if folder.is_symlink():
        raise RejectedClaimsError("claims", "is a link")
    if not _exists(folder / "claims.json"):
        return Evidence()
    with open_plain_file(folder / "claims.json", MAX_CLAIMS_BYTES) as file:
        claims = _parse(file.read(MAX_CLAIMS_BYTES + 1))
    weights_file = destination / "weights.npz"
    non_finite = copy_arrays(folder / "weights.npz", weights_file)
    return Evidence(
        models=tuple(_model(model) for model in claims.models),
        operations={
            name: OperationClaim(name, op.class_name, op.module, op.config, tuple(op.variables))
            for name, op in claims.operations.items()
        },
        fits=tuple(_fit(fit) for fit in claims.fits),
        weights_file=weights_file,
        non_finite=non_finite,
        requests=tuple(claims.requests),
        versions=claims.versions,
        tables=tuple(
            TableClaim(table.name, tuple(EntryClaim(tuple(entry.keys), entry.value) for entry in table.entries))
            for table in claims.tables
        ),
        tensors=tuple(_model(tensor) for tensor in claims.tensors),
        parts=tuple(_model(part) for part in claims.parts),
        graphs=copy_graphs(folder, destination, {model.model for model in claims.models}),
    )


def _parse(content: bytes) -> _Claims:
    try:
        data = json.loads(content, parse_constant=_finite, parse_float=_finite)
        _look_through(data)
        claims = _Claims.model_validate(data)
    except (ValueError, RecursionError, ValidationError) as error:
        raise RejectedClaimsError("claims.json", shortened(_said(error), 500)) from None
    if claims.schema_version != CLAIMS_SCHEMA_VERSION:
        raise RejectedClaimsError("claims.json", f"schema version {claims.schema_version}")
    return claims


def _said(error: Exception) -> str:
    """Describe what is wrong; of many errors only the first, since the text of all of them could take a gigabyte."""
    if not isinstance(error, ValidationError):
        return str(error)
    return str(error) if error.error_count() <= MOST_FAULTS else f"{error.error_count()} faults of its form"


def _exists(path: Path) -> bool:
    """Return whether this name exists, even as a broken link."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise RejectedClaimsError(path.name, f"cannot be looked at ({error.strerror})") from error
    return True


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{shortened(text, 40)} is no number")
    return number


def _look_through(data: object, depth: int = 0) -> None:
    """Refuse excessive depth, numbers beyond 64 bits, and text that no file can hold (half a surrogate pair)."""
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    if isinstance(data, str):
        data.encode("utf-8")
    elif isinstance(data, int) and abs(data) > LARGEST_INTEGER:  # floating point overflows at far larger ones
        raise ValueError("a whole number of more than 64 bits")
    elif isinstance(data, dict):
        if len(data) > MAX_OPERATIONS:  # each may be an error, and a million of them would take gigabytes
            raise ValueError(f"an object of {len(data)} keys, more than {MAX_OPERATIONS}")
        for key, value in data.items():
            _look_through(key, depth)
            _look_through(value, depth + 1)
    elif isinstance(data, list):
        for value in data:
            _look_through(value, depth + 1)


def _fit(fit: _Fit) -> FitClaim:
    plain = fit.model_dump(exclude={"columns", "names", "classes", "losses", "validation_losses"})
    described = {} if fit.columns is None else fit.columns.model_dump()
    columns = ColumnClaim(**{name: tuple(numbers) for name, numbers in described.items()}) if described else None
    return FitClaim(
        **plain,
        columns=columns,
        names=tuple(fit.names),
        classes=tuple(fit.classes),
        losses=tuple(fit.losses),
        validation_losses=tuple(fit.validation_losses),
    )


def _model(model: _Model) -> ModelClaim:
    return ModelClaim(
        model=model.model,
        names=tuple(model.names),
        class_name=model.class_name,
        inputs=tuple(TensorClaim(tensor.tensor, tuple(tensor.shape)) for tensor in model.inputs),
        nodes=tuple(NodeClaim(node.operation, node.arguments, tuple(node.outputs)) for node in model.nodes),
        outputs=tuple(model.outputs),
        problem=model.problem,
        variables=tuple(model.variables),
        compiled=model.compiled,
        created=model.created,
    )
