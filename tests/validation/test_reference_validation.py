"""A reference that drifted is reported by exact sentences; one that did not, by none; nothing here is trained."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest

from grader.domain.datasets import DataSize
from grader.domain.facts import CalibratedData, CalibrationRun, ReferenceFacts, Statistic
from grader.domain.measurement import Quantity
from grader.domain.messages import Message
from grader.locale import Translator
from grader.rebuild.calibration import CalibrationPlan, Inspected, Run
from grader.rebuild.facts.description import describe
from grader.rebuild.facts.reference_training import REFERENCE, SHORT, Variation
from grader.rebuild.facts.summary import versions
from grader.rebuild.quantities.reference_data import DataChoice
from grader.validation import references
from grader.validation.references import NEW_SEED, ReferenceVerdict, judge, validate
from reference import denoising_dense, stacked
from reference.contract import Autoencoder, Reference, load, reference_of

MSE, BCE, ELBO = Quantity.RECONSTRUCTION_MSE, Quantity.RECONSTRUCTION_BCE, Quantity.NEGATIVE_ELBO
PLAN = CalibrationPlan(DataChoice("sample"))
SHORT_RUNS = (0.030, 0.031, 0.032, 0.033, 0.034)
"""Mean 0.032, deviation 0.0015811; chance explains 9.4 deviations, so numbers from 0.0171 to 0.0469."""
FULL_RUNS = tuple(0.018 + step / 10_000 for step in range(10))


def english(sentences: tuple[Message, ...]) -> list[str]:
    return [Translator("en").text(sentence) for sentence in sentences]


def record(variation: str, seed: int, mse: float, epochs: int, **others: float) -> CalibrationRun:
    values = {MSE: mse, BCE: 0.3} | {Quantity(name): value for name, value in others.items()}
    return CalibrationRun(variation, seed, epochs, values, 0.02, 7.0, "a host")


def calibrated(facts: ReferenceFacts, **changes: Any) -> ReferenceFacts:
    """Facts with ten runs of 20 epochs and five of 2, on data with the digest `d`."""
    found = CalibratedData(
        data=DataSize.SAMPLE,
        data_hash="d",
        source="embedded sample",
        epochs=20,
        statistics={quantity: Statistic("1", 10, 0.0, 0.0) for quantity in (MSE, BCE)},
        records=(
            *(record("reference", seed, mse, 20) for seed, mse in enumerate(FULL_RUNS)),
            *(record("short", seed, mse, 2) for seed, mse in enumerate(SHORT_RUNS)),
        ),
        versions=versions(),
    )
    return replace(
        facts,
        calibrated={DataSize.SAMPLE: replace(found, **changes), DataSize.FULL: replace(found, data=DataSize.FULL)},
    )


@pytest.fixture(scope="module")
def course() -> ReferenceFacts:
    """The real reference `stacked`, described; its runs are made up."""
    return calibrated(describe(load("stacked")))


def changed(source: ModuleType, **names: Any) -> Reference:
    """What the same reference with other names in it offers."""
    twin = ModuleType(source.__name__)
    twin.__dict__.update({**vars(source), **names})
    return reference_of(twin)


def verdict(facts: ReferenceFacts, source: Reference, *, mse: float = 0.0325, data_hash: str = "d") -> ReferenceVerdict:
    """Judge what a reference builds now against facts, with one short training that reached `mse`."""
    built = Inspected(describe(source), "sample", data_hash)
    return judge(facts, built, record("short", NEW_SEED, mse, 2), SHORT)


# Planted faults


def wider() -> Autoencoder:
    encoder = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(101, activation="relu"),
            keras.layers.Dense(30, activation="relu"),
        ]
    )
    decoder = stacked.build_decoder()
    return Autoencoder(encoder, decoder, keras.Sequential([encoder, decoder]))


def adam(model: keras.Model) -> None:
    model.compile(optimizer=keras.optimizers.Nadam(0.002), loss="mse")


def absolute(model: keras.Model) -> None:
    model.compile(optimizer="nadam", loss="mae")


FAULTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, []),
    "a unit": ({"build": wider}, ["encoder, layer 2 (Dense): units is 101, the facts say 100"]),
    "batch size": ({"BATCH_SIZE": 64}, ["batch_size is 64, the facts say 32"]),
    "epochs": ({"EPOCHS": 21}, ["epochs is 21, the facts say 20"]),
    "rate": ({"compile_model": adam}, ["learning_rate is 0.002, the facts say 0.001"]),
    "loss": ({"compile_model": absolute}, ["loss is mae, the facts say mse"]),
    "words": ({"PUBLISHED": "loss 0.09"}, ["published is loss 0.09, the facts say 163,814 parameters"]),
    "code size": ({"CODE_SIZE": 31}, ["code_size is 31, the facts say 30"]),
    "freedom": ({"FREE": ("code_size",)}, ["code_size is None, the facts say 30"]),
    "data set": ({"DATASET": "mnist"}, ["dataset is mnist, the facts say fashion_mnist"]),
    "two things": (
        {"BATCH_SIZE": 64, "build": wider},
        ["encoder, layer 2 (Dense): units is 101, the facts say 100", "batch_size is 64, the facts say 32"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_told(fault: str, course: ReferenceFacts) -> None:
    """With what it is and what the facts say, and nothing besides."""
    names, sentences = FAULTS[fault]
    assert english(verdict(course, changed(stacked, **names)).faults) == sentences


def test_adadelta_at_keras_3s_rate_is_told_before_it_shows_in_a_loss() -> None:
    """The trap of the course: 0.001 by name, where 1.0 was meant."""

    def by_name(model: keras.Model) -> None:
        model.compile(optimizer="adadelta", loss="mse")

    facts = calibrated(describe(load("denoising-dense")))
    found = verdict(facts, changed(denoising_dense, compile_model=by_name))
    assert english(found.faults) == ["learning_rate is 0.001, the facts say 1.0"]


def test_another_optimizer_is_told_with_every_setting_that_came_or_went(course: ReferenceFacts) -> None:
    """In the order of the alphabet."""

    def plain(model: keras.Model) -> None:
        model.compile(optimizer=keras.optimizers.SGD(0.5), loss="mse")

    assert english(verdict(course, changed(stacked, compile_model=plain)).faults) == [
        "beta_1 is None, the facts say 0.9",
        "beta_2 is None, the facts say 0.999",
        "epsilon is None, the facts say 1e-07",
        "learning_rate is 0.5, the facts say 0.001",
        "momentum is 0.0, the facts say None",
        "nesterov is False, the facts say None",
        "optimizer is SGD, the facts say Nadam",
    ]


def test_other_data_are_told(course: ReferenceFacts) -> None:
    """One hidden image that was swapped is another digest."""
    assert english(verdict(course, load("stacked"), data_hash="e").faults) == [
        "the sample data are not those of the facts (SHA-256 differs)"
    ]


def test_a_users_own_full_data_are_no_fault(course: ReferenceFacts) -> None:
    """The official Fashion-MNIST stands in another order than ours: numbers are compared, and the remark says on what."""
    full = replace(course.calibrated["sample"], data=DataSize.FULL)
    facts = replace(course, calibrated={DataSize.SAMPLE: course.calibrated["sample"], DataSize.FULL: full})
    built = Inspected(describe(load("stacked")), "full", "another digest")
    found = judge(facts, built, record("short", NEW_SEED, 0.0325, 2), SHORT)
    assert (found.faults, len(found.distances)) == ((), 1)
    assert english(found.remarks)[0] == (
        "measured on your own full data, whose order is not that of the facts (SHA-256 differs)"
    )


def test_data_of_another_size_were_never_calibrated_on(course: ReferenceFacts) -> None:
    """Nothing can be compared; what is wrong besides is reported all the same."""
    built = Inspected(describe(changed(stacked, BATCH_SIZE=64)), "full", "d")
    sample = replace(course, calibrated={DataSize.SAMPLE: course.calibrated["sample"]})
    found = judge(sample, built, record("short", NEW_SEED, 0.0325, 2), SHORT)
    assert english(found.faults) == [
        "batch_size is 64, the facts say 32",
        "it was never calibrated on the full data",
    ]
    assert (found.distances, found.remarks, found.seconds) == ((), (), 7.0)


# What a training reached


@pytest.mark.parametrize("mse", [0.032, 0.0325, 0.0171, 0.0469])
def test_a_training_within_chance_is_no_fault(mse: float, course: ReferenceFacts) -> None:
    """Five runs of mean 0.032 ± 0.00158: chance explains 9.4 deviations to either side."""
    found = verdict(course, load("stacked"), mse=mse)
    assert found.faults == ()
    (one,) = found.distances
    assert (one.quantity, one.value, one.runs, one.epochs) == (MSE, mse, 5, 2)
    assert one.mean == pytest.approx(0.032)
    assert one.deviation == pytest.approx(statistics.stdev(SHORT_RUNS))
    assert one.allowed == pytest.approx(9.4318, rel=1e-4)
    assert one.deviations == pytest.approx((mse - 0.032) / statistics.stdev(SHORT_RUNS))
    assert not one.is_drift


@pytest.mark.parametrize(
    ("mse", "value", "deviations"), [(0.087, "0.087", "+34.8"), (0.0470, "0.047", "+9.5"), (0.0169, "0.0169", "-9.6")]
)
def test_a_training_that_chance_does_not_explain_is_told(
    mse: float, value: str, deviations: str, course: ReferenceFacts
) -> None:
    """Worse or better: a reference that suddenly is much better is another reference."""
    assert english(verdict(course, load("stacked"), mse=mse).faults) == [
        (
            f"after 2 epochs reconstruction_mse is {value}; the facts say 0.032 ± 0.0016 over 5 runs, and it is "
            f"{deviations} deviations away where chance explains 9.4"
        )
    ]


def test_a_full_training_is_compared_with_full_trainings(course: ReferenceFacts) -> None:
    """Ten runs of 20 epochs allow 5.0 deviations; what is right after two epochs is far off after twenty."""
    built = Inspected(describe(load("stacked")), "sample", "d")
    fine = judge(course, built, record("reference", NEW_SEED, 0.0185, 20), REFERENCE)
    assert (fine.faults, fine.distances[0].runs, fine.distances[0].epochs) == ((), 10, 20)
    far = judge(course, built, record("reference", NEW_SEED, 0.0325, 20), REFERENCE)
    (sentence,) = english(far.faults)
    assert sentence.startswith(
        "after 20 epochs reconstruction_mse is 0.0325; the facts say 0.01845 ± 0.0003 over 10 runs"
    )
    assert sentence.endswith("deviations away where chance explains 5.0")


@pytest.mark.parametrize("kept", [0, 2])
def test_too_few_runs_to_compare_with_are_told(kept: int, course: ReferenceFacts) -> None:
    """A validation that compares with nothing must not pass."""
    known = course.calibrated["sample"]
    records = [one for one in known.records if one.variation == "reference"]
    records += [one for one in known.records if one.variation == "short"][:kept]
    found = verdict(calibrated(course, records=tuple(records)), load("stacked"))
    assert english(found.faults) == ["its facts hold too few runs to compare with: calibrate it"]
    assert found.distances == ()


def test_runs_of_other_epochs_are_not_compared_with(course: ReferenceFacts) -> None:
    """Two epochs against twenty would always be a drift, or hide one."""
    built = Inspected(describe(load("stacked")), "sample", "d")
    found = judge(course, built, record("short", NEW_SEED, 0.0325, 3), SHORT)
    assert english(found.faults) == ["its facts hold too few runs to compare with: calibrate it"]


def test_the_deciding_number_is_compared_besides_the_reconstruction() -> None:
    """A variational autoencoder without KL reconstructs well: only its bound tells."""
    known = calibrated(
        describe(load("variational")),
        statistics={quantity: Statistic("1", 10, 0.0, 0.0) for quantity in (ELBO, MSE)},
        records=tuple(record("short", seed, mse, 2, negative_elbo=150 + seed) for seed, mse in enumerate(SHORT_RUNS)),
    )
    built = Inspected(describe(load("variational")), "sample", "d")
    found = judge(known, built, record("short", NEW_SEED, 0.0325, 2, negative_elbo=560.0), SHORT)
    assert [one.quantity for one in found.distances] == [ELBO, MSE]
    assert english(found.faults) == [
        (
            "after 2 epochs negative_elbo is 560; the facts say 152 ± 1.6 over 5 runs, and it is +258.0 deviations away "
            "where chance explains 9.4"
        )
    ]


def test_runs_that_agree_to_the_last_digit_allow_no_other(course: ReferenceFacts) -> None:
    """A deviation of 0 divides nothing."""
    known = calibrated(course, records=tuple(record("short", seed, 0.032, 2) for seed in range(5)))
    assert verdict(known, load("stacked"), mse=0.032).faults == ()
    (sentence,) = english(verdict(known, load("stacked"), mse=0.0321).faults)
    assert "it is +inf deviations away" in sentence


def test_other_versions_are_a_remark_and_no_fault(course: ReferenceFacts) -> None:
    """A number may differ by them; a reference is not wrong for it."""
    found = verdict(calibrated(course, versions={**versions(), "keras": "3.0.1"}), load("stacked"))
    assert found.faults == ()
    assert english(found.remarks) == [
        f"calibrated with keras 3.0.1, here is {keras.__version__}: numbers may differ a little"
    ]
    assert verdict(course, load("stacked")).remarks == ()


# From end to end


class Here(Executor):
    """Does at once what it is given."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@pytest.mark.parametrize(("full", "variation"), [(False, SHORT), (True, REFERENCE)])
