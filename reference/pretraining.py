"""Pretraining a classifier with a stacked autoencoder, Fashion-MNIST with 500 labels (course, week 13, second session).

    1. without labels, all images:   image ─ encoder ─ 30 ─ decoder ─ image            (the autoencoder of `stacked`)
    2. 500 labels, encoder frozen:   image ─ encoder ─ 30 ─ Dense 10, softmax
    3. 500 labels, all trainable:    the same model, compiled again, with a small rate

| layer | output | parameters | part of |
|---|---|---|---|
| Flatten | 784 | 0 | encoder |
| Dense, relu | 100 | 784·100 + 100 = 78,500 | encoder |
| Dense, relu (the code) | 30 | 100·30 + 30 = 3,030 | encoder |
| Dense, relu | 100 | 30·100 + 100 = 3,100 | decoder |
| Dense | 784 | 100·784 + 784 = 79,184 | decoder |
| Reshape | 28×28 | 0 | decoder |
| Dense, softmax | 10 | 30·10 + 10 = 310 | classifier |

Step 1 trains encoder and decoder, 163,814 parameters. The classifier has 81,530 + 310 = 81,840 parameters, of which
step 2 trains 310 and step 3 all.

Labels are expensive and images are cheap. The encoder has seen all images and knows what clothes look like; the
classifier only learns which of ten names goes with which code. It is judged against the *same* classifier trained from
scratch on the same 500 labels. Measured on the embedded sample (20 epochs of pretraining on 7,334 images, test
accuracy, mean over three draws of the 500 labels): frozen 0.743, fine-tuned 0.797, from scratch 0.787. The gain is
about one point, and one draw of labels differs from another by more: compare the mean of several draws.

How this module meets the contract: `build`, `compile_model`, `training_split` and `inputs_and_targets` are step 1, the
autoencoder. The classifier has no decoder and is not an `Autoencoder`; `build_classifier`, `train_frozen` and
`fine_tune` make and train it.

What to look out for:

* **`trainable` counts when the model is compiled.** Setting `encoder.trainable` after that changes nothing in `fit`
  until the model is compiled again, and nothing warns.
* After unfreezing use a smaller rate; else the gradients of the new layer destroy in a few steps what was learnt
  before.
* The encoder must be the trained object (or a copy with its weights), not one built anew.
* Labels are integers 0 to 9 here: `sparse_categorical_crossentropy`. The 500 must come from the training images.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder

ID = "pretraining"
DATASET = "fashion_mnist"
CODE_SIZE = 30
EPOCHS = 20
BATCH_SIZE = 32
PUBLISHED = "500 labels"

LABELS = 500
CLASSES = 10
FROZEN_EPOCHS = 20
FROZEN_RATE = 0.01
FINE_TUNING_EPOCHS = 20
FINE_TUNING_RATE = 0.0005
USUAL_RATE = 0.001
JUDGED_BY = "transfer"


def build_encoder() -> keras.Model:
    """Image (28, 28) to code (30,): the encoder of `stacked`."""
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28)),
            layers.Flatten(),
            layers.Dense(100, activation="relu"),
            layers.Dense(CODE_SIZE, activation="relu"),
        ],
        name="encoder",
    )


def build_decoder() -> keras.Model:
    """Code (30,) to image (28, 28): needed in step 1 and thrown away afterwards."""
    return keras.Sequential(
        [
            keras.Input(shape=(CODE_SIZE,)),
            layers.Dense(100, activation="relu"),
            layers.Dense(28 * 28),
            layers.Reshape((28, 28)),
        ],
        name="decoder",
    )


def build() -> Autoencoder:
    """The autoencoder that is trained without labels: autoencoder(x) = decoder(encoder(x))."""
    encoder = build_encoder()
    decoder = build_decoder()
    autoencoder = keras.Sequential([encoder, decoder], name="autoencoder")
    return Autoencoder(encoder, decoder, autoencoder)


def compile_model(autoencoder: keras.Model) -> None:
    """Nadam and the mean squared error, averaged over the 784 pixels and over the images of a batch."""
    autoencoder.compile(optimizer="nadam", loss="mse")


def training_split(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hold the last twelfth (5,000 of 60,000) out for validation; test images stay unseen until the end."""
    train = len(images) - len(images) // 12
    return images[:train], images[train:]


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:  # noqa: ARG001
    """Images (n, 28, 28) in [0, 1], both the input and the target; no labels."""
    return images, images


def choose_labelled(labels: np.ndarray, rng: np.random.Generator, *, count: int = LABELS) -> np.ndarray:
    """Return the positions (count,) of the images whose labels may be used, as many of each class, in random order."""
    of_each = count // CLASSES
    chosen = [rng.choice(np.flatnonzero(labels == label), of_each, replace=False) for label in range(CLASSES)]
    return rng.permutation(np.concatenate(chosen))


def build_classifier(encoder: keras.Model) -> keras.Model:
    """Image (28, 28) to the probabilities of the ten classes: this encoder, shared and not copied, and one Dense."""
    return keras.Sequential(
        [keras.Input(shape=(28, 28)), encoder, layers.Dense(CLASSES, activation="softmax", name="classes")],
        name="classifier",
    )


def compile_classifier(classifier: keras.Model, *, learning_rate: float = USUAL_RATE) -> None:
    """Adam and the cross-entropy of integer labels; what is trainable is decided at this moment."""
    classifier.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )


def train_frozen(classifier: keras.Model, encoder: keras.Model, images: np.ndarray, labels: np.ndarray) -> None:
    """Step 2: freeze the encoder, compile, and fit the last layer alone on the labelled images (n, 28, 28)."""
    encoder.trainable = False
    compile_classifier(classifier, learning_rate=FROZEN_RATE)
    classifier.fit(images, labels, epochs=FROZEN_EPOCHS, batch_size=BATCH_SIZE, verbose=0)


def fine_tune(classifier: keras.Model, encoder: keras.Model, images: np.ndarray, labels: np.ndarray) -> None:
    """Step 3: unfreeze the encoder, compile *again* with a small rate, and fit everything."""
    encoder.trainable = True
    compile_classifier(classifier, learning_rate=FINE_TUNING_RATE)
    classifier.fit(images, labels, epochs=FINE_TUNING_EPOCHS, batch_size=BATCH_SIZE, verbose=0)


def train_from_scratch(images: np.ndarray, labels: np.ndarray) -> keras.Model:
    """The baseline: the same classifier with an untrained encoder, as many epochs, the same labelled images."""
    classifier = build_classifier(build_encoder())
    compile_classifier(classifier)
    epochs = FROZEN_EPOCHS + FINE_TUNING_EPOCHS
    classifier.fit(images, labels, epochs=epochs, batch_size=BATCH_SIZE, verbose=0)
    return classifier


def accuracy(classifier: keras.Model, images: np.ndarray, labels: np.ndarray) -> float:
    """Return the share, in [0, 1], of images (n, 28, 28) whose most probable class is their label."""
    return float((classifier.predict(images, verbose=0).argmax(axis=1) == labels).mean())
