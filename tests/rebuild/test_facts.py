"""The committed facts are recomputed from what they were made of: the reference, their own runs, the embedded data."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from round_trip import anonymous

import reference
from grader.domain.facts import Baseline, CalibratedData, CreditCurve, ReferenceFacts, Statistic
from grader.domain.measurement import Quantity
from grader.rebuild.calibration import (
    CHEAP_RUN_SECONDS,
    FACTS,
    FACTS_FOLDER,
    FEW_SEEDS,
    LONG_RUN_SECONDS,
    MANY_SEEDS,
    USUAL_SEEDS,
    reached,
)
from grader.rebuild.facts.curves import fair_curve, separates
from grader.rebuild.facts.description import describe
from grader.rebuild.facts.reference_training import epochs_of, variations
from grader.rebuild.facts.summary import rounded
from grader.rebuild.families.family_registry import family_of
from grader.rebuild.families.judgement import Judgement
from grader.rebuild.quantities.image_metrics import mean_image_error
from grader.rebuild.quantities.reference_data import STRIP_IMAGES, DataChoice, ReferenceData, load_reference_data
from reference import data
from reference.contract import IDS, Reference, load

PARAMETERS = {
    "linear-pca": 17,
    "simple-dense": 50_992,
    "simple-dense-mse": 50_992,
    "symmetric-dense": 210_214,
    "deep-dense": 222_384,
    "stacked": 163_814,
    "convolutional": 54_479,
    "convolutional-upsampling": 4_385,
    "recurrent": 122_548,
    "denoising-dense": 50_992,
    "denoising-dropout": 163_814,
    "denoising-convolutional": 28_353,
    "sparse": 218_084,
    "fraud": None,
    "variational": None,
    "variational-convolutional": None,
    "greedy-layerwise": None,
    "pretraining": 163_814,
    "optimizers": 50_992,
    "losses": 50_992,
    "from-scratch": None,
}
"""The course's numbers, typed by hand; None if it leaves the sizes free."""

UNFINISHED: frozenset[tuple[str, str, str]] = frozenset(
    {
        ("convolutional", "fashion_mnist", "full"),
        ("recurrent", "fashion_mnist", "full"),
        ("denoising-convolutional", "mnist", "full"),
        ("variational-convolutional", "mnist", "full"),
    }
)
"""Reference, data set and size of calibrations that lack runs besides three of the reference."""

every_reference = pytest.mark.parametrize("name", IDS)


@cache
def facts(name: str) -> ReferenceFacts:
    return FACTS.validate_json((FACTS_FOLDER / f"{name}.json").read_bytes())


@cache
def embedded(dataset: str) -> ReferenceData:
    return load_reference_data(dataset, DataChoice("sample"))


def calibrated(name: str) -> Iterator[CalibratedData]:
    """Yield what was calibrated; a file that holds nothing is a failure, and no test that passes."""
    written = facts(name)
    for dataset in written.datasets:
        assert written.on("sample", dataset), f"{name} was never calibrated on the embedded {dataset}"
    yield from (found for _, found in written.all_calibrated())


def seeds_wanted(found: CalibratedData) -> int:
    """Ten of the reference where one takes less than a minute, three where it takes over five, else five."""
    usual = statistics.median(run.seconds for run in found.records if run.variation == "reference")
    return MANY_SEEDS if usual < CHEAP_RUN_SECONDS else USUAL_SEEDS if usual < LONG_RUN_SECONDS else FEW_SEEDS


def lacking(name: str, found: CalibratedData) -> list[str]:
    """Return what a calibration would still train."""
    made = Counter(run.variation for run in found.records)
    wanted = dict.fromkeys((variation.name for variation in variations(load(name))), 1)
    wanted |= {"reference": seeds_wanted(found), "short": 5} | ({"control": 3} if load(name).has_control else {})
    return [variation for variation, count in wanted.items() if made[variation] < count]


def runs_of(found: CalibratedData, quantity: Quantity, names: set[str]) -> list[float]:
    return [run.values[quantity] for run in found.records if run.variation in names]


def honest_names(name: str) -> set[str]:
    return {"reference", *(variation.name for variation in variations(load(name)) if variation.honest)}


