"""Three small references and the same networks written differently; and networks that only look alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import Input, Model, Sequential, layers, ops

from reference.contract import Autoencoder

Build = Callable[[], Any]


def chained(encoder: Any, decoder: Any) -> Autoencoder:
    return Autoencoder(encoder, decoder, Sequential([encoder, decoder]))


def dense() -> Autoencoder:
    """28×28 → 20 relu → 6 relu → 20 relu → 28×28 linear."""
    return chained(
        Sequential([Input((28, 28)), layers.Flatten(), layers.Dense(20, "relu"), layers.Dense(6, "relu")]),
        Sequential([Input((6,)), layers.Dense(20, "relu"), layers.Dense(784), layers.Reshape((28, 28))]),
    )


def convolutional() -> Autoencoder:
    """Convolutions with normalisation, half the side, and a transposed one back."""
    encoder = Sequential([
        Input((28, 28, 1)), layers.Conv2D(4, 3, strides=2, padding="same"), layers.BatchNormalization(),
        layers.Activation("relu"), layers.Flatten(), layers.Dense(6, "relu"),
    ])  # fmt: skip
    decoder = Sequential([
        Input((6,)), layers.Dense(784, "relu"), layers.Reshape((14, 14, 4)),
        layers.Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid"),
    ])  # fmt: skip
    return chained(encoder, decoder)


def recurrent() -> Autoencoder:
    """Two LSTMs and a Dense at every step."""
    return chained(
        Sequential([Input((28, 28)), layers.LSTM(6)]),
        Sequential([Input((6,)), layers.RepeatVector(28), layers.LSTM(8, return_sequences=True), layers.Dense(28)]),
    )


REFERENCES: dict[str, Callable[[], Autoencoder]] = {
    "dense": dense, "convolutional": convolutional, "recurrent": recurrent,
}  # fmt: skip
TWINS: dict[str, tuple[str, Build]] = {}
WRONG: dict[str, tuple[str, Build]] = {}


def twin(of: str) -> Callable[[Build], Build]:
    return _named(TWINS, of)


def wrong(of: str) -> Callable[[Build], Build]:
    return _named(WRONG, of)


def _named(table: dict[str, tuple[str, Build]], of: str) -> Callable[[Build], Build]:
    def remember(function: Build) -> Build:
        table[function.__name__.replace("_", " ")] = (of, function)
        return function

    return remember


class ByHand(layers.Layer):
    """Dense by `call`: `how(x, kernel, bias)`."""

    def __init__(self, shape: tuple[int, ...], units: int, how: Callable[[Any, Any, Any], Any]) -> None:
        super().__init__()
        self.shape, self.units, self.how = shape, units, how

    def build(self, _: Any) -> None:
        self.w = self.add_weight(shape=self.shape, initializer="glorot_uniform")
        self.b = self.add_weight(shape=(self.units,), initializer="zeros")
        self.built = True

    def call(self, x: Any) -> Any:
        return self.how(x, self.w, self.b)


def flat(*inner: Any, before: Any = None, after: Any = None) -> Any:
    return Sequential([Input((28, 28)), before or layers.Flatten(), *inner, after or layers.Reshape((28, 28))])


# Twins of `dense`


@twin("dense")
def the_reference_itself() -> Any:
    return dense().autoencoder


@twin("dense")
def flat_images() -> Any:
    return Sequential([Input((784,)), *(layers.Dense(n, "relu") for n in (20, 6, 20)), layers.Dense(784)])


@twin("dense")
def selu_and_sigmoid() -> Any:
    return flat(*(layers.Dense(n, "selu") for n in (20, 6, 20)), layers.Dense(784, "sigmoid"))


@twin("dense")
def a_wider_code() -> Any:
    return flat(*(layers.Dense(n, "relu") for n in (20, 9, 20)), layers.Dense(784))


@twin("dense")
def kernels_turned_round() -> Any:
    def how(x: Any, w: Any, b: Any) -> Any:
        return ops.matmul(x, ops.transpose(w)) + b

    def relu(x: Any, w: Any, b: Any) -> Any:
        return ops.relu(how(x, w, b))

    return flat(
        ByHand((20, 784), 20, relu), ByHand((6, 20), 6, relu), ByHand((20, 6), 20, relu), ByHand((784, 20), 784, how)
    )


@twin("dense")
def bias_first_and_halves_of_relu() -> Any:
    def relu(x: Any, w: Any, b: Any) -> Any:
        y = b + ops.dot(x, w)
        return (y + ops.absolute(y)) / 2

    def linear(x: Any, w: Any, b: Any) -> Any:
        return b + ops.dot(x, w)

    sizes = [(784, 20), (20, 6), (6, 20)]
    return flat(*(ByHand(shape, shape[1], relu) for shape in sizes), ByHand((20, 784), 784, linear))


@twin("dense")
def einsum_of_the_image() -> Any:
    def first(x: Any, w: Any, b: Any) -> Any:
        return ops.relu(ops.einsum("nhw,hwc->nc", x, w) + b)

    begin = ByHand((28, 28, 20), 20, first)
    return Sequential([
        Input((28, 28)), begin, layers.Dense(6, "relu"), layers.Dense(20, "relu"), layers.Dense(784),
        layers.Reshape((28, 28)),
    ])  # fmt: skip


@twin("dense")
def convolutions_of_one_pixel() -> Any:
    one = layers.Reshape((1, 1, 784))
    inner = [layers.Conv2D(n, 1, activation="relu") for n in (20, 6, 20)]
    return flat(*inner, layers.Conv2D(784, 1), before=one)


@twin("dense")
def time_distributed() -> Any:
    inner = [layers.TimeDistributed(layers.Dense(n, "relu")) for n in (20, 6, 20)]
    return flat(*inner, layers.TimeDistributed(layers.Dense(784)), before=layers.Reshape((1, 784)))


class Scrambled(Model):
    """Layers made in another order than they are called, noise on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.d = layers.Dense(784)
        self.c = layers.Dense(20)
        self.noise = layers.GaussianNoise(0.3)
        self.a, self.b = layers.Dense(20), layers.Dense(6, layers.ReLU())

    def call(self, x: Any) -> Any:
        x = ops.reshape(x, (-1, 784))
        x = self.b(ops.maximum(self.a(self.noise(x)), 0.0))
        return ops.reshape(self.d(keras.activations.relu(self.c(x))), (-1, 28, 28))


