"""Notebooks as they are found in the wild, written by us: code cells below what `grader inspect` must say of them.

A file `notebooks/<name>.nb` begins with TOML up to its first `# %%`, which begins a cell, as every other one does;
`# %% [3]` is a cell that its author ran third. The TOML holds `about`, `compat`, the number of `runs`, words of `diagnosis` and of `translated` that must occur, and `[[models]]`: what must be
said of each autoencoder in its order. Of findings, `findings` must be there, `allowed` may be, and no others.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.domain.submission import Submission

FOLDER = Path(__file__).parent / "notebooks"
MARK = re.compile(r"^# %%(?: \[(\d+)\])?\n", re.MULTILINE)


@dataclass(frozen=True)
class Specimen:
    """A notebook and what must be said of it."""

    name: str
    expected: Mapping[str, Any]
    cells: tuple[tuple[str, int | None], ...]

    def submission(self, folder: Path) -> Submission:
        """The notebook as a file of version 4.5 without outputs."""
        cells = [
            {"cell_type": "code", "id": f"c{n}", "metadata": {}, "outputs": [], "execution_count": ran, "source": text}
            for n, (text, ran) in enumerate(self.cells)
        ]
        document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
        path = folder / f"{self.name}.ipynb"
        path.write_text(json.dumps(document), encoding="utf-8")
        raw = path.read_bytes()
        return Submission(self.name, path.name, path, hashlib.sha256(raw).hexdigest(), len(raw))


def specimen(name: str) -> Specimen:
    """Read one notebook of the corpus."""
    head, *rest = MARK.split((FOLDER / f"{name}.nb").read_text(encoding="utf-8"))
    cells = zip(rest[1::2], rest[::2], strict=True)
    return Specimen(
        name, tomllib.loads(head), tuple((text.strip("\n"), int(ran) if ran else None) for text, ran in cells)
    )


NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.nb")))


def differences(expected: Mapping[str, Any], said: Mapping[str, Any]) -> list[str]:
    """What is otherwise than expected in the data of `grader inspect --json --lang en`, one line each."""
    models = expected.get("models", [])
    names = [model["name"] for model in said["models"]]
    if len(models) != len(names):
        return [f"{len(names)} models {names}, expected {len(models)}; {said['diagnosis']}"]
    found = [line for asked, model in zip(models, said["models"], strict=True) for line in _of_model(asked, model)]
    if len(said["runs"]) != expected.get("runs", len(said["runs"])):
        found.append(f"{len(said['runs'])} runs, expected {expected['runs']}")
    for key in ("diagnosis", "translated"):
        text = json.dumps(said[key], ensure_ascii=False)
        found += [f"{key} without “{word}”: {text[:600]}" for word in expected.get(key, []) if word not in text]
    return found


def _of_model(asked: Mapping[str, Any], model: Mapping[str, Any]) -> Iterator[str]:
    for key in ("name", "family", "code_size", "dataset", "trained", "encoder", "decoder", "parameters", "measured_on"):
        if key in asked and asked[key] != (model[key] or "" if key == "measured_on" else model[key]):
            yield f"{model['name']}: {key} is {model[key]!r}, expected {asked[key]!r}"
    kinds = {finding["kind"] for finding in model["findings"]}
    must, may = set(asked.get("findings", [])), set(asked.get("allowed", []))
    if must - kinds:
        yield f"{model['name']}: not found {sorted(must - kinds)}"
    if kinds - must - may:
        reported = [f"{one['kind']}: {one['actual']}" for one in model["findings"] if one["kind"] not in must | may]
        yield f"{model['name']}: wrongly accused {reported}"
