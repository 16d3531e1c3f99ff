"""`stages`: a stack holds the trained weights of shallow autoencoders that were trained one after the other."""

from __future__ import annotations

from typing import Final

from grader.checks.core.absence import perhaps_more, why_unknown, without_autoencoder
from grader.checks.core.check import Check, Needs
from grader.checks.core.parameters import Parameter
from grader.checks.core.phrases import model, notebook
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, by_share, passed, ungradable
from grader.domain.assignment import RubricItem
from grader.domain.grade import Finding
from grader.domain.measurement import Quantity, Role
from grader.domain.messages import message

STAGES: Final = Parameter("stages", 2, message("shallow autoencoders that the stack must be made of"))


def check_stages(subject: Subject, item: RubricItem) -> Verdict:
    """The stack's weights are those of the required number of shallow autoencoders, and each has learnt its own data.

    A stage maps n numbers to n numbers; all arrays of the stack are those of its stages, the same objects or equal
    copies. Each must beat a constant on its data: images for the first, for the others the codes of the stage before.
    Stages that the stack does not hold, or that have not learnt, cost their share of the points.
    """
    absent = without_autoencoder(subject)
    if absent is not None:
        return absent
    held = subject.measurements.values.get(Quantity.STAGES_HELD)
    trained = subject.measurements.values.get(Quantity.STAGES_TRAINED)
    if held is None or trained is None:
        return ungradable(message("We could not measure the stages of the stack."))
    asked = round(STAGES.of(item))
    summary = message(
        "Shallow autoencoders in the stack: {held} of {asked}; those that have learnt their own data: {trained}.",
        held=round(held.value),
        asked=asked,
        trained=round(trained.value),
    )
    numbers = (held, trained)
    if min(held.value, trained.value) >= asked:
        return passed(summary, measurements=numbers)
    finding = _not_held(subject, asked) if held.value < asked else _not_trained(asked)
    unknown = why_unknown(subject)
    if unknown is not None:
        reason = perhaps_more(summary=summary, reason=unknown)
        return ungradable(reason, findings=[finding], measurements=numbers)
    return by_share(min(held.value, trained.value) / asked, summary, [finding], measurements=numbers)


def _not_held(subject: Subject, asked: int) -> Finding:
    return Finding(
        where=model(subject, Role.AUTOENCODER),
        expected=message(
            "A stack whose weights are those of {count} shallow autoencoders, and no others.", count=asked
        ),
        actual=message("It holds weights that are in none of the shallow autoencoders, or lacks some of theirs."),
        why=message(
            "A layer built anew has random weights, whatever its size: what the stages have learnt is not in it, and "
            "nothing warns."
        ),
        hint=message(
            "Are the layers in the stack the very objects that were trained, or new ones of the same size? Are both "
            "shallow autoencoders still there as models? If weights were copied: was that after the training?"
        ),
    )


def _not_trained(asked: int) -> Finding:
    return Finding(
        where=notebook(),
        expected=message("Each of the {count} shallow autoencoders gives its own data back.", count=asked),
        actual=message("At least one of them is no better on its own data than a constant answer."),
        why=message(
            "Greedy training means that every stage learns by itself, before the stack exists; the stack has only what "
            "the stages have learnt."
        ),
        hint=message(
            "Was each shallow autoencoder trained: the first on images, the second on the codes of the trained first? "
            "Was the stack trained as a whole afterwards, which changes the stages within it?"
        ),
    )


CHECKS: Final = (
    Check("stages", check_stages, Needs(trained=True, learnt=True, other_models=True), parameters=(STAGES,)),
)
