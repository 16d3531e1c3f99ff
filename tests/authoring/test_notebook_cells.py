"""From a rendered template to cells that nbgrader accepts."""

from __future__ import annotations

import re

import nbformat
import pytest

from grader.authoring.cells import CellKind, ScriptCell, checksum, nbgrader_metadata, notebook_cell, read_script
from grader.authoring.errors import AuthoringError

# nbgrader 0.9.6 computed these with its own `utils.compute_checksum` on cells with the same content.
NBGRADER_CHECKSUMS = {
    ScriptCell("encoder", CellKind.SOLUTION, "x = 1"): "33fb583c2b6193b8f991cb05ca378169",
    ScriptCell("encoder_test", CellKind.TESTS, "assert x == 1", 2.5): "5c9ab11e28076f556afdfdaa5d484949",
    ScriptCell("why", CellKind.ANSWER, "*TU RESPUESTA AQUÍ*"): "366d1a440fb463e1787fd230e9a25067",
    ScriptCell("goal", CellKind.TEXT, "# Título\n\n¡Hola!"): "247919a1c15689ef78746737e2dba293",
}


@pytest.mark.parametrize(("cell", "expected"), NBGRADER_CHECKSUMS.items(), ids=lambda value: getattr(value, "name", ""))
def test_checksums_are_nbgraders_own(cell: ScriptCell, expected: str) -> None:
    """By them nbgrader knows which cells a student left untouched."""
    assert checksum(cell) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (CellKind.TEXT, {"grade": False, "solution": False, "locked": True, "cell_type": "markdown"}),
        (CellKind.PROVIDED, {"grade": False, "solution": False, "locked": True, "cell_type": "code"}),
        (CellKind.SOLUTION, {"grade": False, "solution": True, "locked": False, "cell_type": "code"}),
        (CellKind.TESTS, {"grade": True, "solution": False, "locked": True, "cell_type": "code", "points": 2.5}),
        (CellKind.ANSWER, {"grade": True, "solution": True, "locked": False, "cell_type": "markdown", "points": 2.5}),
    ],
)
def test_every_kind_has_its_nbgrader_flags(kind: CellKind, expected: dict[str, object]) -> None:
    """Flags of schema 3: a Markdown cell that is graded is a solution, a test cell is locked, points where graded."""
    metadata = nbgrader_metadata(ScriptCell("name", kind, "x", 2.5), release=True)
    digest = metadata.pop("checksum")
    assert isinstance(digest, str)
    assert re.fullmatch("[0-9a-f]{32}", digest)
    assert metadata == {"schema_version": 3, "grade_id": "name", "task": False, **expected}


def test_only_the_student_version_is_locked_and_signed() -> None:
    """Instructors edit their solution notebook; students' copies lock what is ours."""
    cell = ScriptCell("imports", CellKind.PROVIDED, "import keras")
    assert set(notebook_cell(cell, release=True).metadata) == {"nbgrader", "deletable", "editable"}
    solution_version = notebook_cell(cell, release=False)
    assert set(solution_version.metadata) == {"nbgrader"}
    assert not {"checksum", "cell_type"} & set(solution_version.metadata["nbgrader"])


def test_students_can_edit_their_own_cells() -> None:
    """Solution and answer cells cannot be deleted, but written in."""
    for kind in (CellKind.SOLUTION, CellKind.ANSWER):
        metadata = notebook_cell(ScriptCell("mine", kind, "x"), release=True).metadata
        assert (metadata["deletable"], metadata.get("editable", True)) == (False, True)


def test_a_script_is_cut_into_its_cells(workspace) -> None:
    """Names, kinds, points of a check of the rubric, and sources without the empty lines around them."""
    script = (
        '# %% [markdown] name="goal" kind="text"\n# # Goal\n#\n# - one\n\n\n'
        '# %% name="setup" kind="provided"\n%matplotlib inline\nx = 1\n\n\n'
        '# %% name="test-1" kind="tests" points_of="code_size"\nassert x\n'
    )
    assert read_script(script, workspace.load()) == [
        ScriptCell("goal", CellKind.TEXT, "# Goal\n\n- one"),
        ScriptCell("setup", CellKind.PROVIDED, "%matplotlib inline\nx = 1"),
        ScriptCell("test-1", CellKind.TESTS, "assert x", 2.5),
    ]


def test_every_wrong_cell_of_a_template_is_told_at_once(workspace) -> None:
    """Missing and double names, unknown kinds, the wrong type of cell, points of no check."""
    script = (
        '# %% kind="provided"\nx = 1\n\n'
        '# %% name="a b" kind="provided"\nx = 1\n\n'
        '# %% name="kindless"\nx = 1\n\n'
        '# %% [markdown] name="code" kind="solution"\n# x\n\n'
        '# %% name="free" kind="tests" points_of="beauty"\nx\n\n'
        '# %% name="twin" kind="provided"\nx = 1\n\n'
        '# %% name="twin" kind="provided"\nx = 2\n'
    )
    with pytest.raises(AuthoringError) as caught:
        read_script(script, workspace.load())
    assert str(caught.value).replace(str(workspace.template), "TEMPLATE").splitlines() == [
        "The assignment tiny cannot be used. To be fixed:",
        '  TEMPLATE: cell 1 needs name="…": letters, digits, _ and -, at most 64.',
        '  TEMPLATE: cell 2 needs name="…": letters, digits, _ and -, at most 64.',
        "  TEMPLATE: cell kindless needs a kind, one of: text, provided, solution, tests, answer.",
        "  TEMPLATE: cell code is solution, so it must be code.",
        "  TEMPLATE: cell free needs points_of, a check of the rubric: runs, code_size.",
        "  TEMPLATE: two cells are named twin.",
    ]


def test_a_cell_is_valid_nbformat() -> None:
    """The name serves as cell id."""
    cell = notebook_cell(ScriptCell("name", CellKind.PROVIDED, "x"), release=True)
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))
    assert cell.id == "name"
