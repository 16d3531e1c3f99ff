"""Hostile notebooks as a table: what each tries, and how its run must be recorded; none may earn what it did not learn."""

from __future__ import annotations

from further_hostile import FURTHER
from hostile_notebook import COMPLETED, KILLED, RAISED, TIMED_OUT, Hostile
from trials import FIND_LAST_CLAIMS

from grader.domain.run import StoppedBy
from grader.sandbox.conformance.closed_doors import KERNEL_MEMORY, MACHINE, SET_ID
from grader.sandbox.conformance.conformance_case import Probe, first_cell


def _door(probe: Probe) -> Hostile:
    return Hostile(probe.name, probe.rule, [first_cell({}), probe.cell])


_APP = (
    "import os, time, json\nfrom ipykernel.kernelapp import IPKernelApp\napp = IPKernelApp.instance()\n"
    "sockets = [app.shell_socket, app.control_socket, app.iopub_socket]\nfolder = os.path.dirname(app.ip)\n"
)
_CLAIMS = (
    FIND_LAST_CLAIMS + "import numpy, os, pathlib, shutil, socket, json\nmagics[ours] = lambda _line: None\n"
    "claims = pathlib.Path('/exchange/claims')\nshutil.rmtree(claims, ignore_errors=True)\n"
    "for callbacks in get_ipython().events.callbacks.values(): callbacks.clear()\n"
)
_EMPTY = '{"schema_version": 1, "models": [], "operations": {}, "fits": [], "requests": [], "versions": {}}'
_FITS = _EMPTY.replace(
    '"fits": []',
    '"fits": [{"model": "m0", "epochs": ' + "9" * 400 + ', "samples": 8000, "batch_size": 1, "same_target": true, '
    '"input_minimum": 0.0, "input_maximum": 1.0, "completed": true, "accepted_after": 1, "joined": true}]',
)
_FORK = "import os, time\nfor _ in range({n}):\n    if os.fork() == 0:\n        {body}\n        os._exit(0)\n"

EXHAUSTION = (
    Hostile("endless_loop", "time", ["while True: pass"], [TIMED_OUT]),
    Hostile("deaf_loop", "time, deaf to interrupts", ["while True:\n    try:\n        while True: pass\n    except BaseException: pass"], [TIMED_OUT]),
    Hostile("stopped_kernel", "time, by stopping itself", ["import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"], [TIMED_OUT]),
    Hostile("memory_bomb", "memory", ["blocks = []\nwhile True: blocks.append(bytearray(b'x') * (32 << 20))"], [KILLED], StoppedBy.MEMORY),
    Hostile("memory_of_children", "memory, in many processes",
            [_FORK.format(n=12, body="block = bytearray(b'x') * (256 << 20); time.sleep(60)") + "time.sleep(60)"], [KILLED, TIMED_OUT]),
    Hostile("one_terabyte", "memory at once", ["import numpy; numpy.ones(1 << 40, numpy.uint8)"], [RAISED]),
    Hostile("fork_bomb", "processes", ["import os\nwhile True: os.fork() or __import__('time').sleep(30)"], [RAISED, TIMED_OUT, KILLED]),
    Hostile("thread_bomb", "threads", ["import threading, time\nfor _ in range(10**5): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()"], [RAISED]),
    Hostile("full_work_folder", "memory by files", ["for n in range(10**4): open(f'{n}', 'wb').write(bytes(1 << 23))"], [RAISED, KILLED]),
    Hostile("full_shared_memory", "memory by /dev/shm", ["for n in range(10**4): open(f'/dev/shm/{n}', 'wb').write(bytes(1 << 22))"], [RAISED]),
    Hostile("links_without_end", "memory by names", ["import os\nfor n in range(10**7): os.symlink('x' * 200, f'/tmp/{n}')"], [KILLED], StoppedBy.DISK),
    Hostile("files_without_end", "disk by names", ["for n in range(10**7): open(f'/exchange/{n}', 'w').close()"], [KILLED], StoppedBy.DISK),
    Hostile("names_beside_sockets", "disk by names", [_APP + "for n in range(10**7): os.symlink('x', f'{folder}/{n}')"], [KILLED], StoppedBy.DISK),
    Hostile("full_disk", "the disk", ["for n in range(10**4): open(f'/exchange/{n}', 'wb').write(bytes(8 << 20))"], [KILLED], StoppedBy.DISK),
    Hostile("sparse_files", "the disk, by holes", ["for n in range(300):\n    with open(f'/exchange/{n}', 'wb') as f: f.truncate(15 << 20)\nimport time; time.sleep(30)"], [KILLED], StoppedBy.DISK),
    Hostile("nested_folders", "a clean-up that never ends", [_APP + "os.chdir(folder)\nfor _ in range(1500): os.mkdir('d'); os.chdir('d')\ntime.sleep(20)"], [KILLED], StoppedBy.DISK),
    Hostile("closed_folders", "a clean-up that fails", ["import os\nfor n in range(9): os.makedirs(f'/exchange/{n}/d'); os.chmod(f'/exchange/{n}', 0)"], [COMPLETED, KILLED]),
    Hostile("sockets_without_end", "memory of Linux", ["import os, socket, time\nheld = []\nfor _ in range(5):\n    if os.fork() == 0: break\ntry:\n    while True: held += socket.socketpair()\nexcept OSError: pass\ntime.sleep(40)"], [KILLED], StoppedBy.MEMORY),
    Hostile("greedy_processes", "the neighbours' processors", [_FORK.format(n=40, body="end = time.monotonic() + 8\n        while time.monotonic() < end: pass") + "time.sleep(9)"], [COMPLETED, TIMED_OUT]),
)  # fmt: skip

