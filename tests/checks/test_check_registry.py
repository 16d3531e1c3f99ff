"""Every check has a right and a wrong submission; rubrics run in order, with their requirements, and change nothing."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Final

import pytest

from grader.checks.check_registry import CHECKS
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, by_share, failed, passed
from grader.checks.rubric import rubric_mistakes, run_checks
from grader.domain.assignment import ImportPolicy
from grader.domain.grade import CheckResult, Outcome
from grader.domain.measurement import Measurements, Quantity, Role
from grader.domain.messages import by_language, message, verbatim
from grader.domain.run import CellError, StoppedBy
from grader.domain.submission import ImportedModule
from grader.locale import Translator

from . import builders
from .builders import item, measured, models, subject
from .family_subjects import DROPOUT, changed, family, noisy, numbers, recurrent
from .reading import english

TITLES: Final = {one.check: by_language(one.title) for one in (*builders.RUBRIC, item("code_size"))}

FAILING: Final[dict[str, Subject]] = {
    "runs": subject(builders.killed(StoppedBy.OWN_EXIT)),
    "models": subject(measurements=Measurements(data="sample")),
    "shapes": subject(
        measurements=measured(
            models(
                builders.dense_chain(30, 100, entry=(100,), leave=(100,)),
                builders.dense_chain(30, entry=(100,), leave=(30,)),
                builders.dense_chain(100, entry=(30,), leave=(100,)),
            )
        )
    ),
    "code_size": subject(measurements=measured(numbers={Quantity.CODE_SIZE: 64})),
    "layers": subject(measurements=measured(models(builders.chain((), entry=(784,))))),
    "mirror": subject(measurements=measured(models(builders.dense_chain(200, 30, 100, 784)))),
    "composition": subject(measurements=measured(numbers={Quantity.COMPOSITION_GAP: 0.5})),
    "bottleneck": subject(measurements=measured(numbers={Quantity.BOTTLENECK_RANK: 206})),
    "reconstruction": subject(measurements=measured(numbers={Quantity.RECONSTRUCTION_MSE: 0.0850})),
    "imports": replace(
        subject(), imports=(ImportedModule("torch", 0, 1),), import_policy=ImportPolicy(allow=("numpy",))
    ),
    "denoising": changed(Quantity.DENOISED_MSE, 0.021),
    "noise_layer": family(numbers(autoencoder=builders.stacked())),
    "sparsity": changed(Quantity.SPARSENESS, 3),
    "latent_distribution": changed(Quantity.KL_DIVERGENCE, 0),
    "elbo": changed(Quantity.NEGATIVE_ELBO, 310),
    "prior_samples": changed(Quantity.PRIOR_DISTANCE, 8.5),
    "plane": changed(Quantity.PLANE_ANGLE, 60),
    "features": changed(Quantity.LABEL_AMONG_FEATURES, 1),
    "average_precision": changed(Quantity.AVERAGE_PRECISION, 0.002),
    "comparison": family(numbers({Quantity.COMPARED_MODELS: 0, Quantity.COMPARISON_AGREEMENT: 0})),
    "stages": changed(Quantity.STAGES_HELD, 0),
    "layer_kinds": subject(),
    "any_length": changed(Quantity.ANY_LENGTH, 0),
    "output_range": changed(Quantity.OUTSIDE_RANGE, 1),
    "arrays": subject(measurements=Measurements(data="sample")),
    "classifier": changed(Quantity.PROBABILITIES, 0),
    "pretrained": changed(Quantity.ENCODER_SIMILARITY, 0),
    "accuracy": changed(Quantity.ACCURACY, 0.1),
}
"""For each check a submission that it must fail."""

ASKED: Final[dict[str, dict[str, tuple[str, ...]]]] = {"layer_kinds": {"one_of": ("Conv2D",)}}
"""What a rubric must say for the check to ask anything."""

RIGHT: Final[dict[str, Subject]] = {
    "noise_layer": family(numbers(autoencoder=noisy(DROPOUT))),
    "layer_kinds": family(numbers(autoencoder=noisy(builders.plain("Conv2D", before=(784,))))),
    "any_length": recurrent(),
}
"""Right submissions where the course's own solution is none."""

ALONE: Final = frozenset({"runs", "models", "imports", "arrays", "classifier"})
"""Checks that need no autoencoder: they have something to say where there is none."""


def run_one(check: str, found: Subject) -> Verdict:
    return CHECKS[check].function(found, item(check, **ASKED.get(check, {})))


def outcomes(results: tuple[CheckResult, ...]) -> dict[str, Outcome]:
    return {result.check: result.outcome for result in results}


