"""Harmless stand-ins for missing modules that only show or record something: bars, widgets, plots, logs.

Modules that compute something cannot be replaced: they stay missing, and the grader says so.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FunctionType, ModuleType
from typing import Any

QUIET_MODULES = frozenset({
    "GPUtil", "altair", "ann_visualizer", "bokeh", "bqplot", "colorama", "comet_ml", "emoji", "folium", "graphviz",
    "holoviews", "hvplot", "ipdb", "ipyevents", "ipywidgets", "keras_visualizer", "livelossplot", "missingno", "mlflow",
    "neptune", "netron", "panel", "plotly", "plotnine", "prettytable", "pydotplus", "pynvml", "tensorboardX",
    "termcolor", "tqdm", "visualkeras", "wandb", "wordcloud", "yellowbrick",
})  # fmt: skip
"""Top-level modules whose calls do not affect a model."""

_CALLBACK = re.compile(r"\w*Callback|PlotLosses\w*|Wandb(?:MetricsLogger|ModelCheckpoint|EvalCallback)|CometLogger")


class Quiet:
    """Replaces a function, a class or an object of a display module: every use of it does nothing."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Do nothing; used as a decorator, return the decorated object."""
        return args[0] if len(args) == 1 and not kwargs and isinstance(args[0], FunctionType | type) else self

    def __getattr__(self, name: str) -> Quiet:
        if name.startswith("__") or name in ("shape", "dtype"):  # for callers that ask whether it is an array
            raise AttributeError(name)
        return self

    def __getitem__(self, _: object) -> Quiet:
        return self

    def __setitem__(self, _: object, __: object) -> None:
        """Store nothing."""

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *_: object) -> None:
        """Let every exception pass."""

    def __format__(self, _: str) -> str:
        return ""

    def __mro_entries__(self, _: tuple[Any, ...]) -> tuple[type, ...]:
        return (object,)

    def _ipython_display_(self) -> None:
        """Show nothing."""


class SilentProgressBar:
    """`tqdm` without the bar: it iterates over what it is given.

    Args:
        iterable: What to iterate over, None for a bar that is moved by hand.
        options: Whatever else `tqdm` takes; `total` is kept.
    """

    def __init__(self, iterable: Iterable[Any] | None = None, *_: Any, **options: Any) -> None:
        self.iterable = iterable
        self.total = options.get("total")
        self.n = 0

    def __iter__(self) -> Iterator[Any]:
        for item in self.iterable or ():
            yield item
            self.n += 1

    def __len__(self) -> int:
        return int(self.total) if self.total is not None else len(self.iterable)  # type: ignore[arg-type]

    def __enter__(self) -> SilentProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        """Let every exception pass."""

    def update(self, n: float = 1) -> None:
        """Move the bar by `n`."""
        self.n += n  # type: ignore[assignment]

    @staticmethod
    def write(text: object = "", *_: Any, **__: Any) -> None:
        """Print a line, as beside a bar."""
        print(text)  # noqa: T201 - that is what the notebook asked for

    @classmethod
    def pandas(cls, *_: Any, **__: Any) -> None:
        """Give pandas `progress_apply`, here an alias of `apply`."""
        pandas: Any = importlib.import_module("pandas")
        for kind in (pandas.DataFrame, pandas.Series):
            kind.progress_apply = kind.apply

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Quiet()


class QuietFinder(importlib.abc.MetaPathFinder):
    """Provides the display modules that are not installed.

    Args:
        requests: Receives one line for each of them that is used.
        is_installed: Returns whether a top-level module is installed.
    """

    def __init__(self, requests: list[str], is_installed: Callable[[str], bool]) -> None:
        self._requests = requests
        self._is_installed = is_installed

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the protocol's signature
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a quiet module if the name is that of a display module or of a part of one."""
        top = fullname.partition(".")[0]
        if top not in QUIET_MODULES or self._is_installed(top):
            return None
        line = f"import {top}"
        if line not in self._requests:
            self._requests.append(line)
        return importlib.machinery.ModuleSpec(fullname, _QuietLoader(), is_package=True)


class _QuietLoader(importlib.abc.Loader):
    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = ModuleType(spec.name)
        module.__path__ = []
        module.__version__ = "0"  # type: ignore[attr-defined]
        top = spec.name.partition(".")[0]

        def attribute(name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return _member(top, name)

        module.__getattr__ = attribute  # type: ignore[method-assign]
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run: attributes are made on access."""


def is_quiet(module: object) -> bool:
    """Return whether an object comes from a module made here."""
    return isinstance(getattr(getattr(module, "__spec__", None), "loader", None), _QuietLoader)


def _member(top: str, name: str) -> Any:
    if _CALLBACK.fullmatch(name):
        return quiet_callback(name)
    if top == "tqdm" and name in ("tqdm", "tqdm_notebook", "tqdm_gui", "tgrange"):
        return SilentProgressBar
    if top == "tqdm" and name in ("trange", "tnrange"):
        return lambda *args, **options: SilentProgressBar(range(*args), **options)
    if top == "termcolor":
        return _plain_text
    return _NoColours() if top == "colorama" and name in ("Back", "Cursor", "Fore", "Style") else Quiet()


class _NoColours:
    """Replaces `colorama.Fore`: every colour is an empty text."""

    def __getattr__(self, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return ""


def _plain_text(text: object = "", *_: Any, **__: Any) -> str:
    """Return the text without a colour."""
    return str(text)


def quiet_callback(name: str) -> type:
    """Return a callback of Keras that takes any argument and does nothing."""
    from keras.src.callbacks.callback import Callback  # `keras.callbacks` does not exist while Keras is being imported

    def __init__(self: Any, *_: Any, **__: Any) -> None:  # noqa: N807 - the class is made here
        Callback.__init__(self)

    return type(name, (Callback,), {"__init__": __init__})
