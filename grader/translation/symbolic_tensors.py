"""Finds the names that are symbolic tensors, and the functions that use one, by reading scope by scope."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from grader.translation.names import BoundNames

_NOT_TENSORS: Final = frozenset({
    "Model", "Sequential", "int_shape", "print", "str", "len", "type", "tuple", "list", "isinstance", "plot_model",
    "fit", "predict", "evaluate", "compile", "summary", "get_layer", "Function", "function",
})  # fmt: skip
"""Calls that take a symbolic tensor and return something else."""

_TENSORS_OF_A_MODEL: Final = frozenset({"input", "output", "inputs", "outputs"})

Scope = tuple[int, str]
"""A function by its cell and name; `(-1, "")` for the notebook itself."""

NOTEBOOK: Final[Scope] = (-1, "")


@dataclass(slots=True)
class Tensors:
    """What is symbolic.

    Attributes:
        names: By scope, names of symbolic tensors that are made there; in a function that uses those of the notebook
            they are numbers by the time that it is called, as in a loss.
        closures: Functions of the notebook, with the symbolic tensors of the notebook that each uses, its own calls
            included, without being given them.
    """

    names: dict[Scope, frozenset[str]] = field(default_factory=dict)
    closures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def tensors_of(trees: Sequence[tuple[int, ast.Module]], names: BoundNames) -> Tensors:
    """Read which names are symbolic tensors, in cells given by number and syntax."""
    everywhere: set[str] = set()
    for cell, tree in trees:
        _collect(tree.body, cell, names, everywhere)
    found = Tensors({NOTEBOOK: frozenset(everywhere)})
    functions: dict[str, ast.FunctionDef] = {}
    for cell, tree in trees:
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                functions[node.name] = node
                outer = everywhere - _local_names(node)
                local = set(outer)
                _collect(node.body, cell, names, local)
                found.names[cell, node.name] = frozenset(local - outer)
    found.closures = _closures(functions, frozenset(everywhere))
    return found


def is_symbolic(node: ast.expr, symbolic: frozenset[str] | set[str], names: BoundNames, cell: int) -> bool:
    """Return whether an expression is, or contains, a symbolic tensor."""
    match node:
        case ast.Name(id=name):
            return name in symbolic
        case ast.Attribute(attr=attribute):
            return attribute in _TENSORS_OF_A_MODEL
        case ast.Subscript(value=value) | ast.UnaryOp(operand=value) | ast.Starred(value=value):
            return is_symbolic(value, symbolic, names, cell)
        case ast.BinOp(left=left, right=right):
            return is_symbolic(left, symbolic, names, cell) or is_symbolic(right, symbolic, names, cell)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return any(is_symbolic(part, symbolic, names, cell) for part in parts)
        case ast.Call():
            return _call_is_symbolic(node, symbolic, names, cell)
    return False


def _call_is_symbolic(call: ast.Call, symbolic: frozenset[str] | set[str], names: BoundNames, cell: int) -> bool:
    called = call.func
    last = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    if last in _NOT_TENSORS:
        return False
    if last == "Input":
        return True
    given = [*call.args, *(one.value for one in call.keywords)]
    return any(is_symbolic(one, symbolic, names, cell) for one in given)


def _collect(body: Sequence[ast.stmt], cell: int, names: BoundNames, found: set[str]) -> None:
    """Add the names to which statements assign symbolic tensors, in order."""
    for node in body:
        match node:
            case ast.Assign(targets=targets, value=value) if is_symbolic(value, found, names, cell):
                found.update(name for target in targets for name in _names_in(target))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found.update((name,) if is_symbolic(value, found, names, cell) else ())
            case ast.AugAssign(target=ast.Name(id=name), value=value) if is_symbolic(value, found, names, cell):
                found.add(name)
            case ast.If() | ast.For() | ast.While():
                _collect([*node.body, *node.orelse], cell, names, found)
            case ast.With() | ast.Try():
                _collect(node.body, cell, names, found)


def _names_in(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            yield from _names_in(part)


def _closures(functions: Mapping[str, ast.FunctionDef], symbolic: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Follow what each function reads that it does not bind, through the functions of the notebook that it calls."""
    reads = {name: _free(function) for name, function in functions.items()}
    found = {}
    for name in functions:
        seen, pending = set(), [name]
        while pending:
            current = pending.pop()
            if current not in seen:
                seen.add(current)
                pending += [other for other in reads[current] if other in functions]
        used = set().union(*(reads[one] for one in seen)) & symbolic
        if used:
            found[name] = tuple(sorted(used))
    return found


def _free(function: ast.FunctionDef) -> set[str]:
    read = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return read - _local_names(function)


def _local_names(function: ast.FunctionDef) -> set[str]:
    bound = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    return bound | {
        node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
