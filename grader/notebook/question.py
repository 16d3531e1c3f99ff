"""One call of `grader.check`: the checks that it asks for, and its answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from grader.checks.check_registry import CHECKS
from grader.checks.core.check import Needs
from grader.checks.core.phrases import ROLE_NAMES
from grader.checks.structure.shapes import IMAGE_SHAPE
from grader.domain.assignment import Assignment, RubricItem
from grader.domain.facts import ReferenceFacts
from grader.domain.measurement import Role
from grader.domain.messages import Message, message
from grader.notebook import nbgrader_points
from grader.notebook.cell_output import Feedback
from grader.notebook.complaints import NotebookCheckError
from grader.notebook.judging import JudgedModels, MeasuredBy, is_measurable
from grader.notebook.models_at_hand import Gathered

EVERYTHING: Final = "all"


@dataclass(frozen=True)
class Question:
    """One call, understood.

    Attributes:
        name: A role, the id of a check, or `all`.
        assignment: The assignment.
        facts: Of its reference.
        language: Of the answer.
    """

    name: str
    assignment: Assignment
    facts: ReferenceFacts
    language: str

    @cached_property
    def known_names(self) -> tuple[str, ...]:
        """Every name that a call may use."""
        return (*(role.value for role in Role), *(item.check for item in self.assignment.rubric), EVERYTHING)

    @property
    def measured_by(self) -> MeasuredBy:
        """The reference of the assignment."""
        return MeasuredBy(self.facts, self.assignment.reference_constants)

    @property
    def focus(self) -> Role | None:
        """The model that was asked about, None for a check or for everything."""
        return Role(self.name) if self.name in {role.value for role in Role} else None

    @property
    def in_numpy(self) -> bool:
        """Whether the assignment is a network without Keras, made of arrays instead of models."""
        return any(item.check == "arrays" for item in self.assignment.rubric)

    @property
    def of_all_models(self) -> bool:
        """Whether other models of the notebook, or its tables, are examined as well."""
        return any(_needs(item).other_models for item in self.asked)

    @property
    def image(self) -> tuple[int, ...]:
        """Shape of one sample."""
        stated = next((item for item in self.assignment.rubric if item.check == "shapes"), None)
        text = IMAGE_SHAPE.default if stated is None else IMAGE_SHAPE.of(stated)
        return tuple(int(length) for length in text.split("x"))

    @property
    def asked(self) -> tuple[RubricItem, ...]:
        """Items of the rubric that this call is about, as far as models decide them."""
        return tuple(item for item in self.assignment.rubric if _needs(item).models and self._is_asked(item))

    def judgeable(self, gathered: Gathered) -> tuple[RubricItem, ...]:
        """Return the items that can already be judged, in rubric order."""
        if self.focus is not None and self.focus not in gathered.there:
            return ()
        there = [item for item in self.asked if self._is_there(item, gathered)]
        return tuple(item for item in there if not self._waits_for_training(item, gathered))

    def answered(self, gathered: Gathered, examined: JudgedModels) -> Feedback:
        """Return the answer."""
        results = tuple(examined.results[item.check] for item in self.asked if item.check in examined.results)
        unjudged = [item for item in self.asked if item.check not in examined.results.keys() | examined.left]
        pending = (*self._reasons(gathered, examined, unjudged), *self._left_to_the_whole_notebook(examined.left))
        if self.assignment.has_material and self.name == EVERYTHING and not gathered.there and not results:
            from grader.authoring.tasks import tasks, where_to_begin  # renders a template: not for every check

            pending = (where_to_begin(tasks(self.assignment, self.language)),)
        return Feedback(
            asked=self.name,
            assignment=self.assignment,
            language=self.language,
            results=results,
            pending=pending,
            complete=not (unjudged or examined.left) or (self.focus is not None and not examined.problems),
            remark=_ON_IMAGES if self.facts.is_of_images else _ON_OTHER_DATA,
            points=self._points_for_nbgrader(examined),
        )

    def _points_for_nbgrader(self, examined: JudgedModels) -> float | None:
        """Return the points of the last cell, `grader.check("all")`, if nbgrader runs the notebook."""
        if self.name != EVERYTHING or not nbgrader_points.runs_the_notebook():
            return None
        measurable = is_measurable(self.facts.dataset)
        items = [item for item in self.asked if measurable or CHECKS[item.check].judges_parts]
        points = nbgrader_points.points(items, examined.results, self.assignment.points_possible)
        if points is None:  # said nothing, nbgrader would give all
            raise NotebookCheckError(_NOTHING_FOR_NBGRADER, self.language)
        return points

    def _is_asked(self, item: RubricItem) -> bool:
        if self.focus is not None:
            return not _needs(item).other_models
        return self.name in (EVERYTHING, item.check)

    def _is_there(self, item: RubricItem, gathered: Gathered) -> bool:
        """Leave out that other models are missing if the call asks about one model."""
        needs = _needs(item)
        return needs.partly_met_by(gathered.there) if self.focus is None else needs.met_by(gathered.there)

    def _waits_for_training(self, item: RubricItem, gathered: Gathered) -> bool:
        """Return a check asked for by its name even if the optimizer remembers no training."""
        return _needs(item).trained and not gathered.trained and self.name != item.check

    def _reasons(self, gathered: Gathered, examined: JudgedModels, unjudged: Sequence[RubricItem]) -> Iterator[Message]:
        """Say why checks could not be judged: what is missing, cannot be rebuilt, or is not trained."""
        lacking = {role for item in unjudged for role in _needs(item).missing(gathered.there)}
        if self.focus is not None and self.focus not in gathered.there:
            lacking = {self.focus}
        if self.in_numpy:
            lacking &= gathered.remarks.keys()
        for role in sorted(lacking, key=list(Role).index):
            yield gathered.remarks.get(role) or message("{model}: not made yet.", model=ROLE_NAMES[role])
        for problem in examined.problems:
            yield message("{model}: {problem}", model=problem.model, problem=problem.reason)
        if any(
            not _needs(item).missing(gathered.there) and self._waits_for_training(item, gathered) for item in unjudged
        ):
            yield message(
                "{model}: not trained yet, as far as its optimizer tells. {example} measures it all the same.",
                model=ROLE_NAMES[Role.AUTOENCODER],
                example='grader.check("reconstruction")',
            )
        if unjudged:
            yield message("Not judged yet: {checks}.", checks=self._titles(unjudged))

    def _left_to_the_whole_notebook(self, others: frozenset[str]) -> Iterator[Message]:
        """Name the checks that no model decides, if they were asked for, and these others."""
        left = [
            item
            for item in self.assignment.rubric
            if (not _needs(item).models or item.check in others) and self._is_asked(item)
        ]
        if left and self.focus is None:
            yield message(
                "Judged with the whole notebook alone, by {command} in a terminal and when it is graded: {checks}.",
                command=f"`grader check {self.assignment.assignment}.ipynb`",
                checks=self._titles(left),
            )

    def _titles(self, items: Sequence[RubricItem]) -> str:
        return "; ".join(item.title.get(self.language) or item.check for item in items)


def _needs(item: RubricItem) -> Needs:
    return CHECKS[item.check].needs


_NOTHING_FOR_NBGRADER: Final = message(
    "None of these checks could be judged in memory, so these points have to be given by hand, or with `grader grade`."
)
_ON_IMAGES: Final = message(
    "This is your own check, on public images. Images that stay hidden decide the points of the reconstruction."
)
_ON_OTHER_DATA: Final = message(
    "This is your own check. The points come from the notebook that you hand in, which is run and measured as a whole."
)
