"""A picture of what training should reach, drawn from the facts of the reference: reconstructions and one number.

Above: reconstructions of eight images that the reference was not trained on. Below: the number that decides the points,
beside that of answers without training. Everything comes from `reference/facts/<id>.json`.
"""

from __future__ import annotations

import base64
import html
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from grader.domain.datasets import DataSize
from grader.domain.facts import Baseline, CalibratedData, ReferenceFacts, Statistic
from grader.domain.languages import LANGUAGES
from grader.domain.measurement import ImageStrip, Quantity

_WIDTH: Final = 370
_SIDE: Final = 64
_STEP: Final = 70
_IMAGES: Final = 8
_IN_A_ROW: Final = 4
_ROW: Final = 24
_BARS: Final = 190
_LONGEST: Final = 115

DECIDING: Final = (
    Quantity.AVERAGE_PRECISION,
    Quantity.ACCURACY,
    Quantity.PLANE_ANGLE,
    Quantity.NEGATIVE_ELBO,
    Quantity.DENOISED_MSE,
    Quantity.RECONSTRUCTION_MSE,
)
"""The possible picture strips; the first that a reference has is shown."""

_NUMBERS: Final[Mapping[Quantity, tuple[str, str, int]]] = {
    Quantity.AVERAGE_PRECISION: ("precisión media (más es mejor)", "average precision (more is better)", 2),
    Quantity.ACCURACY: ("exactitud (más es mejor)", "accuracy (more is better)", 3),
    Quantity.PLANE_ANGLE: ("ángulo con el plano de PCA, en grados", "angle to PCA's plane, in degrees", 1),
    Quantity.NEGATIVE_ELBO: ("ELBO negativo, en nats (menos es mejor)", "negative ELBO, in nats (less is better)", 1),
    Quantity.DENOISED_MSE: ("MSE de ruidosa a limpia (menos es mejor)", "MSE from noisy to clean (less is better)", 4),
    Quantity.RECONSTRUCTION_MSE: (
        "MSE de la reconstrucción (menos es mejor)",
        "MSE of the reconstruction (less is better)",
        4,
    ),
}
_BASELINES: Final[Mapping[Baseline, tuple[str, str]]] = {
    Baseline.MEAN: ("la imagen promedio", "the mean image"),
    Baseline.PCA: ("PCA con un código igual", "PCA with an equal code"),
    Baseline.UNTRAINED: ("la red sin entrenar", "the network untrained"),
    Baseline.NOISY_COPY: ("devolver la imagen ruidosa", "handing the noisy image on"),
    Baseline.CONTROL: ("sin lo que enseña la tarea", "without what this teaches"),
    Baseline.COLLAPSED: ("un código que no dice nada", "a code that says nothing"),
    Baseline.ALL_NORMAL: ("todo normal", "everything normal"),
    Baseline.RANDOM_PLANE: ("un plano al azar", "a plane at random"),
    Baseline.RANDOM_FEATURES: ("un encoder sin entrenar", "an encoder untrained"),
}
_FROM_SCRATCH: Final = ("lo mismo desde cero", "the same from scratch")
"""Label for the accuracy of an untrained encoder, trained with the classifier on the few labels alone."""

_WORDS: Final = {
    "es": ("Meta", "la referencia entrenada", "reconstrucciones de ocho imágenes con las que no entrenó"),
    "en": ("Goal", "the trained reference", "reconstructions of eight images that it was not trained on"),
}


@dataclass(frozen=True, slots=True)
class _Bar:
    """One number and its label."""

    label: str
    value: float
    is_reference: bool = False


def target(facts: ReferenceFacts, language: str) -> str:
    """Return a Markdown image with alternative text, "" if no calibrated result can be shown.

    Args:
        facts: Of the reference; full data go before the sample.
        language: `es` or `en`.
    """
    found = _calibrated(facts)
    shown = None if found is None else _deciding(found)
    if found is None or shown is None:
        return ""
    quantity, statistic = shown
    said = alternative(facts, language)
    drawn = _svg(found.strips, _bars(quantity, statistic, language), (said, _number_name(quantity, language), quantity))
    encoded = base64.b64encode(drawn.encode("utf-8")).decode("ascii")
    return f"![{said}](data:image/svg+xml;base64,{encoded})"


