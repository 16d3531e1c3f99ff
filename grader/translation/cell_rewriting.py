"""Rewrites one cell: every rule at every node, from the inside out, with all other text unchanged."""

# ruff: noqa: ARG002 - the signatures are those of libcst

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from grader.translation.attributes import translated_attribute, translated_subscript
from grader.translation.moved_imports import translated_from, translated_import
from grader.translation.renamed_arguments import translated_call
from grader.translation.rule_site import RuleSite, line_of, text_of
from grader.translation.symbolic_losses import translated_added_loss, translated_compile, translated_function
from grader.translation.symbolic_tensors import NOTEBOOK, Scope, Tensors

_NOTHING_SYMBOLIC: Scope = (-1, "nothing")
_IMPORT = "import keras as _keras\n"


def rewritten(text: str, place: RuleSite, tensors: Tensors) -> str:
    """Return the Python of a cell with every possible translation; the findings are in the survey."""
    rewriter = _Rewriter(place, tensors)
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    return wrapper.visit(rewriter).code


class _Rewriter(cst.CSTTransformer):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, place: RuleSite, tensors: Tensors) -> None:
        super().__init__()
        self._place = place
        self._tensors = tensors
        self._scopes: list[Scope] = [NOTEBOOK]
        self._before: list[str] = []

    # Scopes

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: N802 - the names of libcst
        outermost = self._scopes == [NOTEBOOK]
        self._scopes.append((self._place.cell, node.name.value) if outermost else _NOTHING_SYMBOLIC)

    def leave_FunctionDef(  # noqa: N802
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        self._scopes.pop()
        return updated_node

    def visit_ClassDef(self, node: cst.ClassDef) -> None:  # noqa: N802
        self._scopes.append(_NOTHING_SYMBOLIC)

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:  # noqa: N802
        self._scopes.pop()
        return updated_node

    def visit_Lambda(self, node: cst.Lambda) -> None:  # noqa: N802
        self._scopes.append(_NOTHING_SYMBOLIC)

    def leave_Lambda(self, original_node: cst.Lambda, updated_node: cst.Lambda) -> cst.Lambda:  # noqa: N802
        self._scopes.pop()
        return updated_node

    # Imports

    def leave_ImportFrom(  # noqa: N802
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.BaseSmallStatement:
        new = translated_from(original_node, self._line(original_node), self._place)
        return updated_node if new is original_node else new

    def leave_Import(self, original_node: cst.Import, updated_node: cst.Import) -> cst.BaseSmallStatement:  # noqa: N802
        new = translated_import(original_node, self._line(original_node), self._place)
        return updated_node if new is original_node else new

    # Expressions

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:  # noqa: N802
        """Skip the module's name, which is not an expression."""
        return False

    def visit_Import(self, node: cst.Import) -> bool:  # noqa: N802
        """Skip the module's name, which is not an expression."""
        return False

    def leave_Attribute(  # noqa: N802
        self, original_node: cst.Attribute, updated_node: cst.Attribute
    ) -> cst.BaseExpression:
        return translated_attribute(original_node, updated_node, self._line(original_node), self._place)

    def leave_Subscript(  # noqa: N802
        self, original_node: cst.Subscript, updated_node: cst.Subscript
    ) -> cst.BaseExpression:
        return translated_subscript(original_node, updated_node, self._line(original_node), self._place)

    def leave_SimpleString(  # noqa: N802
        self, original_node: cst.SimpleString, updated_node: cst.SimpleString
    ) -> cst.BaseExpression:
        new = self._place.survey.texts.get(text_of(original_node) or "")
        return updated_node if new is None else updated_node.with_changes(value=repr(new))

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:  # noqa: N802
        line, place = self._line(original_node), self._place
        symbolic = self._tensors.names.get(self._scopes[-1], frozenset())
        call = translated_function(original_node, updated_node, line, place, symbolic)
        if call is not updated_node:
            return call
        call, helper = translated_added_loss(original_node, updated_node, line, place, symbolic)
        if helper:
            self._before.append(helper)
            return call
        if self._scopes == [NOTEBOOK]:
            call, statement, helper = translated_compile(original_node, updated_node, line, place, self._tensors)
            self._before += [helper, statement] if helper else []
        return translated_call(original_node, call, line, place)

    # Code that a translation needs before its statement

    def leave_SimpleStatementLine(  # noqa: N802
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.BaseStatement]:
        if not self._before:
            return updated_node
        first, *others = [cst.parse_statement(source) for source in dict.fromkeys(self._before)]
        self._before = []
        first = first.with_changes(leading_lines=updated_node.leading_lines)
        return cst.FlattenSentinel([first, *others, updated_node.with_changes(leading_lines=())])

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:  # noqa: N802
        if not self._place.needs_keras:
            return updated_node
        at = _first_own(updated_node.body)
        body = [*updated_node.body[:at], cst.parse_statement(_IMPORT), *updated_node.body[at:]]
        return updated_node.with_changes(body=body)

    def _line(self, node: cst.CSTNode) -> int:
        return line_of(self.get_metadata(PositionProvider, node))


def _first_own(body: Sequence[cst.BaseStatement]) -> int:
    """Return where a cell's own code begins: after a magic and `from __future__`, which must come first."""
    empty = cst.Module([])
    for position, statement in enumerate(body):
        if not empty.code_for_node(statement).lstrip().startswith(("_ipython_line_", "from __future__", '"""', "'''")):
            return position
    return len(body)
