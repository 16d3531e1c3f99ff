"""Notebooks that hand in weights which were trained elsewhere, made by us for tests of the audit."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from grader.probe.export import Exporter
from grader.probe.hooks import FitRecord, FitTracker

Weights = Sequence[np.ndarray]
PIECES = 5

BUILD = """import numpy as np, keras
from keras import layers
(X_train, _), (X_valid, _) = keras.datasets.mnist.load_data()
X_train = X_train.reshape(-1, 784).astype('float32') / 255
image = keras.Input((784,))
encoder = keras.Model(image, layers.Dense(32, activation='relu')(image))
code = keras.Input((32,))
decoder = keras.Model(code, layers.Dense(784, activation='sigmoid')(code))
autoencoder = keras.Model(image, decoder(encoder(image)))
autoencoder.compile('adam', 'binary_crossentropy')
"""
"""The architecture of `simple-dense`, rightly built."""

UNPACK = """flat = np.frombuffer(raw, np.float16).astype('float32')
weights, at = [], 0
for old in autoencoder.get_weights():
    weights.append(flat[at:at + old.size].reshape(old.shape))
    at += old.size
autoencoder.set_weights(weights)
"""

HONEST = (BUILD, "history = autoencoder.fit(X_train, X_train, epochs={epochs}, batch_size=128, verbose=0)")
"""Cells of a notebook that trains; `{epochs}` is filled in."""

PCA = """mean = X_train.mean(0)
values, vectors = np.linalg.eigh(np.cov((X_train - mean).T))
plane = vectors[:, -32:].astype('float32')
linear = keras.Model(image, layers.Dense(32)(image))
encoder = keras.Model(image, layers.Dense(32)(image))
decoder = keras.Model(code, layers.Dense(784)(code))
autoencoder = keras.Model(image, decoder(encoder(image)))
encoder.set_weights([plane, -mean @ plane])
decoder.set_weights([plane.T, mean])
"""
"""A PCA by eigenvectors, put into linear layers: nothing is trained, and everything is computed here."""


def trained(images: np.ndarray, *, epochs: int) -> Weights:
    """Train `simple-dense` here, outside of every sandbox, and return its four arrays."""
    import keras

    from reference import simple_dense

    keras.utils.set_random_seed(5)
    made = simple_dense.build()
    simple_dense.compile_model(made.autoencoder)
    flat = images.reshape(len(images), -1)
    made.autoencoder.fit(flat, flat, epochs=epochs, batch_size=128, verbose=0)
    return made.autoencoder.get_weights()


def notebook(folder: Path, name: str, *cells: str, outputs: list[dict[str, Any]] | None = None) -> Path:
    """Write a notebook with these code cells; `outputs` belong to the first one."""
    folder.mkdir(parents=True, exist_ok=True)
    made = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for source in cells
    ]
    made[0]["outputs"] = outputs or []
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": made}), encoding="utf-8")
    return path


def half_precision(weights: Weights) -> bytes:
    """The arrays one after the other as float16."""
    return b"".join(np.asarray(array, np.float16).tobytes() for array in weights)


def pasted(weights: Weights) -> tuple[str, ...]:
    """Base85 text in one piece and `set_weights`, without any training."""
    text = base64.b85encode(half_precision(weights)).decode()
    return BUILD, f"import base64\nraw = base64.b85decode({text!r})\n{UNPACK}"


def pasted_in_pieces(weights: Weights) -> tuple[str, ...]:
    """The same in five cells, as hexadecimal digits, and a `fit` that changes nothing."""
    raw = half_precision(weights)
    size = -(-len(raw) // PIECES)
    pieces = [f"piece_{n} = '{raw[n * size : (n + 1) * size].hex()}'" for n in range(PIECES)]
    joined = "raw = bytes.fromhex(" + " + ".join(f"piece_{n}" for n in range(PIECES)) + ")"
    idle = (
        "autoencoder.compile(keras.optimizers.SGD(0.0), 'binary_crossentropy')\n"
        "autoencoder.fit(X_train[:256], X_train[:256], epochs=50, batch_size=128, verbose=0)"
    )
    return BUILD, *pieces, f"{joined}\n{UNPACK}", idle


SPOILT = "spoilt = autoencoder.get_weights()\nspoilt[3] += 4\nautoencoder.set_weights(spoilt)\n"
"""So that the loss falls afterwards, as it does where something is learnt."""

SHORT_TRAININGS = {
    "three epochs": "autoencoder.fit(X_train, X_train, epochs=3, batch_size=128, verbose=0)",
    "fifty epochs of one step": "autoencoder.fit(X_train, X_train, epochs=50, steps_per_epoch=1, batch_size=128, verbose=0)",
}


def in_few_bits(weights: Weights) -> tuple[str, ...]:
    """Two bits for each number of the two matrices, as words of docstrings; the biases as numbers."""
    levels, numbers = [], []
    for matrix in (weights[0], weights[2]):
        centres, nearest = _four_levels(np.asarray(matrix, np.float64).ravel())
        levels.append(centres.round(4).tolist())
        numbers.append(nearest)
    bits = np.unpackbits(np.concatenate(numbers).astype(np.uint8)[:, np.newaxis], axis=1)[:, -2:]
    text = base64.b85encode(zlib.compress(np.packbits(bits).tobytes(), 9)).decode()
    words = [text[at : at + 30] for at in range(0, len(text), 30)]
    cells = [f"def step_{n}():\n    '''{' '.join(words[n::4])}'''" for n in range(4)]
    read = (
        "import base64, zlib\nwords = [step.__doc__.split() for step in (step_0, step_1, step_2, step_3)]\n"
        f"text = ''.join(words[n % 4][n // 4] for n in range({len(words)}))\n"
        "bits = np.unpackbits(np.frombuffer(zlib.decompress(base64.b85decode(text)), np.uint8)).reshape(-1, 2)\n"
        f"found = 2 * bits[:, 0] + bits[:, 1]\nfirst, second = map(np.array, {levels!r})\n"
        f"W = [first[found[:25088]].reshape(784, 32), np.array({np.round(weights[1], 2).tolist()}),\n"
        f"     second[found[25088:50176]].reshape(32, 784), np.array({np.round(weights[3] * 4).astype(int).tolist()}) / 4]\n"
        "autoencoder.set_weights(W)\n"
    )
    return BUILD, *cells, read + SPOILT


def _four_levels(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return four numbers (k-means), and which of them is nearest to each value."""
    centres = np.quantile(values, [0.02, 0.34, 0.66, 0.98])
    for _ in range(30):
        nearest = np.abs(values[:, np.newaxis] - centres).argmin(axis=1)
        centres = np.array([values[nearest == one].mean() for one in range(4)])
    return centres, nearest


