"""What a student reads: the right language, harmless HTML, clear complaints."""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from notebook_cells import StudentNotebook, encoder

from grader.locale import LANGUAGES
from grader.notebook import NotebookCheckError


def complaint(notebook: StudentNotebook, cell: str) -> str:
    """What a cell that is wrong is answered."""
    with pytest.raises(NotebookCheckError) as caught:
        notebook.run(cell)
    return str(caught.value)


class Page(HTMLParser):
    """Names of the elements of a piece of HTML, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_models_name_is_text_in_html_and_nothing_else(notebook: StudentNotebook) -> None:
    """A variable cannot be called so; a model can."""
    wrong = encoder(90, code=20)
    wrong.name = "<script>alert(1)"
    notebook.names["models"] = [wrong]
    answer = notebook.ask('grader.check("encoder", models[0])')
    page = Page(answer._repr_html_())
    assert "script" not in page.elements
    assert "The encoder, called “<script>alert(1)” in the notebook" in page.text
    assert "<script>alert(1)" in str(answer)


def test_html_holds_what_the_text_holds(notebook: StudentNotebook) -> None:
    """Every outcome has its word and its sign beside its colour; the region has a name and a language."""
    notebook.names["encoder"] = encoder(90)
    answer = notebook.ask('grader.check("encoder", encoder)')
    html = answer._repr_html_()
    page = Page(html)
    assert (
        '<section class="grader-check" lang="en" aria-label="encoder · A stacked autoencoder on Fashion-MNIST">' in html
    )
    assert page.elements.count("svg") == len(answer.results) == 3
    for said in ("Met", "Partly met", "Checks met: 2 of 3", "Dense(units=100)", "decoder: not made yet."):
        assert said in page.text
        assert said in str(answer)
    assert repr(answer) == str(answer)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_speaks_the_language_asked_for(notebook: StudentNotebook, language: str) -> None:
    """That of the call comes before that of the first cell."""
    notebook.names["encoder"] = encoder()
    answer = notebook.ask(f'grader.check("encoder", encoder, language="{language}")')
    assert answer.language == language
    assert f"encoder · {answer.assignment.title[language]}" in str(answer)


def test_spanish_where_nothing_is_said() -> None:
    """The course is held in Spanish."""
    notebook = StudentNotebook("import grader")
    notebook.names["encoder"] = encoder()
    answer = notebook.ask('grader.check("encoder", encoder, assignment="stacked")')
    assert answer.language == "es"
    assert "Cada código tiene 30 números." in str(answer)


def test_in_ipython_the_names_are_those_of_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that is called from a module finds the notebook's models all the same."""
    shell = SimpleNamespace(user_ns={"encoder": encoder()})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    elsewhere = StudentNotebook("import grader")
    elsewhere.run('grader.use("stacked", language="en")')
    assert elsewhere.ask('grader.check("encoder")').passed


def test_a_name_that_does_not_exist_is_answered_with_the_nearest(notebook: StudentNotebook) -> None:
    """And with all that do."""
    assert complaint(notebook, 'grader.check("enconder")') == (
        "There is no check enconder. Did you mean encoder? There are: all, autoencoder, bottleneck, code_size, "
        "compile, composition, decoder, encoder, fit, layers, mirror, models, reconstruction, runs, shapes."
    )


def test_a_thing_that_is_no_model_is_named_with_the_models_there_are(notebook: StudentNotebook) -> None:
    """So that a slip of the pen is found at a glance."""
    assert complaint(notebook, 'grader.check("encoder", [1])') == (
        "This is no Keras model, but a thing of the kind `list`. There is no Keras model in this notebook yet."
    )
    notebook.names["codificador"] = encoder()
    assert complaint(notebook, 'grader.check("encoder", len)').endswith("Keras models in this notebook: codificador.")
    assert "the class `Sequential`" in complaint(notebook, 'grader.check("encoder", keras.Sequential)')
    assert complaint(notebook, 'grader.check("encoder", ...)').startswith("This is no Keras model, but nothing yet.")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("grader.check(3)", "The first argument is the name of the check, the models come after it: grader.check("),
        ('grader.use("stacket", language="en")', "There is no assignment stacket. Did you mean stacked? There are: "),
        ('grader.check("shapes", language="fr")', "idioma desconocido: fr; existen es, en"),
    ],
)
def test_a_wrong_call_says_what_to_write(notebook: StudentNotebook, cell: str, said: str) -> None:
    """In one sentence; in the course's language where none is known."""
    assert complaint(notebook, cell).startswith(said)


def test_without_an_assignment_the_complaint_says_how_to_name_it() -> None:
    """Once for the notebook, or for the call."""
    notebook = StudentNotebook("import grader")
    assert complaint(notebook, 'grader.check("encoder", language="en")') == (
        'Which assignment is this? Write grader.use("stacked", language="es") in the first cell and run it, or add '
        'assignment="stacked" to this call.'
    )


def test_ipython_shows_the_sentence_and_no_frames_of_ours(notebook: StudentNotebook) -> None:
    """IPython asks an exception for its traceback."""
    with pytest.raises(NotebookCheckError) as caught:
        notebook.run('grader.check("enconder")')
    assert caught.value._render_traceback_() == [f"NotebookCheckError: {caught.value}"]
