"""Pairs of hand-ins as one HTML page: both sides beside each other.

A page needs no network, no script and no other file; Jinja2 escapes everything that a student wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from grader.alike.code_fingerprints import Lines
from grader.alike.pairs import ComparedHandIn, Pair
from grader.domain.messages import Message, message
from grader.domain.people import shown_student
from grader.locale import Translator
from grader.report.hygiene import many_lines, one_line

_MOST_PLACES: Final = 40
_MOST_CHARACTERS: Final = 4000

CAUTION: Final = message(
    "This is evidence for a conversation and no verdict: two who learnt from the same page or were allowed to work "
    "together are alike as well. No grade depends on it. What the assignment gives, what the course's references and "
    "the material that was named as common hold, and what a quarter of the class share, is left out."
)


@dataclass(frozen=True, slots=True)
class SourceSide:
    """Lines of one hand-in, with where they stand."""

    caption: str
    source: str


@dataclass(frozen=True, slots=True)
class Section:
    """A pair in words."""

    names: tuple[str, str]
    summary: str
    places: tuple[tuple[SourceSide, SourceSide], ...]
    rest: str


def render(pairs: Sequence[Pair], compared: int, translator: Translator) -> str:
    """Return the page.

    Args:
        pairs: The most alike first.
        compared: How many hand-ins were compared.
        translator: Language of the page.
    """
    return (
        _environment()
        .get_template("pairs.html.j2")
        .render(
            language=translator.language,
            title=translator.text(message("Hand-ins that are alike")),
            counted=translator.text(counted(pairs, compared)),
            caution=translator.text(CAUTION),
            pairs=[_section(pair, translator) for pair in pairs],
        )
    )


def counted(pairs: Sequence[Pair], compared: int) -> Message:
    """Say how many pairs there are among how many hand-ins."""
    return message("{count} pairs among {compared} hand-ins.", count=len(pairs), compared=compared)


def summary(pair: Pair) -> Message:
    """Say in a sentence how alike a pair is."""
    if pair.identical:
        return message("The same file to the byte.")
    if pair.same_weights and not pair.shared:
        return message("The same trained weights, and no seed of both that would explain it.")
    if pair.same_weights:
        return message(
            "The same trained weights, and no seed of both that would explain it; {percent} % of what is rare in the "
            "smaller one is in both: {count} runs of code or comments.",
            percent=round(100 * pair.share),
            count=pair.shared,
        )
    return message(
        "{percent} % of what is rare in the smaller one is in both: {count} runs of code or comments.",
        percent=round(100 * pair.share),
        count=pair.shared,
    )


# Private functions


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("grader.alike", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


def _section(pair: Pair, translator: Translator) -> Section:
    first, second = (one_line(shown_student(work.student)) for work in (pair.first, pair.second))
    left_out = len(pair.places) - _MOST_PLACES
    places = (
        (_side(pair.first, here, translator), _side(pair.second, there, translator))
        for here, there in pair.places[:_MOST_PLACES]
    )
    rest = translator.text(message("… and {count} more places.", count=left_out)) if left_out > 0 else ""
    return Section((first, second), translator.text(summary(pair)), tuple(places), rest)


def _side(work: ComparedHandIn, lines: Lines, translator: Translator) -> SourceSide:
    source = work.cells[lines.cell].splitlines()[lines.first - 1 : lines.last]
    place = message("cell {cell}, line {line}", cell=lines.cell + 1, line=lines.first)
    caption = f"{one_line(work.filename)} · {translator.text(place)}"
    return SourceSide(caption, many_lines("\n".join(source), _MOST_CHARACTERS))
