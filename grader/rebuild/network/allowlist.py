"""Which layers the measuring process (zone M) builds: the rules of the probe, under the names that are used here.

They stand in the probe because the student's kernel (zone K) asks them as well: a model of which zone M will refuse
something leaves the kernel as a graph too. Here they decide, there they only spare work; what a kernel does to its own
copy changes nothing.
"""

from __future__ import annotations

from grader.domain.layer_kinds import all_traits
from grader.probe.layer_rules import (
    CELLS,
    IDENTITY_AT_INFERENCE,
    LAYERS,
    WRAPPERS,
    accept_layer,
    cells_of,
    inner_layer,
)
from grader.probe.operator_rules import (
    CONSTANT_OPERATORS,
    FLOATS,
    IDENTITY_OPERATORS,
    MASKS,
    OPERATOR_ACTIVATIONS,
    OPERATORS,
    operator_settings,
    tensor_arguments,
)
from grader.probe.setting_rules import ACTIVATIONS, LayerRule, RefusedError, activation, einsum_equation

__all__ = [
    "ACTIVATIONS",
    "CELLS",
    "CONSTANT_OPERATORS",
    "FLOATS",
    "IDENTITY_AT_INFERENCE",
    "IDENTITY_OPERATORS",
    "LAYERS",
    "MASKS",
    "OPERATORS",
    "OPERATOR_ACTIVATIONS",
    "WRAPPERS",
    "LayerRule",
    "RefusedError",
    "accept_layer",
    "activation",
    "cells_of",
    "einsum_equation",
    "inner_layer",
    "operator_settings",
    "tensor_arguments",
]

all_traits()  # what plug-ins add is on the list before anything is rebuilt
