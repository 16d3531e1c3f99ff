"""`grader grade`: a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from grader.authoring.assignment_catalogue import load_facts
from grader.authoring.courses import open_course
from grader.authoring.open_questions import open_questions
from grader.cli.command_language import (
    SURROUNDINGS,
    Exit,
    class_report,
    complain,
    error_border,
    translated,
    wrong_choice,
)
from grader.cli.course_option import load_checked
from grader.cli.own_settings import require_own_settings
from grader.cli.progress_reporting import ProgressReporter, watching
from grader.cli.rosters import HandIns, in_time
from grader.cli.run_log import run_log
from grader.delivery import prepare_folder, write_grades, write_index, write_reports
from grader.domain.assignment import Assignment
from grader.domain.course import Course
from grader.domain.facts import ReferenceFacts
from grader.domain.folders import private_folder
from grader.domain.graded import GradedSubmission
from grader.domain.messages import Message, message
from grader.domain.submission import Submission
from grader.executors.choice import open_executor, require_executor
from grader.gradebook import Gradebook, GradebookError
from grader.intake.intake_errors import IntakeError
from grader.intake.submissions import gather
from grader.locale import Translator
from grader.report.terminal import class_table, passed_over_list
from grader.review.batch_status import BatchNote
from grader.review.book import Book, BookPlace
from grader.review.handed_in import keep_hand_ins
from grader.sandbox.backend_registry import backend_names
from grader.scale import grade_batch, known_grades
from grader.session import SessionOptions, known_settings_key, open_session


def grade_paths(
    hand_ins: HandIns,
    assignment_id: str,
    place: BookPlace,
    options: SessionOptions,
    *,
    language: str | None,
    as_json: bool,
) -> None:
    """Grade all hand-ins and write grades, reports and gradebook to the given place.

    What has run before does not run again, unless the options ask for it.
    """
    with error_border(language):
        require_known(options, language)
        require_executor(options.executor)
        own = None if options.course is None else options.course.folder
        require_own_settings(hand_ins.paths, own, Translator(language) if language else SURROUNDINGS)
        assignment, facts = load_for_grading(assignment_id, options.course)
        folder = prepare_folder(place.folder or Path())
        spoken = language or assignment.language
        translator = Translator(spoken) if spoken else SURROUNDINGS
        with run_log(folder, translator) as log, private_folder() as workspace:
            found = gather(hand_ins.paths, workspace, leave_out=[folder])
            submissions = in_time(found.submissions, hand_ins.lists, language)
            _require_names(submissions, options.run_again)
            _keep_hand_ins(submissions, place, assignment)
            log.say(_what_is_done(assignment, submissions, options))
            graded = _known(submissions, assignment, facts, options, place.url)
            if graded is None:
                work = ClassWork(submissions, assignment, facts, options, place, spoken)
                with watching(len(submissions), translator, as_json=as_json, log=log) as watch:
                    graded = grade_class(work, watch)
            else:
                log.say(message("Nothing had to be run: every hand-in was run before."))
        with Book.open(place) as book:
            graded = book.effective(graded, assignment)
            book.refresh()
        write_reports(graded, folder, assignment=assignment, facts=facts, translator=translator)
        write_grades(graded, folder, assignment=assignment, translator=translator)
        index = write_index(graded, folder, assignment=assignment, translator=translator, passed_over=found.passed_over)
    if as_json:
        typer.echo((folder / "grades.json").read_text(encoding="utf-8"))
        return
    Console().print(class_table(graded, assignment, translator))
    if found.passed_over:
        Console().print(passed_over_list(found.passed_over, translator))
    typer.echo(translated(class_report(path=str(index.resolve())), language))


@dataclass(frozen=True, slots=True)
class ClassWork:
    """A class to be graded.

    Attributes:
        submissions: What was handed in.
        assignment: Its rules.
        facts: Of its reference.
        options: How to grade.
        place: Where grades go.
        language: Language of the message if it is stopped.
    """

    submissions: Sequence[Submission]
    assignment: Assignment
    facts: ReferenceFacts
    options: SessionOptions
    place: BookPlace
    language: str | None = None


def grade_class(work: ClassWork, watch: ProgressReporter) -> list[GradedSubmission]:
    """Grade submissions and report progress; each is committed to the gradebook as soon as it is done.

    A file in the folder records the progress, for the dashboard.

    Raises:
        typer.Exit: The user stopped it; what was finished is kept.
    """
    watch.say(message("Laying out the data"))
    with (
        Gradebook.open(work.place.url) as gradebook,
        BatchNote.of(work.place.folder or Path(), work.assignment.assignment, len(work.submissions)) as watch.note,
        open_session(work.assignment, work.facts, work.options) as session,
        open_executor(session, work.assignment, work.options) as executor,
    ):
        for remark in session.remarks:
            watch.remark(remark)
        if session.context.auditor is not None:
            for earlier in gradebook.latest(work.assignment.assignment):
                session.context.auditor.fingerprints.note(earlier.student, earlier.measurements.fingerprint)
        try:
            return grade_batch(
                work.submissions,
                session.context,
                executor=executor,
                gradebook=gradebook,
                settings_key=session.settings_key,
                watcher=watch,
            )
        except GradebookError:
            executor.stop_at_once()  # the results of running work could not be stored either
            raise
        except KeyboardInterrupt as stop:
            executor.stop_at_once()
            sentence = message("Stopped. Finished grades are kept; the same command goes on from here.")
            watch.say(sentence)
            raise complain(sentence, Exit.DID_NOT_PASS, work.language) from stop


def _what_is_done(assignment: Assignment, submissions: Sequence[Submission], options: SessionOptions) -> Message:
    """Write into the log what a run was asked to do."""
    return message(
        "{assignment}: {count} hand-ins, {size} data, sandbox {sandbox}, {jobs} at the same time, {executor}",
        assignment=assignment.assignment,
        count=len(submissions),
        size=options.data_size,
        sandbox=options.sandbox,
        jobs=options.notebooks_together(),
        executor=options.executor,
    )


def _known(
    submissions: Sequence[Submission],
    assignment: Assignment,
    facts: ReferenceFacts,
    options: SessionOptions,
    gradebook_url: str,
) -> list[GradedSubmission] | None:
    """Grade a class from stored observations, without opening a zone; None if something has to run."""
    key = known_settings_key(assignment, facts, options)
    if options.run_again is not None or key is None:
        return None
    with Gradebook.open(gradebook_url) as gradebook:
        return known_grades(submissions, assignment, facts, gradebook=gradebook, settings_key=key)


def _require_names(submissions: Sequence[Submission], students: Sequence[str] | None) -> None:
    """Refuse a name that no student of the class has.

    Raises:
        IntakeError: A named student handed nothing in.
    """
    if unknown := sorted({*(students or ())} - {submission.student for submission in submissions}):
        raise IntakeError(nobody_is_called(unknown))


def nobody_is_called(names: Sequence[str]) -> Message:
    """Report names that no student of the class has."""
    return message("Nobody of this class is called {names}. Names are those of the table.", names=", ".join(names))


def require_known(options: SessionOptions, language: str | None) -> None:
    """Refuse unknown option values.

    Raises:
        typer.Exit: `--sandbox` has an unknown value.
    """
    if options.sandbox not in backend_names():
        sentence = wrong_choice(option="--sandbox", value=options.sandbox, known=", ".join(backend_names()))
        raise complain(sentence, Exit.WRONG_USAGE, language)


def _keep_hand_ins(submissions: Sequence[Submission], place: BookPlace, assignment: Assignment) -> None:
    """Store what was handed in before anything runs: a person may want to see it whatever happens in the run."""
    with Book.open(place) as book:
        keep_hand_ins(
            submissions,
            place.folder or Path(),
            assignment=assignment.assignment,
            decisions=book.decisions,
            questions=lambda: open_questions(assignment, course=place.course),
        )


def load_for_grading(assignment_id: str, course: Course | None) -> tuple[Assignment, ReferenceFacts]:
    """Load an assignment that has a rubric, with its facts.

    Raises:
        AuthoringError: Its files or those of the course have errors.
    """
    if course is None:
        assignment = load_checked(assignment_id, None)
        return assignment, load_facts(assignment.reference)
    open_course(course.folder)
    assignment = load_checked(assignment_id, course)
    return assignment, load_facts(assignment.reference, course=course)
