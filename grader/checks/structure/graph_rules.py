"""`layer_kinds`, `any_length` and `output_range`: properties that hold whatever the architecture."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from grader.checks.core.absence import NOT_MEASURED, might_have_earned_more, why_incomplete, without_autoencoder
from grader.checks.core.check import Check, Needs, TrainingUse
from grader.checks.core.halves import AUTOENCODER, DECODER, ENCODER, Halves, HalvesRule, judged_as_a_whole, of_half
from grader.checks.core.parameters import Parameter
from grader.checks.core.phrases import model, sample_shape, shape
from grader.checks.core.statistic import without_numbers
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, by_share, failed, passed, ungradable
from grader.domain.architecture import Architecture
from grader.domain.assignment import RubricItem
from grader.domain.grade import Finding
from grader.domain.measurement import Quantity, Role
from grader.domain.messages import message

FORBIDDEN: Final[Parameter[tuple[str, ...]]] = Parameter(
    "forbidden", (), message("kinds of layer (Keras's class names) that must not be in the autoencoder")
)
ONE_OF: Final[Parameter[tuple[str, ...]]] = Parameter(
    "one_of", (), message("kinds of layer of which at least one must be in the autoencoder")
)
_ALMOST_ALL: Final = 0.001


def check_layer_kinds(subject: Subject, item: RubricItem) -> Verdict:
    """The autoencoder has at least one layer of the kinds asked for, and none of the forbidden kinds."""
    absent = without_autoencoder(subject)
    found = subject.model(Role.AUTOENCODER)
    if absent is not None or found is None:
        return absent or ungradable(NOT_MEASURED)
    kinds = _kinds(found.architecture)
    wrong = sorted(kinds.intersection(FORBIDDEN.of(item)))
    wanted = ONE_OF.of(item)
    findings = [_forbidden(subject, kind) for kind in wrong]
    if wanted and not kinds.intersection(wanted):
        findings.append(_missing(subject, wanted))
    if findings:
        return failed(message("The network is not made of the kinds of layer asked for."), findings)
    return passed(message("The network is made of the kinds of layer asked for."))


def _forbidden(subject: Subject, kind: str) -> Finding:
    return Finding(
        where=model(subject, Role.AUTOENCODER),
        expected=message("No layer of the kind `{kind}`.", kind=kind),
        actual=message("`{kind}` is one of its layers.", kind=kind),
        why=message("What this assignment is about is what the other kinds of layer can do without it."),
        hint=message("What does this layer do that the layers named in the assignment could not?"),
    )


def _missing(subject: Subject, wanted: tuple[str, ...]) -> Finding:
    return Finding(
        where=model(subject, Role.AUTOENCODER),
        expected=message("At least one layer of these kinds: {kinds}.", kinds=", ".join(wanted)),
        actual=message("There is none."),
        why=message("Without such a layer the network does not do what the assignment is about."),
        hint=message("Look at the shapes in `summary()`: which layer should change them, and how?"),
    )


def check_any_length(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """The encoder reads sequences of any length: judged by its layers, whatever length its input declares."""
    absent = without_autoencoder(subject)
    if absent is not None:
        return absent
    found = subject.model(Role.ENCODER) or subject.model(Role.AUTOENCODER)
    if found is None:
        return ungradable(NOT_MEASURED)
    form: Architecture = found.architecture
    of_steps = len(form.input_shape) == 2
    measured = subject.measurements.values.get(Quantity.ANY_LENGTH)
    numbers = () if measured is None else (measured,)
    runs = of_steps and form.input_shape[0] is None if measured is None else measured.value == 1
    if runs:
        return passed(message("The encoder takes sequences of any length."), measurements=numbers)
    if measured is None and of_steps:
        return ungradable(message("We could not try the encoder with sequences of other lengths."))
    where = model(subject, Role.ENCODER)
    why = message("A recurrent layer has the same weights at every step: nothing in it needs a fixed length.")
    finding = Finding(
        where=where,
        expected=message("An input of shape (None, 28): any number of steps."),
        actual=sample_shape(shape=shape(form.input_shape)),
        why=why,
        hint=message("Which length of the input can stay open when you declare its shape?"),
    )
    if of_steps:
        finding = Finding(
            where=where,
            expected=message("An encoder that reads a sequence of any number of steps."),
            actual=message("It reads images of {steps} rows, and fails with fewer or more.", steps=_steps(subject)),
            why=why,
            hint=message("Which layer of the encoder has to know how many steps there are?"),
        )
    return failed(message("The encoder takes sequences of one length only."), [finding], measurements=numbers)


def _steps(subject: Subject) -> int:
    """Return how many rows an image has in the autoencoder's output."""
    whole = subject.model(Role.AUTOENCODER)
    rows = None if whole is None or not whole.architecture.output_shape else whole.architecture.output_shape[0]
    return rows or 28


