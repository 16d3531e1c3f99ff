"""`decay=` of an optimizer, which Keras 3 ignores, and optimizers whose default rate has changed."""

from __future__ import annotations

import ast
from typing import Final

import libcst as cst

from grader.domain.messages import message
from grader.domain.outdated import SlowOptimizer
from grader.translation.names import BoundNames
from grader.translation.renamings import DEFAULT_RATES, SLOW_RATES
from grader.translation.rule_site import RuleSite, code, keyword, positional, with_name, without

_NOT_WITH: Final = frozenset({"ReduceLROnPlateau", "LearningRateScheduler", "learning_rate", "lr"})
"""What sets the rate of an optimizer during training, which a schedule does not allow."""


def translated_optimizer(call: cst.Call, name: str, line: int, place: RuleSite) -> cst.Call:
    """Translate `decay=d` into the schedule with the same formula: rate / (1 + d · updates)."""
    decay = keyword(call, "decay")
    if decay is None:
        return call
    if isinstance(decay.value, cst.Integer | cst.Float) and decay.value.evaluated_value == 0:
        place.note(line, code(call), code(new := without(call, [decay])))
        return new
    first = positional(call)
    rate = keyword(call, "learning_rate") or (first[0] if first else None)
    start = DEFAULT_RATES.get(name) if rate is None else code(rate.value)
    if (
        start is None
        or first is None
        or place.survey.members.get("optimizer", frozenset()) & _NOT_WITH
        or (place.survey.used & _NOT_WITH)
    ):
        why = message(
            "Keras 3 ignores `decay=`: give a schedule as the rate, such as "
            "`keras.optimizers.schedules.InverseTimeDecay(rate, 1, decay)`."
        )
        place.advise(line, code(call), why)
        return call
    schedule = f"{place.keras()}.optimizers.schedules.InverseTimeDecay({start}, 1, {code(decay.value)})"
    value = cst.parse_expression(schedule)
    if rate is None:
        new = call.with_changes(
            args=[
                with_name(arg, "learning_rate").with_changes(value=value) if arg is decay else arg for arg in call.args
            ]
        )
    else:
        kept = without(call, [decay])
        new = kept.with_changes(
            args=[arg.with_changes(value=value) if arg is rate or arg.value is rate.value else arg for arg in kept.args]
        )
    why = message(
        "Keras 3 ignores `decay=`: the schedule `InverseTimeDecay` has the same formula, rate / (1 + decay · updates)."
    )
    place.note(line, code(call), code(new), why=why)
    return new


def slow_optimizers(cell: int, tree: ast.Module, names: BoundNames) -> tuple[SlowOptimizer, ...]:
    """List optimizers with a default rate that may be too small, in the syntax of a cell."""
    found = []
    for node in ast.walk(tree):
        name, line = _default_optimizer(node, cell, names)
        if name in SLOW_RATES:
            found.append(SlowOptimizer(cell, line, name, *SLOW_RATES[name]))
    return tuple(dict.fromkeys(found))


def _default_optimizer(node: ast.AST, cell: int, names: BoundNames) -> tuple[str, int]:
    """Return class and line of an optimizer that is named, or created, without a rate."""
    match node:
        case ast.keyword(arg="optimizer", value=ast.Constant(value=str(text))):
            return _by_text(text), node.value.lineno
        case ast.Call(func=ast.Attribute(attr="compile"), args=[ast.Constant(value=str(text)), *_]):
            return _by_text(text), node.lineno
        case ast.Call(func=ast.Attribute() | ast.Name() as func, args=[], keywords=keywords):
            meaning = names.meaning(ast.unparse(func), cell, node.lineno)
            rated = any(one.arg in ("lr", "learning_rate", None) for one in keywords)
            if meaning is not None and not rated and meaning.name.startswith("keras.optimizers."):
                return meaning.name.rpartition(".")[2], node.lineno
    return "", 0


def _by_text(text: str) -> str:
    return next((name for name in SLOW_RATES if name.lower() == text.lower()), "")
