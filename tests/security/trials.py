"""Attacks that end or spoil a kernel: what is run, and what must hold of the record and the claims afterwards."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from laboratory import BACKENDS, QUICK, Outcome, Trial

from grader.domain.evidence import RejectedClaimsError
from grader.domain.messages import message
from grader.domain.run import CellError, RaisedBy, RunStatus, StoppedBy

GRACE_SECONDS = 120.0
"""Kernel start, interruption and end on a machine so busy that a run is given four times its limits."""
GROWTH_MIB = 150.0
"""What a kernel may leave in this process's memory, ZeroMQ's buffers included; each flood sends far more."""
SHORT = replace(QUICK, cell_seconds=1.0)

FIND_LAST_CLAIMS = (
    "magics = get_ipython().magics_manager.magics['line']\n"
    "ours = next(name for name in magics if name.startswith('finish_'))\n"
)
"""How the last claims are asked for has another name in each run; whoever knows our source finds it all the same."""

_SOCKETS = """
import os
from ipykernel.kernelapp import IPKernelApp
app = IPKernelApp.instance()
sockets = [app.shell_socket, app.control_socket, app.iopub_socket]
folder = os.path.dirname(app.ip)
"""

# -- How a run ends ----------------------------------------------------------------------------------------------------


def ended(status: RunStatus, stopped_by: StoppedBy, **fields: object):
    """Return an assertion on how the run ended, on the fields named, and on its being over in time."""

    def holds(outcome: Outcome) -> None:
        record = outcome.record
        assert (record.status, record.stopped_by) == (status, stopped_by), record
        assert {name: getattr(record, name) for name in fields} == fields
        assert outcome.seconds < GRACE_SECONDS
        assert outcome.growth_mib < GROWTH_MIB

    return holds


def timed_out_with_claims(outcome: Outcome) -> None:
    ended(RunStatus.TIMED_OUT, StoppedBy.CELL_TIME, cells_total=2, cells_run=1, last_cell=0, errors=())(outcome)
    assert (outcome.exchange / "claims" / "claims.json").is_file()


def timed_out_between_cells(outcome: Outcome) -> None:
    ended(RunStatus.TIMED_OUT, StoppedBy.NOTEBOOK_TIME, cells_total=30, errors=())(outcome)
    assert 0 < outcome.record.cells_run < 30


def memory_was_watched(outcome: Outcome) -> None:
    """By the watchdog, or, where a busy machine let it look too late, by the hard limit, which the kernel reported."""
    ended(RunStatus.KILLED, StoppedBy.MEMORY, cells_run=1)(outcome)
    met_hard_limit = [error.name for error in outcome.record.errors] == ["MemoryError"]
    assert outcome.record.peak_memory_mib > 300 or met_hard_limit


def nothing_beats(outcome: Outcome) -> None:
    ended(RunStatus.COMPLETED, StoppedBy.NOTHING)(outcome)
    beats = outcome.exchange / "beats"
    first = beats.stat().st_size
    time.sleep(0.3)
    assert (first > 0, beats.stat().st_size) == (True, first)


SELF_EXIT = message("The kernel ended itself with exit status {status}.", status=3)

ENDINGS = (
    Trial(
        "endless_loop",
        "It is interrupted at the cell limit, and the claims of what was done before are exported.",
        ["while True: pass", "x = 1"],
        timed_out_with_claims,
        SHORT,
        backends=BACKENDS,
    ),
    Trial(
        "endless_loop_that_swallows_interrupts",
        "A loop that catches everything is killed.",
        ["while True:\n    try:\n        while True: pass\n    except BaseException: pass", "x = 1"],
        ended(RunStatus.TIMED_OUT, StoppedBy.CELL_TIME, cells_run=1),
        SHORT,
        backends=BACKENDS,
    ),
    Trial(
        "kernel_that_stops_itself",
        "A process that is stopped (SIGSTOP) hears nothing and is killed.",
        ["import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", "x = 1"],
        ended(RunStatus.TIMED_OUT, StoppedBy.CELL_TIME, cells_run=1),
        SHORT,
    ),
    Trial(
        "many_slow_cells",
        "The notebook limit ends what no cell limit does.",
        ["import time; time.sleep(1)"] * 30,
        timed_out_between_cells,
        replace(QUICK, notebook_seconds=5.0),
    ),
    Trial(
        "exit_status_of_its_own",
        "A kernel that ends itself is distinguished from one that we end.",
        ["import os; os._exit(3)", "x = 1"],
        ended(RunStatus.KILLED, StoppedBy.OWN_EXIT, detail=SELF_EXIT, cells_run=1),
        backends=BACKENDS,
    ),
    Trial(
        "kills_itself",
        "A signal is distinguished from an exit.",
        ["import os; os.kill(os.getpid(), 9)"],
        ended(RunStatus.KILLED, StoppedBy.SIGNAL),
    ),
    Trial(
        "crashes",
        "So is a crash in machine code, which leaves no core file behind.",
        ["import os; os.chdir('/tmp'); os.abort()"],
        ended(RunStatus.KILLED, StoppedBy.SIGNAL),
    ),
    Trial(
        "dies_while_claims_are_exported",
        "A probe that was replaced can end the kernel, and no more.",
        [FIND_LAST_CLAIMS + "import os; magics[ours] = lambda _line: os._exit(3)"],
        ended(RunStatus.KILLED, StoppedBy.OWN_EXIT, detail=SELF_EXIT, cells_run=1),
    ),
    Trial(
        "probe_replaced_by_a_known_name",
        "What a notebook puts under the names of our package is not what the grader calls after the last cell.",
        [
            (
                "import os, sys, types\nend = lambda *_: os._exit(3)\nsys.modules['grader_probe.export'].Exporter.export = end\n"
                "sys.modules['grader_probe'] = types.SimpleNamespace(finish=end, answer_to=end, _EXPORTERS=[])"
            )
        ],
        ended(RunStatus.COMPLETED, StoppedBy.NOTHING, cells_run=1),
        backends=BACKENDS,
    ),
    Trial(
        "memory_bomb",
        "Memory over the limit ends the run.",
        ["blocks = []\nwhile True: blocks.append(bytearray(b'x') * (32 << 20))"],
        memory_was_watched,
        replace(QUICK, memory_mib=300),
        backends=BACKENDS,
    ),
    Trial(
        "memory_bomb_in_children",
        "The memory of all processes counts together.",
        [
            (
                "import os, time\n"
                "for _ in range(8):\n    if os.fork() == 0:\n        os.setsid()\n"
                "        block = bytearray(b'x') * (64 << 20)\n        time.sleep(60)\n"
                "time.sleep(60)"
            )
        ],
        memory_was_watched,
        replace(QUICK, memory_mib=300),
    ),
    Trial(
        "processes_that_cut_their_ties",
        "Nothing that a notebook started runs on: new session, double fork, ignored signals.",
        [
            (
                "import os, signal, subprocess, sys, time\n"
                'beat = \'import time\\nwhile True:\\n    print(1, file=open("/exchange/beats", "a"))\'\n'
                "beat += '\\n    time.sleep(.01)'\n"
                "silent = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}\n"
                "subprocess.Popen([sys.executable, '-c', beat], start_new_session=True)\n"
                "subprocess.Popen(['nohup', sys.executable, '-c', beat], **silent)\n"
                "if os.fork() == 0:\n    os.setsid()\n    for number in range(1, 32):\n"
                "        if number not in (9, 19):\n            signal.signal(number, signal.SIG_IGN)\n"
                "    if os.fork() == 0:\n        exec(beat)\n    os._exit(0)\n"
                "while not os.path.exists('/exchange/beats'): time.sleep(.01)"
            )
        ],
        nothing_beats,
    ),
    Trial(
        "threads_and_exit_handlers",
        "Neither a thread nor an exit handler holds up the end.",
        [
            (
                "import atexit, signal, threading, time\natexit.register(time.sleep, 600)\n"
                "for number in (signal.SIGTERM, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)\n"
                "threading.Thread(target=time.sleep, args=(600,)).start()"
            )
        ],
        ended(RunStatus.COMPLETED, StoppedBy.NOTHING),
        backends=BACKENDS,
    ),
)

# -- What a kernel sends -----------------------------------------------------------------------------------------------


def raised(*names: str):
    """Return an assertion that cells ended with these exceptions, in this order, and that our memory is as before."""

    def holds(outcome: Outcome) -> None:
        assert [error.name for error in outcome.record.errors] == list(names), outcome.record
        assert outcome.seconds < GRACE_SECONDS
        assert outcome.growth_mib < GROWTH_MIB

    return holds


MESSAGES = (
    Trial(
        "flood_without_end",
        "A kernel that prints for ever is interrupted in time, and what it printed is not kept.",
        ["while True: print('x' * 1000)"],
        ended(RunStatus.TIMED_OUT, StoppedBy.CELL_TIME, output_truncated=True),
        replace(QUICK, cell_seconds=2.0),
    ),
    Trial(
        "flood_with_an_end",
        "50 MB of output end well, and the record says that they were cut.",
        ["for _ in range(50): print('x' * 10**6)", "1 / 0"],
        ended(
            RunStatus.RAISED,
            StoppedBy.NOTHING,
            output_truncated=True,
            errors=(CellError(1, "ZeroDivisionError", "division by zero", "1 / 0", raised_by=RaisedBy.NOTEBOOK),),
        ),
    ),
    Trial(
        "one_message_of_200_mb",
        "A message over the limit is refused by its length, and the run goes on.",
        ["display('x' * 200 * 10**6)", "1 / 0"],
        raised("ZeroDivisionError"),
    ),
    Trial(
        "many_messages_below_the_limit",
        "As many messages as fit under the limit do not fill our memory either.",
        ["for _ in range(7): display('x' * 30 * 10**6)", "1 / 0"],
        raised("ZeroDivisionError"),
    ),
    Trial(
        "exception_of_50_mb",
        "An exception with a data set as its text is an exception.",
        ["raise ValueError('x' * 50 * 10**6)", "1 / 0"],
        raised("Exception", "ZeroDivisionError"),
    ),
    Trial(
        "garbage_on_the_sockets",
        "Frames that are no messages are passed over: too few, no JSON, no object, too deep.",
        [
            _SOCKETS + "who = app.kernel.get_parent('shell') and app.kernel._parent_ident['shell']\n"
            "mark, signature, empty = b'<IDS|MSG>', b'', b'{}'\n"
            "for frames in ([], [b'x'], [mark], [mark, signature, b'[]', b'null', empty, empty],\n"
            "               [mark, signature, empty, b'{\"msg_id\": []}', empty, b'7'],\n"
            "               [mark, signature, empty, b'[' * 100_000, empty, empty],\n"
            "               [mark, signature, b'\\xff', b'\\xff', b'\\xff', b'\\xff']):\n"
            "    app.shell_socket.send_multipart([*who, *frames])\n"
            "    app.iopub_socket.send_multipart([b'kernel.stream', *frames])",
            "1 / 0",
        ],
        raised("ZeroDivisionError"),
    ),
    Trial(
        "forged_reply",
        "A kernel that answers for itself is only the notebook's word; ours is that it ended, and its text is cleaned.",
        [
            _SOCKETS + "import json\n"
            "header = {'msg_id': app.kernel.get_parent('shell')['header']['msg_id']}\n"
            'text = \'{"status": "error", "ename": "A\\\\ud800\\\\nB", "evalue": ["\\\\u001b]0;x"], "traceback": 5}\'\n'
            "app.shell_socket.send_multipart([*app.kernel._parent_ident['shell'], b'<IDS|MSG>', b'', b'{}',\n"
            "    json.dumps(header).encode(), b'{}', text.encode()])",
            "1 / 0",
        ],
        raised("A\ufffd B", "ZeroDivisionError"),
    ),
    Trial(
        "closed_sockets",
        "A kernel that hangs up while its process lives does not make us wait for ever.",
        [_SOCKETS + "for socket in sockets: socket.close(0)", "1 / 0"],
        ended(RunStatus.TIMED_OUT, StoppedBy.CELL_TIME),
        SHORT,
    ),
    Trial(
        "strange_server_on_the_sockets",
        "Another program behind the kernel's sockets, speaking no ZeroMQ, neither hangs nor breaks us.",
        [
            _SOCKETS + "import socket as plain, threading, time\n"
            "def serve(path):\n    os.unlink(path)\n    server = plain.socket(plain.AF_UNIX)\n    server.bind(path)\n"
            "    server.listen()\n    while True:\n        client, _ = server.accept()\n"
            "        client.sendall(b'garbage' * 1000)\n        client.close()\n"
            "for name in os.listdir(folder): threading.Thread(target=serve, args=(f'{folder}/{name}',)).start()\n"
            "for socket in sockets: socket.close(0)\ntime.sleep(1)",
            "1 / 0",
        ],
        ended(RunStatus.TIMED_OUT, StoppedBy.CELL_TIME),
        replace(QUICK, cell_seconds=3.0),
    ),
    Trial(
        "kernel_without_heartbeat",
        "A kernel whose heartbeat thread died (machine code may hold it for minutes) is not taken for dead.",
        [
            _SOCKETS + "app.heartbeat.context.destroy(linger=0)",
            "import time; time.sleep(2)",
            "1 / 0",
        ],
        raised("ZeroDivisionError"),
    ),
    Trial(
        "kernel_that_hears_no_interrupt",
        "Without its control thread a kernel cannot be interrupted; it is killed instead.",
        ["get_ipython().kernel.control_thread.stop()", "while True: pass"],
        ended(RunStatus.TIMED_OUT, StoppedBy.CELL_TIME, cells_run=2),
        SHORT,
    ),
)

# -- What a kernel leaves behind ---------------------------------------------------------------------------------------


def no_models(outcome: Outcome) -> None:
    ended(RunStatus.COMPLETED, StoppedBy.NOTHING)(outcome)
    assert outcome.evidence().models == ()  # the last claims are written all the same, and name none


def rejected(outcome: Outcome) -> None:
    ended(RunStatus.COMPLETED, StoppedBy.NOTHING)(outcome)
    for number in range(len(PLANTED_CLAIMS)):
        with pytest.raises(RejectedClaimsError):
            replace(outcome, exchange=outcome.exchange / str(number)).evidence()


_NO_EXPORT = FIND_LAST_CLAIMS + "import os, pathlib, shutil, socket\nmagics[ours] = lambda _line: None\n"

PLANTED_CLAIMS = (
    "claims.symlink_to('/etc')",
    "claims.symlink_to('/exchange/honest')",
    "claims.mkdir(); (claims / 'claims.json').symlink_to('/etc/hostname')",
    "claims.mkdir(); (claims / 'claims.json').symlink_to('/dev/zero')",
    "claims.mkdir(); os.mkfifo(claims / 'claims.json')",
    "claims.mkdir(); socket.socket(socket.AF_UNIX).bind(str(claims / 'claims.json'))",
    "claims.mkdir(); (claims / 'claims.json').mkdir()",
    "claims.mkdir(); (claims / 'claims.json').write_text('[' * 10**6)",
    "claims.mkdir(); (claims / 'claims.json').write_bytes(b' ' * (17 << 20))",
    "shutil.copytree('/exchange/honest', claims); (claims / 'weights.npz').unlink(); os.mkfifo(claims / 'weights.npz')",
    "shutil.copytree('/exchange/honest', claims); (claims / 'weights.npz').write_bytes(b'PK' + bytes(100))",
    (
        "shutil.copytree('/exchange/honest', claims);"
        " numpy.savez_compressed(claims / 'weights.npz', v0=numpy.zeros(100 << 20, numpy.uint8))"
    ),
)

_FILL = (
    "def fill(folder):\n    number = 0\n    while True:\n        number += 1\n"
    "        with open(f'{folder}/{number}', 'wb') as file:\n            file.write(bytes(8 << 20))\n"
)
DISK = ended(RunStatus.KILLED, StoppedBy.DISK, cells_run=1)

FOLDERS = (
    Trial(
        "exchange_filled",
        "The only folder on our disk that a notebook can write to is watched.",
        [_FILL + "fill('/exchange')"],
        DISK,
    ),
    Trial(
        "socket_folder_filled",
        "So is the other one, where the kernel's sockets are.",
        [_SOCKETS + _FILL + "fill(folder)"],
        DISK,
    ),
    Trial(
        "disk_taken_without_length",
        "Blocks that no file length shows count.",
        [
            (
                "import ctypes, os, time\nlibrary = ctypes.CDLL(None)\n"
                "for number in range(8):\n    file = os.open(f'/exchange/{number}', os.O_CREAT | os.O_RDWR)\n"
                "    assert library.fallocate(file, 1, ctypes.c_long(0), ctypes.c_long(15 << 20)) == 0  # keeps size\n"
                "time.sleep(60)"
            )
        ],
        DISK,
    ),
    Trial(
        "folders_without_end",
        "What lies deeper than any path can say cannot be counted, so nothing may.",
        [
            (
                "import os, time\nos.chdir('/exchange')\n"
                "for _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')\ntime.sleep(60)"
            )
        ],
        DISK,
    ),
    Trial(
        "planted_claims",
        "Links, pipes, sockets, folders and rubbish in the place of claims are refused, and none of them hangs us.",
        [
            _NO_EXPORT + "import numpy\nhonest = pathlib.Path('/exchange/honest')\nhonest.mkdir()\n"
            '(honest / \'claims.json\').write_text(\'{"schema_version": 1, "models": [], "operations": {}, '
            '"fits": [], "requests": [], "versions": {}}\')\n'
            "numpy.savez(honest / 'weights.npz')",
            *(
                f"claims = pathlib.Path('/exchange/{number}/claims'); claims.parent.mkdir(); {planting}"
                for number, planting in enumerate(PLANTED_CLAIMS)
            ),
        ],
        rejected,
        replace(QUICK, file_mib=32, work_mib=256),
    ),
    Trial(
        "probe_removed",
        "A notebook that tears the probe out claims no model; nothing of ours breaks.",
        [
            (
                "import sys\nfor name in [name for name in sys.modules if name.startswith('grader_probe')]:\n"
                "    del sys.modules[name]\n"
                "for callbacks in get_ipython().events.callbacks.values(): callbacks.clear()\n"
                "sys.meta_path[:] = [finder for finder in sys.meta_path if isinstance(finder, type)]  # Python's own"
            ),
            "%reset -f",
        ],
        no_models,
    ),
    Trial(
        "imports_broken",
        "A kernel that cannot import can no longer answer either; its time runs out, and that is all.",
        ["import builtins\nbuiltins.__import__ = None"],
        ended(RunStatus.TIMED_OUT, StoppedBy.CELL_TIME),
        SHORT,
    ),
    Trial(
        "libraries_spoilt",
        "A notebook that breaks what the probe writes with has no claims either.",
        [
            (
                "import numpy, os, pathlib, shutil\ndef broken(*_, **__): raise KeyboardInterrupt\n"
                "numpy.savez = os.replace = shutil.rmtree = pathlib.Path.write_text = broken"
            )
        ],
        no_models,
    ),
)

TRIALS = (*ENDINGS, *MESSAGES, *FOLDERS)