def test_every_check_has_a_failing_submission_and_no_other_has() -> None:
    """A check added without a submission that it must fail breaks this test."""
    assert set(FAILING) == set(CHECKS)


@pytest.mark.parametrize("check", sorted(CHECKS))
def test_a_right_submission_passes_every_check(check: str) -> None:
    """The course's own solution earns all points, without a finding."""
    verdict = run_one(check, RIGHT.get(check, family()))
    assert (verdict.outcome, verdict.share, verdict.findings) == (Outcome.PASSED, 1.0, ())


@pytest.mark.parametrize("check", sorted(CHECKS))
def test_a_wrong_submission_fails_every_check_with_a_finding(check: str) -> None:
    """What a check is there to find, it finds, and tells."""
    verdict = run_one(check, FAILING[check])
    assert (verdict.outcome, verdict.share) == (Outcome.FAILED, 0.0)
    assert verdict.findings


@pytest.mark.parametrize("check", sorted(CHECKS))
def test_checks_are_pure(check: str) -> None:
    """The same subject gives the same verdict twice, and is as before: no check can spoil another's input."""
    found = FAILING[check]
    before = deepcopy(found)
    first = run_one(check, found)
    assert run_one(check, found) == first
    assert found == before


@pytest.mark.parametrize("check", sorted(CHECKS))
def test_checks_and_their_parameters_are_documented(check: str) -> None:
    """Authors of assignments read what a check asks and what each setting means."""
    assert CHECKS[check].docstring
    assert all(parameter.name and parameter.meaning for parameter in CHECKS[check].parameters)


@pytest.mark.parametrize("check", sorted(CHECKS.keys() - ALONE))
def test_without_an_autoencoder_a_check_is_skipped(check: str) -> None:
    """The notebook had its full chance: nothing is there to be judged."""
    assert run_one(check, subject(measurements=Measurements(data="sample"))).outcome is Outcome.SKIPPED


@pytest.mark.parametrize("check", sorted(CHECKS.keys() - {"runs", "imports"}))
def test_without_an_autoencoder_and_without_a_full_chance_nobody_can_tell(check: str) -> None:
    """Also a rubric without `requires` must not turn our limit into a student's zero."""
    found = subject(builders.TIMED_OUT, Measurements(data="sample"))
    assert run_one(check, found).outcome is Outcome.UNGRADABLE


def test_results_come_in_rubric_order_and_earn_their_points() -> None:
    """A right submission earns every point of the rubric, check by check."""
    results = run_checks(builders.RUBRIC, subject())
    assert [(r.check, r.points_awarded, r.points_possible) for r in results] == [
        ("runs", 10.0, 10.0),
        ("models", 10.0, 10.0),
        ("shapes", 10.0, 10.0),
        ("code_size", 10.0, 10.0),
        ("layers", 15.0, 15.0),
        ("mirror", 5.0, 5.0),
        ("composition", 10.0, 10.0),
        ("bottleneck", 10.0, 10.0),
        ("reconstruction", 20.0, 20.0),
    ]


def test_a_check_is_skipped_when_a_required_one_failed() -> None:
    """The result names the check that stood in the way."""
    results = run_checks(builders.RUBRIC, subject(measurements=Measurements(data="sample")))
    assert outcomes(results) == {
        "runs": Outcome.PASSED,
        "models": Outcome.FAILED,
        **dict.fromkeys([one.check for one in builders.RUBRIC[2:]], Outcome.SKIPPED),
    }
    assert results[2] == CheckResult(
        check="shapes",
        outcome=Outcome.SKIPPED,
        points_awarded=0.0,
        points_possible=10.0,
        message=message("Not checked, because the check “{required}” did not pass.", required=TITLES["models"]),
    )


def test_a_required_check_is_called_by_its_title_in_the_readers_language() -> None:
    """Ids are for the authors of rubrics."""
    titled = replace(item("models"), title={"en": "Three models exist", "es": "Existen tres modelos"})
    results = run_checks((titled, item("shapes", requires=("models",))), subject(measurements=Measurements()))
    assert english(results[1].message) == "Not checked, because the check “Three models exist” did not pass."
    spanish = Translator("es", strict=True).text(results[1].message)
    assert "Existen tres modelos" in spanish
    assert "models" not in spanish


def test_a_check_is_ungradable_when_a_required_one_is() -> None:
    """We could not tell whether it would have been reached."""
    results = run_checks(builders.RUBRIC, subject(builders.TIMED_OUT, Measurements(data="sample")))
    assert set(outcomes(results).values()) == {Outcome.UNGRADABLE}
    assert results[2].message == message(
        "We cannot tell, because the check “{required}” waits for a person.", required=TITLES["models"]
    )


