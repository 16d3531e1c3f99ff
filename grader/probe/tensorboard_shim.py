"""TensorBoard without its server: without the package its callback writes nothing, and nothing is ever served."""

from __future__ import annotations

import functools
import importlib.util
from types import ModuleType
from typing import Any

from .quiet_modules import Quiet, quiet_callback


def patch_callback(module: ModuleType, *, requests: list[str]) -> None:
    """Let `keras.callbacks.TensorBoard` do nothing if TensorBoard is not installed.

    Args:
        module: `keras.src.callbacks.tensorboard`.
        requests: Receives a line about it.
    """
    if importlib.util.find_spec("tensorboard") is not None:
        return
    requests.append("TensorBoard (not installed here)")
    made = quiet_callback("TensorBoard")
    made.__doc__ = module.TensorBoard.__doc__
    module.TensorBoard = made  # type: ignore[attr-defined]


def patch_summaries(module: ModuleType) -> None:
    """Let `tf.summary` discard everything if TensorBoard is not installed.

    Args:
        module: `tensorflow._api.v2.summary`.
    """
    if importlib.util.find_spec("tensorboard") is not None:
        return
    for name in ("audio", "create_file_writer", "histogram", "image", "scalar", "text"):
        setattr(module, name, Quiet())


def patch_server(module: ModuleType, *, requests: list[str]) -> None:
    """Let the functions that start or show TensorBoard's server do nothing.

    Args:
        module: `tensorboard.notebook`.
        requests: Receives a line for each call.
    """
    for name in ("display", "list", "start"):
        if hasattr(module, name):
            setattr(module, name, functools.partial(_noted, f"tensorboard.notebook.{name}()", requests))


def _noted(what: str, requests: list[str], *_args: Any, **_kwargs: Any) -> None:
    requests.append(what)
