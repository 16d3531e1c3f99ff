"""`grader serve`: the dashboard, until it is stopped."""

from __future__ import annotations

import importlib.util
import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from grader.cli.command_language import SURROUNDINGS, Exit, complain, error_border, translated
from grader.domain.course import Course
from grader.domain.messages import message
from grader.review.book import BookPlace

_NEEDED = ("fastapi", "uvicorn", "multipart", "markdown_it", "pygments")
_SHORTEST_TOKEN = 12


@dataclass(frozen=True, slots=True)
class Address:
    """Address, access and author of the dashboard.

    Attributes:
        host: Address to listen on.
        port: Its port.
        token: The user's own access token, or None.
        names: Further names of this server.
        author: Author of decisions, until the browser names another.
    """

    host: str
    port: int
    token: str | None
    names: tuple[str, ...]
    author: str


def serve_grades(
    folders: Sequence[Path], address: Address, *, gradebook: str | None, course: Path | None, language: str | None
) -> None:
    """Serve graded classes until Ctrl-C."""
    with error_border(language):
        _require_packages(language)
        from grader.dashboard.server import ServerOptions, run_server

        own = Course.at(course)
        if gradebook is not None and len(folders) > 1:
            raise complain(message("--gradebook goes with one folder at most."), Exit.WRONG_USAGE, language)
        places = [BookPlace.of(folder, gradebook, course=own) for folder in folders or (None,)]
        token = _token(address, language)
        options = ServerOptions(
            address.host, address.port, token, address.names, address.author, language or SURROUNDINGS.language
        )
        typer.echo(translated(message("Reading the grades …"), language), err=True)
        run_server(places, options, on_ready=lambda url: _announce(url, token, given=address.token, language=language))


def _announce(url: str, token: str | None, *, given: str | None, language: str | None) -> None:
    typer.echo(translated(message("The grades are at {url} until you press Ctrl-C.", url=url), language))
    if token is not None and token != given:
        typer.echo(translated(message("Token: {token}", token=token), language))


def _token(address: Address, language: str | None) -> str | None:
    """Return the access token: none on loopback unless the user wants one, else a random token."""
    if address.token is not None and len(address.token) < _SHORTEST_TOKEN:
        sentence = message("A token needs at least {count} characters.", count=_SHORTEST_TOKEN)
        raise complain(sentence, Exit.WRONG_USAGE, language)
    if address.token is not None or _is_loopback(address.host):
        return address.token
    return secrets.token_urlsafe(18)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _require_packages(language: str | None) -> None:
    if any(importlib.util.find_spec(name) is None for name in _NEEDED):
        raise complain(
            message(
                "The dashboard needs packages that are not installed. Run "
                "`pip install 'autoencoder-grader[serve]'` and try again."
            ),
            Exit.WRONG_USAGE,
            language,
        )
