"""The part of a student's page that lays the model beside the reference: layers, pictures, losses."""

from __future__ import annotations

import base64
from dataclasses import replace

import report_samples as samples
from report_page import page_of, render, rendered

from grader.domain.datasets import DataSize
from grader.domain.measurement import Measurements, Quantity, Role
from grader.domain.messages import message


def test_the_layers_are_aligned_and_every_difference_is_named():
    """The student's six layers beside the reference's six; Dropout is extra, one Dense is missing, one differs."""
    table = page_of(rendered("imperfect")).one("table", "layers")
    shown = [
        (" ".join(row.classes), *(cell.text for cell in row.all("td")[1:])) for row in table.one("tbody").all("tr")
    ]
    first = "Reshape target_shape 784 → 784 · 0 parameters"
    last = "Reshape target_shape 28 × 28 → 28 × 28 · 0 parameters"
    hidden = "Dense activation relu, units 100 → 100 · 78\u202f500 parameters".replace("\u202f", " ")
    assert shown == [
        ("same", first, first, "= the same"),
        ("same", hidden, hidden, "= the same"),
        ("added", "Dropout rate 0.2 → 100 · 0 parameters", "—", "+ only in this notebook"),
        (
            "changed costs",
            "Dense activation tanh, units 64 → 64 · 6464 parameters",
            "Dense activation relu, units 30 → 30 · 3030 parameters",
            "≠ activation: tanh instead of relu (costs points); units: 64 instead of 30",
        ),
        (
            "missing costs",
            "—",
            "Dense activation relu, units 100 → 100 · 3100 parameters",
            "− only in the reference (costs points)",
        ),
        (
            "same",
            "Dense units 784 → 784 · 50 960 parameters",
            "Dense units 784 → 784 · 79 184 parameters",
            "= the same",
        ),
        ("same", last, last, "= the same"),
    ]
    assert table.one("tfoot").text == "135 924 parameters in all 163 814 parameters in all"


def test_a_layer_that_reads_another_than_the_one_before_says_so():
    """A skip connection is visible in the table, and the bypass is named above it."""
    add = replace(samples.dense(100, 100), kind="Add", attributes=(), inputs=(1, -1))
    skipping = replace(samples.REFERENCE, layers=(*samples.REFERENCE.layers[:5], add))
    measured = samples.measurements(architecture=skipping, bypass=message("Layer 6 carries the image past the code."))
    page = page_of(render(samples.submission(measurements=measured)))
    assert "reads 2, the input" in page.one("table", "layers").text
    assert page.one("p", "bypass").text == "Layer 6 carries the image past the code."


def test_pictures_stand_in_rows_and_are_named():
    """Original, the student's, the reference's, as embedded PNGs with alternative texts."""
    page = page_of(rendered("perfect"))
    rows = [(f.one("figcaption").text, f.one("img").attributes["alt"]) for f in page.one(css="strips").all("figure")]
    assert rows == [
        ("Original", "Row of 4 images: Original"),
        ("This notebook", "Row of 4 images: This notebook"),
        ("Reference", "Row of 4 images: Reference"),
    ]
    for image in page.one(css="strips").all("img"):
        encoded = image.attributes["src"].removeprefix("data:image/png;base64,")
        assert base64.b64decode(encoded).startswith(b"\x89PNG")


def test_reference_pictures_of_other_images_are_not_shown():
    """Two rows that show different things would mislead."""
    known = samples.facts()
    other = replace(
        known.calibrated["sample"], strips=(samples.image_strip("original", start=7), samples.image_strip("reference"))
    )
    page = page_of(render(samples.submission(), facts=replace(known, calibrated={DataSize.SAMPLE: other})))
    assert [f.one("figcaption").text for f in page.one(css="strips").all("figure")] == ["Original", "This notebook"]


