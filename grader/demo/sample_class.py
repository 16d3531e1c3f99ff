"""The demo class: about a dozen notebooks generated from the solution, each with its expected result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from grader.demo import variants
from grader.domain.grade import GradeStatus, Outcome
from grader.domain.messages import Message, message

F, P, S, U = Outcome.FAILED, Outcome.PARTIAL, Outcome.SKIPPED, Outcome.UNGRADABLE


@dataclass(frozen=True, slots=True)
class Pupil:
    """One notebook of the class.

    Attributes:
        name: File name without ending, and so the student's name.
        story: What the student did.
        changes: Cells that differ from the solution (see `grader.demo.variants`).
        outcomes: Every check that must not be PASSED, and what it must be.
        status: What the grade must be.
        instead: Content of the file where it is no notebook at all.
    """

    name: str
    story: Message
    changes: Mapping[str, str] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    status: GradeStatus = GradeStatus.FINAL
    instead: str = ""


EVERY_CHECK = (
    "runs", "models", "shapes", "code_size", "layers", "mirror", "composition", "bottleneck", "reconstruction",
)  # fmt: skip

CLASS = (
    Pupil("ana", message("the solution itself")),
    Pupil("bruno", message("functional style, Spanish names, separate activations"), variants.SPANISH_TWIN),
    Pupil("carla", message("SELU and cross-entropy, as the lecture's text says"), variants.SELU_AND_CROSS_ENTROPY),
    Pupil("diego", message("straight from Colab: !pip, %matplotlib, a mounted drive"), variants.COLAB_FLAVOUR),
    Pupil(
        "elena",
        message("a code of 64 numbers where 30 were asked for"),
        variants.CODE_OF_64,
        {"code_size": F, "reconstruction": S},
    ),
    Pupil(
        "felipe",
        message("a skip connection past the code"),
        variants.SKIP_CONNECTION,
        {"layers": P, "composition": F, "bottleneck": F, "reconstruction": S},
    ),
    Pupil("gabriela", message("never trained"), variants.NO_TRAINING, {"reconstruction": F}),
    Pupil("hugo", message("no activations at all"), variants.LINEAR_ACTIVATIONS, {"layers": P}),
    Pupil("irene", message("an error in a plot after the training"), variants.ERROR_IN_A_PLOT, {"runs": P}),
    Pupil(
        "julian",
        message("an endless loop after the training"),
        variants.ENDLESS_LOOP,
        {"runs": U},
        GradeStatus.NEEDS_REVIEW,
    ),
    Pupil("karen", message("os._exit right after the training"), variants.OWN_EXIT, {"runs": F}),
    Pupil(
        "luis",
        message("losses patched, a perfect grade printed, hardly any training"),
        variants.CHEAT,
        {"reconstruction": F},
    ),
    Pupil(
        "mateo",
        message("a web page saved instead of the notebook"),
        outcomes=dict.fromkeys(EVERY_CHECK, U),
        status=GradeStatus.NEEDS_REVIEW,
        instead=variants.A_SAVED_WEB_PAGE,
    ),
)


def write_class(solution: str, folder: Path) -> None:
    """Write every notebook, and beside it `<name>.expected.json` with the expected result.

    Args:
        solution: The solution notebook of `stacked` as JSON text.
        folder: Where the files go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for pupil in CLASS:
        content = pupil.instead or changed(solution, pupil.changes)
        (folder / f"{pupil.name}.ipynb").write_text(content, encoding="utf-8")
        expected = {
            "status": pupil.status.value,
            "checks": {check: pupil.outcomes.get(check, Outcome.PASSED).value for check in EVERY_CHECK},
        }
        text = json.dumps(expected, indent=1) + "\n"
        (folder / f"{pupil.name}.expected.json").write_text(text, encoding="utf-8")


def changed(solution: str, changes: Mapping[str, str]) -> str:
    """Return the solution with some cells replaced (`id`) and some added (`id+`).

    Raises:
        KeyError: The solution has no cell of that id.
    """
    notebook = nbformat.reads(solution, as_version=4)
    pending = dict(changes)
    cells = []
    for cell in notebook.cells:
        if cell.id in pending:
            cell.source = pending.pop(cell.id)
        cells.append(cell)
        if f"{cell.id}+" in pending:
            cells.append(nbformat.v4.new_code_cell(pending.pop(f"{cell.id}+"), id=f"{cell.id}-added"))
    if pending:
        raise KeyError(", ".join(pending))
    notebook.cells = cells
    text: str = nbformat.writes(notebook)
    return text
