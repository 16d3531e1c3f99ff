"""What a run leaves behind, made by hand: one small model, and whatever a test wants to be wrong with it."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

CLAIMS: dict[str, Any] = {
    "schema_version": 1,
    "models": [
        {
            "model": "m0",
            "names": ["autoencoder"],
            "class_name": "Sequential",
            "inputs": [{"tensor": "t0", "shape": [None, 4]}],
            "nodes": [
                {"operation": "o0", "arguments": {"args": [{"tensor": "t0"}], "kwargs": {}}, "outputs": ["t1"]},
            ],
            "outputs": ["t1"],
            "problem": "",
            "variables": ["v0", "v1"],
            "compiled": {"optimizer": "Nadam", "loss": "mse"},
            "created": 0,
        }
    ],
    "operations": {
        "o0": {
            "class_name": "Dense",
            "module": "keras.src.layers.core.dense",
            "config": {"units": 4, "activation": "relu", "use_bias": True},
            "variables": ["v0", "v1"],
        }
    },
    "fits": [
        {
            "model": "m0", "epochs": 2, "samples": 8, "batch_size": 4, "same_target": True, "input_minimum": 0.0,
            "input_maximum": 1.0, "completed": True,
        }
    ],
    "requests": ["pip install seaborn"],
    "versions": {"keras": "3.15.1"},
}  # fmt: skip

ARRAYS: dict[str, np.ndarray] = {"v0": np.arange(16, dtype=np.float32).reshape(4, 4), "v1": np.ones(4, np.float32)}


def claims(**changes: Any) -> dict[str, Any]:
    """Return claims with some keys replaced; a key of several steps is written `models.0.names`."""
    changed = copy.deepcopy(CLAIMS)
    for path, value in changes.items():
        *steps, last = path.split("__")
        place: Any = changed
        for step in steps:
            place = place[int(step) if step.isdigit() else step]
        if value is ...:
            del place[last]
        else:
            place[int(last) if last.isdigit() else last] = value
    return changed


def leave(exchange: Path, content: Any = None, weights: bytes | None = None) -> Path:
    """Write `claims/claims.json` and `claims/weights.npz`; JSON data, or the bytes themselves."""
    folder = exchange / "claims"
    folder.mkdir(parents=True)
    written = content if isinstance(content, bytes) else json.dumps(CLAIMS if content is None else content).encode()
    (folder / "claims.json").write_bytes(written)
    (folder / "weights.npz").write_bytes(npz(ARRAYS) if weights is None else weights)
    return exchange


def npz(arrays: dict[str, np.ndarray]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def npy(header: str | bytes, data: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    """An array file with any header at all."""
    text = header.encode("latin1") if isinstance(header, str) else header
    length = len(text).to_bytes(2 if version == (1, 0) else 4, "little")
    return b"\x93NUMPY" + bytes(version) + length + text + data
