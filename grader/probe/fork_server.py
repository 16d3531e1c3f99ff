"""A process that has imported TensorFlow and forks a kernel for each notebook, which saves seconds of imports.

Run inside bubblewrap, without network, as `python fork_server.py WARM.json`; zone T (the trusted core) talks to it over
the socket that is its standard input. This process never runs a notebook: a forked child leaves every namespace for a
new one, mounts its own folders, processes and terminals, gives up its rights like a cold kernel, and only then starts.
A child shares with this process only memory pages that neither can change for the other.

    this process ── guardian (reports how the run ended) ── first process of the run's namespace ── kernel

The guardian holds the channel to zone T: if the grader dies or hangs up, the whole namespace is killed.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any

kernel_main: Any = importlib.import_module("kernel_main")

_LONGEST_REQUEST = 2**20
_RUNS = "/opt/runs"
_RUN = "/opt/kernel"
_CONTROL = 0
_SIGNALLED = 128
_LONGEST_ANSWER = 64


def main(settings_file: str) -> None:
    """Import what notebooks import, report it, and fork a kernel for every request until zone T hangs up."""
    settings = json.loads(Path(settings_file).read_text(encoding="utf-8"))
    kernel_main.load_probe()
    namespaces = importlib.import_module("grader_probe.namespaces")
    _import(settings["modules"])
    namespaces.set_dumpable(dumpable=False)
    control = socket.socket(fileno=os.dup(_CONTROL))
    kernel_main.leave_standard_input_empty()
    control.send(b"warm")
    while True:
        ready, _, _ = select.select([control], [], [], 1.0)
        _bury_children()
        if not ready:
            continue
        request, descriptors, _, _ = socket.recv_fds(control, _LONGEST_REQUEST, 2)
        if not request:
            return
        wanted = json.loads(request)
        _import(wanted["modules"])
        if os.fork() == 0:
            control.close()
            _end_here(_guard, wanted, *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _import(modules: list[str]) -> None:
    """Import the modules for the next kernel.

    Raises:
        RuntimeError: TensorFlow has started something that does not survive a fork, or that all children would share.
    """
    if all(name in sys.modules for name in modules):
        return
    for name in modules:
        importlib.import_module(name)
    context = sys.modules.get("tensorflow.python.eager.context")
    if context is not None and context._context is not None:
        raise RuntimeError("TensorFlow has started while it was imported")
    gc.collect()
    gc.freeze()  # a garbage collection in a child would write to, and so copy, every page


def _bury_children() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _end_here(function: Any, *arguments: Any) -> None:
    """Call a function in a child and end in any case: no child may continue the work of its parent."""
    status = 1
    try:
        status = function(*arguments) or 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # the grader reads it in the log
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _guard(settings: dict[str, Any], channel: int, log: int) -> int:
    """Isolate a run, start it, and report how it ended; kill it when zone T hangs up."""
    namespaces = importlib.import_module("grader_probe.namespaces")
    server = os.getppid()
    namespaces.end_with_parent(server)
    os.setsid()
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)
    _leave(namespaces)
    _lay_out(namespaces, settings)
    first = os.fork()
    if first == 0:
        _end_here(_first_process, namespaces, settings, channel)
    talk = socket.socket(fileno=channel)
    status = _wait(first, talk)
    with contextlib.suppress(OSError):
        talk.send(str(status).encode())
    return 0


def _leave(namespaces: Any) -> None:
    namespaces.unshare(
        namespaces.NEW_MOUNTS
        | namespaces.NEW_PROCESSES
        | namespaces.NEW_NETWORK
        | namespaces.NEW_IPC
        | namespaces.NEW_NAME
        | namespaces.NEW_CONTROL_GROUPS
    )
    socket.sethostname("sandbox")
    namespaces.keep_mounts_private()
    namespaces.loopback()


def _lay_out(namespaces: Any, settings: dict[str, Any]) -> None:
    """Mount what belongs to this run alone; then no name leads to any other run."""
    for place, mib in settings["memory_folders"].items():
        namespaces.unmount(place)
        namespaces.memory_folder(place, mib=mib)
    run = f"{_RUNS}/{settings['run']}"
    namespaces.bind(run, _RUN)
    namespaces.bind(f"{run}/k", f"{_RUN}/k", writable=True)
    namespaces.bind(f"{run}/exchange", "/exchange", writable=True)
    namespaces.memory_folder(settings["data_folder"], mib=1, mode="755")
    for place, source in settings["data"].items():
        Path(place).touch(0o444)
        namespaces.bind(f"{_RUNS}/{source}", place)
    namespaces.make_read_only(settings["data_folder"])
    namespaces.unmount(_RUNS)


def _wait(first: int, talk: socket.socket) -> int:
    """Return how the run's first process ended, as a shell would report it; kill it when zone T hangs up."""
    ended = os.pidfd_open(first)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(talk.fileno(), 0)  # reports only a hang-up: messages of zone T are for the first process
    if ended not in dict(poll.poll()):
        os.kill(first, signal.SIGKILL)
    _, status = os.waitpid(first, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else _SIGNALLED - code


def _first_process(namespaces: Any, settings: dict[str, Any], channel: int) -> int:
    """Be the first process of the run's namespace: start the kernel, reap dead processes, end with the kernel."""
    namespaces.end_with_parent(0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)  # the first process of a namespace ignores these by default
    namespaces.own_processes(_RUNS)
    namespaces.unmount("/dev/pts")
    namespaces.own_terminals()
    with socket.socket(fileno=channel) as talk:
        talk.send(b"first")  # its credentials identify this process to zone T, which sees it under another number
        if not talk.recv(_LONGEST_ANSWER):  # zone T adds it to a control group first
            return 1
    kernel = os.fork()
    if kernel == 0:
        _end_here(_kernel, namespaces, settings)
    namespaces.drop_bounds()
    namespaces.drop_capabilities()
    while True:
        pid, status = os.wait()
        if pid == kernel:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else _SIGNALLED - code


def _kernel(namespaces: Any, settings: dict[str, Any]) -> None:
    """Give up every right that a cold kernel lacks, and become the kernel."""
    namespaces.end_with_parent(1)
    if settings["uid"] is None:
        namespaces.set_dumpable(dumpable=True)  # like a program that has just been started
        namespaces.enter_user_namespace(*settings["own_ids"])
    os.environ |= settings["environment"]
    os.chdir(settings["work_folder"])
    namespaces.drop_bounds(kernel_main.RIGHTS_TO_CHANGE_USER if settings["uid"] is not None else frozenset())
    if settings["uid"] is None:
        namespaces.drop_capabilities()
    _draw_afresh()
    kernel_main.start(settings, settings["connection"])


def _draw_afresh() -> None:
    """Give NumPy's generator a new state; Python's gets one at every fork, and TensorFlow's has not started."""
    sys.modules["numpy"].random.seed()


if __name__ == "__main__":
    main(sys.argv[1])
