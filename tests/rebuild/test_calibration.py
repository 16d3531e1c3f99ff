"""Facts from trainings: every run made once and stored at once, and the summary of all of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tiny_reference import Here, build, tiny

from grader.domain.datasets import DataSize
from grader.domain.facts import Baseline, CalibratedData, CalibrationRun, ReferenceFacts, Statistic
from grader.domain.measurement import ImageStrip, Quantity
from grader.rebuild import calibration
from grader.rebuild.calibration import CalibrationPlan, Run, forms, load_facts, reached, store
from grader.rebuild.facts import summary as summary_module
from grader.rebuild.facts.curves import CreditReach, credit_curve
from grader.rebuild.facts.description import describe
from grader.rebuild.facts.reference_training import REFERENCE, SHORT, Variation, train
from grader.rebuild.facts.summary import rounded, summarise, versions
from grader.rebuild.quantities.reference_data import DataChoice, ReferenceData, load_reference_data
from reference.contract import Reference

MSE, BCE = Quantity.RECONSTRUCTION_MSE, Quantity.RECONSTRUCTION_BCE
SAMPLE = DataChoice("sample")
MEAN_IMAGE = 0.1
KNOWN = {MSE: {Baseline.MEAN: MEAN_IMAGE, Baseline.PCA: 0.012}, BCE: {Baseline.MEAN: 0.5}}
VARIATIONS = ("batch-64", "batch-128", "batch-256", "adam", "rmsprop", "flat")
"""Honest ones of the tiny reference, which is trained by Nadam on 32 images at a time."""


@dataclass
class Workplace:
    """A folder for facts, a small reference, and runs that train nothing.

    Attributes:
        source: The reference; a test may change it between two calibrations.
        seconds: What a run of the reference takes, by seed; the last one for all others.
        made: Variation and seed of every run made, in order.
        stored: How many runs the facts held each time they were written.
        compared: How often baselines were computed.
    """

    folder: Path
    source: Reference
    seconds: tuple[float, ...] = (1.0,)
    made: list[tuple[str, int]] = field(default_factory=list)
    stored: list[int] = field(default_factory=list)
    compared: int = 0

    def run(self, reference: str, plan: CalibrationPlan, variation: Variation, seed: int, *, dataset: str) -> Run:
        """Stand in for `calibration.run`."""
        assert (reference, plan.choice, dataset) == ("tiny", SAMPLE, "fashion_mnist")
        self.made.append((variation.name, seed))
        strips = (ImageStrip("reference", 1, 1, (f"picture {seed}",)),) if variation == REFERENCE else ()
        return Run(record(variation.name, seed, seconds=self.seconds[min(seed, len(self.seconds) - 1)]), strips)

    def calibrate(self, *, executor: Executor | None = None, **plan: Any) -> list[tuple[str, int]]:
        """Calibrate and return the runs that were made."""
        self.made.clear()
        self.stored.clear()
        said: list[CalibrationRun] = []

        def say(reference: str, size: str, one: CalibrationRun) -> None:
            assert (reference, size) == ("tiny", "sample")
            said.append(one)

        calibration.calibrate(["tiny"], CalibrationPlan(SAMPLE, **plan), executor or Here(), say)
        assert sorted((one.variation, one.seed) for one in said) == sorted(self.made)
        return list(self.made)

    def baselines(self, *_: object) -> Any:
        """Stand in for `calibration.baselines`."""
        self.compared += 1
        return KNOWN

    def store(self, facts: ReferenceFacts) -> None:
        """Count, and write."""
        self.stored.append(len(facts.calibrated["sample"].records))
        store(facts)

    @property
    def facts(self) -> ReferenceFacts:
        """What is written."""
        found = load_facts("tiny")
        assert found is not None
        return found

    @property
    def sample(self) -> CalibratedData:
        """What is written about the sample."""
        return self.facts.calibrated["sample"]


def record(variation: str, seed: int, mse: float | None = None, *, seconds: float = 1.0) -> CalibrationRun:
    value = 0.02 + seed / 10_000 if mse is None else mse
    return CalibrationRun(variation, seed, 20, {MSE: value, BCE: 0.3}, 0.019, seconds, "a host")


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    place = Workplace(tmp_path, tiny())
    monkeypatch.setattr(calibration, "FACTS_FOLDER", tmp_path)
    monkeypatch.setattr(calibration, "load", lambda reference: place.source)
    monkeypatch.setattr(calibration, "run", place.run)
    monkeypatch.setattr(calibration, "baselines", place.baselines)
    monkeypatch.setattr(calibration, "store", place.store)
    return place


# How many runs


def expected(seeds: int, variation_seeds: int = 1) -> list[tuple[str, int]]:
    honest = [(name, seed) for name in VARIATIONS for seed in range(variation_seeds)]
    return [("reference", seed) for seed in range(seeds)] + honest + [("short", seed) for seed in range(5)]


def most_needed_first(seeds: int, variation_seeds: int = 1) -> list[tuple[str, int]]:
    """The same in the order of making: what judges, one run of each honest variation, more seeds, all others."""

    def urgency(one: tuple[str, int]) -> int:
        name, seed = one
        if name == "reference":
            return 0 if seed < 3 else 2
        return 1 if name in VARIATIONS and seed == 0 else 3

    return sorted(expected(seeds, variation_seeds), key=urgency)


def test_a_short_training_has_ten_seeds(workplace: Workplace) -> None:
    """Three first, to know how long one takes; the rest after whatever else is needed."""
    made = workplace.calibrate()
    assert made == [*most_needed_first(3), *(("reference", seed) for seed in range(3, 10))]
    assert [(one.variation, one.seed) for one in workplace.sample.records] == expected(10)


@pytest.mark.parametrize(
    ("seconds", "seeds"),
    [
        ((400.0,), 3),
        ((300.0,), 3),
        ((299.9,), 5),
        ((60.0,), 5),
        ((59.9,), 10),
        ((1.0, 300.0, 900.0), 3),
        ((1.0, 59.0, 900.0), 10),
    ],
)
def test_the_longer_a_training_the_fewer_seeds(seconds: tuple[float, ...], seeds: int, workplace: Workplace) -> None:
    """Ten, five from a minute on, three from five minutes on: by the median of what the first three took."""
    workplace.seconds = seconds
    workplace.calibrate()
    assert [(one.variation, one.seed) for one in workplace.sample.records] == expected(seeds)


@pytest.mark.parametrize("seconds", [1.0, 500.0])
@pytest.mark.parametrize("seeds", [3, 4, 12])
def test_whoever_names_a_number_of_seeds_gets_it(seeds: int, seconds: float, workplace: Workplace) -> None:
    """However long one takes."""
    workplace.seconds = (seconds,)
    assert workplace.calibrate(seeds=seeds) == most_needed_first(seeds)


@pytest.mark.parametrize("count", [0, 2])
def test_honest_variations_have_the_seeds_of_the_plan(count: int, workplace: Workplace) -> None:
    """Short runs are five whatever it says: validation needs them."""
    assert workplace.calibrate(seeds=3, variation_seeds=count) == most_needed_first(3, count)


def test_a_control_is_trained_three_times(workplace: Workplace) -> None:
    """Where there is one."""
    workplace.source = tiny(build_control=build)
    made = workplace.calibrate(seeds=3)
    first, others = most_needed_first(3)[:3], most_needed_first(3)[3:]
    honest = [one for one in others if one[0] != "short"]
    short = [one for one in others if one[0] == "short"]
    assert made == [*first, ("control", 0), *honest, ("control", 1), ("control", 2), *short]


# Nothing is made twice


def test_a_second_calibration_makes_nothing(workplace: Workplace) -> None:
    """The file says the same as before, and the baselines are not computed again."""
    workplace.calibrate()
    before = (workplace.folder / "tiny.json").read_bytes()
    assert workplace.calibrate() == []
    assert (workplace.folder / "tiny.json").read_bytes() == before
    assert workplace.compared == 1


def test_a_larger_plan_makes_what_is_missing(workplace: Workplace) -> None:
    """And a run keeps its numbers."""
    workplace.calibrate(seeds=3)
    before = workplace.sample.records
    assert workplace.calibrate(seeds=4, variation_seeds=2) == [
        ("reference", 3), *((name, 1) for name in VARIATIONS),
    ]  # fmt: skip
    assert [one for one in workplace.sample.records if one in before] == list(before)
    assert (workplace.sample.statistics[MSE].runs, workplace.sample.statistics[MSE].honest_runs) == (4, 16)


def test_a_smaller_plan_forgets_nothing(workplace: Workplace) -> None:
    """What was trained stays."""
    workplace.calibrate(seeds=5)
    assert workplace.calibrate(seeds=3, variation_seeds=0) == []
    assert workplace.sample.statistics[MSE].runs == 5


def other_versions(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (calibration, summary_module):
        monkeypatch.setattr(place, "versions", lambda: {**versions(), "keras": "0.0"})


def other_optimizer(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    def compile_model(model: keras.Model) -> None:
        model.compile(optimizer=keras.optimizers.Nadam(0.002), loss="mse")

    workplace.source = tiny(compile_model=compile_model)


def other_epochs(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    workplace.source = tiny(EPOCHS=21)


def other_updates(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    workplace.source = tiny(EPOCHS_MEANT_FOR=128)


def other_architecture(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    workplace.source = tiny(build=lambda: build(3))


def other_activation(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    workplace.source = tiny(build=lambda: build(2, "relu"))


def other_data(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(dataset: str, choice: DataChoice) -> ReferenceData:
        return replace(load_reference_data(dataset, choice), digest="another")

    monkeypatch.setattr(calibration, "load_reference_data", other)


@pytest.mark.parametrize(
    "change",
    [
        other_versions,
        other_optimizer,
        other_epochs,
        other_updates,
        other_architecture,
        other_activation,
        other_data,
    ],
)
def test_runs_of_something_else_are_made_anew(
    change: Callable[[Workplace, pytest.MonkeyPatch], None], workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers of two models, recipes, data or versions never stand behind one bound; nor do their baselines."""
    workplace.calibrate(seeds=4)
    change(workplace, monkeypatch)
    assert workplace.calibrate(seeds=3) == expected(3)
    assert workplace.sample.statistics[MSE].runs == 3
    assert workplace.compared == 2
    assert workplace.calibrate(seeds=3) == []


