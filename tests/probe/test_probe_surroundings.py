"""Files, addresses, data sets and plots as notebooks ask for them, one patch at a time."""

# ruff: noqa: PTH123, SIM115 - it is about `open` itself

from __future__ import annotations

import builtins
import importlib
import io
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest

from grader.domain.datasets import for_kernel
from grader.probe.data_files import DataFiles, Uploads, install_open, patch_get_file, patch_urlopen
from grader.probe.image_datasets import make_module
from grader.probe.plots import MAX_FIGURES, patch_inline, patch_plot_model


@pytest.fixture
def requests() -> list[str]:
    return []


@pytest.fixture
def datasets(tmp_path: Path) -> dict[str, str]:
    """Ten and four images, and one transaction."""
    images = np.arange(10 * 784, dtype=np.uint8).reshape(10, 28, 28)
    folder = tmp_path / "published"
    folder.mkdir()
    np.savez(folder / "mnist.npz", x_train=images, y_train=np.arange(10), x_test=images[:4], y_test=np.arange(4))
    (folder / "creditcard.csv").write_text("V1,Class\n0.5,0\n", encoding="utf-8")
    return {"mnist": str(folder / "mnist.npz"), "creditcard": str(folder / "creditcard.csv")}


@pytest.fixture
def files(datasets: dict[str, str], requests: list[str]) -> DataFiles:
    return DataFiles(datasets, requests, for_kernel())


# Files


