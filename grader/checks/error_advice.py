"""Why a cell raised and what to look at next, by the kind of error.

The kinds are those that real notebooks end with: cells left to be completed, cells run out of order, code written for
versions gone by, files that were only in somebody's Drive.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.checks.wording import where_and_why
from grader.domain.messages import Message, message
from grader.domain.outdated import Translation
from grader.domain.places import NOWHERE, Places, cell_name
from grader.domain.run import CellError


@dataclass(frozen=True, slots=True)
class Advice:
    """What to tell about one kind of error.

    Attributes:
        why: Why such an error matters or arises.
        hint: What to look at next.
    """

    why: Message
    hint: Message


@dataclass(frozen=True, slots=True)
class _Rule:
    """Advice for errors with one of these names whose text holds one of these fragments (any text where none)."""

    names: frozenset[str]
    advice: Advice
    fragments: tuple[str, ...] = ()

    def fits(self, error: CellError) -> bool:
        text = error.text.lower()
        return error.name in self.names and (not self.fragments or any(part in text for part in self.fragments))


def advice(
    error: CellError, *, first: CellError, old_code: Sequence[Translation] = (), places: Places = NOWHERE
) -> Advice:
    """Return what to tell about `error`; `first` is the first error of the same run, `places` names cells.

    A piece of old code that explains it is named with its place and what to write instead. A NameError after another
    error is most often its consequence, and says so.
    """
    if (old := _cause(error, old_code)) is not None:
        return _of_old_code(old, places)
    if error.name == "NameError" and error is not first:
        cause = cell_name(first.cell_index, places)
        return Advice(_ORDER, message("Fix {cell} first: this error probably follows from the one there.", cell=cause))
    for rule in _RULES:
        if rule.fits(error):
            return rule.advice
    return _ANY_OTHER


def _cause(error: CellError, old_code: Sequence[Translation]) -> Translation | None:
    """Return the old code that an error comes of: in its own cell, else in one that works in another cell."""
    text = f"{error.name}: {error.text}".lower()
    if error.name == "NameError" and "'xrange'" not in text:  # most often the echo of an error further up
        return None
    fitting = [old for old in old_code if any(sign in text for sign in old.signs)]
    own = [old for old in fitting if old.cell_index == error.cell_index]
    far = [old for old in fitting if old.far and old.cell_index <= error.cell_index]
    return next(iter([*own, *far]), None)


def _of_old_code(old: Translation, places: Places) -> Advice:
    why = where_and_why(old, places)
    if not old.after:
        return Advice(why, message("Write this part anew with what the current version has."))
    return Advice(why, message("Written today: {code}", code=old.after))


def missing_module(error: CellError) -> str:
    """Return the top-level module that an import did not find, or "" where the error is another one."""
    if error.name != "ModuleNotFoundError":
        return ""
    found = _NO_MODULE.search(error.text)
    return "" if found is None else found.group(1)


_NO_MODULE: Final = re.compile(r"No module named '?([A-Za-z_]\w*)")


_ORDER: Final = message(
    "A notebook is run from the first cell to the last, once, in a fresh kernel: a name must be defined in a cell "
    "above the one that uses it, and the cell that defines it must not fail."
)
_VERSIONS: Final = message(
    "Keras, NumPy and Python move on: code from old tutorials calls things that have since been renamed or removed."
)

_OLD_CALLS: Final[tuple[_Rule, ...]] = (
    _Rule(
        frozenset({"AttributeError"}),
        Advice(
            _VERSIONS,
            message("A layer of Keras 3 has no `input_shape` and no `output_shape`: write `layer.input.shape`."),
        ),
        ("no attribute 'input_shape'", "no attribute 'output_shape'"),
    ),
    _Rule(
        frozenset({"AttributeError"}),
        Advice(
            _VERSIONS, message("A Sequential has no `input` and no `output` in Keras 3: `.inputs[0]`, `.outputs[0]`.")
        ),
        ("has never been called and thus has no defined",),
    ),
    _Rule(
        frozenset({"ValueError"}),
        Advice(_VERSIONS, message("Weights are saved to a name in `.weights.h5`, whole models to one in `.keras`.")),
        ("must end in `.", "invalid filepath extension"),
    ),
    _Rule(
        frozenset({"KeyError"}),
        Advice(_VERSIONS, message("The history has the metric by the name given in `compile`: `accuracy`, not `acc`.")),
        ("'acc'", "'val_acc'"),
    ),
    _Rule(
        frozenset({"ValueError"}),
        Advice(_VERSIONS, message("A shape is a tuple, also of one number: `(784,)` with its comma, not `(784)`.")),
        ("to a shape",),
    ),
    _Rule(
        frozenset({"ValueError", "AttributeError", "NotImplementedError"}),
        Advice(
            message("Keras 3 takes no function of TensorFlow or of the old backend on tensors of a graph."),
            message("Take it from `keras.ops`, or add the loss in the `call` of a layer: `self.add_loss(...)`."),
        ),
        ("kerastensor cannot be used", "'base_dtype'", "out of scope"),
    ),
)
"""What old code says that reading it could not find, because a name means something else in each run."""

_RULES: Final[tuple[_Rule, ...]] = (
    *_OLD_CALLS,
    _Rule(
        frozenset({"NotImplementedError"}),
        Advice(
            message("This cell is still to be completed: it raises the error on purpose until your code stands there."),
            message("Read the text above the cell, write your code, and delete the line that raises the error."),
        ),
    ),
    _Rule(
        frozenset({"NameError", "UnboundLocalError"}),
        Advice(
            _ORDER,
            message("Restart the runtime and run all cells from the top; look for where this name should be defined."),
        ),
    ),
    _Rule(
        frozenset({"ModuleNotFoundError", "ImportError"}),
        Advice(
            _VERSIONS,
            message("Is this import used at all? If so, look up where the current version of the library keeps it."),
        ),
    ),
    _Rule(
        frozenset({"SyntaxError", "IndentationError", "TabError"}),
        Advice(
            message("Python could not read this cell, so that nothing in it was run."),
            message("Look at brackets, quotes and indentation near the line; `print` needs brackets since Python 3."),
        ),
    ),
    _Rule(
        frozenset({"FileNotFoundError", "BadZipFile", "OSError", "PermissionError"}),
        Advice(
            message("The notebook is run in an empty folder, with the course's data sets and without your Drive."),
            message("Load the data as the assignment's own cell does, and read no file that another session wrote."),
        ),
    ),
    _Rule(
        frozenset({"URLError", "HTTPError", "ConnectionError", "gaierror", "ConnectTimeout", "TimeoutError"}),
        Advice(
            message("The notebook is run without a network, so that everybody has the same data and nothing else."),
            message("Load the data as the assignment's own cell does; trained weights must come from your own `fit`."),
        ),
    ),
    _Rule(
        frozenset({"TypeError", "ValueError"}),
        Advice(
            _VERSIONS,
            message("Compare the names of the arguments with the current documentation of the function you call."),
        ),
        ("not recognized", "unexpected keyword", "unrecognized keyword", "invalid keyword", "got some positional"),
    ),
    _Rule(
        frozenset({"ValueError", "InvalidArgumentError", "AxisError"}),
        Advice(
            message("Each layer takes the shape that the one before it gives; the batch is an axis of its own."),
            message("Print the shape of the data and `summary()` of each model, and find the first line that differs."),
        ),
        ("shape", "dimension", "incompatible", "min_ndim", "reshape", "axis"),
    ),
    _Rule(
        frozenset({"AttributeError"}),
        Advice(
            _VERSIONS,
            message("Print the type of the object before the dot: is it the model that you think it is?"),
        ),
    ),
    _Rule(
        frozenset({"SystemExit"}),
        Advice(
            message("`exit` in a cell ends the run before the cells that follow."),
            message("Let the last cell end by itself."),
        ),
    ),
    _Rule(
        frozenset({"MemoryError", "ResourceExhaustedError"}),
        Advice(
            message("All images at once may not fit into memory; training passes them through in batches."),
            message("Look for copies of the whole data set, and for a batch that is the whole data set."),
        ),
    ),
    _Rule(
        frozenset({"StdinNotImplementedError", "EOFError"}),
        Advice(
            message("Nobody sits at the keyboard when the notebook is graded."),
            message("Write the value into the cell instead of asking for it."),
        ),
    ),
)

_ANY_OTHER: Final = Advice(
    message("A cell that stops half-way leaves what the cells below it need undone."),
    message("Restart the runtime, run all cells from the top, and read the last line of the error."),
)
