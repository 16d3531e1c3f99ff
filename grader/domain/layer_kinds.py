"""The traits of each kind of layer, for all code that reads architectures: the probe's table and those of plug-ins."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from grader.domain.plugins import additions, refuse_known
from grader.probe.layer_rules import add_layer, known_traits
from grader.probe.layer_traits import UNKNOWN, LayerTraits
from grader.probe.operator_rules import OPERATOR_TRAITS
from grader.probe.setting_rules import LayerRule

_OWN: Final = MappingProxyType(known_traits())


@cache
def all_traits() -> Mapping[str, LayerTraits]:
    """Return the traits of every known kind of layer and operator.

    The entry points `autoencoder_grader.layers` name `LayerRule`s; each is put on the list of layers that zone M (the
    measuring process) builds.

    Raises:
        PluginError: A plug-in names something that cannot be on the list.
    """
    added = {kind: rule for kind, rule in additions("layers", LayerRule).items() if isinstance(rule, LayerRule)}
    refuse_known("layers", added, _OWN)
    for kind, rule in added.items():
        add_layer(kind, rule)
    return MappingProxyType({**OPERATOR_TRAITS, **known_traits()})


def traits_of(kind: str) -> LayerTraits:
    """Return the traits of a kind of the canonical form; an unknown kind has none."""
    return all_traits().get(kind, UNKNOWN)
