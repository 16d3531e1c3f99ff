"""The start of every kernel: its settings, limits, environment variables, and the files handed in with the notebook."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.domain.acceleration import Acceleration
from grader.domain.architecture import Shape
from grader.domain.datasets import for_kernel
from grader.domain.run import Limits
from grader.domain.submission import Companion
from grader.sandbox import bubblewrap

COMPANIONS = "beside"
"""Folder next to the kernel's sockets for files handed in with a notebook."""

_OPEN_FILES = 4096
_SIGNALS = 1024  # pending signals, and timers
_LOCKED_BYTES = 2**23


def lay_out(companions: Sequence[Companion], folder: Path) -> None:
    """Copy the files handed in with a notebook below a folder of ours, under names that intake has vetted."""
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


def kernel_settings(
    *,
    datasets: Mapping[str, str],
    claims: str,
    shut_in: bool,
    patience: tuple[float, float] | None,
    acceleration: Acceleration | None,
    inputs: Mapping[str, Shape],
) -> dict[str, Any]:
    """Return the settings of the kernel's program for an open machine: no change of user and no limits.

    Args:
        datasets: Path of each data set as the kernel sees it, by Keras's name.
        claims: Folder for the claims, as the kernel sees it.
        shut_in: Whether it runs in a sandbox.
        patience: As in `KernelOptions`.
        acceleration: As in `KernelOptions`.
        inputs: As in `KernelOptions`.
    """
    return {
        "uid": None,
        "limits": {},
        "datasets": dict(datasets),
        "data_sets": for_kernel(),
        "claims": f"{claims}/claims",
        "stub_grader": shut_in,
        "filter_system_calls": shut_in,
        "patience": patience,
        "inputs": {name: list(shape) for name, shape in inputs.items()},
        **({} if acceleration is None else {"acceleration": acceleration.settings()}),
    }


def write_settings(folder: Path, settings: Mapping[str, Any]) -> Path:
    """Write settings into the folder of the kernel's sockets, including the place of the companion files."""
    beside = folder / COMPANIONS
    path = folder / "settings.json"
    written = {**settings, "companions": str(beside) if beside.is_dir() else None}
    path.write_text(json.dumps(written), encoding="utf-8")
    return path


def hard_limits(limits: Limits) -> dict[str, int]:
    """Translate limits for `setrlimit`; memory is doubled, since the watchdog keeps the exact limit."""
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


def environment(home: str, threads: int) -> dict[str, str]:
    """Return the environment variables of a kernel.

    Args:
        home: Its home folder.
        threads: Number of threads for TensorFlow and other libraries.
    """
    return {
        "HOME": home,
        "LANG": "C.UTF-8",
        "USER": "student",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": tempfile.gettempdir() if home != bubblewrap.HOME else f"{home}/.matplotlib",
        "PLOTLY_RENDERER": "plotly_mimetype",  # any other renderer writes four megabytes of JavaScript into the output
        "PYTHONDONTWRITEBYTECODE": "1",
        "PIP_NO_INDEX": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": str(threads),
        "OMP_NUM_THREADS": str(threads),
        "KERAS_BACKEND": "tensorflow",
    }
