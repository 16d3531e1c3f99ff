"""Columns and scalings that a fraud notebook may have trained on: its model must get hidden rows in the same form.

A notebook takes V1 … V28, with or without `Amount` (or its logarithm) and `Time`, may include the label by mistake, and
scales in one of the usual ways, fitted on all rows, on normal rows or on a part of them. Every such choice is a
`Candidate`: an order of columns and, for each column x, a number (x - location) / scale.

The right candidate is found from the data on which the model was fitted: mean, deviation, minimum and maximum of each
column. These are a claim, so they can choose among the candidates and do nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from grader.domain.evidence import ColumnClaim
from reference.card_data import COLUMNS

Numbers = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float32]

LABEL = "Class"
TIME = "Time"
ANONYMOUS = COLUMNS[1:29]
AMOUNTS = ("Amount", "log(1 + Amount)", "log(0.001 + Amount)")
RAW = (TIME, *ANONYMOUS, *AMOUNTS, LABEL)

ALL_ROWS, NORMAL_ROWS = "all rows", "normal rows"
TRAIN_SHARES = (0.6, 0.7, 0.8, 0.9)
UNSCALED, STANDARDISED, ROBUST, TO_0_1, TO_PLUS_MINUS_1 = "none", "standardised", "robust", "min-max", "min-max to ±1"
CLIPPED, ONE_RANGE = "standardised and clipped at ±5", "one range for all columns"
CLIP = 5.0

_SPLIT_SEED = 7
_RANGE_WEIGHT = 0.25  # of minima and maxima beside mean and deviation: a single row more or less changes them
_WORST = 10.0
STILL = 1e-9  # the deviation of a constant column is not exactly 0 in floating point
_AGREES_ON_AVERAGE, _AGREES_AT_WORST = 0.15, 1.0


class Summary(NamedTuple):
    """Statistics of columns over some rows; one number for each column."""

    mean: Numbers
    deviation: Numbers
    minimum: Numbers
    maximum: Numbers
    median: Numbers
    quartiles_apart: Numbers


@dataclass(frozen=True, eq=False)
class Candidate:
    """One way to make a model's input from the table.

    Attributes:
        columns: Names, in order.
        scaling: How they are scaled and on which rows the scaling was fitted, in words.
        location: Number subtracted from each column, (d,).
        scale: Number by which it is then divided, (d,).
        limit: Numbers beyond ± this are clipped.
    """

    columns: tuple[str, ...]
    scaling: str
    location: Numbers
    scale: Numbers
    limit: float = np.inf

    @property
    def holds_label(self) -> bool:
        """Return whether the label is among the columns."""
        return LABEL in self.columns

    def rows(self, raw: Numbers) -> Rows:
        """Return the model's input (n, d) from raw columns (n, 33)."""
        scaled = (raw[:, places(self.columns)] - self.location) / self.scale
        return np.clip(scaled, -self.limit, self.limit).astype(np.float32)

    def deviations(self, of: Summary) -> Numbers:
        """Return the standard deviation of each scaled column over these rows, 1 if constant: the unit of its error."""
        found = of.deviation[places(self.columns)] / self.scale
        return np.where(found > STILL, found, 1.0)


def raw_columns(values: Numbers) -> Numbers:
    """Return all columns (n, 33) that candidates may use, named `RAW`, from a table (n, 31)."""
    amount = values[:, [COLUMNS.index("Amount")]]
    return np.hstack([values[:, :29], amount, np.log1p(amount), np.log(amount + 0.001), values[:, -1:]])


def places(columns: tuple[str, ...]) -> list[int]:
    """Return the positions of these columns among the raw ones."""
    return [RAW.index(name) for name in columns]


def summaries(raw: Numbers) -> Mapping[str, Summary]:
    """Describe all rows, normal rows, and seeded random parts of 60 to 90 % of either, as training splits are."""
    normal = np.flatnonzero(raw[:, -1] == 0)
    rng = np.random.default_rng(_SPLIT_SEED)
    found = {}
    for name, rows in ((ALL_ROWS, np.arange(len(raw))), (NORMAL_ROWS, normal)):
        found[name] = _summarised(raw[rows])
        for share in TRAIN_SHARES:
            part = rng.choice(rows, size=int(share * len(rows)), replace=False)
            found[f"{share:.0%} of {name}"] = _summarised(raw[part])
    return found


def layouts(count: int) -> tuple[tuple[str, ...], ...]:
    """Return the usual orders of `count` columns in notebooks; those without the label first."""
    honest: dict[tuple[str, ...], None] = {}
    leaking: dict[tuple[str, ...], None] = {}
    for amount in AMOUNTS:
        for extras in ((), (TIME,), (amount,), (TIME, amount), (amount, TIME)):
            for columns in _placed(extras):
                honest[columns] = None
                leaking[(*columns, LABEL)] = None
            leaking[(*ANONYMOUS, LABEL, *extras)] = None  # scaled columns appended behind the label
    return tuple(columns for columns in (*honest, *leaking) if len(columns) == count)


