"""`grader doctor --sandbox`: every behaviour that the sandboxes of this machine must have, tried one by one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import typer
from rich.console import Console
from rich.text import Text

from grader.cli.command_language import Exit, echo_json, error_border, translated
from grader.domain.messages import message
from grader.sandbox.backend_registry import backend_named, backend_names
from grader.sandbox.conformance.conformance_case import ConformanceResult
from grader.sandbox.conformance.suite import try_all


def show_behaviours(*, language: str | None, as_json: bool) -> None:
    """Print each behaviour as it is tried; exit status 1 if one does not hold."""
    console = Console()
    verdicts: list[tuple[str, ConformanceResult]] = []
    with error_border(language):
        for sandbox, verdict in _verdicts():
            verdicts.append((sandbox, verdict))
            if not as_json:
                _print(console, sandbox, verdict)
    held = sum(verdict.holds for _, verdict in verdicts)
    if as_json:
        rows = [{"sandbox": sandbox, **dataclasses.asdict(verdict)} for sandbox, verdict in verdicts]
        echo_json(rows)
    else:
        console.print(
            translated(message("{held} of {count} behaviours hold.", held=held, count=len(verdicts)), language)
        )
    if held < len(verdicts):
        raise typer.Exit(int(Exit.DID_NOT_PASS))


def _verdicts() -> Iterator[tuple[str, ConformanceResult]]:
    """Try every way in which each isolating sandbox starts a kernel."""
    for backend in map(backend_named, backend_names()):
        with backend.conformance() as trials:
            for trial in trials:
                for verdict in try_all(trial.sandbox):
                    yield f"{backend.name}, {trial.name}", verdict


def _print(console: Console, sandbox: str, verdict: ConformanceResult) -> None:
    sign, colour = ("✓", "green") if verdict.holds else ("✗", "red")
    line = Text(f"{sign} ", style=colour)
    line.append(f"{sandbox:<18} {verdict.group:<10} ", style="dim")
    line.append(verdict.name if verdict.holds else f"{verdict.name}: {verdict.rule} {verdict.said}")
    console.print(line)
