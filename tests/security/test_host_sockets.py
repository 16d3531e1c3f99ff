"""The kernel's sockets lie in a folder that it writes: what it puts in their place is never connected to."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from laboratory import BUBBLEWRAP, QUICK, WARM, make_sandbox, places_of_claims, run
from waiting import wait_until

from grader.sandbox import kernel

HANGS_UP = """
import os, time
from ipykernel.kernelapp import IPKernelApp
app = IPKernelApp.instance()
folder = os.path.dirname(app.ip)
names = os.listdir(folder)
for each in (app.shell_socket, app.control_socket, app.iopub_socket):
    each.close(0)
time.sleep(.3)
for name in names:
    if os.path.lexists(f"{folder}/{name}"):
        os.unlink(f"{folder}/{name}")
    os.symlink(SERVER, f"{folder}/{name}")
time.sleep(2)
"""


@contextmanager
def counting_server(path: Path) -> Iterator[list[int]]:
    """Listen on a Unix socket of this machine and count who comes."""
    came: list[int] = []
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                came.append(1)
                client.close()

        threading.Thread(target=serve, daemon=True).start()
        yield came
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("again", [False, True], ids=["as_it_is", "where_it_connected_again"])
def test_a_server_of_this_machine_is_not_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: bool) -> None:
    """The kernel hangs up and leads its sockets' names to it; the second case shows that the attack is one."""
    if again:
        monkeypatch.setattr(kernel, "_NEVER", 50)
    limits = replace(QUICK, cell_seconds=4.0, notebook_seconds=20.0)
    place = tmp_path / "s"
    if len(str(place)) > 100:
        pytest.skip("the path of a socket would be too long here")
    with counting_server(place) as came:
        run(make_sandbox(BUBBLEWRAP), [f"SERVER = {str(place)!r}\n{HANGS_UP}", "1"], tmp_path, limits)
    assert bool(came) is again


MAKES_PROGRAMS = """
import os, pathlib, shutil, time
from ipykernel.kernelapp import IPKernelApp
folders = [os.path.dirname(IPKernelApp.instance().ip), '/exchange']
refusals = 0
for folder in folders:
    program = f'{folder}/program'
    shutil.copyfile('/bin/true', program)
    os.chmod(folder, 0o777)
    os.chmod(program, 0o755)
    for attempt in (lambda: os.chmod(program, 0o4755), lambda: os.open(f'{folder}/x', os.O_CREAT, 0o6755),
                    lambda: os.mknod(f'{folder}/y', 0o100000 | 0o4755), lambda: os.system(f'chmod 4755 {program}') and 1/0):
        try:
            attempt()
        except (PermissionError, ZeroDivisionError):
            refusals += 1
assert refusals == 8, refusals
pathlib.Path('/exchange/folder').write_text(folders[0])
while not os.path.exists('/exchange/go'): time.sleep(.05)
"""

LOOKS = "import os, sys\nos.setgid(65534); os.setuid(65534)\nprint([os.access(p, os.F_OK) for p in sys.argv[1:]])"


def begun(folder: Path) -> list[tuple[Path, Path]]:
    """Return where the claims and the sockets of the run lie that has begun, as this machine sees them."""
    return [
        (place, place.parent / "k" if WARM else Path((place / "folder").read_text()))
        for place in places_of_claims([folder], "folder")
        if (place / "folder").read_text()
    ]


def test_no_other_user_reaches_what_a_kernel_writes(tmp_path: Path) -> None:
    """No program runs as its owner, and the folders are closed to others during the run and gone after it."""
    seen: list[str] = []

    def look() -> None:
        assert wait_until(lambda: bool(begun(tmp_path)))
        exchange, sockets = begun(tmp_path)[0]
        places = [str(sockets), str(sockets / "program"), str(exchange / "program")]
        seen.extend(oct(Path(place).stat().st_mode & stat.S_ISUID) for place in places[1:])
        if os.geteuid() == 0:
            done = subprocess.run(
                [sys.executable, "-S", "-c", LOOKS, *places], capture_output=True, text=True, check=True
            )
            seen.append(done.stdout.strip())
        seen.append(places[0])
        (exchange / "go").touch()

    watching = threading.Thread(target=look)
    watching.start()
    limits = replace(QUICK, cell_seconds=90.0, notebook_seconds=90.0)
    outcome = run(make_sandbox(BUBBLEWRAP), [MAKES_PROGRAMS], tmp_path, limits)
    watching.join()
    assert outcome.record.errors == ()
    *modes, folder = seen
    expected = ["[False, False, False]"] if os.geteuid() == 0 else []
    assert modes == ["0o0", "0o0", *expected]
    assert not os.path.lexists(folder)
