"""The part of the grader that lives inside zone K (the student kernel): it watches what is trained, writes claims.

It is loaded in the student's kernel under the name `grader_probe`, alone: nothing of `grader`, no reference, no
hidden image is in reach there. Whatever it writes is a claim, because student code can change anything in its own
process; the border and zone M believe none of it. It imports the standard library, and NumPy and Keras once the
notebook has done so.

All other zones read the tables of layers (`layer_rules`, `layer_traits`) as well: this module imports nothing, so that
they cost no start-up time there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .export import Exporter

__all__ = ["finish", "install"]

_EXPORTERS: list[Exporter] = []


def install(exporter: Exporter) -> None:
    """Remember the exporter of this kernel, so that `finish` finds it whatever the notebook did to its names."""
    _EXPORTERS.append(exporter)


def finish() -> None:
    """Write the last claims; the driver calls this after the last cell."""
    for exporter in _EXPORTERS:
        exporter.export()
