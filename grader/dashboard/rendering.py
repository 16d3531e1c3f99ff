"""Templates of the dashboard, and the values that all of them use."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from grader.dashboard.guard import session_of
from grader.domain.messages import Message
from grader.domain.people import shown_student
from grader.locale import LANGUAGES, Translator
from grader.report import hygiene
from grader.report.html import prose
from grader.report.wording import Wording

LANGUAGE_NAMES: Final = {"es": "Español", "en": "English"}


def wording_of(request: Request) -> Wording:
    """Return the words of the session's language."""
    return _wording(session_of(request).language)


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401 - a template's own
    """Fill a template.

    Args:
        request: Who asks: language, secret of forms, who decides.
        template: Its file name.
        status: Of the answer.
        values: What else it shows.
    """
    session, wording = session_of(request), wording_of(request)
    shelf = request.app.state.shelf
    text = (
        _environment()
        .get_template(template)
        .render(
            t=wording.t,
            say=wording.say,
            count=wording.count,
            points=wording.points,
            language=wording.language,
            languages=[(code, LANGUAGE_NAMES[code]) for code in LANGUAGES],
            session=session,
            here=_here(request),
            faults=[f"{assignment}: {said}" for (_, assignment), said in shelf.faults.items()],
            **values,
        )
    )
    return HTMLResponse(text, status_code=status)


def student_name(student: str) -> str:
    """Return a student's name for display, with the platform's id in brackets, made harmless."""
    return hygiene.one_line(shown_student(student), hygiene.NAME_LIMIT)


def not_found(request: Request) -> HTMLResponse:
    """Report that there is nothing at this address."""
    return page(request, "problem.html.j2", status=404, said=wording_of(request).t("There is nothing here."))


def refused(request: Request, reason: Message, *, status: int = 422) -> HTMLResponse:
    """Report why something was not done."""
    return page(request, "problem.html.j2", status=status, said=wording_of(request).say(reason))


# Private -------------------------------------------------------------------------------------------------------------


def _here(request: Request) -> str:
    """Return the address of this page within the server, to return to; for a form's answer, the course page."""
    if request.method != "GET":
        return "/"
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.path}{query}"


@cache
def _wording(language: str) -> Wording:
    return Wording(Translator(language))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader("grader.dashboard", "templates"), PackageLoader("grader.report", "templates")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["prose"] = prose
    return environment
