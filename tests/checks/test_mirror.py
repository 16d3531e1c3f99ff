"""`mirror`: widths in reverse, wherever the code may be."""

from __future__ import annotations

import pytest

from grader.checks.check_registry import CHECKS
from grader.checks.core.verdict import Verdict
from grader.domain.architecture import Architecture
from grader.domain.grade import Outcome
from grader.domain.measurement import Role

from .builders import chain, dense_chain, encoder_half, item, measured, models, plain, stacked, subject
from .reading import Told, english, findings

WHERE = "The autoencoder, called “autoencoder” in the notebook"


def check(autoencoder: Architecture, encoder: Architecture | None = None) -> Verdict:
    """Judge a notebook with this autoencoder, and with this encoder or none."""
    roles = {Role.AUTOENCODER, Role.ENCODER} if encoder is not None else {Role.AUTOENCODER}
    found = {role: model for role, model in models(autoencoder, encoder).items() if role in roles}
    return CHECKS["mirror"].function(subject(measurements=measured(found)), item("mirror"))


@pytest.mark.parametrize(
    "widths",
    [
        (32, 784),  # simple-dense
        (100, 30, 100, 784),  # stacked
        (100, 200, 30, 200, 100, 784),  # symmetric-dense
        (128, 64, 32, 64, 128, 784),  # deep-dense
        (100, 64, 100, 784),  # a wrong code is not this check's matter
        (100, 30, 30, 30, 100, 784),  # several layers could be the code, and one makes a mirror
        (100, 100, 100, 784),
    ],
)
def test_mirrors_pass(widths: tuple[int, ...]) -> None:
    """The course's own dense autoencoders, and wrong codes between mirrored halves."""
    assert check(dense_chain(*widths)).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "widths",
    [
        (200, 30, 100, 784),
        (100, 30, 784),
        (100, 50, 30, 100, 784),
        (128, 64, 32, 128, 64, 784),
        (30, 100, 784),
        (100, 30, 20, 100, 784),
    ],
)
def test_other_widths_fail(widths: tuple[int, ...]) -> None:
    """Too few, too many, or in the wrong order."""
    assert check(dense_chain(*widths)).outcome is Outcome.FAILED


def test_both_sides_are_told() -> None:
    """The encoder's widths in reverse, and the decoder's."""
    verdict = check(dense_chain(128, 64, 32, 128, 64, 784))
    assert english(verdict.message) == "The decoder does not mirror the encoder."
    assert findings(verdict) == [
        Told(
            where=WHERE,
            expected="Hidden Dense layers of the decoder with the encoder's widths in reverse: 64, 128.",
            actual="Their widths are 128, 64.",
            why="The decoder undoes the encoder step by step: what was narrowed last is widened first.",
            hint="Read the encoder's widths from the code back to the image, then compare with the decoder's.",
        )
    ]


def test_a_side_without_hidden_layers_is_told_as_none() -> None:
    """The decoder goes straight from the code to the image."""
    assert findings(check(dense_chain(100, 30, 784)))[0].actual == "Their widths are none."


def test_an_output_of_another_size_fails() -> None:
    """Output size = input size is half of the rule taught."""
    (finding,) = findings(check(dense_chain(100, 30, 100, 700)))
    assert (finding.expected, finding.actual) == (
        "An output as large as the input, (28, 28).",
        "An output of shape (700,).",
    )


def test_a_code_wider_than_its_neighbours_is_found_by_the_encoder() -> None:
    """Where the encoder ends, there is the code, even where it is not the narrowest layer."""
    wide = dense_chain(100, 200, 100, 784)
    assert check(wide, encoder_half(200)).outcome is Outcome.PASSED
    assert check(wide).outcome is Outcome.FAILED


def test_an_encoder_that_gives_the_reconstruction_does_not_mislead() -> None:
    """A mistake seen in real notebooks: the narrowest layer then tells where the code is."""
    assert check(stacked(), stacked()).outcome is Outcome.PASSED
    lopsided = dense_chain(200, 30, 100, 784)
    assert findings(check(lopsided, lopsided)) == findings(check(lopsided))


def test_activations_noise_and_normalisation_do_not_matter() -> None:
    """Widths alone do."""
    layers = list(dense_chain((100, "linear"), (30, "tanh"), 100, (784, "relu")).layers)
    layers[2:2] = [plain("BatchNormalization", before=(100,)), plain("Dropout", before=(100,), rate=0.5)]
    assert check(chain(layers, entry=(28, 28))).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "architecture",
    [
        chain((), entry=(28, 28)),
        dense_chain(784),
        dense_chain(784, 784, 784),
        dense_chain(1000, 900, 1000, 784),
        chain([plain("Conv2D", before=(28, 28, 1), filters=1)], entry=(28, 28, 1)),
    ],
    ids=["identity", "one layer", "all the same", "wider than the image", "no Dense"],
)
def test_without_a_narrow_dense_layer_there_is_nothing_to_mirror(architecture: Architecture) -> None:
    """No code can be found, and the finding says so."""
    verdict = check(architecture)
    assert verdict.outcome is Outcome.FAILED
    assert findings(verdict)[0] == Told(
        where=WHERE,
        expected="Dense layers that narrow to a code and widen again.",
        actual="No Dense layer before the last one is narrower than the image.",
        why=("Without a narrow code there is no encoder and no decoder, and nothing forces the net to find patterns."),
        hint="Which layer of your network is the code?",
    )
