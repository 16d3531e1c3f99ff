"""Autoencoders as zone M describes them, written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from grader.domain.architecture import RESHAPE, Architecture, Layer, Shape, shape_size
from grader.domain.evidence import Evidence, FitClaim, ModelClaim
from grader.domain.inspection import Outline
from grader.domain.submission import CodeCell, Notebook
from grader.inspection.recognition import ClaimedTraining, family_of, training_of

Part = tuple[str, Any] | tuple[str, Any, str]
"""Kind, shape after it or its width, and its activation."""


def architecture(entry: Shape, parts: Sequence[Part]) -> Architecture:
    """Layers one after the other; what learns has one parameter."""
    layers: list[Layer] = []
    before = entry
    for place, (kind, after, *activation) in enumerate(parts):
        shape: Shape = after if isinstance(after, tuple) else (*before[:-1], after)
        attributes = (("activation", activation[0]),) if activation else ()
        learns = kind.startswith(("Dense", "Conv", "LSTM"))
        layers.append(Layer(kind, attributes, before, shape, int(learns), (place - 1,), f"o{place}"))
        before = shape
    return Architecture(tuple(layers), entry, before, len(layers) - 1, sum(layer.parameters for layer in layers))


def dense(*widths: int, output: str = "sigmoid", entry: int = 784) -> Architecture:
    """Dense layers with relu, the last one with another activation."""
    hidden: list[Part] = [("Dense", width, "relu") for width in widths[:-1]]
    return architecture((entry,), [*hidden, ("Dense", widths[-1], output)])


SIMPLE = dense(32, 784)
STACKED_PARTS: list[Part] = [
    (RESHAPE, (784,)), ("Dense", 100, "relu"), ("Dense", 30, "relu"), ("Dense", 100, "relu"), ("Dense", 784),
    (RESHAPE, (28, 28)),
]  # fmt: skip


def outline(form: Architecture = SIMPLE, **changes: Any) -> Outline:
    """A trained autoencoder called `autoencoder`."""
    sizes = [layer.size or 0 for layer in form.layers]
    narrowest = min(sizes, default=0)
    whole = shape_size(form.input_shape) or 10**9
    made = Outline(
        model="m0",
        relatives=("m0",),
        name="autoencoder",
        architecture=form,
        code_size=narrowest if narrowest < whole else None,
        is_variational=False,
        skills={"mnist": 0.7, "fashion_mnist": 0.1} if whole == 784 else {},
        trained_by=("m0",),
    )
    return replace(made, **changes)


def fit(model: str = "m0", **changes: Any) -> FitClaim:
    """Ten epochs on 2,000 images between 0 and 1, with the input as the target."""
    return replace(FitClaim(model, 10, 2000, 32, True, 0.0, 1.0, True), **changes)


def claim(model: str = "m0", *names: str, **compiled: Any) -> ModelClaim:
    """A model of which the claims say no more than names and compilation."""
    return ModelClaim(model, names, "Functional", (), (), (), "", (), compiled, 0)


def training(**changes: Any) -> ClaimedTraining:
    """One training."""
    return replace(ClaimedTraining((fit(),)), **changes)


def family(form: Architecture, **how: Any) -> str:
    """The family of one trained autoencoder."""
    about = {key: how.pop(key) for key in list(how) if key in Outline.__dataclass_fields__}
    return family_of(outline(form, **about), training(**how))


def families(outlines: Sequence[Outline], claims: Sequence[ModelClaim]) -> list[str]:
    """The families of several autoencoders of one notebook, each trained once."""
    evidence = Evidence(models=tuple(claims), fits=tuple(fit(one.model) for one in outlines if one.trained_by))
    return [family_of(one, training_of(one, outlines, evidence)) for one in outlines]


def notebook(*cells: str) -> Notebook:
    """Code cells."""
    return Notebook(tuple(CodeCell(index, "", source) for index, source in enumerate(cells)))
