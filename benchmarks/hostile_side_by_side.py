"""The same hostile hand-ins in three graders: what each lets through, with the settings that it has by itself.

    python benchmarks/hostile_side_by_side.py --out table.md

nbgrader and otter-grader are installed by pip, each into an environment of its own below `--work`; one that cannot be
installed is left out, and the table says so. Attackers sit in one class with an honest student, those who stop others
in a class of their own. What is seen is seen from outside: files, connections, processes, points. `otter run` is the
one of otter's two ways that needs no Docker; its manual says that it does not isolate. Nothing here harms the machine:
what would (memory, disks, processes without end) is in `tests/security/` and tried on this grader alone.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from side_by_side.attacks import ATTACKS, Attack, Listener, Scene, Trace
from side_by_side.tools import HONEST, NotInstallableError, Result, Tool, tools

MOST_SECONDS = 1500.0
"""A command that runs longer is ended; `--loop-seconds` says so for the class with the endless loop."""

ROOT = Path(__file__).parents[1]


@dataclass
class Table:
    """Answers by attack and tool.

    Attributes:
        names: Of the tools, with their versions.
        cells: What was seen, by attack and tool.
        left_out: Tools that could not be installed.
    """

    names: list[str] = field(default_factory=list)
    cells: dict[str, dict[str, str]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        """Return the table as Markdown."""
        lines = ["| attack | " + " | ".join(self.names) + " |", "|---|" + "---|" * len(self.names)]
        for attack, row in self.cells.items():
            lines.append(f"| {attack} | " + " | ".join(row.get(name, "–") for name in self.names) + " |")
        return "\n".join([*lines, "", *self.left_out, ""])


def tried(attacks: Sequence[Attack], tool: Tool, work: Path, *, loop_seconds: float) -> dict[str, str]:
    """Grade a class of attackers and an honest student; return what was seen of each attack."""
    folder = Path(tempfile.mkdtemp(prefix="sxs-", dir=work))
    mark = f"sleep {2_000_000 + os.getpid()}"
    with Listener() as listener:
        trace = Trace(folder, listener, mark)
        trace.home.mkdir()
        (trace.home / "secret.txt").write_text(trace.secret, encoding="utf-8")
        places = {"port": listener.port, "home": trace.home, "course": folder, "mark": mark.split()}
        cells = {attack.name: [attack.cell.format(**places)] for attack in attacks}
        tool.write_class(folder, {**cells, "zoe": HONEST})
        trace.handed_in = tool.file_of(folder, "zoe").read_bytes()
        loops = attacks[0].name == "endless_loop"
        result = graded(tool, folder, trace, seconds=loop_seconds if loops else MOST_SECONDS)
        seen = {attack.name: attack.seen(Scene(trace, result, tool)) for attack in attacks}
    if not loops and result.points.get("zoe") != tool.full_points and attacks[0].name != "ends_kernel":
        sys.stderr.write((folder / "said.txt").read_text(encoding="utf-8", errors="replace")[-3000:])
        seen = {name: f"{one} (the classmate was not graded)" for name, one in seen.items()}
    for process in psutil.process_iter():
        if _line(process) == mark:
            process.kill()
    shutil.rmtree(folder, ignore_errors=True)
    return seen


def classes(only: Sequence[str]) -> list[list[Attack]]:
    """Return which attackers sit in one class."""
    chosen = [attack for attack in ATTACKS if not only or attack.name in only]
    together = [attack for attack in chosen if not attack.alone]
    return [*([together] if together else []), *([attack] for attack in chosen if attack.alone)]


def graded(tool: Tool, folder: Path, trace: Trace, *, seconds: float) -> Result:
    """Run a tool on a class, for so long at most."""
    environment = {
        "PATH": f"{tool.environment}/bin:/usr/bin:/bin",
        "HOME": str(trace.home),
        "LANG": "C.UTF-8",
        "TMPDIR": str(trace.home),
    }
    began = time.monotonic()
    ended = True
    for command in tool.commands(folder):
        left = seconds - (time.monotonic() - began)
        with (folder / "said.txt").open("ab") as said:
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=said, stderr=said, start_new_session=True
            )
        try:
            process.wait(max(1.0, left))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            ended = False
            break
    time.sleep(1)
    survivors = [one for one in psutil.process_iter() if _line(one) == trace.mark]
    return Result(ended, time.monotonic() - began, tool.points(folder), bool(survivors))


def _line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Try every attack in every tool and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="file of the table")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "side-by-side")
    parser.add_argument("--tools", nargs="*", default=[], help="names of graders")
    parser.add_argument("--loop-seconds", type=float, default=150.0, help="how long to wait for the end of a loop")
    parser.add_argument("--only", nargs="*", default=[], help="names of attacks")
    chosen = parser.parse_args(arguments)
    chosen.work.mkdir(parents=True, exist_ok=True)
    table = Table()
    for tool in (one for one in tools(chosen.work) if not chosen.tools or one.name in chosen.tools):
        try:
            tool.install()
        except NotInstallableError as error:
            table.left_out.append(f"{tool.name} is left out: {error}")
            continue
        name = f"{tool.name} {tool.version()}"
        table.names.append(name)
        for attacks in classes(chosen.only):
            seen = tried(attacks, tool, chosen.work, loop_seconds=chosen.loop_seconds)
            for attack in attacks:
                table.cells.setdefault(attack.what, {})[name] = seen[attack.name]
                sys.stderr.write(f"{name}: {attack.name}: {seen[attack.name]}\n")
        chosen.out.write_text(table.markdown(), encoding="utf-8")


if __name__ == "__main__":
    main()
