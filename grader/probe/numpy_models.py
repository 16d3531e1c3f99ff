"""Describes a network in NumPy by the claims of a Keras model: two Dense layers, found by shape and by outputs.

The four arrays of one hidden layer, (D, K), (K,), (K, D) and (D,), are found anywhere: as global variables, in lists,
tuples and dictionaries, as attributes of objects. The activations are identified by calling the notebook's own
functions (`encode`, `decode`, `forward`, `predict` and similar) and comparing their results with act(x·W + b) for known
functions. A notebook may also hold its samples in columns, W·x + b: its arrays are then described the other way round.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

MAX_ARRAYS = 256
MAX_ANSWERS = 64
MOST_NUMBERS = 1_000_000
"""Most numbers of an argument that is copied before a function of the notebook gets it."""
WITHOUT_KERAS = "NumPy"
"""Replaces a model's class name."""

_ASKED = re.compile(r"enc|dec|codific|forward|adelante|propag|predic|predec|reconstr|model", re.IGNORECASE)
_NEVER = re.compile(
    r"train|fit|entren|ajust|learn|aprend|back|atr[aá]s|grad|updat|actualiz|step|plot|graf|dibuj|show|mostr",
    re.IGNORECASE,
)
_SAME = 1e-4
_ROWS = 20


class NumpyNetwork(NamedTuple):
    """The four arrays of one network, biases flat, and the names of its activations ("" if unknown)."""

    w1: Any
    b1: Any
    w2: Any
    b2: Any
    hidden: str
    output: str


def numpy_network(namespace: Mapping[str, Any], sizes: Collection[int]) -> NumpyNetwork | None:
    """Find the network of a notebook without Keras, None if its arrays are not complete.

    Args:
        namespace: The notebook's names.
        sizes: How many numbers a sample may have.
    """
    import numpy as np

    arrays = list(_arrays(namespace, sizes))
    candidates = [one for size in sizes for one in _candidates(arrays, size)]
    if not candidates:
        return None
    with np.errstate(all="ignore"):  # the notebook may have set NumPy to raise errors
        answers = {size: list(_answers(namespace, arrays, size)) for size in {len(one.w1) for one in candidates}}
        named = [_with_activations(one, answers[len(one.w1)]) for one in candidates]
    return max(named, key=lambda one: bool(one.hidden) + bool(one.output))


def network_claims(found: NumpyNetwork, registry: Any) -> list[dict[str, Any]]:
    """Describe encoder, decoder and autoencoder as models of Dense layers, in the form of the probe's claims."""
    first = _operation("o0", found.w1, found.b1, found.hidden, registry)
    second = _operation("o1", found.w2, found.b2, found.output, registry)
    inputs, code = found.w1.shape
    return [
        _model("m0", "autoencoder", inputs, [first, second], registry, found),
        _model("m1", "encoder", inputs, [first], registry, found),
        _model("m2", "decoder", code, [second], registry, found),
    ]


def _operation(name: str, weights: Any, bias: Any, activation: str, registry: Any) -> str:
    registry.operations[name] = {
        "class_name": "Dense",
        "module": "keras.src.layers.core.dense",
        "config": {"units": int(weights.shape[1]), "activation": activation, "use_bias": True},
        "variables": [registry.variable(weights), registry.variable(bias)],
    }
    return name


def _model(
    model: str, name: str, inputs: int, operations: Sequence[str], registry: Any, found: NumpyNetwork
) -> dict[str, Any]:
    nodes = [
        {"operation": operation, "arguments": {"args": [{"tensor": f"t{n}"}], "kwargs": {}}, "outputs": [f"t{n + 1}"]}
        for n, operation in enumerate(operations)
    ]
    unknown = [place for place, name in (("code", found.hidden), ("output", found.output)) if not name]
    needed = {"encoder": {"code"}, "decoder": {"output"}}.get(name, {"code", "output"})
    problem = ", ".join(place for place in unknown if place in needed)
    return {
        "model": model,
        "names": [name],
        "class_name": WITHOUT_KERAS,
        "inputs": [{"tensor": "t0", "shape": [None, int(inputs)]}],
        "nodes": nodes,
        "outputs": [f"t{len(operations)}"],
        "problem": f"arrays whose functions do not tell the activation of the {problem}" if problem else "",
        "variables": [v for operation in operations for v in registry.operations[operation]["variables"]],
        "compiled": {},
        "created": 0,
    }


# The arrays


