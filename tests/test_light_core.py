"""The light core: what a notebook needs for `grader.check` is in Colab already, and nothing there is replaced."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from grader.cli.extras import BROUGHT_BY, extra_of

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CORE = [Requirement(text) for text in PROJECT["dependencies"]]
EXTRAS = {name: [Requirement(text) for text in texts] for name, texts in PROJECT["optional-dependencies"].items()}

PINS = {
    canonicalize_name(name): version
    for name, version in (
        line.split("==")
        for line in (ROOT / "tests" / "colab_pins.txt").read_text("utf-8").splitlines()
        if line[0] != "#"
    )
}
COLAB = {
    "python_version": "3.13",
    "python_full_version": "3.13.7",
    "sys_platform": "linux",
    "platform_machine": "x86_64",
}

HEAVY = (
    "babel", "dask", "fastapi", "ipykernel", "jupyter_client", "jupytext", "libcst", "matplotlib", "nbclient", "nbformat",
    "pandas", "psutil", "rich", "scipy", "sklearn", "sqlalchemy", "typer", "uvicorn", "yaml", "zmq",
)  # fmt: skip
"""What a check in a notebook must do without, Colab's own included: each costs time or may be another version."""


def name_of(requirement: Requirement) -> str:
    return canonicalize_name(requirement.name)


# What an installation does


@pytest.mark.parametrize("requirement", CORE, ids=str)
def test_colabs_own_version_is_good_enough(requirement: Requirement) -> None:
    """So pip changes none: what is installed and within the bounds stays, with all that it needs itself."""
    assert requirement.specifier.contains(PINS[name_of(requirement)])


def test_the_core_pulls_in_nothing_that_colab_lacks() -> None:
    """The requirements of its requirements, as the installed versions state them, are all in Colab, within the bounds."""
    seen: set[str] = set()
    waiting = list(CORE)
    while waiting:
        requirement = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({**COLAB, "extra": ""}):
            continue
        assert name_of(requirement) in PINS, f"{requirement} is not in Colab"
        if name_of(requirement) not in seen:
            seen.add(name_of(requirement))
            waiting += [Requirement(text) for text in requires(requirement.name) or ()]
    assert len(seen) < 25


def test_the_core_names_no_keras_and_no_kernel() -> None:
    """A pin of ours would replace Colab's; `ipykernel` of the extra `grade` is newer than what runs the notebook there."""
    assert {name_of(one) for one in CORE}.isdisjoint({"keras", "tensorflow", "tensorflow-cpu", "ipykernel", "ipython"})
    (kernel,) = [one for one in EXTRAS["grade"] if one.name == "ipykernel"]
    assert not kernel.specifier.contains(PINS["ipykernel"])  # why the core must not hold it


# Imports, and what is said where one fails


