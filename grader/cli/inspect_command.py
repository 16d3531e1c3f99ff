"""`grader inspect`: what a notebook trains, without knowing its assignment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.checks.core.phrases import brief
from grader.cli.command_language import SURROUNDINGS, Exit, complain, echo_json, error_border, several_notebooks
from grader.cli.grading import require_known
from grader.cli.progress_reporting import waiting
from grader.domain.cell_places import cell_name, line_title
from grader.domain.datasets import DataSize, title_of
from grader.domain.evidence import RejectedClaimsError, not_accepted
from grader.domain.folders import private_folder
from grader.domain.grade import Finding
from grader.domain.inspection import OTHER, InspectedModel, Inspection, InspectionRun, Remark
from grader.domain.measurement import Quantity
from grader.domain.messages import Message, message, verbatim
from grader.domain.run import RunRecord
from grader.domain.submission import Submission, UnreadableSubmissionError
from grader.inspection.inspecting import inspect_notebook
from grader.inspection.inspection_zones import open_inspection
from grader.intake.notebook import read_notebook
from grader.intake.submissions import collect
from grader.locale import Translator
from grader.reading.reading_client import within_limits
from grader.report.wording import Wording
from grader.session import SessionOptions

SCHEMA_VERSION = 1


def inspect_one(
    notebook: Path, options: SessionOptions, *, compat: bool | None, language: str | None, as_json: bool
) -> None:
    """Run a notebook and report which autoencoders it trains; `compat` is that of `InspectionContext`.

    Raises:
        typer.Exit: Several notebooks were given, or it cannot be read.
    """
    translator = Translator(language) if language else SURROUNDINGS
    with error_border(language), private_folder() as workspace:
        found = collect([notebook], Path(workspace))
        if len(found) > 1:
            sentence = several_notebooks(path=str(notebook), count=len(found))
            raise complain(sentence, Exit.WRONG_USAGE, language)
        inspection = _inspected(found[0], options, translator, compat=compat)
    if as_json:
        echo_json(as_data(inspection, translator))
    else:
        show(inspection, Wording(translator))


def _inspected(
    submission: Submission, options: SessionOptions, translator: Translator, *, compat: bool | None
) -> Inspection:
    try:
        require_known(options, translator.language)
        notebook = within_limits(
            read_notebook, submission
        )  # an unreadable file is reported before anything is opened for it
        opened = open_inspection(options, compat=compat, notebook=notebook)
        with opened as context, waiting(message("Running the notebook"), translator):
            return inspect_notebook(submission, context)
    except UnreadableSubmissionError as unreadable:
        raise complain(unreadable.reason, Exit.WRONG_USAGE, translator.language) from unreadable
    except RejectedClaimsError as rejected:
        reason = not_accepted(problem=str(rejected))
        raise complain(reason, Exit.DID_NOT_PASS, translator.language) from rejected


def as_data(inspection: Inspection, translator: Translator) -> Mapping[str, Any]:
    """Return an inspection as plain data: the contract of `grader inspect --json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "status": inspection.run.status.value,
        "models": [_model(model, translator) for model in inspection.models],
        "runs": [
            {
                "translated": trial.translated,
                "status": trial.run.status.value,
                "errors": len(trial.run.errors),
                "first_error": _first_error(trial.run),
                "models": trial.models,
            }
            for trial in inspection.trials
        ],
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
        "epochs": model.epochs,
        "epochs_asked": model.epochs_asked or None,
        "no_family": _text(model.no_family, translator),
        "measured_on": model.measured_on or None,
        "measured_size": model.measured_size or None,
        "not_measured": _text(model.not_measured, translator),
        "quality": {name.value: value for name, value in model.quality.items()},
        "nearest": model.nearest or None,
        "reference": {name.value: value for name, value in model.reference_quality.items()},
        "findings": [_finding(remark, translator) for remark in model.findings],
    }


def _first_error(run: RunRecord) -> str | None:
    return brief(f"{run.errors[0].name}: {run.errors[0].text}") if run.errors else None


def _text(told: Message | None, translator: Translator) -> str | None:
    return None if told is None else translator.text(told)


def _finding(remark: Remark, translator: Translator) -> Mapping[str, str]:
    finding = remark.finding
    parts = {"where": finding.where, "expected": finding.expected, "actual": finding.actual}
    parts |= {"why": finding.why, "hint": finding.hint}
    return {"kind": remark.kind} | {name: translator.text(part) for name, part in parts.items()}


def show(inspection: Inspection, wording: Wording, console: Console | None = None) -> None:
    """Write an inspection for people, to the terminal unless another console is given."""
    console = console or Console()
    _list(message("Runs"), tuple(map(_run, inspection.trials)) if len(inspection.trials) > 1 else (), console, wording)
    for model in inspection.models:
        console.print(_card(model, wording))
        for remark in model.findings:
            console.print(Padding(_finding_text(remark.finding, wording), (1, 0, 0, 2)))
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
    if model.not_measured is not None:
        reason = wording.t("not measured: {reason}", reason=wording.say(model.not_measured))
        grid.add_row(Text(wording.quantity(Quantity.RECONSTRUCTION_MSE)), Text(reason))
    for quantity, number in model.quality.items():
        reference = model.reference_quality.get(quantity)
        if reference is None and quantity not in _ALWAYS_SHOWN:
            continue
        told = wording.figure(number)
        if reference is not None:
            told = wording.t("{value} (reference: {reference})", value=told, reference=wording.figure(reference))
        grid.add_row(Text(_of_data(wording.quantity(quantity), model, wording)), Text(told))
    family = wording.t("none of the course's") if model.family == OTHER else model.family
    heading = Text.assemble((wording.say(verbatim(model.name)), "bold"), "  ", (family, "cyan"))
    return Group(heading, Padding(grid, (0, 0, 0, 2)))


def _rows(model: InspectedModel, wording: Wording) -> Mapping[Message, str]:
    trained = message("yes") if model.trained else message("no")
    if model.trained and model.epochs_asked:
        trained = message("{epochs} of {asked} epochs", epochs=model.epochs, asked=model.epochs_asked)
    reason = {} if model.no_family is None else {message("Why no family"): wording.say(model.no_family)}
    return reason | {
        message("Data"): model.dataset or "–",
        message("Encoder"): wording.say(verbatim(model.encoder or "–")),
        message("Decoder"): wording.say(verbatim(model.decoder or "–")),
        message("Numbers in one code"): "–" if model.code_size is None else wording.count(model.code_size),
        message("Parameters"): wording.count(model.parameters),
        message("Trained"): wording.say(trained),
        message("Nearest reference"): model.nearest or "–",
    }


_ALWAYS_SHOWN: Final = frozenset({Quantity.RECONSTRUCTION_MSE, Quantity.MEAN_IMAGE_MSE})
"""Quantities shown without a reference's number, also for images on which no reference was calibrated."""


def _of_data(quantity: str, model: InspectedModel, wording: Wording) -> str:
    """Name the data of a number."""
    if not model.measured_on:
        return quantity
    data = wording.say(title_of(model.measured_on))
    if model.measured_size == DataSize.SAMPLE:
        return wording.t("{quantity}, {data} (sample)", quantity=quantity, data=data)
    return f"{quantity}, {data}"


def _run(trial: InspectionRun) -> Message:
    """Describe one of several runs."""
    how = message("With its old code translated") if trial.translated else message("As it is")
    if not trial.run.errors:
        return message("{how}: no cell ended with an error; autoencoders: {models}.", how=how, models=trial.models)
    return message(
        "{how}: cells that ended with an error: {errors}, the first of them {cell}, with {error}; autoencoders: "
        "{models}.",
        how=how,
        errors=len(trial.run.errors) + trial.run.errors_left_out,
        cell=cell_name(trial.run.errors[0].cell_index, trial.run.places),
        error=verbatim((_first_error(trial.run) or "").split("\n")[0]),
        models=trial.models,
    )


def _finding_text(finding: Finding, wording: Wording) -> RenderableType:
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
