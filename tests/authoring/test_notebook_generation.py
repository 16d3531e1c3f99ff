"""Student and solution notebooks, in both languages, byte for byte."""

from __future__ import annotations

import ast
import builtins
import json
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from grader.authoring.catalogue import assignments_folder, reference_source
from grader.authoring.errors import AuthoringError
from grader.authoring.notebooks import generate
from grader.domain.assignment import Assignment

GOLDENS = Path(__file__).parent / "goldens"
LANGUAGES = ("es", "en")
VERSIONS = [(language, solution) for language in LANGUAGES for solution in (False, True)]


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


@pytest.mark.parametrize(("language", "solution"), VERSIONS)
def test_a_notebook_is_valid_clean_and_says_what_it_is(stacked: Assignment, language: str, solution: bool) -> None:
    """Format 4.5 without outputs or counts; Colab's kernel; the assignment in the metadata; code that compiles."""
    text = generate(stacked, language=language, solution=solution)
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert text.endswith("}\n")
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata == {
        "autoencoder_grader": {"assignment": "stacked", "language": language, "schema_version": 1},
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
    }
    for cell in code_cells(text):
        assert (cell.outputs, cell.execution_count) == ([], None)
        compile(cell.source, cell.id, "exec")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_two_versions_differ_in_the_students_cells_alone(stacked: Assignment, language: str) -> None:
    """Same cells in the same order, so that instructors follow their students' notebook line by line."""
    student, solution = (cells(generate(stacked, language=language, solution=s)) for s in (False, True))
    assert [cell.id for cell in student] == [cell.id for cell in solution]
    differing = [ours.id for ours, theirs in zip(solution, student, strict=True) if ours.source != theirs.source]
    written = ["encoder", "decoder", "autoencoder", "compile", "fit", "compression", "parameters", "losses"]
    assert differing == written
    assert [cell.id for cell in student if cell.metadata.nbgrader.solution] == written


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_of_the_solution_is_in_the_student_version(stacked: Assignment, language: str) -> None:
    """Whatever the solution adds, code or model answer, is nowhere in what students get, nor in its metadata."""
    student = generate(stacked, language=language, solution=False)
    solution = generate(stacked, language=language, solution=True)
    leaked = leaks(solution, student)
    assert leaked == []
    assert "layers.Dense(" not in student
    assert "keras.Sequential(" not in student


def test_the_leak_test_would_see_a_leak(stacked: Assignment) -> None:
    """The test above is not blind: one planted line of the reference is found."""
    student = generate(stacked, language="es", solution=False)
    solution = generate(stacked, language="es", solution=True)
    planted = student.replace("# Construye `decoder`", "# layers.Dense(28 * 28), Construye `decoder`")
    assert planted != student
    assert leaks(solution, planted) == ["layers.Dense(28 * 28),"]


def test_the_solution_is_the_references_own_code(stacked: Assignment) -> None:
    """The solution cells hold what `reference/stacked.py` says, so there is one place to change it."""
    by_id = {cell.id: cell.source for cell in cells(generate(stacked, language="es", solution=True))}
    for cell, function in (("encoder", "build_encoder"), ("decoder", "build_decoder")):
        value = ast.parse(reference_source("stacked", function)).body[0].body[-1].value  # type: ignore[attr-defined]
        assert ast.dump(value) == ast.dump(assigned_value(by_id[cell], cell))
    assert 'autoencoder.compile(optimizer="nadam", loss="mse")' in by_id["compile"]


def test_every_name_in_the_solution_is_defined(stacked: Assignment) -> None:
    """Run from top to bottom, no cell uses a name that no earlier cell (or itself) defines."""
    defined = set(dir(builtins))
    for cell in code_cells(generate(stacked, language="en", solution=True)):
        names = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)]
        defined |= set(definitions(ast.parse(cell.source)))
        assert {name.id for name in names if isinstance(name.ctx, ast.Load)} <= defined, cell.id


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


