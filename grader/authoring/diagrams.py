"""A picture of an architecture, drawn from the layer table of the reference's facts: one bar per layer.

The picture is an SVG of a few kilobytes inside the Markdown of a cell, as Colab embeds pictures, so that a notebook
needs no other file.
"""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from grader.domain.architecture import Architecture, Layer, Shape
from grader.domain.facts import ReferenceFacts
from grader.domain.measurement import Role

_ROW: Final = 38
_BAR: Final = 24
_MIDDLE: Final = 66
_WIDEST: Final = 120
_TEXT: Final = 136
_LETTER: Final = 7.4
"""Width of a letter of a label, in pixels, estimated for a bold sans-serif font of 13 pixels."""
_WORDS: Final = {
    "es": ("entrada", "código", "Diagrama de la arquitectura", "parámetros"),
    "en": ("input", "code", "Diagram of the architecture", "parameters"),
}
_ANY_LENGTH: Final = 28


@dataclass(frozen=True, slots=True)
class _Row:
    """One bar: the number of values at this place, and its label of two lines, short enough for a phone."""

    numbers: int
    name: str
    details: str
    is_code: bool = False

    @property
    def text(self) -> str:
        """The label in one line."""
        return f"{self.name} {self.details}"


def diagram(facts: ReferenceFacts, language: str) -> str:
    """Return a Markdown image of encoder and decoder with alternative text, "" if the facts lack one of them.

    Args:
        facts: Of the reference; shapes and parameters are theirs.
        language: `es` or `en`.
    """
    encoder, decoder = (facts.architectures.get(role) for role in (Role.ENCODER, Role.DECODER))
    if encoder is None or decoder is None:
        return ""
    rows = _rows(encoder, decoder, language)
    encoded = base64.b64encode(_svg(rows, alternative(facts, language)).encode("utf-8")).decode("ascii")
    return f"![{alternative(facts, language)}](data:image/svg+xml;base64,{encoded})"


def alternative(facts: ReferenceFacts, language: str) -> str:
    """Describe the picture in words: every layer with its output."""
    encoder, decoder = facts.architectures[Role.ENCODER], facts.architectures[Role.DECODER]
    return f"{_WORDS[language][2]}: " + " → ".join(row.text for row in _rows(encoder, decoder, language)) + "."


# ----------------------------------------------------------------------------------------------------------------------


def _rows(encoder: Architecture, decoder: Architecture, language: str) -> list[_Row]:
    first, code, _, parameters = _WORDS[language]
    rows = [_Row(_numbers(encoder.input_shape), first, _written(encoder.input_shape))]
    rows += [_layer_row(layer, place, parameters) for place, layer in enumerate(encoder.layers)]
    last = rows[-1]
    rows[-1] = replace(last, details=f"{last.details} = {code}", is_code=True)
    return rows + [_layer_row(layer, place, parameters) for place, layer in enumerate(decoder.layers)]


def _layer_row(layer: Layer, place: int, parameters: str) -> _Row:
    name = layer.kind if layer.activation == "linear" else f"{layer.kind}, {layer.activation}"
    if layer.inputs not in ((place - 1,), (-1,)) and len(layer.inputs) == 1:
        name = f"∥ {name}"  # beside the layer above, not after it
    held = f" ({layer.parameters:,} {parameters})".replace(",", "\N{NO-BREAK SPACE}") if layer.parameters else ""
    return _Row(_numbers(layer.output_shape), name, f"{_written(layer.output_shape)}{held}")


def _numbers(shape: Shape) -> int:
    """Return the size of a sample; an open dimension counts as long as an image is high."""
    return math.prod(_ANY_LENGTH if length is None else length for length in shape)


def _written(shape: Shape) -> str:
    return "×".join("n" if length is None else str(length) for length in shape)


def _svg(rows: Sequence[_Row], title: str) -> str:
    height = _ROW * len(rows) + 12
    letters = max(len(line) for row in rows for line in (row.name, row.details))
    width = round(_TEXT + _LETTER * letters + 8)
    largest = math.log2(max(row.numbers for row in rows) + 1)
    drawn = "".join(_drawn(rows, largest))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img"><title>{html.escape(title)}</title><rect width="{width}" height="{height}" fill="#fff"/>'
        f'<g font-family="sans-serif" font-size="13" fill="#1b2430">{drawn}</g></svg>'
    )


def _drawn(rows: Sequence[_Row], largest: float) -> Iterator[str]:
    for number, row in enumerate(rows):
        width = max(6.0, _WIDEST * math.log2(row.numbers + 1) / largest)
        top = 6 + _ROW * number
        colour = "#b35900" if row.is_code else "#2f6f9f"
        weight = ' font-weight="bold"' if row.is_code else ""
        left = _MIDDLE - width / 2
        yield f'<rect x="{left:.0f}" y="{top + 3}" width="{width:.0f}" height="{_BAR}" rx="3" fill="{colour}"/>'
        yield f'<text x="{_TEXT}" y="{top + 13}"{weight}>{html.escape(row.name)}</text>'
        yield f'<text x="{_TEXT}" y="{top + 28}" font-size="12"{weight}>{html.escape(row.details)}</text>'
