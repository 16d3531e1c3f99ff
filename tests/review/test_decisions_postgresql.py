"""Decisions, answers and the derived tables behave alike in SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import review_samples as samples
from postgresql_server import postgresql_url as postgresql_url
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from grader.authoring.assignment_catalogue import load_assignment
from grader.deciding import with_decisions
from grader.domain.decision import Decision, DecisionKind
from grader.domain.questions import OpenAnswer
from grader.gradebook import Adjustment, Decisions, Gradebook, sqlite_url
from grader.gradebook.standing_queries import HandInFilter, Order, StandingQueries
from grader.gradebook.standing_updates import StandingTables, StoredStanding

STACKED = load_assignment("stacked")
NOON = datetime(2026, 12, 5, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def gradebook(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gradebook]:
    """An open gradebook in either database."""
    is_sqlite = request.param == "sqlite"
    url = sqlite_url(tmp_path / "gradebook.sqlite") if is_sqlite else request.getfixturevalue("postgresql_url")
    with Gradebook.open(url) as opened:
        yield opened


@pytest.fixture
def assignment() -> str:
    """An assignment of this test alone, because nothing can be deleted from a server."""
    return f"stacked-{uuid.uuid4()}"


def test_decisions_and_answers_come_back_exactly(gradebook: Gradebook, assignment: str) -> None:
    """In order, with their moments, totals of an earlier version first; answers once a file."""
    decisions = Decisions(gradebook)
    points = Decision(DecisionKind.POINTS, assignment, "Ñ", "Ruiz", "¿por qué?", NOON, "a" * 64, "runs", 2.5)
    extension = Decision(DecisionKind.EXTEND, assignment, "Ñ", "Ruiz", "ill", NOON, until=NOON)
    decisions.add([points, extension])
    decisions.add([replace(extension, until=None, withdrawn=True)])
    gradebook.adjust(Adjustment(assignment, "Eva", 7.0, "Ruiz", "válida", NOON))
    assert decisions.of(assignment, "Ñ") == [points, extension, replace(extension, until=None, withdrawn=True)]
    assert decisions.of(assignment)[0].kind is DecisionKind.TOTAL
    assert decisions.of("another") == []
    decisions.keep_answers(assignment, "a" * 64, [OpenAnswer("q1", "uno\u0000"), OpenAnswer("q2", "")])
    decisions.keep_answers(assignment, "a" * 64, [OpenAnswer("q1", "dos")])
    assert decisions.answers(assignment) == {"a" * 64: {"q1": "uno\N{REPLACEMENT CHARACTER}", "q2": ""}}


@pytest.mark.parametrize("table", ["decision", "open_answer"])
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_database_itself_refuses_to_change_a_decision(
    gradebook: Gradebook, assignment: str, table: str, change: str
) -> None:
    """No other client can overwrite one by accident."""
    decisions = Decisions(gradebook)
    decisions.add([Decision(DecisionKind.EXCUSE, assignment, "Ñ", "Ruiz", "ill", NOON)])
    decisions.keep_answers(assignment, "a" * 64, [OpenAnswer("q1", "uno")])
    refused = pytest.raises(DBAPIError, match="append-only")
    with gradebook._engine.connect() as connection, refused:
        connection.execute(text(change.format(table)))


def test_a_gradebook_of_an_earlier_version_gets_the_tables_and_keeps_its_grades(tmp_path: Path) -> None:
    """Opened twice, by two programs, it is the same one."""
    url = sqlite_url(tmp_path / "gradebook.sqlite")
    one = samples.graded(samples.ANA, STACKED, "a" * 64)
    with Gradebook.open(url) as earlier:
        earlier.add(one, context="c")
    for _ in range(2):
        with Gradebook.open(url) as later:
            assert Decisions(later).of("stacked") == []
            assert later.latest("stacked") == [one]


def test_lists_follow_grades_and_decisions(gradebook: Gradebook, assignment: str) -> None:
    """What is out of date is known and made anew; sorting, searching and counting agree in both databases."""
    rubric = replace(STACKED, assignment=assignment)
    decisions, standings, queries = Decisions(gradebook), StandingTables(gradebook), StandingQueries(gradebook)

    def refresh() -> int:
        stale = standings.stale(assignment, "r1")
        found = gradebook.gradings([one.grading_id for one in stale])
        made = (with_decisions(found[one.grading_id], rubric, decisions.of(assignment)) for one in stale)
        standings.keep(
            StoredStanding(one, graded, graded.grade.points_counted, "r1")
            for one, graded in zip(stale, made, strict=True)
        )
        return len(stale)

    pupils = (samples.ANA, samples.LUIS, samples.ZOE, samples.IVAN)
    for number, pupil in enumerate(pupils):
        gradebook.add(samples.graded(pupil, rubric, str(number) * 64), context="c")
    assert (refresh(), refresh()) == (4, 0)
    everybody = HandInFilter(assignment)
    assert [row.student for row in queries.rows(everybody)] == ["Ana García", "Iván Peña", "Luis Ñáñez", "Zoé Ruiz"]
    by_grade = HandInFilter(assignment, order=Order.GRADE)
    assert [row.student for row in queries.rows(by_grade)] == ["Zoé Ruiz", "Luis Ñáñez", "Ana García", "Iván Peña"]
    assert [row.student for row in queries.rows(HandInFilter(assignment, search="NANEZ"))] == ["Luis Ñáñez"]
    assert [row.student for row in queries.rows(HandInFilter(assignment, failed="code_size"))] == ["Luis Ñáñez"]
    assert queries.count(HandInFilter(assignment, status="NEEDS_REVIEW")) == 2
    (count,) = [one for one in queries.counts() if one.assignment == assignment]
    assert (count.hand_ins, count.final, count.waiting, count.mean) == (4, 2, 2, 85.0)
    numbers = queries.statistics(assignment)
    assert numbers.grades == ((70.0, 1), (100.0, 1))
    assert [(one.item, one.met, one.waiting) for one in numbers.checks][-1] == ("reconstruction", 2, 1)
    assert [(one.item, one.hand_ins) for one in numbers.findings] == [("code_size", 1), ("reconstruction", 1)]
    decisions.add(
        [Decision(DecisionKind.POINTS, assignment, "Luis Ñáñez", "Ruiz", "ok", NOON, "1" * 64, "code_size", 10.0)]
    )
    assert refresh() == 1
    (luis,) = queries.of_student("Luis Ñáñez") if gradebook._engine.dialect.name == "sqlite" else [
        row for row in queries.of_student("Luis Ñáñez") if row.assignment == assignment
    ]  # fmt: skip
    assert (luis.points_counted, luis.points_machine, luis.decided) == (80.0, 70.0, True)
    assert [row.outcome for row in queries.checks_of([luis.submission_id])[luis.submission_id]].count("PASSED") == 8
