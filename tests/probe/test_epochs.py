"""The line that says which epoch a training has come to, without Keras: its list of callbacks is imitated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from grader.domain.progress import EpochSeen
from grader.probe import epochs
from grader.sandbox.progress_hints import EPOCH_FILE, read_epoch

Train = Callable[..., list[EpochSeen | None]]


def imitation() -> ModuleType:
    """A module with a list of callbacks as Keras calls it."""

    class CallbackList:
        def __init__(self, asked: Any) -> None:
            self.params = {"epochs": asked}
            self.heard: list[tuple[str, int]] = []

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.heard.append(("begin", epoch))

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.heard.append(("end", epoch))

    module: Any = SimpleNamespace(CallbackList=CallbackList)
    return module


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    """Train with these losses; what a reader sees at the beginning of each epoch comes back."""
    monkeypatch.setattr(epochs, "SECONDS_BETWEEN_LINES", 0.0)
    module = imitation()
    epochs.EpochNotes(tmp_path / epochs.FILE_NAME).patch(module)

    def run(losses: Sequence[Any], asked: Any = 9) -> list[EpochSeen | None]:
        callbacks, seen = module.CallbackList(asked), []
        for epoch, loss in enumerate(losses):
            callbacks.on_epoch_begin(epoch)
            seen.append(read_epoch(tmp_path / EPOCH_FILE))
            callbacks.on_epoch_end(epoch, {"loss": loss})
        assert callbacks.heard == [(what, epoch) for epoch in range(len(losses)) for what in ("begin", "end")]
        return seen

    return run


def test_an_epoch_is_told_with_the_loss_of_the_one_before(train: Train) -> None:
    """The first has none yet, and a second training begins anew."""
    assert train([0.5, 0.25, 0.125]) == [EpochSeen(1, 9), EpochSeen(2, 9, 0.5), EpochSeen(3, 9, 0.25)]
    assert train([0.1]) == [EpochSeen(1, 9)]


@pytest.mark.parametrize("odd", [float("nan"), "much", None])
def test_what_is_no_number_stops_no_training(train: Train, odd: Any) -> None:
    """The epoch is reported without a loss."""
    assert train([odd, odd])[1] == EpochSeen(2, 9)


def test_epochs_that_are_no_number_are_not_told(train: Train) -> None:
    """And the training goes on."""
    assert train([0.5, 0.5], asked=None) == [None, None]


def test_short_epochs_are_told_twice_a_second(tmp_path: Path) -> None:
    """A thousand epochs of a millisecond are a thousand calls and few writes."""
    module = imitation()
    notes = epochs.EpochNotes(tmp_path / epochs.FILE_NAME)
    notes.patch(module)
    callbacks = module.CallbackList(1000)
    for epoch in range(1000):
        callbacks.on_epoch_begin(epoch)
    seen = read_epoch(tmp_path / EPOCH_FILE)
    assert seen is not None
    assert seen.epoch < 1000


# What a kernel may put there instead


@pytest.mark.parametrize(
    "content",
    [
        "",
        "1 9 0.5",
        "0 9 0.5\n",
        "1 9 0.5\nmore\n",
        "1 9 rm -rf\n",
        "1 9 nan\n",
        "1 9 [red]x\n",
        f"1 9 {'1' * 80}\n",
        "a b c\n",
    ],
)
def test_another_line_is_no_epoch(tmp_path: Path, content: str) -> None:
    """Two whole numbers and a loss, or nothing."""
    (tmp_path / EPOCH_FILE).write_text(content)
    assert read_epoch(tmp_path / EPOCH_FILE) is None


@pytest.mark.parametrize("loss", ["1e999", "-", "+-+", "e"])
def test_a_loss_that_is_no_number_is_none(tmp_path: Path, loss: str) -> None:
    """The epoch counts all the same, where the line has the right form."""
    (tmp_path / EPOCH_FILE).write_text(f"1 9 {loss}\n")
    assert read_epoch(tmp_path / EPOCH_FILE) == EpochSeen(1, 9)


def test_no_link_and_no_pipe_is_read(tmp_path: Path) -> None:
    """A link to a file with a good line, and a pipe that nobody writes to: neither is followed, neither waits."""
    import os

    (tmp_path / "elsewhere").write_text("1 9 0.5\n")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "pipe")
    assert [read_epoch(tmp_path / name) for name in ("elsewhere", "link", "pipe", "missing")] == [
        EpochSeen(1, 9, 0.5),
        None,
        None,
        None,
    ]


def test_both_sides_mean_the_same_file() -> None:
    """Zone K writes what zone T reads."""
    assert epochs.FILE_NAME == EPOCH_FILE
