"""The comparison of two models: one mistake is one difference, however the models are written."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.domain.alignment import Difference, DifferenceKind, LayerRules, compare
from grader.domain.architecture import RESHAPE, Architecture, Layer
from grader.domain.counted_layers import counted_layers

from .builders import chain, dense, dense_chain, plain, stacked

STRICT = LayerRules()
COURSE = LayerRules(("relu", "selu"), ("linear", "sigmoid"), ignore_code_units=True)


def short(differences: tuple[Difference, ...]) -> list[tuple[str, int, tuple[str, ...]]]:
    """Kind, position and attributes of each difference."""
    return [(d.kind.value, d.position, d.attributes) for d in differences]


def inserted(layer: Layer, place: int, into: Architecture) -> Architecture:
    layers = [*into.layers[:place], layer, *into.layers[place:]]
    return chain(layers, entry=into.input_shape)


def test_a_model_does_not_differ_from_itself() -> None:
    """Even by the strictest rules."""
    assert compare(stacked(), stacked(), STRICT) == ()


def test_an_inserted_layer_is_one_difference() -> None:
    """The layers after it are compared with their true counterparts."""
    found = dense_chain(100, 50, 30, 100, 784)
    (difference,) = compare(stacked(), found, COURSE)
    assert (difference.kind, difference.position, difference.expected) == (DifferenceKind.EXTRA, 1, None)
    assert difference.actual is not None
    assert difference.actual.attributes == found.active_layers[1].attributes


def test_a_missing_layer_is_one_difference() -> None:
    """The difference says where it should be."""
    (difference,) = compare(stacked(), dense_chain(100, 30, 784), COURSE)
    assert (difference.kind, difference.position, difference.actual) == (DifferenceKind.MISSING, 2, None)
    assert difference.expected is not None
    assert difference.expected.attributes == stacked().active_layers[2].attributes


def test_all_differences_are_told_at_once_and_in_order() -> None:
    """A wrong width, a wrong activation and a layer too many."""
    found = dense_chain((120, "relu"), (30, "tanh"), 100, 50, 784)
    assert short(compare(stacked(), found, COURSE)) == [
        ("changed", 0, ("units",)),
        ("changed", 1, ("activation",)),
        ("extra", 3, ()),
    ]


def test_a_changed_layer_names_every_attribute() -> None:
    """Width and activation of one layer are one difference."""
    assert short(compare(stacked(), dense_chain((120, "tanh"), 30, 100, 784), COURSE)) == [
        ("changed", 0, ("units", "activation"))
    ]


def test_another_kind_of_layer_is_one_difference() -> None:
    """LSTM for Dense is one changed layer, not one missing and one extra."""
    layers = list(stacked().layers)
    layers[1] = plain("LSTM", before=(784,), after=(100,), units=100, activation="relu")
    assert short(compare(stacked(), chain(layers, entry=(28, 28)), COURSE)) == [("changed", 0, ("kind",))]


@pytest.mark.parametrize("code", [2, 29, 31, 64, 100, 200])
def test_the_width_of_the_code_is_left_to_its_own_check(code: int) -> None:
    """Whatever it is, the other layers keep their places."""
    assert compare(stacked(), stacked(code), COURSE) == ()


def test_the_width_of_the_code_counts_where_the_rules_say_so() -> None:
    """By strict rules it is a changed layer."""
    assert short(compare(stacked(), stacked(64), STRICT)) == [("changed", 1, ("units",))]


def test_only_the_code_may_have_another_width() -> None:
    """A wrong width elsewhere is a difference, also beside a wrong code."""
    assert short(compare(stacked(), dense_chain(100, 64, 90, 784), COURSE)) == [("changed", 2, ("units",))]


def test_a_code_wider_than_its_neighbours_is_known_by_its_size() -> None:
    """As of a sparse autoencoder: its own width may differ, that of the narrower layers beside it may not."""
    rules = replace(COURSE, code_size=300)
    sparse = dense_chain(100, 300, 100, 784)
    assert compare(sparse, dense_chain(100, 150, 100, 784), rules) == ()
    assert short(compare(sparse, dense_chain(93, 300, 100, 784), rules)) == [("changed", 0, ("units",))]


def test_an_extra_layer_beside_a_wrong_code_is_one_difference() -> None:
    """The narrowest layer is taken for the code."""
    assert short(compare(stacked(), dense_chain(100, 80, 20, 100, 784), COURSE)) == [("extra", 1, ())]


@pytest.mark.parametrize("hidden", ["relu", "selu"])
@pytest.mark.parametrize("last", ["linear", "sigmoid"])
def test_allowed_activations_are_right(hidden: str, last: str) -> None:
    """The lecture's text and its code disagree, and both are right."""
    found = dense_chain((100, hidden), (30, hidden), (100, hidden), (784, last))
    assert compare(stacked(), found, COURSE) == ()


