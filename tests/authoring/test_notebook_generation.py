"""From an assignment to its notebooks: the full text of one, and the errors of wrong templates."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from course_notebooks import LANGUAGES, VERSIONS, cells

from grader.authoring.assignment_catalogue import reference_source
from grader.authoring.errors import AuthoringError
from grader.authoring.notebooks import generate
from grader.domain.assignment import Assignment

GOLDENS = Path(__file__).parent / "goldens"


@pytest.mark.parametrize(("language", "solution"), VERSIONS)
def test_the_stacked_notebooks_are_the_golden_ones(
    request: pytest.FixtureRequest, stacked: Assignment, language: str, solution: bool
) -> None:
    """Any change of a generated notebook is seen in review (`pytest --update-goldens` writes them anew)."""
    golden = GOLDENS / f"stacked.{language}{'.solution' if solution else ''}.ipynb.golden"
    text = generate(stacked, language=language, solution=solution)
    if request.config.getoption("--update-goldens"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_bytes(text.encode("utf-8"))
    assert text.encode("utf-8") == golden.read_bytes()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_student_has_these_cells_to_write(stacked: Assignment, language: str) -> None:
    """Five cells of code and three answers in words, in this order."""
    student = cells(generate(stacked, language=language, solution=False))
    assert [cell.id for cell in student if cell.metadata.nbgrader.solution] == [
        "encoder", "decoder", "autoencoder", "compile", "fit", "compression", "parameters", "losses",
    ]  # fmt: skip


def test_the_solution_is_the_references_own_code(stacked: Assignment) -> None:
    """The solution cells hold what `reference/stacked.py` says, so there is one place to change it."""
    by_id = {cell.id: cell.source for cell in cells(generate(stacked, language="es", solution=True))}
    for cell, function in (("encoder", "build_encoder"), ("decoder", "build_decoder")):
        value = ast.parse(reference_source("stacked", function)).body[0].body[-1].value  # type: ignore[attr-defined]
        assert ast.dump(value) == ast.dump(assigned_value(by_id[cell], cell))
    assert 'autoencoder.compile(optimizer="nadam", loss="mse")' in by_id["compile"]


def test_an_unfinished_cell_says_so_and_nothing_else(stacked: Assignment) -> None:
    """The stub is a comment on what to build, nbgrader's mark and `NotImplementedError`, in the reader's language."""
    sources = {
        language: {cell.id: cell.source for cell in cells(generate(stacked, language=language, solution=False))}
        for language in LANGUAGES
    }
    assert sources["es"]["autoencoder"] == (
        "# Construye `autoencoder`: un modelo de Keras que une `encoder` y `decoder`,\n"
        "# de modo que autoencoder(x) sea lo mismo que decoder(encoder(x)). Muestra su resumen.\n"
        "# TU CÓDIGO AQUÍ (borra la línea de abajo cuando lo tengas)\n"
        "raise NotImplementedError()"
    )
    assert sources["en"]["autoencoder"] == (
        "# Build `autoencoder`: a Keras model that joins `encoder` and `decoder`,\n"
        "# so that autoencoder(x) is the same as decoder(encoder(x)). Show its summary.\n"
        "# YOUR CODE HERE (delete the line below once you have it)\n"
        "raise NotImplementedError()"
    )
    assert (sources["es"]["losses"], sources["en"]["losses"]) == ("*TU RESPUESTA AQUÍ*", "*YOUR ANSWER HERE*")


def test_the_rubric_table_is_the_rubric(stacked: Assignment) -> None:
    """Rows, points and requirements come from `assignment.toml`, so the notebook never promises other points."""
    grading = next(cell for cell in cells(generate(stacked, language="en", solution=False)) if cell.id == "grading")
    rows = [line for line in grading.source.splitlines() if re.match(r"\| \d", line)]
    numbers = {item.check: str(number) for number, item in enumerate(stacked.rubric, start=1)}
    assert rows == [
        f"| {numbers[item.check]} | {item.title['en']} | {item.points:g} | "
        f"{', '.join(numbers[check] for check in item.requires) or '–'} |"
        for item in stacked.rubric
    ]
    assert "| | **Total** | **100** | |" in grading.source


def test_the_notebook_teaches_what_it_promises(stacked: Assignment) -> None:
    """Code size, compression factor in the language's own decimals, hidden images and the student's command."""
    for language, factor in (("es", "26,1"), ("en", "26.1")):
        text = "\n".join(cell.source for cell in cells(generate(stacked, language=language, solution=False)))
        for needed in (f"784 / 30 ≈ {factor}", "grader check stacked.ipynb", "fashion_mnist.load_data()"):
            assert needed in text


# Mistakes in templates and texts -------------------------------------------------------------------------------------


def test_a_small_assignment_needs_few_lines(workspace) -> None:
    """Template, texts, rubric and reference become the cells that they state."""
    assignment = workspace.load()
    student = cells(generate(assignment, language="es", solution=False, references=workspace.references))
    assert [(cell.id, cell.source) for cell in student] == [
        ("goal", "Comprime a 30 números, 2,5 puntos."),
        (
            "encoder",
            f"# Build `encoder`.\n# {assignment.texts['es']['your_code']}\nraise NotImplementedError()",
        ),
        ("encoder_test", "assert encoder(1) == 2"),
        ("why_question", "Why?"),
        ("why", "*TU RESPUESTA AQUÍ*"),
    ]
    assert student[2].metadata.nbgrader.points == 2.5
    solution = cells(generate(assignment, language="en", solution=True, references=workspace.references))
    assert [cell.source for cell in solution] == [
        "Compress to 30 numbers, 2.5 points.",
        "# Build `encoder`.\n### BEGIN SOLUTION\nfactor = 2\nencoder = lambda x: factor * x\n### END SOLUTION",
        "assert encoder(1) == 2",
        "Why?",
        "Because of the bottleneck.",
    ]


def test_a_template_that_shows_the_solution_to_students_does_not_render(workspace) -> None:
    """Quoting does not exist in the student version: a leak is an error with its line, not a notebook."""
    template = workspace.template
    template.write_text('# %% name="a" kind="provided"\n{{ body("build_encoder", "encoder") }}\n', "utf-8")
    assignment = workspace.load()
    assert "factor = 2" in generate(assignment, language="es", solution=True, references=workspace.references)
    with pytest.raises(AuthoringError) as caught:
        generate(assignment, language="es", solution=False, references=workspace.references)
    assert reported(caught.value) == [f"{template}:2: 'body' is undefined."]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ text.gaol }}", "{template}:1: there is no text gaol; did you mean goal?"),
        (
            "x\n{{ reference.WIDTH }}",
            "{template}:2: the reference has no constant WIDTH; there are: CODE_SIZE.",
        ),
        ("x\n\n{% if %}", "{template}:3: Expected an expression, got 'end of statement block'."),
        ('{% import "_base/none.j2" as x %}', "{template}:1: '_base/none.j2' not found in search paths: {search}."),
    ],
)
def test_a_mistake_in_a_template_is_told_with_its_line(workspace, template: str, expected: str) -> None:
    """Unknown names, wrong syntax and missing macros name the template's line."""
    workspace.template.write_text(template, "utf-8")
    with pytest.raises(AuthoringError) as caught:
        generate(workspace.load(), language="es", solution=False, references=workspace.references)
    search = f"'{workspace.toml.parent}', '{workspace.assignments}'"
    assert reported(caught.value) == [expected.format(template=workspace.template, search=search)]


