"""What we ourselves observed of a notebook's run in zone K."""

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
    TIMED_OUT: a limit of time passed, or the kernel only waited; nobody can say whether it would have ended.
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
"""Errors that a record keeps: nobody reads more, and each is a finding with text in every file of grades."""


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
        idle_seconds: A cell that takes no processor time and sends nothing for so long is ended.
        skips_slow_cells: A cell that takes too long is interrupted and the cells after it are run all the same, as
            nobody wants for a grade.
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
    """A name that a cell lacked because a cell further down defines it.

    Attributes:
        name: The name.
        cell_index: Position in the file of the first cell below that defines it, from 0.
        recorded: `n` of `In[n]` of the cell that lacked it, as the author's session left it, or None.
        defining_recorded: The same of the cell that defines it.
    """

    name: str
    cell_index: int
    recorded: int | None = None
    defining_recorded: int | None = None

    @property
    def ran_in_recorded_order(self) -> bool:
        """Say whether the author ran the two cells in the other order."""
        return (
            self.recorded is not None
            and self.defining_recorded is not None
            and (self.defining_recorded < self.recorded)
        )


@dataclass(frozen=True, slots=True)
class LackedName:
    """A name that a cell used and that nothing had made.

    Attributes:
        name: The name.
        made_in: Positions in the file of the cells that bind it, in order; empty where no cell does.
    """

    name: str
    made_in: tuple[int, ...] = ()


class RaisedBy(StrEnum):
    """Whose code an exception comes from: that of the innermost frame of its traceback (a claim, for words).

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
        text: Its message, control characters removed, at most 2,000 characters; one that was cut ends in "…".
        line: The source line of the cell where it was raised, or "".
        provided: The instructor's id of the cell (`grade_id`), or "".
        given: The cell says that it is the instructor's, and not one to complete.
        defined_below: The name that was missing and where the notebook defines it, for a NameError of the wrong order.
        lacked: The name that was missing and the cells that make it, for every NameError whose text says which.
        raised_by: Whose code raised it.
        package: The installed package that raised it (`keras`), or "".
        stops_training: The cell trains a model in the statement that raised, or in one below that was not reached.
        asks_for_accelerator: The statements up to the one that raised look for a GPU or a TPU.
        after_fetching: The cell, or one above, fetches files from the network (`!wget …`), where there is none.
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
        peak_memory_mib: Largest resident memory of the process tree that the watchdog saw (0 where not watched).
        output_truncated: Output passed `Limits.output_mib` and was dropped.
        sandboxed: False where the instructor said `--sandbox none` or on a student's own machine.
        detail: What a person needs to know beyond this (exit status, signal, why unavailable), or None.
        places: Where the cells stand that are named here, for people.
        errors_left_out: How many more cells raised than `errors` holds.
        skipped: Positions in the file of the cells that were interrupted because they took too long, where the others
            were run all the same.
        processor_seconds: Time that all its processes kept processors busy, as the system counts it; None where nobody
            looked.
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