def check_output_range(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """Reconstructions lie in [0, 1] like the pixels: measured on hidden images; 0.1 % may lie slightly outside."""
    absent = without_autoencoder(subject)
    if absent is not None:
        return absent
    measured = subject.measurements.values.get(Quantity.OUTSIDE_RANGE)
    if measured is None:
        return without_numbers(subject) or ungradable(message("We could not measure the autoencoder's outputs."))
    outside = measured.value
    summary = message("Outputs outside [0, 1]: {share:.1f} %.", share=100 * outside)
    if outside <= _ALMOST_ALL:
        return passed(summary, measurements=[measured])
    finding = Finding(
        where=model(subject, Role.AUTOENCODER),
        expected=message("Outputs between 0 and 1."),
        actual=summary,
        why=message("Pixels are between 0 and 1, and the cross-entropy is not defined for anything else."),
        hint=message("Which activation of the last layer gives numbers between 0 and 1?"),
    )
    incomplete = why_incomplete(subject)
    if incomplete is not None:
        reason = might_have_earned_more(summary=summary, reason=incomplete)
        return ungradable(reason, findings=[finding], measurements=[measured])
    return by_share(1 - outside if outside < 0.5 else 0.0, summary, [finding], measurements=[measured])


def _kinds_of_halves(halves: Halves, item: RubricItem) -> Verdict:
    """Judge each half by itself; it needs one of the required kinds only if the reference's half has one."""
    verdicts = []
    for half in halves.apart():
        ((role, found),) = half.there.items()
        expected = set(ONE_OF.of(item)).intersection(_kinds(halves.facts.architectures[role]))
        asked = replace(item, parameters={**item.parameters, ONE_OF.name: tuple(sorted(expected))})
        verdict = check_layer_kinds(half.with_autoencoder(found.architecture, halves.facts, {}), asked)
        verdicts.append(
            replace(verdict, findings=tuple(of_half(halves.subject, role, one) for one in verdict.findings))
        )
    right = [verdict for verdict in verdicts if verdict.share == 1]
    first = next((verdict for verdict in verdicts if verdict.share < 1), verdicts[0])
    findings = [finding for verdict in verdicts for finding in verdict.findings]
    return halves.shared(len(right) / len(halves.counted), first.message, (*findings, *halves.missing()))


def _kinds(form: Architecture) -> set[str]:
    return {layer.kind for layer in form.layers}


CHECKS: Final = (
    Check(
        "layer_kinds",
        check_layer_kinds,
        Needs((AUTOENCODER, ENCODER, DECODER), TrainingUse.NONE, samples=False, by_layers=True),
        parameters=(FORBIDDEN, ONE_OF),
        halves=HalvesRule((ENCODER, DECODER), _kinds_of_halves),
    ),
    Check(
        "any_length",
        check_any_length,
        Needs((AUTOENCODER, ENCODER), TrainingUse.NONE, samples=False, by_layers=True),
        halves=HalvesRule((ENCODER,), judged_as_a_whole(check_any_length)),
    ),
    Check("output_range", check_output_range, Needs(trained=True, layers=False)),
)
