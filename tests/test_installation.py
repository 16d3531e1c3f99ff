"""What an installation takes: the versions with which the tests passed, one TensorFlow, and never Colab's place."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
LOCK = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
VERSIONS = dict(line.split("==") for line in LOCK)

REQUIRED = [
    *PROJECT["project"]["dependencies"],
    *(requirement for extra in EXTRAS.values() for requirement in extra),
    *PROJECT["build-system"]["requires"],
]


@pytest.mark.parametrize("requirement", REQUIRED)
def test_the_lock_holds_a_version_within_the_bounds(requirement: str) -> None:
    """Of everything that is asked for; where one is missing or too old: `make lock`."""
    wanted = Requirement(requirement)
    assert wanted.specifier.contains(VERSIONS[canonicalize_name(wanted.name)], prereleases=True)


def test_the_lock_is_a_constraints_file() -> None:
    """One exact version a line, each name once and as indexes write it, in order."""
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][\w.+!]*", line) for line in LOCK)
    assert [line.split("==")[0] for line in LOCK] == sorted({line.split("==")[0] for line in LOCK})


def test_bounds_stay_wide() -> None:
    """What may work is not what was tested: no requirement names an upper bound or one exact version."""
    assert [text for text in REQUIRED if re.search(r"[<~]|==", text.split(";")[0])] == []


def test_tensorflow_comes_with_an_extra_alone() -> None:
    """A dependency on either build would replace Colab's own; both builds are of one version."""
    assert [text for text in PROJECT["project"]["dependencies"] if text.startswith("tensorflow")] == []
    others = [text for name, texts in EXTRAS.items() if name not in ("cpu", "gpu") for text in texts]
    assert [text for text in others if text.startswith("tensorflow")] == []
    assert VERSIONS["tensorflow"] == VERSIONS["tensorflow-cpu"]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not here")
@pytest.mark.parametrize(
    ("settings", "extra", "constrained"),
    [
        (("TENSORFLOW=cpu",), "cpu", True),
        (("TENSORFLOW=gpu",), "gpu", True),
        (("TENSORFLOW=cpu", "CONSTRAINTS="), "cpu", False),
    ],
)
def test_make_installs_the_lock_and_one_tensorflow(
    settings: tuple[str, ...], extra: str, constrained: bool, tmp_path: Path
) -> None:
    """pip, the project and its build alike; only `CONSTRAINTS=` goes without, for the newest versions."""
    command = ["make", "--dry-run", "install", f"VENV={tmp_path / 'fresh'}", *settings]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    installs = [line for line in said.splitlines() if "pip install" in line]
    assert len(installs) == 3
    assert [("--constraint constraints.txt" in line) for line in installs] == [constrained] * 3
    (project,) = [line for line in installs if "--editable" in line]
    assert ("--build-constraint constraints.txt" in project) == constrained
    assert f"'.[grade,{extra},classroom,serve,workbook,postgresql,dask,dev]'" in project
