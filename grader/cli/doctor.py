"""`grader doctor`: what this machine has, what is missing, and the command that installs it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.cli.command_language import Exit, echo_json, error_border, translated
from grader.cli.extras import BROUGHT_BY, what_to_install
from grader.domain.datasets import image_sets
from grader.domain.folders import private_folder
from grader.domain.measurement import MeasuringFailedError
from grader.domain.messages import Message, message, verbatim
from grader.domain.run import Limits, RunStatus
from grader.domain.submission import CodeCell, Notebook
from grader.rebuild.client import MeasuringProcesses, MissingDataError, MissingTensorFlowError, require_tensorflow
from grader.rebuild.protocol import SHIPPED

if TYPE_CHECKING:
    from grader.sandbox.backends.backend import Backend

_CLASSROOM = (
    "imageio", "ipywidgets", "opencv-python-headless", "pandas", "plotly", "pydot", "scikit-image", "scikit-learn",
    "scipy", "seaborn", "tabulate", "tensorboard", "tqdm",
)  # fmt: skip
_WANTED_MEMORY_GIB = 4
_WANTED_DISK_GIB = 2
_TRIAL_CELL = "import os; assert not os.path.exists('/etc/shadow'); assert os.getuid() != 0"


class ItemState(StrEnum):
    """The state of one examined thing."""

    GOOD = "good"
    LIMITED = "limited"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class DoctorItem:
    """One line of the doctor.

    Attributes:
        name: What was examined, as named in JSON.
        state: Its state.
        said: What was found, and what to do.
    """

    name: str
    state: ItemState
    said: Message


def examine(data_folder: Path | None, *, language: str | None, as_json: bool) -> None:
    """Print what was found; exit status 1 if grading is not possible."""
    with error_border(language):
        lines = [*_versions(), *_resources(), *_running(), *_data(data_folder)]
    if as_json:
        rows = [
            {"name": line.name, "state": line.state.value, "said": translated(line.said, language)} for line in lines
        ]
        echo_json(rows)
    else:
        Console().print(_table(lines, language))
    if any(line.state is ItemState.BAD for line in lines):
        raise typer.Exit(int(Exit.DID_NOT_PASS))


_NAMES: Final[Mapping[str, Message]] = {
    "memory": message("memory"),
    "disk": message("disk"),
    "sandbox": message("sandbox"),
    "classroom": message("as in Colab"),
    "grade": message("running notebooks"),
    "warm": message("kernels"),
}
"""The text shown instead of a name, unless it is that of a package or data set."""


def _table(lines: list[DoctorItem], language: str | None) -> Table:
    signs = {ItemState.GOOD: ("✓", "green"), ItemState.LIMITED: ("!", "yellow"), ItemState.BAD: ("✗", "red")}
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")  # a shortened path is of no use
    for line in lines:
        sign, colour = signs[line.state]
        name = translated(_NAMES.get(line.name) or verbatim(line.name), language)
        table.add_row(Text(sign, style=colour), Text(name, style="bold"), Text(translated(line.said, language)))
    return table


def _versions() -> Iterator[DoctorItem]:
    yield DoctorItem("Python", ItemState.GOOD, verbatim(f"{platform.python_version()} ({platform.platform()})"))
    yield _tensorflow()
    for package in ("keras", "numpy", "nbclient", "nbformat"):
        if _installed(package):
            yield DoctorItem(package, ItemState.GOOD, verbatim(version(package)))
    missing = [package for package in _CLASSROOM if not _installed(package)]
    if missing:
        sentence = message(
            "Colab gives every notebook {missing}; here they are missing, and notebooks that import them wait for a "
            "person. Install them: pip install 'autoencoder-grader[classroom]'",
            missing=", ".join(missing),
        )
        yield DoctorItem("classroom", ItemState.LIMITED, sentence)
    else:
        yield DoctorItem("classroom", ItemState.GOOD, verbatim(", ".join(f"{p} {version(p)}" for p in _CLASSROOM)))


def _tensorflow() -> DoctorItem:
    """Name the installed build, from any distribution: `tensorflow`, `tensorflow-cpu`, a vendor's."""
    try:
        require_tensorflow()
    except MissingTensorFlowError as missing:
        return DoctorItem("tensorflow", ItemState.BAD, missing.reason)
    builds = sorted({_normalized(name) for name in packages_distributions().get("tensorflow", ())})
    if len(builds) > 1:
        sentence = message(
            "{builds} are installed and overwrite each other's files. Remove them all and install one: "
            "pip install 'autoencoder-grader[cpu]'",
            builds=", ".join(builds),
        )
        return DoctorItem("tensorflow", ItemState.BAD, sentence)
    return DoctorItem("tensorflow", ItemState.GOOD, verbatim(", ".join(f"{version(name)} ({name})" for name in builds)))


def _normalized(distribution: str) -> str:
    """Spell a distribution as the package index does: an installer may have recorded `tensorflow_cpu`.

    Source: the specification of name normalization, first written down in PEP 503.
    """
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _memory_gib() -> float | None:
    """Return the machine's memory, None if it cannot be determined."""
    try:
        import psutil
    except ModuleNotFoundError:
        return None
    return float(psutil.virtual_memory().total / 2**30)


