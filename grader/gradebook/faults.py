"""Errors of a gradebook or a file of grades, described so that an instructor can act on them."""

from __future__ import annotations

import errno
import sqlite3

from sqlalchemy.exc import DBAPIError

from grader.domain.messages import Message, message
from grader.locale import Translator


class GradebookError(Exception):
    """Grades could not be read or stored; `reason` says what, where and what to do.

    Attributes:
        reason: For people, in either language.
    """

    def __init__(self, reason: Message) -> None:
        super().__init__(Translator("en").text(reason))
        self.reason = reason


def database_fault(error: DBAPIError, where: str) -> GradebookError:
    """Describe the error of a database driver.

    Args:
        error: As SQLAlchemy raised it.
        where: Path of the SQLite file, or the URL without its password.
    """
    original = error.orig
    if isinstance(original, sqlite3.Error):
        # The primary code is the low byte; the rest is a detail (https://sqlite.org/rescode.html).
        # Errors that the module itself raises have no code.
        return GradebookError(_sqlite_reason(getattr(original, "sqlite_errorcode", 0) & 0xFF, str(original), where))
    return GradebookError(
        message(
            "The database {where} answers: {problem}. Check that the server is running and that the address, the user "
            "and the password are right. Grades that were saved before are kept.",
            where=where,
            problem=_first_line(str(original)),
        )
    )


def file_fault(error: OSError, where: str) -> GradebookError:
    """Describe the error of writing the file `where`."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return GradebookError(
            message(
                "The disk or your quota is full, so {where} was not written; an earlier version of it is unchanged. "
                "Free some space and run the command again.",
                where=where,
            )
        )
    return GradebookError(
        message(
            "{where} cannot be written ({problem}); an earlier version of it is unchanged. Check that its folder "
            "exists and that you may write there, or choose another one.",
            where=where,
            problem=error.strerror or str(error),
        )
    )


def _sqlite_reason(code: int, problem: str, where: str) -> Message:
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return message(
            "The gradebook {where} is in use by another program that does not let go of it. Close the other program, "
            "or wait until its grading is done, and run the command again. Grades that were saved before are kept.",
            where=where,
        )
    if code == sqlite3.SQLITE_FULL:
        return message(
            "The disk is full, so the last grade was not saved in the gradebook {where}. Free some space and run the "
            "command again: it goes on where it stopped. Grades that were saved before are kept.",
            where=where,
        )
    if code in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
        return message(
            "{where} is not a gradebook, or it is damaged ({problem}). Choose another file, or put it aside and grade "
            "again.",
            where=where,
            problem=problem,
        )
    if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}:
        return message(
            "The gradebook {where} cannot be opened for writing ({problem}). Check that its folder exists and that you "
            "may write there, or choose another one.",
            where=where,
            problem=problem,
        )
    return message(
        "The gradebook {where} does not work: {problem}. Grades that were saved before are kept.",
        where=where,
        problem=problem,
    )


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].rstrip(".")
