"""What a kernel sees and may do: one notebook of probes in the sandbox, and the same probes on an open machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from laboratory import BUBBLEWRAP, OPEN_MACHINE, Outcome, make_sandbox, run

import grader
from grader.sandbox.conformance import suite
from grader.sandbox.conformance.conformance_case import Ending, first_cell
from grader.sandbox.conformance.endings import ENDINGS
from grader.sandbox.conformance.suite import PROBES, PYTHON

CHECKOUT = Path(grader.__file__).parents[1]
ORDINARY_USER = 1000
SCRATCH = "/srv"  # covered by a temporary folder, in a mount namespace that ends with the test


@pytest.fixture(scope="module")
def surroundings() -> Iterator[dict[str, object]]:
    """Put a server, a process, a file and a secret on the machine, none of which a kernel may find."""
    with suite.surroundings() as facts:
        yield facts


@pytest.fixture(scope="module")
def shut_in(surroundings: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Run every probe in one sandboxed kernel."""
    cells = [first_cell(surroundings), *(probe.cell for probe in PROBES)]
    return run(make_sandbox(BUBBLEWRAP), cells, tmp_path_factory.mktemp("shut-in"))


@pytest.fixture(scope="module")
def at_large(surroundings: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Run the probes that do no harm on the open machine."""
    cells = [first_cell(surroundings), *(probe.cell if probe.sharp else "pass" for probe in PROBES)]
    return run(make_sandbox(OPEN_MACHINE), cells, tmp_path_factory.mktemp("at-large"))


def complaints(outcome: Outcome) -> dict[str, str]:
    """Return what each probe that raised had to say, by the probe's name."""
    names = ["first_cell", *(probe.name for probe in PROBES)]
    return {names[error.cell_index]: f"{error.name}: {error.text} in `{error.line}`" for error in outcome.record.errors}


def test_every_probe_was_run(shut_in: Outcome) -> None:
    """A kernel that dies half-way would leave the later probes without a complaint, which is no proof."""
    assert (shut_in.record.cells_run, "first_cell" in complaints(shut_in)) == (len(PROBES) + 1, False)
    assert str(shut_in.record.status) in ("completed", "raised")


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_sandbox_holds(shut_in: Outcome, probe) -> None:
    """The rule of each probe holds in the sandbox."""
    assert complaints(shut_in).get(probe.name) is None, probe.rule


@pytest.mark.parametrize("probe", [probe for probe in PROBES if probe.sharp], ids=lambda probe: probe.name)
def test_probe_finds_what_it_looks_for(at_large: Outcome, probe) -> None:
    """On an open machine the same cell raises, so its silence in the sandbox means something."""
    assert complaints(at_large).get(probe.name) is not None, probe.rule


def test_an_open_machine_says_that_it_is_open(at_large: Outcome, shut_in: Outcome) -> None:
    """The record tells a run with the instructor's rights from one in a sandbox."""
    assert (at_large.record.sandboxed, shut_in.record.sandboxed) == (False, True)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.name)
def test_runs_end_as_they_must(ending: Ending) -> None:
    """Each notebook that ends or spoils its kernel is recorded as what it was."""
    assert suite.tried(make_sandbox(BUBBLEWRAP), ending).said == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="the tests are run by an ordinary user already")
def test_sandbox_holds_for_an_ordinary_user(tmp_path: Path) -> None:
    """Run by root, bubblewrap makes no user namespace; for everybody else it does, so all probes are run as one."""
    program = make_sandbox(BUBBLEWRAP).program
    command = [
        program,
        *readable_home(),
        "--bind",
        str(tmp_path),
        SCRATCH,
        sys.executable,
        "-c",
        BECOME,
        str(ORDINARY_USER),
    ]
    command += [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={SCRATCH}/tests", __file__]
    command += ["-k", "sandbox_holds or every_probe"]
    tmp_path.chmod(0o777)
    environment = os.environ | {"HOME": SCRATCH, "TMPDIR": SCRATCH, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=400, cwd=CHECKOUT, env=environment, check=False
    )
    passed = re.search(r"(\d+) passed", done.stdout)
    assert (done.returncode, passed and int(passed[1])) == (0, len(PROBES) + 1), done.stdout[-3000:] + done.stderr


BECOME = """
import os, sys
user = int(sys.argv[1])
os.setgroups([])
os.setresgid(user, user, user)
os.setresuid(user, user, user)
os.execv(sys.argv[2], sys.argv[2:])
"""


def readable_home() -> list[str]:
    """Return options that show Python and the checkout to a user who may not enter root's home."""
    home, options = Path.home(), ["--dev-bind", "/", "/", "--perms", "0755", "--tmpfs", str(Path.home())]
    for folder in sorted({*map(Path, PYTHON), CHECKOUT}):
        if folder.is_relative_to(home):
            for parent in reversed([parent for parent in folder.parents if parent.is_relative_to(home)]):
                options += ["--perms", "0755", "--dir", str(parent)] if parent != home else []
            options += ["--bind", str(folder), str(folder)]
    return options
