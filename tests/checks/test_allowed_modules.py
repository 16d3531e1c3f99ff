"""`imports`: what an assignment allows, by reading the code."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.core.subject import Subject
from grader.checks.notebook.allowed_modules import check_imports
from grader.domain.assignment import ImportPolicy
from grader.domain.grade import Outcome
from grader.domain.measurement import Measurements
from grader.domain.submission import ImportedModule
from grader.locale import Translator

from . import builders
from .builders import item, subject

FROM_SCRATCH = ImportPolicy(allow=("numpy", "matplotlib", "keras.datasets"))
ENGLISH = Translator("en", strict=True)


def importing(policy: ImportPolicy | None, *imports: ImportedModule) -> Subject:
    """A submission with these imports under this policy."""
    return replace(subject(), imports=imports, import_policy=policy)


@pytest.mark.parametrize(
    ("policy", "module", "permitted"),
    [
        (FROM_SCRATCH, "numpy", True),
        (FROM_SCRATCH, "numpy.linalg", True),
        (FROM_SCRATCH, "numpyro", False),
        (FROM_SCRATCH, "keras.datasets", True),
        (FROM_SCRATCH, "keras.datasets.mnist", True),
        (FROM_SCRATCH, "keras", False),
        (FROM_SCRATCH, "keras.layers", False),
        (FROM_SCRATCH, "os.path", True),
        (FROM_SCRATCH, "IPython.display", True),
        (FROM_SCRATCH, "google.colab.files", True),
        (FROM_SCRATCH, "google.cloud", False),
        (FROM_SCRATCH, "grader", True),
        (ImportPolicy(forbid=("torch", "sklearn.decomposition")), "torch.nn", False),
        (ImportPolicy(forbid=("torch", "sklearn.decomposition")), "sklearn.decomposition", False),
        (ImportPolicy(forbid=("torch", "sklearn.decomposition")), "sklearn", True),
        (ImportPolicy(allow=()), "numpy", False),
        (ImportPolicy(allow=()), "json", True),
        (ImportPolicy(), "anything", True),
    ],
)
def test_a_name_covers_what_is_below_it(policy: ImportPolicy, module: str, permitted: bool) -> None:
    """Whole steps of a dotted name; Python's own modules and the notebook's always."""
    assert policy.permits(module) is permitted


def test_nothing_outside_the_policy_passes() -> None:
    """Also where a member is the module that is allowed."""
    allowed = (ImportedModule("numpy", 1, 1), ImportedModule("keras", 1, 2, ("datasets",)), ImportedModule("sys", 2, 1))
    verdict = check_imports(importing(FROM_SCRATCH, *allowed), item("imports"))
    assert (verdict.outcome, verdict.findings) == (Outcome.PASSED, ())


def test_every_forbidden_import_is_one_finding_with_cell_and_line() -> None:
    """Cells count from 1 as people count; allowed members of the same line are not reported."""
    wrong = (
        ImportedModule("numpy", 0, 1),
        ImportedModule("keras", 3, 2, ("datasets", "layers", "ops")),
        ImportedModule("torch.nn", 5, 7),
    )
    verdict = check_imports(importing(FROM_SCRATCH, *wrong), item("imports"))
    assert (verdict.outcome, verdict.share) == (Outcome.FAILED, 0.0)
    assert ENGLISH.text(verdict.message) == "Imports that this assignment does not allow: 2."
    assert [tuple(map(ENGLISH.text, (one.where, one.expected, one.actual))) for one in verdict.findings] == [
        (
            "Cell 4 of the notebook, line 2",
            "Besides the standard library of Python, these modules alone: `numpy`, `matplotlib`, `keras.datasets`.",
            "This is imported: `keras.layers`, `keras.ops`.",
        ),
        (
            "Cell 6 of the notebook, line 7",
            "Besides the standard library of Python, these modules alone: `numpy`, `matplotlib`, `keras.datasets`.",
            "This is imported: `torch.nn`.",
        ),
    ]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (ImportPolicy(forbid=("torch", "jax")), "No import of `torch`, `jax`."),
        (ImportPolicy(allow=()), "The standard library of Python alone."),
    ],
)
def test_what_is_asked_is_told(policy: ImportPolicy, expected: str) -> None:
    """In the words of the policy."""
    (finding,) = check_imports(importing(policy, ImportedModule("torch", 0, 1)), item("imports")).findings
    assert ENGLISH.text(finding.expected) == expected


def test_the_code_is_judged_whether_it_ran_or_not() -> None:
    """No model, no time: what is imported stands in the source."""
    stopped = Subject(
        builders.TIMED_OUT, Measurements(), builders.FACTS, (), (ImportedModule("torch", 0, 1),), FROM_SCRATCH
    )
    assert check_imports(stopped, item("imports")).outcome is Outcome.FAILED


def test_without_a_policy_everything_may_be_imported() -> None:
    """An assignment that has the check always has one; nobody loses points should it not."""
    assert check_imports(importing(None, ImportedModule("torch", 0, 1)), item("imports")).outcome is Outcome.PASSED
