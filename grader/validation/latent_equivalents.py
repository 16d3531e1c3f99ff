"""Right variational autoencoders whose code is drawn in another way, or whose encoder gives its mean alone."""

from __future__ import annotations

from typing import Final

from grader.domain.messages import message
from grader.validation.drafts import Draft
from grader.validation.operators import Equivalent, TrainingLength

_DRAWN: Final = 'code = Sampling(beta=beta, name="code")([z_mean, z_log_variance])'

_DIVERGENCE: Final = """class Divergence(layers.Layer):
    def call(self, pair):
        mean, spread = pair
        self.add_loss(ops.mean(ops.sum(ops.square(mean) + ops.exp(spread) - spread - 1, axis=1)) / 2)
        return pair"""

_BY_SEVERAL: Final = """means, spreads = Divergence()([z_mean, z_log_variance])
sigma = layers.Lambda(lambda tensor: ops.exp(tensor / 2))(spreads)
epsilon = layers.Lambda(lambda tensor: keras.random.normal(ops.shape(tensor)))(means)
code = layers.Add(name="code")([means, layers.Multiply()([sigma, epsilon])])"""


_OF_THE_MEAN: Final = """encoder = keras.Model(encoder.inputs[0], encoder.get_layer("z_mean").output)
autoencoder = keras.Sequential([encoder, decoder])"""


def _by_several_layers(draft: Draft) -> Draft | None:
    """Let one layer add the KL, two Lambdas make σ and ε, and `Multiply` and `Add` draw the code from them."""
    edited = draft.instead(_DRAWN, _BY_SEVERAL)
    return None if edited is None else edited.prepared(_DIVERGENCE)


def _mean_alone(draft: Draft) -> Draft | None:
    """Let the encoder that is handed in end at the mean: the code is drawn in another model, which was trained."""
    if not draft.mentions(_DRAWN):
        return None
    return draft.added(_OF_THE_MEAN)


DRAWINGS: Final = (
    Equivalent(
        "code-by-several-layers",
        message("a code drawn by several layers together"),
        _by_several_layers,
        TrainingLength.WHOLE,
    ),
    Equivalent("mean-alone", message("an encoder that ends at the mean"), _mean_alone, TrainingLength.WHOLE),
)
"""Other ways to draw a code, if there is one."""
