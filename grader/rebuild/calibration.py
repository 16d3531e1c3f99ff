"""Trains references over seeds and variations and writes `reference/facts/<id>.json`; `grader calibrate` starts it.

It resumes: a run that the facts file already holds for the same data, recipe and versions is not repeated, and the file
is written after every run. The bounds are those of `grader.rebuild.facts.curves`.
"""

from __future__ import annotations

import hashlib
import os
import platform
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import keras
import tensorflow as tf
from pydantic import TypeAdapter

import reference as reference_package
from grader.domain.architecture import Architecture
from grader.domain.datasets import DataSize
from grader.domain.facts import Baseline, CalibrationRun, ReferenceFacts, Statistic
from grader.domain.measurement import ImageStrip, Quantity, Role
from grader.rebuild.facts.curves import FEWEST_RUNS
from grader.rebuild.facts.description import describe, recipe_digest
from grader.rebuild.facts.kept_weights import RunKey, keep, recall
from grader.rebuild.facts.reached import reached
from grader.rebuild.facts.reference_training import (
    CONTROL,
    REFERENCE,
    SHORT,
    TrainedReference,
    Variation,
    epochs_of,
    material_of,
    of_code_size,
    planned_epochs,
    reference_for,
    train,
    variations,
)
from grader.rebuild.facts.summary import rounded, statistics_of, summarise, versions
from grader.rebuild.families.family_registry import family_of
from grader.rebuild.families.judgement import Baselines
from grader.rebuild.families.of_references import measured
from grader.rebuild.network.own_models import as_keras
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.reference_data import DataChoice, ReferenceData, load_reference_data
from grader.rebuild.quantities.samples import strip
from grader.rebuild.quiet import start_tensorflow
from reference.contract import Reference, load, own_file

FACTS: TypeAdapter[ReferenceFacts] = TypeAdapter(ReferenceFacts)
FACTS_FOLDER = Path(reference_package.__file__).parent / "facts"

MANY_SEEDS = 10
USUAL_SEEDS = 5
FEW_SEEDS = 3
CHEAP_RUN_SECONDS = 60
LONG_RUN_SECONDS = 300
SHORT_SEEDS = 5
CONTROL_SEEDS = 3


@dataclass(frozen=True, slots=True)
class CalibrationPlan:
    """How many runs to train, and on which data.

    Attributes:
        choice: Data to train and measure on.
        seeds: Runs of each reference; None for 5, or for 10 if one takes under a minute and 3 if over five minutes.
        variation_seeds: Runs of each honest variation.
        weights: Folder in which the weights of runs are kept; None to keep none.
    """

    choice: DataChoice
    seeds: int | None = None
    variation_seeds: int = 1
    weights: Path | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """The result of one training, as a process returns it."""

    record: CalibrationRun
    strips: tuple[ImageStrip, ...]


Say = Callable[[str, str, CalibrationRun], None]
"""Called after each run with the reference (and its data set, unless it is the usual one), data size and record."""


def calibrate(references: Sequence[str], plan: CalibrationPlan, executor: Executor, say: Say) -> None:
    """Make every run that the facts still lack, and write the facts after each run.

    Args:
        references: Ids.
        plan: How much to train.
        executor: Where trainings run; each process should have been started by `training_processes`.
        say: Called after each run.

    Raises:
        reference.data.DataNotFoundError: The full data was asked for and not found.
    """
    books = [_Book(reference, dataset, plan) for reference in references for dataset in load(reference).datasets]
    while True:
        missing = [(book, *one) for book in books for one in book.missing()]
        missing.sort(key=lambda one: _urgency(*one[1:]))
        wanted = {
            executor.submit(run, book.reference, plan, variation, seed, dataset=book.dataset): book
            for book, variation, seed in missing
        }
        if not wanted:
            for book in books:
                book.write()  # the same runs may now give other bounds
            return
        try:
            for future in as_completed(wanted):
                _enter(wanted[future], future, say)
        except BaseException:
            for future in wanted:
                future.cancel()
            raise


def _urgency(variation: Variation, seed: int) -> int:
    """Return 0 for the runs without which no credit can be given, higher numbers for honest variations, then others."""
    if variation == REFERENCE:
        return 0 if seed < FEWEST_RUNS else 2
    if variation == CONTROL:
        return 0 if seed == 0 else 2
    return 1 if variation.honest and seed == 0 else 3


def _enter(book: _Book, future: Future[Run], say: Say) -> None:
    made = future.result()
    book.add(made)
    say(book.name, book.size, made.record)


@contextmanager
def training_processes(jobs: int) -> Iterator[Executor]:
    """Open this many processes for trainings; with more than one, each computes in one thread, NumPy included."""
    threads = 0 if jobs == 1 else 1
    if threads:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its waiting threads compete for busy cores
    with ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=start_tensorflow, initargs=(threads,)
    ) as executor:
        yield executor


