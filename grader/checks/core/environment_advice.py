"""Advice on errors caused by something missing on our machine, or by an earlier cell that did not define a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grader.checks.core.advice import Advice
from grader.checks.core.causes import ROLE_NAMES, Cause, CauseKind, is_unfinished, missing_module
from grader.checks.core.phrases import lacking_modules
from grader.domain.cell_places import NOWHERE, Places, cell_name
from grader.domain.messages import Message, message
from grader.domain.run import CellError

WITHOUT_NETWORK: Final = message(
    "The notebook is run without a network, so that everybody has the same data and nothing else."
)


READ_NO_OTHER_FILE: Final = message(
    "Load the data as the assignment's own cell does, and read no file that another session wrote."
)


TRAIN_YOURSELF: Final = message(
    "Load the data as the assignment's own cell does; trained weights must come from your own `fit`."
)


_EMPTY_FOLDER: Final = message(
    "The notebook is run in a folder of its own, with the course's data sets and an empty Drive: a file that only your "
    "Drive or an earlier session had is not there."
)
_WITHOUT_NETWORK: Final = WITHOUT_NETWORK
_ORDER: Final = message(
    "A notebook is run from the first cell to the last, once, in a fresh kernel: a name must be defined in a cell "
    "above the one that uses it, and the cell that defines it must not fail."
)

LACKED_SOMEWHERE: Final = Advice(
    _ORDER,
    message("Restart the runtime and run all cells from the top; look for where this name should be defined."),
)
"""Advice for a missing name if no cell is known to define it."""


def what_is_lacking(cause: Cause, missing_modules: Sequence[str]) -> Message:
    """Say in a sentence what is missing on the grading machine."""
    module = missing_module(cause.error, missing_modules)
    if cause.kind is CauseKind.MODULE:
        return lacking_modules(modules=module)
    return _LACKING[cause.kind]


_LACKING: Final = {
    CauseKind.ACCELERATOR: message("The grading machine has no GPU and no TPU."),
    CauseKind.FILE: message("A file that only the author's Drive had is not where the notebook is graded."),
    CauseKind.NETWORK: message("There is no network where the notebook is graded."),
}


def of_surroundings(cause: Cause, missing_modules: Sequence[str]) -> Advice:
    """Return the advice for an error caused by something missing on our machine."""
    if cause.kind is CauseKind.MODULE:
        return Advice(
            message("A module that Colab has, or that the notebook installs, may be missing where it is graded."),
            message(
                "Our machine lacks the module “{module}”: a person will look, and no point is lost.",
                module=missing_module(cause.error, missing_modules),
            ),
        )
    if cause.kind is CauseKind.ACCELERATOR:
        return Advice(
            message("The grading machine has no GPU and no TPU, and needs none: no point is lost for that."),
            message("Let the notebook say what it has found and go on, instead of ending the cell with an error."),
        )
    if cause.kind is CauseKind.FILE:
        return Advice(
            _EMPTY_FOLDER,
            READ_NO_OTHER_FILE,
        )
    return Advice(
        _WITHOUT_NETWORK,
        TRAIN_YOURSELF,
    )


def of_lacked_name(error: CellError, earlier: CellError | None, places: Places = NOWHERE) -> Advice:
    """Return the advice for a missing name, depending on the cell that should have defined it.

    Args:
        error: A NameError whose text contains the name.
        earlier: The error of the cell that should have defined it, if that cell failed.
        places: Where the cells are.
    """
    lacked = error.lacked
    if lacked is None:
        return LACKED_SOMEWHERE
    if earlier is not None and is_unfinished(earlier):
        return Advice(
            message("Nothing has made “{name}” yet.", name=lacked.name),
            message("Complete {cell} first: what follows needs it.", cell=cell_name(earlier.cell_index, places)),
        )
    if earlier is not None:
        return Advice(
            message(
                "“{name}” should have been made in {cell}, which ended with an error itself.",
                name=lacked.name,
                cell=cell_name(earlier.cell_index, places),
            ),
            message(
                "Fix {cell} first: this error follows from the one there.", cell=cell_name(earlier.cell_index, places)
            ),
        )
    if not lacked.made_in and error.given and lacked.name in ROLE_NAMES:
        return Advice(
            message("This given cell calls a model by the name “{name}”; yours has another name.", name=lacked.name),
            message("Names are free. To see what the cell shows, add a line that gives yours this name as well."),
        )
    if not lacked.made_in:
        return Advice(
            message("No cell of the notebook makes “{name}”.", name=lacked.name),
            message("Is the name spelled in the same way where it is assigned, or was its cell deleted?"),
        )
    above = [index for index in lacked.made_in if index < error.cell_index]
    if not above:
        return LACKED_SOMEWHERE
    return Advice(
        message("“{name}” is made in {cell}, which did not fail.", name=lacked.name, cell=cell_name(above[-1], places)),
        message("Does that cell make the name in every case, and does nothing delete it before it is used?"),
    )
