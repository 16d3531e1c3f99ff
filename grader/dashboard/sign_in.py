"""The token, the language of the pages, and the name of the person who decides."""

from __future__ import annotations

import time
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from grader.dashboard.forms import GenuineForm, inner_address, text_of
from grader.dashboard.guard import BrowserSessions, cookie_header, session_of
from grader.dashboard.rendering import page, wording_of
from grader.locale import LANGUAGES
from grader.review.decision_parsing import AUTHOR_LIMIT

router = APIRouter()

_SECONDS_A_GUESS: Final = 1.0


@router.get("/login")
def ask_token(request: Request) -> HTMLResponse:
    """Ask for the token."""
    return page(request, "login.html.j2", problem="")


@router.post("/login")
def take_token(request: Request, form: GenuineForm) -> Response:
    """Admit a browser that knows the token; each wrong guess takes some time."""
    sessions: BrowserSessions = request.app.state.sessions
    if not sessions.opens(text_of(form, "token").strip()):
        time.sleep(_SECONDS_A_GUESS)
        return page(request, "login.html.j2", status=403, problem=wording_of(request).t("That is not the token."))
    before = session_of(request)
    sessions.end(request.scope["session_secret"])  # nobody goes on with a secret from before the door
    author = text_of(form, "author").strip()[:AUTHOR_LIMIT] or before.author
    secret, _ = sessions.begin(allowed=True, author=author, language=before.language)
    answer = RedirectResponse("/", status_code=303)
    answer.raw_headers.append((b"set-cookie", cookie_header(secret).encode("ascii")))
    return answer


@router.post("/logout")
def leave(request: Request, form: GenuineForm) -> Response:  # noqa: ARG001 - it only has to be genuine
    """Forget a browser."""
    request.app.state.sessions.end(request.scope["session_secret"])
    return RedirectResponse("/", status_code=303)


@router.post("/language")
def speak(request: Request, form: GenuineForm) -> Response:
    """Change the language of the pages."""
    wanted = text_of(form, "language")
    if wanted in LANGUAGES:
        session_of(request).language = wanted
    return RedirectResponse(inner_address(text_of(form, "back")), status_code=303)


@router.post("/author")
def be_called(request: Request, form: GenuineForm) -> Response:
    """Change the name under which this browser decides."""
    name = " ".join(text_of(form, "author").split())[:AUTHOR_LIMIT]
    if name:
        session_of(request).author = name
    return RedirectResponse(inner_address(text_of(form, "back")), status_code=303)
