"""Every page of the documentation exists in both languages, with the same parts, and says nothing that is left open."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from grader.checks.check_registry import CHECKS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LANGUAGES = ("es", "en")
FILES = sorted(DOCS.glob("*.md"))
NAMES = sorted({file.name.partition(".")[0] for file in FILES})


def text_of(name: str, language: str) -> str:
    """The page as it is written; the English one about security stands where hosts of repositories look for it."""
    is_security = (name, language) == ("security", "en")
    return (ROOT / "SECURITY.md" if is_security else DOCS / f"{name}.{language}.md").read_text("utf-8")


def generator(name: str) -> ModuleType:
    """The module of `.ci/site` that makes a page."""
    spec = importlib.util.spec_from_file_location(f"site_{name}", ROOT / ".ci" / "site" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


def blocks(text: str) -> list[tuple[str, str]]:
    """Kind and text of every block of code."""
    return re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def shape(text: str) -> dict[str, object]:
    """What a page has the same number of in each language."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return {
        "headings": re.findall(r"^#+(?= )", prose, re.MULTILINE),
        "rows of tables": len(re.findall(r"^\|", prose, re.MULTILINE)),
        "items of lists": len(re.findall(r"^(?:-|\d+\.) ", prose, re.MULTILINE)),
        "blocks of code": [kind for kind, _ in blocks(text)],
        "pictures": len(re.findall(r"!\[", prose)),
        "commands": [
            line.split()[:2] for kind, block in blocks(text) if kind == "console" for line in block.splitlines()
        ],
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_page_names_its_language(file: Path) -> None:
    """`NAME.LANGUAGE.md`, so that nobody has to guess which language a page has."""
    assert re.fullmatch(rf"\w+\.({'|'.join(LANGUAGES)})\.md", file.name)


@pytest.mark.parametrize("name", NAMES)
def test_every_page_has_the_same_parts_in_both_languages(name: str) -> None:
    """Headings, tables, lists, pictures and commands; words and reasons in them differ."""
    assert shape(text_of(name, "es")) == shape(text_of(name, "en"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_page_links_to_pages_of_its_own_language(file: Path) -> None:
    """Nobody who reads Spanish lands on an English page, apart from files that exist in English alone."""
    language = file.name.split(".")[1]
    assert set(re.findall(r"\]\([\w/.]+\.(es|en)\.md", file.read_text("utf-8"))) <= {language}


@pytest.mark.parametrize("file", [ROOT / "README.md", ROOT / "SECURITY.md", *FILES], ids=lambda file: file.name)
def test_no_line_installs_from_an_index(file: Path) -> None:
    """The package is on none: what is installed is a checkout, a wheel, or a repository that the reader names."""
    assert re.findall(r"pip install[^`\n]*['\" ]autoencoder-grader", file.read_text("utf-8")) == []


def test_the_page_about_file_formats_says_the_same_in_both_languages() -> None:
    """Every key that the code has is described in Spanish too; where one is missing the page cannot be made."""
    formats = generator("formats").formats
    spanish, english = (re.findall(r"^\| `.*", formats(language), re.MULTILINE) for language in LANGUAGES)
    assert [line.split("|")[1] for line in spanish] == [line.split("|")[1] for line in english]
    assert {line.split("|")[3].strip() for line in spanish if line.count("|") == 4} & {"", "–"} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_is_on_the_page_about_checks(language: str) -> None:
    """With its settings, in the order of the registry."""
    page = generator("checks").checks(language)
    assert re.findall(r"^## `(\w+)`", page, re.MULTILINE) == list(CHECKS)
    for check in (CHECKS[name] for name in CHECKS):
        for parameter in check.parameters:
            assert f"| `{parameter.name}` |" in page
