"""An autoencoder in NumPy alone, on MNIST: the challenge "without libraries" (course, week 13, first session).

    x 784 ─ x·W1 + b1 ─ relu ─ h 32 = code ─ h·W2 + b2 ─ sigmoid ─ x̂ 784

| array | shape | numbers |
|---|---|---|
| `W1` | 784×32 | 784·32 = 25,088 |
| `b1` | 32 | 32 |
| `W2` | 32×784 | 32·784 = 25,088 |
| `b2` | 784 | 784 |

25,088 + 32 + 25,088 + 784 = 50,992 numbers, those of `simple-dense`.

Forward, for a batch of n images (rows of X):

    A1 = X·W1 + b1     H = max(A1, 0)     A2 = H·W2 + b2     Y = 1 / (1 + exp(-A2))
    L  = mean over n·784 pixels of  -X·log Y - (1 - X)·log(1 - Y)

Backward, the chain rule from right to left; each line needs only the one above it:

    dL/dA2 = (Y - X) / (n·784)              sigmoid and cross-entropy together: everything else cancels
    dL/dW2 = Hᵀ·dL/dA2                      dL/db2 = sum over the rows of dL/dA2
    dL/dH  = dL/dA2·W2ᵀ
    dL/dA1 = dL/dH where A1 > 0, else 0     the slope of relu
    dL/dW1 = Xᵀ·dL/dA1                      dL/db1 = sum over the rows of dL/dA1

A gradient has the shape of the array that it belongs to; a product with another shape has its factors in the wrong
order.

Descent with momentum: V ← 0.9·V - rate·dL/dW, then W ← W + V, for each of the four arrays.

How this module meets the contract: there is no Keras here. The work is done by functions of arrays; `build()` gives an
`Autoencoder` of plain callables: encode, decode, and a `Network` that holds the four arrays and is used like a Keras
model. `compile_model` sets the rate and resets the momentum to zero. For a Keras twin, give the arrays
to `simple_dense.build().autoencoder.set_weights([W1, b1, W2, b2])`.

Measured: after 20 epochs on the embedded sample the loss is 0.109 on training images and the mean squared error 0.0148
on test images.

What to look out for:

* **The rate fits the reduction.** The mean over 784 pixels makes gradients small: 1.0 is right here, 0.01 learns next
  to nothing, and with 20 relu units die. If the loss is a *sum* over the pixels, divide the rate by 784.
* exp(-A2) overflows for A2 far below 0; `sigmoid` only takes the exponential of negative numbers.
* Start with random weights: from zeros all 32 units are equal and stay so. Biases may start at zero.
* Check a gradient against (L(w + ε) - L(w - ε)) / 2ε before training; a wrong one often still learns, badly.
* Files: notebooks read `mnist.npz` (x_train, y_train, x_test, y_test) with `np.load` from the working folder.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.contract import Autoencoder

ID = "from-scratch"
DATASET = "mnist"
CODE_SIZE = 32
EPOCHS = 20
BATCH_SIZE = 128
PUBLISHED = ""

IMAGE_SIZE = 784
LEARNING_RATE = 1.0
MOMENTUM = 0.9
FREE = ("parameters", "code_size")
CODE_SIZES = (2, 8, 16)

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""W1 (784, K), b1 (K,), W2 (K, 784), b2 (784,); or their gradients or momentum, in the same order and shapes."""


def first_arrays(rng: np.random.Generator) -> Arrays:
    """Return weights uniform in ±√(6 / (inputs + outputs)) (Glorot and Bengio, 2010) and biases of zero."""
    limit = np.sqrt(6 / (IMAGE_SIZE + CODE_SIZE))
    w1 = rng.uniform(-limit, limit, (IMAGE_SIZE, CODE_SIZE)).astype(np.float32)
    w2 = rng.uniform(-limit, limit, (CODE_SIZE, IMAGE_SIZE)).astype(np.float32)
    return w1, np.zeros(CODE_SIZE, np.float32), w2, np.zeros(IMAGE_SIZE, np.float32)


def relu(values: np.ndarray) -> np.ndarray:
    """Return max(x, 0) for each number."""
    return np.maximum(values, 0)


