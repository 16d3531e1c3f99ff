"""One half of an autoencoder, checked as soon as it is built."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import keras
import pytest
from keras import layers
from notebook_cells import StudentNotebook, decoder, encoder, outcomes, three

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.checks.core.subject import Subject
from grader.checks.rubric import run_checks
from grader.domain.grade import Outcome
from grader.domain.ports import MeasuringTask
from grader.extraction.claims import collect
from grader.locale import Translator
from grader.notebook.judging import RUN
from grader.probe.export import Exporter
from grader.probe.fits import FitTracker
from grader.probe.unbuilt import with_input
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.whole_submission import measure

EN = Translator("en")
PASSED, PARTIAL, FAILED = Outcome.PASSED, Outcome.PARTIAL, Outcome.FAILED


def pending(answer) -> list[str]:
    return [EN.text(line) for line in answer.pending]


def findings(answer, check: str) -> list[tuple[str, str, str]]:
    """Where, expected and actual of what a check found."""
    (result,) = [result for result in answer.results if result.check == check]
    return [tuple(EN.text(part) for part in (one.where, one.expected, one.actual)) for one in result.findings]


def test_a_right_encoder_passes_alone(notebook: StudentNotebook) -> None:
    """Its shapes, its code and its own two layers; the rest is named as not made yet."""
    notebook.names["encoder"] = encoder()
    answer = notebook.ask('grader.check("encoder", encoder)')
    assert outcomes(answer) == {"shapes": PASSED, "code_size": PASSED, "layers": PASSED}
    assert [EN.text(result.message) for result in answer.results] == [
        "Images of the right size go in and come out.",
        "One code holds 30 numbers.",
        "All layers are those asked for: 2.",
    ]
    assert answer.passed
    assert pending(answer) == [
        "decoder: not made yet.",
        "autoencoder: not made yet.",
        (
            "Not judged yet: `encoder`, `decoder` and `autoencoder` exist and can be called by themselves; The decoder is the "
            "encoder's mirror image; `autoencoder(x)` gives the same as `decoder(encoder(x))`; All information passes "
            "through the code, with no way round it; It reconstructs images well that it has never seen."
        ),
    ]


def test_a_wrong_encoder_hears_which_layer_and_which_number(notebook: StudentNotebook) -> None:
    """In the words of the grade, counted from the encoder's own first layer."""
    notebook.names["encoder"] = encoder(90, code=20, image=(28, 27))
    answer = notebook.ask('grader.check("encoder", encoder)')
    assert outcomes(answer) == {"shapes": FAILED, "code_size": FAILED, "layers": PARTIAL}
    assert not answer.passed
    called = "The encoder, called “encoder” in the notebook"
    assert findings(answer, "shapes") == [
        (
            f"{called}: input",
            "One image: 784 numbers, as (28, 28) or in another layout.",
            "The shape of one sample is (28, 27).",
        )
    ]
    assert EN.text(answer.results[0].message) == "Shapes that do not hold an image: 1 of 1."
    assert findings(answer, "code_size") == [
        (
            called,
            "A code of 30 numbers: 784 / 30 = 26.1 times fewer than the input.",
            "A code of 20 numbers: 784 / 20 = 39.2 times fewer than the input.",
        )
    ]
    assert findings(answer, "layers") == [
        (
            "The encoder, layer 1 (counting no Flatten, Reshape, normalisation or noise)",
            "Dense(units=100)",
            "Dense(units=90)",
        )
    ]


def test_a_decoder_is_counted_from_its_own_first_layer(notebook: StudentNotebook) -> None:
    """The reference's encoder, which stands in for the missing one, counts for nothing."""
    notebook.names["decoder"] = decoder(128)
    answer = notebook.ask('grader.check("decoder", decoder)')
    assert outcomes(answer) == {"shapes": PASSED, "code_size": PASSED, "layers": PARTIAL}
    assert [place for place, _, _ in findings(answer, "layers")] == [
        "The decoder, layer 1 (counting no Flatten, Reshape, normalisation or noise)"
    ]


def test_a_missing_layer_is_told_of_the_half_that_lacks_it(notebook: StudentNotebook) -> None:
    """The check names the autoencoder; here the half is what the student has."""
    notebook.names["decoder"] = keras.Sequential([keras.Input((30,)), layers.Dense(784), layers.Reshape((28, 28))])
    answer = notebook.ask('grader.check("decoder", decoder)')
    assert findings(answer, "layers") == [
        ("The decoder, where layer 1 should be", "Dense(units=100, activation=relu | selu)", "No such layer.")
    ]


def test_a_decoder_is_held_against_the_encoder_that_is_there(notebook: StudentNotebook) -> None:
    """Mirror images need both; the encoder's own faults are reported by its own check."""
    notebook.names |= {"encoder": encoder(90), "decoder": decoder()}
    answer = notebook.ask('grader.check("decoder", decoder)')
    assert outcomes(answer) == {"shapes": PASSED, "code_size": PASSED, "layers": PASSED, "mirror": FAILED}


def test_one_check_can_be_asked_for(notebook: StudentNotebook) -> None:
    """By its id in the rubric, of the whole autoencoder: what is not there is open, as in the grade."""
    notebook.names["encoder"] = encoder()
    answer = notebook.ask('grader.check("layers")')
    assert outcomes(answer) == {"layers": PARTIAL}
    assert findings(answer, "layers") == [
        (
            "The notebook as a whole",
            "Both halves of the autoencoder, the decoder as well.",
            "No such model was found under any name: decoder.",
        )
    ]
    notebook.names["decoder"] = decoder()
    assert outcomes(notebook.ask('grader.check("layers")')) == {"layers": PASSED}