def test_words_alone_change_no_run(workplace: Workplace) -> None:
    """What the lecture published is reported anew, and nothing is trained."""
    workplace.calibrate(seeds=3)
    workplace.source = tiny(PUBLISHED="loss 0.09")
    assert workplace.calibrate(seeds=3) == []
    assert workplace.facts.published == "loss 0.09"


def test_another_data_size_is_kept(workplace: Workplace) -> None:
    """A calibration on the sample leaves what stands about the full data as it is."""
    full = replace(
        summarise(
            workplace.source, load_reference_data("fashion_mnist", SAMPLE), four_runs(), KNOWN, honest={"reference"}
        ),
        data="full",
        data_hash="of the full data",
    )
    store(replace(describe(workplace.source), calibrated={DataSize.FULL: full}))
    assert workplace.calibrate(seeds=3) == expected(3)
    assert list(workplace.facts.calibrated) == ["full", "sample"]
    assert workplace.facts.calibrated["full"] == full
    assert workplace.facts.reached == "MSE 0.0202 (full, 4 runs); MSE 0.0201 (sample, 3 runs)"


def test_another_data_size_of_another_model_is_not(workplace: Workplace) -> None:
    """One file speaks of one architecture."""
    full = summarise(
        workplace.source, load_reference_data("fashion_mnist", SAMPLE), four_runs(), KNOWN, honest={"reference"}
    )
    store(replace(describe(tiny(EPOCHS=21)), calibrated={DataSize.FULL: replace(full, data=DataSize.FULL)}))
    workplace.calibrate(seeds=3)
    assert list(workplace.facts.calibrated) == ["sample"]


