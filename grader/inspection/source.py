"""Errors in a notebook's code that show in no model: read from the source, without running it.

Read conservatively: what is not certainly an error is ignored, since a false report is worse than a missed one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from grader.domain.cell_places import Places, line_title
from grader.domain.grade import Finding
from grader.domain.inspection import Remark
from grader.domain.messages import Message, message, verbatim
from grader.domain.submission import Notebook
from grader.inspection.fixed_noise import fixed_noises
from grader.translation.readable_cells import readable

WHY_PART_OF_THE_LOSS: Final = message("Training cannot make smaller what is not part of the loss.")


_ERRORS: Final = frozenset({"mse", "mae", "meansquarederror", "meanabsoluteerror", "huber", "logcosh"})
_ACCURACIES: Final = ("accuracy", "acc", "binary_accuracy", "BinaryAccuracy", "Accuracy", "categorical_accuracy",
                      "CategoricalAccuracy")  # fmt: skip
_CHOSEN_BY_SHAPE: Final = frozenset({"accuracy", "acc"})
_OF_CLASSES: Final = frozenset({"categorical_accuracy", "CategoricalAccuracy"})
_PENALTY = re.compile(
    r"penal|regulari[sz]?(?:er|ation|ador|aci[oó]n)|(?:^|_)kl(?:d|_|$)|"
    r"spars\w*_(?:loss|cost|term|reg)|(?:loss|cost|term)_(?:spars|dispers)",
    re.IGNORECASE,
)
_NO_PENALTY = re.compile(r"build|model|make|crea|train|entren|plot|graf|fit|compar", re.IGNORECASE)
_REGULARISERS: Final = frozenset({"l1", "L1", "l1_l2", "L1L2"})
_SUMS: Final = frozenset({"sum", "reduce_sum", "mean", "reduce_mean", "abs", "square", "KLDivergence", "kl_divergence"})


@dataclass(frozen=True, slots=True)
class ParsedCell:
    """A cell that could be read.

    Attributes:
        index: Position in the file, from 0.
        tree: Its syntax, lines for IPython left out.
    """

    index: int
    tree: ast.Module


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the code shows.

    Attributes:
        remark: The remark about it.
        names: The models it is about; empty if the code does not say.
        sure: Whether it is an error even if the model with this name is unknown.
        metric: For an accuracy, its name in the code: what it counts depends on the shape of the output.
    """

    remark: Remark
    names: frozenset[str]
    sure: bool = True
    metric: str = ""

    def about(self, output: tuple[int | None, ...]) -> Remark:
        """Return the remark for a model with this output shape, without the batch axis."""
        if not self.metric:
            return self.remark
        return replace(self.remark, finding=replace(self.remark.finding, why=_what_is_counted(self.metric, output)))


def notes_of(notebook: Notebook) -> tuple[Note, ...]:
    """Return the silent errors that the source of a notebook shows."""
    cells = read_cells(notebook)
    words = "\n".join(cell.source for cell in notebook.cells)
    places = notebook.places
    return (*_accuracies(cells, places), *_noises(cells, places), *_idle_penalties(cells, words, places))


def read_cells(notebook: Notebook) -> tuple[ParsedCell, ...]:
    """Parse the cells that are Python after hiding IPython lines and fixing Python 2 prints."""
    texts = ((cell.index, readable(cell.source)) for cell in notebook.cells)
    return tuple(ParsedCell(index, text.tree) for index, text in texts if text is not None)


def uses_added_losses(notebook: Notebook) -> bool:
    """Return whether a notebook reads `model.losses` anywhere, or cannot be parsed."""
    return any(re.search(r"\.losses\b", cell.source) for cell in notebook.cells)


# Accuracy of reconstructions


def _accuracies(cells: Sequence[ParsedCell], places: Places) -> Iterator[Note]:
    for cell in cells:
        for call in _calls(cell.tree, "compile"):
            values = _arguments(call, ("optimizer", "loss", "metrics"))
            loss = _text(values.get("loss")).replace("_", "").lower()
            asked = {_text(one) for one in ast.walk(values["metrics"])} if "metrics" in values else set()
            metric = next((one for one in _ACCURACIES if one in asked), "")
            if metric and (loss in _ERRORS or loss == "binarycrossentropy"):
                remark = Remark("accuracy", _accuracy_finding(line_title(cell.index, call.lineno, places), metric))
                yield Note(remark, frozenset({_receiver(call)} - {""}), loss in _ERRORS, metric)


