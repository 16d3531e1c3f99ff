"""Models that nobody can rebuild: measured by what they answer, and only as far as that tells something.

The graphs are real and pass the list of the second sandbox; they run in this process, so that a test takes no time.
`tests/sandbox/test_behaviour.py` runs graphs in the real one.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from tensorflow.core.framework.graph_pb2 import GraphDef

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.checks.core.subject import Subject
from grader.checks.rubric import run_checks
from grader.domain.evidence import Evidence
from grader.domain.grade import CheckResult, Outcome
from grader.domain.measurement import Measurements, Quantity, Role
from grader.domain.ports import GraphSandbox, MeasuringTask
from grader.domain.run import RunRecord, RunStatus, StoppedBy
from grader.extraction.claims import collect
from grader.probe.export import Exporter
from grader.probe.fit_record import FitRecord
from grader.probe.fits import FitTracker
from grader.probe.pure_ops import INPUT, OUTPUT, ImpureError, purified
from grader.rebuild import whole_submission
from grader.rebuild.graphs import graph_measurements
from grader.rebuild.graphs.graph_process import BehaviourError
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.quantities.samples import load_samples

pytestmark = pytest.mark.usefixtures("alone", "in_process")

SANDBOX = GraphSandbox(("none",), "{graph}")
SAMPLE = DataChoice("sample", None)
NAMES = tuple((role.value, role.value) for role in Role)
RAN = RunRecord(RunStatus.COMPLETED, StoppedBy.NOTHING, cells_total=1, cells_run=1)


class InProcess:
    """A graph that runs here, as `GraphProcess` runs it there."""

    def __init__(self, sandbox: GraphSandbox, graph: Path, deadline: float) -> None:
        self.graph = graph

    def takes(self) -> tuple[int | None, ...]:
        try:
            pure = purified(GraphDef.FromString(self.graph.read_bytes()))
        except ImpureError as error:
            raise BehaviourError(str(error)) from error
        wrapped = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(pure, name=""), [])
        self.function = wrapped.prune(f"{INPUT}:0", f"{OUTPUT}:0")
        return tuple(self.function.inputs[0].shape.as_list()[1:])

    def ask(self, samples: Any) -> Any:
        return np.asarray(self.function(tf.constant(samples)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_measurements, "GraphProcess", InProcess)


class Encoder(keras.Model):
    """Dense layers behind a loop that nobody can trace."""

    def __init__(self, code: int = 30) -> None:
        super().__init__()
        self.hidden, self.code = layers.Dense(100, activation="relu"), layers.Dense(code)

    def call(self, x: Any) -> Any:
        return self.code(self.hidden(tf.map_fn(lambda row: tf.reshape(row, (784,)), x)))


class Decoder(keras.Model):
    """The way back, with another such loop."""

    def __init__(self, activation: str = "sigmoid") -> None:
        super().__init__()
        self.hidden, self.out = layers.Dense(100, activation="relu"), layers.Dense(784, activation=activation)

    def call(self, z: Any) -> Any:
        return tf.map_fn(lambda row: tf.reshape(row, (28, 28)), self.out(self.hidden(z)))


class Whole(keras.Model):
    """Both, and what `way` does with the answer and the input."""

    def __init__(self, encoder: Any, decoder: Any, way: Any = lambda answer, x: answer) -> None:
        super().__init__()
        self.encoder, self.decoder, self.way = encoder, decoder, way

    def call(self, x: Any) -> Any:
        return self.way(self.decoder(self.encoder(x)), x)


class Own(keras.Model):
    """What `call` does is given."""

    def __init__(self, way: Any) -> None:
        super().__init__()
        self.way = way

    def call(self, x: Any) -> Any:
        return self.way(x)


def images() -> Any:
    return load_samples("fashion_mnist", "hidden", SAMPLE).images


def received(folder: Path, fitted: Any, scale: tuple[float, float] = (0.0, 1.0), **models: Any) -> Evidence:
    """Take models through probe and border as if the first had been fitted."""
    record = FitRecord(fitted, completed=True, same_target=True, input_shape=(28, 28))
    record.input_minimum, record.input_maximum = scale
    fitted(images()[:2])
    exporter = Exporter(models, folder / "claims", FitTracker([record]), [])
    exporter.writes_graphs = True
    exporter.export()
    return collect(folder, folder / "vetted")


def measured(evidence: Evidence, reference: str = "stacked") -> Measurements:
    return whole_submission.measure(evidence, MeasuringTask(reference, "hidden", NAMES), SAMPLE, SANDBOX)


def checked(found: Measurements) -> dict[str, CheckResult]:
    """Run every check of the assignment as if nothing depended on another."""
    assignment = load_assignment("stacked")
    rubric = [replace(item, requires=()) for item in assignment.rubric]
    return {result.check: result for result in run_checks(rubric, Subject(RAN, found, load_facts("stacked")))}


def waiting(found: Measurements) -> set[str]:
    return {name for name, result in checked(found).items() if result.outcome is Outcome.UNGRADABLE}


def three(activation: str = "sigmoid") -> tuple[Any, Any, Any]:
    encoder, decoder = Encoder(), Decoder(activation)
    return encoder, decoder, Whole(encoder, decoder)


def test_the_three_models_are_found_and_measured_by_what_they_answer(tmp_path: Path) -> None:
    """The numbers are those of the student's own models; a check of layers waits, the others decide."""
    encoder, decoder, autoencoder = three()
    evidence = received(tmp_path, autoencoder, autoencoder=autoencoder, encoder=encoder, decoder=decoder)
    assert len(evidence.graphs) == 3
    found = measured(evidence)
    expected = np.mean((np.asarray(autoencoder(images())) - images()) ** 2)
    assert found.value(Quantity.RECONSTRUCTION_MSE) == pytest.approx(expected, rel=1e-5)
    assert found.value(Quantity.THROUGH_CODE_MSE) == pytest.approx(expected, rel=1e-3)
    assert found.value(Quantity.CODE_SIZE) == 30
    assert found.value(Quantity.COMPOSITION_GAP) < 1e-5
    assert {role: (one.name, one.made, one.architecture.layers) for role, one in found.models.items()} == {
        role: (role.value, True, ()) for role in Role
    }
    assert (found.by_behaviour, found.problems, found.claims.trained, found.bypass) == (True, (), True, None)
    assert found.values[Quantity.RECONSTRUCTION_MSE].how == "measured by behaviour: 1000 images"
    assert "Measured by behaviour" in found.conventions[0].msgid
    assert {strip.title for strip in found.strips} == {"original", "student"}
    results = checked(found)
    assert waiting(found) == {"layers", "mirror"}
    assert {name for name, result in results.items() if result.outcome is Outcome.PASSED} >= {
        "runs", "models", "shapes", "code_size", "composition", "bottleneck",
    }  # fmt: skip
    assert results["reconstruction"].outcome is Outcome.FAILED  # it was never trained


