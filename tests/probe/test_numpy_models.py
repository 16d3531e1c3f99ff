"""A network in NumPy, however it is written, goes through the border and computes the same in zone M."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from grader.domain.evidence import Evidence
from grader.extraction.claims import collect
from grader.probe.export import Exporter
from grader.probe.hooks import FitTracker
from grader.probe.numpy_models import WITHOUT_KERAS, numpy_network
from grader.rebuild.network.canonical import canonical
from grader.rebuild.network.model import Workshop
from grader.rebuild.whole_submission import load_arrays

pytestmark = pytest.mark.usefixtures("alone")

CODE = 4
X = np.random.default_rng(1).random((6, 784))

FUNCTIONS: Mapping[str, Any] = {
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "linear": lambda x: x,
}


def weights(seed: int = 0, code: int = CODE) -> tuple[np.ndarray, ...]:
    """W1, b1, W2, b2 of a network that answers with every sign."""
    rng = np.random.default_rng(seed)
    return (
        rng.normal(0, 0.1, (784, code)),
        rng.normal(0, 0.3, code),
        rng.normal(0, 0.5, (code, 784)),
        rng.normal(0, 0.3, 784),
    )


def notebook(source: str, *, code: int = CODE) -> dict[str, Any]:
    """Run a notebook that finds its trained arrays as `_weights`, which the probe does not look at."""
    namespace: dict[str, Any] = {"__name__": "__main__", "_weights": weights(code=code), "_others": weights(9, code)}
    exec(compile("import numpy as np\n" + source, "cell", "exec"), namespace)  # noqa: S102 - our own texts below
    return namespace


def sent(namespace: Mapping[str, Any], folder: Path) -> Evidence:
    """Export and take through the border."""
    exporter = Exporter(namespace, folder / "claims", FitTracker([]), [])
    exporter.sample_sizes = {784}
    exporter.export()
    return collect(folder, folder / "vetted")


ACTIVATIONS = """
def relu(x): return np.maximum(x, 0)
def sigmoid(x): return 1 / (1 + np.exp(-x))
"""

STYLES: dict[str, tuple[str, str, str]] = {
    # source, hidden activation, output activation
    "globals": (
        """
W1, b1, W2, b2 = _weights
def encode(X): return relu(X @ W1 + b1)
def decode(H): return sigmoid(H @ W2 + b2)
""",
        "relu",
        "sigmoid",
    ),
    "an object with biases (1, K)": (
        """
class Autoencoder:
    def __init__(self):
        self.W_enc, b, self.W_dec, c = _weights
        self.b_enc, self.b_dec = b.reshape(1, -1), c.reshape(1, -1)
    def forward(self, x):
        self.h = np.tanh(x @ self.W_enc + self.b_enc)
        return sigmoid(self.h @ self.W_dec + self.b_dec)
ae = Autoencoder()
""",
        "tanh",
        "sigmoid",
    ),
    "a dictionary and a cache": (
        """
params = dict(zip(("W1", "b1", "W2", "b2"), _weights))
def forward(X, parameters):
    A1 = relu(X.dot(parameters["W1"]) + parameters["b1"])
    Z2 = A1.dot(parameters["W2"]) + parameters["b2"]
    return sigmoid(Z2), {"A1": A1, "Z2": Z2}
""",
        "relu",
        "sigmoid",
    ),
    "a cache alone": (
        """
pesos = dict(zip(("W1", "b1", "W2", "b2"), _weights))
def propagar(X, pesos):
    z1 = X @ pesos["W1"] + pesos["b1"]
    z2 = np.tanh(z1) @ pesos["W2"] + pesos["b2"]
    return {"z1": z1, "a1": np.tanh(z1), "z2": z2, "a2": z2}
""",
        "tanh",
        "linear",
    ),
    "sums before activations": (
        """
W1, b1, W2, b2 = _weights
def forward(X, W1, b1, W2, b2):
    z1 = X @ W1 + b1
    a1 = relu(z1)
    z2 = a1 @ W2 + b2
    return z1, a1, z2, sigmoid(z2)
""",
        "relu",
        "sigmoid",
    ),
    "a sum of the first layer and the output": (
        """
W1, b1, W2, b2 = _weights
def forward(x):
    z1 = x @ W1 + b1
    return z1, sigmoid(relu(z1) @ W2 + b2)
""",
        "relu",
        "sigmoid",
    ),
    "image to image alone": (
        """
W1, b1, W2, b2 = _weights
def predict(x): return np.tanh(x @ W1 + b1) @ W2 + b2
""",
        "tanh",
        "linear",
    ),
    "everything linear": (
        """
