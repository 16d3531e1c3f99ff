"""Run solutions on an end of the declared ranges, or on Colab's versions: `make ends END=oldest`, `newest` or `colab`.

An environment is made with the oldest versions that `pyproject.toml` accepts, with the newest that the bounds allow, or
with those that Colab has by `tests/colab_pins.txt` (its Python is 3.13: `PYTHON=python3.13`). There the solution of
each notebook named is generated and checked on the embedded sample, without a sandbox. The row that belongs into
`docs/runs.toml` is printed.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENDS = ("oldest", "newest", "colab")
COLABS_PINS = ROOT / "tests" / "colab_pins.txt"
WATCHED = ("tensorflow-cpu", "keras", "numpy", "pandas")
SHOWN = {"tensorflow-cpu": "TensorFlow", "keras": "Keras", "numpy": "NumPy", "pandas": "pandas"}
EXTRAS = ("grade", "cpu", "classroom")


def main() -> int:
    """Make the environment, run the solutions, print what came of it; 1 where one did not get everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("end", choices=ENDS)
    parser.add_argument("assignments", nargs="*", default=["linear-pca", "from-scratch"])
    parser.add_argument("--python", default=sys.executable, help="for a new environment")
    parser.add_argument("--folder", type=Path, default=ROOT / ".venv-ends")
    arguments = parser.parse_args()
    python = environment(arguments.folder.resolve() / arguments.end, arguments.end, arguments.python)
    versions = ", ".join(installed(python))
    worst = 0
    for assignment in arguments.assignments:
        points = run(python, assignment, arguments.folder.resolve() / "notebooks")
        worst = max(worst, 0 if points == "100 of 100" else 1)
        sys.stdout.write(f'[{assignment}]\n{arguments.end} = "{points} ({datetime.now(UTC):%Y-%m-%d}: {versions})"\n')
    return worst


def environment(folder: Path, end: str, base: str) -> Path:
    """Return the Python of an environment with this end's versions, made where it is not there yet."""
    python = folder / "bin" / "python"
    if not (folder / "ready").is_file():
        subprocess.run([base, "-m", "venv", "--clear", str(folder)], check=True)
        pins = {"oldest": oldest, "newest": list, "colab": colabs}[end]()
        command = [str(python), "-m", "pip", "install", "--quiet", *pins, f"{ROOT}[{','.join(EXTRAS)}]"]
        subprocess.run(command, check=True)
        (folder / "ready").touch()
    else:  # the packages are there; the grader may have changed since
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", str(ROOT)], check=True
        )
    return python


def oldest() -> list[str]:
    """Return requirements for the lowest versions of the packages that a notebook's answer depends on."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *(line for extra in EXTRAS for line in project["optional-dependencies"][extra])]
    lowest = {}
    for requirement in wanted:
        found = re.match(r"([\w-]+)>=([\d.]+)", requirement)
        if found is not None and found[1] in WATCHED:
            lowest[found[1]] = f"{found[1]}=={found[2]}.*"
    return list(lowest.values())


def colabs() -> list[str]:
    """Return requirements for Colab's versions of the same packages, with TensorFlow's build for processors."""
    lines = [line.strip() for line in COLABS_PINS.read_text("utf-8").splitlines()]
    pins = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return [f"{name}=={pins[name.removesuffix('-cpu')]}" for name in WATCHED]


def installed(python: Path) -> list[str]:
    """Return the versions that there are, by name."""
    listed = subprocess.run([str(python), "-m", "pip", "list", "--format=json"], check=True, capture_output=True)
    versions = {one["name"].lower().replace("_", "-"): one["version"] for one in json.loads(listed.stdout)}
    return [f"{SHOWN[name]} {versions[name]}" for name in WATCHED if name in versions]


def run(python: Path, assignment: str, folder: Path) -> str:
    """Return the points of a solution on the sample, in words."""
    grader = [str(python.parent / "grader"), "--lang", "en"]
    subprocess.run([*grader, "generate", assignment, "--out", str(folder), "--solution"], check=True)
    notebook = folder / f"{assignment}.solution.ipynb"
    graded = folder / f"grades-{python.parents[1].name}-{assignment}"
    command = [
        *grader,
        "grade",
        str(notebook),
        "--assignment",
        assignment,
        "--out",
        str(graded),
        "--data-size",
        "sample",
    ]
    subprocess.run([*command, "--sandbox", "none"], check=True)
    (grade,) = json.loads((graded / "grades.json").read_text("utf-8"))["grades"]
    return f"{grade['points_awarded']:g} of {grade['points_possible']:g}"


if __name__ == "__main__":
    sys.exit(main())
