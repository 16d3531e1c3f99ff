"""`grader doctor --sandbox`: every behaviour that the sandbox of this machine must have, tried one by one."""

from __future__ import annotations

import dataclasses
import json

import typer
from rich.console import Console
from rich.text import Text

from grader.cli.speech import Exit, error_border, told
from grader.domain.messages import message
from grader.sandbox.backends import BubblewrapSandbox
from grader.sandbox.bubblewrap import find_bubblewrap
from grader.sandbox.conformance.behaviour import Verdict
from grader.sandbox.conformance.suite import try_all


def show_behaviours(*, language: str | None, as_json: bool) -> None:
    """Print each behaviour as it is tried; exit status 1 when one does not hold."""
    console = Console()
    verdicts: list[Verdict] = []
    with error_border(language):
        for verdict in try_all(BubblewrapSandbox(find_bubblewrap(), threads=1)):
            verdicts.append(verdict)
            if not as_json:
                _print(console, verdict)
    held = sum(verdict.holds for verdict in verdicts)
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(verdict) for verdict in verdicts], ensure_ascii=False, indent=2))
    else:
        console.print(told(message("{held} of {count} behaviours hold.", held=held, count=len(verdicts)), language))
    if held < len(verdicts):
        raise typer.Exit(int(Exit.DID_NOT_PASS))


def _print(console: Console, verdict: Verdict) -> None:
    sign, colour = ("✓", "green") if verdict.holds else ("✗", "red")
    line = Text(f"{sign} ", style=colour)
    line.append(f"{verdict.group:<10} ", style="dim")
    line.append(verdict.name if verdict.holds else f"{verdict.name}: {verdict.rule} {verdict.said}")
    console.print(line)
