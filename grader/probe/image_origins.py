"""Identifies the image data set on which a model is trained, by looking images up in the available data sets.

Images are compared up to their scale: 0 to 255, [0, 1], [-1, 1], standardised or inverted pixels are the same image. If
the input is noisy, the target is used. Only `grader inspect` asks; no points depend on it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Any

from .array_headers import sample_size

MOST_ROWS = 512
COMPARED_ROWS = 32
CHUNK = 5_000

SAME_IMAGES = 0.5
"""Share of the examined images that must be found exactly."""

ALIKE = 0.94
"""Median correlation of 32 images with their nearest in a data set above which they are slightly changed images of it.
Measured: images of either set, binarised at 0.5, have 0.95 to 0.96 with their own set; images that the set does not
contain have 0.84 to 0.93, those of the other set 0.6."""

LEAST_TO_COUNT = 100
MOST_CLASSES = 10
"""Number of images from which a class that none of them has was surely left out on purpose."""


class ImageOrigins:
    """Looks images up in data sets, which are read when first needed.

    Args:
        datasets: Path of each data set's file, by Keras's name.
    """

    def __init__(self, datasets: Mapping[str, str]) -> None:
        self._paths = {name: path for name, path in datasets.items() if path.endswith(".npz")}
        self._keys: dict[str, tuple[Any, Any]] = {}
        self._compared: dict[bytes, str] = {}

    def of(self, *arrays: Any) -> tuple[str, tuple[int, ...]]:
        """Return the data set of the first array that holds images of one, and the classes of these images.

        Returns:
            Its name, "" if it is none of them; and the classes if these images are of some classes only.
        """
        sizes = set(self._sizes.values())
        given = [rows for array in arrays if (rows := _rows(array, sizes)) is not None]
        for rows in given:
            name, classes = self._exactly(rows)
            if name:
                return name, classes
        return next((name for rows in given if (name := self._nearly(rows))), ""), ()

    @cached_property
    def _sizes(self) -> dict[str, int]:
        return {name: sample_size(path) for name, path in self._paths.items()}

    def _of_size(self, rows: Any) -> list[str]:
        return [name for name, size in self._sizes.items() if size == rows.shape[1]]

    def _exactly(self, rows: Any) -> tuple[str, tuple[int, ...]]:
        import numpy as np

        low, high = float(rows.min()), float(rows.max())
        if not high > low:
            return "", ()
        levels = np.round((rows - low) / (high - low) * 255).astype(np.int64)
        for keys in (_keys(levels), _keys(255 - levels)):
            for name in self._of_size(rows):
                known, labels = self._known(name)
                places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
                found = known[places] == keys
                if found.mean() >= SAME_IMAGES:
                    return name, _only(labels[places[found]])
        return "", ()

    def _nearly(self, rows: Any) -> str:
        """Return the data set with the most similar images, "" if none are similar enough."""
        import numpy as np

        few = _unit(rows[:: -(-len(rows) // COMPARED_ROWS)])
        if few is None:
            return ""
        seen = few.tobytes()
        if seen not in self._compared:
            alike = {name: float(np.median(self._best_correlations(name, few))) for name in self._of_size(rows)}
            nearest = max(alike, key=lambda one: alike[one], default="")
            self._compared[seen] = nearest if nearest and alike[nearest] >= ALIKE else ""
        return self._compared[seen]

    def _best_correlations(self, name: str, few: Any) -> Any:
        """Return, for each image, the correlation with the most similar or most opposite image of a data set."""
        import numpy as np

        best = np.zeros(len(few))
        for chunk, _ in self._images(name):
            images = chunk.astype(np.float32)
            squares = np.einsum("ij,ij->i", images, images) - images.sum(axis=1) ** 2 / images.shape[1]
            lengths = np.sqrt(np.maximum(squares, 1.0))
            best = np.maximum(
                best, np.abs((few @ images.T) / lengths).max(axis=1)
            )  # `few` has mean 0, so these need not
        return best

    def _known(self, name: str) -> tuple[Any, Any]:
        """Return the sorted keys of all images of a data set, and their labels in the same order."""
        import numpy as np

        if name not in self._keys:
            parts = [(_keys(images.astype(np.int64)), labels) for images, labels in self._images(name)]
            keys, labels = (np.concatenate(column) for column in zip(*parts, strict=True))
            order = np.argsort(keys)
            self._keys[name] = keys[order], labels[order]
        return self._keys[name]

    def _images(self, name: str) -> Iterator[tuple[Any, Any]]:
        import numpy as np

        with np.load(self._paths[name], allow_pickle=False) as arrays:
            for part in ("train", "test"):
                images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
                for start in range(0, len(images), CHUNK):
                    chunk = images[start : start + CHUNK]
                    yield chunk.reshape(len(chunk), -1), labels[start : start + CHUNK]


def _rows(array: Any, sizes: Collection[int]) -> Any:
    """Return up to 512 images (n, numbers) spread over an array, None if it holds no images of these sizes."""
    import numpy as np

    shape = getattr(array, "shape", None)
    if shape is None or len(shape) < 2 or not shape[0] or np.prod([int(length) for length in shape[1:]]) not in sizes:
        return None
    rows = np.asarray(array[:: -(-int(shape[0]) // MOST_ROWS)])
    if rows.dtype.kind not in "fiub":
        return None
    rows = rows.reshape(len(rows), -1).astype(np.float64)
    return rows if np.isfinite(rows).all() else None


def _keys(levels: Any) -> Any:
    """Return one number for each image; two images share a number only if equal, or by a chance of 1 in 10¹⁸."""
    import numpy as np

    weights = np.random.default_rng(1).integers(-(2**62), 2**62, levels.shape[1])
    return (levels * weights).sum(axis=1)  # wraps around on purpose


def _unit(images: Any) -> Any:
    """Return images with mean 0 and length 1, without constant ones; None if none is left."""
    import numpy as np

    centred = images - images.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    kept = lengths[:, 0] > 1e-6 * max(1.0, float(np.abs(images).max()))
    return (centred[kept] / lengths[kept]).astype(np.float32) if kept.any() else None


def _only(labels: Any) -> tuple[int, ...]:
    """Return the classes that occur if some do not, () if all do or too few images were examined."""
    import numpy as np

    classes = tuple(int(one) for one in np.unique(labels))
    return classes if len(labels) >= LEAST_TO_COUNT and len(classes) < MOST_CLASSES else ()
