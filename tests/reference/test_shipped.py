"""The full data sets that ship: whole, the very arrays of the calibration, unpacked once, by several at the same time."""

from __future__ import annotations

import hashlib
import lzma
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reference import data, shipped
from reference.image_sets import IMAGE_SETS
from reference.shipped import DamagedDataError

DIGESTS = {
    "mnist": "091b418cbf2ad5c23ac9850bf562bac6287b64c94f25de183408f44f0708c602",
    "fashion_mnist": "102935a98c273b0bf85ddf46a7492d39e1663a573e2435386c87311899082333",
}
"""`ImageData.digest()` of the arrays that the references are calibrated on, computed from the `.npz` files themselves."""

SMALL = {"x_train": (3, 28, 28), "y_train": (3,), "x_test": (2, 28, 28), "y_test": (2,)}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the data of a new user are unpacked."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "autoencoder-grader" / "datasets"


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A package that holds a tiny `mnist`, and its bytes."""
    sizes = [int(np.prod(shape)) for shape in SMALL.values()]
    content = np.random.default_rng(0).integers(0, 256, sum(sizes), np.uint8).tobytes()
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / "mnist.xz").write_bytes(lzma.compress(content))
    monkeypatch.setattr(shipped, "PACKED", tmp_path / "packed")
    known = replace(IMAGE_SETS["mnist"], training=3, test=2, packed_sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(IMAGE_SETS, "mnist", known)
    return content


def content_of(arrays: dict[str, np.ndarray]) -> bytes:
    """The bytes of four arrays, one after the other."""
    return b"".join(arrays[name].tobytes() for name in SMALL)


@pytest.mark.parametrize("name", data.NAMES)
def test_the_full_sets_that_ship_are_those_of_the_calibration(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every pixel, every label's place, the same hidden images: facts speak of them."""
    monkeypatch.setattr(data, "search_places", lambda folder=None: [])
    found = data.load(name)
    assert (found.size, found.source, found.digest()) == ("full", data.SHIPPED, DIGESTS[name])
    assert (found.x_train.shape, found.x_test.shape) == ((60_000, 28, 28), (10_000, 28, 28))
    assert sorted(np.bincount(np.concatenate([found.y_train, found.y_test]))) == sorted(
        [7_000] * 10
        if name == "fashion_mnist"
        else [6_903, 7_877, 6_990, 7_141, 6_824, 6_313, 6_876, 7_293, 6_825, 6_958]
    )
    assert found.x_train.flags.writeable  # as Keras's are


def test_a_data_set_is_unpacked_once(cache: Path, small: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time it is read from the user's cache, where nothing else is left."""
    assert content_of(shipped.arrays("mnist")) == small
    (kept,) = cache.iterdir()
    assert kept.read_bytes() == small
    monkeypatch.setattr(shipped, "PACKED", cache / "nowhere")
    found = shipped.arrays("mnist")
    assert content_of(found) == small
    assert {name: array.shape for name, array in found.items()} == SMALL


@pytest.mark.parametrize("damage", [b"", b"x", b"\0"], ids=["emptied", "cut", "changed"])
def test_a_cache_that_is_not_whole_is_made_anew(damage: bytes, cache: Path, small: bytes) -> None:
    """Whatever happened to it: its digest is another."""
    shipped.arrays("mnist")
    (kept,) = cache.iterdir()
    kept.write_bytes({b"": b"", b"x": small[:100], b"\0": bytes([small[0] ^ 1]) + small[1:]}[damage])
    assert content_of(shipped.arrays("mnist")) == small
    assert kept.read_bytes() == small


@pytest.mark.parametrize("obstacle", ["file", "folder", "no home"])
def test_a_cache_that_cannot_be_written_costs_time_alone(
    obstacle: str, cache: Path, small: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file where the folder should be, a folder where the file should be, a user without a home."""
    if obstacle == "file":
        cache.parent.parent.mkdir()
        cache.parent.write_text("")
    elif obstacle == "folder":
        (cache / f"mnist-{IMAGE_SETS['mnist'].packed_sha256[:16]}.bytes" / "full").mkdir(parents=True)
    else:
        monkeypatch.setattr(shipped, "cache_folder", lambda: Path("~") / "cache")
    before = sorted(Path.cwd().iterdir())
    for _ in range(2):
        assert content_of(shipped.arrays("mnist")) == small
    assert sorted(Path.cwd().iterdir()) == before
    assert not list(cache.glob("tmp*")) if cache.is_dir() else True


def test_a_disk_that_is_full_leaves_no_half_file(cache: Path, small: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The arrays come all the same."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert content_of(shipped.arrays("mnist")) == small
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("packed", [b"no xz", lzma.compress(b"other images")], ids=["damaged", "exchanged"])
def test_a_package_that_is_damaged_is_told(packed: bytes, cache: Path, small: bytes) -> None:
    """It is never graded on; the text says what to do."""
    (shipped.PACKED / "mnist.xz").write_bytes(packed)
    with pytest.raises(DamagedDataError, match=r"mnist\.xz: .*; install the package anew"):
        shipped.arrays("mnist")
    assert not cache.exists()


def test_several_processes_may_unpack_at_the_same_time(cache: Path) -> None:
    """Each gets the whole, and one file is left."""
    program = (
        "import hashlib; from reference import shipped; a = shipped.arrays('mnist'); "
        "print(hashlib.sha256(b''.join(a[n].tobytes() for n in ('x_train', 'y_train', 'x_test', 'y_test'))).hexdigest())"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=dict(os.environ))
        for _ in range(3)
    ]
    assert [one.communicate(timeout=300)[0].strip() for one in started] == [IMAGE_SETS["mnist"].packed_sha256] * 3
    assert [path.name for path in cache.iterdir()] == [f"mnist-{IMAGE_SETS['mnist'].packed_sha256[:16]}.bytes"]


def test_the_notice_names_both_licences() -> None:
    """Whoever passes the package on passes them on."""
    notice = (Path(__file__).parents[2] / "NOTICE").read_text(encoding="utf-8")
    assert "Creative Commons Attribution-ShareAlike 3.0" in notice
    assert "Copyright (c) 2017 Zalando SE" in notice
    assert all(f"reference/datasets/{name}.xz" in notice for name in data.NAMES)
