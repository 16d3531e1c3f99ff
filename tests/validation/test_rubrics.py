"""What becomes of variants: the verdict over grades, the list of survivors, and the fast part through the real chain."""

from __future__ import annotations

from pathlib import Path

import pytest
from sandbox_here import needs_sandbox
from typer.testing import CliRunner

from grader import execution
from grader.authoring.assignment_catalogue import assignment_ids, load_assignment
from grader.cli.app import app
from grader.cli.rubric_validation import sign
from grader.domain.datasets import DataSize
from grader.domain.grade import CheckResult, Grade, GradeStatus, Outcome
from grader.domain.messages import verbatim
from grader.session import SessionOptions
from grader.validation.operators import Equivalent, Mutant, TrainingLength
from grader.validation.rubrics import FAST, MUTANTS, applying, counts, try_rubric, variants
from grader.validation.style_equivalents import EQUIVALENTS
from grader.validation.verdicts import JudgedVariant, VariantOutcome, judge, survivors
from tests.validation.solutions import work

WRONG = Mutant("wrong", verbatim("wrong"), lambda draft: draft, ("layers", "mirror"), ("runs",))
TRAINED = Mutant("trained", verbatim("wrong"), lambda draft: draft, ("reconstruction",), (), TrainingLength.WHOLE)
RIGHT = Equivalent("right", verbatim("right"), lambda draft: draft)
P, F, U, S = Outcome.PASSED, Outcome.FAILED, Outcome.UNGRADABLE, Outcome.SKIPPED


def grade(**outcomes: Outcome) -> Grade:
    """A grade with these outcomes of checks, a point each."""
    results = tuple(
        CheckResult(check, outcome, 1.0 if outcome is P else 0.0, 1.0, verbatim(""))
        for check, outcome in outcomes.items()
    )
    return Grade(0.0, 1.0, GradeStatus.FINAL, results)


@pytest.mark.parametrize(
    ("outcomes", "fate"),
    [
        ({"layers": F, "mirror": F, "runs": P}, VariantOutcome.KILLED),
        ({"layers": F, "mirror": F, "runs": F}, VariantOutcome.KILLED),
        ({"layers": F, "mirror": P, "runs": P}, VariantOutcome.KILLED_FOR_ANOTHER),
        ({"layers": P, "mirror": P, "runs": F}, VariantOutcome.KILLED_FOR_ANOTHER),
        ({"layers": F, "mirror": F, "shapes": F}, VariantOutcome.KILLED_FOR_ANOTHER),
        ({"layers": P, "mirror": P, "runs": P}, VariantOutcome.SURVIVED),
        ({"layers": U, "mirror": P, "runs": P}, VariantOutcome.HELD),
        ({"layers": F, "mirror": F, "reconstruction": S}, VariantOutcome.KILLED),
    ],
)
def test_a_mutant_is_killed_by_all_that_must_kill_it_and_by_nothing_strange(
    outcomes: dict[str, Outcome], fate: VariantOutcome
) -> None:
    """What it may lose besides is named in advance; what is learnt may suffer from anything."""
    assert judge(WRONG, grade(**outcomes), intended=("layers", "mirror"))[0] is fate


def test_points_that_two_steps_of_training_could_not_earn_kill_nobody() -> None:
    """A mutant of the architecture that only fails to reconstruct has survived."""
    outcomes = {"layers": P, "mirror": P, "reconstruction": F}
    assert judge(WRONG, grade(**outcomes), intended=("layers", "mirror"))[0] is VariantOutcome.SURVIVED
    assert judge(TRAINED, grade(**outcomes), intended=("reconstruction",))[0] is VariantOutcome.KILLED


def test_of_what_is_learnt_one_number_is_enough() -> None:
    """A bad training shows in the plane or in the error; a wrong network in every check that looks at it."""
    meant = ("plane", "reconstruction")
    assert judge(TRAINED, grade(plane=F, reconstruction=P), intended=meant)[0] is VariantOutcome.KILLED
    assert judge(TRAINED, grade(plane=P, reconstruction=P), intended=meant)[0] is VariantOutcome.SURVIVED
    assert judge(TRAINED, grade(plane=P, layers=F), intended=meant)[0] is VariantOutcome.KILLED_FOR_ANOTHER


def test_a_listed_survivor_is_told_as_such_and_killed_all_the_same_where_it_is() -> None:
    """The list excuses; it does not decide."""
    assert (
        judge(TRAINED, grade(reconstruction=P), intended=("reconstruction",), listed="why")[0] is VariantOutcome.LISTED
    )
    assert (
        judge(TRAINED, grade(reconstruction=F), intended=("reconstruction",), listed="why")[0] is VariantOutcome.KILLED
    )


@pytest.mark.parametrize(
    ("outcomes", "fate"),
    [
        ({"layers": P, "runs": P}, VariantOutcome.ACCEPTED),
        ({"layers": P, "reconstruction": F}, VariantOutcome.ACCEPTED),
        ({"layers": F, "runs": P}, VariantOutcome.REJECTED),
        ({"layers": U, "runs": P}, VariantOutcome.HELD),
    ],
)
def test_an_equivalent_is_accepted_with_full_points_alone(outcomes: dict[str, Outcome], fate: VariantOutcome) -> None:
    """Partial points, or a person who has to look, are no full points."""
    assert judge(RIGHT, grade(**outcomes))[0] is fate


