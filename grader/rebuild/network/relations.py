"""Finds encoder, decoder and autoencoder by their connections if their sizes do not fit the data.

A decoder that outputs 32×32 makes no 28×28 image, and then no model of the notebook is an autoencoder by its input and
output. But the decoder still takes the encoder's code, and the model that takes an image, passes the encoder's layers
and ends with the decoder's is the autoencoder. Only its size is wrong, which the checks of shapes report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.domain.architecture import shape_size
from grader.domain.evidence import FitClaim
from grader.domain.measurement import Role
from grader.rebuild.network.cutting import narrowest
from grader.rebuild.network.model import RebuiltModel
from grader.rebuild.network.roles import Cast, concrete


def related(
    cast: Cast,
    models: Sequence[RebuiltModel],
    fits: Sequence[FitClaim],
    *,
    sample: tuple[int, ...],
    contract: Mapping[str, str],
) -> Cast:
    """Fill the roles for which no model has the data's size, using the connections between models.

    Args:
        cast: What was found by the size of the data.
        models: All rebuilt models.
        fits: All trainings, including those that raised an exception.
        sample: Shape of one sample of the data.
        contract: The name that the assignment asks for, by role.
    """
    if cast.autoencoder is not None and cast.encoder is not None and cast.decoder is not None:
        return cast
    fitted = {fit.model for fit in fits}
    own = [m for m in models if m.steps and (m.claim.names or m.claim.model in fitted)]
    family = _Family(own, fitted, sample, contract)
    if cast.autoencoder is None:
        trio = family.trio()
        if trio is None:
            return family.halves(cast)
        cast = replace(cast, autoencoder=trio[0], encoder=trio[1], decoder=trio[2], candidates=1)
    return family.named_halves(cast)


def fits_sample(model: RebuiltModel, sample: tuple[int, ...]) -> bool:
    """Return whether a model maps samples of the data to samples of the data."""
    return _holds(model.input_shape, sample) and _holds(model.output_shape, sample)


@dataclass(frozen=True)
class _Family:
    """The notebook's models and their connections."""

    models: Sequence[RebuiltModel]
    fitted: set[str]
    sample: tuple[int, ...]
    contract: Mapping[str, str]

    def trio(self) -> tuple[RebuiltModel, RebuiltModel | None, RebuiltModel | None] | None:
        """Return the autoencoder with its halves, None if there is none.

        It begins like one model and ends like another, with a narrower code between; else it is a model that narrows
        and widens again and has the name asked for or was trained. (A classifier is narrowest at its end.)
        """
        found = [(whole, *parts) for whole in self.models if (parts := self._parts(whole)) is not None]
        best = max(found, key=lambda trio: self._standing(trio[0], Role.AUTOENCODER), default=None)
        if best is not None:
            return best
        alone = [model for model in self.models if self._is_whole_alone(model)]
        whole = max(alone, key=lambda model: self._standing(model, Role.AUTOENCODER), default=None)
        return None if whole is None else (whole, self._part(whole, begins), self._part(whole, ends))

    def halves(self, cast: Cast) -> Cast:
        """Return the halves if there is no autoencoder: the model that takes the code, and the one that makes it."""
        encoder, decoder = cast.encoder, cast.decoder
        if encoder is not None and decoder is None:
            decoder = self._best(self._takers(encoder), Role.DECODER)
        elif decoder is not None and encoder is None:
            encoder = self._best(self._makers(decoder), Role.ENCODER)
        elif encoder is None and decoder is None:
            pairs = [(one, other) for one in self.models if _narrows(one) for other in self._takers(one)]
            both = max(pairs, key=lambda pair: self._standing(pair[0], Role.ENCODER), default=None)
            encoder, decoder = both if both is not None else (None, None)
        return self.named_halves(replace(cast, encoder=encoder, decoder=decoder))

    def named_halves(self, cast: Cast) -> Cast:
        """Return a half that has the name asked for, whatever its sizes, if no other one was found."""
        for role in (Role.ENCODER, Role.DECODER):
            taken = list(cast.by_role().values())
            if role in cast.by_role():
                continue
            named = [m for m in self.models if self._is_called(m, role) and not any(m is other for other in taken)]
            free = [m for m in named if not fits_sample(m, self.sample)]
            if free:
                cast = replace(cast, encoder=free[0]) if role is Role.ENCODER else replace(cast, decoder=free[0])
        return cast

    def _parts(self, whole: RebuiltModel) -> tuple[RebuiltModel, RebuiltModel] | None:
        encoder, decoder = self._part(whole, begins), self._part(whole, ends)
        if encoder is None or decoder is None or encoder.held & decoder.held:
            return None
        given, code = shape_size(whole.output_shape), shape_size(encoder.output_shape)
        widens = given is None or code is None or given > code
        return (encoder, decoder) if widens else None

    def _part(self, whole: RebuiltModel, belongs: Callable[[RebuiltModel, RebuiltModel], bool]) -> RebuiltModel | None:
        role = Role.ENCODER if belongs is begins else Role.DECODER
        return self._best([one for one in self.models if one is not whole and belongs(one, whole)], role)

    def _is_whole_alone(self, model: RebuiltModel) -> bool:
        point = narrowest(model)
        size, given = None if point is None else shape_size(point.output_shape), shape_size(model.output_shape)
        if size is None or given is None or given <= size:
            return False
        other = any(self._is_called(model, role) for role in (Role.ENCODER, Role.DECODER))
        return self._is_called(model, Role.AUTOENCODER) or (model.claim.model in self.fitted and not other)

    def _takers(self, encoder: RebuiltModel) -> list[RebuiltModel]:
        """List the models that take the encoder's code and output more numbers."""
        code = shape_size(encoder.output_shape)
        return [m for m in self._others(encoder) if shape_size(m.input_shape) == code is not None and _widens(m)]

    def _makers(self, decoder: RebuiltModel) -> list[RebuiltModel]:
        """List the models that output what the decoder takes, and take more numbers."""
        code = shape_size(decoder.input_shape)
        return [m for m in self._others(decoder) if shape_size(m.output_shape) == code is not None and _narrows(m)]

    def _others(self, one: RebuiltModel) -> Iterator[RebuiltModel]:
        return (m for m in self.models if m is not one and m.held and not m.held & one.held)

    def _best(self, models: Sequence[RebuiltModel], role: Role) -> RebuiltModel | None:
        return max(models, key=lambda model: self._standing(model, role), default=None)

    def _standing(self, model: RebuiltModel, role: Role) -> tuple[bool, bool, int]:
        ends = _holds(model.input_shape, self.sample) + _holds(model.output_shape, self.sample)
        return self._is_called(model, role), model.claim.model in self.fitted, ends

    def _is_called(self, model: RebuiltModel, role: Role) -> bool:
        return self.contract.get(role, "") in model.claim.names


