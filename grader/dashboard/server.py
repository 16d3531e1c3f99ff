"""Runs the dashboard until it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import uvicorn

from grader.dashboard.application import create_application
from grader.dashboard.guard import BrowserSessions, HostNames
from grader.dashboard.open_gradebooks import OpenGradebooks
from grader.review.book import BookPlace


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How to serve.

    Attributes:
        host: Address to listen on.
        port: Port; 0 for any free one.
        token: What is asked for, None on loopback.
        names: Further names under which it may be asked.
        author: Who decides, until the browser says otherwise.
        language: Of the pages, until the browser says otherwise.
    """

    host: str
    port: int
    token: str | None
    names: tuple[str, ...]
    author: str
    language: str


def run_server(places: Sequence[BookPlace], options: ServerOptions, *, on_ready: Callable[[str], None]) -> None:
    """Serve until Ctrl-C; `on_ready` gets the address.

    Raises:
        GradebookError: A gradebook cannot be opened.
        OSError: The port is taken.
    """
    shelf = OpenGradebooks.open(places)
    sessions = BrowserSessions(author=options.author, language=options.language, token=options.token)
    config = uvicorn.Config(
        "unused", host=options.host, port=options.port, log_level="warning", access_log=False, server_header=False,
        proxy_headers=False,
    )  # fmt: skip
    try:
        socket = config.bind_socket()
    except SystemExit as error:  # how uvicorn says that the port is taken; the sentence is in its log
        shelf.close()
        raise OSError(f"port {options.port} of {options.host} is taken") from error
    socket.listen()  # so that the address works from the moment at which it is shown
    port = socket.getsockname()[1]
    config.app = create_application(shelf, sessions=sessions, names=HostNames(options.host, port, options.names))
    shown = f"[{options.host}]" if ":" in options.host else options.host
    on_ready(f"http://{shown}:{port}/")
    uvicorn.Server(config).run(sockets=[socket])
