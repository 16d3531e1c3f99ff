"""Reading and changing Python with libcst: the few functions that the operators need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

import libcst as cst

_LAYERS: Final = frozenset(
    {
        "Activation", "ActivityRegularization", "BatchNormalization", "Conv2D", "Conv2DTranspose", "Dense", "Dropout",
        "Flatten", "GaussianNoise", "GlobalAveragePooling2D", "GRU", "LSTM", "MaxPool2D", "MaxPooling2D",
        "RepeatVector", "Reshape", "SimpleRNN", "TimeDistributed", "UpSampling2D",
    }
)  # fmt: skip


@lru_cache(maxsize=1024)
def module(source: str) -> cst.Module:
    """Parse the text of a cell; equal texts share a tree, which is never changed."""
    return cst.parse_module(source)


def is_python(source: str) -> bool:
    """Return whether a cell contains only Python, no magics."""
    return not any(line.startswith(("!", "%")) for line in source.splitlines())


def text(node: cst.CSTNode) -> str:
    """Return the text of a node."""
    return node.code if isinstance(node, cst.Module) else cst.Module(body=()).code_for_node(node)


def replaced(tree: cst.Module, old: cst.CSTNode, new: cst.BaseExpression) -> cst.Module:
    """Return the tree with another expression in the place of one of its nodes."""
    done = tree.deep_replace(old, new)
    assert isinstance(done, cst.Module)  # noqa: S101 - only a node within it was replaced
    return done


def last_name(node: cst.BaseExpression) -> str:
    """Return the last part of a dotted name, "" for anything else."""
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


def is_model(node: cst.BaseExpression) -> bool:
    """Return whether an expression makes a Sequential or a Model."""
    return isinstance(node, cst.Call) and last_name(node.func) in ("Sequential", "Model")


def is_layer(node: cst.CSTNode) -> bool:
    """Return whether an expression makes a layer of Keras."""
    return isinstance(node, cst.Call) and last_name(node.func) in _LAYERS


def keyword(call: cst.Call, name: str) -> str | None:
    """Return the text of a keyword's value, None if it is not given."""
    return next((text(one.value) for one in call.args if one.keyword is not None and one.keyword.value == name), None)


def with_keyword(call: cst.Call, name: str, code: str | None) -> cst.Call:
    """Give a keyword another value, add it, or remove it (None)."""
    args = [(one.keyword.value if one.keyword else one.star, text(one.value)) for one in call.args]
    kept = [(key, value) for key, value in args if key != name]
    return rebuilt(call, kept if code is None else [*kept, (name, code)])


def with_position(call: cst.Call, place: int, code: str) -> cst.Call:
    """Give a positional argument another value."""
    args = [(one.keyword.value if one.keyword else one.star, text(one.value)) for one in call.args]
    args[place] = (args[place][0], code)
    return rebuilt(call, args)


def rebuilt(call: cst.Call, args: list[tuple[str, str]]) -> cst.Call:
    """Return the call with these arguments: (keyword, "", "*" or "**"; text of the value)."""
    written = ", ".join(
        value if key == "" else f"{key}{value}" if key[0] == "*" else f"{key}={value}" for key, value in args
    )
    new = cst.parse_expression(f"{text(call.func)}({written})")
    assert isinstance(new, cst.Call)  # noqa: S101 - written as one
    return new


