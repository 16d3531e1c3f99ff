"""What a kernel sees of Pythons and packages, and what is refused because it would see it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sandbox_here import needs_sandbox

from grader.domain.messages import Message
from grader.locale import Translator
from grader.sandbox import visible
from grader.sandbox.bubblewrap import command_prefix, find_bubblewrap
from grader.sandbox.visible import (
    SandboxUnavailableError,
    covered_folders,
    data_places,
    python_parts,
    require_invisible,
    require_invisible_data,
)
from reference import card_data, data, shipped

PACKAGES = "lib/python3.11/site-packages"


def make(prefix: Path, *names: str) -> Path:
    """Make a Python's folder with packages in it, each of a file that says which it is."""
    for name in names:
        package = prefix / PACKAGES / name
        (package / "sandbox").mkdir(parents=True)
        (package / "word").write_text(name)
    (prefix / "bin").mkdir()
    return prefix


@pytest.fixture(scope="module")
def program() -> Path:
    """The sandbox's program, found before Python is moved elsewhere."""
    return find_bubblewrap()


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A base Python that holds the grader, under an environment that holds it as well and is the one that runs."""
    base = make(tmp_path / "conda", "grader", "reference", "numpy")
    (base / "pkgs" / "autoencoder-grader").mkdir(parents=True)
    (base / "envs" / "other").mkdir(parents=True)
    (base / "pip.conf").write_text("password")
    environment = make(base / "envs" / "own", "grader", "reference", "assignments", "keras")
    for name, prefix in (("prefix", environment), ("exec_prefix", environment), ("base_prefix", base)):
        monkeypatch.setattr(sys, name, str(prefix))
    monkeypatch.setattr(sys, "base_exec_prefix", str(base))
    monkeypatch.setattr(sys, "path", ["", str(base / "lib/python3.11"), str(environment / PACKAGES)])
    return base


def own_coverings(folder: Path) -> list[str]:
    """Return what is covered below a folder, relative to it."""
    return [str(place.relative_to(folder)) for place in covered_folders() if place.is_relative_to(folder)]


def refusal(place: Path) -> Message:
    """Return why a place is refused."""
    with pytest.raises(SandboxUnavailableError) as refused:
        require_invisible(place)
    return refused.value.reason


def test_only_the_parts_that_run_python_are_shown(base: Path) -> None:
    """Neither other environments, nor downloaded packages, nor settings with passwords."""
    shown = [str(part.relative_to(base)) for part in python_parts()]
    assert shown == ["bin", "lib", "envs/own/bin", "envs/own/lib"]


def test_packages_that_this_python_does_not_search_are_covered_whole(base: Path) -> None:
    """The base Python's; of this environment's, ours alone."""
    packages = f"envs/own/{PACKAGES}"
    assert sorted(own_coverings(base)) == sorted(
        [PACKAGES, *(f"{packages}/{name}" for name in ("grader", "reference", "assignments"))]
    )


def test_the_base_python_s_packages_that_are_searched_are_shown_without_ours(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment that was made with `--system-site-packages`."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(base / PACKAGES)])
    assert own_coverings(base)[:2] == [f"{PACKAGES}/grader", f"{PACKAGES}/reference"]
    assert PACKAGES not in own_coverings(base)


def test_a_checkout_beside_the_packages_is_covered_whole(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tests and its history hold as much as its packages."""
    checkout = base / "lib" / "checkout"
    (checkout / "grader" / "sandbox").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [*sys.path, str(checkout)])
    assert "lib/checkout" in own_coverings(base)


@needs_sandbox
def test_a_real_sandbox_shows_no_word_of_the_grader(program: Path, base: Path) -> None:
    """`cat` inside finds the packages that are needed, and none of ours, wherever they are installed."""
    words = [
        str(prefix / PACKAGES / name / "word")
        for prefix in (base, base / "envs/own")
        for name in ("grader", "reference", "assignments", "numpy", "keras")
    ]
    command = command_prefix(program, [], work_mib=1, environment={})
    done = subprocess.run([*command, "/bin/cat", *words], capture_output=True, text=True, check=False)
    assert done.stdout == "keras"


def test_what_every_kernel_would_see_is_refused(base: Path, tmp_path: Path) -> None:
    """A folder among the packages, a link that leads there; not what is covered, and not what is elsewhere."""
    inside = base / "envs/own" / PACKAGES / "keras"
    (tmp_path / "link").symlink_to(inside)
    for place in (inside, tmp_path / "link"):
        assert "which every notebook can read" in Translator("en").text(refusal(place))
    for place in (base / PACKAGES / "numpy", tmp_path, base / "pkgs", Path("/usr/src")):
        require_invisible(place)


@pytest.mark.parametrize("variable", ["KERAS_HOME", "HOME", "XDG_CACHE_HOME", ""])
def test_hidden_data_that_every_kernel_would_see_are_refused(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Wherever zone M would take them from, or keep them; `--data` stands for the empty name."""
    for name in ("KERAS_HOME", "HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.chdir(tmp_path)
    require_invisible_data(tmp_path)
    seen = base / "lib" / "data"
    for folder in (seen, seen / "datasets", seen / ".keras/datasets", seen / "autoencoder-grader/datasets"):
        folder.mkdir(parents=True, exist_ok=True)
    if variable:
        monkeypatch.setenv(variable, str(seen))
    with pytest.raises(SandboxUnavailableError):
        require_invisible_data(None if variable else seen)


def test_data_that_are_links_to_what_every_kernel_sees_are_refused(base: Path, tmp_path: Path) -> None:
    """The folder itself is out of sight."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "notes.txt").symlink_to(base / "envs/own" / PACKAGES / "keras/word")
    require_invisible_data(folder)
    (folder / "mnist.npz").symlink_to(base / "envs/own" / PACKAGES / "keras/word")
    with pytest.raises(SandboxUnavailableError):
        require_invisible_data(folder)


def test_the_places_are_those_where_zone_m_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zone T cannot import it, so the two are compared."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    for folder in (None, tmp_path / "given"):
        ours = data_places(folder)
        assert set(data.search_places(folder)) <= set(ours)
        assert shipped.cache_folder() in ours
    (tmp_path / "given" / "data").mkdir(parents=True)
    (tmp_path / "given" / "data" / card_data.FILE_NAME).touch()
    assert card_data.find_csv(tmp_path / "given").parent in data_places(tmp_path / "given")
    monkeypatch.chdir(tmp_path / "given")
    assert card_data.find_csv() in data_places(None)


def test_the_system_is_shown_without_sources() -> None:
    """Containers keep a checkout in `/usr/src`."""
    shown = [Path(name) for name in visible._NEVER_SHOWN if Path(name).is_dir()]
    assert set(shown) <= set(covered_folders())
