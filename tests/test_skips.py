"""Skipped tests are counted and named, and only those that somebody expected leave a strict run green."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from skips import CONDITIONS, ExpectedSkip, Skip, expected_skips, summary, unexpected

ROOT = Path(__file__).parent.parent

TABLE = (
    ExpectedSkip("tests/*", "no PostgreSQL", "anywhere", "a job of its own"),
    ExpectedSkip("tests/sandbox/*", "the headers", "nowhere", "never"),
)


def test_a_skip_is_expected_by_its_test_its_reason_and_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """All three must fit."""
    monkeypatch.setitem(CONDITIONS, "nowhere", lambda: False)  # type: ignore[arg-type]
    known = Skip("tests/gradebook/test_a.py::test_b", "no PostgreSQL: install it")
    other_reason = Skip("tests/gradebook/test_a.py::test_c", "no sandbox works here")
    other_machine = Skip("tests/sandbox/test_d.py::test_e", "the headers are not installed")
    assert unexpected([known, other_reason, other_machine], TABLE) == [other_reason, other_machine]


def test_every_skipped_test_is_named_under_its_reason() -> None:
    """With counts, the unexpected ones last."""
    found = [
        Skip("tests/a.py::b", "no PostgreSQL"),
        Skip("tests/a.py::c", "lazy"),
        Skip("tests/a.py::d", "no PostgreSQL"),
    ]
    assert list(summary(found, TABLE[:1])) == [
        "2 expected: no PostgreSQL",
        "    tests/a.py::b",
        "    tests/a.py::d",
        "1 NOT EXPECTED: lazy",
        "    tests/a.py::c",
        "skipped: 3, not expected: 1",
    ]


@pytest.mark.parametrize(("options", "status"), [([], 0), (["--strict-skips"], 1)])
def test_a_strict_run_fails_on_a_skip_that_nobody_expected(tmp_path: Path, options: list[str], status: int) -> None:
    """The real hooks, on a file of one skipped test and one that passes."""
    lines = [
        "import pytest",
        "def test_skipped():",
        "    pytest.skip('nobody knows why')",
        "def test_right():",
        "    pass",
    ]
    (tmp_path / "test_sample.py").write_text("\n".join(lines), "utf-8")
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text("utf-8"), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "test_sample.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT / "tests"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert (
        "1 NOT EXPECTED: nobody knows why\n    test_sample.py::test_skipped\nskipped: 1, not expected: 1" in done.stdout
    )


def test_every_row_of_the_table_can_be_asked() -> None:
    """Conditions exist, reasons are regular expressions, and each says why."""
    for row in expected_skips():
        assert row.where in CONDITIONS
        assert re.compile(row.reason)
        assert row.because


def test_no_test_waits_for_a_package_that_nobody_declares() -> None:
    """`importorskip` of a package that no extra brings would skip everywhere, for ever, without anybody noticing."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    declared = {re.split(r"[^\w.-]", one)[0].lower() for extra in extras.values() for one in extra}
    of_module = importlib.metadata.packages_distributions()
    asked = {module.split(".")[0] for file in (ROOT / "tests").rglob("*.py") for module in _asked(file)}
    assert asked, "nothing was found to look at"
    brought = {one: {name.lower().replace("_", "-") for name in of_module.get(one, [one])} for one in asked}
    assert {one for one in asked if not brought[one] & declared} == set()


def _asked(file: Path) -> list[str]:
    """Names of modules that a file hands to `importorskip`."""
    calls = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)]
    named = [call for call in calls if getattr(call.func, "attr", "") == "importorskip"]
    return [str(call.args[0].value) for call in named if isinstance(call.args[0], ast.Constant)]
