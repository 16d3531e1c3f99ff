"""Trains a reference over seeds and honest variations and writes `reference/facts/<id>.json`.

    python -m grader.rebuild.calibration stacked --size sample --seeds 10

Resumes: a run that the facts file already holds, for the same data and versions, is not made again; the file is
written after every run. The full-credit bound is the looser of two (recipe: non-inferiority margins, FDA 2016;
tolerance factors of Hahn and Meeker, 1991):

    mean + k·s                      one-sided 95/95 tolerance bound of the reference's own runs
    mean + 0.25·(trivial - mean)    a quarter of the way to the mean image

and credit ends at mean + 0.90·(trivial - mean), where hardly anything was learnt.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from pydantic import TypeAdapter

import reference as reference_package
from grader.domain.architecture import Architecture
from grader.domain.evidence import ModelClaim, NodeClaim, OperationClaim, TensorClaim
from grader.domain.facts import CalibratedData, CalibrationRun, CreditCurve, ReferenceFacts
from grader.domain.measurement import Role
from grader.probe.graph import Registry, flatten
from grader.rebuild import quality
from grader.rebuild.canonical import canonical
from grader.rebuild.measuring import DataChoice, Yardstick, strip, yardstick
from grader.rebuild.model import Workshop
from reference import data
from reference.contract import module

FACTS: TypeAdapter[ReferenceFacts] = TypeAdapter(ReferenceFacts)
FACTS_FOLDER = Path(reference_package.__file__).parent / "facts"

FULL_CREDIT_SHARE = 0.25
NO_CREDIT_SHARE = 0.90
STEPS_PER_EXECUTION = 32
_TOLERANCE_FACTORS = {3: 7.656, 4: 5.144, 5: 4.203, 6: 3.708, 7: 3.399, 8: 3.187, 9: 3.031, 10: 2.911, 15: 2.566,
                      20: 2.396, 30: 2.220}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Variation:
    """An honest way to solve the same task.

    Attributes:
        name: What is changed.
        batch_size: None for the reference's own.
        compile_model: None for the reference's own.
        epochs_share: Share of the reference's epochs.
    """

    name: str
    batch_size: int | None = None
    compile_model: Callable[[Any], None] | None = None
    epochs_share: float = 1.0


def _compiled_with(optimizer: str, loss: str = "mse") -> Callable[[Any], None]:
    return lambda model: model.compile(optimizer=optimizer, loss=loss)


REFERENCE = Variation("reference")
VARIATIONS = (
    Variation("batch-64", batch_size=64),
    Variation("batch-128", batch_size=128),
    Variation("batch-256", batch_size=256),
    Variation("adam", compile_model=_compiled_with("adam")),
    Variation("rmsprop", compile_model=_compiled_with("rmsprop")),
    Variation("half-epochs", epochs_share=0.5),
)


def calibrate(
    reference: str, *, choice: DataChoice, seeds: int, variation_seeds: int, say: Callable[[str], None]
) -> ReferenceFacts:
    """Make every run that the facts still lack, and return the facts.

    Args:
        reference: Id of the reference.
        choice: Data to train and measure on.
        seeds: Runs of the reference itself.
        variation_seeds: Runs of each honest variation.
        say: Told of each run.
    """
    source = module(reference)
    images = yardstick(source.DATASET, "hidden", choice)
    data_hash = data.load(source.DATASET, size=choice.size, folder=choice.folder).digest()
    facts = _load(reference) or describe(source)
    known = facts.calibrated.get(images.size)
    records = (
        list(known.records) if known and (known.data_hash, dict(known.versions)) == (data_hash, versions()) else []
    )
    wanted = [(REFERENCE, s) for s in range(seeds)] + [(v, s) for v in VARIATIONS for s in range(variation_seeds)]
    strips = known.strips if known and records else ()
    for variation, seed in wanted:
        if any((r.variation, r.seed) == (variation.name, seed) for r in records):
            continue
        record, model = train(source, images, variation, seed)
        records.append(record)
        say(f"{reference} {images.size} {record}")
        if not strips:
            strips = (strip("reference", quality.reconstruct(model, images.strip_images)),)
        keras.backend.clear_session()
        if sum(r.variation == REFERENCE.name for r in records) >= min(_TOLERANCE_FACTORS):
            calibrated = summarise(source, images, data_hash, records)
            facts = replace(facts, calibrated={**facts.calibrated, images.size: replace(calibrated, strips=strips)})
            _store(facts)
    return facts


def train(source: ModuleType, images: Yardstick, variation: Variation, seed: int) -> tuple[CalibrationRun, Any]:
    """Train one model as the reference says, except for what the variation changes."""
    keras.utils.set_random_seed(seed)
    autoencoder = source.build().autoencoder
    (variation.compile_model or source.compile_model)(autoencoder)
    autoencoder.steps_per_execution = STEPS_PER_EXECUTION  # the same arithmetic with fewer round trips
    training, _ = source.training_split(images.train)
    x, y = source.inputs_and_targets(training, np.random.default_rng(seed))
    epochs = max(1, round(source.EPOCHS * variation.epochs_share))
    started = time.monotonic()
    autoencoder.fit(x, y, epochs=epochs, batch_size=variation.batch_size or source.BATCH_SIZE, verbose=0)
    seconds = time.monotonic() - started
    outputs = quality.reconstruct(autoencoder, images.images)
    mse, bce = quality.mean_squared_error(images.images, outputs), quality.binary_cross_entropy(images.images, outputs)
    return CalibrationRun(variation.name, seed, epochs, mse, bce, round(seconds, 1)), autoencoder


def summarise(
    source: ModuleType, images: Yardstick, data_hash: str, records: Sequence[CalibrationRun]
) -> CalibratedData:
    """Turn runs into spread, baselines and the credit curve."""
    own = [record.mse for record in records if record.variation == REFERENCE.name]
    mean, deviation = statistics.fmean(own), statistics.stdev(own)
    trivial = images.mean_image_error()
    keras.utils.set_random_seed(0)
    untrained = quality.mean_squared_error(
        images.images, quality.reconstruct(source.build().autoencoder, images.images)
    )
    return CalibratedData(
        data=images.size,
        data_hash=data_hash,
        curve=credit_curve(mean, deviation, len(own), trivial),
        runs=len(own),
        epochs=source.EPOCHS,
        mean=mean,
        deviation=deviation,
        mean_image=trivial,
        pca=quality.pca_error(images.train, images.images, source.CODE_SIZE),
        untrained=untrained,
        records=tuple(records),
        versions=versions(),
        host=f"{platform.machine()}, {os.cpu_count()} cores",
    )


def credit_curve(mean: float, deviation: float, runs: int, trivial: float) -> CreditCurve:
    """Return the curve of the module docstring from the reference's runs.

    Raises:
        ValueError: Fewer than three runs.
    """
    usable = [n for n in _TOLERANCE_FACTORS if n <= runs]
    if not usable:
        raise ValueError(f"{runs} runs are too few for a tolerance bound")
    tolerance = mean + _TOLERANCE_FACTORS[max(usable)] * deviation
    margin = mean + FULL_CREDIT_SHARE * (trivial - mean)
    none = mean + NO_CREDIT_SHARE * (trivial - mean)
    return CreditCurve(full=min(max(tolerance, margin), none), none=none, reference=mean, trivial=trivial)


def describe(source: ModuleType) -> ReferenceFacts:
    """Return the facts of a reference that need no training: layer tables and parameter counts."""
    models = source.build()
    architectures = {role: architecture_of(getattr(models, role.value)) for role in Role}
    return ReferenceFacts(
        reference=source.ID,
        dataset=source.DATASET,
        code_size=source.CODE_SIZE,
        parameters=architectures[Role.AUTOENCODER].parameters,
        published=source.PUBLISHED,
        reached="",
        architectures=architectures,
        calibrated={},
    )


def architecture_of(model: Any) -> Architecture:
    """Return the canonical form of a Keras model of ours, through the same steps as a student's."""
    registry = Registry()
    flat = flatten(model, registry)
    operations = {
        name: OperationClaim(name, claim["class_name"], claim["module"], claim["config"], tuple(claim["variables"]))
        for name, claim in registry.operations.items()
    }
    arrays = {name: np.asarray(variable) for name, variable in registry.variables.items()}
    claim = ModelClaim(
        model="m0",
        names=(),
        class_name=type(model).__name__,
        inputs=tuple(TensorClaim(t["tensor"], tuple(t["shape"])) for t in flat["inputs"]),
        nodes=tuple(NodeClaim(n["operation"], n["arguments"], tuple(n["outputs"])) for n in flat["nodes"]),
        outputs=tuple(flat["outputs"]),
        problem="",
        variables=tuple(arrays),
        compiled={},
        created=0,
    )
    return canonical(Workshop(operations, arrays).rebuild(claim), arrays)


def versions() -> Mapping[str, str]:
    """Return the versions that a number may depend on."""
    return {"keras": keras.__version__, "tensorflow": tf.__version__, "numpy": np.__version__}


def _path(reference: str) -> Path:
    return FACTS_FOLDER / f"{reference}.json"


def _load(reference: str) -> ReferenceFacts | None:
    path = _path(reference)
    return FACTS.validate_json(path.read_bytes()) if path.is_file() else None


def _store(facts: ReferenceFacts) -> None:
    best = ", ".join(
        f"{facts.calibrated[size].mean:.4f} MSE ({size}, {facts.calibrated[size].runs} runs)"
        for size in facts.calibrated
    )
    path = _path(facts.reference)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(FACTS.dump_json(replace(facts, reached=best), indent=1) + b"\n")
    fresh.replace(path)


def main() -> None:
    """Read the command line and calibrate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference")
    parser.add_argument("--size", choices=data.SIZES, default=None)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--variation-seeds", type=int, default=2)
    options = parser.parse_args()
    calibrate(
        options.reference,
        choice=DataChoice(options.size, options.folder),
        seeds=options.seeds,
        variation_seeds=options.variation_seeds,
        say=print,
    )


if __name__ == "__main__":
    main()
