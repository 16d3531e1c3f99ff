"""`grader calibrate` and `grader validate`: what they ask for and how they end; nothing here is trained."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cli_samples import Ended, run

from grader.authoring.assignment_catalogue import course_ids, facts_ids, load_facts
from grader.cli import reference_maintenance
from grader.domain.facts import CalibrationRun, ReferenceFacts
from grader.domain.measurement import Quantity
from grader.domain.messages import message
from grader.rebuild import quiet
from grader.rebuild.calibration import CalibrationPlan
from grader.rebuild.facts.kept_weights import default_folder
from grader.rebuild.quantities.reference_data import DataChoice, DataNotFoundError
from grader.validation.references import Distance, ReferenceVerdict

COURSE = ", ".join(sorted(course_ids()))
RECORD = CalibrationRun("batch-64", 3, 20, {Quantity.RECONSTRUCTION_MSE: 0.0183456}, 0.02, 7.8, "a host")
PROCESSES = object()


class Asked:
    """What the command asked of the use cases.

    Attributes:
        jobs: How many trainings at the same time.
        references: Ids, in order.
        plan: Data and seeds, the last ones.
        plans: All of them.
        full: Whether all epochs were asked for.
        verdicts: What the validation answers; None for all well.
        error: Raised by the use case, if any.
    """

    def __init__(self) -> None:
        self.jobs: int | None = None
        self.references: list[str] | None = None
        self.plan: CalibrationPlan | None = None
        self.plans: list[CalibrationPlan] = []
        self.full: bool | None = None
        self.verdicts: Callable[[str], ReferenceVerdict] = lambda reference: ReferenceVerdict(reference, ())
        self.error: BaseException | None = None


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The use cases without trainings, and without TensorFlow."""
    noted = Asked()

    @contextmanager
    def processes(jobs: int) -> Iterator[object]:
        noted.jobs = jobs
        yield PROCESSES

    def calibrate(references: Sequence[str], plan: CalibrationPlan, executor: object, say: Callable[..., None]) -> None:
        assert executor is PROCESSES
        noted.references, noted.plan = list(references), plan
        noted.plans.append(plan)
        if noted.error is not None:
            raise noted.error
        for reference in references:
            say(reference, "sample", RECORD)

    def validate(
        facts: Sequence[ReferenceFacts],
        plan: CalibrationPlan,
        executor: object,
        *,
        full: bool,
        say: Callable[[ReferenceVerdict], None],
    ) -> list[ReferenceVerdict]:
        assert executor is PROCESSES
        noted.references, noted.plan, noted.full = [one.reference for one in facts], plan, full
        if noted.error is not None:
            raise noted.error
        verdicts = [noted.verdicts(one.reference) for one in facts]
        for verdict in verdicts:
            say(verdict)
        return verdicts

    monkeypatch.setattr(quiet, "start_tensorflow", lambda *_: None)
    monkeypatch.setattr(reference_maintenance, "training_processes", processes)
    monkeypatch.setattr(reference_maintenance, "calibrate", calibrate)
    monkeypatch.setattr(reference_maintenance, "validate", validate)
    return noted


def refused(ended: Ended, sentence: str, asked: Asked) -> bool:
    """Whether the command ended with status 2 and this sentence alone, and asked for nothing."""
    return (ended.status, ended.out, ended.err, asked.references) == (2, "", f"{sentence}\n", None)


# Wrong usage


@pytest.mark.parametrize(
    ("given", "language", "sentence"),
    [
        ("stackd", "en", "There is no reference stackd. Did you mean stacked? There are: {known}."),
        ("zzzzzzzz", "en", "There is no reference zzzzzzzz. There are: {known}."),
        ("variatonal", "en", "There is no reference variatonal. Did you mean variational? There are: {known}."),
    ],
)
@pytest.mark.parametrize(
    ("command", "known"), [("calibrate", course_ids), ("validate", facts_ids)], ids=["calibrate", "validate"]
)
def test_an_unknown_reference_is_told_with_the_nearest_one(
    command: str, known: Callable[[], Sequence[str]], given: str, language: str, sentence: str, asked: Asked
) -> None:
    """Before anything is trained, and though a right one stands beside it."""
    ended = run(command, "stacked", given, "--lang", language)
    assert refused(ended, sentence.format(known=", ".join(sorted(known()))), asked)