@dataclass(frozen=True, slots=True)
class Inspected:
    """The facts about a reference that need no training.

    Attributes:
        facts: Layer tables, counts and recipe; no calibration.
        data: Size of the data that was found.
        data_hash: Digest of the data.
    """

    facts: ReferenceFacts
    data: DataSize
    data_hash: str


def inspect(reference: str, choice: DataChoice, *, dataset: str = "") -> Inspected:
    """Build a reference and inspect its data, by default those that it is usually trained on."""
    found = load(reference)
    material = load_reference_data(dataset or found.dataset, choice)
    return Inspected(describe(found), material.size, material.digest)


def run(reference: str, plan: CalibrationPlan, variation: Variation, seed: int, *, dataset: str = "") -> Run:
    """Train once, or load the kept weights, and measure; memory that Keras keeps is freed afterwards.

    Args:
        reference: Its id.
        plan: Size of the data, and where weights are kept.
        variation: What to change.
        seed: Seed of weights, order and noise.
        dataset: "" for the reference's usual one.
    """
    source = reference_for(load(reference), variation)
    material = material_of(source, load_reference_data(dataset or source.dataset, plan.choice), variation)
    trained = _trained(source, material, variation, seed, plan.weights)
    values = {name: rounded(value) for name, value in measured(source, trained.models, material, seed).items()}
    strips: tuple[ImageStrip, ...] = ()
    if variation == REFERENCE and len(material.strip_images):
        strips = (strip("reference", image_metrics.reconstruct(trained.models.autoencoder, material.strip_images)),)
    record = CalibrationRun(
        variation=variation.name,
        seed=seed,
        epochs=trained.epochs,
        values=values,
        training_loss=None if trained.training_loss is None else rounded(trained.training_loss),
        seconds=round(trained.seconds, 1),
        host=host(),
    )
    keras.backend.clear_session()
    return Run(record, strips)


def _trained(
    source: Reference, material: ReferenceData, variation: Variation, seed: int, weights: Path | None
) -> TrainedReference:
    if weights is None:
        return train(source, material, variation, seed)
    epochs = planned_epochs(source, len(source.training_split(material.train)[0]), variation)
    key = RunKey(source.id, form_digest(describe(source)), material.digest, variation.name, seed, epochs)
    trained = recall(weights, key, source, variation)
    if trained is None:
        trained = train(source, material, variation, seed)
        keep(weights, key, replace(trained, models=as_keras(trained.models)))
    return trained