def test_runs_that_lack_a_number_are_made_anew(workplace: Workplace) -> None:
    """Once a family is judged by one number more, runs from before it cannot stand behind its bound."""
    workplace.calibrate(seeds=3)
    older = replace(
        workplace.sample,
        statistics={MSE: workplace.sample.statistics[MSE]},
        records=tuple(replace(one, values={MSE: one.values[MSE]}) for one in workplace.sample.records),
    )
    store(replace(workplace.facts, calibrated={DataSize.SAMPLE: older}))
    assert workplace.calibrate(seeds=3) == expected(3)
    assert set(workplace.sample.statistics) == {MSE, BCE}


def test_runs_of_a_variation_that_is_no_more_are_kept_and_not_counted(workplace: Workplace) -> None:
    """Nobody knows any more whether it was honest; it stands last."""
    workplace.calibrate(seeds=3)
    kept = replace(workplace.sample, records=(record("batch-7", 0, 0.99), *workplace.sample.records))
    store(replace(workplace.facts, calibrated={DataSize.SAMPLE: kept}))
    workplace.calibrate(seeds=4)
    assert [one.variation for one in workplace.sample.records][-1] == "batch-7"
    found = workplace.sample.statistics[MSE]
    assert (found.runs, found.honest_runs, found.honest_full) == (4, 10, 10)


