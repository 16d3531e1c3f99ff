"""The tool of translators: `python -m grader.locale.catalogue update`.

Sentences are found where they are written: the first argument of `message("…")` and of its short form for reports,
`t("…")`, in Python and in the templates of the report. Python's and Jinja's own parsers find them, and not Babel's
extractor, which guesses from tokens and finds other sentences with each version. `update` brings them into
`es/LC_MESSAGES/grader.po`, compiles the `.mo` beside it and lists what is left to translate; `check` only lists.
Sentences that the code no longer holds stay in the catalogue as retired (`#~`) and are compiled all the same, because a
grade that was stored with them must remain readable.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from grader.domain.languages import LANGUAGES
from grader.locale.translator import CATALOGUES, DOMAIN, SOURCE_LANGUAGE

PACKAGE = CATALOGUES.parent
"""Folder of the code whose sentences are extracted."""

TEMPLATES = "*/templates/**/*.j2"
"""Where templates are, relative to the package."""

KEYWORDS = ("message", "t")
"""Functions whose first argument is a sentence."""

LINE_WIDTH = 120


@dataclass(frozen=True, slots=True)
class Sentence:
    """A msgid and where it was found.

    Attributes:
        msgid: The English sentence.
        file: Path seen from the folder above the package, with `/`.
        line: Line of the call, from 1.
    """

    msgid: str
    file: str
    line: int


def sentences(package: Path = PACKAGE) -> list[Sentence]:
    """Return every sentence of the package in order of file and line."""
    files = [*sorted(package.rglob("*.py")), *sorted(package.glob(TEMPLATES))]
    return [sentence for path in files for sentence in _extracted(path, package)]


def computed_messages(package: Path = PACKAGE) -> list[str]:
    """Return the calls in Python whose sentence is not a literal, so that it cannot be extracted."""
    return [place for path in sorted(package.rglob("*.py")) for place in _computed(path, package)]


def update(language: str, *, package: Path = PACKAGE, catalogues: Path = CATALOGUES) -> list[str]:
    """Bring the sentences of the package into the catalogue of `language` and compile it.

    Returns:
        What is left to do, as `problems` tells it.
    """
    template = Catalog(domain=DOMAIN)
    for sentence in sentences(package):
        template.add(sentence.msgid, locations=[(sentence.file, sentence.line)])
    catalogue = _read(language, catalogues)
    # Guessed (fuzzy) translations are worse than none: they say something else, unnoticed.
    template.creation_date = catalogue.creation_date
    catalogue.update(template, no_fuzzy_matching=True)
    _write(catalogue, language, catalogues)
    return problems(language, package=package, catalogues=catalogues)


def problems(language: str, *, package: Path = PACKAGE, catalogues: Path = CATALOGUES) -> list[str]:
    """Return everything that is wrong with the catalogue of `language`, one line each; empty when it is complete."""
    catalogue = _read(language, catalogues)
    found = [f"{place}: the sentence must be a literal, the first argument" for place in computed_messages(package)]
    for sentence in sentences(package):
        entry = catalogue.get(sentence.msgid)
        fault = "is not in the catalogue: run update" if entry is None else _fault(entry)
        if fault:
            found.append(f"{sentence.file}:{sentence.line}: {language}: {sentence.msgid!r} {fault}")
    if _compiled(language, catalogues) != _translations(catalogue):
        found.append(f"{language}: the .mo is out of step with the .po: run update")
    return list(dict.fromkeys(found))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 1 when something is left to translate."""
    parser = argparse.ArgumentParser(prog="python -m grader.locale.catalogue", description="Keep the translations.")
    parser.add_argument("command", choices=("update", "check"))
    task = update if parser.parse_args(arguments).command == "update" else problems
    left = [line for language in LANGUAGES if language != SOURCE_LANGUAGE for line in task(language)]
    sys.stdout.write("".join(f"{line}\n" for line in left) + f"{len(left)} left to do\n")
    return 1 if left else 0


# Private: finding sentences ------------------------------------------------------------------------------------------


def _extracted(path: Path, package: Path) -> Iterator[Sentence]:
    find = _in_python if path.suffix == ".py" else _in_template
    for line, msgid in find(path):
        yield Sentence(msgid, _place(path, package), line)