@pytest.mark.parametrize("command", ["calibrate", "validate"])
def test_an_unknown_data_size_is_refused(command: str, asked: Asked) -> None:
    """With those that there are."""
    ended = run(command, "stacked", "--data-size", "big", "--lang", "en")
    assert refused(ended, "--data-size is big; it can be full, sample", asked)


@pytest.mark.parametrize(
    "options",
    [
        ["calibrate", "--seeds", "2"],
        ["calibrate", "--variation-seeds", "-1"],
        ["calibrate", "-j", "0"],
        ["validate", "-j", "0"],
    ],
)
def test_numbers_that_make_no_sense_are_refused(options: list[str], asked: Asked) -> None:
    """Two seeds have no spread; no process trains nothing."""
    ended = run(*options)
    assert (ended.status, ended.out, asked.references) == (2, "", None)


@pytest.mark.parametrize("command", ["calibrate", "validate"])
def test_full_data_that_are_not_there_are_told(command: str, asked: Asked, tmp_path: Path) -> None:
    """With where they were looked for."""
    asked.error = DataNotFoundError("mnist: the full data set was not found. Looked in: {here}.")
    ended = run(command, "stacked", "--data-size", "full", "--data", tmp_path, "--lang", "en")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == "mnist: the full data set was not found. Looked in: {here}.\n"


# calibrate


def test_calibrate_asks_for_what_the_options_say(asked: Asked, tmp_path: Path) -> None:
    """Each reference once, in the order given; a line for each run, and at the end what was reached."""
    options = ["--seeds", "4", "--variation-seeds", "2", "--data", tmp_path, "--data-size", "full", "--jobs", "3"]
    ended = run("calibrate", "stacked", "sparse", "stacked", *options, "--lang", "en")
    assert (asked.references, asked.jobs) == (["stacked", "sparse"], 3)
    assert asked.plan == CalibrationPlan(DataChoice("full", tmp_path), 4, 2, default_folder())
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "stacked sample batch-64 #3: 20 × 7.8 s; reconstruction_mse 0.01835",
        "sparse sample batch-64 #3: 20 × 7.8 s; reconstruction_mse 0.01835",
        f"stacked: {load_facts('stacked').reached}",
        f"sparse: {load_facts('sparse').reached}",
    ]


