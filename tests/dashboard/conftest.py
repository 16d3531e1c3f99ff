"""A served class: two books, one of them an own course whose questions carry points."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the dashboard is not installed: pip install 'autoencoder-grader[serve]'")
pytest.importorskip("httpx", reason="httpx is not installed: pip install 'autoencoder-grader[dev]'")
sys.path.insert(0, str(Path(__file__).parent.parent / "review"))

import review_samples as samples
from starlette.testclient import TestClient

from grader.dashboard.application import create_application
from grader.dashboard.guard import BrowserSessions, HostNames
from grader.dashboard.open_gradebooks import OpenGradebooks
from grader.domain.course import Course
from grader.gradebook import sqlite_url
from grader.review.book import BookPlace

PUPILS = (replace(samples.ANA, cells=(samples.OUTPUTS,)), samples.LUIS, samples.ZOE, samples.IVAN, samples.HOSTILE)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> BookPlace:
    """The folder of a graded class under an instructor's own assignment."""
    home = tmp_path_factory.mktemp("served")
    course = samples.own_course(home / "course")
    return samples.write_folder(home / "out", "tarea1", PUPILS, course=course)


@pytest.fixture
def place(made: BookPlace, tmp_path: Path) -> BookPlace:
    """The class for one test alone."""
    return _copied(made, tmp_path)


def _copied(made: BookPlace, folder: Path) -> BookPlace:
    assert made.folder is not None
    assert made.course is not None
    out = Path(shutil.copytree(made.folder, folder / "out"))
    course = Course(Path(shutil.copytree(made.course.folder, folder / "course")))
    return replace(made, folder=out, url=sqlite_url(out / "gradebook.sqlite"), course=course)


@dataclass
class Browser:
    """A client that keeps its cookie and puts its session's secret into forms."""

    client: TestClient
    shelf: OpenGradebooks

    def get(self, address: str, **options: Any) -> Any:
        return self.client.get(address, **options)

    def text(self, address: str) -> str:
        """The page at an address, which has to be there."""
        answer = self.client.get(address)
        assert answer.status_code == 200, answer.text
        return str(answer.text)

    def post(self, address: str, headers: dict[str, str] | None = None, **fields: str) -> Any:
        """Send a form of the server's own page."""
        csrf = re.search(r'name="csrf" value="([^"]+)"', self.client.get("/login").text)
        assert csrf is not None
        values = {"csrf": csrf[1]} | fields
        return self.client.post(address, data=values, headers=headers, follow_redirects=False)

    def number_of(self, student: str) -> int:
        """The number of a student's hand-in."""
        (row,) = self.shelf.books[0].queries.of_student(student)
        return row.submission_id


@pytest.fixture(scope="session")
def reader(made: BookPlace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for tests that change nothing, which share one server."""
    with _served(_copied(made, tmp_path_factory.mktemp("read"))) as browser:
        yield browser


@pytest.fixture
def serving(place: BookPlace) -> Iterator[Callable[..., Browser]]:
    """Serve the class; options are those of `BrowserSessions` and `HostNames`."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(_served(place, **options))


@contextmanager
def _served(
    place: BookPlace, *, token: str | None = None, host: str = "127.0.0.1", language: str = "en"
) -> Iterator[Browser]:
    shelf = OpenGradebooks.open([place])
    sessions = BrowserSessions(author="Ruiz", language=language, token=token)
    app = create_application(shelf, sessions=sessions, names=HostNames(host, 8765))
    with TestClient(app, base_url="http://127.0.0.1:8765") as client:
        yield Browser(client, shelf)


@pytest.fixture
def browser(serving: Callable[..., Browser]) -> Browser:
    """A browser on loopback, in English."""
    return serving()