@pytest.fixture
def own_open(files: DataFiles, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The patched `open`, for as long as the test runs."""
    interactiveshell: Any = importlib.import_module("IPython.core.interactiveshell")

    before = builtins.open, interactiveshell.io_open, io.open
    monkeypatch.chdir(tmp_path)
    install_open(files)
    yield
    builtins.open, interactiveshell.io_open, io.open = before


@pytest.mark.usefixtures("own_open")
@pytest.mark.parametrize(
    "place",
    [
        "creditcard.csv", "data/creditcard.csv", "/content/drive/MyDrive/Colab Notebooks/creditcard.csv",
        "../input/creditcardfraud/creditcard.csv", "C:\\Users\\ana\\creditcard.csv", Path("datos") / "CreditCard.csv",
    ],
)  # fmt: skip
def test_a_data_file_is_found_wherever_a_notebook_looks_for_it(place: Any, requests: list[str]) -> None:
    """By `open`, and by pandas, which uses it."""
    pandas = pytest.importorskip("pandas")
    with builtins.open(place, encoding="utf-8") as file:
        assert file.readline() == "V1,Class\n"
    assert pandas.read_csv(place).shape == (1, 2)
    assert Path(place).read_text(encoding="utf-8").startswith("V1")
    assert requests == [f"{place} -> creditcard.csv"]


@pytest.mark.usefixtures("own_open")
def test_a_file_of_the_notebooks_own_comes_first_and_others_stay_missing(requests: list[str]) -> None:
    """Writing makes a new file; what is no data set is missing as ever."""
    for place in ("other.csv", "sub/creditcard.csvx", "weights.h5"):
        with pytest.raises(FileNotFoundError):
            builtins.open(place)
    with pytest.raises(FileNotFoundError):
        builtins.open("nowhere/creditcard.csv", "w")
    Path("creditcard.csv").write_text("mine", encoding="utf-8")
    with builtins.open("creditcard.csv") as file:
        assert file.read() == "mine"
    assert requests == []


def test_addresses_of_data_sets_are_answered_and_others_say_why_not(files: DataFiles, requests: list[str]) -> None:
    """The tutorial's own address of `creditcard.csv` works; every other one names itself in the error."""
    module = SimpleNamespace(urlopen=urllib.request.urlopen)
    patch_urlopen(module, files=files)  # type: ignore[arg-type]
    address = "https://storage.googleapis.com/download.tensorflow.org/data/creditcard.csv?raw=1"
    with module.urlopen(urllib.request.Request(address)) as answer:
        assert (answer.read(), answer.status, answer.headers["Content-Length"]) == (b"V1,Class\n0.5,0\n", 200, "15")
    assert requests == [f"{address} -> creditcard.csv"]
    with pytest.raises(URLError, match=r"no network where the notebook is graded: http://yann\.lecun\.com/exdb"):
        module.urlopen("http://yann.lecun.com/exdb/mnist/train-images-idx3-ubyte.gz")
    assert module.urlopen("data:,hello").read() == b"hello"


def test_get_file_returns_the_data_set(files: DataFiles, datasets: dict[str, str]) -> None:
    """By name or by address; everything else is Keras's own business."""
    module = ModuleType("file_utils")
    module.get_file = lambda fname=None, origin=None, **_: ("fetched", fname, origin)  # type: ignore[attr-defined]
    patch_get_file(module, files=files)
    assert module.get_file("mnist.npz", "https://example.org/x") == datasets["mnist"]
    assert module.get_file(origin="https://example.org/creditcard.csv") == datasets["creditcard"]
    assert module.get_file("weights.h5", origin="https://example.org/w.h5") == (
        "fetched", "weights.h5", "https://example.org/w.h5",
    )  # fmt: skip


def test_an_upload_brings_the_data_files(files: DataFiles) -> None:
    """`pd.read_csv(io.BytesIO(uploaded["creditcard.csv"]))`, and the loop of Colab's own example."""
    uploaded = Uploads(files)
    assert list(uploaded) == ["creditcard.csv", "mnist.npz"]
    assert io.BytesIO(uploaded["creditcard.csv"]).read().startswith(b"V1")
    assert {name: len(uploaded[name]) > 0 for name in uploaded} == {
        name: len(content) > 0 for name, content in uploaded.items()
    }
    with pytest.raises(KeyError):
        uploaded["other.csv"]
    assert Uploads(DataFiles({}, [], for_kernel())) == {}


# tensorflow_datasets


def test_load_answers_in_every_form_that_it_is_asked_for(datasets: dict[str, str]) -> None:
    """All splits, one, some, slices and sums; pairs or dictionaries; as a data set or as tensors; with a description."""
    tfds = make_module("tensorflow_datasets", datasets)
    everything, info = tfds.load("mnist", with_info=True)
    assert {name: len(part) for name, part in everything.items()} == {"train": 10, "test": 4}
    assert (info.splits["train"].num_examples, info.features["label"].num_classes) == (10, 10)
    train, test = tfds.load("mnist:3.*.*", split=["train", "test"], as_supervised=True, shuffle_files=True)
    assert [tuple(part.element_spec[0].shape) for part in (train, test)] == [(28, 28, 1)] * 2
    assert [part.element_spec[0].dtype.name for part in (train, test)] == ["uint8"] * 2
    assert len(tfds.load("mnist", split="train[:80%]")) == 8
    assert len(tfds.load("mnist", split="train[-2:]+test[1:3]")) == 4
    whole = tfds.as_numpy(tfds.load("mnist", split="all", batch_size=-1))
    assert (whole["image"].shape, whole["label"].dtype) == ((14, 28, 28, 1), np.int64)
    first = next(iter(tfds.as_numpy(tfds.load("mnist", split="test", as_supervised=True))))
    assert (first[0].shape, first[1]) == ((28, 28, 1), 0)
    builder = tfds.builder("mnist")
    builder.download_and_prepare()
    assert len(builder.as_dataset(split="test")) == 4


def test_other_data_sets_say_which_are_there(datasets: dict[str, str]) -> None:
    """No network to fetch them from."""
    with pytest.raises(ValueError, match=r"no network .*: mnist$"):
        make_module("tensorflow_datasets", datasets).load("cifar10")
    with pytest.raises(ValueError, match="no such split: valid"):
        make_module("tensorflow_datasets", datasets).load("mnist", split="valid")


# Plots


class Managers:
    """matplotlib's list of open figures."""

    def __init__(self) -> None:
        self.open: list[Any] = []

    def get_all_fig_managers(self) -> list[Any]:
        return list(self.open)

    def destroy(self, manager: Any) -> None:
        self.open.remove(manager)

    def destroy_all(self) -> None:
        self.open.clear()


def test_figures_are_closed_and_never_drawn() -> None:
    """At `show` and at the end of a cell; of a thousand open ones, 64 stay."""
    managers = Managers()

    def new(number: Any, figure: Any) -> Any:
        managers.open.append((number, figure))
        module.show._draw_called = True
        return managers.open[-1]

    module = SimpleNamespace(Gcf=managers, new_figure_manager_given_figure=new, show=None, flush_figures=None)
    patch_inline(module)  # type: ignore[arg-type]
    for number in range(1000):
        figure = SimpleNamespace(canvas=SimpleNamespace(draw_idle=None))
        module.new_figure_manager_given_figure(number, figure)
    assert [number for number, _ in managers.open] == list(range(1000 - MAX_FIGURES, 1000))
    figure.canvas.draw_idle()
    figure.show()
    module.flush_figures()
    assert managers.open == []
    new(1, figure)
    module.show()
    assert managers.open == []


def test_a_model_is_drawn_as_an_empty_picture_without_graphviz(requests: list[str], tmp_path: Path) -> None:
    """What reads the picture afterwards works; it is noted once."""
    module = ModuleType("model_visualization")
    module.check_graphviz = lambda: False  # type: ignore[attr-defined]
    module.plot_model = module.model_to_dot = lambda *_: None  # type: ignore[attr-defined]
    patch_plot_model(module, requests=requests)
    module.plot_model("model", to_file=tmp_path / "model.png", show_shapes=True)
    assert (tmp_path / "model.png").read_bytes().startswith(b"\x89PNG")
    assert module.model_to_dot("model").create(prog="dot", format="svg").startswith(b"<svg")
    assert requests == ["plot_model (no graphviz here)"]
    module.check_graphviz = lambda: True  # type: ignore[attr-defined]
    module.plot_model = real = lambda *_: None  # type: ignore[attr-defined]
    patch_plot_model(module, requests=requests)
    assert module.plot_model is real
