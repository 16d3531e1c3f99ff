"""Finds noise that was drawn once, in the shape of one image, and added to all training images of a model.

    noise = np.random.normal(size=x_train.shape[1:])
    noisy = np.clip(x_train + 0.5 * noise, 0, 1)
    autoencoder.fit(noisy, x_train, …)

All three lines must be there. Noise drawn inside a loop, a comprehension or a function may differ each time.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from grader.domain.datasets import image_numbers

_DRAWING: Final = frozenset({
    "normal", "randn", "rand", "uniform", "standard_normal", "random", "random_sample", "random_normal",
    "truncated_normal", "random_uniform",
})  # fmt: skip
_BY_LENGTHS: Final = frozenset({"rand", "randn"})
_AFTER_BOUNDS: Final = frozenset({"normal", "uniform"})
"""NumPy's take two numbers before the shape; TensorFlow's take the shape first, which is no single number."""
_ANEW: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.For, ast.While, ast.AsyncFor, ast.ClassDef,
                ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)  # fmt: skip
"""Syntax that may run its content more than once."""

_NO_DATA: Final = frozenset({"fit", "predict", "evaluate", "compile", "train_on_batch"})


@dataclass(frozen=True, slots=True)
class FixedNoise:
    """Noise that is the same on every image.

    Attributes:
        cell: Position of the cell in the file, from 0.
        line: Line of the sum, from 1.
        models: Names of the models that are fitted on it.
    """

    cell: int
    line: int
    models: frozenset[str]


def fixed_noises(cells: Sequence[tuple[int, ast.Module]]) -> Iterator[FixedNoise]:
    """Yield every sum of images and one fixed noise on which a model is fitted."""
    noises = _noises([tree for _, tree in cells])
    for index, tree in cells:
        for statement, repeated in _statements(tree.body, repeated=False):
            sums = [one for one in ast.walk(statement) if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Add)]
            added = [one for one in sums if _adds(one, noises, statement, repeated=repeated)]
            target = _target(statement)
            if not added or not target:
                continue
            models = _fitted_on(_made_from(target, cells), cells)
            if models:
                yield FixedNoise(index, added[0].lineno, frozenset(models))


def _noises(trees: Sequence[ast.Module]) -> frozenset[str]:
    """Return the names to which a noise was assigned once, outside code that may run again."""
    assigned: dict[str, list[bool]] = {}
    for tree in trees:
        once = {id(statement) for statement, repeated in _statements(tree.body, repeated=False) if not repeated}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
                value = node.value
                is_noise = value is not None and id(node) in once and _holds_drawn(value) and not _repeats(value)
                for name in _stored(node):
                    assigned.setdefault(name, []).append(is_noise)
    return frozenset(name for name, kinds in assigned.items() if kinds == [True])


def _statements(body: Sequence[ast.stmt], *, repeated: bool) -> Iterator[tuple[ast.stmt, bool]]:
    """Yield simple statements, and whether they may run more than once; functions and classes are left out."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        inner = [part for name in ("body", "orelse", "finalbody") for part in getattr(statement, name, [])]
        if inner:
            yield from _statements(inner, repeated=repeated or isinstance(statement, _ANEW))
        else:
            yield statement, repeated


def _adds(node: ast.BinOp, noises: frozenset[str], statement: ast.stmt, *, repeated: bool) -> bool:
    """Return whether a sum adds one fixed noise to something that may be a whole set of images."""
    for images, noise in ((node.left, node.right), (node.right, node.left)):
        by_name = any(isinstance(one, ast.Name) and one.id in noises for one in ast.walk(noise))
        here = not repeated and not _repeats(statement) and _holds_drawn(noise)
        if (by_name or here) and _may_be_images(images, repeated=repeated or _repeats(statement)):
            return True
    return False


def _may_be_images(node: ast.expr, *, repeated: bool) -> bool:
    """Return whether an operand is a name or, in a loop, one item of it; `x_test[0]` alone is one image on purpose."""
    if isinstance(node, ast.Name | ast.Attribute):
        return True
    return repeated and isinstance(node, ast.Subscript)


def _repeats(node: ast.AST) -> bool:
    return any(isinstance(one, _ANEW) for one in ast.walk(node))


