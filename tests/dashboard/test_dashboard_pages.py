"""Pages of the dashboard, as the server sends them."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from grader.domain.decision import Decision, DecisionKind
from grader.review.book import Book


def words(html: str) -> str:
    """The text of a page, without tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_way_goes_from_the_course_to_one_student(reader: Any) -> None:
    """Course, class, hand-in, student: each links to the next."""
    assert 'href="/c/0/tarea1"' in reader.text("/")
    ana = reader.number_of("Ana García")
    assert f'href="/s/0/{ana}"' in reader.text("/c/0/tarea1")
    assert 'href="/student/0?name=Ana%20Garc%C3%ADa"' in reader.text(f"/s/0/{ana}")
    assert f'href="/s/0/{ana}"' in reader.text("/student/0?name=Ana%20Garc%C3%ADa")


@pytest.mark.parametrize(
    ("query", "students"),
    [
        ("", ["<script>owned=1</script>", "Ana García", "Iván Peña", "Luis Ñáñez", "Zoé Ruiz"]),
        ("?q=nanez", ["Luis Ñáñez"]),
        ("?q=%25", []),
        ("?failed=code_size", ["Luis Ñáñez"]),
        ("?status=FINAL", []),
        ("?sort=grade", ["Luis Ñáñez", "Zoé Ruiz", "<script>owned=1</script>", "Ana García", "Iván Peña"]),
        ("?desc=1", ["Zoé Ruiz", "Luis Ñáñez", "Iván Peña", "Ana García", "<script>owned=1</script>"]),
        ("?sort=nonsense&status=nonsense&desc=x", ["<script>owned=1</script>", "Ana García", "Iván Peña", "Luis Ñáñez", "Zoé Ruiz"]),
    ],
)  # fmt: skip
def test_a_class_is_searched_sorted_and_filtered(reader: Any, query: str, students: list[str]) -> None:
    """Case and accents do not matter, and a sign of SQL's is a sign."""
    shown = re.findall(r'<th scope="row"><a [^>]*><bdi>(.*?)</bdi>', reader.text(f"/c/0/tarea1{query}"))
    assert [one.replace("&lt;", "<").replace("&gt;", ">") for one in shown] == students


def test_the_queue_goes_from_one_to_the_next(reader: Any) -> None:
    """In the order of the list that one came from."""
    luis = reader.number_of("Luis Ñáñez")
    html = reader.text(f"/s/0/{luis}?sort=grade")
    assert f'<link rel="next" href="/s/0/{reader.number_of("Zoé Ruiz")}?sort=grade">' in html
    assert 'rel="prev"' not in html
    assert "1 of 5" in html


def test_a_hand_in_shows_why_it_waits_beside_the_notebook(reader: Any) -> None:
    """Reasons, every check with a form, the notebook in a sandboxed frame."""
    ivan = reader.number_of("Iván Peña")
    html = reader.text(f"/s/0/{ivan}")
    assert "Two different files were handed in." in html
    assert f'<iframe sandbox title="The notebook as it was handed in" src="/s/0/{ivan}/notebook"></iframe>' in html
    assert html.count(f'action="/s/0/{ivan}/points"') == 11  # nine checks, two questions with points


def test_points_are_kept_with_author_reason_and_time_and_the_results_follow(browser: Any, place: Any) -> None:
    """Both values on the page and, a moment later, in grades.json."""
    luis = browser.number_of("Luis Ñáñez")
    answer = browser.post(f"/s/0/{luis}/points", item="code_size", points="7,5", reason="argued well", seen="")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/s/0/{luis}")
    html = browser.text(f"/s/0/{luis}")
    assert "Decided by Ruiz: 7.5 points; the grader alone: 0 (Not met).\nargued well" in html
    browser.shelf.close()
    grades = json.loads((place.folder / "grades.json").read_text("utf-8"))["grades"]
    check = next(c for g in grades if g["student"] == "Luis Ñáñez" for c in g["checks"] if c["check"] == "code_size")
    assert (check["points_awarded"], check["points_machine"], check["decision"]["author"]) == (7.5, 0.0, "Ruiz")


