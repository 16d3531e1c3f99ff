"""Facts from trainings: the credit curve by hand, every run made once, and the layer table of the course."""

from __future__ import annotations

import statistics
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import keras
import numpy as np
import pytest
from keras import layers

from grader.domain.architecture import RESHAPE, Architecture, Layer
from grader.domain.facts import CalibrationRun, CreditCurve, ReferenceFacts
from grader.domain.measurement import Role
from grader.rebuild import calibration
from grader.rebuild.calibration import FACTS, REFERENCE, VARIATIONS, Variation, architecture_of, credit_curve, describe
from grader.rebuild.measuring import DataChoice, yardstick
from reference import data, stacked
from reference.contract import Autoencoder

SAMPLE = DataChoice("sample")


# The curve


def test_the_margin_decides_where_runs_agree() -> None:
    """Mean 0.02, s 0.0001, 10 runs, mean image 0.10: 0.02 + 0.25·0.08 = 0.04 is looser than 0.02 + 2.911·0.0001."""
    assert credit_curve(0.02, 0.0001, 10, 0.10) == CreditCurve(
        full=pytest.approx(0.04), none=pytest.approx(0.092), reference=0.02, trivial=0.10
    )


def test_the_tolerance_bound_decides_where_runs_differ() -> None:
    """Mean 0.02, s 0.01, 10 runs: 0.02 + 2.911·0.01 = 0.04911 is looser than 0.04 (factor: Hahn and Meeker, 95/95)."""
    assert credit_curve(0.02, 0.01, 10, 0.10).full == pytest.approx(0.04911)


@pytest.mark.parametrize(
    ("runs", "factor"), [(3, 7.656), (10, 2.911), (12, 2.911), (19, 2.566), (20, 2.396), (99, 2.220)]
)
def test_the_factor_is_that_of_as_many_runs_or_fewer(runs: int, factor: float) -> None:
    """Between two entries of the table the stricter claim is not made."""
    assert credit_curve(0.02, 0.005, runs, 0.03).full == pytest.approx(min(0.02 + factor * 0.005, 0.02 + 0.9 * 0.01))


def test_full_credit_never_reaches_past_no_credit() -> None:
    """A reference that scatters wildly must not give full points for the mean image."""
    curve = credit_curve(0.02, 1.0, 3, 0.10)
    assert curve.full == curve.none == pytest.approx(0.092)


def test_two_runs_are_too_few() -> None:
    """No bound can be told from them."""
    with pytest.raises(ValueError, match="2 runs are too few for a tolerance bound"):
        credit_curve(0.02, 0.01, 2, 0.10)


# Runs


