"""What the watchdog counts, with real processes and real folders."""

from __future__ import annotations

import ctypes
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.domain.run import Limits, StoppedBy
from grader.sandbox import watchdog
from grader.sandbox.watchdog import DEEPEST_FOLDER, Watchdog, Watched, folder_mib, tree_memory_mib

HOLD = "block = bytearray(b'x') * (64 << 20); print(flush=True); input()"
FORK = (
    "import os; block = bytearray(b'x') * (64 << 20)\n"
    "for _ in range(3):\n    if os.fork() == 0: break\n"
    "else: print(flush=True)\ninput()"
)
BARE_MIB = 30.0
"""More than a Python that has imported nothing takes."""


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds 64 MiB."""
    yield from started(HOLD)


@pytest.fixture
def family() -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds 64 MiB, and three forks of it that share them."""
    yield from started(FORK)


def started(program: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-S", "-c", program], stdin=-1, stdout=-1, start_new_session=True
    ) as process:
        process.stdout.readline()
        yield process
        os.killpg(process.pid, 9)


def watch(
    process: subprocess.Popen[bytes], folder: Path, limits: Limits, *, seconds: float = 5.0
) -> tuple[StoppedBy, bool, float]:
    """Let a watchdog look until it kills, or as long as asked; return its verdict, whether it killed, and the peak."""
    killed = threading.Event()
    with Watchdog(Watched(process.pid, (folder,)), limits, killed.set, interval_seconds=0.02) as dog:
        killed.wait(seconds)
    return dog.verdict, killed.is_set(), dog.peak_memory_mib


def test_memory_of_one_process_is_what_it_holds(child: subprocess.Popen[bytes]) -> None:
    """64 MiB and the interpreter itself."""
    assert 64 < tree_memory_mib(child.pid) < 64 + BARE_MIB


def test_pages_that_forks_share_are_counted_once_where_it_matters(family: subprocess.Popen[bytes]) -> None:
    """The quick sum counts them for each of four processes; the exact one, read before a verdict, does not."""
    assert tree_memory_mib(family.pid) > 4 * 64
    assert 64 < tree_memory_mib(family.pid, exact=True) < 64 + 4 * BARE_MIB


def test_a_process_that_is_gone_holds_nothing() -> None:
    """The watchdog may look a moment after the end."""
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as process:
        process.wait()
    assert (tree_memory_mib(process.pid), tree_memory_mib(process.pid, exact=True)) == (0.0, 0.0)


def test_an_empty_folder_is_empty(tmp_path: Path) -> None:
    """The folder itself is ours."""
    assert folder_mib(tmp_path, enough=1) == 0


def test_files_count_with_their_length(tmp_path: Path) -> None:
    """In every folder below, and each with half a KiB for its name."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "one").write_bytes(bytes(2**20))
    (tmp_path / "a" / "b" / "two").write_bytes(bytes(2**20))
    assert folder_mib(tmp_path, enough=100) == pytest.approx(2, abs=0.02)


def test_holes_count(tmp_path: Path) -> None:
    """A sparse file can be filled faster than it can be looked at."""
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(50 * 2**20)
    assert folder_mib(tmp_path, enough=100) == pytest.approx(50, abs=0.01)


@pytest.mark.skipif(sys.platform != "linux", reason="fallocate is Linux's")
def test_blocks_without_length_count(tmp_path: Path) -> None:
    """Room that `fallocate` took beyond the end of a file is gone all the same."""
    keep_size = 1
    with (tmp_path / "empty").open("wb") as file:
        if ctypes.CDLL(None).fallocate(file.fileno(), keep_size, ctypes.c_long(0), ctypes.c_long(5 * 2**20)) != 0:
            pytest.skip("the file system of the temporary folder has no fallocate")
    assert folder_mib(tmp_path, enough=100) == pytest.approx(5, abs=0.01)


def test_a_million_empty_files_are_not_nothing(tmp_path: Path) -> None:
    """Each entry counts, so that names alone cannot fill a disk."""
    for number in range(64):
        (tmp_path / str(number)).touch()
    assert folder_mib(tmp_path, enough=100) == 64 * 512 / 2**20


def test_links_lead_nowhere(tmp_path: Path) -> None:
    """A link to the whole machine is as long as its text."""
    (tmp_path / "link").symlink_to("/usr")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert folder_mib(tmp_path, enough=100) < 0.1


def test_counting_stops_when_it_is_enough(tmp_path: Path) -> None:
    """The exact size of a bomb is of no interest."""
    for number in range(5):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "file").write_bytes(bytes(2**20))
    assert 1 < folder_mib(tmp_path, enough=1) < 3


def test_what_lies_too_deep_is_without_end(tmp_path: Path) -> None:
    """No path can name what lies deeper than some thousand folders, so much fewer are allowed."""
    deep = tmp_path.joinpath(*["d"] * DEEPEST_FOLDER)
    deep.mkdir(parents=True)
    allowed = folder_mib(tmp_path, enough=100)
    (deep / "d").mkdir()
    assert (math.isfinite(allowed), folder_mib(tmp_path, enough=100)) == (True, math.inf)


def test_a_closed_folder_is_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever closes a folder to us hides something; the probe never does."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(65_534)
        size = folder_mib(Path(), enough=100)
    finally:
        if root:
            os.seteuid(0)
        closed.chmod(0o700)
    assert size == math.inf


def test_a_kernel_within_its_limits_is_left_alone(child: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """No verdict, and the peak is what was seen."""
    verdict, kills, peak_mib = watch(child, tmp_path, Limits(), seconds=0.4)
    assert (verdict, kills, 64 < peak_mib < 64 + BARE_MIB) == (StoppedBy.NOTHING, False, True)


def test_memory_over_the_limit_ends_it(child: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """The verdict is there before the kill, so that the end can be distinguished from the kernel's own."""
    assert watch(child, tmp_path, Limits(memory_mib=60))[:2] == (StoppedBy.MEMORY, True)


def test_shared_memory_is_no_reason(family: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """Four processes that share 64 MiB stay below 250, whatever the quick sum says."""
    assert watch(family, tmp_path, Limits(memory_mib=250), seconds=0.4)[0] is StoppedBy.NOTHING


def test_a_full_folder_ends_it(child: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """`work_mib` bounds what lands on our disk."""
    (tmp_path / "file").write_bytes(bytes(2 * 2**20))
    assert watch(child, tmp_path, Limits(work_mib=1))[:2] == (StoppedBy.DISK, True)


def test_all_folders_count_together(child: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """Two halves make a whole."""
    folders = [tmp_path / "claims", tmp_path / "sockets"]
    for folder in folders:
        folder.mkdir()
        (folder / "file").write_bytes(bytes(2**20))
    with Watchdog(Watched(child.pid, tuple(folders)), Limits(work_mib=1), lambda: None, interval_seconds=0.02) as dog:
        time.sleep(0.3)
    assert dog.verdict is StoppedBy.DISK


def test_a_machine_without_reserve_ends_it_as_our_fault(
    child: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory that is on no process's account is missed on the machine, and nobody can say who has it."""
    monkeypatch.setattr(watchdog, "RESERVE_MIB", 2**40)
    assert watch(child, tmp_path, Limits())[:2] == (StoppedBy.SANDBOX, True)


def test_a_watchdog_that_cannot_see_does_not_let_the_kernel_run(child: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """A folder that vanished is no folder within its limits."""
    assert watch(child, tmp_path / "gone", Limits())[:2] == (StoppedBy.SANDBOX, True)