# Nothing is lost


def test_facts_are_written_after_every_run_from_the_third_on(workplace: Workplace) -> None:
    """Three runs of the reference are needed for a bound; nothing but the file is left in the folder."""
    workplace.calibrate(seeds=3, variation_seeds=0)
    assert workplace.stored[-1] == 8
    assert workplace.stored == sorted(workplace.stored)
    assert workplace.stored[0] >= 3
    workplace.calibrate(seeds=6, variation_seeds=0)
    assert workplace.stored == [9, 10, 11, 11]
    assert [path.name for path in workplace.folder.iterdir()] == ["tiny.json"]


def test_two_runs_are_not_written(workplace: Workplace) -> None:
    """There is no bound to write."""
    assert workplace.calibrate(seeds=2, variation_seeds=0) == [*expected(2, 0)]
    assert workplace.stored == []
    assert load_facts("tiny") is None


def test_a_run_that_fails_loses_none_of_the_others(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same command goes on from there."""
    workplace.calibrate(seeds=3)

    def fails(reference: str, plan: CalibrationPlan, variation: Variation, seed: int, *, dataset: str) -> Run:
        raise MemoryError

    monkeypatch.setattr(calibration, "run", fails)
    with pytest.raises(MemoryError):
        workplace.calibrate(seeds=4)
    assert [(one.variation, one.seed) for one in workplace.sample.records] == expected(3)
    monkeypatch.setattr(calibration, "run", workplace.run)
    assert workplace.calibrate(seeds=4) == [("reference", 3)]


class Stuck(Executor):
    """Its first run ends with an error, all others never start."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if not self.futures:
            future.set_exception(KeyboardInterrupt())
        self.futures.append(future)
        return future


def test_whoever_stops_it_does_not_wait_for_the_rest(workplace: Workplace) -> None:
    """What has not started is never started."""
    executor = Stuck()
    with pytest.raises(KeyboardInterrupt):
        calibration.calibrate(["tiny"], CalibrationPlan(SAMPLE), executor, lambda *_: None)
    assert len(executor.futures) == 14
    assert all(future.cancelled() for future in executor.futures[1:])


def test_several_references_are_calibrated_side_by_side(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each into its own file, all of their runs asked for at once."""
    sources = {"tiny": tiny(), "other": tiny(ID="other", EPOCHS=30)}
    monkeypatch.setattr(calibration, "load", sources.__getitem__)
    monkeypatch.setattr(calibration, "run", lambda reference, *rest, **where: workplace.run("tiny", *rest, **where))
    executor, said = Here(), []
    calibration.calibrate(
        ["tiny", "other"], CalibrationPlan(SAMPLE, 3, 0), executor, lambda reference, *_: said.append(reference)
    )
    urgent, short = ["tiny"] * 3 + ["other"] * 3, ["tiny"] * 5 + ["other"] * 5
    assert [args[0] for args in executor.submitted] == urgent + short
    assert sorted(said) == sorted(args[0] for args in executor.submitted)
    assert sorted(path.name for path in workplace.folder.iterdir()) == ["other.json", "tiny.json"]


def test_pictures_are_those_of_the_first_seed(workplace: Workplace) -> None:
    """Whichever run comes in first, and after another calibration too."""
    workplace.calibrate(seeds=3)
    workplace.calibrate(seeds=5)
    assert [strip.images for strip in workplace.sample.strips] == [("picture 0",)]


# All runs together


def four_runs() -> list[CalibrationRun]:
    return [record("reference", seed, mse) for seed, mse in enumerate([0.0200, 0.0201, 0.0205, 0.0202])]


def summary(records: list[CalibrationRun], **changes: Any) -> CalibratedData:
    source = tiny(**changes)
    material = load_reference_data("fashion_mnist", SAMPLE)
    return summarise(source, material, records, KNOWN, honest={"reference", "adam", "batch-64"})


def test_statistics_are_those_of_the_references_own_runs() -> None:
    """Mean, sample deviation, baselines and curve; the number that only informs has no curve."""
    own = [0.0200, 0.0201, 0.0205, 0.0202]
    mean, deviation = statistics.fmean(own), statistics.stdev(own)
    assert summary(four_runs()).statistics == {
        MSE: Statistic(
            unit="pixel²",
            runs=4,
            mean=mean,
            deviation=deviation,
            baselines=KNOWN[MSE],
            curves=(credit_curve(mean, deviation, 4, MEAN_IMAGE),),
            honest_runs=4,
            honest_full=4,
        ),
        BCE: Statistic("nat/pixel", 4, 0.3, 0.0, KNOWN[BCE], honest_runs=4, honest_full=4),
    }


def test_variations_are_told_and_do_not_move_the_mean() -> None:
    """Neither honest ones nor short ones; all of them are kept."""
    records = [*four_runs(), record("adam", 0, 0.03), record("short", 0, 0.09), record("control", 0, 0.001)]
    found = summary(records)
    alone = summary(four_runs()).statistics[MSE]
    assert (found.statistics[MSE].mean, found.statistics[MSE].deviation) == (alone.mean, alone.deviation)
    assert found.records == tuple(records)


def test_the_share_grows_until_honest_variations_have_full_credit() -> None:
    """0.035 is 18.6 % of the way from 0.0202 to 0.1, 0.05 is 37.3 %: 0.40 is the first share that reaches it."""
    found = summary([*four_runs(), record("adam", 0, 0.035), record("batch-64", 0, 0.05)]).statistics[MSE]
    (curve,) = found.curves
    assert curve.share == 0.40
    assert (found.honest_runs, found.honest_full) == (6, 6)
    (strict,) = summary([*four_runs(), record("adam", 0, 0.035)]).statistics[MSE].curves
    assert strict.share == 0.25


def test_honest_variations_without_full_credit_are_counted() -> None:
    """No share reaches 0.09: the facts say that one of six is without full credit; short runs are none of them."""
    records = [*four_runs(), record("adam", 0, 0.035), record("batch-64", 0, 0.09), record("short", 0, 0.09)]
    found = summary(records).statistics[MSE]
    assert (found.curves[0].share, found.honest_runs, found.honest_full) == (0.75, 6, 5)


def test_the_control_is_a_baseline_of_every_number() -> None:
    """The mean over its runs."""
    records = [*four_runs(), record("control", 0, 0.05), record("control", 1, 0.06)]
    found = summary(records).statistics
    assert found[MSE].baselines == {**KNOWN[MSE], Baseline.CONTROL: pytest.approx(0.055)}
    assert found[BCE].baselines == {**KNOWN[BCE], Baseline.CONTROL: pytest.approx(0.3)}


NOISY, RATIO = Quantity.DENOISED_MSE, Quantity.NOISE_RATIO


def denoiser(
    control: list[float], judged_by: str = "denoising", *, more: Sequence[CalibrationRun] = ()
) -> Mapping[Quantity, Statistic]:
    """The numbers of a denoiser whose control reached these; it does as well on clean images, the control better."""
    runs = [("reference", seed, 0.01 + seed / 10_000) for seed in range(3)]
    runs += [("control", seed, value) for seed, value in enumerate(control)]
    records = [
        CalibrationRun(name, seed, 20, {NOISY: value, RATIO: RATIOS[name], MSE: 0.02, BCE: 0.3}, None, 1.0, "")
        for name, seed, value in runs
    ]
    material = load_reference_data("fashion_mnist", SAMPLE)
    known = {NOISY: {Baseline.MEAN: 0.1, Baseline.NOISY_COPY: 0.2}}
    return summarise(
        tiny(JUDGED_BY=judged_by), material, [*records, *more], known, honest={"reference", "adam"}
    ).statistics


RATIOS = {"reference": 1.0, "control": 3.0}


def denoised(control: list[float]) -> Statistic:
    """The deciding number of that denoiser."""
    return denoiser(control)[NOISY]


def test_a_curve_may_lead_to_the_control() -> None:
    """A denoiser earns nothing for what a network reaches that never saw noise."""
    assert denoised([0.03, 0.05]).curves == (
        credit_curve(statistics.fmean([0.01, 0.0101, 0.0102]), statistics.stdev([0.01, 0.0101, 0.0102]), 3, 0.04),
    )


@pytest.mark.parametrize("control", [[], [0.0102], [0.009]], ids=["none", "as good", "better"])
def test_a_control_that_is_not_worse_gives_way_to_the_mean_image(control: list[float]) -> None:
    """A curve to it would cost honest work; the one that stays tells a right answer from a trivial one alone."""
    own = [0.01, 0.0101, 0.0102]
    assert denoised(control).curves == (credit_curve(statistics.fmean(own), statistics.stdev(own), 3, 0.1),)


def test_a_bound_beyond_half_of_the_way_gives_way_as_well() -> None:
    """An honest run just short of the control would leave the rest to chance."""
    honest = [CalibrationRun("adam", 0, 20, {NOISY: 0.035, RATIO: 1.0, MSE: 0.02, BCE: 0.3}, None, 1.0, "")]
    (curve,) = denoiser([0.045], more=honest)[NOISY].curves
    assert (curve.trivial, curve.share) == (0.1, 0.3)


def test_a_bound_that_the_spread_of_the_reference_puts_there_gives_way_too() -> None:
    """7.656·0.0001 is 64 % of the way from 0.0101 to 0.0113: of two such networks, chance would fail one."""
    found = denoiser([0.0113])
    assert [curve.trivial for curve in found[NOISY].curves] == [0.1]
    assert found[RATIO].curves


def test_a_number_stands_in_where_another_cannot_tell_the_control_apart() -> None:
    """Only there: the error of the cleaned images decides by itself wherever it can."""
    assert denoiser([0.0102])[RATIO].curves == (credit_curve(1.0, 0.0, 3, 3.0, reach=CreditReach(0.5)),)
    assert denoiser([0.03, 0.05])[RATIO].curves == ()


@pytest.mark.parametrize(
    ("control", "decides"), [([0.0108], True), ([0.0108, 0.0102], False), ([0.0102], False), ([0.009], False)]
)
def test_who_cleans_as_well_as_the_reference_needs_no_stand_in(control: list[float], *, decides: bool) -> None:
    """Runs of the reference of 0.0100 to 0.0102: no control may have credit by the number alone."""
    decisive = denoiser(control)[NOISY].decisive
    assert (decisive is not None) is decides
    assert decisive is None or (decisive.credit(0.0101), decisive.credit(0.0108)) == (1.0, 0.0)


def test_where_the_noise_is_free_the_ratio_judges_nobody() -> None:
    """Another noise than the reference's makes another ratio, and is as right."""
    assert denoiser([0.0102], "denoising_layer")[RATIO].curves == ()


def test_a_summary_names_data_epochs_and_versions() -> None:
    """A number without them cannot be repeated."""
    found = summary(four_runs(), EPOCHS_MEANT_FOR=128)
    material = load_reference_data("fashion_mnist", SAMPLE)
    assert (found.data, found.data_hash, found.source) == ("sample", material.digest, "embedded sample")
    assert found.epochs == 40
    assert found.versions == {
        "keras": keras.__version__,
        "tensorflow": versions()["tensorflow"],
        "numpy": np.__version__,
    }


def test_two_runs_are_too_few_for_a_summary() -> None:
    """No bound can be computed from them."""
    with pytest.raises(ValueError, match="2 runs are too few for a bound"):
        summary(four_runs()[:2])


# In words


def reported(loss: str | None, data: dict[str, dict[Quantity, float]], *, simulated: bool = False) -> str:
    calibrated = {
        size: CalibratedData(
            size,
            "",
            "simulated, 40,000 rows" if simulated else "embedded sample",
            20,
            {quantity: Statistic("1", 10, mean, 0.0) for quantity, mean in means.items()},
        )
        for size, means in data.items()
    }
    recipe = {} if loss is None else {"loss": loss}
    return reached(replace(describe(tiny()), calibrated=calibrated, recipe=recipe))


def test_what_was_reached_is_the_numbers_with_data_and_runs() -> None:
    """Rounded, by data size, in the order of the judge."""
    assert reported("mse", {"full": {MSE: 0.01234}, "sample": {MSE: 0.0187654}}) == (
        "MSE 0.0123 (full, 10 runs); MSE 0.0188 (sample, 10 runs)"
    )


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("binary_crossentropy", "MSE 0.0110, BCE 0.0964 (sample, 10 runs)"),
        (None, "MSE 0.0110, BCE 0.0964 (sample, 10 runs)"),
        ("mse", "MSE 0.0110 (sample, 10 runs)"),
    ],
)
def test_a_cross_entropy_is_told_where_it_was_trained_for(loss: str | None, expected: str) -> None:
    """Outputs below 0 and above 1 make a number of it that means nothing."""
    assert reported(loss, {"sample": {MSE: 0.011, BCE: 0.0964}}) == expected


