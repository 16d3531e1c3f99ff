"""`grader list` and `grader generate`: what the course consists of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.cli.speech import SURROUNDINGS, error_border, told
from grader.domain.facts import ReferenceFacts
from grader.domain.messages import message


def show_list(*, language: str | None, as_json: bool) -> None:
    """Print one row a reference: parameters, code size, data, published and reached figure."""
    from grader.authoring.catalogue import assignment_ids, facts_ids, load_facts

    with error_border(language):
        facts = [load_facts(reference) for reference in facts_ids()]
        if as_json:
            typer.echo(json.dumps([_row(one) for one in facts], ensure_ascii=False, indent=2))
            return
        Console().print(_table(facts, set(assignment_ids()), language))


def _row(facts: ReferenceFacts) -> dict[str, str | int | None]:
    return {
        "id": facts.reference,
        "parameters": facts.parameters,
        "code_size": facts.code_size,
        "dataset": facts.dataset,
        "published": facts.published,
        "reached": facts.reached,
    }


def _table(facts: Sequence[ReferenceFacts], assignments: set[str], language: str | None) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in (message("id"), message("assignment"), message("data")):
        table.add_column(told(title, language), no_wrap=True)
    for title in (message("code"), message("parameters")):
        table.add_column(told(title, language), justify="right", no_wrap=True)
    for title in (message("published"), message("reached")):
        table.add_column(told(title, language))
    for one in facts:
        table.add_row(
            one.reference,
            "✓" if one.reference in assignments else "–",
            one.dataset,
            str(one.code_size or "–"),
            "–" if one.parameters is None else f"{one.parameters:,}".replace(",", "\N{NO-BREAK SPACE}"),
            Text(one.published),
            Text(one.reached),
        )
    return table


def write_notebooks(ids: Sequence[str], out: Path, *, language: str | None, solution: bool) -> None:
    """Write one notebook for each id and print its path."""
    from grader.authoring.catalogue import assignment_ids, load_assignment
    from grader.authoring.notebooks import generate
    from grader.delivery import prepare_folder
    from grader.gradebook import write_atomically

    with error_border(language):
        wanted = assignment_ids() if "all" in ids else tuple(dict.fromkeys(ids))
        # All of them are made before the first is written.
        assignments = [load_assignment(assignment) for assignment in wanted]
        chosen = language or SURROUNDINGS.language
        texts = {one.assignment: generate(one, language=chosen, solution=solution) for one in assignments}
        folder = prepare_folder(out)
        for assignment, text in texts.items():
            path = folder / f"{assignment}{'.solution' if solution else ''}.ipynb"
            write_atomically(path, text)
            typer.echo(str(path))