@pytest.mark.parametrize("name", ["stacked"])
def test_no_text_is_written_in_vain(name: str, stacked: Assignment) -> None:
    """Every text of the assignment and of `_base` is used by a template."""
    templates = [*(assignments_folder() / "_base").glob("*.j2"), assignments_folder() / name / "notebook.py.j2"]
    used = {key for path in templates for key in re.findall(r"\btext\.(\w+)", path.read_text("utf-8"))}
    assert set(stacked.texts["es"]) == used


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
        "# Build `encoder`.\nfactor = 2\nencoder = lambda x: factor * x",
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
    assert told(caught.value) == [f"{template}:2: 'body' is undefined."]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ text.gaol }}", "{template}:1: 'grader.authoring.templates.Texts object' has no attribute 'gaol'."),
        (
            "x\n{{ reference.WIDTH }}",
            "{template}:2: 'grader.authoring.templates.Constants object' has no attribute 'WIDTH'.",
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
    assert told(caught.value) == [expected.format(template=workspace.template, search=search)]


def test_mistakes_in_texts_are_told_at_once_with_their_lines(workspace) -> None:
    """Texts of the assignment and of `_base` alike name their own file."""
    shared = workspace.assignments / "_base" / "texts.toml"
    shared.write_text(shared.read_text("utf-8").replace("Reinicia", "{{ restart }}"), "utf-8")
    workspace.edit("{{ reference.CODE_SIZE }} números", "{{ reference.CODE_SIZE números")
    with pytest.raises(AuthoringError) as caught:
        generate(workspace.load(), language="es", solution=False, references=workspace.references)
    in_shared = next(number for number, line in lines(shared) if line.startswith("handing_in"))
    in_own = next(number for number, line in lines(workspace.toml) if line.startswith("goal"))
    assert told(caught.value) == [
        f"{shared}:{in_shared}: text.es.handing_in: 'restart' is undefined.",
        f"{workspace.toml}:{in_own}: text.es.goal: expected token 'end of print statement', got 'números'.",
    ]


def test_a_missing_template_is_told(workspace) -> None:
    """The error names the file that is not there."""
    workspace.template.unlink()
    with pytest.raises(AuthoringError) as caught:
        generate(workspace.load(), language="es", solution=False, references=workspace.references)
    assert told(caught.value)[0].startswith(f"{workspace.template}: this template, or one that it names, is missing")


def test_an_unknown_language_is_told(stacked: Assignment) -> None:
    """The languages that exist are listed."""
    with pytest.raises(AuthoringError) as caught:
        generate(stacked, language="fr", solution=False)
    assert str(caught.value) == "There are no notebooks in the language fr. There are: en, es."


# Helpers --------------------------------------------------------------------------------------------------------------


def cells(text: str) -> list[nbformat.NotebookNode]:
    return list(nbformat.reads(text, as_version=4).cells)


def code_cells(text: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in cells(text) if cell.cell_type == "code"]


def leaks(solution: str, student: str) -> list[str]:
    """List the lines of at least 8 signs that the solution cells add and the student notebook has somewhere."""
    whole = "\n".join(strings(json.loads(student)))
    stubs = {line for cell in cells(student) for line in cell.source.splitlines()}
    own = [cell.source for cell in cells(solution) if cell.metadata.nbgrader.solution]
    added = [line.strip() for source in own for line in source.splitlines() if line not in stubs]
    return [line for line in added if len(line) >= 8 and line in whole]


def strings(value: object) -> Iterator[str]:
    """Every text of a JSON value, keys included; the lines of a source are joined."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        joined = all(isinstance(part, str) for part in value)
        yield from ["".join(value)] if joined else (text for part in value for text in strings(part))
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from (key, *strings(part))


def assigned_value(source: str, name: str) -> ast.expr:
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            return statement.value
    raise AssertionError(f"{name} is not assigned in {source!r}")


def definitions(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.FunctionDef(name=name):
                yield name
            case ast.alias(name=name, asname=alias):
                yield alias or name


def told(error: AuthoringError) -> list[str]:
    return [line.strip() for line in str(error).splitlines()[1:]]


def lines(path: Path) -> list[tuple[int, str]]:
    return list(enumerate(path.read_text("utf-8").splitlines(), start=1))
