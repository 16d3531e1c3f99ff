"""Other libraries and older modes are named in one sentence each, and data sets that are not here by their name."""

from __future__ import annotations

import pytest
from outline_samples import notebook

from grader.domain.evidence import Evidence
from grader.domain.outdated import OldCode
from grader.domain.run import CellError, RunRecord, RunStatus
from grader.inspection.diagnosis import PastRun, diagnosis
from grader.inspection.frameworks import frameworks_of, missing_dataset
from grader.locale import Translator

ADVICE = "Is this import used at all?"


def said(*errors: CellError, cells: tuple[str, ...]) -> list[str]:
    """The whole diagnosis in English."""
    source = notebook(*cells)
    run = RunRecord(RunStatus.RAISED if errors else RunStatus.COMPLETED, errors=errors)
    return [
        Translator("en").text(one) for one in diagnosis(PastRun(source, OldCode(source), run, Evidence(), "full"), ())
    ]


def missing(module: str) -> CellError:
    return CellError(0, "ModuleNotFoundError", f"No module named '{module}'")


@pytest.mark.parametrize(
    ("source", "error", "sentence"),
    [
        ("import torch\nfrom torch import nn", missing("torch"), "This is PyTorch: models of Keras are measured here"),
        ("from torchvision import datasets", missing("torchvision"), "This is PyTorch"),
        ("import pytorch_lightning as pl", missing("pytorch_lightning"), "This is PyTorch Lightning"),
        ("from fastai.vision.all import *", missing("fastai"), "This is fastai"),
        ("import mxnet as mx", missing("mxnet"), "This is MXNet"),
        ("import theano.tensor as T", missing("theano"), "This is Theano"),
        ("from flax import linen as nn\nimport jax", missing("flax"), "This is Flax (JAX)"),
        ("import os\nos.environ['KERAS_BACKEND'] = 'jax'\nimport keras", missing("jax"), "Keras on JAX"),
        ("import os\nos.environ.setdefault('KERAS_BACKEND', 'torch')\nimport keras", missing("torch"), "on PyTorch"),
        ("%env KERAS_BACKEND=jax\nimport keras", missing("jax"), "Keras on JAX"),
        (
            "import os\nos.environ['TF_USE_LEGACY_KERAS'] = '1'\nimport tensorflow as tf\nx = tf.keras",
            CellError(0, "ImportError", "Keras cannot be imported. Check that it is installed."),
            "asks for Keras 2",
        ),
        ("import tf_keras as keras", missing("tf_keras"), "asks for Keras 2"),
        (
            "from tensorflow.python.keras.layers import Dense, Input",
            CellError(0, "ImportError", "cannot import name 'Input' from 'tensorflow.python.keras.layers'"),
            "`tensorflow.python.keras` is an inner part of TensorFlow",
        ),
        ("from keras.src.layers import Nothing", CellError(0, "ImportError", "cannot import name 'Nothing' from "
         "'keras.src.layers'"), "`keras.src.layers` is an inner part of Keras"),
        (
            "import tensorflow as tf\nsess = tf.Session()",
            CellError(0, "AttributeError", "module 'tensorflow' has no attribute 'Session'"),
            "uses TensorFlow 1 (`tf.Session`)",
        ),
        (
            "import tensorflow as tf\nx = tf.placeholder(tf.float32, [None, 784])",
            CellError(0, "AttributeError", "module 'tensorflow' has no attribute 'placeholder'"),
            "uses TensorFlow 1 (`tf.placeholder`)",
        ),
        ("import tensorflow.compat.v1 as tf", None, "uses TensorFlow 1 (`tensorflow.compat.v1`)"),
        (
            "import tensorflow as tf\ntf.compat.v1.disable_eager_execution()",
            CellError(0, "NotImplementedError", "numpy() is only available when eager execution is enabled."),
            "cell 1 of the notebook turns eager execution off",
        ),
        ("from sklearn.neural_network import MLPRegressor", None, "made with scikit-learn (MLPRegressor)"),
    ],
)  # fmt: skip
def test_what_is_not_keras_3_is_named_in_one_sentence(source: str, error: CellError | None, sentence: str) -> None:
    """First of all, once, and in the place of advice about the errors that come of it."""
    reported = said(*([error] if error else []), cells=(source,))
    assert sentence in reported[0]
    assert sum(sentence in one for one in reported) == 1
    assert not any(ADVICE in one or "lacks the module" in one or "still to be completed" in one for one in reported)


def test_echoes_of_another_library_have_no_advice() -> None:
    """Names that its import would have made are reported with their error and nothing to fix."""
    echo = CellError(1, "NameError", "name 'nn' is not defined")
    reported = said(missing("torch"), echo, cells=("import torch\nfrom torch import nn", "class AE(nn.Module): pass"))
    beginnings = (
        "This is PyTorch: models of Keras",
        "Cell 1 of the notebook: ModuleNotFoundError: No module",
        "Cell 2 of the notebook: NameError: name 'nn' is not",
        "No autoencoder was found.",
    )
    assert [one.startswith(beginning) for one, beginning in zip(reported, beginnings, strict=True)] == [True] * 4


@pytest.mark.parametrize(
    "source",
    [
        "import keras\nfrom keras import layers",
        "import tensorflow as tf\nfrom tensorflow.keras.layers import Dense\nmodel = tf.keras.Sequential()",
        "import os\nos.environ['KERAS_BACKEND'] = 'tensorflow'",
        "import os\nos.environ['TF_USE_LEGACY_KERAS'] = '0'",
        "from sklearn.model_selection import train_test_split",
        "# import torch",
        "print('torch and MXNet are other libraries')",
    ],
)
def test_keras_3_on_tensorflow_needs_no_sentence(source: str) -> None:
    """Nothing that is right is reported."""
    assert frameworks_of(notebook(source)) == ()


def test_another_library_beside_keras_is_no_accusation() -> None:
    """A notebook that compares gets a sentence on what is measured."""
    (one,) = frameworks_of(notebook("import keras", "import torch"))
    assert (one.instead, Translator("en").text(one.sentence)) == (
        False, "The notebook uses PyTorch as well: models of Keras are measured here.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("from tensorflow.keras.datasets import cifar10\n(x, _), _ = cifar10.load_data()", "CIFAR-10"),
        ("(x, _), _ = keras.datasets.cifar100.load_data()", "CIFAR-100"),
        ("(x, _), _ = tf.keras.datasets.imdb.load_data(num_words=10)", "IMDB"),
        ("data = fetch_openml('Fashion-Boots', version=1)", "Fashion-Boots"),
        ("faces = fetch_olivetti_faces()", "fetch_olivetti_faces"),
        ("data = tfds.load('celeb_a', split='train')", "celeb_a"),
    ],
)
def test_a_data_set_that_is_not_here_is_named(source: str, name: str) -> None:
    """In the place of an error text that speaks of networks and of loading with `keras.datasets`, which it does."""
    error = CellError(0, "Exception", "URL fetch failure: there is no network. Load the data with keras.datasets")
    reported = said(error, cells=(source,))
    assert reported[0].startswith(f"Cell 1 of the notebook: The data set {name} is not on this machine")
    assert not any("Load the data with" in one for one in reported)


def test_a_cell_that_loads_what_is_here_is_not_told_so() -> None:
    """MNIST is here; an error of its cell is explained as any other."""
    for cell in (
        "(x, _), _ = keras.datasets.mnist.load_data()\nx.reshape(3)",
        "tfds.load('mnist')",
        "fetch_openml('mnist_784')",
    ):
        assert missing_dataset(notebook(cell), CellError(0, "ValueError", "cannot reshape")) is None
