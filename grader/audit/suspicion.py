"""Signs that a model was not trained in the run: reasons to look closer, never a verdict.

Each is a pure function of what the grader observed from outside, with a sentence for the report. The kernel's claims
can make a hand-in suspicious but never clear it. A wrong suspicion costs one more run, nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from grader.audit.literals import pasted_bytes
from grader.domain.datasets import DataSize, image_sets
from grader.domain.evidence import Evidence, FitClaim
from grader.domain.facts import ReferenceFacts
from grader.domain.measurement import Measurements, Quantity, Role
from grader.domain.messages import Message, message
from grader.domain.run import RunRecord
from grader.domain.submission import CodeCell, Companion
from grader.reading.reading_client import within_limits

BITS_A_WEIGHT: Final = 0.5
"""Data with fewer bits per weight than this are not taken for weights. A choice: an attack with 2 bits a weight and
three epochs after them had every point, and too much caution costs one more run."""

BITS_THAT_SUFFICE: Final = 2.0
"""Data with as many bits per weight can hold a network that is as good as a trained one (that attack)."""

FEWEST_BYTES: Final = 1_500
"""Fewer bytes than this are an icon or a key, whatever the size of the network."""

TIMES_FASTER: Final = 8.0
"""A training in less than an eighth of the reference's seconds per sample is suspicious. A choice that leaves room for
larger batches and other processors: solutions on the sample took 1.2 to 2.6 times those seconds."""

LEAST_MEMORY_MIB: Final = 150.0
"""Keras with TensorFlow needs more: runs with it peaked at 750 to 990 MiB, claims written without it at 62."""

LEAST_EPOCHS: Final = 3
LEAST_DROP: Final = 0.02
"""A training from fresh weights lowers its loss by more than this share between its first and its last epoch."""

SAME_LOSS: Final = 1.05
"""If the first epoch's loss is at most this multiple of the final loss, there was nothing left to learn."""

MOST_COMPARED: Final = 200
"""With more trainings than this, claims hold only the newest, which may well have had nothing left to learn."""

SOONER: Final = 2.0
"""Fewer than half of the updates of the reference's short training (a tenth of its epochs) cannot explain a model that
is closer to the full reference than to the short one. A choice: on the sample, `simple-dense` reaches 0.0385 after 290
updates and 0.0110 after 2,900; with a PCA as its weights, it has 0.0171 after none."""

FASTER: Final = 3.0
"""Fewer than a third of the updates after which the reference is about as good are worth one more run. A choice: no
variation of a recipe in the facts (other optimizers, batches) is suspected by it (a test checks them)."""

WITHOUT_KERAS: Final = "NumPy"
"""Class of the claim of a network in NumPy, the same as `grader.probe.numpy_models.WITHOUT_KERAS`; a test compares."""


@dataclass(frozen=True)
class Observed:
    """One run with all that the grader knows of it.

    Attributes:
        cells: The code as it was run.
        companions: Files that lay beside it.
        run: What was seen from outside.
        evidence: What the kernel said.
        measurements: What zone M (the measuring process) found.
        facts: What a right model does.
        data: Size of the data that it was run on.
        shortened: Trainings were ended early by us, after as many steps as each tells.
        twins: Other students with the same weights, where no seed explains them.
    """

    cells: Sequence[CodeCell]
    companions: Sequence[Companion]
    run: RunRecord
    evidence: Evidence
    measurements: Measurements
    facts: ReferenceFacts
    data: DataSize
    shortened: bool = False
    twins: tuple[str, ...] = ()

    @cached_property
    def pasted_bytes(self) -> int:
        """Bytes of data in the text and in the files beside it, in pieces and after compression."""
        return within_limits(pasted_bytes, self.cells, self.companions)


def suspicions(observed: Observed) -> tuple[Message, ...]:
    """Return every reason to look closer, none if no model was measured and no point hangs on a training."""
    if Role.AUTOENCODER not in observed.measurements.models:
        return ()
    return tuple(reason for rule in RULES if (reason := rule(observed)) is not None)


def pasted_data(observed: Observed) -> Message | None:
    """Compare the data in the text, in pieces and after compression, with the size of the network."""
    found, numbers = observed.pasted_bytes, _parameters(observed)
    if found < max(FEWEST_BYTES, numbers * BITS_A_WEIGHT / 8):
        return None
    return message(
        "The code and the files beside it hold {size} of data that are no code, and the network has {count} numbers.",
        size=_size(found),
        count=numbers,
    )


def holds_weights(observed: Observed) -> bool:
    """Return whether the data in the text are enough for a whole network, and not only worth a look."""
    return observed.pasted_bytes >= max(FEWEST_BYTES, _parameters(observed) * BITS_THAT_SUFFICE / 8)


def no_training(observed: Observed) -> Message | None:
    """Say that nobody saw a training of the network that was measured."""
    if observed.measurements.claims.trained:
        return None
    return message("No training of the measured network was seen while the notebook ran.")