def _resources() -> Iterator[DoctorItem]:
    memory_gib = _memory_gib()
    disk_gib = shutil.disk_usage(tempfile.gettempdir()).free / 2**30
    yield DoctorItem("CPU", ItemState.GOOD, message("{count} cores", count=os.cpu_count() or 1))
    if memory_gib is not None:
        enough = ItemState.GOOD if memory_gib >= _WANTED_MEMORY_GIB else ItemState.LIMITED
        sentence = message("{size:.1f} GiB (4 GiB are enough for one notebook)", size=memory_gib)
        yield DoctorItem("memory", enough, sentence)
    enough = ItemState.GOOD if disk_gib >= _WANTED_DISK_GIB else ItemState.LIMITED
    sentence = message(
        "{size:.1f} GiB free in {folder} (2 GiB are enough)", size=disk_gib, folder=tempfile.gettempdir()
    )
    yield DoctorItem("disk", enough, sentence)


def _running() -> Iterator[DoctorItem]:
    """Check whether notebooks can be run: the packages and the sandbox."""
    missing = next((name for name in BROUGHT_BY["grade"] if find_spec(name) is None), None)
    sentence = None if missing is None else what_to_install(ModuleNotFoundError(name=missing))
    if sentence is not None:
        yield DoctorItem("grade", ItemState.BAD, sentence)
    else:
        yield from _sandboxes()


def _sandboxes() -> Iterator[DoctorItem]:
    """Start a real kernel in every isolating sandbox, and check that it is isolated."""
    from grader.sandbox.backend_registry import DEFAULT, backend_named, backend_names

    for name in backend_names():
        backend = backend_named(name)
        if backend.isolates:
            yield from _tried(backend, "sandbox" if name == DEFAULT else name)


def _tried(backend: Backend, name: str) -> Iterator[DoctorItem]:
    from grader.sandbox.backends.backend import KernelOptions
    from grader.sandbox.bubblewrap import SandboxUnavailableError

    trial = Notebook((CodeCell(0, "", _TRIAL_CELL),))
    try:
        program = backend.find()
        with backend.opened(warm=True) as opened, private_folder() as folder:
            sandbox = opened.sandbox(KernelOptions(threads=1))
            record = sandbox.run(trial, Limits(notebook_seconds=60), folder / "exchange")
            complaint = opened.complaint
    except SandboxUnavailableError as error:
        yield DoctorItem(name, ItemState.BAD, error.reason)
        return
    if record.status is RunStatus.COMPLETED:
        sentence = message(
            "{program} works and keeps a notebook from {what}; {limits}",
            program=program,
            what=backend.advice,
            limits=_who_keeps_limits(),
        )
        yield DoctorItem(name, ItemState.GOOD, sentence)
        yield _warmth(complaint)
        return
    said = record.detail or verbatim("; ".join(f"{error.name}: {error.text}" for error in record.errors))
    yield DoctorItem(
        name, ItemState.BAD, message("{program} does not shut a kernel in: {said}", program=program, said=said)
    )


def _who_keeps_limits() -> Message:
    from grader.sandbox.control_groups import lent_here

    lent = lent_here()
    if lent is None:
        return message("limits are kept by the grader's own watchdog, not by control groups")
    return message(
        "limits are kept by the grader's own watchdog and by control groups (version {version})", version=lent.version
    )


def _warmth(complaint: str | None) -> DoctorItem:
    """Return whether kernels can be forked, or why each has to import TensorFlow by itself."""
    if complaint is None:
        return DoctorItem("warm", ItemState.GOOD, message("forked from one process that imports TensorFlow once"))
    sentence = message(
        "Each notebook imports TensorFlow by itself, which takes some seconds: {why}", why=complaint[-500:]
    )
    return DoctorItem("warm", ItemState.LIMITED, sentence)


def _data(folder: Path | None) -> Iterator[DoctorItem]:
    """Let the measuring process load each data set, which shows that TensorFlow works as well."""
    with MeasuringProcesses(data_folder=folder) as measurer, tempfile.TemporaryDirectory() as scratch:
        for dataset in image_sets():
            try:
                found = measurer.publish(dataset, Path(scratch))
            except MissingTensorFlowError:  # already reported above
                return
            except MissingDataError as missing:
                yield DoctorItem(dataset, ItemState.BAD, missing.reason)
            except MeasuringFailedError as error:
                yield DoctorItem(
                    dataset, ItemState.BAD, message("The measuring process failed: {text}", text=str(error)[-500:])
                )
            else:
                yield _dataset(dataset, found.source)


def _dataset(dataset: str, source: str) -> DoctorItem:
    if source == SHIPPED:
        return DoctorItem(dataset, ItemState.GOOD, message("full, shipped with the package"))
    return DoctorItem(dataset, ItemState.GOOD, message("full, your own file: {source}", source=source))
