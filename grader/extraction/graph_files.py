"""The border for exported graphs: files of fixed names and limited size, copied byte by byte and never parsed.

Their content is read only in the second sandbox, which refuses it if it does more than compute.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection
from pathlib import Path

from grader.domain.evidence import RejectedClaimsError
from grader.domain.text import shortened
from grader.extraction.plain_files import open_plain_file

MAX_GRAPHS = 3
MAX_GRAPH_BYTES = 64 * 2**20
FOLDER = "graphs"
_NAME = re.compile(r"([a-z]\d{1,6})\.pb", re.ASCII)


def copy_graphs(claims: Path, destination: Path, allowed: Collection[str]) -> dict[str, Path]:
    """Copy the graphs of a claims folder.

    Args:
        claims: The folder that the probe wrote.
        destination: A folder of ours.
        allowed: Ids of the models that may have one.

    Returns:
        Our own copies, readable by the second sandbox's user, by model id.

    Raises:
        RejectedClaimsError: The folder contains anything but plain files of the right names, or too much of them.
    """
    source = claims / FOLDER
    names = _names(source)
    if len(names) > MAX_GRAPHS:
        raise RejectedClaimsError(FOLDER, f"{len(names)} files, more than {MAX_GRAPHS}")
    copies: dict[str, Path] = {}
    for name in names:
        match = _NAME.fullmatch(name)
        if match is None or match[1] not in allowed:
            raise RejectedClaimsError(FOLDER, f"unexpected entry {shortened(name, 80)!r}")
        copies[match[1]] = _copy(source / name, destination / FOLDER / name)
    return copies


def _names(source: Path) -> list[str]:
    """List what is in the folder; empty if there is no folder."""
    try:
        status = source.lstat()
        if not stat.S_ISDIR(status.st_mode):
            raise RejectedClaimsError(FOLDER, "is no folder")
        with os.scandir(source) as entries:
            return sorted(entry.name for entry, _ in zip(entries, range(MAX_GRAPHS + 1), strict=False))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RejectedClaimsError(FOLDER, f"cannot be looked at ({error.strerror})") from error


def _copy(source: Path, target: Path) -> Path:
    with open_plain_file(source, MAX_GRAPH_BYTES) as file:
        content = file.read(MAX_GRAPH_BYTES + 1)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    target.chmod(0o644)
    return target
