"""The course's assignments and their generated notebooks, made once a session, and ways to read them."""

from __future__ import annotations

import ast
import functools
import json
import re
import symtable
from collections.abc import Iterator
from pathlib import Path

import nbformat

from grader.authoring.assignment_catalogue import assignments_folder, course_ids, load_assignment, reference_module
from grader.authoring.notebooks import generate
from grader.authoring.quotation import constants, definition, plain
from grader.domain.assignment import Assignment

LANGUAGES = ("es", "en")
VERSIONS = [(language, solution) for language in LANGUAGES for solution in (False, True)]
COURSE = course_ids()

SHORTEST_LEAK = 8
"""Signs; shorter lines of a solution, such as `steps = 3`, give nothing away."""

_LOOP_OVER_A_GIVEN_CONSTANT = re.compile(r"for \w+ in [A-Z]+:")

_IMPORTED = re.compile(r'{%-?\s*import "(_base/[^"]+)"')
_TEXT = re.compile(r"\btext\.(\w+)")
_GIVEN = re.compile(r'\bgiven\("(\w+)"(?:, module="(\w+)")?')


@functools.cache
def course_assignment(name: str) -> Assignment:
    """The assignment with its real facts."""
    return load_assignment(name)


@functools.cache
def notebook_text(name: str, language: str, *, solution: bool) -> str:
    """The generated notebook."""
    return generate(course_assignment(name), language=language, solution=solution)


@functools.cache
def notebook_cells(name: str, language: str, *, solution: bool) -> tuple[nbformat.NotebookNode, ...]:
    """The cells of the generated notebook, not to be changed."""
    return tuple(cells(notebook_text(name, language, solution=solution)))


def cells(text: str) -> list[nbformat.NotebookNode]:
    return list(nbformat.reads(text, as_version=4).cells)


def code_cells(text: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in cells(text) if cell.cell_type == "code"]


def prose(name: str, language: str) -> str:
    """Everything that a student reads, without the cells of code."""
    read = notebook_cells(name, language, solution=False)
    return "\n\n".join(cell.source for cell in read if cell.cell_type == "markdown")


# Templates and their texts


def templates(name: str) -> list[Path]:
    """The template of an assignment and all that it imports, directly or not."""
    found = [assignments_folder() / name / "notebook.py.j2"]
    for path in found:  # grows while it is read
        imported = [assignments_folder() / base for base in _IMPORTED.findall(path.read_text("utf-8"))]
        found += [base for base in imported if base not in found]
    return found


def texts_named(name: str, *, imported: bool = True) -> set[str]:
    """The keys of all texts that an assignment's templates name, in macros that it does not call as well.

    Args:
        name: The assignment.
        imported: Look into the imported templates, too.
    """
    read = templates(name) if imported else templates(name)[:1]
    return {key for path in read for key in _TEXT.findall(path.read_text("utf-8"))}


def given_lines(name: str) -> set[str]:
    """The lines of every definition that an assignment hands to its students with `given(…)`."""
    assignment = course_assignment(name)
    pairs = {pair for path in templates(name) for pair in _GIVEN.findall(path.read_text("utf-8"))}
    quoted = [plain(definition(reference_module(module or assignment.reference), given)) for given, module in pairs]
    return {line.strip() for code in quoted for line in code.splitlines() if line.strip()}


# Leaks


def leaks(solution: str, student: str, *, given: frozenset[str] | set[str] = frozenset()) -> list[str]:
    """List the lines of at least 8 signs that the solution cells add and the student notebook has somewhere.

    Args:
        solution: The solution notebook.
        student: The student notebook.
        given: Lines of definitions that students get as they are. They are taken out of the cells that are ours
            before the search, so a line that the solution has in common with such a definition is no leak there, and
            still is one anywhere else: in prose, in a task, in metadata, or as a part of another line. The head of a
            loop over a constant that our cells define (`for name in NAMES:`) is taken out in the same way.
    """
    whole = "\n".join(strings(_without(json.loads(student), given)))
    stubs, own = ({line.strip() for line in _own_lines(text)} for text in (student, solution))
    return sorted(line for line in own - stubs if len(line) >= SHORTEST_LEAK and line in whole)


def _own_lines(text: str) -> Iterator[str]:
    """The lines of the cells that a student writes in."""
    for cell in cells(text):
        if cell.metadata.nbgrader.solution:
            yield from cell.source.splitlines()


def _without(notebook: dict, given: frozenset[str] | set[str]) -> dict:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and not cell["metadata"]["nbgrader"]["solution"]:
            cell["source"] = [line for line in cell["source"] if not _is_given(line.strip(), given)]
    return notebook


def _is_given(line: str, given: frozenset[str] | set[str]) -> bool:
    return line in given or _LOOP_OVER_A_GIVEN_CONSTANT.fullmatch(line) is not None


def strings(value: object) -> Iterator[str]:
    """Every text of a JSON value, keys included; the lines of a source are joined."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        joined = all(isinstance(part, str) for part in value)
        yield from ["".join(value)] if joined else (text for part in value for text in strings(part))
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from (key, *strings(part))


# Names


def undefined_names(sources: Iterator[str] | list[str], builtin: set[str]) -> list[str]:
    """List the names that code run cell by cell uses before it has defined them.

    At the top level a name must be there before its statement, or come from it (a loop, a comprehension); inside a
    function it must be there at the end of the cell, since a function runs later than it is written.
    """
    defined, missing = set(builtin), []
    for source in sources:
        later: set[str] = set()
        for statement in ast.parse(source).body:
            table = symtable.symtable(ast.unparse(statement), "cell", "exec")
            bound = {one.get_name() for one in table.get_symbols() if one.is_assigned() or one.is_imported()}
            used = {one.get_name() for one in table.get_symbols() if one.is_referenced()}
            itself = set() if isinstance(statement, ast.Assign | ast.AugAssign) else bound
            missing += sorted(used - defined - itself)
            later |= {one for child in table.get_children() for one in _globals_used(child)}
            defined |= bound
        missing += sorted(later - defined)
    return missing


def _globals_used(table: symtable.SymbolTable) -> Iterator[str]:
    yield from (one.get_name() for one in table.get_symbols() if one.is_referenced() and one.is_global())
    for child in table.get_children():
        yield from _globals_used(child)


def constant(name: str, constant_name: str) -> int | None:
    """The whole number that a notebook gives to a name such as EPOCHS; the reference's own where it names none."""
    for cell in notebook_cells(name, "es", solution=True):
        found = re.search(rf"^{constant_name} = (\d+)\b", cell.source, re.MULTILINE)
        if cell.cell_type == "code" and found:
            return int(found.group(1))
    value = constants(reference_module(course_assignment(name).reference)).get(constant_name)
    return value if isinstance(value, int) else None
