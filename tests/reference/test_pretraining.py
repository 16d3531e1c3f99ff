"""Pretraining: few labels, a shared encoder, freezing and unfreezing by compiling again."""

from __future__ import annotations

import numpy as np
import pytest

from reference import data, pretraining


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return data.load("fashion_mnist", size="sample").y_train[:600]


def test_the_labelled_images_are_as_many_of_each_class(rng) -> None:
    """500 different positions, 50 of each of ten classes."""
    labels = np.arange(8_000) % 10
    chosen = pretraining.choose_labelled(labels, rng)
    assert len(set(chosen.tolist())) == 500
    np.testing.assert_array_equal(np.bincount(labels[chosen]), np.full(10, 50))


def test_another_draw_gives_other_labels() -> None:
    """The generator decides, so that a comparison can be made over several draws."""
    labels = np.arange(8_000) % 10
    one, same, other = (pretraining.choose_labelled(labels, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert set(one.tolist()) != set(other.tolist())


def test_the_classifier_uses_the_encoder_itself() -> None:
    """Not a copy: 81,530 of its 81,840 parameters are the encoder's own variables (by hand: 30·10 + 10 = 310 more)."""
    encoder = pretraining.build().encoder
    classifier = pretraining.build_classifier(encoder)
    assert classifier.count_params() == 81_840
    assert {id(weight) for weight in encoder.weights} < {id(weight) for weight in classifier.weights}


def test_frozen_layers_stay_and_fine_tuning_moves_them(clothes, labels, monkeypatch) -> None:
    """Step 2 changes not a bit of the encoder, and the last layer; step 3 changes the encoder as well."""
    monkeypatch.setattr(pretraining, "FROZEN_EPOCHS", 1)
    monkeypatch.setattr(pretraining, "FINE_TUNING_EPOCHS", 1)
    encoder = pretraining.build().encoder
    classifier = pretraining.build_classifier(encoder)
    fresh, last = encoder.get_weights(), classifier.layers[-1].get_weights()

    pretraining.train_frozen(classifier, encoder, clothes, labels)
    assert all(np.array_equal(a, b) for a, b in zip(fresh, encoder.get_weights(), strict=True))
    assert not np.array_equal(last[0], classifier.layers[-1].get_weights()[0])
    assert sum(int(np.prod(weight.shape)) for weight in classifier.trainable_weights) == 310

    pretraining.fine_tune(classifier, encoder, clothes, labels)
    assert not any(np.array_equal(a, b) for a, b in zip(fresh, encoder.get_weights(), strict=True))
    assert float(classifier.optimizer.learning_rate) == pytest.approx(0.0005)


def test_accuracy_is_the_share_of_right_answers(clothes) -> None:
    """A model that always says class 3 is right for as many images as there are of class 3: 2 of 4."""

    class AlwaysThree:
        def predict(self, images: np.ndarray, verbose: int) -> np.ndarray:
            return np.tile(np.eye(10)[3], (len(images), 1))

    assert pretraining.accuracy(AlwaysThree(), clothes[:4], np.array([3, 1, 3, 0])) == 0.5


@pytest.mark.slow
def test_with_500_labels_the_pretrained_classifier_holds_its_own() -> None:
    """After pretraining on the sample the fine-tuned classifier is right for over 75 %, and not behind from scratch.

    Measured once over three draws of labels: fine-tuned 0.797, from scratch 0.787; single draws differ by 0.03.
    """
    images = data.load("fashion_mnist", size="sample")
    train, test = data.scaled(images.x_train), data.scaled(images.x_test)
    models = pretraining.build()
    pretraining.compile_model(models.autoencoder)
    models.autoencoder.fit(train, train, epochs=pretraining.EPOCHS, batch_size=pretraining.BATCH_SIZE, verbose=0)
    chosen = pretraining.choose_labelled(images.y_train, np.random.default_rng(42))
    few, their_labels = train[chosen], images.y_train[chosen]
    classifier = pretraining.build_classifier(models.encoder)
    pretraining.train_frozen(classifier, models.encoder, few, their_labels)
    pretraining.fine_tune(classifier, models.encoder, few, their_labels)
    tuned = pretraining.accuracy(classifier, test, images.y_test)
    scratch = pretraining.accuracy(pretraining.train_from_scratch(few, their_labels), test, images.y_test)
    assert tuned > 0.75
    assert tuned > scratch - 0.03
