"""Gradebooks of earlier versions are brought up to date when they are opened, in SQLite and on a real PostgreSQL.

`earlier/version1.sql`, `version2_bare.sql` and `version2.sql` are what the grader of 2025-11 and that of 2026-11-30
wrote, as SQL; the bare one was never decided about. `version2.postgresql.sql` is the same from `pg_dump --inserts`.
"""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from gradebook_samples import graded, observed
from sqlalchemy import create_engine, make_url, select, text

from grader.domain.decision import Decision, DecisionKind
from grader.domain.evidence import RelatedClaims
from grader.domain.questions import OpenAnswer
from grader.gradebook import Adjustment, Decisions, Gradebook, sqlite_url
from grader.gradebook.decisions import DecisionBase
from grader.gradebook.migrations import VERSION_TABLE, newest_version
from grader.gradebook.standing_tables import StandingBase
from grader.gradebook.tables import SCHEMA_VERSION, Base, SchemaRow

EARLIER = Path(__file__).parent / "earlier"
ADJUSTED = Adjustment("stacked", "ana", 7.5, "Ruiz", "válida", datetime(2026, 3, 2, 12, 30, tzinfo=UTC))
DECIDED = Decision(
    DecisionKind.POINTS, "stacked", "eva", "Ruiz", "bien", datetime(2026, 3, 3, tzinfo=UTC), "a" * 64, "reconstruction", 4.0
)  # fmt: skip
RECORDS = (
    "gradebook_schema",
    "submission",
    "grading",
    "observation",
    "adjustment",
    "decision",
    "open_answer",
    "deletion",
)


def written(name: str, folder: Path) -> str:
    """The address of a SQLite gradebook as an earlier grader wrote it."""
    path = folder / "gradebook.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript((EARLIER / f"{name}.sql").read_text("utf-8"))
        connection.execute("PRAGMA journal_mode = WAL")
    return sqlite_url(path)


