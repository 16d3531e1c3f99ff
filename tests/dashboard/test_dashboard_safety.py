"""Nothing that a student wrote runs, and nobody else's page or name gets in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import review_samples as samples
from page_elements import elements

from grader.dashboard.forms import inner_address
from grader.dashboard.guard import BrowserSessions, HostNames

TOKEN = "a token of some length"  # noqa: S105 - of this test alone
EVERYWHERE = ".".join("0000")
"""Every address of a machine."""


def pages(reader: Any) -> list[str]:
    hostile = reader.number_of(samples.HOSTILE.name)
    return [
        "/", "/c/0/tarea1", f"/s/0/{hostile}", f"/s/0/{hostile}/notebook", "/q/0/tarea1/compression", "/q/0/tarea1",
        "/stats/0/tarea1", f"/compare/0/{hostile}?beside=Ana", "/student/0?name=%3Cscript%3Eowned%3D1%3C%2Fscript%3E",
    ]  # fmt: skip


def test_nothing_that_a_student_wrote_becomes_mark_up(reader: Any) -> None:
    """Scripts are our two files, no handler stands in any attribute, no address leads outside."""
    for address in pages(reader):
        answer = reader.get(address)
        for tag, attributes in elements(answer.text):
            assert not any(name.startswith("on") for name in attributes), (address, tag)
            assert tag not in {"object", "embed", "base", "svg:script", "foreignobject"}
            if tag == "script":
                assert str(attributes.get("src")).startswith("/static/")
            for name in ("src", "href", "action", "formaction", "srcset", "data"):
                value = attributes.get(name) or ""
                assert re.match(r"(/(?!/)|\?|#|data:image/(png|jpeg);base64,|data:,|$)", value), (address, tag, value)


def test_the_notebooks_page_runs_nothing_and_loads_nothing(reader: Any) -> None:
    """No script at all, and a policy that allows data pictures and our own style alone, sandboxed by itself too."""
    hostile = reader.number_of(samples.HOSTILE.name)
    answer = reader.get(f"/s/0/{hostile}/notebook")
    assert "script" not in {tag for tag, _ in elements(answer.text)}
    policy = answer.headers["content-security-policy"]
    assert re.fullmatch(
        r"default-src 'none'; img-src data:; style-src 'nonce-[\w-]+'; base-uri 'none'; form-action 'none'; "
        r"frame-ancestors 'self'; sandbox",
        policy,
    )
    assert "&lt;script&gt;parent.owned=1&lt;/script&gt;" in answer.text  # shown as it was written
    assert "<td><strong>2</strong></td>" in answer.text  # and Markdown is rendered


def test_pictures_are_shown_and_other_outputs_are_named(reader: Any) -> None:
    """PNG as data; HTML, SVG and JavaScript are not shown; terminal colours are taken out."""
    html = reader.text(f"/s/0/{reader.number_of('Ana García')}/notebook")
    assert f'<img src="data:image/png;base64,{samples.picture()}"' in html
    assert "An output that is not shown here: text/html" in html
    assert "\x1b" not in html
    assert "ValueError: no" in html


def test_every_page_has_the_browsers_rules(reader: Any) -> None:
    """Policy, no frames, no sniffing, no referrer, no copies in caches; also where the answer is a refusal."""
    for address in ("/", "/nothing", "/static/dashboard.js"):
        headers = reader.get(address).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert (headers["x-frame-options"], headers["x-content-type-options"]) == ("DENY", "nosniff")
        assert (headers["referrer-policy"], headers["cache-control"]) == ("same-origin", "no-store")
    foreign = reader.get("/", headers={"host": "evil.example"})
    assert "default-src 'none'" in foreign.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("127.0.0.1:8765", True), ("localhost:8765", True), ("[::1]:8765", True), ("127.0.0.1", True),
        ("evil.example:8765", False), ("evil.example", False), ("127.0.0.1.evil.example:8765", False), ("", False),
        ("localhost.evil.example", False), ("192.168.1.7:8765", False), ("127.0.0.1:1", False), ("[::1", False),
        ("localhost:8765@evil.example", False), ("a b", False),
    ],
)  # fmt: skip
def test_on_loopback_only_names_of_this_machine_are_answered(reader: Any, host: str, known: bool) -> None:
    """A page whose name was rebound to this address has another name."""
    assert HostNames("127.0.0.1", 8765).knows(host) is known
    if host.isascii() and host:
        assert (reader.get("/", headers={"host": host}).status_code == 200) is known


def test_elsewhere_addresses_and_the_machines_own_names_are_answered() -> None:
    """A name of somebody else's is not, unless the user gave it."""
    names = HostNames(EVERYWHERE, 8765)
    assert [names.knows(host) for host in ("192.168.1.7:8765", "evil.example:8765", "192.168.1.7:80")] == [
        True,
        False,
        False,
    ]
    assert HostNames(EVERYWHERE, 8765, ("grades.example",)).knows("grades.example")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_forms_from_other_sites_are_refused(reader: Any, headers: dict[str, str]) -> None:
    """Whatever secret they hold."""
    ana = reader.number_of("Ana García")
    answer = reader.post(f"/s/0/{ana}/points", headers=headers, item="runs", points="1", reason="why", seen="")
    assert answer.status_code == 403
    assert reader.shelf.books[0].decisions.of("tarea1") == []


