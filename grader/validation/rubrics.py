"""Tests rubrics: every variant of a solution is graded by the real pipeline, and its grade is judged.

Wrong variants must lose points, equivalent ones none. The solution comes first: points that it does not earn on these
data, because the reference has no bound there, are not expected of any variant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from grader.domain.assignment import Assignment
from grader.domain.facts import ReferenceFacts
from grader.domain.folders import private_folder
from grader.domain.grade import Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.ports import AuditMode
from grader.domain.submission import Submission
from grader.execution import LocalPool
from grader.gradebook import Gradebook, sqlite_url
from grader.intake.notebook import read_notebook
from grader.scale import Results, grade_batch
from grader.session import Session, SessionOptions, open_session
from grader.validation.drafts import Draft
from grader.validation.mutants import MUTANTS as MUTANTS
from grader.validation.mutants.foreign_weights import MUTANTS as FOREIGN
from grader.validation.mutants.foreign_weights import Harvest, harvest
from grader.validation.operators import Equivalent, Mutant, Operator, TrainingLength, shortened
from grader.validation.pools import Pool, pools
from grader.validation.style_equivalents import ASPECTS, EQUIVALENTS, SOLUTION
from grader.validation.verdicts import JudgedVariant, VariantOutcome, intended_checks, judge, survivors

FAST: Final[Mapping[str, tuple[str, ...]]] = {
    "stacked": ("code-double", "skip-operator", "no-training", "everything"),
    "convolutional-upsampling": ("dense-in-convolution", "activations-by-ops"),
    "recurrent": ("fixed-length",),
    "from-scratch": ("forbidden-import",),
}
"""The set for `make test`: one assignment per family, a few training steps."""

QUICK: Final = ("code-double", "skip-add", "no-training", "functional")
"""The fast set for an instructor's own assignment."""


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
class RubricTest:
    """What is tested.

    Attributes:
        assignment: Its rubric is on trial.
        facts: Of its reference.
        solution: The solution notebook as JSON text.
    """

    assignment: Assignment
    facts: ReferenceFacts
    solution: str


def variants(
    work: RubricTest, *, only: Collection[str] = (), fast: bool = False, whole: bool = False
) -> tuple[Variant, ...]:
    """Make every variant of a solution that applies, the solution first.

    Args:
        work: What is tested.
        only: Names of operators; empty for all.
        fast: Train equivalents for two steps, too, and judge what these decide.
        whole: Train everything as long as the solution.
    """
    draft = Draft.of(work.solution, work.assignment, work.facts)
    known: tuple[Operator, ...] = (SOLUTION, *MUTANTS, *EQUIVALENTS)
    chosen = [one for one in known if not only or one.name in only]
    if fast:
        chosen = [replace(one, training=TrainingLength.STEPS) if isinstance(one, Equivalent) else one for one in chosen]
    if whole:
        chosen = [replace(one, training=TrainingLength.WHOLE) for one in chosen]
    made = (_variant(operator, draft) for operator in chosen)
    return tuple(one for one in made if one is not None)


