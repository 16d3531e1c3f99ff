"""The layer table of a report: what it marks is what the check `layers` counts, whatever the models."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import (
    FLATTEN,
    REFERENCE,
    TOO_WIDE,
    UNFLATTEN,
    assignment,
    chain,
    dense,
    facts,
    measurements,
    submission,
)

from grader.checks.core.subject import Subject
from grader.checks.structure.layers import check_layers
from grader.domain.architecture import Layer
from grader.domain.grade import Outcome
from grader.domain.measurement import Measurements
from grader.locale import Translator
from grader.report.layer_table import LayerMatch, LayerTable, layer_table
from grader.report.wording import Wording

ENGLISH = Wording(Translator("en", strict=True))
DROPOUT = Layer("Dropout", (("rate", 0.2),), (100,), (100,), 0)
TANH = Layer("Activation", (("activation", "tanh"),), (100,), (100,), 0)

LAYERS = st.sampled_from([FLATTEN, UNFLATTEN, DROPOUT, TANH, dense(30, 100), dense(64, 100), dense(100, 30, "relu")])
MODELS = st.lists(LAYERS, min_size=1, max_size=8).map(lambda chosen: chain(*chosen))


def table_of(measured: Measurements, outcome: Outcome = Outcome.PARTIAL) -> LayerTable:
    """The table in a report whose check `layers` has this outcome."""
    graded = submission(measurements=measured)
    results = tuple(replace(one, outcome=outcome) if one.check == "layers" else one for one in graded.grade.results)
    table = layer_table(replace(graded, grade=replace(graded.grade, results=results)), assignment(), facts(), ENGLISH)
    assert table is not None
    return table


def rows(table: LayerTable) -> list[tuple[LayerMatch, bool]]:
    return [(row.match, row.costs) for row in table.rows]


@settings(max_examples=60, deadline=None)
@given(MODELS)
def test_marked_rows_are_the_findings_of_the_check(student) -> None:
    """One marked row for each finding, and every layer of both models in exactly one row."""
    measured = measurements(architecture=student)
    (item,) = (item for item in assignment().rubric if item.check == "layers")
    subject = Subject(submission().run, measured, facts())
    table = table_of(measured)
    assert sum(row.costs for row in table.rows) == len(check_layers(subject, item).findings)
    assert sum(row.student is not None for row in table.rows) == len(student.layers)
    assert sum(row.reference is not None for row in table.rows) == len(REFERENCE.layers)


def test_equal_models_have_no_difference() -> None:
    """The reference beside itself."""
    table = table_of(measurements())
    assert rows(table) == [(LayerMatch.SAME, False)] * 6
    assert table.lead == "The autoencoder has the same layers as the reference."


def test_what_does_not_count_is_shown_and_not_marked() -> None:
    """Dropout costs nothing, a missing Dense and another activation do."""
    table = table_of(measurements(architecture=TOO_WIDE))
    assert [match for match, costs in rows(table) if costs] == [LayerMatch.CHANGED, LayerMatch.MISSING]
    assert (LayerMatch.ADDED, False) in rows(table)
    assert table.lead == "The marked rows cost points in the check “Layers as asked”, the others do not."


def test_an_allowed_activation_is_a_difference_that_costs_nothing() -> None:
    """SELU is as right as the reference's ReLU."""
    other = replace(REFERENCE, layers=(REFERENCE.layers[0], dense(100, 784, "selu"), *REFERENCE.layers[2:]))
    table = table_of(measurements(architecture=other), Outcome.PASSED)
    assert table.rows[1].remark == "activation: selu instead of relu"
    assert not any(row.costs for row in table.rows)
    assert table.lead == "No difference costs points: the layers are as right as those of the reference."


def test_nothing_is_marked_where_the_check_did_not_judge() -> None:
    """It was skipped, or waits for a person."""
    for outcome in (Outcome.SKIPPED, Outcome.UNGRADABLE):
        table = table_of(measurements(architecture=TOO_WIDE), outcome)
        assert not any(row.costs for row in table.rows)
        assert table.lead == "The reference is one right answer among others. No difference costs points here."


def test_a_network_that_computes_the_same_is_shown_in_its_place() -> None:
    """The layers that the check judged, and a sentence that says so."""
    table = table_of(measurements(architecture=TOO_WIDE, equivalent=REFERENCE), Outcome.PASSED)
    assert rows(table) == [(LayerMatch.SAME, False)] * 6
    assert table.lead.startswith("This notebook writes its layers differently.")