@pytest.mark.parametrize("csrf", ["", "wrong", "ñ"])
def test_forms_without_the_sessions_secret_are_refused(reader: Any, csrf: str) -> None:
    """Each browser has its own."""
    for address in ("/language", "/author", "/login", "/logout", "/s/0/1/points", "/s/0/1/accept", "/s/0/1/student",
                    "/q/0/tarea1/losses/empty"):  # fmt: skip
        assert reader.post(address, csrf=csrf, reason="why").status_code == 403


def test_nothing_is_changed_by_looking(reader: Any) -> None:
    """Addresses of forms answer no GET, and other methods nothing."""
    for address in ("/s/0/1/points", "/s/0/1/accept", "/s/0/1/student", "/language", "/q/0/tarea1/losses/empty"):
        assert reader.get(address).status_code in {404, 405}
    assert reader.client.delete("/s/0/1").status_code == 405


def test_a_form_without_end_is_refused(reader: Any) -> None:
    """By its length, before it is read."""
    assert reader.post("/language", language="x" * 1_100_000).status_code == 413


def test_elsewhere_nothing_is_shown_without_the_token(serving: Callable[..., Any]) -> None:
    """Every page leads to the door; the token opens it, with a new secret for the cookie."""
    browser = serving(token=TOKEN, host=EVERYWHERE)
    for address in ("/", "/c/0/tarea1", "/s/0/1", "/s/0/1/notebook", "/compare/0/1?beside=Ana", "/nothing"):
        answer = browser.client.get(address, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert "García" not in answer.text
    assert browser.post("/s/0/1/points", item="runs", points="1", reason="why").headers["location"] == "/login"
    assert browser.post("/login", token=TOKEN[:-1]).status_code == 403
    before = browser.client.cookies["grader_session"]
    assert browser.post("/login", token=TOKEN).status_code == 303
    assert browser.client.cookies["grader_session"] != before
    assert "tarea1" in browser.text("/")
    browser.post("/logout")
    assert browser.client.get("/", follow_redirects=False).status_code == 303


def test_the_cookie_is_no_business_of_scripts_or_other_sites(browser: Any) -> None:
    """HttpOnly and SameSite=Strict."""
    cookie = browser.get("/").headers["set-cookie"]
    assert "HttpOnly; SameSite=Strict" in cookie


def test_strangers_do_not_push_out_those_who_are_let_in() -> None:
    """However many of them knock."""
    sessions = BrowserSessions(author="", language="en", token=TOKEN)
    secret, _ = sessions.begin(allowed=True)
    for _ in range(2000):
        sessions.begin(allowed=False)
    assert sessions.find(secret) is not None


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil.example", "", "x", "/a\r\nSet-Cookie: b"]
)
def test_forms_lead_back_into_this_server_alone(address: str) -> None:
    """Nobody is sent elsewhere by a field of a form."""
    assert inner_address(address) == "/"
