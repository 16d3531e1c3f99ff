"""Which extra of the distribution installs a missing package; the core alone is small, for notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from grader.domain.messages import Message, message

DISTRIBUTION: Final = "autoencoder-grader"

BROUGHT_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "grade": (
        "PIL", "alembic", "ipykernel", "jupyter_client", "jupytext", "libcst", "matplotlib", "nbclient", "nbformat",
        "psutil", "sqlalchemy", "traitlets", "yaml", "zmq",
    ),
    "cpu": ("keras", "tensorflow"),
    "serve": ("fastapi", "markdown_it", "multipart", "pygments", "starlette", "uvicorn"),
    "dask": ("dask", "distributed"),
    "postgresql": ("psycopg",),
    "workbook": ("openpyxl",),
    "dev": ("babel",),
}  # fmt: skip
"""Names of modules by the extra that installs them; a test compares them with `pyproject.toml` and every import."""


def extra_of(module: str) -> str | None:
    """Return the extra that installs a module, None if no extra does."""
    root = module.partition(".")[0]
    return next((extra for extra, modules in BROUGHT_BY.items() if root in modules), None)


def what_to_install(error: ModuleNotFoundError) -> Message | None:
    """Return the sentence for a module that is not installed: the command that installs it.

    Args:
        error: The import's error.

    Returns:
        None if the module belongs to none of our extras, so that the error is ours.
    """
    extra = extra_of(error.name or "")
    if extra is None:
        return None
    return message(
        "This needs {module}, which is not installed. Install it: {command}",
        module=str(error.name).partition(".")[0],
        command=f"pip install '{DISTRIBUTION}[{extra}]'",
    )
