"""What a kernel in the sandbox must neither see nor do: each probe is a cell that raises if it succeeds."""

from __future__ import annotations

from grader.sandbox.conformance.conformance_case import Probe

NETWORK = (
    Probe(
        "only_the_loopback_interface",
        "There is no interface but its own loopback, and no route.",
        "assert socket.if_nameindex() == [(1, 'lo')], socket.if_nameindex()\n"
        "assert len(open('/proc/net/route').readlines()) == 1",
    ),
    Probe(
        "no_server_of_this_machine",
        "What listens on the machine's loopback cannot be reached.",
        "refused(lambda: socket.create_connection(('127.0.0.1', FACTS['port']), timeout=5))",
        sharp=True,
    ),
    Probe(
        "no_http",
        "A page of a server on this machine cannot be fetched.",
        "import urllib.request\n"
        "refused(lambda: urllib.request.urlopen(f\"http://127.0.0.1:{FACTS['port']}/\", timeout=5).read())",
        sharp=True,
    ),
    Probe(
        "no_datagrams_outwards",
        "There is no route to any other address; connecting a datagram socket sends nothing.",
        "refused(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9)))",
    ),
    Probe(
        "no_name_resolution",
        "Names cannot be looked up.",
        "refused(lambda: socket.getaddrinfo('example.com', 80))",
    ),
    Probe(
        "no_abstract_socket_of_this_machine",
        "Sockets without a file, as desktop services have, belong to the other network namespace.",
        "refused(lambda: socket.socket(socket.AF_UNIX).connect(FACTS['abstract']))",
        sharp=True,
    ),
    Probe(
        "no_socket_past_the_namespaces",
        "Sockets to a virtual machine's host and raw packets are closed; those of a namespace are not.",
        "for family in (socket.AF_VSOCK, socket.AF_ALG, socket.AF_PACKET, socket.AF_CAN, socket.AF_TIPC):\n"
        "    refused(lambda: socket.socket(family, socket.SOCK_STREAM))\n"
        "for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6):\n"
        "    socket.socket(family, socket.SOCK_STREAM).close()",
    ),
)

RIGHTS = (
    Probe(
        "not_root",
        "No user or group id of the kernel is root's, and it is in no group.",
        "assert 0 not in os.getresuid() + os.getresgid(), (os.getresuid(), os.getresgid())\n"
        "assert not {0} & set(os.getgroups())",
    ),
    Probe(
        "no_capabilities",
        "It has no capability, and the system-call filter is on, from which no program it starts can escape.",
        "status = {line.partition(':')[0]: line.partition(':')[2].strip() for line in open('/proc/self/status')}\n"
        "assert int(status['CapEff'], 16) == int(status['CapPrm'], 16) == int(status['CapAmb'], 16) == 0, status\n"
        "assert (status['NoNewPrivs'], status['Seccomp']) == ('1', '2'), status",
    ),
    Probe(
        "cannot_become_root",
        "Neither a system call nor a program with the setuid bit gives rights.",
        "refused(lambda: os.setuid(0))\nrefused(lambda: os.setresgid(0, 0, 0))\n"
        "loose = [line for line in open('/proc/self/mounts') if 'nosuid' not in line.split()[3].split(',')]\n"
        "assert not loose, loose",
    ),
    Probe(
        "no_namespace_of_its_own",
        "A user namespace, in which it would be root and could mount memory without limit, cannot be made.",
        "CLONE_NEWUSER, CLONE_NEWNS = 0x10000000, 0x20000\n"
        "for flags in (CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWUSER | CLONE_NEWNS):\n"
        "    refused(lambda: system_call(272, 97, flags))\n"
        "    refused(lambda: system_call(56, 220, flags | 17, 0, 0, 0, 0))\n"
        "refused(lambda: system_call(165, 40, b'tmpfs', b'/tmp', b'tmpfs', 0, 0))",
    ),
    Probe(
        "no_uncounted_memory",
        "Memory that is on no process's account cannot be had: memfd, System V segments and queues.",
        "refused(lambda: os.memfd_create('x'))\nrefused(lambda: system_call(29, 194, 0, 1 << 20, 0o1600))\n"
        "refused(lambda: system_call(68, 186, 0, 0o1600))",
        sharp=True,
    ),
    Probe(
        "no_keyring",
        "Keyrings are shared with the grader's session and outlive the run; they can be neither read nor written.",
        "refused(lambda: system_call(248, 217, b'user', b'grader-test', b'x', 1, -2))\n"
        "refused(lambda: system_call(250, 219, 0, -3, 0))",
    ),
    Probe(
        "no_tools_of_attackers",
        "io_uring, BPF, ptrace, other processes' memory, performance events and the kernel's log are closed.",
        "for numbers in ((425, 425), (321, 280), (101, 117), (310, 270), (298, 241), (323, 282), (304, 265)):\n"
        "    error = refused(lambda: system_call(*numbers, 0, 0, 0, 0, 0))\n"
        "    assert error.errno == 38, (numbers, error)  # ENOSYS, from the filter\n"
        "refused(lambda: system_call(103, 116, 3, ctypes.create_string_buffer(4096), 4096))",
        sharp=True,
    ),
    Probe(
        "no_devices",
        "Only the harmless devices are there, and none can be made.",
        "known = {'null', 'zero', 'full', 'random', 'urandom', 'tty', 'console', 'core', 'fd', 'stdin', 'stdout',"
        " 'stderr', 'pts', 'ptmx', 'shm'}\n"
        "assert set(os.listdir('/dev')) <= known, os.listdir('/dev')\n"
        "refused(lambda: os.open('/dev/tty', os.O_RDWR))\n"
        "refused(lambda: os.mknod('/tmp/disk', 0o60600, os.makedev(254, 0)))",
        sharp=True,
    ),
)