def sigmoid(values: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x)) for each number, without overflow: exp is only taken of numbers below zero."""
    small = np.exp(-np.abs(values))
    return np.where(values >= 0, 1 / (1 + small), small / (1 + small))


def encode(images: np.ndarray, arrays: Arrays) -> np.ndarray:
    """Images (n, 784) to codes (n, K)."""
    w1, b1, _, _ = arrays
    return relu(images @ w1 + b1)


def decode(codes: np.ndarray, arrays: Arrays) -> np.ndarray:
    """Codes (n, K) to images (n, 784) in (0, 1)."""
    _, _, w2, b2 = arrays
    return sigmoid(codes @ w2 + b2)


def forward(images: np.ndarray, arrays: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """Return the codes H (n, K) and the output Y (n, 784) of images X (n, 784)."""
    codes = encode(images, arrays)
    return codes, decode(codes, arrays)


def loss(images: np.ndarray, output: np.ndarray) -> float:
    """Return L, the mean over images and pixels; outputs are kept 1e-7 away from 0 and 1 for the logarithm."""
    likely = np.clip(output, 1e-7, 1 - 1e-7)
    return float(-(images * np.log(likely) + (1 - images) * np.log(1 - likely)).mean())


def backward(images: np.ndarray, codes: np.ndarray, output: np.ndarray, arrays: Arrays) -> Arrays:
    """Return dL/dW1, dL/db1, dL/dW2, dL/db2 for what `forward` gave; H > 0 exactly where A1 > 0."""
    _, _, w2, _ = arrays
    d_a2 = (output - images) / images.size
    d_codes = d_a2 @ w2.T
    d_a1 = d_codes * (codes > 0)
    return images.T @ d_a1, d_a1.sum(axis=0), codes.T @ d_a2, d_a2.sum(axis=0)


def descend(arrays: Arrays, momentum: Arrays, gradients: Arrays, *, learning_rate: float = LEARNING_RATE) -> None:
    """Move the four arrays one step downhill; arrays and momentum change in place."""
    for array, moving, gradient in zip(arrays, momentum, gradients, strict=True):
        moving[...] = MOMENTUM * moving - learning_rate * gradient
        array[...] = array + moving


class Network:
    """The four arrays with the methods of a Keras model: it can be called, and has `fit` and `predict`.

    Args:
        rng: Draws the first weights and the order of the images.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.W1, self.b1, self.W2, self.b2 = first_arrays(rng)
        self._rng = rng
        self.compile(learning_rate=LEARNING_RATE)

    @property
    def arrays(self) -> Arrays:
        """W1, b1, W2, b2: the arrays themselves, not copies."""
        return self.W1, self.b1, self.W2, self.b2

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Images (n, 784) to codes (n, K)."""
        return encode(images, self.arrays)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Codes (n, K) to images (n, 784) in (0, 1)."""
        return decode(codes, self.arrays)

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Images (n, 784) to reconstructions (n, 784)."""
        return forward(images, self.arrays)[1]

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """The same as `predict`."""
        return self.predict(images)

    def compile(self, *, learning_rate: float) -> None:
        """Set the rate, and the momentum of the four arrays to zero."""
        self.learning_rate = learning_rate
        self._momentum = (
            np.zeros_like(self.W1), np.zeros_like(self.b1), np.zeros_like(self.W2), np.zeros_like(self.b2)
        )  # fmt: skip

    def fit(
        self,
        x: np.ndarray,
        y: np.ndarray,
        *,
        epochs: int = EPOCHS,
        batch_size: int = BATCH_SIZE,
        verbose: int = 0,
    ) -> list[float]:
        """Train on images (n, 784); return the loss on all of them after each epoch, and print it where verbose.

        Raises:
            ValueError: Targets differ from the inputs; the gradients here are those of a plain autoencoder.
        """
        if not np.array_equal(x, y):
            raise ValueError("this network learns its own input: give the same images as input and target")
        losses = []
        for epoch in range(1, epochs + 1):
            order = self._rng.permutation(len(x))
            for start in range(0, len(x), batch_size):
                self._learn(x[order[start : start + batch_size]])
            losses.append(loss(x, self.predict(x)))
            if verbose:
                print(f"epoch {epoch}: loss {losses[-1]:.4f}")  # noqa: T201 - course material talks to its reader
        return losses

    def _learn(self, batch: np.ndarray) -> None:
        codes, output = forward(batch, self.arrays)
        gradients = backward(batch, codes, output, self.arrays)
        descend(self.arrays, self._momentum, gradients, learning_rate=self.learning_rate)


def build(*, seed: int = 42) -> Autoencoder:
    """Encode, decode, and the network that does one after the other, with first weights drawn from the seed."""
    network = Network(np.random.default_rng(seed))
    return Autoencoder(network.encode, network.decode, network)


def compile_model(autoencoder: Network) -> None:
    """Descent with rate 1.0 and momentum 0.9; the loss is the binary cross-entropy, a mean over pixels and images."""
    autoencoder.compile(learning_rate=LEARNING_RATE)


def training_split(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hold the last twelfth (5,000 of 60,000) out for validation; test images stay unseen until the end."""
    train = len(images) - len(images) // 12
    return images[:train], images[train:]


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:  # noqa: ARG001
    """Images (n, 28, 28) in [0, 1] as rows of 784 pixels, both the input and the target."""
    flat = images.reshape(len(images), IMAGE_SIZE)
    return flat, flat
