"""What a notebook uses besides Keras 3, read from its code: other libraries, older modes of TensorFlow.

Each is reported in one sentence, instead of advice on the errors that it causes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from grader.domain.cell_places import Places, cell_name
from grader.domain.messages import Message, message, verbatim
from grader.domain.run import CellError
from grader.domain.submission import Notebook
from grader.translation.readable_cells import readable

_LIBRARIES: Final[Mapping[str, str]] = {
    "torch": "PyTorch", "torchvision": "PyTorch", "pytorch_lightning": "PyTorch Lightning",
    "lightning": "PyTorch Lightning",
    "fastai": "fastai", "fastbook": "fastai", "skorch": "skorch (PyTorch)", "pythae": "pythae (PyTorch)",
    "mxnet": "MXNet", "gluoncv": "MXNet", "theano": "Theano", "aesara": "Aesara", "lasagne": "Lasagne (Theano)",
    "pylearn2": "Pylearn2 (Theano)", "chainer": "Chainer", "caffe": "Caffe", "caffe2": "Caffe2", "cntk": "CNTK",
    "paddle": "PaddlePaddle", "tflearn": "TFLearn", "flax": "Flax (JAX)", "haiku": "Haiku (JAX)",
    "equinox": "Equinox (JAX)", "sonnet": "Sonnet", "tinygrad": "tinygrad", "mlx": "MLX", "h2o": "H2O", "pyod": "PyOD",
    "neupy": "NeuPy", "nolearn": "nolearn", "ludwig": "Ludwig", "jax": "JAX",
}  # fmt: skip
"""Libraries in which autoencoders are written, by the module that is imported."""

_SESSIONS: Final = frozenset({"Session", "InteractiveSession", "placeholder", "global_variables_initializer",
                              "disable_v2_behavior", "initialize_all_variables", "get_default_graph"})  # fmt: skip
_VERSION_1: Final = ("tensorflow.contrib", "tensorflow.compat.v1")
_REGRESSORS: Final = frozenset({"MLPRegressor", "BernoulliRBM"})
_TELLING_KERAS: Final = frozenset({"keras", "tf_keras"})

_ENVIRONMENT: Final = re.compile(
    r"(?:environ(?:\.setdefault\(|\[)\s*|%(?:set_)?env\s+|export\s+)['\"]?(KERAS_BACKEND|TF_USE_LEGACY_KERAS)['\"]?"
    r"\s*\]?\s*[=,\s]\s*['\"]?(\w+)"
)
_BACKENDS: Final[Mapping[str, str]] = {
    "jax": "JAX", "torch": "PyTorch", "theano": "Theano", "cntk": "CNTK", "mxnet": "MXNet", "numpy": "NumPy",
    "openvino": "OpenVINO",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Framework:
    """Something that a notebook uses and that is not Keras 3 on TensorFlow.

    Attributes:
        kind: Its name for programs (`library`, `backend`, `legacy`, `private`, `sessions`, `graph_mode`, `regressor`).
        sentence: The sentence about it.
        cell_index: The cell that shows it first.
        modules: Top-level modules that it brings, whose absence needs no other explanation.
        instead: Whether it replaces Keras: the notebook's models are not models of Keras.
    """

    kind: str
    sentence: Message
    cell_index: int
    modules: frozenset[str] = frozenset()
    instead: bool = False

    def explains(self, error: CellError) -> bool:
        """Return whether it caused an error, as far as the error's text shows."""
        text = error.text
        if error.name in ("ModuleNotFoundError", "ImportError"):
            return any(re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE) for name in self.modules)
        if self.kind == "sessions":
            return any(name in text for name in _SESSIONS) or "eager" in text.lower()
        if self.kind == "graph_mode":
            return error.cell_index >= self.cell_index and (
                error.name == "NotImplementedError" or "numpy" in text.lower() or "eager" in text.lower()
            )
        return False


