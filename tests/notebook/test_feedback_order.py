"""What comes first in an answer: what is right, then one next step, then the rest; and nothing but a start at the start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from notebook_cells import StudentNotebook, decoder, encoder
from typer.testing import CliRunner

from grader.authoring.assignment_catalogue import assignment_ids, load_assignment
from grader.authoring.notebooks import generate
from grader.authoring.solution_cells import solution_cells
from grader.authoring.tasks import is_untouched, tasks
from grader.cli.app import app
from grader.domain.submission import CodeCell
from grader.locale import LANGUAGES

BEGIN = {
    "en": '5 cells to complete; start with the section “3. The encoder”. In the notebook, grader.hint("encoder") helps.',
    "es": '5 celdas por completar; empieza por la sección «3. El encoder». En el notebook te ayuda grader.hint("encoder").',
}


@pytest.fixture
def half_right(notebook: StudentNotebook) -> StudentNotebook:
    """An encoder with too wide a layer and too large a code; its decoder is right."""
    notebook.names |= {"encoder": encoder(90, code=40), "decoder": decoder()}
    return notebook


def test_what_is_right_comes_first_then_one_next_step(half_right: StudentNotebook) -> None:
    """In text and in HTML alike; the rest is folded."""
    answer = half_right.ask('grader.check("encoder")')
    text = str(answer)
    signs = [line[0] for line in text.splitlines() if line[:2] in ("✓ ", "✗ ", "◐ ")]
    assert [sign == "✓" for sign in signs] == sorted((sign == "✓" for sign in signs), reverse=True)
    assert {"✓"} < set(signs)
    assert text.count("Next step:") == 1
    assert text.index("✓ ") < text.index("Next step:")
    html = answer._repr_html_()
    assert html.index("one passed") < html.index("Next step")
    step = html[html.index("Next step") : html.index("<summary>After that")]
    assert "<details>" not in step.split("</ol>")[0]
    assert step.count('class="finding"') >= 1


def test_an_answer_without_a_mistake_has_no_next_step(notebook: StudentNotebook) -> None:
    """Nothing is to be done."""
    notebook.names["encoder"] = encoder()
    answer = notebook.ask('grader.check("encoder")')
    assert "Next step" not in str(answer) + answer._repr_html_()


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unbegun_notebook_is_told_where_to_begin(language: str, tmp_path: Path) -> None:
    """One sentence, in the last cell and in the terminal, where nothing is run."""
    notebook = StudentNotebook(f'import grader\ngrader.use("stacked", language="{language}")')
    answer = notebook.ask('grader.check("all")')
    assert BEGIN[language] in " ".join(str(answer).split())
    assert len(str(answer).splitlines()) < 8
    path = tmp_path / "mine.ipynb"
    path.write_text(generate(load_assignment("stacked"), language=language, solution=False), "utf-8")
    ended = CliRunner().invoke(app, ["check", str(path)])
    assert (ended.exit_code, ended.stdout) == (1, f"{BEGIN[language]}\n")


def code_cells(notebook: str) -> list[CodeCell]:
    """Code cells of a generated notebook, as intake reads them."""
    cells = json.loads(notebook)["cells"]
    found = [(index, cell) for index, cell in enumerate(cells) if cell["cell_type"] == "code"]
    return [CodeCell(index, cell["id"], "".join(cell["source"])) for index, cell in found]


@pytest.mark.parametrize("name", assignment_ids())
def test_untouched_is_what_nobody_wrote_in(name: str) -> None:
    """Every cell to complete has its section and is one of the solution's; one cell that is done is a beginning."""
    assignment = load_assignment(name)
    wanted = tasks(assignment, "en")
    assert {task.name for task in wanted} <= set(solution_cells(assignment, "en"))
    assert all(task.section for task in wanted)
    cells = code_cells(generate(assignment, language="en", solution=False))
    assert is_untouched(cells, wanted)
    begun = [cell for cell in cells if cell.cell_id != wanted[0].name]
    assert not is_untouched(begun, wanted)
