"""A graded class in review: what waits and why, people's decisions, and the results after them."""

from __future__ import annotations

from grader.review.book import Book, BookPlace
from grader.review.decision_parsing import DecisionRefusedError

__all__ = ["Book", "BookPlace", "DecisionRefusedError"]