def test_a_model_without_halves_is_no_autoencoder_yet(tmp_path: Path) -> None:
    """Whether there is a code nobody can tell: no reconstruction is judged, nothing is failed, a person looks."""
    inner = three()[2]
    autoencoder = Own(lambda x: inner(x))  # not an attribute that anybody finds
    found = measured(received(tmp_path, autoencoder, autoencoder=autoencoder, encoder=Encoder()))
    assert set(found.models) == {Role.AUTOENCODER}
    assert found.value(Quantity.RECONSTRUCTION_MSE) is None
    assert {"models", "code_size", "composition", "bottleneck", "layers", "reconstruction"} <= waiting(found)
    assert not [name for name, result in checked(found).items() if result.outcome is Outcome.FAILED]


@pytest.mark.parametrize(
    "way",
    [
        lambda answer, x: answer + 0.5 * (x - answer),
        lambda answer, x: tf.where(x > 0.5, x, answer),
        lambda answer, x: x + 0 * answer,
    ],
)
def test_a_way_past_the_code_earns_nothing(way: Any, tmp_path: Path) -> None:
    """Encoder and decoder apart do not do what the whole does: its reconstructions are not looked at."""
    encoder, decoder = Encoder(), Decoder()
    autoencoder = Whole(encoder, decoder, way)
    found = measured(received(tmp_path, autoencoder, autoencoder=autoencoder, encoder=encoder, decoder=decoder))
    assert (found.value(Quantity.RECONSTRUCTION_MSE), found.value(Quantity.CODE_SIZE)) == (None, None)
    assert {"models", "code_size", "composition", "bottleneck", "reconstruction"} <= waiting(found)


