"""`course.toml`: the link to Colab and the cell that installs the package."""

from __future__ import annotations

from pathlib import Path

import pytest
from course_notebooks import COURSE, LANGUAGES, VERSIONS, cells, course_assignment, notebook_text

from grader.authoring.course_settings import NOT_PUBLISHED, Publication, read_publication
from grader.authoring.errors import AuthoringError
from grader.authoring.notebooks import generate

COLAB = "https://colab.research.google.com"
PUBLISHED = Publication(
    f"{COLAB}/github/uni/course/blob/main/notebooks", "git+https://github.com/uni/autoencoder-grader"
)


def written(folder: Path, text: str) -> Path:
    (folder / "course.toml").write_text(text, "utf-8")
    return folder


def published(language: str, *, solution: bool) -> str:
    return generate(course_assignment("stacked"), language=language, solution=solution, publication=PUBLISHED)


@pytest.mark.parametrize("text", [None, "", "[publication]\n"])
def test_a_course_may_say_nothing(tmp_path: Path, text: str | None) -> None:
    """No file, an empty one, an empty table: nothing is published."""
    if text is not None:
        written(tmp_path, text)
    assert read_publication(tmp_path) == NOT_PUBLISHED == Publication("", "")


@pytest.mark.parametrize(
    ("stated", "opened"),
    [
        ("https://github.com/uni/course/tree/main/notebooks", f"{COLAB}/github/uni/course/blob/main/notebooks"),
        ("https://github.com/uni/course/tree/main/", f"{COLAB}/github/uni/course/blob/main"),
        ("https://github.com/uni/course/blob/v2/es/n", f"{COLAB}/github/uni/course/blob/v2/es/n"),
        (f"{COLAB}/github/uni/course/blob/main/notebooks/", f"{COLAB}/github/uni/course/blob/main/notebooks"),
    ],
)
def test_a_folder_on_github_is_opened_by_colab(tmp_path: Path, stated: str, opened: str) -> None:
    """The address of the browser's bar, or Colab's own."""
    publication = read_publication(written(tmp_path, f'[publication]\ncolab_url = "{stated}"\n'))
    assert publication == Publication(opened, "")
    assert publication.notebook_url("stacked") == f"{opened}/stacked.ipynb"


@pytest.mark.parametrize(
    "package",
    [
        "autoencoder-grader",
        "autoencoder-grader==0.1.0",
        "git+https://github.com/uni/autoencoder-grader@v1",
        "https://uni.example/autoencoder_grader-0.1.0-py3-none-any.whl",
    ],
)
def test_a_package_is_one_word_for_pip(tmp_path: Path, package: str) -> None:
    """A name, a version of it, a repository, a file."""
    assert read_publication(written(tmp_path, f'[publication]\npackage = "{package}"\n')).package == package


def test_mistakes_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    """What is no folder, what a shell would read, and keys that do not exist."""
    text = '[publication]\ncolab_url = "https://example.org/n"\npackage = "grader; rm -r ~"\nbadge = 1\n\n[colour]\n'
    with pytest.raises(AuthoringError) as caught:
        read_publication(written(tmp_path, text))
    assert str(caught.value).replace(str(tmp_path), "HERE").splitlines() == [
        "The settings of the course cannot be used. To be fixed:",
        (
            "  HERE/course.toml:2: publication.colab_url: must be a folder on GitHub (…/tree/main/notebooks) or in Colab, "
            "found 'https://example.org/n'."
        ),
        (
            "  HERE/course.toml:3: publication.package: must be one word that `pip install` understands, without quotes, "
            "found 'grader; rm -r ~'."
        ),
        "  HERE/course.toml:4: publication.badge: this key is unknown; known here: colab_url, package, solutions, bundles.",
        "  HERE/course.toml:6: colour: this key is unknown; known here: language, assignments, publication.",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_students_open_the_notebook_in_colab_from_its_first_cell(language: str) -> None:
    """Colab's own button, with words for who cannot see it; the solution, which nobody publishes, has none."""
    words = {"es": "Abrir en Colab", "en": "Open in Colab"}[language]
    first = cells(published(language, solution=False))[0]
    assert (first.id, first.cell_type) == ("colab", "markdown")
    assert first.source == f"[![{words}]({COLAB}/assets/colab-badge.svg)]({PUBLISHED.colab_url}/stacked.ipynb)"
    assert cells(published(language, solution=True))[0].id == "title"


@pytest.mark.parametrize(("language", "solution"), VERSIONS)
def test_the_first_cell_of_code_installs_the_package(language: str, solution: bool) -> None:
    """Before it is imported, and the second one names the command for who has no network there."""
    code = [cell for cell in cells(published(language, solution=solution)) if cell.cell_type == "code"]
    assert (code[0].id, code[0].source) == ("install", f"%pip install --quiet {PUBLISHED.package}")
    assert f"pip install {PUBLISHED.package}" in code[1].source
    assert code[1].id == "public_checks"


@pytest.mark.parametrize(("language", "solution"), VERSIONS)
def test_the_rest_of_the_notebook_is_the_same(language: str, solution: bool) -> None:
    """A course that publishes its notebooks changes no other cell, and the same bytes come out every time."""
    text = published(language, solution=solution)
    own = {"colab", "install", "public_checks"}
    plain = [cell for cell in cells(notebook_text("stacked", language, solution=solution)) if cell.id not in own]
    assert [cell for cell in cells(text) if cell.id not in own] == plain
    assert published(language, solution=solution) == text


@pytest.mark.parametrize("name", COURSE)
def test_who_says_nothing_gets_no_link_and_no_installation(name: str) -> None:
    """Whatever the assignment."""
    assert not {"colab", "install"} & {cell.id for cell in cells(notebook_text(name, "es", solution=False))}