W1, b1, W2, b2 = _weights
def encode(x): return x @ W1 + b1
def decode(h): return h @ W2 + b2
""",
        "linear",
        "linear",
    ),
    "layers that are objects": (
        """
class Dense:
    def __init__(self, W, b, act): self.W, self.b, self.act = W, b, act
    def forward(self, x): return self.act(x @ self.W + self.b)
class Net:
    def __init__(self):
        self.layers = [Dense(*_weights[:2], relu), Dense(*_weights[2:], sigmoid)]
    def predict(self, x):
        for layer in self.layers: x = layer.forward(x)
        return x
net = Net()
""",
        "relu",
        "sigmoid",
    ),
    "a list of pairs": (
        """
capas = [_weights[:2], _weights[2:]]
def reconstruir(x, capas):
    for W, b in capas: x = sigmoid(x @ W + b)
    return x
""",
        "sigmoid",
        "sigmoid",
    ),
    "a list under another name": (
        """
model = list(_weights)
def forward(images, arrays):
    W1, b1, W2, b2 = arrays
    return sigmoid(relu(images @ W1 + b1) @ W2 + b2)
""",
        "relu",
        "sigmoid",
    ),
    "arguments with defaults": (
        """
W1, b1, W2, b2 = _weights
def codificar(x, W=W1, b=b1): return relu(x @ W + b)
def decodificar(h, W=W2, b=b2, *, act=sigmoid): return act(h @ W + b)
""",
        "relu",
        "sigmoid",
    ),
    "arguments named like keys": (
        """
p = dict(zip(("W1", "b1", "W2", "b2"), _weights))
def encode(x, w1, b1): return relu(x @ w1 + b1)
def decode(h, W2, b2): return sigmoid(h @ W2 + b2)
""",
        "relu",
        "sigmoid",
    ),
    "momentum and gradients before the weights": (
        """
dW1, db1, dW2, db2 = _others
velocity = dict(zip(("W1", "b1", "W2", "b2"), (0.1 * array for array in _others)))
params = dict(zip(("W1", "b1", "W2", "b2"), _weights))
def forward(X, params): return sigmoid(relu(X @ params["W1"] + params["b1"]) @ params["W2"] + params["b2"])
""",
        "relu",
        "sigmoid",
    ),
    "words for names": (
        """
grad_w_enc, grad_b_enc, grad_w_dec, grad_b_dec = _others
w_enc, b_enc, w_dec, b_dec = _weights
def reconstruct(x): return sigmoid(relu(x @ w_enc + b_enc) @ w_dec + b_dec)
""",
        "relu",
        "sigmoid",
    ),
    "functions that print, raise and change what they get": (
        """
params = dict(zip(("W1", "b1", "W2", "b2"), _weights))
def predict_class(x): raise RuntimeError("not today")
def encode_badly(x): x[:] = 0; print("zeros"); return x
def forward(x, params):
    h = x @ params["W1"] + params["b1"]
    h[h < 0] = 0
    y = sigmoid(h @ params["W2"] + params["b2"])
    x *= 0
    params["W1"][:] = 7
    params.clear()
    return y
""",
        "relu",
        "sigmoid",
    ),
    "samples in columns": (
        """
W1, b1, W2, b2 = (array.T if array.ndim > 1 else array.reshape(-1, 1) for array in _weights)
parameters = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
del W1, b1, W2, b2
def forward_propagation(X, parameters):
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = relu(Z1)
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    return sigmoid(Z2), {"Z1": Z1, "A1": A1, "Z2": Z2}
""",
        "relu",
        "sigmoid",
    ),
    "layers that take columns": (
        """
class Layer:
    def __init__(self, W, b): self.W, self.b = W.T, b[:, None]
net = [Layer(*_weights[:2]), Layer(*_weights[2:])]
def encode(x): return np.tanh(net[0].W @ x + net[0].b)
def decode(h): return sigmoid(net[1].W @ h + net[1].b)
""",
        "tanh",
        "sigmoid",
    ),
    "errors of NumPy asked for": (
        """
