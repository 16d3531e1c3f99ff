"""One training of a reference, unchanged or with one honest change, and its results.

Honest changes are those that a student may make without losing a point: another batch size, another adaptive
optimizer, the same layers in another notation, and what the reference lists as `honest` if its assignment leaves more
open.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import keras
import numpy as np

from grader.rebuild.network.own_models import as_keras
from grader.rebuild.quantities.reference_data import ReferenceData
from reference.contract import Autoencoder, Reference, resized

STEPS_PER_EXECUTION = 32
SHORT_SHARE = 0.1  # of the reference's epochs: as many as `grader validate` has time for
BATCH_SIZES = (32, 64, 128, 256)
OPTIMIZERS = ("adam", "nadam", "rmsprop")

Compile = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Variation:
    """One way to train a reference.

    Attributes:
        name: What is changed.
        batch_size: None for the reference's own.
        optimizer: Name of another optimizer, None for the reference's own.
        variant: Name of one of the reference's `variants`.
        free: Name of one of the reference's `honest` answers.
        code_size: Numbers in the code; None for the reference's own size.
        flat: Whether the same layers form one flat model, activations as separate layers.
        control: Whether it is trained without the subject of its lesson.
        epochs_share: Share of the reference's epochs; at least one is trained.
        honest: Whether a student who does this deserves full credit.
    """

    name: str
    batch_size: int | None = None
    optimizer: str | None = None
    variant: str | None = None
    free: str | None = None
    code_size: int | None = None
    flat: bool = False
    control: bool = False
    epochs_share: float = 1.0
    honest: bool = True


REFERENCE = Variation("reference")
SHORT = Variation("short", epochs_share=SHORT_SHARE, honest=False)
CONTROL = Variation("control", control=True, honest=False)


@dataclass(frozen=True)
class TrainedReference:
    """A trained reference as Keras models.

    Attributes:
        models: Encoder, decoder and autoencoder.
        epochs: Epochs trained.
        training_loss: The loss that `fit` reported after the last epoch; None if there was no single number.
        seconds: Wall time of the training.
    """

    models: Autoencoder
    epochs: int
    training_loss: float | None
    seconds: float


def variations(reference: Reference) -> tuple[Variation, ...]:
    """List all variations that the calibration of a reference trains.

    Batch sizes of 32 to 256, adam, nadam and rmsprop, and the flat construction are honest if they differ from the
    reference's own, and so are its `honest` answers. Its `variants` inform; `short` and `control` are for validation
    and comparison.
    """
    batches = [Variation(f"batch-{size}", batch_size=size) for size in BATCH_SIZES if size != reference.batch_size]
    variants = [Variation(name, variant=name, honest=False) for name in reference.variants]
    models = reference.build()
    keras_only: list[Variation] = []
    if isinstance(models.autoencoder, keras.Model):
        reference.compile_model(models.autoencoder)
        own = type(models.autoencoder.optimizer).__name__.lower()
        keras_only = [Variation(name, optimizer=name) for name in OPTIMIZERS if name != own]
        keras_only += [Variation("flat", flat=True)] if _can_be_flat(reference, models) else []
    control = [CONTROL] if reference.has_control else []
    sized = [of_code_size(one, size) for size in reference.code_sizes for one in (REFERENCE, *control)]
    return (*batches, *keras_only, *_free(reference), *variants, SHORT, *control, *sized)


def of_code_size(variation: Variation, size: int) -> Variation:
    """Return a variation with a code of another size, which does not affect the bounds for the reference's own size."""
    return replace(variation, name=f"code-{size}-{variation.name}", code_size=size, honest=False)


def reference_for(reference: Reference, variation: Variation) -> Reference:
    """Return the reference in the form that a variation trains.

    Raises:
        KeyError: It needs another code size, and its module has no file.
    """
    return reference if variation.code_size is None else resized(reference, variation.code_size)


def _free(reference: Reference) -> list[Variation]:
    return [
        Variation(f"free-{name}", one.batch_size, one.optimizer, free=name, epochs_share=one.epochs_share)
        for name, one in reference.honest.items()
    ]


def material_of(reference: Reference, material: ReferenceData, variation: Variation) -> ReferenceData:
    """Return the samples as a variation prepares them."""
    if variation.free is None:
        return material
    rows = reference.honest[variation.free].rows
    if rows is None:
        return material
    return replace(material, train=rows(material.train, material.train), hidden=rows(material.train, material.hidden))


def epochs_of(reference: Reference, samples: int | None = None) -> int:
    """Return the epochs of the trainings behind its facts.

    Args:
        reference: The reference.
        samples: Training samples; a reference with `epochs_meant_for` is trained for as many weight updates as with
            that many samples, hence for more epochs if there are fewer samples. None for the stated epochs.
    """
    epochs, meant_for = reference.calibration_epochs, reference.epochs_meant_for
    return epochs if samples is None or meant_for is None else max(epochs, round(epochs * meant_for / samples))


