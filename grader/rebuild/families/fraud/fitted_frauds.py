"""Estimates the share of frauds among a fraud detector's training rows from the extreme values of the columns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from grader.domain.evidence import ColumnClaim, FitClaim
from grader.rebuild.families.fraud.candidates import NORMAL_ROWS, Candidate, Numbers, Summary, scaled_summaries

_STATISTICS_ROWS = 50_000  # as in `grader.probe.hooks`
_FEWEST_SIGNS = 3
_MARGIN = 0.1  # deviations beyond the normal rows
_SAME = 0.05  # of a number or of a deviation: the scaling is not known more precisely


def fitted_frauds(
    candidate: Candidate, fit: FitClaim, public: Numbers, described: Mapping[str, Summary]
) -> float | None:
    """Estimate the share of frauds among the rows that the model was fitted on.

    Some frauds have values beyond those of all normal rows. If the claimed minimum (or maximum) of a column equals a
    fraud's value, that fraud was among the rows and all more extreme frauds were not; if it lies among the normal rows,
    no such fraud was. With the share p of frauds that were present, the result is p · frauds / rows. None if fewer than
    three minima or maxima are informative.

    Args:
        candidate: Columns and scaling.
        fit: What was claimed of the fit.
        public: Raw columns (n, 33) of what the notebook read.
        described: Summaries of them, by rows.
    """
    if fit.columns is None or np.isfinite(candidate.limit):
        return None
    frauds = public[public[:, -1] == 1]
    unique = np.unique(candidate.rows(frauds), axis=0).astype(np.float64)
    there, absent, signs = _seen(scaled_summaries([candidate], described[NORMAL_ROWS])[0], unique, fit.columns)
    if signs < _FEWEST_SIGNS:
        return None
    if not there:
        return 0.0
    copies = len(frauds) / len(unique)  # a row occurs several times, once for each hidden row that it replaces
    present = 1.0 - (absent / (there + absent)) ** (1.0 / copies)
    step = -(-max(fit.samples, 1) // _STATISTICS_ROWS)
    return float(min(1.0, present * len(frauds) * step / max(fit.samples, 1)))


def _seen(normal: Numbers, frauds: Numbers, claim: ColumnClaim) -> tuple[int, int, int]:
    """Count frauds that were surely present, frauds that were surely absent, and informative extremes.

    Args:
        normal: Mean, deviation, minimum and maximum of each column over normal rows, (4, d).
        frauds: Scaled frauds, (f, d).
        claim: What is claimed of the columns.
    """
    there = absent = signs = 0
    for place, deviation in enumerate(normal[1]):
        if deviation <= 0:
            continue
        for side, least, claimed in ((1, normal[2], claim.minima), (-1, -normal[3], [-x for x in claim.maxima])):
            beyond = np.sort(side * frauds[:, place])
            beyond = beyond[beyond < least[place] - _MARGIN * deviation]
            seen = np.flatnonzero(np.abs(beyond - claimed[place]) <= _SAME * np.maximum(deviation, np.abs(beyond)))
            none = claimed[place] > least[place] - _MARGIN * deviation
            if not len(beyond) or not (none or len(seen)):
                continue
            signs += 1
            there += 0 if none else 1
            absent += len(beyond) if none else int(seen[0])
    return there, absent, signs
