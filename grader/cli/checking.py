"""`grader check`: a student's own notebook."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console

from grader.accelerated_grading import grade_fast
from grader.authoring.bundle import load_known
from grader.authoring.errors import AuthoringError
from grader.authoring.tasks import is_untouched, tasks, where_to_begin
from grader.checks.rubric import rubric_mistakes
from grader.cli.command_language import SURROUNDINGS, Exit, complain, error_border, several_notebooks
from grader.cli.grading import load_for_grading, require_known
from grader.cli.progress_reporting import watching
from grader.domain.assignment import Assignment
from grader.domain.course import Course
from grader.domain.facts import ReferenceFacts
from grader.domain.folders import private_folder
from grader.domain.grade import GradeStatus, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.messages import message
from grader.domain.progress import Step, listening
from grader.domain.submission import Notebook, Submission, UnreadableSubmissionError
from grader.gradebook import grades_json
from grader.intake.notebook import read_notebook
from grader.intake.submissions import collect
from grader.locale import Translator
from grader.reading.reading_client import within_limits
from grader.report.terminal import check_report
from grader.session import SessionOptions, open_session


def check_notebook(
    notebook: Path, assignment_id: str | None, options: SessionOptions, *, language: str | None, as_json: bool
) -> None:
    """Run the public checks on one notebook; exit status 1 if it does not earn every point."""
    with error_border(language), private_folder() as workspace:
        require_known(options, language)
        submission = _only_one(collect([notebook], Path(workspace), with_folder=True), notebook, language)
        try:
            read = within_limits(read_notebook, submission)
        except UnreadableSubmissionError as unreadable:
            raise complain(unreadable.reason, Exit.WRONG_USAGE, language) from unreadable
        chosen = assignment_id or read.assignment
        if not chosen:
            raise complain(
                message("The notebook does not say which assignment it belongs to. Name it: --assignment ID."),
                Exit.WRONG_USAGE,
                language,
            )
        assignment, facts = _load_for_students(chosen, notebook, options.course)
        translator = Translator(language or read.language) if (language or read.language) else SURROUNDINGS
        if not as_json:
            _stop_where_nothing_was_begun(read, assignment, options, translator)
        with watching(1, translator, as_json=as_json, alone=True) as watch:
            watch.say(message("Laying out the data"))

            def report_step(step: Step) -> None:
                watch.step(submission, step)

            with open_session(assignment, facts, options) as session, listening(report_step):
                for remark in session.remarks:
                    watch.remark(remark)
                graded = grade_fast(submission, session.context)
    if as_json:
        typer.echo(grades_json(assignment, [graded], translator))
    else:
        Console().print(check_report(graded, assignment, translator))
    if graded.fault:
        raise typer.Exit(int(Exit.OUR_FAULT))
    if not _passed(graded):
        raise typer.Exit(int(Exit.DID_NOT_PASS))


def _stop_where_nothing_was_begun(
    read: Notebook, assignment: Assignment, options: SessionOptions, translator: Translator
) -> None:
    """If no cell of a notebook was changed, show the first steps instead of running it.

    Raises:
        typer.Exit: No cell was changed; the notebook does not pass.
    """
    if options.course is not None:  # its templates may need references that only the measuring process imports
        return
    if not assignment.has_material:
        return
    wanted = tasks(assignment, translator.language)
    if is_untouched(read.cells, wanted):
        typer.echo(translator.text(where_to_begin(wanted)))
        raise typer.Exit(int(Exit.DID_NOT_PASS))


def _only_one(submissions: Sequence[Submission], given: Path, language: str | None) -> Submission:
    if len(submissions) > 1:
        sentence = several_notebooks(path=str(given), count=len(submissions))
        raise complain(sentence, Exit.WRONG_USAGE, language)
    return submissions[0]


def _load_for_students(name: str, notebook: Path, course: Course | None) -> tuple[Assignment, ReferenceFacts]:
    """Return an assignment by id, file or address; a published one may lie beside the notebook."""
    if course is not None:
        return load_for_grading(name, course)
    assignment, facts = load_known(name, notebook.parent)
    if mistakes := rubric_mistakes(assignment.rubric):  # published for another version of the grader
        raise AuthoringError(mistakes[0].reason)
    return assignment, facts


def _passed(graded: GradedSubmission) -> bool:
    everything = all(result.outcome is Outcome.PASSED for result in graded.grade.results)
    return everything and graded.grade.status is GradeStatus.FINAL
