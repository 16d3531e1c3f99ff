"""The committed translations, and the tool that keeps them."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po

from grader.domain.messages import Message
from grader.locale import LANGUAGES, Translator
from grader.locale.catalogue import computed_messages, main, problems, sentences, update
from grader.locale.translator import SOURCE_LANGUAGE


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != SOURCE_LANGUAGE])
def test_every_sentence_of_the_grader_is_translated(language: str):
    """Each message of the code has a certain translation with the same fields, compiled.

    To fix a failure: `python -m grader.locale.catalogue update`, translate what it lists, run it again.
    """
    assert "\n".join(problems(language)) == ""


def test_the_grader_has_sentences_to_translate():
    """The test above cannot pass by finding nothing."""
    found = sentences()
    assert len(found) > 50
    assert {sentence.file.split("/")[1] for sentence in found} >= {"report", "sandbox", "gradebook"}


# The tool ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with sentences in code and in a template."""
    folder = tmp_path / "grader"
    (folder / "report" / "templates").mkdir(parents=True)
    (folder / "code.py").write_text(
        'told = message("Code of {size}", size=message("a number"))\n'
        'long = message("one "\n    "sentence")\n'
        "def message(msgid, /, **values): return Message(msgid)\n"
        "def t(msgid, /, **values): return say(message(msgid, **values))\n"
        'other = _("not ours")\n'
    )
    (folder / "report" / "templates" / "page.html.j2").write_text(
        '<h1>{{ t("Grade of {student}", student=name) }}</h1>'
    )
    return folder


@pytest.fixture
def catalogues(tmp_path: Path) -> Path:
    return tmp_path / "catalogues"


def translate(catalogues: Path, *, fuzzy: bool = False, **translations: str) -> None:
    """Fill in translations by their first word, as a translator would in the file."""
    path = catalogues / "es" / "LC_MESSAGES" / "grader.po"
    with path.open("rb") as file:
        catalogue = read_po(file)
    for entry in list(catalogue):
        word = str(entry.id).partition(" ")[0]
        if word in translations:
            entry.string = translations[word]
            entry.flags |= {"fuzzy"} if fuzzy else set()
    with path.open("wb") as file:
        write_po(file, catalogue)


COMPLETE = {"Code": "Código de {size}", "a": "un número", "one": "una frase", "Grade": "Nota de {student}"}


def test_a_string_that_is_no_argument_of_a_call_is_no_sentence(package: Path):
    """A name of ours that is indexed, compared or only mentioned is not called: Babel 2.19 took `t["tensor"]`."""
    (package / "code.py").write_text(
        'rows = tuple(Claim(t["tensor"], tuple(t["shape"])) for t in flat["inputs"])\n'
        'known = t in ("a", "b")\n'
        't, message = "c", ("d")\n'
        'text = """t("e")"""  # t("f")\n'
        'class message(Base("g")): pass\n'
        'said = message("told", t["h"])\n'
    )
    (package / "report" / "templates" / "page.html.j2").write_text('{% for t in rows %}{{ t["tensor"] }}{% endfor %}')
    assert [(one.line, one.msgid) for one in sentences(package)] == [(6, "told")]


def test_sentences_are_found_in_code_and_templates_nested_ones_included(package: Path):
    """Concatenated literals are one sentence; other functions are none of ours."""
    assert [(one.file, one.line, one.msgid) for one in sentences(package)] == [
        ("grader/code.py", 1, "Code of {size}"),
        ("grader/code.py", 1, "a number"),
        ("grader/code.py", 2, "one sentence"),
        ("grader/report/templates/page.html.j2", 1, "Grade of {student}"),
    ]


def test_update_lists_what_is_left_and_then_nothing(package: Path, catalogues: Path):
    """A translator sees where each sentence stands, translates, and is done."""
    assert update("es", package=package, catalogues=catalogues) == [
        "grader/code.py:1: es: 'Code of {size}' is not translated",
        "grader/code.py:1: es: 'a number' is not translated",
        "grader/code.py:2: es: 'one sentence' is not translated",
        "grader/report/templates/page.html.j2:1: es: 'Grade of {student}' is not translated",
    ]
    translate(catalogues, **COMPLETE)
    assert update("es", package=package, catalogues=catalogues) == []
    assert problems("es", package=package, catalogues=catalogues) == []


