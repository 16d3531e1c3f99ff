"""Searches a whole notebook for old code: returns the findings, and the notebook with every possible translation."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import libcst as cst

from grader.domain.messages import message
from grader.domain.outdated import OldCode, SlowOptimizer
from grader.domain.submission import CodeCell, Notebook
from grader.translation.cell_rewriting import rewritten
from grader.translation.graph_mode import note_graph_mode
from grader.translation.model_files import old_files
from grader.translation.names import names_of
from grader.translation.old_optimizers import slow_optimizers
from grader.translation.readable_cells import Readable, readable
from grader.translation.renamings import KERAS_1_ARGUMENTS
from grader.translation.rule_site import RuleSite, Survey
from grader.translation.symbolic_tensors import Tensors, tensors_of
from grader.translation.training_mode import note_idle_training

_LONGEST_NOTEBOOK: Final = 400_000
"""Most characters of all cells; a longer notebook is not searched."""

_MODELS: Final = frozenset({"Model", "Sequential"})

# A cell that a parser, or one of our own rules, cannot handle is left as it is.
_UNREADABLE: Final = (cst.ParserSyntaxError, cst.CSTValidationError, RecursionError, SyntaxError, ValueError, TypeError)


def read_old_code(notebook: Notebook) -> OldCode:
    """Find old code in a notebook and translate what can be translated; nothing of it runs.

    Cells that hold nothing old, or no Python, stay the same objects.
    """
    if sum(len(cell.source) for cell in notebook.cells) > _LONGEST_NOTEBOOK:
        return OldCode(notebook)
    texts = {cell.index: text for cell in notebook.cells if (text := readable(cell.source)) is not None}
    trees = [(index, text.tree) for index, text in texts.items()]
    try:
        survey, slow = _surveyed(trees)
        tensors = tensors_of(trees, survey.names)
    except _UNREADABLE:
        return OldCode(notebook)
    cells = [_translated(cell, texts.get(cell.index), survey, tensors) for cell in notebook.cells]
    found = sorted(dict.fromkeys(survey.found), key=lambda one: (one.cell_index, one.line))
    changed = any(new is not old for new, old in zip(cells, notebook.cells, strict=True))
    return OldCode(replace(notebook, cells=tuple(cells)) if changed else notebook, tuple(found), slow)


def _translated(cell: CodeCell, text: Readable | None, survey: Survey, tensors: Tensors) -> CodeCell:
    if text is None:
        return cell
    before = len(survey.found)
    place = RuleSite(survey, cell.index)
    _note_python_2(text, place)
    try:
        python = rewritten(text.text, place, tensors)
    except _UNREADABLE:
        del survey.found[before:]
        return cell
    new = text.restored(python)
    return cell if new == cell.source else replace(cell, source=new)


def _note_python_2(text: Readable, place: RuleSite) -> None:
    why = message("This is Python 2: Python 3 has `print` as a function, and `except … as name`.")
    for line, before, after in text.fixed:
        place.note(
            line, before, after, why=why, signs=("missing parentheses", "invalid syntax", "multiple exception types")
        )


# What the whole notebook says


def _surveyed(trees: Sequence[tuple[int, ast.Module]]) -> tuple[Survey, tuple[SlowOptimizer, ...]]:
    names = names_of(trees)
    nodes = [node for _, tree in trees for node in ast.walk(tree)]
    sequential = _assigned(nodes, frozenset({"Sequential"})) - _assigned(nodes, None)
    survey = Survey(
        names,
        keras_1=any(isinstance(node, ast.keyword) and node.arg in KERAS_1_ARGUMENTS for node in nodes),
        metrics=frozenset(_metrics(nodes)),
        own=frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef)),
        used=frozenset(node.id for node in nodes if isinstance(node, ast.Name)),
        members=_members(nodes),
        sequential=sequential,
    )
    for file in old_files(trees, _assigned(nodes, _MODELS)):
        place = RuleSite(survey, file.cell)
        why = message(
            "Keras 3 tells formats by the ending: weights end in `.weights.h5`, models in `.keras`; write `{after}`.",
            after=repr(file.new),
        )
        signs = ("must end in", "invalid filepath extension")
        if file.sound:
            survey.texts[file.old] = file.new
            place.note(file.line, repr(file.old), repr(file.new), why=why, signs=signs)
        else:
            place.advise(file.line, repr(file.old), why, signs=signs, after=repr(file.new))
    note_idle_training(trees, survey)
    note_graph_mode(trees, survey)
    slow = [one for cell, tree in trees for one in slow_optimizers(cell, tree, names)]
    return survey, tuple(slow)


def _assigned(nodes: Sequence[ast.AST], makers: frozenset[str] | None) -> frozenset[str]:
    """Return the names assigned from these calls; for None, from all others but Sequentials."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Assign):
            called = node.value.func if isinstance(node.value, ast.Call) else None
            last = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if last in makers if makers is not None else last != "Sequential":
                found.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return frozenset(found)


def _metrics(nodes: Sequence[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.keyword) and node.arg == "metrics":
            yield from (
                one.value
                for one in ast.walk(node.value)
                if isinstance(one, ast.Constant) and isinstance(one.value, str)
            )


def _members(nodes: Sequence[ast.AST]) -> Mapping[str, frozenset[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for node in nodes:
        if isinstance(node, ast.Attribute):
            before = node.value
            name = before.id if isinstance(before, ast.Name) else getattr(before, "attr", "")
            found[name].add(node.attr)
    return {name: frozenset(members) for name, members in found.items()}