def _in_python(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and sentence of each call in the order of the source, an outer one before those inside it."""
    tree = ast.parse(path.read_text("utf-8"), str(path))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func) in KEYWORDS]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        if (msgid := _literal(call.args)) is not None:
            yield call.lineno, msgid


def _in_template(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and sentence of each call; a template that cannot be parsed is an error."""
    with path.open("rb") as file:
        for line, _, found, _ in babel_extract(file, KEYWORDS, [], {"silent": "false"}):
            msgid = found[0] if isinstance(found, tuple) else found  # a tuple where the call has more arguments
            if msgid is not None:
                yield line, msgid


def _computed(path: Path, package: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"), str(path))
    for node in _outside_wrappers(tree):
        if isinstance(node, ast.Call) and _name(node.func) in KEYWORDS and _literal(node.args) is None:
            yield f"{_place(path, package)}:{node.lineno}"


def _outside_wrappers(node: ast.AST) -> Iterator[ast.AST]:
    """Walk the tree, but not into a function that is itself one of `KEYWORDS` and passes its argument on."""
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.FunctionDef) and child.name in KEYWORDS):
            yield child
            yield from _outside_wrappers(child)


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _literal(arguments: list[ast.expr]) -> str | None:
    first = arguments[0] if arguments else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def _place(path: Path, package: Path) -> str:
    return path.relative_to(package.parent).as_posix()


# Private: judging translations ---------------------------------------------------------------------------------------


def _fault(entry: Entry) -> str:
    if not entry.string:
        return "is not translated"
    if entry.fuzzy:
        return "is marked fuzzy"
    try:
        wanted, given = _fields(str(entry.id)), _fields(str(entry.string))
    except ValueError as error:
        return f"has a translation that is no format: {error}"
    return "" if wanted == given else f"has the fields {sorted(wanted)}, its translation {sorted(given)}"


def _fields(text: str) -> set[str]:
    """Return the fields of a format as written, with conversion and specification: `{loss:.4f}`."""
    return {
        "{" + name + (f"!{conversion}" if conversion else "") + (f":{specification}" if specification else "") + "}"
        for _, name, specification, conversion in Formatter().parse(text)
        if name is not None
    }


# Private: files ------------------------------------------------------------------------------------------------------


def _file(language: str, catalogues: Path, suffix: str) -> Path:
    return catalogues / language / "LC_MESSAGES" / f"{DOMAIN}{suffix}"


def _read(language: str, catalogues: Path) -> Catalog:
    path = _file(language, catalogues, ".po")
    if not path.exists():
        return _new(language)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def _new(language: str) -> Catalog:
    # Fixed dates: those of today would change the files at every run.
    started = datetime(2026, 1, 1, tzinfo=UTC)
    return Catalog(
        locale=language,
        domain=DOMAIN,
        header_comment="# Sentences of the grader. Keep the {fields} as they are; then run the update command.",
        project="autoencoder-grader",
        version="1",
        msgid_bugs_address="the issues of this project",
        last_translator="the maintainers",
        language_team="Spanish (Colombia)",
        creation_date=started,
        revision_date=started,
        fuzzy=False,
    )


def _write(catalogue: Catalog, language: str, catalogues: Path) -> None:
    path = _file(language, catalogues, ".po")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=LINE_WIDTH, sort_by_file=True, include_lineno=False)
    compiled = _new(language)
    for msgid, translation in _translations(catalogue).items():
        compiled.add(msgid, translation)
    with _file(language, catalogues, ".mo").open("wb") as file:
        write_mo(file, compiled)


def _translations(catalogue: Catalog) -> dict[str, str]:
    """Return the catalogue for readers: every translated, certain entry, including the retired ones."""
    entries = [*catalogue, *catalogue.obsolete.values()]
    return {str(entry.id): str(entry.string) for entry in entries if entry.id and entry.string and not entry.fuzzy}


def _compiled(language: str, catalogues: Path) -> dict[str, str]:
    path = _file(language, catalogues, ".mo")
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return _translations(read_mo(file))


if __name__ == "__main__":
    sys.exit(main())
