"""The layers of the student's autoencoder beside the reference's, in words, for the templates.

It marks exactly what the check `layers` counts: both read `grader.domain.judged_layers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from grader.domain.alignment import INPUTS, AlignedLayers
from grader.domain.architecture import Architecture, AttributeValue, Layer, Shape
from grader.domain.assignment import Assignment
from grader.domain.counted_layers import CountedLayer
from grader.domain.facts import ReferenceFacts
from grader.domain.grade import Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.judged_layers import CHECK, JudgedLayers, judge_layers
from grader.domain.measurement import Role
from grader.report import hygiene
from grader.report.wording import Wording

_LAYERS_SHOWN = 120
_USUAL: Final = frozenset({("activation", "linear"), ("use_bias", True)})
"""Attributes that are not shown if both models agree on them."""

_JUDGED: Final = frozenset({Outcome.PASSED, Outcome.PARTIAL, Outcome.FAILED})


class LayerMatch(StrEnum):
    """The relation of a student's layer to the reference's.

    SAME: equal kind and attributes. CHANGED: equal kind, other attributes. REPLACED: another kind in its place.
    ADDED: the reference has none here. MISSING: the student has none here.
    """

    SAME = "same"
    CHANGED = "changed"
    REPLACED = "replaced"
    ADDED = "added"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class LayerView:
    """One layer: its kind, its settings, and its output."""

    kind: str
    settings: str
    result: str


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One row of the layer table.

    Attributes:
        match: How the two sides stand to each other.
        student: The student's layer, or None.
        reference: The reference's, or None.
        remark: How the two sides differ, in words; "" if they do not.
        costs: The check `layers` counts this difference.
    """

    match: LayerMatch
    student: LayerView | None
    reference: LayerView | None
    remark: str
    costs: bool


@dataclass(frozen=True, slots=True)
class LayerTable:
    """The two models side by side.

    Attributes:
        lead: What the table shows, and which of its rows cost points.
        rows: Aligned layers.
        rows_left_out: How many more there are.
        student_total: Input shape and parameters of the student's model.
        reference_total: The same of the reference.
        bypass: What carries the image past the code, or "".
    """

    lead: str
    rows: tuple[LayerRow, ...]
    rows_left_out: int
    student_total: str
    reference_total: str
    bypass: str


def layer_table(
    graded: GradedSubmission, assignment: Assignment, facts: ReferenceFacts, wording: Wording
) -> LayerTable | None:
    """Compare the autoencoders, or return None if one of the two is unknown."""
    item = next((item for item in assignment.rubric if item.check == CHECK), None)
    measurements, reference = graded.measurements, facts.architectures.get(Role.AUTOENCODER)
    judged = judge_layers({} if item is None else item.parameters, facts, measurements)
    if judged is None or reference is None or measurements.by_behaviour:
        return None
    result = next((result for result in graded.grade.results if result.check == CHECK), None)
    counts = item is not None and result is not None and result.outcome in _JUDGED
    rows = [_Rows(judged.architecture, reference, wording).row(one, counts=counts) for one in judged.rows]
    return LayerTable(
        lead=_lead(judged, rows, wording, title=wording.pick(assignment.title_of(CHECK)) if counts else ""),
        rows=tuple(rows[:_LAYERS_SHOWN]),
        rows_left_out=max(0, len(rows) - _LAYERS_SHOWN),
        student_total=_total(judged.architecture, wording),
        reference_total=_total(reference, wording),
        bypass="" if measurements.bypass is None else wording.say(measurements.bypass),
    )


# Helpers


def _lead(judged: JudgedLayers, rows: list[LayerRow], wording: Wording, *, title: str) -> str:
    said = []
    if judged.is_rewritten:
        said.append(
            wording.t("This notebook writes its layers differently. They compute the same as those that stand here.")
        )
    if all(row.match is LayerMatch.SAME for row in rows):
        said.append(wording.t("The autoencoder has the same layers as the reference."))
    elif not title:
        said.append(wording.t("The reference is one right answer among others. No difference costs points here."))
    elif any(row.costs for row in rows):
        said.append(wording.t("The marked rows cost points in the check “{check}”, the others do not.", check=title))
    else:
        said.append(wording.t("No difference costs points: the layers are as right as those of the reference."))
    return " ".join(said)


