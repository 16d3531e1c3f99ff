"""`grader grade` and `grader check`: a class, and one's own notebook."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import typer
from rich.console import Console

from grader.authoring.catalogue import load_assignment, load_facts
from grader.authoring.courses import open_course
from grader.cli.course import require_rubric
from grader.cli.progress import progress_bar, waiting
from grader.cli.speech import SURROUNDINGS, Exit, complain, error_border, told
from grader.delivery import GRADEBOOK_FILE, prepare_folder, write_class
from grader.domain.assignment import Assignment
from grader.domain.course import Course
from grader.domain.facts import ReferenceFacts
from grader.domain.folders import private_folder
from grader.domain.grade import GradeStatus, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.messages import message
from grader.domain.submission import Submission, UnreadableSubmissionError
from grader.gradebook import Gradebook, GradebookError, grades_json, sqlite_url
from grader.intake.collecting import collect
from grader.intake.notebook import read_notebook
from grader.locale import Translator
from grader.pipeline import grade_submission
from grader.report.terminal import check_report, class_table
from grader.scale import Progress, grade_batch
from grader.session import DATA_SIZES, SANDBOXES, Session, SessionOptions, end_children, open_session

_SECONDS_BETWEEN_KILLS = 0.2


def grade_paths(
    paths: Sequence[Path],
    assignment_id: str,
    out: Path,
    options: SessionOptions,
    *,
    language: str | None,
    as_json: bool,
) -> None:
    """Grade everything below `paths` and write grades, reports and gradebook into `out`."""
    with error_border(language):
        require_known(options, language)
        assignment, facts = _load(assignment_id, options.course)
        folder = prepare_folder(out)
        translator = Translator(language) if language else SURROUNDINGS
        with private_folder() as workspace:
            submissions = collect(paths, Path(workspace))
            graded = grade_class(submissions, assignment, facts, options, folder=folder, translator=translator)
        with Gradebook.open(sqlite_url(folder / GRADEBOOK_FILE)) as gradebook:
            adjustments = gradebook.adjustments(assignment.assignment)
        index = write_class(
            graded, folder, assignment=assignment, facts=facts, translator=translator, adjustments=adjustments
        )
    if as_json:
        typer.echo((folder / "grades.json").read_text(encoding="utf-8"))
        return
    Console().print(class_table(graded, assignment, translator))
    typer.echo(told(message("Report of the class: {path}", path=str(index.resolve())), language))


def grade_class(
    submissions: Sequence[Submission],
    assignment: Assignment,
    facts: ReferenceFacts,
    options: SessionOptions,
    *,
    folder: Path,
    translator: Translator,
) -> list[GradedSubmission]:
    """Grade submissions with a progress bar, each committed to the folder's gradebook as soon as it is done.

    Raises:
        typer.Exit: The user stopped it; what was finished is kept.
    """
    with (
        Gradebook.open(sqlite_url(folder / GRADEBOOK_FILE)) as gradebook,
        open_session(assignment, facts, options) as session,
        ThreadPoolExecutor(options.notebooks_together()) as executor,
        progress_bar(len(submissions), translator) as bar,
    ):
        _show_remarks(session, translator)
        try:
            return grade_batch(
                submissions,
                session.context,
                executor=executor,
                gradebook=gradebook,
                settings_key=session.settings_key,
                on_progress=_counting(bar),
            )
        except GradebookError:
            _stop_at_once(executor)  # what runs now could not be stored either
            raise
        except KeyboardInterrupt as stop:
            _stop_at_once(executor)
            sentence = message("Stopped. Finished grades are kept; the same command goes on from here.")
            raise complain(sentence, Exit.DID_NOT_PASS, translator.language) from stop


def check_notebook(
    notebook: Path, assignment_id: str | None, options: SessionOptions, *, language: str | None, as_json: bool
) -> None:
    """Run the public checks on one notebook; exit status 1 when it does not earn every point."""
    with error_border(language), private_folder() as workspace:
        require_known(options, language)
        submission = _only_one(collect([notebook], Path(workspace), with_folder=True), notebook, language)
        try:
            read = read_notebook(submission)
        except UnreadableSubmissionError as unreadable:
            raise complain(unreadable.reason, Exit.WRONG_USAGE, language) from unreadable
        chosen = assignment_id or read.assignment
        if not chosen:
            raise complain(
                message("The notebook does not say which assignment it belongs to. Name it: --assignment ID."),
                Exit.WRONG_USAGE,
                language,
            )
        assignment, facts = _load(chosen, options.course)
        translator = Translator(language or read.language) if (language or read.language) else SURROUNDINGS
        with open_session(assignment, facts, options) as session, waiting(message("Running the notebook"), translator):
            _show_remarks(session, translator)
            graded = grade_submission(submission, session.context)
    if as_json:
        typer.echo(grades_json(assignment, [graded], translator))
    else:
        Console().print(check_report(graded, assignment, translator))
    if graded.fault:
        raise typer.Exit(int(Exit.OUR_FAULT))
    if not _passed(graded):
        raise typer.Exit(int(Exit.DID_NOT_PASS))


def require_known(options: SessionOptions, language: str | None) -> None:
    """Refuse option values that mean nothing.

    Raises:
        typer.Exit: `--sandbox` or `--data-size` is none of the known values.
    """
    for option, value, values in (
        ("--sandbox", options.sandbox, SANDBOXES),
        ("--data-size", options.data_size, DATA_SIZES),
    ):
        if value is not None and value not in values:
            sentence = message(
                "{option} is {value}; it can be {known}", option=option, value=value, known=", ".join(values)
            )
            raise complain(sentence, Exit.WRONG_USAGE, language)


def _only_one(submissions: Sequence[Submission], given: Path, language: str | None) -> Submission:
    if len(submissions) > 1:
        sentence = message("{path} holds {count} notebooks. Name one of them.", path=str(given), count=len(submissions))
        raise complain(sentence, Exit.WRONG_USAGE, language)
    return submissions[0]


def _load(assignment_id: str, course: Course | None) -> tuple[Assignment, ReferenceFacts]:
    if course is None:
        assignment = load_assignment(assignment_id)
        return assignment, load_facts(assignment.reference)
    open_course(course.folder)
    assignment = load_assignment(assignment_id, course=course)
    require_rubric(assignment)
    return assignment, load_facts(assignment.reference, course=course)


def _show_remarks(session: Session, translator: Translator) -> None:
    for remark in session.remarks:
        typer.secho(translator.text(remark), fg=typer.colors.YELLOW, err=True)


def _stop_at_once(executor: Executor) -> None:
    """Drop what has not begun, and kill whatever the rest starts until it has given up: its results are not kept."""
    executor.shutdown(wait=False, cancel_futures=True)
    waiting = threading.Thread(target=executor.shutdown, daemon=True)
    waiting.start()
    while waiting.is_alive():
        end_children()
        waiting.join(_SECONDS_BETWEEN_KILLS)


def _passed(graded: GradedSubmission) -> bool:
    everything = all(result.outcome is Outcome.PASSED for result in graded.grade.results)
    return everything and graded.grade.status is GradeStatus.FINAL


def _counting(advance: Callable[[str], None]) -> Callable[[Progress], None]:
    return lambda progress: advance(progress.graded.student)
