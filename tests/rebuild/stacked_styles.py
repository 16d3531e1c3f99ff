"""One autoencoder, `stacked`, written in the many ways in which students write it; each returns the notebook's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import Input, Model, Sequential, layers, ops

from grader.probe.hooks import FitTracker

Namespace = dict[str, Any]
STYLES: dict[str, Callable[[], Namespace]] = {}


def style(function: Callable[[], Namespace]) -> Callable[[], Namespace]:
    STYLES[function.__name__.replace("_", " ")] = function
    return function


def three(encoder: Any, decoder: Any, autoencoder: Any) -> Namespace:
    return {"encoder": encoder, "decoder": decoder, "autoencoder": autoencoder}


def decoder_model() -> Any:
    return Sequential([Input((30,)), layers.Dense(100, activation="relu"), layers.Dense(784), layers.Reshape((28, 28))])


def encoder_model() -> Any:
    return Sequential(
        [Input((28, 28)), layers.Flatten(), layers.Dense(100, activation="relu"), layers.Dense(30, activation="relu")]
    )


def flat(relu: Callable[[int], list[Any]]) -> Namespace:
    """One Sequential; `relu(units)` makes a Dense layer with relu."""
    return {
        "autoencoder": Sequential(
            [
                Input((28, 28)), layers.Flatten(), *relu(100), *relu(30), *relu(100), layers.Dense(784),
                layers.Reshape((28, 28)),
            ]
        )
    }  # fmt: skip


# Sequential


@style
def sequential_of_sequentials() -> Namespace:
    encoder, decoder = encoder_model(), decoder_model()
    return three(encoder, decoder, Sequential([encoder, decoder]))


@style
def one_flat_sequential() -> Namespace:
    return flat(lambda units: [layers.Dense(units, activation="relu")])


@style
def layers_added_one_by_one() -> Namespace:
    autoencoder = Sequential(name="modelo")
    autoencoder.add(Input((28, 28), name="entrada"))
    for layer in encoder_model().layers + decoder_model().layers:
        autoencoder.add(layer)
    return {"autoencoder": autoencoder}


@style
def input_layer_object() -> Namespace:
    return {"autoencoder": Sequential([layers.InputLayer((28, 28)), *encoder_model().layers, *decoder_model().layers])}


@style
def input_shape_on_the_first_layer() -> Namespace:
    encoder = Sequential([layers.Flatten(input_shape=(28, 28)), *encoder_model().layers[1:]])
    decoder = Sequential([layers.Dense(100, "relu", input_dim=30), *decoder_model().layers[1:]])
    return three(encoder, decoder, Sequential([encoder, decoder]))


@style
def batch_size_baked_in() -> Namespace:
    return {"autoencoder": Sequential([Input(batch_shape=(5, 28, 28)), encoder_model(), decoder_model()])}


@style
def sequential_that_fit_has_built() -> Namespace:
    encoder = Sequential([layers.Flatten(), layers.Dense(100, activation="relu"), layers.Dense(30, activation="relu")])
    decoder = Sequential([layers.Dense(100, activation="relu"), layers.Dense(784), layers.Reshape((28, 28))])
    autoencoder = Sequential([encoder, decoder])
    fitted(autoencoder)
    return three(encoder, decoder, autoencoder)


def fitted(model: Any) -> None:
    images = np.zeros((4, 28, 28), np.float32)
    model.compile(optimizer="sgd", loss="mse", run_eagerly=True)
    FitTracker().wrap(type(model).fit)(model, images, images, epochs=1, verbose=0)


# Activations


@style
def activation_layers() -> Namespace:
    return flat(lambda units: [layers.Dense(units), layers.Activation("relu")])


@style
def activation_layers_of_functions() -> Namespace:
    return flat(lambda units: [layers.Dense(units), layers.Activation(keras.activations.relu)])


@style
def relu_layers() -> Namespace:
    return flat(lambda units: [layers.Dense(units, activation=None), layers.ReLU()])


@style
def relu_layers_as_activation() -> Namespace:
    return flat(lambda units: [layers.Dense(units, activation=layers.ReLU())])


@style
def leaky_relu_that_does_not_leak() -> Namespace:
    return flat(lambda units: [layers.Dense(units, activation=layers.LeakyReLU(negative_slope=0.0))])


@style
def lambda_activation() -> Namespace:
    return flat(lambda units: [layers.Dense(units, activation=lambda x: ops.relu(x))])


@style
def function_activation() -> Namespace:
    def rectificar(x: Any) -> Any:
        return ops.maximum(x, 0.0)

    return flat(lambda units: [layers.Dense(units, activation=rectificar)])


@style
def tensorflow_function_as_activation() -> Namespace:
    import tensorflow as tf

    return flat(lambda units: [layers.Dense(units, activation=tf.nn.relu)])


@style
def explicit_linear_output() -> Namespace:
    decoder = decoder_model().layers
    return {
        "autoencoder": Sequential(
            [Input((28, 28)), *encoder_model().layers, *decoder[:2], layers.Activation("linear"), decoder[2]]
        )
    }


@style
def initialisers_regularisers_constraints() -> Namespace:
    return flat(
        lambda units: [
            layers.Dense(
                units, activation="relu", kernel_initializer="he_normal", bias_initializer="ones",
                kernel_regularizer="l2", activity_regularizer=keras.regularizers.L1(1e-9), kernel_constraint="max_norm",
            )
        ]
    )  # fmt: skip


# Functional


@style
def functional() -> Namespace:
    image = Input(shape=(28, 28))
    hidden = layers.Dense(100, activation="relu")(layers.Flatten()(image))
    code = layers.Dense(30, activation="relu", name="código")(hidden)
    hidden = layers.Dense(100, activation="relu")(code)
    output = layers.Reshape((28, 28))(layers.Dense(784)(hidden))
    return three(Model(image, code), Model(code, output), Model(image, output))


@style
def functional_nested() -> Namespace:
    encoder, decoder = encoder_model(), decoder_model()
    image = Input((28, 28))
    return three(encoder, decoder, Model(image, decoder(encoder(image))))


@style
def nested_two_deep() -> Namespace:
    hidden = Sequential([Input((784,)), layers.Dense(100, activation="relu")])
    image = Input((28, 28))
    encoder = Model(image, layers.Dense(30, activation="relu")(hidden(layers.Flatten()(image))))
    decoder = decoder_model()
    inner = Sequential([encoder, decoder])
    image = Input((28, 28))
    return three(encoder, decoder, Model(image, Sequential([inner])(image)))


@style
def keras_ops_between_layers() -> Namespace:
    image = Input((28, 28))
    hidden = ops.relu(layers.Dense(100)(ops.reshape(image, (-1, 784))))
    code = ops.relu(layers.Dense(30)(hidden))
    hidden = ops.nn.relu(layers.Dense(100)(code))
    return {"autoencoder": Model(image, ops.reshape(layers.Dense(784)(hidden), (-1, 28, 28)))}


@style
def reshape_for_flatten() -> Namespace:
    layer_list = [layers.Reshape((784,)), *encoder_model().layers[1:]]
    return {"autoencoder": Sequential([Input((28, 28)), *layer_list, *decoder_model().layers])}


@style
def reshape_through_a_channel() -> Namespace:
    begin = [layers.Reshape((28, 28, 1)), layers.Flatten()]
    end = [layers.Reshape((28, 28, 1)), layers.Reshape((28, 28))]
    inner = [*encoder_model().layers[1:], *decoder_model().layers[:2]]
    return {"autoencoder": Sequential([Input((28, 28)), *begin, *inner, *end])}


@style
def lambda_layers() -> Namespace:
    inner = [*encoder_model().layers[1:], *decoder_model().layers[:2]]
    begin = layers.Lambda(lambda x: ops.reshape(x, (-1, 784)))
    end = layers.Lambda(lambda x: ops.reshape(x, (-1, 28, 28)), output_shape=(28, 28))
    return {"autoencoder": Sequential([Input((28, 28)), begin, *inner, end])}


@style
def identity_layers() -> Namespace:
    encoder, decoder = encoder_model().layers, decoder_model().layers
    return {"autoencoder": Sequential([Input((28, 28)), layers.Identity(), *encoder, layers.Identity(), *decoder])}


@style
def decoder_from_the_last_layers() -> Namespace:
    autoencoder = flat(lambda units: [layers.Dense(units, activation="relu")])["autoencoder"]
    code = Input((30,))
    decoder = Model(code, autoencoder.layers[-1](autoencoder.layers[-2](autoencoder.layers[-3](code))))
    encoder = Model(autoencoder.inputs, autoencoder.layers[2].output)
    return three(encoder, decoder, autoencoder)


@style
def layers_shared_by_three_functional_models() -> Namespace:
    steps = [*encoder_model().layers, *decoder_model().layers]

    def chain(tensor: Any, chosen: list[Any]) -> Any:
        for layer in chosen:
            tensor = layer(tensor)
        return tensor

    image, code, other = Input((28, 28)), Input((30,)), Input((28, 28))
    return three(
        Model(image, chain(image, steps[:3])), Model(code, chain(code, steps[3:])), Model(other, chain(other, steps))
    )


@style
def clone_of_a_model() -> Namespace:
    return {"autoencoder": keras.models.clone_model(functional()["autoencoder"])}


# Subclasses


class Layered(Model):
    """Layers as attributes, the graph in `call`."""

    def __init__(self) -> None:
        super().__init__()
        self.flatten = layers.Flatten()
        self.down = layers.Dense(100, activation="relu")
        self.code = layers.Dense(30, activation="relu")
        self.up = layers.Dense(100)
        self.pixels = layers.Dense(784)
        self.image = layers.Reshape((28, 28))

    def call(self, inputs: Any, training: bool = False) -> Any:
        code = self.code(self.down(self.flatten(inputs)))
        return self.image(self.pixels(ops.relu(self.up(code))))


class Paired(Model):
    """Encoder and decoder as attributes, as in the TensorFlow tutorial."""

    def __init__(self, encoder: Any, decoder: Any) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def call(self, x: Any) -> Any:
        encoded = self.encoder(x)
        return self.decoder(encoded)


class Encoder(Model):
    """A part that is a subclass itself."""

    def __init__(self) -> None:
        super().__init__()
        self.flatten = layers.Flatten()
        self.blocks = [layers.Dense(units, activation="relu") for units in (100, 30)]

    def call(self, x: Any) -> Any:
        x = self.flatten(x)
        for block in self.blocks:
            x = block(x)
        return x


class Functionally(Model):
    """A subclass that hands a functional graph to its base class."""

    def __init__(self) -> None:
        image = Input((28, 28))
        super().__init__(image, decoder_model()(encoder_model()(image)))


@style
def subclass_with_layers() -> Namespace:
    autoencoder = Layered()
    autoencoder(np.zeros((1, 28, 28), np.float32))
    return {"autoencoder": autoencoder}


@style
def subclass_with_encoder_and_decoder() -> Namespace:
    autoencoder = Paired(encoder_model(), decoder_model())
    autoencoder(np.zeros((1, 28, 28), np.float32))
    return {"autoencoder": autoencoder}


@style
def subclass_of_subclasses() -> Namespace:
    autoencoder = Paired(Encoder(), decoder_model())
    fitted(autoencoder)
    return {"autoencoder": autoencoder}


@style
def subclass_with_a_functional_constructor() -> Namespace:
    return {"autoencoder": Functionally()}


# Layers of the student's own


class OwnDense(layers.Layer):
    """Kernel and bias by hand."""

    def __init__(self, units: int, activation: str = "linear") -> None:
        super().__init__()
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.w = self.add_weight(shape=(shape[-1], self.units), initializer="glorot_uniform")
        self.b = self.add_weight(shape=(self.units,), initializer="zeros")
        self.built = True

    def call(self, x: Any) -> Any:
        return self.activation(ops.matmul(x, self.w) + self.b)


class Block(layers.Layer):
    """Keras layers inside a layer, and an operator."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.dense = layers.Dense(units)

    def call(self, inputs: Any) -> Any:
        return ops.relu(self.dense(inputs))


class Subdense(layers.Dense):
    """A Dense of another name."""


@style
def layers_written_by_hand() -> Namespace:
    inner = [OwnDense(100, "relu"), OwnDense(30, "relu"), OwnDense(100, "relu"), OwnDense(784)]
    return {"autoencoder": Sequential([Input((28, 28)), layers.Flatten(), *inner, layers.Reshape((28, 28))])}


@style
def blocks_of_layers() -> Namespace:
    return flat(lambda units: [Block(units)])


@style
def subclass_of_dense() -> Namespace:
    return flat(lambda units: [Subdense(units, activation="relu")])


@style
def dense_with_its_bias_added_by_hand() -> Namespace:
    class Bias(layers.Layer):
        def build(self, shape: tuple[int | None, ...]) -> None:
            self.b = self.add_weight(shape=(shape[-1],), initializer="zeros")
            self.built = True

        def call(self, x: Any) -> Any:
            return x + self.b

    return flat(lambda units: [layers.Dense(units, use_bias=False), Bias(), layers.ReLU()])