def _accuracy_finding(where: Message, metric: str) -> Finding:
    return Finding(
        where=where,
        expected=message("An error of the reconstructions, such as the mean squared one."),
        actual=message("Accuracy is reported."),
        why=_what_is_counted(metric, None),
        hint=message("Leave `metrics` out, or ask for the mean absolute error: what would a blurred image score?"),
    )


def _what_is_counted(metric: str, output: tuple[int | None, ...] | None) -> Message:
    """Say what an accuracy of reconstructions counts: Keras 3 chooses by the last axis of the output (1 or more)."""
    if metric == "Accuracy":
        return message("It counts the numbers that agree exactly, as hardly any two grey ones do.")
    if metric in _CHOSEN_BY_SHAPE and output is None:
        return message(
            "Keras 3 chooses what it counts by the output's last axis: with one number there, pixels that are exactly "
            "0 or 1 and come back on their side of 0.5; with more, how often the largest number is in the same place. "
            "Neither says how alike two images are."
        )
    if metric in _OF_CLASSES or (metric in _CHOSEN_BY_SHAPE and output is not None and output[-1:] != (1,)):
        return _categorical(output)
    return message(
        "This is the binary accuracy: it counts the pixels that are exactly 0 or 1 and come back on their side of 0.5. "
        "Grey pixels can never be right in it."
    )


def _categorical(output: tuple[int | None, ...] | None) -> Message:
    if output is not None and len(output) == 1:
        return message(
            "For an output of {count} numbers Keras 3 takes the categorical accuracy: the share of images whose "
            "brightest pixel is in the same place. Good reconstructions have some percent of it.",
            count=output[0] or 0,
        )
    if output is not None and len(output) == 3:
        return message(
            "For an output of this shape Keras 3 takes the categorical accuracy: how often the same channel of a pixel "
            "is the brightest. It says nothing of how bright."
        )
    return message(
        "For an output of this shape Keras 3 takes the categorical accuracy: how often the largest number of a row "
        "is in the same place. It says nothing of how alike two images are."
    )


# Noise that is the same on every image


def _noises(cells: Sequence[ParsedCell], places: Places) -> Iterator[Note]:
    for noise in fixed_noises([(cell.index, cell.tree) for cell in cells]):
        finding = Finding(
            where=line_title(noise.cell, noise.line, places),
            expected=message("Noise of its own for every image."),
            actual=message("One noise of the size of a single image is added to all of them."),
            why=message(
                "What is the same on all images can be subtracted like a constant: the network learns this one "
                "pattern, and nothing about noise."
            ),
            hint=message("Which shape does the random array have, and which shape have the images?"),
        )
        yield Note(Remark("fixed_noise", finding), noise.models)


# Penalties that nothing uses


def _idle_penalties(cells: Sequence[ParsedCell], words: str, places: Places) -> Iterator[Note]:
    for cell in cells:
        for name, line in _penalties(cell.tree):
            if len(re.findall(rf"\b{re.escape(name)}\b", words)) == 1:
                finding = Finding(
                    where=line_title(cell.index, line, places),
                    expected=message("A penalty that is part of the loss."),
                    actual=message("“{name}” is defined and never used.", name=verbatim(name)),
                    why=WHY_PART_OF_THE_LOSS,
                    hint=message("Where do the layers, `add_loss`, or the loss of `compile` get to know of it?"),
                )
                yield Note(Remark("penalty_unused", finding), frozenset())


def _penalties(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield names of functions and results that look like a penalty, wherever they are defined."""
    methods = {item for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for item in node.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node not in methods and _says_penalty(node.name):
            yield node.name, node.lineno
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            called = _last_name(node.value.func) if isinstance(node.value, ast.Call) else ""
            is_number = isinstance(node.value, ast.BinOp) or called in _SUMS
            if called in _REGULARISERS or (is_number and _says_penalty(name)):
                yield name, node.lineno


def _says_penalty(name: str) -> bool:
    return bool(_PENALTY.search(name)) and not _NO_PENALTY.search(name)


# Reading calls


def _calls(tree: ast.AST, method: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
            yield node


def _arguments(call: ast.Call, names: Sequence[str]) -> dict[str, ast.expr]:
    given = dict(zip(names, call.args, strict=False))
    return given | {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}


def _receiver(call: ast.Call) -> str:
    return call.func.value.id if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) else ""


def _text(node: ast.AST | None) -> str:
    """Return the name of a loss or a metric: a text, `keras.losses.mse`, or `MeanSquaredError()`."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return _last_name(node.func if isinstance(node, ast.Call) else node)


def _last_name(node: ast.AST | None) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
