"""Models under the names asked for that share no weights with the autoencoder: untrained copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from grader.domain.architecture import shape_size
from grader.domain.measurement import Role
from grader.rebuild.network.model import Arrays, RebuiltModel
from grader.rebuild.network.roles import Cast, concrete, holds_same_numbers


def with_named_parts(
    cast: Cast, models: Sequence[RebuiltModel], arrays: Arrays, *, sample: tuple[int, ...], contract: Mapping[str, str]
) -> Cast:
    """Use a model named `encoder` or `decoder` even if the autoencoder contains another, trained half.

    A call of that name gets this model. If its numbers differ from the autoencoder's, it is judged, and not the trained
    half that only the autoencoder can reach. A model that shares an array with another autoencoder of the notebook
    belongs to that one and is left alone.

    Args:
        cast: The models in their roles.
        models: All rebuilt models.
        arrays: Vetted arrays.
        sample: Shape of one sample of the data.
        contract: The name that the assignment asks for, by role.
    """
    if cast.autoencoder is None or cast.companion is not None:
        return cast
    whole = [m for m in models if concrete(m.input_shape, sample) and concrete(m.output_shape, sample) and m.held]
    found = cast.by_role()
    changed: dict[str, RebuiltModel] = {}
    for role in (Role.ENCODER, Role.DECODER):
        part, name = found.get(role), contract.get(role, "")
        if part is None or not name or name in part.claim.names:
            continue
        named = next((model for model in models if name in model.claim.names), None)
        if named is None or _sizes(named) != _sizes(part) or holds_same_numbers(named, cast.autoencoder, arrays):
            continue
        if not any(named.held & other.held for other in whole if other is not named):
            changed[role.value] = named
    return replace(cast, **changed) if changed else cast  # type: ignore[arg-type]


def _sizes(model: RebuiltModel) -> tuple[int | None, int | None]:
    return shape_size(model.input_shape), shape_size(model.output_shape)
