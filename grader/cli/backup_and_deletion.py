"""`grader backup`, `restore`, `student-data`, `delete-student`: backups, and a student's rights to their data."""

from __future__ import annotations

from pathlib import Path

import typer

from grader.cli.command_language import error_border, translated
from grader.domain.course import Course
from grader.domain.messages import MessageValue, message
from grader.review.backup import restore_backup, write_backup
from grader.review.book import Book, BookPlace
from grader.review.decision_parsing import AuthorAndReason
from grader.review.student_files import delete_student_and_files, known_belongings, write_student_record


def back_up(file: Path, out: Path | None, gradebook: str | None, *, language: str | None) -> None:
    """Write a graded class into one file."""
    with error_border(language):
        backup = write_backup(BookPlace.of(out, gradebook), file)
    _say_backup(file, backup.hand_ins, backup.rows, len(backup.files) - 1, language)


def restore(file: Path, out: Path, gradebook: str | None, *, language: str | None) -> None:
    """Write a backup into an empty folder and an empty gradebook."""
    with error_border(language):
        backup = restore_backup(file, BookPlace.new(out, gradebook))
    _say_backup(out, backup.hand_ins, backup.rows, len(backup.files) - 1, language)


def hand_over(student: str, file: Path, place: tuple[Path | None, str | None], *, language: str | None) -> None:
    """Write everything about a student into one file."""
    with error_border(language), Book.open(BookPlace.of(*place)) as book:
        counts = write_student_record(book, student, file)
    sentence = message(
        "{file} holds everything about {student}: {hand_ins} hand-ins with grades, decisions and answers, {notebooks} "
        "notebooks, {reports} reports. Names of classmates were taken out of sentences; what people wrote as a reason "
        "was not, so read it first.",
        file=str(file),
        student=student,
        **counts,
    )
    typer.echo(translated(sentence, language))


def delete(
    student: str,
    by: AuthorAndReason,
    place: tuple[Path | None, str | None, Path | None],
    *,
    yes: bool,
    language: str | None,
) -> None:
    """Delete everything about a student, or show what would be deleted."""
    out, gradebook, course = place
    with error_border(language), Book.open(BookPlace.of(out, gradebook, course=Course.at(course))) as book:
        found = delete_student_and_files(book, student, by) if yes else known_belongings(book, student)[1]
    values: dict[str, MessageValue] = {
        "student": student, "submissions": found.submissions, "gradings": found.gradings,
        "observations": found.observations, "decisions": found.decisions, "answers": found.answers,
    }  # fmt: skip
    if yes:
        sentence = message(
            "Deleted of {student}: {submissions} hand-ins, {gradings} grades, {observations} observed runs, "
            "{decisions} decisions, {answers} answers, and the files in the folder. Backups, exports and downloads "
            "that you made before still hold them.",
            **values,
        )
    else:
        sentence = message(
            "This would delete of {student}: {submissions} hand-ins, {gradings} grades, {observations} observed runs, "
            "{decisions} decisions, {answers} answers, and the files in the folder. Nothing was deleted; it cannot be "
            "undone. Repeat the command with --yes.",
            **values,
        )
    typer.echo(translated(sentence, language))


def _say_backup(where: Path, hand_ins: int, rows: int, files: int, language: str | None) -> None:
    sentence = message(
        "{where}: {hand_ins} hand-ins, {rows} rows of the gradebook, {files} files, each compared with its digest.",
        where=str(where),
        hand_ins=hand_ins,
        rows=rows,
        files=files,
    )
    typer.echo(translated(sentence, language))
