"""The bubblewrap sandbox: an isolated kernel, started cold or forked from a warm process."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from grader.domain.acceleration import Acceleration
from grader.domain.architecture import Shape
from grader.domain.folders import private_folder, require_closed, without_set_id
from grader.domain.messages import message
from grader.domain.ports import GraphSandbox
from grader.domain.run import Limits, RunRecord, RunStatus
from grader.domain.submission import Notebook
from grader.sandbox import bubblewrap
from grader.sandbox.backends.backend import KernelOptions, SandboxUnderTest
from grader.sandbox.backends.kernel_settings import (
    COMPANIONS,
    environment,
    hard_limits,
    kernel_settings,
    lay_out,
    write_settings,
)
from grader.sandbox.control_groups import RunGroup, run_group
from grader.sandbox.driver import Circle, run_cells
from grader.sandbox.graph_command import graph_sandbox
from grader.sandbox.kernel import OwnKernelManager
from grader.sandbox.measuring_sandbox import measuring_prefix
from grader.sandbox.warm.forked import ForkedKernel
from grader.sandbox.warm.suitable import imported_by, is_suitable
from grader.sandbox.warm.warm_process import RUN, ForkServer, NotWarmError, RunFolder
from grader.sandbox.watchdog import DEEPEST_FOLDER


@dataclass(frozen=True)
class BubblewrapSandbox:
    """Runs notebooks in isolation.

    Attributes:
        program: bubblewrap, from `find_bubblewrap`.
        datasets: Public `.npz` file of each data set that the kernel may see, by Keras's name.
        threads: Threads TensorFlow may use for one notebook.
        patience: As in `KernelOptions`.
        acceleration: As in `KernelOptions`.
        inputs: As in `KernelOptions`.
        warm: Forks kernels; None if each is started cold.
        only_warm: Whether cold kernels are forbidden, so that a test of warm ones tests no other.
    """

    program: Path
    datasets: Mapping[str, Path] = field(default_factory=dict)
    threads: int = 2
    patience: tuple[float, float] | None = None
    acceleration: Acceleration | None = None
    inputs: Mapping[str, Shape] = field(default_factory=dict)
    warm: ForkServer | None = field(default=None, compare=False)
    only_warm: bool = False

    def run(self, notebook: Notebook, limits: Limits, exchange: Path) -> RunRecord:
        """Run every cell and leave the claims in `exchange/claims`; in a warm kernel if possible, else a cold one."""
        if self.warm is None:
            return self._run_cold(notebook, limits, exchange)
        if self.only_warm:
            return self._run_warm(notebook, limits, exchange, self.warm)
        if is_suitable(notebook):
            with suppress(NotWarmError):
                record = self._run_warm(notebook, limits, exchange, self.warm)
                if record.status is not RunStatus.UNAVAILABLE or record.cells_run:
                    return record
        return self._run_cold(notebook, limits, exchange)

    def _run_cold(self, notebook: Notebook, limits: Limits, exchange: Path) -> RunRecord:
        uid = bubblewrap.unprivileged_uid()
        with private_folder(for_sockets=True) as folder:
            _give(folder, (folder / "k", exchange), uid)
            lay_out(notebook.companions, folder / COMPANIONS)
            settings = write_settings(folder, self._settings(limits, uid))
            command = bubblewrap.command_prefix(
                self.program,
                self._bindings(folder, exchange),
                work_mib=limits.work_mib,
                environment=inner_environment(self.threads),
            )
            command += [sys.executable, f"{bubblewrap.PROBE}/kernel_main.py", str(settings), "-f", "{connection_file}"]
            with _group(limits) as group:
                manager = OwnKernelManager([*([] if group is None else group.joining()), *command], folder)
                return self._run_in(manager, notebook, self._circle(limits, exchange, group))

    def _run_warm(self, notebook: Notebook, limits: Limits, exchange: Path, server: ForkServer) -> RunRecord:
        with server.run_folder() as run:
            exchange.parent.mkdir(parents=True, exist_ok=True)
            if run.path.stat().st_dev != exchange.parent.stat().st_dev:
                raise NotWarmError("claims cannot be handed over in one step: they are wanted on another disk")
            record = self._run_forked(notebook, limits, run, server)
            if record.status is not RunStatus.UNAVAILABLE or record.cells_run:
                _hand_over(run.exchange, exchange)
        return record

    def _run_forked(self, notebook: Notebook, limits: Limits, run: RunFolder, server: ForkServer) -> RunRecord:
        uid = bubblewrap.unprivileged_uid()
        _give(run.path, (run.path / "k", run.exchange), uid)
        lay_out(notebook.companions, run.path / COMPANIONS)
        lent = {path.name: server.lend_data(path) for path in self.datasets.values()}
        settings = self._settings(limits, uid) | {
            "run": run.path.name,
            "own_ids": (os.geteuid(), os.getegid()),
            "environment": inner_environment(self.threads),
            "memory_folders": bubblewrap.memory_sizes(limits.work_mib),
            "work_folder": bubblewrap.WORK_FOLDER,
            "data_folder": bubblewrap.DATASETS,
            "data": {f"{place}/{name}": source for name, source in lent.items() for place in _DATA_PLACES},
            "companions": f"{RUN}/{COMPANIONS}" if notebook.companions else None,
            "modules": imported_by(notebook),
        }

        with _group(limits) as group:

            def fork(log: int, connection: Mapping[str, Any]) -> ForkedKernel:
                inside = json.dumps({**connection, "ip": f"{RUN}/k/s"})
                return server.fork({**settings, "connection": inside}, log, group)

            manager = OwnKernelManager(["a warm kernel"], run.path, fork=fork)
            return self._run_in(manager, notebook, self._circle(limits, run.exchange, group))

    def _circle(self, limits: Limits, exchange: Path, group: RunGroup | None) -> Circle:
        return Circle(limits, exchange, bubblewrap.MEMORY_FOLDERS, float(self.threads), group)

    def _run_in(self, manager: OwnKernelManager, notebook: Notebook, circle: Circle) -> RunRecord:
        try:
            return run_cells(notebook.cells, manager, circle, environment={"PATH": "/usr/bin:/bin"})
        finally:
            without_set_id(circle.exchange, deepest=DEEPEST_FOLDER)

    def _settings(self, limits: Limits, uid: int | None) -> dict[str, Any]:
        inside = {name: f"{bubblewrap.DATASETS}/{path.name}" for name, path in self.datasets.items()}
        settings = kernel_settings(
            datasets=inside,
            claims=bubblewrap.EXCHANGE,
            shut_in=True,
            patience=self.patience,
            acceleration=self.acceleration,
            inputs=self.inputs,
        )
        return settings | {"uid": uid, "limits": hard_limits(limits)}

    def _bindings(self, folder: Path, exchange: Path) -> list[bubblewrap.Binding]:
        data = [
            bubblewrap.Binding(path, f"{place}/{path.name}")
            for path in self.datasets.values()
            for place in _DATA_PLACES
        ]
        return [
            bubblewrap.Binding(bubblewrap.PROBE_FOLDER, bubblewrap.PROBE),
            bubblewrap.Binding(folder, str(folder)),
            bubblewrap.Binding(folder / "k", str(folder / "k"), writable=True),
            bubblewrap.Binding(exchange, bubblewrap.EXCHANGE, writable=True),
            *data,
        ]


_DATA_PLACES = (bubblewrap.DATASETS, bubblewrap.WORK_FOLDER)  # for `keras.datasets`, and for `np.load("mnist.npz")`


def inner_environment(threads: int) -> dict[str, str]:
    """Return the environment variables of a kernel in the sandbox."""
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return environment(bubblewrap.HOME, threads) | {"PATH": path}


def _group(limits: Limits) -> AbstractContextManager[RunGroup | None]:
    return run_group(limits, sum(bubblewrap.memory_sizes(limits.work_mib).values()))


def _give(folder: Path, writable: tuple[Path, ...], uid: int | None) -> None:
    """Give the sandbox's user access to a folder of ours below a closed one, with write access to some subfolders."""
    folder.chmod(0o755)
    for place in writable:
        place.mkdir(parents=True, exist_ok=True)
        require_closed(place.parent)
        if uid is not None:
            os.chown(place, uid, uid)


