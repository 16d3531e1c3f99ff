"""`grader calibrate` and `grader validate`: checks of the references for maintainers and continuous integration."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.authoring.assignment_catalogue import course_ids, facts_ids, load_facts
from grader.authoring.courses import chosen_references
from grader.authoring.errors import unknown
from grader.cli.command_language import Exit, complain, echo_json, error_border, translated
from grader.cli.course_option import references_found, require_readable_facts, require_sound, require_usable
from grader.domain.course import Course
from grader.domain.datasets import DataSize
from grader.domain.facts import CalibrationRun
from grader.domain.messages import message
from grader.rebuild.calibration import CalibrationPlan, calibrate, training_processes
from grader.rebuild.facts.kept_weights import default_folder
from grader.rebuild.quantities.reference_data import DataChoice, DataNotFoundError
from grader.validation.references import ReferenceVerdict, validate

_WIDTH_OF_LOGS = 120


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How references are trained.

    Attributes:
        data_size: `full` or `sample`.
        data_folder: Folder that is searched for the full set before the usual places.
        jobs: Trainings at the same time; None for one per core.
        seeds: Runs of each reference; None for 5, or for 10 if one takes under a minute and 3 if over five minutes.
        variation_seeds: Runs of each honest variation.
        course: The instructor's own course instead of ours, if any.
    """

    data_size: DataSize
    data_folder: Path | None
    jobs: int | None
    seeds: int | None = None
    variation_seeds: int = 1
    course: Course | None = None

    def plan(self) -> CalibrationPlan:
        """Return the same as a plan for the calibration."""
        return CalibrationPlan(
            DataChoice(self.data_size, self.data_folder), self.seeds, self.variation_seeds, default_folder()
        )

    def processes(self) -> int:
        """Return how many trainings run at the same time."""
        return self.jobs or os.cpu_count() or 1


def calibrate_references(ids: Sequence[str], trainings: TrainingOptions, *, language: str | None) -> None:
    """Make every run that the facts lack, with a line for each, and show what was reached."""
    course = trainings.course
    with error_border(language), references_found(course):
        wanted = _known(ids, course_ids()) if course is None else chosen_references(ids, course)
        if course is not None:
            require_readable_facts(course, wanted)
            require_sound(wanted)

        def say(reference: str, data: str, record: CalibrationRun) -> None:
            numbers = ", ".join(f"{name.value} {value:.4g}" for name, value in record.values.items())
            typer.echo(
                f"{reference} {data} {record.variation} #{record.seed}: {record.epochs} × {record.seconds} s; {numbers}"
            )

        try:
            with training_processes(trainings.processes()) as executor:
                calibrate(wanted, trainings.plan(), executor, say)
        except DataNotFoundError as error:
            raise complain(message("{text}", text=str(error)), Exit.WRONG_USAGE, language) from error
        except KeyboardInterrupt as stop:
            sentence = message("Stopped. Finished runs are kept; the same command goes on from here.")
            raise complain(sentence, Exit.DID_NOT_PASS, language) from stop
        for reference in wanted:
            typer.echo(f"{reference}: {load_facts(reference, course=course).reached}")


def validate_references(
    ids: Sequence[str], trainings: TrainingOptions, *, full: bool, language: str | None, as_json: bool
) -> None:
    """Compare references with their facts; exit status 1 if one of them drifted."""
    course = trainings.course
    with error_border(language), references_found(course):
        known = _known(ids, facts_ids()) if course is None else chosen_references(ids, course)
        facts = [load_facts(reference, course=course) for reference in known]
        if course is not None:
            require_sound(known)
            require_usable(course, known)
        console = Console(stderr=True)

        def say(verdict: ReferenceVerdict) -> None:
            if not as_json:
                console.print(Text(f"{'✗' if verdict.faults else '✓'} {verdict.reference} ({verdict.seconds:.0f} s)"))

        try:
            with training_processes(trainings.processes()) as executor:
                verdicts = validate(facts, trainings.plan(), executor, full=full, say=say)
        except DataNotFoundError as error:
            raise complain(message("{text}", text=str(error)), Exit.WRONG_USAGE, language) from error
    if as_json:
        echo_json([_row(one, language) for one in verdicts])
    else:
        _show(verdicts, language)
    if any(verdict.faults for verdict in verdicts):
        raise typer.Exit(int(Exit.DID_NOT_PASS))


def _show(verdicts: Sequence[ReferenceVerdict], language: str | None) -> None:
    console = Console()
    if not console.is_terminal:  # a log file has no width
        console.width = max(console.width, _WIDTH_OF_LOGS)
    console.print(_table(verdicts, language))
    for verdict in verdicts:
        for remark in verdict.remarks:
            typer.echo(f"! {verdict.reference}: {translated(remark, language)}")
        for fault in verdict.faults:
            typer.secho(f"✗ {verdict.reference}: {translated(fault, language)}", fg=typer.colors.RED)
    drifted = sum(bool(verdict.faults) for verdict in verdicts)
    if drifted:
        sentence = message("{count} of {all} references drifted.", count=drifted, all=len(verdicts))
    else:
        sentence = message("All {all} references are as their facts say.", all=len(verdicts))
    typer.echo(translated(sentence, language))


def _table(verdicts: Sequence[ReferenceVerdict], language: str | None) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in (message("id"), message("measured"), message("epochs")):
        table.add_column(translated(title, language), overflow="fold")
    for title in (message("here"), message("facts"), message("deviations"), message("allowed")):
        table.add_column(translated(title, language), justify="right", overflow="fold")
    for verdict in verdicts:
        for one in verdict.distances:
            table.add_row(
                Text(verdict.reference),
                one.quantity.value,
                str(one.epochs),
                f"{one.value:.4g}",
                f"{one.mean:.4g} ± {one.deviation:.1g}",
                Text(f"{one.deviations:+.1f}", style="red" if one.is_drift else ""),
                f"{one.allowed:.1f}",
            )
    return table


def _row(verdict: ReferenceVerdict, language: str | None) -> dict[str, object]:
    return {
        "id": verdict.reference,
        "valid": not verdict.faults,
        "faults": [translated(fault, language) for fault in verdict.faults],
        "remarks": [translated(remark, language) for remark in verdict.remarks],
        "seconds": verdict.seconds,
        "distances": [
            {
                "quantity": one.quantity.value,
                "epochs": one.epochs,
                "value": one.value,
                "mean": one.mean,
                "deviation": one.deviation,
                "runs": one.runs,
                "deviations": one.deviations if math.isfinite(one.deviations) else None,
                "allowed": one.allowed,
            }
            for one in verdict.distances
        ],
    }


def _known(ids: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return the ids, or all if none or `all` is given.

    Raises:
        AuthoringError: There is no such reference.
    """
    if not ids or "all" in ids:
        return tuple(known)
    for name in ids:
        if name not in known:
            raise unknown(message("There is no reference {name}.", name=name), name, known)
    return tuple(dict.fromkeys(ids))