def test_the_loss_is_compared_with_baselines_and_reference_in_words_too():
    """The alternative text of the chart carries every number; the dark version is for screens alone."""
    picture = page_of(rendered("perfect")).one(css="losses").one("picture")
    assert picture.one("img").attributes["alt"] == (
        "Chart of reconstruction errors. This notebook: 0.0214; Reference: 0.0187 ± 0.0004; "
        "PCA, 30 components: 0.0178; Mean image: 0.0847; full points up to 0.0325."
    )
    assert picture.one("source").attributes["media"] == "screen and (prefers-color-scheme: dark)"
    assert picture.one("source").attributes["srcset"] != picture.one("img").attributes["src"]


def test_baselines_measured_beside_the_student_come_before_the_calibrated_ones():
    """Mean and PCA are of the very samples of the student's error, PCA of the reference's code size."""
    measured = samples.measurements()
    values = dict(measured.values) | {
        Quantity.CODE_SIZE: replace(measured.values[Quantity.CODE_SIZE], value=64.0),
        Quantity.PCA_MSE: replace(measured.values[Quantity.RECONSTRUCTION_MSE], name=Quantity.PCA_MSE, value=0.0099),
        Quantity.MEAN_IMAGE_MSE: replace(
            measured.values[Quantity.RECONSTRUCTION_MSE], name=Quantity.MEAN_IMAGE_MSE, value=0.0888
        ),
    }
    graded = samples.submission(measurements=replace(measured, values=values))
    alt = page_of(render(graded)).one("picture").one("img").attributes["alt"]
    assert "PCA, 30 components: 0.00990; Mean image: 0.0888;" in alt


def test_a_code_of_another_size_is_said_beside_the_comparison():
    """PCA and the reference have the size that is asked for, whatever the notebook has."""
    assert "like with like" not in page_of(rendered("perfect")).one("p", "basis").text
    measured = samples.measurements()
    wide = replace(measured.values[Quantity.CODE_SIZE], value=64.0)
    graded = samples.submission(measurements=replace(measured, values=measured.values | {Quantity.CODE_SIZE: wide}))
    assert page_of(render(graded)).one("p", "basis").text == (
        "The reference was trained 12 times for 20 epochs. The code of this notebook has 64 numbers, those of the "
        "reference and of PCA 30: the errors do not compare like with like."
    )


def test_numbers_of_other_samples_say_so():
    """A student's own check measures on public images, and the reference is known on hidden ones."""
    page = page_of(render(samples.submission(measurements=samples.measurements(images="public"))))
    assert "Reference, hidden data: 0.0187" in page.one("picture").one("img").attributes["alt"]
    assert page.one("p", "basis").text == (
        "The reference was trained 12 times for 20 epochs. Its error and the limits for points are those on hidden "
        "data, the other numbers those on public data."
    )


def test_nothing_is_compared_where_nothing_was_measured():
    """No empty tables, no pictures of nothing; the problem is reported instead."""
    page = page_of(rendered("needs review"))
    assert [section.one("h2").text for section in page.all("section")] == [
        "What to do next",
        "Checks",
        "The run",
        "What could not be measured",
    ]
    assert page.all("img") == []


def test_an_uncalibrated_data_size_leaves_the_comparison_out():
    """A loss on full data is never set beside figures of the sample."""
    graded = samples.submission(measurements=samples.measurements(data=DataSize.FULL))
    page = page_of(render(graded))
    assert page.all(css="losses") == []
    assert [f.one("figcaption").text for f in page.one(css="strips").all("figure")] == ["Original", "This notebook"]


def test_a_model_without_a_reference_is_shown_without_a_table():
    """A reference with a free architecture has nothing to be laid beside."""
    page = page_of(render(samples.submission(), facts=samples.facts(architectures={})))
    assert page.all("table", "layers") == []


def test_a_free_length_in_a_shape_is_a_question_mark():
    """Recurrent models take sequences of any length."""
    lstm = samples.Layer("LSTM", (("units", 30),), (None, 28), (None, 30), 7080)
    measured = Measurements(
        models={Role.AUTOENCODER: samples.MeasuredModel(Role.AUTOENCODER, "ae", samples.chain(lstm))}
    )
    assert "→ ? × 30 · 7080 parameters" in page_of(render(samples.submission(measurements=measured))).text
