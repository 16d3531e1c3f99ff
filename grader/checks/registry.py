"""All checks by id, and how a rubric is run over one submission.

To add a check: write a pure function `(Subject, RubricItem) -> Verdict`, and name it and its parameters below.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from grader.checks import comparing, composition, graph_rules, greedy, layers, models, running, shapes
from grader.checks.arrays import check_arrays
from grader.checks.bottleneck import check_bottleneck
from grader.checks.classifier import check_accuracy, check_classifier, check_pretrained
from grader.checks.code_size import check_code_size
from grader.checks.comparing import check_comparison
from grader.checks.composition import check_composition
from grader.checks.denoising import check_denoising, check_noise_layer
from grader.checks.fraud import check_average_precision, check_features
from grader.checks.graph_rules import check_any_length, check_layer_kinds, check_output_range
from grader.checks.greedy import check_stages
from grader.checks.halves import judged_by_halves
from grader.checks.imports import check_imports
from grader.checks.latent import check_elbo, check_latent_distribution, check_prior_samples
from grader.checks.layers import check_layers
from grader.checks.method import TEST_IMAGES_COST
from grader.checks.mirror import check_mirror
from grader.checks.models import check_models
from grader.checks.parameters import Parameter
from grader.checks.plane import check_plane
from grader.checks.reconstruction import check_reconstruction
from grader.checks.running import check_runs
from grader.checks.shapes import check_shapes
from grader.checks.sparsity import check_sparsity
from grader.checks.subject import Subject
from grader.checks.verdict import CheckFunction, Verdict, skipped, ungradable
from grader.domain.assignment import ParameterValue, RubricItem
from grader.domain.grade import CheckResult, Outcome
from grader.domain.messages import Message, by_language, message, verbatim
from grader.locale import Translator


@dataclass(frozen=True, slots=True)
class RubricMistake:
    """One thing that is wrong with a rubric.

    Attributes:
        position: Of the item, from 0.
        key: Where in it: `("parameters", "tolerance")`.
        reason: What is wrong and what is wanted.
    """

    position: int
    key: tuple[str, ...]
    reason: Message


@dataclass(frozen=True, slots=True)
class Check:
    """A check that rubrics may name.

    Attributes:
        id: Its name in rubrics and results.
        function: What decides.
        parameters: Settings that a rubric may change.
    """

    id: str
    function: CheckFunction
    parameters: tuple[Parameter[ParameterValue], ...] = ()

    @property
    def docstring(self) -> str:
        """What it asks and how it decides, for authors of assignments."""
        return inspect.getdoc(self.function) or ""


_ALL: Final = (
    Check("runs", check_runs, (running.SHARE_WITH_ERRORS,)),
    Check("models", check_models, (models.LAYERS_SUFFICE,)),
    Check("shapes", check_shapes, (shapes.IMAGE_SHAPE,)),
    Check("code_size", check_code_size),
    Check(
        "layers",
        check_layers,
        (layers.ACTIVATIONS, layers.OUTPUT_ACTIVATIONS, layers.IGNORE_CODE_UNITS, layers.ALLOW_BATCH_NORMALIZATION),
    ),
    Check("mirror", check_mirror),
    Check("composition", check_composition, (composition.TOLERANCE, models.LAYERS_SUFFICE)),
    Check("bottleneck", check_bottleneck),
    Check("reconstruction", check_reconstruction, (TEST_IMAGES_COST,)),
    Check("denoising", check_denoising, (TEST_IMAGES_COST,)),
    Check("noise_layer", check_noise_layer),
    Check("sparsity", check_sparsity),
    Check("latent_distribution", check_latent_distribution),
    Check("elbo", check_elbo),
    Check("prior_samples", check_prior_samples),
    Check("plane", check_plane),
    Check("features", check_features),
    Check("average_precision", check_average_precision),
    Check("layer_kinds", check_layer_kinds, (graph_rules.FORBIDDEN, graph_rules.ONE_OF)),
    Check("any_length", check_any_length),
    Check("output_range", check_output_range),
    Check("imports", check_imports),
    Check("arrays", check_arrays),
    Check("classifier", check_classifier),
    Check("pretrained", check_pretrained),
    Check("accuracy", check_accuracy),
    Check("comparison", check_comparison, (comparing.MODELS,)),
    Check("stages", check_stages, (greedy.STAGES,)),
)

CHECKS: Final[Mapping[str, Check]] = MappingProxyType({check.id: check for check in _ALL})
"""Every check by its id."""

_SATISFIED: Final = frozenset({Outcome.PASSED, Outcome.PARTIAL})

_BY_BEHAVIOUR: Final = frozenset({
    "runs", "models", "shapes", "code_size", "composition", "bottleneck", "reconstruction", "denoising", "sparsity",
    "plane", "output_range", "imports",
})  # fmt: skip
"""Checks that can decide of a model whose layers nobody has seen; the others look at layers."""

_BY_STRUCTURE: Final = frozenset({
    "runs", "models", "shapes", "code_size", "layers", "layer_kinds", "any_length", "mirror", "composition",
    "bottleneck", "noise_layer", "imports", "arrays",
})  # fmt: skip
"""Checks that can decide of an autoencoder of another size than the data's; the others look at samples."""