W1, b1, W2, b2 = _weights
b2[0] = -800.0
old = np.seterr(all="raise")
def encode(x): return relu(x @ W1 + b1)
def decode(h): return 1 / (1 + np.exp(-(h @ W2 + b2)))
""",
        "relu",
        "sigmoid",
    ),
}


@pytest.fixture(autouse=True)
def ordinary_floats() -> Any:
    """One of the notebooks asks NumPy for errors."""
    with np.errstate():
        yield


@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_rebuilt_to_the_same_answers(
    style: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Encoder, decoder and autoencoder compute what the notebook's own functions do; the kernel stays quiet."""
    source, hidden, output = STYLES[style]
    namespace = notebook(ACTIVATIONS + source)
    w1, b1, w2, b2 = (array.copy() for array in namespace["_weights"])
    evidence = sent(namespace, tmp_path)
    assert [(one.names, one.class_name, one.problem) for one in evidence.models] == [
        ((name,), WITHOUT_KERAS, "") for name in ("autoencoder", "encoder", "decoder")
    ]
    arrays = load_arrays(evidence.weights_file)
    workshop = Workshop(evidence.operations, arrays)
    whole, encoder, decoder = (workshop.rebuild(claim) for claim in evidence.models)
    codes = FUNCTIONS[hidden](X @ w1 + b1)
    with np.errstate(over="ignore"):
        images = FUNCTIONS[output](codes @ w2 + b2)
    for rebuilt, given, answer in ((encoder, X, codes), (decoder, codes, images), (whole, X, images)):
        np.testing.assert_allclose(rebuilt.model(given.astype(np.float32)), answer, rtol=1e-4, atol=1e-5)
    assert [(layer.kind, layer.activation, layer.parameters) for layer in canonical(whole, arrays).layers] == [
        ("Dense", hidden, 784 * CODE + CODE),
        ("Dense", output, CODE * 784 + 784),
    ]
    assert capsys.readouterr().out == ""


def test_the_notebooks_own_arrays_stay_as_they_are(tmp_path: Path) -> None:
    """A function that overwrites what it is given gets copies."""
    namespace = notebook(ACTIVATIONS + STYLES["functions that print, raise and change what they get"][0])
    sent(namespace, tmp_path)
    assert list(namespace["params"]) == ["W1", "b1", "W2", "b2"]
    for array, before in zip(namespace["params"].values(), weights(), strict=True):
        np.testing.assert_array_equal(array, before)


ALL_KINDS = ACTIVATIONS + STYLES["globals"][0]


@pytest.mark.parametrize(
    "name",
    [
        "train",
        "fit_autoencoder",
        "entrenar_modelo",
        "backward",
        "update_encoder",
        "forward_backward",
        "plot_predictions",
    ],
)
def test_a_function_that_trains_is_never_called(name: str, tmp_path: Path) -> None:
    """Asking must not train any further, nor draw."""
    source = f"calls = []\ndef {name}(x, *rest): calls.append(1); W1[:] = 0; return x\n"
    namespace = notebook(ALL_KINDS + source)
    assert len(sent(namespace, tmp_path).models) == 3
    assert namespace["calls"] == []
    np.testing.assert_array_equal(namespace["W1"], weights()[0])


def test_odd_things_in_the_namespace_do_no_harm(tmp_path: Path) -> None:
    """A closed .npz, objects that raise whatever one asks them, a structure that contains itself."""
    np.savez(tmp_path / "mnist.npz", x_train=np.zeros((3, 28, 28)))
    odd = f"""
data = np.load({str(tmp_path / "mnist.npz")!r})
data.close()
class Raises:
    @property
    def encoded(self): raise RuntimeError("no")
    def __getattr__(self, name): raise RuntimeError("no attribute")
    def __len__(self): raise RuntimeError("no length")
    def __bool__(self): raise RuntimeError("no truth")
    def __eq__(self, other): raise RuntimeError("no comparison")
    __hash__ = None
class Slots:
    __slots__ = ("a",)
class Settings(dict):
    __getattr__ = dict.__getitem__
raises, slots, cls, settings = Raises(), Slots(), Raises, Settings(rate=0.1)
loop = []
loop.append(loop)
cycle = dict(); cycle["self"] = cycle
texts = np.array(["a", "b"]); objects = np.array([None, 3], dtype=object); empty = np.zeros((0, 784))
generator = (n for n in range(3)); huge = list(range(1000))
"""
    assert [one.problem for one in sent(notebook(odd + ALL_KINDS), tmp_path).models] == ["", "", ""]


def test_images_of_the_shape_of_weights_are_not_taken_for_them(tmp_path: Path) -> None:
    """A batch of as many images as the code has numbers, and a dozen small batches before the weights."""
    batches = "".join(f"batch_{n} = np.random.default_rng({n}).random(({n + 2}, 784))\n" for n in range(12))
    namespace = notebook(ACTIVATIONS + batches + STYLES["globals"][0])
    assert namespace["batch_2"].shape == namespace["W2"].shape
    evidence = sent(namespace, tmp_path)
    arrays = load_arrays(evidence.weights_file)
    assert [one.problem for one in evidence.models] == ["", "", ""]
    kept = [arrays[name] for name in evidence.models[0].variables]
    for array, right in zip(kept, weights(), strict=True):
        np.testing.assert_allclose(array, right, rtol=1e-6)


