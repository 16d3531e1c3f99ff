"""The dashboard and the class page in a real browser: what an instructor does, in both languages.

Run by `make test-browser`. `GRADER_SCREENSHOTS=DIR` keeps pictures of the pages.
"""

from __future__ import annotations

import importlib.resources
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import review_samples as samples
from regrading_samples import points, write_judged_otherwise

from grader.gradebook import Gradebook, sqlite_url
from grader.review.batch_status import BatchNote
from grader.review.book import BookPlace

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
MILLISECONDS = 180_000
"""Waited for anything: the machine may have other work."""
PAPER_WIDTH = 1016
"""A4 across, less its margins, in CSS pixels."""
START = "from grader.cli import main; main()"

WORDS = {
    "es": {"queue": "Cola de revisión", "keep": "Guardar", "kept": "Guardado.", "final": "Definitiva", "stand": "Los puntos quedan",
           "questions": "Preguntas abiertas", "waiting": "Requiere revisión"},
    "en": {"queue": "Review queue", "keep": "Keep", "kept": "Kept.", "final": "Final", "stand": "The points stand",
           "questions": "Open questions", "waiting": "Needs review"},
}  # fmt: skip


@dataclass
class Served:
    """A running `grader serve`.

    Attributes:
        address: Where it answers.
        place: What it serves.
    """

    address: str
    place: BookPlace


