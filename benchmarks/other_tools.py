"""nbgrader, Otter and plain nbclient on a class, as this grader gets it: `<folder>/<assignment>/<student>.ipynb`.

They only run the notebooks and give no points for a model; they are timed for that. Their environments are made by
`make benchmark-environments`.
"""

from __future__ import annotations

import json
import os
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from costs import Cost, run, total

ROOT = Path(__file__).parent.parent

_NO_GRADER = """def use(*_, **__): pass
check = hint = solution = use
"""
"""A module `grader` whose checks say nothing: the other tools have none, and our notebooks ask for it."""

_OUR_DATA = """import importlib.util, sys
class AnyHash:
    def find_spec(self, name, path, target=None):
        if name != "keras.src.utils.file_utils":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        run = spec.loader.exec_module
        def exec_module(module):
            run(module)
            get = module.get_file
            module.get_file = lambda *args, **options: get(*args, **{**options, "file_hash": None})
        spec.loader.exec_module = exec_module
        return spec
sys.meta_path.insert(0, AnyHash())
"""
"""Lets Keras's loaders take a file whose hidden images are replaced, without looking for another one in the network."""


def nbclient(folder: Path, out: Path, *, data: Path | None = None) -> Cost:
    """Run each notebook to its end, one after the other, errors or not."""
    program = (
        "import sys, nbformat, nbclient\n"
        "for path in sys.argv[1:]:\n"
        "    notebook = nbformat.read(path, as_version=4)\n"
        "    nbclient.NotebookClient(notebook, timeout=7200, allow_errors=True, kernel_name='python3').execute()\n"
    )
    command: list[str | Path] = [sys.executable, "-c", program, *sorted(folder.glob("*/*.ipynb"))]
    return run(command, folder=out, environment=_surroundings(data), log=out / "log")


def nbgrader(folder: Path, out: Path, *, data: Path | None = None) -> Cost:
    """Let `nbgrader autograde` run a course; making the release version is not counted.

    Raises:
        SystemExit: A notebook was not run to its end.
    """
    binaries = _environment("nbgrader")
    config = 'c = get_config()\nc.CourseDirectory.course_id = "class"\nc.ExecutePreprocessor.timeout = 7200\n'
    (out / "nbgrader_config.py").write_text(config + "c.Execute.timeout = 7200\nc.Execute.allow_errors = True\n")
    surroundings = _surroundings(data, PATH=f"{binaries}:{os.environ['PATH']}")
    costs = []
    for kind in sorted(path.name for path in folder.iterdir()):
        hand_ins = sorted((folder / kind).iterdir())
        (out / "source" / kind).mkdir(parents=True)
        _without_points(hand_ins[0], out / "source" / kind / "notebook.ipynb")
        for path in hand_ins:
            place = out / "submitted" / path.stem / kind
            place.mkdir(parents=True)
            _without_points(path, place / "notebook.ipynb")
        program: list[str | Path] = [binaries / "python", "-m", "nbgrader"]
        release: list[str | Path] = [*program, "generate_assignment", kind, "--force", "--no-metadata"]
        run(release, folder=out, environment=surroundings, log=out / "log")
        command: list[str | Path] = [*program, "autograde", kind, "--create"]
        costs.append(run(command, folder=out, environment=surroundings, log=out / "log"))
        if len(list(out.glob(f"autograded/*/{kind}/notebook.ipynb"))) != len(hand_ins):
            sys.exit(f"nbgrader has not run every notebook: {(out / 'log').read_text(encoding='utf-8')[-2000:]}")
        for path in out.glob(f"autograded/*/{kind}/notebook.ipynb"):
            _require_success(path)
    return total(costs)


def otter(folder: Path, out: Path, *, data: Path | None = None) -> Cost:
    """Let `otter run` grade each notebook with a test that asks for nothing but the end."""
    binaries = _environment("otter")
    (out / "tests").mkdir()
    (out / "tests" / "ran.py").write_text(
        'OK_FORMAT = True\ntest = {"name": "ran", "points": 1, "suites": [{"type": "doctest", "scored": True, '
        '"setup": "", "teardown": "", "cases": [{"code": ">>> 1 + 1\\n2"}]}]}\n'
    )
    with zipfile.ZipFile(out / "autograder.zip", "w") as archive:
        archive.write(out / "tests" / "ran.py", "tests/ran.py")
        archive.writestr("otter_config.json", json.dumps({"lang": "python"}))
        archive.writestr("files/nothing.txt", "")
        archive.writestr("requirements.txt", "")
        archive.writestr("run_otter.py", "")
    surroundings = _surroundings(data, PATH=f"{binaries}:{os.environ['PATH']}")
    program: list[str | Path] = [binaries / "python", "-m", "otter", "run"]
    options: list[str | Path] = ["-a", out / "autograder.zip", "-o", out, "--no-logo"]
    return total(
        [
            run([*program, path, *options], folder=out, environment=surroundings, log=out / "log")
            for path in sorted(folder.glob("*/*.ipynb"))
        ]
    )


def _require_success(path: Path) -> None:
    """Stop where a cell raised an error: what was timed would not be the work of the class."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for output in (one for cell in cells for one in cell.get("outputs", ()) if one["output_type"] == "error"):
        sys.exit(f"{path}: {output['ename']}: {output['evalue']}")


def _without_points(path: Path, copy: Path) -> None:
    """Copy a notebook without nbgrader's metadata: it is run, and no cell of it is replaced or gives points."""
    document = json.loads(path.read_text(encoding="utf-8"))
    for cell in document["cells"]:
        cell["metadata"].pop("nbgrader", None)
    copy.write_text(json.dumps(document), encoding="utf-8")


def _surroundings(data: Path | None, **more: str) -> Mapping[str, str]:
    """Return an environment in which Keras's own loaders find the data."""
    found = {}
    if data is not None:
        modules = data / "modules"
        modules.mkdir(exist_ok=True)
        (modules / "grader.py").write_text(_NO_GRADER)
        (modules / "sitecustomize.py").write_text(_OUR_DATA)
        found = {"KERAS_HOME": str(data), "PYTHONPATH": str(modules)}
    return os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "agg"} | found | more


def _environment(name: str) -> Path:
    binaries = ROOT / f".venv-{name}" / "bin"
    if not binaries.is_dir():
        sys.exit(f"{binaries} is not there: make benchmark-environments")
    return binaries
