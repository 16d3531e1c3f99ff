"""`grader inspect`: what a notebook trains, when nobody says which assignment it answers."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.cli.progress import waiting
from grader.cli.speech import SURROUNDINGS, Exit, complain, error_border
from grader.domain.evidence import RejectedClaimsError
from grader.domain.grade import Finding
from grader.domain.inspection import OTHER, InspectedModel, Inspection, Remark
from grader.domain.measurement import Quantity
from grader.domain.messages import Message, message, verbatim
from grader.domain.places import line_title
from grader.domain.submission import Submission, UnreadableSubmissionError
from grader.inspection.inspecting import inspect_notebook
from grader.inspection.opening import open_inspection
from grader.intake.collecting import collect
from grader.intake.notebook import read_notebook
from grader.locale import Translator
from grader.report.wording import Wording
from grader.session import SessionOptions

SCHEMA_VERSION = 1


def inspect_one(notebook: Path, options: SessionOptions, *, language: str | None, as_json: bool) -> None:
    """Run a notebook and tell which autoencoders it trains.

    Raises:
        typer.Exit: Several notebooks were given, or it cannot be read.
    """
    translator = Translator(language) if language else SURROUNDINGS
    with error_border(language), tempfile.TemporaryDirectory(prefix="grader-intake-") as workspace:
        found = collect([notebook], Path(workspace))
        if len(found) > 1:
            sentence = message(
                "{path} holds {count} notebooks. Name one of them.", path=str(notebook), count=len(found)
            )
            raise complain(sentence, Exit.WRONG_USAGE, language)
        inspection = _inspected(found[0], options, translator)
    if as_json:
        typer.echo(json.dumps(as_data(inspection, translator), ensure_ascii=False, indent=1))
    else:
        show(inspection, Wording(translator))


def _inspected(submission: Submission, options: SessionOptions, translator: Translator) -> Inspection:
    try:
        read_notebook(submission)  # what is no notebook is told before anything is opened for it
        with open_inspection(options) as context, waiting(message("Running the notebook"), translator):
            return inspect_notebook(submission, context)
    except UnreadableSubmissionError as unreadable:
        raise complain(unreadable.reason, Exit.WRONG_USAGE, translator.language) from unreadable
    except RejectedClaimsError as rejected:
        reason = message("What the notebook left behind could not be accepted ({problem}).", problem=str(rejected))
        raise complain(reason, Exit.DID_NOT_PASS, translator.language) from rejected


def as_data(inspection: Inspection, translator: Translator) -> Mapping[str, Any]:
    """Return an inspection as plain data: the contract of `grader inspect --json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "status": inspection.run.status.value,
        "models": [_model(model, translator) for model in inspection.models],
        "diagnosis": [translator.text(one) for one in inspection.diagnosis],
        "translated": [
            {
                "cell": one.cell_index + 1,
                "line": one.line,
                "before": one.before,
                "after": one.after,
                "why": translator.text(one.why),
            }
            for one in inspection.translated
        ],
    }


def _model(model: InspectedModel, translator: Translator) -> Mapping[str, Any]:
    return {
        "name": model.name,
        "family": model.family,
        "dataset": model.dataset,
        "encoder": model.encoder or None,
        "decoder": model.decoder or None,
        "code_size": model.code_size,
        "parameters": model.parameters,
        "trained": model.trained,
        "quality": {name.value: value for name, value in model.quality.items()},
        "nearest": model.nearest or None,
        "reference": {name.value: value for name, value in model.reference_quality.items()},
        "findings": [_finding(remark, translator) for remark in model.findings],
    }


def _finding(remark: Remark, translator: Translator) -> Mapping[str, str]:
    finding = remark.finding
    parts = {"where": finding.where, "expected": finding.expected, "actual": finding.actual}
    parts |= {"why": finding.why, "hint": finding.hint}
    return {"kind": remark.kind} | {name: translator.text(part) for name, part in parts.items()}


def show(inspection: Inspection, wording: Wording, console: Console | None = None) -> None:
    """Write an inspection for people, to the terminal unless another console is given."""
    console = console or Console()
    for model in inspection.models:
        console.print(_card(model, wording))
        for remark in model.findings:
            console.print(Padding(_told(remark.finding, wording), (1, 0, 0, 2)))
        console.print()
    _list(message("Diagnosis"), inspection.diagnosis, console, wording)
    translated = tuple(
        message(
            "{place}: {before} → {after}",
            place=line_title(one.cell_index, one.line, inspection.run.places),
            before=verbatim(one.before),
            after=verbatim(one.after),
        )
        for one in inspection.translated
    )
    _list(message("Translated"), translated, console, wording)


def _card(model: InspectedModel, wording: Wording) -> RenderableType:
    grid = _grid()
    for name, value in _rows(model, wording).items():
        grid.add_row(Text(wording.say(name)), Text(value))
    for quantity, number in model.quality.items():
        reference = model.reference_quality.get(quantity)
        if reference is not None:
            told = wording.t(
                "{value} (reference: {reference})", value=wording.figure(number), reference=wording.figure(reference)
            )
            grid.add_row(Text(wording.quantity(quantity)), Text(told))
        elif quantity is Quantity.RECONSTRUCTION_MSE:
            grid.add_row(Text(wording.quantity(quantity)), Text(wording.figure(number)))
    family = wording.t("none of the course's") if model.family == OTHER else model.family
    heading = Text.assemble((wording.say(verbatim(model.name)), "bold"), "  ", (family, "cyan"))
    return Group(heading, Padding(grid, (0, 0, 0, 2)))


def _rows(model: InspectedModel, wording: Wording) -> Mapping[Message, str]:
    trained = message("yes") if model.trained else message("no")
    return {
        message("Data"): model.dataset or "–",
        message("Encoder"): wording.say(verbatim(model.encoder or "–")),
        message("Decoder"): wording.say(verbatim(model.decoder or "–")),
        message("Numbers in one code"): "–" if model.code_size is None else wording.count(model.code_size),
        message("Parameters"): wording.count(model.parameters),
        message("Trained"): wording.say(trained),
        message("Nearest reference"): model.nearest or "–",
    }


def _told(finding: Finding, wording: Wording) -> RenderableType:
    grid = _grid()
    parts = {
        wording.t("Expected"): finding.expected,
        wording.t("Found"): finding.actual,
        wording.t("Why it matters"): finding.why,
        wording.t("Hint"): finding.hint,
    }
    for name, part in parts.items():
        grid.add_row(Text(name), Text(wording.say(part)))
    return Group(Text.assemble(("▸ ", "yellow"), (wording.say(finding.where), "bold")), Padding(grid, (0, 0, 0, 2)))


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bright_black")
    grid.add_column(overflow="fold")
    return grid


def _list(title: Message, lines: tuple[Message, ...], console: Console, wording: Wording) -> None:
    if lines:
        console.print(Text(wording.say(title), style="bold"))
        for line in lines:
            console.print(Padding(Text.assemble(("· ", "bright_black"), wording.say(line)), (0, 0, 0, 2)))
        console.print()