def call_named(tree: cst.Module, layer: cst.Call) -> cst.Call | None:
    """Return the call that applies this layer to a tensor, None if the layer is in a list."""
    found: list[cst.Call] = []

    class Finder(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:  # noqa: N802 - libcst's name
            if node.func is layer:
                found.append(node)

    tree.visit(Finder())
    return found[0] if found else None


class Renamer(cst.CSTTransformer):
    """Renames variables; attributes and keywords keep their names."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__()
        self._names = names

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:  # noqa: N802 - libcst's name
        """Give a name another one."""
        new = self._names.get(original_node.value)
        return updated_node if new is None else updated_node.with_changes(value=new)

    def leave_Attribute(  # noqa: N802 - libcst's name
        self, original_node: cst.Attribute, updated_node: cst.Attribute
    ) -> cst.BaseExpression:
        """Leave the attribute's own name as it was."""
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:  # noqa: N802 - libcst's name
        """Leave the keyword as it was."""
        return updated_node.with_changes(keyword=original_node.keyword)


CallEdit = Callable[[cst.Call], cst.BaseExpression]


class CallEditor(cst.CSTTransformer):
    """Edits every call of a method of variables whose names have this prefix."""

    def __init__(self, method: str, of: str, edit: CallEdit) -> None:
        super().__init__()
        self.found = False
        self._method, self._of, self._edit = method, of, edit

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:  # noqa: N802 - libcst's name
        """Edit a call of the method."""
        func = original_node.func
        if not isinstance(func, cst.Attribute) or func.attr.value != self._method:
            return updated_node
        if not text(func.value).startswith(self._of):
            return updated_node
        self.found = True
        return self._edit(updated_node)


class ValueEditor(cst.CSTTransformer):
    """Gives a variable that holds a model another value."""

    def __init__(self, name: str, code: str) -> None:
        super().__init__()
        self.found = False
        self._name, self._code = name, code

    def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> cst.Assign:  # noqa: N802 - libcst's name
        """Give a model's value another text."""
        target = original_node.targets[0].target
        if not isinstance(target, cst.Name) or target.value != self._name or not is_model(original_node.value):
            return updated_node
        self.found = True
        return updated_node.with_changes(value=cst.parse_expression(self._code))


class ElementSplitter(cst.CSTTransformer):
    """Replaces one element of a list by several."""

    def __init__(self, element: cst.BaseExpression, instead: Sequence[str]) -> None:
        super().__init__()
        self._element = element
        self._instead = instead

    def leave_Element(  # noqa: N802 - libcst's name
        self, original_node: cst.Element, updated_node: cst.Element
    ) -> cst.Element | cst.FlattenSentinel[cst.Element]:
        """Insert the new elements in place of the old one."""
        if original_node.value is not self._element:
            return updated_node
        *others, last = (cst.parse_expression(code) for code in self._instead)
        return cst.FlattenSentinel([*(cst.Element(one) for one in others), updated_node.with_changes(value=last)])


class LayerFinder(cst.CSTVisitor):
    """Collects layers with the encoder or decoder that they belong to: the next one that is assigned."""

    def __init__(self) -> None:
        super().__init__()
        self.cell_id = ""
        self.place = 0
        self.found: list[tuple[str, int, str, str, str]] = []
        self._pending: list[tuple[str, int, str, str]] = []

    @classmethod
    def calls_of(cls, tree: cst.Module) -> list[cst.Call]:
        """Return every layer of a cell in the order of the text."""
        found: list[cst.Call] = []

        class Finder(cst.CSTVisitor):
            def visit_Call(self, node: cst.Call) -> None:  # noqa: N802 - libcst's name
                if is_layer(node):
                    found.append(node)

        tree.visit(Finder())
        return found

    def visit_Call(self, node: cst.Call) -> None:  # noqa: N802 - libcst's name
        """Remember a layer."""
        if is_layer(node):
            self._pending.append((self.cell_id, self.place, last_name(node.func), text(node)))
            self.place += 1

    def leave_Assign(self, original_node: cst.Assign) -> None:  # noqa: N802 - libcst's name
        """Assign the collected layers to their owner."""
        target = original_node.targets[0].target
        if not is_model(original_node.value) or not isinstance(target, cst.Name):
            return
        name = target.value
        if name.partition("_")[0] in ("encoder", "decoder"):
            self.found += [(cell, place, kind, name, code) for cell, place, kind, code in self._pending]
        self._pending.clear()
