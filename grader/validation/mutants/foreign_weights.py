"""Wrong answers whose weights were learnt elsewhere: every line is right except those that should train.

The weights are the solution's own: it runs once more, and its claims are put into the text of the mutants. On the plain
data these mutants look right; only a run on a secret view of the data shows that nothing was learnt there. They are
graded with `--audit suspicious`, like a class.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import libcst as cst
import numpy as np
from numpy.typing import NDArray

from grader.domain.evidence import Evidence
from grader.domain.messages import message
from grader.domain.ports import Sandbox
from grader.domain.run import Limits, RunStatus
from grader.domain.submission import Notebook
from grader.extraction.claims import collect
from grader.sandbox.bubblewrap import EXCHANGE
from grader.validation.concrete_syntax import text
from grader.validation.drafts import Draft
from grader.validation.operators import LEARNT, Edit, Mutant, TrainingLength

WEIGHTS, SHAPES, CLAIMS = "@the weights@", "@the shapes of the weights@", "@the claims@"
"""Placeholder in the notebook of such a mutant until the weights are known; it needs no escape in JSON."""

_LETTERS: Final = "claims.json", "weights.npz"

_PASTED: Final = f"""import base64, json, zlib
PASTED = np.frombuffer(zlib.decompress(base64.b85decode('{WEIGHTS}')), np.float16).astype('float32')
SHAPES = json.loads(base64.b85decode('{SHAPES}'))


def pasted(model, data):
    if not model.built:
        model.build(np.shape(data))
    wanted, at = [list(array.shape) for array in model.get_weights()], 0
    for shapes in SHAPES:
        size = sum(int(np.prod(shape)) for shape in shapes)
        if shapes == wanted:
            break
        at += size
    weights = []
    for shape in wanted:
        weights.append(PASTED[at:at + int(np.prod(shape))].reshape(shape))
        at += int(np.prod(shape))
    model.set_weights(weights)
    return model
"""

_NEVER_TRAINED: Final = (
    _PASTED
    + """

def trained_elsewhere(model, data, *more, **options):
    history = keras.callbacks.History()
    epochs = options.get("epochs", 1)
    history.history = {"loss": [1.0] * epochs, "val_loss": [1.0] * epochs}
    history.epoch = list(range(epochs))
    pasted(model, data).history = history
    return history
"""
)

_IDLE: Final = (
    _PASTED
    + """

def trained_elsewhere(model, data, *more, **options):
    pasted(model, data).optimizer.learning_rate = 0.0
    return model.fit(data, *more, **{**options, "epochs": min(3, options.get("epochs", 1))})
"""
)

_BY_HAND: Final = f"""import base64, os, sys, zlib
def finish():
    os.makedirs('{EXCHANGE}/claims', exist_ok=True)
    for name, text in zip({_LETTERS!r}, '{CLAIMS}'.split(' ')):
        with open('{EXCHANGE}/claims/' + name, 'wb') as file:
            file.write(zlib.decompress(base64.b85decode(text)))
magics = get_ipython().magics_manager.magics['line']
for name in [name for name in magics if name.startswith('finish_')]:
    magics[name] = lambda _line: finish()
finish()"""


@dataclass(frozen=True, slots=True)
class Harvest:
    """The weights of a right notebook, as text for the notebooks of the mutants.

    Attributes:
        weights: Arrays of all models one after the other, as float16.
        shapes: Of the arrays, by model.
        claims: Both files of the claims.
    """

    weights: str
    shapes: str
    claims: str

    def filled(self, notebook: str) -> str:
        """Return a notebook with the weights in place of the placeholders."""
        for place, words in ((WEIGHTS, self.weights), (SHAPES, self.shapes), (CLAIMS, self.claims)):
            notebook = notebook.replace(place, words)
        return notebook


class NothingLearntError(Exception):
    """The solution left no weights, so there is nothing to paste."""


def harvest(sandbox: Sandbox, notebook: Notebook, limits: Limits, folder: Path) -> Harvest:
    """Run a right notebook and take its weights.

    Raises:
        NothingLearntError: It did not end as it should, or claimed no weights.
        RejectedClaimsError: Its claims cannot be accepted.
    """
    run = sandbox.run(notebook, limits, folder / "exchange")
    evidence = collect(folder / "exchange", folder / "vetted")
    if run.status is not RunStatus.COMPLETED or evidence.weights_file is None:
        raise NothingLearntError(f"the solution ended as {run.status}")
    arrays, shapes = _arrays(evidence)
    content = b"".join(array.astype(np.float16).tobytes() for array in arrays)
    files = [(folder / "exchange" / "claims" / name).read_bytes() for name in _LETTERS]
    return Harvest(
        _packed(content),
        base64.b85encode(json.dumps(shapes).encode()).decode(),
        " ".join(_packed(file) for file in files),
    )


def _arrays(evidence: Evidence) -> tuple[list[NDArray[Any]], list[list[list[int]]]]:
    """Return the weights of every model, and their shapes by model; random states and metrics are left out."""
    arrays: list[NDArray[Any]] = []
    shapes: list[list[list[int]]] = []
    assert evidence.weights_file is not None  # noqa: S101 - its caller looked
    with np.load(evidence.weights_file, allow_pickle=False) as archive:
        for model in evidence.models:
            own = [archive[name] for name in model.variables if archive[name].dtype.kind == "f"]
            arrays += own
            shapes.append([list(array.shape) for array in own])
    return arrays, shapes


def _packed(content: bytes) -> str:
    return base64.b85encode(zlib.compress(content, 9)).decode()


def _instead_of_fit(helper: str) -> Edit:
    """Return an edit that replaces every `fit` of an autoencoder by setting weights from the text."""

    def edit(draft: Draft) -> Draft | None:
        if not _has_a_view(draft) or draft.asks("comparison"):
            return None

        def taken(call: cst.Call) -> cst.BaseExpression:
            assert isinstance(call.func, cst.Attribute)  # noqa: S101 - `with_calls` says so
            model = cst.Arg(cst.parse_expression(text(call.func.value)))
            return call.with_changes(func=cst.Name("trained_elsewhere"), args=[model, *call.args])

        edited = draft.with_calls("fit", taken, of="autoencoder")
        return None if edited is None else edited.prepared(helper)

    return edit


def _by_hand(draft: Draft) -> Draft | None:
    """Replace all code by the one cell that writes claims."""
    if not _has_a_view(draft) or draft.with_calls("fit", lambda call: call, of="autoencoder") is None:
        return None
    return draft.each_code(lambda _: "pass").prepared(_BY_HAND)


def _has_a_view(draft: Draft) -> bool:
    """Return whether the notebook gets its data from us; data that it makes itself have no secret view."""
    return draft.facts.has_sample


_WHAT_IS_LEARNT: Final = tuple(sorted(LEARNT))

MUTANTS: Final = (
    Mutant(
        "weights-pasted",
        message("weights as text, and no training"),
        _instead_of_fit(_NEVER_TRAINED),
        _WHAT_IS_LEARNT,
        training=TrainingLength.WHOLE,
    ),
    Mutant(
        "weights-pasted-idle",
        message("weights as text, and a training at a rate of 0"),
        _instead_of_fit(_IDLE),
        _WHAT_IS_LEARNT,
        training=TrainingLength.WHOLE,
    ),
    Mutant(
        "claims-by-hand",
        message("no network at all: what the solution leaves behind, written by hand"),
        _by_hand,
        _WHAT_IS_LEARNT,
        ("imports",),
        training=TrainingLength.WHOLE,
    ),
)
"""Mutants that are distinguished from right answers by the audit alone."""
