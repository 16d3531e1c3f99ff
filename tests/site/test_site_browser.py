"""The documentation in a real browser, opened as files: every page, both languages, a phone.

Run by `make test-browser`. `GRADER_SCREENSHOTS=DIR` keeps pictures.
"""

from __future__ import annotations

import importlib.resources
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
MILLISECONDS = 180_000
LANGUAGES = ("es", "en")
KINDS = ("index", "student", "gallery", "commands", "notebooks", "formats", "checks", "grade", "operations")
"""Pages that differ in what they are made of: pictures, code, tables, lists."""
AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make site` builds it."""
    if importlib.util.find_spec("material") is None:
        pytest.skip("MkDocs Material is not installed: `make test-browser` installs it")
    folder = tmp_path_factory.mktemp("site") / "site"
    subprocess.run([sys.executable, str(ROOT / ".ci" / "site" / "build.py"), "--out", str(folder)], check=True)
    return folder


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


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desktop", "phone"])
def page(chromium: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page that notes what went wrong in it and what it asked for."""
    width, height = request.param
    context = chromium.new_context(viewport={"width": width, "height": height})
    opened = context.new_page()
    opened.set_default_timeout(MILLISECONDS)
    opened.faults, opened.asked, opened.is_wide = [], [], width > 1000
    opened.on("pageerror", lambda error: opened.faults.append(str(error)))
    opened.on("request", lambda asked: opened.asked.append(asked.url))
    yield opened
    context.close()


def look(page: Any, name: str) -> None:
    """Keep a picture where pictures are wanted."""
    if folder := os.environ.get("GRADER_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}-{'desktop' if page.is_wide else 'phone'}.png")


def violations(page: Any) -> list[tuple[str, list[str]]]:
    """What axe has against the text of a page."""
    page.evaluate((importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    found = page.evaluate(
        "tags => axe.run(document.querySelector('article'), {runOnly: tags}).then(result => result.violations)",
        list(AXE_TAGS),
    )
    return [(one["id"], [node["html"][:200] for node in one["nodes"]][:5]) for one in found]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_opens_without_a_network(language: str, page: Any, site: Path) -> None:
    """Nothing is asked of another machine, no script fails, nothing is wider than the screen, every picture is there."""
    pages = sorted((site / language).glob("*.html"))
    assert len(pages) >= 15
    for file in pages:
        page.goto(file.as_uri())
        assert page.locator("article h1").count() == 1, file.name
        assert page.evaluate("document.documentElement.lang") == language
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), file.name
        assert page.evaluate("getComputedStyle(document.querySelector('.md-header')).position") == "sticky", file.name
        broken = page.evaluate(
            "[...document.images].filter(one => one.complete && !one.naturalWidth).map(one => one.src)"
        )
        assert [one[:80] for one in broken] == []
        look(page, f"{language}-{file.stem}")
    assert page.faults == []
    assert [address for address in page.asked if not address.startswith(("file:", "data:", "about:"))] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_pages_of_each_kind(scheme: str, language: str, page: Any, site: Path) -> None:
    """WCAG A and AA within the text of the page, by day and by night; what is around it is the theme's."""
    page.emulate_media(color_scheme=scheme)
    for name in KINDS:
        page.goto((site / language / f"{name}.html").as_uri())
        expected = "slate" if scheme == "dark" else "default"
        assert page.locator("body").get_attribute("data-md-color-scheme") == expected
        assert (name, violations(page)) == (name, [])
        look(page, f"{language}-{name}-{scheme}")


def test_the_search_works_from_a_file(page: Any, site: Path) -> None:
    """Without a server: a word of a page leads to it."""
    page.goto((site / "en" / "index.html").as_uri())
    if not page.is_wide:
        page.locator("label[for=__search]").first.click()
    page.locator("input.md-search__input").click()
    page.locator("input.md-search__input").press_sequentially("worksheet")
    found = page.locator("a.md-search-result__link").first
    found.wait_for(state="attached")
    assert re.search(r"(lms|grading|instructor)\.html", found.get_attribute("href"))
    look(page, "search")


def test_the_other_language_is_one_click_away(page: Any, site: Path) -> None:
    """From the front page to Spanish, from there to English, and from a page further in to the same page."""
    page.goto((site / "index.html").as_uri())
    page.locator("a[lang=es]").click()
    page.locator("article h1").wait_for()
    for name in ("index", "gallery"):
        page.goto((site / "es" / f"{name}.html").as_uri())
        link = page.locator("a[hreflang=en]").first
        assert link.evaluate("link => link.href").endswith(f"/en/{name}.html")
        page.goto(link.evaluate("link => link.href"))
        assert page.evaluate("document.documentElement.lang") == "en"
