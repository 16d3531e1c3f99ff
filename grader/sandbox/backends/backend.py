"""The interface of a sandbox, which commands, their help and `grader doctor` use: `Backend`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from grader.domain.acceleration import Acceleration
from grader.domain.architecture import Shape
from grader.domain.datasets import DataSize
from grader.domain.messages import Message
from grader.domain.ports import GraphSandbox, Sandbox


@dataclass(frozen=True)
class KernelOptions:
    """How the kernels of a session run.

    Attributes:
        datasets: Public `.npz` file of each data set that a kernel may see, by Keras's name.
        threads: Threads TensorFlow may use for one notebook.
        patience: For an inspection, never for a grade: processor seconds for one training and for all trainings, after
            which they are ended; the kernel then also identifies the images of the trainings.
        acceleration: How trainings are accelerated; None if each runs as Keras runs it.
        work_folder: Where a notebook without a sandbox runs; None for a fresh temporary folder.
        data_size: The size of the data sets, for `grader.check` in a cell.
        inputs: What the reference's models take, by the names that the assignment asks for.
    """

    datasets: Mapping[str, Path] = field(default_factory=dict)
    threads: int = 2
    patience: tuple[float, float] | None = None
    acceleration: Acceleration | None = None
    work_folder: Path | None = None
    data_size: DataSize = DataSize.FULL
    inputs: Mapping[str, Shape] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SandboxUnderTest:
    """One sandbox of a backend for the conformance suite.

    Attributes:
        name: Which of the backend's ways to start a kernel it uses.
        sandbox: Where the behaviours are tried.
    """

    name: str
    sandbox: Sandbox


class OpenedBackend(Protocol):
    """A backend that holds its resources for a session.

    Attributes:
        complaint: Why kernels start cold although warm ones were asked for; None if they do not.
    """

    @property
    def complaint(self) -> str | None:
        """Return why kernels start cold."""
        ...

    def sandbox(self, options: KernelOptions) -> Sandbox:
        """Return a place where notebooks run with these options."""
        ...


class Backend(Protocol):
    """One kind of sandbox.

    Attributes:
        name: Value of `--sandbox`.
        advice: What it keeps a notebook from doing, in half a sentence, for `grader doctor`.
        isolates: Whether notebooks are isolated; if not, a warning is shown and hidden data are not protected.
    """

    name: str
    advice: Message
    isolates: bool

    def find(self) -> str:
        """Return the program that it uses on this machine, in a few words for `grader doctor`.

        Raises:
            SandboxUnavailableError: It does not work here; `reason` says why and what to do.
        """
        ...

    def opened(self, *, warm: bool) -> AbstractContextManager[OpenedBackend]:
        """Hold the shared resources of a session's kernels, and release them at the end.

        Args:
            warm: Whether kernels may be forked from a process that has imported their packages, if the backend can do
                that.

        Raises:
            SandboxUnavailableError: It does not work here.
        """
        ...

    def graph_command(self, threads: int) -> GraphSandbox | None:
        """Return how to start the second sandbox, which runs one exported graph; None if there is none."""
        ...

    def measuring_prefix(self) -> Callable[[Sequence[Path]], Sequence[str]] | None:
        """Return how to start the measuring process in a sandbox; None if it runs without one.

        The result takes the folders that the process may write to and returns the command before the program.
        """
        ...

    def conformance(self) -> AbstractContextManager[tuple[SandboxUnderTest, ...]]:
        """Yield every sandbox that must have all named behaviours; none if the backend promises nothing.

        Raises:
            SandboxUnavailableError: It does not work here.
        """
        ...
