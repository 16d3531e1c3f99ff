"""The circumstances of an error: whose code raised it, whether the cell trains, whether it looked for a GPU.

Read from the cell's source and from the traceback, which the kernel writes and may forge: it affects wording and
whether a person looks, and earns no point.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from grader.domain.run import CellError, RaisedBy
from grader.domain.submission import CodeCell
from grader.sandbox.undefined_names import CellNames, with_cell_order

_FRAME = re.compile(
    r"^(?:Cell In\[\d{1,6}\], line \d{1,6}|File (?P<file>.{1,1000}?):\d{1,7}(?:, in .*|$))", re.MULTILINE
)
_ARROW = re.compile(r"^-+> *(\d{1,6}) (.*)$", re.MULTILINE)
_OURS = re.compile(r"[\\/](?:opt|grader)[\\/]probe[\\/]")
_PACKAGE = re.compile(r"[\\/](?:site|dist)-packages[\\/](\w+)")
_STANDARD_LIBRARY = re.compile(r"[\\/]lib(?:64)?[\\/]python3")
_TRAINING_CALLS = frozenset({"fit", "fit_generator", "train_on_batch", "apply_gradients"})
_TRAINING_TEXT = re.compile(r"\.(?:fit|fit_generator|train_on_batch|apply_gradients)\(")
_FETCHING = re.compile(
    r"\s*(?:(?:\w+\s*=\s*)?[!%]\s*(?:sudo\s+)?(?:wget|curl|gdown|kaggle|git\s+clone)\b"
    r"|(?:wget|curl|git\s+clone)\s+(?:-|['\"]?\w{1,100}:))"
)
_ACCELERATOR = re.compile(
    r"gpu_device_name|is_gpu_available|is_built_with_cuda|list_(?:physical|logical)_devices|list_local_devices"
    r"|set_memory_growth|nvidia-smi|device_count|cuda|TPUClusterResolver|COLAB_TPU_ADDR|COLAB_GPU|/?device:[GT]PU"
    r"|\b[GT]PU\b",
    re.IGNORECASE,
)


def with_circumstances(
    errors: tuple[CellError, ...], tracebacks: tuple[str, ...], cells: tuple[CodeCell, ...]
) -> tuple[CellError, ...]:
    """Return errors with what their cells and their tracebacks show; each cell is parsed at most once.

    Args:
        errors: Errors of a run, in order.
        tracebacks: Of each error, as the kernel wrote it, without colours.
        cells: All code cells in file order.
    """
    names = CellNames(cells)
    sources = {cell.index: cell.source for cell in cells}
    fetched = next((cell.index for cell in cells if _fetches(cell.source)), None)
    return tuple(
        replace(
            _circumstances(error, traceback, sources.get(error.cell_index, ""), names),
            after_fetching=fetched is not None and fetched <= error.cell_index,
        )
        for error, traceback in zip(errors, tracebacks, strict=True)
    )


def _fetches(source: str) -> bool:
    """Return whether a line of a cell downloads something."""
    return any(_FETCHING.match(line) for line in source.split("\n"))


def _circumstances(error: CellError, traceback: str, source: str, names: CellNames) -> CellError:
    statements = names.statements(error.cell_index)
    at = _failing(statements, source, traceback)
    raised_by, package = _who_raised(traceback)
    return replace(
        with_cell_order(error, names),
        raised_by=raised_by,
        package=package,
        stops_training=_stops_training(statements[at:] if at is not None else statements, source, traceback),
        asks_for_accelerator=_asks_for_accelerator(error, source, statements, at),
    )


def _who_raised(traceback: str) -> tuple[RaisedBy, str]:
    """Return whose code the innermost frame is."""
    frames = [match["file"] for match in _FRAME.finditer(traceback) if not _OURS.search(match["file"] or "")]
    if not frames:
        return RaisedBy.UNKNOWN, ""
    file = frames[-1]
    if file is None or file.startswith(("<", "/content", "/tmp/ipykernel")):  # noqa: S108 - names of frames
        return RaisedBy.NOTEBOOK, ""
    if package := _PACKAGE.search(file):
        return RaisedBy.LIBRARY, package[1]
    if file.endswith(".pyx"):  # compiled code names its source file
        return RaisedBy.LIBRARY, file.partition("/")[0]
    return (RaisedBy.PYTHON if _STANDARD_LIBRARY.search(file) else RaisedBy.NOTEBOOK), ""


def _failing(statements: Sequence[ast.stmt], source: str, traceback: str) -> int | None:
    """Return the position of the statement that raised, None if the traceback does not show it."""
    lines = source.split("\n")
    for number, text in _ARROW.findall(traceback):
        line = int(number)
        if 0 < line <= len(lines) and lines[line - 1].strip() == text.strip():
            return next((at for at, one in enumerate(statements) if one.lineno <= line <= (one.end_lineno or 0)), None)
    return None


def _stops_training(statements: Sequence[ast.stmt], source: str, traceback: str) -> bool:
    """Return whether one of these statements, or a function that raised, trains a model."""
    if not statements:  # not Python, so nothing of it ran
        return _TRAINING_TEXT.search(source) is not None
    own = any(name in _TRAINING_CALLS for statement in statements for name in _called(statement))
    return own or any(_TRAINING_TEXT.search(text) for _, text in _ARROW.findall(traceback))


def _called(statement: ast.stmt) -> Iterator[str]:
    """Yield the methods that a statement calls; those in functions that it only defines are not called yet."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr
        waiting.extend(ast.iter_child_nodes(node))


def _asks_for_accelerator(error: CellError, source: str, statements: Sequence[ast.stmt], at: int | None) -> bool:
    """Return whether a search for a GPU or TPU failed: the error or its own statement says so."""
    if _ACCELERATOR.search(error.text):
        return True
    if at is None:
        return False
    failing = statements[at]
    lines = source.split("\n")[failing.lineno - 1 : failing.end_lineno]
    if _ACCELERATOR.search("\n".join(lines)):
        return True
    used = {node.id for node in ast.walk(failing) if isinstance(node, ast.Name)}
    return any(_names_accelerator(statement, used) for statement in statements[:at])


def _names_accelerator(statement: ast.stmt, used: set[str]) -> bool:
    """Return whether a statement stores in one of these names what it found out about a GPU: `gpus = list_…('GPU')`."""
    if not isinstance(statement, ast.Assign):
        return False
    names = {node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)}
    return bool(names & used) and _ACCELERATOR.search(ast.unparse(statement.value)) is not None
