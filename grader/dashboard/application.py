"""The dashboard as one application: routes, guard, our static files."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as StarletteHTTPException

from grader.authoring.errors import AuthoringError
from grader.dashboard import batch_progress, lists, question_pages, regrade, reviewing, sign_in
from grader.dashboard.guard import BrowserSessions, Guard, HostNames
from grader.dashboard.open_gradebooks import OpenGradebooks
from grader.dashboard.rendering import not_found, refused
from grader.gradebook import GradebookError
from grader.report.html import report_style

STATIC = Path(__file__).parent / "static"

_LOG = logging.getLogger(__name__)


def create_application(shelf: OpenGradebooks, *, sessions: BrowserSessions, names: HostNames) -> Guard:
    """Build the application; it closes the shelf when it ends.

    Args:
        shelf: The open gradebooks.
        sessions: Who may look.
        names: Under which names it may be asked.
    """

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        yield
        shelf.close()

    app = FastAPI(lifespan=living, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.shelf, app.state.sessions = shelf, sessions
    for part in (sign_in, lists, question_pages, regrade, reviewing, batch_progress):
        app.include_router(part.router)
    app.add_api_route("/static/report.css", _report_style)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_exception_handler(StarletteHTTPException, _http_fault)
    app.add_exception_handler(RequestValidationError, _unknown_address)
    app.add_exception_handler(GradebookError, _fault_page)
    app.add_exception_handler(AuthoringError, _fault_page)
    return Guard(app, sessions=sessions, names=names)


# Private -------------------------------------------------------------------------------------------------------------


def _report_style() -> PlainTextResponse:
    """Return the style of the reports, which the pages share."""
    return PlainTextResponse(report_style(), media_type="text/css")


def _http_fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException | StarletteHTTPException)  # noqa: S101 - what it is registered for
    if error.status_code == 404:
        return not_found(request)
    return PlainTextResponse(str(error.detail), status_code=error.status_code)


def _unknown_address(request: Request, error: Exception) -> HTMLResponse:  # noqa: ARG001 - a handler's signature
    return not_found(request)


def _fault_page(request: Request, error: Exception) -> HTMLResponse:
    _LOG.exception("a page could not be made", exc_info=error)
    reason = error.reason if isinstance(error, GradebookError) else getattr(error, "summary")  # noqa: B009
    return refused(request, reason, status=500)
