"""Open questions: the question, what a full answer contains, and the student's answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class QuestionItem:
    """An open question that carries points, as `assignment.toml` states it.

    Attributes:
        question: Its id: the name of the answer's cell in the notebook.
        points: Points that a person can give.
        title: What it asks, in short, by language.
        criteria: What a full answer contains, for the person who grades, by language; empty if not stated.
    """

    question: str
    points: float
    title: Mapping[str, str]
    criteria: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """An open question as it stands in the notebook, by language.

    Attributes:
        question: Its id, equal to the name of the answer's cell.
        prompt: The question, in Markdown.
        model_answer: The solution's answer, in Markdown.
        placeholder: Content of the answer's cell before the student writes there.
        points: Points that a person can give; 0 if it carries none.
        title: In short; empty if the assignment does not state it.
        criteria: What a full answer contains; empty if the assignment does not state it.
    """

    question: str
    prompt: Mapping[str, str]
    model_answer: Mapping[str, str]
    placeholder: Mapping[str, str]
    points: float = 0.0
    title: Mapping[str, str] = field(default_factory=dict)
    criteria: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenAnswer:
    """What one student wrote to one question.

    Attributes:
        question: Id of the question.
        text: The answer as written, in Markdown, "" if there is none.
        prompt: The question, by language; empty if it is no longer known.
    """

    question: str
    text: str
    prompt: Mapping[str, str] = field(default_factory=dict)
