"""Words for a notebook that only works in another order than that of its cells."""

from __future__ import annotations

from grader.domain.messages import Message, message
from grader.domain.run import CellError


def why_in_wrong_order(error: CellError) -> Message | None:
    """Say which cell below defines the name that was missing, and that it ran first where the file says so.

    Returns:
        None for an error of another kind.
    """
    below = error.defined_below
    if below is None:
        return None
    if below.ran_in_recorded_order:
        return message(
            "Cell {cell} uses “{name}”, which cell {below}, further down, defines; in your session cell {below} ran "
            "first (In[{first}] before In[{second}]). A notebook is run from the first cell to the last.",
            cell=error.cell_index + 1,
            name=below.name,
            below=below.cell_index + 1,
            first=below.defining_recorded or 0,
            second=below.recorded or 0,
        )
    return message(
        "Cell {cell} uses “{name}”, which cell {below}, further down, defines. A notebook is run from the first cell "
        "to the last.",
        cell=error.cell_index + 1,
        name=below.name,
        below=below.cell_index + 1,
    )


def hint_to_reorder(error: CellError) -> Message | None:
    """Say which cell belongs above which; None for an error of another kind."""
    below = error.defined_below
    if below is None:
        return None
    return message(
        "Move cell {below} above cell {cell}, restart the runtime and run all cells from the top.",
        below=below.cell_index + 1,
        cell=error.cell_index + 1,
    )
