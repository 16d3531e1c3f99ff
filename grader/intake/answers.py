"""Finds students' answers to the open questions.

The answer's cell is identified by its name in nbgrader's metadata or, if a tool has dropped that, by the question's own
words above it. Students also write below the question itself, or in new text cells after the answer's: all of that
belongs to the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from grader.domain.questions import OpenAnswer, OpenQuestion
from grader.domain.submission import Submission, UnreadableSubmissionError
from grader.domain.text import shortened
from grader.intake.notebook import read_document
from grader.intake.raw_cells import RawCell, all_cells, is_code, mapping, source_of, string

ANSWER_LIMIT: Final = 20_000
"""Most characters of an answer that are kept."""

_PROMPT_WORDS: Final = 12
"""Number of first words that distinguish a question from every other text."""


def read_answers(submission: Submission, questions: Sequence[OpenQuestion]) -> tuple[OpenAnswer, ...]:
    """Return the answers of a submission; a question whose cell is not found is left out."""
    if not questions:
        return ()
    try:
        cells = all_cells(read_document(submission)) or []
    except UnreadableSubmissionError:
        return ()
    found = ((question, _answer(question, questions, cells)) for question in questions)
    return tuple(
        OpenAnswer(question.question, shortened(text, ANSWER_LIMIT) if text else "", question.prompt)
        for question, text in found
        if text is not None
    )


# Private functions


def _answer(question: OpenQuestion, questions: Sequence[OpenQuestion], cells: Sequence[RawCell]) -> str | None:
    prompt = next((index for index, cell in enumerate(cells) if _asks(question, cell)), None)
    place = next((index for index, cell in enumerate(cells) if _name(cell) == question.question), None)
    if place is None and prompt is None:
        return None
    parts = [] if prompt is None else [_below_the_question(question, cells[prompt])]
    start = place if place is not None else -1 if prompt is None else prompt + 1
    if place is not None:
        parts.append(source_of(cells[place]).strip())
        start = place + 1
    parts += _added(cells[start:], questions)
    return "\n\n".join(part for part in (_without_placeholder(part, question) for part in parts) if part)


def _name(cell: RawCell) -> str:
    """Return the name that the template gave the cell; Colab stores a cell's id in its metadata."""
    metadata = mapping(cell.get("metadata"))
    named = string(mapping(metadata.get("nbgrader")).get("grade_id"))
    return named or string(cell.get("id")) or string(metadata.get("id"))


def _added(cells: Sequence[RawCell], questions: Sequence[OpenQuestion]) -> Iterator[str]:
    """Yield the text cells that follow, up to the next code, the next section or the next question."""
    for cell in cells:
        source = source_of(cell).strip()
        ours = bool(mapping(mapping(cell.get("metadata")).get("nbgrader")))
        if is_code(cell) or ours or source.startswith("#") or any(_asks(one, cell) for one in questions):
            return
        yield source


def _asks(question: OpenQuestion, cell: RawCell) -> bool:
    if is_code(cell):
        return False
    words = source_of(cell).split()
    starts = [prompt.split()[:_PROMPT_WORDS] for prompt in question.prompt.values() if prompt.strip()]
    return any(words[: len(start)] == start for start in starts)


def _below_the_question(question: OpenQuestion, cell: RawCell) -> str:
    """Return what was added to the question's own cell."""
    words = source_of(cell).split()
    for prompt in question.prompt.values():
        asked = prompt.split()
        if asked and words[: len(asked)] == asked and len(words) > len(asked):
            return _after_words(source_of(cell), len(asked)).strip()
    return ""


def _after_words(text: str, count: int) -> str:
    position = 0
    for word in text.split()[:count]:
        position = text.index(word, position) + len(word)
    return text[position:]


def _without_placeholder(text: str, question: OpenQuestion) -> str:
    for placeholder in question.placeholder.values():
        if placeholder:
            text = text.replace(placeholder, "")
            text = text.replace(placeholder.strip("*_"), "") if text.strip("*_ \n") == placeholder.strip("*_") else text
    return text.strip()
