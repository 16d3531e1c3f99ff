"""A solution notebook as cells and syntax trees that can be rewritten.

Edits use libcst, so that comments and layout stay and the result is always valid Python. A draft never changes; every
edit returns another one, or None if there is nothing to edit, so that an operator that does not apply reports it by
itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import libcst as cst

from grader.domain.assignment import Assignment
from grader.domain.facts import ReferenceFacts
from grader.intake.raw_cells import is_given
from grader.validation.concrete_syntax import (
    CallEdit,
    CallEditor,
    ElementSplitter,
    LayerFinder,
    Renamer,
    ValueEditor,
    call_named,
    is_python,
    keyword,
    module,
    replaced,
    text,
)

WEIGHTED: Final = frozenset({"Dense", "Conv2D", "Conv2DTranspose", "LSTM", "GRU", "SimpleRNN"})
"""Kinds of layer with weights of their own."""


@dataclass(frozen=True, slots=True)
class DraftCell:
    """One cell.

    Attributes:
        cell_id: Its id in the template.
        source: Its text.
        is_code: Whether it is code, else Markdown.
        metadata: What the file holds beside the text; nbgrader's part says whose the cell is.
    """

    cell_id: str
    source: str
    is_code: bool
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LayerCall:
    """One layer that the solution makes.

    Attributes:
        cell_id: The cell it stands in.
        place: Which layer of the cell it is, from 0 in the order of the text.
        kind: Class of Keras (`Dense`).
        model: The model it belongs to (`encoder`, `decoder_1`).
        code: Its text.
    """

    cell_id: str
    place: int
    kind: str
    model: str
    code: str

    @property
    def is_encoder(self) -> bool:
        """Whether it is part of an encoder, else of a decoder."""
        return self.model.startswith("encoder")

    @property
    def call(self) -> cst.Call:
        """Its syntax tree."""
        tree = cst.parse_expression(self.code)
        assert isinstance(tree, cst.Call)  # noqa: S101 - it was one when it was found
        return tree

    def keyword(self, name: str) -> str | None:
        """Return the text of a keyword's value, None if it is not given."""
        return keyword(self.call, name)


