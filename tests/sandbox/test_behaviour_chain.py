"""An honest model that nobody can rebuild goes the whole way: kernel, border, second sandbox, measurement, grade."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sandbox_here import needs_sandbox

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.domain.datasets import DataSize
from grader.domain.grade import GradeStatus, Outcome
from grader.domain.inspection import OTHER
from grader.domain.measurement import Quantity
from grader.inspection.inspecting import inspect_notebook
from grader.inspection.inspection_zones import open_inspection
from grader.intake.submissions import collect
from grader.pipeline import grade_submission
from grader.session import SessionOptions, open_session

CELLS = (
    """
import keras, numpy as np, tensorflow as tf
from keras import layers
(x_train, _), (x_test, _) = keras.datasets.fashion_mnist.load_data()
x_train, x_test = x_train.astype("float32") / 255, x_test.astype("float32") / 255
keras.utils.set_random_seed(1)
""",
    """
class Encoder(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(100, activation="selu")
        self.code = layers.Dense(30, activation="selu")

    def call(self, images):
        rows = tf.map_fn(lambda image: tf.reshape(image, (784,)), images)
        return self.code(self.hidden(rows))


class Decoder(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(100, activation="selu")
        self.out = layers.Dense(784, activation="sigmoid")

    def call(self, codes):
        return tf.map_fn(lambda row: tf.reshape(row, (28, 28)), self.out(self.hidden(codes)))


class Autoencoder(keras.Model):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def call(self, images):
        return self.decoder(self.encoder(images))
""",
    """
encoder, decoder = Encoder(), Decoder()
autoencoder = Autoencoder(encoder, decoder)
autoencoder.compile(loss="binary_crossentropy", optimizer="nadam")
autoencoder.fit(x_train, x_train, epochs=20, batch_size=64, validation_data=(x_test, x_test), verbose=0)
""",
)


def notebook() -> str:
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for i, source in enumerate(CELLS)
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


@needs_sandbox
@pytest.mark.slow
def test_a_subclass_with_a_loop_in_its_call_is_inspected_by_behaviour(tmp_path: Path) -> None:
    """Its data are recognised, its numbers measured, and nothing is said of a width that nobody knows."""
    (tmp_path / "ana.ipynb").write_text(notebook(), encoding="utf-8")
    (submission,) = collect([tmp_path / "ana.ipynb"], tmp_path / "intake")
    with open_inspection(SessionOptions(data_size=DataSize.SAMPLE, jobs=1)) as context:
        found = inspect_notebook(submission, context)
    (model,) = found.models
    assert (model.name, model.family, model.dataset, model.code_size) == ("autoencoder", OTHER, "fashion_mnist", 30)
    assert (model.encoder, model.decoder, model.trained, model.findings) == ("encoder", "decoder", True, ())
    assert model.parameters == 784 * 100 + 100 + 100 * 30 + 30 + 30 * 100 + 100 + 100 * 784 + 784
    assert model.quality[Quantity.RECONSTRUCTION_MSE] < 0.02
    assert any("nobody looked at its layers" in one.msgid for one in found.diagnosis)


@needs_sandbox
@pytest.mark.slow
def test_a_subclass_with_a_loop_in_its_call_is_graded_by_behaviour(tmp_path: Path) -> None:
    """Everything that can be seen from outside is decided and right; what is read from layers waits for a person."""
    (tmp_path / "ana.ipynb").write_text(notebook(), encoding="utf-8")
    (submission,) = collect([tmp_path / "ana.ipynb"], tmp_path / "intake")
    assignment = load_assignment("stacked")
    with open_session(assignment, load_facts("stacked"), SessionOptions(data_size=DataSize.SAMPLE, jobs=1)) as session:
        graded = grade_submission(submission, session.context)
    reported = {one.check: (one.outcome, one.message) for one in graded.grade.results}
    assert graded.measurements.by_behaviour, (graded.measurements.problems, graded.fault, reported)
    outcomes = {check: outcome for check, (outcome, _) in reported.items()}
    assert {check for check, outcome in outcomes.items() if outcome is Outcome.UNGRADABLE} == {"layers", "mirror"}, (
        reported
    )
    assert {check for check, outcome in outcomes.items() if outcome is not Outcome.PASSED} == {"layers", "mirror"}, (
        reported
    )
    assert graded.grade.status is GradeStatus.NEEDS_REVIEW
    assert graded.measurements.value(Quantity.CODE_SIZE) == 30
    assert any("Measured by behaviour" in note.msgid for note in graded.notes)