def _holds_drawn(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Call) and _draws_one_image(one) for one in ast.walk(node))


def _draws_one_image(call: ast.Call) -> bool:
    """Return whether a call draws as many random numbers as one image has."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name not in _DRAWING:
        return False
    shape = next((keyword.value for keyword in call.keywords if keyword.arg in ("size", "shape")), None)
    if shape is not None:
        return _is_one_image(shape)
    if name in _BY_LENGTHS:
        return len(call.args) > 0 and _is_one_image(ast.Tuple(list(call.args), ast.Load()))
    lengths = call.args[2:3] if name in _AFTER_BOUNDS else call.args[:1]
    return any(_is_one_image(one) for one in call.args if one in lengths or not isinstance(one, ast.Constant))


def _is_one_image(node: ast.expr) -> bool:
    """Return whether a shape is `784`, `(28, 28)`, `(1, 784)`, `x.shape[1:]` or `x[0].shape`."""
    if isinstance(node, ast.Constant):
        return node.value in image_numbers()
    if isinstance(node, ast.Tuple | ast.List):
        lengths = [one.value if isinstance(one, ast.Constant) else None for one in node.elts]
        if all(isinstance(length, int) for length in lengths):
            return math.prod(length for length in lengths if isinstance(length, int)) in image_numbers()
        rest = [one for one in node.elts if not (isinstance(one, ast.Constant) and one.value == 1)]
        return len(rest) == 1 and _is_length_of_image(rest[0])
    if isinstance(node, ast.Attribute) and node.attr == "shape":  # x[0].shape
        return isinstance(node.value, ast.Subscript) and isinstance(node.value.slice, ast.Constant)
    return _is_length_of_image(node) or _is_rest_of_shape(node)


def _is_length_of_image(node: ast.expr) -> bool:
    """Recognise `x.shape[1]`."""
    of_shape = isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
    return of_shape and isinstance(node, ast.Subscript) and _constant(node.slice) == 1


def _is_rest_of_shape(node: ast.expr) -> bool:
    """Recognise `x.shape[1:]`."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Slice):
        return False
    of_shape = isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
    return of_shape and node.slice.upper is None and _constant(node.slice.lower) == 1


def _constant(node: ast.expr | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None


# How the sum is used


def _target(statement: ast.stmt) -> str:
    """Return the name in which a statement stores its result: `a = …`, `a[i] = …`, `a.append(…)`."""
    names = list(_stored(statement))
    if len(names) == 1:
        return names[0]
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        called = statement.value.func
        if isinstance(called, ast.Attribute) and called.attr == "append" and isinstance(called.value, ast.Name):
            return called.value.id
    return ""


def _stored(statement: ast.AST) -> Iterator[str]:
    targets: Sequence[ast.AST] = ()
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AugAssign | ast.AnnAssign):
        targets = (statement.target,)
    for target in targets:
        inner = target.value if isinstance(target, ast.Subscript) else target
        if isinstance(inner, ast.Name):
            yield inner.id


def _made_from(name: str, cells: Sequence[tuple[int, ast.Module]]) -> set[str]:
    """Return a name and all names computed from it, in any number of steps: clipped, reshaped."""
    names = {name}
    for _, tree in cells:
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and not _calls_model(node.value):
                used = {one.id for one in ast.walk(node.value) if isinstance(one, ast.Name)}
                names |= set(_stored(node)) if used & names else set()
    return names


def _calls_model(node: ast.AST) -> bool:
    calls = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
    return any(isinstance(one.func, ast.Attribute) and one.func.attr in _NO_DATA for one in calls)


def _fitted_on(names: set[str], cells: Sequence[tuple[int, ast.Module]]) -> set[str]:
    """Return the names of the models whose `fit` takes one of these arrays as its input."""
    found = set()
    for _, tree in cells:
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "fit":
                continue
            given = [keyword.value for keyword in node.keywords if keyword.arg == "x"] or node.args[:1]
            used = {one.id for value in given for one in ast.walk(value) if isinstance(one, ast.Name)}
            if used & names and isinstance(node.func.value, ast.Name):
                found.add(node.func.value.id)
    return found
