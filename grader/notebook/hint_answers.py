"""`grader.hint`: a question first, then a direction, then code with gaps; never the complete line."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Final

from grader.authoring.hints import LAYERS
from grader.domain.messages import Message, message
from grader.locale import Translator

_COUNTS_NAME: Final = "_grader_hints"

_TITLES: Final = (message("Question"), message("Direction"), message("Form"))


@dataclass(frozen=True, slots=True, repr=False)
class Hint:
    """The hint shown to a student.

    Attributes:
        name: What it is about.
        layers: The layers shown so far, the newest last.
        language: Of the answer.
    """

    name: str
    layers: tuple[str, ...]
    language: str

    def __str__(self) -> str:
        return "\n".join((self._head(), *(f"{title}: {text}" for title, text in self._rows()), self._what_next()))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        """Return the same as HTML, escaped; the code keeps its lines."""
        rows = "".join(
            f"<dt style='font-weight:600;margin-top:.4rem'>{html.escape(title)}</dt>"
            f"<dd style='margin:0;white-space:pre-wrap'>{html.escape(text)}</dd>"
            for title, text in self._rows()
        )
        return (
            f"<section class='grader-hint' lang='{self.language}'><p style='font-weight:600'>"
            f"{html.escape(self._head())}</p><dl>{rows}</dl><p>{html.escape(self._what_next())}</p></section>"
        )

    def _rows(self) -> Iterator[tuple[str, str]]:
        for title, text in zip(_TITLES, self.layers, strict=False):
            yield self._say(title), text

    def _head(self) -> str:
        return self._say(
            message("{name} · hint {number} of {all}", name=self.name, number=len(self.layers), all=LAYERS)
        )

    def _what_next(self) -> str:
        if len(self.layers) < LAYERS:
            return self._say(message("Think about it first. One more hint: {call}", call=f'grader.hint("{self.name}")'))
        return self._say(
            message(
                "There are no more hints for this. Fill in the gaps (…), then run {call}.",
                call=f'grader.check("{self.name}")',
            )
        )

    def _say(self, sentence: Message) -> str:
        return Translator(self.language).text(sentence)


def next_layer(names: MutableMapping[str, object], key: str) -> int:
    """Return how many layers this call shows, one more than the last; stored among the notebook's variables."""
    kept = names.get(_COUNTS_NAME)
    counts: Mapping[str, int] = kept if isinstance(kept, dict) else {}
    shown = min(counts.get(key, 0) + 1, LAYERS)
    names[_COUNTS_NAME] = {**counts, key: shown}
    return shown
