"""Which family of the course an autoencoder belongs to, by its layers and its training.

Names never count. A family is the id of a reference. Sizes are free here: 784 → 64 → 784 is a `simple-dense` with a
code of 64 for an instructor who knows nothing about the notebook. An autoencoder that fits no rule is `other`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.domain.architecture import Architecture, Layer, shape_size
from grader.domain.datasets import SampleKind, datasets, image_numbers, row_lengths
from grader.domain.evidence import Evidence, FitClaim, ModelClaim
from grader.domain.inspection import OTHER, Outline
from grader.probe.numpy_models import WITHOUT_KERAS

_FEWER_COLUMNS: Final = 1
_MORE_COLUMNS: Final = 3
"""Columns of tables that notebooks use: V1 … V28, with or without Amount and Time, by mistake Class and an index."""

BEST_WITH_NOISE: Final = 0.95
"""A model whose error on noisy images is smaller than on clean ones by this factor was trained on noisy ones. Our dense
denoiser has 0.43, the same network trained on clean images 1.48."""

HARDLY_WORSE_WITH_NOISE: Final = 3.0
CLEANS: Final = 0.6
"""So was a model that leaves at most 40 % of the mean image's error on noisy images, and a similar one on clean images.
Our convolutional denoiser has a factor of 1.9, the same network trained on clean images 9.9."""

COMPARED: Final = 3
"""Number of networks with the same layers, but other losses or optimizers, that make a comparison exercise."""


@dataclass(frozen=True, slots=True)
class ClaimedTraining:
    """How an autoencoder was trained, as the notebook claims: it distinguishes families, and earns no points.

    Attributes:
        fits: The trainings that trained all of it, or all its parts.
        others: Other trained autoencoders with the same kinds of layers.
        compiled: What it was compiled with (`optimizer`, `loss`, …), as text.
        has_penalty: Whether one of its layers has an activity regulariser.
        without_keras: Whether it is written in NumPy, so that its training is a loop that was not observed.
        in_a_stack: Whether it is part of an autoencoder of which another part was also trained by itself.
    """

    fits: tuple[FitClaim, ...]
    others: tuple[ModelClaim, ...] = ()
    compiled: tuple[tuple[str, str], ...] = ()
    has_penalty: bool = False
    without_keras: bool = False
    in_a_stack: bool = False

    @property
    def loss(self) -> str:
        """Name of the loss that it was compiled with, or ""."""
        return dict(self.compiled).get("loss", "")

    @property
    def with_another_target(self) -> bool:
        """Return whether its target in training was something other than its input."""
        return bool(self.fits) and all(fit.same_target is False for fit in self.fits)

    @property
    def target_unknown(self) -> bool:
        """Return whether its target in training was not observed: a pipeline, a loop of the notebook's own."""
        return bool(self.fits) and all(fit.same_target is None for fit in self.fits)


def training_of(outline: Outline, outlines: Sequence[Outline], evidence: Evidence) -> ClaimedTraining:
    """Collect how an autoencoder was trained."""
    claims = {claim.model: claim for claim in evidence.models}
    own = claims.get(outline.model)
    through = [claims[name] for name in (outline.model, *outline.trained_by) if name in claims]
    same = [one for one in outlines if one.model != outline.model and _kinds(one) == _kinds(outline)]
    layers = {node.operation for node in own.nodes} if own is not None else set()
    layers |= {layer.operation for layer in outline.architecture.layers}
    return ClaimedTraining(
        fits=tuple(fit for fit in evidence.fits if fit.model in outline.trained_by),
        others=tuple(claims[one.model] for one in same if one.model in claims and one.trained_by),
        compiled=next((_as_text(claim) for claim in through if claim.compiled.get("loss")), ()),
        has_penalty=any(
            evidence.operations[name].config.get("activity_regularizer")
            for name in layers
            if name in evidence.operations
        ),
        without_keras=own is not None and own.class_name == WITHOUT_KERAS,
        in_a_stack=any(one.model in outline.part_of and one.parts_trained > 1 for one in outlines),
    )


def family_of(outline: Outline, training: ClaimedTraining) -> str:
    """Return the id of the course's family, `other` if none fits."""
    architecture = outline.architecture
    taken = shape_size(architecture.input_shape)
    if training.without_keras:
        return "from-scratch"
    if joins_branches(architecture) and not outline.is_variational:
        return OTHER
    if outline.parts_trained > 1 or training.in_a_stack:
        return "greedy-layerwise"
    if takes_points(taken):
        return "linear-pca" if is_linear(architecture) else OTHER
    if len(architecture.input_shape) == 1 and taken in table_columns():
        return "fraud"
    if taken not in {*image_numbers(), None} or (taken is None and architecture.input_shape[-1] not in row_lengths()):
        return OTHER
    if outline.is_variational:
        return "variational-convolutional" if _convolves(architecture) else "variational"
    if any(layer.traits.recurrent for layer in architecture.layers):
        return "recurrent"
    if _convolves(architecture):
        return _convolutional(outline, training)
    if not _dense(architecture):
        return OTHER
    return _of_dense_layers(outline, training)


