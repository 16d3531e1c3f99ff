"""Models whose `call` takes no `training`: Keras 2 passed the mode to their layers, Keras 3 does not.

`fit` then calls such a model like `predict`. Dropout, noise, BatchNormalization and layers that draw numbers silently
behave in training as they do otherwise. It is undecidable for which version a notebook was written, so this is reported
and never translated.

Source: `Model.train_step` of Keras 3, which passes `training=True` only where `call` has such an argument.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence, Set
from typing import Final

from grader.domain.layer_kinds import all_traits
from grader.domain.messages import message
from grader.domain.outdated import Translation
from grader.domain.text import listed
from grader.translation.names import BoundNames
from grader.translation.rule_site import Survey, short

_MODEL: Final = frozenset({"keras.Model", "keras.models.Model", "keras.engine.training.Model"})
_NAMED: Final = 3


def note_idle_training(trees: Sequence[tuple[int, ast.Module]], survey: Survey) -> None:
    """Record each class of a model that Keras 3 trains as it predicts, if a layer inside acts only in training."""
    classes = [(cell, node) for cell, tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    acting = {kind for kind, traits in all_traits().items() if traits.acts_in_training}
    acting |= {node.name for _, node in classes if _takes_training(_method(node, "call"))}
    for cell, node in classes:
        call = _method(node, "call")
        if call is None or _takes_training(call) or not _is_model(node, cell, survey.names):
            continue
        searched = [tree for _, tree in trees] if _is_given_layers(node) else [node]
        inside = sorted({name for tree in searched for name in _named(tree, acting)})
        if inside:
            why = message(
                "Keras 3 trains a model whose `call` takes no `training` as it predicts, with {layers} idle. Write "
                "`{after}`.",
                layers=listed(inside, _NAMED),
                after=_with_training(call),
            )
            survey.found.append(Translation(cell, call.lineno, short(_header(call)), "", why, training=True))


def _named(tree: ast.AST, names: Set[str]) -> Iterator[str]:
    """Yield the classes among `names` that a piece of code calls: `layers.Dropout(0.5)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            last = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if last in names:
                yield last


def _method(node: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    return next((one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == name), None)


def _takes_training(call: ast.FunctionDef | None) -> bool:
    """Return whether a `call` may have a `training` argument; unknown arguments may include one."""
    if call is None:
        return False
    arguments = call.args
    named = [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return "training" in named or arguments.kwarg is not None


def _is_model(node: ast.ClassDef, cell: int, names: BoundNames) -> bool:
    """Return whether a class is a Keras model that uses Keras's own training step."""
    if _method(node, "train_step") is not None:
        return False
    meanings = [names.meaning(ast.unparse(base), cell, node.lineno) for base in node.bases]
    return any(meaning is not None and meaning.name in _MODEL for meaning in meanings)


def _is_given_layers(node: ast.ClassDef) -> bool:
    """Return whether a model is made of its arguments: `__init__(self, encoder, decoder)`."""
    made = _method(node, "__init__")
    return made is not None and len(made.args.args) > 1


def _header(call: ast.FunctionDef) -> str:
    return f"def call({ast.unparse(call.args)})"


def _with_training(call: ast.FunctionDef) -> str:
    return f"def call({ast.unparse(call.args)}, training=None):"
