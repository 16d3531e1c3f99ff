"""`grader export`: a graded class as a file for a platform; losses are shown before anything is written."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import typer

from grader.authoring.bundle import published
from grader.authoring.configured import load_configured
from grader.authoring.course_settings import read_publication
from grader.authoring.notebooks import generate
from grader.cli.command_language import SURROUNDINGS, Exit, complain, error_border, translated
from grader.cli.grading import require_known
from grader.cli.rosters import ClassLists, warn
from grader.delivery import REPORTS_FOLDER, report_file_names
from grader.domain.assignment import Assignment
from grader.domain.course import Course
from grader.domain.datasets import DataSize
from grader.domain.messages import message
from grader.handback import canvas_gradebook, gradescope_results, junit, moodle_worksheet, nbgrader_grades, spreadsheets
from grader.handback.autograder import Configuration, autograder_zip
from grader.handback.final_grades import FinalGrade, FinalGradeState, final_grades
from grader.handback.github_classroom import DEFAULT_PACKAGE, ClassroomConfiguration, repository_zip
from grader.handback.graded_class import ClassListRow, GradedClass, assignment_graded, read_class, remarks_of, seating
from grader.handback.outcome import Export, shown, waiting_students
from grader.locale import Translator
from grader.review.book import BookPlace
from grader.roster.matching import Roster, RosterMatch
from grader.roster.sheet import Sheet, SheetError, read_sheet
from grader.sandbox.backend_registry import DEFAULT
from grader.session import SessionOptions

AUTOGRADER: Final = "gradescope-autograder"
CLASSROOM: Final = "github-classroom"


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What to write.

    Attributes:
        form: Name of the format.
        out: The file.
        worksheet: The platform's own table, for a format that fills one in.
        column: Title of Canvas's column.
        anyway: Whether to write although no students match.
        assignment: Its id; None for the one that was graded last.
        sandbox: Sandbox of an autograder's zip.
        data_size: Size of its data sets.
        course: The instructor's own course, if any.
        gradebook: Address of the gradebook, if it is not in the folder.
    """

    form: str
    out: Path
    worksheet: Path | None = None
    column: str = ""
    anyway: bool = False
    assignment: str | None = None
    sandbox: str = DEFAULT
    data_size: DataSize = DataSize.FULL
    course: Course | None = None
    gradebook: str | None = None


@dataclass(frozen=True)
class ExportInput:
    """What a format is made from."""

    assignment: Assignment
    graded: GradedClass
    standings: list[FinalGrade]
    roster: Roster | None
    folder: Path
    wanted: ExportRequest
    translator: Translator

    def sheet(self) -> Sheet:
        """Read the platform's table.

        Raises:
            SheetError: None was given, or it cannot be read.
        """
        if self.wanted.worksheet is None:
            raise SheetError(
                message(
                    "The format {form} fills in the platform's file: name it with --worksheet.", form=self.wanted.form
                )
            )
        return read_sheet(self.wanted.worksheet)


def export_class(folder: Path, wanted: ExportRequest, lists: ClassLists, *, language: str | None) -> None:
    """Write a class in a format; exit status 1 and no file if no students match.

    Raises:
        typer.Exit: Has the exit status of the error.
    """
    with error_border(language):
        if wanted.form not in (*FORMATS, AUTOGRADER, CLASSROOM):
            known = ", ".join((*FORMATS, AUTOGRADER, CLASSROOM))
            sentence = message("There is no format {name}. There are: {known}.", name=wanted.form, known=known)
            raise complain(sentence, Exit.WRONG_USAGE, language)
        if wanted.form in (AUTOGRADER, CLASSROOM):
            write = _write_autograder if wanted.form == AUTOGRADER else _write_repository
            write(wanted, language)
            return
        material = _material(folder, wanted, lists, language)
        try:
            export = FORMATS[wanted.form](material)
        except ModuleNotFoundError as error:
            sentence = message("Workbooks need openpyxl: pip install 'autoencoder-grader[workbook]'. Or export csv.")
            raise complain(sentence, Exit.WRONG_USAGE, language) from error
        for remark in remarks_of(material.assignment, material.graded.graded, material.standings):
            warn(remark, language)
        losses = export.losses()
        for loss in losses:
            typer.secho(translated(loss, language), fg=typer.colors.RED, err=True)
        if losses and not wanted.anyway:
            sentence = message(
                "{count} students match nobody, so that nothing was written. Correct the list, or write the file "
                "without them: --anyway.",
                count=len(losses),
            )
            raise complain(sentence, Exit.DID_NOT_PASS, language)
        write_bytes(wanted.out, export.data)
    for said in export.said():
        typer.echo(translated(said, language))
    typer.echo(str(wanted.out))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file completely or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


# Private functions


