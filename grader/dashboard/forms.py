"""Reads forms sent by this server's own pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, HTTPException, Request
from starlette.datastructures import FormData

from grader.dashboard.guard import is_genuine, session_of

_MOST_FIELDS = 10_000
"""Most fields: one for each hand-in of a large class; the guard limits the bytes."""


async def _genuine(request: Request) -> FormData:
    form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    if not is_genuine(session_of(request), form.get("csrf")):
        raise HTTPException(403, "The form is out of date. Go back, load the page again and repeat it.")
    return form


GenuineForm = Annotated[FormData, Depends(_genuine)]
"""A form that holds its session's secret."""


def text_of(form: FormData, name: str) -> str:
    """Return a text field, "" if it is missing or a file."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


def inner_address(text: str) -> str:
    """Return an address of this server, else the course page: forms contain the address to return to."""
    is_inner = text.startswith("/") and not text.startswith(("//", "/\\")) and "\n" not in text and "\r" not in text
    return text if is_inner else "/"
