"""What a sandbox must offer, so that commands, their help and `grader doctor` know it: `Backend`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from grader.domain.acceleration import Acceleration
from grader.domain.messages import Message
from grader.domain.ports import GraphSandbox, Sandbox


@dataclass(frozen=True)
class KernelOptions:
    """How the kernels of a session run.

    Attributes:
        datasets: Public `.npz` file of each data set that a kernel may see, by Keras's name.
        threads: Threads TensorFlow may use for one notebook.
        patience: For an inspection, never for a grade: seconds of processors that one training and all trainings may
            take before they are ended; the kernel then also finds out whose images are trained on.
        acceleration: How trainings are made faster; None where each runs as Keras runs it.
        work_folder: Where a notebook runs that is not shut in; None for a fresh temporary folder.
        data_size: `full` or `sample`: what the data sets are, for `grader.check` in a cell.
    """

    datasets: Mapping[str, Path] = field(default_factory=dict)
    threads: int = 2
    patience: tuple[float, float] | None = None
    acceleration: Acceleration | None = None
    work_folder: Path | None = None
    data_size: str = "full"


@dataclass(frozen=True, slots=True)
class SandboxUnderTest:
    """One sandbox of a backend that the conformance suite is run on.

    Attributes:
        name: Which of the backend's ways to start a kernel it is.
        sandbox: Where the behaviours are tried.
    """

    name: str
    sandbox: Sandbox


class OpenedBackend(Protocol):
    """A backend whose resources are held for a session.

    Attributes:
        complaint: Why kernels are started cold although warm ones were asked for; None where they are not.
    """

    @property
    def complaint(self) -> str | None:
        """Return why kernels are started cold."""
        ...

    def sandbox(self, options: KernelOptions) -> Sandbox:
        """Return a place where notebooks run with these options."""
        ...


class Backend(Protocol):
    """One kind of sandbox.

    Attributes:
        name: Value of `--sandbox`.
        advice: What it keeps a notebook from, in half a sentence, for `grader doctor`.
        isolates: Whether notebooks are kept from everything; where they are not, a warning is shown and hidden data
            are not guarded.
    """

    name: str
    advice: Message
    isolates: bool

    def find(self) -> str:
        """Return what it runs with on this machine, in a few words for `grader doctor`.

        Raises:
            SandboxUnavailableError: It does not work here; `reason` says why and what to do.
        """
        ...

    def opened(self, *, warm: bool) -> AbstractContextManager[OpenedBackend]:
        """Hold what kernels of a session share, and release it at the end.

        Args:
            warm: Whether kernels may be forked from a process that has imported their packages, where it can do that.

        Raises:
            SandboxUnavailableError: It does not work here.
        """
        ...

    def graph_command(self, threads: int) -> GraphSandbox | None:
        """Return how the second sandbox is started, which runs one exported graph; None where there is none."""
        ...

    def measuring_prefix(self) -> Callable[[Sequence[Path]], Sequence[str]] | None:
        """Return how the measuring process is shut in, given the folders that it may write to; None where it is not.

        The answer of what is returned is a command up to the program that shall run inside.
        """
        ...

    def conformance(self) -> AbstractContextManager[tuple[SandboxUnderTest, ...]]:
        """Lend every sandbox that must have all named behaviours; none where nothing is promised.

        Raises:
            SandboxUnavailableError: It does not work here.
        """
        ...
