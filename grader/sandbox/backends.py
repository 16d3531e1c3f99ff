"""The two places where a notebook can run: the bubblewrap sandbox, and this machine as it is."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from grader.domain.acceleration import Acceleration
from grader.domain.datasets import for_kernel
from grader.domain.facts import DATA_SIZE_VARIABLE
from grader.domain.folders import private_folder, require_closed, without_set_id
from grader.domain.run import Limits, RunRecord
from grader.domain.submission import Companion, Notebook
from grader.sandbox import bubblewrap
from grader.sandbox.driver import Circle, run_cells
from grader.sandbox.kernel import OwnKernelManager
from grader.sandbox.watchdog import DEEPEST_FOLDER

PROBE_FOLDER = Path(__file__).parent.parent / "probe"
_OPEN_FILES = 4096
_SIGNALS = 1024  # that wait, and timers
_LOCKED_BYTES = 2**23
COMPANIONS = "beside"
"""Folder, beside the kernel's sockets, of what was handed in beside a notebook."""


@dataclass(frozen=True)
class BubblewrapSandbox:
    """Runs notebooks cut off from everything.

    Attributes:
        program: bubblewrap, from `find_bubblewrap`.
        datasets: Public `.npz` file of each data set that the kernel may see, by Keras's name.
        threads: Threads TensorFlow may use for one notebook.
        patience: For an inspection, never for a grade: seconds of processors that one training and all trainings may
            take before they are ended; the kernel then also finds out whose images are trained on.
        acceleration: How trainings are made faster; None where each runs as Keras runs it.
    """

    program: Path
    datasets: Mapping[str, Path] = field(default_factory=dict)
    threads: int = 2
    patience: tuple[float, float] | None = None
    acceleration: Acceleration | None = None

    def run(self, notebook: Notebook, limits: Limits, exchange: Path) -> RunRecord:
        """Run every cell and leave the claims in `exchange/claims`."""
        uid = bubblewrap.unprivileged_uid()
        with private_folder(for_sockets=True) as folder:
            folder.chmod(0o755)  # for the sandbox's own user; the one above it is closed
            for writable in (folder / "k", exchange):
                writable.mkdir(parents=True, exist_ok=True)
                require_closed(writable.parent)
                if uid is not None:
                    os.chown(writable, uid, uid)
            inside = {name: f"{bubblewrap.DATASETS}/{path.name}" for name, path in self.datasets.items()}
            lay_out(notebook.companions, folder / COMPANIONS)
            settings = _write_settings(
                folder,
                _settings(datasets=inside, claims=bubblewrap.EXCHANGE, stub=True, patience=self.patience)
                | {"uid": uid, "limits": _hard_limits(limits)}
                | _faster(self.acceleration),
            )
            command = bubblewrap.command_prefix(
                self.program,
                self._bindings(folder, exchange),
                work_mib=limits.work_mib,
                environment=_environment(bubblewrap.HOME, self.threads)
                | {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
            )
            command += [sys.executable, f"{bubblewrap.PROBE}/kernel_main.py", str(settings), "-f", "{connection_file}"]
            manager = OwnKernelManager(command, folder)
            try:
                circle = Circle(limits, exchange, bubblewrap.MEMORY_FOLDERS, float(self.threads))
                return run_cells(notebook.cells, manager, circle, environment={"PATH": "/usr/bin:/bin"})
            finally:
                without_set_id(exchange, deepest=DEEPEST_FOLDER)

    def _bindings(self, folder: Path, exchange: Path) -> list[bubblewrap.Binding]:
        places = (bubblewrap.DATASETS, bubblewrap.WORK_FOLDER)  # for `keras.datasets`, and for `np.load("mnist.npz")`
        data = [bubblewrap.Binding(path, f"{place}/{path.name}") for path in self.datasets.values() for place in places]
        return [
            bubblewrap.Binding(PROBE_FOLDER, bubblewrap.PROBE),
            bubblewrap.Binding(folder, str(folder)),
            bubblewrap.Binding(folder / "k", str(folder / "k"), writable=True),
            bubblewrap.Binding(exchange, bubblewrap.EXCHANGE, writable=True),
            *data,
        ]


@dataclass(frozen=True)
class OpenMachine:
    """Runs notebooks with this user's rights: for a student's own check, and where an instructor insists.

    Attributes:
        datasets: Public `.npz` file of each data set, by Keras's name.
        work_folder: Where the notebook runs; None for a fresh temporary folder.
        threads: Threads TensorFlow may use for one notebook.
        patience: As in `BubblewrapSandbox`.
        data_size: `full` or `sample`: what the data sets are, for `grader.check` in a cell.
        acceleration: As in `BubblewrapSandbox`.
    """

    datasets: Mapping[str, Path] = field(default_factory=dict)
    work_folder: Path | None = None
    threads: int = 2
    patience: tuple[float, float] | None = None
    data_size: str = "full"
    acceleration: Acceleration | None = None

    def run(self, notebook: Notebook, limits: Limits, exchange: Path) -> RunRecord:
        """Run every cell and leave the claims in `exchange/claims`."""
        exchange.mkdir(parents=True, exist_ok=True)
        with private_folder(for_sockets=True) as folder, private_folder() as scratch:
            (folder / "k").mkdir()
            datasets = {name: str(path) for name, path in self.datasets.items()}
            for path in self.datasets.values():
                _lay_out(path, scratch)
            lay_out(notebook.companions, scratch)
            settings = _write_settings(
                folder,
                _settings(datasets=datasets, claims=str(exchange), stub=False, patience=self.patience)
                | _faster(self.acceleration),
            )
            command = [sys.executable, str(PROBE_FOLDER / "kernel_main.py"), str(settings), "-f", "{connection_file}"]
            manager = OwnKernelManager(command, folder, ipc=os.name == "posix")
            environment = dict(os.environ) | _environment(str(Path.home()), self.threads)
            environment |= {DATA_SIZE_VARIABLE: self.data_size}
            cells = _in_folder(notebook, self.work_folder or scratch).cells
            record = run_cells(cells, manager, Circle(limits, exchange), environment=environment)
        return replace(record, sandboxed=False)


def lay_out(companions: Sequence[Companion], folder: Path) -> None:
    """Copy what was handed in beside a notebook below a folder of ours, under names that intake has vetted."""
    for companion in companions:
        place = folder.joinpath(*companion.name.split("/"))
        if not place.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"{companion.name!r} leads out of its folder")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(companion.path, place)
        place.chmod(0o644)
    for made in (folder, *folder.rglob("*")) if companions else ():
        if made.is_dir() and not made.is_symlink():
            made.chmod(0o755)