def test_hidden_and_output_activations_are_told_apart() -> None:
    """A relu at the end and sigmoid inside are wrong, though each is right elsewhere."""
    found = dense_chain((100, "sigmoid"), 30, 100, (784, "relu"))
    assert short(compare(stacked(), found, COURSE)) == [
        ("changed", 0, ("activation",)),
        ("changed", 3, ("activation",)),
    ]


def test_the_references_own_activation_is_always_right() -> None:
    """A rubric that allows others cannot forbid the solution."""
    rules = LayerRules(activations=("selu",), output_activations=("sigmoid",))
    assert compare(stacked(), stacked(), rules) == ()


def test_biases_and_other_details_do_not_count() -> None:
    """Only attributes on the list decide."""
    layers = [
        Layer(
            layer.kind,
            tuple((name, False if name == "use_bias" else value) for name, value in layer.attributes),
            layer.input_shape,
            layer.output_shape,
            layer.parameters,
        )
        for layer in stacked().layers
    ]
    assert compare(stacked(), chain(layers, entry=(28, 28)), COURSE) == ()


@pytest.mark.parametrize("kind", ["Dropout", "GaussianNoise", "ActivityRegularization", RESHAPE])
@pytest.mark.parametrize("place", range(7))
def test_layers_that_act_in_training_alone_may_be_anywhere(kind: str, place: int) -> None:
    """They change nothing at inference."""
    before = stacked().layers[place - 1].output_shape if place else (28, 28)
    found = inserted(plain(kind, before=before, rate=0.5), place, stacked())
    assert compare(stacked(), found, COURSE) == ()


@pytest.mark.parametrize(
    "between", [(), ("Dropout",), ("GaussianNoise", "Dropout"), (RESHAPE,)], ids=lambda kinds: "+".join(kinds) or "none"
)
def test_an_activation_behind_a_passive_layer_belongs_to_the_layer_before(between: tuple[str, ...]) -> None:
    """Dense, Dropout, ReLU computes what Dense(relu), Dropout does."""
    flat, first, *rest = stacked().layers
    bare = dense(100, "linear", before=first.input_shape)
    passive = [plain(kind, before=(100,)) for kind in between]
    layers = [flat, bare, *passive, plain("Activation", before=(100,), activation="relu"), *rest]
    assert compare(stacked(), chain(layers, entry=(28, 28)), COURSE) == ()


def test_batch_normalisation_counts_unless_it_is_allowed() -> None:
    """One extra layer, with the activation behind it given to the Dense before it."""
    flat, first, *rest = stacked().layers
    bare = dense(100, "linear", before=first.input_shape)
    normalisation = plain("BatchNormalization", before=(100,))
    layers = [flat, bare, normalisation, plain("Activation", before=(100,), activation="relu"), *rest]
    found = chain(layers, entry=(28, 28))
    allowed = LayerRules(("relu",), ("linear",), ignore_code_units=True, allow_batch_normalization=True)
    assert short(compare(stacked(), found, COURSE)) == [("extra", 1, ())]
    assert compare(stacked(), found, allowed) == ()


def test_allowed_normalisation_is_still_compared_where_the_reference_has_it() -> None:
    """To leave it out is then a difference."""
    reference = inserted(plain("BatchNormalization", before=(100,)), 2, stacked())
    allowed = LayerRules(allow_batch_normalization=True)
    assert short(compare(reference, stacked(), allowed)) == [("missing", 1, ())]
    assert compare(reference, reference, allowed) == ()


def test_a_leaky_relu_layer_is_an_activation_and_one_difference() -> None:
    """Not a missing activation and an extra layer."""
    flat, first, *rest = stacked().layers
    bare = dense(100, "linear", before=first.input_shape)
    layers = [flat, bare, plain("LeakyReLU", before=(100,), negative_slope=0.2), *rest]
    assert short(compare(stacked(), chain(layers, entry=(28, 28)), COURSE)) == [("changed", 0, ("activation",))]


