"""Finds all undefined names in a template or a text, each with its file and line.

Jinja stops at the first one, reports it in words of its own, and names a line of a shared template if the error occurs
there. So what an author writes is checked before anything is rendered: `text.<key>`, `reference.<NAME>`, and whether it
can be parsed at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

from grader.authoring.assignment_catalogue import assignments_folder
from grader.authoring.errors import Problem, nearest
from grader.authoring.specification import FILE_NAME, SHARED_TEXTS
from grader.authoring.toml_source import read_toml
from grader.domain.assignment import Assignment
from grader.domain.messages import Message, message, verbatim

_TEXT: Final = "text"
_IMPORTING: Final = "imports"
_ELSEWHERE: Final = frozenset({"text", "caller", "loop", "varargs", "kwargs", "body", "assigned", "source"})
"""Names that are defined later, or only in some versions of a notebook."""

_MOST_LISTED: Final = 20
"""Longest list of names; a longer one is of no use."""

Known = Mapping[str, Collection[str]]
"""Names below `text` and `reference`."""


def template_problems(environment: Environment, file: Path, known: Known) -> list[Problem]:
    """Return the unknown names of an author's template, or why it cannot be parsed."""
    try:
        tree = environment.parse(file.read_text("utf-8"), file.name, str(file))
    except TemplateSyntaxError as error:
        return [Problem(file, verbatim(f"{error.message}."), error.lineno)]
    except (OSError, UnicodeDecodeError):
        return []  # reported when it is rendered
    return [Problem(file, reason, line) for line, reason in _unknown(tree, known, environment.globals)]


def text_problems(environment: Environment, assignment: Assignment, language: str, known: Known) -> list[Problem]:
    """Return the unknown names of an assignment's texts, each at the text's own place."""
    problems: list[Problem] = []
    for key, text in assignment.texts[language].items():
        if is_plain(text):
            continue
        try:
            found = [reason for _, reason in _unknown(environment.parse(text), known, environment.globals)]
        except TemplateSyntaxError as error:
            found = [verbatim(f"{error.message}.")]
        problems += [text_problem(assignment, language, key, reason) for reason in found]
    return problems


def is_plain(text: str) -> bool:
    """Return whether Jinja would leave a text as it is: most are, and compiling hundreds takes a second."""
    return not any(mark in text for mark in ("{{", "{%", "{#"))


def text_problem(assignment: Assignment, language: str, key: str, reason: Message) -> Problem:
    """Return the file and line of a text, which may be in the assignment's own file or in a shared one."""
    path = ("text", language, key)
    shared = (assignment.folder.parent / SHARED_TEXTS, assignments_folder() / SHARED_TEXTS)
    for file in (assignment.folder / FILE_NAME, *shared):
        source = read_toml(file) if file.is_file() else None
        if source is not None and path in source.lines:
            return source.problem(path, reason)
    return Problem(assignment.folder, reason, key=".".join(path))


# Private functions


def _unknown(tree: nodes.Template, known: Known, defined: Collection[str]) -> Iterator[tuple[int, Message]]:
    for node in tree.find_all(nodes.Getattr):
        owner = node.node.name if isinstance(node.node, nodes.Name) else ""
        if owner in known and node.attr not in known[owner]:
            yield node.lineno, _unknown_name(owner, node.attr, known[owner])
    for line, name in _imported_constants(tree):
        if "reference" in known and name not in known["reference"]:
            yield line, _unknown_name("reference", name, known["reference"])
    undeclared = meta.find_undeclared_variables(tree) - set(defined) - _ELSEWHERE
    for place in tree.find_all(nodes.Name):
        if place.name in undeclared:
            undeclared.discard(place.name)
            yield place.lineno, message("there is no name {name} in templates.", name=place.name)


def _imported_constants(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    """Yield the names of constants passed to `sections.imports([…])`, which looks them up itself."""
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Getattr) and call.node.attr == _IMPORTING and call.args:
            listed = call.args[0]
            for one in listed.items if isinstance(listed, nodes.List) else ():
                if isinstance(one, nodes.Const) and isinstance(one.value, str):
                    yield one.lineno, one.value


def _unknown_name(owner: str, name: str, known: Collection[str]) -> Message:
    lowered = {one.lower(): one for one in known}
    closest = lowered.get(nearest(name, lowered) or "")
    if owner == _TEXT:
        said = message("there is no text {name}", name=name)
    else:
        said = message("the reference has no constant {name}", name=name)
    if closest is None and len(known) > _MOST_LISTED:
        return message("{said}.", said=said)
    if closest is None:
        return message("{said}; there are: {known}.", said=said, known=", ".join(sorted(known)) or "–")
    return message("{said}; did you mean {nearest}?", said=said, nearest=closest)