def test_every_reference_has_its_facts_and_every_file_its_reference() -> None:
    """The folder stands beside the references that it speaks of."""
    assert Path(reference.__file__).parent / "facts" == FACTS_FOLDER
    assert {path.name for path in FACTS_FOLDER.iterdir()} == {f"{name}.json" for name in IDS}
    assert set(PARAMETERS) == set(IDS)


# What a reference is


@every_reference
def test_architectures_and_recipe_are_those_that_the_reference_has_now(name: str) -> None:
    """Whoever changes a reference must calibrate it again."""
    written, built = facts(name), describe(load(name))
    assert {role: anonymous(form) for role, form in written.architectures.items()} == {
        role: anonymous(form) for role, form in built.architectures.items()
    }
    nowhere = {dataset: {} for dataset in written.elsewhere}
    bare = replace(written, architectures={}, calibrated={}, elsewhere=nowhere, reached="")
    assert bare == replace(built, architectures={})


@every_reference
def test_parameters_are_those_of_the_course(name: str) -> None:
    """Where it states them."""
    assert facts(name).parameters == PARAMETERS[name]


@every_reference
def test_layers_that_two_models_share_have_one_id_within_a_model_only(name: str) -> None:
    """Every architecture of the facts names its own layers, each once."""
    for form in facts(name).architectures.values():
        ids = [layer.operation for layer in form.layers]
        assert len(set(ids)) == len(ids)


# What was trained


@every_reference
def test_enough_runs_stand_behind_each_number(name: str) -> None:
    """Three runs of the reference at least, and every other run that a calibration makes, unless it is still going on.

    On the full data some calibrations are not finished: `UNFINISHED` names them, and nothing that is finished.
    """
    for dataset, found in facts(name).all_calibrated():
        known = {"reference", *(variation.name for variation in variations(load(name)))}
        assert {run.variation for run in found.records} <= known
        assert sum(run.variation == "reference" for run in found.records) >= FEW_SEEDS
        if (name, dataset, found.data) in UNFINISHED:
            assert lacking(name, found), "finished: take it off the list"
        else:
            assert lacking(name, found) == []


@every_reference
def test_every_size_in_which_students_are_graded_has_facts(name: str) -> None:
    """On every data set that the course allows."""
    written = facts(name)
    assert [
        (size, dataset) for dataset in written.datasets for size in written.sizes if not written.on(size, dataset)
    ] == []


@every_reference
def test_no_run_stands_twice(name: str) -> None:
    """Seeds count from 0 and leave none out."""
    for found in calibrated(name):
        for variation in {run.variation for run in found.records}:
            seeds = [run.seed for run in found.records if run.variation == variation]
            assert seeds == [*range(len(seeds))]


@every_reference
def test_runs_were_trained_for_the_epochs_of_the_reference(name: str) -> None:
    """Short ones for a tenth, the others for all unless their variation says another share."""
    source = load(name)
    for found in calibrated(name):
        if found.data == "sample":  # every data set of a reference has as many
            trained_on = source.training_split(embedded(source.dataset).train)[0]
            assert found.epochs == epochs_of(source, len(trained_on))
        shares = {variation.name: variation.epochs_share for variation in variations(source)}
        assert [run.epochs for run in found.records] == [
            max(1, round(found.epochs * shares.get(run.variation, 1.0))) for run in found.records
        ]


@every_reference
def test_every_run_has_every_number_and_its_machine(name: str) -> None:
    """Finite, with six digits; the printed loss where `fit` printed one."""
    source = load(name)
    for found in calibrated(name):
        for run in found.records:
            assert set(run.values) == set(family_of(source).statistics) == set(found.statistics)
            assert all(value == rounded(value) for value in run.values.values())
            made_before_it_was_kept = found.data == "full" and name == "stacked"
            assert (run.training_loss is None) == (source.train is not None) or made_before_it_was_kept
            assert run.host
            assert run.seconds > 0


@every_reference
def test_facts_name_their_versions(name: str) -> None:
    """A number without them cannot be repeated."""
    for found in calibrated(name):
        assert set(found.versions) == {"keras", "tensorflow", "numpy"}
        assert all(found.versions.values())


# What was made of the runs