ENDS = (
    Hostile("exit_0", "an end that looks good", ["import os; os._exit(0)"], [KILLED], StoppedBy.OWN_EXIT),
    Hostile("exit_3", "an end", ["import os; os._exit(3)"], [KILLED], StoppedBy.OWN_EXIT),
    Hostile("crash", "a crash", ["import ctypes; ctypes.string_at(0)"], [KILLED], StoppedBy.SIGNAL),
    Hostile("abort", "a crash with a core file", ["import os; os.abort()"], [KILLED], StoppedBy.SIGNAL),
    Hostile("kill_all", "every process in reach", ["import os; os.kill(-1, 9)"], [KILLED, COMPLETED, RAISED]),
    Hostile("kill_group", "its process group", ["import os; os.killpg(0, 9)"], [KILLED]),
    Hostile("exit_while_exporting", "the end of the run", [FIND_LAST_CLAIMS + "import os; magics[ours] = lambda _line: os._exit(0)"], [KILLED]),
    Hostile("daemon", "to go on after the run", ["import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        while True: time.sleep(.1)\n    os._exit(0)"]),
    Hostile("exit_handlers", "to hold up the end", ["import atexit, time, threading\natexit.register(time.sleep, 600)\nthreading.Thread(target=time.sleep, args=(600,)).start()"]),
)  # fmt: skip