class _Rows:
    """Describes aligned layers in words; holds the two models to name what their layers read."""

    def __init__(self, student: Architecture, reference: Architecture, wording: Wording) -> None:
        self._student = student
        self._reference = reference
        self._wording = wording

    def row(self, aligned: AlignedLayers, *, counts: bool) -> LayerRow:
        differing = _differing(aligned)
        match = _match(aligned, differing)
        costs = counts and aligned.difference is not None
        return LayerRow(
            match=match,
            student=self._view(aligned.actual, self._student, differing),
            reference=self._view(aligned.expected, self._reference, differing),
            remark=self._remark(aligned, match, differing, costs=costs),
            costs=costs,
        )

    def _remark(self, aligned: AlignedLayers, match: LayerMatch, differing: tuple[str, ...], *, costs: bool) -> str:
        wording, difference = self._wording, aligned.difference
        alone = {
            LayerMatch.ADDED: wording.t("only in this notebook"),
            LayerMatch.MISSING: wording.t("only in the reference"),
            LayerMatch.REPLACED: wording.t("another layer"),
        }
        if match in alone:
            return self._said(alone[match], costs=costs)
        counted = () if difference is None or not costs else difference.attributes
        said = [
            self._said(
                wording.t("{setting}: {actual} instead of {expected}", setting=name, actual=actual, expected=expected),
                costs=name in counted,
            )
            for name, actual, expected in _settings_of_both(aligned, differing)
        ]
        if difference is not None and difference.attributes == (INPUTS,):
            said.append(self._said(wording.t("reads another layer"), costs=costs))
        return "; ".join(said)

    def _said(self, difference: str, *, costs: bool) -> str:
        return self._wording.t("{difference} (costs points)", difference=difference) if costs else difference

    def _view(self, counted: CountedLayer | None, model: Architecture, differing: tuple[str, ...]) -> LayerView | None:
        if counted is None:
            return None
        wording, layer = self._wording, counted.layer
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
        written = model.layers[counted.position]
        if written.inputs != (counted.position - 1,):
            result += " · " + wording.t("reads {sources}", sources=_sources(written, wording))
        return LayerView(hygiene.one_line(layer.kind), hygiene.one_line(", ".join(settings)), result)


def _differing(aligned: AlignedLayers) -> tuple[str, ...]:
    """Return the settings in which two counterparts of one kind differ, sorted."""
    if aligned.expected is None or aligned.actual is None or aligned.expected.layer.kind != aligned.actual.layer.kind:
        return ()
    expected, actual = dict(aligned.expected.layer.attributes), dict(aligned.actual.layer.attributes)
    return tuple(sorted(name for name in expected | actual if expected.get(name) != actual.get(name)))


def _match(aligned: AlignedLayers, differing: tuple[str, ...]) -> LayerMatch:
    if aligned.expected is None:
        return LayerMatch.ADDED
    if aligned.actual is None:
        return LayerMatch.MISSING
    if aligned.expected.layer.kind != aligned.actual.layer.kind:
        return LayerMatch.REPLACED
    return LayerMatch.CHANGED if differing or aligned.difference is not None else LayerMatch.SAME


def _settings_of_both(aligned: AlignedLayers, differing: tuple[str, ...]) -> list[tuple[str, str, str]]:
    if aligned.expected is None or aligned.actual is None:
        return []
    expected, actual = aligned.expected.layer, aligned.actual.layer
    return [(name, _setting(actual.attribute(name)), _setting(expected.attribute(name))) for name in differing]


def _sources(layer: Layer, wording: Wording) -> str:
    """Name a layer's input if it is not simply the layer before it; layers count from 1."""
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
