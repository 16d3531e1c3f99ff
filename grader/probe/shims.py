"""Replaces what Colab has and a sandbox without network lacks by harmless functions, and records each request."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

from . import drive
from .data_files import DataFiles, Uploads
from .image_datasets import make_module
from .quiet_modules import QuietFinder
from .texts import shortened

_INSTALLERS = re.compile(
    r"^\s*(?:sudo\s+)?(?:(?:\S*python\S*|[{$]sys\.executable\}?)\s+-m\s+)?"
    r"(?:(?:pip3?|conda|mamba|apt|apt-get|uv|wget|curl|gdown|kaggle)\b|git\s+clone\b)"
)
_COLAB_PARTS = (
    "ai", "auth", "autoviz", "data_table", "drive", "files", "html", "kernel", "output", "patches", "runtime", "sheets",
    "snippets", "syntax", "userdata", "widgets",
)  # fmt: skip
_SERVERS = frozenset({"tensorboard", "tensorboard.notebook", "google.colab.data_table"})


def install(
    shell: Any, requests: list[str], datasets: Mapping[str, str], files: DataFiles, *, stub_grader: bool
) -> None:
    """Replace installers, Colab's modules, `tensorflow_datasets` and (in the sandbox) the `grader` package.

    Args:
        shell: The IPython shell.
        requests: Receives one line for everything that was asked for and not done.
        datasets: Path of each data set's file, by Keras's name.
        files: The data files under all of their names.
        stub_grader: True in the sandbox, where the real `grader` is out of reach.
    """
    _replace_shell_commands(shell, requests)
    _replace_shell_cells(shell, requests)
    _replace_magics(shell, requests)
    shell.ask_exit = _exit  # `exit()` ends a kernel a moment later; chance would decide how many cells still run
    sys.meta_path.insert(0, _StubFinder(requests, datasets, files, stub_grader=stub_grader))
    sys.meta_path.append(QuietFinder(requests, _is_installed))


def _exit() -> None:
    """Do the same as `sys.exit()`: end the cell with an error, and let the next one run."""
    raise SystemExit


def _replace_shell_commands(shell: Any, requests: list[str]) -> None:
    run, capture = shell.system, shell.getoutput

    def skipped(command: str) -> bool:
        return _is_installer(command, requests)

    shell.system = lambda command: None if skipped(command) else run(command)
    shell.getoutput = lambda command, *args, **kwargs: [] if skipped(command) else capture(command, *args, **kwargs)


def _replace_shell_cells(shell: Any, requests: list[str]) -> None:
    """Remove installers from `%%bash` cells, since an installer that fails would end the cell with an error."""
    bash = shell.find_cell_magic("bash")

    def run_others(line: str, cell: str) -> None:
        commands = [command for command in cell.split("\n") if not _is_installer(command, requests)]
        if any(command.strip() for command in commands):
            bash(line, "\n".join(commands))

    for name in ("bash", "sh", "shell"):  # the last one is Colab's own
        shell.register_magic_function(run_others, magic_kind="cell", magic_name=name)


def _is_installer(command: str, requests: list[str]) -> bool:
    """Return whether a shell line installs or downloads something; if so, record it as a request."""
    if not _INSTALLERS.match(command):
        return False
    request = shortened(command.strip(), 200)
    requests.append(request)
    print(f"[grader] not run here: {request}")  # noqa: T201 - the student's cell shows it
    return True


def _replace_magics(shell: Any, requests: list[str]) -> None:
    def note(line: str) -> None:
        requests.append(shortened(line.strip(), 200))

    for name in ("pip", "conda", "mamba", "uv", "tensorflow_version", "tensorboard"):
        shell.register_magic_function(
            lambda line, name=name: note(f"%{name} {line}"), magic_kind="line", magic_name=name
        )

    def load_extension(line: str) -> None:
        if line.strip() in _SERVERS:  # its magic would start a server that no one looks at
            note(f"%load_ext {line}")
            return
        try:
            shell.extension_manager.load_extension(line.strip())
        except ImportError:  # Colab has it, we do not, and no extension earns points
            note(f"%load_ext {line}")

    for name in ("load_ext", "reload_ext"):
        shell.register_magic_function(load_extension, magic_kind="line", magic_name=name)


class _StubFinder(importlib.abc.MetaPathFinder):
    """Provides `google.colab` and its parts, and `grader` inside the sandbox."""

    def __init__(
        self, requests: list[str], datasets: Mapping[str, str], files: DataFiles, *, stub_grader: bool
    ) -> None:
        self._requests = requests
        self._datasets = datasets
        self._files = files
        self._stub_grader = stub_grader

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the protocol's signature
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        parts = fullname.split(".")
        if parts[:2] == ["google", "colab"] or (self._stub_grader and parts == ["grader"]):
            loader = _StubLoader(self._requests, self._files, sandboxed=self._stub_grader)
            return importlib.machinery.ModuleSpec(fullname, loader, is_package=True)
        if parts == ["tensorflow_datasets"] and (self._stub_grader or not _is_installed(fullname)):
            return importlib.machinery.ModuleSpec(fullname, _DatasetsLoader(self._datasets))
        return None


def _is_installed(name: str) -> bool:
    return importlib.machinery.PathFinder.find_spec(name) is not None


class _DatasetsLoader(importlib.abc.Loader):
    def __init__(self, datasets: Mapping[str, str]) -> None:
        self._datasets = datasets

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return make_module(spec.name, self._datasets)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


class _StubLoader(importlib.abc.Loader):
    def __init__(self, requests: list[str], files: DataFiles, *, sandboxed: bool) -> None:
        self._requests = requests
        self._sandboxed = sandboxed
        self._answers: dict[str, Callable[..., Any]] = {
            "google.colab.drive.mount": self._mount,
            "google.colab.files.upload": lambda *_args, **_kwargs: Uploads(files),
            "google.colab.userdata.get": lambda *_args, **_kwargs: "",
        }

    def _mount(self, place: Any = "/content/drive", *_args: Any, **_kwargs: Any) -> None:
        """Make an empty Drive, so that a notebook can save to it."""
        if self._sandboxed:
            drive.mount(place)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = ModuleType(spec.name)
        module.__path__ = []

        def attribute(name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            if spec.name == "google.colab" and name in _COLAB_PARTS:
                return importlib.import_module(f"google.colab.{name}")
            if spec.name == "grader":
                return _Silence()
            full_name = f"{spec.name}.{name}"
            return _Request(full_name, self._requests, self._answers.get(full_name, dict))

        module.__getattr__ = attribute  # type: ignore[method-assign]
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run: attributes are made on access."""


class _Silence:
    """Replaces `grader.check(…)` and its result: a student's own checks are ignored here.

    It records and shows nothing, since every generated notebook is full of such calls.
    """

    def __call__(self, *_args: Any, **_kwargs: Any) -> _Silence:
        return self

    def __getattr__(self, name: str) -> _Silence:
        if name.startswith("_"):
            raise AttributeError(name)
        return self

    def _ipython_display_(self) -> None:
        """Leave the cell without an output."""


class _Request:
    """A function that records that it was called, and returns a given value or an empty dictionary."""

    def __init__(self, name: str, requests: list[str], answer: Callable[..., Any] = dict) -> None:
        self._name = name
        self._requests = requests
        self._answer = answer

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._requests.append(f"{self._name}()")
        return {} if self._answer is dict else self._answer(*args, **kwargs)

    def __getattr__(self, name: str) -> _Request:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Request(f"{self._name}.{name}", self._requests)