def test_a_second_activation_counts_as_a_layer() -> None:
    """First relu and then sigmoid is not relu."""
    second = plain("Activation", before=(100,), activation="sigmoid")
    assert short(compare(stacked(), inserted(second, 2, stacked()), COURSE)) == [("extra", 1, ())]


def test_a_skip_connection_is_an_extra_layer() -> None:
    """The operator that joins the branches is part of the canonical form."""
    joined = inserted(plain("Add", before=(784,)), 5, stacked())
    assert short(compare(stacked(), joined, COURSE)) == [("extra", 4, ())]


def test_an_empty_model_lacks_every_layer() -> None:
    """The identity: four differences, none more."""
    assert short(compare(stacked(), chain((), entry=(28, 28)), COURSE)) == [("missing", 0, ())] * 4


def test_convolutions_are_compared_by_their_filters_and_kernels() -> None:
    """8 filters where 16 are asked for is one changed layer, and no layer moves to another place."""

    def net(*filters: int) -> Architecture:
        layers = []
        for number in filters:
            layers.append(plain("Conv2D", before=(28, 28, 1), filters=number, kernel_size=3, activation="relu"))
            layers.append(plain("MaxPooling2D", before=(28, 28, 1), pool_size=2))
        return chain(layers, entry=(28, 28, 1))

    assert short(compare(net(16, 32), net(8, 16), STRICT)) == [
        ("changed", 0, ("filters",)),
        ("changed", 2, ("filters",)),
    ]


def test_counting_layers_leave_the_architecture_as_it_was() -> None:
    """An activation that moves to another layer makes a new layer."""
    layers = [dense(5, "linear", before=(9,)), plain("Activation", before=(5,), activation="relu")]
    found = chain(layers, entry=(9,))
    assert [one.layer.activation for one in counted_layers(found)] == ["relu"]
    assert [layer.activation for layer in found.layers] == ["linear", "relu"]


# Branches


def net(*layers: tuple[str, tuple[int, ...], dict[str, int | str]]) -> Architecture:
    """Layers given as kind, inputs and attributes, in the order in which they were written."""
    made = tuple(
        replace(plain(kind, before=(9,), **attributes), inputs=inputs, operation=str(place))
        for place, (kind, inputs, attributes) in enumerate(layers)
    )
    return Architecture(made, (9,), (9,), len(made) - 1, 0)


BRANCHED = net(
    ("Dense", (-1,), {"units": 8}),
    ("Conv1D", (0,), {"filters": 4}),
    ("Conv1D", (1,), {"filters": 5}),
    ("Dense", (0,), {"units": 5}),
    ("Add", (2, 3), {}),
    ("Dense", (4,), {"units": 9}),
)
OTHER_WAY_ROUND = net(
    ("Dense", (-1,), {"units": 8}),
    ("Dense", (0,), {"units": 5}),
    ("Conv1D", (0,), {"filters": 4}),
    ("Conv1D", (2,), {"filters": 5}),
    ("Add", (1, 3), {}),
    ("Dense", (4,), {"units": 9}),
)


def test_the_order_in_which_branches_were_written_does_not_matter() -> None:
    """Nor the order in which they are joined."""
    assert compare(BRANCHED, OTHER_WAY_ROUND, STRICT) == ()
    assert compare(OTHER_WAY_ROUND, BRANCHED, STRICT) == ()


def test_a_difference_in_a_branch_is_one_difference() -> None:
    """A wrong width in one branch, and a layer too many in it, whichever branch was written first."""
    layers = list(OTHER_WAY_ROUND.layers)
    layers[2] = replace(layers[2], attributes=(("filters", 7),))
    found = replace(OTHER_WAY_ROUND, layers=tuple(layers))
    assert [(d.kind.value, d.attributes) for d in compare(BRANCHED, found, STRICT)] == [("changed", ("filters",))]
    longer = net(
        ("Dense", (-1,), {"units": 8}),
        ("Conv1D", (0,), {"filters": 4}),
        ("Conv1D", (1,), {"filters": 6}),
        ("Conv1D", (2,), {"filters": 5}),
        ("Dense", (0,), {"units": 5}),
        ("Add", (4, 3), {}),
        ("Dense", (5,), {"units": 9}),
    )
    assert [d.kind.value for d in compare(BRANCHED, longer, STRICT)] == ["extra"]
    assert [d.kind.value for d in compare(longer, BRANCHED, STRICT)] == ["missing"]


