"""Spanish and English say the same, each in its own language."""

from __future__ import annotations

import re
import tomllib
from collections import Counter

import pytest
from course_notebooks import COURSE

from grader.authoring.assignment_catalogue import assignments_folder

FILES = ("_base", *COURSE)
Texts = dict[str, str]

SAME_IN_BOTH = {"autoencoder", "factor", "Keras", "original", "Total"}
"""Whole texts that are written alike in Spanish and English."""

TRANSLATED_CODE = {
    "`decoder(encoder(imagen))`": "`decoder(encoder(image))`",
    "`TU CÓDIGO AQUÍ`": "`YOUR CODE HERE`",
    "`TU RESPUESTA AQUÍ`": "`YOUR ANSWER HERE`",
}
"""Code spans that are read as words."""

AMOUNTS_OF_MONEY = {"5000": "5", "400000": "400"}
"""The prices of a question of `fraud`: Colombian pesos in Spanish, dollars in English."""

SPANISH_MARKS = re.compile(r"\b(que|los|las|del|una|con|por|para|cada)\b|[¿¡]", re.IGNORECASE)
ENGLISH_MARKS = re.compile(r"\b(the|and|of|which|that|with|your|from)\b", re.IGNORECASE)

_CODE = re.compile(r"```.*?```|`[^`\n]+`|\$\$.*?\$\$|\$[^$\n]+\$", re.DOTALL)
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_NUMBER = re.compile(r"\d+(?:[.,]\d+|\u202f\d{3}(?!\d))*")

UNGROUPED = re.compile(r"(?<![\d.,\u202f])\d{5,}(?!\d)")
WIDE_SPACE = re.compile(r"(?<![\d.,])\d{1,3}[ \u00a0]\d{3}(?!\d)")

every_file = pytest.mark.parametrize("name", FILES)


def content(name: str) -> dict:
    file = "texts.toml" if name == "_base" else "assignment.toml"
    return tomllib.loads((assignments_folder() / name / file).read_text("utf-8"))


def pairs(name: str) -> dict[str, tuple[str, str]]:
    """The Spanish and the English text of every key."""
    texts: dict[str, Texts] = content(name)["text"]
    assert list(texts["es"]) == list(texts["en"])
    return {key: (texts["es"][key], texts["en"][key]) for key in texts["es"]}


def words(text: str) -> str:
    """The text without code, formulas, what Jinja fills in and words in italics, which may be foreign."""
    return re.sub(r"(?<!\*)\*[^*\n]+\*(?!\*)", " ", _JINJA.sub(" ", _CODE.sub(" ", text)))


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ (?:\d+\.)?", text, re.MULTILINE)


def code_spans(text: str) -> Counter[str]:
    return Counter(TRANSLATED_CODE.get(span, span) for span in re.findall(r"`[^`\n]+`", text))


def numbers(text: str) -> Counter[str]:
    """All numbers outside of what Jinja fills in, whatever stands for the decimal point and between thousands."""
    found = [re.sub(r"[.,\u202f]", "", number) for number in _NUMBER.findall(_JINJA.sub(" ", text))]
    priced = "pesos" in text or "400\N{NARROW NO-BREAK SPACE}000" in text
    return Counter(AMOUNTS_OF_MONEY.get(number, number) if priced else number for number in found)


def filled_in(text: str) -> Counter[str]:
    return Counter(re.sub(r"\s+", " ", part) for part in _JINJA.findall(text))


def form(text: str) -> dict[str, int]:
    """Parts of Markdown that a translation keeps: rows of tables, formulas, blocks of code and what is in bold."""
    return {
        "rows of tables": len(re.findall(r"^\|", text, re.MULTILINE)),
        "formulas": text.count("$"),
        "bold": text.count("**"),
        "blocks of code": text.count("```"),
    }


@every_file
def test_no_text_was_left_untranslated(name: str) -> None:
    """The two texts of a key differ, unless both languages have the very same word."""
    same = {key: spanish for key, (spanish, english) in pairs(name).items() if spanish == english}
    assert {key: text for key, text in same.items() if text not in SAME_IN_BOTH and words(text).strip()} == {}


@every_file
def test_titles_are_translated(name: str) -> None:
    """The assignment's title and every title of its rubric."""
    titles = [item["title"] for item in content(name).get("rubric", [])] + [content(name).get("title")]
    assert [title for title in titles if title is not None and title["es"] == title["en"]] == []


@every_file
@pytest.mark.parametrize("alike", [headings, code_spans, numbers, filled_in, form])
def test_both_languages_hold_the_same_facts(name: str, alike) -> None:
    """Headings, code, numbers, what is filled in, and the form are those of the other language."""
    differing = {key: (alike(es), alike(en)) for key, (es, en) in pairs(name).items() if alike(es) != alike(en)}
    assert differing == {}


@every_file
def test_each_text_is_in_its_own_language(name: str) -> None:
    """No sentence of the other language stayed behind outside of code."""
    spanish = {key: found.group() for key, (es, _) in pairs(name).items() if (found := ENGLISH_MARKS.search(words(es)))}
    english = {key: found.group() for key, (_, en) in pairs(name).items() if (found := SPANISH_MARKS.search(words(en)))}
    assert (spanish, english) == ({}, {})


@every_file
def test_decimals_are_written_as_the_language_writes_them(name: str) -> None:
    """A comma in Spanish, a point in English; outside of code, where Python decides."""
    spanish = {key: found for key, (es, _) in pairs(name).items() if (found := re.findall(r"\b\d+\.\d+\b", words(es)))}
    english = {
        key: found
        for key, (_, en) in pairs(name).items()
        if (found := re.findall(r"\b0,\d+|\b\d+,\d{1,2}\b", words(en)))
    }
    assert (spanish, english) == ({}, {})


@every_file
def test_thousands_are_written_as_the_language_writes_them(name: str) -> None:
    """From five digits on in groups of three: a thin space in Spanish, as in the reports, and a comma in English."""
    spanish = {key: found for key, (es, _) in pairs(name).items() if (found := UNGROUPED.findall(words(es)))}
    english = {key: found for key, (_, en) in pairs(name).items() if (found := UNGROUPED.findall(words(en)))}
    wide = {key: found for key, (es, _) in pairs(name).items() if (found := WIDE_SPACE.findall(words(es)))}
    assert (spanish, english, wide) == ({}, {}, {})


@pytest.mark.parametrize(
    ("text", "found"), [("60000", 1), ("60\u202f000", 0), ("60,000", 0), ("0,00001", 0), ("5000", 0)]
)
def test_the_test_of_thousands_would_see_a_long_number(text: str, found: int) -> None:
    """Decimals are no thousands, and four digits stay together."""
    assert len(UNGROUPED.findall(f"son {text}.")) == found


@every_file
def test_lines_have_no_loose_ends(name: str) -> None:
    """Quotes, bold and code spans are closed; no two spaces in a row inside a sentence; no tabs."""
    for key, both in pairs(name).items():
        for text in both:
            assert (text.count("**") % 2, text.count("`") % 2, "\t" in text) == (0, 0, False), key
            assert re.search(r"\w  \w", text) is None, key
