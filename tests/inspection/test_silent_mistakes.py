"""Silent mistakes: each is found where it is, and nobody is accused who did nothing wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from outline_samples import SIMPLE, STACKED_PARTS, architecture, dense, fit, outline, training

from grader.domain.architecture import Architecture
from grader.domain.inspection import Outline
from grader.inspection.recognition import ClaimedTraining
from grader.inspection.silent_mistakes import InspectedAutoencoder, is_called_encoder, is_trained, mistakes_of

WIDE = dense(1000, 784)


def kinds(one: Outline, how: ClaimedTraining | None = None, *others: Outline, **around: Any) -> list[str]:
    """Names of what was found."""
    return [
        remark.kind for remark in mistakes_of(InspectedAutoencoder(one, how or training(), (one, *others), **around))
    ]


def joined(form: Architecture) -> Architecture:
    """The same with a way from the input to the last layer."""
    return replace(form, layers=(*form.layers[:-1], replace(form.layers[-1], inputs=(len(form.layers) - 2, -1))))


def test_a_right_autoencoder_has_no_mistake() -> None:
    """784 to 32 to 784, a sigmoid, pixels between 0 and 1, trained."""
    assert kinds(outline()) == []


@pytest.mark.parametrize("fits", [(), (fit(completed=False, epochs=0),)])
def test_what_no_training_changed_was_never_trained(fits: Any) -> None:
    """No `fit`, or one that ended with an error."""
    untrained = outline(skills={"mnist": -3.0}, trained_by=())
    assert kinds(untrained, training(fits=fits)) == ["never_trained"]
    assert not is_trained(untrained, training(fits=fits))


def test_good_images_show_a_training_that_nobody_saw() -> None:
    """A loop with an optimizer of its own, or weights from a file: it knows the data."""
    assert kinds(outline(trained_by=()), training(fits=())) == []
    assert is_trained(outline(trained_by=()), training(fits=()))


def test_of_a_network_without_keras_only_its_images_tell() -> None:
    """Its loop is seen by nobody: it is not said to be untrained, and what its images lack is reported."""
    by_hand = training(fits=(), without_keras=True)
    assert kinds(outline(trained_by=(), skills={"mnist": 0.5}), by_hand) == []
    assert kinds(outline(trained_by=(), skills={"mnist": -0.4}), by_hand) == ["nothing_learnt"]


def test_a_loop_counts_as_a_training() -> None:
    """A row of single steps has no end that could be seen."""
    assert is_trained(outline(skills={}), training(fits=(fit(how="loop", completed=False),)))


def test_no_better_than_the_mean_image_is_nothing_learnt() -> None:
    """On every data set that fits it; one that it fits well is enough."""
    assert kinds(outline(skills={"mnist": -4.0, "fashion_mnist": 0.02})) == ["nothing_learnt"]
    assert kinds(outline(skills={"mnist": -4.0, "fashion_mnist": 0.2})) == []
    assert kinds(outline(skills={"mnist": -0.5}, noise_ratios={"mnist": 0.4})) == []
    assert kinds(outline(skills={"mnist": -0.5}), training(fits=(fit(same_target=False),))) == []
    assert kinds(outline(skills={"mnist": -0.5}, classifies=True)) == []
    assert kinds(outline(skills={})) == []


def test_a_wide_code_is_told_unless_something_keeps_it_honest() -> None:
    """Noise, a penalty or a distribution does."""
    wide = outline(WIDE)
    assert kinds(wide) == ["code_too_wide"]
    assert kinds(wide, training(fits=(fit(same_target=False),))) == []
    assert kinds(wide, training(has_penalty=True)) == []
    assert kinds(replace(wide, is_variational=True)) == []
    assert (
        kinds(replace(wide, architecture=replace(WIDE, layers=(), output=-1))) == []
    )  # a graph, which nobody looked into
    noisy = architecture((784,), [("Dropout", 784), ("Dense", 1000, "relu"), ("Dense", 784, "sigmoid")])
    assert kinds(outline(noisy)) == []


def test_a_way_round_the_code_is_told_as_such() -> None:
    """Not as a wide code: a layer of 32 numbers is there."""
    assert kinds(outline(joined(SIMPLE), code_size=None)) == ["code_bypassed"]
    assert kinds(outline(joined(SIMPLE), code_size=None), training(fits=(fit(same_target=False),))) == []


@pytest.mark.parametrize(
    ("output", "low", "high", "found"),
    [
        ("sigmoid", -0.4, 2.8, True),
        ("relu", -1.0, 1.0, True),
        ("sigmoid", 0.0, 255.0, True),
        ("tanh", 0.0, 255.0, True),
        ("tanh", -2.0, 1.0, True),
        ("tanh", -1.0, 1.0, False),
        ("relu", 0.0, 255.0, False),
        ("linear", -3.0, 9.0, False),
        ("sigmoid", 0.0, 1.0, False),
        ("softplus", 0.0, 9.0, False),
    ],
)
def test_an_output_must_reach_what_the_data_hold(output: str, low: float, high: float, found: bool) -> None:
    """The activation of the last layer that makes numbers, and the range of what was fitted."""
    how = training(fits=(fit(input_minimum=low, input_maximum=high),))
    assert kinds(outline(dense(32, 784, output=output)), how) == (["output_out_of_reach"] if found else [])
    behind = architecture((28, 28), [*STACKED_PARTS[:-2], ("Dense", 784, output), STACKED_PARTS[-1]])
    assert kinds(outline(behind), how) == (["output_out_of_reach"] if found else [])


def test_an_input_range_says_nothing_of_another_target() -> None:
    """Noise goes below 0, and the target is clean."""
    how = training(fits=(fit(input_minimum=-1.5, input_maximum=2.4, same_target=False),))
    assert kinds(outline(), how) == []


def test_softmax_is_wrong_on_pixels_and_right_on_words() -> None:
    """Pixels do not add up to 1; the words of a one-hot sequence do, at every step."""
    assert kinds(outline(dense(32, 784, output="softmax"))) == ["softmax_on_pixels"]
    words = architecture((20, 50), [("LSTM", (30,)), ("RepeatVector", (20, 30)), ("Dense", 50, "softmax")])
    assert kinds(outline(words)) == []


@pytest.mark.parametrize(
    ("output", "loss", "found"),
    [
        ("linear", "binary_crossentropy", True),
        ("relu", "binary_crossentropy", True),
        ("sigmoid", "binary_crossentropy", False),
        ("linear", "mse", False),
        ("linear", "", False),
    ],
)
def test_binary_cross_entropy_wants_probabilities(output: str, loss: str, found: bool) -> None:
    """Logits have a sigmoid behind them when an outline is made, so that they never come here as linear."""
    how = training(compiled=(("loss", loss),))
    assert kinds(outline(dense(32, 784, output=output)), how) == (["output_and_loss"] if found else [])


def test_an_encoder_must_not_be_the_autoencoder() -> None:
    """Another model of the very same arrays: wrong where it is called encoder, an innocent copy under other names."""
    assert kinds(outline(twins=("encoder",))) == ["encoder_is_autoencoder"]
    assert kinds(outline(twins=("copy_of_autoencoder", "predictor"))) == []


def test_an_encoder_must_have_been_trained() -> None:
    """A model that takes the image and was changed by no training: an accusation only where it is called encoder."""
    assert kinds(outline(strays=("codificador",))) == ["encoder_untrained"]
    assert kinds(outline(strays=("encoder_classifier", "features"))) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("encoder", True),
        ("Encoder2", True),
        ("vae.encoder", True),
        ("autoencoder.encoder", True),
        ("modelo_codificador", True),
        ("κωδικοποιητής", True),
        ("autoencoder", False),
        ("auto_encoder", False),
        ("autocodificador", False),
        ("decoder", False),
        ("decodificador", False),
        ("encoder_decoder", False),
        ("encoder_classifier", False),
        ("model", False),
    ],
)
def test_which_names_say_encoder(name: str, expected: bool) -> None:
    """In Spanish, English and Greek."""
    assert is_called_encoder(name) is expected


def test_two_trained_autoencoders_must_not_share_weights() -> None:
    """Neither of the two is a part of the other."""
    first = outline(relatives=("m0", "m1"))
    second = outline(model="m1", name="denoiser", relatives=("m0", "m1"), trained_by=("m1",))
    assert kinds(first, None, second) == ["shared_weights"]
    assert kinds(second, None, first) == ["shared_weights"]
    assert kinds(first, None, replace(second, trained_by=("m0",))) == []
    assert kinds(first, None, replace(second, part_of=("m0",))) == []
    assert kinds(replace(first, part_of=("m1",)), None, second) == []
    assert kinds(outline(), None, replace(second, relatives=("m1",))) == []


def test_a_loop_must_ask_for_the_penalties_of_layers() -> None:
    """`fit` does; who trains by hand reads `model.losses`."""
    by_hand = training(fits=(fit(how="loop"),), has_penalty=True)
    assert kinds(outline(), by_hand, uses_added_losses=False) == ["penalty_unused"]
    assert kinds(outline(), by_hand, uses_added_losses=True) == []
    assert kinds(outline(), training(has_penalty=True), uses_added_losses=False) == []
