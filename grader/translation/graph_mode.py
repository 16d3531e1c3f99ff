"""Calls that turn eager execution off: after them Keras 3 trains nothing, and any of its functions may fail.

Source: Keras 3's TensorFlow backend, which iterates over `tf.data` and reads tensors' values in `fit` and `predict`.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Final

from grader.domain.messages import message
from grader.domain.outdated import Translation
from grader.translation.rule_site import Survey, short

_SWITCHES: Final = frozenset({"disable_eager_execution", "disable_v2_behavior"})

ANY_TEXT: Final = ("",)
"""Signs of an error with any text."""


def note_graph_mode(trees: Sequence[tuple[int, ast.Module]], survey: Survey) -> None:
    """Record every call that turns eager execution off, however TensorFlow was imported."""
    for cell, tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in _SWITCHES:
                why = message(
                    "`{call}` turns eager execution off, and Keras 3 does not work without it. Delete this line.",
                    call=short(ast.unparse(node)),
                )
                text = short(ast.unparse(node))
                survey.found.append(Translation(cell, node.lineno, text, "", why, signs=ANY_TEXT, far=True))


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
