"""`denoising` and `noise_layer`: noisy images come in, clean ones go out; noise that is a layer stands in front."""

from __future__ import annotations

from typing import Final

from grader.checks.absence import without_autoencoder
from grader.checks.statistic import Aspect, Side, judged_by_facts
from grader.checks.subject import Subject
from grader.checks.verdict import Verdict, failed, passed, ungradable
from grader.checks.wording import layer, model
from grader.domain.architecture import NOISE_KINDS, PASSIVE_KINDS, Layer
from grader.domain.assignment import RubricItem
from grader.domain.grade import Finding
from grader.domain.measurement import Quantity, Role
from grader.domain.messages import Message, message

_CLEANED: Final = Aspect(
    Quantity.DENOISED_MSE,
    message("Error of the cleaned images (MSE)"),
    Role.AUTOENCODER,
    too_large=Side(
        message("An autoencoder that never had to remove noise hands much of it on, or blurs what is below it."),
        message(
            "What is the input of `fit`, and what is its target? Which of the two has the noise, and is it as strong "
            "as the assignment says? Does the loss still fall in the last epoch?"
        ),
    ),
)


_NOISE_EXPECTED: Final = Aspect(
    Quantity.NOISE_RATIO,
    message("Error on images with noise, divided by that on clean ones"),
    Role.AUTOENCODER,
    too_large=Side(
        message(
            "Who learnt from noisy images expects noise, and is at its best there. This autoencoder does clearly "
            "better on clean images: it looks as if it had never met any noise."
        ),
        message("Which images does `fit` receive as its input, the noisy ones or the clean ones? And as its target?"),
    ),
    digits=2,
    stands_in_for=Quantity.DENOISED_MSE,
)


def check_denoising(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """Hidden images with noise of the reference's kind come out clean: the error against the images without noise.

    Full credit like the reference, none like the same network trained without noise. Where a small code removes noise
    by itself, so that the error alone may not tell the two apart, the ratio of the errors with and without noise does;
    whoever cleans as well as the reference has full credit whatever the ratio.
    """
    nothing = message("We could not measure how the autoencoder removes noise.")
    return judged_by_facts(subject, (_CLEANED, _NOISE_EXPECTED), nothing=nothing)


def check_noise_layer(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """A noise layer (Dropout, GaussianNoise …) with a rate above 0 stands before the first layer that learns.

    Read from the graph: outside training such layers do nothing that could be measured.
    """
    absent = without_autoencoder(subject)
    found = subject.model(Role.AUTOENCODER)
    if absent is not None or found is None:
        return absent or ungradable(message("No autoencoder was measured."))
    layers = found.architecture.layers
    first = next((place for place, one in enumerate(layers) if one.kind not in PASSIVE_KINDS), len(layers))
    before = [one for one in layers[:first] if _makes_noise(one)]
    if before:
        named = layer(before[0], dict(before[0].attributes))
        return passed(message("The noise comes first: {layer}.", layer=named))
    actual = _where_it_is([one for one in layers[first:] if one.kind in NOISE_KINDS], layers[:first])
    return failed(message("No noise before the first layer that learns."), [_finding(subject, actual)])


def _makes_noise(one: Layer) -> bool:
    strength = one.attribute("rate", one.attribute("stddev"))
    return one.kind in NOISE_KINDS and isinstance(strength, int | float) and strength > 0


def _where_it_is(later: list[Layer], before: tuple[Layer, ...]) -> Message:
    idle = next((one for one in before if one.kind in NOISE_KINDS), None)
    if idle is not None:
        return message("{layer} makes no noise.", layer=layer(idle, dict(idle.attributes)))
    if later:
        return message("{layer} stands after a layer that learns.", layer=layer(later[0], dict(later[0].attributes)))
    return message("The network has no noise layer.")


def _finding(subject: Subject, actual: Message) -> Finding:
    return Finding(
        where=model(subject, Role.AUTOENCODER),
        expected=message("A noise layer with a rate above 0 before the first layer with weights."),
        actual=actual,
        why=message(
            "Noise on the image makes a denoiser. Behind the first layer it drops units of the network instead: a "
            "regulariser, and another lesson."
        ),
        hint=message("Follow the image through `summary()`: what does it meet first?"),
    )
