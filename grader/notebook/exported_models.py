"""Exports a student's models through the probe and the border, as grading does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from grader.domain.architecture import Shape
from grader.domain.datasets import image_numbers
from grader.domain.evidence import Evidence
from grader.domain.measurement import MeasuringProblem, Role, cannot_be_rebuilt
from grader.domain.messages import verbatim
from grader.extraction.claims import collect
from grader.notebook.models_at_hand import Gathered
from grader.notebook.namespace import steps_of
from grader.probe.export import Exporter, named_models
from grader.probe.fit_record import FitRecord
from grader.probe.fits import FitTracker

LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class ExportedModels:
    """Evidence of the models of one call.

    Attributes:
        evidence: What passed the border; its arrays live as long as the folder.
        claims: Id of each model's claim, by role.
        names: What the notebook calls each model, by role.
    """

    evidence: Evidence
    claims: Mapping[Role, str]
    names: Mapping[Role, str]


@contextmanager
def exported_models(gathered: Gathered, shapes: Mapping[Role, Shape]) -> Iterator[ExportedModels]:
    """Export the models and take them over the border; the files are deleted afterwards.

    Args:
        gathered: The models.
        shapes: What the reference's models take, for those that do not know their own input yet.

    Raises:
        RejectedClaimsError: The models are larger than a submission may be.
    """
    with TemporaryDirectory(prefix="grader-check-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        exporter = (_OwnNetwork if gathered.in_numpy else _ChosenModels)(gathered, folder / "claims")
        exporter.inputs = {found.name: shapes[role] for role, found in gathered.models.items() if role in shapes}
        exporter.export()
        names = {role: found.name[:LONGEST_NAME] for role, found in gathered.models.items()}
        if gathered.in_numpy:
            names = {role: role.value for role in Role}
        yield ExportedModels(collect(folder, folder / "vetted"), exporter.claims(), names)


def refused(name: str, reason: str) -> MeasuringProblem:
    """Say that a model cannot be rebuilt, in the words of the grade."""
    text = cannot_be_rebuilt(reason=verbatim(reason))
    return MeasuringProblem(name, text, ours=True)


class _ChosenModels(Exporter):
    """Exports only the given models: the notebook also holds old versions, and copies made by us.

    Where all names of the notebook are looked at, the models that stand behind them are exported as well.
    """

    def __init__(self, gathered: Gathered, folder: Path) -> None:
        chosen = {found.name: found.model for found in gathered.models.values()}
        self._roles = {role: found.model for role, found in gathered.models.items()}
        self._bystanders = [model for _, model in named_models(gathered.notebook)] if gathered.notebook else []
        layers = {found.name: found.model for found in gathered.layers.values() if found.name.isidentifier()}
        super().__init__({**gathered.notebook, **chosen, **layers}, folder, self._tracker_of(gathered), [])

    def claims(self) -> dict[Role, str]:
        """Return the id of each model's claim, by role."""
        order = [id(model) for model in self._living_models()]
        return {role: f"m{order.index(id(model))}" for role, model in self._roles.items()}

    def _living_models(self) -> list[object]:
        return list({id(model): model for model in (*self._roles.values(), *self._bystanders)}.values())

    def _tracker_of(self, gathered: Gathered) -> FitTracker:
        """Claim the trainings that the optimizers remember, since `fit` was not observed here."""
        fitted = [model for model in self._bystanders if steps_of(model)]
        whole = gathered.models.get(Role.AUTOENCODER)
        if whole is not None and gathered.trained:
            fitted.append(whole.model)
        return FitTracker([FitRecord(model, completed=True) for model in fitted])


class _OwnNetwork(Exporter):
    """Exports the network that a notebook made of arrays, and no Keras model."""

    def __init__(self, gathered: Gathered, folder: Path) -> None:
        super().__init__(gathered.notebook, folder, FitTracker([]), [])
        self.sample_sizes = image_numbers()

    def claims(self) -> dict[Role, str]:
        """Return the id of each part's claim, by role."""
        return {Role.AUTOENCODER: "m0", Role.ENCODER: "m1", Role.DECODER: "m2"}

    def _living_models(self) -> list[object]:
        return []
