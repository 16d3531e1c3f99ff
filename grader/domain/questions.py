"""Open questions: what is asked, what a full answer says, and what a student wrote."""

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
        criteria: What a full answer holds, for whoever reads the answers, by language; empty where nothing is said.
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
        placeholder: What stands in the answer's cell before a student writes there.
        points: Points that a person can give; 0 where none are at stake.
        title: In short; empty where the assignment does not say.
        criteria: What a full answer holds; empty where the assignment does not say.
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
        text: The answer as written, in Markdown, "" where nothing was.
        prompt: The question, by language; empty where it is not known any more.
    """

    question: str
    text: str
    prompt: Mapping[str, str] = field(default_factory=dict)