def test_one_or_two_units_are_told_from_a_linear_code(tmp_path: Path) -> None:
    """With few numbers in the code every question could have the same sign; enough are asked."""
    for seed in range(5):
        found = numpy_network(relu_network(weights(seed, 2)), {784})
        assert found is not None
        assert (found.hidden, found.output) == ("relu", "sigmoid")
        found = numpy_network(linear_network(weights(seed, 2)), {784})
        assert found is not None
        assert (found.hidden, found.output) == ("linear", "sigmoid")


def relu_network(arrays: tuple[np.ndarray, ...]) -> dict[str, Any]:
    """A notebook's namespace with this network."""
    namespace: dict[str, Any] = {"__name__": "__main__", "_weights": arrays}
    exec("import numpy as np\n" + ALL_KINDS, namespace)  # noqa: S102 - our own text
    return namespace


def linear_network(arrays: tuple[np.ndarray, ...]) -> dict[str, Any]:
    """The same with a code without activation."""
    namespace = relu_network(arrays)
    exec("def encode(X): return X @ W1 + b1", namespace)  # noqa: S102 - our own text
    return namespace


# What is no network, or tells too little


@pytest.mark.parametrize(
    ("functions", "problem"),
    [
        ("", "code, output"),
        ("def encode(x): return relu(x @ W1 + b1)", "output"),
        ("def decode(h): return sigmoid(h @ W2 + b2)", "code"),
        ("def forward(x): raise ValueError('unfinished')", "code, output"),
        ("def predict(x): return np.sin(np.cos(x @ W1 + b1) @ W2 + b2)", "code, output"),
        ("def train(x): return sigmoid(relu(x @ W1 + b1) @ W2 + b2)", "code, output"),
    ],
    ids=["no functions", "encode", "decode", "raises", "unknown activations", "train alone"],
)
def test_arrays_whose_functions_say_too_little_are_claimed_with_that_problem(
    functions: str, problem: str, tmp_path: Path
) -> None:
    """Which models cannot be rebuilt is said of each; a person looks."""
    evidence = sent(notebook(f"{ACTIVATIONS}\nW1, b1, W2, b2 = _weights\n{functions}"), tmp_path)
    text = "arrays whose functions do not tell the activation of the "
    assert {one.names[0]: one.problem for one in evidence.models} == {
        "autoencoder": text + problem,
        "encoder": f"{text}code" if "code" in problem else "",
        "decoder": f"{text}output" if "output" in problem else "",
    }


@pytest.mark.parametrize("missing", ["W1", "b1", "W2", "b2"])
def test_three_arrays_are_no_network(missing: str, tmp_path: Path) -> None:
    """All four have to be there."""
    evidence = sent(notebook(f"{ALL_KINDS}\ndel {missing}"), tmp_path)
    assert (evidence.models, dict(evidence.operations)) == ((), {})


@pytest.mark.parametrize("source", ["", "x_train = np.zeros((900, 784)); y = np.zeros(900)", "_W = _weights"])
def test_a_notebook_without_a_network_claims_nothing(source: str, tmp_path: Path) -> None:
    """Neither images nor hidden names are one."""
    assert sent(notebook(source), tmp_path).models == ()


def test_a_keras_model_comes_first(tmp_path: Path) -> None:
    """Whoever has a Keras model is judged by it; the arrays beside it are no second network."""
    namespace = notebook(ALL_KINDS)
    namespace["model"] = keras.Sequential([keras.Input((784,)), keras.layers.Dense(2)])
    assert [one.class_name for one in sent(namespace, tmp_path).models] == ["Sequential"]


def test_without_keras_no_keras_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe asks for no library that the notebook did without."""
    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.setattr("builtins.__import__", refusing(__import__))
    assert len(sent(notebook(ALL_KINDS), tmp_path).models) == 3


def refusing(real: Any) -> Any:
    """An import that knows no Keras and no TensorFlow."""

    def imported(name: str, *rest: Any, **options: Any) -> Any:
        if name.split(".")[0] in ("keras", "tensorflow"):
            raise AssertionError(f"{name} was imported")
        return real(name, *rest, **options)

    return imported
