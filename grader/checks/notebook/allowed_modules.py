"""`imports`: the code uses no module that the assignment forbids."""

from __future__ import annotations

from typing import Final

from grader.checks.core.check import Check, Needs, TrainingUse
from grader.checks.core.phrases import brief
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, failed, passed
from grader.domain.assignment import ImportPolicy, RubricItem
from grader.domain.cell_places import Places, line_title
from grader.domain.grade import Finding
from grader.domain.messages import Message, message
from grader.domain.submission import ImportedModule


def check_imports(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """Only the standard library and what `[imports]` of the assignment allows are imported.

    Decided by reading the code, whether the notebook ran or not; one finding per import.
    """
    policy = subject.import_policy
    if policy is None:
        return passed(message("This assignment has no rule for imports."))
    wrong = [(imported, names) for imported in subject.imports if (names := _forbidden(imported, policy))]
    if wrong:
        summary = message("Imports that this assignment does not allow: {count}.", count=len(wrong))
        return failed(summary, [_finding(imported, names, policy, subject.places) for imported, names in wrong])
    return passed(message("Everything that is imported is allowed."))


def _forbidden(imported: ImportedModule, policy: ImportPolicy) -> tuple[str, ...]:
    return tuple(name for name in imported.names if not policy.permits(name))


def _finding(imported: ImportedModule, names: tuple[str, ...], policy: ImportPolicy, places: Places) -> Finding:
    return Finding(
        where=line_title(imported.cell_index, imported.line, places),
        expected=_expected(policy),
        actual=message("This is imported: {names}.", names=brief(", ".join(f"`{name}`" for name in names))),
        why=message("What you learn here is in the part that such a library would do for you."),
        hint=message("Which operations of this module do you use? Write them with what is allowed."),
    )


def _expected(policy: ImportPolicy) -> Message:
    if policy.allow is None:
        forbidden = ", ".join(f"`{name}`" for name in policy.forbid)
        return message("No import of {modules}.", modules=forbidden)
    if not policy.allow:
        return message("The standard library of Python alone.")
    allowed = ", ".join(f"`{name}`" for name in policy.allow)
    return message("Besides the standard library of Python, these modules alone: {modules}.", modules=allowed)


CHECKS: Final = (
    Check("imports", check_imports, Needs(models=(), training=TrainingUse.NONE, layers=False, samples=False)),
)
