"""No sandbox: this machine with this user's rights, for a student's own check or if an instructor insists."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from grader.domain.acceleration import Acceleration
from grader.domain.architecture import Shape
from grader.domain.datasets import DataSize
from grader.domain.facts import DATA_SIZE_VARIABLE
from grader.domain.folders import private_folder
from grader.domain.messages import message
from grader.domain.ports import GraphSandbox
from grader.domain.run import Limits, RunRecord
from grader.domain.submission import Notebook
from grader.sandbox.backends.backend import KernelOptions, SandboxUnderTest
from grader.sandbox.backends.kernel_settings import environment, kernel_settings, lay_out, write_settings
from grader.sandbox.bubblewrap import PROBE_FOLDER
from grader.sandbox.driver import Circle, run_cells
from grader.sandbox.kernel import OwnKernelManager


@dataclass(frozen=True)
class OpenMachine:
    """Runs notebooks with this user's rights.

    Attributes:
        datasets: Public `.npz` file of each data set, by Keras's name.
        work_folder: Where the notebook runs; None for a fresh temporary folder.
        threads: Threads TensorFlow may use for one notebook.
        patience: As in `KernelOptions`.
        data_size: The size of the data sets, for `grader.check` in a cell.
        acceleration: As in `KernelOptions`.
        inputs: As in `KernelOptions`.
    """

    datasets: Mapping[str, Path] = field(default_factory=dict)
    work_folder: Path | None = None
    threads: int = 2
    patience: tuple[float, float] | None = None
    data_size: DataSize = DataSize.FULL
    acceleration: Acceleration | None = None
    inputs: Mapping[str, Shape] = field(default_factory=dict)

    def run(self, notebook: Notebook, limits: Limits, exchange: Path) -> RunRecord:
        """Run every cell and leave the claims in `exchange/claims`."""
        exchange.mkdir(parents=True, exist_ok=True)
        with private_folder(for_sockets=True) as folder, private_folder() as scratch:
            (folder / "k").mkdir()
            for path in self.datasets.values():
                _lay_out_data(path, scratch)
            lay_out(notebook.companions, scratch)
            settings = write_settings(
                folder,
                kernel_settings(
                    datasets={name: str(path) for name, path in self.datasets.items()},
                    claims=str(exchange),
                    shut_in=False,
                    patience=self.patience,
                    acceleration=self.acceleration,
                    inputs=self.inputs,
                ),
            )
            command = [sys.executable, str(PROBE_FOLDER / "kernel_main.py"), str(settings), "-f", "{connection_file}"]
            manager = OwnKernelManager(command, folder, ipc=os.name == "posix")
            variables = dict(os.environ) | environment(str(Path.home()), self.threads)
            variables |= {DATA_SIZE_VARIABLE: self.data_size}
            cells = _in_folder(notebook, self.work_folder or scratch).cells
            record = run_cells(cells, manager, Circle(limits, exchange), environment=variables)
        return replace(record, sandboxed=False)


class OpenMachineBackend:
    """`--sandbox none`."""

    name: Final = "none"
    advice: Final = message("nothing: notebooks run with your rights")
    isolates: Final = False
    complaint: Final = None

    def find(self) -> str:
        """Return its description; it exists on every machine."""
        return self.name

    @contextmanager
    def opened(self, *, warm: bool) -> Iterator[OpenMachineBackend]:  # noqa: ARG002 - nothing is shared
        """Hold nothing."""
        yield self

    def sandbox(self, options: KernelOptions) -> OpenMachine:
        """Return a place where notebooks run with these options."""
        return OpenMachine(
            options.datasets,
            options.work_folder,
            options.threads,
            options.patience,
            options.data_size,
            options.acceleration,
            options.inputs,
        )

    def graph_command(self, threads: int) -> GraphSandbox | None:  # noqa: ARG002
        """Return None: a student's graph runs in a sandbox or not at all."""
        return None

    def measuring_prefix(self) -> None:
        """Return None: the measuring process has this user's rights as well."""

    @contextmanager
    def conformance(self) -> Iterator[tuple[SandboxUnderTest, ...]]:
        """Yield nothing: this backend promises nothing."""
        yield ()


def _lay_out_data(file: Path, folder: Path) -> None:
    """Let notebooks open a data file by its name alone."""
    try:
        (folder / file.name).symlink_to(file)
    except OSError:  # Windows without the right to create links
        shutil.copyfile(file, folder / file.name)


def _in_folder(notebook: Notebook, folder: Path) -> Notebook:
    """Return the notebook unchanged; the kernel changes into `folder` before its first cell."""
    first, *others = notebook.cells
    moved = replace(first, source=f"%cd -q {folder}\n{first.source}") if not first.source.startswith("%%") else first
    return replace(notebook, cells=(moved, *others))