def try_rubric(
    work: RubricTest,
    chosen: Sequence[Variant],
    options: SessionOptions,
    say: Callable[[JudgedVariant], None],
    *,
    keep: Path | None = None,
) -> list[JudgedVariant]:
    """Grade variants of a solution and judge the results.

    The solution comes first. Right answers that train for two steps are tried several in one notebook
    (`grader.validation.pools`); those of a notebook that loses points, each alone.

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
        private_folder() as name,
        Gradebook.open(sqlite_url(keep or Path(name) / "gradebook.db")) as gradebook,
        open_session(work.assignment, work.facts, options) as session,
    ):
        trial = _Trial(Path(name), gradebook, session, survivors(work.assignment), say)
        control = [one for one in chosen if one.operator.name == SOLUTION.name]
        trial.grade(control, 1)
        trial.undecided = {
            check for one in trial.done for check, outcome in one.outcomes.items() if outcome is Outcome.UNGRADABLE
        }
        jobs = options.notebooks_together()
        foreign = [one for one in chosen if one.operator in FOREIGN]
        if foreign:
            _try_foreign(work, foreign, options, trial)
        rewritten = [one for one in chosen if one not in control and _is_rewritten(one)]
        trial.grade(trial.rejected(_pooled(work, rewritten), jobs), jobs)
        others = [one for one in chosen if one not in (*control, *rewritten, *foreign)]
        trial.grade(sorted(others, key=_trains_long), jobs)
    return trial.done


def _try_foreign(work: RubricTest, foreign: Sequence[Variant], options: SessionOptions, trial: _Trial) -> None:
    """Grade those whose weights were learnt elsewhere, with the audit, like a class."""
    with open_session(work.assignment, work.facts, replace(options, audit=AuditMode.SUSPICIOUS)) as session:
        audited = replace(trial, session=session)
        path = trial.folder / "learnt"
        path.mkdir()
        solution = read_notebook(_submission(SOLUTION.name, work.solution, path))
        learnt: Harvest = harvest(session.context.sandbox, solution, session.context.assignment.limits, path)
        filled = [replace(one, notebook=learnt.filled(one.notebook)) for one in foreign]
        audited.grade(filled, options.notebooks_together())


@dataclass
class _Trial:
    """Grading of variants, one after the other.

    Attributes:
        folder: Where notebooks are written.
        gradebook: Keeps grades.
        session: Zones K and M.
        known: Reasons of listed survivors.
        say: Told of each verdict.
        undecided: Checks that even the solution has no verdict on.
        done: Verdicts so far.
    """

    folder: Path
    gradebook: Gradebook
    session: Session
    known: Mapping[str, str]
    say: Callable[[JudgedVariant], None]
    undecided: set[str] = field(default_factory=set)
    done: list[JudgedVariant] = field(default_factory=list)

    def grade(self, some: Sequence[Variant], jobs: int) -> None:
        """Grade variants and report the verdict of each."""
        by_name = {one.operator.name: one for one in some}

        def judged(graded: GradedSubmission) -> None:
            self._report(_judged(by_name[graded.student], graded, self.undecided, self.known))

        self._run([(one.operator.name, one.notebook) for one in some], jobs, judged)

    def rejected(self, some: Sequence[tuple[Pool, tuple[Variant, ...]]], jobs: int) -> list[Variant]:
        """Grade pools, report the verdict of each right answer in those without losses, and return all others."""
        by_name = {pool.name: members for pool, members in some}
        left: list[Variant] = []

        def judged(graded: GradedSubmission) -> None:
            members = by_name[graded.student]
            each = replace(graded, wall_seconds=round(graded.wall_seconds / len(members), 3))
            verdicts = [_judged(one, each, self.undecided, self.known) for one in members]
            if any(one.is_bad for one in verdicts):
                left.extend(members)
                return
            for one in verdicts:
                self._report(one)

        self._run([(pool.name, pool.draft.notebook()) for pool, _ in some], jobs, judged)
        return left

    def _report(self, one: JudgedVariant) -> None:
        self.done.append(one)
        self.say(one)

    def _run(self, some: Sequence[tuple[str, str]], jobs: int, then: Callable[[GradedSubmission], None]) -> None:
        with ThreadPoolExecutor(jobs) as threads:
            grade_batch(
                [_submission(name, notebook, self.folder) for name, notebook in some],
                self.session.context,
                executor=LocalPool(threads, self.session.context, jobs),
                gradebook=self.gradebook,
                settings_key=self.session.settings_key,
                watcher=Results(lambda progress: then(progress.graded)),
            )


def _is_rewritten(variant: Variant) -> bool:
    return any(one.name == variant.operator.name for aspect in ASPECTS for one in aspect)


def _pooled(work: RubricTest, some: Sequence[Variant]) -> list[tuple[Pool, tuple[Variant, ...]]]:
    draft = shortened(Draft.of(work.solution, work.assignment, work.facts))
    by_name = {one.operator.name: one for one in some}
    found = pools(draft, by_name)
    return [(pool, tuple(by_name[one.name] for one in pool.members)) for pool in found]


def _trains_long(variant: Variant) -> bool:
    """Sort variants: those done in seconds before those that train to their end."""
    return variant.operator.training is TrainingLength.WHOLE


def _variant(operator: Operator, draft: Draft) -> Variant | None:
    intended = intended_checks(operator, draft.assignment) if isinstance(operator, Mutant) else ()
    if isinstance(operator, Mutant) and not intended and not operator.always:
        return None
    edited = operator.edit(draft)
    if edited is None or (edited == draft and operator.name != SOLUTION.name):
        return None
    short = shortened(edited) if operator.training is TrainingLength.STEPS else edited
    return Variant(operator, short.notebook(), intended)


def _submission(name: str, notebook: str, folder: Path) -> Submission:
    path = folder / f"{name}.ipynb"
    content = notebook.encode("utf-8")
    path.write_bytes(content)
    return Submission(name, path.name, path, hashlib.sha256(content).hexdigest(), len(content))


def _judged(
    variant: Variant, graded: GradedSubmission, undecided: Collection[str], known: Mapping[str, str]
) -> JudgedVariant:
    name = variant.operator.name
    listed = known.get(name, "")
    fate, judged = judge(variant.operator, graded.grade, intended=variant.intended, undecided=undecided, listed=listed)
    if graded.fault:
        fate, listed = VariantOutcome.BROKEN, graded.fault.strip().splitlines()[-1]
    return JudgedVariant(
        assignment=graded.assignment,
        operator=variant.operator,
        fate=fate,
        outcomes={one.check: one.outcome for one in graded.grade.results},
        intended=variant.intended,
        judged=judged,
        reason=listed,
        seconds=graded.wall_seconds,
    )


def counts(done: Iterable[JudgedVariant]) -> Mapping[VariantOutcome, int]:
    """Count the variants by result."""
    fates = [one.fate for one in done]
    return {fate: fates.count(fate) for fate in VariantOutcome if fate in fates}


def applying(done: Iterable[JudgedVariant]) -> tuple[set[str], set[str]]:
    """Return the kinds of wrong and of right that were tried."""
    tried = list(done)
    wrong = {one.operator.name for one in tried if isinstance(one.operator, Mutant)}
    return wrong, {one.operator.name for one in tried if isinstance(one.operator, Equivalent)}