def _arrays(namespace: Mapping[str, Any], sizes: Collection[int]) -> Iterator[tuple[str, Any]]:
    """Yield (name, own copy) of every array of numbers that may be part of a network."""
    import numpy as np

    count = 0
    for name, value in _values(namespace):
        if _may_be_a_part(value, sizes):
            yield name, np.array(value, dtype=np.float32)
            count += 1
        if count >= MAX_ARRAYS:
            return


def _may_be_a_part(value: Any, sizes: Collection[int]) -> bool:
    import numpy as np

    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu" or not 1 <= value.ndim <= 2:
        return False
    fits = any(size in value.shape and value.size <= size * size for size in sizes)
    return fits or 0 < value.size < max(sizes, default=0)


def _values(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in list(namespace.items()):
        if not name.startswith("_") and name not in ("In", "Out"):
            yield from _inside(name, value, depth=3)


def _inside(name: str, value: Any, *, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield a value and its parts: `net.encoder.W`, `layers[0]['W']`; a closed .npz is a mapping but no dict."""
    yield name, value
    members: list[tuple[str, Any]] = []
    if isinstance(value, dict) and len(value) <= 64:
        members = [(f"[{key!r}]", item) for key, item in value.items()]
    elif isinstance(value, list | tuple) and len(value) <= 64:
        members = [(f"[{place}]", item) for place, item in enumerate(value)]
    elif not isinstance(value, type) and type(value).__module__ == "__main__" and hasattr(value, "__dict__"):
        members = [(f".{key}", item) for key, item in vars(value).items()]
    if depth:
        for place, item in members:
            yield from _inside(f"{name}{place}", item, depth=depth - 1)


def _candidates(arrays: Sequence[tuple[str, Any]], size: int) -> Iterator[NumpyNetwork]:
    """Yield every network that the arrays can form: K from the matrices, biases by length, best names first."""
    matrices = [(name, array) for name, array in arrays if array.ndim == 2 and min(array.shape) > 1]
    downs = [pair for pair in matrices if pair[1].shape[0] == size]
    shapes = {array.shape[::-1] for _, array in downs}
    ups = [pair for pair in matrices if pair[1].shape in shapes]
    for down in downs[:8]:
        for up in ups[:8]:
            if down[1].shape == up[1].shape[::-1] and down[1] is not up[1]:
                code = down[1].shape[1]
                b1, b2 = _bias(arrays, code, down[0]), _bias(arrays, size, up[0])
                if b1 is not None and b2 is not None:
                    yield NumpyNetwork(down[1], b1, up[1], b2, "", "")
                b1, b2 = _bias(arrays, code, up[0]), _bias(arrays, size, down[0])
                if b1 is not None and b2 is not None:  # samples in columns
                    yield NumpyNetwork(up[1].T, b1, down[1].T, b2, "", "")


def _bias(arrays: Sequence[tuple[str, Any]], length: int, beside: str) -> Any | None:
    """Return the vector of this length whose name is most similar to its matrix's (`W1`, `b1`)."""
    fitting = [(name, array) for name, array in arrays if array.size == length and max(array.shape) == length]
    digit = re.findall(r"\d+", beside)[-1:]

    def standing(pair: tuple[str, Any]) -> tuple[bool, bool, bool]:
        twin = pair[0].lower() == beside.lower().replace("w", "b")
        return (twin, bool(digit) and digit == re.findall(r"\d+", pair[0])[-1:], "b" in pair[0].lower())

    best = max(fitting, key=standing, default=None)
    return None if best is None else best[1].reshape(length)


# Outputs of the notebook's own functions


class _Answer(NamedTuple):
    given: Any
    answered: Any


def _answers(namespace: Mapping[str, Any], arrays: Sequence[tuple[str, Any]], size: int) -> Iterator[_Answer]:
    """Call the functions named like a forward pass with images and with codes, and yield their results."""
    import numpy as np

    rng = np.random.default_rng(5)
    images = rng.random((_ROWS, size)) * (rng.random((_ROWS, size)) < 0.1)  # few pixels: units give both signs
    codes = {array.shape[1] for _, array in arrays if array.ndim == 2 and array.shape[0] == size}
    questions = [images, *(rng.random((_ROWS, code)) for code in sorted(codes))]
    named = {re.findall(r"\w+", name)[-1].lower(): array for name, array in reversed(arrays)} | dict(namespace)
    asked = 0
    for function in _functions(namespace):
        for question in questions:
            for part in _made_of(function, question, named):
                yield _Answer(question, part)
                asked += 1
                if asked >= MAX_ANSWERS:
                    return


def _made_of(function: Callable[..., Any], question: Any, named: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what a function makes of samples in rows, and of samples in columns; a row a sample in both cases."""
    import numpy as np

    for samples, turned in ((question, False), (question.T, True)):
        for arguments in _arguments(function, samples, named):
            for _, part in _inside("", _call(function, arguments), depth=2):
                if isinstance(part, np.ndarray) and part.ndim == 2 and part.shape[turned] == len(question):
                    yield part.T if turned else part


def _functions(namespace: Mapping[str, Any]) -> Iterator[Callable[..., Any]]:
    for name, value in list(namespace.items()):
        if getattr(value, "__module__", None) != "__main__" or isinstance(value, type):
            continue
        if inspect.isfunction(value):
            if _ASKED.search(name) and not _NEVER.search(name):
                yield value
            continue
        for method, function in inspect.getmembers_static(type(value), inspect.isfunction):  # runs no property
            if _ASKED.search(method) and not _NEVER.search(method) and not method.startswith("_"):
                yield function.__get__(value)


def _arguments(function: Callable[..., Any], question: Any, namespace: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yield ways to call it: with the input alone, or with globals that have the names of its other parameters."""
    needed = _needed(function)
    if not needed:
        return
    rest = [namespace.get(name, namespace.get(name.lower())) for name in needed[1:]]
    if all(value is not None for value in rest):
        yield (question, *rest)
    elif len(rest) == 1:  # one object with all weights, whatever its name
        bundles = [value for value in namespace.values() if isinstance(value, dict | list | tuple)]
        yield from ((question, bundle) for bundle in bundles[:16] if 2 <= len(bundle) <= 64)


def _needed(function: Callable[..., Any]) -> list[str]:
    """Name the parameters that a call must give."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [one.name for one in parameters if one.default is one.empty and one.kind in by_place]


def _copy(value: Any) -> Any:
    """Copy what a function may change; an object too large for a weight is passed as it is."""
    import numpy as np

    if type(value) in (list, tuple) and len(value) <= 64:
        return type(value)(_copy(item) for item in value)
    if type(value) is dict and len(value) <= 64:
        return {key: _copy(item) for key, item in value.items()}
    return np.array(value) if isinstance(value, np.ndarray) and value.size <= MOST_NUMBERS else value


def _call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            return function(*map(_copy, arguments))
        except Exception:  # it expects something else
            return None


def _with_activations(found: NumpyNetwork, answers: Sequence[_Answer]) -> NumpyNetwork:
    """Name both activations; "linear" only without other evidence, since x·W + b is often returned as well."""
    hidden = max((_explained(answer, found.w1, found.b1) for answer in answers), key=_surely, default="")
    output = max((_explained(answer, found.w2, found.b2) for answer in answers), key=_surely, default="")
    for answer in answers:  # a function from image to image shows both
        if answer.given.shape[1] == found.w1.shape[0] and min(_surely(hidden), _surely(output)) < 2:
            both = _explained_at_once(answer, found, hidden if _surely(hidden) == 2 else "")
            if both is not None and _surely(both[1]) >= _surely(output):
                hidden, output = both
    return found._replace(hidden=hidden, output=output)


def _surely(activation: str) -> int:
    return {"": 0, "linear": 1}.get(activation, 2)


def _explained_at_once(answer: _Answer, found: NumpyNetwork, hidden: str) -> tuple[str, str] | None:
    """Name the two activations for which act₂(act₁(x·W₁ + b₁)·W₂ + b₂) is the answer."""
    before = answer.given @ found.w1 + found.b1
    for name, function in _activations().items():
        if hidden in ("", name):
            output = _explained(_Answer(function(before), answer.answered), found.w2, found.b2)
            if output:
                return name, output
    return None


def _explained(answer: _Answer, weights: Any, bias: Any) -> str:
    """Name the activation for which act(x·W + b) is the answer, "" if there is none."""
    import numpy as np

    if answer.given.shape[1] != weights.shape[0] or answer.answered.shape[1] != weights.shape[1]:
        return ""
    before = answer.given @ weights + bias
    for name, function in _activations().items():
        if np.allclose(function(before), answer.answered, rtol=_SAME, atol=_SAME):
            return name
    return ""


def _activations() -> dict[str, Callable[[Any], Any]]:
    import numpy as np

    return {
        "relu": lambda x: np.maximum(x, 0),
        "sigmoid": lambda x: 1 / (1 + np.exp(-np.clip(x, -60, 60))),
        "tanh": np.tanh,
        "linear": lambda x: x,
        "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
        "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        "softplus": lambda x: np.logaddexp(x, 0),
    }
