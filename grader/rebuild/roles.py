"""Which rebuilt model is the encoder, the decoder and the autoencoder: by what it does, names only break ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.domain.architecture import Shape, shape_size
from grader.domain.evidence import FitClaim
from grader.domain.measurement import Role
from grader.rebuild.model import Arrays, RebuiltModel


@dataclass(frozen=True)
class Cast:
    """The models in their roles.

    Attributes:
        autoencoder: Image to image, None where no model is.
        encoder: Image to something smaller, sharing the autoencoder's arrays where one does.
        decoder: That something to image.
        candidates: How many models map an image to an image.
        companion: The autoencoder that encoder and decoder belong to, where that is another than the one judged.
    """

    autoencoder: RebuiltModel | None
    encoder: RebuiltModel | None
    decoder: RebuiltModel | None
    candidates: int
    companion: RebuiltModel | None = None

    def by_role(self) -> dict[Role, RebuiltModel]:
        """Return the roles that are filled."""
        filled = {Role.ENCODER: self.encoder, Role.DECODER: self.decoder, Role.AUTOENCODER: self.autoencoder}
        return {role: model for role, model in filled.items() if model is not None}


def assign(
    models: Sequence[RebuiltModel],
    fits: Sequence[FitClaim],
    arrays: Arrays,
    *,
    sample: tuple[int, ...],
    contract: Mapping[str, str],
) -> Cast:
    """Find the three models among all that were rebuilt.

    Args:
        models: Rebuilt models.
        fits: What was fitted, in order.
        arrays: Vetted arrays, to see which models hold the same numbers.
        sample: Shape of one sample of the data (`(28, 28)`).
        contract: The name that the assignment asks for, by role.
    """
    whole = [m for m in models if _holds(m.input_shape, sample) and _holds(m.output_shape, sample) and m.steps]
    fitted = {fit.model: order for order, fit in enumerate(fits)}

    def standing(model: RebuiltModel) -> tuple[bool, int, int]:
        return (
            contract.get(Role.AUTOENCODER, "") in model.claim.names,
            fitted.get(model.claim.model, -1),
            model.parameters,
        )

    autoencoder = max(whole, key=standing, default=None)
    encoders = [m for m in models if _holds(m.input_shape, sample) and not _holds(m.output_shape, sample)]
    decoders = [m for m in models if _holds(m.output_shape, sample) and not _holds(m.input_shape, sample)]
    encoder, decoder = _pair(autoencoder, encoders, decoders, arrays, contract)
    return Cast(autoencoder, encoder, decoder, len(whole))


def concrete(shape: Shape, sample: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return `shape` with free lengths filled in so that it holds one sample, None where it cannot.

    `(None, 28)` holds a 28×28 image, and so do `(784,)` and `(28, 28, 1)`.
    """
    size = int(np.prod(sample))
    filled = tuple(sample[0] if length is None else length for length in shape)
    return filled if shape and int(np.prod(filled)) == size else None


def holds_same_numbers(part: RebuiltModel, whole: RebuiltModel, arrays: Arrays) -> bool:
    """Say whether every array of `part` is one of `whole`'s, by identity or value for value."""
    own = _arrays_of(whole)
    return all(any(_equal(arrays, name, other) for other in own) for name in _arrays_of(part) - own)


def _holds(shape: Shape, sample: tuple[int, ...]) -> bool:
    return concrete(shape, sample) is not None


def _pair(
    autoencoder: RebuiltModel | None,
    encoders: Sequence[RebuiltModel],
    decoders: Sequence[RebuiltModel],
    arrays: Arrays,
    contract: Mapping[str, str],
) -> tuple[RebuiltModel | None, RebuiltModel | None]:
    """Choose encoder and decoder: sharing the autoencoder's numbers first, then fitting together, then named so."""

    def standing(model: RebuiltModel, role: Role, partners: set[int | None]) -> tuple[bool, bool, bool, int]:
        shared = autoencoder is not None and holds_same_numbers(model, autoencoder, arrays)
        code = shape_size(model.output_shape if role is Role.ENCODER else model.input_shape)
        return shared, code in partners, contract.get(role, "") in model.claim.names, -(code or 0)

    codes_in = {shape_size(model.input_shape) for model in decoders}
    encoder = max(encoders, key=lambda m: standing(m, Role.ENCODER, codes_in), default=None)
    codes_out = {shape_size(encoder.output_shape)} if encoder else set()
    decoder = max(decoders, key=lambda m: standing(m, Role.DECODER, codes_out), default=None)
    return encoder, decoder


def _arrays_of(model: RebuiltModel) -> frozenset[str]:
    return frozenset(name for step in model.steps for name in step.arrays)


def _equal(arrays: Arrays, first: str, second: str) -> bool:
    a, b = arrays.get(first), arrays.get(second)
    return a is not None and b is not None and a.shape == b.shape and bool(np.array_equal(a, b))
