"""Wrong stacks of autoencoders that are trained one after the other."""

from __future__ import annotations

from typing import Final

from grader.domain.messages import message
from grader.validation.concrete_syntax import text, with_keyword, with_position
from grader.validation.drafts import Draft
from grader.validation.operators import Edit, Mutant, TrainingLength

WHOLE: Final = TrainingLength.WHOLE


_JOINED: Final = 'keras.Sequential([encoder, decoder], name="autoencoder")\n'
_FORGOTTEN: Final = """for model in (encoder, decoder):
    random = np.random.default_rng(3)
    model.set_weights([random.normal(0, 0.05, array.shape) for array in model.get_weights()])
"""


def _new_stack(draft: Draft) -> Draft | None:
    """Give the stack its own weights, like one that was built anew."""
    return draft.instead(_JOINED, _JOINED + _FORGOTTEN) if draft.asks("stages") else None


def _stage_not_trained(name: str) -> Edit:
    def edit(draft: Draft) -> Draft | None:
        if not draft.asks("stages"):
            return None
        return draft.with_calls(
            "fit",
            lambda call: with_position(
                with_position(
                    with_keyword(with_keyword(call, "epochs", "1"), "steps_per_epoch", "1"),
                    0,
                    f"{text(call.args[0].value)}[:32]",
                ),
                1,
                f"{text(call.args[1].value)}[:32]",
            ),
            of=name,
        )

    return edit


def _together(draft: Draft) -> Draft | None:
    """Make new layers of the right sizes and train the whole stack at once."""
    if not draft.asks("stages"):
        return None
    return draft.after_statement("autoencoder = keras.Sequential([encoder, decoder]", _TOGETHER)


_TOGETHER: Final = """encoder = keras.models.clone_model(encoder)
decoder = keras.models.clone_model(decoder)
autoencoder = keras.Sequential([encoder, decoder])
autoencoder.compile(optimizer="nadam", loss="mse")
autoencoder.fit(X_train, X_train, epochs=EPOCHS, batch_size=BATCH_SIZE, verbose=0)"""


MUTANTS: Final = (
    Mutant(
        "stack-not-carried",
        message("a stack with weights of its own"),
        _new_stack,
        ("stages",),
        ("reconstruction", "composition"),
    ),
    Mutant(
        "stack-trained-whole",
        message("a new stack trained as a whole"),
        _together,
        ("stages",),
        ("reconstruction", "composition"),
        WHOLE,
    ),
    Mutant(
        "first-stage-untrained",
        message("a first stage that hardly trained"),
        _stage_not_trained("autoencoder_1"),
        ("stages",),
        ("reconstruction",),
        WHOLE,
    ),
    Mutant(
        "second-stage-untrained",
        message("a second stage that hardly trained"),
        _stage_not_trained("autoencoder_2"),
        ("stages",),
        ("reconstruction",),
        WHOLE,
    ),
)
"""Stages that did not learn, and stacks that do not contain them."""
