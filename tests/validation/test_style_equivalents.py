"""Operators that write right answers in another way."""

from __future__ import annotations

import pytest

from grader.validation import rewriting
from grader.validation.drafts import Draft
from grader.validation.operators import Equivalent
from grader.validation.rewriting import rewritten, without_activation
from grader.validation.style_equivalents import EQUIVALENTS, SOLUTION
from tests.validation.solutions import LOOKED_AT, draft, made


def rewritten_encoder(style: rewriting.Statements) -> str:
    """The encoder of `linear-pca`, the shortest there is, in another style."""
    edited = rewritten(draft("linear-pca"), style)
    assert edited is not None
    lines = (edited.source("encoder") or "").splitlines()
    return "\n".join(line for line in lines if not line.startswith(("#", "encoder.summary")))


def equivalent(assignment: str, name: str) -> Draft:
    """The solution after one operator."""
    operator = next(one for one in EQUIVALENTS if one.name == name)
    edited = operator.edit(draft(assignment))
    assert edited is not None
    return edited


def test_there_are_at_least_twenty_kinds_of_right() -> None:
    """As the course asks of its rubrics; each has a name of its own."""
    names = [one.name for one in (SOLUTION, *EQUIVALENTS)]
    assert len(set(names)) == len(names)
    assert len(names) > 20


@pytest.mark.parametrize("assignment", LOOKED_AT)
def test_every_equivalent_differs_from_the_solution(assignment: str) -> None:
    """An operator that changes nothing proves nothing: it is left out where it does not apply."""
    right = [one for one in made(assignment) if isinstance(one.operator, Equivalent)]
    assert [one.operator.name for one in right][:1] == ["solution"]
    assert len({one.notebook for one in right}) == len(right)


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (
            rewriting.functional,
            """encoder_input = keras.Input(shape=(AXES,))
encoder_tensor = encoder_input
encoder_tensor = layers.Dense(CODE_SIZE)(encoder_tensor)
encoder = keras.Model(encoder_input, encoder_tensor)""",
        ),
        (
            rewriting.in_one_expression,
            """encoder_input = keras.Input(shape=(AXES,))
encoder = keras.Model(encoder_input, layers.Dense(CODE_SIZE)(encoder_input))""",
        ),
        (
            rewriting.added_one_by_one,
            "encoder = keras.Sequential()\nencoder.add(keras.Input(shape=(AXES,)))\nencoder.add(layers.Dense(CODE_SIZE))",
        ),
        (
            rewriting.in_a_loop,
            """encoder = keras.Sequential([keras.Input(shape=(AXES,))])
for encoder_layer in [layers.Dense(CODE_SIZE)]:
    encoder.add(encoder_layer)""",
        ),
        (
            rewriting.with_input_layer,
            "encoder = keras.Sequential([keras.layers.InputLayer(shape=(AXES,)), layers.Dense(CODE_SIZE)])",
        ),
        (rewriting.with_input_shape, "encoder = keras.Sequential([layers.Dense(CODE_SIZE, input_shape=(AXES,))])"),
        (
            rewriting.nested_deeper,
            (
                "encoder = keras.Sequential([keras.Input(shape=(AXES,)), "
                "keras.Sequential([keras.Sequential([layers.Dense(CODE_SIZE)])])])"
            ),
        ),
    ],
)
def test_a_sequential_is_written_in_another_style(style: rewriting.Statements, expected: str) -> None:
    """The whole statement, in the style that was asked for."""
    assert rewritten_encoder(style) == expected


def test_a_builder_returns_what_it_builds() -> None:
    """The function holds the functional style, and its model gets the name."""
    reported = rewritten_encoder(rewriting.by_a_function)
    assert reported.startswith("def make_encoder():\n    model_input = keras.Input(shape=(AXES,))")
    assert reported.endswith("    return model\n\n\nencoder = make_encoder()")


def test_an_activation_is_taken_out_of_a_layer() -> None:
    """What stays is the layer; one that has none, or a strange one, stays as it is."""
    assert without_activation('layers.Dense(9, activation="relu")') == ("layers.Dense(9)", "relu")
    assert without_activation("layers.Dense(9)") == ("layers.Dense(9)", None)
    assert without_activation('layers.LSTM(9, activation="hard_tanh")') == (
        'layers.LSTM(9, activation="hard_tanh")',
        None,
    )


def test_variables_are_renamed_and_attributes_and_keywords_are_not() -> None:
    """`history.history` is a variable with an attribute of the same name."""
    renamed = equivalent("linear-pca", "spanish-names")
    assert "historia = autoencoder.fit(puntos, puntos, epochs=EPOCAS" in (renamed.source("fit") or "")
    assert 'historia.history["loss"]' in (renamed.source("fit") or "")


def test_all_code_may_stand_in_one_cell_or_in_many() -> None:
    """Not a line is lost."""
    whole = equivalent("stacked", "one-cell")
    assert len(whole.cells) == 1
    many = equivalent("stacked", "many-cells")
    assert len(list(many.code_cells)) > len(list(draft("stacked").code_cells))
    for line in ("encoder.summary()", "plt.grid(True)", "plot_reconstructions(autoencoder, X_valid)"):
        assert whole.mentions(line)
        assert many.mentions(line)


def test_an_optimizer_is_offered_where_the_reference_was_calibrated_with_it() -> None:
    """What a rubric was never calibrated for cannot be asked of it."""
    names = {one.operator.name for one in made("stacked")}
    assert {"adam", "rmsprop", "batches-of-64", "batches-of-256"} <= names
    assert "nadam" not in names  # the solution's own


def test_layers_are_taken_out_of_no_functional_model() -> None:
    """The list of a functional model's layers begins with its input, which no Sequential takes a second time."""
    assert draft("convolutional-upsampling").mentions("*encoder.layers")
    assert equivalent("convolutional-upsampling", "functional").mentions(
        "[keras.Input(shape=(28, 28, 1)), encoder, decoder]"
    )


def test_helper_functions_come_after_the_imports() -> None:
    """Whatever cell the notebook begins with."""
    cells = [cell.source for cell in equivalent("stacked", "autoencoder-subclass").code_cells]
    (helper,) = (place for place, source in enumerate(cells) if "def joined" in source)
    assert "import keras" in cells[helper - 1]