def test_numbers_of_every_family_are_told() -> None:
    """Each in its own form; those that only a maintainer needs are left out."""
    means = {
        Quantity.DENOISED_MSE: 0.0123,
        Quantity.SPARSENESS: 20.7,
        Quantity.CODE_ACTIVITY: 0.0478,
        Quantity.ACTIVE_SHARE: 0.1305,
        Quantity.NEGATIVE_ELBO: 124.71,
        Quantity.KL_DIVERGENCE: 16.81,
        Quantity.MEDIAN_SIGMA: 0.25,
        Quantity.PRIOR_DISTANCE: 6.0,
        Quantity.AVERAGE_PRECISION: 0.8127,
        Quantity.ROC_AUC: 0.9921,
        Quantity.PLANE_ANGLE: 1.383,
        Quantity.ACCURACY: 0.7971,
        Quantity.FROZEN_ACCURACY: 0.7,
        Quantity.SCRATCH_ACCURACY: 0.7866,
    }
    assert reported("mse", {"sample": means}) == (
        "noisy → clean MSE 0.0123, 1 unit in 21 describes an image, mean |code| 0.048, 13.1% of the units above 0.1, "
        "ELBO −124.7 nat, KL 16.8 nat, "
        "average precision 0.81, ROC AUC 0.992, 1.4° from PCA's plane, accuracy 0.797, from scratch 0.787 "
        "(sample, 10 runs)"
    )


