"""Automated grading of autoencoder notebooks: see ARCHITECTURE.md for the map.

In a notebook: `grader.use("stacked", language="es")` once, then `grader.check("encoder", encoder)` after each step, and
`grader.hint("encoder")` where one does not know how to go on.
"""

import importlib

__version__ = "0.1.0"

_IN_A_NOTEBOOK = ("check", "hint", "solution", "use")


def __getattr__(name: str) -> object:
    """Fetch what a notebook uses when it is first asked for, so that `import grader` is instant.

    Their types stand in `__init__.pyi`.
    """
    if name in _IN_A_NOTEBOOK:
        return getattr(importlib.import_module("grader.notebook"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