@twin("dense")
def scrambled_subclass() -> Any:
    model = Scrambled()
    model(ops.zeros((1, 28, 28)))
    return model


# Twins of `convolutional` and `recurrent`


@twin("convolutional")
def functional_convolutions() -> Any:
    image = Input((28, 28))
    x = layers.Conv2D(4, (3, 3), (2, 2), "same")(ops.expand_dims(image, -1))
    x = layers.Dense(6)(layers.Reshape((784,))(ops.relu(layers.BatchNormalization()(x))))
    x = layers.Reshape((14, 14, 4))(layers.Dense(784)(layers.ReLU()(x)))
    x = layers.Conv2DTranspose(1, 3, strides=2, padding="same")(layers.Activation("relu")(x))
    return Model(image, ops.squeeze(layers.Activation("sigmoid")(x), -1))


@twin("convolutional")
def padded_by_hand() -> Any:
    # `same` with stride 2 on 28 pixels adds one row and one column at the end
    models = convolutional()
    begin = [layers.ZeroPadding2D(((0, 1), (0, 1))), layers.Conv2D(4, 3, strides=2)]
    return Sequential([Input((28, 28, 1)), *begin, *models.encoder.layers[1:], *models.decoder.layers])


@twin("recurrent")
def time_distributed_after_lstm() -> Any:
    inner = [layers.LSTM(6), layers.RepeatVector(28), layers.LSTM(8, return_sequences=True)]
    return Sequential([Input((None, 28)), *inner, layers.TimeDistributed(layers.Dense(28))])


