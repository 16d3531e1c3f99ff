"""`sparsity`: few numbers of the code are active for one image, measured and not read from a coefficient."""

from __future__ import annotations

from typing import Final

from grader.checks.statistic import Aspect, Side, judged_by_facts
from grader.checks.subject import Subject
from grader.checks.verdict import Verdict
from grader.domain.assignment import RubricItem
from grader.domain.measurement import Quantity, Role
from grader.domain.messages import message

_TOO_ACTIVE: Final = Side(
    message(
        "A code this active is that of the same network without any penalty: nothing makes it describe an image with "
        "few units."
    ),
    message(
        "How large is the penalty beside the mean squared error of an image? Is it on what the layer puts out, or on "
        "its weights? A coefficient such as 1e-14 regularises nothing."
    ),
)
_ASPECTS: Final = (
    Aspect(Quantity.CODE_ACTIVITY, message("Mean activity of the code"), Role.ENCODER, too_large=_TOO_ACTIVE, digits=3),
    Aspect(
        Quantity.ACTIVE_SHARE, message("Share of the units above 0.1"), Role.ENCODER, too_large=_TOO_ACTIVE, digits=3
    ),
)


def check_sparsity(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """Mean activity and share of active units of the code are as low as the reference's on hidden images.

    No credit like the same network without a penalty. A sparser code than the reference's loses nothing here: what it
    costs shows in the reconstruction.
    """
    return judged_by_facts(
        subject, _ASPECTS, nothing=message("We could not measure the code, because no encoder was found.")
    )
