"""What every command does before it does anything: imports, help, language, version, faults that nobody expected."""

from __future__ import annotations

import subprocess
import sys

import pytest
from cli_samples import START, command, run, run_process, surroundings

import grader
from grader.cli import app as commands

COMMANDS = (
    "list", "new", "generate", "publish", "check", "inspect", "grade", "review", "adjust", "extend", "regrade", "excuse",
    "serve", "export", "alike", "backup", "restore", "student-data", "delete-student", "demo", "calibrate", "validate", "doctor",
)  # fmt: skip

HEAVY = ("tensorflow", "keras", "reference", "matplotlib", "nbclient", "jupyter_client", "sqlalchemy", "numpy")
"""What needs seconds, or holds what zone T must not know."""

_IMPORTED = f"""
import sys, atexit
def tell():
    imported = {{name.partition('.')[0] for name in sys.modules}}
    print(*sorted(imported & set({HEAVY!r})), file=sys.stderr)
atexit.register(tell)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["list"],
        ["list", "--json"],
        ["--version"],
        ["grade", "--help"],
        ["new", "--help"],
        ["calibrate", "--help"],
        ["export", "--help"],
        ["validate", "--help"],
    ],
)
def test_what_answers_at_once_imports_nothing_heavy(arguments: list[str]) -> None:
    """`benchmarks/start_up.py` measures what that is worth."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTED + START, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stderr.split() == []


def test_the_test_above_can_fail() -> None:
    """Its probe sees an import."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTED + "import numpy"], capture_output=True, text=True, check=True
    )
    assert done.stderr.split() == ["numpy"]


def test_help_names_every_command() -> None:
    """In the order in which a course needs them, each with its sentence."""
    lines = run("--help").out.splitlines()
    named = [words[0] for line in lines if len(words := line.split()) > 2 and words[0] in COMMANDS]
    assert named == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    """And speaks both languages."""
    ended = run(name, "--help")
    assert ended.status == 0
    assert "--lang" in ended.out


def test_without_a_command_there_are_three_first_steps() -> None:
    """Each of them a command that exists; status 2, for nothing was asked for."""
    ended = run()
    steps = [line.split()[1] for line in ended.out.splitlines() if line.startswith("  grader ")]
    assert (ended.status, steps) == (2, ["doctor", "list", "generate"])


def test_the_version_is_that_of_the_package() -> None:
    """One line, for bug reports."""
    assert run("--version").out == f"autoencoder-grader {grader.__version__}\n"


@pytest.mark.parametrize(
    ("variables", "word"),
    [
        ({"LANG": "es_CO.UTF-8"}, "tarea"),
        ({"LANG": "en_US.UTF-8"}, "assignment"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "es_CO.UTF-8"}, "tarea"),
        ({"LANG": "es_CO.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "assignment"),
        ({"LANG": "fr_FR.UTF-8"}, "tarea"),
        ({"LANG": "C.UTF-8"}, "tarea"),
        ({}, "tarea"),
    ],
    ids=["es", "en", "all", "messages", "other", "posix", "nothing"],
)
def test_the_surroundings_choose_the_language(variables: dict[str, str], word: str) -> None:
    """Spanish where they say none that we speak."""
    clean = {"LANG": "", "LC_ALL": "", "LC_MESSAGES": "", "LANGUAGE": ""}
    ended = run_process("list", environment=clean | variables)
    assert word in ended.out.splitlines()[0].split()


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    """`grader list | head -0` says nothing on standard error."""
    with subprocess.Popen(command("list", "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


_BROKEN = """
from grader.authoring import assignment_catalogue
def facts_ids(): raise RuntimeError("the shelf {fell} down")
assignment_catalogue.facts_ids = facts_ids
"""


def test_a_fault_that_nobody_expected_is_status_3_with_its_traceback() -> None:
    """Not 1: nothing failed to pass. The traceback is for the maintainer, the last line for the user."""
    done = subprocess.run(
        [sys.executable, "-c", _BROKEN + START, "list"],
        capture_output=True,
        text=True,
        check=False,
        env=surroundings({"LANG": "en_US.UTF-8", "LC_ALL": ""}),
    )
    *traceback, sentence = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (3, "")
    assert traceback[0] == "Traceback (most recent call last):"
    assert sentence == "The grader itself failed: RuntimeError: the shelf {fell} down"


def test_commands_and_their_tests_are_the_same() -> None:
    """A new command needs a line in this module."""
    assert [command.name for command in commands.app.registered_commands] == list(COMMANDS)


@pytest.mark.parametrize("arguments", [("--lang", "en", "list"), ("list", "--lang", "en"), ("--lang=en", "list")])
def test_the_language_counts_wherever_it_stands(arguments: tuple[str, ...]) -> None:
    """Before the command as after it; for what the command says too."""
    ended = run_process(*arguments, environment={"LC_ALL": "es_CO.UTF-8"})
    assert ended.status == 0
    assert "The simplest autoencoder" in ended.out
