"""Cut the embedded samples out of the full data sets: `python -m reference.samples.make FOLDER`.

Class-balanced: 800 training and 200 test images of each of the ten classes, in a fixed random order.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from reference import data

_SEED = 13
_PER_CLASS = {"train": 800, "test": 200}


def main(folder: Path) -> None:
    """Write `mnist.npz` and `fashion_mnist.npz` beside this file."""
    for name in data.NAMES:
        full = data.load(name, size="full", folder=folder)
        rng = np.random.default_rng(_SEED)
        sample: dict[str, np.ndarray] = {}
        for part, images, labels in (
            ("train", full.x_train, full.y_train),
            ("test", full.x_test, full.y_test),
        ):
            chosen = [rng.choice(np.flatnonzero(labels == c), _PER_CLASS[part], replace=False) for c in range(10)]
            order = rng.permutation(np.concatenate(chosen))
            sample[f"x_{part}"], sample[f"y_{part}"] = images[order], labels[order].astype(np.uint8)
        np.savez_compressed(data.SAMPLES / f"{name}.npz", **sample)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