WORDS = (
    Hostile("flood", "our memory, by output", ["for _ in range(80): print('x' * 10**6)"]),
    Hostile("one_huge_message", "our memory, by one message", ["display('x' * 200 * 10**6)"]),
    Hostile("huge_error", "our memory, by an exception", ["raise ValueError('x' * 50 * 10**6)"], [RAISED]),
    Hostile("garbage_frames", "our parser", [_APP + "mark = b'<IDS|MSG>'\nfor frames in ([b'x'], [mark], [mark, b'', b'[]', b'null', b'{}', b'{}'], [mark, b'', b'{}', b'[' * 100_000, b'{}', b'{}']):\n    app.iopub_socket.send_multipart([b'kernel.stream', *frames])"]),
    Hostile("forged_reply", "a cell that is said to be good", [_APP + "header = {'msg_id': app.kernel.get_parent('shell')['header']['msg_id']}\napp.shell_socket.send_multipart([*app.kernel._parent_ident['shell'], b'<IDS|MSG>', b'', b'{}', json.dumps(header).encode(), b'{}', b'{\"status\": \"ok\"}'])\n1 / 0"], [RAISED, COMPLETED]),
    Hostile("lying_replies", "points for cells that run", ["kernel = get_ipython().kernel\nreal = kernel.do_execute\nasync def lies(*a, **k):\n    reply = await real(*a, **k)\n    reply['status'] = 'ok'\n    return reply\nkernel.do_execute = lies", "1 / 0"], [RAISED]),
    Hostile("hangs_up", "to make us wait", [_APP + "for one in sockets: one.close(0)"], [TIMED_OUT]),
    Hostile("escape_sequences", "the instructor's terminal", ["raise type('A\\x1b[2J\\u202eB', (Exception,), {})('\\x1b]0;x\\x07<script>alert(1)</script>')"], [RAISED]),
    Hostile("formula_as_error", "the instructor's spreadsheet", ["raise ValueError('=cmd|calc!A1')"], [RAISED]),
)  # fmt: skip

CLAIMS = (
    Hostile("claims_link_to_etc", "files of the machine as claims", [_CLAIMS + "claims.symlink_to('/etc')"]),
    Hostile("claims_link_to_device", "a read without end", [_CLAIMS + "claims.mkdir(); (claims / 'claims.json').symlink_to('/dev/zero')"]),
    Hostile("claims_pipe", "a read that waits", [_CLAIMS + "claims.mkdir(); os.mkfifo(claims / 'claims.json')"]),
    Hostile("claims_socket", "a read that fails", [_CLAIMS + "claims.mkdir(); socket.socket(socket.AF_UNIX).bind(str(claims / 'claims.json'))"]),
    Hostile("claims_folder", "a read that fails", [_CLAIMS + "(claims / 'claims.json').mkdir(parents=True)"]),
    Hostile("claims_nested", "our parser's stack", [_CLAIMS + "claims.mkdir(); (claims / 'claims.json').write_text('[' * 10**6)"]),
    Hostile("claims_huge", "our memory", [_CLAIMS + "claims.mkdir(); (claims / 'claims.json').write_bytes(b' ' * (15 << 20))"]),
    Hostile("claims_wrong_types", "our schema", [_CLAIMS + "claims.mkdir(); (claims / 'claims.json').write_text('{\"schema_version\": \"x\", \"models\": 7}')"]),
    Hostile("claims_huge_numbers", "our arithmetic", [_CLAIMS + f"claims.mkdir(); (claims / 'claims.json').write_text({_EMPTY!r}.replace('1,', '9' * 5000 + ',', 1))"]),
    Hostile("claims_beyond_floats", "our arithmetic, by counts", [_CLAIMS + f"claims.mkdir(); (claims / 'claims.json').write_text({_FITS!r}); numpy.savez(claims / 'weights.npz')"]),
    Hostile("claims_of_early_end", "points for an end that we never made", [_CLAIMS + f"claims.mkdir(); (claims / 'claims.json').write_text({_FITS!r}.replace('9' * 400, '50')); numpy.savez(claims / 'weights.npz')"]),
    Hostile("finish_by_name", "the end of the run, by a name", ["import os, sys, types\nend = lambda *_: os._exit(0)\nsys.modules['grader_probe.export'].Exporter.export = end\nsys.modules['grader_probe'] = types.SimpleNamespace(finish=end, answer_to=end)"]),
    Hostile("weights_pipe", "a read that waits", [_CLAIMS + f"claims.mkdir(); (claims / 'claims.json').write_text({_EMPTY!r}); os.mkfifo(claims / 'weights.npz')"]),
    Hostile("weights_rubbish", "our reader", [_CLAIMS + f"claims.mkdir(); (claims / 'claims.json').write_text({_EMPTY!r}); (claims / 'weights.npz').write_bytes(b'PK' + bytes(100))"]),
    Hostile("weights_bomb", "our memory, by compression", [_CLAIMS + f"claims.mkdir(); (claims / 'claims.json').write_text({_EMPTY!r}); numpy.savez_compressed(claims / 'weights.npz', v0=numpy.zeros(600 << 20, numpy.uint8))"], [COMPLETED, RAISED]),
    Hostile("weights_pickle", "to run code outside", [_CLAIMS + f"claims.mkdir(); (claims / 'claims.json').write_text({_EMPTY!r}); numpy.savez(claims / 'weights.npz', v0=numpy.array([print], dtype=object))"]),
    Hostile("empty_claims", "points for nothing", [_CLAIMS + f"claims.mkdir(); (claims / 'claims.json').write_text({_EMPTY!r}); numpy.savez(claims / 'weights.npz')"]),
    Hostile("probe_removed", "to hide", ["import sys\nfor name in [n for n in sys.modules if n.startswith('grader_probe')]: del sys.modules[name]"], [COMPLETED, RAISED]),
    Hostile("imports_broken", "our hooks", ["import builtins\nbuiltins.__import__ = None"], [TIMED_OUT, RAISED]),
    Hostile("libraries_spoilt", "our export", ["import numpy, os, pathlib, shutil\ndef broken(*_, **__): raise KeyboardInterrupt\nnumpy.savez = os.replace = shutil.rmtree = pathlib.Path.write_text = broken"]),
)  # fmt: skip

