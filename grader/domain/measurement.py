"""What zone M (the measuring process) computed. Only this and our own observation of the run earn points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from grader.domain.architecture import Architecture
from grader.domain.datasets import Held, MeasuredSize
from grader.domain.evidence import RelatedClaims
from grader.domain.messages import Message, MessageValue, message
from grader.domain.portrait import Portrait
from grader.domain.quantities import Quantity as Quantity
from grader.domain.units import Unit

NOT_FINITE: Final = message("Its weights are not finite numbers (NaN).")


class Role(StrEnum):
    """The part that a model plays in an autoencoder."""

    ENCODER = "encoder"
    DECODER = "decoder"
    AUTOENCODER = "autoencoder"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number that we computed ourselves.

    Attributes:
        name: Which quantity.
        value: The number; always finite (a quantity that is not finite is a `MeasuringProblem`).
        unit: The quantity's unit on the measured data: `1` for a pure number, `pixel²`, …
        how: How and on which data it was measured, in English, for the record.
    """

    name: Quantity
    value: float
    unit: str
    how: str

    def __post_init__(self) -> None:
        """Refuse a unit that the quantity has on no data set, and store the unit as the text that files hold.

        Raises:
            ValueError: The unit is none of `Unit`, or that of another quantity.
        """
        unit = Unit(self.unit)
        if not self.name.spec.has_unit(unit):
            raise ValueError(f"{self.name} is measured in {self.name.spec.unit}, not in {unit}")
        object.__setattr__(self, "unit", unit.value)


@dataclass(frozen=True, slots=True)
class MeasuredModel:
    """A model that zone M rebuilt.

    Attributes:
        role: Its role.
        name: What the student called it, for messages only.
        architecture: Its canonical form, from the rebuilt model and not from the claim.
        shared_with_autoencoder: Whether every array it holds is also the autoencoder's, by identity or value for value.
        made: Whether the notebook made this model; False if zone M cut it out of another or joined it from two. Its
            name is then that of the tensor where it was cut, or "".
    """

    role: Role
    name: str
    architecture: Architecture
    shared_with_autoencoder: bool = True
    made: bool = True


@dataclass(frozen=True, slots=True)
class MeasuringProblem:
    """Something that could not be rebuilt or measured.

    Attributes:
        model: What the student called the model, or "".
        reason: Why.
        ours: True if the fault or the gap is the grader's (then the grade waits for a person).
    """

    model: str
    reason: Message
    ours: bool


@dataclass(frozen=True, slots=True)
class ImageStrip:
    """A row of small grey pictures for the report.

    Attributes:
        title: `original`, `student`, `reference` or another label.
        height: Pixels.
        width: Pixels.
        images: Each picture as base64 of one byte a pixel, row by row, 0 black to 255 white.
    """

    title: str
    height: int
    width: int
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MissedEntry:
    """An entry of the notebook's comparison that is missing, or whose number is wrong.

    Attributes:
        entry: Its place (`comparison['sgd']`); we build this text from the names asked for.
        measured: What the model reaches on the validation images, None if no such trained model was found.
    """

    entry: str
    measured: float | None


@dataclass(frozen=True, slots=True)
class Measurements:
    """Everything that zone M measured of one submission.

    Attributes:
        models: The models by role, as far as found and rebuilt.
        values: Numbers by quantity, as far as measurable.
        problems: What could not be rebuilt or measured, and whether the fault is ours.
        bypass: A layer that passes the image around the code, described for the report, or None.
        strips: Pictures for the report.
        data: Which data was used: `sample` or `full`.
        images: Which part of them: `hidden`, which only zone M has, or `public`, in a student's own check.
        dataset: Id of the data set that was measured on; "" for the reference's usual one.
        foreign: Id of a data set that the course does not allow here but on which the autoencoder was trained: it
            reconstructs those images far better than the allowed ones. Else "".
        candidates: How many autoencoders the notebook held.
        claims: The notebook's claims about the measured models; the only field that is not measured by us.
        missed: Entries of the notebook's comparison that are missing or differ from what we measure.
        equivalent: A network with the reference's layers and the student's activations and code width that computes the
            same function as the autoencoder, whatever the weights; None if none was looked for or found.
        conventions: Conversions that were needed so that the model's numbers are pixels in [0, 1], in words.
        another_size: Whether the autoencoder's input or output does not fit the data, so that samples could not be
            used.
        pixels: The numbers for black and white in training, if they are not 0 and 1: found from what was fitted, and
            kept only if the model reconstructs such pixels clearly better than those in [0, 1].
        by_behaviour: Whether the autoencoder was run in the second sandbox and not rebuilt; its layers are then
            unknown.
        view: Kind of secret view (`reference.views`) that does not affect an honest training of this notebook; "" if
            there is none, as for data that notebooks make themselves.
        fingerprint: A few numbers computed from the autoencoder's weights; equal for a model and its copy.
        portrait: What the report draws besides the numbers.
    """

    models: Mapping[Role, MeasuredModel] = field(default_factory=dict)
    values: Mapping[Quantity, Measurement] = field(default_factory=dict)
    problems: tuple[MeasuringProblem, ...] = ()
    bypass: Message | None = None
    strips: tuple[ImageStrip, ...] = ()
    data: MeasuredSize = ""
    dataset: str = ""
    foreign: str = ""
    candidates: int = 0
    claims: RelatedClaims = field(default_factory=RelatedClaims)
    missed: tuple[MissedEntry, ...] = ()
    equivalent: Architecture | None = None
    conventions: tuple[Message, ...] = ()
    pixels: tuple[float, float] | None = None
    by_behaviour: bool = False
    images: Held = Held.HIDDEN
    another_size: bool = False
    view: str = ""
    fingerprint: tuple[float, ...] = ()
    portrait: Portrait = field(default_factory=Portrait)

    def value(self, name: Quantity) -> float | None:
        """Return the value of a quantity, None if it was not measured."""
        found = self.values.get(name)
        return None if found is None else found.value


class MeasuringFailedError(Exception):
    """The measuring process crashed, timed out or ran out of memory: our failure, never a student's."""


def cannot_be_rebuilt(*, reason: MessageValue) -> Message:
    """Say why zone M (the measuring process) cannot rebuild a model."""
    return message("The model cannot be rebuilt: {reason}.", reason=reason)