def too_fast(observed: Observed) -> Message | None:
    """Compare the processor time of the run with what the reference needs for the claimed epochs and samples."""
    seconds, expected = observed.run.processor_seconds, _seconds_of_reference(observed)
    if seconds is None or expected is None or seconds >= expected / TIMES_FASTER:
        return None
    return message(
        "The whole run kept the processors busy for {seconds} s; the trainings that it tells of take the reference "
        "about {expected} s.",
        seconds=f"{seconds:.0f}",
        expected=f"{expected:.0f}",
    )


def too_little_memory(observed: Observed) -> Message | None:
    """Notice a model of Keras that came out of a process in which TensorFlow was never loaded."""
    peak = observed.run.peak_memory_mib
    keras = any(model.class_name != WITHOUT_KERAS for model in observed.evidence.models)
    if not 0 < peak < LEAST_MEMORY_MIB or not keras:
        return None
    return message(
        "The run never held more than {peak} MiB of memory: Keras, with which its model is said to be made, takes "
        "more.",
        peak=f"{peak:.0f}",
    )


def nothing_left_to_learn(observed: Observed) -> Message | None:
    """Notice that no training began with a loss above the one it ended with.

    One that we ended early tells nothing: it may have learnt all within its first epoch, with whose loss the rest of
    its history is filled.
    """
    whole = (fit for fit in observed.evidence.fits if not (observed.shortened and fit.accepted_after > 0))
    compared = [(fit, end) for fit in whole if (end := _loss_in_the_end(fit, observed)) is not None]
    if not 0 < len(compared) <= MOST_COMPARED or not all(_began_where_it_ended(fit, end) for fit, end in compared):
        return None
    return message(
        "The first epoch was already as good as the last (loss {first} and {last}), as where the weights were there "
        "before.",
        first=f"{compared[0][0].first_loss:.4g}",
        last=f"{compared[0][1]:.4g}",
    )


def learnt_too_soon(observed: Observed) -> Message | None:
    """Compare the updates that the run tells of with those after which the reference is as good.

    Both numbers of the reference are of the same network on the same data, so updates are compared with updates.
    """
    seen, trained = _updates_claimed(observed), _trainings_of_reference(observed)
    if seen is None or trained is None or seen * SOONER > trained.short:
        return None
    if trained.error > (trained.least_short + trained.reached[1]) / 2:
        return None
    return _sooner(seen, trained.short, trained.least_short, trained.error)


def learnt_with_few_updates(observed: Observed) -> Message | None:
    """Notice a model that is better than its updates explain, though a good recipe may explain it.

    The updates that the reference needs are interpolated between the best of its short trainings and its whole one. So
    a start from weights that were there before is noticed where something of them was spoilt, so that the loss falls.
    """
    seen, trained = _updates_claimed(observed), _trainings_of_reference(observed)
    if seen is None or trained is None or learnt_too_soon(observed) is not None:
        return None
    error, short, whole = trained.error, trained.least_short, trained.reached[1]
    if error >= short or whole >= short:
        return None
    share = min(1.0, (short - error) / (short - whole))
    needed = trained.short * (trained.whole / trained.short) ** share
    if seen * FASTER >= needed:
        return None
    return _sooner(seen, needed, max(error, whole), error)


def same_weights(observed: Observed) -> Message | None:
    """Say that another hand-in's network holds the same weights although no seed makes two trainings alike.

    Students read this in their reports, so it names no one; `grader alike --grades` does, for the instructor.
    """
    if not observed.twins:
        return None
    return message(
        "The weights are those of another hand-in, and the notebook sets no seed that would explain it. The instructor "
        "finds with `grader alike --grades` whose they are."
    )


RULES: Final[tuple[Callable[[Observed], Message | None], ...]] = (
    pasted_data, no_training, too_fast, too_little_memory, nothing_left_to_learn, learnt_too_soon,
    learnt_with_few_updates, same_weights,
)  # fmt: skip
"""Every reason, in the order of the report."""


def trains_unseen(observed: Observed) -> bool:
    """Return whether the model is a network without Keras, whose training nobody can see: it is always audited."""
    return any(model.class_name == WITHOUT_KERAS for model in observed.evidence.models)


def unexplained(observed: Observed) -> bool:
    """Return whether the claimed trainings fail to explain what the model has learnt."""
    return any(rule(observed) is not None for rule in (no_training, nothing_left_to_learn, learnt_too_soon))


def updates(fits: Sequence[FitClaim]) -> int:
    """Return the number of steps in the claimed trainings, with one for an epoch of unknown length."""
    return sum(max(1, fit.epochs) * max(1, math.ceil(fit.samples / fit.batch_size)) for fit in fits if fit.batch_size)


def _parameters(observed: Observed) -> int:
    return observed.measurements.models[Role.AUTOENCODER].architecture.parameters


def _seconds_of_reference(observed: Observed) -> float | None:
    """Return the seconds that the reference takes for as many epochs of as many samples, None if unknown."""
    known = observed.facts.on(observed.data, observed.measurements.dataset)
    samples = _training_samples(observed).get(observed.data)
    records = [one for one in known.records if one.variation == "reference" and one.epochs > 0] if known else []
    if not records or samples is None:
        return None
    each = min(one.seconds / (one.epochs * samples) for one in records)
    return each * sum(_samples_seen(fit, shortened=observed.shortened) for fit in observed.evidence.fits)


