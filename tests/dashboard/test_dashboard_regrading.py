"""Points anew from the dashboard, and how far a batch is that runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Browser
from regrading_samples import points, write_judged_otherwise
from starlette.testclient import TestClient

from grader.dashboard.application import create_application
from grader.dashboard.guard import BrowserSessions, HostNames
from grader.dashboard.open_gradebooks import OpenGradebooks
from grader.review.batch_status import RUNNING_FILE, BatchNote, running_batch
from grader.review.book import BookPlace

PAGE = "/regrade/0/stacked"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Results of a class of three; two runs are on record."""
    return write_judged_otherwise(tmp_path, ("ana", "bruno", "carla"))


@pytest.fixture
def browser(out: Path) -> Iterator[Browser]:
    """A browser that looks at it."""
    shelf = OpenGradebooks.open([BookPlace.of(out)])
    sessions = BrowserSessions(author="Ruiz", language="en", token=None)
    with TestClient(
        create_application(shelf, sessions=sessions, names=HostNames("127.0.0.1", 8765)),
        base_url="http://127.0.0.1:8765",
    ) as client:
        yield Browser(client, shelf)


def keys(html: str) -> list[str]:
    """What stands for each new grade of a page."""
    return re.findall(r'name="key" value="([0-9a-f]+)"', html)


def send(browser: Browser, address: str, chosen: list[str]) -> Any:
    """Send the form of a page with some of its grades."""
    csrf = re.search(r'name="csrf" value="([^"]+)"', browser.text("/"))
    assert csrf is not None
    return browser.client.post(address, data={"csrf": csrf[1], "key": chosen}, follow_redirects=False)


def test_old_and_new_are_shown_and_nothing_is_kept(browser: Browser, out: Path) -> None:
    """By looking alone, neither gradebook nor files change."""
    before, written = points(out), (out / "grades.json").read_bytes()
    html = browser.text(PAGE)
    assert "2 of 3 grades would change." in html
    assert "Of 1 nothing is known of the run, so they stay" in html
    assert len(keys(html)) == 2
    assert "2.5/5 → 5/5" in html
    assert (points(out), (out / "grades.json").read_bytes()) == (before, written)


def test_some_are_kept_and_the_results_follow(browser: Browser, out: Path) -> None:
    """The one that was chosen; the other one waits for another time."""
    before = points(out)
    first, _ = keys(browser.text(PAGE))
    answer = send(browser, PAGE, [first])
    assert (answer.status_code, answer.headers["location"]) == (303, "/c/0/stacked")
    assert points(out) == before | {"ana": 100.0}
    assert "1 of 3 grades would change." in browser.text(PAGE)
    browser.shelf.close()
    assert '"points_awarded": 100.0' in (out / "grades.json").read_text("utf-8")


def test_one_student_or_those_of_a_filter_alone(browser: Browser) -> None:
    """By name from a hand-in's page, by its filters from the list."""
    assert "1 of 1 grades would change." in browser.text(f"{PAGE}?student=bruno")
    assert "1 of 1 grades would change." in browser.text(f"{PAGE}?q=an")
    assert "0 of 0 grades would change." in browser.text(f"{PAGE}?q=nobody")
    assert 'name="student" value="ana"' in browser.text(f"/s/0/{browser.number_of('ana')}")


def test_what_was_not_shown_is_not_kept(browser: Browser, out: Path) -> None:
    """A grade that changed meanwhile, a made-up key, nothing at all."""
    before = points(out)
    shown = keys(browser.text(PAGE))
    for chosen in ([*shown, "0" * 20], ["0" * 20], []):
        assert send(browser, PAGE, chosen).status_code == 422
    assert points(out) == before
    assert browser.client.post(PAGE, data={"key": shown}).status_code == 403


def test_a_batch_that_runs_is_shown_with_its_progress(browser: Browser, out: Path) -> None:
    """On the pages of course and class, asked for again while it lives; open lists show new grades."""
    with BatchNote.of(out, "stacked", 40) as note:
        note.finished("ana")
        note.finished("bruno <b>")
        assert "left" not in browser.get("/running/0?seen=2").text
        for page in ("/", "/c/0/stacked"):
            html = browser.text(page)
            assert "Grading now" in html
            assert "2 of 40 hand-ins have a grade" in html
            assert 'hx-get="/running/0?seen=2"' in html
        answer = browser.get("/running/0?seen=1")
        assert "bruno &lt;b&gt;, ana" in answer.text
        assert answer.headers["hx-trigger"] == "graded"
        assert "hx-trigger" not in browser.get("/running/0?seen=2").headers
        note.finished("carla", seconds_left=600.0)
        note.finished("diego")
        assert "about 10 min left" in browser.get("/running/0?seen=4").text, "what the terminal says"
    assert not (out / RUNNING_FILE).exists()
    assert "The batch is done." in browser.get("/running/0?seen=4").text
    assert "Grading" not in browser.text("/c/0/stacked")


def test_a_batch_that_was_stopped_is_told_as_stopped(browser: Browser, out: Path) -> None:
    """Its lock is gone with it, whatever number its process had."""
    with BatchNote.of(out, "stacked", 3) as note:
        note.finished("ana")
        note.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    found = running_batch(out)
    assert found is not None
    assert (found[0].done, found[0].total, found[1]) == (1, 3, False)
    html = browser.text("/c/0/stacked")
    assert "Grading was stopped" in html
    assert 'hx-trigger="every' not in html


def test_a_second_batch_in_the_same_folder_leaves_the_first_note_alone(out: Path) -> None:
    """One note a folder; both batches go on."""
    with BatchNote.of(out, "stacked", 3) as first:
        with BatchNote.of(out, "fraud", 9) as second:
            second.finished("eva")
        first.finished("ana")
        found = running_batch(out)
        assert found is not None
        assert (found[0].assignment, found[0].done) == ("stacked", 1)


def test_the_first_batch_of_an_assignment_has_a_page_at_once(browser: Browser, out: Path) -> None:
    """Before any of its hand-ins has a grade."""
    assert browser.get("/c/0/fraud").status_code == 404
    with BatchNote.of(out, "fraud", 9):
        assert "0 of 9 hand-ins have a grade" in browser.text("/c/0/fraud")
