"""All three models: everything that the grade measures, on public images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from notebook_cells import StudentNotebook, outcomes, three

from grader.authoring.assignment_catalogue import load_facts
from grader.domain.evidence import Evidence
from grader.domain.facts import DATA_SIZE_VARIABLE
from grader.domain.grade import Outcome
from grader.domain.measurement import Quantity
from grader.locale import Translator
from grader.notebook import judging as examining
from grader.notebook.exported_models import ExportedModels
from grader.notebook.judging import MeasuredBy
from grader.rebuild import whole_submission
from grader.rebuild.families import family
from grader.rebuild.quantities.conventions import CHOOSING_IMAGES
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.quantities.samples import Samples, ScaledImages
from reference import data

EN = Translator("en")
ALL_BUT_RECONSTRUCTION = ("models", "shapes", "code_size", "layers", "mirror", "composition", "bottleneck")


def test_three_right_models_pass_everything_but_the_training(notebook: StudentNotebook) -> None:
    """What says nothing before the training is not counted against them, and the rest is judged as in the grade."""
    notebook.names |= three()
    answer = notebook.ask('grader.check("autoencoder", autoencoder)')
    assert outcomes(answer) == dict.fromkeys(ALL_BUT_RECONSTRUCTION, Outcome.PASSED)
    assert [EN.text(line) for line in answer.pending] == [
        (
            "autoencoder: not trained yet, as far as its optimizer tells. "
            'grader.check("reconstruction") measures it all the same.'
        ),
        "Not judged yet: It reconstructs images well that it has never seen.",
    ]
    assert answer.passed
    assert EN.text(answer.remark) == (
        "This is your own check, on public images. Images that stay hidden decide the points of the reconstruction."
    )


def poisoned(name: str, **options) -> data.ImageData:
    """The data set with noise in the place of every hidden image."""
    found = LOAD(name, **options)
    images = found.x_test.copy()
    images[found.hidden] = np.random.default_rng(1).integers(0, 256, images[found.hidden].shape)
    return replace(found, x_test=images)


LOAD = data.load


@pytest.mark.parametrize(
    ("given", "calibrated", "measured_on"),
    [
        (None, ("full", "sample"), "full"),
        ("sample", ("full", "sample"), "sample"),
        ("full", ("full", "sample"), "full"),
        (None, ("sample",), "sample"),
    ],
)
def test_a_cell_is_judged_on_the_data_that_the_notebook_uses(
    given: str | None, calibrated: tuple[str, ...], measured_on: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keras's whole sets, or the sample that `grader check --data-size sample` laid out, where there are facts."""
    monkeypatch.delenv(DATA_SIZE_VARIABLE, raising=False)
    if given is not None:
        monkeypatch.setenv(DATA_SIZE_VARIABLE, given)
    asked = []
    monkeypatch.setattr(whole_submission, "measure", lambda *arguments, **_: asked.append(arguments[-1]))
    facts = load_facts("stacked")
    known = {size: facts.calibrated[size] for size in calibrated}
    examining._measured(ExportedModels(Evidence(), {}, {}), MeasuredBy(replace(facts, calibrated=known)))
    assert asked == [DataChoice(measured_on)]


def test_no_hidden_image_decides_anything(notebook: StudentNotebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Noise in the place of the hidden images changes no number, and nobody asks for them."""
    notebook.names |= three()
    before = notebook.ask('grader.check("reconstruction")').results
    asked = []

    def public_samples(dataset: str, part: str, choice: object, *, at_most: int) -> Samples:
        asked.append(part)
        if part == "hidden":
            raise AssertionError("a hidden image was asked for")
        return original.__wrapped__(dataset, part, choice, at_most=at_most)  # not what an earlier test has cached

    original = family.load_samples
    monkeypatch.setattr(family, "load_samples", public_samples)
    monkeypatch.setattr(data, "load", poisoned)
    after = notebook.ask('grader.check("reconstruction")').results
    assert set(asked) == {"public"}
    assert [one.measurements for one in after] == [one.measurements for one in before]
    assert [one.outcome for one in after] == [Outcome.FAILED]


def test_a_check_scales_few_training_images_and_compares_with_the_facts(
    notebook: StudentNotebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them take longer than the rest of the check; what mean and PCA reach is known on hidden data."""
    scaled: list[int] = []
    scale = ScaledImages.__getitem__

    def counted(self: ScaledImages, part: slice) -> np.ndarray:
        images = scale(self, part)
        scaled.append(len(images))
        return images

    monkeypatch.setattr(ScaledImages, "__getitem__", counted)
    notebook.names |= three()
    (result,) = notebook.ask('grader.check("reconstruction")').results
    assert max(scaled, default=0) <= CHOOSING_IMAGES
    assert [one.name for one in result.measurements] == [Quantity.RECONSTRUCTION_MSE]
    assert "For comparison, on hidden data: the mean image 0.0" in EN.text(result.message)


def test_everything_names_what_only_the_whole_notebook_can_show(notebook: StudentNotebook) -> None:
    """Whether all cells run is no question of models; what is open keeps `all` from passing."""
    notebook.names |= three()
    answer = notebook.ask('grader.check("all")')
    assert not answer.passed
    assert EN.text(answer.pending[-1]) == (
        "Judged with the whole notebook alone, by `grader check stacked.ipynb` in a terminal and when it is graded: "
        "The notebook runs from top to bottom without errors."
    )


def test_a_trained_autoencoder_is_measured(notebook: StudentNotebook) -> None:
    """One step of an optimizer is a training; how good it was is measured."""
    notebook.names |= three()
    model = notebook.names["autoencoder"]
    model.compile(optimizer="adam", loss="mse")
    images = np.zeros((32, 28, 28), np.float32)
    model.fit(images, images, epochs=1, verbose=0)
    answer = notebook.ask('grader.check("autoencoder", autoencoder)')
    assert outcomes(answer)["reconstruction"] is Outcome.FAILED
    (result,) = [one for one in answer.results if one.check == "reconstruction"]
    assert "We saw no call of `fit`" not in EN.text(result.findings[0].hint)


def test_an_autoencoder_that_gives_no_image_still_hears_what_is_wrong(notebook: StudentNotebook) -> None:
    """It is found by what it is made of; its shapes say what is wrong."""
    notebook.names |= three()
    notebook.run("decoder = keras.Sequential([keras.Input((30,)), layers.Dense(100, 'relu'), layers.Dense(700)])")
    notebook.run("autoencoder = keras.Sequential([encoder, decoder])")
    answer = notebook.ask('grader.check("autoencoder")')
    assert outcomes(answer)["models"] is Outcome.PASSED
    assert outcomes(answer)["shapes"] is Outcome.PARTIAL
    assert "The shape of one sample is (700,)." in str(answer)
