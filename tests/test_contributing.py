"""What CONTRIBUTING.md and its neighbours say is true: commands and files exist, one version is everywhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import grader

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`?make ([a-z-]+)", PAGE))))
def test_every_make_target_of_the_page_exists(target: str) -> None:
    """A newcomer types them."""
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:grader|tests|reference|assignments)/[\w./]+\.\w+)`", PAGE)))
)
def test_every_file_of_the_page_exists(path: str) -> None:
    """What stands for an id is left out."""
    assert (ROOT / path).is_file()


def test_the_version_stands_in_one_place() -> None:
    """The distribution takes it from the package; the citation says the same."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "grader/__init__.py"
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == grader.__version__
    assert (citation["cff-version"], citation["type"]) == ("1.2.0", "software")


def test_the_changelog_has_the_form_that_it_names() -> None:
    """Unreleased first, then newest first, with Keep a Changelog's own kinds of change."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    first, *days = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert first == "[Unreleased]"
    assert days == sorted(days, reverse=True)
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.mark.parametrize("path", sorted(ROOT.glob(".github/**/*.yml")), ids=lambda path: path.name)
def test_every_workflow_and_template_is_yaml_and_calls_targets_that_exist(path: Path) -> None:
    """`make X` of a step has a rule X."""
    text = path.read_text("utf-8")
    assert isinstance(yaml.safe_load(text), dict)
    for target in re.findall(r"run: make ([a-z-]+)", text):
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target
    matrix = re.search(r"target: \[(.+)\]", text)
    for target in matrix[1].split(", ") if matrix else ():
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target


def test_the_hooks_are_local() -> None:
    """Nothing is downloaded, and each runs a program of our environment."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert [repository["repo"] for repository in hooks["repos"]] == ["local"]
    assert all(hook["entry"].startswith(".venv/bin/") for hook in hooks["repos"][0]["hooks"])


@pytest.mark.parametrize("package", ["grader", "reference"])
def test_types_travel_with_the_package(package: str) -> None:
    """PEP 561's marker."""
    assert (ROOT / package / "py.typed").is_file()
