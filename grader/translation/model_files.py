"""File names of saved models: Keras 3 identifies formats by the suffix, and accepts few of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_WEIGHTS: Final = ".weights.h5"
_MODEL: Final = ".keras"
_OLD_ENDINGS: Final = (".weights", ".hdf5", ".h5", ".ckpt", ".model", ".tf", ".pb", ".weight", ".best")
_WRITING: Final = frozenset({"save", "save_weights", "load_weights", "load_model", "ModelCheckpoint"})


@dataclass(frozen=True, slots=True)
class OldFile:
    """A file name that Keras refuses.

    Attributes:
        cell: Cell where a model is saved to it.
        line: Line of the cell.
        old: The name as it is.
        new: One that is taken for the same thing.
        sound: Every place that names the file can be changed.
    """

    cell: int
    line: int
    old: str
    new: str
    sound: bool


def old_files(trees: Sequence[tuple[int, ast.Module]], models: frozenset[str]) -> tuple[OldFile, ...]:
    """List file names that Keras refuses.

    Args:
        trees: Number and syntax of each cell.
        models: Names of Keras models.
    """
    texts = _texts(trees)
    found: dict[str, OldFile] = {}
    for cell, tree in trees:
        for call, wanted in _savings(tree, models):
            named = _file_of(call)
            old = texts.get(named.id, "") if isinstance(named, ast.Name) else _text(named)
            new = _today(old, wanted)
            if not old or new == old:
                continue
            clash = old in found and found[old].new != new
            sound = not clash and (_is_a_file_name(old) or _only_as_file(trees, old))
            found[old] = OldFile(cell, call.lineno, old, new, sound)
    return tuple(found.values())


def _savings(tree: ast.Module, models: frozenset[str]) -> Iterator[tuple[ast.Call, str]]:
    """Find calls that save, each with the suffix that Keras requires."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="save_weights")):
                yield node, _WEIGHTS
            case ast.Call(func=ast.Attribute(attr="ModelCheckpoint") | ast.Name(id="ModelCheckpoint")):
                only = any(one.arg == "save_weights_only" and _is_true(one.value) for one in node.keywords)
                yield node, _WEIGHTS if only else _MODEL
            case ast.Call(func=ast.Attribute(attr="save", value=ast.Name(id=name)), args=[_], keywords=[]) if (
                name in models
            ):
                yield node, _MODEL


def _file_of(call: ast.Call) -> ast.expr | None:
    named = [one.value for one in call.keywords if one.arg in ("filepath", "filename")]
    return next(iter([*call.args[:1], *named]), None)


def _today(old: str, wanted: str) -> str:
    """Return the name with an accepted suffix; a complete model may also be saved as .h5."""
    if old.endswith(wanted) or (wanted == _MODEL and old.endswith(".h5")):
        return old
    stem = old
    while stem.endswith(_OLD_ENDINGS):
        stem = stem[: -max(len(ending) for ending in _OLD_ENDINGS if stem.endswith(ending))]
    return stem + wanted if stem and not stem.endswith(("/", "}")) else old


def _texts(trees: Sequence[tuple[int, ast.Module]]) -> Mapping[str, str]:
    """Return the names to which one text is assigned, once."""
    found: dict[str, str] = {}
    for _, tree in trees:
        for node in ast.walk(tree):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    found[name] = "" if name in found else _text(value)
    return found


def _only_as_file(trees: Sequence[tuple[int, ast.Module]], text: str) -> bool:
    """Return whether a text without a suffix occurs only in calls that save and load."""
    everywhere = sum(
        _text(node) == text for _, tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)
    )
    as_file = 0
    for _, tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func
                last = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                as_file += last in _WRITING and _text(_file_of(node)) == text
    return everywhere == as_file


def _is_a_file_name(text: str) -> bool:
    return text.endswith(_OLD_ENDINGS)


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True
