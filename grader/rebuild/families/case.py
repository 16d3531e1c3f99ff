"""One submission as a family sees it: its rebuilt models in their roles, and the samples for measuring them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from grader.domain.architecture import Architecture
from grader.domain.evidence import Evidence
from grader.domain.measurement import Measurement, MissedEntry
from grader.domain.ports import MeasuringTask
from grader.rebuild.network.model import Arrays, RebuiltModel
from grader.rebuild.network.roles import Cast
from grader.rebuild.quantities.conventions import PixelScale
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.quantities.samples import Samples
from reference.contract import Reference


@dataclass(frozen=True)
class Rebuilt:
    """What could be rebuilt of one submission.

    Attributes:
        evidence: Vetted claims.
        arrays: Vetted arrays, with random numbers in place of non-finite ones.
        models: All rebuilt models.
    """

    evidence: Evidence
    arrays: Arrays
    models: Sequence[RebuiltModel]


@dataclass(frozen=True)
class Setting:
    """What a submission is measured against.

    Attributes:
        reference: The reference of its assignment.
        task: Names that the assignment asks for, and the part of the data to measure on.
        choice: The data.
        numbers_only: Whether pictures, drawings and trivial predictors are left out, which a check in a notebook does
            not show: they take longer than the rest.
        reference_form: Canonical form of the reference's autoencoder, if its facts are at hand.
    """

    reference: Reference
    task: MeasuringTask
    choice: DataChoice
    numbers_only: bool = False
    reference_form: Architecture | None = None

    @property
    def contract(self) -> dict[str, str]:
        """The name that the assignment asks for, by role."""
        return dict(self.task.contract_names)


@dataclass(frozen=True)
class Case:
    """One submission with its models in their roles.

    Attributes:
        setting: What it is measured against.
        rebuilt: Its models.
        cast: The models in their roles.
        samples: The samples to measure on.
        public: Public samples, with which a model may be chosen.
        scale: The pixels that the models were trained on, None for [0, 1].
        dataset: Id of the data of the samples; "" if the family finds them itself.
        foreign: Id of images that the course does not allow but the autoencoder reconstructs far better; else "".
        remark: Further remark for the record on how the family's numbers were measured, after a semicolon.
        measurable: Whether the samples can be given to the models; False if the columns that they take are unknown.
    """

    setting: Setting
    rebuilt: Rebuilt
    cast: Cast
    samples: Samples
    public: npt.NDArray[np.float32]
    scale: PixelScale | None = None
    dataset: str = ""
    foreign: str = ""
    remark: str = ""
    measurable: bool = True


@dataclass(frozen=True)
class Surroundings:
    """What is measured besides the autoencoder.

    Attributes:
        values: Trivial predictors, other models of the notebook, properties of its layers.
        missed: Numbers of the notebook's comparison that are missing or not what we measure.
        compared: What the notebook claims for these entries, by entry.
    """

    values: tuple[Measurement, ...] = ()
    missed: tuple[MissedEntry, ...] = ()
    compared: Mapping[str, float] = field(default_factory=dict)