SIGHT = (
    Probe(
        "own_processes_only",
        "No process of the machine is in /proc.",
        "words = b''.join(open(f'/proc/{pid}/cmdline', 'rb').read() for pid in os.listdir('/proc') if pid.isdigit())\n"
        "assert FACTS['process_word'].encode() not in words\n"
        "assert not pathlib.Path(f\"/proc/{FACTS['process']}/cwd\").exists()",
        sharp=True,
    ),
    Probe(
        "first_process_is_closed",
        "The sandbox's own first process shows neither its memory nor its variables to the notebook, or has none.",
        "refused(lambda: open('/proc/1/mem', 'rb').read(1))\n"
        "try:\n    variables = open('/proc/1/environ', 'rb').read()\n"
        "except PermissionError:\n    variables = b''\n"
        "assert FACTS['secret_name'].encode() not in variables",
    ),
    Probe(
        "no_variable_of_the_machine",
        "A secret in the grader's environment is in no process's environment that the kernel can read.",
        "seen = [f'{name}={value}' for name, value in os.environ.items()]\n"
        "for file in pathlib.Path('/proc').glob('[0-9]*/environ'):\n"
        "    try:\n        seen.append(file.read_text(errors='replace'))\n"
        "    except OSError:\n        pass\n"
        "assert FACTS['secret_name'] not in ' '.join(seen)\n"
        "assert 'PYTHONPATH' not in os.environ and os.environ['HOME'] == '/home/student'",
        sharp=True,
    ),
    Probe(
        "home_of_the_user_is_not_there",
        "Of the user's home nothing is there but the way to Python and its packages.",
        "for name in FACTS['home_entries']:\n"
        "    path = pathlib.Path(FACTS['home'], name)\n"
        "    on_the_way = any(pathlib.Path(folder).is_relative_to(path) for folder in FACTS['python'])\n"
        "    assert on_the_way or not os.path.lexists(path), path",
    ),
    Probe(
        "files_of_the_machine_are_not_there",
        "Neither the passwords, nor the machine's temporary files, nor its hardware are visible.",
        "for path in ('/etc/shadow', '/etc/passwd', '/etc/hosts', '/etc/resolv.conf', '/sys', '/run', '/var', '/boot',"
        " FACTS['canary']):\n"
        "    assert not os.path.lexists(path), path",
        sharp=True,
    ),
    Probe(
        "checkout_is_not_there",
        "Facts, assignments, tests and history of the grader are not visible; among installed packages an empty folder"
        " stands in their place.",
        "for path in FACTS['ours']:\n    assert not os.path.lexists(path) or os.listdir(path) == [], path",
        sharp=True,
    ),
    Probe(
        "grader_is_a_stub",
        "`import grader` works, for `grader.check()` in a notebook, but gives nothing of the grader.",
        "import grader\nassert getattr(grader, '__file__', None) is None\ngrader.check('stacked')\n"
        "for name in ('grader.pipeline', 'grader.rebuild.network.allowlist', 'reference.stacked', 'assignments.stacked'):\n"
        "    refused(lambda: __import__(name), ImportError)\n"
        "import pkgutil\n"
        "for name in ('reference', 'assignments'):  # an empty folder is a package of nothing\n"
        "    try:\n        module = __import__(name)\n"
        "    except ImportError:\n        continue\n"
        "    assert module.__file__ is None and not list(pkgutil.iter_modules(module.__path__)), name",
        sharp=True,
    ),
    Probe(
        "solutions_are_on_no_search_path",
        "No folder that Python searches holds the grader, the references or the assignments.",
        "import importlib.metadata\n"
        "for place in map(pathlib.Path, sys.path):\n"
        "    for package in ('grader', 'reference', 'assignments'):\n"
        "        assert not list((place / package).glob('*')), place / package",
        sharp=True,
    ),
    Probe(
        "own_exchange_folder_only",
        "Sockets and exchange folders of other runs are not visible.",
        "names = [name for name in os.listdir('/tmp') if name.startswith(('agr-', 'agn-', 'grader-'))]\n"
        "assert len(names) <= 1, names\nassert set(os.listdir('/exchange')) <= {'claims', 'claims.new'}",
    ),
    Probe(
        "no_open_file_of_the_machine",
        "No open descriptor leads to a file or folder outside, but for the log of the kernel itself.",
        "links = [os.readlink(f'/proc/self/fd/{fd}') for fd in os.listdir('/proc/self/fd')"
        " if os.path.lexists(f'/proc/self/fd/{fd}')]\n"
        "outside = [link for link in links if link.startswith('/') and not link.startswith(('/dev/', '/proc/'))"
        " and not link.endswith('/kernel.log')]\n"
        "assert not outside, outside",
    ),
    Probe(
        "name_of_the_machine_is_hidden",
        "The machine is called `sandbox`.",
        "assert socket.gethostname() == 'sandbox'",
        sharp=True,
    ),
)

