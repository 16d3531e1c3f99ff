"""The canonical form of a model: what it is, whatever it is called and however it was written.

Zone M (the measuring process) builds it from the model that it rebuilt (`grader.rebuild.network.canonical`); the facts
of the references hold the same form; checks compare the two. Names are gone, activations are attributes of the layer
they follow, nested models are flattened, Flatten and Reshape are one kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.domain.layer_kinds import traits_of
from grader.probe.layer_traits import LayerTraits

Shape = tuple[int | None, ...]
"""Shape of one sample, without the batch axis; None where the length is free."""

Scalar = str | int | float | bool | None
AttributeValue = Scalar | tuple[Scalar, ...]

RESHAPE = "Reshape"
"""The one kind for Flatten and Reshape alike: same numbers, another shape."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One step of the canonical form.

    Attributes:
        kind: Keras's class name (`Dense`, `Conv2D`, `Add`, …), with `Reshape` for Flatten as well.
        attributes: What decides the function, sorted by name: `units`, `activation`, `kernel_size`, `rate`, …
        input_shape: Shape of one sample going in (the first input where there are several).
        output_shape: Shape of one sample coming out.
        parameters: Numbers held by this layer; 0 at the second use of a shared layer.
        inputs: Positions of the layers whose output it reads; -1 is the model's input; none where it reads constants.
        operation: Identity of the layer object that this step calls; equal in two models that share it.
    """

    kind: str
    attributes: tuple[tuple[str, AttributeValue], ...]
    input_shape: Shape
    output_shape: Shape
    parameters: int
    inputs: tuple[int, ...] = (-1,)
    operation: str = ""

    def attribute(self, name: str, default: AttributeValue = None) -> AttributeValue:
        """Return the attribute called `name`, or `default`."""
        return dict(self.attributes).get(name, default)

    @property
    def traits(self) -> LayerTraits:
        """What kind of layer it is: noise, recurrent, and so on."""
        return traits_of(self.kind)

    @property
    def activation(self) -> str:
        """Name of the activation, `linear` where there is none."""
        return str(self.attribute("activation") or "linear")

    @property
    def size(self) -> int | None:
        """Numbers in one sample of the output, None where a length is free."""
        return shape_size(self.output_shape)


@dataclass(frozen=True, slots=True)
class Architecture:
    """A whole model in canonical form.

    Attributes:
        layers: Steps in an order in which each reads only earlier ones.
        input_shape: Shape of one sample of the (first) input.
        output_shape: Shape of one sample of the (first) output.
        output: Position of the layer whose output is the model's, -1 where the model returns its input.
        parameters: Numbers held by the model, each counted once.
    """

    layers: tuple[Layer, ...]
    input_shape: Shape
    output_shape: Shape
    output: int
    parameters: int

    @property
    def active_layers(self) -> tuple[Layer, ...]:
        """The layers that do something to the numbers: no Reshape, noise or activity penalty."""
        return tuple(layer for layer in self.layers if not layer.traits.passive)


def shape_size(shape: Sequence[int | None]) -> int | None:
    """Return how many numbers a sample of this shape holds, None where a length is free."""
    size = 1
    for length in shape:
        if length is None:
            return None
        size *= length
    return size
