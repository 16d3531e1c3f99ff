"""The filter of system calls, run by a small interpreter of its own instruction set."""

from __future__ import annotations

import errno
import re
from pathlib import Path

import pytest

from grader.probe import system_calls
from grader.probe.system_calls import filter_program

ALLOWED = 0
X86_64, AARCH64 = (0, 0xC000003E), (1, 0xC00000B7)
I386 = 0x40000003
CLONE_VM, CLONE_THREAD, CLONE_NEWUSER, CLONE_NEWNET = 0x100, 0x10000, 0x10000000, 0x40000000


def answer(machine: tuple[int, int], number: int, *arguments: int, architecture: int | None = None) -> int:
    """Return the error number that a call is answered with, or 0 when it is let through."""
    data = {0: number, 4: machine[1] if architecture is None else architecture} | dict.fromkeys(range(16, 64, 8), 0)
    data |= {16 + 8 * place: argument for place, argument in enumerate(arguments)}
    program, position, register = filter_program(*machine), 0, 0
    while True:
        code, when_true, when_false, operand = program[position]
        position += 1
        if code == 0x06:
            return ALLOWED if operand == 0x7FFF0000 else operand & 0xFFFF
        if code == 0x20:
            register = data[operand]
        else:
            holds = {0x15: register == operand, 0x35: register >= operand, 0x45: bool(register & operand)}[code]
            position += when_true if holds else when_false


@pytest.mark.parametrize("machine", [X86_64, AARCH64], ids=["x86_64", "aarch64"])
def test_every_listed_call_is_not_here(machine: tuple[int, int]) -> None:
    """A library that tries one takes its other way."""
    numbers = [numbers[machine[0]] for numbers in system_calls._NUMBERS.values()]
    assert {answer(machine, number) for number in numbers} == {errno.ENOSYS}


@pytest.mark.parametrize("machine", [X86_64, AARCH64], ids=["x86_64", "aarch64"])
def test_every_other_call_is_let_through(machine: tuple[int, int]) -> None:
    """Reading, writing, mapping, waiting: what programs live on."""
    closed = {numbers[machine[0]] for numbers in system_calls._NUMBERS.values()}
    special = {system_calls._CLONE[machine[0]], system_calls._SOCKET[machine[0]]}
    assert {answer(machine, number) for number in set(range(500)) - closed - special} == {ALLOWED}


@pytest.mark.parametrize(("machine", "clone"), [(X86_64, 56), (AARCH64, 220)])
def test_threads_and_forks_but_no_namespaces(machine: tuple[int, int], clone: int) -> None:
    """A fork (its signal number alone), a thread, a user namespace, a network namespace."""
    flags = (17, CLONE_VM | CLONE_THREAD, CLONE_NEWUSER | 17, CLONE_NEWNET)
    assert [answer(machine, clone, flag) for flag in flags] == [ALLOWED, ALLOWED, errno.EPERM, errno.EPERM]


@pytest.mark.parametrize(("machine", "socket"), [(X86_64, 41), (AARCH64, 198)])
def test_sockets_that_a_namespace_keeps_in(machine: tuple[int, int], socket: int) -> None:
    """Unix, IPv4, IPv6 and netlink; neither packets, nor Bluetooth, nor the host of a virtual machine."""
    allowed = [family for family in range(64) if answer(machine, socket, family) == ALLOWED]
    assert (allowed, answer(machine, socket, 40)) == ([1, 2, 10, 16], errno.EAFNOSUPPORT)


O_CREAT, O_TMPFILE = 0o100, 0o20200000


def mode_calls(machine: tuple[int, int]) -> dict[str, tuple[int, int, int | None]]:
    """Return number, place of the mode and place of the flags of each call that sets a mode."""
    column = machine[0]
    return {
        name: (numbers[column], mode, flags)
        for name, (numbers, mode, flags) in system_calls._MODES.items()
        if numbers[column] is not None
    }


@pytest.mark.parametrize("machine", [X86_64, AARCH64], ids=["x86_64", "aarch64"])
def test_no_call_makes_a_program_that_runs_as_its_owner(machine: tuple[int, int]) -> None:
    """Set-user-id, set-group-id, both; every other mode is let through."""
    for name, (number, mode, flags) in mode_calls(machine).items():
        for value in (0o4755, 0o2755, 0o6000, 0o104755):
            arguments = [0] * 4
            arguments[mode] = value
            if flags is not None:
                arguments[flags] = O_CREAT
            assert answer(machine, number, *arguments) == errno.EPERM, (name, oct(value))
        for value in (0o755, 0o1777, 0o100600):
            arguments[mode] = value
            assert answer(machine, number, *arguments) == ALLOWED, (name, oct(value))


@pytest.mark.parametrize("machine", [X86_64, AARCH64], ids=["x86_64", "aarch64"])
def test_a_file_that_is_only_opened_has_no_mode(machine: tuple[int, int]) -> None:
    """The register may hold anything then; a file without a name has one."""
    number, mode, flags = mode_calls(machine)["openat"]
    arguments = [0] * 4
    arguments[mode] = 0o4755
    answers = []
    for flag in (0, 0o2, 0o2000000 | 0o200000, O_TMPFILE):
        arguments[flags] = flag
        answers.append(answer(machine, number, *arguments))
    assert answers == [ALLOWED, ALLOWED, ALLOWED, errno.EPERM]


def test_the_other_tables_of_the_same_processor_are_closed() -> None:
    """32-bit calls and x32 have other numbers for the same doors."""
    read = 0
    assert answer(X86_64, read, architecture=I386) == errno.ENOSYS
    assert answer(X86_64, 0x4000_0000 + read) == errno.ENOSYS


def test_numbers_are_those_of_the_machine_s_headers() -> None:
    """Where the system's headers are installed, each name has the number that they give it."""
    header = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
    if not header.is_file():
        pytest.skip("the headers of an x86_64 system are not installed")
    numbers = dict(re.findall(r"#define __NR_(\w+)\s+(\d+)", header.read_text()))
    listed = {name: columns[0] for name, columns in system_calls._NUMBERS.items()}
    listed |= {"clone": system_calls._CLONE[0], "socket": system_calls._SOCKET[0]}
    listed |= {name: number for name, (number, _, _) in mode_calls(X86_64).items()}
    assert {name: int(numbers.get(name, number)) for name, number in listed.items()} == listed


def test_numbers_are_those_of_the_generic_headers() -> None:
    """aarch64 has the generic numbers."""
    header = Path("/usr/include/asm-generic/unistd.h")
    if not header.is_file():
        pytest.skip("the headers of Linux are not installed")
    numbers = dict(re.findall(r"#define __NR_(\w+)\s+(\d+)", header.read_text()))
    listed = {name: columns[1] for name, columns in system_calls._NUMBERS.items()}
    listed |= {"clone": system_calls._CLONE[1], "socket": system_calls._SOCKET[1]}
    listed |= {name: number for name, (number, _, _) in mode_calls(AARCH64).items()}
    assert {name: int(numbers.get(name, number)) for name, number in listed.items()} == listed


def test_an_unknown_processor_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers that are not known there could close the wrong doors."""
    monkeypatch.setattr(system_calls.platform, "machine", lambda: "riscv64")
    monkeypatch.setattr(system_calls, "_install", lambda _: pytest.fail("a filter was installed"))
    system_calls.close_system_calls()