def test_update_changes_nothing_when_nothing_changed(package: Path, catalogues: Path):
    """No dates and no line numbers: the files differ only where a sentence does."""
    update("es", package=package, catalogues=catalogues)
    translate(catalogues, **COMPLETE)
    update("es", package=package, catalogues=catalogues)
    files = sorted(catalogues.rglob("grader.*"))
    before = [file.read_bytes() for file in files]
    (package / "code.py").write_text("\n\n" + (package / "code.py").read_text())
    update("es", package=package, catalogues=catalogues)
    assert [file.read_bytes() for file in files] == before


def test_a_retired_sentence_stays_readable(package: Path, catalogues: Path, monkeypatch: pytest.MonkeyPatch):
    """A grade stored by an older version can still be reported in Spanish after the code dropped the sentence."""
    update("es", package=package, catalogues=catalogues)
    translate(catalogues, **COMPLETE)
    (package / "code.py").write_text("")
    assert update("es", package=package, catalogues=catalogues) == []
    assert update("es", package=package, catalogues=catalogues) == []
    monkeypatch.setattr("grader.locale.translator.CATALOGUES", catalogues)
    stored = Message("Code of {size}", (("size", 32),))
    assert Translator("es").text(stored) == "Código de 32"


@pytest.mark.parametrize(
    ("translation", "fault"),
    [
        ("Código", "has the fields ['{size}'], its translation []"),
        ("Código de {tamaño}", "has the fields ['{size}'], its translation ['{tamaño}']"),
        ("Código de {size:.1f}", "has the fields ['{size}'], its translation ['{size:.1f}']"),
        ("Código de {size", "has a translation that is no format: expected '}' before end of string"),
    ],
)
def test_a_translation_with_other_fields_is_a_problem(package: Path, catalogues: Path, translation: str, fault: str):
    """Fields are compared as written, specification included."""
    update("es", package=package, catalogues=catalogues)
    translate(catalogues, **(COMPLETE | {"Code": translation}))
    assert update("es", package=package, catalogues=catalogues) == [f"grader/code.py:1: es: 'Code of {{size}}' {fault}"]


def test_a_fuzzy_translation_is_a_problem_and_is_not_compiled(package: Path, catalogues: Path):
    """What a translator marked as uncertain is never shown."""
    update("es", package=package, catalogues=catalogues)
    translate(catalogues, **COMPLETE)
    translate(catalogues, fuzzy=True, a="un número")
    assert update("es", package=package, catalogues=catalogues) == ["grader/code.py:1: es: 'a number' is marked fuzzy"]
    compiled = (catalogues / "es" / "LC_MESSAGES" / "grader.mo").read_bytes()
    assert "Código de".encode() in compiled
    assert "un número".encode() not in compiled


def test_a_po_edited_without_compiling_is_a_problem(package: Path, catalogues: Path):
    """The two committed files cannot drift apart."""
    update("es", package=package, catalogues=catalogues)
    translate(catalogues, **COMPLETE)
    assert problems("es", package=package, catalogues=catalogues) == [
        "es: the .mo is out of step with the .po: run update"
    ]


def test_a_new_sentence_is_a_problem_until_update_is_run(package: Path, catalogues: Path):
    """A message added to the code does not slip through."""
    update("es", package=package, catalogues=catalogues)
    translate(catalogues, **COMPLETE)
    update("es", package=package, catalogues=catalogues)
    (package / "new.py").write_text('message("Fresh")')
    assert problems("es", package=package, catalogues=catalogues) == [
        "grader/new.py:1: es: 'Fresh' is not in the catalogue: run update"
    ]


@pytest.mark.parametrize("call", ["message(text)", 'message(f"{a} b")', 'x.message("a" if b else "c")', "t()"])
def test_a_computed_sentence_is_a_problem(package: Path, call: str):
    """Only a literal can be extracted, so nothing else may be the sentence."""
    (package / "computed.py").write_text(f"x = 1\nif x:\n    {call}\n")
    assert computed_messages(package) == ["grader/computed.py:3"]


def test_a_template_that_cannot_be_parsed_is_told(package: Path):
    """The extractor does not pass over a broken template."""
    (package / "report" / "templates" / "broken.j2").write_text('{% if %}{{ t("lost") }}')
    with pytest.raises(Exception, match=r"Expected an expression"):
        sentences(package)


def test_check_reports_success_for_the_committed_catalogue(capsys: pytest.CaptureFixture[str]):
    """The command's exit status is what CI asks."""
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "0 left to do\n"
