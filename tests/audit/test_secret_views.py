"""Views that a session lends: drawn once, published once, and nothing but the data tells them from the plain ones."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from grading_samples import FakeSandbox

from grader.domain.ports import Sandbox, SecretView
from grader.rebuild.client import MeasuringProcesses
from grader.secret_views import LentViews


def test_a_view_is_drawn_and_published_once_for_all_hand_ins() -> None:
    """Also where several ask at the same time; another attempt is another view; folders go with the session."""
    published: list[tuple[Path, SecretView]] = []

    def publish(folder: Path, view: SecretView) -> Mapping[str, Path]:
        published.append((folder, view))
        return {"mnist": folder / "mnist.npz"}

    def open_sandbox(_: Mapping[str, Path]) -> Sandbox:
        return FakeSandbox()

    with LentViews(publish, open_sandbox) as lender:
        threads = [threading.Thread(target=lender.lend, args=("pixels", 0)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(published) == 1
        first, second = lender.lend("pixels", 0)[1], lender.lend("pixels", 1)[1]
        assert (first, len(published)) == (published[0][1], 2)
        assert first.seed != second.seed
        folders = [folder for folder, _ in published]
        assert all(folder.is_dir() for folder in folders)
    assert not any(folder.exists() for folder in folders)


def test_another_session_draws_another_view() -> None:
    """Whoever hands in twice cannot learn it."""
    seeds = {LentViews(lambda *_: {}, lambda _: FakeSandbox()).lend("pixels", 0)[1].seed for _ in range(3)}
    assert len(seeds) == 3


def test_a_published_view_differs_from_the_plain_data_in_nothing_but_the_data(tmp_path: Path) -> None:
    """Name, size, mode and time of the file; keys, labels, and the pixels that each image holds, in another order.

    A view of card transactions leaves images as they are: a notebook on cards may try things out on them.
    """
    for name in "abc":
        (tmp_path / name).mkdir()
    with MeasuringProcesses("sample") as processes:
        plain = processes.publish("mnist", tmp_path / "a").file
        viewed = processes.publish("mnist", tmp_path / "b", SecretView("pixels", 3)).file
        same = processes.publish("mnist", tmp_path / "c", SecretView("cards", 3)).file
    assert plain is not None
    assert viewed is not None
    assert same is not None
    assert plain.read_bytes() == same.read_bytes()
    assert (plain.name, plain.stat().st_size, plain.stat().st_mode, plain.stat().st_mtime_ns) == (
        viewed.name,
        viewed.stat().st_size,
        viewed.stat().st_mode,
        viewed.stat().st_mtime_ns,
    )
    with np.load(plain) as one, np.load(viewed) as other:
        assert one.files == other.files
        for key in ("y_train", "y_test"):
            assert np.array_equal(one[key], other[key])
        for key in ("x_train", "x_test"):
            before, after = one[key].reshape(-1, 784), other[key].reshape(-1, 784)
            assert np.array_equal(np.sort(before, axis=1), np.sort(after, axis=1))
            assert not np.array_equal(before, after)
