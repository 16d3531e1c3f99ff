"""Attributes that were renamed, moved or removed: `np.Inf`, `keras.layers.core.Dense`, `model.optimizer.lr`."""

from __future__ import annotations

from typing import Final

import libcst as cst

from grader.domain.messages import message
from grader.translation.names import Meaning, plain
from grader.translation.renamings import (
    BUILTINS,
    GRAPH_MODE,
    LOSS_NAMES,
    MOVED_MODULES,
    PURE_BACKEND,
    RENAMED_MEMBERS,
    SHORTENED,
    SYMBOLIC,
    TF_BACKEND,
    TF_LOSS_NAMES,
)
from grader.translation.rule_site import RuleSite, code, text_of

_TIED: Final = frozenset({"input_shape", "output_shape"})
_ACCURACY: Final = {"acc": "accuracy", "val_acc": "val_accuracy"}


def translated_attribute(
    original: cst.Attribute, updated: cst.Attribute, line: int, place: RuleSite
) -> cst.BaseExpression:
    """Translate `value.name`; the same node if it is not old.

    Args:
        original: As the cell has it, for what it means.
        updated: The same with everything inside it translated.
        line: Where it stands.
        place: The cell.
    """
    meaning = place.meaning(original, line)
    if meaning is None:
        return _of_an_object(original, updated, line, place)
    new = _renamed(updated, meaning, place)
    if new is None:
        _advise_removed(original, meaning, line, place)
        return updated
    signs = (f"no attribute '{original.attr.value}'", f".{original.attr.value}`")
    place.note(line, code(original), code(new), signs=signs)
    return new


def translated_subscript(
    original: cst.Subscript, updated: cst.Subscript, line: int, place: RuleSite
) -> cst.BaseExpression:
    """Translate `history.history["acc"]` if the notebook's metric is called `accuracy`."""
    if (
        not isinstance(original.value, cst.Attribute)
        or original.value.attr.value != "history"
        or len(original.slice) != 1
    ):
        return updated
    index = updated.slice[0].slice
    if not isinstance(index, cst.Index) or (key := _accuracy_key(index.value, place)) is None:
        return updated
    element = updated.slice[0].with_changes(slice=index.with_changes(value=key))
    new = updated.with_changes(slice=[element])
    place.note(line, code(original), code(new), signs=(f"{code(index.value)}",))
    return new


def _accuracy_key(node: cst.BaseExpression, place: RuleSite) -> cst.SimpleString | None:
    text = text_of(node)
    metrics = place.survey.metrics
    if text not in _ACCURACY or "accuracy" not in metrics or "acc" in metrics or not isinstance(node, cst.SimpleString):
        return None
    return node.with_changes(value=node.value.replace(text, _ACCURACY[text]))


# What a module has


def _renamed(node: cst.Attribute, meaning: Meaning, place: RuleSite) -> cst.BaseExpression | None:
    """Return today's name of a module's attribute, or None if it is the same."""
    module, _, last = meaning.name.rpartition(".")
    if plain(meaning.written) in MOVED_MODULES:
        return _moved(node, plain(meaning.written))
    if module == "numpy" and last in BUILTINS:
        return None if BUILTINS[last] in place.survey.names.bound else cst.Name(BUILTINS[last])
    if module in ("keras.losses", "keras.metrics"):
        today = (TF_LOSS_NAMES if meaning.of_tensorflow else LOSS_NAMES).get(last)
        return None if today is None else node.with_changes(attr=cst.Name(today))
    today = RENAMED_MEMBERS.get(meaning.name)
    if today is None:
        return None
    value = node.value.value if meaning.name in SHORTENED and isinstance(node.value, cst.Attribute) else node.value
    new = cst.parse_expression(f"_.{today}")
    return _on(new, value)


def _on(node: cst.BaseExpression, value: cst.BaseExpression) -> cst.BaseExpression:
    """Put `value` where `_` stands at the root of a chain of attributes."""
    if isinstance(node, cst.Attribute):
        return node.with_changes(value=_on(node.value, value))
    return value