def frameworks_of(notebook: Notebook) -> tuple[Framework, ...]:
    """Return what a notebook uses besides Keras 3, each once, in the order of the cells."""
    found: dict[str, Framework] = {}
    trees = [(cell.index, cell.source, readable(cell.source)) for cell in notebook.cells]
    uses_keras = any(text is not None and _imports_keras(text.tree) for _, _, text in trees)
    for index, source, text in trees:
        seen = list(_of_environment(index, source))
        if text is not None:
            seen += _of_imports(index, text.tree, uses_keras=uses_keras)
            seen += _of_calls(index, text.tree, notebook.places)
        for one in seen:
            found.setdefault(f"{one.kind} {one.sentence.msgid} {sorted(one.sentence.values)}", one)
    return tuple(_merged(list(found.values())))


def _merged(found: Sequence[Framework]) -> Iterator[Framework]:
    """Yield one sentence of each kind: PyTorch and its Lightning are one library."""
    seen: set[str] = set()
    for one in found:
        if one.kind not in seen:
            seen.add(one.kind)
            alike = [other for other in found if other.kind == one.kind]
            modules = frozenset(name for other in alike for name in other.modules)
            yield Framework(one.kind, one.sentence, one.cell_index, modules, instead=one.instead)


# Imports


def _of_imports(index: int, tree: ast.Module, *, uses_keras: bool) -> Iterator[Framework]:
    for module, names in imported(tree):
        top = module.partition(".")[0]
        if top in _LIBRARIES:
            yield _library(index, _LIBRARIES[top], uses_keras=uses_keras)
        elif top == "tf_keras":
            yield _legacy(index)
        elif module.startswith("tensorflow.python.keras"):
            yield Framework(
                "private",
                message(
                    "`tensorflow.python.keras` is an inner part of TensorFlow, whose models are not models of Keras 3 "
                    "and are not measured: import from `keras` or `tensorflow.keras`."
                ),
                index,
                frozenset({"tensorflow", "keras"}),
            )
        elif module.startswith(("keras.src", "keras.engine", "keras.legacy")):
            yield Framework(
                "inner",
                message(
                    "`{module}` is an inner part of Keras that changes without notice: import from `keras`.",
                    module=module,
                ),
                index,
                frozenset({"keras"}),
            )
        elif module.startswith(_VERSION_1) and "keras" not in module and "keras" not in names:
            yield _sessions(index, module)
        if top == "sklearn" and _REGRESSORS & names:
            yield Framework(
                "regressor",
                message(
                    "The autoencoder is made with scikit-learn ({name}); models of Keras are measured here.",
                    name=min(_REGRESSORS & names),
                ),
                index,
                instead=not uses_keras,
            )


