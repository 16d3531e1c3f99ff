"""What we observed ourselves of a notebook's run in zone K (the student kernel)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from grader.domain.cell_places import Places
from grader.domain.messages import Message


class RunStatus(StrEnum):
    """How a run ended.

    COMPLETED: every cell ran without an error.
    RAISED: at least one cell ended with an exception; the cells after it were still run.
    TIMED_OUT: a time limit passed, or the kernel only waited; whether it would have ended is unknown.
    KILLED: the kernel died: by its own doing, by a limit, or by a signal (see `stopped_by`).
    UNAVAILABLE: our sandbox could not run it at all; never the student's fault.
    """

    COMPLETED = "completed"
    RAISED = "raised"
    TIMED_OUT = "timed_out"
    KILLED = "killed"
    UNAVAILABLE = "unavailable"


class StoppedBy(StrEnum):
    """What ended a run before its last cell."""

    NOTHING = "nothing"
    CELL_TIME = "cell_time"
    NOTEBOOK_TIME = "notebook_time"
    IDLE = "idle"
    MEMORY = "memory"
    DISK = "disk"
    OWN_EXIT = "own_exit"
    SIGNAL = "signal"
    SANDBOX = "sandbox"


MOST_ERRORS: Final = 100
"""Errors that a record keeps; more would only make each stored grade longer."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a notebook may use.

    Attributes:
        cell_seconds: Wall time of one cell.
        notebook_seconds: Wall time of all cells.
        memory_mib: Resident memory of the whole process tree.
        processes: Processes and threads at the same time.
        file_mib: Size of one file.
        work_mib: Size of everything the notebook writes.
        output_mib: Output kept of all cells; the rest is dropped, and the record says so.
        idle_seconds: A cell is ended after so long without processor time and output.
        skips_slow_cells: Whether a cell that takes too long is interrupted and the next cells still run, which is not
            meant for grading.
    """

    cell_seconds: float = 900.0
    notebook_seconds: float = 1800.0
    memory_mib: int = 4096
    processes: int = 512
    file_mib: int = 512
    work_mib: int = 1024
    output_mib: int = 8
    idle_seconds: float = 60.0
    skips_slow_cells: bool = False


@dataclass(frozen=True, slots=True)
class DefinedBelow:
    """A name that a cell needed and that a cell further down defines.

    Attributes:
        name: The name.
        cell_index: Position in the file of the first cell below that defines it, from 0.
        recorded: Execution count `n` (`In[n]`) saved with the cell that lacked it, or None.
        defining_recorded: The same for the cell that defines it.
    """

    name: str
    cell_index: int
    recorded: int | None = None
    defining_recorded: int | None = None

    @property
    def ran_in_recorded_order(self) -> bool:
        """Return whether the author ran the two cells in the other order."""
        return (
            self.recorded is not None
            and self.defining_recorded is not None
            and (self.defining_recorded < self.recorded)
        )


@dataclass(frozen=True, slots=True)
class LackedName:
    """A name that a cell used and that did not exist.

    Attributes:
        name: The name.
        made_in: Positions in the file of the cells that bind it, in order; empty if no cell does.
    """

    name: str
    made_in: tuple[int, ...] = ()


class RaisedBy(StrEnum):
    """Origin of an exception: the code of the innermost traceback frame (a claim, for messages).

    UNKNOWN: the traceback did not say.
    NOTEBOOK: a cell, a function that a cell defines, or a module of the notebook's own.
    LIBRARY: an installed package.
    PYTHON: the standard library.
    """

    UNKNOWN = "unknown"
    NOTEBOOK = "notebook"
    LIBRARY = "library"
    PYTHON = "python"


@dataclass(frozen=True, slots=True)
class CellError:
    """An exception that ended a cell.

    Attributes:
        cell_index: Position of the cell in the file, from 0.
        name: Class of the exception, as the kernel named it (a claim).
        text: Its message without control characters, at most 2,000 characters; a message that was cut ends in "…".
        line: The source line of the cell where it was raised, or "".
        provided: The instructor's id of the cell (`grade_id`), or "".
        given: Whether the cell says that it is the instructor's and not one to complete.
        defined_below: The name that was missing and where the notebook defines it, for a NameError of the wrong order.
        lacked: The missing name and the cells that define it, for every NameError whose text contains the name.
        raised_by: Whose code raised it.
        package: The installed package that raised it (`keras`), or "".
        stops_training: Whether the cell trains a model in the failing statement or in one below it.
        asks_for_accelerator: Whether the statements up to the failing one look for a GPU or a TPU.
        after_fetching: Whether this cell or one above downloads files (`!wget …`), which fails without a network.
    """

    cell_index: int
    name: str
    text: str
    line: str = ""
    provided: str = ""
    given: bool = False
    defined_below: DefinedBelow | None = None
    lacked: LackedName | None = None
    raised_by: RaisedBy = RaisedBy.UNKNOWN
    package: str = ""
    stops_training: bool = False
    asks_for_accelerator: bool = False
    after_fetching: bool = False


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What happened, as seen from outside the sandbox.

    Attributes:
        status: How it ended.
        stopped_by: What ended it early.
        cells_total: Code cells in the notebook.
        cells_run: Code cells that were started.
        errors: The first cells that raised, in order; see `MOST_ERRORS`.
        last_cell: Position in the file of the last cell that was started, or -1.
        wall_seconds: From kernel start to kernel end.
        peak_memory_mib: Largest resident memory of the process tree that the watchdog saw (0 if not watched).
        output_truncated: Output passed `Limits.output_mib` and was dropped.
        sandboxed: False if the instructor said `--sandbox none` or on a student's own machine.
        detail: Further details for a person (exit status, signal, why unavailable), or None.
        places: Where the cells named here are, for people.
        errors_left_out: How many more cells raised than `errors` holds.
        skipped: Positions in the file of the cells that were interrupted because they took too long, in runs that then
            go on with the next cell.
        processor_seconds: Processor time of all its processes as counted by the system; None if it was not measured.
    """

    status: RunStatus
    stopped_by: StoppedBy = StoppedBy.NOTHING
    cells_total: int = 0
    cells_run: int = 0
    errors: tuple[CellError, ...] = ()
    last_cell: int = -1
    wall_seconds: float = 0.0
    peak_memory_mib: float = 0.0
    output_truncated: bool = False
    sandboxed: bool = True
    detail: Message | None = None
    places: Places = field(default_factory=dict)
    errors_left_out: int = 0
    skipped: tuple[int, ...] = ()
    processor_seconds: float | None = None
