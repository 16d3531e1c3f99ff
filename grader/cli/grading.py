"""`grader grade` and `grader check`: a class, and one's own notebook."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import typer
from rich.console import Console

from grader.authoring.bundle import load_known
from grader.authoring.catalogue import load_facts
from grader.authoring.courses import open_course
from grader.authoring.errors import AuthoringError
from grader.authoring.questions import open_questions
from grader.authoring.tasks import is_untouched, tasks, where_to_begin
from grader.checks.rubric import rubric_mistakes
from grader.cli.course import load_checked
from grader.cli.progress import Announce, AnnouncedMeasurer, AnnouncedSandbox, progress_bar, stages
from grader.cli.rosters import HandIns, in_time
from grader.cli.speech import (
    SURROUNDINGS,
    Exit,
    class_report,
    complain,
    error_border,
    several_notebooks,
    told,
    wrong_choice,
)
from grader.delivery import prepare_folder, write_class, write_index
from grader.domain.assignment import Assignment
from grader.domain.course import Course
from grader.domain.facts import ReferenceFacts
from grader.domain.folders import private_folder
from grader.domain.grade import GradeStatus, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.messages import Message, message
from grader.domain.submission import Notebook, Submission, UnreadableSubmissionError
from grader.gradebook import Gradebook, GradebookError, grades_json
from grader.intake.intake_errors import IntakeError
from grader.intake.notebook import read_notebook
from grader.intake.submissions import collect, gather
from grader.locale import Translator
from grader.pipeline import GradingContext, grade_submission
from grader.reading.client import within_limits
from grader.report.terminal import check_report, class_table, passed_over_list
from grader.review.book import Book, BookPlace
from grader.review.handed_in import keep_hand_ins
from grader.scale import Progress, grade_batch, known_grades
from grader.session import (
    AUDITS,
    DATA_SIZES,
    SANDBOXES,
    Session,
    SessionOptions,
    end_children,
    known_settings_key,
    open_session,
)

_SECONDS_BETWEEN_KILLS = 0.2


def grade_paths(
    hand_ins: HandIns,
    assignment_id: str,
    place: BookPlace,
    options: SessionOptions,
    *,
    language: str | None,
    as_json: bool,
) -> None:
    """Grade all hand-ins and write grades, reports and gradebook where the place says.

    What was run before is not run again, unless the options ask for it.
    """
    with error_border(language):
        require_known(options, language)
        assignment, facts = load_for_grading(assignment_id, options.course)
        folder = prepare_folder(place.folder or Path())
        spoken = language or assignment.language
        translator = Translator(spoken) if spoken else SURROUNDINGS
        with private_folder() as workspace:
            found = gather(hand_ins.paths, workspace, leave_out=[folder])
            submissions = in_time(found.submissions, hand_ins.lists, language)
            _require_names(submissions, options.run_again)
            _keep_hand_ins(submissions, place, assignment)
            graded = _known(submissions, assignment, facts, options, place.url)
            if graded is None:
                graded = grade_class(
                    submissions, assignment, facts, options, gradebook_url=place.url, translator=translator
                )
        with Book.open(place) as book:
            graded = book.effective(graded, assignment)
            book.refresh()
        write_class(graded, folder, assignment=assignment, facts=facts, translator=translator)
        index = write_index(graded, folder, assignment=assignment, translator=translator, passed_over=found.passed_over)
    if as_json:
        typer.echo((folder / "grades.json").read_text(encoding="utf-8"))
        return
    Console().print(class_table(graded, assignment, translator))
    if found.passed_over:
        Console().print(passed_over_list(found.passed_over, translator))
    typer.echo(told(class_report(path=str(index.resolve())), language))


def grade_class(
    submissions: Sequence[Submission],
    assignment: Assignment,
    facts: ReferenceFacts,
    options: SessionOptions,
    *,
    gradebook_url: str,
    translator: Translator,
) -> list[GradedSubmission]:
    """Grade submissions with a progress bar, each committed to the gradebook as soon as it is done.

    Raises:
        typer.Exit: The user stopped it; what was finished is kept.
    """
    with (
        Gradebook.open(gradebook_url) as gradebook,
        open_session(assignment, facts, options) as session,
        ThreadPoolExecutor(options.notebooks_together()) as executor,
        progress_bar(len(submissions), translator) as bar,
    ):
        _show_remarks(session, translator)
        if session.context.auditor is not None:
            for earlier in gradebook.latest(assignment.assignment):
                session.context.auditor.fingerprints.note(earlier.student, earlier.measurements.fingerprint)
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


def _known(
    submissions: Sequence[Submission],
    assignment: Assignment,
    facts: ReferenceFacts,
    options: SessionOptions,
    gradebook_url: str,
) -> list[GradedSubmission] | None:
    """Grade a class in which nothing has to be run, without opening a zone; None where something has to."""
    key = known_settings_key(assignment, facts, options)
    if options.run_again is not None or key is None:
        return None
    with Gradebook.open(gradebook_url) as gradebook:
        return known_grades(submissions, assignment, facts, gradebook=gradebook, settings_key=key)


def _require_names(submissions: Sequence[Submission], students: Sequence[str] | None) -> None:
    """Refuse a name that nobody of the class has.

    Raises:
        IntakeError: One that was named handed nothing in.
    """
    if unknown := sorted({*(students or ())} - {submission.student for submission in submissions}):
        raise IntakeError(nobody_is_called(unknown))


def nobody_is_called(names: Sequence[str]) -> Message:
    """Say that these names are none of the class."""
    return message("Nobody of this class is called {names}. Names are those of the table.", names=", ".join(names))


def check_notebook(
    notebook: Path, assignment_id: str | None, options: SessionOptions, *, language: str | None, as_json: bool
) -> None:
    """Run the public checks on one notebook; exit status 1 when it does not earn every point."""
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
        first = message("Laying out the data")
        with stages(first, translator) as announce, open_session(assignment, facts, options) as session:
            _show_remarks(session, translator)
            graded = grade_submission(submission, _announced(session.context, announce))
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
    """Say where to begin, instead of running a notebook whose every cell is as it was given out.

    Raises:
        typer.Exit: Nothing was begun; it does not pass.
    """
    if options.course is not None:  # its templates may stand on references that only the measuring process imports
        return
    if not assignment.has_material:
        return
    wanted = tasks(assignment, translator.language)
    if is_untouched(read.cells, wanted):
        typer.echo(translator.text(where_to_begin(wanted)))
        raise typer.Exit(int(Exit.DID_NOT_PASS))


def _announced(context: GradingContext, announce: Announce) -> GradingContext:
    """Let the stages that take long say that they have begun."""
    sandbox, measurer = AnnouncedSandbox(context.sandbox, announce), AnnouncedMeasurer(context.measurer, announce)
    return replace(context, sandbox=sandbox, measurer=measurer)


def require_known(options: SessionOptions, language: str | None) -> None:
    """Refuse option values that mean nothing.

    Raises:
        typer.Exit: `--sandbox`, `--data-size` or `--audit` is none of the known values.
    """
    for option, value, values in (
        ("--sandbox", options.sandbox, SANDBOXES),
        ("--data-size", options.data_size, DATA_SIZES),
        ("--audit", options.audit, AUDITS),
    ):
        if value is not None and value not in values:
            sentence = wrong_choice(option=option, value=value, known=", ".join(values))
            raise complain(sentence, Exit.WRONG_USAGE, language)


def _keep_hand_ins(submissions: Sequence[Submission], place: BookPlace, assignment: Assignment) -> None:
    """Keep what was handed in before anything is run: a person may want to see it whatever becomes of the run."""
    with Book.open(place) as book:
        keep_hand_ins(
            submissions,
            place.folder or Path(),
            assignment=assignment.assignment,
            decisions=book.decisions,
            questions=open_questions(assignment, course=place.course),
        )


def _only_one(submissions: Sequence[Submission], given: Path, language: str | None) -> Submission:
    if len(submissions) > 1:
        sentence = several_notebooks(path=str(given), count=len(submissions))
        raise complain(sentence, Exit.WRONG_USAGE, language)
    return submissions[0]


def load_for_grading(assignment_id: str, course: Course | None) -> tuple[Assignment, ReferenceFacts]:
    """Load an assignment that has a rubric, with its facts.

    Raises:
        AuthoringError: Anything is wrong in its files or those of the course.
    """
    if course is None:
        assignment = load_checked(assignment_id, None)
        return assignment, load_facts(assignment.reference)
    open_course(course.folder)
    assignment = load_checked(assignment_id, course)
    return assignment, load_facts(assignment.reference, course=course)


def _load_for_students(name: str, notebook: Path, course: Course | None) -> tuple[Assignment, ReferenceFacts]:
    """Return an assignment by id, file or address; a published one may lie beside the notebook."""
    if course is not None:
        return load_for_grading(name, course)
    assignment, facts = load_known(name, notebook.parent)
    if mistakes := rubric_mistakes(assignment.rubric):  # published for another version of the grader
        raise AuthoringError(mistakes[0].reason)
    return assignment, facts


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
