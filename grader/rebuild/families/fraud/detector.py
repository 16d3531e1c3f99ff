"""Finds which columns of the card transactions a fraud detector takes, and their scaling, before it is judged.

Labels of hidden rows are used only for judging, never for choosing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from grader.domain.architecture import shape_size
from grader.domain.datasets import DataSize, Held
from grader.domain.evidence import Evidence, FitClaim
from grader.domain.measurement import Role
from grader.rebuild.families.fraud.candidates import (
    ANONYMOUS,
    LABEL,
    NORMAL_ROWS,
    RAW,
    Candidate,
    Numbers,
    Rows,
    Summary,
    agreeing,
    candidates,
    layouts,
    raw_columns,
    summaries,
)
from grader.rebuild.families.fraud.fitted_frauds import fitted_frauds
from grader.rebuild.network.model import Arrays, RebuiltModel
from grader.rebuild.network.roles import Cast, assign
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.reference_data import DataChoice, Labels, load_cards
from reference import card_data

FEATURE_COUNTS = range(28, 32)
FEATURES_OF_REFERENCE = 29
COMPARED_ROWS = 500
RECOGNISED = 0.8
"""Error below which a model surely takes rows of a candidate; the mean row has 1."""
CONSTANT = 0.1
"""Spread, in deviations of the column, below which the model outputs a constant for it."""
ABOUT_AS_WELL = 1.02
"""Candidates within this factor of the smallest error are equally likely; the most usual one is taken."""


@dataclass(frozen=True, eq=False)
class CardTable:
    """Card transactions as the measuring process has them.

    Attributes:
        cards: Public and hidden rows.
        public: Raw columns (n, 33) of the rows that the notebook read.
        described: Summaries of these, by set of rows.
    """

    cards: card_data.CardData
    public: Numbers
    described: Mapping[str, Summary]

    @property
    def size(self) -> str:
        """`sample`, `full` or `real`, as `card_data` says."""
        return self.cards.size

    @property
    def normal(self) -> Numbers:
        """Raw columns of the normal rows that the notebook read."""
        return self.public[self.public[:, -1] == 0]

    @property
    def some_normal(self) -> Numbers:
        """Raw columns of 500 of these rows, spread evenly."""
        normal = self.normal
        return normal[np.linspace(0, len(normal) - 1, COMPARED_ROWS).astype(int)]

    def judged(self, part: Held) -> Numbers:
        """Raw columns of the rows to judge by: the hidden ones, or as many public ones."""
        positions = self.cards.hidden if part == Held.HIDDEN else self.cards.public[: len(self.cards.hidden)]
        return raw_columns(self.cards.values[positions])


@dataclass(frozen=True, eq=False)
class Detector:
    """A student's models and the form in which they take rows.

    Attributes:
        cast: The models in their roles.
        features: Columns that the autoencoder takes.
        candidate: Columns and scaling, None if no candidate has this number of columns.
        label: Whether the label is among the columns; None if undecidable: the columns fit no candidate and the model
            reconstructs none of them, or claim and behaviour contradict each other.
        fitted_frauds: Estimated share of frauds in the training rows, None without evidence.
        how: How the candidate was found, in words.
        data: Size of the data.
        train: Public normal rows in the form that the model takes, (n, d).
        normal: Normal rows to measure on, in the same form.
        judged: All rows to judge by.
        labels: 1 for a fraud, (n,).
    """

    cast: Cast
    features: int
    candidate: Candidate | None
    label: bool | None
    fitted_frauds: float | None
    how: str
    data: DataSize
    train: Rows
    normal: Rows
    judged: Rows
    labels: Labels


@lru_cache(maxsize=2)
def card_table(choice: DataChoice) -> CardTable:
    """Load the card transactions, real or simulated, and describe those that the notebook read.

    Raises:
        ValueError: A file was found that does not hold the columns.
    """
    return table_of(load_cards(choice))


def table_of(cards: card_data.CardData) -> CardTable:
    """Describe what a notebook reads of these transactions."""
    public = raw_columns(card_data.kernel_view(cards))
    return CardTable(cards, public, summaries(public))


def find_detector(
    models: Sequence[RebuiltModel],
    evidence: Evidence,
    arrays: Arrays,
    contract: Mapping[str, str],
    data: CardTable,
    part: Held,
) -> Detector:
    """Find the autoencoder, with any number of columns, and identify its columns and scaling.

    Args:
        models: Rebuilt models.
        evidence: Claims about the training data.
        arrays: Vetted arrays.
        contract: The name that the assignment asks for, by role.
        data: Card transactions.
        part: `hidden` or `public` rows judge.
    """
    features = _features(models, evidence.fits, contract)
    cast = assign(models, evidence.fits, arrays, sample=(features,), contract=contract)
    fit = None if cast.autoencoder is None else _fit_of(cast.autoencoder, evidence, features)
    choice = _choose(cast.autoencoder, fit, features, data)
    candidate = choice.candidate
    judged, size = data.judged(part), DataSize(data.size)
    if candidate is None or cast.autoencoder is None:
        nothing, labels = np.zeros((0, features), np.float32), np.zeros(0, np.int64)
        return Detector(cast, features, None, None, None, choice.how, size, nothing, nothing, nothing, labels)
    return Detector(
        cast=cast,
        features=features,
        candidate=candidate,
        label=_holds_label(cast.autoencoder, candidate, data) if choice.sure else None,
        fitted_frauds=None if fit is None else fitted_frauds(candidate, fit, data.public, data.described),
        how=choice.how,
        data=size,
        train=candidate.rows(data.normal),
        normal=candidate.rows(judged[judged[:, -1] == 0]),
        judged=candidate.rows(judged),
        labels=judged[:, -1].astype(np.int64),
    )


# Which model, which fit


def _features(models: Sequence[RebuiltModel], fits: Sequence[FitClaim], contract: Mapping[str, str]) -> int:
    """Return the autoencoder's number of columns: of the model so named, else the last one fitted, else the largest."""
    fitted = {fit.model: order for order, fit in enumerate(fits)}
    whole = [m for m in models if m.steps and shape_size(m.input_shape) == shape_size(m.output_shape) is not None]

    def standing(model: RebuiltModel) -> tuple[bool, int, bool, int]:
        return (
            contract.get(Role.AUTOENCODER, "") in model.claim.names,
            fitted.get(model.claim.model, -1),
            shape_size(model.input_shape) in FEATURE_COUNTS,
            model.parameters,
        )

    best = max(whole, key=standing, default=None)
    return FEATURES_OF_REFERENCE if best is None else shape_size(best.input_shape) or FEATURES_OF_REFERENCE


