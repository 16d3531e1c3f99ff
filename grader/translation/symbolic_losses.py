"""Losses made of symbolic tensors, as variational autoencoders had them before Keras 3.

`vae.add_loss(tensor)` and a loss function that uses `z_mean` of the graph both mean: compute these tensors from the
inputs of the model in every step. The translation does this. It builds a second model with the same layers from the
same inputs to the tensors of the loss, and uses it in the `compute_loss` of the first, whose graph stays as it is.

The same numbers come out, with two differences that no loss depends on: a model that draws random numbers draws once
more in each step, and moving averages of `BatchNormalization` are updated twice.
"""

from __future__ import annotations

import ast
from typing import Final

import libcst as cst

from grader.domain.messages import message
from grader.translation.renamings import SYMBOLIC, SYMBOLIC_ARGUMENTS
from grader.translation.rule_site import RuleSite, code, keyword, positional
from grader.translation.symbolic_tensors import Tensors, is_symbolic

ADDED: Final = "_add_loss"
ADDED_SOURCE: Final = """\
def _add_loss(model, loss):  # what `model.add_loss(loss)` said before Keras 3
    import keras
    joint, own = keras.Model(model.inputs, loss), model.compute_loss
    if hasattr(own, "added"):
        own.added.append(joint)
        return
    def compute_loss(x=None, y=None, y_pred=None, sample_weight=None, training=True):
        rest = own(x, y, y_pred, sample_weight, training) if model.loss is not None or model.losses else 0.0
        return rest + sum(keras.ops.sum(one(x, training=training)) for one in compute_loss.added)
    compute_loss.added = [joint]
    model.compute_loss = compute_loss
"""
"""Keras sums the losses that a layer adds, so a single number stays unchanged."""

CLOSED: Final = "_close_loss"
CLOSED_SOURCE: Final = """\
def _close_loss(model, loss, names):  # `loss` may use these tensors of the graph, as before Keras 3
    import keras
    joint = keras.Model(model.inputs, [globals()[name] for name in names])
    def compute_loss(x=None, y=None, y_pred=None, sample_weight=None, training=True):
        symbolic = {name: globals()[name] for name in names}
        try:
            globals().update(zip(names, keras.tree.flatten(joint(x, training=training))))
            value = keras.ops.mean(loss(keras.ops.convert_to_tensor(y, dtype=y_pred.dtype), y_pred))
        finally:
            globals().update(symbolic)
        return value + sum(keras.ops.sum(one) for one in model.losses)
    model.compute_loss = compute_loss
"""

_SYMBOLIC: Final = message(
    "Keras 3 takes no function of TensorFlow or of the old backend on tensors of a graph: take it from `keras.ops`."
)
_ADD_LOSS: Final = message(
    "A model takes no symbolic loss in `add_loss` since Keras 3: add it in the `call` of a layer, as "
    "`self.add_loss(...)`."
)
_CLOSURE: Final = message(
    "A loss function of Keras 3 cannot use tensors of the graph: add that part in the `call` of a layer, as "
    "`self.add_loss(...)`."
)
_SIGNS: Final = ("kerastensor", "base_dtype", "symbolic", "out of scope")


def translated_function(
    original: cst.Call, updated: cst.Call, line: int, place: RuleSite, symbolic: frozenset[str]
) -> cst.Call:
    """Take a function on symbolic tensors from `keras.ops`."""
    meaning = place.meaning(original.func, line)
    if meaning is None or not any(_holds(arg.value, symbolic, place) for arg in original.args):
        return updated
    flattens = meaning.name == "keras.backend.flatten" and len(original.args) == 1
    name = "reshape" if flattens else SYMBOLIC.get(meaning.name)
    named = {arg.keyword.value for arg in original.args if arg.keyword is not None}
    if name is None or not named <= SYMBOLIC_ARGUMENTS or positional(original) is None:
        if meaning.name.startswith(("keras.backend.", "tensorflow.")) and not meaning.name.endswith("int_shape"):
            place.advise(line, code(original), _SYMBOLIC, signs=_SIGNS)
        return updated
    function = cst.parse_expression(f"{place.keras()}.ops.{name}")
    new = updated.with_changes(func=function)
    if flattens:
        new = cst.ensure_type(cst.parse_expression(f"{code(function)}({code(updated.args[0].value)}, (-1,))"), cst.Call)
    place.note(line, code(original), code(new), why=_SYMBOLIC, signs=_SIGNS)
    return new


def translated_added_loss(
    original: cst.Call, updated: cst.Call, line: int, place: RuleSite, symbolic: frozenset[str]
) -> tuple[cst.Call, str]:
    """Translate `model.add_loss(tensor)`; return the call and the source of the function it calls, "" if not old."""
    func = updated.func
    if not (isinstance(func, cst.Attribute) and isinstance(func.value, cst.Name) and func.attr.value == "add_loss"):
        return updated, ""
    first = positional(updated)
    if func.value.value == "self" or not first or not _holds(original.args[0].value, symbolic, place):
        return updated, ""
    new = updated.with_changes(func=cst.Name(ADDED), args=[cst.Arg(func.value), cst.Arg(first[0].value)])
    place.note(line, code(original), code(new), why=_ADD_LOSS, signs=("notimplementederror", *_SIGNS))
    return new, ADDED_SOURCE


def translated_compile(
    original: cst.Call, updated: cst.Call, line: int, place: RuleSite, tensors: Tensors
) -> tuple[cst.Call, str, str]:
    """Translate `model.compile(loss=f)` where `f` uses tensors of the graph.

    Returns:
        The call, a statement to run before it, and the source of what that calls; two "" if nothing is old.
    """
    func = updated.func
    loss = keyword(updated, "loss")
    if not isinstance(func, cst.Attribute) or func.attr.value != "compile" or loss is None:
        return updated, "", ""
    function = loss.value.value if isinstance(loss.value, cst.Name) else ""
    used = tensors.closures.get(function, ())
    if not used:
        return updated, "", ""
    metrics = keyword(updated, "metrics")
    measured = metrics is not None and any(f"{name}" in code(metrics.value) for name in tensors.closures)
    if measured or not isinstance(func.value, cst.Name):
        place.advise(line, code(original), _CLOSURE, signs=_SIGNS, far=True)
        return updated, "", ""
    kept = [arg if arg is not loss else arg.with_changes(value=cst.Name("None")) for arg in updated.args]
    new = updated.with_changes(args=kept)
    before = f"{CLOSED}({func.value.value}, {function}, {list(used)!r})"
    place.note(line, code(original), f"{before}; {code(new)}", why=_CLOSURE, signs=_SIGNS, far=True)
    return new, before, CLOSED_SOURCE


def _holds(node: cst.BaseExpression, symbolic: frozenset[str], place: RuleSite) -> bool:
    tree = ast.parse(f"({code(node)})", mode="eval")
    return is_symbolic(tree.body, symbolic, place.survey.names, place.cell)