def planned_epochs(reference: Reference, samples: int, variation: Variation) -> int:
    """Return the epochs of a variation on as many training samples; at least one."""
    return max(1, round(epochs_of(reference, samples) * variation.epochs_share))


def train(reference: Reference, material: ReferenceData, variation: Variation, seed: int) -> TrainedReference:
    """Train one model as the reference states, with the changes of the variation.

    Args:
        reference: The reference.
        material: What to train on.
        variation: What to change.
        seed: Of weights, order and noise.
    """
    keras.utils.set_random_seed(seed)
    samples, _ = reference.training_split(material.train)
    epochs = planned_epochs(reference, len(samples), variation)
    batch_size = variation.batch_size or reference.batch_size
    compile_model = _compile(reference, variation)
    started = time.monotonic()
    if reference.train is not None:
        models = reference.train(samples, epochs=epochs, batch_size=batch_size, compile_model=compile_model)
        return TrainedReference(models, epochs, None, time.monotonic() - started)
    models = untrained(reference, variation, seed)
    recipe = reference.inputs_and_targets
    if variation.control and reference.control_inputs_and_targets is not None:
        recipe = reference.control_inputs_and_targets
    x, y = recipe(samples, np.random.default_rng(seed))
    compile_model(models.autoencoder)
    history = models.autoencoder.fit(x, y, epochs=epochs, batch_size=batch_size, verbose=0)
    losses = history if isinstance(history, list) else history.history["loss"]
    return TrainedReference(as_keras(models), epochs, float(losses[-1]), time.monotonic() - started)


def untrained(reference: Reference, variation: Variation, seed: int) -> Autoencoder:
    """Build the models of a variation with fresh weights."""
    if variation.control and reference.build_control is not None:
        return reference.build_control()
    if variation.free is not None:
        return reference.honest[variation.free].build()
    models = reference.build()
    if not isinstance(models.autoencoder, keras.Model):
        return reference.build(seed=seed)
    return flattened(models) if variation.flat else models


def _compile(reference: Reference, variation: Variation) -> Compile:
    own: Compile = reference.variants.get(variation.variant or "", reference.compile_model)
    return partial(_compile_fast, own=own, optimizer=_optimizer(reference, variation.optimizer))


def _optimizer(reference: Reference, name: str | None) -> Callable[[], Any] | None:
    if name is None:
        return None
    return reference.other_optimizers.get(name, lambda: keras.optimizers.get(name))


def _compile_fast(model: Any, *, own: Compile, optimizer: Callable[[], Any] | None) -> None:
    """Compile like the reference, with another optimizer if one is given and fewer round trips in `fit`."""
    own(model)
    if not isinstance(model, keras.Model):
        return
    if optimizer is not None:
        model.compile(optimizer=optimizer(), loss=model.loss)
    model.steps_per_execution = STEPS_PER_EXECUTION  # the same arithmetic
    if any(isinstance(layer, keras.layers.RNN) for layer in model._flatten_layers()):
        model.jit_compile = True  # the loop over time is a quarter faster when compiled, to the same seven digits


# The same layers in another notation


def _can_be_flat(reference: Reference, models: Autoencoder) -> bool:
    if reference.train is not None:
        return False
    return all(_is_chain(part) for part in (models.encoder, models.decoder))


def _is_chain(model: Any) -> bool:
    return all(isinstance(layer.input, keras.KerasTensor) for layer in _layers(model)) and len(model.inputs) == 1


def _layers(model: Any) -> list[Any]:
    return [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]


def flattened(models: Autoencoder) -> Autoencoder:
    """Return the same autoencoder as one flat functional model with fresh weights, activations as layers.

    Encoder and decoder are cut out of it and share its layers.
    """
    image = keras.Input(models.encoder.input_shape[1:])
    first = [layer for old in _layers(models.encoder) for layer in _apart(old)]
    second = [layer for old in _layers(models.decoder) for layer in _apart(old)]
    code = _chained(first, image)
    source = keras.Input(code.shape[1:])
    decoded = _chained(second, source)
    whole = keras.Model(image, _chained(second, code))
    return Autoencoder(keras.Model(image, code), keras.Model(source, decoded), whole)


def _apart(layer: Any) -> list[Any]:
    """Return a fresh copy of a layer, and its activation as a separate layer if possible."""
    config = layer.get_config()
    activation = config.get("activation")
    if not isinstance(activation, str) or activation == "linear" or isinstance(layer, keras.layers.RNN):
        return [type(layer).from_config(config)]
    linear = type(layer).from_config({**config, "activation": "linear"})
    return [linear, keras.layers.Activation(activation)]


def _chained(layers: list[Any], tensor: Any) -> Any:
    for layer in layers:
        tensor = layer(tensor)
    return tensor
