"""What the code alone tells: read conservatively, and never run."""

from __future__ import annotations

import pytest
from outline_samples import notebook

from grader.domain.cell_places import NOWHERE, line_title
from grader.inspection.source import Note, notes_of, uses_added_losses

FIT = "dae.fit(noisy, x_train, epochs=3)"


def kinds(*cells: str) -> list[str]:
    """Names of what was found."""
    return [note.remark.kind for note in notes_of(notebook(*cells))]


def only(*cells: str) -> Note:
    """The one note."""
    (note,) = notes_of(notebook(*cells))
    return note


@pytest.mark.parametrize(
    "call",
    [
        "ae.compile(optimizer='adam', loss='mse', metrics=['accuracy'])",
        "ae.compile('adam', 'mean_squared_error', ['acc'])",
        "ae.compile('adam', keras.losses.MeanSquaredError(), metrics=[keras.metrics.BinaryAccuracy()])",
        "ae.compile('adam', loss=tf.keras.losses.mse, metrics='accuracy')",
    ],
)
def test_accuracy_of_an_error_is_told_with_the_model(call: str) -> None:
    """However loss and metric are written."""
    note = only("%matplotlib inline\nx = 1", f"!pip install keras\n{call}")
    assert (note.remark.kind, note.names, note.sure) == ("accuracy", frozenset({"ae"}), True)
    assert note.remark.finding.where == line_title(1, 2, NOWHERE)


@pytest.mark.parametrize(
    "call",
    [
        "m.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])",
        "m.compile('adam', 'mse', metrics=['mae'])",
        "m.compile('adam', 'mse')",
        "m.compile(optimizer='adam', loss=my_loss, metrics=['accuracy'])",
        "# m.compile('adam', 'mse', metrics=['accuracy'])",
        "this is no Python: m.compile('adam', 'mse', metrics=['accuracy'])",
    ],
)
def test_accuracy_is_right_for_classes(call: str) -> None:
    """And nothing is said of a loss that nobody knows."""
    assert kinds(call) == []


def test_accuracy_under_binary_cross_entropy_is_unsure() -> None:
    """It is right for a classifier of two classes: whoever knows the model decides."""
    assert not only("ae.compile('adam', 'binary_crossentropy', metrics=['accuracy'])").sure


@pytest.mark.parametrize(
    "code",
    [
        "noise = np.random.normal(size=x_train.shape[1:])\nnoisy = np.clip(x_train + 0.5 * noise, 0, 1)",
        "noise = np.random.normal(0, 1, (784,))\nnoisy = x_train + noise",
        "noise = np.random.randn(28, 28)\nnoisy = noise * 0.3 + x_train",
        "noisy = x_train + 0.5 * np.random.normal(loc=0.0, scale=1.0, size=x_train[0].shape)",
        "noise = tf.random.normal((28, 28, 1))\nnoisy = x_train + noise\nnoisy = tf.clip_by_value(noisy, 0, 1)",
        "n = np.random.rand(x_train.shape[1])\nz = x_train + n\nnoisy = z.reshape(-1, 784)",
        "noise = rng.normal(size=784)\nnoisy = np.array([image + noise for image in x_train])",
        "noise = rng.normal(size=784)\nnoisy = np.zeros(x_train.shape)\nfor i in range(9):\n    noisy[i] = x_train[i] + noise",
        "noise = rng.normal(size=784)\nnoisy = []\nfor image in x_train:\n    noisy.append(image + noise)",
    ],
)
def test_one_noise_for_all_images_is_found(code: str) -> None:
    """Drawn once in the shape of one image, added to all, and fitted on."""
    note = only(code, FIT)
    assert (note.remark.kind, note.names) == ("fixed_noise", frozenset({"dae"}))


@pytest.mark.parametrize(
    "code",
    [
        "noisy = np.clip(x_train + 0.5 * np.random.normal(size=x_train.shape), 0, 1)",
        "noise = np.random.normal(size=x_train.shape)\nnoisy = x_train + noise",
        "noise = np.random.normal(size=(len(x_train), 784))\nnoisy = x_train + noise",
        "noisy = np.array([image + np.random.normal(size=784) for image in x_train])",
        "noisy = []\nfor image in x_train:\n    noise = np.random.normal(size=784)\n    noisy.append(image + noise)",
        "def corrupt(image):\n    noise = np.random.normal(size=784)\n    return image + noise\nnoisy = np.array([corrupt(i) for i in x_train])",
        "noise = np.random.normal(size=784)\nnoise = np.random.normal(size=x_train.shape)\nnoisy = x_train + noise",
        "noise = np.random.normal(size=784)\none = x_test[0] + noise\nnoisy = x_train + np.random.normal(size=x_train.shape)",
        "b = np.zeros(784)\nnoisy = x_train + b",
        "shift = np.random.uniform(0, 784)\nnoisy = x_train + shift",
        "noise = np.random.normal(size=784)\nshown = x_train + noise\nnoisy = other",
        "noise = np.random.normal(size=784)\nz = x_train + noise\nnoisy = ae.predict(z)",
    ],
)
def test_noise_of_its_own_for_every_image_is_right(code: str) -> None:
    """Also one noise that is put on a single image, or on images that nothing is trained on."""
    assert kinds(code, FIT) == []


@pytest.mark.parametrize(
    "code",
    [
        "def sparsity_penalty(code):\n    return tf.reduce_sum(code)",
        "reg = regularizers.l1(1e-4)",
        "kl_loss = -0.5 * K.sum(1 + v - K.square(m) - K.exp(v))",
        "class AE(Model):\n    def train_step(self, x):\n        penalty = tf.reduce_sum(self.encoder(x))\n        return x",
    ],
)
def test_a_penalty_that_nothing_uses_is_found(code: str) -> None:
    """A function, a regulariser or a result of that name which never occurs again."""
    assert kinds(code, "ae.compile('adam', 'mse')") == ["penalty_unused"]


@pytest.mark.parametrize(
    "code",
    [
        "def sparsity_penalty(code):\n    return tf.reduce_sum(code)\nDense(9, activity_regularizer=sparsity_penalty)",
        "reg = regularizers.l1(1e-4)\nDense(9, activity_regularizer=reg)",
        "sparsity_target = 0.05",
        "class Penalty(Layer):\n    def sparsity(self, x):\n        return x",
        "def sparsity_penalty(code):\n    return code\n# %magic sparsity_penalty",
        "mse = tf.reduce_mean(x)",
        "sparse_encoder = Model(image, code)",
        "regularised_model = build(regularised=True)",
        "def build_regularized_model():\n    return Sequential()",
        "def plot_sparsity_loss(history):\n    return 1",
        "sparsity = np.mean(codes > 0.1)",
    ],
)
def test_what_is_used_or_is_no_penalty_is_left_alone(code: str) -> None:
    """One more word of it anywhere, even in a comment, is enough to say nothing."""
    assert kinds(code) == []


def test_added_losses_are_looked_for_in_every_cell() -> None:
    """`model.losses` in the loop is how penalties get into it."""
    assert uses_added_losses(notebook("x = 1", "loss += sum(model.losses)"))
    assert not uses_added_losses(notebook("x = 1", "losses = []"))
