"""Rubrics tested like code: every variant of a solution goes through the real chain, and its grade is judged.

Wrong variants must lose points, equivalent ones none. The solution itself comes first: what it does not earn on these
data, because the reference has no bound there, is asked of nobody.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from grader.domain.assignment import Assignment
from grader.domain.facts import ReferenceFacts
from grader.domain.grade import Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.submission import Submission
from grader.gradebook import Gradebook, sqlite_url
from grader.scale import Progress, grade_batch
from grader.session import SessionOptions, open_session
from grader.validation.drafts import Draft
from grader.validation.equivalents import EQUIVALENTS, SOLUTION
from grader.validation.family_mutants import FAMILIES
from grader.validation.graph_mutants import GRAPH
from grader.validation.lesson_mutants import LESSONS
from grader.validation.operators import Equivalent, Mutant, Operator, Training, shortened
from grader.validation.structure_mutants import STRUCTURE
from grader.validation.training_mutants import TRAINING
from grader.validation.verdicts import Fate, Judged, intended_checks, judge, survivors

MUTANTS: Final = (*STRUCTURE, *GRAPH, *TRAINING, *FAMILIES, *LESSONS)
"""Every way to be wrong."""

FAST: Final[Mapping[str, tuple[str, ...]]] = {
    "stacked": ("code-double", "skip-operator", "no-training", "everything"),
    "convolutional-upsampling": ("dense-in-convolution", "activations-by-ops"),
    "recurrent": ("fixed-length",),
    "from-scratch": ("forbidden-import",),
}
"""What `make test` runs: one assignment a family, a few steps of training."""

QUICK: Final = ("code-double", "skip-add", "no-training", "functional")
"""The fast part of an instructor's own assignment."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A notebook to grade.

    Attributes:
        operator: How it was made.
        notebook: Its JSON text.
        intended: Checks that must lose points.
    """

    operator: Operator
    notebook: str
    intended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """What is tested.

    Attributes:
        assignment: Its rubric is on trial.
        facts: Of its reference.
        solution: The solution notebook as JSON text.
    """

    assignment: Assignment
    facts: ReferenceFacts
    solution: str


def variants(work: Work, *, only: Collection[str] = (), fast: bool = False) -> tuple[Variant, ...]:
    """Make every variant of a solution that applies, the solution first.

    Args:
        work: What is tested.
        only: Names of operators; empty for all.
        fast: Train equivalents for two steps, too, and judge what these decide.
    """
    draft = Draft.of(work.solution, work.assignment, work.facts)
    chosen = [one for one in (SOLUTION, *MUTANTS, *EQUIVALENTS) if not only or one.name in only]
    if fast:
        chosen = [replace(one, training=Training.STEPS) if isinstance(one, Equivalent) else one for one in chosen]
    made = (_variant(operator, draft) for operator in chosen)
    return tuple(one for one in made if one is not None)


def try_rubric(
    work: Work,
    chosen: Sequence[Variant],
    options: SessionOptions,
    say: Callable[[Judged], None],
    *,
    keep: Path | None = None,
) -> list[Judged]:
    """Grade variants of a solution and judge what they got.

    Args:
        work: What is tested.
        chosen: From `variants`.
        options: How to grade.
        say: Told of each as it is done.
        keep: A gradebook file. What it holds of the same notebooks, rubric and version of the grader is not run again,
            so that hours of grading can be stopped and gone on with.

    Raises:
        SandboxUnavailableError: No sandbox works here and none was not asked for.
        MissingDataError: The full data was asked for and is not there.
        GradebookError: The file to keep grades in cannot be read or written.
    """
    with (
        tempfile.TemporaryDirectory(prefix="grader-variants-") as name,
        Gradebook.open(sqlite_url(keep or Path(name) / "gradebook.db")) as gradebook,
        open_session(work.assignment, work.facts, options) as session,
    ):
        known = survivors(work.assignment)
        undecided: set[str] = set()
        done: list[Judged] = []

        def grade(some: Sequence[Variant], jobs: int) -> None:
            variants_by_name = {one.operator.name: one for one in some}

            def judged(progress: Progress) -> None:
                graded = progress.graded
                if graded.student == SOLUTION.name:
                    undecided.update(one.check for one in graded.grade.results if one.outcome is Outcome.UNGRADABLE)
                done.append(_judged(variants_by_name[graded.student], graded, undecided, known))
                say(done[-1])

            with ThreadPoolExecutor(jobs) as executor:
                grade_batch(
                    [_submission(one, Path(name)) for one in some],
                    session.context,
                    executor=executor,
                    gradebook=gradebook,
                    settings_key=session.settings_key,
                    on_progress=judged,
                )

        grade([one for one in chosen if one.operator.name == SOLUTION.name], 1)
        others = [one for one in chosen if one.operator.name != SOLUTION.name]
        grade(sorted(others, key=_trains_long), options.notebooks_together())
    return done


def _trains_long(variant: Variant) -> bool:
    """Sort what is done in seconds before what trains to its end."""
    return variant.operator.training is Training.WHOLE


def _variant(operator: Operator, draft: Draft) -> Variant | None:
    intended = intended_checks(operator, draft.assignment) if isinstance(operator, Mutant) else ()
    if isinstance(operator, Mutant) and not intended and not operator.always:
        return None
    edited = operator.edit(draft)
    if edited is None or (edited == draft and operator.name != SOLUTION.name):
        return None
    short = shortened(edited) if operator.training is Training.STEPS else edited
    return Variant(operator, short.notebook(), intended)


def _submission(variant: Variant, folder: Path) -> Submission:
    path = folder / f"{variant.operator.name}.ipynb"
    content = variant.notebook.encode("utf-8")
    path.write_bytes(content)
    return Submission(variant.operator.name, path.name, path, hashlib.sha256(content).hexdigest(), len(content))


def _judged(variant: Variant, graded: GradedSubmission, undecided: Collection[str], known: Mapping[str, str]) -> Judged:
    name = variant.operator.name
    listed = known.get(name, "")
    fate, judged = judge(variant.operator, graded.grade, intended=variant.intended, undecided=undecided, listed=listed)
    if graded.fault:
        fate, listed = Fate.BROKEN, graded.fault.strip().splitlines()[-1]
    return Judged(
        assignment=graded.assignment,
        operator=variant.operator,
        fate=fate,
        outcomes={one.check: one.outcome for one in graded.grade.results},
        intended=variant.intended,
        judged=judged,
        reason=listed,
        seconds=graded.wall_seconds,
    )


def counts(done: Iterable[Judged]) -> Mapping[Fate, int]:
    """Count the variants by what became of them."""
    fates = [one.fate for one in done]
    return {fate: fates.count(fate) for fate in Fate if fate in fates}


def applying(done: Iterable[Judged]) -> tuple[set[str], set[str]]:
    """Return the kinds of wrong and of right that were tried."""
    tried = list(done)
    wrong = {one.operator.name for one in tried if isinstance(one.operator, Mutant)}
    return wrong, {one.operator.name for one in tried if isinstance(one.operator, Equivalent)}