class _Book:
    """Collects the runs of one reference and writes its facts."""

    def __init__(self, reference: str, dataset: str, plan: CalibrationPlan) -> None:
        self.reference = reference
        self.dataset = dataset
        self._plan = plan
        self._source = load(reference)
        self._material = load_reference_data(dataset, plan.choice)
        self.size = self._material.size
        self._facts = describe(self._source)
        self._variations = variations(self._source)
        self._baselines: Baselines | None = None
        self._sized_baselines: dict[int, Baselines] = {}
        self._records: list[CalibrationRun] = []
        self._strips: tuple[ImageStrip, ...] = ()
        self._take_over(self._current())

    @property
    def name(self) -> str:
        """The reference, with its data set unless it is the usual one."""
        return self.reference if self.dataset == self._source.dataset else f"{self.reference} ({self.dataset})"

    def _current(self) -> ReferenceFacts:
        """Return the current facts, including what was already written for the same recipe and architecture."""
        written = load_facts(self.reference)
        if written is None or dict(written.recipe) != dict(self._facts.recipe):
            return self._facts
        if forms(written) != forms(self._facts):
            return self._facts
        kept = {name: written.elsewhere.get(name, {}) for name in self._facts.elsewhere}
        return replace(self._facts, calibrated=written.calibrated, elsewhere=kept, reached=written.reached)

    def _take_over(self, written: ReferenceFacts) -> None:
        """Keep earlier runs if they are of the same recipe, data and versions."""
        known = written.on(self.size, self.dataset)
        epochs = epochs_of(self._source, len(self._source.training_split(self._material.train)[0]))
        now = (self._material.digest, versions(), epochs)
        numbers = set(family_of(self._source).statistics)
        if known and known.recipe_digest not in ("", recipe_digest(self._source, self._material.train)):
            return
        if known and (known.data_hash, dict(known.versions), known.epochs) == now:
            self._records = [record for record in known.records if numbers <= set(record.values)]
            self._strips = known.strips
            for size, statistics_there in known.by_code_size.items():
                if numbers <= set(statistics_there):
                    self._sized_baselines[size] = {name: dict(one.baselines) for name, one in statistics_there.items()}
            if numbers <= set(known.statistics):
                self._baselines = {quantity: dict(one.baselines) for quantity, one in known.statistics.items()}

    def missing(self) -> list[tuple[Variation, int]]:
        """List the runs that are still missing, the most urgent first."""
        seeds = self._seeds()
        wanted = [(REFERENCE, seed) for seed in range(seeds)]
        for variation in self._variations:
            count = self._seeds_of(variation)
            wanted += [(variation, seed) for seed in range(count)]
        made = {(record.variation, record.seed) for record in self._records}
        return [(variation, seed) for variation, seed in wanted if (variation.name, seed) not in made]

    def _seeds_of(self, variation: Variation) -> int:
        if variation.code_size is not None:
            return 1 if variation.control else FEWEST_RUNS
        return {SHORT: SHORT_SEEDS, CONTROL: CONTROL_SEEDS}.get(variation, self._plan.variation_seeds)

    def _seeds(self) -> int:
        if self._plan.seeds is not None:
            return self._plan.seeds
        own = [record.seconds for record in self._records if record.variation == REFERENCE.name]
        if len(own) < FEW_SEEDS:
            return FEW_SEEDS
        usual = statistics.median(own)
        return MANY_SEEDS if usual < CHEAP_RUN_SECONDS else USUAL_SEEDS if usual < LONG_RUN_SECONDS else FEW_SEEDS

    def add(self, made: Run) -> None:
        """Add a run, and write the facts once they hold enough runs for a bound."""
        self._records.append(made.record)
        self._records.sort(key=self._order)
        if made.strips and (made.record.seed == 0 or not self._strips):
            self._strips = made.strips
        self.write()

    def write(self) -> None:
        """Summarise all runs and write the facts, once there are enough runs for a bound."""
        if sum(record.variation == REFERENCE.name for record in self._records) < FEWEST_RUNS:
            return
        honest = {REFERENCE.name, *(variation.name for variation in self._variations if variation.honest)}
        summary = summarise(self._source, self._material, self._records, self._known_baselines(), honest=honest)
        found = replace(summary, strips=self._strips, by_code_size=self._by_code_size())
        facts = self._current().with_calibrated(self.dataset, found)
        store(replace(facts, reached=reached(facts)))

    def _by_code_size(self) -> dict[int, Mapping[Quantity, Statistic]]:
        """Summarise the runs with other code sizes, each as if its size were the reference's own."""
        return {
            size: self._with_code(size)
            for size in self._source.code_sizes
            if sum(one.variation == of_code_size(REFERENCE, size).name for one in self._records) >= FEWEST_RUNS
        }

    def _with_code(self, size: int) -> Mapping[Quantity, Statistic]:
        usual = {of_code_size(one, size).name: one.name for one in (REFERENCE, CONTROL)}
        records = [replace(one, variation=usual[one.variation]) for one in self._records if one.variation in usual]
        source = reference_for(self._source, of_code_size(REFERENCE, size))
        if size not in self._sized_baselines:
            self._sized_baselines[size] = baselines(source, self._material)
        return statistics_of(source, records, self._sized_baselines[size], honest={REFERENCE.name})

    def _order(self, record: CalibrationRun) -> tuple[int, int]:
        names = [REFERENCE.name, *(variation.name for variation in self._variations)]
        return (names.index(record.variation) if record.variation in names else len(names), record.seed)

    def _known_baselines(self) -> Baselines:
        if self._baselines is None:
            self._baselines = baselines(self._source, self._material)
        return self._baselines


def baselines(source: Reference, material: ReferenceData) -> Baselines:
    """Return what trivial predictors, including the untrained reference, reach on the hidden data."""
    found = family_of(source).baselines(source, material)
    keras.utils.set_random_seed(0)
    untrained = measured(source, as_keras(source.build()), material, 0)
    return {
        quantity: {name: rounded(value) for name, value in found.get(quantity, {}).items()}
        | {Baseline.UNTRAINED: rounded(untrained[quantity])}
        for quantity in untrained
    }


def forms(facts: ReferenceFacts) -> dict[Role, Architecture]:
    """Return the architectures without the identities of their layers, which differ from build to build."""
    return {
        role: replace(form, layers=tuple(replace(layer, operation="") for layer in form.layers))
        for role, form in facts.architectures.items()
    }


def form_digest(facts: ReferenceFacts) -> str:
    """Return the SHA-256 of recipe and architectures: what the weights of a run depend on besides data and seed."""
    whole = repr((sorted(facts.recipe.items()), sorted((role.value, form) for role, form in _by_role(facts))))
    return hashlib.sha256(whole.encode()).hexdigest()


def _by_role(facts: ReferenceFacts) -> list[tuple[Role, object]]:
    return list(forms(facts).items())


def host() -> str:
    """Return the names of processor, cores and threads."""
    threads = tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count()
    return f"{platform.machine()}, {os.cpu_count()} cores, {threads} used"


def load_facts(reference: str) -> ReferenceFacts | None:
    """Read the facts of a reference, None if there are none yet."""
    path = _path(reference)
    return FACTS.validate_json(path.read_bytes()) if path.is_file() else None


def store(facts: ReferenceFacts) -> None:
    """Write the facts atomically, so that an interruption loses nothing."""
    path = _path(facts.reference)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(FACTS.dump_json(facts, indent=1) + b"\n")
    fresh.replace(path)


def _path(reference: str) -> Path:
    own = own_file(reference)
    return (FACTS_FOLDER if own is None else own.parent.parent / "facts") / f"{reference}.json"