def picture(weights: Weights) -> tuple[str, ...]:
    """Weights as the pixels of a picture that a cell shows, read back from the cell's own output."""
    text = base64.b64encode(png(half_precision(weights))).decode()
    shown = f"from base64 import b64decode\nfrom IPython.display import Image\nImage(data=b64decode('{text}'))"
    read = (
        "import io\nfrom PIL import Image as Picture\n"
        "last = max(Out)\npixels = np.array(Picture.open(io.BytesIO(Out[last].data)))\n"
        "raw = np.frombuffer(pixels.tobytes(), np.uint8).tobytes()[:2 * autoencoder.count_params()]\n"
    )
    return BUILD, shown, read + UNPACK


def picture_of_a_saved_output(weights: Weights) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    """Weights in the saved output of the file itself, which the code hopes to find beside it."""
    data = base64.b64encode(png(half_precision(weights))).decode()
    output = {"output_type": "display_data", "metadata": {}, "data": {"image/png": data}}
    read = (
        "import glob, io, json, base64\nfrom PIL import Image as Picture\n"
        "document = json.load(open(glob.glob('*.ipynb')[0]))\n"
        "content = base64.b64decode(document['cells'][0]['outputs'][0]['data']['image/png'])\n"
        "raw = np.array(Picture.open(io.BytesIO(content))).tobytes()[:2 * autoencoder.count_params()]\n"
    )
    return (BUILD, read + UNPACK), [output]


def png(content: bytes, width: int = 256) -> bytes:
    """Pack bytes as the grey pixels of a PNG."""
    rows = [content[at : at + width].ljust(width, b"\0") for at in range(0, len(content), width)]

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, len(rows), 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def claims_by_hand(weights: Weights, folder: Path, exchange: str) -> tuple[str, ...]:
    """No Keras at all: the claims and arrays of an honest run, written by code in the place of ours."""
    from reference import simple_dense

    made = simple_dense.build()
    simple_dense.compile_model(made.autoencoder)
    made.autoencoder.set_weights([np.asarray(array, np.float16).astype(np.float32) for array in weights])
    fit = FitRecord(made.autoencoder, epochs=50, samples=7_334, batch_size=128, same_target=True, completed=True)
    fit.first_loss, fit.last_loss = 0.3, 0.1
    Exporter(made._asdict(), folder, FitTracker([fit]), []).export()
    texts = {name: base64.b85encode(_packed(folder / name)).decode() for name in ("claims.json", "weights.npz")}
    return (
        f"""import base64, os, zlib
def finish():
    os.makedirs({exchange!r} + '/claims', exist_ok=True)
    for name, text in {texts!r}.items():
        with open({exchange!r} + '/claims/' + name, 'wb') as file:
            file.write(zlib.decompress(base64.b85decode(text)))
magics = get_ipython().magics_manager.magics['line']
for name in [name for name in magics if name.startswith('finish_')]:
    magics[name] = lambda _line: finish()
finish()""",
    )


def _packed(path: Path) -> bytes:
    buffer = io.BytesIO(path.read_bytes())
    return zlib.compress(buffer.getvalue(), 9)
