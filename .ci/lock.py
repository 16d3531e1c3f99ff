"""Write `constraints.txt`: the newest versions of everything that the package, its extras and its build need.

Run with the oldest Python that is supported (`make lock` sees to it): the versions it finds run on the newer ones as
well, and a last dry run asks pip whether each of them has wheels for every one. Nothing is installed. What was
resolved is not yet tested: run `make test` after it, and commit the file when that is green.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "constraints.txt"
PYTHONS = ("3.11", "3.12", "3.13")
OTHERS = ("gpu",)
"""Extras that exclude the rest: `tensorflow` and `tensorflow-cpu` are never installed together."""

HEADER = """\
# Versions with which the tests passed, read by pip as constraints: `make install` uses them, `make lock` renews them.
# The bounds in pyproject.toml say what may work; these say what does.
"""


def main() -> int:
    """Resolve, compare with every Python, write."""
    if sys.version_info[:2] != tuple(map(int, PYTHONS[0].split("."))):
        sys.stderr.write(
            f"make lock needs Python {PYTHONS[0]}, the oldest supported: make lock PYTHON=python{PYTHONS[0]}\n"
        )
        return 2
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = [name for name in project["project"]["optional-dependencies"] if name not in OTHERS]
    tools = [*project["build-system"]["requires"], "editables", "pip"]
    versions = resolved([f"{ROOT}[{','.join(extras)}]", *tools], {})
    for extra in OTHERS:
        versions |= resolved([f"{ROOT}[{extra}]"], versions)
    for python in PYTHONS[1:]:
        require_wheels(versions, python)
    lines = [f"{name}=={version}\n" for name, version in sorted(versions.items())]
    LOCK.write_text(HEADER + "".join(lines), encoding="utf-8")
    sys.stdout.write(f"{LOCK.name}: {len(lines)} versions\n")
    return 0


def resolved(requirements: Sequence[str], constraints: dict[str, str]) -> dict[str, str]:
    """Return name and version of everything that pip would install, the project itself excepted."""
    with tempfile.TemporaryDirectory() as folder:
        report, held = Path(folder) / "report.json", Path(folder) / "held.txt"
        held.write_text("".join(f"{name}=={version}\n" for name, version in constraints.items()), encoding="utf-8")
        pip("--ignore-installed", "--report", str(report), "--constraint", str(held), *requirements)
        found = json.loads(report.read_text("utf-8"))["install"]
    return {normal(one["metadata"]["name"]): one["metadata"]["version"] for one in found if not one["is_direct"]}


def require_wheels(versions: dict[str, str], python: str) -> None:
    """Let pip find a wheel of each version for another Python; it names the one that has none and this ends."""
    alone = [f"{name}=={version}" for name, version in versions.items()]
    pip(
        "--ignore-installed",
        "--no-deps",
        "--python-version",
        python,
        "--only-binary=:all:",
        "--target",
        "unused",
        *alone,
    )


def pip(*arguments: str) -> None:
    """Run a dry installation; what pip complains of is its own business to say."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", *arguments]
    subprocess.run(command, cwd=ROOT, check=True)


def normal(name: str) -> str:
    """Return a package's name as indexes compare it: lower case, runs of `-`, `_` and `.` as one `-`."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main())