def imported(tree: ast.AST) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield every module that is imported, with the names taken out of it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((one.name, frozenset()) for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = frozenset(one.name for one in node.names)
            yield node.module, names
            yield from (
                (f"{node.module}.{name}", frozenset()) for name in names if node.module.startswith("tensorflow")
            )


def _imports_keras(tree: ast.AST) -> bool:
    modules = [module for module, _ in imported(tree)]
    return any(one.partition(".")[0] in _TELLING_KERAS or one.startswith("tensorflow") for one in modules)


def _library(index: int, name: str, *, uses_keras: bool) -> Framework:
    modules = frozenset(module for module, title in _LIBRARIES.items() if title == name)
    if uses_keras:
        sentence = message("The notebook uses {library} as well: models of Keras are measured here.", library=name)
    else:
        sentence = message("This is {library}: models of Keras are measured here, and nothing else.", library=name)
    return Framework("library", sentence, index, modules, instead=not uses_keras)


def _legacy(index: int) -> Framework:
    return Framework(
        "legacy",
        message(
            "The notebook asks for Keras 2 (`tf_keras`, `TF_USE_LEGACY_KERAS`); models of Keras 3 are measured here."
        ),
        index,
        frozenset({"tf_keras", "keras"}),
    )


def _sessions(index: int, name: str) -> Framework:
    return Framework(
        "sessions",
        message(
            "The notebook uses TensorFlow 1 (`{name}`): what is built and trained in its sessions is no model of "
            "Keras, and is not measured.",
            name=name,
        ),
        index,
        frozenset({"tensorflow"}),
    )


# Calls and settings


def _of_calls(index: int, tree: ast.Module, places: Places) -> Iterator[Framework]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _root(node) in ("tf", "tensorflow", "tf1"):
            if node.attr == "disable_eager_execution":
                yield Framework(
                    "graph_mode",
                    message(
                        "`disable_eager_execution` in {cell} turns eager execution off, without which Keras 3 cannot "
                        "train: leave that line out.",
                        cell=cell_name(index, places),
                    ),
                    index,
                )
            elif node.attr in _SESSIONS or node.attr == "contrib":
                yield _sessions(index, ast.unparse(node))
            elif ast.unparse(node).endswith("python.keras"):
                yield from _of_imports(index, ast.parse("import tensorflow.python.keras"), uses_keras=True)
        elif isinstance(node, ast.Name) and node.id == "disable_eager_execution":
            yield from _of_calls(index, ast.parse("tf.disable_eager_execution"), places)


def _root(node: ast.Attribute) -> str:
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    return inner.id if isinstance(inner, ast.Name) else ""


def _of_environment(index: int, source: str) -> Iterator[Framework]:
    for name, value in _ENVIRONMENT.findall(source):
        if name == "TF_USE_LEGACY_KERAS":
            if value.lower() not in ("0", "false"):
                yield _legacy(index)
        elif value.lower() in _BACKENDS:
            yield Framework(
                "backend",
                message(
                    "The notebook asks for Keras on {backend} (`KERAS_BACKEND`); here Keras runs on TensorFlow.",
                    backend=_BACKENDS[value.lower()],
                ),
                index,
                frozenset({value.lower(), "jaxlib"} if value.lower() == "jax" else {value.lower()}),
            )


def explains_error(found: Sequence[Framework], error: CellError) -> bool:
    """Return whether one of these sentences already explains an error."""
    return any(one.explains(error) for one in found)


# Data sets that are not here


_KERAS_DATASETS: Final[Mapping[str, str]] = {
    "cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "imdb": "IMDB", "reuters": "Reuters",
    "boston_housing": "Boston housing", "california_housing": "California housing",
}  # fmt: skip
_FETCHED: Final = re.compile(
    r"\b(fetch_(?:openml|olivetti_faces|lfw_people|lfw_pairs|20newsgroups|california_housing|covtype|kddcup99|rcv1)"
    r"|load_dataset|tfds\.load|tfds\.builder|image_dataset_from_directory)\s*\(\s*(?:['\"]([^'\"]{1,60})['\"])?"
)


def missing_dataset(notebook: Notebook, error: CellError) -> Message | None:
    """Return the sentence that names the missing data set which a cell loads, None if there is none."""
    source = next((cell.source for cell in notebook.cells if cell.index == error.cell_index), "")
    line = error.line or source
    for place in (line, source):
        for name, title in _KERAS_DATASETS.items():
            if re.search(rf"\b{name}\b", place) and "load_data" in place:
                return _not_here(title)
    fetched = _FETCHED.search(source)
    if fetched is not None and error.name not in ("NameError", "SyntaxError", "ModuleNotFoundError", "ImportError"):
        name = fetched.group(2) or fetched.group(1)
        return None if "mnist" in name.lower() else _not_here(name)  # it exists, under the name in the usual advice
    return None


def _not_here(title: str) -> Message:
    return message(
        "The data set {name} is not on this machine, and the notebook is run without a network: MNIST, Fashion-MNIST "
        "and the card transactions are here.",
        name=verbatim(title),
    )
