"""The layers that the measuring process (zone M) may build: the probe's rules, under the names used here.

The rules are in the probe because the student's kernel (zone K) uses them too: it also exports a model as a graph if
zone M will refuse a layer of it. Only zone M's copy decides: a kernel that changes its own copy changes nothing here.
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

all_traits()  # plug-ins' layers are on the list before anything is rebuilt
