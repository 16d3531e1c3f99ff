"""Automated grading of autoencoder notebooks: see ARCHITECTURE.md for the map.

In a notebook: `grader.use("stacked", language="es")` once, then `grader.check("encoder", encoder)` after each step, and
`grader.hint("encoder")` for help with a step.
"""

import importlib

__version__ = "0.1.0"

_IN_A_NOTEBOOK = ("check", "hint", "solution", "use")


def __getattr__(name: str) -> object:
    """Import what a notebook uses at its first access, so that `import grader` is instant.

    The types are in `__init__.pyi`.
    """
    if name in _IN_A_NOTEBOOK:
        return getattr(importlib.import_module("grader.notebook"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
