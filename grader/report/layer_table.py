"""The layers of the student's autoencoder beside the reference's, in words, for the templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grader.domain.architecture import Architecture, AttributeValue, Layer, Shape
from grader.domain.facts import ReferenceFacts
from grader.domain.measurement import Measurements, Role
from grader.report import hygiene
from grader.report.layers import AlignedLayers, Match, Step, align
from grader.report.wording import Wording

_LAYERS_SHOWN = 120
_USUAL: Final = frozenset({("activation", "linear"), ("use_bias", True)})
"""Attributes not worth a word where both models agree on them."""


@dataclass(frozen=True, slots=True)
class LayerView:
    """One layer: its kind, its settings, and what comes out of it."""

    kind: str
    settings: str
    result: str


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One row of the layer table; `remark` says in words how the two sides differ, "" where they do not."""

    match: Match
    student: LayerView | None
    reference: LayerView | None
    remark: str


@dataclass(frozen=True, slots=True)
class LayerTable:
    """The two models side by side.

    Attributes:
        rows: Aligned layers.
        rows_left_out: How many more there are.
        student_total: Input shape and parameters of the student's model.
        reference_total: The same of the reference.
        equal: Every row is the same.
        bypass: What carries the image past the code, or "".
    """

    rows: tuple[LayerRow, ...]
    rows_left_out: int
    student_total: str
    reference_total: str
    equal: bool
    bypass: str


def layer_table(measurements: Measurements, facts: ReferenceFacts, wording: Wording) -> LayerTable | None:
    """Compare the autoencoders, or return None where one of the two is not known."""
    measured, reference = measurements.models.get(Role.AUTOENCODER), facts.architectures.get(Role.AUTOENCODER)
    if measured is None or reference is None or measurements.by_behaviour:
        return None
    aligned = align(measured.architecture, reference)
    return LayerTable(
        rows=tuple(_layer_row(row, wording) for row in aligned[:_LAYERS_SHOWN]),
        rows_left_out=max(0, len(aligned) - _LAYERS_SHOWN),
        student_total=_total(measured.architecture, wording),
        reference_total=_total(reference, wording),
        equal=all(row.match is Match.SAME for row in aligned),
        bypass="" if measurements.bypass is None else wording.say(measurements.bypass),
    )


# Helpers


def _layer_row(row: AlignedLayers, wording: Wording) -> LayerRow:
    return LayerRow(
        match=row.match,
        student=None if row.student is None else _layer_view(row.student, row.differing, wording),
        reference=None if row.reference is None else _layer_view(row.reference, row.differing, wording),
        remark=_remark(row, wording),
    )


def _remark(row: AlignedLayers, wording: Wording) -> str:
    if row.match is Match.SAME:
        return ""
    if row.match is Match.ADDED:
        return wording.t("only in this notebook")
    if row.match is Match.MISSING:
        return wording.t("only in the reference")
    if row.student is None or row.reference is None or row.match is Match.REPLACED:
        return wording.t("another layer")
    return "; ".join(
        wording.t(
            "{setting}: {actual} instead of {expected}",
            setting=name,
            actual=_setting(row.student[1].attribute(name)),
            expected=_setting(row.reference[1].attribute(name)),
        )
        for name in row.differing
    )


def _layer_view(step: Step, differing: tuple[str, ...], wording: Wording) -> LayerView:
    position, layer = step
    settings = [
        f"{name} {_setting(value)}"
        for name, value in layer.attributes
        if name in differing or not (value is None or (name, value) in _USUAL)
    ]
    result = wording.t(
        "→ {shape} · {parameters} parameters",
        shape=_shape(layer.output_shape),
        parameters=wording.count(layer.parameters),
    )
    if layer.inputs != (position - 1,):
        result += " · " + wording.t("reads {sources}", sources=_sources(layer, wording))
    return LayerView(hygiene.one_line(layer.kind), hygiene.one_line(", ".join(settings)), result)


def _sources(layer: Layer, wording: Wording) -> str:
    """Name what a layer reads where that is not simply the layer before it; layers count from 1."""
    if not layer.inputs:
        return wording.t("a constant")
    return ", ".join(wording.t("the input") if i < 0 else wording.count(i + 1) for i in layer.inputs)


def _setting(value: AttributeValue) -> str:
    if isinstance(value, tuple):
        return " × ".join(map(str, value))
    return hygiene.one_line(str(value))


def _shape(shape: Shape) -> str:
    return " × ".join("?" if length is None else str(length) for length in shape) or "1"


def _total(architecture: Architecture, wording: Wording) -> str:
    return wording.t("{parameters} parameters in all", parameters=wording.count(architecture.parameters))
