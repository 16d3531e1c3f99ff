"""Access rules of the dashboard: host names, sessions, tokens, forged requests, security headers.

On loopback every user of this machine may look; elsewhere only those with the token. Three things keep other pages in
the same browser out: the `Host` header must be a name of this server (a page whose name was rebound to this address
sends another one), the session's cookie is never sent from other sites, and every form contains a secret of its
session.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE: Final = "grader_session"
LARGEST_FORM_BYTES: Final = 1_000_000
SHORTEST_TOKEN: Final = 12

_MOST_SESSIONS: Final = 1000
_SESSION_SECONDS: Final = 12 * 3600
_OPEN_PATHS: Final = ("/login", "/static/")
_PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with `no-referrer`, browsers call the origin of our own forms null
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass
class BrowserSession:
    """The session of one browser.

    Attributes:
        csrf: What every form of this browser must hold.
        author: Who decides, as they call themselves.
        language: Language of the pages.
        allowed: The token was given, or none is needed.
        seen: When it asked last, in seconds of the monotonic clock.
    """

    author: str
    language: str
    allowed: bool
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    seen: float = field(default_factory=time.monotonic)


class BrowserSessions:
    """Every session by the secret of its cookie; in memory, so that a restart ends them all."""

    def __init__(self, *, author: str, language: str, token: str | None) -> None:
        self._author, self._language, self._token = author, language, token
        self._known: OrderedDict[str, BrowserSession] = OrderedDict()

    @property
    def needs_token(self) -> bool:
        """Whether the token is required."""
        return self._token is not None

    def find(self, secret: str) -> BrowserSession | None:
        """Return the session of a cookie, None if it no longer exists."""
        session = self._known.get(secret)
        if session is None or time.monotonic() - session.seen > _SESSION_SECONDS:
            self._known.pop(secret, None)
            return None
        session.seen = time.monotonic()
        self._known.move_to_end(secret)
        return session

    def begin(self, *, allowed: bool, author: str = "", language: str = "") -> tuple[str, BrowserSession]:
        """Begin a session and return the secret of its cookie."""
        secret = secrets.token_urlsafe(32)
        session = BrowserSession(author or self._author, language or self._language, allowed)
        self._known[secret] = session
        while len(self._known) > _MOST_SESSIONS:
            # Requests without a token must not push out sessions that have one.
            strangers = (one for one, known in self._known.items() if not known.allowed)
            self._known.pop(next(strangers, next(iter(self._known))))
        return secret, session

    def end(self, secret: str) -> None:
        """Forget a session."""
        self._known.pop(secret, None)

    def opens(self, token: str) -> bool:
        """Return whether this is the token, taking the same time for every wrong one."""
        return self._token is not None and hmac.compare_digest(token.encode(), self._token.encode())


class Guard:
    """The outermost part of the application: refuses foreign host names, finds sessions, adds security headers."""

    def __init__(self, app: ASGIApp, *, sessions: BrowserSessions, names: HostNames) -> None:
        self._app, self._sessions, self._names = app, sessions, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, _with_rules(send, None))
            return
        secret = Request(scope).cookies.get(COOKIE, "")
        session = self._sessions.find(secret) if secret else None
        cookie = None
        if session is None:
            cookie, session = self._sessions.begin(allowed=not self._sessions.needs_token)
        scope["session_state"], scope["session_secret"] = session, cookie or secret
        if not session.allowed and not scope["path"].startswith(_OPEN_PATHS):
            answer: Response = RedirectResponse("/login", status_code=303)
            await answer(scope, receive, _with_rules(send, cookie))
            return
        await self._app(scope, receive, _with_rules(send, cookie))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if not self._names.knows(headers.get("host", "")):
            return PlainTextResponse("This server is not called that.", status_code=400)
        if scope["method"] not in {"GET", "HEAD", "POST"}:
            return PlainTextResponse("Not allowed.", status_code=405)
        if scope["method"] != "POST":
            return None
        length = headers.get("content-length", "")
        if not length.isdigit() or int(length) > LARGEST_FORM_BYTES:
            return PlainTextResponse("Too large.", status_code=413)
        return None if is_same_origin(headers) else PlainTextResponse("Sent from another site.", status_code=403)


@dataclass(frozen=True, slots=True)
class HostNames:
    """Names by which this server may be addressed.

    Attributes:
        host: What it listens on.
        port: Its port.
        more: Further names that the user gave.
    """

    host: str
    port: int
    more: tuple[str, ...] = ()

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host == "localhost" or _is_loopback(self.host)

    def knows(self, header: str) -> bool:
        """Return whether a `Host` header names this server.

        Rebinding needs a name of the attacker's, so that addresses written as numbers are safe where others may ask.
        """
        try:
            name, port = urlsplit(f"//{header}").hostname or "", urlsplit(f"//{header}").port
        except ValueError:
            return False
        if port not in {None, self.port} and not self.more:
            return False
        if self.is_loopback:
            return name == "localhost" or _is_loopback(name) or name in self.more
        known = {self.host, socket.gethostname().lower(), socket.getfqdn().lower(), *self.more}
        return name in known or _is_address(name)


def is_same_origin(headers: Headers) -> bool:
    """Return whether a form was sent by a page of this server, as far as the browser says."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")


def session_of(request: Request) -> BrowserSession:
    """Return the session of a request."""
    session = request.scope["session_state"]
    assert isinstance(session, BrowserSession)  # noqa: S101 - the guard put it there
    return session


def is_genuine(session: BrowserSession, secret: object) -> bool:
    """Return whether a form holds its session's secret."""
    return isinstance(secret, str) and hmac.compare_digest(secret.encode(), session.csrf.encode())


# Private -------------------------------------------------------------------------------------------------------------


def _with_rules(send: Send, cookie: str | None) -> Send:
    """Add security headers to an answer, and the cookie of a new session."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", _PAGE_POLICY)
            headers.setdefault("X-Frame-Options", "DENY")
            headers.setdefault("Cache-Control", "no-store")
            if cookie is not None:
                headers.append("Set-Cookie", cookie_header(cookie))
        await send(message)

    return sending


def cookie_header(secret: str) -> str:
    """Return the cookie of a session: never shown to scripts, never sent from other sites."""
    return f"{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={_SESSION_SECONDS}"


def _is_loopback(name: str) -> bool:
    return _is_address(name) and ipaddress.ip_address(name).is_loopback


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