@pytest.mark.parametrize("ids", [[], ["all"], ["stacked", "all"]], ids=["none", "all", "all and one"])
def test_calibrate_takes_the_whole_course_where_none_is_named(
    ids: list[str], asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its order, on the sample and then on the full data; seeds are the use case's to choose."""
    monkeypatch.setattr(reference_maintenance, "load_facts", lambda reference, **_: load_facts("stacked"))
    assert run("calibrate", *ids).status == 0
    assert asked.references == list(course_ids())
    keep = default_folder()
    assert asked.plans == [CalibrationPlan(DataChoice(size, None), None, 1, keep) for size in ("sample", "full")]
    assert (asked.jobs or 0) >= 1


def test_whoever_stops_a_calibration_is_told_that_nothing_is_lost(asked: Asked) -> None:
    """Status 1; the same command goes on."""
    asked.error = KeyboardInterrupt()
    ended = run("calibrate", "stacked", "--lang", "en")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == "Stopped. Finished runs are kept; the same command goes on from here.\n"


# validate

FAR = Distance(Quantity.RECONSTRUCTION_MSE, 0.087, 0.032, 0.0015, 5, 2)
NEAR = Distance(Quantity.RECONSTRUCTION_MSE, 0.033, 0.032, 0.0015, 5, 2)
FAULT = message("{name} is {actual}, the facts say {expected}", name="batch_size", actual="64", expected="32")
REMARK = message(
    "calibrated with {package} {then}, here is {now}: numbers may differ a little",
    package="keras",
    then="3.0",
    now="3.1",
)


def drifted(reference: str) -> ReferenceVerdict:
    """`stacked` alone drifted."""
    if reference == "stacked":
        return ReferenceVerdict(reference, (FAULT,), (FAR,), (REMARK,), 12.3)
    return ReferenceVerdict(reference, (), (NEAR,), (), 4.5)


def test_validate_asks_for_what_the_options_say(asked: Asked, tmp_path: Path) -> None:
    """The embedded sample and a tenth of the epochs, unless more is asked for."""
    assert run("validate", "sparse", "stacked").status == 0
    assert (asked.references, asked.full, asked.plan) == (
        ["sparse", "stacked"],
        False,
        CalibrationPlan(DataChoice("sample", None), weights=default_folder()),
    )
    assert run("validate", "stacked", "--full", "--data", tmp_path, "--data-size", "full", "-j", "2").status == 0
    assert (asked.full, asked.jobs, asked.plan) == (
        True,
        2,
        CalibrationPlan(DataChoice("full", tmp_path), weights=default_folder()),
    )


@pytest.mark.parametrize("ids", [[], ["all"]], ids=["none", "all"])
def test_validate_takes_every_reference_with_facts_where_none_is_named(ids: list[str], asked: Asked) -> None:
    """In the order of the course."""
    ended = run("validate", *ids, "--lang", "en")
    assert asked.references == list(facts_ids())
    assert ended.out.splitlines()[-1] == f"All {len(facts_ids())} references are as their facts say."
    assert ended.status == 0


def test_a_drift_is_told_and_ends_with_status_1(asked: Asked) -> None:
    """A line for each verdict on standard error, a table, remarks, faults, and how many drifted."""
    asked.verdicts = drifted
    ended = run("validate", "sparse", "stacked", "--lang", "en")
    assert ended.status == 1
    assert ended.err.splitlines() == ["✓ sparse (4 s)", "✗ stacked (12 s)"]
    title, first, second, *rest = ended.out.splitlines()
    assert title.split() == ["id", "measured", "epochs", "here", "facts", "deviations", "allowed"]
    assert first.split() == ["sparse", "reconstruction_mse", "2", "0.033", "0.032", "±", "0.002", "+0.7", "9.4"]
    assert second.split() == ["stacked", "reconstruction_mse", "2", "0.087", "0.032", "±", "0.002", "+36.7", "9.4"]
    assert rest == [
        "! stacked: calibrated with keras 3.0, here is 3.1: numbers may differ a little",
        "✗ stacked: batch_size is 64, the facts say 32",
        "1 of 2 references drifted.",
    ]


def test_a_remark_alone_ends_with_status_0(asked: Asked) -> None:
    """Other versions are no drift."""
    asked.verdicts = lambda reference: ReferenceVerdict(reference, (), (NEAR,), (REMARK,), 1.0)
    ended = run("validate", "stacked", "--lang", "en")
    assert (ended.status, ended.out.splitlines()[-1]) == (0, "All 1 references are as their facts say.")


@pytest.mark.parametrize(("faulty", "status"), [(True, 1), (False, 0)])
def test_json_holds_everything_and_nothing_else_is_printed(
    faulty: bool,
    status: int,
    asked: Asked,
) -> None:
    """These keys and no others, for continuous integration."""
    if faulty:
        asked.verdicts = drifted
    else:
        asked.verdicts = lambda reference: ReferenceVerdict(reference, (), (), (), 1.0)
    ended = run("validate", "sparse", "stacked", "--json", "--lang", "en")
    assert (ended.status, ended.err) == (status, "")
    found = json.loads(ended.out)
    if not faulty:
        rows: list[dict[str, Any]] = [
            {"id": name, "valid": True, "faults": [], "remarks": [], "seconds": 1.0, "distances": []}
            for name in ("sparse", "stacked")
        ]
        assert found == rows
        return
    assert [(row["id"], row["valid"]) for row in found] == [("sparse", True), ("stacked", False)]
    assert found[1] == {
        "id": "stacked",
        "valid": False,
        "faults": ["batch_size is 64, the facts say 32"],
        "remarks": ["calibrated with keras 3.0, here is 3.1: numbers may differ a little"],
        "seconds": 12.3,
        "distances": [
            {
                "quantity": "reconstruction_mse",
                "epochs": 2,
                "value": 0.087,
                "mean": 0.032,
                "deviation": 0.0015,
                "runs": 5,
                "deviations": pytest.approx(36.6667, rel=1e-4),
                "allowed": pytest.approx(9.4318, rel=1e-4),
            }
        ],
    }


def test_json_stays_json_where_nothing_may_differ(asked: Asked) -> None:
    """Runs that agree to the last digit make an infinite distance, which JSON has no word for."""
    same = Distance(Quantity.RECONSTRUCTION_MSE, 0.033, 0.032, 0.0, 5, 2)
    asked.verdicts = lambda reference: ReferenceVerdict(reference, (FAULT,), (same,), (), 1.0)

    def unknown(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    ended = run("validate", "stacked", "--json", "--lang", "en")
    assert json.loads(ended.out, parse_constant=unknown)[0]["valid"] is False
