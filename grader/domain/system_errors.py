"""Translates the operating system's reason for refusing a file, which it gives only in English, by error number."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Final

from grader.domain.messages import Message, message, verbatim

_BY_NUMBER: Final[Mapping[int, Message]] = {
    errno.ENOENT: message("there is no such file or folder"),
    errno.EACCES: message("you have no permission for it"),
    errno.EPERM: message("you have no permission for it"),
    errno.EEXIST: message("it is there already"),
    errno.ENOTDIR: message("a part of the path is a file, not a folder"),
    errno.EISDIR: message("it is a folder, not a file"),
    errno.EROFS: message("the disk can only be read"),
    errno.ENOSPC: message("the disk is full"),
    errno.EMFILE: message("too many files are open"),
    errno.ENAMETOOLONG: message("the name is too long"),
}


def said_by_system(error: OSError) -> Message:
    """Return why the system refused, translated if we know the error number."""
    return _BY_NUMBER.get(error.errno or 0) or verbatim(error.strerror or str(error))