def test_results_are_written_soon_after_a_decision(browser: Any, place: Any) -> None:
    """Nobody has to end the server for them."""
    browser.post(f"/s/0/{browser.number_of('Ana García')}/points", item="runs", points="1", reason="why", seen="")
    until = time.monotonic() + 60
    while "why" not in (place.folder / "grades.json").read_text("utf-8"):
        assert time.monotonic() < until, "nothing was written"
        time.sleep(0.1)


def test_htmx_gets_the_check_alone_with_the_new_sum(browser: Any) -> None:
    """And the sentence in its place where points were refused."""
    ana = browser.number_of("Ana García")
    own = {"hx-request": "true"}
    kept = browser.post(f"/s/0/{ana}/points", headers=own, item="runs", points="2", reason="why", seen="").text
    assert kept.strip().startswith('<li class="check partial')
    assert 'hx-swap-oob="innerHTML"' in kept
    refused = browser.post(f"/s/0/{ana}/points", headers=own, item="runs", points="6", reason="why", seen="").text
    assert "Ruiz decided about this in the meantime" in refused
    refused = browser.post(f"/s/0/{ana}/points", headers=own, item="mirror", points="6", reason="why", seen="").text
    assert "6.0 points are not possible for mirror: it has 5.0 at most, and 0 at least." in refused


def test_nobody_overwrites_what_another_person_decided_meanwhile(browser: Any, place: Any) -> None:
    """The page was loaded before; whoever sends it sees what stands now."""
    ana = browser.number_of("Ana García")
    row = browser.shelf.books[0].queries.row(ana)
    with Book.open(place) as other:
        from datetime import UTC, datetime

        other.decide(
            [
                Decision(
                    DecisionKind.POINTS, "tarea1", "Ana García", "Sol", "no", datetime.now(UTC), row.sha256, "runs", 4.0
                )
            ]
        )
    answer = browser.post(f"/s/0/{ana}/points", item="runs", points="2", reason="why", seen="")
    assert answer.status_code == 422
    assert "Sol decided about this in the meantime: 4.0 points." in answer.text


@pytest.mark.parametrize("points", ["nan", "inf", "-1", "", "6", "x", "1.234"])
def test_points_that_cannot_be_meant_are_refused(reader: Any, points: str) -> None:
    """Nothing is kept."""
    ana = reader.number_of("Ana García")
    assert reader.post(f"/s/0/{ana}/points", item="runs", points=points, reason="why", seen="").status_code == 422
    assert reader.shelf.books[0].decisions.of("tarea1") == []


def test_reasons_are_settled_after_the_points(browser: Any) -> None:
    """Iván's two questions first, then the two files."""
    ivan = browser.number_of("Iván Peña")
    assert browser.post(f"/s/0/{ivan}/accept", reason="the second counts").status_code == 422
    for question in ("compression", "losses"):
        browser.post(f"/s/0/{ivan}/points", item=question, points="0", reason="", seen="")
    assert "The points stand" in browser.text(f"/s/0/{ivan}")
    assert browser.post(f"/s/0/{ivan}/accept", reason="the second counts").status_code == 303
    assert browser.shelf.books[0].queries.row(ivan).status == "FINAL"


def test_a_student_is_extended_excused_and_put_back(browser: Any) -> None:
    """From the page of a hand-in."""
    luis = browser.number_of("Luis Ñáñez")

    def row() -> Any:
        return browser.shelf.books[0].queries.row(luis)

    late = row().late_points
    assert late > 0
    browser.post(f"/s/0/{luis}/student", what="extend", until="2026-12-04T23:59", reason="ill")
    assert row().late_points == 0
    browser.post(f"/s/0/{luis}/student", what="extend", withdraw="1", reason="well")
    assert row().late_points == late
    browser.post(f"/s/0/{luis}/student", what="excuse", reason="ill")
    assert row().status == "EXCUSED"
    browser.post(f"/s/0/{luis}/student", what="excuse", withdraw="1", reason="well")
    assert row().status == "NEEDS_REVIEW"


