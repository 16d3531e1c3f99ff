"""A student's notebook: names of its own, and cells that are run in them."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from grader.domain.grade import Outcome
from grader.notebook import Feedback

FIRST_CELL = 'import keras\nfrom keras import layers\nimport grader\ngrader.use("stacked", language="en")'


class StudentNotebook:
    """Cells are run in `names`, as a kernel runs them in its user namespace."""

    def __init__(self, first_cell: str = FIRST_CELL) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.run(first_cell)

    def run(self, source: str) -> None:
        """Run a cell."""
        exec(source, self.names)  # noqa: S102 - as a kernel does

    def ask(self, call: str) -> Feedback:
        """Run a cell that ends in a check, and return the answer."""
        self.run(f"answer = {call}")
        answer = self.names.pop("answer")
        assert isinstance(answer, Feedback)
        return answer


def encoder(*widths: int, code: int = 30, image: tuple[int, ...] = (28, 28)) -> keras.Model:
    """The encoder of the course; other widths make it wrong."""
    hidden = [layers.Dense(width, activation="relu") for width in widths or (100,)]
    return keras.Sequential([keras.Input(image), layers.Flatten(), *hidden, layers.Dense(code, activation="relu")])


def decoder(*widths: int, code: int = 30) -> keras.Model:
    """The decoder of the course; other widths make it wrong."""
    hidden = [layers.Dense(width, activation="relu") for width in widths or (100,)]
    return keras.Sequential([keras.Input((code,)), *hidden, layers.Dense(784), layers.Reshape((28, 28))])


def three() -> dict[str, keras.Model]:
    """The three models, made of the same layers."""
    parts = [encoder(), decoder()]
    return dict(zip(("encoder", "decoder", "autoencoder"), [*parts, keras.Sequential(parts)], strict=True))


def outcomes(answer: Feedback) -> dict[str, Outcome]:
    """What became of each check."""
    return {result.check: result.outcome for result in answer.results}
