"""`denoising` and `noise_layer`: noisy images go in and clean ones come out; a noise layer is at the start."""

from __future__ import annotations

from typing import Final

from grader.checks.core.absence import NOT_MEASURED, without_autoencoder
from grader.checks.core.check import Check, Needs, TrainingUse
from grader.checks.core.parameters import TEST_IMAGES_COST
from grader.checks.core.phrases import layer, model
from grader.checks.core.statistic import Aspect, Explanation, judged_by_facts
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, failed, passed, ungradable
from grader.domain.architecture import Architecture, Layer
from grader.domain.assignment import RubricItem
from grader.domain.grade import Finding
from grader.domain.measurement import Quantity, Role
from grader.domain.messages import Message, message

_CLEANED: Final = Aspect(
    Quantity.DENOISED_MSE,
    Role.AUTOENCODER,
    too_large=Explanation(
        message("An autoencoder that never had to remove noise keeps much of it, or blurs the image below it."),
        message(
            "What is the input of `fit`, and what is its target? Which of the two has the noise, and is it as strong "
            "as the assignment says? Does the loss still fall in the last epoch?"
        ),
    ),
)


_NOISE_EXPECTED: Final = Aspect(
    Quantity.NOISE_RATIO,
    Role.AUTOENCODER,
    too_large=Explanation(
        message(
            "Who learnt from noisy images expects noise, and is at its best there. This autoencoder does clearly "
            "better on clean images: it looks as if it had never met any noise."
        ),
        message("Which images does `fit` receive as its input, the noisy ones or the clean ones? And as its target?"),
    ),
    stands_in_for=Quantity.DENOISED_MSE,
)


_STRONG: Final = 0.25
"""Half of the course's noise: of its deviation 0.5, or of its share of zeroed inputs."""


def check_denoising(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """Hidden images with the reference's kind of noise come out clean: the error against the images without noise.

    Full credit for the reference's error, none for that of the same network trained without noise. If a small code
    removes noise by itself, so that the error alone may not separate the two, the ratio of the errors with and without
    noise does. A model that denoises as well as the reference has full credit whatever the ratio. The ratio does not
    count either for a network that begins with a strong noise layer: it was trained with noise, and other noise gives
    another ratio.
    """
    nothing = message("We could not measure how the autoencoder removes noise.")
    aspects = (_CLEANED,) if _met_noise(subject) else (_CLEANED, _NOISE_EXPECTED)
    return judged_by_facts(subject, aspects, nothing=nothing)


def _met_noise(subject: Subject) -> bool:
    """Return whether a noise layer about as strong as the course's noise precedes the first layer with weights."""
    found = subject.model(Role.AUTOENCODER)
    return found is not None and any(_strength(one) >= _STRONG for one in _before_learning(found.architecture))


def check_noise_layer(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """A noise layer (Dropout, GaussianNoise …) with a rate above 0 precedes the first layer with weights.

    Read from the graph: outside training, such layers have no measurable effect.
    """
    absent = without_autoencoder(subject)
    found = subject.model(Role.AUTOENCODER)
    if absent is not None or found is None:
        return absent or ungradable(NOT_MEASURED)
    layers = found.architecture.layers
    first = len(_before_learning(found.architecture))
    before = [one for one in layers[:first] if _strength(one) > 0]
    if before:
        named = layer(before[0], dict(before[0].attributes))
        return passed(message("The noise comes first: {layer}.", layer=named))
    actual = _where_it_is([one for one in layers[first:] if one.traits.noise], layers[:first])
    return failed(message("No noise before the first layer that learns."), [_finding(subject, actual)])


def _before_learning(architecture: Architecture) -> tuple[Layer, ...]:
    """Return the layers before the first one with weights."""
    layers = architecture.layers
    first = next((place for place, one in enumerate(layers) if not one.traits.passive), len(layers))
    return layers[:first]


def _strength(one: Layer) -> float:
    """Return the rate or the deviation of a noise layer, 0 for any other."""
    strength = one.attribute("rate", one.attribute("stddev"))
    return float(strength) if one.traits.noise and isinstance(strength, int | float) else 0.0


def _where_it_is(later: list[Layer], before: tuple[Layer, ...]) -> Message:
    idle = next((one for one in before if one.traits.noise), None)
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


CHECKS: Final = (
    Check(
        "denoising",
        check_denoising,
        Needs(training=TrainingUse.DENOISING, trained=True, learnt=True, layers=False),
        parameters=(TEST_IMAGES_COST,),
    ),
    Check(
        "noise_layer",
        check_noise_layer,
        Needs(training=TrainingUse.NONE, samples=False, by_layers=True),
        needs_no_task=True,
    ),
)
