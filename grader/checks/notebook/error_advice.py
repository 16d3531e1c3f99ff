"""Explains an error of a cell: first by the code that raised it, then by its class.

The kinds are those of real notebooks: cells left to be completed, cells run out of order, code for old versions, files
that exist only in the author's Drive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.checks.core.advice import READ_THE_LAST_LINE, WHY_CELLS_FAIL_LATER, Advice
from grader.checks.core.causes import SURROUNDINGS, CauseKind, cause_of, echoed
from grader.checks.core.environment_advice import (
    LACKED_SOMEWHERE,
    READ_NO_OTHER_FILE,
    TRAIN_YOURSELF,
    WITHOUT_NETWORK,
    of_lacked_name,
    of_surroundings,
)
from grader.checks.core.phrases import where_and_why
from grader.domain.cell_places import NOWHERE, Places, cell_name
from grader.domain.messages import message
from grader.domain.outdated import Translation
from grader.domain.run import CellError, RaisedBy


@dataclass(frozen=True, slots=True)
class _Rule:
    """Advice for errors with one of these names whose text has one of these fragments (any text if there are none)."""

    names: frozenset[str]
    advice: Advice
    fragments: tuple[str, ...] = ()

    def fits(self, error: CellError) -> bool:
        text = error.text.lower()
        return error.name in self.names and (not self.fragments or any(part in text for part in self.fragments))


def advice(
    error: CellError,
    *,
    among: Sequence[CellError] = (),
    old_code: Sequence[Translation] = (),
    missing_modules: Sequence[str] = (),
    places: Places = NOWHERE,
) -> Advice:
    """Return the advice on an error.

    Its origin comes first: something missing on our machine, a cell to be completed, old code, a name that another cell
    should have defined. Only then does the class of the error decide what to look at.

    Args:
        error: The error of a cell.
        among: All errors of the run, in order.
        old_code: Pieces of old code; one that explains the error is reported with its place and its replacement.
        missing_modules: Modules that our machine lacks although Colab has them or the notebook installs them.
        places: Where the cells are, for people.
    """
    cause = cause_of(error, among or (error,), missing_modules)
    if cause.error is error and cause.kind in SURROUNDINGS:
        return of_surroundings(cause, missing_modules)
    if cause.kind is CauseKind.UNFINISHED and cause.error is error:
        return _UNFINISHED
    if (old := _old_code_behind(error, old_code)) is not None:
        return _of_old_code(old, places)
    if error.name == "NameError" and error.lacked is not None:
        return of_lacked_name(error, echoed(error, among), places)
    if (stopped := _untrained_history(error, among, places)) is not None:
        return stopped
    for rule in _RULES:
        if rule.fits(error):
            return rule.advice
    return _by_whom(error)


def _untrained_history(error: CellError, among: Sequence[CellError], places: Places) -> Advice | None:
    """Return the advice if a cell reads the history of a training that an error stopped, else None."""
    stopped = next((one for one in among if one.stops_training and one.cell_index < error.cell_index), None)
    if stopped is None or "'history'" not in error.text or error.name not in ("AttributeError", "KeyError"):
        return None
    why = message("A model has its `history` once `fit` has ended without an error.")
    return Advice(why, message("Fix {cell} first: it trains the model.", cell=cell_name(stopped.cell_index, places)))


def _by_whom(error: CellError) -> Advice:
    if error.name == "AssertionError" or error.line.startswith("raise "):
        return _OWN_RAISE
    if error.name == "NotImplementedError" and error.package:
        return Advice(
            message(
                "{package} raises this error itself: it cannot do what it is asked for here.", package=error.package
            ),
            message("Read the whole text of the error: it says what is missing, and most often what to write."),
        )
    return _ANY_OTHER


def _old_code_behind(error: CellError, old_code: Sequence[Translation]) -> Translation | None:
    """Return the old code that caused an error: in its own cell, else one that affects other cells.

    A change in how a library works (no eager execution) explains any library error without another explanation.
    """
    text = f"{error.name}: {error.text}".lower()
    if error.name == "NameError" and "'xrange'" not in text:  # most often caused by an error further up
        return None
    fitting = [old for old in old_code if any(sign in text for sign in old.signs)]
    own = [old for old in fitting if old.cell_index == error.cell_index]
    far = [old for old in fitting if old.far and old.cell_index <= error.cell_index]
    certain = [old for old in (*own, *far) if all(old.signs)]
    general = [old for old in far if error.raised_by not in (RaisedBy.NOTEBOOK, RaisedBy.PYTHON)]
    return next(iter([*certain, *general]), None)


def _of_old_code(old: Translation, places: Places) -> Advice:
    why = where_and_why(old, places)
    if not all(old.signs):
        return Advice(why, message("Delete the line in that cell, restart the runtime and run all cells from the top."))
    if not old.after:
        return Advice(why, message("Write this part anew with what the current version has."))
    return Advice(why, message("Written today: {code}", code=old.after))


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
        frozenset({"ValueError"}),
        Advice(
            _VERSIONS,
            message(
                "The third argument of `compile` is `loss_weights` in Keras 3: write `metrics=[...]` with its name."
            ),
        ),
        ("dtype='string' is not a valid dtype",),
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
"""Errors of old code that reading cannot find, because a name means something else in each run."""

_RULES: Final[tuple[_Rule, ...]] = (
    *_OLD_CALLS,
    _Rule(
        frozenset({"NotImplementedError"}),
        Advice(
            message(
                "A model is saved as the settings of its layers, and a layer of your own does not tell its settings."
            ),
            message("Give the layer a `get_config` that returns what its `__init__` takes, or save the weights alone."),
        ),
        ("get_config",),
    ),
    _Rule(
        frozenset({"UnboundLocalError"}),
        Advice(
            message("`predict` was given no samples: what it should answer for is empty."),
            message("Print the shape of the data: a slice such as `X[55000:]` may lie beyond their end."),
        ),
        ("'batch_outputs'",),
    ),
    _Rule(
        frozenset({"UnboundLocalError"}),
        Advice(
            message("A function that assigns a name anywhere has it as its own, also on the lines before that."),
            message("Pass the value into the function as an argument, or give the inner variable another name."),
        ),
    ),
    _Rule(frozenset({"NameError"}), LACKED_SOMEWHERE),
    _Rule(
        frozenset({"ModuleNotFoundError", "ImportError"}),
        Advice(
            _VERSIONS,
            message("Is this import used at all? If so, look up where the current version of the library keeps it."),
        ),
        ("cannot import name", "no module named 'keras.", "no module named 'tensorflow.", "no module named 'tf"),
    ),
    _Rule(
        frozenset({"ModuleNotFoundError"}),
        Advice(
            message("Neither Colab nor our machine has a module of this name, and the notebook does not install one."),
            message(
                "Is it spelled rightly? A Python file of your own must be handed in beside the notebook, in one zip or "
                "folder."
            ),
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
            READ_NO_OTHER_FILE,
        ),
    ),
    _Rule(
        frozenset({"URLError", "HTTPError", "ConnectionError", "gaierror", "ConnectTimeout", "TimeoutError"}),
        Advice(
            WITHOUT_NETWORK,
            TRAIN_YOURSELF,
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
        frozenset({"ValueError", "TypeError"}),
        Advice(
            message(
                "Keras takes an integer of Python here; `np.prod`, `len / 2` and TensorFlow's functions give others."
            ),
            message("Write `int(...)` around the number."),
        ),
        ("positive integer", "an integer value"),
    ),
    _Rule(
        frozenset({"ValueError"}),
        Advice(
            message(
                "A new shape must hold as many numbers as the array has; a number of images that is written out fits "
                "one data set alone."
            ),
            message("Let NumPy work out the number of images: `reshape(-1, 784)`."),
        ),
        ("cannot reshape array of size",),
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
            message("A model has its `history` once `fit` has ended without an error."),
            message("Is `fit` called on this very model, in a cell above?"),
        ),
        ("no attribute 'history'",),
    ),
    _Rule(
        frozenset({"AttributeError"}),
        Advice(
            message("The object before the dot is None: a call above returned nothing."),
            message("Which line gave this variable its value? `compile`, `summary` and `plt.show` return None."),
        ),
        ("'nonetype' object",),
    ),
    _Rule(
        frozenset({"AttributeError"}),
        Advice(_VERSIONS, message("Look up in the current documentation of the library how this is called today.")),
        ("module '",),
    ),
    _Rule(
        frozenset({"AttributeError"}),
        Advice(
            message(
                "An object has the attributes of its own class alone; this one is of another class, or misspelled."
            ),
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

_UNFINISHED: Final = Advice(
    message("This cell is still to be completed: it raises the error on purpose until your code stands there."),
    message("Read the text above the cell, write your code, and delete the line that raises the error."),
)
_OWN_RAISE: Final = Advice(
    message("This cell tests something itself, and raises the error where the test fails."),
    message("What does the line before the error test, and what is its value here?"),
)
_ANY_OTHER: Final = Advice(
    WHY_CELLS_FAIL_LATER,
    READ_THE_LAST_LINE,
)