def tiny_reference() -> ModuleType:
    """A reference whose training takes a second."""
    source = ModuleType("tiny")

    def build() -> Autoencoder:
        encoder = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(2)])
        decoder = keras.Sequential([keras.Input((2,)), layers.Dense(784), layers.Reshape((28, 28))])
        return Autoencoder(encoder, decoder, keras.Sequential([encoder, decoder]))

    source.__dict__.update(
        ID="stacked", DATASET="fashion_mnist", CODE_SIZE=2, EPOCHS=2, BATCH_SIZE=32, PUBLISHED="", build=build,
        compile_model=stacked.compile_model, inputs_and_targets=stacked.inputs_and_targets,
        training_split=lambda images: (images[:64], images[64:]),
    )  # fmt: skip
    return source


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for facts, a small reference, and one variation."""
    source = tiny_reference()
    monkeypatch.setattr(calibration, "FACTS_FOLDER", tmp_path)
    monkeypatch.setattr(calibration, "module", lambda reference: source)
    monkeypatch.setattr(calibration, "VARIATIONS", (Variation("half-epochs", epochs_share=0.5),))
    return tmp_path


def calibrate(said: list[str], *, seeds: int = 3, variation_seeds: int = 1) -> ReferenceFacts:
    return calibration.calibrate(
        "stacked", choice=SAMPLE, seeds=seeds, variation_seeds=variation_seeds, say=said.append
    )


def written_before(versions: dict[str, str] | None = None) -> list[CalibrationRun]:
    """Put facts of four earlier runs in place, whose numbers no training would give."""
    records = [CalibrationRun("reference", seed, 2, 0.02 + seed / 1000, 0.3, 1.0) for seed in range(3)]
    records.append(CalibrationRun("half-epochs", 0, 1, 0.03, 0.3, 1.0))
    source, images = tiny_reference(), yardstick("fashion_mnist", "hidden", SAMPLE)
    digest = data.load("fashion_mnist", size="sample").digest()
    known = calibration.summarise(source, images, digest, records)
    known = replace(known, versions=versions or known.versions)
    calibration._store(replace(describe(source), calibrated={"sample": known}))
    return records


def test_every_run_is_made_once_and_written_down(workplace: Path) -> None:
    """A second call makes what is missing and nothing else; a run keeps its numbers."""
    records = written_before()
    said: list[str] = []
    assert calibrate(said) == FACTS.validate_json((workplace / "stacked.json").read_bytes())
    assert said == []
    more = calibrate(said, seeds=4)
    (made,) = [run for run in more.calibrated["sample"].records if run not in records]
    assert (made.variation, made.seed, made.epochs) == ("reference", 3, 2)
    assert said == [f"stacked sample {made}"]
    assert more.calibrated["sample"].records == (*records, made)
    assert more.calibrated["sample"].runs == 4
    stored = FACTS.validate_json((workplace / "stacked.json").read_bytes())
    assert stored.calibrated == more.calibrated
    assert [path.name for path in workplace.iterdir()] == ["stacked.json"]


def test_runs_of_other_versions_are_made_anew(workplace: Path) -> None:
    """Numbers of two versions of Keras never stand behind one bound."""
    written_before(versions={"keras": "0.0"})
    said: list[str] = []
    calibrate(said, seeds=1, variation_seeds=0)
    assert len(said) == 1


def test_a_run_repeats_itself(workplace: Path) -> None:
    """The seed fixes weights and order; the images are the hidden ones."""
    source, images = tiny_reference(), yardstick("fashion_mnist", "hidden", SAMPLE)
    first, model = calibration.train(source, images, REFERENCE, 5)
    second, _ = calibration.train(source, images, REFERENCE, 5)
    assert replace(first, seconds=0.0) == replace(second, seconds=0.0)
    predicted = np.asarray(model(images.images, training=False))
    assert first.mse == pytest.approx(np.mean((images.images - predicted) ** 2), rel=1e-5)


def test_variations_change_what_they_say(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batch size, optimiser and epochs, and nothing else."""
    seen: list[tuple[str, int, int]] = []

    def fit(model: keras.Model, x: np.ndarray, y: np.ndarray, *, epochs: int, batch_size: int, verbose: int) -> None:
        assert x is y
        seen.append((type(model.optimizer).__name__, batch_size, epochs))

    monkeypatch.setattr(keras.Model, "fit", fit)
    source, images = tiny_reference(), yardstick("fashion_mnist", "hidden", SAMPLE)
    for variation in (REFERENCE, *VARIATIONS):
        calibration.train(source, images, variation, 0)
    assert seen == [
        ("Nadam", 32, 2), ("Nadam", 64, 2), ("Nadam", 128, 2), ("Nadam", 256, 2), ("Adam", 32, 2), ("RMSprop", 32, 2),
        ("Nadam", 32, 1),
    ]  # fmt: skip


def test_statistics_are_those_of_the_references_own_runs(workplace: Path) -> None:
    """Variations are told, and do not move the bound."""
    images = yardstick("fashion_mnist", "hidden", SAMPLE)
    own = [0.020, 0.021, 0.025]
    records = [CalibrationRun("reference", seed, 2, mse, 0.3, 1.0) for seed, mse in enumerate(own)]
    records.append(CalibrationRun("adam", 0, 2, 0.9, 0.3, 1.0))
    found = calibration.summarise(tiny_reference(), images, "hash", records)
    assert (found.runs, found.mean, found.deviation) == (3, statistics.fmean(own), statistics.stdev(own))
    assert found.curve == credit_curve(statistics.fmean(own), statistics.stdev(own), 3, images.mean_image_error())
    assert found.records == tuple(records)
    assert found.mean_image == pytest.approx(np.mean((images.images - images.train.mean(axis=0)) ** 2), rel=1e-6)


