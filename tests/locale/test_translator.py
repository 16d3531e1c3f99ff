"""Messages and numbers in Spanish and English."""

from __future__ import annotations

import gettext
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.domain.messages import Message, message, verbatim
from grader.domain.text import without_controls
from grader.locale import LANGUAGES, TranslationError, Translator
from grader.locale.translator import CATALOGUES


class Spanish(gettext.NullTranslations):
    """A catalogue of three sentences, two of them broken."""

    def gettext(self, message: str) -> str:
        """Look the sentence up in three."""
        return {
            "The code has {actual} numbers.": "El código tiene {actual} números.",
            "wrong field {actual}": "campo equivocado {real}",
            "wrong brace {actual}": "llave equivocada {actual",
        }.get(message, message)


@pytest.fixture
def spanish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.locale.translator.gettext.translation", lambda *_, **__: Spanish())


def test_spanish_comes_first_and_english_is_complete():
    """The course's languages are Spanish, the default, and English."""
    assert LANGUAGES == ("es", "en")
    assert [Translator(language).language for language in LANGUAGES] == ["es", "en"]


@pytest.mark.parametrize("language", ["fr", "ES", "es_CO", "", "../es"])
def test_an_unknown_language_is_refused_with_the_known_ones(language: str):
    """Nobody silently gets English because of a misspelt option."""
    with pytest.raises(ValueError, match=r"unknown language .*: choose one of es, en"):
        Translator(language)


def test_english_is_the_msgid_with_its_values():
    """English has no catalogue."""
    reported = Translator("en").text(message("The code has {actual} numbers.", actual=64))
    assert reported == "The code has 64 numbers."


@pytest.mark.usefixtures("spanish")
def test_nested_messages_are_translated_before_they_are_filled_in():
    """A sentence inside a sentence is reported in the same language, at any depth."""
    inner = message("The code has {actual} numbers.", actual=64)
    outer = Message("{first} | {second}", (("first", inner), ("second", Message("({inner})", (("inner", inner),)))))
    reported = Translator("es").text(outer)
    assert reported == "El código tiene 64 números. | (El código tiene 64 números.)"


def test_the_committed_catalogue_is_the_one_that_is_read():
    """Spanish really comes from the compiled file in the package."""
    with (CATALOGUES / "es" / "LC_MESSAGES" / "grader.mo").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    assert Translator("es").text(message("Needs review")) == catalogue.gettext("Needs review") != "Needs review"


@pytest.mark.usefixtures("spanish")
@pytest.mark.parametrize("msgid", ["wrong field {actual}", "wrong brace {actual}"])
def test_a_broken_translation_falls_back_to_english_with_a_warning(msgid: str, caplog: pytest.LogCaptureFixture):
    """The class is graded all the same, and the log tells which translation to fix."""
    with caplog.at_level(logging.WARNING, logger="grader.locale.translator"):
        reported = Translator("es").text(message(msgid, actual=64))
    assert reported == msgid.replace("{actual}", "64")
    assert "cannot be filled in from ['actual']" in caplog.text


@pytest.mark.usefixtures("spanish")
@pytest.mark.parametrize("msgid", ["wrong field {actual}", "wrong brace {actual}"])
def test_a_strict_translator_refuses_a_broken_translation(msgid: str):
    """Tests learn of a broken translation that readers never see."""
    with pytest.raises(TranslationError, match="cannot be filled in"):
        Translator("es", strict=True).text(message(msgid, actual=64))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_missing_value_shows_the_field_and_a_strict_translator_refuses_it(language: str):
    """A stage that forgot a value does not stop a report, and does stop a test."""
    incomplete = message("The code has {actual} of {expected} numbers.", actual=64)
    assert Translator(language).text(incomplete) == "The code has {actual} of {expected} numbers."
    with pytest.raises(TranslationError, match=r"'actual'"):
        Translator(language, strict=True).text(incomplete)


@pytest.mark.parametrize("msgid", ["{a.b}", "{a[0]}", "{0}", "{a:q}", "{a", "}"])
def test_no_format_whatever_stops_a_report(msgid: str):
    """Each way in which `str.format` can fail ends in the text itself."""
    assert Translator("es").text(Message(msgid, (("a", 1),))) == msgid


@given(st.text())
def test_verbatim_text_is_never_interpreted(text: str):
    """Braces and percent signs in a student's error message stay what they are."""
    assert Translator("es").text(verbatim(text)) == without_controls(text)
    assert Translator("en").text(verbatim(text)) == without_controls(text)


def test_the_empty_message_is_empty():
    """The empty msgid does not fetch the header of the catalogue."""
    assert Translator("es").text(message("")) == ""


def test_decimals_are_written_the_languages_way():
    """Colombia writes 0,0180; the number of decimals is kept."""
    assert Translator("en").number(0.018, 4) == "0.0180"
    assert Translator("es").number(0.018, 4) == "0,0180"
    assert Translator("es").number(163814, 0) == "163814"
    assert Translator("es").number(-1234.5, 1) == "-1234,5"


def test_floats_inside_a_sentence_follow_the_same_rule():
    """The reader never meets two kinds of decimals on one page; whole numbers and text are left alone."""
    loss = message("MSE {loss:.4f}, rate {rate}, {share:.1%}, {layers} layers, {name}",
                   loss=0.018, rate=0.001, share=0.125, layers=3, name="v1.0")  # fmt: skip
    assert Translator("en").text(loss) == "MSE 0.0180, rate 0.001, 12.5%, 3 layers, v1.0"
    assert Translator("es").text(loss) == "MSE 0,0180, rate 0,001, 12,5%, 3 layers, v1.0"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b]0;title\x07\x1b[2J\x9b31mred", "]0;title[2J31mred"),
        ("gnp.\u202ecod\u2066\u200f", "gnp.cod"),
        ("half\ud800", "half\N{REPLACEMENT CHARACTER}"),
        ("two\nlines\tand\r\x00", "two\nlines\tand"),
        ("Ñandú 👩\u200d💻 {0} %s", "Ñandú 👩\u200d💻 {0} %s"),
    ],
)
def test_no_word_of_a_student_commands_a_terminal(language: str, written: str, shown: str):
    """Whatever is shown goes through here: errors, settings of a notebook's kernel, names of layers."""
    assert (
        Translator(language).text(message("{text}|{inner}", text=written, inner=verbatim(written)))
        == f"{shown}|{shown}"
    )
