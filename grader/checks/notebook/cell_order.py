"""Advice on a notebook whose cells only work in another order."""

from __future__ import annotations

from grader.domain.cell_places import NOWHERE, Places, cell_name
from grader.domain.messages import Message, message
from grader.domain.run import CellError


def why_in_wrong_order(error: CellError, places: Places = NOWHERE) -> Message | None:
    """Say which cell below defines the missing name, and that it ran first if the file says so.

    Returns:
        None for another kind of error.
    """
    below = error.defined_below
    if below is None:
        return None
    defining = cell_name(below.cell_index, places)
    if below.ran_in_recorded_order:
        return message(
            "This cell uses “{name}”, which is defined further down, in {below}; in your session that one ran first "
            "(In[{first}] before In[{second}]). A notebook is run from the first cell to the last.",
            name=below.name,
            below=defining,
            first=below.defining_recorded or 0,
            second=below.recorded or 0,
        )
    return message(
        "This cell uses “{name}”, which is defined further down, in {below}. A notebook is run from the first cell to "
        "the last.",
        name=below.name,
        below=defining,
    )


def hint_to_reorder(error: CellError, places: Places = NOWHERE) -> Message | None:
    """Say which cell belongs above which; None for another kind of error."""
    below = error.defined_below
    if below is None:
        return None
    return message(
        "Move {below} above {cell}, restart the runtime and run all cells from the top.",
        below=cell_name(below.cell_index, places),
        cell=cell_name(error.cell_index, places),
    )
