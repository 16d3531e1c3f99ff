"""The templates and their style."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from jinja2 import Environment, nodes

from grader.report.html import _environment, prose

TEMPLATES = sorted(
    (entry for entry in files("grader.report").joinpath("templates").iterdir() if entry.name.endswith(".j2")),
    key=lambda entry: entry.name,
)
STYLE = files("grader.report").joinpath("templates", "_style.css.j2").read_text("utf-8")
WORDS = ("ink", "quiet", "accent", "passed", "partial", "failed", "skipped", "ungradable")
WASHES = ("wash-changed", "wash-added", "wash-missing")


def palette(dark: bool) -> dict[str, str]:
    """Return the colours of the light or the dark page."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[1 if dark else 0]))


def luminance(colour: str) -> float:
    """WCAG 2.2's relative luminance."""
    channels = [value / 255 for value in bytes.fromhex(colour[1:])]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("word", WORDS)
def test_text_has_the_contrast_of_wcag_aa(word, dark):
    """4.5 : 1 on paper and on the soft background of findings."""
    colours = palette(dark)
    assert min(contrast(colours[word], colours[ground]) for ground in ("paper", "soft")) >= 4.5


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("wash", WASHES)
def test_text_on_a_marked_row_has_the_contrast_of_wcag_aa(wash, dark):
    """Rows of the layer table hold ink and quiet text."""
    colours = palette(dark)
    assert min(contrast(colours[word], colours[wash]) for word in ("ink", "quiet")) >= 4.5


def test_the_style_reaches_nothing_outside_the_page():
    """No import, no font, no picture from elsewhere."""
    assert not re.search(r"@import|url\(|@font-face", STYLE)


def test_templates_always_escape():
    """No template can switch escaping off, and none marks a value as safe."""
    assert _environment().autoescape is True
    for entry in TEMPLATES:
        assert not re.search(r"\|\s*safe|autoescape|Markup", entry.read_text("utf-8"))


@pytest.mark.parametrize("entry", TEMPLATES, ids=lambda entry: entry.name)
def test_every_sentence_of_a_template_is_a_literal(entry):
    """Babel finds a sentence only where it stands as the first argument of t()."""
    tree = Environment(autoescape=True).parse(entry.read_text("utf-8"))
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "t":
            assert isinstance(call.args[0], nodes.Const)
            assert len(call.args) == 1


@pytest.mark.parametrize("entry", TEMPLATES, ids=lambda entry: entry.name)
def test_a_template_holds_no_bare_words(entry):
    """What a reader sees is either data or goes through t()."""
    if entry.name.endswith(".css.j2"):
        return
    tree = Environment(autoescape=True).parse(entry.read_text("utf-8"))
    source = "".join(part.data for part in tree.find_all(nodes.TemplateData))
    assert re.findall(r">[^<>]*[^\W\d]{2,}[^<>]*<", re.sub(r"<style>.*?</style>", "", source, flags=re.DOTALL)) == []


def test_what_stands_between_backticks_is_code_and_nothing_else_is_mark_up() -> None:
    """A sentence names code as Markdown does; a student's angle brackets stay text."""
    assert prose("`fit` on <b>x</b> & `y < 1`") == (
        "<code>fit</code> on &lt;b&gt;x&lt;/b&gt; &amp; <code>y &lt; 1</code>"
    )
    assert prose("one ` alone, and `two\nlines`") == "one ` alone, and `two\nlines`"
