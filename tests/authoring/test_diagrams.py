"""Diagrams are the facts' layer tables: every layer, every shape, every number, in picture and alternative text alike."""

from __future__ import annotations

import base64
import io
import re
from xml.etree import ElementTree

import pytest
from course_notebooks import LANGUAGES, notebook_cells

from grader.authoring.assignment_catalogue import assignment_ids, load_assignment, load_facts, references_folder
from grader.authoring.assignment_overview import overview_of
from grader.authoring.diagrams import alternative, diagram
from grader.authoring.targets import DECIDING, grey_png, target
from grader.authoring.targets import alternative as target_words
from grader.domain.measurement import Role

SVG = "{http://www.w3.org/2000/svg}"
LARGEST_NOTEBOOK = 300_000
LARGEST_DIAGRAM = 8_000
LARGEST_TARGET = 20_000


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
    lines = [element.text or "" for element in svg.iter(f"{SVG}text")]
    texts = [f"{name} {details}" for name, details in zip(lines[::2], lines[1::2], strict=True)]
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
def test_pictures_can_be_read_on_a_phone(name: str, language: str) -> None:
    """Scaled to the width of a phone's screen, 300 pixels beside the margins, letters are at least 9 pixels high."""
    widths = [float(picture(name, language).attrib["width"])]
    found = re.search(r"base64,([^)]+)\)$", target(load_facts(load_assignment(name).reference), language))
    if found is not None:
        widths.append(float(ElementTree.fromstring(base64.b64decode(found[1])).attrib["width"]))  # noqa: S314
    assert max(widths) <= 400
    smallest_letter = 12
    assert smallest_letter * 300 / max(widths) >= 9


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", assignment_ids())
def test_a_notebook_says_at_a_glance_what_it_takes(name: str, language: str) -> None:
    """Difficulty, what comes before, minutes, points; papers and keras.io at the end; small all the same."""
    assignment = load_assignment(name)
    glance = overview_of(assignment, language, references=references_folder())
    cells = {cell.id: cell.source for cell in notebook_cells(name, language, solution=False)}
    assert re.fullmatch("●{1,3}○{0,2}", glance.difficulty)
    assert glance.minutes >= 1
    assert f"CPU ≈ {glance.minutes} min" in cells["glance"]
    assert (f"GPU ≈ {glance.minutes_on_gpu} min" in cells["glance"]) is (name != "from-scratch")
    assert "100" in cells["glance"]
    assert all(title in cells["glance"] for title in glance.after)
    assert cells["diagram"].endswith(glance.diagram)
    assert len(glance.diagram) < LARGEST_DIAGRAM
    assert cells["goal_picture"].endswith(glance.target)
    assert len(glance.challenge) > 60
    assert cells["challenge"].endswith(glance.challenge)
    assert len(glance.read) >= 2
    assert all(f"[{title}]({address})" in cells["reading"] for title, address in glance.read)
    assert all(address.startswith("https://") for _, address in glance.read)
    assert sum(map(len, cells.values())) < LARGEST_NOTEBOOK


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", assignment_ids())
def test_a_goal_shows_the_facts_number_beside_every_baseline(name: str, language: str) -> None:
    """The reference's mean first and widest or narrowest as it is; eight pictures where the data are images."""
    facts = load_facts(load_assignment(name).reference)
    found = facts.calibrated.get("full") or facts.calibrated["sample"]
    quantity = next(one for one in DECIDING if one in found.statistics)
    statistic = found.statistics[quantity]
    markdown = target(facts, language)
    assert len(markdown) < LARGEST_TARGET
    encoded = re.search(r"base64,([^)]+)\)$", markdown)
    assert encoded is not None
    svg = ElementTree.fromstring(base64.b64decode(encoded[1]))  # noqa: S314 - our own picture
    texts = [element.text or "" for element in svg.iter(f"{SVG}text")]
    numbers = [float(text.replace(",", ".")) for text in texts if re.fullmatch(r"[\d.,]+", text)]
    wanted = [statistic.mean, *statistic.baselines.values()]
    assert numbers[0] == pytest.approx(statistic.mean, rel=0.03)
    assert sorted(numbers) == pytest.approx(sorted(wanted), rel=0.03, abs=0.005)
    assert len(list(svg.iter(f"{SVG}image"))) == (8 if found.strips else 0)
    assert f"![{target_words(facts, language)}](" in markdown
    assert all(text in target_words(facts, language) for text in texts)


def test_a_grey_picture_is_a_png_that_others_read() -> None:
    """Zero is white, as in the notebooks."""
    from matplotlib import image

    pixels = image.imread(io.BytesIO(grey_png(bytes([0, 255, 51, 0]), 2, 2)), format="png")
    assert pixels.ravel().tolist() == pytest.approx([1, 0, 0.8, 1])


@pytest.mark.parametrize("name", assignment_ids())
def test_spanish_has_one_word_for_an_assignment(name: str) -> None:
    """*Tarea*, everywhere; what goes further is a *desafío*."""
    for cell in notebook_cells(name, "es", solution=True):
        assert not re.search(r"\b[Rr]etos?\b", cell.source), cell.id


def test_what_comes_before_never_goes_in_circles() -> None:
    """Somebody has to be first."""
    titles = {load_assignment(name).title["en"]: name for name in assignment_ids()}
    before = {
        name: {
            titles[title] for title in overview_of(load_assignment(name), "en", references=references_folder()).after
        }
        for name in assignment_ids()
    }
    done: set[str] = set()
    while ready := [name for name in before if name not in done and before[name] <= done]:
        done |= set(ready)
    assert done == set(before)
