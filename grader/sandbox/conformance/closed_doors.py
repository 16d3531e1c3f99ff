"""Attacks through Linux itself that must fail: set-id bits, uncounted memory, clocks, kernel modules, priorities."""

from __future__ import annotations

from grader.sandbox.conformance.conformance_case import Probe


def _calls(name: str, rule: str, *calls: str, sharp: bool = False) -> Probe:
    """Make a probe of calls each of which must be refused."""
    return Probe(name, rule, "\n".join(f"refused(lambda: {call})" for call in calls), sharp)


_PROGRAM = (
    "import shutil\nprogram = '{folder}/program'\nshutil.copyfile('/bin/true', program)\nos.chmod(program, 0o755)\n"
)
_SOCKETS = "from ipykernel.kernelapp import IPKernelApp\nsockets = os.path.dirname(IPKernelApp.instance().ip)\n"

SET_ID = (
    Probe(
        "no_set_user_id_by_chmod",
        "No program runs as its owner: the mode is refused, by name and by descriptor.",
        _PROGRAM.format(folder="/tmp")
        + "for mode in (0o4755, 0o2755, 0o6777):\n    refused(lambda: os.chmod(program, mode), PermissionError)\n"
        "    file = os.open(program, os.O_RDONLY)\n    refused(lambda: os.fchmod(file, mode), PermissionError)\n    os.close(file)",
    ),
    Probe(
        "no_set_user_id_by_fchmodat",
        "Neither does the call relative to a folder, old or new, set such a mode.",
        _PROGRAM.format(folder="/tmp") + "refused(lambda: system_call(268, 53, -100, program.encode(), 0o4755))\n"
        "refused(lambda: system_call(452, 452, -100, program.encode(), 0o4755, 0))",
    ),
    _calls(
        "no_set_user_id_at_birth",
        "A file cannot be made with such a mode either.",
        "os.open('/tmp/born', os.O_CREAT | os.O_WRONLY, 0o4755)",
        "os.mknod('/tmp/made', 0o100000 | 0o6755)",
        "os.open('/tmp', os.O_TMPFILE | os.O_WRONLY, 0o4755)",
    ),
    Probe(
        "no_set_user_id_in_programs",
        "`chmod u+s`, `install -m`, `cp -p` of a shell fail as well, where the claims go and beside the sockets.",
        _SOCKETS + "import subprocess\nfor folder in (sockets, '/exchange'):\n    program = f'{folder}/program'\n"
        "    subprocess.run(['cp', '/bin/true', program], check=True)\n"
        "    subprocess.run(['chmod', 'u+s', program], stderr=subprocess.DEVNULL)\n"
        "    assert not os.stat(program).st_mode & 0o6000\n    os.unlink(program)",
    ),
    _calls("no_file_capabilities", "A file gets no capability.", "os.setxattr('/tmp', 'security.capability', bytes(20))"),
    _calls("no_openat2", "The call whose mode cannot be looked at is not here.", "system_call(437, 437, -100, b'/tmp', bytes(24), 24)"),
)  # fmt: skip

KERNEL_MEMORY = (
    _calls("no_semaphores", "System V semaphores, which are on no account, are closed.", "system_call(64, 190, 0, 32000, 0o600)"),
    _calls("no_shared_segments", "So are shared memory segments.", "system_call(29, 194, 0, 1 << 20, 0o1600)"),
    _calls("no_message_queues", "So are both kinds of message queues.", "system_call(68, 186, 0, 0o1600)",
           "system_call(240, 180, b'/queue', 0o102, 0o600, 0)"),
    _calls("no_memory_files", "So are files in memory without a name.", "os.memfd_create('x')", "system_call(447, 447, 0)"),
    Probe(
        "locked_memory_is_bounded",
        "Hardly any memory can be locked.",
        "import resource\nassert resource.getrlimit(resource.RLIMIT_MEMLOCK)[1] <= 8 << 20",
    ),
    Probe(
        "open_files_are_bounded",
        "A process opens a few thousand files at most.",
        "import resource\nassert resource.getrlimit(resource.RLIMIT_NOFILE)[1] <= 4096",
    ),
    Probe(
        "waiting_signals_are_bounded",
        "Signals that wait, and timers, are a thousand at most.",
        "import resource\nassert resource.getrlimit(resource.RLIMIT_SIGPENDING)[1] <= 1024",
    ),
    Probe(
        "address_space_is_bounded",
        "A single array of a terabyte is a MemoryError.",
        "import numpy\nrefused(lambda: numpy.ones(1 << 40, numpy.uint8), MemoryError)",
    ),
    Probe(
        "no_limit_can_be_raised",
        "Hard limits stay what they are.",
        "import resource\nfor name in ('NPROC', 'FSIZE', 'DATA', 'NOFILE', 'CORE'):\n"
        "    kind = getattr(resource, f'RLIMIT_{name}')\n    hard = resource.getrlimit(kind)[1]\n"
        "    assert hard != resource.RLIM_INFINITY, name\n"
        "    refused(lambda: resource.setrlimit(kind, (hard, hard + 1)), ValueError, PermissionError)",
        sharp=True,
    ),
)  # fmt: skip