def test_a_code_as_large_as_the_image_is_none(tmp_path: Path) -> None:
    """A pair that hands the image through is no encoder and decoder."""
    encoder = Own(lambda x: tf.map_fn(lambda row: tf.reshape(row, (784,)), x))
    decoder = Own(lambda z: tf.map_fn(lambda row: tf.reshape(row, (28, 28)), z))
    autoencoder = Whole(encoder, decoder)
    found = measured(received(tmp_path, autoencoder, autoencoder=autoencoder, encoder=encoder, decoder=decoder))
    assert found.value(Quantity.RECONSTRUCTION_MSE) is None
    assert "reconstruction" in waiting(found)


def test_halves_that_can_be_rebuilt_are_taken_as_they_are(tmp_path: Path) -> None:
    """Only the whole is beyond us; codes go from one rebuilt model to the other."""
    encoder = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(30)])
    decoder = keras.Sequential([keras.Input((30,)), layers.Dense(784, "sigmoid"), layers.Reshape((28, 28))])

    class Looped(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.decoder = encoder, decoder

        def call(self, x: Any) -> Any:
            return self.decoder(self.encoder(tf.map_fn(lambda row: row * 1.0, x)))

    autoencoder = Looped()
    found = measured(received(tmp_path, autoencoder, autoencoder=autoencoder, encoder=encoder, decoder=decoder))
    assert not found.by_behaviour  # put together from its halves, and its graph agrees
    assert found.value(Quantity.CODE_SIZE) == 30


def test_what_its_call_does_besides_is_not_left_out(tmp_path: Path) -> None:
    """A class put together from its halves does less than its author's `call`: then nobody judges the halves for it."""
    encoder = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(30)])
    decoder = keras.Sequential([keras.Input((30,)), layers.Dense(784), layers.Reshape((28, 28))])

    class Clipped(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.decoder = encoder, decoder

        def call(self, x: Any) -> Any:
            return tf.map_fn(lambda row: tf.clip_by_value(row, 0.0, 0.5), self.decoder(self.encoder(x)))

    autoencoder = Clipped()
    found = measured(received(tmp_path, autoencoder, autoencoder=autoencoder, encoder=encoder, decoder=decoder))
    assert found.by_behaviour
    assert found.value(Quantity.RECONSTRUCTION_MSE) is None
    assert {"reconstruction", "bottleneck"} <= waiting(found)


def test_the_model_of_the_name_asked_for_is_judged_and_no_other(tmp_path: Path) -> None:
    """An earlier trial that can be rebuilt does not stand in for the autoencoder that was trained."""
    encoder, decoder, autoencoder = three()
    trial = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(784), layers.Reshape((28, 28))])
    models = {"autoencoder": autoencoder, "encoder": encoder, "decoder": decoder, "trial": trial}
    found = measured(received(tmp_path, autoencoder, **models))
    assert (found.by_behaviour, found.models[Role.AUTOENCODER].name) == (True, "autoencoder")
    models = {"model": autoencoder, "encoder": encoder, "decoder": decoder, "autoencoder": trial}
    found = measured(received(tmp_path / "other", autoencoder, **models))
    assert (found.by_behaviour, found.models[Role.AUTOENCODER].name) == (False, "autoencoder")