def test_a_connection_from_another_place_is_one_difference() -> None:
    """The same layers in the same order: what feeds the sum tells them apart, and is reported."""
    whole = net(
        ("Dense", (-1,), {"units": 8}),
        ("Conv1D", (0,), {"filters": 4}),
        ("Conv1D", (1,), {"filters": 5}),
        ("Add", (1, 2), {}),
        ("Dense", (3,), {"units": 9}),
    )
    skipped = replace(whole, layers=(*whole.layers[:3], replace(whole.layers[3], inputs=(0, 2)), whole.layers[4]))
    (difference,) = compare(whole, skipped, STRICT)
    assert (difference.kind, difference.position, difference.attributes) == (DifferenceKind.CHANGED, 3, ("inputs",))
    assert difference.expected is not None
    assert difference.expected.attribute("inputs") == ("Conv1D 2", "Conv1D 3")
    assert difference.actual is not None
    assert difference.actual.attribute("inputs") == ("Dense 1", "Conv1D 3")


def test_a_join_too_many_is_one_difference() -> None:
    """The layer behind it is fed by more than it should be, which is no second mistake."""
    skip = net(
        ("Dense", (-1,), {"units": 8}),
        ("Dense", (0,), {"units": 8}),
        ("Add", (0, 1), {}),
        ("Dense", (2,), {"units": 9}),
    )
    chained = net(("Dense", (-1,), {"units": 8}), ("Dense", (0,), {"units": 8}), ("Dense", (1,), {"units": 9}))
    assert [d.kind.value for d in compare(chained, skip, STRICT)] == ["extra"]
    assert [d.kind.value for d in compare(skip, chained, STRICT)] == ["missing"]


def test_an_activation_belongs_to_the_layer_of_its_own_branch() -> None:
    """And not to the one that was written last."""
    wanted = net(
        ("Dense", (-1,), {"units": 8, "activation": "relu"}),
        ("Conv1D", (-1,), {"filters": 8, "activation": "linear"}),
        ("Add", (0, 1), {}),
    )
    found = net(
        ("Dense", (-1,), {"units": 8, "activation": "linear"}),
        ("Conv1D", (-1,), {"filters": 8, "activation": "linear"}),
        ("Activation", (0,), {"activation": "relu"}),
        ("Add", (2, 1), {}),
    )
    assert compare(wanted, found, STRICT) == ()


widths = st.lists(st.integers(1, 6), min_size=1, max_size=7)


@settings(deadline=None, database=None)
@given(widths, widths)
def test_every_layer_is_accounted_for(wanted: list[int], found: list[int]) -> None:
    """Layers found - extra = layers wanted - missing, and no difference is reported twice."""
    expected = dense_chain(*wanted, entry=(7,), leave=(wanted[-1],))
    actual = dense_chain(*found, entry=(7,), leave=(found[-1],))
    differences = compare(expected, actual, STRICT)
    count = {kind: sum(d.kind is kind for d in differences) for kind in DifferenceKind}
    assert len(found) - count[DifferenceKind.EXTRA] == len(wanted) - count[DifferenceKind.MISSING]
    assert len(differences) <= max(len(wanted), len(found))


@settings(deadline=None, database=None)
@given(widths, st.data())
def test_one_inserted_width_never_makes_more_than_one_difference(wanted: list[int], data: st.DataObject) -> None:
    """The last layer aside, whose activation differs from the others'."""
    place = data.draw(st.integers(0, len(wanted) - 1))
    found = [*wanted[:place], data.draw(st.integers(1, 6)), *wanted[place:]]
    expected = dense_chain(*wanted, entry=(7,), leave=(wanted[-1],))
    actual = dense_chain(*found, entry=(7,), leave=(found[-1],))
    assert short(compare(expected, actual, STRICT)) != []
    assert len(compare(expected, actual, STRICT)) == 1


@pytest.mark.parametrize("kind", ["Rescaling", "Normalization"])
def test_preparing_the_pixels_is_no_layer_of_the_network(kind: str) -> None:
    """A scale within the model learns nothing, wherever it stands."""
    found = inserted(plain(kind, before=(784,)), 1, stacked())
    assert compare(stacked(), found, STRICT) == ()


def test_a_decoder_that_reads_constants_can_be_compared() -> None:
    """Zeros come from nowhere: such a layer has no input."""
    layers = [replace(layer, inputs=()) if place == 2 else layer for place, layer in enumerate(stacked().layers)]
    found = replace(stacked(), layers=tuple(layers))
    assert all(one.kind is DifferenceKind.MISSING for one in compare(stacked(), found, STRICT))