# Architectures


def layer(kind: str, takes: tuple[int, ...], gives: tuple[int, ...], parameters: int, activation: str = "") -> Layer:
    attributes = (("activation", activation), ("units", gives[-1]), ("use_bias", True)) if activation else ()
    return Layer(kind, attributes, takes, gives, parameters)


STACKED = Architecture(
    layers=(
        layer(RESHAPE, (28, 28), (784,), 0),
        replace(layer("Dense", (784,), (100,), 784 * 100 + 100, "relu"), inputs=(0,)),
        replace(layer("Dense", (100,), (30,), 100 * 30 + 30, "relu"), inputs=(1,)),
        replace(layer("Dense", (30,), (100,), 30 * 100 + 100, "relu"), inputs=(2,)),
        replace(layer("Dense", (100,), (784,), 100 * 784 + 784, "linear"), inputs=(3,)),
        replace(layer(RESHAPE, (784,), (28, 28), 0), inputs=(4,)),
    ),
    input_shape=(28, 28),
    output_shape=(28, 28),
    output=5,
    parameters=163_814,
)
"""The course's table for `stacked`, typed by hand."""


def test_the_form_of_stacked_is_the_table_of_the_course() -> None:
    """Flatten, Dense 100, Dense 30, Dense 100, Dense 784, Reshape: 163,814 parameters."""
    found = architecture_of(stacked.build().autoencoder)
    assert replace(found, layers=tuple(replace(step, operation="") for step in found.layers)) == STACKED


def test_facts_that_need_no_training_come_from_the_models() -> None:
    """Three architectures, parameters and code size."""
    facts = describe(stacked)
    assert {role: architecture.parameters for role, architecture in facts.architectures.items()} == {
        Role.ENCODER: 81_530, Role.DECODER: 82_284, Role.AUTOENCODER: 163_814,
    }  # fmt: skip
    assert (facts.parameters, facts.code_size, facts.dataset) == (163_814, 30, "fashion_mnist")
    assert facts.calibrated == {}


@pytest.mark.full_data
def test_the_full_set_is_another_yardstick_with_the_same_pictures() -> None:
    """Reports show the same eight images whatever was measured on."""
    if data.find_full("fashion_mnist") is None:
        pytest.skip("the full fashion_mnist is nowhere; set KERAS_HOME to the folder that holds fashion_mnist.npz")
    full, sample = (yardstick("fashion_mnist", "hidden", DataChoice(size)) for size in ("full", "sample"))
    assert (len(full.train), len(full.images), len(sample.train), len(sample.images)) == (60_000, 2_000, 8_000, 1_000)
    np.testing.assert_array_equal(full.strip_images, sample.strip_images)


# Ways through a graph


@pytest.mark.parametrize(
    ("edges", "output", "cuts"),
    [
        ([(-1,), (0,), (1,)], 2, (0, 1, 2)),
        ([(-1,), (0,), (1, 0)], 2, (0, 2)),
        ([(-1,), (0,), (1, -1)], 2, (2,)),
        ([(-1,), (-1,), (0, 1), (2,)], 3, (2, 3)),
        ([(-1,), (0,), (1,), (2, 0), (3, -1)], 4, (4,)),
        ([], -1, ()),
    ],
    ids=["chain", "skip from the first", "skip from the input", "two branches", "two skips", "nothing"],
)
def test_a_cut_is_a_layer_that_every_path_leads_through(
    edges: list[tuple[int, ...]], output: int, cuts: tuple[int, ...]
) -> None:
    """The definition, on graphs small enough to see."""
    from grader.rebuild.canonical import cut_positions

    steps = tuple(Layer("Dense", (), (4,), (4,), 0, inputs) for inputs in edges)
    assert cut_positions(Architecture(steps, (4,), (4,), output, 0)) == cuts
