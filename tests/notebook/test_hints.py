"""`grader.hint` and `grader.solution`: three layers for everything that is asked, and never the line itself."""

from __future__ import annotations

import re

import pytest
from notebook_cells import StudentNotebook

from grader.authoring.assignment_catalogue import assignment_ids, load_assignment, load_facts
from grader.authoring.hints import LAYERS, hint_names, hints_for
from grader.authoring.solution_cells import solution_cells
from grader.locale import LANGUAGES
from grader.notebook import NotebookCheckError
from grader.notebook.hint_answers import Hint

GIVES_NOTHING_AWAY = re.compile(r"#|import |from |def |class |return |for |@|[\"']|.*[(\[]$|\w+\.summary\(\)$")
"""Comments, first lines of blocks, and looking at a model."""

SHORTEST_LINE = 12
"""Characters of a line that would give something away; `return codes` does not."""


def hint(notebook: StudentNotebook, call: str) -> Hint:
    """What a cell with a hint shows."""
    notebook.run(f"shown = {call}")
    shown = notebook.names.pop("shown")
    assert isinstance(shown, Hint)
    return shown


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", assignment_ids())
def test_everything_that_is_graded_or_built_has_three_layers(name: str, language: str) -> None:
    """Each check of the rubric and each model: a question, a direction, a form; nothing is left to fill in by us."""
    assignment = load_assignment(name)
    facts = load_facts(assignment.reference)
    wanted = {item.check for item in assignment.rubric}
    if "models" in wanted:
        wanted |= {"encoder", "decoder", "autoencoder", "compile", "fit"}
    assert wanted <= set(hint_names(assignment))
    for asked in hint_names(assignment):
        layers = hints_for(asked, assignment, facts, language)
        assert len(layers) == LAYERS, asked
        assert layers[0].endswith("?"), asked
        assert not re.search(r"\{\w+\}", "".join(layers)), asked


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", assignment_ids())
def test_no_hint_gives_a_line_of_the_solution_away(name: str, language: str) -> None:
    """No line of any solution cell stands in any layer of any hint."""
    assignment = load_assignment(name)
    facts = load_facts(assignment.reference)
    code = [line.strip() for cell in solution_cells(assignment, language).values() for line in cell.splitlines()]
    lines = {line for line in code if len(line) >= SHORTEST_LINE and not GIVES_NOTHING_AWAY.match(line)}
    said = "\n".join(text for asked in hint_names(assignment) for text in hints_for(asked, assignment, facts, language))
    assert len(lines) > 5
    assert [line for line in lines if line in said] == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("stacked", "layers.Dense"),
        ("convolutional", "layers.Conv2D"),
        ("recurrent", "layers.LSTM"),
        ("variational", "Sampling"),
        ("fraud", "FEATURES"),
    ],
)
def test_the_encoders_hint_is_of_the_references_family(name: str, words: str) -> None:
    """Known by the layers in its facts, or by the assignment's own file."""
    assignment = load_assignment(name)
    assert words in "\n".join(hints_for("encoder", assignment, load_facts(assignment.reference), "en"))


def test_each_call_shows_one_layer_more(notebook: StudentNotebook) -> None:
    """The earlier ones stay; after the third nothing more comes. Each name counts by itself."""
    shown = [len(hint(notebook, 'grader.hint("encoder")').layers) for _ in range(4)]
    assert shown == [1, 2, 3, 3]
    assert len(hint(notebook, 'grader.hint("decoder")').layers) == 1


def test_a_hint_is_text_and_harmless_html(notebook: StudentNotebook) -> None:
    """In the notebook's language; what stands in the form is escaped."""
    first = hint(notebook, 'grader.hint("encoder", language="es")')
    assert str(first).splitlines()[0] == "encoder · pista 1 de 3"
    assert 'grader.hint("encoder")' in str(first)
    page = hint(notebook, 'grader.hint("mirror")')._repr_html_()
    assert "lang='en'" in page
    assert "<script" not in Hint("<script>", ("<script>",), "en")._repr_html_()


def test_a_name_without_a_hint_is_answered_with_all_that_have_one(notebook: StudentNotebook) -> None:
    """And the nearest."""
    with pytest.raises(NotebookCheckError, match=r"no hint for enconder\. Did you mean encoder\?"):
        notebook.run('grader.hint("enconder")')


def test_a_solution_is_shown_where_the_course_allows_it_alone() -> None:
    """Else there is a hint; the cell is shown without nbgrader's marks."""
    closed, opened = (
        StudentNotebook(),
        StudentNotebook('import grader\ngrader.use("stacked", language="en", solutions=True)'),
    )
    with pytest.raises(NotebookCheckError, match=r"shows no solutions.*grader\.hint"):
        closed.run('grader.solution("encoder")')
    opened.run('shown = repr(grader.solution("encoder"))')
    assert "layers.Dense(100" in opened.names["shown"]
    assert "SOLUTION" not in opened.names["shown"]
    with pytest.raises(NotebookCheckError, match="no cell enconder"):
        opened.run('grader.solution("enconder")')
