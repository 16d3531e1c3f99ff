"""Claims that passed the border: well-formed, within the size limits, and still not trusted.

Zone K (the student kernel) writes `claims.json` (the types of this module) and `weights.npz` (arrays by variable id).
Extraction checks both and writes the arrays anew; nothing else leaves the kernel. Student code may have forged every
field below. Checks never read them: zone M (the measuring process) rebuilds the models and measures them instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.domain.messages import Message, MessageValue, message

JsonValue = Any
"""Plain data as returned by `json.loads`; extraction has limited its depth and size."""

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
        names: Where it was found: variables (`autoencoder`), then attributes (`vae.encoder`).
        class_name: `Functional`, `Sequential`, or a student's own class.
        inputs: Input tensors.
        nodes: Calls in an order in which each reads only earlier tensors.
        outputs: Ids of the output tensors.
        problem: Why it could not be flattened (a subclass that cannot be traced), or "".
        variables: Ids of all its arrays.
        compiled: `{"optimizer": …, "learning_rate": …, "loss": …}`, as far as it was compiled.
        created: Its position in the order of creation of all models.
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
    """What each column of a model's training table was like; one number for each column.

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
    """One training: a call of `fit`, or of another way to train, as far as it was seen.

    Attributes:
        model: Id of the model.
        epochs: Epochs that were run.
        samples: Training samples, or 0 if unknown (a generator).
        batch_size: Samples in a step, or 0 if unknown.
        same_target: Whether the target was the input itself; None if unknown.
        input_minimum: Smallest number of the input, if it was an array.
        input_maximum: Largest number of the input.
        target_minimum: Smallest number of the target, if it was another array with as many numbers.
        target_maximum: Largest number of the target.
        completed: False if the training was interrupted or raised an exception.
        columns: Of an input of shape (n, d) with d up to 64, over at most 50,000 rows spread evenly; else None.
        names: Names of the model when it was trained; the notebook may have reused them since.
        how: `fit`, `batches` (calls of `train_on_batch`, `samples` in all) or `loop` (a loop of the notebook's own).
        data: Id of the image data set that it was trained on; "" if it is none of ours, None if this was not looked
            for (only an inspection does).
        classes: The classes of these images, if they are of some classes only.
        epochs_asked: Epochs that the notebook asked for, if an inspection ended the training early; else 0.
        stood_still: An inspection ended it because its loss did not change any more, and not for lack of time.
        first_loss: Loss of its first epoch, None if unknown.
        last_loss: Loss of its last epoch.
        test_images_alone: Whether every training image that was looked at belongs to the public test part; None if none
            was looked at.
        joined: Whether several of its steps were joined in one execution.
        accepted_after: Steps after which it was ended because the model was good enough; 0 if it was not. `epochs`
            then counts the epochs asked for, as the notebook sees them.
        updates: Updates that the optimizer has made in this `fit`, or in all for a loop of the notebook's own; 0 if
            unknown.
        losses: Losses of up to 60 epochs, spread evenly over those that were run; empty if unknown.
        validation_losses: The same on the validation data.
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
    updates: int = 0
    losses: tuple[float, ...] = ()
    validation_losses: tuple[float, ...] = ()
    target_minimum: float | None = None
    target_maximum: float | None = None


@dataclass(frozen=True, slots=True)
class EntryClaim:
    """One number of a table.

    Attributes:
        keys: Its keys in the table: one key, or the outer and the inner one; the keys of a list are its positions.
        value: The number.
    """

    keys: tuple[str, ...]
    value: float


@dataclass(frozen=True, slots=True)
class TableClaim:
    """A small table of numbers that the notebook made to report what its models reach.

    Attributes:
        name: Global name that held it (`comparison`).
        entries: Its numbers, 64 at most.
    """

    name: str
    entries: tuple[EntryClaim, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that one run exported.

    Attributes:
        models: Models, in order of creation.
        operations: Layers and operators by id.
        fits: Calls of `fit`, in order.
        weights_file: Our own copy of the arrays, keyed by variable id; read with `allow_pickle=False`.
        non_finite: Ids of arrays that hold NaN or infinity; `weights_file` has zeros in their place.
        requests: What the notebook asked of its environment (`pip install seaborn`, `drive.mount`).
        missing_modules: Top-level modules that the notebook imported and this machine lacks.
        versions: Versions the kernel reported.
        tables: Small tables of numbers under the names that assignments ask for.
        tensors: Tensors of functional graphs held by global variables, each written as a model from the graph's one
            input to the tensor; they are not models of the notebook.
        parts: Layers, lists of layers, methods and callable objects, each written as a model; they are not Keras
            models.
        graphs: Our own copies of the exported graphs, by model id, for models that cannot be written as calls of known
            layers; their content has not been checked.
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
    """The sandbox's output is malformed, too large, or inconsistent."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


def not_accepted(*, problem: MessageValue) -> Message:
    """Say that the claims of a notebook were refused at the border."""
    return message("What the notebook left behind could not be accepted ({problem}).", problem=problem)


@dataclass(frozen=True, slots=True)
class RelatedClaims:
    """The notebook's claims about the measured models: for messages and for questions to a person, never for points.

    Attributes:
        trained: `fit` was called on the autoencoder or on a model that shares its layers.
        compared: Numbers in the notebook's own table of results, by entry (`comparison['sgd']`).
    """

    trained: bool = False
    compared: Mapping[str, float] = field(default_factory=dict)
