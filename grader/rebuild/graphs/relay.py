"""Requests the second sandbox from the trusted core (zone T): `python relay.py SOCKET GRAPH`, run in a sandbox.

Its standard input and output are passed to the program that T starts; when either ends, so does the other.
"""

from __future__ import annotations

import os
import socket
import sys


def main(address: str, graph: str) -> None:
    """Pass on both pipes, and wait until the sandbox has ended."""
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(address)
        socket.send_fds(door, [graph.encode()], [0, 1])
        for pipe in (0, 1):
            os.close(pipe)
        door.recv(1)


if __name__ == "__main__":
    main(*sys.argv[1:3])
