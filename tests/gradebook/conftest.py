"""Graded submissions and databases for the tests of the gradebook."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgresql_server import empty_postgresql as empty_postgresql
from postgresql_server import postgresql_url as postgresql_url

from grader.gradebook import Gradebook, sqlite_url


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The path of a SQLite file that does not exist yet."""
    return tmp_path / "gradebook.sqlite"


@pytest.fixture
def gradebook(database: Path) -> Iterator[Gradebook]:
    """An empty gradebook in SQLite."""
    with Gradebook.open(sqlite_url(database)) as gradebook:
        yield gradebook
