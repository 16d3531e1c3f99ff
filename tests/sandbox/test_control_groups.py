"""A control group for each run: found where the system lends one, bound, joined, read, and removed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sandbox_here import make_sandbox

from grader.domain.run import Limits, RunStatus
from grader.domain.submission import CodeCell, Notebook
from grader.sandbox.control_groups import DelegatedGroup, RunGroup, lent_below, lent_here, run_group, sweep

V1 = "9:cpu:/\n8:pids:/\n4:memory:/session/a\n0::/\n"
SHOWS_GROUP = (
    "raise ValueError(sorted(line.strip() for line in open('/proc/self/cgroup') if 'memory' in line or 'pids' in line))"
)


def made(root: Path, *folders: str) -> Path:
    """Make folders as Linux shows them."""
    for folder in folders:
        (root / folder).mkdir(parents=True, exist_ok=True)
    return root


def test_version_1_is_found_by_controller(tmp_path: Path) -> None:
    """Each controller has a tree of its own, and this process a place in each."""
    root = made(tmp_path, "memory/session/a", "pids", "cpu")
    assert lent_below(root, V1) == DelegatedGroup(1, {"memory": root / "memory/session/a", "pids": root / "pids"})


def test_a_place_of_another_namespace_is_the_root(tmp_path: Path) -> None:
    """In a container, the path that Linux tells may not be there."""
    root = made(tmp_path, "memory", "pids")
    assert lent_below(root, V1) == DelegatedGroup(1, {"memory": root / "memory", "pids": root / "pids"})


def test_version_2_is_found_where_it_is_delegated(tmp_path: Path) -> None:
    """Controllers for the groups below are switched on; without them nothing is lent."""
    root = made(tmp_path, "user.slice/mine")
    own = root / "user.slice/mine"
    assert lent_below(root, "0::/user.slice/mine\n") is None
    (own / "cgroup.controllers").write_text("cpu memory pids\n", encoding="ascii")
    (own / "cgroup.subtree_control").write_text("\n", encoding="ascii")
    assert lent_below(root, "0::/user.slice/mine\n") == DelegatedGroup(2, {"memory": own, "pids": own})
    assert (own / "cgroup.subtree_control").read_text("ascii") == "+memory +pids"


def test_nothing_is_lent_where_folders_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for an ordinary user without delegation."""
    root = made(tmp_path, "memory", "pids")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert lent_below(root, V1) is None


def test_a_group_has_the_limits_of_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the watchdog's, so that it is the watchdog that ends a run where it looks in time."""
    root = made(tmp_path, "memory", "pids")
    monkeypatch.setattr("grader.sandbox.control_groups.lent_here", lambda: lent_below(root, V1))
    with run_group(Limits(memory_mib=1000, processes=64), 600) as group:
        assert group is not None
        written = {path.name: path.read_text("ascii") for folder in group.folders.values() for path in folder.iterdir()}
        assert written == {"memory.limit_in_bytes": str(2112 * 2**20), "pids.max": "80"}
        for folder in group.folders.values():  # a real one is empty for `rmdir`
            [path.unlink() for path in folder.iterdir()]
    assert list(root.glob("*/*")) == []


@pytest.mark.parametrize(
    ("version", "name", "text", "ended"),
    [
        (1, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", True),
        (1, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n", False),
        (2, "memory.events", "low 0\noom 1\noom_kill 1\n", True),
        (2, "memory.events", "low 0\noom_kill 0\n", False),
        (2, "nothing", "", False),
    ],
)
def test_what_linux_ended_is_known(version: int, name: str, text: str, ended: bool, tmp_path: Path) -> None:
    """A run that Linux ended for its memory is no run that died by a signal of its own."""
    (tmp_path / name).write_text(text, encoding="ascii")
    assert RunGroup(version, {"memory": tmp_path}).ended_for_memory() is ended


def test_groups_of_killed_graders_are_swept(tmp_path: Path) -> None:
    """Those of living ones stay."""
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    root = made(tmp_path, f"agr-{dead.stdout.strip()}-aa", "agr-1-bb", "other")
    sweep(DelegatedGroup(2, {"memory": root}))
    assert sorted(path.name for path in root.iterdir()) == ["agr-1-bb", "other"]


@pytest.mark.skipif(lent_here() is None, reason="no control group is lent here: `grader doctor` says so")
def test_a_run_is_in_a_group_that_is_gone_afterwards(tmp_path: Path) -> None:
    """The kernel sees itself at the root of a group of its own; nothing is left of it."""
    sandbox = make_sandbox("bubblewrap", {})
    record = sandbox.run(Notebook((CodeCell(0, "", SHOWS_GROUP),)), Limits(), tmp_path / "run" / "exchange")
    assert record.status is RunStatus.RAISED
    assert record.errors[0].text.count(":/'") == 2, record.errors[0].text
    lent = lent_here()
    assert lent is not None
    assert [path for folder in lent.folders.values() for path in folder.glob(f"agr-{os.getpid()}-*")] == []