def test_what_was_reached_on_simulated_data_says_so() -> None:
    """Nobody must take it for a figure of the real ones."""
    assert reported("mse", {"sample": {MSE: 0.08}}, simulated=True) == "MSE 0.0800 (sample, simulated, 10 runs)"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.01827346, 0.0182735), (163_814.77, 163_815.0), (-1.23456789e-7, -1.23457e-7), (0.0, 0.0), (0.25, 0.25)],
)
def test_numbers_are_stored_with_six_digits(value: float, expected: float) -> None:
    """More than two machines agree on."""
    assert rounded(value) == expected


# Files


def test_a_reference_without_facts_has_none(workplace: Workplace) -> None:
    """No file, no facts, no error."""
    assert load_facts("tiny") is None


def test_facts_come_back_as_they_were_written(workplace: Workplace) -> None:
    """Numbers to the last digit, tuples as tuples."""
    found = replace(
        describe(workplace.source),
        calibrated={DataSize.SAMPLE: summary([*four_runs(), record("control", 0, 0.05)])},
        reached="MSE",
    )
    store(found)
    assert load_facts("tiny") == found


def test_forms_do_not_depend_on_the_identities_of_layers() -> None:
    """Two builds of one reference are one model."""
    first, second, other = describe(tiny()), describe(tiny()), describe(tiny(build=lambda: build(3)))
    assert forms(first) == forms(second) != forms(other)


