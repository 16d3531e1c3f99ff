"""The canonical form of a model: what it computes, whatever its names and however it was written.

Zone M (the measuring process) builds it from the rebuilt model (`grader.rebuild.network.canonical`), the facts of the
references hold the same form, and checks compare the two. Names are dropped, an activation is an attribute of the layer
before it, nested models are flattened, and Flatten and Reshape are one kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.domain.layer_kinds import traits_of
from grader.probe.layer_traits import LayerTraits

Shape = tuple[int | None, ...]
"""Shape of one sample, without the batch axis; None for a dimension of unknown length."""

Scalar = str | int | float | bool | None
AttributeValue = Scalar | tuple[Scalar, ...]

RESHAPE = "Reshape"
"""The one kind for both Flatten and Reshape: the same numbers in another shape."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One step of a model in canonical form.

    Attributes:
        kind: Keras's class name (`Dense`, `Conv2D`, `Add`, …), with `Reshape` for Flatten as well.
        attributes: Settings that decide the function, sorted by name: `units`, `activation`, `kernel_size`, `rate`, …
        input_shape: Shape of one input sample (of the first input where there are several).
        output_shape: Shape of one output sample.
        parameters: Number of parameters of this layer; 0 at the second use of a shared layer.
        inputs: Positions of the layers whose output it reads; -1 for the model's input; empty if it reads only
            constants.
        operation: Identity of the layer object that this step calls; equal in two models that share the object.
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
        """Traits of this kind of layer: noise, recurrent, and so on."""
        return traits_of(self.kind)

    @property
    def activation(self) -> str:
        """Name of the activation, `linear` if there is none."""
        return str(self.attribute("activation") or "linear")

    @property
    def size(self) -> int | None:
        """Numbers in one output sample, None if a dimension has no fixed length."""
        return shape_size(self.output_shape)


@dataclass(frozen=True, slots=True)
class Architecture:
    """A whole model in canonical form.

    Attributes:
        layers: Steps in an order in which each reads only earlier ones.
        input_shape: Shape of one sample of the (first) input.
        output_shape: Shape of one sample of the (first) output.
        output: Position of the layer whose output the model returns, -1 if the model returns its input.
        parameters: Number of parameters of the model, each counted once.
    """

    layers: tuple[Layer, ...]
    input_shape: Shape
    output_shape: Shape
    output: int
    parameters: int

    @property
    def active_layers(self) -> tuple[Layer, ...]:
        """The layers that change the numbers at inference: no Reshape, noise or activity penalty."""
        return tuple(layer for layer in self.layers if not layer.traits.passive)


def shape_size(shape: Sequence[int | None]) -> int | None:
    """Return how many numbers a sample of this shape holds, None if a dimension has no fixed length."""
    size = 1
    for length in shape:
        if length is None:
            return None
        size *= length
    return size
