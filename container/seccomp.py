"""Writes the profile of system calls under which the sandbox works inside a container.

    python container/seccomp.py /usr/share/containers/seccomp.json > seccomp.json

It is the profile that podman or Docker has by itself, with the calls added by which bubblewrap makes its namespaces: by
default a container may use them only with a right of root's. Nothing else is opened; inside of the sandbox a narrower
filter of the grader's own holds.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

NEEDED = ("clone", "clone3", "mount", "pivot_root", "sethostname", "setns", "umount2", "unshare")
"""Namespaces, the file system that is put together in them, and a host name that says nothing of the machine."""


def with_namespaces(profile: dict[str, object]) -> dict[str, object]:
    """Return a profile that allows what bubblewrap needs, to whoever runs in the container."""
    calls = profile["syscalls"]
    if not isinstance(calls, list):
        raise TypeError("this is no profile of podman's or Docker's")
    return {**profile, "syscalls": [{"names": list(NEEDED), "action": "SCMP_ACT_ALLOW"}, *map(_without, calls)]}


def _without(rule: dict[str, object]) -> dict[str, object]:
    """Take these calls out of a rule, so that none forbids what another allows."""
    names = rule.get("names", [])
    return {**rule, "names": [name for name in names if name not in NEEDED]} if isinstance(names, list) else rule


if __name__ == "__main__":
    made = with_namespaces(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    made["syscalls"] = [rule for rule in made["syscalls"] if rule.get("names", True)]  # type: ignore[attr-defined]
    json.dump(made, sys.stdout, indent=1)
