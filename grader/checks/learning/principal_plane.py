"""`plane`: a linear autoencoder learns the plane of principal component analysis."""

from __future__ import annotations

from typing import Final

from grader.checks.core.check import Check, Needs
from grader.checks.core.statistic import Aspect, Explanation, judged_by_facts
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict
from grader.domain.assignment import RubricItem
from grader.domain.measurement import Quantity, Role
from grader.domain.messages import message

_ANGLE: Final = Aspect(
    Quantity.PLANE_ANGLE,
    Role.AUTOENCODER,
    too_large=Explanation(
        message(
            "For the squared error there is one best plane, that of the first two principal components: a linear "
            "autoencoder that has learnt has found it."
        ),
        message(
            "Does any layer have an activation? Had the loss stopped falling? Look at the learning rate and the epochs."
        ),
    ),
)


def check_plane(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """All outputs of the autoencoder lie in one plane, PCA's plane: judged by the largest principal angle between them.

    Planes are compared, never axes: any invertible mixture of the two numbers of a code is equally right. No credit for
    a random plane.
    """
    return judged_by_facts(subject, (_ANGLE,), nothing=message("The answers of the autoencoder do not span a plane."))


CHECKS: Final = (Check("plane", check_plane, Needs(trained=True, learnt=True, layers=False)),)
