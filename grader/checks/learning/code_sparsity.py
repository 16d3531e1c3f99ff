"""`sparsity`: few numbers of the code are active for one image, measured and not read from a coefficient."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from grader.checks.core.check import Check, Needs
from grader.checks.core.halves import AUTOENCODER, ENCODER
from grader.checks.core.statistic import Aspect, Explanation, judged_by_facts
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict
from grader.domain.assignment import RubricItem
from grader.domain.grade import Outcome
from grader.domain.measurement import Quantity, Role
from grader.domain.messages import message

TOO_MANY: Final = Explanation(
    message(
        "So many units have a part in each image as in the same network without any penalty: nothing makes the code "
        "describe an image with few of them."
    ),
    message(
        "How large is the penalty beside the mean squared error of an image? Is it on what the layer puts out, or on "
        "its weights? A coefficient such as 1e-14 regularises nothing."
    ),
)
_SPARSENESS: Final = Aspect(Quantity.SPARSENESS, Role.ENCODER, too_small=TOO_MANY)
_INFORMING: Final = (Quantity.CODE_ACTIVITY, Quantity.ACTIVE_SHARE)


def check_sparsity(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """Few units of the code affect a hidden image: as few as the reference's, judged by their effect on the image.

    No credit for the same network without a penalty. A sparser code than the reference's loses nothing here: its cost
    shows in the reconstruction. The magnitude of the code does not matter: scaling or shifting it changes nothing if
    the decoder undoes it. Mean activity and the share of units above 0.1 only inform.
    """
    verdict = judged_by_facts(
        subject, (_SPARSENESS,), nothing=message("We could not measure the code, because no encoder was found.")
    )
    known = subject.measurements.values
    if verdict.outcome is Outcome.UNGRADABLE or Quantity.SPARSENESS not in known:
        return verdict
    informing = tuple(known[name] for name in _INFORMING if name in known)
    return replace(verdict, measurements=(*verdict.measurements, *informing))


CHECKS: Final = (
    Check("sparsity", check_sparsity, Needs((AUTOENCODER | ENCODER,), trained=True, learnt=True, layers=False)),
)