def test_a_required_check_that_partly_passed_is_enough() -> None:
    """Without a decoder the autoencoder is still judged."""
    found = models()
    del found[Role.DECODER]
    results = run_checks(builders.RUBRIC, subject(measurements=measured(found)))
    assert outcomes(results)["models"] is Outcome.PARTIAL
    assert outcomes(results)["reconstruction"] is Outcome.PASSED


def test_a_sure_failure_comes_before_a_doubt() -> None:
    """Of two requirements, one that failed decides, even if the other could not be decided."""
    rubric = (item("runs"), item("code_size"), item("mirror", requires=("runs", "code_size")))
    found = subject(builders.TIMED_OUT, measured(numbers={Quantity.CODE_SIZE: 64}))
    assert run_checks(rubric, found)[2].message == message(
        "Not checked, because the check “{required}” did not pass.", required=TITLES["code_size"]
    )


def test_skipping_goes_on_through_a_chain_of_requirements() -> None:
    """A check that requires a skipped one is skipped as well."""
    rubric = (item("models"), item("shapes", requires=("models",)), item("mirror", requires=("shapes",)))
    results = run_checks(rubric, subject(measurements=Measurements()))
    assert [result.outcome for result in results] == [Outcome.FAILED, Outcome.SKIPPED, Outcome.SKIPPED]


def test_every_mistake_of_a_rubric_is_told_at_once() -> None:
    """The author of an assignment fixes the file in one go."""
    rubric = (
        item("mirror", requires=("models",)),
        item("reconstuction"),
        item("composition", tolerence=0.1),
        item("composition", tolerance="small"),
        item("shapes", image_shape="28*28"),
        item("runs", share_with_errors=50),
    )
    reported = "{} stands where something like {} belongs: {}"
    tolerance = "largest gap between autoencoder(x) and decoder(encoder(x)), relative to autoencoder(x)"
    share = "share of the points where cells raise and an autoencoder is there"
    image = "lengths of one image, such as 28x28 or 28x28x1"
    assert [(one.position, ".".join(one.key), english(one.reason)) for one in rubric_mistakes(rubric)] == [
        (0, "requires", "models is not among the checks above it"),
        (1, "check", "there is no check reconstuction; did you mean reconstruction?"),
        (2, "parameters.tolerence", "the check composition has no such parameter: it knows tolerance, layers_suffice"),
        (3, "check", "stands twice in the rubric"),
        (3, "parameters.tolerance", reported.format("'small'", 0.001, tolerance)),
        (4, "parameters.image_shape", reported.format("'28*28'", "'28x28'", image)),
        (5, "parameters.share_with_errors", reported.format(50, 0.5, share)),
    ]


def test_a_wrong_rubric_is_refused_before_any_check_runs() -> None:
    """An unknown id is an author's mistake and never a result."""
    with pytest.raises(ValueError, match="there is no check colour: choose among imports, runs"):
        run_checks((item("runs"), item("colour")), subject())


def test_the_rubric_of_the_builders_is_sound() -> None:
    """The other tests rest on it."""
    assert rubric_mistakes(builders.RUBRIC) == ()


def test_points_are_the_share_of_the_rubrics_points() -> None:
    """Half of 7 points are 3.5."""
    found = subject(builders.raised(CellError(3, "ValueError", "wrong")))
    assert run_checks((item("runs", points=7.0),), found)[0].points_awarded == 3.5


# Verdicts


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_outside_zero_to_one_is_refused(share: float) -> None:
    """Such a share would be a mistake of ours, and must not become points."""
    with pytest.raises(ValueError, match="does not go with"):
        by_share(share, verbatim("half"), ())


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.SKIPPED, Outcome.UNGRADABLE])
def test_only_passed_and_partial_earn_points(outcome: Outcome) -> None:
    """Nothing that did not pass can carry a share."""
    with pytest.raises(ValueError, match="does not go with"):
        Verdict(outcome, 0.5, verbatim("half"))


def test_points_are_never_lost_without_a_finding() -> None:
    """A student must be able to act on every lost point."""
    with pytest.raises(ValueError, match="without a finding"):
        failed(verbatim("no"), ())


def test_a_passed_verdict_earns_everything() -> None:
    """PASSED and a share below 1 exclude each other."""
    with pytest.raises(ValueError, match="does not go with"):
        replace(passed(verbatim("yes")), share=0.9)