def _samples_seen(fit: FitClaim, *, shortened: bool) -> int:
    """Return the number of samples in a claimed training, each counted as often as it was seen."""
    if shortened and fit.accepted_after > 0:
        return min(fit.accepted_after * fit.batch_size, fit.epochs * fit.samples)
    return fit.epochs * fit.samples


def _updates_claimed(observed: Observed) -> int | None:
    """Return the number of updates in all claimed trainings, None if one is unknown or there is none."""
    counts = [_updates_of(fit, shortened=observed.shortened) for fit in observed.evidence.fits]
    return None if not counts or None in counts else sum(count or 0 for count in counts)


def _updates_of(fit: FitClaim, *, shortened: bool) -> int | None:
    if fit.how == "loop":
        return fit.updates or None
    if shortened and fit.accepted_after > 0:
        return fit.accepted_after
    if fit.samples <= 0 or fit.batch_size <= 0:
        return None
    whole = max(1, fit.epochs) * math.ceil(fit.samples / fit.batch_size)
    return min(whole, fit.updates) if fit.updates else whole  # `steps_per_epoch` makes epochs short


@dataclass(frozen=True, slots=True)
class _Trainings:
    """The reference's short and whole training on the same data, and what was measured of a model.

    Attributes:
        short: Updates of the short one.
        whole: Updates of the whole one.
        reached: Mean error after each.
        least_short: The smallest error after a short one.
        error: The model's.
    """

    short: int
    whole: int
    reached: tuple[float, float]
    least_short: float
    error: float


def _trainings_of_reference(observed: Observed) -> _Trainings | None:
    """Return the trainings of the reference on a size of the data for which both are known, None if there is none."""
    batch = observed.facts.recipe.get("batch_size")
    samples = _training_samples(observed)
    quantity = Quantity.DENOISED_MSE if observed.measurements.value(Quantity.DENOISED_MSE) is not None else _ERROR
    error = observed.measurements.value(quantity)
    if not isinstance(batch, int) or batch <= 0 or error is None:
        return None
    for size in (observed.data, *samples):
        known = observed.facts.on(size, observed.measurements.dataset)
        if known is None or size not in samples:
            continue
        short, whole = (
            [one for one in known.records if one.variation == name and one.epochs > 0]
            for name in ("short", "reference")
        )
        if not short:
            continue
        errors = [[one.values[quantity] for one in records if quantity in one.values] for records in (short, whole)]
        if not all(errors):
            return None
        steps = math.ceil(samples[size] / batch)
        counts = [min(one.epochs for one in records) * steps for records in (short, whole)]
        means = [sum(found) / len(found) for found in errors]
        return _Trainings(counts[0], counts[1], (means[0], means[1]), min(errors[0]), error)
    return None


def _sooner(seen: int, needed: float, reached: float, error: float) -> Message:
    return message(
        "The trainings that the run tells of made {seen} updates of the weights; the reference needs {needed} to come "
        "to {reached} (mean squared error), and this model has {error}.",
        seen=seen,
        needed=round(needed),
        reached=f"{reached:.4f}",
        error=f"{error:.4f}",
    )


def _training_samples(observed: Observed) -> Mapping[DataSize, int]:
    """Return how many images there are to train on, by size of the data; none if they are no images."""
    data = image_sets().get(observed.measurements.dataset or observed.facts.dataset)
    return {} if data is None else data.training


def _loss_in_the_end(fit: FitClaim, observed: Observed) -> float | None:
    """Return the loss with which the first loss of a training is compared, None if unknown.

    That is the loss of its last epoch or, for one or two epochs and a plain loss, our own measurement of the model: the
    mean loss of an epoch is above the loss at its end.
    """
    if fit.first_loss is None:
        return None
    if fit.epochs >= LEAST_EPOCHS:
        return fit.last_loss
    compiled = next((one.compiled for one in observed.evidence.models if one.model == fit.model), {})
    quantity = _MEASURED_AS.get(str(compiled.get("loss")))
    return None if quantity is None else observed.measurements.value(quantity)


def _began_where_it_ended(fit: FitClaim, end: float) -> bool:
    first = fit.first_loss or 0.0
    if fit.epochs < LEAST_EPOCHS:
        return first <= SAME_LOSS * end
    return first - end < LEAST_DROP * abs(first)


_ERROR: Final = Quantity.RECONSTRUCTION_MSE
_MEASURED_AS: Final = {
    "mse": Quantity.RECONSTRUCTION_MSE,
    "mean_squared_error": Quantity.RECONSTRUCTION_MSE,
    "binary_crossentropy": Quantity.RECONSTRUCTION_BCE,
}
"""Losses that are measured again on hidden images."""


def _size(count: int) -> str:
    return f"{count / 1000:.0f} kB" if count >= 1000 else f"{count} B"
