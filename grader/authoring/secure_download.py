"""Downloads over https alone, from redirections too."""

from __future__ import annotations

import urllib.error
import urllib.request
from http.client import HTTPMessage
from typing import IO, Final
from urllib.parse import urlsplit
from urllib.request import Request

_SECONDS: Final = 20.0


def first_bytes(address: str, most: int) -> bytes:
    """Return the first bytes behind an address, at most so many.

    Raises:
        OSError: It cannot be reached, or it leads to an address that is not secure (`URLError` is one).
    """
    with _OPENER.open(address, timeout=_SECONDS) as answer:
        return bytes(answer.read(most))


class _OnlySecure(urllib.request.HTTPRedirectHandler):
    """Follows redirections to other secure addresses only."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Refuse any other redirection."""
        if urlsplit(newurl).scheme != "https":
            raise urllib.error.URLError("redirected to an address that is not secure")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER: Final = urllib.request.build_opener(_OnlySecure)
