"""Diagrams are the facts' layer tables: every layer, every shape, every number, in picture and alternative text alike."""

from __future__ import annotations

import base64
import re
from xml.etree import ElementTree

import pytest
from course_notebooks import LANGUAGES, notebook_cells

from grader.authoring.catalogue import assignment_ids, load_assignment, load_facts, references_folder
from grader.authoring.diagrams import alternative, diagram
from grader.authoring.glance import glance_of
from grader.domain.measurement import Role

SVG = "{http://www.w3.org/2000/svg}"
LARGEST_NOTEBOOK = 300_000
LARGEST_DIAGRAM = 8_000


def picture(name: str, language: str) -> ElementTree.Element:
    """The diagram of an assignment's reference, parsed."""
    found = re.search(r"base64,([^)]+)\)$", diagram(load_facts(load_assignment(name).reference), language))
    assert found is not None
    return ElementTree.fromstring(base64.b64decode(found[1]))  # noqa: S314 - our own picture


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", assignment_ids())
def test_a_diagram_shows_every_layer_of_the_facts(name: str, language: str) -> None:
    """In order, with what comes out of it and its parameters; one bar each, and one of them is the code."""
    facts = load_facts(load_assignment(name).reference)
    layers = [layer for role in (Role.ENCODER, Role.DECODER) for layer in facts.architectures[role].layers]
    svg = picture(name, language)
    texts = [element.text or "" for element in svg.iter(f"{SVG}text")]
    bars = list(svg.iter(f"{SVG}rect"))[1:]
    assert len(texts) == len(bars) == len(layers) + 1
    for text, layer in zip(texts[1:], layers, strict=True):
        assert layer.kind in text
        shape = "×".join("n" if length is None else str(length) for length in layer.output_shape)
        assert shape in text
        if layer.parameters:
            assert f"{layer.parameters:,}".replace(",", "\N{NO-BREAK SPACE}") in text
    code = {"es": "= código", "en": "= code"}[language]
    assert [text.endswith(code) for text in texts].count(True) == 1
    title = svg.find(f"{SVG}title")
    assert title is not None
    assert title.text == alternative(facts, language)
    assert all(text in (title.text or "") for text in texts)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", assignment_ids())
def test_a_notebook_says_at_a_glance_what_it_takes(name: str, language: str) -> None:
    """Difficulty, what comes before, minutes, points; papers and keras.io at the end; small all the same."""
    assignment = load_assignment(name)
    glance = glance_of(assignment, language, references=references_folder())
    cells = {cell.id: cell.source for cell in notebook_cells(name, language, solution=False)}
    assert re.fullmatch("●{1,3}○{0,2}", glance.difficulty)
    assert glance.minutes >= 1
    assert f"| {glance.minutes} min |" in cells["glance"]
    assert "100" in cells["glance"]
    assert all(title in cells["glance"] for title in glance.after)
    assert cells["diagram"].endswith(glance.diagram)
    assert len(glance.diagram) < LARGEST_DIAGRAM
    assert len(glance.read) >= 2
    assert all(f"[{title}]({address})" in cells["reading"] for title, address in glance.read)
    assert all(address.startswith("https://") for _, address in glance.read)
    assert sum(map(len, cells.values())) < LARGEST_NOTEBOOK


def test_what_comes_before_never_goes_in_circles() -> None:
    """Somebody has to be first."""
    titles = {load_assignment(name).title["en"]: name for name in assignment_ids()}
    before = {
        name: {titles[title] for title in glance_of(load_assignment(name), "en", references=references_folder()).after}
        for name in assignment_ids()
    }
    done: set[str] = set()
    while ready := [name for name in before if name not in done and before[name] <= done]:
        done |= set(ready)
    assert done == set(before)
