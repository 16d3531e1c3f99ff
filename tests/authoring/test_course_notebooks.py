"""All notebooks of the course: both languages, student and solution version."""

from __future__ import annotations

import ast
import builtins
import hashlib
import json
import re
from pathlib import Path

import nbformat
import pytest
from course_notebooks import (
    COURSE,
    LANGUAGES,
    VERSIONS,
    code_cells,
    constant,
    course_assignment,
    given_lines,
    leaks,
    notebook_cells,
    notebook_text,
    prose,
    undefined_names,
)

DIGESTS = Path(__file__).parent / "goldens" / "digests.json"

JUDGED_ON_HIDDEN_DATA = {"reconstruction", "denoising", "elbo", "average_precision"}
WITHOUT_HIDDEN_DATA = {"linear-pca"}
"""Its sixty points are all that there are; its text says so."""

FEWEST_QUESTIONS = 3
SHORTEST_ANSWER = 100
"""Signs of a model answer."""

every_assignment = pytest.mark.parametrize("name", COURSE)
every_language = pytest.mark.parametrize("language", LANGUAGES)
every_version = pytest.mark.parametrize(("language", "solution"), VERSIONS)


# Bytes and form


def test_every_notebook_has_its_golden_digest(request: pytest.FixtureRequest) -> None:
    """No notebook changes unseen (`pytest tests/authoring --update-goldens` writes the digests anew)."""
    digests = {
        f"{name}.{language}{'.solution' if solution else ''}": hashlib.sha256(
            notebook_text(name, language, solution=solution).encode("utf-8")
        ).hexdigest()
        for name in COURSE
        for language, solution in VERSIONS
    }
    if request.config.getoption("--update-goldens"):
        DIGESTS.write_text(json.dumps(digests, indent=1) + "\n", "utf-8")
    golden = json.loads(DIGESTS.read_text("utf-8"))
    assert sorted(golden) == sorted(digests)
    assert [one for one in digests if digests[one] != golden[one]] == []


@every_assignment
@every_version
def test_a_notebook_is_valid_clean_and_says_what_it_is(name: str, language: str, solution: bool) -> None:
    """Format 4.5 without outputs or counts; Colab's kernel; the assignment in the metadata; code that compiles."""
    text = notebook_text(name, language, solution=solution)
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert text.endswith("}\n")
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata == {
        "autoencoder_grader": {"assignment": name, "language": language, "schema_version": 1},
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
    }
    for cell in code_cells(text):
        assert (cell.outputs, cell.execution_count) == ([], None)
        compile(cell.source, cell.id, "exec")


@every_assignment
def test_all_four_notebooks_have_the_same_cells(name: str) -> None:
    """Same ids, each one once, in the same order: an instructor follows any student's notebook line by line."""
    ids = [[cell.id for cell in notebook_cells(name, language, solution=solution)] for language, solution in VERSIONS]
    assert len(set(ids[0])) == len(ids[0])
    assert ids == [ids[0]] * len(VERSIONS)


@every_assignment
@every_language
def test_the_two_versions_differ_in_the_students_cells_alone(name: str, language: str) -> None:
    """Every cell that a student writes in is another one in the solution, and no other cell is."""
    student, solution = (notebook_cells(name, language, solution=s) for s in (False, True))
    differing = [ours.id for ours, theirs in zip(student, solution, strict=True) if ours.source != theirs.source]
    assert differing == [cell.id for cell in student if cell.metadata.nbgrader.solution]


@every_assignment
def test_code_is_the_same_in_both_languages(name: str) -> None:
    """Only comments, docstrings and texts in quotes are translated; statements never are."""
    spanish, english = (notebook_cells(name, language, solution=True) for language in LANGUAGES)
    for ours, theirs in zip(spanish, english, strict=True):
        if ours.cell_type == "code":
            assert without_texts(ours.source) == without_texts(theirs.source), ours.id


@every_assignment
def test_every_name_in_the_solution_is_defined(name: str) -> None:
    """Run from top to bottom, no cell uses a name before it is defined."""
    code = [cell.source for cell in code_cells(notebook_text(name, "en", solution=True))]
    assert undefined_names(code, set(dir(builtins))) == []


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        (["y = x", "x = 1"], ["x"]),
        (["x = x + 1"], ["x"]),
        (["def f():\n    return x\n\n\nf()", "x = 1"], ["x"]),
        (["def f():\n    return x\n\n\nx = 1\nf()"], []),
        (["import numpy as np\nrows = [row for row in np.eye(2)]", "for row in rows:\n    print(row)"], []),
        (["class A:\n    def f(self):\n        return A"], []),
    ],
)
def test_the_test_of_names_would_see_a_missing_one(code: list[str], missing: list[str]) -> None:
    """Order counts at the top level; functions look names up when they are called."""
    assert undefined_names(code, set(dir(builtins))) == missing


# No solution in what students get


