"""The same promises on a real PostgreSQL server."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from gradebook_samples import graded, observed, rich
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from grader.domain.graded import GradedSubmission
from grader.gradebook import Adjustment, Gradebook, GradebookError


@pytest.fixture
def assignment() -> str:
    """An assignment of this test alone, because nothing can be deleted from a server that others use too."""
    return f"stacked-{uuid.uuid4()}"


def under(assignment: str, one: GradedSubmission) -> GradedSubmission:
    """Move a grade to another assignment."""
    return replace(one, assignment=assignment)


def test_grades_and_adjustments_come_back_exactly(postgresql_url: str, assignment: str):
    """NUL, half surrogates and moments survive in PostgreSQL as in SQLite, across connections."""
    early, late = (under(assignment, graded(points=points)) for points in ((0.0, 2.5), (5.0, 2.5)))
    adjustment = Adjustment(assignment, "ana", 7.5, "Ruiz", "válida", datetime(2026, 3, 2, 12, 30, 0, 1, tzinfo=UTC))
    with Gradebook.open(postgresql_url) as gradebook:
        for one in (under(assignment, rich()), early, late):
            gradebook.add(one, context="c1")
        gradebook.adjust(adjustment)
    with Gradebook.open(postgresql_url) as gradebook:
        assert gradebook.latest(assignment) == [late, under(assignment, rich())]
        assert gradebook.adjustments(assignment) == [adjustment]
        assert gradebook.find(assignment=assignment, student="ana", sha256="a" * 64) == late
        assert gradebook.find(assignment=assignment, student="eva", sha256="a" * 64) is None


def test_observations_come_back_exactly(postgresql_url: str, assignment: str):
    """The latest under the same bytes and context, across connections."""
    with Gradebook.open(postgresql_url) as gradebook:
        for seconds in (1.0, 2.0):
            gradebook.add_observation(observed(seconds), sha256=assignment, context="c1")
    with Gradebook.open(postgresql_url) as gradebook:
        assert gradebook.find_observation(sha256=assignment, context="c1") == observed(2.0)
        assert gradebook.find_observation(sha256=assignment, context="c2") is None


@pytest.mark.parametrize("table", ["submission", "grading", "observation", "adjustment", "gradebook_schema"])
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_server_itself_refuses_to_change_a_row(postgresql_url: str, table: str, change: str):
    """No other client can overwrite a grade by accident."""
    column = "version" if table == "gradebook_schema" else "id"
    statement = text(change.format(table, column, column))
    refused = pytest.raises(DBAPIError, match="the gradebook is append-only")
    with Gradebook.open(postgresql_url) as gradebook, gradebook._engine.connect() as connection, refused:
        connection.execute(statement)


def test_two_batches_may_write_at_the_same_time(postgresql_url: str, assignment: str):
    """The same submission from two sides is one submission with all its gradings."""

    def batch(name: str) -> None:
        with Gradebook.open(postgresql_url) as gradebook:
            for number in range(10):
                gradebook.add(under(assignment, graded(f"{name}{number}")), context="c1")
                gradebook.add(under(assignment, graded("both")), context="c1")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(batch, "abcd"))
    with Gradebook.open(postgresql_url) as gradebook:
        names = [one.student for one in gradebook.latest(assignment)]
    assert names == sorted([*(f"{name}{number}" for name in "abcd" for number in range(10)), "both"])


def test_a_server_that_does_not_answer_is_told_without_the_password(tmp_path_factory: pytest.TempPathFactory):
    """The address is shown, its secret is not."""
    pytest.importorskip("psycopg")
    folder = tmp_path_factory.mktemp("none")
    with pytest.raises(GradebookError) as caught:
        Gradebook.open(f"postgresql://ana:secret@/grades?host={folder}")
    assert str(caught.value).startswith("The database postgresql+psycopg://ana:***@/grades?host=")
    assert "secret" not in str(caught.value)
    assert "Check that the server is running" in str(caught.value)