def _fit_of(autoencoder: RebuiltModel, evidence: Evidence, features: int) -> FitClaim | None:
    """Return the last fit, with described columns, of the autoencoder or of a model that shares its arrays."""
    own = set(autoencoder.claim.variables)
    held = {claim.model: set(claim.variables) for claim in evidence.models}
    described = [fit for fit in evidence.fits if fit.columns is not None and len(fit.columns.means) == features]
    return next((fit for fit in reversed(described) if own & held.get(fit.model, set())), None)


# Which candidate


@dataclass(frozen=True, eq=False)
class _Choice:
    """A candidate, how it was found, and whether it is certain."""

    candidate: Candidate | None
    how: str
    sure: bool = True


def _choose(autoencoder: RebuiltModel | None, fit: FitClaim | None, features: int, data: CardTable) -> _Choice:
    """Choose by the columns of its training, else by the reconstruction of public normal rows."""
    if autoencoder is None:
        return _Choice(None, "no autoencoder")
    if fit is not None and fit.columns is not None:
        found = agreeing(fit.columns, data.described)
        if found is not None:
            return _Choice(found, f"{_in_words(found)}, by the columns that it was fitted on")
    found, error = _best_reconstructed(autoencoder, features, data)
    if found is None:
        return _Choice(None, f"no usual choice of columns has {features}")
    how = f"{_in_words(found)}, by the smallest reconstruction error on public normal rows ({error:.2g})"
    return _Choice(found, how, sure=error < RECOGNISED)


def _in_words(candidate: Candidate) -> str:
    return (
        f"{len(candidate.columns)} columns from {candidate.columns[0]} to {candidate.columns[-1]}, {candidate.scaling}"
    )


def _best_reconstructed(autoencoder: RebuiltModel, features: int, data: CardTable) -> tuple[Candidate | None, float]:
    """Return the candidate with the best reconstruction, and its error.

    Behaviour alone is no ground for an accusation: candidates with the label are left out.
    """
    usual = {NORMAL_ROWS: data.described[NORMAL_ROWS]}
    honest = [layout for layout in layouts(features) if LABEL not in layout]
    tried = [one for layout in honest for one in candidates(layout, usual) if one.limit == np.inf]  # unclipped
    if not tried:
        return None, np.inf
    errors = _errors(autoencoder, tried, data).mean(axis=1)
    chosen = int(np.flatnonzero(errors <= ABOUT_AS_WELL * errors.min())[0])
    return tried[chosen], float(errors[chosen])


def _errors(
    autoencoder: RebuiltModel, tried: Sequence[Candidate], data: CardTable, *, columns: tuple[str, ...] = RAW
) -> Numbers:
    """Return the error of each of some public normal rows for each candidate, (m, rows), columns standardised.

    Args:
        autoencoder: The rebuilt model.
        tried: Candidates for its input.
        data: Card transactions.
        columns: Those that count.
    """
    some, errors = data.some_normal, []
    for candidate in tried:
        inputs = candidate.rows(some)
        counted = [place for place, name in enumerate(candidate.columns) if name in columns]
        units = candidate.deviations(data.described[NORMAL_ROWS])
        gaps = (image_metrics.reconstruct(autoencoder.model, inputs) - inputs) / units
        errors.append((gaps[:, counted].astype(np.float64) ** 2).mean(axis=1))
    return np.nan_to_num(np.array(errors), nan=np.inf)


def _holds_label(autoencoder: RebuiltModel, candidate: Candidate, data: CardTable) -> bool | None:
    """Return whether the label is among the columns; None if a claim denies it but the model's behaviour does not.

    A model that was trained with the label outputs a constant for it. If the claim says that the column is Amount or
    Time, and the model, which knows V1 … V28, outputs a constant, claim and behaviour contradict each other.
    """
    if candidate.holds_label:
        return True
    extras = [place for place, name in enumerate(candidate.columns) if name not in ANONYMOUS]
    if not extras or _errors(autoencoder, [candidate], data, columns=ANONYMOUS).mean() > RECOGNISED:
        return False
    outputs = image_metrics.reconstruct(autoencoder.model, candidate.rows(data.some_normal))
    spread = outputs.astype(np.float64).std(axis=0) / candidate.deviations(data.described[NORMAL_ROWS])
    return None if spread[extras].min() < CONSTANT else False