@twin("recurrent")
def the_last_step_of_a_sequence() -> Any:
    steps = Input((28, 28))
    code = layers.LSTM(6, return_sequences=True)(steps)[:, -1, :]
    repeated = ops.repeat(ops.expand_dims(code, 1), 28, axis=1)
    return Model(steps, layers.Dense(28)(layers.LSTM(8, return_sequences=True)(repeated)))


@twin("recurrent")
def convolution_at_every_step() -> Any:
    inner = [layers.LSTM(6), layers.RepeatVector(28), layers.LSTM(8, return_sequences=True)]
    return Sequential([Input((28, 28)), *inner, layers.Conv1D(28, 1)])


# Wrong ones


def layered(*activations: str | None) -> Any:
    widths = (20, 6, 20, 784)
    return flat(*(layers.Dense(n, a) for n, a in zip(widths, activations, strict=True)))


@wrong("dense")
def another_width() -> Any:
    return flat(layers.Dense(24, "relu"), layers.Dense(6, "relu"), layers.Dense(20, "relu"), layers.Dense(784))


@wrong("dense")
def a_layer_more() -> Any:
    return flat(*(layers.Dense(n, "relu") for n in (20, 20, 6, 20)), layers.Dense(784))


@wrong("dense")
def scaled_by_99_percent() -> Any:
    return flat(*dense().autoencoder.layers[0].layers[1:], layers.Dense(20, "relu"), layers.Dense(784),
                layers.Rescaling(0.99))  # fmt: skip


@wrong("dense")
def one_percent_of_the_image() -> Any:
    image = Input((28, 28))
    return Model(image, layered("relu", "relu", "relu", None)(image) + 0.01 * image)


@wrong("dense")
def a_way_round_the_code() -> Any:
    image = Input((28, 28))
    hidden = layers.Dense(20, "relu")(layers.Flatten()(image))
    up = layers.Dense(20, "relu")(layers.Dense(6, "relu")(hidden))
    return Model(image, layers.Reshape((28, 28))(layers.Dense(784)(up + hidden)))


@wrong("dense")
def an_image_turned_upside_down() -> Any:
    return flat(*(layers.Dense(n, "relu") for n in (20, 6, 20)), layers.Dense(784),
                after=layers.Lambda(lambda x: ops.flip(ops.reshape(x, (-1, 28, 28)), 1)))  # fmt: skip


@wrong("convolutional")
def other_padding() -> Any:
    models = convolutional()
    begin = [layers.ZeroPadding2D(((1, 0), (1, 0))), layers.Conv2D(4, 3, strides=2)]
    return Sequential([Input((28, 28, 1)), *begin, *models.encoder.layers[1:], *models.decoder.layers])


@wrong("convolutional")
def pooled_instead_of_strides() -> Any:
    models = convolutional()
    begin = [layers.Conv2D(4, 3, padding="same"), layers.MaxPooling2D(2)]
    return Sequential([Input((28, 28, 1)), *begin, *models.encoder.layers[1:], *models.decoder.layers])


@wrong("recurrent")
def the_first_step_of_a_sequence() -> Any:
    steps = Input((28, 28))
    code = layers.LSTM(6, return_sequences=True)(steps)[:, 0, :]
    inner = layers.LSTM(8, return_sequences=True)(layers.RepeatVector(28)(code))
    return Model(steps, layers.Dense(28)(inner))


@wrong("recurrent")
def read_backwards() -> Any:
    inner = [layers.LSTM(6, go_backwards=True), layers.RepeatVector(28), layers.LSTM(8, return_sequences=True)]
    return Sequential([Input((28, 28)), *inner, layers.Dense(28)])


OTHER_ACTIVATIONS: dict[str, tuple[str | None, ...]] = {
    "a missing activation": ("relu", None, "relu", None),
    "no activation at all": (None, None, None, None),
    "relu at the end": ("relu", "relu", "relu", "relu"),
    "tanh at the beginning": ("tanh", "relu", "relu", None),
}
"""Found as twins of the reference with these activations, which the rubric then judges."""
