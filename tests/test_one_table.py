"""One place for each piece of knowledge: what stands in a table stands nowhere else in the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from grader.domain.layer_kinds import all_traits

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "grader").rglob("*.py"))

LAYER_TABLES = {
    "probe/layer_rules.py": "the table itself",
    "probe/operator_rules.py": "the table of operators",
    "probe/pure_ops.py": "operations of TensorFlow, some of which have the name of a layer",
    "translation/tables.py": "old names and arguments",
    "translation/renamings.py": "old names and arguments",
    "translation/imports.py": "old names and arguments",
    "validation/concrete_syntax.py": "names of layers in the text of our own solutions, `MaxPool2D` among them",
    "validation/drafts.py": "layers in the text of our own solutions",
    "validation/mutants/structure.py": "layers in the text of our own solutions",
    "rebuild/network/canonical.py": "settings under which a layer or operator is the ordinary function of its name",
}
"""Modules that name several kinds of layers for what is no trait of theirs."""


def literal_sets(tree: ast.AST) -> Iterator[tuple[int, set[str]]]:
    """Yield the texts that stand together in one set, tuple, list or as keys of one dictionary."""
    for node in ast.walk(tree):
        parts = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", [])
        texts = {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}
        if texts:
            yield node.lineno, texts


def private_sets_of_layers(source: str) -> list[int]:
    """The lines of literals that hold two kinds of layers or more."""
    known = all_traits().keys()
    return [line for line, texts in literal_sets(ast.parse(source)) if len(texts & known) > 1]


def test_nobody_keeps_kinds_of_layers_of_their_own() -> None:
    """What a layer is stands in `probe/layer_rules.py`; `layer.traits` and `traits_of` read it."""
    found = {}
    for module in MODULES:
        name = str(module.relative_to(ROOT / "grader"))
        lines = private_sets_of_layers(module.read_text(encoding="utf-8"))
        if lines and name not in LAYER_TABLES:
            found[name] = lines
    assert found == {}


@pytest.mark.parametrize(
    "source", ['A = {"LSTM", "GRU"}', 'A = {"LSTM": 1, "GRU": 2}', 'if kind in ("LSTM", "GRU"): pass']
)
def test_a_set_of_layers_is_seen(source: str) -> None:
    """The rule above can fail."""
    assert private_sets_of_layers(source) == [1]


# Sentences

SHORTEST_SENTENCE = 24
"""Characters from which a text is a sentence that somebody will want to correct; shorter ones are labels and words."""

CALLS = {"message", "t"}


def sentences(source: str) -> Iterator[str]:
    """Yield the texts that a module gives to `message(…)` or `wording.t(…)`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in CALLS and isinstance(node.args[0].value, str):
                yield node.args[0].value


def said_in(modules: Mapping[str, str]) -> dict[str, list[str]]:
    """Every sentence that stands in more than one module, with these modules."""
    found: dict[str, set[str]] = {}
    for name, source in modules.items():
        for sentence in sentences(source):
            if len(sentence) >= SHORTEST_SENTENCE:
                found.setdefault(sentence, set()).add(name)
    return {sentence: sorted(names) for sentence, names in found.items() if len(names) > 1}


def test_a_sentence_stands_in_one_module() -> None:
    """Whoever corrects it finds it in one place."""
    sources = {str(module.relative_to(ROOT)): module.read_text(encoding="utf-8") for module in MODULES}
    assert sum(1 for source in sources.values() for _ in sentences(source)) > 1000
    assert said_in(sources) == {}


def test_a_sentence_in_two_modules_is_seen() -> None:
    """The rule above can fail; a label may stand in many tables."""
    twice = 'a = message("Nothing was handed in by {count}.", count=1)\nb = message("Points")'
    assert said_in({"a.py": twice, "b.py": twice}) == {"Nothing was handed in by {count}.": ["a.py", "b.py"]}
