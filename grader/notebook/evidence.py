"""The way of a student's models out of their hands: probe, border, evidence; the same as in grading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from grader.domain.evidence import Evidence
from grader.domain.measurement import MeasuringProblem, Role
from grader.domain.messages import message, verbatim
from grader.extraction.claims import collect
from grader.notebook.gathering import Found, Gathered
from grader.probe.export import Exporter
from grader.probe.hooks import FitRecord, FitTracker

LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Exhibit:
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
def exhibit(gathered: Gathered) -> Iterator[Exhibit]:
    """Export the models and take them through the border; the files are gone afterwards.

    Raises:
        RejectedClaimsError: The models are larger than a submission may be.
    """
    with TemporaryDirectory(prefix="grader-check-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        exporter = _ChosenModels(gathered.models, folder / "claims", _tracker(gathered))
        exporter.export()
        names = {role: found.name[:LONGEST_NAME] for role, found in gathered.models.items()}
        yield Exhibit(collect(folder, folder / "vetted"), exporter.claims(), names)


def refused(name: str, reason: str) -> MeasuringProblem:
    """Say that a model cannot be rebuilt, in the words of the grade."""
    text = message("The model cannot be rebuilt: {reason}.", reason=verbatim(reason))
    return MeasuringProblem(name, text, ours=True)


class _ChosenModels(Exporter):
    """Exports the given models alone, whatever else is alive: the notebook holds old versions, and copies of ours."""

    def __init__(self, models: Mapping[Role, Found], folder: Path, tracker: FitTracker) -> None:
        super().__init__({found.name: found.model for found in models.values()}, folder, tracker, [])
        self._roles = {role: found.model for role, found in models.items()}

    def claims(self) -> dict[Role, str]:
        """Return the id of each model's claim, by role."""
        order = [id(model) for model in self._living_models()]
        return {role: f"m{order.index(id(model))}" for role, model in self._roles.items()}

    def _living_models(self) -> list[object]:
        return list({id(model): model for model in self._roles.values()}.values())


def _tracker(gathered: Gathered) -> FitTracker:
    """Tell of the training that the optimizers remember; nobody watched `fit` here."""
    whole = gathered.models.get(Role.AUTOENCODER)
    records = [FitRecord(whole.model, completed=True)] if whole is not None and gathered.trained else []
    return FitTracker(records)