WRITING = (
    Probe(
        "everything_else_is_read_only",
        "System, Python, packages, probe, settings and the root itself are mounted read-only.",
        "import numpy\nfrom ipykernel.kernelapp import IPKernelApp\n"
        "sockets = pathlib.Path(IPKernelApp.instance().ip).parent\n"
        "for path in ('/', '/usr', '/bin', '/dev', '/etc', '/opt', '/opt/probe', '/home', sys.prefix, sys.base_prefix,"
        " numpy.__path__[0], sockets.parent):\n"
        "    assert os.statvfs(path).f_flag & os.ST_RDONLY, path\n"
        "    refused(lambda: open(f'{path}/planted', 'w'))\n"
        "for path in ('/proc/sys/kernel/hostname', '/proc/sysrq-trigger', '/proc/sys/kernel/core_pattern'):\n"
        "    refused(lambda: open(path, 'w'))",
    ),
    Probe(
        "own_folders_are_writable",
        "A notebook may write where Colab's may: work folder, home, temporary folder.",
        "assert os.getcwd() == '/content', os.getcwd()\n"
        "for folder in ('.', os.path.expanduser('~'), '/tmp', '/dev/shm'):\n"
        "    file = pathlib.Path(folder, 'mine')\n    file.write_text('x')\n    file.unlink()",
    ),
    Probe(
        "what_can_be_written_is_bounded",
        "Every folder in memory has a size; /exchange, on disk, is watched.",
        "sizes = {'/content': FACTS['work_mib'], os.environ['HOME']: 64, '/tmp': 256, '/dev/shm': 256}\n"
        "for folder, mib in sizes.items():\n"
        "    status = os.statvfs(folder)\n"
        "    assert status.f_blocks * status.f_frsize == mib * 2**20, folder\n"
        "writable = [line.split()[1] for line in open('/proc/self/mounts') if line.split()[3].startswith('rw')]\n"
        "from ipykernel.kernelapp import IPKernelApp\nsockets = os.path.dirname(IPKernelApp.instance().ip)\n"
        "allowed = ('/content', os.environ['HOME'], '/tmp', '/dev', '/proc', '/exchange', sockets)\n"
        "assert not [place for place in writable if not place.startswith(allowed)], writable",
    ),
    Probe(
        "one_file_has_a_limit",
        "A file larger than `file_mib` is refused, sparse ones too.",
        "def fill():\n    with open('/tmp/large', 'wb') as file:\n"
        "        for _ in range(FACTS['file_mib'] + 1):\n            file.write(bytes(2**20))\n"
        "refused(fill)\nrefused(lambda: os.truncate('/tmp/large', 2**40))\nos.remove('/tmp/large')",
    ),
    Probe(
        "full_work_folder_is_an_error",
        "A full work folder ends in an ordinary OSError, and there is room again after deleting.",
        "def fill():\n    for number in range(FACTS['work_mib']):\n"
        "        pathlib.Path(f'/content/{number}.bin').write_bytes(bytes(2 * 2**20))\n"
        "assert refused(fill).errno == 28\nfor file in pathlib.Path('/content').glob('*.bin'):\n    file.unlink()\n"
        "pathlib.Path('/content/again').write_text('x')",
    ),
    Probe(
        "no_core_dumps",
        "A crash writes no core file.",
        "import resource\nassert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)",
    ),
)

PROCESSES = (
    Probe(
        "process_limit_holds",
        "A fork loop ends at the limit, which binds root as well; the machine stays as it is.",
        "import signal, time\nchildren = []\n"
        "def multiply():\n    while len(children) < 1000:\n        if (pid := os.fork()) == 0:\n"
        "            time.sleep(60)\n            os._exit(0)\n        children.append(pid)\n"
        "try:\n    refused(multiply, BlockingIOError)\nfinally:\n    for pid in children:\n"
        "        os.kill(pid, signal.SIGKILL)\n        os.waitpid(pid, 0)\n"
        "assert 0 < len(children) < FACTS['processes'], len(children)",
    ),
    Probe(
        "signals_stay_inside",
        "Killing everything that can be killed kills nothing outside, nor the first process.",
        "import signal, time\nrefused(lambda: os.kill(FACTS['process'], signal.SIGKILL), ProcessLookupError)\n"
        "try:\n    os.kill(1, signal.SIGKILL)  # allowed where it has our user id, and without effect\n"
        "except PermissionError:\n    pass\ntime.sleep(0.3)\nassert os.getppid() == 1",
    ),
)

PROBES = (*NETWORK, *RIGHTS, *SIGHT, *WRITING, *PROCESSES)
