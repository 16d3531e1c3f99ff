"""Extracts the sources of code cells from a parsed notebook.

Tags, outputs and the metadata of tools are ignored: a tag such as `skip-execution` must not decide what runs. So
errors in the rest of a file (no `metadata`, no `outputs`, a source as list or as text, duplicate ids) do not
matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from grader.domain.cell_places import Places, cell_title
from grader.domain.messages import Message, message
from grader.domain.submission import CodeCell
from grader.domain.text import listed
from grader.intake.archives import megabytes
from grader.intake.decoding import without_surrogates

LARGE_SOURCE_BYTES = 1_000_000
"""Largest cell; more than this is data or weights and not typed code."""

MOST_RUNS = 1_000_000
"""Most cells; no session has more."""

RawCell = Mapping[str, object]


def mapping(value: object) -> Mapping[str, object]:
    """Return the value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> Sequence[object]:
    """Return the value if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def string(value: object) -> str:
    """Return the value if it is a JSON string, else an empty one."""
    return without_surrogates(value) if isinstance(value, str) else ""


def all_cells(document: Mapping[str, object]) -> list[RawCell] | None:
    """Return every cell in file order, or None if the document has no list of cells.

    Format 4 keeps `cells`, formats 2 and 3 keep `worksheets` of cells, format 1 keeps `cells`.
    """
    if isinstance(document.get("cells"), list):
        return [mapping(cell) for cell in sequence(document["cells"])]
    if isinstance(document.get("worksheets"), list):
        sheets = (mapping(sheet) for sheet in sequence(document["worksheets"]))
        return [mapping(cell) for sheet in sheets for cell in sequence(sheet.get("cells"))]
    return None


def code_cells(cells: Sequence[RawCell]) -> tuple[CodeCell, ...]:
    """Return the code cells that hold more than blanks."""
    return tuple(cell for index, raw in enumerate(cells) if is_code(raw) and (cell := _code_cell(index, raw)).source)


def is_code(cell: RawCell) -> bool:
    """Return whether this is a code cell."""
    return cell.get("cell_type") == "code"


def source_of(raw: RawCell) -> str:
    """Return the source with Unix line ends, "" if it is blank. Old formats call it `input` or `code`."""
    value = next((raw[key] for key in ("source", "input", "code") if key in raw), "")
    lines = value if isinstance(value, list) else [value]
    text = without_surrogates("".join(line for line in lines if isinstance(line, str)))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.strip() else ""


def notes(cells: Sequence[RawCell], code: Sequence[CodeCell], places: Places) -> Iterator[Message]:
    """Yield what a person should know about the cells."""
    untyped = [str(index + 1) for index, cell in enumerate(cells) if not isinstance(cell.get("cell_type"), str)]
    if untyped:
        yield message("Cells without a type were passed over: {cells}.", cells=listed(untyped, 20))
    sizes = {cell.index: len(cell.source.encode()) for cell in code}
    large = {index: size for index, size in sizes.items() if size > LARGE_SOURCE_BYTES}
    for index, size in large.items():
        yield message(
            "{cell}: it holds a literal or code of {size} MB; weights or data pasted into a notebook are not "
            "accepted as training.",
            cell=cell_title(index, places),
            size=megabytes(size),
        )
    total = sum(sizes.values())
    if not large and total > LARGE_SOURCE_BYTES:
        yield message(
            "The code cells hold {size} MB together; weights or data pasted into a notebook are not accepted as "
            "training.",
            size=megabytes(total),
        )


def is_given(metadata: Mapping[str, object]) -> bool:
    """Return whether a cell's metadata mark it as the instructor's, and not as one to complete."""
    nbgrader = mapping(metadata.get("nbgrader"))
    return nbgrader.get("locked") is True and nbgrader.get("solution") is not True


# Private functions


def _code_cell(index: int, raw: RawCell) -> CodeCell:
    metadata = mapping(raw.get("metadata"))
    provided = string(mapping(metadata.get("nbgrader")).get("grade_id"))
    return CodeCell(index, string(raw.get("id")), source_of(raw), provided, _recorded(raw), is_given(metadata))


def _recorded(raw: RawCell) -> int | None:
    """Return `n` of `In[n]`, called `prompt_number` in formats 2 and 3; None without a valid number."""
    value = raw.get("execution_count", raw.get("prompt_number"))
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < MOST_RUNS else None
