"""The committed facts are recomputed from what they were made of: the reference, their own runs, the embedded data."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest
from round_trip import anonymous

import reference
from grader.domain.facts import ReferenceFacts
from grader.rebuild.calibration import FACTS, FACTS_FOLDER, REFERENCE, VARIATIONS, credit_curve, describe
from grader.rebuild.measuring import STRIP_IMAGES, DataChoice, strip, yardstick
from reference import data
from reference.contract import IDS, module

FILES = sorted(FACTS_FOLDER.glob("*.json"))


def facts(path: Path) -> ReferenceFacts:
    return FACTS.validate_json(path.read_bytes())


def test_every_reference_has_its_facts_and_every_file_its_reference() -> None:
    """The folder stands beside the references that it speaks of."""
    assert Path(reference.__file__).parent / "facts" == FACTS_FOLDER
    assert {path.stem for path in FILES} == set(IDS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_architectures_are_those_that_the_reference_builds_now(path: Path) -> None:
    """Whoever changes a reference must calibrate it again."""
    written, built = facts(path), describe(module(path.stem))
    assert {role: anonymous(form) for role, form in written.architectures.items()} == {
        role: anonymous(form) for role, form in built.architectures.items()
    }
    assert (written.reference, written.dataset, written.code_size, written.parameters, written.published) == (
        built.reference, built.dataset, built.code_size, built.parameters, built.published,
    )  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_layers_that_two_models_share_have_one_id_within_a_model_only(path: Path) -> None:
    """Every architecture of the facts names its own layers, each once."""
    for form in facts(path).architectures.values():
        ids = [layer.operation for layer in form.layers]
        assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_statistics_recompute_from_the_runs(path: Path) -> None:
    """Mean, deviation, count and curve, to the last digit."""
    for found in facts(path).calibrated.values():
        own = [run.mse for run in found.records if run.variation == REFERENCE.name]
        assert found.runs == len(own) >= 10
        assert found.mean == pytest.approx(statistics.fmean(own), rel=1e-12)
        assert found.deviation == pytest.approx(statistics.stdev(own), rel=1e-12)
        assert found.curve == credit_curve(found.mean, found.deviation, found.runs, found.mean_image)
        assert found.epochs == module(path.stem).EPOCHS
        assert {run.epochs for run in found.records if run.variation == REFERENCE.name} == {found.epochs}
        assert sorted(run.seed for run in found.records if run.variation == REFERENCE.name) == [*range(len(own))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_reference_beats_what_is_trivial_and_honest_variations_keep_full_credit(path: Path) -> None:
    """Order of the anchors; a student who takes another batch size loses nothing."""
    for found in facts(path).calibrated.values():
        assert 0 < found.mean < found.curve.full < found.curve.none < found.mean_image < found.untrained
        assert 0 < found.pca < found.mean_image
        assert {run.variation for run in found.records} == {REFERENCE.name, *(v.name for v in VARIATIONS)}
        assert {run.variation: found.curve.credit(run.mse) for run in found.records} == dict.fromkeys(
            (run.variation for run in found.records), 1.0
        )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_facts_speak_of_the_data_that_ship_with_the_package(path: Path) -> None:
    """Another hidden image, and the facts are of no use."""
    written = facts(path)
    assert set(written.calibrated) <= set(data.SIZES)
    found = written.calibrated["sample"]
    assert found.data_hash == data.load(written.dataset, size="sample").digest()
    images = yardstick(written.dataset, "hidden", DataChoice("sample"))
    assert found.mean_image == pytest.approx(images.mean_image_error(), rel=1e-6)


@pytest.mark.full_data
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_facts_speak_of_the_full_data_where_they_are(path: Path) -> None:
    """The official file, wherever the user keeps it."""
    written = facts(path)
    if data.find_full(written.dataset) is None or "full" not in written.calibrated:
        pytest.skip(f"the full {written.dataset} is nowhere; set KERAS_HOME to the folder that holds it")
    whole = data.load(written.dataset, size="full")
    if whole.digest() != written.calibrated["full"].data_hash:
        pytest.skip(f"{whole.source} orders its images in another way than the file of the calibration")
    images = yardstick(written.dataset, "hidden", DataChoice("full"))
    assert written.calibrated["full"].mean_image == pytest.approx(images.mean_image_error(), rel=1e-6)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_facts_name_versions_and_machine(path: Path) -> None:
    """A number without them cannot be repeated."""
    for found in facts(path).calibrated.values():
        assert set(found.versions) == {"keras", "tensorflow", "numpy"}
        assert all(found.versions.values())
        assert found.host


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_facts_hold_the_references_pictures(path: Path) -> None:
    """As many as a report shows, of the size of an image."""
    for found in facts(path).calibrated.values():
        (shown,) = found.strips
        blank = strip("reference", yardstick("fashion_mnist", "hidden", DataChoice("sample")).strip_images)
        assert (shown.title, shown.height, shown.width, len(shown.images)) == ("reference", 28, 28, STRIP_IMAGES)
        assert [len(image) for image in shown.images] == [len(image) for image in blank.images]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_words_of_what_was_reached_are_the_numbers(path: Path) -> None:
    """`0.0182 MSE (sample, 10 runs)` is the mean, rounded."""
    written = facts(path)
    assert written.reached == ", ".join(
        f"{found.mean:.4f} MSE ({size}, {found.runs} runs)" for size, found in written.calibrated.items()
    )