@every_assignment
@every_language
def test_no_line_of_the_solution_is_in_the_student_version(name: str, language: str) -> None:
    """Whatever the solution adds, code or model answer, is nowhere in what students get, nor in its metadata.

    What `given(…)` hands to students may share a line with the solution, such as the decorator that registers a class
    with Keras: the search leaves such definitions out where they stand in our cells, and nowhere else.
    """
    student, solution = (notebook_text(name, language, solution=s) for s in (False, True))
    assert leaks(solution, student, given=given_lines(name)) == []


def test_the_leak_test_would_see_a_leak() -> None:
    """The test above is not blind: a planted line of the reference is found, as a part of a line and as a whole one."""
    student, solution = (notebook_text("stacked", "es", solution=s) for s in (False, True))
    inside = student.replace("# Construye `decoder`", "# layers.Dense(28 * 28), Construye `decoder`")
    whole = student.replace('"import keras\\n",', '"import keras\\n",\n    "    layers.Dense(28 * 28),\\n",')
    for planted in (inside, whole):
        assert planted != student
        assert leaks(solution, planted) == ["layers.Dense(28 * 28),"]


def test_given_material_is_no_licence_for_leaks() -> None:
    """The one line that students are given twice is tolerated in the given class alone, not in a task."""
    decorator = '@keras.utils.register_keras_serializable(package="course")'
    student, solution = (notebook_text("variational", "es", solution=s) for s in (False, True))
    given = given_lines("variational")
    assert leaks(solution, student) == [decorator]
    assert leaks(solution, student, given=given) == []
    written = json.dumps(decorator)[1:-1]
    planted = student.replace("# Construye `encoder`", f"# {written} Construye `encoder`")
    assert planted != student
    assert leaks(solution, planted, given=given) == [decorator]


# What a notebook has to teach


@every_assignment
@every_language
def test_the_text_tells_epochs_and_batch_size(name: str, language: str) -> None:
    """Whoever reads the prose alone knows how long to train, with the very numbers of the notebook's code."""
    text = prose(name, language)
    epochs, batch = constant(name, "EPOCHS"), constant(name, "BATCH_SIZE")
    words = {"es": ("épocas", "lotes"), "en": ("epochs", "batches")}[language]
    assert re.search(rf"\b{epochs}\s+{words[0]}", text)
    assert re.search(rf"{words[1]}[^.:;]{{0,30}}?\b{batch}\b|\b{batch}\b[^.:;]{{0,20}}?{words[1]}", text)


@every_assignment
@every_language
def test_the_text_says_that_hidden_data_decide(name: str, language: str) -> None:
    """Points for quality come from images, rows or sequences that are not in the notebook; it says so beside them."""
    checks = {item.check for item in course_assignment(name).rubric}
    grading = next(cell.source for cell in notebook_cells(name, language, solution=False) if cell.id == "grading")
    if name in WITHOUT_HIDDEN_DATA:
        assert {"es": "no hay datos ocultos", "en": "Nothing is hidden"}[language] in " ".join(grading.split())
    elif checks & JUDGED_ON_HIDDEN_DATA:
        assert re.search({"es": r"\*\*\w+\s+ocult[ao]s\*\*", "en": r"\*\*hidden\s+\w+\*\*"}[language], grading)


@every_assignment
@every_language
def test_there_are_open_questions_with_model_answers(name: str, language: str) -> None:
    """At least three, numbered, each answered at length in the solution and with an empty place for students."""
    student, solution = (notebook_cells(name, language, solution=s) for s in (False, True))
    answers = [cell for cell in solution if cell.cell_type == "markdown" and cell.metadata.nbgrader.solution]
    places = {cell.source for cell in student if cell.cell_type == "markdown" and cell.metadata.nbgrader.solution}
    asked = [cell.source for cell in student if cell.id in {f"{answer.id}_question" for answer in answers}]
    word = {"es": "Pregunta", "en": "Question"}[language]
    assert len(answers) >= FEWEST_QUESTIONS
    assert [len(answer.source) >= SHORTEST_ANSWER for answer in answers] == [True] * len(answers)
    assert [text.startswith(f"**{word} {number}.**") for number, text in enumerate(asked, 1)] == [True] * len(answers)
    assert places == {{"es": "*TU RESPUESTA AQUÍ*", "en": "*YOUR ANSWER HERE*"}[language]}


@every_assignment
def test_spanish_prose_has_decimal_commas(name: str) -> None:
    """As students read it, with every number filled in: a point stands in code alone."""
    assert re.findall(r".{,30}\b\d+\.\d+\b.{,10}", re.sub(r"`[^`\n]+`|\]\([^)\n]+\)", "", prose(name, "es"))) == []


@every_assignment
@every_language
def test_sections_are_numbered_without_a_gap(name: str, language: str) -> None:
    """`## 1.`, `## 2.` … in the order of the notebook."""
    numbers = [int(number) for number in re.findall(r"^## (\d+)\.", prose(name, language), re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > FEWEST_QUESTIONS


# Helpers


def without_texts(source: str) -> str:
    """The code with every text in quotes taken out, comments too."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)