MACHINE = (
    _calls("no_clock_is_set", "The machine's clock cannot be set.", "__import__('time').clock_settime(0, 0)"),
    Probe(
        "clocks_run",
        "Time passes as outside: a second is a second.",
        "import time\nbefore = time.time(), time.monotonic()\ntime.sleep(.2)\n"
        "passed = time.time() - before[0], time.monotonic() - before[1]\nassert abs(passed[0] - passed[1]) < .05, passed",
    ),
    _calls("no_modules", "No module is loaded into Linux, and no other Linux is started.",
           "system_call(175, 105, b'x', 1, b'')", "system_call(246, 104, 0, 0, 0, 0)"),
    _calls("no_restart", "The machine is not restarted.", "system_call(169, 142, 0xfee1dead, 672274793, 0x01234567, 0)"),
    _calls("no_swap", "No swap is switched on or off.", "system_call(167, 224, b'/tmp/x', 0)", "system_call(168, 225, b'/tmp/x')"),
    _calls("no_other_root", "The root folder stays what it is.", "os.chroot('/tmp')"),
    _calls("no_name_is_set", "The name of the machine, which is the sandbox's own, stays.", "socket.sethostname('x')"),
    _calls("no_accounting", "Nothing is written of every process that ends.", "system_call(163, 89, b'/tmp/x')"),
    _calls("no_quota", "Quotas of disks are out of reach.", "system_call(179, 60, 0x800007 << 8, b'/', 0, 0)"),
    _calls("no_higher_priority", "No process goes before those of others.", "os.nice(-1)", "os.setpriority(os.PRIO_PROCESS, 0, -5)"),
    _calls("no_real_time", "None gets a processor before everybody else.",
           "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))"),
    Probe(
        "no_shield_from_the_killer",
        "A process cannot make itself the last that is killed when memory is short.",
        "refused(lambda: pathlib.Path('/proc/self/oom_score_adj').write_text('-1000'))",
    ),
    _calls("no_memory_of_the_machine", "Neither its memory nor its ports are there.", "open('/dev/mem')", "open('/dev/kmem')",
           "open('/dev/port')", "open('/proc/kcore', 'rb').read(1)"),
    _calls("no_disks", "No disk is there.", "open('/dev/sda')", "open('/dev/vda')", "open('/dev/loop0')", "open('/dev/fuse')"),
    _calls("no_settings_of_linux", "Settings of Linux cannot be written.", "open('/proc/sys/vm/drop_caches', 'w').write('1')",
           "open('/proc/sys/kernel/core_pattern', 'w').write('x')", "open('/proc/sysrq-trigger', 'w').write('h')"),
    _calls("no_control_groups", "Control groups are not there.", "os.listdir('/sys/fs/cgroup')", sharp=True),
)  # fmt: skip

SIGHT_AND_SPEECH = (
    Probe(
        "no_terminal",
        "There is no terminal into which something could be typed for the instructor.",
        "for number in (0, 1, 2):\n    assert not os.isatty(number), number\nrefused(lambda: open('/dev/tty', 'w'))",
    ),
    Probe(
        "standard_input_is_empty",
        "A program that reads waits for nothing.",
        "import subprocess\nassert subprocess.run(['cat'], capture_output=True, timeout=20).stdout == b''",
    ),
    Probe(
        "a_question_is_an_error",
        "`input` raises instead of waiting.",
        "from IPython.core.error import StdinNotImplementedError\nrefused(lambda: input('?'), StdinNotImplementedError)",
    ),
    Probe(
        "no_desktop",
        "Neither a display nor a message bus is there.",
        "assert not {'DISPLAY', 'WAYLAND_DISPLAY', 'DBUS_SESSION_BUS_ADDRESS', 'SSH_AUTH_SOCK'} & set(os.environ)",
    ),
    Probe(
        "no_keys_of_the_user",
        "No folder with keys or passwords is there.",
        "for name in ('.ssh', '.aws', '.netrc', '.gnupg', '.config/gh', '.pypirc', '.kaggle'):\n"
        "    assert not os.path.lexists(os.path.join(FACTS['home'], name)), name\n"
        "    assert not os.path.lexists(os.path.expanduser(f'~/{name}')), name",
    ),
    Probe(
        "no_ptrace_of_its_own",
        "It cannot even trace a process of its own.",
        "refused(lambda: system_call(101, 117, 0, 0, 0, 0))",
    ),
    Probe(
        "a_link_outwards_leads_nowhere",
        "A link to a file of the machine stays without it.",
        "os.symlink(FACTS['canary'], '/tmp/outwards')\nrefused(lambda: open('/tmp/outwards'))",
    ),
    Probe(
        "no_hard_link_to_the_system",
        "Files of the system cannot be linked to, and so not changed in their rights.",
        "refused(lambda: os.link('/bin/true', '/tmp/true'))\nrefused(lambda: os.link('/bin/true', '/exchange/true'))\n"
        "refused(lambda: os.chmod('/bin/true', 0o777))",
    ),
    Probe(
        "packages_cannot_be_changed",
        "NumPy's own files can be neither written, nor removed, nor covered.",
        "import numpy\nplace = numpy.__file__\nrefused(lambda: open(place, 'a'))\nrefused(lambda: os.unlink(place))\n"
        "refused(lambda: os.rename(place, place + '.x'))",
    ),
)  # fmt: skip