def test_mistakes_in_texts_are_told_at_once_with_their_lines(workspace) -> None:
    """Texts of the assignment and of `_base` alike name their own file."""
    shared = workspace.assignments / "_base" / "texts.toml"
    shared.write_text(shared.read_text("utf-8").replace("Reinicia", "{{ restart }}"), "utf-8")
    workspace.edit("{{ reference.CODE_SIZE }} números", "{{ reference.CODE_SIZE números")
    with pytest.raises(AuthoringError) as caught:
        generate(workspace.load(), language="es", solution=False, references=workspace.references)
    in_shared = next(number for number, line in lines(shared) if line.startswith("handing_in"))
    in_own = next(number for number, line in lines(workspace.toml) if line.startswith("goal"))
    assert reported(caught.value) == [
        f"{shared}:{in_shared}: text.es.handing_in: there is no name restart in templates.",
        f"{workspace.toml}:{in_own}: text.es.goal: expected token 'end of print statement', got 'números'.",
    ]


def test_a_missing_template_is_told(workspace) -> None:
    """The error names the file that is not there."""
    workspace.template.unlink()
    with pytest.raises(AuthoringError) as caught:
        generate(workspace.load(), language="es", solution=False, references=workspace.references)
    assert reported(caught.value)[0].startswith(
        f"{workspace.template}: this template, or one that it names, is missing"
    )


def test_an_unknown_language_is_told(stacked: Assignment) -> None:
    """The languages that exist are listed."""
    with pytest.raises(AuthoringError) as caught:
        generate(stacked, language="fr", solution=False)
    assert str(caught.value) == "There are no notebooks in the language fr. There are: en, es."


# Helpers --------------------------------------------------------------------------------------------------------------


def assigned_value(source: str, name: str) -> ast.expr:
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            return statement.value
    raise AssertionError(f"{name} is not assigned in {source!r}")


def reported(error: AuthoringError) -> list[str]:
    return [line.strip() for line in str(error).splitlines()[1:]]


def lines(path: Path) -> list[tuple[int, str]]:
    return list(enumerate(path.read_text("utf-8").splitlines(), start=1))
