"""First code in zone K (the student kernel): lowers limits, drops rights, installs the shims, starts IPython.

Run as `python kernel_main.py SETTINGS.json -f CONNECTION.json`; `grader.sandbox` writes the settings file.
"""

from __future__ import annotations

import importlib.util
import json
import os
import select
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

PROBE_FOLDER = Path(__file__).resolve().parent
RIGHTS_TO_CHANGE_USER = frozenset({6, 7})  # CAP_SETGID, CAP_SETUID


def main(settings_file: str, kernel_arguments: list[str]) -> None:
    """Start the kernel; returns when it ends."""
    _end_if_alone()
    settings = json.loads(Path(settings_file).read_text(encoding="utf-8"))
    connection = Path(kernel_arguments[kernel_arguments.index("-f") + 1])
    load_probe()
    if settings.get("uid") is None:
        start(settings, connection)
    else:
        start(settings, connection.read_text(encoding="utf-8"))  # the user that we become cannot read the file


def start(settings: dict[str, Any], connection: Path | str) -> None:
    """Lower every limit, drop every right, and run the kernel.

    Args:
        settings: Settings from `grader.sandbox`.
        connection: Jupyter's connection file, or its text.
    """
    _limit_resources(settings.get("limits", {}))
    if settings.get("uid") is not None:
        _drop_rights(settings["uid"])
    if isinstance(connection, str):
        file = Path("/tmp/kernel.json")  # noqa: S108 - the sandbox's own
        file.write_text(connection, encoding="utf-8")
        connection = file
    if settings.get("filter_system_calls"):
        importlib.import_module("grader_probe.system_calls").close_system_calls()
    _start_kernel(sys.modules["grader_probe"], settings, connection)


def _end_if_alone() -> None:
    """End if the grader has died since it started us, else leave an empty standard input to the notebook.

    Nothing is ever written to the pipe, so it becomes readable only when the other end is closed. A sandbox does not
    notice if its grader is killed during set-up; from here on, it does.
    """
    if os.name == "posix" and select.select([0], [], [], 0)[0]:
        sys.exit("nobody waits for this notebook any more")
    leave_standard_input_empty()


def leave_standard_input_empty() -> None:
    """Let every reader of standard input find its end at once."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _limit_resources(limits: dict[str, int]) -> None:
    """Set hard limits by name (`NPROC`, `FSIZE`, …); they bind this process and everything it starts."""
    if not limits:
        return
    import resource  # missing on Windows, where a student's own check runs without limits

    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(kind)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (bound, bound))


def _drop_rights(uid: int) -> None:
    """Become an unprivileged user for good; the capabilities go with the change of user."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def load_probe() -> ModuleType:
    """Load this folder as the package `grader_probe`, whatever its name on disk."""
    spec = importlib.util.spec_from_file_location(
        "grader_probe", PROBE_FOLDER / "__init__.py", submodule_search_locations=[str(PROBE_FOLDER)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"no probe in {PROBE_FOLDER}")
    module = importlib.util.module_from_spec(spec)
    sys.modules["grader_probe"] = module
    spec.loader.exec_module(module)
    return module


def _lay_beside(folder: Path) -> None:
    """Copy the files handed in with the notebook into its working folder, where they may be changed and imported.

    Existing files are not replaced. The folder comes last in the module search path, and only after the kernel has its
    own modules, so that none of the files can replace a module of the kernel.
    """
    here = Path.cwd()
    for source in sorted(folder.rglob("*")):
        place = here / source.relative_to(folder)
        if source.is_dir():
            place.mkdir(exist_ok=True)
        elif not place.exists():
            shutil.copyfile(source, place)
    sys.path.append(str(here))


def _start_kernel(probe: ModuleType, settings: dict[str, Any], connection: Path) -> None:
    from ipykernel.kernelapp import IPKernelApp

    sys.argv[1:] = []
    sys.path[:] = [place for place in sys.path if place != str(PROBE_FOLDER)]  # `import plots` is the notebook's own
    app: Any = IPKernelApp.instance()
    app.initialize(["-f", str(connection), "--HistoryManager.enabled=False", "--IPKernelApp.capture_fd_output=False"])
    if (beside := settings.get("companions")) is not None:
        _lay_beside(Path(beside))
    shell = app.shell
    shims = importlib.import_module("grader_probe.shims")
    hooks = importlib.import_module("grader_probe.hooks")
    requests: list[str] = []
    tracker = hooks.FitTracker()
    export = importlib.import_module("grader_probe.export")
    exporter = export.Exporter(shell.user_ns, Path(settings["claims"]), tracker, requests)
    exporter.writes_graphs = settings.get("stub_grader", False)  # an open machine has no sandbox to run them in
    exporter.sample_sizes = settings["data_sets"]["sample_sizes"]
    exporter.inputs = settings.get("inputs", {})
    probe.install(exporter)
    tracker.after_fit, tracker.names_of = exporter.export_if_due, exporter.names_of
    if settings.get("patience"):
        tracker.patience = importlib.import_module("grader_probe.patience").Patience(*settings["patience"])
        tracker.origins = importlib.import_module("grader_probe.image_origins").ImageOrigins(settings["datasets"])
    if settings.get("acceleration"):
        tracker.fast = importlib.import_module("grader_probe.fast_fits").FastFits.asked(settings["acceleration"])
    tracker.tested = importlib.import_module("grader_probe.tested_images").KnownTestImages(settings.get("datasets", {}))
    surroundings = importlib.import_module("grader_probe.surroundings")
    datasets, sandboxed = settings.get("datasets", {}), settings.get("stub_grader", False)
    data_files = importlib.import_module("grader_probe.data_files")
    files = data_files.DataFiles(datasets, requests, settings["data_sets"])
    epochs = importlib.import_module("grader_probe.epochs")
    notes = epochs.EpochNotes(Path(settings["claims"]).parent / epochs.FILE_NAME)
    patches = {**surroundings.patches(files, requests, sandboxed=sandboxed), **notes.patches()}
    hooks.install(tracker, datasets, patches)
    shims.install(shell, requests, datasets, files, stub_grader=sandboxed)
    importlib.import_module("grader_probe.tracebacks").shorten(shell)
    shell.events.register("post_run_cell", lambda _result: exporter.export_if_changed())
    app.start()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