def test_pixels_and_logits_are_read_as_of_any_model(tmp_path: Path) -> None:
    """Trained on pixels up to 255 with a loss that takes logits: judged between 0 and 1, behind the sigmoid."""
    encoder, decoder, autoencoder = three("linear")
    autoencoder.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    models = {"autoencoder": autoencoder, "encoder": encoder, "decoder": decoder}
    found = measured(received(tmp_path, autoencoder, **models))
    answers = np.asarray(tf.sigmoid(autoencoder(images())))
    plain = np.mean((np.asarray(autoencoder(images())) - images()) ** 2)
    behind = np.mean((answers - images()) ** 2)
    assert behind < plain
    assert found.value(Quantity.RECONSTRUCTION_MSE) == pytest.approx(behind, rel=1e-4)
    assert "logits" in found.conventions[1].msgid


def test_a_model_of_large_pixels_is_given_large_pixels(tmp_path: Path) -> None:
    """Its answers are turned back before they are compared."""
    mean = np.float32(255 * images().mean(axis=0))
    encoder = Own(lambda x: tf.map_fn(lambda row: tf.reshape(row, (784,))[:30], x))
    decoder = Own(lambda z: tf.map_fn(lambda row: mean + 0 * row[0], z))
    autoencoder = Whole(encoder, decoder)
    models = {"autoencoder": autoencoder, "encoder": encoder, "decoder": decoder}
    found = measured(received(tmp_path, autoencoder, (0.0, 255.0), **models))
    assert found.value(Quantity.RECONSTRUCTION_MSE) == pytest.approx(found.value(Quantity.MEAN_IMAGE_MSE), rel=0.05)


@pytest.mark.parametrize(
    ("way", "reported"),
    [
        (lambda x: tf.map_fn(lambda row: row * np.nan, x), "not finite numbers"),
        (lambda x: tf.map_fn(lambda row: row + tf.random.normal((28, 28)), x), "RandomStandardNormal"),
        (lambda x: tf.map_fn(lambda row: row, x) - tf.reduce_mean(x), "hangs on the others of the batch"),
        (lambda x: tf.ensure_shape(tf.numpy_function(lambda v: v, [x], tf.float32), (None, 28, 28)), "PyFunc"),
    ],
)
def test_what_cannot_be_measured_waits_for_a_person_with_the_reason(way: Any, reported: str, tmp_path: Path) -> None:
    """No numbers, other numbers each time, numbers that hang on others, Python: never a student's zero."""
    autoencoder = Own(way)
    found = measured(received(tmp_path, autoencoder, autoencoder=autoencoder))
    assert (found.models, found.by_behaviour) == ({}, False)
    assert all(problem.ours for problem in found.problems)
    assert reported in str([problem.reason for problem in found.problems])
    assert waiting(found) == set(checked(found)) - {"runs"}


def test_what_is_judged_by_several_models_or_by_rows_is_left_to_a_person(tmp_path: Path) -> None:
    """Greedy stages, compared losses and a classifier need more than one graph can show."""
    _, _, autoencoder = three()
    evidence = received(tmp_path, autoencoder, autoencoder=autoencoder)
    for reference in ("greedy-layerwise", "losses", "pretraining"):
        found = measured(evidence, reference)
        assert (found.models, found.by_behaviour, {one.ours for one in found.problems}) == ({}, False, {True})


def test_denoising_is_measured_of_the_whole_alone(tmp_path: Path) -> None:
    """Who hands noise through earns nothing there, code or not."""
    autoencoder = Own(lambda x: tf.map_fn(lambda row: row, x))
    found = measured(received(tmp_path, autoencoder, autoencoder=autoencoder), "denoising-dense")
    assert found.value(Quantity.DENOISED_MSE) > 0.05
    assert found.value(Quantity.RECONSTRUCTION_MSE) is None


def test_without_a_second_sandbox_nothing_changes(tmp_path: Path) -> None:
    """On a student's own machine the model waits for a person, as before."""
    _, _, autoencoder = three()
    evidence = received(tmp_path, autoencoder, autoencoder=autoencoder)
    found = whole_submission.measure(evidence, MeasuringTask("stacked", "hidden", NAMES), SAMPLE)
    assert (found.models, found.by_behaviour, {one.ours for one in found.problems}) == ({}, False, {True})
