"""What a name in a cell refers to: `K` → `keras.backend`, `tf.keras.layers` → `keras.layers`.

Names come from the imports of the whole notebook, since one cell imports what the next ones use. A name that is also
bound by anything else is not resolved: without running the code, it is undecidable which of the two is meant.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from grader.translation.renamings import ARGUMENTS, MOVED_MODULES, OPTIMIZERS

_ROOTS: Final = frozenset({"keras", "tensorflow", "numpy", "pandas", "sklearn", "matplotlib", "scipy"})
_TENSORFLOW_KERAS: Final = ("tensorflow.python.keras", "tensorflow.keras", "tensorflow._api.v2.keras")
_STARRED: Final = frozenset({*ARGUMENTS, *(f"keras.optimizers.{name}" for name in OPTIMIZERS)})


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an expression refers to.

    Attributes:
        name: Dotted name, Keras written `keras` and old modules as what they are today.
        written: The same as the imports spell it.
    """

    name: str
    written: str

    @property
    def of_tensorflow(self) -> bool:
        """Whether it is reached through `tensorflow`."""
        return self.written.startswith("tensorflow")


@dataclass(slots=True)
class BoundNames:
    """All names that the cells bind.

    Attributes:
        imported: Name → places (cell, line) and dotted names that imports, or aliases (`K = keras.backend`), give.
        bound: Names that anything else binds.
        stars: Modules imported whole.
    """

    imported: dict[str, list[tuple[int, int, str]]] = field(default_factory=dict)
    bound: set[str] = field(default_factory=set)
    stars: set[str] = field(default_factory=set)

    def meaning(self, dotted: str, cell: int, line: int) -> Meaning | None:
        """Return what `K.mean` refers to at a place, or None if that is ambiguous."""
        root, _, rest = dotted.partition(".")
        if root in self.bound:
            return None
        written = self._import_before(root, cell, line) or self._starred(root)
        if written is None or written.partition(".")[0] not in _ROOTS:
            return None
        full = f"{written}.{rest}" if rest else written
        return Meaning(canonical(full), full)

    def spelled(self, module: str, cell: int) -> str | None:
        """Return the name under which a cell that runs knows a module: `tf` for `tensorflow`; else None."""
        for name, places in self.imported.items():
            if name not in self.bound and all(target == module for *_, target in places) and places[0][0] <= cell:
                return name
        return None

    def _import_before(self, name: str, cell: int, line: int) -> str | None:
        places = self.imported.get(name)
        if not places:
            return None
        before = [target for where, at, target in places if (where, at) <= (cell, line)]
        return before[-1] if before else places[0][2]

    def _starred(self, name: str) -> str | None:
        for module in self.stars:
            if f"{canonical(module)}.{name}" in _STARRED:
                return f"{module}.{name}"
        return None


def plain(dotted: str) -> str:
    """Write `keras` for Keras, whatever path leads to it."""
    for prefix in _TENSORFLOW_KERAS:
        if dotted == prefix or dotted.startswith(f"{prefix}."):
            dotted = "keras" + dotted.removeprefix(prefix)
    if dotted.startswith("tensorflow.optimizers."):
        dotted = "keras" + dotted.removeprefix("tensorflow")
    return dotted


def canonical(dotted: str) -> str:
    """Write `keras` for Keras, and today's names for old modules."""
    dotted = plain(dotted)
    module, _, member = dotted.rpartition(".")
    return f"{MOVED_MODULES[module]}.{member}" if module in MOVED_MODULES else dotted


def names_of(trees: Sequence[tuple[int, ast.Module]]) -> BoundNames:
    """Read the names in cells, each given by number and syntax."""
    found = BoundNames()
    for cell, tree in trees:
        for node in ast.walk(tree):
            _note_import(node, cell, found)
    for cell, tree in trees:
        aliases = set(_note_aliases(tree, cell, found))
        found.bound.update(name for node in ast.walk(tree) for name in _bound_by(node) if (id(node)) not in aliases)
    return found


def _note_import(node: ast.AST, cell: int, found: BoundNames) -> None:
    match node:
        case ast.Import(names=names):
            for alias in names:
                target = alias.name if alias.asname else alias.name.partition(".")[0]
                _add(found, alias.asname or target, (cell, node.lineno, target))
        case ast.ImportFrom(module=str(module), names=names, level=0):
            for alias in names:
                if alias.name == "*":
                    found.stars.add(module)
                else:
                    _add(found, alias.asname or alias.name, (cell, node.lineno, f"{module}.{alias.name}"))


def _note_aliases(tree: ast.Module, cell: int, found: BoundNames) -> Iterator[int]:
    """Treat `layers = tf.keras.layers` like an import; yield the ids of its target."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name) as target], value=ast.Attribute() as value):
                meant = found.meaning(_dotted(value), cell, node.lineno)
                if meant is not None:
                    _add(found, name, (cell, node.lineno, meant.written))
                    yield id(target)


def _add(found: BoundNames, name: str, place: tuple[int, int, str]) -> None:
    found.imported.setdefault(name, []).append(place)


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id if isinstance(node, ast.Name) else "", *reversed(parts)])


def _bound_by(node: ast.AST) -> Iterable[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return (name,)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
        case ast.arg(arg=name):
            return (name,)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return (name,)
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return names
    return ()
