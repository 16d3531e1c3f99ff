"""A graded run has no use for a student's own checks: they say nothing, note nothing and end no cell."""

from __future__ import annotations

from importlib.machinery import ModuleSpec
from types import ModuleType

from grader.probe import shims


def stub(requests: list[str]) -> ModuleType:
    """What `import grader` gives in the sandbox."""
    return shims._StubLoader(requests, {}, sandboxed=True).create_module(ModuleSpec("grader", None, is_package=True))


def test_checks_are_silent_where_a_notebook_is_graded() -> None:
    """No request in the report for each of them, and no output below the cell."""
    requests: list[str] = []
    grader = stub(requests)
    grader.use("stacked", language="es")
    answer = grader.check("encoder", object())
    assert (requests, answer._ipython_display_()) == ([], None)


def test_whatever_is_done_with_an_answer_is_harmless() -> None:
    """`passed` is asked for, asserted, printed."""
    answer = stub([]).check("all")
    assert answer.passed
    assert answer.results.anything() is answer
    assert str(answer)
