"""The part of the grader that runs inside zone K (the student kernel): it observes trainings and writes claims.

It is loaded only in the student's kernel, under a name drawn for the run; `grader`, references and hidden images are
out of reach there. Whatever it writes is a claim, because student code can change anything in its own process; the
border and zone M (the measuring process) trust none of it. It imports the standard library, and NumPy and Keras once
the notebook has done so.

All other zones read the tables of layers (`layer_rules`, `layer_traits`) as well: this module imports nothing, so
that they cost no start-up time there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .export import Exporter

__all__ = ["answer_to", "install"]

_EXPORTERS: list[Exporter] = []


def install(exporter: Exporter) -> None:
    """Remember the exporter of this kernel, so that the last claims find it even if the notebook reused our names."""
    _EXPORTERS.append(exporter)


def answer_to(name: str) -> None:
    """Write the last claims when a line magic of this name runs; the driver draws the name before the first cell.

    The magic holds today's functions: a cell that later assigns our names changes nothing.
    """
    from IPython import get_ipython  # only a kernel has it

    finish = [exporter.export for exporter in _EXPORTERS]

    def last_claims(_line: str) -> None:
        for export in finish:
            export()

    get_ipython().register_magic_function(last_claims, magic_kind="line", magic_name=name)
