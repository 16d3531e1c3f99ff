"""Finds encoder, decoder and autoencoder among rebuilt models by what they compute; names only break ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.domain.architecture import Shape, shape_size
from grader.domain.evidence import FitClaim
from grader.domain.measurement import Role
from grader.rebuild.network.model import Arrays, RebuiltModel


@dataclass(frozen=True)
class Cast:
    """The models in their roles.

    Attributes:
        autoencoder: Image to image, None if there is no such model.
        encoder: Image to something smaller; one that shares the autoencoder's arrays is preferred.
        decoder: From that to the image.
        candidates: How many models map an image to an image.
        companion: The autoencoder to which encoder and decoder belong, if it is not the one that is judged.
        cut: Roles that no model of the notebook fills: we cut them out of its autoencoder.
    """

    autoencoder: RebuiltModel | None
    encoder: RebuiltModel | None
    decoder: RebuiltModel | None
    candidates: int
    companion: RebuiltModel | None = None
    cut: frozenset[Role] = frozenset()

    def by_role(self) -> dict[Role, RebuiltModel]:
        """Return the roles that are filled."""
        filled = {Role.ENCODER: self.encoder, Role.DECODER: self.decoder, Role.AUTOENCODER: self.autoencoder}
        return {role: model for role, model in filled.items() if model is not None}

    def own(self) -> dict[Role, RebuiltModel]:
        """Return the roles filled by models of the notebook."""
        return {role: model for role, model in self.by_role().items() if role not in self.cut}


def assign(
    models: Sequence[RebuiltModel],
    fits: Sequence[FitClaim],
    arrays: Arrays,
    *,
    sample: tuple[int, ...],
    contract: Mapping[str, str],
) -> Cast:
    """Find the three models among all rebuilt ones.

    The autoencoder is, in this order: a trained model with the name that the assignment asks for, now or while it was
    trained; any model with that name; the model trained last; the largest one. A model whose arrays were trained as
    part of another counts as trained.

    Args:
        models: Rebuilt models.
        fits: What was fitted, in order.
        arrays: Vetted arrays, to see which models hold the same numbers.
        sample: Shape of one sample of the data (`(28, 28)`).
        contract: The name that the assignment asks for, by role.
    """
    whole = [m for m in models if _holds(m.input_shape, sample) and _holds(m.output_shape, sample) and m.steps]
    asked = contract.get(Role.AUTOENCODER, "")
    trained = _Training(models, fits)

    def standing(model: RebuiltModel) -> tuple[int, bool, int, int]:
        looks_right = _is_image(model.input_shape, sample) and _is_image(model.output_shape, sample)
        return trained.named(model, asked), looks_right, trained.order(model), model.parameters

    autoencoder, candidates = max(whole, key=standing, default=None), len(whole)
    own = [m for m in models if m.claim.names or trained.is_fitted(m)]  # `add` leaves one nameless model for each layer
    encoders = [m for m in own if _holds(m.input_shape, sample) and not _holds(m.output_shape, sample)]
    decoders = [m for m in own if _holds(m.output_shape, sample) and not _holds(m.input_shape, sample)]
    if autoencoder is not None:  # codes as large as an image: 7 x 7 x 16, or 784 numbers under the name asked for
        parts = [m for m in whole if m in own and m.held < autoencoder.held]
        asked_for = {role: contract.get(role, "") for role in (Role.ENCODER, Role.DECODER)}
        encoders += [m for m in parts if _is_half(m, m.output_shape, sample, asked_for[Role.ENCODER])]
        decoders += [m for m in parts if _is_half(m, m.input_shape, sample, asked_for[Role.DECODER])]
    encoder, decoder = _pair(autoencoder, encoders, decoders, arrays, contract)
    return Cast(autoencoder, encoder, decoder, candidates)


class _Training:
    """What was trained, when, and under which names.

    Args:
        models: Rebuilt models.
        fits: Trainings, in order.
    """

    def __init__(self, models: Sequence[RebuiltModel], fits: Sequence[FitClaim]) -> None:
        self._own = {fit.model: order for order, fit in enumerate(fits)}
        self._names: dict[str, set[str]] = {}
        for fit in fits:
            self._names.setdefault(fit.model, set()).update(fit.names)
        self._arrays: dict[str, int] = {}
        for model in sorted(models, key=lambda one: self._own.get(one.claim.model, -1)):
            if model.claim.model in self._own:
                self._arrays.update(dict.fromkeys(model.held, self._own[model.claim.model]))

    def order(self, model: RebuiltModel) -> int:
        """Return when a model was last trained, alone or as part of another; -1 for never."""
        return self._own.get(model.claim.model, max((self._arrays.get(name, -1) for name in model.held), default=-1))

    def is_fitted(self, model: RebuiltModel) -> bool:
        """Return whether the model itself was trained, not only a part of it or a model that contains it."""
        return model.claim.model in self._own

    def named(self, model: RebuiltModel, asked: str) -> int:
        """Return 3 for a trained model with this name, 2 if it had it in training, 1 for an untrained one, else 0."""
        trained, has_it = self.order(model) >= 0, asked in model.claim.names
        if trained and not has_it and asked in self._names.get(model.claim.model, ()):
            return 2
        return (3 if trained else 1) if has_it else 0


def concrete(shape: Shape, sample: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return `shape` with open dimensions set so that it holds one sample, None if that is impossible.

    `(None, 28)` holds a 28×28 image, and so do `(784,)` and `(28, 28, 1)`.
    """
    size = int(np.prod(sample))
    filled = tuple(sample[0] if length is None else length for length in shape)
    return filled if shape and int(np.prod(filled)) == size else None


def holds_same_numbers(part: RebuiltModel, whole: RebuiltModel, arrays: Arrays) -> bool:
    """Return whether every array of `part` is one of `whole`'s, by identity or value for value."""
    own = _arrays_of(whole)
    return all(any(_equal(arrays, name, other) for other in own) for name in _arrays_of(part) - own)


def _holds(shape: Shape, sample: tuple[int, ...]) -> bool:
    return concrete(shape, sample) is not None


def _is_image(shape: Shape, sample: tuple[int, ...]) -> bool:
    """Return whether a shape is that of an image, flat or with a channel, and not just of the same size."""
    filled = concrete(shape, sample)
    if filled is None:
        return False
    return [n for n in filled if n != 1] in ([n for n in sample if n != 1], [int(np.prod(sample))])


def _is_half(model: RebuiltModel, code: Shape, sample: tuple[int, ...], asked: str) -> bool:
    """Return whether a part with equal input and output sizes is a half: by its name, or since its code is no image."""
    return not _is_image(code, sample) or asked in model.claim.names


def _pair(
    autoencoder: RebuiltModel | None,
    encoders: Sequence[RebuiltModel],
    decoders: Sequence[RebuiltModel],
    arrays: Arrays,
    contract: Mapping[str, str],
) -> tuple[RebuiltModel | None, RebuiltModel | None]:
    """Choose encoder and decoder: first those that share the autoencoder's numbers, then fitting ones, then by name."""

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
