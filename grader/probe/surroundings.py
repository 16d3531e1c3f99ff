"""What a notebook finds around it besides Keras: files, addresses, plots; each patch in its own module, listed here."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import ModuleType

from .data_files import DataFiles, install_open, patch_get_file, patch_urlopen
from .plots import patch_inline, patch_plot_model, patch_pyplot


def patches(
    datasets: Mapping[str, str], requests: list[str], *, sandboxed: bool
) -> dict[str, Callable[[ModuleType], None]]:
    """Return the patches by the module that they are made to, and let `open` find the data.

    Args:
        datasets: Path of each data set's file, by Keras's name.
        requests: Receives one line for everything that was asked for and answered otherwise.
        sandboxed: False on a student's own machine, which has a network.
    """
    files = DataFiles(datasets, requests)
    install_open(files)
    made: dict[str, Callable[[ModuleType], None]] = {
        "matplotlib_inline.backend_inline": patch_inline,
        "matplotlib.pyplot": patch_pyplot,
        "keras.src.utils.model_visualization": functools.partial(patch_plot_model, requests=requests),
        "keras.src.utils.file_utils": functools.partial(patch_get_file, files=files),
    }
    if sandboxed:
        made["urllib.request"] = functools.partial(patch_urlopen, files=files)
    return made
