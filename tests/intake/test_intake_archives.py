"""Zips that nobody trusts."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from intake_samples import PATIENT, notebook_bytes, plant, reported, zip_bytes

from grader.intake import archives
from grader.intake.archives import list_entries, unpack
from grader.intake.intake_errors import IntakeError


def written(tmp_path: Path, files: dict[str, bytes]) -> Path:
    return plant(tmp_path, {"class.zip": zip_bytes(files)}) / "class.zip"


def refusal(archive: Path, folder: Path) -> str:
    """Return why the zip is refused, in English."""
    with pytest.raises(IntakeError) as caught:
        unpack(archive, list_entries(archive, shown=archive.name), folder, shown=archive.name)
    return reported(caught.value.reason)


def with_flag(content: bytes, flag: int) -> bytes:
    """Set a flag of the first file, in its own header and in the directory."""
    changed = bytearray(content)
    for position in (6, content.index(b"PK\x01\x02") + 8):
        changed[position] |= flag & 0xFF
        changed[position + 1] |= flag >> 8
    return bytes(changed)


def test_unpacked_files_get_names_of_our_own(tmp_path: Path) -> None:
    """Steps upwards, absolute paths, drives and devices in a zip never reach the disk."""
    evil = ["../../out.ipynb", "/etc/out.ipynb", "C:\\temp\\out.ipynb", "a/../../b.ipynb", "nul.ipynb", "x/con"]
    archive = written(tmp_path, {name: name.encode() for name in evil})
    target = tmp_path / "work" / "inner"
    entries = list_entries(archive, shown="class.zip")
    unpacked = unpack(archive, entries, target, shown="class.zip")
    assert ["/".join(entry.parts) for entry in entries] == [
        "out.ipynb", "etc/out.ipynb", "temp/out.ipynb", "a/b.ipynb", "nul.ipynb", "x/con",
    ]  # fmt: skip
    assert [unpacked[entry].path.read_bytes().decode() for entry in entries] == evil
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()) == [
        "class.zip",
        *(f"work/inner/{index:05d}{'.ipynb' if index < 5 else ''}" for index in range(6)),
    ]


def test_links_in_a_zip_are_passed_over(tmp_path: Path) -> None:
    """A link could lead to another student's notebook or to the solution."""
    link = zipfile.ZipInfo("link.ipynb")
    link.external_attr = 0o120777 << 16
    archive = tmp_path / "class.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(link, "/etc/passwd")
        opened.writestr("ana.ipynb", "x")
    assert [entry.parts for entry in list_entries(archive, shown="class.zip")] == [("ana.ipynb",)]


@pytest.mark.parametrize(
    ("raw", "flag", "name"),
    [
        ("Núñez.ipynb".encode(), 0x800, "Núñez.ipynb"),
        ("Núñez.ipynb".encode(), 0, "Núñez.ipynb"),
        ("Núñez.ipynb".encode("cp437"), 0, "Núñez.ipynb"),
        ("Ávila.ipynb".encode("cp850"), 0, "Ávila.ipynb"),
    ],
)
def test_names_are_read_in_the_encoding_that_they_are_in(tmp_path: Path, raw: bytes, flag: int, name: str) -> None:
    """UTF-8 with and without its flag (macOS), and the DOS code pages of Windows."""
    content = zip_bytes({"#" * len(raw): b"x"}).replace(b"#" * len(raw), raw)
    archive = plant(tmp_path, {"class.zip": with_flag(content, flag)}) / "class.zip"
    assert [entry.parts for entry in list_entries(archive, shown="class.zip")] == [(name,)]


def test_a_bomb_is_cut_while_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of 3 MB in a zip of 3 kB stops at the limit, and the other file is whole."""
    monkeypatch.setattr(archives, "FILE_LIMIT_BYTES", 1_000_000)
    archive = written(tmp_path, {"bomb.ipynb": bytes(3_000_000), "ana.ipynb": notebook_bytes()})
    entries = list_entries(archive, shown="class.zip")
    bomb, honest = unpack(archive, entries, tmp_path / "work", shown="class.zip").values()
    assert bomb.path.stat().st_size == 1_000_000
    assert reported(bomb.problem) == (
        "bomb.ipynb unpacks to 3.0 MB, more than the 1.0 MB that are allowed; the rest was cut off."
    )
    assert (honest.path.read_bytes(), honest.problem) == (notebook_bytes(), None)


def test_a_zip_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many files below the limit may still fill a disk; nothing of them is written."""
    monkeypatch.setattr(archives, "TOTAL_LIMIT_BYTES", 1_000_000)
    archive = written(tmp_path, {f"{index}.ipynb": bytes(300_000) for index in range(4)})
    assert refusal(archive, tmp_path / "work") == (
        "class.zip unpacks to 1.2 MB, more than the 1.0 MB that are allowed. "
        "Divide it, or unpack it and give the folder."
    )
    assert not (tmp_path / "work").exists()


