"""The alignment of two models."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from report_samples import FLATTEN, REFERENCE, TOO_WIDE, UNFLATTEN, chain, dense

from grader.domain.architecture import Architecture
from grader.report.layers import Match, align


def rows(student, reference):
    return [
        (row.match, row.student and row.student[0], row.reference and row.reference[0], row.differing)
        for row in align(student, reference)
    ]


def test_equal_models_are_the_same_in_every_row():
    """The reference beside itself has no difference."""
    assert [(match, a, b) for match, a, b, _ in rows(REFERENCE, REFERENCE)] == [(Match.SAME, n, n) for n in range(6)]


def test_an_extra_a_missing_and_a_changed_layer_stay_apart():
    """Layers of equal kind are laid beside each other before anything is called missing or added."""
    assert rows(TOO_WIDE, REFERENCE) == [
        (Match.SAME, 0, 0, ()),
        (Match.SAME, 1, 1, ()),
        (Match.ADDED, 2, None, ()),
        (Match.CHANGED, 3, 2, ("activation", "units")),
        (Match.MISSING, None, 3, ()),
        (Match.SAME, 4, 4, ()),
        (Match.SAME, 5, 5, ()),
    ]


def test_another_kind_in_the_same_place_is_a_replacement():
    """A Dense where the reference has a Reshape is one row, not two."""
    student = chain(dense(784, 784), dense(30, 784))
    reference = chain(FLATTEN, dense(30, 784))
    assert rows(student, reference) == [(Match.REPLACED, 0, 0, ()), (Match.SAME, 1, 1, ())]


def test_an_attribute_that_one_side_lacks_differs():
    """A setting that only one of the two has is named."""
    plain, named = chain(UNFLATTEN), chain(dense(3, 2))
    other = Architecture((plain.layers[0],), (784,), (28, 28), 0, 0)
    assert [match for match, *_ in rows(named, other)] == [Match.REPLACED]


layers = st.sampled_from([FLATTEN, UNFLATTEN, dense(30, 100), dense(64, 100), dense(30, 100, "relu")])
models = st.lists(layers, min_size=1, max_size=9).map(lambda chosen: chain(*chosen))


@given(models, models)
def test_every_layer_of_both_models_stands_in_exactly_one_row_in_order(student, reference):
    """Whatever the models, nothing is lost, doubled or swapped."""
    aligned = align(student, reference)
    assert [row.student[0] for row in aligned if row.student] == list(range(len(student.layers)))
    assert [row.reference[0] for row in aligned if row.reference] == list(range(len(reference.layers)))
    for row in aligned:
        both = row.student is not None and row.reference is not None
        assert both == (row.match in (Match.SAME, Match.CHANGED, Match.REPLACED))
        assert bool(row.differing) == (row.match is Match.CHANGED)
