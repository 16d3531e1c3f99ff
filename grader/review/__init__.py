"""A graded class in the hands of a person: what waits and why, decisions, and results that follow them."""

from __future__ import annotations

from grader.review.book import Book, BookPlace
from grader.review.decision_parsing import DecisionRefusedError

__all__ = ["Book", "BookPlace", "DecisionRefusedError"]
