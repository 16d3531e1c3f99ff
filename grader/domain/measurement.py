"""What zone M computed. Only these values and our own observation of the run earn points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from grader.domain.architecture import Architecture
from grader.domain.evidence import RelatedClaims
from grader.domain.messages import Message, MessageValue, message
from grader.domain.portrait import Portrait
from grader.domain.quantities import Quantity as Quantity
from grader.domain.units import Unit

NOT_FINITE: Final = message("Its weights are not finite numbers (NaN).")


class Role(StrEnum):
    """What a model is in an autoencoder."""

    ENCODER = "encoder"
    DECODER = "decoder"
    AUTOENCODER = "autoencoder"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number that we computed ourselves.

    Attributes:
        name: Which quantity.
        value: The number; always finite (a quantity that is not finite is a `MeasuringProblem`).
        unit: The quantity's own on the data it was measured on: `1` for a pure number, `pixel²`, …
        how: On what and how it was measured, in English, for the record.
    """

    name: Quantity
    value: float
    unit: str
    how: str

    def __post_init__(self) -> None:
        """Refuse a unit that the quantity has on no data set, and keep its text as a file holds it.

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
        role: What it is.
        name: What the student called it, for messages only.
        architecture: Its canonical form, from the rebuilt model and not from the claim.
        shared_with_autoencoder: Every array it holds is one of the autoencoder's own, value for value.
        made: The notebook made this model; False where it was cut out of another or put together by zone M. Its name is
            then that of the tensor where it was cut, or "".
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
        ours: True where the fault or the gap is the grader's (then the grade waits for a person).
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
    """A number that the notebook's comparison should hold, and does not.

    Attributes:
        entry: Where it stands, or should (`comparison['sgd']`); built by us from the names asked for.
        measured: What the model reaches on the validation images, None where no such trained model was found.
    """

    entry: str
    measured: float | None


@dataclass(frozen=True, slots=True)
class Measurements:
    """Everything that zone M found out about one submission.

    Attributes:
        models: The models by role, as far as found and rebuilt.
        values: Numbers by quantity, as far as measurable.
        problems: What could not be rebuilt or measured, and whose fault that is.
        bypass: A layer that carries the image past the code, in words for the report, or None.
        strips: Pictures for the report.
        data: Which data was used: `sample` or `full`.
        images: Which part of them: `hidden`, which nobody has, or `public`, in a student's own check.
        dataset: Id of the data set that was measured on; "" for the reference's usual one.
        foreign: Id of a data set that the course does not allow here, whose images the autoencoder gives back far
            better than those it was measured on: it was trained on them. Else "".
        candidates: How many autoencoders the notebook held.
        claims: What the notebook claims of the models that were measured; nothing here is measured by us.
        missed: Numbers of the notebook's comparison that are missing or not what we measure.
        equivalent: A network of the reference's layers, with the activations and the code width of the student's, that
            computes what the autoencoder does whatever the weights; None where none was looked for or found.
        conventions: What had to be done so that the model's numbers stand for pixels in [0, 1], in words.
        another_size: The autoencoder takes or gives no sample of the data, so that nothing was measured on samples.
        pixels: The numbers of black and of white that the model was trained on, where they are not 0 and 1: found from
            what was fitted, and kept only where the model gives such pixels back clearly better than those of [0, 1].
        by_behaviour: The autoencoder was run in the second sandbox and not rebuilt: nothing is known of its layers.
        view: Kind of secret view (`reference.views`) that an honest training of this notebook does not notice; "" where
            there is none, as for data that notebooks make themselves.
        fingerprint: A few numbers of the autoencoder's weights that are equal where one is a copy of another.
        portrait: What the report draws beside the numbers.
    """

    models: Mapping[Role, MeasuredModel] = field(default_factory=dict)
    values: Mapping[Quantity, Measurement] = field(default_factory=dict)
    problems: tuple[MeasuringProblem, ...] = ()
    bypass: Message | None = None
    strips: tuple[ImageStrip, ...] = ()
    data: str = ""
    dataset: str = ""
    foreign: str = ""
    candidates: int = 0
    claims: RelatedClaims = field(default_factory=RelatedClaims)
    missed: tuple[MissedEntry, ...] = ()
    equivalent: Architecture | None = None
    conventions: tuple[Message, ...] = ()
    pixels: tuple[float, float] | None = None
    by_behaviour: bool = False
    images: str = "hidden"
    another_size: bool = False
    view: str = ""
    fingerprint: tuple[float, ...] = ()
    portrait: Portrait = field(default_factory=Portrait)

    def value(self, name: Quantity) -> float | None:
        """Return the number called `name`, or None where it was not measured."""
        found = self.values.get(name)
        return None if found is None else found.value


class MeasuringFailedError(Exception):
    """The measuring process broke, timed out or ran out of memory: our failure, never a student's."""


def cannot_be_rebuilt(*, reason: MessageValue) -> Message:
    """Say why zone M (the measuring process) cannot rebuild a model."""
    return message("The model cannot be rebuilt: {reason}.", reason=reason)
