"""Why a cell raised and what to look at next, by the kind of error.

The kinds are those that real notebooks end with: cells left to be completed, cells run out of order, code written for
versions gone by, files that were only in somebody's Drive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from grader.domain.messages import Message, message
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


def advice(error: CellError, *, first: CellError) -> Advice:
    """Return what to tell about `error`; `first` is the first error of the same run.

    A NameError after another error is most often its consequence, and says so.
    """
    if error.name == "NameError" and error is not first:
        return Advice(_ORDER, message("Mend cell {number} first: this is probably its echo.", number=_number(first)))
    for rule in _RULES:
        if rule.fits(error):
            return rule.advice
    return _ANY_OTHER


def missing_module(error: CellError) -> str:
    """Return the top-level module that an import did not find, or "" where the error is another one."""
    if error.name != "ModuleNotFoundError":
        return ""
    found = _NO_MODULE.search(error.text)
    return "" if found is None else found.group(1)


_NO_MODULE: Final = re.compile(r"No module named '?([A-Za-z_]\w*)")


def _number(error: CellError) -> int:
    return error.cell_index + 1


_ORDER: Final = message(
    "A notebook is run from the first cell to the last, once, in a fresh kernel: a name must be defined in a cell "
    "above the one that uses it, and the cell that defines it must not fail."
)
_VERSIONS: Final = message(
    "Keras, NumPy and Python move on: code from old tutorials calls things that have since been renamed or removed."
)

_RULES: Final[tuple[_Rule, ...]] = (
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
