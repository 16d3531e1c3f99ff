"""Plotting at almost no cost: figures are made and closed but never drawn, since no one sees them.

What a notebook saves with `savefig` is drawn as usual. `plot_model` without pydot or graphviz writes an empty picture.
"""

from __future__ import annotations

import base64
import functools
from contextlib import suppress
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from .quiet_modules import is_quiet

MAX_FIGURES = 64
_EMPTY_PNG = base64.b64decode(
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)
_EMPTY_SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


def patch_inline(module: ModuleType) -> None:
    """Close figures at the times when they would be drawn: at `show`, and at the end of each cell.

    Args:
        module: `matplotlib_inline.backend_inline`.
    """

    def show(close: Any = None, block: Any = None) -> None:
        del close, block
        show._to_draw, show._draw_called = [], False  # type: ignore[attr-defined]
        if module.Gcf.get_all_fig_managers():
            module.Gcf.destroy_all()

    def flush_figures() -> None:
        if show._draw_called:  # type: ignore[attr-defined]
            show()

    show._to_draw, show._draw_called = [], False  # type: ignore[attr-defined]
    new_manager = module.new_figure_manager_given_figure

    @functools.wraps(new_manager)
    def bounded_manager(num: Any, figure: Any) -> Any:
        managers = module.Gcf.get_all_fig_managers()
        for old in managers[: max(0, len(managers) - MAX_FIGURES + 1)]:
            module.Gcf.destroy(old)
        manager = new_manager(num, figure)
        figure.show = figure.canvas.draw_idle = lambda *_args, **_kwargs: None
        show._to_draw = []  # type: ignore[attr-defined]
        return manager

    module.show, module.flush_figures = show, flush_figures  # type: ignore[attr-defined]
    module.new_figure_manager_given_figure = bounded_manager  # type: ignore[attr-defined]


def patch_pyplot(module: ModuleType) -> None:
    """Let `plt.pause` return at once.

    Args:
        module: `matplotlib.pyplot`.
    """
    module.pause = lambda _interval=0.0: None  # type: ignore[attr-defined]


def patch_plot_model(module: ModuleType, *, requests: list[str]) -> None:
    """Write empty pictures of models if the drawing packages are not installed.

    Args:
        module: `keras.src.utils.model_visualization`.
        requests: Receives a line for each picture that was not drawn.
    """
    stood_in = is_quiet(getattr(module, "pydot", None))
    if stood_in:
        with suppress(ValueError):
            requests.remove("import pydotplus")  # Keras asked for it, not the notebook
    elif module.check_graphviz():
        return

    def note() -> None:
        if "plot_model (no graphviz here)" not in requests:
            requests.append("plot_model (no graphviz here)")

    def plot_model(model: Any, to_file: Any = "model.png", *_args: Any, **_kwargs: Any) -> None:
        del model
        note()
        if to_file is not None:
            Path(to_file).write_bytes(_EMPTY_PNG)

    def model_to_dot(model: Any, *_args: Any, **_kwargs: Any) -> Any:
        del model
        note()
        return SimpleNamespace(
            create=lambda *_a, **_k: _EMPTY_SVG, write=lambda *_a, **_k: True, write_png=lambda *_a, **_k: True,
            create_png=lambda *_a, **_k: _EMPTY_PNG, create_svg=lambda *_a, **_k: _EMPTY_SVG, to_string=lambda: "",
        )  # fmt: skip

    plot_model.__doc__, model_to_dot.__doc__ = module.plot_model.__doc__, module.model_to_dot.__doc__
    module.plot_model, module.model_to_dot = plot_model, model_to_dot  # type: ignore[attr-defined]