def curves_to(
    judged: Judgement, above: tuple[Baseline, ...], written: Statistic, fair: list[float]
) -> list[CreditCurve]:
    """Curves to these baselines, where the reference is clearly better."""
    anchors = [(anchor, True) for anchor in above] + [(anchor, False) for anchor in judged.below]
    spread = (written.mean, written.deviation, written.runs)
    return [
        fair_curve(spread, written.baselines[anchor], honest=fair, reach=judged.reach)
        for anchor, is_above in anchors
        if anchor in written.baselines and separates(*spread, written.baselines[anchor], above=is_above)
    ]


def keeps_honest(curves: list[CreditCurve], fair: list[float]) -> bool:
    """There is a curve, no bound beyond half of its way, and 99 % of the honest numbers have full credit by all."""
    ways = [(curve.full - curve.reference) / (curve.trivial - curve.reference) for curve in curves]
    if any(way > 0.5 + 1e-6 for way in ways):
        return False
    full = sum(all(curve.credit(value) == 1.0 for curve in curves) for value in fair)
    return bool(curves) and full >= 0.99 * len(fair)


def leads_to_control(statistic: Statistic) -> bool:
    """Return whether a number tells by itself who lacks the lesson."""
    return statistic.baselines.get(Baseline.CONTROL) in [curve.trivial for curve in statistic.curves]


def require_recomputed(source: Reference, found: CalibratedData, honest: Collection[str]) -> None:
    """Mean, deviation, counts, control and curves are those of the runs, to the last digits."""
    for quantity, judged in family_of(source).statistics.items():
        written = found.statistics[quantity]
        own, fair = runs_of(found, quantity, {"reference"}), runs_of(found, quantity, honest)
        mean, deviation = statistics.fmean(own), statistics.stdev(own)
        assert (written.unit, written.runs) == (judged.unit, len(own))
        assert written.mean == pytest.approx(mean, rel=1e-12)
        assert written.deviation == pytest.approx(deviation, rel=1e-9, abs=1e-15)
        control = runs_of(found, quantity, {"control"})
        assert written.baselines.get(Baseline.CONTROL) == (rounded(statistics.fmean(control)) if control else None)
        curves = curves_to(judged, judged.above, written, fair)
        if judged.fallback and not keeps_honest(curves, fair):
            curves = curves_to(judged, judged.fallback, written, fair)
        if judged.stands_in_for is not None and leads_to_control(found.statistics[judged.stands_in_for]):
            curves = []
        assert list(written.curves) == curves
        assert written.honest_runs == len(fair)
        assert written.honest_full == sum(written.credit(value) == 1.0 for value in fair)


@every_reference
def test_statistics_recompute_from_the_runs(name: str) -> None:
    """No number stands in the facts that their own runs do not give."""
    for found in calibrated(name):
        require_recomputed(load(name), found, honest_names(name))


@pytest.mark.parametrize("name", [name for name in IDS if load(name).code_sizes])
def test_statistics_of_other_code_sizes_recompute_from_their_runs(name: str) -> None:
    """Each from the runs of its size alone, as if it were the reference's own."""
    source = load(name)
    for found in calibrated(name):
        assert sorted(found.by_code_size) == sorted(source.code_sizes)
        for size, numbers in found.by_code_size.items():
            usual = {f"code-{size}-{what}": what for what in ("reference", "control")}
            runs = [replace(run, variation=usual[run.variation]) for run in found.records if run.variation in usual]
            own = replace(found, statistics=numbers, records=tuple(runs))
            require_recomputed(source, own, {"reference"})


@every_reference
def test_the_reference_is_better_than_what_is_trivial(name: str) -> None:
    """Full credit for its mean, none for what a curve leads to, and order between them."""
    for found in calibrated(name):
        for written in found.statistics.values():
            assert written.credit(written.mean) == 1.0
            for curve in written.curves:
                towards = 1.0 if curve.trivial > curve.reference else -1.0
                order = [curve.reference, curve.full, curve.none, curve.trivial]
                assert sorted(order, key=lambda value: towards * value) == order
                assert len(set(order)) == 4
                assert curve.credit(curve.trivial) == 0.0
                assert written.credit(curve.trivial) == 0.0