def test_references_are_built_trained_and_judged_in_order(
    full: bool,
    variation: Variation,
    course: ReferenceFacts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each with the seed that no calibration uses; a verdict is said as it comes."""
    asked: list[tuple[Any, ...]] = []

    def run(reference: str, plan: CalibrationPlan, variation: Variation, seed: int, *, dataset: str) -> Run:
        asked.append((reference, plan.weights, variation, seed, dataset))
        mse = {"stacked": 0.0185 if full else 0.0325, "denoising-dense": 0.9}[reference]
        return Run(record(variation.name, seed, mse, 20 if full else 2), ())

    def inspect(reference: str, choice: DataChoice, *, dataset: str) -> Inspected:
        assert choice == PLAN.choice
        return Inspected(describe(load(reference)), "sample", "d")

    monkeypatch.setattr(references, "run", run)
    monkeypatch.setattr(references, "inspect", inspect)
    facts = [calibrated(describe(load("denoising-dense"))), course]
    said: list[ReferenceVerdict] = []
    verdicts = validate(facts, PLAN, Here(), full=full, say=said.append)
    assert asked == [
        ("denoising-dense", None, variation, 1_000, "mnist"),
        ("stacked", None, variation, 1_000, "fashion_mnist"),
    ]
    assert [(one.reference, bool(one.faults)) for one in verdicts] == [("denoising-dense", True), ("stacked", False)]
    assert sorted(said, key=lambda one: one.reference) == verdicts


def test_a_size_in_which_students_are_graded_needs_facts(course: ReferenceFacts) -> None:
    """Every size of the data, on every data set that the course allows; points of a cloud have one size alone."""
    sample = {"sample": course.calibrated["sample"]}
    assert english(verdict(replace(course, calibrated=sample), load("stacked")).faults) == [
        "it was never calibrated on the full data"
    ]
    points = replace(course, calibrated=sample, dataset="cloud")
    assert references._sizes_lacking(points, "cloud") == []
    both = replace(course, elsewhere={"mnist": sample})
    assert references._sizes_lacking(both, "mnist") == ["full"]


def test_every_data_set_that_a_course_allows_is_validated(
    course: ReferenceFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with facts of its own, and named where it is not the usual one."""
    asked: list[str] = []

    def run(reference: str, plan: CalibrationPlan, variation: Variation, seed: int, *, dataset: str) -> Run:
        asked.append(dataset)
        return Run(record(variation.name, seed, 0.0325, 2), ())

    monkeypatch.setattr(references, "run", run)
    monkeypatch.setattr(references, "inspect", lambda *_, dataset: Inspected(describe(load("stacked")), "sample", "d"))
    facts = replace(course, elsewhere={"mnist": dict(course.calibrated)})
    found = validate([facts], PLAN, Here(), full=False, say=lambda _: None)
    assert asked == ["fashion_mnist", "mnist"]
    assert [(one.reference, one.faults) for one in found] == [("stacked", ()), ("stacked (mnist)", ())]


def test_the_real_references_are_looked_at(course: ReferenceFacts, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the real inspection: architecture, recipe and data of `stacked` are those that its own description says."""
    monkeypatch.setattr(references, "run", lambda *_, **__: Run(record("short", NEW_SEED, 0.0325, 2), ()))
    (found,) = validate([course], PLAN, Here(), full=False, say=lambda _: None)
    assert english(found.faults) == ["the sample data are not those of the facts (SHA-256 differs)"]
    assert np.isfinite(found.distances[0].deviations)