def expects_noise(outline: Outline, training: ClaimedTraining) -> bool:
    """Return whether a model was trained to remove noise: by its target or, if that was not observed, by its errors."""
    if not training.target_unknown:
        return training.with_another_target
    ratio = outline.noise_ratios.get(outline.dataset)
    if ratio is None:
        return False
    cleans = outline.skill_with_noise(outline.dataset) >= CLEANS
    return ratio < BEST_WITH_NOISE or (ratio < HARDLY_WORSE_WITH_NOISE and cleans)


def noise_comes_first(architecture: Architecture) -> bool:
    """Return whether a noise layer precedes all layers that change the numbers."""
    first = next((i for i, layer in enumerate(architecture.layers) if not layer.traits.passive), 0)
    return any(layer.traits.noise for layer in architecture.layers[:first])


def is_penalised(architecture: Architecture, training: ClaimedTraining) -> bool:
    """Return whether an activity penalty stands anywhere in the network."""
    return training.has_penalty or any(layer.traits.regulariser for layer in architecture.layers)


def _convolutional(outline: Outline, training: ClaimedTraining) -> str:
    if expects_noise(outline, training) or noise_comes_first(outline.architecture):
        return "denoising-convolutional"
    transposed = any(layer.traits.transposed for layer in outline.architecture.layers)
    return "convolutional" if transposed else "convolutional-upsampling"


def _of_dense_layers(outline: Outline, training: ClaimedTraining) -> str:
    architecture = outline.architecture
    if noise_comes_first(architecture):
        return "denoising-dropout"
    if expects_noise(outline, training):
        return "denoising-dense"
    if is_penalised(architecture, training):
        return "sparse"
    if outline.classifies:
        return "pretraining"
    widths = [layer.size or 0 for layer in _dense(architecture)]
    if len(widths) <= 2:
        return _with_one_hidden_layer(architecture, training)
    if len(widths) <= 4:
        return "stacked"
    before = widths[: len(widths) // 2]
    return "deep-dense" if before == sorted(before, reverse=True) else "symmetric-dense"


def _with_one_hidden_layer(architecture: Architecture, training: ClaimedTraining) -> str:
    compared = [dict(training.compiled), *(dict(_as_text(claim)) for claim in training.others)]
    if len(compared) >= COMPARED:
        if len({one.get("loss") for one in compared}) > 1:
            return "losses"
        if len({(one.get("optimizer"), one.get("learning_rate")) for one in compared}) > 1:
            return "optimizers"
    output = output_layer(architecture)
    return "simple-dense" if output is not None and output.activation == "sigmoid" else "simple-dense-mse"


def output_layer(architecture: Architecture) -> Layer | None:
    """Return the layer that makes the output's numbers: the last one, apart from those that only reshape it."""
    place = architecture.output
    while place >= 0:
        layer = architecture.layers[place]
        if not layer.traits.passive:
            return layer
        place = next(iter(layer.inputs), -1)
    return None


def _as_text(claim: ModelClaim) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in claim.compiled.items())


def _kinds(outline: Outline) -> tuple[tuple[str, int | None], ...]:
    return tuple((layer.kind, layer.size) for layer in outline.architecture.active_layers)


def joins_branches(architecture: Architecture) -> bool:
    """Return whether two paths through the network are joined somewhere."""
    return any(len(set(layer.inputs)) > 1 for layer in architecture.layers)


def is_linear(architecture: Architecture) -> bool:
    """Return whether its only layers with weights are Dense layers without an activation."""
    learning = [layer for layer in architecture.layers if layer.parameters]
    return all(layer.kind == "Dense" and layer.activation == "linear" for layer in learning)


def _dense(architecture: Architecture) -> list[Layer]:
    return [layer for layer in architecture.layers if layer.kind == "Dense"]


def takes_points(taken: int | None) -> bool:
    """Return whether an input may be a point in space."""
    return any(one.numbers == taken for one in datasets().values() if one.kind is SampleKind.POINTS)


def table_columns() -> range:
    """Return how many columns of the card transactions a model may take, whichever of them the notebook keeps."""
    numbers = next(one.numbers for one in datasets().values() if one.kind is SampleKind.ROWS)
    return range(numbers - _FEWER_COLUMNS, numbers + _MORE_COLUMNS + 1)


def _convolves(architecture: Architecture) -> bool:
    return any(layer.traits.convolutional for layer in architecture.layers)
