"""Reads a student's `.npz` as untrusted input, and writes its arrays to a new file."""

from __future__ import annotations

import re
import tokenize
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from grader.domain.evidence import RejectedClaimsError
from grader.domain.text import shortened
from grader.domain.zip_directory import stated_directory_bytes
from grader.extraction.plain_files import open_plain_file

MAX_TOTAL_BYTES = 300 * 2**20
MAX_MEMBERS = 20_000
MAX_DIRECTORY_BYTES = 4 * 2**20
"""Most bytes of the archive's directory; an entry written by us takes at most 80."""

_MAX_HEADER_BYTES = 4096
_MAX_DIMENSIONS = 8
_MEMBER = re.compile(r"(v\d{1,6})\.npy", re.ASCII)
_KINDS = frozenset("fiub")
_MALFORMED = (
    zipfile.BadZipFile, EOFError, ValueError, TypeError, LookupError, NotImplementedError, RuntimeError, OverflowError,
    MemoryError, SyntaxError, tokenize.TokenError, OSError,
)  # fmt: skip
"""What `zipfile` and NumPy's header parser raise for bytes that are no archive of arrays."""


def copy_arrays(source: Path, destination: Path) -> tuple[str, ...]:
    """Vet every array of `source` and write it to `destination`.

    Returns:
        Ids of the arrays that hold NaN or infinity; they are written as zeros.

    Raises:
        RejectedClaimsError: The file is no plain zip of arrays of numbers, or is larger than it may be.
    """
    with open_plain_file(source, MAX_TOTAL_BYTES) as file:
        try:
            _refuse_large_directory(file)
            with zipfile.ZipFile(file) as archive:
                arrays = {name: _read(archive, member) for name, member in _members(archive).items()}
        except _MALFORMED as error:
            raise RejectedClaimsError(source.name, shortened(str(error), 300) or type(error).__name__) from error
    broken = tuple(name for name, array in arrays.items() if not np.isfinite(array).all())
    arrays |= {name: np.zeros_like(arrays[name]) for name in broken}
    destination.parent.mkdir(parents=True, exist_ok=True)
    with destination.open("wb") as file:
        np.savez(file, **arrays)
    return broken


def _refuse_large_directory(file: IO[bytes]) -> None:
    """Check the size of the directory before objects are built from it."""
    stated = stated_directory_bytes(file)
    if stated > MAX_DIRECTORY_BYTES:
        raise ValueError(f"a directory of {stated} bytes, more than {MAX_DIRECTORY_BYTES}")
    file.seek(0)


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """List the arrays by id, after adding up their unpacked sizes."""
    infos = archive.infolist()
    if len(infos) > MAX_MEMBERS:
        raise ValueError(f"{len(infos)} members, more than {MAX_MEMBERS}")
    total = sum(info.file_size for info in infos)
    if total > MAX_TOTAL_BYTES:
        raise ValueError(f"{total} bytes unpacked, more than {MAX_TOTAL_BYTES}")
    members: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        match = _MEMBER.fullmatch(info.filename)
        if match is None or match[1] in members:
            raise ValueError(f"unexpected member {shortened(info.filename, 80)!r}")
        if info.compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"{info.filename}: is compressed, which the probe never does")
        members[match[1]] = info
    return members


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> npt.NDArray[Any]:
    """Read one array after checking that its header and its size agree."""
    with archive.open(info) as file:
        version = npy.read_magic(file)
        read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
        if read_header is None:
            raise ValueError(f"{info.filename}: array format {version}")
        shape, _, dtype = read_header(file, max_header_size=_MAX_HEADER_BYTES)
        count = 1
        for length in shape:
            count *= length
        if dtype.kind not in _KINDS or len(shape) > _MAX_DIMENSIONS:
            raise ValueError(f"{info.filename}: {dtype} of shape {shape}")
        if min(shape, default=0) < 0 or count * dtype.itemsize != info.file_size - file.tell():
            raise ValueError(f"{info.filename}: shape {shape} does not fit {info.file_size} bytes")
    with archive.open(info) as file:
        array: npt.NDArray[Any] = npy.read_array(file, allow_pickle=False, max_header_size=_MAX_HEADER_BYTES)
    return array.astype(array.dtype.newbyteorder("="), copy=False)