def test_what_the_solution_itself_cannot_earn_counts_for_nobody() -> None:
    """A reference without a bound on these data leaves a check to a person, whoever hands in."""
    fate, judged = judge(RIGHT, grade(layers=P, runs=U), undecided=["runs"])
    assert (fate, judged) == (VariantOutcome.ACCEPTED, frozenset({"layers"}))


def test_only_what_errs_makes_a_rubric_fail() -> None:
    """A wrong answer that waits for a person got no points; a right one should not have to wait."""
    bad = {
        (fate, operator.name)
        for fate in VariantOutcome
        for operator in (WRONG, RIGHT)
        if JudgedVariant("stacked", operator, fate, {}).is_bad
    }
    assert {fate for fate, name in bad if name == "wrong"} == {
        VariantOutcome.SURVIVED,
        VariantOutcome.REJECTED,
        VariantOutcome.BROKEN,
    }
    assert (VariantOutcome.HELD, "right") in bad


def test_the_matrix_shows_what_was_meant_beside_what_happened() -> None:
    """One sign for each of the ways in which a check can go."""
    outcomes = {"layers": F, "mirror": P, "runs": F, "shapes": P, "code_size": U, "reconstruction": F}
    judged = frozenset(outcomes) - {"reconstruction"}
    one = JudgedVariant("stacked", WRONG, VariantOutcome.KILLED_FOR_ANOTHER, outcomes, ("layers", "mirror"), judged)
    assert [sign(one, check) for check in outcomes] == ["●", "○", "+", "·", "?", ""]


def test_verdicts_are_counted_by_kind() -> None:
    """For the last lines of the command."""
    done = [
        JudgedVariant("a", WRONG, VariantOutcome.KILLED, {}),
        JudgedVariant("b", WRONG, VariantOutcome.KILLED, {}),
        JudgedVariant("a", RIGHT, VariantOutcome.ACCEPTED, {}),
    ]
    assert counts(done) == {VariantOutcome.KILLED: 2, VariantOutcome.ACCEPTED: 1}
    assert applying(done) == ({"wrong"}, {"right"})


def test_every_listed_survivor_is_a_mutant_with_a_reason() -> None:
    """A list of names that no longer exist would hide what it once excused."""
    known = {one.name for one in MUTANTS}
    for assignment in assignment_ids():
        listed = survivors(load_assignment(assignment))
        assert set(listed) <= known
        assert all(len(reason) > 20 for reason in listed.values())


def test_an_unknown_assignment_is_wrong_usage() -> None:
    """Exit status 2, with the nearest name; nothing is started."""
    ended = CliRunner().invoke(app, ["validate", "--rubrics", "stakced", "--lang", "en"])
    assert ended.exit_code == 2
    assert "stacked" in ended.output


def test_an_unknown_variant_is_wrong_usage() -> None:
    """As for assignments."""
    ended = CliRunner().invoke(app, ["validate", "--rubrics", "stacked", "--variant", "skip-ad", "--lang", "en"])
    assert ended.exit_code == 2
    assert "skip-add" in ended.output


QUICK = ("stacked", "from-scratch")


@needs_sandbox
@pytest.mark.parametrize(
    "assignment", [one if one in QUICK else pytest.param(one, marks=pytest.mark.slow) for one in FAST]
)
def test_the_fast_part_errs_nowhere(assignment: str) -> None:
    """A few variants of one assignment a family, through the real chain: killed for the reason meant, or accepted."""
    given = work(assignment)
    options = SessionOptions(data_size=DataSize.SAMPLE, written_for=DataSize.SAMPLE, jobs=2)
    done = try_rubric(given, variants(given, only=FAST[assignment], fast=True), options, lambda _: None)
    right = {one.name for one in EQUIVALENTS}
    assert {one.operator.name: one.fate for one in done} == {
        name: VariantOutcome.ACCEPTED if name in right else VariantOutcome.KILLED for name in FAST[assignment]
    }


@needs_sandbox
def test_what_was_kept_is_not_graded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time nothing runs, and the verdicts are those of the first."""
    given = work("from-scratch")
    options = SessionOptions(data_size=DataSize.SAMPLE, written_for=DataSize.SAMPLE, jobs=1)
    chosen = variants(given, only=["forbidden-import"])
    keep = tmp_path / "variants.db"
    first = try_rubric(given, chosen, options, lambda _: None, keep=keep)
    monkeypatch.setattr(execution, "observe_fast", lambda *_: pytest.fail("it was graded again"))
    assert try_rubric(given, chosen, options, lambda _: None, keep=keep) == first
    assert [one.fate for one in first] == [VariantOutcome.KILLED]


@pytest.mark.rubrics
@pytest.mark.parametrize("assignment", assignment_ids())
def test_a_rubric_errs_nowhere(assignment: str) -> None:
    """All variants; `make test-rubrics` prints the matrix of the same."""
    given = work(assignment)
    done = try_rubric(
        given, variants(given), SessionOptions(data_size=DataSize.SAMPLE, written_for=DataSize.SAMPLE), lambda _: None
    )
    assert [(one.operator.name, one.fate, one.outcomes) for one in done if one.is_bad] == []