def candidates(layout: tuple[str, ...], described: Mapping[str, Summary]) -> Iterator[Candidate]:
    """Yield every usual scaling of these columns, fitted on each of the described sets of rows."""
    chosen, d = places(layout), len(layout)
    yield Candidate(layout, UNSCALED, np.zeros(d), np.ones(d))
    for rows, summary in described.items():
        fitted = Summary(*(numbers[chosen] for numbers in summary))
        for kind, (location, scale) in _scalings(fitted).items():
            for scope, scaled in _scopes(layout).items():
                words = f"{kind}, {scope}, fitted on {rows}"
                yield Candidate(layout, words, np.where(scaled, location, 0), np.where(scaled, scale, 1))
        if rows in (ALL_ROWS, NORMAL_ROWS):
            location, scale = _scalings(fitted)[STANDARDISED]
            yield Candidate(layout, f"{CLIPPED}, fitted on {rows}", location, scale, CLIP)
            least = fitted.minimum.min()
            whole = np.full(d, fitted.maximum.max() - least)
            yield Candidate(layout, f"{ONE_RANGE}, fitted on {rows}", np.full(d, least), whole)


def agreeing(claim: ColumnClaim, described: Mapping[str, Summary]) -> Candidate | None:
    """Return the candidate whose columns agree best with those of the model's training; None if none agrees.

    A candidate agrees if its columns differ by at most 0.15 on average and by at most 1 each (see `disagreement`).
    """
    best, least = None, _AGREES_ON_AVERAGE
    for layout in layouts(len(claim.means)):
        tried = list(candidates(layout, described))
        for summary in described.values():
            apart = disagreement(scaled_summaries(tried, summary), claim)
            average = np.where(apart.max(axis=1) <= _AGREES_AT_WORST, apart.mean(axis=1), np.inf)
            if average.min() < least:
                best, least = tried[int(average.argmin())], float(average.min())
    return best


def scaled_summaries(tried: Sequence[Candidate], of: Summary) -> Numbers:
    """Return mean, deviation, minimum and maximum of each column of each candidate over these rows, (m, 4, d).

    The candidates have the same columns.
    """
    chosen = places(tried[0].columns)
    location, scale = (np.stack([getattr(one, name) for one in tried])[:, np.newaxis] for name in ("location", "scale"))
    limit = np.array([one.limit for one in tried])[:, np.newaxis, np.newaxis]
    ends = np.clip((np.stack([of.mean, of.minimum, of.maximum])[:, chosen] - location) / scale, -limit, limit)
    return np.concatenate([ends[:, :1], of.deviation[chosen] / scale, ends[:, 1:]], axis=1)


def disagreement(expected: Numbers, claim: ColumnClaim) -> Numbers:
    """Return how far each column of each candidate is from the claimed column, (m, d), from (m, 4, d).

    |difference of means| in deviations + |ln of the ratio of deviations| + a quarter of |ln of the ratio| of the
    distances from mean to minimum and to maximum, at most 10; 10 as well for a column that is constant in one of the
    two only.
    """
    mean, deviation, minimum, maximum = np.moveaxis(expected, 1, 0)
    means, deviations, minima, maxima = np.array([claim.means, claim.deviations, claim.minima, claim.maxima])
    constant, still = maximum - minimum <= STILL, maxima - minima <= STILL
    with np.errstate(all="ignore"):
        shift = np.abs(means - mean) / np.where(constant, 1.0, deviation)
        ends = _ratio(means - minima, mean - minimum) + _ratio(maxima - means, maximum - mean)
        total = shift + np.where(constant & still, 0.0, _ratio(deviations, deviation) + _RANGE_WEIGHT * ends)
    return np.where(constant == still, np.nan_to_num(np.minimum(total, _WORST), nan=_WORST), _WORST)


# Helpers


def _placed(extras: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Put Time and Amount behind V1 … V28, before them, or on both sides as in the file."""
    ends = ((*ANONYMOUS, *extras), (*extras, *ANONYMOUS))
    if len(extras) == 2 and extras[0] == TIME:
        return ((TIME, *ANONYMOUS, extras[1]), *ends)
    return ends


def _summarised(rows: Numbers) -> Summary:
    lower, median, upper = np.percentile(rows, (25, 50, 75), axis=0)
    return Summary(rows.mean(axis=0), rows.std(axis=0), rows.min(axis=0), rows.max(axis=0), median, upper - lower)


def _scalings(of: Summary) -> dict[str, tuple[Numbers, Numbers]]:
    """Return location and scale of each kind; the scale of a constant column is 1, as in scikit-learn."""
    width = of.maximum - of.minimum
    found = {
        STANDARDISED: (of.mean, of.deviation),
        TO_0_1: (of.minimum, width),
        TO_PLUS_MINUS_1: ((of.minimum + of.maximum) / 2, width / 2),
        ROBUST: (of.median, of.quartiles_apart),
    }
    return {kind: (location, np.where(scale > 0, scale, 1.0)) for kind, (location, scale) in found.items()}


def _scopes(layout: tuple[str, ...]) -> dict[str, npt.NDArray[np.bool_]]:
    """Return which columns are scaled: all, only Time and Amount, or all but the label."""
    names = np.array(layout)
    found = {"all columns": np.full(len(layout), fill_value=True)}
    extras = ~np.isin(names, (*ANONYMOUS, LABEL))
    if extras.any():
        found["Time and Amount"] = extras
    if LABEL in layout:
        found["all but the label"] = names != LABEL
    return found


def _ratio(first: Numbers, second: Numbers) -> Numbers:
    return np.abs(np.log(first / second))
