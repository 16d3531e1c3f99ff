"""A methodical error that no measurement shows: the model was fitted on the test images alone.

It rests on a claim of the kernel (which images its trainings got). A false claim can only cost its author points, and
this loss waits for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grader.checks.check_registry import CHECKS
from grader.checks.core.parameters import TEST_IMAGES_COST
from grader.domain.assignment import RubricItem
from grader.domain.evidence import FitClaim
from grader.domain.grade import CheckResult, Finding, Outcome
from grader.domain.messages import Message, message


def judge_method(
    results: tuple[CheckResult, ...], rubric: Sequence[RubricItem], fits: Sequence[FitClaim]
) -> tuple[tuple[CheckResult, ...], Message | None]:
    """Subtract the cost of a training on test images only, and say why a person must look; else change nothing.

    Args:
        results: Results of all checks.
        rubric: Their items, in the same order.
        fits: Trainings that the kernel claims; the cost applies only if all of them got test images and nothing else.
    """
    if not fits or not all(fit.test_images_alone for fit in fits):
        return results, None
    for place, (result, item) in enumerate(zip(results, rubric, strict=True)):
        cost = min(TEST_IMAGES_COST.of(item), result.points_awarded) if _pays(item) else 0.0
        if cost > 0:
            return (*results[:place], _cheaper(result, cost), *results[place + 1 :]), _reason(cost)
    return results, None


def _pays(item: RubricItem) -> bool:
    check = CHECKS.get(item.check)
    return check is not None and TEST_IMAGES_COST in check.parameters


def _cheaper(result: CheckResult, cost: float) -> CheckResult:
    left = result.points_awarded - cost
    finding = Finding(
        where=message("Training"),
        expected=message("The model is trained on the training images, and judged by images that it has never seen."),
        actual=message("Every training that was seen was given images of the test part alone."),
        why=message(
            "Test images are there to show how a model does on what it has not seen. A model that was trained on them "
            "has seen them, and its test loss says nothing any more."
        ),
        hint=message("Look at what you hand to `fit`: which of the two parts of `load_data()` is it?"),
    )
    return replace(
        result,
        outcome=Outcome.PARTIAL if left > 0 else Outcome.FAILED,
        points_awarded=left,
        findings=(*result.findings, finding),
    )


def _reason(cost: float) -> Message:
    return message(
        "The model was trained on the test images alone, as the notebook's own trace tells: a finding of method, for "
        "which the rubric takes {points} points. Whether it does, a person decides.",
        points=f"{cost:g}",
    )
