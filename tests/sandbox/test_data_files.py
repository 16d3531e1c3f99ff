"""Data files lie in a notebook's working folder: `np.load("mnist.npz")` works, and no hidden image is in there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from sandbox_here import make_sandbox

from grader.domain.run import Limits, RunStatus
from grader.domain.submission import CodeCell, Notebook
from grader.sandbox.backends import BubblewrapSandbox, open_machine
from grader.sandbox.bubblewrap import Binding
from reference import data

LIMITS = Limits(cell_seconds=90, notebook_seconds=180, memory_mib=2048, processes=128, work_mib=64, file_mib=64)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """The public part of the embedded MNIST, as zone M writes it, and card transactions."""
    folder = tmp_path / "published"
    folder.mkdir()
    np.savez(folder / "mnist.npz", **data.kernel_view(data.load("mnist", size="sample")))
    (folder / "creditcard.csv").write_text("V1,Class\n0.5,0\n", encoding="utf-8")
    return {"mnist": folder / "mnist.npz", "creditcard": folder / "creditcard.csv"}


def digest(images: np.ndarray) -> str:
    return hashlib.sha256(images.tobytes()).hexdigest()


@pytest.mark.parametrize("name", ["bubblewrap", "open machine"])
def test_a_notebook_opens_its_data_by_name_and_finds_public_images_only(
    name: str, files: dict[str, Path], tmp_path: Path
) -> None:
    """A cell that looks at every image of its folder; it knows the hidden ones by their digests."""
    full = data.load("mnist", size="sample")
    elsewhere = {digest(image) for image in (*full.x_train, *full.x_test[full.public])}
    hidden = sorted({digest(image) for image in full.x_test[full.hidden]} - elsewhere)
    cells = (
        "import hashlib, os\nimport numpy as np\nassert sorted(os.listdir()) == ['creditcard.csv', 'mnist.npz']",
        (
            "with np.load('mnist.npz') as archive:\n"
            "    arrays = {key: archive[key] for key in archive.files}\n"
            "assert sorted(arrays) == ['x_test', 'x_train', 'y_test', 'y_train']\n"
            "assert arrays['x_train'].shape[1:] == (28, 28)"
        ),
        (
            f"hidden = set({hidden!r})\n"
            "seen = {hashlib.sha256(image.tobytes()).hexdigest() for key in ('x_train', 'x_test') for image in arrays[key]}\n"
            "assert len(hidden) > 900 and not hidden & seen"
        ),
        "assert open('creditcard.csv').read().startswith('V1,Class')",
    )
    notebook = Notebook(tuple(CodeCell(index, "", source) for index, source in enumerate(cells)))
    record = make_sandbox(name, files).run(notebook, LIMITS, tmp_path / "run" / "exchange")
    assert (record.status, record.errors) == (RunStatus.COMPLETED, ())


def test_a_notebook_in_the_sandbox_cannot_change_its_data(files: dict[str, Path], tmp_path: Path) -> None:
    """The next notebook reads the same file; beside it there is room to write."""
    before = files["mnist"].read_bytes()
    cells = (
        (
            "def refused(action):\n"
            "    try:\n        action()\n    except OSError:\n        return\n    raise AssertionError('it worked')"
        ),
        "import os\nrefused(lambda: open('mnist.npz', 'wb'))\nrefused(lambda: os.remove('mnist.npz'))",
        "open('mine.txt', 'w').write('mine')\nassert sorted(os.listdir())[1:] == ['mine.txt', 'mnist.npz']",
    )
    notebook = Notebook(tuple(CodeCell(index, "", source) for index, source in enumerate(cells)))
    record = make_sandbox("bubblewrap", files).run(notebook, LIMITS, tmp_path / "run" / "exchange")
    assert (record.status, record.errors) == (RunStatus.COMPLETED, ())
    assert files["mnist"].read_bytes() == before


def test_data_are_bound_for_keras_and_for_the_working_folder(tmp_path: Path) -> None:
    """Read-only in both places, under the file's own name."""
    sandbox = BubblewrapSandbox(Path("/usr/bin/bwrap"), {"mnist": Path("/published/mnist.npz")})
    bound = [one for one in sandbox._bindings(tmp_path, tmp_path) if one.outside == Path("/published/mnist.npz")]
    assert bound == [
        Binding(Path("/published/mnist.npz"), "/opt/datasets/mnist.npz", writable=False),
        Binding(Path("/published/mnist.npz"), "/content/mnist.npz", writable=False),
    ]


def test_without_the_right_to_make_links_a_file_is_copied(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows."""

    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(Path, "symlink_to", refuse)
    folder = tmp_path / "work"
    folder.mkdir()
    open_machine._lay_out_data(files["creditcard"], folder)
    copy = folder / "creditcard.csv"
    assert not copy.is_symlink()
    assert copy.read_bytes() == files["creditcard"].read_bytes()