def _moved(node: cst.Attribute, old: str) -> cst.BaseExpression | None:
    """Return the chain that leads to a moved module, or None if the chain begins below what both have in common."""
    before, after = old.split("."), MOVED_MODULES[old].split(".")
    shared = next((count for count, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(after))
    value: cst.BaseExpression = node
    for _ in before[shared:]:
        if not isinstance(value, cst.Attribute):
            return None
        value = value.value
    for part in after[shared:]:
        value = cst.Attribute(value, cst.Name(part))
    return value


def _advise_removed(node: cst.Attribute, meaning: Meaning, line: int, place: RuleSite) -> None:
    """Describe the replacement of something removed, if no single expression surely means the same."""
    module, _, last = meaning.name.rpartition(".")
    sign = f"no attribute '{last}'"
    if module == "keras.backend" and not meaning.of_tensorflow and last in TF_BACKEND:
        if isinstance(node.value, cst.Attribute):  # `keras.backend.mean`; that of `K.mean` is reported at its import
            place.advise(line, code(node), _BACKEND, signs=(sign,), after=_of_ops(last))
    elif module == "keras.backend" and last not in TF_BACKEND | PURE_BACKEND:
        place.advise(line, code(node), _NO_BACKEND, signs=(sign,))
    elif module == "tensorflow" and last in GRAPH_MODE:
        place.advise(line, code(node), _NO_GRAPH, signs=(sign,))
    elif module == "tensorflow.train" and last.endswith("Optimizer"):
        place.advise(line, code(node), _OPTIMIZER, signs=(sign,))
    elif meaning.name in ("numpy.in1d", "numpy.asfarray", "numpy.msort", "numpy.NINF", "pandas.Panel"):
        place.advise(line, code(node), _ALIAS_GONE, signs=(sign, f"{last}`"))


def _of_ops(name: str) -> str:
    return (
        f"keras.ops.{SYMBOLIC[f'keras.backend.{name}']}"
        if f"keras.backend.{name}" in SYMBOLIC
        else f"tf.keras.backend.{name}"
    )


_BACKEND: Final = message(
    "`keras.backend` has no functions on tensors since Keras 3: take them from `keras.ops`, or import "
    "`from tensorflow.keras import backend as K`."
)
_NO_BACKEND: Final = message("Keras 3 has no such function of `keras.backend`, as it runs without graphs and sessions.")
_NO_GRAPH: Final = message(
    "TensorFlow 2 has no sessions, placeholders and graph collections: build the model of Keras layers and train it "
    "with `fit`."
)
_OPTIMIZER: Final = message(
    "TensorFlow 2 has its optimizers in `keras.optimizers`, and a model takes one in `compile`."
)
_ALIAS_GONE: Final = message("The library has removed this function: its documentation names the one to use instead.")


# What an object has


def _of_an_object(original: cst.Attribute, updated: cst.Attribute, line: int, place: RuleSite) -> cst.BaseExpression:
    name = original.attr.value
    value = original.value
    if name == "lr" and isinstance(value, cst.Attribute) and value.attr.value == "optimizer":
        new: cst.BaseExpression = updated.with_changes(attr=cst.Name("learning_rate"))
    elif name in ("input", "output") and isinstance(value, cst.Name) and value.value in place.survey.sequential:
        new = cst.parse_expression(f"{value.value}.{name}s[0]")
    elif name in _TIED and _is_own_layer(value):
        whole = code(updated.value)
        side = name.removesuffix("_shape")
        new = cst.parse_expression(f'(getattr({whole}, "{name}", None) or tuple({whole}.{side}.shape))')
    else:
        return updated
    signs = (f"no attribute '{name}'", f"no defined {name}")
    place.note(line, code(original), code(new), signs=signs, far=name in _TIED)
    return new


def _is_own_layer(value: cst.BaseExpression) -> bool:
    """Return whether this is what a layer with tied weights holds: `self.dense`."""
    return isinstance(value, cst.Attribute) and isinstance(value.value, cst.Name) and value.value.value == "self"
