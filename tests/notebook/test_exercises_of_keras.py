"""Checks of single steps in the notebooks with Keras: the solution passes, each usual mistake is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from notebook_cells import StudentNotebook

from grader.authoring.assignment_catalogue import load_assignment
from grader.authoring.solution_cells import solution_cells
from grader.notebook.cell_output import Feedback

SIZES = {
    "IMAGE_SIZE": 784, "CODE_SIZE": 30, "FIRST_CODE_SIZE": 100, "CLASSES": 10, "LABELS": 500, "EPOCHS": 2, "BATCH_SIZE": 64,
    "NOISE_FACTOR": 0.5, "NOISE_DEVIATION": 0.2, "DROPPED_SHARE": 0.5, "PENALTY": 1e-4, "FROZEN_EPOCHS": 2,
    "FINE_TUNING_EPOCHS": 1, "FROZEN_RATE": 1e-3, "FINE_TUNING_RATE": 1e-4, "USUAL_RATE": 1e-3, "SEED": 42,
}  # fmt: skip
STEPS = {
    "denoising-convolutional": ("noise",),
    "denoising-dense": ("noise", "holes"),
    "denoising-dropout": ("noise", "modes"),
    "greedy-layerwise": ("first", "train_first", "codes", "second", "train_second"),
    "linear-pca": ("pca",),
    "losses": ("build_models", "yardsticks", "train"),
    "optimizers": ("build_models", "make_optimizer", "train", "epochs_needed"),
    "pretraining": ("build_encoder", "build_classifier", "classifier", "frozen", "scratch"),
    "simple-dense": ("numbers",),
    "sparse": ("encoder", "decoder", "twin", "measure"),
    "variational": ("loss",),
    "variational-convolutional": ("latent_plane",),
}
"""The cells of the solution that are run, in their order; those that leave a model are checked elsewhere."""

ON_MODELS = {"build_models", "classifier", "encoder", "decoder"}
SHAPES = {"denoising-dense": (784,), "denoising-convolutional": (28, 28, 1), "losses": (784,), "optimizers": (784,)}


def solved(assignment: str, *, until: str = "") -> StudentNotebook:
    """A notebook with 200 easy images and the cells of the solution up to one of them."""
    notebook = StudentNotebook(
        "import numpy as np\nimport keras\nfrom keras import layers, ops\nimport grader\n"
        f'grader.use("{assignment}", language="en")'
    )
    rng = np.random.default_rng(0)
    images = np.repeat(rng.random((20, *SHAPES.get(assignment, (28, 28)))), 10, axis=0).astype("float32")
    code_size = 2 if assignment in {"linear-pca", "variational-convolutional"} else 30
    notebook.names |= SIZES | {
        "CODE_SIZE": code_size, "rng": rng, "X_train": images, "X_valid": images[:60], "points": rng.random((60, 3)),
        "X_labelled": images[:50], "y_labelled": np.arange(50) % 10, "side": 4,
        "NAMES": ("mse", "mae", "binary_crossentropy") if assignment == "losses" else ("sgd", "adam", "adadelta"),
        "plane_codes": lambda side: np.linspace(-1, 1, 2 * side * side).reshape(-1, 2),
    }  # fmt: skip
    if assignment == "linear-pca":
        notebook.run("from collections import namedtuple\nPlane = namedtuple('Plane', 'point directions')")
    if assignment == "pretraining":
        notebook.names["encoder"] = stage(784, 30)
    if assignment == "variational-convolutional":
        notebook.names["decoder"] = keras.Sequential([keras.Input((2,)), layers.Dense(784), layers.Reshape((28, 28))])
    cells = solution_cells(load_assignment(assignment), "en")
    for name in STEPS[assignment]:
        notebook.run(cells[name])
        if name == "build_encoder":
            notebook.run("encoder = build_encoder()")
        if name == until:
            break
    return notebook


def stage(size: int, code: int) -> keras.Model:
    """A model that takes images or rows and gives a code."""
    taken = [keras.Input((28, 28)), layers.Flatten()] if size == 784 else [keras.Input((size,))]
    return keras.Sequential([*taken, layers.Dense(code)])


def asked(notebook: StudentNotebook, name: str) -> Feedback:
    return notebook.ask(f'grader.check("{name}")')


def places(answer: Feedback) -> list[str]:
    """What the findings are about."""
    return [str(dict(one.where.values)["text"]).strip("`") for result in answer.results for one in result.findings]


@pytest.fixture(scope="module")
def notebooks() -> Callable[[str], StudentNotebook]:
    """Solved notebooks, each trained once; what a test changes goes into a copy of the names."""
    made: dict[str, dict[str, Any]] = {}

    def copied(assignment: str) -> StudentNotebook:
        if assignment not in made:
            made[assignment] = solved(assignment).names
        notebook = StudentNotebook("")
        notebook.names = dict(made[assignment])
        for function in [
            name for name, thing in notebook.names.items() if callable(thing) and hasattr(thing, "__code__")
        ]:
            original = notebook.names[function]
            notebook.names[function] = type(original)(
                original.__code__, notebook.names, function, original.__defaults__, original.__closure__
            )
        return notebook

    return copied


@pytest.mark.parametrize("assignment", STEPS)
def test_the_solution_is_right(assignment: str, notebooks: Callable[[str], StudentNotebook]) -> None:
    """Every step that is checked on functions and values, in both kinds of notebook."""
    notebook = notebooks(assignment)
    for name in STEPS[assignment]:
        if name not in ON_MODELS:
            answer = asked(notebook, name)
            assert answer.passed, f"{name}: {answer}"


def test_a_check_moves_no_random_generator_of_the_notebook() -> None:
    """Else a notebook with checks would train on other noise than one without."""
    notebook = solved("denoising-dense")
    before = notebook.names["rng"].bit_generator.state
    asked(notebook, "noise")
    assert notebook.names["rng"].bit_generator.state == before


NOISE = "def add_noise(images):\n    return "
WRONG: list[tuple[str, str, str, list[str]]] = [
    ("denoising-dense", "noise", NOISE + "np.clip(images + rng.normal(size=images.shape), 0, 1).astype('float32')", ["add_noise"]),
    ("denoising-dense", "noise", NOISE + "(images + 0.5 * rng.normal(size=images.shape)).astype('float32')", ["add_noise"]),
    ("denoising-dense", "noise", NOISE + "np.clip(images + 0.5 * rng.normal(size=784), 0, 1).astype('float32')", ["add_noise"]),
    ("denoising-dense", "noise", NOISE + "np.clip(images + 0.5 * rng.normal(size=images.shape), 0, 1)", ["add_noise"]),
    ("denoising-convolutional", "noise", NOISE + "images.reshape(len(images), -1)", ["add_noise"]),
    ("denoising-dense", "noise", "X_train_noisy = X_train", ["X_train_noisy"]),
    ("denoising-dense", "noise", "def add_noise(images):\n    images += 0.1\n    return images", ["add_noise"] * 2),
    ("denoising-dense", "holes", "def zero_pixels(images, share):\n    return images * (rng.random(images.shape) < share)", ["zero_pixels"]),
    ("denoising-dense", "holes", "def zero_pixels(images, share):\n    return images * (rng.random(784) >= share)", ["zero_pixels"]),
    ("denoising-dense", "holes", "def zero_pixels(images, share):\n    return images / 2", ["zero_pixels"]),
    ("denoising-dropout", "noise", "noise = layers.Dense(3)", ["noise"]),
    ("denoising-dropout", "noise", "noise = layers.Dropout(0.1)", ["noise"]),
    ("denoising-dropout", "noise", "noise = 0.5", ["noise"]),
    ("denoising-dropout", "modes", "X_valid_quiet = X_valid_noisy", ["X_valid_quiet"]),
    ("denoising-dropout", "modes", "X_valid_noisy = noise(X_valid, training=True)", ["X_valid_noisy"]),
    ("greedy-layerwise", "codes", "codes_train = codes_train + 1", ["codes_train"]),
    ("greedy-layerwise", "codes", "codes_valid = X_valid", ["codes_valid"]),
    ("greedy-layerwise", "first", "autoencoder_1 = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(784), layers.Reshape((28, 28))])", ["autoencoder_1", "autoencoder_1"]),
    ("greedy-layerwise", "second", "encoder_2 = encoder_1", ["encoder_2.input_shape", "encoder_2.output_shape"]),
    ("linear-pca", "pca", "pca = Plane(points.mean(axis=0), np.linalg.svd(points - points.mean(axis=0))[0][:2, :3])", ["pca.directions"]),
    ("linear-pca", "pca", "pca = Plane(np.array([9.0, 9, 9]), pca.directions)", ["pca.point"]),
    ("linear-pca", "pca", "pca = components", ["pca"]),
    ("losses", "yardsticks", "def yardsticks(x, y):\n    return {'mse': ((x - y) ** 2).sum(), 'mae': abs(x - y).mean()}", ['yardsticks()["mse"]', 'yardsticks()["binary_crossentropy"]']),
    ("losses", "yardsticks", "def yardsticks(x, y):\n    return ((x - y) ** 2).mean()", [f'yardsticks()["{one}"]' for one in ("mse", "mae", "binary_crossentropy")]),
    ("losses", "train", "valid_losses = {name: one[:1] for name, one in valid_losses.items()}", [f'valid_losses["{one}"]' for one in ("mse", "mae", "binary_crossentropy")]),
    ("losses", "train", "autoencoders['mae'] = autoencoders['mse']", ["autoencoders"]),
    ("optimizers", "make_optimizer", "kept = keras.optimizers.Adam()\nold = make_optimizer\ndef make_optimizer(n):\n    return kept if n == 'adam' else old(n)", ['make_optimizer("adam")']),
    ("optimizers", "make_optimizer", "old = make_optimizer\ndef make_optimizer(n):\n    return keras.optimizers.SGD(0.01, momentum=0.9) if n == 'sgd' else old(n)", ['make_optimizer("sgd")'] * 2),
    ("optimizers", "make_optimizer", "old = make_optimizer\ndef make_optimizer(n):\n    return keras.optimizers.Adadelta() if n == 'adadelta' else old(n)", ['make_optimizer("adadelta")']),
    ("optimizers", "make_optimizer", "old = make_optimizer\ndef make_optimizer(n):\n    return old(n) if n in NAMES else None", ['make_optimizer("unknown")']),
    ("optimizers", "epochs_needed", "def epochs_needed(losses, goal):\n    return next((i for i, l in enumerate(losses) if l <= goal), None)", ["epochs_needed([0.5, 0.3, 0.2, 0.3], 0.25)"]),
    ("optimizers", "epochs_needed", "def epochs_needed(losses, goal):\n    return next((i for i, l in enumerate(losses, 1) if l < goal), None)", ["epochs_needed([0.5, 0.3, 0.2], 0.3)"]),
    ("pretraining", "build_encoder", "def build_encoder():\n    return encoder", ["build_encoder()"]),
    ("pretraining", "build_classifier", "def build_classifier(encoder):\n    return keras.Sequential([keras.Input((28, 28)), encoder, layers.Dense(CLASSES)])", ["build_classifier()"]),
    ("pretraining", "frozen", "pretrained.trainable = True", ["pretrained.trainable"]),
    ("pretraining", "frozen", "pretrained.set_weights(build_encoder().get_weights())", ["pretrained"]),
    ("pretraining", "scratch", "classifier_scratch = classifier", ["classifier_scratch"]),
    ("simple-dense", "numbers", "decoder_parameters = encoder_parameters", ["decoder_parameters"]),
    ("sparse", "twin", "twin_encoder = build_encoder(1e-2)", ["twin", "twin_encoder"]),
    ("sparse", "measure", "def active_share(codes, threshold=0.1):\n    return (codes > threshold).sum()", ["active_share(…, 0.15)"]),
    ("sparse", "measure", "def active_share(codes, threshold=0.1):\n    return float((codes > 0.1).mean())", ["active_share(…, 0.5)"]),
    ("variational", "loss", "def reconstruction_loss(x, y):\n    return ops.mean(ops.binary_crossentropy(x, y), axis=(1, 2))", ["reconstruction_loss"]),
    ("variational", "loss", "def reconstruction_loss(x, y):\n    return ops.sum(ops.binary_crossentropy(x, y))", ["reconstruction_loss"]),
    ("variational-convolutional", "latent_plane", "picture = images.reshape(28 * side, 28 * side)", ["picture"]),
    ("variational-convolutional", "latent_plane", "picture = images", ["picture"]),
]  # fmt: skip
"""Assignment, step, what a student wrote after the solution, and what the findings name."""


@pytest.mark.parametrize(("assignment", "name", "cell", "named"), WRONG)
def test_a_mistake_is_found_and_named(
    assignment: str, name: str, cell: str, named: list[str], notebooks: Callable[[str], StudentNotebook]
) -> None:
    """With what is known about the answer; nothing is raised at the student."""
    notebook = notebooks(assignment)
    trainable = getattr(notebook.names.get("pretrained"), "trainable", None)
    notebook.run(cell)
    answer = asked(notebook, name)
    if trainable is not None:
        notebook.names["pretrained"].trainable = trainable
    assert places(answer) == named, str(answer)


@pytest.mark.parametrize(
    ("assignment", "name", "cell"),
    [
        ("denoising-dropout", "noise", "noise = layers.GaussianNoise(NOISE_DEVIATION)"),
        ("denoising-dense", "noise", NOISE + "np.clip(images + NOISE_FACTOR * np.random.randn(*images.shape), 0, 1).astype('float32')"),
        ("linear-pca", "pca", "pca = Plane(pca.point + pca.directions[0], -3 * pca.directions[::-1])"),
        ("sparse", "measure", "def active_share(codes, threshold=0.1):\n    return np.mean(codes > threshold)"),
        ("simple-dense", "numbers", "compression_factor = np.float32(IMAGE_SIZE / CODE_SIZE)"),
        ("variational", "loss", "def reconstruction_loss(x, y):\n    return 784 * keras.losses.binary_crossentropy(ops.reshape(x, (-1, 784)), ops.reshape(y, (-1, 784)))"),
    ],
)  # fmt: skip
def test_other_right_answers_are_right(
    assignment: str, name: str, cell: str, notebooks: Callable[[str], StudentNotebook]
) -> None:
    """Another layer, another point of the same plane, another way to the same number."""
    notebook = notebooks(assignment)
    notebook.run(cell)
    answer = asked(notebook, name)
    assert answer.passed, str(answer)