def alternative(facts: ReferenceFacts, language: str) -> str:
    """Describe the picture in words."""
    found = _calibrated(facts)
    shown = None if found is None else _deciding(found)
    if found is None or shown is None:
        return ""
    quantity, statistic = shown
    first, _, pictures = _WORDS[language]
    numbers = "; ".join(
        f"{bar.label} {_written(bar.value, quantity, language)}" for bar in _bars(quantity, statistic, language)
    )
    above = f"{pictures}; " if found.strips else ""
    return f"{first}: {above}{_number_name(quantity, language)}: {numbers}."


# ----------------------------------------------------------------------------------------------------------------------


def _calibrated(facts: ReferenceFacts) -> CalibratedData | None:
    return facts.calibrated.get(DataSize.FULL) or next(iter(facts.calibrated.values()), None)


def _deciding(found: CalibratedData) -> tuple[Quantity, Statistic] | None:
    return next(((one, found.statistics[one]) for one in DECIDING if one in found.statistics), None)


def _bars(quantity: Quantity, statistic: Statistic, language: str) -> list[_Bar]:
    """Return the reference first, then what it is compared with, the closest first."""
    place = LANGUAGES.index(language)
    names = dict(_BASELINES)
    if quantity is Quantity.ACCURACY:
        names[Baseline.UNTRAINED] = _FROM_SCRATCH
    others = [_Bar(names[name][place], value) for name, value in statistic.baselines.items()]
    others.sort(key=lambda bar: abs(bar.value - statistic.mean))
    return [_Bar(_WORDS[language][1], statistic.mean, is_reference=True), *others]


def _number_name(quantity: Quantity, language: str) -> str:
    spanish, english, _ = _NUMBERS[quantity]
    return spanish if language == "es" else english


def _written(value: float, quantity: Quantity, language: str) -> str:
    text = f"{value:.{_NUMBERS[quantity][2]}f}"
    return text.replace(".", ",") if language == "es" else text


def _svg(strips: Sequence[ImageStrip], bars: Sequence[_Bar], words: tuple[str, str, Quantity]) -> str:
    said, name, quantity = words
    language = next(one for one in LANGUAGES if said.startswith(_WORDS[one][0]))
    pictures = min(_IMAGES, len(strips[0].images)) if strips else 0
    top = -(-pictures // _IN_A_ROW) * _STEP + 16 if pictures else 6
    height = top + 26 + _ROW * len(bars) + 6
    drawn = "".join((*_pictures(strips), *_drawn(bars, top + 26, quantity, language)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img"><title>{html.escape(said)}</title><rect width="{_WIDTH}" height="{height}" fill="#fff"/>'
        f'<g font-family="sans-serif" font-size="13" fill="#1b2430"><text x="6" y="{top + 14}" font-weight="bold">'
        f"{html.escape(name)}</text>{drawn}</g></svg>"
    )


def _pictures(strips: Sequence[ImageStrip]) -> Iterator[str]:
    for strip in strips[:1]:
        for position, encoded in enumerate(strip.images[:_IMAGES]):
            picture = base64.b64encode(grey_png(base64.b64decode(encoded), strip.width, strip.height)).decode("ascii")
            row, column = divmod(position, _IN_A_ROW)
            yield (
                f'<image x="{6 + column * _STEP}" y="{6 + row * _STEP}" width="{_SIDE}" height="{_SIDE}" '
                f'style="image-rendering:pixelated" href="data:image/png;base64,{picture}"/>'
            )


def _drawn(bars: Sequence[_Bar], top: int, quantity: Quantity, language: str) -> Iterator[str]:
    largest = max((abs(bar.value) for bar in bars), default=1.0) or 1.0
    for number, bar in enumerate(bars):
        place = top + _ROW * number
        length = max(2.0, _LONGEST * abs(bar.value) / largest)
        colour = "#2f6f9f" if bar.is_reference else "#9aa7b5"
        weight = ' font-weight="bold"' if bar.is_reference else ""
        yield f'<text x="6" y="{place + 13}"{weight}>{html.escape(bar.label)}</text>'
        yield f'<rect x="{_BARS}" y="{place}" width="{length:.0f}" height="17" rx="2" fill="{colour}"/>'
        number_text = _written(bar.value, quantity, language)
        yield f'<text x="{_BARS + length + 6:.0f}" y="{place + 13}"{weight}>{number_text}</text>'


def grey_png(pixels: bytes, width: int, height: int) -> bytes:
    """Return a PNG of grey pixels, dark on light as the notebooks draw them (0 is white)."""
    rows = b"".join(
        b"\x00" + bytes(255 - value for value in pixels[row * width : (row + 1) * width]) for row in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
