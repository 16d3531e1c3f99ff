"""Layers of an autoencoder as the check `layers` judges them; the check counts these differences, reports mark them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, cast

from grader.domain.alignment import AlignedLayers, Difference, LayerRules, align
from grader.domain.architecture import Architecture
from grader.domain.assignment import ParameterValue
from grader.domain.counted_layers import counted_layers
from grader.domain.facts import ReferenceFacts
from grader.domain.measurement import Measurements, Role
from grader.domain.output_activations import Pixels, counterparts

CHECK: Final = "layers"
"""Id of the check."""

DEFAULTS: Final = LayerRules(
    activations=("relu", "selu"),
    output_activations=("linear", "sigmoid"),
    ignore_code_units=True,
    allow_batch_normalization=True,
)
"""The default rules, for a rubric without settings; the settings have the names of the attributes."""


@dataclass(frozen=True, slots=True)
class JudgedLayers:
    """An autoencoder aligned with the reference.

    Attributes:
        rules: The rules of the comparison.
        rows: Every layer of both.
        total: Number of layers of the reference that count.
        architecture: What was compared: the student's autoencoder, or the equivalent network with the reference's
            layers.
        is_rewritten: Whether it is that network, which has fewer differences.
    """

    rules: LayerRules
    rows: tuple[AlignedLayers, ...]
    total: int
    architecture: Architecture
    is_rewritten: bool = False

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The differences that cost points, in order."""
        return tuple(row.difference for row in self.rows if row.difference is not None)


def judge_layers(
    parameters: Mapping[str, ParameterValue], facts: ReferenceFacts, measurements: Measurements
) -> JudgedLayers | None:
    """Compare an autoencoder with the reference; None if one of the two is unknown or has no layer that counts.

    An autoencoder may compute the same function with other layers. It is then judged by the layers of the equivalent
    network if these differ less.

    Args:
        parameters: Settings of the rubric's item, none if the rubric has no such check.
        facts: Of the reference.
        measurements: Of the hand-in.
    """
    found, reference = measurements.models.get(Role.AUTOENCODER), facts.architectures.get(Role.AUTOENCODER)
    total = 0 if reference is None else len(counted_layers(reference))
    if found is None or reference is None or not total:
        return None
    rules = _for_pixels(_rules(parameters, facts.code_size), reference, measurements.pixels)
    own = JudgedLayers(rules, align(reference, found.architecture, rules), total, found.architecture)
    equivalent = measurements.equivalent
    if equivalent is None:
        return own
    rewritten = JudgedLayers(rules, align(reference, equivalent, rules), total, equivalent, is_rewritten=True)
    return rewritten if len(rewritten.differences) < len(own.differences) else own


def _rules(parameters: Mapping[str, ParameterValue], code_size: int | None) -> LayerRules:
    given = {name: parameters.get(name, getattr(DEFAULTS, name)) for name in _PARAMETERS}
    return LayerRules(
        activations=cast("tuple[str, ...]", given["activations"]),
        output_activations=cast("tuple[str, ...]", given["output_activations"]),
        ignore_code_units=bool(given["ignore_code_units"]),
        code_size=code_size,
        allow_batch_normalization=bool(given["allow_batch_normalization"]),
    )


_PARAMETERS: Final = ("activations", "output_activations", "ignore_code_units", "allow_batch_normalization")


def _for_pixels(rules: LayerRules, reference: Architecture, pixels: Pixels | None) -> LayerRules:
    """Turn the activations allowed in the last layer for pixels in [0, 1] into those for the pixels of the training."""
    if pixels is None:
        return rules
    own = counted_layers(reference)[-1].layer.activation
    return replace(rules, output_activations=counterparts((own, *rules.output_activations), pixels), own_output=False)