def test_a_cell_says_of_unfinished_work_what_the_grade_says(
    notebook: StudentNotebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`grader.check("all")` and zone M of the grade: the same outcome and points for each check that both judge."""
    monkeypatch.setattr("grader.probe.export.gc", SimpleNamespace(get_objects=list))  # other tests' models are alive
    stacked = load_assignment("stacked")
    facts = load_facts("stacked")
    for number, names in enumerate(
        ({"encoder": encoder()}, {"decoder": decoder()}, {"encoder": encoder(), "decoder": decoder()})
    ):
        notebook.names = {
            key: value for key, value in notebook.names.items() if key not in ("encoder", "decoder")
        } | names
        said = {result.check: result for result in notebook.ask('grader.check("all")').results}
        assert set(said) == {"models", "shapes", "code_size", "layers"} | ({"mirror"} if len(names) == 2 else set())
        folder = tmp_path / str(number)
        Exporter(names, folder / "claims", FitTracker([]), []).export()
        measured = measure(collect(folder, folder / "vetted"), MeasuringTask("stacked", "hidden"), DataChoice("sample"))
        graded = run_checks(stacked.rubric, Subject(RUN, measured, facts))
        assert [said[one.check] for one in graded if one.check in said] == [one for one in graded if one.check in said]


def test_an_autoencoder_of_an_earlier_run_is_left_out(notebook: StudentNotebook) -> None:
    """Running the encoder's cell again reports nothing about models that come later."""
    notebook.names |= three()
    notebook.names["encoder"] = encoder()
    answer = notebook.ask('grader.check("encoder")')
    assert outcomes(answer) == {"shapes": PASSED, "code_size": PASSED, "layers": PASSED}
    assert pending(answer)[1] == "autoencoder: not made with this encoder, so it is left out here."


def test_what_is_not_made_yet_is_said_in_a_line(notebook: StudentNotebook) -> None:
    """Nothing is judged, and nothing passes."""
    answer = notebook.ask('grader.check("encoder")')
    assert (outcomes(answer), answer.passed) == ({}, False)
    assert pending(answer)[0] == "encoder: not made yet."


def test_a_function_is_no_decoder(notebook: StudentNotebook) -> None:
    """The answer says what it is instead of calling it missing."""
    notebook.run("def decoder(x): return x")
    notebook.names["encoder"] = encoder()
    answer = notebook.ask('grader.check("encoder")')
    assert pending(answer)[0] == ("decoder: no Keras model, but a thing of the kind `function`; is a call missing?")


NEVER_CALLED = {
    "flat first": ("stacked", "encoder", lambda: [layers.Flatten(), dense(100), dense(30)]),
    "rows of pixels": ("stacked", "encoder", lambda: [layers.Dropout(0.1), dense(100), dense(30)]),
    "of a code": ("stacked", "decoder", lambda: [dense(100), dense(784), layers.Reshape((28, 28))]),
    "with a channel": ("convolutional", "encoder", lambda: [layers.Conv2D(16, 3, padding="same", activation="relu")]),
    "of lines": ("recurrent", "encoder", lambda: [layers.LSTM(100, return_sequences=True), layers.LSTM(30)]),
}


def dense(units: int) -> layers.Dense:
    return layers.Dense(units, activation="relu")


@pytest.mark.parametrize("way", NEVER_CALLED)
def test_a_sequential_that_was_never_called_is_judged_as_if_it_got_what_the_reference_gets(way: str) -> None:
    """As in lectures that name no input shape; in a copy, so that the notebook decides what its own model gets."""
    assignment, name, made = NEVER_CALLED[way]
    notebook = StudentNotebook(f'import grader\ngrader.use("{assignment}", language="en")')
    model = notebook.names[name] = keras.Sequential(made())
    answer = notebook.ask(f'grader.check("{name}")')
    assert outcomes(answer)["shapes"] is PASSED
    assert not model.built
    assert not any(layer.weights for layer in model.layers)


class Lost(layers.Layer):
    """A layer that cannot be made once more."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.inner = layers.Dense(size)

    def call(self, inputs):
        return self.inner(inputs)


@pytest.mark.parametrize("last", [lambda: Lost(30), lambda: layers.Reshape((31,))])
def test_one_that_cannot_be_built_is_said_to_be_so(last, notebook: StudentNotebook) -> None:
    """A layer without a config, or sizes that do not fit together."""
    model = notebook.names["encoder"] = keras.Sequential([layers.Flatten(), layers.Dense(30), last()])
    answer = notebook.ask('grader.check("encoder")')
    assert (outcomes(answer), answer.passed, model.built) == ({}, False, False)
    assert "encoder: The model cannot be rebuilt: a Sequential that was never given an input." in pending(answer)


def test_layers_of_another_model_get_what_they_got_there(notebook: StudentNotebook) -> None:
    """Nothing is assumed of them: a code of 30 numbers of flat images, and not of images."""
    whole = encoder()
    model = keras.Sequential(whole.layers[1:])
    notebook.names["encoder"] = model
    assert with_input(model, (28, 28)) is model
