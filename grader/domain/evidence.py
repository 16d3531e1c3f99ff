"""Claims that passed the border: well-formed, within the caps, and still not believed.

The kernel hands out `claims.json` (this vocabulary) and `weights.npz` (arrays by variable id). Extraction checks
both and writes the arrays anew; nothing else leaves zone K. Every field below is something student code may have
forged; checks never read it, zone M rebuilds and measures instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.domain.messages import Message, MessageValue, message

JsonValue = Any
"""Plain data as `json.loads` gives it; extraction has bounded its depth and size."""

CLAIMS_SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class OperationClaim:
    """A layer or operator object.

    Attributes:
        operation: Its id; two nodes with the same id call the same object (shared weights).
        class_name: Keras's class name, `Dense`, or of an operator, `Add`.
        module: Module that defines the class; only `keras.src.…` can be rebuilt.
        config: Plain settings of the layer.
        variables: Ids of its arrays in `weights.npz`, in Keras's order.
    """

    operation: str
    class_name: str
    module: str
    config: Mapping[str, JsonValue]
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodeClaim:
    """One call of an operation.

    Attributes:
        operation: Id of the object called.
        arguments: Call arguments as plain data, tensors written as `{"tensor": id}`.
        outputs: Ids of the tensors that come out.
    """

    operation: str
    arguments: JsonValue
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TensorClaim:
    """An input of a model: its id and shape, batch axis first (None)."""

    tensor: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class ModelClaim:
    """One Keras model that was alive in the kernel, flattened to calls of layers and operators.

    Attributes:
        model: Its id.
        names: Where it was found: variables (`autoencoder`), attributes (`vae.encoder`), in that order.
        class_name: `Functional`, `Sequential`, or a student's own class.
        inputs: Input tensors.
        nodes: Calls in an order in which each reads only earlier tensors.
        outputs: Ids of the output tensors.
        problem: Why it could not be flattened (a subclass that cannot be traced), or "".
        variables: Ids of all its arrays.
        compiled: `{"optimizer": …, "learning_rate": …, "loss": …}`, as far as it was compiled.
        created: Order of creation among the models.
    """

    model: str
    names: tuple[str, ...]
    class_name: str
    inputs: tuple[TensorClaim, ...]
    nodes: tuple[NodeClaim, ...]
    outputs: tuple[str, ...]
    problem: str
    variables: tuple[str, ...]
    compiled: Mapping[str, JsonValue]
    created: int


@dataclass(frozen=True, slots=True)
class ColumnClaim:
    """What each column of a table of numbers was like on which a model was fitted; one number a column.

    Attributes:
        means: Mean.
        deviations: Standard deviation (divided by n).
        minima: Smallest number.
        maxima: Largest number.
    """

    means: tuple[float, ...]
    deviations: tuple[float, ...]
    minima: tuple[float, ...]
    maxima: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FitClaim:
    """One training: a call of `fit`, or what was seen of another way.

    Attributes:
        model: Id of the model.
        epochs: Epochs that were run.
        samples: Training samples, or 0 where unknown (a generator).
        batch_size: Samples a step, or 0 where unknown.
        same_target: The target was the input itself (True), something else (False), or unknown (None).
        input_minimum: Smallest number of the input, as far as it was an array.
        input_maximum: Largest number of the input.
        completed: False where it was interrupted or raised.
        columns: Of an input of shape (n, d) with d up to 64, over at most 50,000 rows spread evenly; else None.
        names: What the model was called when it was trained; the notebook may have given the names to others since.
        how: `fit`, `batches` (calls of `train_on_batch`, `samples` in all) or `loop` (a loop of the notebook's own).
        data: Id of the image data set whose images it was trained on, "" where they are of none that is here, None
            where nobody looked: only an inspection does.
        classes: The classes of these images, where they are of some classes only.
        epochs_asked: Epochs that the notebook asked for, where an inspection ended the training before; else 0.
        stood_still: It was ended because its loss stood still, not because its time was up.
        first_loss: Loss of its first epoch, None where nobody knows.
        last_loss: Loss of its last epoch.
        test_images_alone: Every image looked at of those it was trained on is one of the public test part; None where
            nobody looked.
        joined: Several of its steps were done in one execution.
        accepted_after: Steps after which it was ended because the model was good enough, where it was; else 0. `epochs`
            then counts those asked for, as the notebook sees it.
        losses: Of up to 60 epochs, spread evenly over those that were run; empty where nobody knows.
        validation_losses: The same on what was held out.
    """

    model: str
    epochs: int
    samples: int
    batch_size: int
    same_target: bool | None
    input_minimum: float | None
    input_maximum: float | None
    completed: bool
    columns: ColumnClaim | None = None
    names: tuple[str, ...] = ()
    how: str = "fit"
    data: str | None = None
    classes: tuple[int, ...] = ()
    epochs_asked: int = 0
    stood_still: bool = False
    first_loss: float | None = None
    last_loss: float | None = None
    test_images_alone: bool | None = None
    joined: bool = False
    accepted_after: int = 0
    losses: tuple[float, ...] = ()
    validation_losses: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class EntryClaim:
    """One number of a table.

    Attributes:
        keys: What it stands under: one key, or the outer and the inner one; a list's keys are its positions.
        value: The number.
    """

    keys: tuple[str, ...]
    value: float


@dataclass(frozen=True, slots=True)
class TableClaim:
    """A small table of numbers that the notebook made: what it says that its models reach.

    Attributes:
        name: Global name that held it (`comparison`).
        entries: Its numbers, 64 at most.
    """

    name: str
    entries: tuple[EntryClaim, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that one run handed out.

    Attributes:
        models: Models, in order of creation.
        operations: Layers and operators by id.
        fits: Calls of `fit`, in order.
        weights_file: Our own copy of the arrays, keyed by variable id; read with `allow_pickle=False`.
        non_finite: Ids of arrays that hold NaN or infinity; `weights_file` has zeros in their place.
        requests: What the notebook asked of its surroundings (`pip install seaborn`, `drive.mount`).
        missing_modules: Top-level modules that the notebook imported and this machine lacks.
        versions: Versions the kernel reported.
        tables: Small tables of numbers under the names that assignments ask for.
        tensors: Tensors of functional graphs that stood under global names, each with the way from its one input, in
            the form of a model; no model of the notebook's.
        parts: Layers, lists of layers, methods and objects that can be called by themselves, each in the form of a
            model; no Keras models.
        graphs: Our own copies of exported graphs, of models that are no graph of known calls, by model id; nobody has
            looked into them.
    """

    models: tuple[ModelClaim, ...] = ()
    operations: Mapping[str, OperationClaim] = field(default_factory=dict)
    fits: tuple[FitClaim, ...] = ()
    weights_file: Path | None = None
    non_finite: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    missing_modules: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    tables: tuple[TableClaim, ...] = ()
    tensors: tuple[ModelClaim, ...] = ()
    parts: tuple[ModelClaim, ...] = ()
    graphs: Mapping[str, Path] = field(default_factory=dict)


class RejectedClaimsError(Exception):
    """What came out of the sandbox is malformed, too large, or not what it says it is."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


def not_accepted(*, problem: MessageValue) -> Message:
    """Say that the claims of a notebook did not pass the border."""
    return message("What the notebook left behind could not be accepted ({problem}).", problem=problem)


@dataclass(frozen=True, slots=True)
class RelatedClaims:
    """What a notebook claims of that which was measured: for words and for questions to a person, never for points.

    Attributes:
        trained: `fit` was called on the autoencoder or on a model that shares its layers.
        compared: What the notebook's own table of results says, by entry (`comparison['sgd']`).
    """

    trained: bool = False
    compared: Mapping[str, float] = field(default_factory=dict)
