"""A student's `.npz` at the border: arrays of plain numbers are copied, everything else is refused unread."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exchange_folder import ARRAYS, npy, npz, zipped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.lib import format as npy_format

from grader.domain.evidence import RejectedClaimsError
from grader.extraction import array_files as arrays
from grader.extraction.array_files import copy_arrays


def copied(tmp_path: Path, content: bytes) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    """Take an archive through the border: ids of arrays that are not finite, and the arrays of our copy."""
    source, destination = tmp_path / "weights.npz", tmp_path / "vetted" / "weights.npz"
    source.write_bytes(content)
    broken = copy_arrays(source, destination)
    with np.load(destination, allow_pickle=False) as archive:
        return broken, {name: archive[name] for name in archive}


def refusal(tmp_path: Path, content: bytes) -> str:
    with pytest.raises(RejectedClaimsError) as rejected:
        copied(tmp_path, content)
    assert rejected.value.where == "weights.npz"
    assert not (tmp_path / "vetted").exists()
    return rejected.value.problem


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.arange(6, dtype=np.float16),
        np.arange(6, dtype=np.float64),
        np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        np.arange(6, dtype=">f4"),
        np.arange(6, dtype=">i8"),
        np.arange(6, dtype=np.uint8),
        np.array([True, False]),
        np.float32(3.5),
        np.zeros((0, 5), np.float32),
        np.zeros((1,) * 8, np.float32),
    ],
    ids=["float32", "float16", "float64", "Fortran", "big-endian", "big-endian integers", "bytes", "flags", "scalar",
         "empty", "8 dimensions"],
)  # fmt: skip
def test_arrays_of_plain_numbers_are_copied_exactly(array: np.ndarray, tmp_path: Path) -> None:
    """Whatever their order in memory; bytes come out in this machine's order, which TensorFlow wants."""
    broken, (found,) = (lambda pair: (pair[0], pair[1].values()))(copied(tmp_path, npz({"v0": np.asarray(array)})))
    assert broken == ()
    assert (found.shape, found.dtype) == (array.shape, array.dtype.newbyteorder("="))
    np.testing.assert_array_equal(found, array)
    assert found.dtype.isnative


def test_headers_of_version_2_are_read(tmp_path: Path) -> None:
    """NumPy writes them for long headers."""
    file = io.BytesIO()
    npy_format.write_array(file, ARRAYS["v0"], version=(2, 0), allow_pickle=False)
    _, found = copied(tmp_path, zipped({"v0.npy": file.getvalue()}))
    np.testing.assert_array_equal(found["v0"], ARRAYS["v0"])


def test_numbers_that_are_not_finite_are_named_and_blanked(tmp_path: Path) -> None:
    """The grader says "your weights are NaN"; nothing downstream ever computes with one."""
    broken, found = copied(
        tmp_path, npz({"v0": np.array([1, np.nan]), "v1": np.array([np.inf, 1], np.float32), "v2": np.ones(2)})
    )
    assert broken == ("v0", "v1")
    assert {name: array.tolist() for name, array in found.items()} == {"v0": [0, 0], "v1": [0, 0], "v2": [1, 1]}


class Payload:
    """Creates a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._target,)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    """An object array would run its author's code in our process."""
    mark = tmp_path / "mark"
    content = npz({"v0": np.array([Payload(mark)], dtype=object)})
    assert refusal(tmp_path, content) == "v0.npy: object of shape (1,)"
    assert not mark.exists()


HEADER = "{{'descr': {0}, 'fortran_order': {1}, 'shape': {2}}}\n"


def array_file(descr: str = "'<f4'", fortran: str = "False", shape: str = "(4,)", data: int = 16) -> bytes:
    return npy(HEADER.format(descr, fortran, shape), bytes(data))


HEADERS: dict[str, tuple[bytes, str]] = {
    "object": (array_file("'|O'"), "object of shape (4,)"),
    "text": (array_file("'<U4'"), "<U4 of shape (4,)"),
    "complex": (array_file("'<c8'"), "complex64 of shape (4,)"),
    "dates": (array_file("'<M8[s]'"), "datetime64[s] of shape (4,)"),
    "void": (array_file("'|V4'"), "|V4 of shape (4,)"),
    "structured": (array_file("[('a', '<f4'), ('b', '|O')]"), "of shape (4,)"),
    "structured with a subarray": (array_file("[('a', '<f4', (1000000,))]"), "of shape (4,)"),
    "9 dimensions": (array_file(shape="(1, 1, 1, 1, 1, 1, 1, 1, 4)"), "of shape (1, 1, 1, 1, 1, 1, 1, 1, 4)"),
    "negative": (array_file(shape="(-1,)"), "does not fit"),
    "twice negative": (array_file(shape="(-2, -2)"), "shape (-2, -2) does not fit"),
    "more than there is": (array_file(shape="(5,)"), "shape (5,) does not fit"),
    "less than there is": (array_file(shape="(3,)"), "shape (3,) does not fit"),
    "more than any machine has": (array_file(shape=f"({10**15}, {10**15})"), "does not fit"),
    "nothing of very much": (array_file(shape=f"(0, {10**30})", data=0), ""),
    "shape of text": (array_file(shape="('4',)"), ""),
    "shape that is no tuple": (array_file(shape="[4]"), ""),
    "no dtype": (array_file("5"), ""),
    "a dtype that calls": (array_file("__import__('os')"), ""),
    "not closed": (npy("{'descr': '<f4', "), ""),
    "no dictionary": (npy("(((((((("), ""),
    "odd indentation": (npy("{\n  1:\n 2\n    3"), ""),
    "unknown key": (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), 'x': 1}\n", bytes(16)), ""),
    "header of 8 kB": (npy(HEADER.format("'<f4'", "False", "(4,)") + " " * 8192, bytes(16)), ""),
    "version 3": (npy(HEADER.format("'<f4'", "False", "(4,)"), bytes(16), (3, 0)), "array format (3, 0)"),
    "version 9": (npy(HEADER.format("'<f4'", "False", "(4,)"), bytes(16), (9, 9)), "array format (9, 9)"),
    "no magic": (b"x" * 100, ""),
    "empty": (b"", ""),
    "cut in the header": (array_file()[:20], ""),
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_that_lie_are_refused_before_memory_is_taken(name: str, tmp_path: Path) -> None:
    """Kind, dimensions and size are checked against the bytes that are really there."""
    content, problem = HEADERS[name]
    assert problem in refusal(tmp_path, zipped({"v0.npy": content}))


