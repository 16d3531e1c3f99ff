"""Steps of a hand-in as plain data, for a channel that carries nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from grader.domain.progress import CellBegun, EpochSeen, Stage, StageBegun, Step

_KINDS: Final[Mapping[str, type[CellBegun] | type[EpochSeen]]] = {"cell": CellBegun, "epoch": EpochSeen}


def as_plain(step: Step) -> dict[str, Any]:
    """Return a step as text and numbers."""
    if isinstance(step, StageBegun):
        return {"kind": "stage", **asdict(step), "stage": step.stage.value}
    kind = next(name for name, known in _KINDS.items() if isinstance(step, known))
    return {"kind": kind, **asdict(step)}


def from_plain(plain: Mapping[str, Any]) -> Step:
    """Return the step.

    Raises:
        KeyError: It is none.
        TypeError: It lacks something, or has too much.
    """
    values = {name: value for name, value in plain.items() if name != "kind"}
    if plain["kind"] == "stage":
        return StageBegun(**{**values, "stage": Stage(values["stage"])})
    return _KINDS[plain["kind"]](**values)
