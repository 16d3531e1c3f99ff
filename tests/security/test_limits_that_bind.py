"""Memory that is on no process's account, names without end, and processors that belong to a neighbour."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from laboratory import BUBBLEWRAP, QUICK, make_sandbox, run

from grader.domain.run import Limits, RunStatus, StoppedBy
from grader.sandbox import watchdog
from grader.sandbox.conformance.conformance_case import first_cell

SEMAPHORES = """
import errno, os, pytest
for call, arguments in ((64, (0, 32000, 0o600)), (29, (0, 1 << 20, 0o1600)), (68, (0, 0o1600)), (240, (b'/q', 0o102, 0o600, 0))):
    error = refused(lambda: system_call(call, {64: 190, 29: 194, 68: 186, 240: 180}[call], *arguments))
    assert error.errno == errno.ENOSYS, (call, error)
"""

ATTACKS = {
    "links_in_memory": "import os\nfor n in range(10**7): os.symlink('x' * 200, f'/tmp/{n}')",
    "links_in_every_folder": "import os\nfor n in range(10**7):\n    for f in ('/content', '/dev/shm', '/home/student'):"
    " os.symlink('x', f'{f}/{n}')",
    "folders_in_memory": "import os\nos.chdir('/tmp')\nfor n in range(10**7): os.mkdir(str(n))",
    "empty_files_where_claims_go": "for n in range(10**7): open(f'/exchange/{n}', 'w').close()",
    "links_beside_the_sockets": "import os\nfrom ipykernel.kernelapp import IPKernelApp\n"
    "folder = os.path.dirname(IPKernelApp.instance().ip)\nfor n in range(10**7): os.symlink('x', f'{folder}/{n}')",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_names_without_end_are_ended(name: str, tmp_path: Path) -> None:
    """Each name costs memory or disk that no size of a file shows."""
    before = psutil.virtual_memory().available
    record = run(make_sandbox(BUBBLEWRAP), [ATTACKS[name]], tmp_path, replace(QUICK, cell_seconds=60.0)).record
    assert (record.status, record.stopped_by) == (RunStatus.KILLED, StoppedBy.DISK)
    assert before - psutil.virtual_memory().available < 2**30


SOCKETS = """
import os, socket, time
held = []
for _ in range(3):
    if os.fork() == 0: break
try:
    while True: held += socket.socketpair()
except OSError: pass
time.sleep(60)
"""
PIPES = SOCKETS.replace("held += socket.socketpair()", "held += os.pipe()").replace("range(3)", "range(60)")


@pytest.mark.parametrize("source", [SOCKETS, PIPES], ids=["sockets", "pipes"])
def test_sockets_and_pipes_count_as_memory(source: str, tmp_path: Path) -> None:
    """What their buffers may hold is on nobody's account."""
    limits = replace(QUICK, memory_mib=1024, cell_seconds=60.0)
    record = run(make_sandbox(BUBBLEWRAP), [source], tmp_path, limits).record
    assert (record.status, record.stopped_by) == (RunStatus.KILLED, StoppedBy.MEMORY)


def test_files_without_end_delay_no_look_at_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting files has a thread of its own: the limit binds while the count stands still."""
    monkeypatch.setattr(watchdog.Watchdog, "_look_at_folders", lambda self: self._done.wait(60) and StoppedBy.NOTHING)
    bomb = "blocks = []\nwhile True: blocks.append(bytearray(b'x') * (8 << 20))"
    record = run(make_sandbox(BUBBLEWRAP), [bomb], tmp_path, replace(QUICK, memory_mib=400)).record
    assert (record.status, record.stopped_by) == (RunStatus.KILLED, StoppedBy.MEMORY)


SPINNERS = """
import os, time
end = time.monotonic() + 15
for number in range(60):
    if os.fork() == 0:
        if number % 2: os.setsid()
        while time.monotonic() < end: pass
        os._exit(0)
time.sleep(16)
"""
WORK = "total = 0\nfor number in range(15_000_000): total += number"


@pytest.mark.slow
def test_a_neighbour_ends_within_its_limit_beside_sixty_spinning_processes(tmp_path: Path) -> None:
    """The spinning ones are put behind; the little that is left of them does not count as the neighbour's time."""
    sandbox = make_sandbox(BUBBLEWRAP)
    alone = run(sandbox, [WORK], tmp_path / "alone", Limits(cell_seconds=60)).seconds
    limits = Limits(cell_seconds=max(6.0, 2 * alone))
    with ThreadPoolExecutor(2) as pool:
        greedy = pool.submit(run, sandbox, [SPINNERS], tmp_path / "greedy", replace(QUICK, cell_seconds=40.0))
        beside = pool.submit(run, sandbox, ["import time; time.sleep(3)", WORK], tmp_path / "beside", limits)
        assert (beside.result().record.status, beside.result().record.errors) == (RunStatus.COMPLETED, ())
        greedy.result()


MOST_MIB = 850
"""More than a warm kernel with TensorFlow takes, whose pages count although it shares them."""


def test_the_run_that_takes_most_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine is at its end, the innocent neighbour goes on."""
    sandbox = make_sandbox(BUBBLEWRAP)
    large = "block = bytearray(b'x') * (900 << 20)\nimport time; time.sleep(30)"
    small = "import time; time.sleep(12)"
    real = watchdog.reserves_mib

    def scarce(folders):
        """Say that memory is short as soon as somebody has taken it."""
        memory_mib, disk_mib = real(folders)
        taken = max((one.usage.memory_mib for one in tuple(watchdog._RUNNING)), default=0)
        return (0.0 if taken > MOST_MIB else memory_mib), disk_mib

    monkeypatch.setattr(watchdog, "reserves_mib", scarce)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(run, sandbox, [cell], tmp_path / str(n)) for n, cell in enumerate((large, small))]
        records = [one.result().record for one in runs]
    assert [record.stopped_by for record in records] == [StoppedBy.SANDBOX, StoppedBy.NOTHING]


def test_what_is_counted_nowhere_is_closed(tmp_path: Path) -> None:
    """Semaphores, shared memory and both kinds of queues answer that they are not here."""
    cells = [first_cell({}), SEMAPHORES.replace("import errno, os, pytest", "import errno")]
    assert run(make_sandbox(BUBBLEWRAP), cells, tmp_path).record.errors == ()
