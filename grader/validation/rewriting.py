"""Whole statements written in another style: Sequential as functional, in a loop, as a class, and the reverse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import libcst as cst

from grader.validation.concrete_syntax import is_model, keyword, last_name, module, text
from grader.validation.drafts import Draft

PARTS: Final = ("encoder", "decoder", "encoder_1", "encoder_2", "decoder_1", "decoder_2")

Statements = Callable[[str, str, list[str]], str]
"""Turns the variable, its input shape and the texts of its layers into statements."""


def rewritten(draft: Draft, statements: Statements) -> Draft | None:
    """Write every Sequential encoder and decoder anew; None if there is none.

    A Sequential is one whose list begins with an Input and holds nothing starred.
    """
    found = False

    def each(tree: cst.Module) -> cst.Module:
        nonlocal found
        rewriter = _Rewriter(statements)
        new = tree.visit(rewriter)
        found = found or rewriter.found
        return new

    edited = draft.each_python(each, "Sequential(")
    return edited if found else None


def functional(name: str, shape: str, layers: list[str]) -> str:
    """Return the statements of a functional model."""
    lines = [f"{name}_input = keras.Input(shape={shape})", f"{name}_tensor = {name}_input"]
    lines += [f"{name}_tensor = {layer}({name}_tensor)" for layer in layers]
    return "\n".join([*lines, f"{name} = keras.Model({name}_input, {name}_tensor)"])


def in_one_expression(name: str, shape: str, layers: list[str]) -> str:
    """Return a functional model with nested layer calls."""
    tensor = f"{name}_input"
    for layer in layers:
        tensor = f"{layer}({tensor})"
    return f"{name}_input = keras.Input(shape={shape})\n{name} = keras.Model({name}_input, {tensor})"


def added_one_by_one(name: str, shape: str, layers: list[str]) -> str:
    """Return a Sequential that grows with `add`."""
    lines = [f"{name} = keras.Sequential()", f"{name}.add(keras.Input(shape={shape}))"]
    return "\n".join([*lines, *(f"{name}.add({layer})" for layer in layers)])


def in_a_loop(name: str, shape: str, layers: list[str]) -> str:
    """Return a Sequential that a loop fills."""
    return (
        f"{name} = keras.Sequential([keras.Input(shape={shape})])\n"
        f"for {name}_layer in [{', '.join(layers)}]:\n    {name}.add({name}_layer)"
    )


def with_input_layer(name: str, shape: str, layers: list[str]) -> str:
    """Return a Sequential whose input is an InputLayer."""
    return f"{name} = keras.Sequential([keras.layers.InputLayer(shape={shape}), {', '.join(layers)}])"


def with_input_shape(name: str, shape: str, layers: list[str]) -> str:
    """Return a Sequential whose first layer states the input shape, as in old tutorials."""
    first = f"{layers[0].rstrip()[:-1].rstrip().rstrip(',')}, input_shape={shape})".replace("(, ", "(")
    if not layers[0].rstrip().endswith(")"):
        return with_input_layer(name, shape, layers)
    return f"{name} = keras.Sequential([{', '.join([first, *layers[1:]])}])"


def nested_deeper(name: str, shape: str, layers: list[str]) -> str:
    """Return a Sequential in which every layer is a model of its own."""
    inner = ", ".join(f"keras.Sequential([{layer}])" for layer in layers)
    return f"{name} = keras.Sequential([keras.Input(shape={shape}), keras.Sequential([{inner}])])"


def by_a_function(name: str, shape: str, layers: list[str]) -> str:
    """Return a model that a function builds."""
    body = "\n    ".join(functional("model", shape, layers).splitlines())
    return f"def make_{name}():\n    {body}\n    return model\n\n\n{name} = make_{name}()"


def with_operations(name: str, shape: str, layers: list[str]) -> str:
    """Return a functional model that applies activations with keras.ops."""
    lines = [f"{name}_input = keras.Input(shape={shape})", f"{name}_tensor = {name}_input"]
    for layer in layers:
        plain, activation = without_activation(layer)
        lines.append(f"{name}_tensor = {plain}({name}_tensor)")
        if activation is not None:
            lines.append(f"{name}_tensor = keras.ops.{activation}({name}_tensor)")
    return "\n".join([*lines, f"{name} = keras.Model({name}_input, {name}_tensor)"])


def without_activation(layer: str) -> tuple[str, str | None]:
    """Remove a layer's `activation="…"` and return both; a recurrent layer keeps its own."""
    call = cst.parse_expression(layer)
    if not isinstance(call, cst.Call):
        return layer, None
    activation = keyword(call, "activation")
    if activation is None or last_name(call.func) == "Activation" or activation.strip('"') not in OPERATIONS:
        return layer, None
    kept = [
        f"{one.keyword.value}={text(one.value)}" if one.keyword else text(one.value)
        for one in call.args
        if one.keyword is None or one.keyword.value != "activation"
    ]
    return f"{text(call.func)}({', '.join(kept)})", activation.strip('"')


OPERATIONS: Final = frozenset({"relu", "sigmoid", "elu", "selu", "softmax", "tanh"})


class _Rewriter(cst.CSTTransformer):
    def __init__(self, statements: Statements) -> None:
        super().__init__()
        self.found = False
        self._statements = statements

    def leave_SimpleStatementLine(  # noqa: N802 - libcst's name
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.BaseStatement]:
        read = _sequential(original_node)
        if read is None:
            return updated_node
        self.found = True
        new = module(self._statements(*read)).body
        return cst.FlattenSentinel([*new])


def _sequential(line: cst.SimpleStatementLine) -> tuple[str, str, list[str]] | None:
    """Read `name = keras.Sequential([keras.Input(shape=…), …])`."""
    statement = line.body[0]
    if not isinstance(statement, cst.Assign) or not is_model(statement.value):
        return None
    target, call = statement.targets[0].target, statement.value
    if not isinstance(target, cst.Name) or target.value not in PARTS or not isinstance(call, cst.Call):
        return None
    listed = call.args[0].value if call.args else None
    if not isinstance(listed, cst.List) or any(isinstance(one, cst.StarredElement) for one in listed.elements):
        return None
    first, *others = (one.value for one in listed.elements)
    shape = keyword(first, "shape") if isinstance(first, cst.Call) and last_name(first.func) == "Input" else None
    return None if shape is None or not others else (target.value, shape, [_flat(one) for one in others])


def _flat(node: cst.BaseExpression) -> str:
    return " ".join(text(node).split())