@pytest.fixture
def postgresql_of_version_2(empty_postgresql: str) -> str:
    """The address of a PostgreSQL gradebook as the grader of 2026-11-30 wrote it."""
    engine = create_engine(make_url(empty_postgresql).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.exec_driver_sql((EARLIER / "version2.postgresql.sql").read_text("utf-8"))
    engine.dispose()
    return empty_postgresql


def versions(gradebook: Gradebook) -> list[int]:
    """Every version that the tables have had."""
    with gradebook.transaction() as session:
        return list(session.scalars(select(SchemaRow.version).order_by(SchemaRow.version)))


def differences(gradebook: Gradebook) -> list[object]:
    """What Alembic would change to make the tables those of the models."""
    with gradebook._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        tables = [Base.metadata, DecisionBase.metadata, StandingBase.metadata]
        return list(compare_metadata(context, tables))  # type: ignore[arg-type]


def require_everything(url: str) -> None:
    """Grades, observation, adjustment, decision and answer of version 2 are all there, and every table is guarded."""
    with Gradebook.open(url) as gradebook:
        assert gradebook.latest("stacked") == [graded(), graded("eva")]
        assert gradebook.adjustments("stacked") == [ADJUSTED]
        today = observed(1.0)
        reported = RelatedClaims(trained=True)  # what that notebook claimed stood among the measurements then
        stored = replace(today, measurements=replace(today.measurements, claims=reported))
        assert gradebook.find_observation(sha256="a" * 64, context="c1") == stored
        decisions = Decisions(gradebook)
        assert decisions.of("stacked", "eva") == [DECIDED]
        assert decisions.answers("stacked") == {"a" * 64: {"compression": "Con 2 números."}}
        decisions.add([DECIDED])
        decisions.keep_answers("stacked", "b" * 64, [OpenAnswer("compression", "x")])
        assert differences(gradebook) == []


@pytest.mark.parametrize("name", ["version1", "version2_bare", "version2"])
def test_an_earlier_gradebook_is_brought_up_to_date_and_loses_nothing(name: str, tmp_path: Path) -> None:
    """Its grades are there, its tables are today's, and opening it again changes nothing."""
    url = written(name, tmp_path)
    for _ in range(2):
        with Gradebook.open(url) as gradebook:
            assert [(one.student, one.grade.points_awarded) for one in gradebook.latest("stacked")] == [
                ("ana", 7.5), ("eva", 7.5),
            ]  # fmt: skip
            assert gradebook.adjustments("stacked") == [ADJUSTED]
            assert versions(gradebook)[-1] == SCHEMA_VERSION
            assert differences(gradebook) == []
    if name == "version2":
        require_everything(url)


@pytest.mark.parametrize("name", ["version1", "version2_bare", "version2"])
@pytest.mark.parametrize("table", RECORDS)
def test_every_table_of_the_record_refuses_changes_afterwards(name: str, table: str, tmp_path: Path) -> None:
    """Whether a step made it, or an earlier grader did."""
    url = written(name, tmp_path)
    with Gradebook.open(url):
        pass
    with contextlib.closing(sqlite3.connect(tmp_path / "gradebook.sqlite")) as connection:
        triggers = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    assert {f"{table}_refuses_update", f"{table}_refuses_delete"} <= triggers


def test_a_postgresql_gradebook_is_brought_up_to_date(postgresql_of_version_2: str) -> None:
    """As the same one in SQLite."""
    require_everything(postgresql_of_version_2)
    with Gradebook.open(postgresql_of_version_2) as gradebook:
        assert versions(gradebook) == [2, 3, 4]


def test_new_tables_are_those_of_the_models(tmp_path: Path, empty_postgresql: str) -> None:
    """The steps together make what the code expects, in both databases."""
    for url in (sqlite_url(tmp_path / "new.sqlite"), empty_postgresql):
        with Gradebook.open(url) as gradebook:
            assert differences(gradebook) == []
            assert versions(gradebook) == list(range(1, SCHEMA_VERSION + 1))


def test_the_last_step_makes_the_version_of_this_grader() -> None:
    """Whoever adds a step raises the number, and the other way round."""
    assert newest_version() == SCHEMA_VERSION


def test_a_difference_is_found_where_there_is_one(tmp_path: Path) -> None:
    """The comparison above can fail."""
    with Gradebook.open(sqlite_url(tmp_path / "new.sqlite")) as gradebook:
        with gradebook.transaction() as session:
            session.execute(text("DROP INDEX decision_by_student"))
        assert [one[0] for one in differences(gradebook)] == ["add_index"]  # type: ignore[index]


def test_several_graders_may_open_an_earlier_gradebook_at_once(tmp_path: Path, postgresql_of_version_2: str) -> None:
    """One of them takes the steps, the others wait."""
    for url in (written("version2", tmp_path), postgresql_of_version_2):

        def students(_: int, url: str = url) -> list[str]:
            with Gradebook.open(url) as gradebook:
                return [one.student for one in gradebook.latest("stacked")]

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(students, range(4))) == [["ana", "eva"]] * 4
        with Gradebook.open(url) as gradebook:
            assert versions(gradebook) == [2, 3, 4]


def test_a_step_that_fails_leaves_the_gradebook_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All steps or none: the earlier grader can go on with it."""
    url = written("version2", tmp_path)
    path = tmp_path / "gradebook.sqlite"

    def dump() -> list[str]:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            return list(connection.iterdump())

    before = dump()
    monkeypatch.setattr("grader.gradebook.append_only.datetime", None)  # the note of the version cannot be written
    with pytest.raises(AttributeError):
        Gradebook.open(url)
    assert dump() == before
    monkeypatch.undo()
    require_everything(url)


def test_a_gradebook_that_is_up_to_date_is_opened_without_alembic(tmp_path: Path) -> None:
    """Every command opens one."""
    url = sqlite_url(tmp_path / "new.sqlite")
    program = "import sys; from grader.gradebook import Gradebook; Gradebook.open(sys.argv[1]); print('alembic' in sys.modules)"
    said = [
        subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert said == ["True\n", "False\n"]
