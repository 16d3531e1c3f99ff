"""What every module of `reference/` offers, so that one loop can build, train and calibrate them all.

`load` returns one as a `Reference`: read once, typed, frozen. `module` imports the module itself, as course material.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, Final, NamedTuple, NoReturn

import numpy as np

from reference import views

IDS = (
    "linear-pca",
    "simple-dense",
    "simple-dense-mse",
    "symmetric-dense",
    "deep-dense",
    "stacked",
    "convolutional",
    "convolutional-upsampling",
    "recurrent",
    "denoising-dense",
    "denoising-dropout",
    "denoising-convolutional",
    "sparse",
    "fraud",
    "variational",
    "variational-convolutional",
    "greedy-layerwise",
    "pretraining",
    "optimizers",
    "losses",
    "from-scratch",
)
"""Ids of the references, in the order of the course; `some-id` lives in `reference/some_id.py`."""

COURSE_VARIABLE = "AUTOENCODER_GRADER_COURSE"
"""Environment variable that names the folder of an instructor's own course, whose references are found besides ours.

The grader sets it for the processes that build references, and takes it away from them where no course was named.
"""

_PUBLISHED_CONSTANTS = ("ID", "DATASET", "DATASETS", "CODE_SIZE", "EPOCHS", "BATCH_SIZE", "PUBLISHED")

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Autoencoder(NamedTuple):
    """The three models of the lecture; `autoencoder(x)` is `decoder(encoder(x))` with the same layers.

    Attributes:
        encoder: Image to code.
        decoder: Code to image.
        autoencoder: Image to image.
    """

    encoder: Any
    decoder: Any
    autoencoder: Any


class Honest(NamedTuple):
    """A right answer other than the reference, where an assignment leaves a choice; calibration trains it as well.

    Attributes:
        build: Its three models.
        epochs_share: Its epochs as a share of the reference's.
        batch_size: None for the reference's own.
        optimizer: Name of an optimizer, None for the reference's own.
        rows: Function of the reference's training samples and of any samples; it returns the latter as this answer
            prepares them. None if it prepares them like the reference.
    """

    build: Callable[[], Autoencoder]
    epochs_share: float = 1.0
    batch_size: int | None = None
    optimizer: str | None = None
    rows: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None


NUMBERS: Final = ("CODE_SIZE", "EPOCHS", "BATCH_SIZE")
FUNCTIONS: Final = ("build", "compile_model", "training_split", "inputs_and_targets")
NAMES: Final = ("ID", "DATASET", "PUBLISHED", *NUMBERS, *FUNCTIONS)
"""What the module of every reference has: values in capitals, then functions."""

RECONSTRUCTION: Final = "reconstruction"
STAGES: Final = "stages"
COMPARISON: Final = "comparison"
"""Families of references without `JUDGED_BY`: the last two are for modules with `STAGES` or `BEST_OF`."""


class NotOfferedError(Exception):
    """The module of a reference lacks what is asked of it."""

    def __init__(self, reference: str, name: str) -> None:
        super().__init__(f"the reference {reference!r} offers no {name!r}")


@dataclass(frozen=True)
class Reference:
    """One reference: what its module offers, read once.

    Attributes:
        id: Its id.
        dataset: Data set that it is usually trained on.
        code_size: Numbers in its code.
        epochs: Epochs of the lecture's training.
        batch_size: Samples of one step.
        published: The lecture's own figures, in words; "" for none.
        build: Returns its three models with fresh weights.
        compile_model: Compiles its autoencoder with its optimizer and loss.
        training_split: Training samples → (those to train on, those held out).
        inputs_and_targets: Samples and a random generator → what `fit` gets.
        datasets: Every data set on which the course allows it, `dataset` first (`DATASETS`).
        free: Which of "parameters" and "code_size" the course leaves to whoever builds it (`FREE`).
        code_sizes: Other code sizes with which it is trained for its facts, where the size is free (`CODE_SIZES`).
        family: What it is judged by besides the reconstruction error: the name of a family (`JUDGED_BY`).
        calibration_epochs: Epochs of the trainings behind its facts (`CALIBRATION_EPOCHS`, else `EPOCHS`).
        epochs_meant_for: Training samples for which these give enough updates of the weights; with fewer samples it
            takes more epochs (`EPOCHS_MEANT_FOR`). None if the number of epochs is right for any number of samples.
        train: `train(samples, epochs=…, batch_size=…, compile_model=…) -> Autoencoder`, where one call of `fit` is not
            enough; else None.
        build_control: The models without what the lesson is about; None where it has none.
        control_inputs_and_targets: The same for what `fit` gets.
        view: The secret view on which its training is audited (`reference.views`; `VIEW`).
        other_optimizers: Optimizers, by name, that are as right as its own where Keras's defaults are not.
        honest: Right answers by name, which vary what the assignment leaves free (`HONEST`). Trained weights are kept
            by name: an answer that changes needs a new name.
        variants: Functions like `compile_model`, by name, that its exercise compares (`VARIANTS`).
        best_of: Name of the dictionary in which notebooks keep the trained networks that they compare, under `names`;
            the best of them is judged (`BEST_OF`). "" where nothing is compared.
        names: Keys of that dictionary (`NAMES`).
        compared_by: Losses in which they are compared (`COMPARED_BY`).
        stages: How many autoencoders, trained one after the other, it is made of (`STAGES`); 0 for one that is trained
            as a whole.
        file: Its source; None where there is none.
        offers: Everything that its module holds, for families that ask for more.
    """

    id: str
    dataset: str
    code_size: int
    epochs: int
    batch_size: int
    published: Any
    build: Callable[..., Autoencoder]
    compile_model: Callable[[Any], None]
    training_split: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
    inputs_and_targets: Callable[[np.ndarray, np.random.Generator], tuple[Any, Any]]
    datasets: tuple[str, ...]
    free: frozenset[str] = frozenset()
    code_sizes: tuple[int, ...] = ()
    family: str = RECONSTRUCTION
    calibration_epochs: int = 0
    epochs_meant_for: int | None = None
    train: Callable[..., Autoencoder] | None = None
    build_control: Callable[[], Autoencoder] | None = None
    control_inputs_and_targets: Callable[[np.ndarray, np.random.Generator], tuple[Any, Any]] | None = None
    view: str = views.NO_VIEW
    other_optimizers: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    honest: Mapping[str, Honest] = field(default_factory=dict)
    variants: Mapping[str, Callable[[Any], None]] = field(default_factory=dict)
    best_of: str = ""
    names: tuple[str, ...] = ()
    compared_by: tuple[str, ...] = ()
    stages: int = 0
    file: Path | None = None
    offers: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def offer(self, name: str) -> Any:
        """Return a function or value of its module that only its family asks for (`add_noise`).

        Raises:
            NotOfferedError: Its module has none.
        """
        if name not in self.offers:
            raise NotOfferedError(self.id, name)
        return self.offers[name]

    @property
    def has_control(self) -> bool:
        """Whether it can be trained without what its lesson is about."""
        return self.build_control is not None or self.control_inputs_and_targets is not None


def load(reference: str, published: Mapping[str, Any] = MappingProxyType({})) -> Reference:
    """Find a reference by its id, and read what its module offers.

    Args:
        reference: The id.
        published: The constants of an instructor's reference whose module is not on this machine. A student who checks
            a published assignment has them and no more: what is measured is what needs no function of it.

    Raises:
        KeyError: No reference has this id.
        NotOfferedError: Its module lacks a value that every reference has.
        Exception: Whatever the module of an instructor's own reference raises while it is imported.
    """
    return reference_of(_published(reference, published) or module(reference))


def reference_of(source: ModuleType) -> Reference:
    """Read what a module offers; `grader.rebuild.facts.soundness` says whether that works, too.

    A function that is missing raises `NotOfferedError` when it is called: a published assignment has none.

    Raises:
        NotOfferedError: It lacks a value that every reference has.
    """
    had = vars(source)
    own = str(had.get("ID", source.__name__))
    for name in ("ID", "DATASET", *NUMBERS):
        if name not in had:
            raise NotOfferedError(own, name)
    functions = {name: had.get(name) or _not_offered(own, name) for name in FUNCTIONS}
    file = getattr(source, "__file__", None)
    return Reference(
        id=own,
        dataset=had["DATASET"],
        code_size=had["CODE_SIZE"],
        epochs=had["EPOCHS"],
        batch_size=had["BATCH_SIZE"],
        published=had.get("PUBLISHED", ""),
        **functions,
        datasets=tuple(had.get("DATASETS", (had["DATASET"],))),
        free=frozenset(had.get("FREE", ())),
        code_sizes=tuple(had.get("CODE_SIZES", ())),
        family=_family(had),
        calibration_epochs=int(had.get("CALIBRATION_EPOCHS", had["EPOCHS"])),
        epochs_meant_for=had.get("EPOCHS_MEANT_FOR"),
        train=had.get("train"),
        build_control=had.get("build_control"),
        control_inputs_and_targets=had.get("control_inputs_and_targets"),
        view=views.kind_for(source),
        other_optimizers=had.get("OTHER_OPTIMIZERS", {}),
        honest=had.get("HONEST", {}),
        variants=had.get("VARIANTS", {}),
        best_of=had.get("BEST_OF", ""),
        names=tuple(had.get("NAMES", ())),
        compared_by=tuple(had.get("COMPARED_BY", ())),
        stages=int(had.get("STAGES", 0)),
        file=None if file is None else Path(file),
        offers=MappingProxyType(had),
    )


def _family(had: Mapping[str, Any]) -> str:
    """Return the family that a module names, else the one that its constants show."""
    shown = STAGES if "STAGES" in had else COMPARISON if "BEST_OF" in had else RECONSTRUCTION
    return str(had.get("JUDGED_BY", shown))


def _not_offered(reference: str, name: str) -> Callable[..., NoReturn]:
    def raises(*_: object, **__: object) -> NoReturn:
        raise NotOfferedError(reference, name)

    return raises


def module(reference: str) -> ModuleType:
    """Import the module of a reference.

    Each has `NAMES`; `Reference` says what they are, and what a module has besides where its lesson needs it. `GIVEN`
    lists names that notebooks hand to students as they are; everything else is the solution.

    The modules of `grader/rebuild/families/` say what only one family asks for (`add_noise` of a denoiser).

    Raises:
        KeyError: No reference has this id.
        Exception: Whatever the module of an instructor's own reference raises while it is imported.
    """
    if reference in IDS:
        return importlib.import_module(f"reference.{reference.replace('-', '_')}")
    file = own_file(reference)
    if file is None:
        raise KeyError(reference)
    return _imported(file)


def resized(reference: Reference, code_size: int) -> Reference:
    """Return a reference whose code has another size: its module, loaded once more, with another `CODE_SIZE`.

    Its functions read the constant when they are called; nothing that it computes at import may depend on it.

    Raises:
        KeyError: It has no module file of its own.
    """
    if reference.file is None:
        raise KeyError(reference.id)
    known = _imported(reference.file, name=f"{reference.id.replace('-', '_')}_with_code_{code_size}")
    known.__dict__["CODE_SIZE"] = code_size
    return reference_of(known)


def own_file(reference: str) -> Path | None:
    """Return the file of an instructor's own reference, `<course>/reference/some_id.py`; None where there is none.

    An id of ours always means our reference.
    """
    course = os.environ.get(COURSE_VARIABLE)
    if not course or reference in IDS or not _ID.fullmatch(reference):
        return None
    file = Path(course) / "reference" / f"{reference.replace('-', '_')}.py"
    return file if file.is_file() else None


def _published(reference: str, stated: Mapping[str, Any]) -> ModuleType | None:
    """Return a module with the constants of a published reference; None if they are of another, or if it is here.

    It prescribes no layers (`FREE`), because there is no network of its own to compare with.
    """
    if reference in IDS or not _ID.fullmatch(reference) or stated.get("ID") != reference or own_file(reference):
        return None
    known = ModuleType(f"published_reference_{reference.replace('-', '_')}")
    for name in _PUBLISHED_CONSTANTS:
        if name in stated:
            value = stated[name]
            setattr(known, name, tuple(value) if isinstance(value, list) else value)
    known.__dict__["FREE"] = ("parameters",)
    return known


def _imported(file: Path, *, name: str = "") -> ModuleType:
    """Import a file once per process, under a name that no other module has; by default, the file's own."""
    name = f"course_reference_{name or file.stem}"
    known = sys.modules.get(name)
    if known is not None and known.__file__ == str(file):
        return known
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be imported")
    found = importlib.util.module_from_spec(spec)
    sys.modules[name] = found
    try:
        spec.loader.exec_module(found)
    except BaseException:
        del sys.modules[name]
        raise
    return found
