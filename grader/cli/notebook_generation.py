"""`grader list` and `grader generate`: what the course consists of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.authoring.specification import without_facts
from grader.cli.command_language import SURROUNDINGS, echo_json, error_border, translated
from grader.domain.assignment import Assignment
from grader.domain.course import Course
from grader.domain.facts import ReferenceFacts
from grader.domain.messages import message

_ROOM_FOR_FIGURES: Final = 150
"""Width from which the table of all references has columns for published and reached figures."""


def show_list(folder: Path | None, *, ids: Sequence[str] = (), language: str | None, as_json: bool) -> None:
    """Print one row per reference, in 80 columns; with ids, everything about these.

    Args:
        folder: Folder of the instructor's own course that is shown instead of ours.
        ids: References to show alone, with their published and reached figures.
        language: `es`, `en`, or None for that of the environment.
        as_json: Print only JSON.
    """
    from grader.authoring.assignment_catalogue import facts_ids, load_facts

    with error_border(language):
        if folder is not None:
            _show_course(folder, language=language, as_json=as_json)
            return
        facts = [load_facts(reference) for reference in dict.fromkeys(ids) or facts_ids()]
        if as_json:
            echo_json([_row(one) for one in facts])
        elif ids:
            _show_each(facts, _titles(None, language), language)
        else:
            Console().print(_table(facts, _titles(None, language), language))
            typer.echo(
                translated(message("More about one of them: {command}", command="grader list stacked"), language)
            )


def _titles(course: Course | None, language: str | None) -> dict[str, str]:
    """Return the title of each assignment, read by itself, since an assignment without facts has one too."""
    from grader.authoring.assignment_catalogue import assignment_ids, assignments_folder
    from grader.authoring.specification import FILE_NAME
    from grader.authoring.toml_source import read_toml

    spoken = language or SURROUNDINGS.language
    folder = assignments_folder() if course is None else course.assignments
    titles = {name: read_toml(folder / name / FILE_NAME).data.get("title") for name in assignment_ids(folder=folder)}
    return {name: str(title.get(spoken, "–")) for name, title in titles.items() if isinstance(title, dict)}


def _show_each(facts: Sequence[ReferenceFacts], titles: Mapping[str, str], language: str | None) -> None:
    """Print everything about a few references, one line for each property."""
    for one in facts:
        typer.echo(typer.style(f"{one.reference}: {titles.get(one.reference, '–')}", bold=True))
        rows = (
            (message("data"), one.dataset),
            (message("code"), str(one.code_size or "–")),
            (message("parameters"), _thousands(one.parameters)),
            (message("published"), one.published or "–"),
            (message("reached"), one.reached or "–"),
        )
        for name, value in rows:
            Console().print(Padding(Text(f"{translated(name, language)}: {value}"), (0, 0, 0, 2)))


def _show_course(folder: Path, *, language: str | None, as_json: bool) -> None:
    """Print the same for a course: its references, and below them its assignments on references of ours."""
    from grader.authoring.assignment_catalogue import assignment_ids, load_facts, reference_constants
    from grader.authoring.courses import open_course, own_references, reference_of, require_python

    course = open_course(folder)
    own, assignments = own_references(course), assignment_ids(folder=course.assignments)
    judged_by = {name: reference_of(name, course) for name in assignments}
    facts = []
    for reference in own:
        if (course.facts / f"{reference}.json").is_file():
            facts.append(load_facts(reference, course=course))
        else:
            require_python(reference, course)
            facts.append(_uncalibrated(reference, reference_constants(reference, folder=course.references)))
    facts += [
        replace(load_facts(judged_by[name], course=course), reference=f"{name} ({judged_by[name]})")
        for name in assignments
        if judged_by[name] not in own
    ]
    if as_json:
        echo_json([_row(one) for one in facts])
        return
    Console().print(_table(facts, _titles(course, language), language))
    for one in facts:
        if not one.calibrated:
            sentence = without_facts(reference=one.reference, command=course.command("calibrate", one.reference))
            typer.echo(translated(sentence, language), err=True)


def _uncalibrated(reference: str, constants: Mapping[str, object]) -> ReferenceFacts:
    """Return what the text of a reference says before anything was measured."""
    size = constants.get("CODE_SIZE")
    return ReferenceFacts(
        reference=reference,
        dataset=str(constants.get("DATASET", "–")),
        code_size=size if isinstance(size, int) else None,
        parameters=None,
        published=str(constants.get("PUBLISHED", "")),
        reached="",
        architectures={},
        calibrated={},
    )


def _row(facts: ReferenceFacts) -> dict[str, str | int | None]:
    return {
        "id": facts.reference,
        "parameters": facts.parameters,
        "code_size": facts.code_size,
        "dataset": facts.dataset,
        "published": facts.published,
        "reached": facts.reached,
    }


def _table(facts: Sequence[ReferenceFacts], titles: Mapping[str, str], language: str | None) -> Table:
    console = Console()
    wide = console.width >= _ROOM_FOR_FIGURES
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(translated(message("id"), language), no_wrap=True)
    table.add_column(translated(message("assignment"), language))
    for title in (message("code"), message("parameters")):
        table.add_column(translated(title, language), justify="right", no_wrap=True)
    for title in (message("data"), message("published"), message("reached")) if wide else ():
        table.add_column(translated(title, language))
    for one in facts:
        figures = (one.dataset, Text(one.published), Text(one.reached)) if wide else ()
        table.add_row(
            one.reference,
            Text(titles.get(one.reference.partition(" ")[0], "–")),
            str(one.code_size or "–"),
            _thousands(one.parameters),
            *figures,
        )
    return table


def _thousands(number: int | None) -> str:
    return "–" if number is None else f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")


def write_notebooks(
    ids: Sequence[str], out: Path, folder: Path | None, *, language: str | None, solution: bool
) -> None:
    """Write one notebook for each id and print its path.

    Args:
        ids: Ids of assignments, or `all`.
        out: Folder for the notebooks.
        folder: Folder of the instructor's own course that the ids belong to; None for ours.
        language: `es`, `en`, or None for that of the environment.
        solution: Write the instructor's version.
    """
    from grader.authoring.assignment_catalogue import assignment_ids
    from grader.authoring.course_settings import read_publication
    from grader.authoring.courses import open_course, own_references, require_python
    from grader.authoring.notebooks import generate
    from grader.cli.course_option import load_checked
    from grader.delivery import prepare_folder
    from grader.gradebook import write_atomically

    with error_border(language):
        course = None if folder is None else open_course(folder)
        known = assignment_ids(folder=None if course is None else course.assignments)
        # All of them are made before the first is written.
        wanted = known if "all" in ids else tuple(dict.fromkeys(ids))
        assignments = [load_checked(assignment, course) for assignment in wanted]
        if course is not None:
            for reference in {one.reference for one in assignments} & set(own_references(course)):
                require_python(reference, course)
        publication = read_publication(Path() if course is None else course.folder)
        texts = {
            one.assignment: generate(
                one,
                language=_language_of(one, language),
                solution=solution,
                references=None if course is None else course.references,
                publication=publication,
            )
            for one in assignments
        }
        target = prepare_folder(out)
        for assignment, text in texts.items():
            path = target / f"{assignment}{'.solution' if solution else ''}.ipynb"
            write_atomically(path, text)
            typer.echo(str(path))


def _language_of(assignment: Assignment, asked: str | None) -> str:
    """Return the language asked for, else the course's, else that of the environment, else the only one."""
    for language in (asked, assignment.language, SURROUNDINGS.language):
        if language and (language in assignment.languages or language == asked):
            return language
    return assignment.languages[0]
