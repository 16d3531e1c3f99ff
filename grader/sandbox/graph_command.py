"""The second sandbox: a student's exported graph, Python and TensorFlow, and nothing else.

Of the notebook, it contains only numbers and the calls between them: no code, no data, no claim. Zone M (the measuring
process) talks to it over two pipes. It is confined like zone K (the student kernel): namespaces, a user of its own,
limits, closed system calls; in addition, it checks the list of operations in `grader.probe.pure_ops` before anything is
loaded.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from grader.domain.ports import GraphSandbox
from grader.sandbox.bubblewrap import HOME, PROBE, UNPRIVILEGED_UIDS, Binding, command_prefix

PROBE_FOLDER = Path(__file__).parent.parent / "probe"
PLACE = "{graph}"
INSIDE = "/opt/graph/model.pb"
_LIMITS = {"NPROC": 512, "FSIZE": 2**20, "DATA": 3 * 2**30, "NOFILE": 256, "CORE": 0, "CPU": 600}


def graph_sandbox(program: Path, *, threads: int = 2) -> GraphSandbox:
    """Return the command that runs one graph.

    Args:
        program: bubblewrap.
        threads: Number of threads for TensorFlow.
    """
    command = command_prefix(
        program,
        [Binding(PROBE_FOLDER, PROBE), Binding(Path(PLACE), INSIDE)],
        work_mib=1,
        environment={
            "HOME": HOME,
            "LANG": "C.UTF-8",
            "PATH": "/usr/bin:/bin",
            "CUDA_VISIBLE_DEVICES": "-1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_NUM_INTRAOP_THREADS": str(threads),
            "TF_NUM_INTEROP_THREADS": str(threads),
            "OMP_NUM_THREADS": str(threads),
        },
    )
    uids = [UNPRIVILEGED_UIDS.start, UNPRIVILEGED_UIDS.stop] if os.geteuid() == 0 else None
    settings = json.dumps({"limits": _LIMITS, "uids": uids})
    own = [sys.executable, "-I", "-B", f"{PROBE}/frozen_graph_main.py", INSIDE, settings]
    return GraphSandbox((*command, *own), PLACE)