ARCHIVES: dict[str, tuple[bytes, str]] = {
    "no zip": (b"not a zip", "File is not a zip file"),
    "empty file": (b"", "File is not a zip file"),
    "cut off": (npz(ARRAYS)[:-30], "File is not a zip file"),
    "step upwards": (zipped({"../v0.npy": array_file()}), "unexpected member '../v0.npy'"),
    "absolute": (zipped({"/v0.npy": array_file()}), "unexpected member '/v0.npy'"),
    "other name": (zipped({"kernel.npy": array_file()}), "unexpected member 'kernel.npy'"),
    "line end in a name": (zipped({"v0.npy\n": array_file()}), "unexpected member 'v0.npy\\n'"),
    "Arabic digits": (zipped({"v٣.npy": array_file()}), "unexpected member 'v٣.npy'"),
    "no array": (zipped({"v0": array_file()}), "unexpected member 'v0'"),
    "compressed": (zipped({"v0.npy": array_file()}, zipfile.ZIP_DEFLATED), "v0.npy: is compressed"),
    "a bomb": (zipped({"v0.npy": bytes(50_000_000)}, zipfile.ZIP_DEFLATED), "v0.npy: is compressed"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives_that_are_not_the_probes_are_refused(name: str, tmp_path: Path) -> None:
    """The probe writes stored members named `v0.npy`, `v1.npy`, … and nothing else."""
    content, problem = ARCHIVES[name]
    assert refusal(tmp_path, content).startswith(problem)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """Two readers could each see another array."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("v0.npy", array_file())
        archive.writestr("v0.npy", array_file())
    assert refusal(tmp_path, file.getvalue()) == "unexpected member 'v0.npy'"


def patched(content: bytes, offset: int, value: bytes) -> bytes:
    """Overwrite bytes of the first entry of the zip's directory."""
    start = content.index(b"PK\x01\x02") + offset
    return content[:start] + value + content[start + len(value) :]


@pytest.mark.parametrize(
    ("offset", "value", "problem"),
    [
        (24, struct.pack("<I", 2**31), "2147483664 bytes unpacked, more than"),
        (24, struct.pack("<I", 10), "Bad CRC-32 for file 'v0.npy'"),
        (16, struct.pack("<I", 0), "Bad CRC-32 for file 'v0.npy'"),
        (8, struct.pack("<H", 1), "is encrypted"),
        (10, struct.pack("<H", 99), "v0.npy: is compressed"),
        (42, struct.pack("<I", 5), "Bad magic number for file header"),
    ],
    ids=["size of 2 GB", "size of 10 bytes", "checksum", "encrypted", "unknown method", "place"],
)
def test_a_directory_that_lies_about_its_members_is_refused(
    offset: int, value: bytes, problem: str, tmp_path: Path
) -> None:
    """Sizes are added up before anything is read, and every read is checked."""
    content = patched(zipped({"v0.npy": array_file(), "v1.npy": bytes(16)}), offset, value)
    assert problem in refusal(tmp_path, content)


def test_too_many_members_and_too_large_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caps are looked at first; here they are small so that the test is, too."""
    content = npz({f"v{index}": np.zeros(3) for index in range(4)})
    monkeypatch.setattr(arrays, "MAX_MEMBERS", 3)
    assert refusal(tmp_path, content) == "4 members, more than 3"
    monkeypatch.setattr(arrays, "MAX_TOTAL_BYTES", 100)
    assert refusal(tmp_path, content) == f"has {len(content)} bytes, more than 100"


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    header=st.text(max_size=60) | st.sampled_from("([{'\"\\\n\t ").map(lambda x: x * 30), data=st.binary(max_size=40)
)
def test_any_header_is_refused_or_read(header: str, data: bytes, tmp_path: Path) -> None:
    """NumPy's header parser raises many things; none but the border's own comes out."""
    source = tmp_path / "weights.npz"
    source.write_bytes(zipped({"v0.npy": npy(header.encode("utf-8"), data)}))
    try:
        copy_arrays(source, tmp_path / "out.npz")
    except RejectedClaimsError as rejected:
        assert rejected.problem
