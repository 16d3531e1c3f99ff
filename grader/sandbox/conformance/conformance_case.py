"""A behaviour of a sandbox: a name, the rule, and code that breaks the rule if the sandbox does not enforce it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.domain.run import Limits, RunStatus, StoppedBy

QUICK = Limits(cell_seconds=30, notebook_seconds=300, memory_mib=2048, processes=128, work_mib=64, file_mib=16)
"""Limits under which an attack succeeds within seconds, wide enough for a kernel on a busy machine."""


@dataclass(frozen=True)
class Probe:
    """A cell that raises an exception if the sandbox leaks; many cells share one kernel.

    Attributes:
        name: Name of the behaviour; the id of its test.
        rule: The rule, as a sentence.
        cell: Its source; the dictionary `FACTS` contains what exists on the machine.
        sharp: Whether it must raise on an open machine, which shows that it works; False if that machine would be
            harmed, or may follow the rule by chance.
    """

    name: str
    rule: str
    cell: str
    sharp: bool = False


@dataclass(frozen=True)
class Ending:
    """A notebook that ends or damages its kernel, and how its run must be recorded.

    Attributes:
        name: Name of the behaviour.
        rule: The rule, as a sentence.
        cells: The notebook.
        status: How the run must end.
        stopped_by: What must end it.
        limits: Limits of the run.
        errors: Classes of the exceptions that must be recorded, in order; None if it does not matter.
        output_truncated: Whether output must have been truncated; None if it does not matter.
    """

    name: str
    rule: str
    cells: Sequence[str]
    status: RunStatus
    stopped_by: StoppedBy = StoppedBy.NOTHING
    limits: Limits = QUICK
    errors: Sequence[str] | None = None
    output_truncated: bool | None = None


@dataclass(frozen=True)
class ConformanceResult:
    """Whether a sandbox has a behaviour.

    Attributes:
        name: Name of the behaviour.
        group: Its topic.
        rule: What should hold.
        holds: Whether it holds.
        said: What was observed if it does not.
    """

    name: str
    group: str
    rule: str
    holds: bool
    said: str = ""


def first_cell(facts: Mapping[str, object]) -> str:
    """Return the cell that gives a kernel the facts about the machine and two helper functions."""
    return f"FACTS = {dict(facts)!r}\n" + _WORDS


_WORDS = '''
import ctypes, os, pathlib, socket, sys

def refused(action, *errors):
    """Raise unless the action does; return its error."""
    try:
        answer = action()
    except (errors or (OSError,)) as error:
        return error
    raise AssertionError(f"it worked: {answer!r}")

def system_call(number_x86_64, number_aarch64, *arguments):
    """Make a system call; raise OSError as the kernel says."""
    library = ctypes.CDLL(None, use_errno=True)
    number = {"x86_64": number_x86_64, "aarch64": number_aarch64}[os.uname().machine]
    if (answer := library.syscall(number, *arguments)) < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return answer
'''