def _material(folder: Path, wanted: ExportRequest, lists: ClassLists, language: str | None) -> ExportInput:
    assignment = load_configured(wanted.assignment or assignment_graded(folder), course=wanted.course)
    spoken = language or assignment.language
    translator = Translator(spoken) if spoken else SURROUNDINGS
    place = BookPlace.of(folder, wanted.gradebook, course=wanted.course)
    graded = read_class(folder, assignment, place)
    files = [(one.student, one.filename) for one in graded.graded]
    decisions = replace(
        graded.decisions,
        handed_in=lists.handed_in(files, language),
        extended={**lists.extended({student for student, _ in files}, language), **graded.decisions.extended},
    )
    final = final_grades(assignment, graded.graded, decisions)
    return ExportInput(assignment, graded, final, lists.people(), folder, wanted, translator)


def _write_autograder(wanted: ExportRequest, language: str | None) -> None:
    if wanted.assignment is None:
        sentence = message("Name the assignment that the autograder is for: --assignment ID.")
        raise complain(sentence, Exit.WRONG_USAGE, language)
    require_known(SessionOptions(sandbox=wanted.sandbox), language)
    assignment = load_configured(wanted.assignment, course=wanted.course)
    spoken = language or assignment.language or SURROUNDINGS.language
    configuration = Configuration(wanted.assignment, spoken, wanted.data_size, wanted.sandbox)
    settings = (Path() if wanted.course is None else wanted.course.folder) / "course.toml"
    folder = None if wanted.course is None else wanted.course.folder
    write_bytes(wanted.out, autograder_zip(configuration, folder, settings=settings))
    typer.echo(str(wanted.out))


def _write_repository(wanted: ExportRequest, language: str | None) -> None:
    if wanted.assignment is None:
        sentence = message("Name the assignment that the repository is for: --assignment ID.")
        raise complain(sentence, Exit.WRONG_USAGE, language)
    assignment = load_configured(wanted.assignment, course=wanted.course)
    spoken = language or assignment.language or SURROUNDINGS.language
    folder = Path() if wanted.course is None else wanted.course.folder
    publication = read_publication(folder)
    package = publication.package or DEFAULT_PACKAGE
    configuration = ClassroomConfiguration(wanted.assignment, spoken, wanted.data_size, package)
    references = None if wanted.course is None else wanted.course.references
    notebook = generate(
        assignment, language=spoken, solution=False, references=references, publication=publication
    ).encode()
    bundle = None if wanted.course is None else published(assignment, wanted.course)
    write_bytes(wanted.out, repository_zip(configuration, notebook, bundle))
    typer.echo(str(wanted.out))


def _moodle(material: ExportInput) -> Export:
    return moodle_worksheet.fill_worksheet(
        material.sheet(), material.standings, material.assignment, material.translator
    )


def _moodle_feedback(material: ExportInput) -> Export:
    names = report_file_names(material.graded.graded)
    counted = {one.student: names[one.student, one.counted.sha256] for one in material.standings}
    reports = moodle_worksheet.reports_in(material.folder / REPORTS_FOLDER, counted)
    roster = None
    if material.wanted.worksheet is not None:
        sheet = material.sheet()
        roster = Roster(
            tuple(moodle_worksheet.participants(sheet, moodle_worksheet.find_columns(sheet))), ids_decide=True
        )
    return moodle_worksheet.feedback_zip(material.standings, reports, roster)


def _canvas(material: ExportInput) -> Export:
    return canvas_gradebook.fill_gradebook(
        material.sheet(), material.standings, material.assignment, material.wanted.column
    )


def _gradescope(material: ExportInput) -> Export:
    return gradescope_results.results_zip(material.standings, material.assignment, material.translator)


def _junit(material: ExportInput) -> Export:
    data = junit.junit_xml(material.standings, material.assignment, material.translator)
    return Export(data, len(material.standings))


def _nbgrader(material: ExportInput) -> Export:
    places, doubts = _seated(material)
    return _listed(nbgrader_grades.nbgrader_csv(places, material.assignment), places, doubts)


def _csv(material: ExportInput) -> Export:
    places, doubts = _seated(material)
    return _listed(spreadsheets.class_csv(places, material.assignment, material.translator), places, doubts)


def _xlsx(material: ExportInput) -> Export:
    places, doubts = _seated(material)
    return _listed(spreadsheets.class_workbook(places, material.assignment, material.translator), places, doubts)


def _seated(material: ExportInput) -> tuple[list[ClassListRow], list[RosterMatch]]:
    return seating(material.standings, material.roster, material.translator.language)


def _listed(data: bytes, places: list[ClassListRow], doubts: list[RosterMatch]) -> Export:
    """Return the export with a list of the class; a student in no roster is included and reported."""
    there = [place.standing for place in places if place.standing is not None]
    remarks = tuple(message("{student}: {reason}.", student=one.student, reason=one.doubt or "") for one in doubts)
    given = sum(one.state is FinalGradeState.FINAL for one in there)
    absent = shown([place.person for place in places if place.standing is None])
    return Export(data, given, waiting_students(there), absent, (), remarks)


FORMATS: Final[Mapping[str, Callable[[ExportInput], Export]]] = MappingProxyType(
    {
        "moodle": _moodle,
        "moodle-feedback": _moodle_feedback,
        "canvas": _canvas,
        "gradescope": _gradescope,
        "nbgrader": _nbgrader,
        "xlsx": _xlsx,
        "csv": _csv,
        "junit": _junit,
    }
)
"""The function for each format, by its name."""
