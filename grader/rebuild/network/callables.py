"""Encoders and decoders that are not Keras models: layers, lists of layers, methods and callable objects.

The notebook's models come first. Roles follow from how a part relates to the autoencoder, never from the order in which
a class creates parts: an encoder is its beginning, a decoder its end, and together they are all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.domain.architecture import shape_size
from grader.domain.evidence import Evidence
from grader.domain.measurement import Role
from grader.rebuild.network.allowlist import RefusedError
from grader.rebuild.network.cutting import joined, narrowest
from grader.rebuild.network.model import Arrays, RebuiltModel, Workshop
from grader.rebuild.network.relations import begins, ends, fits_sample, learning
from grader.rebuild.network.roles import Cast, concrete

WHOLE_KINDS = frozenset({"object", "Layer"})


def with_callables(
    cast: Cast, evidence: Evidence, arrays: Arrays, *, sample: tuple[int, ...], contract: Mapping[str, str]
) -> Cast:
    """Fill roles that no model fills with other callable parts.

    Args:
        cast: What was found among the models.
        evidence: For the layers, lists, methods and objects that were described.
        arrays: Vetted arrays.
        sample: Shape of one sample of the data.
        contract: The name that the assignment asks for, by role.
    """
    if not evidence.parts or len(cast.by_role()) == len(Role):
        return cast
    workshop = Workshop(evidence.operations, arrays)
    closed = [frozenset(claim.variables) & arrays.keys() for claim in evidence.models if claim.problem]
    shelf = _Shelf(list(_rebuilt(evidence, workshop)), sample, contract, closed)
    if cast.autoencoder is None:
        whole = shelf.whole()
        if whole is None:
            return shelf.joined_halves(cast, workshop)
        cast = replace(cast, autoencoder=whole, candidates=cast.candidates + 1)
    return shelf.halves(cast)


def _rebuilt(evidence: Evidence, workshop: Workshop) -> Iterator[RebuiltModel]:
    for claim in evidence.parts:
        try:
            model = workshop.rebuild(claim)
        except RefusedError:  # not a model of the notebook: no assignment asks for it
            continue
        if model.held:
            yield model


@dataclass(frozen=True)
class _Shelf:
    """Callable parts that are not models.

    Attributes:
        parts: All of them.
        sample: Shape of one sample of the data.
        contract: The name that the assignment asks for, by role.
        closed: Arrays of each model that could not be rebuilt. Such a model does more than some of its layers: only
            parts that hold all of its arrays can replace it.
    """

    parts: Sequence[RebuiltModel]
    sample: tuple[int, ...]
    contract: Mapping[str, str]
    closed: Sequence[frozenset[str]] = ()

    def whole(self) -> RebuiltModel | None:
        """Return the object or layer that is an autoencoder: sample in, sample out, two layers with weights."""
        found = [
            part
            for part in self.parts
            if part.claim.class_name in WHOLE_KINDS and fits_sample(part, self.sample) and len(learning(part)) > 1
            if self._stand_for_all(part)
        ]
        return max(found, key=lambda part: (self._called(part, Role.AUTOENCODER), len(part.held)), default=None)

    def halves(self, cast: Cast) -> Cast:
        """Return the beginning and the end of the autoencoder that together are all of it.

        Without such a pair, return a part that ends or begins at its narrowest point.
        """
        whole = cast.autoencoder
        assert whole is not None  # noqa: S101 - the caller looked
        first = [cast.encoder] if cast.encoder is not None else [p for p in self.parts if begins(p, whole)]
        last = [cast.decoder] if cast.decoder is not None else [p for p in self.parts if ends(p, whole)]
        pairs = [(one, other) for one in first for other in last if _make_up(one, other, whole)]
        if pairs:
            encoder, decoder = max(pairs, key=lambda pair: self._standing(*pair))
            return replace(cast, encoder=encoder, decoder=decoder)
        point = narrowest(whole)
        size = None if point is None else shape_size(point.output_shape)
        if size is None:
            return cast
        if cast.encoder is None:
            fit = [part for part in first if shape_size(part.output_shape) == size]
            cast = replace(cast, encoder=max(fit, key=lambda p: self._called(p, Role.ENCODER), default=None))
        if cast.decoder is None:
            fit = [part for part in last if shape_size(part.input_shape) == size]
            cast = replace(cast, decoder=max(fit, key=lambda p: self._called(p, Role.DECODER), default=None))
        return cast

    def joined_halves(self, cast: Cast, workshop: Workshop) -> Cast:
        """Return two halves that fit together; halves of one object form the autoencoder that it holds."""
        takes = [p for p in self.parts if _holds(p.input_shape, self.sample) and not fits_sample(p, self.sample)]
        gives = [p for p in self.parts if _holds(p.output_shape, self.sample) and not fits_sample(p, self.sample)]
        first = [cast.encoder] if cast.encoder is not None else takes
        last = [cast.decoder] if cast.decoder is not None else gives
        fitting = [(one, other) for one in first for other in last if _fit_together(one, other)]
        pairs = [pair for pair in fitting if self._stand_for_all(*pair)]
        if not pairs:
            return self._one_half(cast, takes, gives)
        encoder, decoder = max(pairs, key=lambda pair: self._standing(*pair))
        owner = _owner(encoder)
        whole = joined(encoder.claim, decoder.claim, owner, workshop) if owner and owner == _owner(decoder) else None
        found = cast.candidates + (whole is not None)
        return replace(cast, autoencoder=whole, encoder=encoder, decoder=decoder, candidates=found)

    def _one_half(self, cast: Cast, takes: Sequence[RebuiltModel], gives: Sequence[RebuiltModel]) -> Cast:
        """Return a half that has the name asked for and whose other half is missing."""
        alone = [part for part in (*takes, *gives) if self._stand_for_all(part)]
        encoder = cast.encoder or next((one for one in alone if one in takes and self._called(one, Role.ENCODER)), None)
        decoder = cast.decoder or next((one for one in alone if one in gives and self._called(one, Role.DECODER)), None)
        return replace(cast, encoder=encoder, decoder=decoder)

    def _stand_for_all(self, *parts: RebuiltModel) -> bool:
        held = frozenset[str]().union(*(part.held for part in parts))
        return all(arrays <= held for arrays in self.closed if arrays & held)

    def _standing(self, encoder: RebuiltModel, decoder: RebuiltModel) -> tuple[int, bool, int]:
        named = self._called(encoder, Role.ENCODER) + self._called(decoder, Role.DECODER)
        return named, _owner(encoder) == _owner(decoder), len(encoder.held) + len(decoder.held)

    def _called(self, part: RebuiltModel, role: Role) -> bool:
        asked = self.contract.get(role, "")
        return any(name == asked or name.endswith((f".{asked}", f"[{asked!r}]")) for name in part.claim.names)


def _holds(shape: tuple[int | None, ...], sample: tuple[int, ...]) -> bool:
    return concrete(shape, sample) is not None


def _fit_together(encoder: RebuiltModel, decoder: RebuiltModel) -> bool:
    code = shape_size(encoder.output_shape)
    return code == shape_size(decoder.input_shape) and not encoder.held & decoder.held


def _make_up(encoder: RebuiltModel, decoder: RebuiltModel, whole: RebuiltModel) -> bool:
    return _fit_together(encoder, decoder) and encoder.held | decoder.held >= whole.held


def _owner(part: RebuiltModel) -> str:
    """Return the name of the object that holds a part, "" for a part with a name of its own."""
    name = part.claim.names[0] if part.claim.names else ""
    return name.rpartition(".")[0]
