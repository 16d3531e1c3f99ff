"""`arrays`: a network without libraries consists of four arrays and the functions that use them."""

from __future__ import annotations

from typing import Final

from grader.checks.core.absence import why_incomplete
from grader.checks.core.check import Check, Needs
from grader.checks.core.halves import EVERY_MODEL
from grader.checks.core.phrases import notebook
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, failed, passed, ungradable
from grader.domain.architecture import shape_size
from grader.domain.assignment import RubricItem
from grader.domain.grade import Finding
from grader.domain.measurement import Role
from grader.domain.messages import Message, message


def check_arrays(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """Weights (784, K), biases (K,), weights (K, 784) and biases (784,) exist in the notebook, under any names.

    If the arrays exist but no function shows how they are used, a person looks.
    """
    found = subject.model(Role.AUTOENCODER)
    encoder = subject.model(Role.ENCODER)
    if found is not None and encoder is not None:
        code = shape_size(encoder.architecture.output_shape)
        return passed(message("Four arrays make a network with a code of {size} numbers.", size=code or 0))
    reason = why_incomplete(subject) or next((p.reason for p in subject.measurements.problems), None)
    if reason is not None:
        return ungradable(message("We cannot tell which arrays make the network. {reason}", reason=reason))
    return failed(message("The four arrays of the network were not found."), [_finding()])


def _finding() -> Finding:
    actual: Message = message("No four arrays of these shapes are there after the last cell.")
    return Finding(
        where=notebook(),
        expected=message("Arrays of the shapes (784, K), (K,), (K, 784) and (784,), global or in one object."),
        actual=actual,
        why=message("They are all that a network with one hidden layer has learnt."),
        hint=message("Print the shape of each of your arrays after training. Do any of them live inside a function?"),
    )


CHECKS: Final = (Check("arrays", check_arrays, Needs((EVERY_MODEL,), samples=False)),)
"""The loops of a network in NumPy are never ended early, so its training is always a full one."""
