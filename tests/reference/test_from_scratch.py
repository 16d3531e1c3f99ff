"""The NumPy autoencoder: gradients against finite differences and against Keras, descent, and the import policy."""

from __future__ import annotations

import ast
from pathlib import Path

import keras
import numpy as np
import pytest

from reference import from_scratch, simple_dense


@pytest.fixture
def arrays(rng) -> from_scratch.Arrays:
    """Arrays in double precision, with biases that are not zero, so that nothing cancels by luck."""
    w1, b1, w2, b2 = (array.astype(np.float64) for array in from_scratch.first_arrays(rng))
    return w1, b1 + 0.1 * rng.normal(size=b1.shape), w2, b2 + 0.1 * rng.normal(size=b2.shape)


def gradients(images: np.ndarray, arrays: from_scratch.Arrays) -> from_scratch.Arrays:
    codes, output = from_scratch.forward(images, arrays)
    return from_scratch.backward(images, codes, output, arrays)


@pytest.mark.parametrize("position", range(4), ids=["W1", "b1", "W2", "b2"])
def test_each_gradient_is_the_slope_of_the_loss(position: int, arrays, rng) -> None:
    """Against (L(w + ε) - L(w - ε)) / 2ε with ε = 1e-5, for thirty numbers of each array drawn at random."""
    images = rng.random((5, 784))
    array, gradient = arrays[position], gradients(images, arrays)[position]
    assert gradient.shape == array.shape

    def loss_at(index: tuple[int, ...], value: float) -> float:
        before = array[index]
        array[index] = value
        _, output = from_scratch.forward(images, arrays)
        array[index] = before
        return from_scratch.loss(images, output)

    for flat in rng.choice(array.size, 30, replace=False):
        index = np.unravel_index(flat, array.shape)
        here = array[index]
        slope = (loss_at(index, here + 1e-5) - loss_at(index, here - 1e-5)) / 2e-5
        assert gradient[index] == pytest.approx(slope, rel=1e-4, abs=1e-9)


def test_loss_and_gradients_are_those_of_keras(rng, digits) -> None:
    """The same four arrays in `simple-dense`: TensorFlow's automatic gradients and loss agree in single precision."""
    tensorflow = pytest.importorskip("tensorflow")
    arrays = from_scratch.first_arrays(rng)
    images = digits[:16].reshape(16, 784)
    model = simple_dense.build().autoencoder
    model.set_weights(arrays)
    with tensorflow.GradientTape() as tape:
        loss = tensorflow.reduce_mean(keras.losses.binary_crossentropy(images, model(images)))
    expected = tape.gradient(loss, model.trainable_variables)
    _, output = from_scratch.forward(images, arrays)
    assert from_scratch.loss(images, output) == pytest.approx(float(loss), rel=1e-5)
    for ours, theirs in zip(gradients(images, arrays), expected, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-3, atol=1e-7)


def test_the_sigmoid_does_not_overflow() -> None:
    """By hand: 0, 1/2 and 1 at -1000, 0 and 1000, and 3/4 at ln 3; no warning on the way."""
    with np.errstate(all="raise", under="ignore"):
        found = from_scratch.sigmoid(np.array([-1000.0, 0.0, 1000.0, np.log(3)]))
    np.testing.assert_allclose(found, [0, 0.5, 1, 0.75], atol=1e-15)


def test_one_step_goes_downhill_with_momentum() -> None:
    """By hand, rate 1: a slope of 2 moves 1 to -1; the same slope again moves 0.9·2 + 2 further, to -4.8."""
    arrays = tuple(np.ones(1) for _ in range(4))
    momentum = tuple(np.zeros(1) for _ in range(4))
    slopes = tuple(np.full(1, 2.0) for _ in range(4))
    from_scratch.descend(arrays, momentum, slopes, learning_rate=1.0)
    assert [float(array[0]) for array in arrays] == [-1.0] * 4
    from_scratch.descend(arrays, momentum, slopes, learning_rate=1.0)
    assert [float(array[0]) for array in arrays] == pytest.approx([-4.8] * 4)


def test_the_network_learns(digits, capsys) -> None:
    """Three epochs on 600 images: the loss falls each time, the printed numbers are the returned ones."""
    models = from_scratch.build()
    from_scratch.compile_model(models.autoencoder)
    x, y = from_scratch.inputs_and_targets(digits, np.random.default_rng(0))
    losses = models.autoencoder.fit(x, y, epochs=3, batch_size=32, verbose=1)
    assert losses[0] > losses[1] > losses[2]
    assert losses[-1] < 0.27
    expected = [f"epoch {epoch}: loss {loss:.4f}" for epoch, loss in enumerate(losses, start=1)]
    assert capsys.readouterr().out.splitlines() == expected


def test_another_target_is_refused(rng) -> None:
    """The gradients are those of an autoencoder; with another target they would silently be wrong."""
    with pytest.raises(ValueError, match="its own input"):
        from_scratch.build().autoencoder.fit(np.zeros((2, 784)), np.ones((2, 784)))


def test_the_network_has_the_four_arrays_of_the_template() -> None:
    """W1 784×32, b1 32, W2 32×784, b2 784: by hand 50,992 numbers."""
    network = from_scratch.build().autoencoder
    shapes = [array.shape for array in (network.W1, network.b1, network.W2, network.b2)]
    assert shapes == [(784, 32), (32,), (32, 784), (784,)]
    assert sum(array.size for array in network.arrays) == 50_992


def test_the_module_keeps_its_own_import_policy() -> None:
    """NumPy and nothing else, apart from annotations and the tuple of three that every reference returns."""
    tree = ast.parse(Path(from_scratch.__file__).read_text("utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    sources = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names == {"numpy"}
    assert sources == {"__future__", "typing", "reference.contract"}