# Real runs


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> ReferenceData:
    """The embedded images, few of them, and a reference of one epoch."""
    found = load_reference_data("fashion_mnist", SAMPLE)
    material = replace(found, train=found.train[:200], hidden=found.hidden[:50])
    monkeypatch.setattr(calibration, "load_reference_data", lambda dataset, choice: material)
    source = tiny(EPOCHS=1)
    monkeypatch.setattr(calibration, "load", lambda reference: source)
    return material


def test_a_run_is_a_training_and_its_numbers(small: ReferenceData) -> None:
    """Numbers on the hidden images with six digits, pictures of the reference alone, and the machine."""
    made = calibration.run("tiny", CalibrationPlan(SAMPLE), REFERENCE, 5)
    again = calibration.run("tiny", CalibrationPlan(SAMPLE), SHORT, 5)
    trained = train(tiny(EPOCHS=1), small, REFERENCE, 5)
    outputs = np.asarray(trained.models.autoencoder(small.hidden))
    assert made.record.values[MSE] == pytest.approx(np.mean((small.hidden - outputs) ** 2), rel=1e-5)
    assert made.record.values == {name: rounded(value) for name, value in made.record.values.items()}
    assert made.record.training_loss == pytest.approx(trained.training_loss, rel=1e-5)
    assert (made.record.variation, made.record.seed, made.record.epochs) == ("reference", 5, 1)
    assert "cores" in made.record.host
    assert [(strip.title, len(strip.images)) for strip in made.strips] == [("reference", 8)]
    assert again.strips == ()
    assert again.record.values == made.record.values