def _lay_out(file: Path, folder: Path) -> None:
    """Let notebooks open a data file by its name alone."""
    try:
        (folder / file.name).symlink_to(file)
    except OSError:  # Windows without the right to make links
        shutil.copyfile(file, folder / file.name)


def _in_folder(notebook: Notebook, folder: Path) -> Notebook:
    """Return the notebook as it is; the kernel changes into `folder` before its first cell."""
    first, *others = notebook.cells
    moved = replace(first, source=f"%cd -q {folder}\n{first.source}") if not first.source.startswith("%%") else first
    return replace(notebook, cells=(moved, *others))


def _settings(
    *, datasets: Mapping[str, str], claims: str, stub: bool, patience: tuple[float, float] | None
) -> dict[str, Any]:
    """What the kernel is started with; without a user to become and without limits, as on an open machine."""
    return {
        "uid": None,
        "limits": {},
        "datasets": dict(datasets),
        "data_sets": for_kernel(),
        "claims": f"{claims}/claims",
        "stub_grader": stub,
        "filter_system_calls": stub,
        "patience": patience,
    }


def _faster(acceleration: Acceleration | None) -> dict[str, Any]:
    return {} if acceleration is None else {"acceleration": acceleration.settings()}


def _write_settings(folder: Path, settings: Mapping[str, Any]) -> Path:
    beside = folder / COMPANIONS
    path = folder / "settings.json"
    written = {**settings, "companions": str(beside) if beside.is_dir() else None}
    path.write_text(json.dumps(written), encoding="utf-8")
    return path


def _hard_limits(limits: Limits) -> dict[str, int]:
    """Translate limits for `setrlimit`; memory doubly wide, since the watchdog keeps the exact limit."""
    return {
        "NPROC": limits.processes,
        "FSIZE": limits.file_mib * 2**20,
        "DATA": 2 * limits.memory_mib * 2**20,
        "NOFILE": _OPEN_FILES,
        "CORE": 0,
        "MSGQUEUE": 0,
        "SIGPENDING": _SIGNALS,
        "MEMLOCK": _LOCKED_BYTES,
    }


def _environment(home: str, threads: int) -> dict[str, str]:
    return {
        "HOME": home,
        "LANG": "C.UTF-8",
        "USER": "student",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": tempfile.gettempdir() if home != bubblewrap.HOME else f"{home}/.matplotlib",
        "PLOTLY_RENDERER": "plotly_mimetype",  # any other puts its four megabytes of JavaScript into the output
        "PYTHONDONTWRITEBYTECODE": "1",
        "PIP_NO_INDEX": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": str(threads),
        "OMP_NUM_THREADS": str(threads),
        "KERAS_BACKEND": "tensorflow",
    }