def _holds(shape: tuple[int | None, ...], sample: tuple[int, ...]) -> bool:
    return concrete(shape, sample) is not None


def begins(part: RebuiltModel, whole: RebuiltModel) -> bool:
    """Return whether a model is the smaller beginning of another: both have the same first layer with weights."""
    first, there = learning(part), learning(whole)
    inside = bool(first) and part.held < whole.held
    return inside and first[0] == there[0] and shape_size(part.input_shape) == shape_size(whole.input_shape)


def ends(part: RebuiltModel, whole: RebuiltModel) -> bool:
    """Return whether a model is the end of another."""
    last, there = learning(part), learning(whole)
    inside = bool(last) and part.held < whole.held
    return inside and last[-1] == there[-1] and shape_size(part.output_shape) == shape_size(whole.output_shape)


def learning(model: RebuiltModel) -> list[tuple[str, ...]]:
    """List the arrays of each call that has any, in order."""
    return [arrays for step in model.steps if (arrays := tuple(n for n in step.arrays if n in model.held))]


def _narrows(model: RebuiltModel) -> bool:
    taken, given = shape_size(model.input_shape), shape_size(model.output_shape)
    return taken is not None and given is not None and given < taken


def _widens(model: RebuiltModel) -> bool:
    taken, given = shape_size(model.input_shape), shape_size(model.output_shape)
    return taken is not None and given is not None and given > taken
