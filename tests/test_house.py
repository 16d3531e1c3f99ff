"""The numbers of the house: sizes, documentation, the import contract, and words that do not belong into a project."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(path for package in ("grader", "reference") for path in (ROOT / package).rglob("*.py"))

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
"""Lines without the docstring."""
MOST_PARAMETERS = 6
"""Not counting `self` and `cls`; the options of a command are its parameters, so `cli/app*.py` are free."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = Function | ast.ClassDef


def tree(module: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(module.read_text(encoding="utf-8"))


def functions(module: Path) -> Iterator[Function]:
    """Every function of a module, methods and inner ones included."""
    yield from (node for node in ast.walk(tree(module)) if isinstance(node, Function))


def body_lines(function: Function) -> int:
    """Lines from `def` to the end, without the docstring."""
    first = function.body[0]
    has_docstring = ast.get_docstring(function, clean=False) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def parameters(function: Function) -> list[str]:
    """Names of all parameters but the receiver."""
    given = function.args
    names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return [name for name in names if name not in ("self", "cls")]


def public(node: ast.Module | ast.ClassDef, *, inside: str = "") -> Iterator[tuple[str, Documented]]:
    """Every public function and class with its dotted name; what is in a function is nobody else's business."""
    for child in node.body:
        if isinstance(child, Documented) and not child.name.startswith("_"):
            yield inside + child.name, child
            if isinstance(child, ast.ClassDef):
                yield from public(child, inside=f"{inside}{child.name}.")


def offences(rule: Callable[[Path], list[str]]) -> dict[str, list[str]]:
    """What every module has against a rule, by its path."""
    return {str(module.relative_to(ROOT)): found for module in MODULES if (found := rule(module))}


def test_modules_fit_into_a_head() -> None:
    """At most 400 lines, and every module says what it is for."""

    def rule(module: Path) -> list[str]:
        lines = len(module.read_text(encoding="utf-8").splitlines())
        found = [f"{lines} lines"] if lines > LONGEST_MODULE else []
        return found if ast.get_docstring(tree(module)) else [*found, "no docstring"]

    assert offences(rule) == {}


def test_functions_fit_on_a_screen() -> None:
    """At most 60 lines without their docstring."""
    assert offences(lambda module: [f.name for f in functions(module) if body_lines(f) > LONGEST_FUNCTION]) == {}


def test_functions_take_few_parameters() -> None:
    """At most six."""

    def rule(module: Path) -> list[str]:
        if module.match("grader/cli/app*.py"):
            return []
        return [function.name for function in functions(module) if len(parameters(function)) > MOST_PARAMETERS]

    assert offences(rule) == {}


def test_everything_public_is_documented() -> None:
    """Functions, classes and methods."""
    assert offences(lambda module: [name for name, n in public(tree(module)) if not ast.get_docstring(n)]) == {}


def test_no_module_is_a_drawer() -> None:
    """A name that says nothing collects everything."""
    drawers = {"utils", "util", "helpers", "common", "misc"}
    assert offences(lambda module: [module.stem] if module.stem in drawers else []) == {}


SHARED_MODULE_NAMES = {"__init__": "Python's own name for the module of a package."}
"""The only names that several modules of `grader` may have, each with the reason."""


def several_times(names: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Every name that stands in several places, with these places; given as (name, place)."""
    places: dict[str, list[str]] = {}
    for name, place in names:
        places.setdefault(name, []).append(place)
    return {name: found for name, found in places.items() if len(found) > 1}


def modules_of_grader() -> Iterator[tuple[Path, str]]:
    """Every module of `grader` with its path as people read it."""
    yield from ((module, place) for module in MODULES if (place := str(module.relative_to(ROOT))).startswith("grader/"))


def test_a_module_name_says_which_module_is_meant() -> None:
    """No two modules of `grader` share a name, wherever they lie; what may is listed with a reason and still there."""
    shared = several_times((module.stem, place) for module, place in modules_of_grader())
    assert {name: places for name, places in shared.items() if name not in SHARED_MODULE_NAMES} == {}
    assert set(SHARED_MODULE_NAMES) <= set(shared)
    assert all(SHARED_MODULE_NAMES.values())


def test_a_class_name_says_which_class_is_meant() -> None:
    """No two public classes of `grader` share a name; what a function keeps to itself is not public."""
    shared = several_times(
        (name.rpartition(".")[2], f"{place}: {name}")
        for module, place in modules_of_grader()
        for name, node in public(tree(module))
        if isinstance(node, ast.ClassDef)
    )
    assert shared == {}


def test_a_test_file_name_says_which_tests_are_meant() -> None:
    """No two test files share a name, since pytest reports them by it."""
    assert several_times((file.name, str(file)) for file in (ROOT / "tests").rglob("test_*.py")) == {}


def test_the_measures_above_can_fail() -> None:
    """They see what they look for."""
    (function,) = ast.parse('def f(self, a, *, b):\n    """Told.\n\n    More.\n    """\n    return a\n').body
    assert isinstance(function, ast.FunctionDef)
    assert (body_lines(function), parameters(function)) == (2, ["a", "b"])
    named = ast.parse("class A:\n  def b(self): pass\n  def _c(self): pass\nclass _D:\n  def e(self): pass\n")
    assert [name for name, _ in public(named)] == ["A", "A.b"]
    assert len(MODULES) > 100
    assert several_times([("a", "x"), ("b", "x"), ("a", "y")]) == {"a": ["x", "y"]}
    assert len(list(modules_of_grader())) > 100


def test_the_import_contract_is_kept() -> None:
    """Commands, batch, pipeline, stages, domain: imports run one way."""
    program = Path(sys.executable).parent / "lint-imports"
    if not program.exists():
        pytest.skip("import-linter is not installed: pip install -e '.[dev]'")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


# Words. Each is written in two parts here, so that this file does not hold it.

PACKAGE_INDEXES = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "anaconda" + ".org",
    "npm" + "js.com",
    "test.pypi" + ".org",
)
MACHINE_PATHS = ("/work" + "/", "/tmp" + "/lab", "/root" + "/", "/Users" + "/", "C:" + "\\Users")

_FORBIDDEN = re.compile(
    "|".join([*map(re.escape, PACKAGE_INDEXES), *(r"(?<![\w.])" + re.escape(path) for path in MACHINE_PATHS)])
)


def tracked_files() -> list[Path]:
    """Text files of the project, as git lists them, new ones included; all files where there is no git."""
    git = shutil.which("git")
    listed = None
    if git and (ROOT / ".git").exists():
        command = [git, "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed is None or listed.returncode != 0:
        return [path for path in ROOT.rglob("*") if path.is_file() and path.relative_to(ROOT).parts[0][0] != "."]
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def forbidden_words(text: str) -> list[str]:
    """Every forbidden word in a text."""
    return _FORBIDDEN.findall(text)


def test_no_file_names_a_package_index_or_a_path_of_one_machine() -> None:
    """What is true on the author's machine alone, or is the business of whoever installs."""
    found = {}
    for path in tracked_files():
        words = forbidden_words(path.read_bytes().decode("utf-8", errors="replace"))
        if words and path.suffix not in (".npz", ".mo", ".png", ".xz"):
            found[str(path.relative_to(ROOT))] = sorted(set(words))
    assert found == {}


@pytest.mark.parametrize("word", [*PACKAGE_INDEXES, *MACHINE_PATHS])
def test_forbidden_words_are_seen(word: str) -> None:
    """Wherever they stand; a part of another path is none."""
    assert forbidden_words(f"see {word}simple")
    assert forbidden_words("network/ or home/framework/ or a/root/b") == []


def test_arrays_are_written_as_every_accepted_numpy_writes_them() -> None:
    """Before 2.1, `savez` takes `allow_pickle` for one array more, and a notebook's trained weights are refused."""
    calls = [
        (module.relative_to(ROOT), call)
        for module in MODULES
        for call in ast.walk(tree(module))
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in {"savez", "savez_compressed"}
    ]
    assert calls, "nothing was found to look at"
    assert [module for module, call in calls if any(one.arg == "allow_pickle" for one in call.keywords)] == []
