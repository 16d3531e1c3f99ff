"""A package of an instructor's that adds to the grader's tables through entry points, installed for one test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from grader.domain import datasets, layer_kinds, plugins
from grader.probe import layer_rules
from reference.image_sets import IMAGE_SETS

Install = Callable[[str, Mapping[str, str]], Path]


def write_package(folder: Path, source: str, entries: Mapping[str, str], *, name: str = "my_course") -> Path:
    """Write a package and its metadata as `pip install --target` would leave them.

    Args:
        folder: Becomes a place where Python looks for modules.
        source: Of the one module.
        entries: Object of the module by "table.name" (`layers.Discretization`).
        name: Of package and module.
    """
    information = folder / f"{name}-1.0.dist-info"
    information.mkdir(parents=True)
    (folder / f"{name}.py").write_text(source, encoding="utf-8")
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    lines = []
    for entry, thing in entries.items():
        table, _, kind = entry.partition(".")
        lines += [f"[autoencoder_grader.{table}]", f"{kind} = {name}:{thing}", ""]
    (information / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    return folder


def forget_plugins() -> None:
    """Make every table read the entry points anew, and take out what was added."""
    plugins.additions.cache_clear()
    layer_kinds.all_traits.cache_clear()
    datasets.datasets.cache_clear()


def forget_modules(folder: Path) -> None:
    """Take the modules of a folder out of Python's table: the next test may write another one of that name."""
    for name, module in [*sys.modules.items()]:
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(folder):
            del sys.modules[name]


@contextmanager
def installed(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the package of a folder installed in this process."""
    tables: tuple[dict[str, object], ...] = (layer_rules.LAYERS, layer_rules.IDENTITY_AT_INFERENCE, IMAGE_SETS)
    before = [dict(table) for table in tables]
    with patch.context() as here:
        here.syspath_prepend(str(folder))
        forget_plugins()
        try:
            yield
        finally:
            for table, entries in zip(tables, before, strict=True):
                table.clear()
                table.update(entries)
            forget_modules(folder)
    forget_plugins()