_LOOK = "import os, pathlib\nfound = [p for r, d, f in os.walk('/') if not r.startswith(('/proc', '/sys')) for p in f if {test}]\nassert not found, found"

ESCAPES = (
    Hostile("looks_for_solutions", "solutions and facts", [_LOOK.format(test="p.endswith('.solution.ipynb') or p in ('assignment.toml', 'linear-pca.json', 'allowlist.py')")]),
    Hostile("looks_for_grades", "grades of others", [_LOOK.format(test="p in ('grades.json', 'grades.csv', 'gradebook.sqlite')")]),
    Hostile("imports_the_grader", "our own code", ["for name in ('grader.pipeline', 'reference', 'grader.checks'):\n    try: __import__(name)\n    except ImportError: continue\n    raise AssertionError(name)"]),
    Hostile("network", "the network", [first_cell({}) + "\nrefused(lambda: socket.create_connection(('192.0.2.1', 80), timeout=3))\nrefused(lambda: socket.getaddrinfo('example.com', 80))"]),
    Hostile("namespaces", "a world of its own", [first_cell({}) + "\nfor flags in (0x10000000, 0x20000, 0x40000000): refused(lambda: system_call(272, 97, flags))"]),
    Hostile("mounts", "another file system", [first_cell({}) + "\nrefused(lambda: system_call(165, 40, b'tmpfs', b'/tmp', b'tmpfs', 0, 0))"]),
    Hostile("attack_tools", "io_uring, BPF, ptrace and others", [first_cell({}) + "\nfor n in ((425, 425), (321, 280), (310, 270), (298, 241), (323, 282), (304, 265)): refused(lambda: system_call(*n, 0, 0, 0, 0, 0))"]),
    Hostile("keyring", "keys of the instructor's session", [first_cell({}) + "\nrefused(lambda: system_call(250, 219, 0, -3, 0))"]),
    Hostile("writes_packages", "code that others run", [first_cell({}) + "\nimport numpy\nrefused(lambda: open(numpy.__file__, 'a'))\nrefused(lambda: open(sys.prefix + '/bin/x', 'w'))"]),
)  # fmt: skip

HOSTILE = (*EXHAUSTION, *ENDS, *WORDS, *CLAIMS, *ESCAPES, *map(_door, (*SET_ID, *KERNEL_MEMORY, *MACHINE)), *FURTHER)
FAST = (
    "exit_0", "lying_replies", "claims_pipe", "weights_bomb", "one_terabyte", "looks_for_solutions", "weights_code",
    "functions_that_end_it", "marks_of_pages",
)  # fmt: skip
