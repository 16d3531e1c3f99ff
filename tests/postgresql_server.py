"""A real PostgreSQL for tests, and databases of one test alone; test files import the fixtures that they use."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

POSTGRESQL_VARIABLE = "GRADER_TEST_POSTGRESQL_URL"


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A real PostgreSQL: the one that the environment names, else a private one of this machine's binaries."""
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("psycopg is not installed: pip install 'autoencoder-grader[postgresql]'")
    if url := os.environ.get(POSTGRESQL_VARIABLE):
        yield url
        return
    binaries = _postgresql_binaries()
    if binaries is None:
        pytest.skip(f"no PostgreSQL: set {POSTGRESQL_VARIABLE} or install the server (initdb)")
    # Not in pytest's own folder: it is closed to the other user, and its path is too long for a socket.
    with tempfile.TemporaryDirectory(prefix="grader-pg-") as folder:
        yield from _private_server(binaries, Path(folder))


@pytest.fixture
def empty_postgresql(postgresql_url: str) -> Iterator[str]:
    """The address of a database of this test alone."""
    name = f"test_{uuid.uuid4().hex}"
    server = create_engine(make_url(postgresql_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(postgresql_url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def _postgresql_binaries() -> Path | None:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = shutil.which("initdb")
    return installed[-1].parent if installed else Path(found).resolve().parent if found else None


def _private_server(binaries: Path, folder: Path) -> Iterator[str]:
    """Run a server that listens on a socket in `folder` alone."""
    data = folder / "data"
    user = None
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root.
        user = pwd.getpwnam("nobody").pw_uid
        os.chown(folder, user, -1)

    def run(program: str, *arguments: str) -> None:
        command = [str(binaries / program), *arguments]
        subprocess.run(command, check=True, user=user, cwd=folder, capture_output=True, timeout=120)

    run("initdb", "-D", str(data), "-U", "grader", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    # In a file, because a daemon keeps an inherited pipe open.
    options = f"-c listen_addresses='' -c fsync=off -k {folder}"
    run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://grader@/postgres?host={folder}"
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