def third_party_imports() -> dict[str, set[str]]:
    """Modules that the package imports and that are neither Python's nor its own, with the files that do."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "grader").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for root in {name.partition(".")[0] for name in names}:
                if root not in sys.stdlib_module_names and root not in ("grader", "reference"):
                    found.setdefault(root, set()).add(str(path.relative_to(ROOT)))
    return found


def test_every_import_is_of_the_core_or_names_its_extra() -> None:
    """So that a command that lacks one can say what to install."""
    distributions = packages_distributions()
    core = {name_of(one) for one in CORE}
    unknown = {}
    for root, files in third_party_imports().items():
        extra = extra_of(root)
        brought = {name_of(one) for one in EXTRAS[extra]} if extra else core
        own = {canonicalize_name(name) for name in distributions.get(root, [root])}
        indirect = {"zmq", "traitlets", "starlette", "pydantic_core", "click", "dask"}
        if root not in indirect and own.isdisjoint(brought) and root not in ("probe", "IPython"):
            unknown[root] = sorted(files)
    assert unknown == {}


@pytest.mark.parametrize("extra", BROUGHT_BY)
def test_the_extras_that_are_named_exist(extra: str) -> None:
    """In `pyproject.toml`, with the packages whose modules the table lists."""
    distributions = packages_distributions()
    asked = {name_of(one) for one in EXTRAS[extra]}
    modules = {module for module in BROUGHT_BY[extra] if module in distributions}
    named = {canonicalize_name(name) for module in modules for name in distributions[module]}
    assert not modules or asked & named


_FORBIDDING = """
import sys
class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in FORBIDDEN:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Forbidden())
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in FORBIDDEN else find(name, package)
"""


def python(program: str, *arguments: str, forbidden: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run a program in which these modules cannot be imported."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "LANG": "en_US.UTF-8", "LC_ALL": ""}
    return subprocess.run(
        [sys.executable, "-c", f"FORBIDDEN = {forbidden!r}\n{_FORBIDDING}\n{program}", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=300,
    )


_CHECKING = """
import types, importlib.machinery
before = set(sys.modules)
import grader
grader.use("stacked", language="en")
own = {name.partition(".")[0] for name in set(sys.modules) - before}
assert not own & {"keras", "tensorflow"}, "import grader starts no TensorFlow"
sys.meta_path.pop(0)  # Keras itself may have what it likes
import keras
sys.meta_path.insert(0, Forbidden())
known = set(sys.modules)
from keras import layers
encoder = keras.Sequential(
    [keras.Input((28, 28)), layers.Flatten(), layers.Dense(100, "selu"), layers.Dense(30, "selu")]
)
answer = grader.check("encoder", encoder)
answer._repr_html_()
rendering = {"grader.authoring.templates", "grader.authoring.secure_download"} & set(sys.modules)
assert not rendering, "a check renders no template and downloads nothing"
new = {name.partition(".")[0] for name in set(sys.modules) - known}
print("met", answer.passed, sorted(new & set(FORBIDDEN)))
"""


def test_a_check_in_a_notebook_needs_no_heavy_package() -> None:
    """Neither a kernel's packages nor SQLAlchemy nor libcst nor what draws: importing them is made an error."""
    done = python(_CHECKING, forbidden=HEAVY)
    assert (done.returncode, done.stdout) == (0, "met True []\n"), done.stderr


@pytest.mark.parametrize(
    ("arguments", "missing", "extra", "word"),
    [
        (["generate", "stacked", "--out", "x", "--lang", "en"], "jupytext", "grade", "installed"),
        (["grade", "x", "--assignment", "stacked", "--out", "x", "--lang", "es"], "sqlalchemy", "grade", "instalado"),
        (["check", "x.ipynb", "--lang", "es"], "nbclient", "grade", "instalado"),
        (["inspect", "x.ipynb", "--lang", "en"], "psutil", "grade", "installed"),
        (["demo", "--lang", "en"], "libcst", "grade", "installed"),
        (["calibrate", "--lang", "es"], "tensorflow", "cpu", "instalado"),
    ],
)
def test_a_command_without_its_extra_says_which_one(
    arguments: list[str], missing: str, extra: str, word: str, tmp_path: Path
) -> None:
    """One sentence in the user's language with the command that installs it; status 2, no traceback."""
    start = f"import os; os.chdir({str(tmp_path)!r}); from grader.cli import main; sys.argv[0] = 'grader'; main()"
    done = python(start, *arguments, forbidden=(missing,))
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert f"pip install 'autoencoder-grader[{extra}]'" in done.stderr
    assert word in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_core_alone_lists_and_says_what_is_missing() -> None:
    """`list` and `doctor` run without any extra; the doctor's status is 1, for nothing can be graded."""
    start = "from grader.cli import main; sys.argv[0] = 'grader'; main()"
    all_extras = tuple(module for modules in BROUGHT_BY.values() for module in modules)
    listed = python(start, "list", "--lang", "en", forbidden=all_extras)
    assert (listed.returncode, "stacked" in listed.stdout) == (0, True), listed.stderr
    examined = python(start, "doctor", "--lang", "en", forbidden=all_extras)
    assert (examined.returncode, examined.stderr) == (1, "")
    assert "autoencoder-grader[grade]" in examined.stdout.replace("\n", "").replace(" ", "").replace("pipinstall", "")