@dataclass(frozen=True, slots=True)
class Draft:
    """A notebook on the way from the solution to a wrong answer or to another right one.

    Attributes:
        assignment: The assignment that it answers.
        facts: What a right model does.
        cells: All cells, in order.
        metadata: The notebook's own.
        minor: Minor version of nbformat 4.
    """

    assignment: Assignment
    facts: ReferenceFacts
    cells: tuple[DraftCell, ...]
    metadata: Mapping[str, object]
    minor: int = 5

    @classmethod
    def of(cls, solution: str, assignment: Assignment, facts: ReferenceFacts) -> Draft:
        """Read a solution notebook (JSON text)."""
        raw = json.loads(solution)
        cells = tuple(
            DraftCell(cell["id"], "".join(cell["source"]), cell["cell_type"] == "code", cell["metadata"])
            for cell in raw["cells"]
            if cell["cell_type"] in ("code", "markdown")
        )
        return cls(assignment, facts, cells, raw["metadata"])

    def notebook(self) -> str:
        """Return the notebook as JSON text."""
        cells: list[dict[str, object]] = [
            {"cell_type": "markdown", "id": cell.cell_id, "metadata": cell.metadata, "source": cell.source}
            | ({"cell_type": "code", "execution_count": None, "outputs": []} if cell.is_code else {})
            for cell in self.cells
        ]
        return json.dumps({"cells": cells, "metadata": self.metadata, "nbformat": 4, "nbformat_minor": self.minor})

    # What is asked

    def asks(self, check: str) -> bool:
        """Return whether the rubric has a check."""
        return any(item.check == check for item in self.assignment.rubric)

    def allows(self, parameter: str, value: str) -> bool:
        """Return whether a setting of the check `layers` allows this value."""
        for item in self.assignment.rubric:
            given = item.parameters.get(parameter)
            if item.check == "layers" and isinstance(given, tuple):
                return value in given
        return False

    def sets(self, check: str, parameter: str, value: object) -> bool:
        """Return whether the rubric sets a setting of a check to exactly this value."""
        return any(item.check == check and item.parameters.get(parameter) == value for item in self.assignment.rubric)

    # Text

    @property
    def code_cells(self) -> Iterator[DraftCell]:
        """Cells of code, in order."""
        return (cell for cell in self.cells if cell.is_code)

    def source(self, cell_id: str) -> str | None:
        """Return a cell's text, None if there is no such cell."""
        return next((cell.source for cell in self.cells if cell.cell_id == cell_id), None)

    def mentions(self, words: str) -> bool:
        """Return whether a text stands in any cell of code."""
        return any(words in cell.source for cell in self.code_cells)

    def with_source(self, cell_id: str, source: str) -> Draft:
        """Replace the text of a cell."""
        cells = tuple(replace(cell, source=source) if cell.cell_id == cell_id else cell for cell in self.cells)
        return replace(self, cells=cells)

    def instead(self, old: str, new: str) -> Draft | None:
        """Replace one text by another everywhere in the code."""
        if not self.mentions(old):
            return None
        return self.each_code(lambda source: source.replace(old, new))

    def each_code(self, edit: Callable[[str], str]) -> Draft:
        """Edit the text of every cell of code."""
        return replace(
            self, cells=tuple(replace(cell, source=edit(cell.source)) if cell.is_code else cell for cell in self.cells)
        )

    def each_python(self, edit: Callable[[cst.Module], cst.Module], words: str = "") -> Draft:
        """Edit the syntax tree of every code cell that contains these words, except cells with magics."""
        return self.each_code(
            lambda source: edit(module(source)).code if words in source and is_python(source) else source
        )

    def added(self, source: str, *, after: str | None = None, is_code: bool = True) -> Draft:
        """Add a cell after another one, or at the end."""
        new = DraftCell(f"added-{len(self.cells)}", source, is_code)
        place = len(self.cells)
        if after is not None:
            place = 1 + next(index for index, cell in enumerate(self.cells) if cell.cell_id == after)
        return replace(self, cells=(*self.cells[:place], new, *self.cells[place:]))

    def prepared(self, source: str) -> Draft:
        """Add a cell after the one with the imports: helper functions for what follows."""
        cells = list(self.code_cells)
        importing = next((cell for cell in cells if "import numpy" in cell.source), cells[0])
        return self.added(source, after=importing.cell_id)

    def after_statement(self, words: str, source: str) -> Draft | None:
        """Add a cell after the last one that contains a text."""
        found = [cell.cell_id for cell in self.code_cells if words in cell.source]
        return self.added(source, after=found[-1]) if found else None

    def renamed(self, names: Mapping[str, str]) -> Draft:
        """Rename variables, functions and classes everywhere."""
        return self.each_python(lambda tree: tree.visit(Renamer(names)))

    def renamed_by_the_student(self, names: Mapping[str, str]) -> Draft:
        """Rename variables, functions and classes in every cell except the given ones."""
        whole = self.renamed(names)
        pairs = zip(self.cells, whole.cells, strict=True)
        return replace(self, cells=tuple(old if is_given(old.metadata) else new for old, new in pairs))

    # Syntax

    def layers(self) -> tuple[LayerCall, ...]:
        """Find every layer of encoders and decoders, in order."""
        finder = LayerFinder()
        for cell in (one for one in self.code_cells if "ayers" in one.source and is_python(one.source)):
            finder.cell_id = cell.cell_id
            finder.place = 0
            module(cell.source).visit(finder)
        return tuple(LayerCall(*one) for one in finder.found)

    def weighted(self, *, encoder: bool) -> tuple[LayerCall, ...]:
        """Find the layers with weights on one side."""
        return tuple(one for one in self.layers() if one.kind in WEIGHTED and one.is_encoder is encoder)

    def code_layer(self) -> LayerCall | None:
        """Find the layer whose output is the code; None for a code that is drawn."""
        if self.mentions("z_log_variance"):
            return None
        return next(reversed(self.weighted(encoder=True)), None)

    def output_layer(self) -> LayerCall | None:
        """Find the layer that outputs the image: the last of the first decoder."""
        found = self.weighted(encoder=False)
        return next((one for one in reversed(found) if one.model == found[0].model), None)

    def hidden_layers(self, *, encoder: bool) -> tuple[LayerCall, ...]:
        """Find the layers with weights that output neither the code nor the image."""
        ends = (self.code_layer(), self.output_layer())
        return tuple(one for one in self.weighted(encoder=encoder) if one not in ends and "z_" not in one.code)

    def with_layer(self, layer: LayerCall, edit: CallEdit) -> Draft:
        """Edit one layer."""
        tree = module(self.source(layer.cell_id) or "")
        call = LayerFinder.calls_of(tree)[layer.place]
        return self.with_source(layer.cell_id, text(replaced(tree, call, edit(call))))

    def beside(self, layer: LayerCall, code: str, *, before: bool = False) -> Draft:
        """Insert another layer after or before one: in the list of a Sequential, or around a functional call."""
        tree = module(self.source(layer.cell_id) or "")
        call = LayerFinder.calls_of(tree)[layer.place]
        found = call_named(tree, call)
        if isinstance(found, cst.Call):  # layer(tensor)
            tensor = text(found.args[0].value)
            inner = f"{text(call)}({code}({tensor}))" if before else f"{code}({text(found)})"
            return self.with_source(layer.cell_id, text(replaced(tree, found, cst.parse_expression(inner))))
        elements = (code, text(call)) if before else (text(call), code)
        return self.with_source(layer.cell_id, text(tree.visit(ElementSplitter(call, elements))))

    def with_value(self, name: str, code: str) -> Draft | None:
        """Replace the value of a variable that holds a Sequential or a Model, wherever it is assigned."""
        editor = ValueEditor(name, code)
        draft = self.each_python(lambda tree: tree.visit(editor), name)
        return draft if editor.found else None

    def joined(self, code: str, helper: str) -> Draft | None:
        """Build the autoencoder from its halves in another way; None if they are cut out of it afterwards."""
        text = "\n".join(cell.source for cell in self.code_cells)
        places = [re.search(rf"^ *{name} = ", text, re.MULTILINE) for name in ("encoder", "decoder", "autoencoder")]
        encoder, decoder, whole = (-1 if place is None else place.start() for place in places)
        edited = self.with_value("autoencoder", code) if 0 <= max(encoder, decoder) < whole else None
        return None if edited is None else edited.prepared(helper)

    def with_calls(self, method: str, edit: CallEdit, *, of: str = "") -> Draft | None:
        """Edit every call of a method (`fit`, `compile`) of variables whose names have this prefix."""
        editor = CallEditor(method, of, edit)
        draft = self.each_python(lambda tree: tree.visit(editor), f".{method}(")
        return draft if editor.found else None
