"""Wrong connections: paths around the code, and halves that are not the autoencoder's."""

from __future__ import annotations

from typing import Final

from grader.domain.messages import message
from grader.validation.drafts import Draft
from grader.validation.operators import Edit, Mutant

_LEARNT: Final = ("reconstruction", "denoising", "plane", "stages", "pretrained", "accuracy", "sparsity", "comparison")


def _joined(helper: str, value: str = "joined(encoder, decoder)") -> Edit:
    """Return an edit that builds the autoencoder from its halves in another way."""
    return lambda draft: draft.joined(value, helper)


_ADD = """def joined(encoder, decoder):
    image = keras.Input(shape=encoder.input_shape[1:])
    return keras.Model(image, layers.Add()([decoder(encoder(image)), image]))"""

_CONCATENATE = """def joined(encoder, decoder):
    image = keras.Input(shape=encoder.input_shape[1:])
    both = layers.Concatenate()([decoder(encoder(image)), image])
    return keras.Model(image, layers.Dense(encoder.input_shape[-1], activation="sigmoid")(both))"""

_OPERATOR = """def joined(encoder, decoder):
    image = keras.Input(shape=encoder.input_shape[1:])
    return keras.Model(image, 0.5 * decoder(encoder(image)) + 0.5 * image)"""

_COPY = """class Autoencoder(keras.Model):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def call(self, images):
        return images + 0 * self.decoder(self.encoder(images))


def joined(encoder, decoder):
    model = Autoencoder(encoder, decoder)
    model(np.zeros((1, *encoder.input_shape[1:]), "float32"))
    return model"""

_PAST_THE_CODE = """def joined(encoder, decoder):
    image = keras.Input(shape=encoder.input_shape[1:])
    hidden = layers.Dense(400, activation="relu")(layers.Flatten()(image))
    size = int(np.prod(encoder.input_shape[1:]))
    output = layers.Dense(size, activation="sigmoid")(hidden)
    return keras.Model(image, layers.Reshape(encoder.input_shape[1:])(output))"""


def _past_the_code(draft: Draft) -> Draft | None:
    """Connect a decoder to the wide layer before the code; the two models asked for stay beside it."""
    if draft.mentions("shape=(None") or draft.mentions("CLASSES"):
        return None
    return _joined(_PAST_THE_CODE)(draft)


def _whole_image(edit: Edit) -> Edit:
    """Return the edit for images of a fixed size alone."""
    return lambda draft: None if draft.mentions("shape=(None") else edit(draft)


_SEPARATE = """def anew(layer):
    return type(layer).from_config(layer.get_config())


def joined(first, second):
    tensor = image = keras.Input(shape=encoder.input_shape[1:])
    for layer in (*first, *second):
        if not isinstance(layer, keras.layers.InputLayer):
            tensor = layer(tensor)
    return keras.Model(image, tensor)"""


def _separate(first: str, second: str) -> Edit:
    """Return an edit that trains other layers than those of the required models."""

    def edit(draft: Draft) -> Draft | None:
        if draft.code_layer() is None or draft.asks("comparison"):
            return None
        return _joined(_SEPARATE, f"joined({first}, {second})")(draft)

    return edit


def _rebound(name: str) -> Edit:
    """Return an edit whose last cell gives a name to a copy with its own weights."""

    def edit(draft: Draft) -> Draft | None:
        if not draft.mentions(f"{name} = ") or draft.asks("comparison"):
            return None
        return draft.added(f"{name} = keras.models.clone_model({name})")

    return edit


MUTANTS: Final = (
    Mutant(
        "skip-add",
        message("a skip connection: the image added to the output"),
        _joined(_ADD),
        ("bottleneck", "composition"),
        ("layers", *_LEARNT),
        always=True,
    ),
    Mutant(
        "skip-operator",
        message("a skip connection written with + and *"),
        _joined(_OPERATOR),
        ("bottleneck", "composition"),
        ("layers", *_LEARNT),
        always=True,
    ),
    Mutant(
        "skip-concatenate",
        message("a skip connection: the image joined to the output"),
        _joined(_CONCATENATE),
        ("bottleneck", "composition"),
        ("layers", "mirror", "layer_kinds", "shapes", *_LEARNT),
        always=True,
    ),
    Mutant(
        "copying-call",
        message("a subclass whose call returns its input"),
        _whole_image(_joined(_COPY)),
        ("bottleneck", "composition"),
        ("layers", "mirror", "runs", *_LEARNT),
        always=True,
    ),
    Mutant(
        "past-the-code",
        message("a network beside the code that leads past it"),
        _past_the_code,
        ("composition",),
        ("layers", "mirror", "code_size", "bottleneck", "layer_kinds", "models", "shapes", "noise_layer", *_LEARNT),
        always=True,
    ),
    Mutant(
        "separate-encoder",
        message("an encoder that is not the one in the autoencoder"),
        _separate("map(anew, encoder.layers)", "decoder.layers"),
        ("composition",),
        _LEARNT,
    ),
    Mutant(
        "separate-decoder",
        message("a decoder that is not the one in the autoencoder"),
        _separate("encoder.layers", "map(anew, decoder.layers)"),
        ("composition",),
        _LEARNT,
    ),
    Mutant(
        "encoder-rebound",
        message("an untrained copy under the name of the encoder, after the training"),
        _rebound("encoder"),
        ("composition",),
        _LEARNT,
    ),
    Mutant(
        "decoder-rebound",
        message("an untrained copy under the name of the decoder, after the training"),
        _rebound("decoder"),
        ("composition",),
        _LEARNT,
    ),
)
"""Wrong connections, for any assignment."""
