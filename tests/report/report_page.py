"""Renders pages and reads them like a strict browser, so that tests ask for structure and not for strings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser

import report_samples as samples

from grader.locale import Translator
from grader.report.html import render_submission

VOID = frozenset({"meta", "link", "img", "source", "br", "hr", "input", "path", "circle"})


@dataclass
class Element:
    """A tag, its attributes, and its children: elements and texts."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        """Return the names in the `class` attribute."""
        return self.attributes.get("class", "").split()

    @property
    def text(self) -> str:
        """Return all text inside, white space folded."""
        return " ".join(" ".join(self.texts()).split())

    def texts(self) -> Iterator[str]:
        """Yield the texts inside, in order, but for style sheets."""
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag != "style":
                yield from child.texts()

    def all(self, tag: str = "", css: str = "") -> list[Element]:
        """Return every element inside with this tag and class, in order."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                if (not tag or child.tag == tag) and (not css or css in child.classes):
                    found.append(child)
                found += child.all(tag, css)
        return found

    def one(self, tag: str = "", css: str = "") -> Element:
        """Return the only such element."""
        (found,) = self.all(tag, css)
        return found

    def by_id(self, identifier: str) -> Element:
        """Return the only element with this id."""
        (found,) = [element for element in self.all() if element.attributes.get("id") == identifier]
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("#document", {})
        self.open = [self.root]
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len(dict(attrs)) != len(attrs):
            self.faults.append(f"<{tag}> repeats an attribute")
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self.open[-1].tag != tag:
            self.faults.append(f"</{tag}> closes <{self.open[-1].tag}>")
            return
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read_page(html: str) -> tuple[Element, list[str]]:
    """Return the page and everything that is wrong with its nesting, ids and references."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    faults = reader.faults + [f"<{element.tag}> is never closed" for element in reader.open[1:]]
    elements = reader.root.all()
    ids = [element.attributes["id"] for element in elements if "id" in element.attributes]
    faults += [f"id {one!r} stands {ids.count(one)} times" for one in sorted(set(ids)) if ids.count(one) > 1]
    labels = [element.attributes.get("aria-labelledby", "") for element in elements]
    faults += [f"aria-labelledby {one!r} leads nowhere" for one in labels if one and one not in ids]
    return reader.root, faults


def page_of(html: str) -> Element:
    """Return the page, which must be well-formed."""
    page, faults = read_page(html)
    assert faults == []
    return page


STATES = {
    "perfect": samples.submission,
    "imperfect": samples.imperfect,
    "needs review": samples.needs_review,
    "hostile": samples.hostile,
}


def render(graded, language="en", facts=None, **changes) -> str:
    """Return the page of a submission; `changes` are made to the assignment."""
    translator = Translator(language, strict=True)
    return render_submission(graded, samples.assignment(**changes), facts or samples.facts(), translator)


@cache
def rendered(state: str, language: str = "en") -> str:
    """Return the page of one of `STATES`; each is drawn once for all tests."""
    return render(STATES[state](), language)