def test_a_zip_with_too_many_entries_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million tiny files are an attack on the disk's directory."""
    monkeypatch.setattr(archives, "ENTRY_COUNT_LIMIT", 10)
    archive = written(tmp_path, {f"{index}.ipynb": b"" for index in range(11)})
    assert refusal(archive, tmp_path) == (
        "class.zip holds more than the 10 entries that are allowed. Unpack it and give the folder."
    )


@pytest.mark.parametrize("form", ["plain", "zip64", "zip64 with a gap"])
def test_a_huge_directory_is_refused_before_it_is_parsed(tmp_path: Path, form: str) -> None:
    """The size that the end of the zip declares decides, wherever a version of Python looks for it."""
    large = 20_000_000
    end = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 1, 1, large if form == "plain" else 0xFFFFFFFF, 0, 0)
    record = b"PK\x06\x06" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, 1, 1, large, 0)
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, 100, 1)
    middle = {"plain": b"", "zip64": record + locator, "zip64 with a gap": record + bytes(100) + locator}[form]
    content = bytes(100) + middle + end
    archive = plant(tmp_path, {"class.zip": content}) / "class.zip"
    assert refusal(archive, tmp_path).startswith("class.zip holds more than the 50000 entries")


def test_a_zip_with_a_password_is_refused(tmp_path: Path) -> None:
    """The message says what is needed."""
    archive = tmp_path / "class.zip"
    archive.write_bytes(with_flag(zip_bytes({"ana.ipynb": b"x"}), 0x1))
    assert refusal(archive, tmp_path / "work") == (
        "class.zip is protected by a password. A zip without a password is needed, or the notebook itself."
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"no zip at all", "File is not a zip file"), (b"", "File is not a zip file"),
     (zip_bytes({"a.ipynb": b"x"})[:-30], "File is not a zip file")],
    ids=["no zip", "empty", "cut off"],  # a zip holds the time at which it was made, and ids must be the same twice
)  # fmt: skip
def test_a_damaged_zip_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    """The words of the library say what is wrong, ours what to do."""
    archive = tmp_path / "class.zip"
    archive.write_bytes(content)
    assert refusal(archive, tmp_path) == (
        f"class.zip cannot be read as a zip file: {problem}. Download it again, or unpack it and give the folder."
    )


def test_one_damaged_file_does_not_spoil_the_others(tmp_path: Path) -> None:
    """A wrong checksum concerns the file that has it."""
    content = zip_bytes({"bad.ipynb": b"bad bytes", "ana.ipynb": b"good bytes"})
    wrong = content.replace(struct.pack("<L", zlib.crc32(b"bad bytes")), b"\0\0\0\0")
    archive = plant(tmp_path, {"class.zip": wrong}) / "class.zip"
    bad, good = unpack(archive, list_entries(archive, shown=""), tmp_path / "work", shown="").values()
    assert reported(bad.problem) == "bad.ipynb is damaged: Bad CRC-32 for file 'bad.ipynb'."
    assert (good.problem, good.path.read_bytes()) == (None, b"good bytes")


def test_files_without_a_name_are_passed_over(tmp_path: Path) -> None:
    """The standard library's own question whether they are folders fails on them."""
    content = zip_bytes({"#": b"x", "ana.ipynb": b"y"}).replace(b"#", b"\0")
    archive = plant(tmp_path, {"class.zip": content}) / "class.zip"
    assert [entry.parts for entry in list_entries(archive, shown="class.zip")] == [("ana.ipynb",)]


@settings(max_examples=150, deadline=None, suppress_health_check=PATIENT)
@given(
    edits=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=12),
    cut=st.integers(0, 400),
)
@example(edits=[], cut=0)
def test_no_damage_to_a_zip_raises_anything_else(tmp_path: Path, edits: list[tuple[int, int]], cut: int) -> None:
    """Whatever bytes are changed or lost, the result is files or the one declared error."""
    content = bytearray(zip_bytes({"Núñez/ana.ipynb": b"print(1)" * 20, "luis.zip": b"PK"}))
    for position, value in edits:
        content[position % len(content)] = value
    archive = tmp_path / "class.zip"
    archive.write_bytes(content[: len(content) - cut] if cut else content)
    reason = ""
    try:
        unpack(archive, list_entries(archive, shown="class.zip"), tmp_path / "work", shown="class.zip")
    except IntakeError as error:
        reason = reported(error.reason)
    assert reason == "" or reason.startswith("class.zip ")


def test_endless_folders_are_one_name(tmp_path: Path) -> None:
    """Twenty thousand folders in a name stand for one; two different files stay two."""
    archive = tmp_path / "class.zip"
    archive.write_bytes(zip_bytes({f"{'d/' * 20_000}{number}/t.ipynb": b"" for number in range(2)}))
    entries = list_entries(archive, shown="class.zip")
    assert {len(entry.parts) for entry in entries} == {100}
    assert len({entry.parts for entry in entries}) == 2