def run_checks(rubric: Sequence[RubricItem], subject: Subject) -> tuple[CheckResult, ...]:
    """Run every check of the rubric and return one result each, in rubric order.

    A check is SKIPPED where one that it requires did not pass, and UNGRADABLE where we could not tell of one whether
    it did: nobody can then say whether this one would have been reached.

    Raises:
        ValueError: The rubric is wrong; the text lists every mistake.
    """
    if mistakes := rubric_mistakes(rubric):
        raise ValueError("; ".join(f"{'.'.join(one.key)}: {Translator('en').text(one.reason)}" for one in mistakes))
    results: dict[str, CheckResult] = {}
    titles = {item.check: by_language(item.title) if item.title else verbatim(item.check) for item in rubric}
    for item in rubric:
        verdict = (
            _stopped_by_requirement(item, results, titles)
            or _without_layers(subject, item)
            or _without_samples(subject, item)
            or judged_by_halves(subject, item, CHECKS[item.check].function)
            or CHECKS[item.check].function(subject, item)
        )
        results[item.check] = result_of(item, verdict)
    return tuple(results.values())


def rubric_mistakes(rubric: Sequence[RubricItem]) -> tuple[RubricMistake, ...]:
    """Return everything that is wrong with a rubric, for the author of the assignment."""
    mistakes: list[RubricMistake] = []
    earlier: set[str] = set()
    for position, item in enumerate(rubric):
        if item.check in earlier:
            mistakes.append(RubricMistake(position, ("check",), message("stands twice in the rubric")))
        mistakes += [
            RubricMistake(
                position, ("requires",), message("{required} is not among the checks above it", required=required)
            )
            for required in item.requires
            if required not in earlier
        ]
        mistakes += [RubricMistake(position, key, reason) for key, reason in _item_mistakes(item)]
        earlier.add(item.check)
    return tuple(mistakes)


def _item_mistakes(item: RubricItem) -> Iterator[tuple[tuple[str, ...], Message]]:
    check = CHECKS.get(item.check)
    if check is None:
        names, close = ", ".join(CHECKS), get_close_matches(item.check.lower(), CHECKS, n=1)
        if close:
            sentence = message("there is no check {check}; did you mean {nearest}?", check=item.check, nearest=close[0])
        else:
            sentence = message("there is no check {check}: choose among {known}", check=item.check, known=names)
        yield ("check",), sentence
        return
    known = {parameter.name: parameter for parameter in check.parameters}
    for name, value in item.parameters.items():
        if name not in known:
            yield ("parameters", name), _unknown_parameter(item.check, tuple(known))
        elif not known[name].accepts(value):
            yield ("parameters", name), known[name].complaint(value)


def _unknown_parameter(check: str, known: tuple[str, ...]) -> Message:
    if not known:
        return message("the check {check} has no parameters", check=check)
    return message("the check {check} has no such parameter: it knows {known}", check=check, known=", ".join(known))


def _stopped_by_requirement(
    item: RubricItem, results: Mapping[str, CheckResult], titles: Mapping[str, Message]
) -> Verdict | None:
    """Return the verdict where a required check does not let this one run, else None.

    A check that surely did not pass comes before one that we cannot tell of: then this one is surely skipped.
    """
    unmet = [results[required] for required in item.requires if results[required].outcome not in _SATISFIED]
    if not unmet:
        return None
    sure = [result for result in unmet if result.outcome is not Outcome.UNGRADABLE]
    if sure:
        title = titles[sure[0].check]
        return skipped(message("Not checked, because the check “{required}” did not pass.", required=title))
    title = titles[unmet[0].check]
    return ungradable(message("We cannot tell, because the check “{required}” waits for a person.", required=title))


def _without_layers(subject: Subject, item: RubricItem) -> Verdict | None:
    """Return the verdict where a check looks at layers and the model was only measured by behaviour, else None."""
    if not subject.measurements.by_behaviour or item.check in _BY_BEHAVIOUR:
        return None
    return ungradable(
        message(
            "We cannot tell: the autoencoder was measured by what it answers, and its layers are not known to us. A "
            "person looks."
        )
    )


def _without_samples(subject: Subject, item: RubricItem) -> Verdict | None:
    """Return the verdict where a check looks at samples, and the autoencoder takes or gives none, else None."""
    if not subject.measurements.another_size or item.check in _BY_STRUCTURE:
        return None
    return skipped(
        message("Not checked: what goes into the autoencoder or comes out of it has not the size asked for.")
    )


def result_of(item: RubricItem, verdict: Verdict) -> CheckResult:
    """Return what a verdict is worth under an item of the rubric."""
    return CheckResult(
        check=item.check,
        outcome=verdict.outcome,
        points_awarded=verdict.share * item.points,
        points_possible=item.points,
        message=verdict.message,
        findings=verdict.findings,
        measurements=verdict.measurements,
    )
