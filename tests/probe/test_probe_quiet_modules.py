"""Modules that only show something do nothing where they are not installed, and their callbacks let training run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

from grader.probe.quiet_modules import QUIET_MODULES, Quiet, QuietFinder, quiet_callback


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was asked for, on a machine on which none of them is installed."""
    noted: list[str] = []
    quiet = [name for name in sys.modules if name.partition(".")[0] in QUIET_MODULES]
    for name in quiet:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [QuietFinder(noted, lambda _name: False), *sys.meta_path])
    yield noted
    for name in [name for name in sys.modules if name.partition(".")[0] in QUIET_MODULES]:
        del sys.modules[name]


def run(source: str) -> dict[str, Any]:
    """Run a piece of a notebook and return its names."""
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102 - that is what a cell does
    return names


def test_a_bar_goes_through_what_it_is_given(requests: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever part of tqdm it comes from, by hand too."""
    names = run(
        "from tqdm import tqdm, trange\nfrom tqdm.notebook import tqdm as other\nfrom tqdm.auto import tqdm as third\n"
        "seen = [*tqdm([1, 2]), *other(range(2)), *third('ab', desc='x'), *trange(2)]\n"
        "with tqdm(total=5) as bar:\n    bar.update(3)\n    bar.set_postfix(loss=1)\n    bar.write('line')\n"
        "n, length, short = bar.n, len(bar), len(tqdm([1]))"
    )
    assert (names["seen"], names["n"], names["length"], names["short"]) == ([1, 2, 0, 1, "a", "b", 0, 1], 3, 5, 1)
    assert (requests, capsys.readouterr().out) == (["import tqdm"], "line\n")


@pytest.mark.parametrize(
    "source",
    [
        "from tqdm.keras import TqdmCallback as C",
        "from livelossplot import PlotLossesKeras as C",
        "from livelossplot.inputs.keras import PlotLossesCallback as C",
        "from wandb.integration.keras import WandbMetricsLogger as C",
    ],
)
def test_a_quiet_callback_lets_a_model_train(requests: list[str], source: str) -> None:
    """Keras asks a callback for more than its methods."""
    callback = run(source)["C"]("anything", verbose=0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.zeros((4, 2), np.float32)
    history = model.fit(x, np.zeros((4, 1)), epochs=2, verbose=0, callbacks=[callback], validation_split=0.5)
    assert len(history.epoch) == 2
    assert len(requests) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import plotly.express as px\npx.line(x=[1], y=[2]).update_layout(title='a').show()",
        "import ipywidgets as widgets\n@widgets.interact(i=(0, 9))\ndef show(i=0): return 1\nw = widgets.IntSlider(value=3)\nw.observe(print)",
        "from ipywidgets import interact\n@interact\ndef show(i=0): return 1\nassert show() == 1",
        "import visualkeras\nvisualkeras.layered_view(object(), legend=True).show()",
        "import GPUtil\ngpu = GPUtil.getGPUs()[0]\nprint('{:.0f} MB'.format(gpu.memoryFree), f'{gpu.name}')",
        "from termcolor import colored\nassert colored('a', 'red') + 'b' == 'ab'",
        "import colorama\nfrom colorama import Fore, Style\ncolorama.init()\nassert Fore.RED + 'a' + Style.RESET_ALL == 'a'",
        "import ipdb\nipdb.set_trace()",
        "import wandb\nwandb.config.update({'a': 1})\nwandb.config['b'] = 2\nwith wandb.init() as run: run.log({})",
    ],
)
def test_showing_something_does_nothing(requests: list[str], source: str) -> None:
    """What notebooks do with these modules runs through."""
    run(source)
    assert len(requests) == 1


def test_a_callback_can_be_made_while_keras_is_being_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorBoard's is replaced then, where that is not installed: `keras.callbacks` is not there yet."""
    callback = keras.callbacks.Callback
    monkeypatch.delattr(keras, "callbacks")
    assert issubclass(quiet_callback("TensorBoard"), callback)


def test_an_installed_module_is_never_replaced() -> None:
    """The finder stands last, and asks besides."""
    assert QuietFinder([], lambda _name: True).find_spec("tqdm", None) is None
    assert QuietFinder([], lambda _name: False).find_spec("numpy", None) is None


def test_nothing_that_computes_is_made_up() -> None:
    """A number that nobody computed would be measured as the student's."""
    assert not QUIET_MODULES & {
        "numpy",
        "scipy",
        "sklearn",
        "skimage",
        "cv2",
        "torch",
        "umap",
        "xgboost",
        "pandas",
        "PIL",
    }
    with pytest.raises(AttributeError):
        _ = Quiet().__array__
    assert issubclass(quiet_callback("Any"), keras.callbacks.Callback)
