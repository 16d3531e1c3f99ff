"""Checks an instructor's own reference before it grades a class, and reports each problem in a sentence.

Our references are guarded by tests; an instructor's is guarded only by this check. An undetected error would show as a
failure of every notebook.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import keras
import numpy as np

from grader.domain.datasets import datasets as known_sets
from grader.domain.messages import Message, message, verbatim
from grader.rebuild.facts.description import describe
from grader.rebuild.families.family_registry import family_names, family_of
from grader.rebuild.network.own_models import as_keras
from reference.contract import FUNCTIONS, NAMES, NUMBERS, Autoencoder, Reference, module, own_file, reference_of

_SAMPLES = 24
_ENOUGH_SAMPLES = 8_000  # as many as a sample of images has
_GAP = 1e-3


def problems_of(reference: str) -> tuple[Message, ...]:
    """Return what is wrong with a reference, one sentence with file and line for each problem; empty if usable.

    Args:
        reference: Its id; an instructor's own one is found as `reference.contract.module` finds it.
    """
    file = own_file(reference)
    place = str(file or reference)
    try:
        source = module(reference)
    except KeyError:
        return (message("{place}: {reason}", place=place, reason=message("there is no such reference.")),)
    except Exception as error:  # noqa: BLE001 - the module is the instructor's and may raise anything
        return (_raised(file, error, message("while it was imported")),)
    found = tuple(_wrong_values(reference, source))
    if not found:
        try:
            found = tuple(_wrong_models(reference_of(source)))
        except Exception as error:  # noqa: BLE001 - as above
            return (_raised(file, error, message("while its models were built and tried out")),)
    return tuple(message("{place}: {reason}", place=place, reason=reason) for reason in found)


def _wrong_values(reference: str, source: ModuleType) -> Iterator[Message]:
    had = vars(source)
    missing = [name for name in NAMES if name not in had]
    for name in missing:
        yield message("{name} is missing; a reference has {known}.", name=name, known=", ".join(NAMES))
    for name in (name for name in NUMBERS if name in had):
        if not isinstance(had[name], int) or isinstance(had[name], bool) or had[name] < 1:
            yield message("{name} must be a whole number from 1, found {found}.", name=name, found=repr(had[name]))
    for name in (name for name in FUNCTIONS if name in had):
        if not callable(had[name]):
            yield message("{name} must be a function.", name=name)
    if had.get("ID", reference) != reference:
        yield message("ID is {found}, but the file belongs to {id}.", found=repr(had["ID"]), id=reference)
    if not missing:
        yield from _wrong_choices(reference_of(source))


def _wrong_choices(reference: Reference) -> Iterator[Message]:
    """Check what is chosen from a list: data sets, and the family with what it requires."""
    if reference.dataset not in known_sets():
        known = ", ".join(known_sets())
        yield message("DATASET is {found}; there are {known}.", found=repr(reference.dataset), known=known)
    elif not _fit_together(reference.dataset, reference.datasets):
        yield message(
            "DATASETS is {found}; it names DATASET first, and others whose samples have the same shape.",
            found=repr(reference.datasets),
        )
    try:
        needs = family_of(reference).needs
    except KeyError:
        known = ", ".join(family_names())
        yield message("JUDGED_BY is {found}; there are {known}.", found=repr(reference.family), known=known)
        return
    for name in (name for name in needs if name not in reference.offers):
        yield message(
            "{name} is missing; a reference judged by {family} has {known}.",
            name=name,
            family=reference.family,
            known=", ".join(needs),
        )


def _fit_together(usual: str, datasets: tuple[str, ...]) -> bool:
    """Return whether the data sets are known, have samples of one shape, and start with the usual one."""
    shapes = {known.sample_shape if known else None for known in map(known_sets().get, datasets)}
    return datasets[:1] == (usual,) and len(shapes) == 1 and None not in shapes


def _wrong_models(reference: Reference) -> Iterator[Message]:
    """Build, compile and run the models once on random samples."""
    built = reference.build()
    if not isinstance(built, tuple) or len(built) != len(Autoencoder._fields):
        yield message("build() must return Autoencoder(encoder, decoder, autoencoder).")
        return
    models = Autoencoder(*built)
    if hasattr(models.autoencoder, "arrays"):  # a network in NumPy
        models = as_keras(models)
    for name, model in zip(Autoencoder._fields, models, strict=True):
        if not isinstance(model, keras.Model):
            yield message("the {name} that build() returns must be a Keras model.", name=name)
            return
    describe(reference)
    shape = known_sets()[reference.dataset].sample_shape
    samples = np.random.default_rng(0).random((_SAMPLES, *shape)).astype(np.float32)
    train, _ = reference.training_split(np.broadcast_to(samples[0], (_ENOUGH_SAMPLES, *samples[0].shape)))
    if not len(train):
        yield message("training_split() leaves no sample to train on.")
    x, y = reference.inputs_and_targets(samples, np.random.default_rng(0))
    code = np.asarray(models.encoder(x))
    output, chained = np.asarray(models.autoencoder(x)), np.asarray(models.decoder(code))
    size = int(np.prod(code.shape[1:]))
    if size != reference.code_size and "code_size" not in reference.free:
        yield message("CODE_SIZE is {stated}, but the encoder gives {found}.", stated=reference.code_size, found=size)
    if reference.train is None and output.shape != np.shape(y):
        yield message(
            "the autoencoder gives arrays of shape {found}, but inputs_and_targets() wants {wanted}.",
            found=str(output.shape),
            wanted=str(np.shape(y)),
        )
    if output.shape != chained.shape or np.max(np.abs(output - chained)) > _GAP * max(1.0, float(np.abs(output).max())):
        yield message("autoencoder(x) is not decoder(encoder(x)): the three models must share their layers.")


def _raised(file: Path | None, error: Exception, when: Message) -> Message:
    """Report an error of the instructor's code with the last of its lines in the traceback."""
    line = error.lineno if isinstance(error, SyntaxError) and error.filename == str(file) else None
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == str(file):
            line = frame.lineno
    place = str(file or "–") if line is None else f"{file}:{line}"
    said = verbatim(f"{type(error).__name__}: {error}".splitlines()[0])
    return message("{place}: {error} ({when})", place=place, error=said, when=when)
