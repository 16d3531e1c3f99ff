"""The environment of a notebook besides Keras: files, addresses, plots, logs; each patch has its own module."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType

from . import drive
from .data_files import DataFiles, install_open, patch_get_file, patch_urlopen
from .plots import patch_inline, patch_plot_model, patch_pyplot
from .tensorboard_shim import patch_callback, patch_server, patch_summaries


def patches(files: DataFiles, requests: list[str], *, sandboxed: bool) -> dict[str, Callable[[ModuleType], None]]:
    """Return the patches by the module that they change, and let `open` find the data.

    Args:
        files: The data sets under all of their names.
        requests: Receives one line for everything that was asked for and replaced.
        sandboxed: False on a student's own machine, which has a network.
    """
    install_open(files)
    made: dict[str, Callable[[ModuleType], None]] = {
        "matplotlib_inline.backend_inline": patch_inline,
        "matplotlib.pyplot": patch_pyplot,
        "keras.src.utils.model_visualization": functools.partial(patch_plot_model, requests=requests),
        "keras.src.utils.file_utils": functools.partial(patch_get_file, files=files),
        "keras.src.callbacks.tensorboard": functools.partial(patch_callback, requests=requests),
        "tensorflow._api.v2.summary": patch_summaries,
        "tensorboard.notebook": functools.partial(patch_server, requests=requests),
    }
    if sandboxed:
        drive.install()
        made |= {"h5py._hl.files": drive.patch_h5py, "pandas.io.common": drive.patch_pandas}
        made["urllib.request"] = functools.partial(patch_urlopen, files=files)
    return made