@every_reference
def test_the_deciding_number_tells_right_from_trivial(name: str) -> None:
    """It has a curve; fresh weights earn nothing by it, unless they are fine-tuned or see oddities as any net does."""
    source = load(name)
    for found in calibrated(name):
        deciding = found.statistics[family_of(source).main]
        assert next(iter(found.statistics.values())) is deciding
        assert deciding.curves
        if source.family not in {"anomaly", "transfer"}:
            assert deciding.credit(deciding.baselines[Baseline.UNTRAINED]) == 0.0


def test_honest_work_keeps_full_credit() -> None:
    """At least 99 of 100 honest runs over the whole course, for every number that judges."""
    judged = [
        written for name in IDS for found in calibrated(name) for written in found.statistics.values() if written.curves
    ]
    honest, full = sum(one.honest_runs for one in judged), sum(one.honest_full for one in judged)
    assert honest > 500
    assert full >= 0.99 * honest


@every_reference
def test_what_lacks_the_lesson_has_no_full_credit(name: str) -> None:
    """A control fails by one of the numbers at least, in every one of its runs.

    Except where that would cost honest work, and the curve leads to another baseline: for `denoising-dropout` a check
    of the layers sees the difference (`noise_layer`).
    """
    if name == "denoising-dropout":
        for found in calibrated(name):
            denoised = found.statistics[Quantity.DENOISED_MSE]
            assert [curve.trivial for curve in denoised.curves] == [denoised.baselines[Baseline.MEAN]]
        return
    for found in calibrated(name):
        for run in found.records:
            if run.variation == "control":
                earned = [found.statistics[quantity].credit(value) for quantity, value in run.values.items()]
                assert min(earned) < 0.5


# What it speaks of


@every_reference
def test_facts_speak_of_the_data_that_ship_with_the_package(name: str) -> None:
    """Another hidden image, and the facts are of no use."""
    written = facts(name)
    assert set(written.calibrated) <= set(data.SIZES)
    assert all(size == found.data for size, found in written.calibrated.items())
    found, material = written.calibrated["sample"], embedded(written.dataset)
    assert (found.data_hash, found.source) == (material.digest, material.source)
    if written.dataset in data.NAMES:
        known = found.reconstruction
        assert known is not None
        mean_image = rounded(mean_image_error(material.train, material.hidden))
        assert known.baselines[Baseline.MEAN] == pytest.approx(mean_image, rel=1e-5)


@every_reference
def test_facts_speak_of_the_full_data_that_ship(name: str, shipped_alone: None) -> None:
    """The same images in the same order, and their mean image."""
    written = facts(name)
    if written.dataset not in data.NAMES or "full" not in written.calibrated:
        pytest.skip(f"{name} has no facts of a full set of images")
    material = load_reference_data(written.dataset, DataChoice("full"))
    assert material.digest == written.calibrated["full"].data_hash
    known = written.calibrated["full"].reconstruction
    assert known is not None
    assert known.baselines[Baseline.MEAN] == pytest.approx(mean_image_error(material.train, material.hidden), rel=1e-5)


@every_reference
def test_facts_hold_the_references_pictures(name: str) -> None:
    """As many as a report shows, of the size of an image; none if the data are no images."""
    are_images = facts(name).dataset in data.NAMES
    for found in calibrated(name):
        assert [(shown.title, shown.height, shown.width, len(shown.images)) for shown in found.strips] == (
            [("reference", 28, 28, STRIP_IMAGES)] if are_images else []
        )
        assert {len(image) for shown in found.strips for image in shown.images} <= {1048}  # 784 bytes in base64


@every_reference
def test_simulated_data_say_so_wherever_they_are_named(name: str) -> None:
    """In the source, and in the words of what was reached."""
    for found in calibrated(name):
        assert found.source.startswith("simulated") == (name == "fraud")
    assert ("simulated" in facts(name).reached) == (name == "fraud")


@every_reference
def test_the_words_of_what_was_reached_are_the_numbers(name: str) -> None:
    """The mean of the deciding number, rounded, with its runs and its data."""
    written = facts(name)
    assert written.reached == reached(written)
    for dataset, found in written.all_calibrated():
        runs = next(iter(found.statistics.values())).runs
        place = f"{dataset}, " if len(written.datasets) > 1 else ""
        assert f"({place}{found.data}{', simulated' if name == 'fraud' else ''}, {runs} runs)" in written.reached