@contextmanager
def serving(place: BookPlace) -> Iterator[Served]:
    """`grader serve` in a process of its own, on a free port."""
    command = [
        sys.executable,
        "-c",
        START,
        "serve",
        str(place.folder),
        "--port",
        "0",
        "--author",
        "Ruiz",
        "--lang",
        "en",
    ]
    if place.course is not None:
        command += ["--course", str(place.course.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        guard = threading.Timer(MILLISECONDS / 1000, process.kill)
        guard.start()
        try:
            said = process.stdout.readline()
            found = re.search(r"http://\S+/", said)
            assert found is not None, said
            yield Served(found[0].rstrip("/"), place)
        finally:
            guard.cancel()
            process.terminate()
            process.wait()


@pytest.fixture
def served(place: BookPlace) -> Iterator[Served]:
    """The class with an own course."""
    with serving(place) as found:
        yield found


@pytest.fixture
def judged_otherwise(tmp_path: Path) -> Iterator[Served]:
    """A class whose points an earlier rubric gave; two of three runs are on record."""
    with serving(BookPlace.of(write_judged_otherwise(tmp_path, ("ana", "bruno", "carla")))) as found:
        yield found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium (apt-get install chromium)")
    if importlib.util.find_spec("playwright") is None or importlib.util.find_spec("axe_playwright_python") is None:
        pytest.skip("Playwright and axe are not installed: `make test-browser` installs both")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """A page of 1,280 pixels that notes what went wrong in it."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(MILLISECONDS)
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda line: page.faults.append(line.text) if line.type == "error" else None)
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    yield page
    context.close()


def look(page: Any, name: str) -> None:
    """Keep a picture of the page where pictures are wanted."""
    if folder := os.environ.get("GRADER_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def violations(page: Any) -> list[tuple[str, list[str]]]:
    """What axe has against a page: WCAG A and AA, and its own good practice."""
    source = (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
    page.evaluate(source)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run(document, {runOnly: tags}).then(result => result.violations)", tags)
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]


def addresses(served: Served) -> list[str]:
    """One of each kind of page."""
    return [
        "/", "/c/0/tarea1", "/c/0/tarea1?q=nobody", "/s/0/1", "/s/0/3", "/student/0?name=Ana%20Garc%C3%ADa",
        "/stats/0/tarea1", "/regrade/0/tarea1", "/q/0/tarea1", "/q/0/tarea1/compression", "/compare/0/1?beside=luis nanez", "/nothing",
    ]  # fmt: skip


def speak(page: Any, served: Served, language: str) -> None:
    """Choose a language by the switch."""
    page.goto(f"{served.address}/")
    page.locator(f'.languages button[value="{language}"]').click()
    page.locator(f'html[lang="{language}"]').wait_for(state="attached")


def decide(page: Any, words: dict[str, str], check: str, points: str, reason: str) -> None:
    """Give a check its points on the page of a hand-in, and wait until they are kept."""
    item = page.locator(f"li#check-{check}")
    item.locator('input[name="points"]').fill(points)
    item.locator('textarea[name="reason"]').fill(reason)
    item.locator("button", has_text=words["keep"]).click()
    page.locator(f"li#check-{check} .saved", has_text=words["kept"]).wait_for()


def review_zoe(page: Any, served: Served, language: str) -> None:
    """From the class to the hand-in whose measuring failed; its four open items, one after the other; the keys."""
    words = WORDS[language]
    page.goto(f"{served.address}/c/0/tarea1?failed=reconstruction&sort=name&desc=1")
    page.locator("tbody a", has_text="Zoé Ruiz").click()
    page.frame_locator("iframe").locator("main .cell").first.wait_for()
    decide(page, words, "reconstruction", "38,5", "medida a mano")
    decide(page, words, "composition", "5", "se ve en el notebook")
    decide(page, words, "compression", "0", "vacía")
    assert words["waiting"] in page.locator("#standing").inner_text()
    decide(page, words, "losses", "0", "vacía")
    assert words["final"] in page.locator("#standing").inner_text()
    look(page, f"decided-{language}")
    page.locator("h1").click()
    page.keyboard.press("j")
    page.locator("h1", has_text="Luis").wait_for()
    page.wait_for_load_state()  # the keys' script comes after the page's text
    page.keyboard.press("u")
    page.wait_for_url("**/c/0/tarea1?**")


def answer_questions(page: Any, served: Served, language: str) -> None:
    """Points and a comment for one answer, and the same comment again for the next one."""
    page.goto(f"{served.address}/q/0/tarea1/compression?only=open")
    first = page.locator(".answer-row", has_text="Ana García")
    first.locator('input[name="points"]').fill("6")
    first.locator('textarea[name="reason"]').fill("Muy bien explicado")
    first.locator("button", has_text=WORDS[language]["keep"]).click()
    first.locator(".saved").wait_for()
    page.reload()
    second = page.locator(".answer-row", has_text="Luis Ñáñez")
    second.locator('input[name="points"]').fill("1")
    page.locator("button[data-comment]", has_text="Muy bien explicado").click()
    assert second.locator('textarea[name="reason"]').input_value() == "Muy bien explicado"
    look(page, f"question-{language}")


def settle_ivan(page: Any, served: Served, language: str) -> None:
    """The reasons for which a hand-in waits are settled last."""
    words = WORDS[language]
    page.goto(f"{served.address}/s/0/4")
    for question in ("compression", "losses"):
        decide(page, words, question, "0", "vacía")
    page.reload()
    page.locator(".callout textarea").fill("cuenta la segunda")
    page.locator(".callout button", has_text=words["stand"]).click()
    page.locator("#standing", has_text=words["final"]).wait_for()


def final_grades(place: BookPlace) -> dict[str, tuple[float, float]]:
    """Points that count and the machine's own, of every final grade in the written results."""
    assert place.folder is not None
    grades = json.loads((place.folder / "grades.json").read_text("utf-8"))["grades"]
    final = (one for one in grades if one["status"] == "FINAL")
    return {one["student"]: (one["points_awarded"], one["points_machine"]) for one in final}


@pytest.mark.parametrize("language", ["es", "en"])
def test_an_instructor_finds_what_waits_decides_it_and_answers_questions(
    page: Any, served: Served, language: str
) -> None:
    """Course, class, search, queue, points with a reason, keys, questions, reasons settled; the results follow."""
    speak(page, served, language)
    page.locator('a[href="/c/0/tarea1"]').click()
    page.fill("#q", "ruiz")
    page.locator("#listed tbody tr:only-child", has_text="Zoé Ruiz").wait_for()
    page.wait_for_url("**q=ruiz**")
    look(page, f"search-{language}")
    review_zoe(page, served, language)
    answer_questions(page, served, language)
    settle_ivan(page, served, language)
    expected = {"Zoé Ruiz": (98.5, 55.0), "Iván Peña": (100.0, 100.0)}
    until = time.monotonic() + MILLISECONDS / 1000
    while final_grades(served.place) != expected and time.monotonic() < until:
        time.sleep(0.2)
    assert final_grades(served.place) == expected
    assert sorted(set(page.faults)) == []


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(page: Any, served: Served, language: str, scheme: str) -> None:
    """WCAG A and AA, on wide screens and phones, light and dark; and no page is wider than a phone."""
    page.emulate_media(color_scheme=scheme)
    speak(page, served, language)
    for number, address in enumerate(addresses(served)):
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(f"{served.address}{address}")
            assert (address, width, violations(page)) == (address, width, [])
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (address, width)
            look(page, f"{number}-{language}-{scheme}-{width}")


@pytest.mark.parametrize("language", ["es", "en"])
def test_an_instructor_looks_at_old_and_new_points_and_keeps_some(
    page: Any, judged_otherwise: Served, language: str
) -> None:
    """From the list: two would change, one of them is kept; axe finds nothing, and a phone shows it all."""
    served, folder = judged_otherwise, judged_otherwise.place.folder
    assert folder is not None
    before = points(folder)
    speak(page, served, language)
    page.goto(f"{served.address}/c/0/stacked")
    page.locator('a[href="/regrade/0/stacked"]').click()
    page.locator("tbody tr", has_text="bruno").locator("input").uncheck()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (scheme, width)
            look(page, f"regrade-{language}-{scheme}-{width}")
    page.locator("main form button.primary").click()
    page.wait_for_url("**/c/0/stacked")
    assert points(folder) == before | {"ana": 100.0}


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_batch_that_runs_is_followed_without_loading_the_page(
    page: Any, judged_otherwise: Served, language: str
) -> None:
    """The bar moves on, the list takes new grades in, and the end is reported."""
    served, folder = judged_otherwise, judged_otherwise.place.folder
    assert folder is not None
    speak(page, served, language)
    with BatchNote.of(folder, "stacked", 4) as note:
        note.finished("ana")
        page.goto(f"{served.address}/c/0/stacked")
        page.locator(".running progress[value='1']").wait_for()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert violations(page) == []
            look(page, f"running-{language}-{scheme}")
        page.evaluate("window.kept = true")
        with Gradebook.open(sqlite_url(folder / "gradebook.sqlite")) as gradebook:
            (ana, *_) = gradebook.latest("stacked")
            gradebook.add(replace(ana, student="dora", sha256="d" * 64), context="settings")
        note.finished("dora")
        page.locator(".running progress[value='2']").wait_for()
        page.locator("#listed tbody tr", has_text="dora").wait_for()
    page.locator("p.running[role=status]").wait_for()
    assert page.evaluate("window.kept")
    assert sorted(set(page.faults)) == []


def test_nothing_that_a_student_wrote_runs_or_asks_anybody(page: Any, served: Served) -> None:
    """A hostile name, notebook and answer on every page where they are shown."""
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    for address in ("/c/0/tarea1", "/s/0/5", "/s/0/5/notebook", "/q/0/tarea1/compression", "/compare/0/5?beside=Ana"):
        page.goto(f"{served.address}{address}")
        page.wait_for_load_state("networkidle")
        frames = [frame for frame in page.frames if "/notebook" in frame.url]
        assert all(frame.evaluate("[typeof owned, document.scripts.length]") == ["undefined", 0] for frame in frames)
        assert page.evaluate("typeof owned") == "undefined"
    assert dialogs == []
    assert [url for url in page.asked if not url.startswith((served.address, "data:"))] == []


def test_a_decision_without_a_script_is_kept_too(chromium: Any, served: Served) -> None:
    """Every form works where JavaScript is off."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(MILLISECONDS)
    page.goto(f"{served.address}/s/0/3")
    item = page.locator("li#check-composition")
    item.locator('input[name="points"]').fill("2")
    item.locator('textarea[name="reason"]').fill("by hand")
    item.locator("button.primary").click()
    page.locator("li#check-composition .decided", has_text="by hand").wait_for()
    context.close()


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_class_page_fits_on_a_screen_and_on_paper(page: Any, place: BookPlace, language: str) -> None:
    """At 1,280 pixels nothing is cut and no header is broken; on paper neither, and axe finds nothing."""
    from grader.review.book import Book
    from grader.review.results import rewrite

    with Book.open(place) as book:
        rewrite(book, "tarea1", students={"Ana García"}, language=language)
    assert place.folder is not None
    page.goto((place.folder / "index.html").as_uri())
    cut = "(() => { const box = document.querySelector('.scroll'); return box.scrollWidth - box.clientWidth; })()"
    assert page.evaluate(cut) <= 0
    lines = "[...document.querySelectorAll('.check-number')].map(head => head.getBoundingClientRect().height)"
    assert len(set(page.evaluate(lines))) == 1
    look(page, f"class-{language}")
    assert violations(page) == []
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER_WIDTH, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER_WIDTH
    assert page.evaluate(cut) <= 0
    look(page, f"class-paper-{language}")


def test_on_paper_an_original_stays_with_what_became_of_it(page: Any, place: BookPlace) -> None:
    """The rows of pictures are never parted by the end of a page."""
    from grader.intake.naming import report_name

    assert place.folder is not None
    page.goto((place.folder / "reports" / f"{report_name(samples.ANA.name)}.html").as_uri())
    page.emulate_media(media="print")
    assert page.locator(".strips").evaluate("element => getComputedStyle(element).breakInside") == "avoid"
    assert violations(page) == []
