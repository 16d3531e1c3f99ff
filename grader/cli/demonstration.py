"""`grader demo`: a sample class, graded on the embedded data, beside what it must get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.authoring.notebooks import generate
from grader.cli.command_language import SURROUNDINGS, Exit, class_report, error_border
from grader.cli.grading import ClassWork, grade_class, require_known
from grader.cli.options import WARM
from grader.cli.progress_reporting import watching
from grader.cli.run_log import run_log
from grader.delivery import prepare_folder, write_class
from grader.demo import sample_class
from grader.demo.expected_grades import ComparedGrade, compare
from grader.domain.datasets import DataSize
from grader.domain.folders import private_folder
from grader.domain.messages import message
from grader.domain.run import Limits
from grader.intake.submissions import collect
from grader.locale import Translator
from grader.review.book import BookPlace
from grader.session import SessionOptions

ASSIGNMENT = "stacked"
LONGEST = "julian"
"""The student whose endless loop takes longest; begun first, so that the others are graded meanwhile."""

DEMO_LIMITS = Limits(cell_seconds=90, notebook_seconds=240)
"""Short enough that the endless loop does not take a quarter of an hour; a training takes a few seconds."""


def run_demo(out: Path, *, sandbox: str, jobs: int | None, accelerate: bool, language: str | None) -> None:
    """Generate, grade and compare; exit status 1 if a result is not the expected one."""
    translator = Translator(language) if language else SURROUNDINGS
    with error_border(language), private_folder() as workspace:
        options = SessionOptions(
            sandbox=sandbox,
            data_size=DataSize.SAMPLE,
            written_for=DataSize.SAMPLE,
            jobs=jobs,
            accelerate=accelerate,
            warm=WARM,
        )
        require_known(options, language)
        folder = prepare_folder(out)
        assignment = replace(load_assignment(ASSIGNMENT), limits=DEMO_LIMITS)
        facts = load_facts(assignment.reference)
        solution = generate(assignment, language=translator.language, solution=True)
        sample_class.write_class(solution, folder / "submissions")
        found = collect([folder / "submissions"], Path(workspace))
        submissions = sorted(found, key=lambda one: one.student != LONGEST)
        work = ClassWork(submissions, assignment, facts, options, BookPlace.new(folder), translator.language)
        with run_log(folder, translator) as log, watching(len(submissions), translator, log=log) as watch:
            graded = grade_class(work, watch)
        index = write_class(graded, folder, assignment=assignment, facts=facts, translator=translator)
    compared = compare(graded)
    Console().print(_table(compared, translator))
    typer.echo(translator.text(class_report(path=str(index.resolve()))))
    if not all(one.as_expected for one in compared):
        raise typer.Exit(int(Exit.DID_NOT_PASS))


def _table(compared: Sequence[ComparedGrade], translator: Translator) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in (message("Student"), message("What the notebook does"), message("Points"), message("Expected or not")):
        table.add_column(translator.text(title))
    for one in compared:
        grade = one.graded.grade
        points = f"{grade.points_awarded:g}/{grade.points_possible:g} {grade.status.value}"
        table.add_row(one.pupil.name, translator.text(one.pupil.story), points, _verdict(one, translator))
    return table


def _verdict(one: ComparedGrade, translator: Translator) -> Text:
    if one.as_expected:
        return Text("✓ " + translator.text(message("as expected")), style="green")
    said = [
        translator.text(
            message("{check}: expected {expected}, given {given}", check=check, expected=expected, given=given)
        )
        for check, expected, given in one.surprises
    ]
    if not one.status_expected:
        status = one.graded.grade.status.value
        said.append(
            translator.text(
                message(
                    "{check}: expected {expected}, given {given}",
                    check="status",
                    expected=one.pupil.status,
                    given=status,
                )
            )
        )
    return Text("✗ " + "; ".join(said), style="red")