def test_trivial_predictors_and_the_untrained_reference_are_compared_with(small: ReferenceData) -> None:
    """The mean image of the training images, PCA, and fresh weights of seed 0; six digits each."""
    found = calibration.baselines(tiny(), small)
    keras.utils.set_random_seed(0)
    untrained = np.asarray(build().autoencoder(small.hidden))
    mean = np.mean((small.hidden - small.train.mean(axis=0)) ** 2)
    assert {quantity: set(values) for quantity, values in found.items()} == {
        MSE: {Baseline.MEAN, Baseline.PCA, Baseline.UNTRAINED},
        BCE: {Baseline.MEAN, Baseline.UNTRAINED},
    }
    assert found[MSE][Baseline.MEAN] == pytest.approx(mean, rel=1e-5)
    assert found[MSE][Baseline.UNTRAINED] == pytest.approx(np.mean((small.hidden - untrained) ** 2), rel=1e-5)
    assert all(value == rounded(value) for values in found.values() for value in values.values())


def test_a_reference_is_inspected_without_training(small: ReferenceData) -> None:
    """Its description, and which data there are."""
    found = calibration.inspect("tiny", SAMPLE)
    assert (found.data, found.data_hash) == ("sample", small.digest)
    assert (forms(found.facts), found.facts.recipe) == (
        forms(describe(tiny(EPOCHS=1))),
        describe(tiny(EPOCHS=1)).recipe,
    )
