"""What people decide, joined with what the machine found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import review_samples as samples

from grader.authoring.assignment_catalogue import load_assignment
from grader.deciding import reasons_digest, waiting_items, with_decisions
from grader.domain.assignment import DuePolicy
from grader.domain.decision import Decision, DecisionKind
from grader.domain.grade import GradeStatus, Outcome
from grader.domain.questions import OpenAnswer, QuestionItem

STACKED = load_assignment("stacked")
NOON = datetime(2026, 12, 5, 12, 0, tzinfo=UTC)
QUESTION = QuestionItem("compression", 6.0, {"en": "Size"})
ASKED = replace(STACKED, questions=(QUESTION,))


def machine(pupil: samples.Pupil = samples.ZOE):
    return samples.graded(pupil, STACKED, "a" * 64)


def decision(kind: DecisionKind = DecisionKind.POINTS, **changes) -> Decision:
    values = {"sha256": "a" * 64} if kind.of_one_file else {}
    return Decision(kind, "stacked", changes.pop("student", "Zoé Ruiz"), "Ruiz", "válida", NOON, **values | changes)


def test_without_decisions_the_machines_grade_counts() -> None:
    """Nothing of it changes, whatever its outcome."""
    for pupil in (samples.ANA, samples.LUIS, samples.ZOE, samples.IVAN):
        assert with_decisions(machine(pupil), STACKED, []) == machine(pupil)


def test_a_grade_is_final_when_nothing_waits_any_more() -> None:
    """Two checks wait: after one decision one still does, after both none; the machine's values stay beside."""
    first = decision(item="reconstruction", points=30.0)
    half = with_decisions(machine(), STACKED, [first]).grade
    assert (half.status, [one.check for one in waiting_items(half)]) == (GradeStatus.NEEDS_REVIEW, ["composition"])
    whole = with_decisions(machine(), STACKED, [first, decision(item="composition", points=5.0)]).grade
    assert (whole.status, whole.points_awarded, whole.machine_points, whole.reasons) == (
        GradeStatus.FINAL,
        90.0,
        55.0,
        (),
    )
    decided = {one.check: one for one in whole.results}["reconstruction"]
    assert (decided.outcome, decided.machine_outcome, decided.machine_points) == (
        Outcome.PARTIAL,
        Outcome.UNGRADABLE,
        0.0,
    )


def test_the_latest_decision_counts_and_can_be_taken_back() -> None:
    """Earlier ones stay on record and count no more."""
    given = [decision(item="runs", points=points) for points in (1.0, 2.0)]
    assert (
        with_decisions(
            machine(samples.ANA), STACKED, [replace(one, student="Ana García") for one in given]
        ).grade.points_awarded
        == 97.0
    )
    back = replace(given[1], student="Ana García", withdrawn=True)
    assert with_decisions(machine(samples.ANA), STACKED, [replace(given[0], student="Ana García"), back]) == machine(
        samples.ANA
    )


@pytest.mark.parametrize("change", [{"student": "Eva"}, {"sha256": "b" * 64}])
def test_a_decision_counts_for_its_own_hand_in_alone(change: dict[str, str]) -> None:
    """Neither another student's nor another file of the same student."""
    other = decision(item="reconstruction", points=30.0, **change)
    assert with_decisions(machine(), STACKED, [other]) == machine()


def test_reasons_besides_the_checks_are_settled_by_accepting_them() -> None:
    """As long as they are the same reasons: another one that comes later waits again."""
    one = machine(samples.IVAN)
    accepted = decision(DecisionKind.ACCEPT, item=reasons_digest(one.grade), student=samples.IVAN.name)
    assert with_decisions(one, STACKED, [accepted]).grade.status is GradeStatus.FINAL
    worse = replace(one, grade=replace(one.grade, reasons=(*one.grade.reasons, samples.OUT_OF_MEMORY)))
    assert with_decisions(worse, STACKED, [accepted]).grade.status is GradeStatus.NEEDS_REVIEW


def test_a_total_counts_whatever_the_checks_add_up_to() -> None:
    """It settles the grade; the sum of the checks stays beside it."""
    grade = with_decisions(machine(), STACKED, [decision(DecisionKind.TOTAL, points=70.0)]).grade
    assert (grade.status, grade.points_awarded, grade.machine_points) == (GradeStatus.FINAL, 70.0, 55.0)


def test_open_questions_without_points_change_nothing_and_with_points_wait_for_a_person() -> None:
    """A specification without points behaves as before; with them the grade is final once they are given."""
    answers = (OpenAnswer("compression", "392"),)
    assert with_decisions(machine(samples.ANA), STACKED, [], answers).grade == machine(samples.ANA).grade
    waiting = with_decisions(machine(samples.ANA), ASKED, [], answers)
    assert (waiting.grade.status, waiting.grade.points_possible, waiting.answers) == (
        GradeStatus.NEEDS_REVIEW,
        106.0,
        answers,
    )
    given = decision(item="compression", points=4.5, student=samples.ANA.name)
    final = with_decisions(machine(samples.ANA), ASKED, [given], answers).grade
    assert (final.status, final.points_awarded, final.machine_points) == (GradeStatus.FINAL, 104.5, 100.0)


def test_an_extension_changes_what_lateness_costs_and_nothing_else() -> None:
    """Two days late cost 20 %; with three more days nothing is late."""
    due = replace(STACKED, due=DuePolicy(datetime(2026, 12, 2, tzinfo=UTC), late_percent_per_day=10.0))
    late = with_decisions(machine(samples.LUIS), due, [])
    assert late.grade.late is not None
    assert late.grade.late.percent == 20.0
    extended = decision(DecisionKind.EXTEND, student="Luis Ñáñez", until=due.due.date + timedelta(days=3))
    on_time = with_decisions(machine(samples.LUIS), due, [extended]).grade
    assert (on_time.late.points, on_time.points_counted) == (0.0, on_time.points_awarded)
    assert on_time.results == machine(samples.LUIS).grade.results


def test_an_excused_grade_counts_for_nothing_and_waits_for_nobody() -> None:
    """Whatever its checks say."""
    grade = with_decisions(machine(), STACKED, [decision(DecisionKind.EXCUSE)]).grade
    assert (grade.status, grade.reasons) == (GradeStatus.EXCUSED, ())


def test_decided_points_never_pass_what_the_rubric_gives_today() -> None:
    """A rubric may have lost points since the decision."""
    grade = with_decisions(
        machine(samples.ANA), STACKED, [decision(item="runs", points=50.0, student="Ana García")]
    ).grade
    assert grade.points_awarded == 100.0


@pytest.mark.parametrize(
    "wrong", [{"points": float("nan")}, {"points": float("inf")}, {"at": datetime(2026, 1, 1)}, {"author": " "}]
)
def test_a_decision_without_sense_cannot_be_made(wrong: dict[str, object]) -> None:
    """No NaN, no time without its zone, no nobody."""
    with pytest.raises(ValueError, match=r"decision|points decided"):
        replace(decision(item="runs"), **wrong)