def _hand_over(made: Path, wanted: Path) -> None:
    """Move a run's output to where the caller wants it, in one step that follows no link."""
    require_closed(wanted.parent)
    made.rename(wanted)


@dataclass(frozen=True)
class OpenedBubblewrap:
    """bubblewrap for a session, with a process that forks warm kernels if they were asked for."""

    program: Path
    threads_of_server: dict[int, ForkServer] | None
    _resources: ExitStack

    def sandbox(self, options: KernelOptions) -> BubblewrapSandbox:
        """Return a place where notebooks run with these options."""
        return BubblewrapSandbox(
            self.program,
            options.datasets,
            options.threads,
            options.patience,
            options.acceleration,
            options.inputs,
            self._server(options.threads),
        )

    @property
    def complaint(self) -> str | None:
        """Return why kernels start cold although warm ones were asked for."""
        servers = (self.threads_of_server or {}).values()
        return next((server.complaint for server in servers if server.complaint), None)

    def _server(self, threads: int) -> ForkServer | None:
        if self.threads_of_server is None:
            return None
        if threads not in self.threads_of_server:
            server = ForkServer(self.program, inner_environment(threads))
            self.threads_of_server[threads] = self._resources.enter_context(server)
        return self.threads_of_server[threads]


class BubblewrapBackend:
    """`--sandbox bubblewrap`."""

    name: Final = "bubblewrap"
    advice: Final = message("the network, other processes and all files but its own")
    isolates: Final = True

    def find(self) -> str:
        """Return the program.

        Raises:
            SandboxUnavailableError: There is none that works.
        """
        return str(bubblewrap.find_bubblewrap())

    @contextmanager
    def opened(self, *, warm: bool) -> Iterator[OpenedBubblewrap]:
        """Hold the processes that fork warm kernels.

        Raises:
            SandboxUnavailableError: There is no program that works.
        """
        program = bubblewrap.find_bubblewrap()
        with ExitStack() as resources:
            yield OpenedBubblewrap(program, {} if warm else None, resources)

    def graph_command(self, threads: int) -> GraphSandbox:
        """Return how to start a second sandbox, which holds one exported graph.

        Raises:
            SandboxUnavailableError: There is no program that works.
        """
        return graph_sandbox(bubblewrap.find_bubblewrap(), threads=threads)

    def measuring_prefix(self) -> Callable[[Sequence[Path]], Sequence[str]]:
        """Return how to start the measuring process in a sandbox.

        Raises:
            SandboxUnavailableError: There is no program that works.
        """
        return partial(measuring_prefix, bubblewrap.find_bubblewrap())

    @contextmanager
    def conformance(self) -> Iterator[tuple[SandboxUnderTest, ...]]:
        """Yield a sandbox with cold kernels, and one with forked kernels.

        Raises:
            SandboxUnavailableError: There is no program that works.
        """
        options = KernelOptions(threads=1)
        with self.opened(warm=False) as cold, self.opened(warm=True) as warm:
            yield (
                SandboxUnderTest("cold", cold.sandbox(options)),
                SandboxUnderTest("warm", replace(warm.sandbox(options), only_warm=True)),
            )
