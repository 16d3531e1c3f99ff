"""Run by JupyterLab's Python: does in Chromium what a student does, and tells as JSON what was then on the page.

    browser.py TASK.json

The task: `url`, `chromium`, `theme`, `answers` (cell id → code to type, in order), `check` (id of the cell whose answer is
awaited), `pictures` (folder for screenshots).
"""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright  # type: ignore[import-not-found]

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SECONDS = 1000  # of Playwright's milliseconds
READY = "() => document.querySelectorAll('.jp-Notebook .jp-Cell').length === {count} && !document.querySelector('.jp-mod-loading')"
NARROW = "element => element.scrollWidth <= element.clientWidth + 1"


def main(task: dict[str, object]) -> None:
    """Open, type, run, look."""
    server, name = str(task["url"]).rsplit("/lab/tree/", 1)
    with urllib.request.urlopen(f"{server}/api/contents/{name}") as answer:  # noqa: S310  (our own server)
        cells = json.load(answer)["content"]["cells"]
    places = {cell["id"]: number for number, cell in enumerate(cells)}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=task["chromium"], args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(300 * SECONDS)
        page.goto(str(task["url"]))
        page.wait_for_function(READY.format(count=len(cells)))
        look(page, places["title"], task, "title")
        look(page, places["grading"], task, "grading")
        for identifier, code in dict(task["answers"]).items():  # type: ignore[call-overload]
            write(page, places[identifier], code)
        page.locator(".lm-MenuBar-itemLabel", has_text="Run").click()
        page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
        shown = cell(page, places[str(task["check"])]).locator(".grader-check")
        shown.wait_for()
        page.wait_for_timeout(2 * SECONDS)  # until everything has its place
        look(page, places[str(task["check"])], task, "check")
        reported = {
            "text": shown.inner_text(),
            "paper": shown.evaluate("element => getComputedStyle(element).backgroundColor"),
            "check_fits": shown.evaluate(NARROW),
            "rubric_fits": cell(page, places["grading"])
            .locator("table")
            .evaluate(
                "table => table.getBoundingClientRect().right <= table.closest('.jp-Cell').getBoundingClientRect().right"
            ),
            "title": cell(page, places["title"]).locator("h1").inner_text(),
            "prose": "\n".join(page.locator(".jp-MarkdownOutput").all_inner_texts()),
            "formulas": page.locator("mjx-container").count(),
            "errors": page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']").count(),
        }
        browser.close()
    sys.stdout.write(json.dumps(reported))


def cell(page: Page, place: int) -> object:
    """A cell by its place in the notebook."""
    return page.locator(".jp-Notebook .jp-Cell").nth(place)


def write(page: Page, place: int, code: str) -> None:
    """Put the cursor into a cell, select what is there, and put the answer in its place."""
    editor = cell(page, place).locator(".cm-content")  # type: ignore[attr-defined]
    editor.scroll_into_view_if_needed()
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(code)


def look(page: Page, place: int, task: dict[str, object], name: str) -> None:
    """Scroll to a cell and take a picture of the window."""
    cell(page, place).evaluate("element => element.scrollIntoView({block: 'start'})")  # type: ignore[attr-defined]
    page.wait_for_timeout(1 * SECONDS)
    page.screenshot(path=str(Path(str(task["pictures"])) / f"{name}.png"))


main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
