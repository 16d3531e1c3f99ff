"""Does an honest training notice a secret view? The same reference with several seeds, on the plain data and on views.

    python benchmarks/secret_view.py                      # simple-dense on the sample, 10 seeds, 10 epochs
    python benchmarks/secret_view.py recurrent --seeds 3 --epochs 5

Prints the hidden error of each training, mean and deviation of the two groups, how likely a gap of the means as large
as theirs is where the view makes no difference (a permutation test), and what models trained on the plain data reach on
the view, beside the mean image.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from collections.abc import Sequence
from types import ModuleType

import keras
import numpy as np

from reference import data, views
from reference.contract import module
from reference.views import View

SHUFFLES = 10_000


def trained(source: ModuleType, images: np.ndarray, seed: int, epochs: int) -> keras.Model:
    """Train the reference on images (n, 28, 28) in [0, 1]."""
    keras.utils.set_random_seed(seed)
    made = source.build()
    source.compile_model(made.autoencoder)
    x, y = source.inputs_and_targets(source.training_split(images)[0], np.random.default_rng(seed))
    made.autoencoder.fit(x, y, epochs=epochs, batch_size=source.BATCH_SIZE, verbose=0)
    return made.autoencoder


def error(source: ModuleType, model: keras.Model, images: np.ndarray) -> float:
    """Mean squared error on images, with the reference's own noise on the input where it has some."""
    x, y = source.inputs_and_targets(images, np.random.default_rng(0))
    outputs = np.asarray(model.predict(x, verbose=0)).reshape(len(images), -1)
    return float(np.mean((outputs - np.asarray(y).reshape(len(images), -1)) ** 2))


def chance(one: Sequence[float], other: Sequence[float]) -> float:
    """Share of random halves of all errors whose means lie as far apart as those of the two groups."""
    rng, both = np.random.default_rng(0), np.array([*one, *other])
    gap, hits = abs(np.mean(one) - np.mean(other)), 0
    for _ in range(SHUFFLES):
        mixed = rng.permutation(both)
        hits += abs(mixed[: len(one)].mean() - mixed[len(one) :].mean()) >= gap - 1e-12
    return hits / SHUFFLES


def main() -> None:
    """Train, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference", nargs="?", default="simple-dense")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=10)
    asked = parser.parse_args()
    source = module(asked.reference)
    kind = views.kind_for(source)
    plain = data.load(source.DATASET, size="sample")
    errors: dict[str, list[float]] = {"plain": [], "view": [], "plain weights on the view": []}
    print(f"{asked.reference}, view `{kind}`, {asked.epochs} epochs, sample of {source.DATASET}, hidden error")
    for seed in range(asked.seeds):
        viewed = views.images_seen(plain, View(kind, 1000 + seed))
        parts = [(data.scaled(one.x_train), data.scaled(one.x_test[one.hidden])) for one in (plain, viewed)]
        here, there = (trained(source, train, seed, asked.epochs) for train, _ in parts)
        errors["plain"].append(error(source, here, parts[0][1]))
        errors["view"].append(error(source, there, parts[1][1]))
        errors["plain weights on the view"].append(error(source, here, parts[1][1]))
        row = "  ".join(f"{name} {values[-1]:.5f}" for name, values in errors.items())
        print(f"seed {seed:3}  {row}", flush=True)
    for name, values in errors.items():
        print(f"{name:26} mean {np.mean(values):.5f}  deviation {np.std(values, ddof=1):.5f}")
    hidden, mean = data.scaled(plain.x_test[plain.hidden]), data.scaled(plain.x_train).mean(axis=0)
    print(f"{'mean image':26} {np.mean((hidden - mean) ** 2):.5f}")
    print(f"a gap as large by chance: {chance(errors['plain'], errors['view']):.2f}")


if __name__ == "__main__":
    main()
