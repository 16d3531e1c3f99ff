"""The command line speaks one language at a time: frames, usage errors, the parser's own words."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from cli_samples import command, run, run_process, surroundings

from grader.authoring.toml_errors import explained
from grader.cli import app as commands
from grader.cli.help_and_usage import asked_language
from grader.locale import Translator

NAMES = [one.name for one in commands.app.registered_commands]

ENGLISH = re.compile(
    r"\b(Usage|Options|Arguments|Commands|Show|Missing|Invalid|Error|Try|No such|Got unexpected|required|default|the|and"
    r"|with|Install|Print|Folder|Language)\b"
)
"""Words that stand in English help and in no Spanish sentence."""

SPANISH = re.compile(
    r"\b(Uso|Opciones|Argumentos|Comandos|Muestra|Falta|obligatorio|por defecto|el|la|los|y|con|Carpeta)\b"
)

BAD = [
    ["chek"],
    ["check"],
    ["check", "x.ipynb", "--nope"],
    ["check", "x.ipynb", "z.ipynb"],
    ["check", "x.ipynb", "--json=yes"],
    ["grade", "x.ipynb", "--out", "out"],
    ["grade", "x.ipynb", "--out", "out", "--assignment", "stacked", "--jobs", "0"],
    ["grade", "x.ipynb", "--out", "out", "--assignment", "stacked", "--jobs", "two"],
    ["calibrate", "--seeds", "1"],
]
"""Command lines that are wrong, each in another way."""


def in_other_words(text: str) -> str:
    """A text without the parts that are the same in both languages: what stands in backticks, options, values."""
    return re.sub(r"`[^`]*`|--[\w-]+|\bfull\b|\bsample\b", "", text)


@pytest.mark.parametrize("name", [None, *NAMES])
@pytest.mark.parametrize(("language", "foreign"), [("es", ENGLISH), ("en", SPANISH)])
def test_help_is_in_one_language(name: str | None, language: str, foreign: re.Pattern[str]) -> None:
    """Frames, sentences, remarks; `--lang` counts before it was parsed."""
    if name is None:
        ended = run_process("--help", environment={"LANG": f"{language}.UTF-8", "LC_ALL": "", "LC_MESSAGES": ""})
    else:
        ended = run(name, "--lang", language, "--help")
    assert ended.status == 0
    assert foreign.findall(in_other_words(ended.out)) == []


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
@pytest.mark.parametrize(("language", "foreign"), [("es", ENGLISH), ("en", SPANISH)])
def test_a_wrong_command_line_is_told_in_one_language(
    arguments: list[str], language: str, foreign: re.Pattern[str]
) -> None:
    """One sentence, and the command that helps; status 2."""
    ended = run(*arguments, f"--lang={language}")
    complaint, where = ended.err.splitlines()
    assert (ended.status, ended.out) == (2, "")
    assert foreign.findall(in_other_words(complaint)) == []
    assert where.endswith("--help")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["chek", "--lang", "en"], "There is no command chek. Did you mean check?"),
        (["check", "--lang", "es"], "Falta NOTEBOOK."),
        (["grade", "x", "--lang", "es"], "Falta --assignment."),
        (
            ["check", "x", "--assignmnt", "stacked", "--lang", "es"],
            "No existe la opción --assignmnt. ¿Quisiste decir --assignment?",
        ),
        (["doctor", "a", "b", "--lang", "es"], "Sobran argumentos: a b"),
        (["doctor", "--lang", "es", "--data"], "A --data le falta un valor."),
        (["demo", "--jobs", "many", "--lang", "en"], "--jobs needs a whole number that is at least 1."),
        (["list", "--json=yes", "--lang", "en"], "--json takes no value."),
    ],
)
def test_what_is_wrong_with_a_command_line(arguments: list[str], sentence: str) -> None:
    """In so many words; the nearest name that exists is named."""
    ended = run(*arguments)
    assert (ended.status, ended.out, ended.err.splitlines()[0]) == (2, "", sentence)


@pytest.mark.parametrize(
    ("arguments", "language"),
    [
        (["list", "--lang", "en"], "en"),
        (["--help", "--lang=es"], "es"),
        (["list", "--lang", "en", "--lang", "es"], "es"),
        (["list", "--lang", "fr"], None),
        (["list", "--lang"], None),
        (["list"], None),
    ],
)
def test_the_language_is_known_before_anything_is_parsed(arguments: list[str], language: str | None) -> None:
    """The last one counts; one that we do not speak is none."""
    assert asked_language(arguments) == language


@pytest.mark.parametrize(
    "text",
    [
        "a", "a =", "a = b", "= 1", "a = 'x", 'a = "x', "a = [1, 2", "a = {b = 1", "a = 1\na = 2", "[a]\n[a]", "[a", "[[a]",
        "a = 1 b = 2", 'a = "\\q"', "a = 2026-13-40", "a = '''x", "a = {b = 1, b = 2}", 'a = "x\x01"', 'a = "\\xzz"',
        "a = 1\n[a]", "a = {b = 1}\n[a.c]\nd = 1", "a.b = 1\n[a]", "a = 2026-05-27T99:00:00", 'a = "\\ud800"', "a = 1 # \x00",
    ],
)  # fmt: skip
def test_what_the_toml_parser_says_is_translated(text: str) -> None:
    """Every kind of mistake that Python's parser knows has a sentence of ours, with its place."""
    with pytest.raises(tomllib.TOMLDecodeError) as raised:
        tomllib.loads(text)
    said = Translator("es", strict=True).text(explained(str(raised.value)))
    assert re.search(r"\((línea \d+, columna \d+|al final del archivo)\)$", said)
    parsers_own = r"Invalid|Expected|Cannot|Unclosed|Unterminated|Illegal|Found|Duplicate|Unescaped|Escaped"
    assert re.search(parsers_own, said) is None


def test_colours_are_left_out_where_nobody_wants_them() -> None:
    """`NO_COLOR` holds for complaints, help and tables, in a terminal."""
    program = f"import pty, sys; sys.exit(pty.spawn({command()!r} + sys.argv[1:]) >> 8)"
    for arguments in (["check"], ["list", "stacked"], ["list"]):
        seen = {}
        for wish in ("", "1"):
            done = subprocess.run(
                [sys.executable, "-c", program, *arguments],
                capture_output=True,
                env=surroundings({"NO_COLOR": wish, "TERM": "xterm", "COLUMNS": "80"}),
                check=False,
                timeout=180,
            )
            seen[wish] = re.findall(rb"\x1b\[[0-9;]*m", done.stdout)
        assert [code for code in seen["1"] if re.search(rb"[349]\d", code)] == [], arguments
        assert seen[""], arguments


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("grader generate var", ["variational", "variational-convolutional"]),
        ("grader check x.ipynb --data-size ", ["full", "sample"]),
        ("grader calib", ["calibrate"]),
    ],
)
def test_the_shell_completes_ids_and_values(words: str, expected: list[str]) -> None:
    """After Tab, in bash; `--install-completion` sets it up."""
    position = str(len(words.split(" ")) - 1)
    asked = {"_GRADER_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": position}
    assert run_process(environment=asked).out.split() == expected


def test_a_missing_course_folder_is_told_in_one_language(tmp_path: Path) -> None:
    """No word of the operating system's gets through."""
    ended = run("list", "--course", tmp_path / "nothing", "--lang", "es")
    assert (ended.status, ENGLISH.findall(ended.err)) == (2, [])
