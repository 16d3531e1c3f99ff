"""Summarises all runs of a reference in its facts: spread, baselines, and the curves that give credit."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf

from grader.domain.facts import Baseline, CalibratedData, CalibrationRun, CreditCurve, Statistic
from grader.domain.measurement import Quantity
from grader.rebuild.facts.curves import HONEST_WITH_FULL_CREDIT, decisive_curve, fair_curve, separates
from grader.rebuild.facts.description import recipe_digest
from grader.rebuild.facts.reference_training import CONTROL, REFERENCE, epochs_of
from grader.rebuild.families.family_registry import family_of
from grader.rebuild.families.judgement import Baselines, Judgement
from grader.rebuild.quantities.reference_data import ReferenceData
from reference.contract import Reference

WIDEST_SHARE = 0.5

_DIGITS = 6
"""Significant digits that are stored: more than two machines agree on."""


def summarise(
    reference: Reference,
    material: ReferenceData,
    records: Sequence[CalibrationRun],
    known: Baselines,
    *,
    honest: Collection[str],
) -> CalibratedData:
    """Turn runs into spread, baselines and credit curves.

    Args:
        reference: The reference.
        material: What was trained and measured on.
        records: All runs, at least three of them of the reference itself.
        known: Baselines that need no training; those of the control come from the runs.
        honest: Names of the variations, the reference among them, that deserve full credit.
    """
    return CalibratedData(
        data=material.size,
        data_hash=material.digest,
        source=material.source,
        epochs=epochs_of(reference, len(reference.training_split(material.train)[0])),
        statistics=statistics_of(reference, records, known, honest=honest),
        records=tuple(records),
        versions=versions(),
        recipe_digest=recipe_digest(reference, material.train),
    )


def statistics_of(
    reference: Reference, records: Sequence[CalibrationRun], known: Baselines, *, honest: Collection[str]
) -> dict[Quantity, Statistic]:
    """Return the statistics of every quantity by which the reference's family judges; arguments as in `summarise`."""
    judgements = family_of(reference).statistics
    found = {
        quantity: _statistic(judged, records, quantity, known.get(quantity, {}), honest)
        for quantity, judged in judgements.items()
    }
    return _without_idle_stand_ins(found, judgements)


def _statistic(
    judged: Judgement,
    records: Sequence[CalibrationRun],
    quantity: Quantity,
    known: Mapping[Baseline, float],
    honest_names: Collection[str],
) -> Statistic:
    own, honest = _values(records, quantity, {REFERENCE.name}), _values(records, quantity, honest_names)
    mean, deviation = statistics.fmean(own), statistics.stdev(own)
    control = _values(records, quantity, {CONTROL.name})
    found = dict(known) | ({Baseline.CONTROL: rounded(statistics.fmean(control))} if control else {})
    spread = (mean, deviation, len(own))
    curves = _curves(judged, judged.above, spread, found, honest)
    decisive = None
    if judged.fallback and not _is_fair(curves, honest):
        curves = _curves(judged, judged.fallback, spread, found, honest)
        if Baseline.CONTROL in judged.above and found.get(Baseline.CONTROL, mean) > mean:
            decisive = decisive_curve(own, found[Baseline.CONTROL], control)
    statistic = Statistic(judged.unit, len(own), mean, deviation, found, curves, decisive)
    full = sum(statistic.credit(value) == 1.0 for value in honest)
    return replace(statistic, honest_runs=len(honest), honest_full=full)


def _without_idle_stand_ins(
    found: Mapping[Quantity, Statistic], judged: Mapping[Quantity, Judgement]
) -> dict[Quantity, Statistic]:
    """Remove the curves of stand-ins whose own number already separates the trivial answers."""

    def is_idle(quantity: Quantity) -> bool:
        other = judged[quantity].stands_in_for
        if other is None:
            return False
        own_anchors = {found[other].baselines.get(anchor) for anchor in (*judged[other].above, *judged[other].below)}
        return any(curve.trivial in own_anchors for curve in found[other].curves)

    return {
        quantity: replace(statistic, curves=(), honest_full=statistic.honest_runs) if is_idle(quantity) else statistic
        for quantity, statistic in found.items()
    }


def _curves(
    judged: Judgement,
    above: Sequence[Baseline],
    spread: tuple[float, float, int],
    found: Mapping[Baseline, float],
    honest: Sequence[float],
) -> tuple[CreditCurve, ...]:
    """Draw a curve towards every baseline that the reference is clearly better than."""
    anchors = [(anchor, True) for anchor in above] + [(anchor, False) for anchor in judged.below]
    return tuple(
        fair_curve(spread, found[anchor], honest=honest, reach=judged.reach)
        for anchor, is_above in anchors
        if anchor in found and separates(*spread, found[anchor], above=is_above)
    )


def _is_fair(curves: Sequence[CreditCurve], honest: Sequence[float]) -> bool:
    """Return whether there are curves that give enough of the honest numbers full credit.

    The bound needs a margin: beyond half of the way to a wrong answer, chance would decide between the two.
    """
    if any(round(1 - curve.skill(curve.full), 6) > WIDEST_SHARE for curve in curves):
        return False
    full = sum(all(curve.credit(value) == 1.0 for curve in curves) for value in honest)
    return bool(curves) and full >= HONEST_WITH_FULL_CREDIT * len(honest)


def _values(records: Sequence[CalibrationRun], quantity: Quantity, names: Collection[str]) -> list[float]:
    return [record.values[quantity] for record in records if record.variation in names]


def versions() -> Mapping[str, str]:
    """Return the versions on which a number may depend."""
    return {"keras": keras.__version__, "tensorflow": tf.__version__, "numpy": np.__version__}


def rounded(value: float) -> float:
    """Return a number with six significant digits."""
    return float(f"{value:.{_DIGITS}g}")