def test_a_question_has_a_page_with_all_answers_and_what_a_full_one_says(browser: Any) -> None:
    """Answers rendered, the model answer, criteria; comments come back for the next answer."""
    html = browser.text("/q/0/tarea1/compression")
    text = words(html)
    assert "Con 2 números el factor es 392 ." in text
    assert "With K = 2 the factor rises to 784 / 2 = 392" in text
    assert "Names the compression factor in both cases" in text
    ana = browser.number_of("Ana García")
    browser.post(f"/s/0/{ana}/points", item="compression", points="6", reason="Muy bien", seen="")
    assert 'data-comment="Muy bien"' in browser.text("/q/0/tarea1/compression")
    assert "Ana García" not in words(browser.text("/q/0/tarea1/compression?only=open"))
    assert "Ana García" in words(browser.text("/q/0/tarea1/compression?only=done"))


def test_empty_answers_get_no_points_at_once(browser: Any) -> None:
    """Those that are empty, and no other: a person said so."""
    assert browser.post("/q/0/tarea1/losses/empty", reason="empty", back="/q/0/tarea1").status_code == 303
    decided = {one.student for one in browser.shelf.books[0].decisions.of("tarea1")}
    assert decided == {"Luis Ñáñez", "Zoé Ruiz", "Iván Peña"}


def test_a_question_without_points_shows_its_answers_and_no_form(reader: Any) -> None:
    """As an assignment without points does."""
    html = reader.text("/q/0/tarea1/parameters")
    assert "/points" not in html
    assert "Nothing was written here." in html


def test_statistics_count_grades_checks_findings_and_time(reader: Any) -> None:
    """The hardest check first; the commonest finding with an example."""
    text = words(reader.text("/stats/0/tarea1"))
    assert "Checks, the hardest first" in text
    assert "A code of 30 numbers" in text
    assert "Half of them took at most 41.5 s" in text


def test_two_hand_ins_stand_side_by_side(reader: Any) -> None:
    """Both notebooks, both columns of points; a name that nobody has is reported."""
    ana = reader.number_of("Ana García")
    html = reader.text(f"/compare/0/{ana}?beside=luis nanez")
    assert html.count("<iframe sandbox") == 2
    answer = reader.get(f"/compare/0/{ana}?beside=Eva")
    assert answer.status_code == 422
    assert "Nobody called Eva has handed in anything." in answer.text


def test_pages_speak_both_languages(browser: Any) -> None:
    """The switch changes every page of this browser, and comes back to where it was."""
    answer = browser.post("/language", language="es", back="/c/0/tarea1?q=ana")
    assert (answer.status_code, answer.headers["location"]) == (303, "/c/0/tarea1?q=ana")
    html = browser.text("/c/0/tarea1")
    assert '<html lang="es">' in html
    assert "Requiere revisión" in html


@pytest.mark.parametrize(
    "address",
    ["/c/0/none", "/c/7/tarea1", "/c/-1/tarea1", "/c/x/tarea1", "/s/0/99999", "/s/0/x", "/q/0/tarea1/none", "/nothing",
     "/stats/0/none", "/student/0?name=none", "/student/0", "/static/../guard.py", "/static/none.css",
     "/s/0/999999999999999999999999", "/c/0/tarea1?start=99999999999999999999999"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(reader: Any, address: str) -> None:
    """A page with a way back, never a traceback."""
    assert reader.get(address).status_code == 404


def test_a_hand_in_without_its_file_says_so(browser: Any, place: Any) -> None:
    """Deleted, or changed by somebody: then it is not what was handed in."""
    ana = browser.number_of("Ana García")
    sha256 = browser.shelf.books[0].queries.row(ana).sha256
    path = Path(place.folder) / "notebooks" / f"{sha256}.ipynb"
    path.write_bytes(path.read_bytes() + b" ")
    assert "not kept here" in browser.text(f"/s/0/{ana}")
    path.unlink()
    assert "not kept here" in browser.text(f"/s/0/{ana}/notebook")
