"""What is kept about the data between sessions, and when it no longer counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.rebuild.protocol import PublishedData
from grader.session_cache import DataQuestion, cache_file, recall, remember


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's cache of this test alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return cache_file()


def question(folder: Path, size: str = "full") -> DataQuestion:
    """Ask for MNIST."""
    return DataQuestion("mnist", size, folder)


def published(*looked_for: Path) -> PublishedData:
    """An answer of the measuring process."""
    return PublishedData(None, "full", "d" * 64, "somewhere", looked_for)


def test_an_answer_is_recalled_for_the_same_question_alone(tmp_path: Path) -> None:
    """Another size, folder or data set is another question."""
    asked = question(tmp_path)
    assert recall(asked) is None
    remember(asked, published(tmp_path / "mnist.npz"))
    assert recall(asked) == ("full", "d" * 64)
    assert recall(question(tmp_path, "sample")) is None
    assert recall(question(tmp_path / "other")) is None
    assert recall(DataQuestion("fashion_mnist", "full", tmp_path)) is None


@pytest.mark.parametrize("change", ["comes", "goes", "changes"])
def test_an_answer_ends_when_a_file_that_could_be_taken_changes(tmp_path: Path, change: str) -> None:
    """A user's own file wins over what ships, so one that appears is other data."""
    file = tmp_path / "mnist.npz"
    if change != "comes":
        file.write_bytes(b"first")
    remember(question(tmp_path), published(file))
    assert recall(question(tmp_path)) is not None
    if change == "goes":
        file.unlink()
    else:
        file.write_bytes(b"second one")
    assert recall(question(tmp_path)) is None


def test_another_place_of_keras_is_another_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`KERAS_HOME` moves where is looked."""
    remember(question(tmp_path), published())
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    assert recall(question(tmp_path)) is None


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1}', b"\xff"])
def test_a_damaged_cache_is_an_empty_one(tmp_path: Path, cache: Path, content: bytes) -> None:
    """It is written anew by the next session."""
    cache.parent.mkdir(parents=True)
    cache.write_bytes(content)
    assert recall(question(tmp_path)) is None
    remember(question(tmp_path), published())
    assert recall(question(tmp_path)) == ("full", "d" * 64)


def test_a_cache_that_cannot_be_written_keeps_nothing(tmp_path: Path, cache: Path) -> None:
    """A file stands where the folder should be; grading goes on."""
    cache.parent.parent.mkdir(parents=True, exist_ok=True)
    cache.parent.write_bytes(b"")
    remember(question(tmp_path), published())
    assert recall(question(tmp_path)) is None
